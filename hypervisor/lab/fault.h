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
	bool demand, met;	/* asks for memory, and has got it */
	u64 pool;		/* partition that has to get it */
	u64 next;		/* deposited so far: @got, and the frame that would go on */
	u32 got;
};

/* What follows "fault=" on the command line. False: not understood, or too many. */
bool fault_parse(const char *word, u64 len);
/* The fault that this call of @code runs into, or NULL. Counts the call. */
struct fault_call *fault_call(u16 code);
/* What @f asks for, if it does, by whom the call is made and which partition it names. */
void fault_demand(struct fault_call *f, u64 caller, u64 named);
void fault_deposit(u64 partition, u64 pfn);
/* Calls that fail leave rubbish in their output. */
bool fault_output(void);
/* This SetPartitionProperty completes later, with *@status. */
bool fault_pending(struct vp *caller, u64 partition, u16 *status);
/* Port number to put into an event ring first, or 0. */
u32 fault_ring(void);
/* The same for a frame that somebody asks of a pool. */
bool fault_frame(void);
/* Faults that were met since the last "fault=none". */
u64 fault_hits(void);
/* @m is about to be posted to a root VP: post its hostile companions first, or make it late. */
void fault_message(struct vp *vp, u8 sint, const struct synic_msg *m);
/* A message that was made late is about to come. */
void fault_late_end(void);

#endif
