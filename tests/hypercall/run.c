// SPDX-License-Identifier: GPL-2.0
/* Running a child, under either scheduler, and what it is told of. */
#include "payload.h"

volatile struct hv_message *slot;
volatile struct hv_event_ring *ring;
volatile u64 *counters;
struct hv_register_page *regs;
struct hv_message *msg;
u32 scheduler;
u32 dispatch_flags;

/* Both state pages of VP 0, where regs and msg are from then on. */
void state_pages_map(u64 id)
{
	u16 status;

	regs = (void *)state_page(id, HV_STATE_PAGE_REGISTERS, &status);
	msg = (void *)state_page(id, HV_STATE_PAGE_INTERCEPT, &status);
}

void synic_on(void)
{
	wrmsr(HV_MSR_SIMP, rdmsr(HV_MSR_SIMP) | 1);
	wrmsr(HV_MSR_SIRBP, rdmsr(HV_MSR_SIRBP) | 1);
	*(volatile u32 *)0xfee000f0 = 0x1ff;		/* its local APIC is on */
	wrmsr(HV_MSR_SINT0, WAKE_VECTOR);
	wrmsr(HV_MSR_SINT0 + 5, 0x31 | HV_SINT_AS_INTERCEPT | HV_SINT_MASKED);
	wrmsr(HV_MSR_SCONTROL, 1);
	slot = (void *)(rdmsr(HV_MSR_SIMP) & ~0xfffull);
	ring = (void *)((rdmsr(HV_MSR_SIRBP) & ~0xfffull) + 5 * 256);
}

/* Interrupts are off in this root but while it is idle. */
u32 message_wait(void)
{
	for (u32 i = 0; i < 20000; i++) {
		u32 type = slot->message_type;

		if (type)
			return type;
		idle();
	}
	return 0;
}

void message_done(void)
{
	slot->message_type = 0;
	__sync_synchronize();
	if (slot->flags & 1)
		wrmsr(HV_MSR_EOM, 0);
}

/* ---- running the child, under either scheduler ---- */

static bool dispatched_before;

/* State << 16 | event, or the status with bit 31. */
u32 dispatch(u64 id, u64 slice)
{
	struct hv_dispatch_vp_input *p = in;
	struct hv_dispatch_vp_output *o = out;
	u16 status;

	*p = (struct hv_dispatch_vp_input){ .partition_id = id, .flags = dispatch_flags, .time_slice = slice };
	status = call(HVCALL_DISPATCH_VP);
	dispatch_flags = 0;
	return status ? 1u << 31 | status : o->state << 16 | o->event;
}

/* The first dispatch finds the VP suspended; clearing that is answered by a signal. */
static void dispatch_first(u64 id)
{
	const volatile struct hv_signal_pair_message *pair = (void *)slot->payload;

	check(dispatch(id, 0), BLOCKED_SUSPEND, "first dispatch: suspended");
	check(counters[HV_COUNTER_VP_DISPATCH_BLOCKED] != 0, 1, "the counter says blocked");
	check(reg_set(id, 0, HV_REG_EXPLICIT_SUSPEND, 0, 0), 0, "ExplicitSuspend cleared");
	check(message_wait(), HVMSG_SCHEDULER_VP_SIGNAL_PAIR, "scheduler signal");
	check(pair->vp_count << 16 | pair->partition_id[0] << 8 | pair->vp_index[0], 1 << 16 | id << 8, "it names the VP");
	check(counters[HV_COUNTER_VP_DISPATCH_BLOCKED], 0, "no longer blocked by then");
	message_done();
	check(reg_get(id, 0, HV_REG_VP_ROOT_SIGNAL_COUNT), 1, "and is counted");
	dispatched_before = true;
}

static void run_root_scheduler(u64 id)
{
	u32 got;

	if (!dispatched_before)
		dispatch_first(id);
	else
		dispatch_flags = HV_DISPATCH_CLEAR_INTERCEPT_SUSPEND;
	do
		got = dispatch(id, 0);
	while (got == READY_NONE);
	check(got, READY_INTERCEPT, "dispatch ends with an intercept");
}

void resume(u64 id)
{
	struct hv_register_assoc *e = in + 16;

	reg_header(id, 0);
	e[0] = (struct hv_register_assoc){ .name = HV_REG_INTERCEPT_SUSPEND };
	e[1] = (struct hv_register_assoc){ .name = HV_REG_EXPLICIT_SUSPEND };
	check(call(HVCALL_SET_VP_REGISTERS | REPS(2)), 0, "resume");
}

void run(u64 id)
{
	if (scheduler == HV_SCHEDULER_ROOT)
		run_root_scheduler(id);
	else
		resume(id);
}

void intercept_wait(u32 type, const char *what)
{
	if (scheduler != HV_SCHEDULER_ROOT) {
		check(message_wait(), HVMSG_OPAQUE_INTERCEPT, "notified of an intercept");
		message_done();
	}
	check(msg->message_type, type, what);
}

void skip(u32 length)
{
	regs->rip += length;
	regs->dirty |= HV_REGPAGE_DIRTY_IP;
}
