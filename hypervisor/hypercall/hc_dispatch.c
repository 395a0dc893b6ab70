// SPDX-License-Identifier: GPL-2.0
/*
 * DispatchVp (hypercalls.md 3.6) and the scheduler signals: the root scheduler.
 *
 * The call stays pending while the child runs on the caller's LP: RIP stays on
 * the VMMCALL, the result is kept in the caller, and the call is executed again
 * to fetch it. A VP reported BLOCKED is signalled once when it becomes runnable;
 * its counter "dispatch thread blocked" is zero by then.
 */
#include "hc.h"
#include "internal.h"

#define SIGNAL_SINT	0

static void blocked_set(struct vp *vp, bool blocked)
{
	vp->dispatch_blocked = blocked;
	stats_vp_counter(vp, HV_COUNTER_VP_DISPATCH_BLOCKED, blocked);
}

/* Root VP of its home first, then any that can take a message. */
static bool signal_post(struct vp *vp, struct synic_msg *m)
{
	struct vp *to = vp->home->root_vp;
	u32 pos = 0;

	if (to && synic_post(to, SIGNAL_SINT, m))
		return true;
	while ((to = vp_next(root, &pos)))
		if (synic_post(to, SIGNAL_SINT, m))
			return true;
	return false;
}

/*
 * A message that has not been taken yet names the VP already. A VP of which nobody
 * can be told stays blocked; what may make it run next is another occasion.
 */
void dispatch_signal(struct vp *vp)
{
	struct hv_signal_pair_message payload = { .vp_count = 1 };
	struct synic_msg *m = &vp->messages->signal;

	if (!vp->dispatch_blocked)
		return;
	blocked_set(vp, false);
	if (m->queued)
		return;
	payload.partition_id[0] = vp->pt->id;
	payload.vp_index[0] = vp->index;
	synic_fill(m, HVMSG_SCHEDULER_VP_SIGNAL_PAIR, 0, &payload, sizeof(payload));
	if (signal_post(vp, m)) {
		vp->root_signal_count++;
		return;
	}
	blocked_set(vp, true);
	hv_notice("p%lluvp%u: no root VP takes its scheduler signal", vp->pt->id, vp->index);
}

static void dispatch_end(struct lp *lp, u32 state, u32 event)
{
	struct vp *caller = lp->root_vp;

	caller->dispatch_result = (struct hv_dispatch_vp_output){ .state = state, .event = event };
	caller->dispatch_done = true;
	if (state == HV_DISPATCH_STATE_BLOCKED)
		blocked_set(lp->dispatched, true);
	lp->dispatched = NULL;
}

/* Something for the root VP to take, or that it would take if it had not disabled interrupts for the call. */
static bool caller_wanted(const struct lp *lp)
{
	u8 vector;

	return vp_event_waiting(lp->root_vp) || (lp->caller_interrupts && lapic_next(&lp->root_vp->lapic, &vector));
}

/* What the LP runs while a dispatch is pending: the child, or NULL when the dispatch has ended. */
struct vp *dispatch_pick(struct lp *lp)
{
	struct vp *vp = lp->dispatched;

	if (vp->intercept_suspend) {
		dispatch_end(lp, HV_DISPATCH_STATE_READY, HV_DISPATCH_EVENT_INTERCEPT);
	} else if (vp->explicit_suspend || vp->dispatch_suspend) {
		dispatch_end(lp, HV_DISPATCH_STATE_BLOCKED, HV_DISPATCH_EVENT_SUSPEND);
	} else if (!sched_wanted(vp)) {
		dispatch_end(lp, HV_DISPATCH_STATE_BLOCKED, HV_DISPATCH_EVENT_NONE);
	} else if (caller_wanted(lp) || time_now_ns() >= lp->slice_end_ns) {
		dispatch_end(lp, HV_DISPATCH_STATE_READY, HV_DISPATCH_EVENT_NONE);
	} else {
		return vp;
	}
	return NULL;
}

/* The VP goes away under a pending dispatch. */
void dispatch_forget(struct vp *vp)
{
	if (vp->home->dispatched == vp)
		dispatch_end(vp->home, HV_DISPATCH_STATE_BLOCKED, HV_DISPATCH_EVENT_SUSPEND);
	synic_cancel(&vp->messages->signal);
}

/* Its caller has been taken elsewhere, and does not come back for the result. */
void dispatch_abandon(struct vp *caller)
{
	struct lp *lp = caller->home;

	caller->dispatch_done = false;
	if (lp->root_vp != caller || !lp->dispatched)
		return;
	/* The next dispatch may be on another LP. */
	vp_evict(lp->dispatched);
	lp->dispatched = NULL;
	lp_kick(lp);
}

/* Vectors that the root has left in the register page (4.10): edge, fixed. Taken whole, count bounded. */
static void vectors_take(struct vp *vp)
{
	struct hv_register_page *page = vp->register_page;
	u64 taken;
	u8 count;

	if (!page)
		return;
	taken = __atomic_exchange_n((u64 *)&page->vector_count, 0, __ATOMIC_SEQ_CST);
	count = min((u8)taken, (u8)HV_REGPAGE_VECTORS);
	for (u8 i = 0; i < count; i++)
		lapic_set_irr(&vp->lapic, taken >> (8 * (i + 1)), false);
}

static u16 dispatch_check(const struct hv_dispatch_vp_input *in, const struct vp *vp)
{
	if (in->flags & ~HV_DISPATCH_FLAGS)
		return HV_STATUS_INVALID_PARAMETER;
	if (vp->home->dispatched == vp)
		return HV_STATUS_INVALID_VP_STATE;	/* it is dispatched elsewhere */
	if (vp->intercept_suspend && !(in->flags & HV_DISPATCH_CLEAR_INTERCEPT_SUSPEND))
		return HV_STATUS_INVALID_VP_STATE;
	return HV_STATUS_SUCCESS;
}

static void dispatch_begin(struct lp *lp, struct vp *vp, const struct hv_dispatch_vp_input *in)
{
	vp_move(vp, lp);
	if (in->flags & HV_DISPATCH_CLEAR_INTERCEPT_SUSPEND)
		vp->intercept_suspend = 0;
	if (in->flags & HV_DISPATCH_SCAN_INTERRUPTS)
		vectors_take(vp);
	vp_activity_update(vp);
	if (vp_runnable(vp))
		blocked_set(vp, false);
	lp->dispatched = vp;
	lp->caller_interrupts = in->flags & HV_DISPATCH_ENABLE_CALLER_INTERRUPTS;
	lp->slice_end_ns = in->time_slice && in->time_slice < ~0ull / 200 ?
			   time_now_ns() + in->time_slice * 100 : ~0ull;
}

u16 hc_dispatch_vp(struct hcall *c)
{
	const struct hv_dispatch_vp_input *in = c->in;
	struct vp *caller = c->vp, *vp;
	struct partition *pt;
	u16 status;

	if (!options.root_scheduler || !partition_is_root(caller->pt))
		return HV_STATUS_OPERATION_DENIED;	/* a guess */
	if (c->repeats && caller->dispatch_done) {
		caller->dispatch_done = false;
		*(struct hv_dispatch_vp_output *)c->out = caller->dispatch_result;
		return HV_STATUS_SUCCESS;
	}
	dispatch_abandon(caller);
	status = hc_vp(c, in->partition_id, in->vp_index, HC_CHILD | HC_ACTIVE, &pt, &vp);
	if (!status)
		status = dispatch_check(in, vp);
	if (status)
		return status;
	dispatch_begin(caller->home, vp, in);
	c->again = true;
	return HV_STATUS_SUCCESS;
}
