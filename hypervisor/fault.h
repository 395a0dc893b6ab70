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
/* @m is about to be posted to a root VP: post its hostile companions first. */
void fault_message(struct vp *vp, u8 sint, const struct synic_msg *m);

#endif
