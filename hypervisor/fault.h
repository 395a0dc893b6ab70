/* SPDX-License-Identifier: GPL-2.0 */
/* What is to go wrong: see fault.c. */
#ifndef FAULT_H
#define FAULT_H

#include "hv.h"

struct fault_call {
	u16 code;
	u16 status;
	u32 nth, seen;
	u32 reps;		/* elements done before it fails */
};

/* What follows "fault=" on the command line. False: not understood, or too many. */
bool fault_parse(const char *word, u64 len);
/* The fault that this call of @code runs into, or NULL. Counts the call. */
const struct fault_call *fault_call(u16 code);
/* The same for a frame that somebody asks of a pool. */
bool fault_frame(void);
/* Faults that were met since the last "fault=none". */
u64 fault_hits(void);
/* @m is about to be posted to a root VP: post its hostile companions first, or make it late. */
void fault_message(struct vp *vp, u8 sint, const struct synic_msg *m);

#endif
