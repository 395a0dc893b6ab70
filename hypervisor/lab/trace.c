// SPDX-License-Identifier: GPL-2.0
/*
 * The trace: a ring of what happened last. Its end is on the log when a run ends badly,
 * all of it with trace=N. harness/trace counts what is in it.
 *
 *	trace: NS lpN pNvpN exit NAME DETAIL
 *	trace: NS lpN pNvpN call CODE STATUS REPS
 *	trace: NS lpN pNvpN intercept TYPE RIP
 *	trace: NS lpN pNvpN message TYPE SINT		(to that VP)
 *
 * Numbers but NS and those after a letter are hexadecimal.
 */
#include "format.h"
#include "hv.h"
#include "internal.h"

#define RING_DEFAULT	1024u
#define LAST_WORDS	64u

enum trace_kind { TRACE_EXIT, TRACE_CALL, TRACE_INTERCEPT, TRACE_MESSAGE };

struct trace_entry {
	u64 ns;
	u32 partition;
	u16 vp;
	u8 lp;
	u8 kind;
	u64 a, b;
};

static struct trace_entry first_ring[RING_DEFAULT], *ring = first_ring;
static u64 ring_size = RING_DEFAULT, nr_written;

/* A power of two, so that an index needs no division. */
u64 trace_size(void)
{
	u64 nr = RING_DEFAULT;

	while (nr < options.trace)
		nr *= 2;
	return nr == RING_DEFAULT ? 0 : nr * sizeof(*ring);
}

void trace_init(void)
{
	u64 size = trace_size();

	if (!size)
		return;
	ring = boot_alloc(size >> PAGE_SHIFT);
	ring_size = size / sizeof(*ring);
}

static void add(const struct vp *vp, enum trace_kind kind, u64 a, u64 b)
{
	struct trace_entry *e = &ring[nr_written++ & (ring_size - 1)];

	*e = (struct trace_entry){
		.ns = time_now_ns(), .partition = vp->pt->id, .vp = vp->index, .lp = vp->home->index, .kind = kind, .a = a, .b = b,
	};
}

/* What the exit is about: an MSR, a port, an address, a leaf, a call. */
static u64 exit_detail(const struct vp *vp)
{
	const struct vmcb_control *c = &vp->vmcb->c;

	switch (c->exitcode) {
	case SVM_EXIT_MSR:
		return (u32)vp->gpr[GPR_RCX];
	case SVM_EXIT_CPUID:
		return (u32)vp->gpr[GPR_RAX];
	case SVM_EXIT_IOIO:
		return c->exitinfo1 >> 16;
	case SVM_EXIT_NPF:
		return c->exitinfo2;
	case SVM_EXIT_VMMCALL:
		return vp->gpr[GPR_RCX] & HV_HYPERCALL_CODE_MASK;
	}
	return vp->vmcb->s.rip;
}

void trace_exit(const struct vp *vp)
{
	add(vp, TRACE_EXIT, vp->vmcb->c.exitcode | (u64)(vp->vmcb->c.exitinfo1 & 3) << 32, exit_detail(vp));
}

void trace_call(const struct vp *vp, u16 code, u16 status, u32 reps)
{
	add(vp, TRACE_CALL, code, (u64)reps << 16 | status);
}

void trace_intercept(const struct vp *vp, u32 type)
{
	add(vp, TRACE_INTERCEPT, type, vp->vmcb->s.rip);
}

void trace_message(const struct vp *to, u8 sint, u32 type)
{
	add(to, TRACE_MESSAGE, type, sint);
}

/* ---- to the log ---- */

static const char *exit_name(u32 code, u32 info)
{
	switch (code) {
	case SVM_EXIT_INTR:
		return "interrupt";
	case SVM_EXIT_NMI:
		return "nmi";
	case SVM_EXIT_CPUID:
		return "cpuid";
	case SVM_EXIT_MSR:
		return info & 1 ? "wrmsr" : "rdmsr";
	case SVM_EXIT_HLT:
		return "hlt";
	case SVM_EXIT_IOIO:
		return info & 1 ? "in" : "out";
	case SVM_EXIT_NPF:
		return info & 2 ? "npf-write" : "npf";
	case SVM_EXIT_VMMCALL:
		return "call";
	case SVM_EXIT_SHUTDOWN:
		return "shutdown";
	case (u32)SVM_EXIT_INVALID:
		return "invalid";
	}
	return NULL;
}

static void exit_print(const struct trace_entry *e, const char *where)
{
	const char *name = exit_name(e->a, e->a >> 32);

	if (name)
		log_printf("%s exit %s %llx\n", where, name, e->b);
	else
		log_printf("%s exit code-%x %llx\n", where, (u32)e->a, e->b);
}

static void entry_print(const struct trace_entry *e)
{
	char where[80];

	format_text(where, sizeof(where), "trace: %llu lp%u p%uvp%u", e->ns, e->lp, e->partition, e->vp);
	switch (e->kind) {
	case TRACE_EXIT:
		exit_print(e, where);
		break;
	case TRACE_CALL:
		log_printf("%s call %04llx %llx %llx\n", where, e->a, e->b & 0xffff, e->b >> 16);
		break;
	case TRACE_INTERCEPT:
		log_printf("%s intercept %llx %llx\n", where, e->a, e->b);
		break;
	case TRACE_MESSAGE:
		log_printf("%s message %llx %llx\n", where, e->a, e->b);
		break;
	}
}

static void print_last(u64 nr)
{
	u64 pos = nr_written - min(nr, min(nr_written, ring_size));

	for (; pos < nr_written; pos++)
		entry_print(&ring[pos & (ring_size - 1)]);
}

void trace_print(bool well)
{
	if (options.trace)
		print_last(options.trace);
	else if (!well)
		print_last(LAST_WORDS);
}
