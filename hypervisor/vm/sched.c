// SPDX-License-Identifier: GPL-2.0
/*
 * The run loop of an LP.
 *
 * Each VP has a home LP. A home runs what is runnable in turns of SLICE_NS; a
 * root VP that wakes goes first. Between two runs the LP takes physical
 * interrupts, fires timers, and gives up the lock at least once, on entry.
 */
#include "hv.h"
#include "cpu.h"
#include "internal.h"

#define SLICE_NS	5000000ull
/*
 * While another LP has work, a VP comes back at least this often. Where the emulator
 * runs all processors in one thread, that is what gives the others their turn while a
 * VP spins. One timer serves both ways: its interrupt interrupts whoever has the thread.
 */
#define TURN_NS		2000000ull

static u32 nr_idle;		/* LPs in lp_idle(), under the lock */

static void runq_remove_head(struct lp *lp)
{
	struct vp *vp = lp->runq_head;

	lp->runq_head = vp->next_runnable;
	if (!lp->runq_head)
		lp->runq_tail = NULL;
	vp->next_runnable = NULL;
	vp->on_runq = false;
}

static void runq_add(struct lp *lp, struct vp *vp, bool first)
{
	if (vp->on_runq)
		return;
	vp->on_runq = true;
	vp->next_runnable = NULL;
	if (first) {
		vp->next_runnable = lp->runq_head;
		lp->runq_head = vp;
		if (!lp->runq_tail)
			lp->runq_tail = vp;
	} else if (lp->runq_tail) {
		lp->runq_tail->next_runnable = vp;
		lp->runq_tail = vp;
	} else {
		lp->runq_head = lp->runq_tail = vp;
	}
}

void sched_forget(struct vp *vp)
{
	struct vp **link = &vp->home->runq_head, *prev = NULL;

	while (*link && *link != vp) {
		prev = *link;
		link = &(*link)->next_runnable;
	}
	if (*link == vp) {
		*link = vp->next_runnable;
		if (vp->home->runq_tail == vp)
			vp->home->runq_tail = prev;
	}
	vp->on_runq = false;
	vp->next_runnable = NULL;
	if (vp->home->running == vp)
		vp->home->running = NULL;
}

/* An event ends HLT and guest idle (AND STARTUP only by SIPI). */
void vp_activity_update(struct vp *vp)
{
	if (!(vp->activity & (ACTIVITY_HALT_SUSPEND | ACTIVITY_IDLE_SUSPEND)))
		return;
	if (vp_event_waiting(vp))
		vp->activity &= ~(ACTIVITY_HALT_SUSPEND | ACTIVITY_IDLE_SUSPEND);
}

bool sched_wanted(struct vp *vp)
{
	return vp_runnable(vp) || intercept_is_due(vp);
}

void vp_wake(struct vp *vp)
{
	struct lp *lp = vp->home;

	vp_activity_update(vp);
	if (!sched_wanted(vp))
		return;
	if (options.root_scheduler && !partition_is_root(vp->pt))
		dispatch_signal(vp);
	else if (lp->running != vp)
		runq_add(lp, vp, partition_is_root(vp->pt));
	/* Running: it must look at its interrupts again. Not running: somebody must be asked to stop or get up. */
	lp_kick(lp);
}

static bool must_yield(struct lp *lp, struct vp *vp, u64 now)
{
	if (!lp->runq_head)
		return false;
	if (partition_is_root(lp->runq_head->pt) && !partition_is_root(vp->pt))
		return true;
	return now >= lp->slice_end_ns;
}

static struct vp *sched_pick(struct lp *lp, u64 now)
{
	struct vp *vp = lp->running;

	if (vp)
		vp_activity_update(vp);
	if (vp && sched_wanted(vp) && !must_yield(lp, vp, now))
		return vp;
	lp->running = NULL;
	if (vp && sched_wanted(vp))
		runq_add(lp, vp, false);
	while (lp->runq_head) {
		vp = lp->runq_head;
		runq_remove_head(lp);
		if (sched_wanted(vp)) {
			lp->running = vp;
			lp->slice_end_ns = now + SLICE_NS;
			return vp;
		}
	}
	return NULL;
}

static void timers_run(struct lp *lp, u64 now)
{
	for (struct vp *vp = lp->vps; vp; vp = vp->next_home)
		vp_timers_run(vp, now);
}

static void timer_program(struct lp *lp, bool running, u64 now)
{
	u64 best = running && nr_lps - nr_idle > 1 ? now + TURN_NS : ~0ull;

	for (struct vp *vp = lp->vps; vp; vp = vp->next_home) {
		u64 d = vp_deadline_ns(vp);

		if (d < best)
			best = d;
	}
	if ((lp->dispatched || (lp->running && lp->runq_head)) && lp->slice_end_ns < best)
		best = lp->slice_end_ns;
	apic_timer_set(lp, best, now);
}

/* Let what is pending in the physical local APIC through, once. */
static void interrupt_window(void)
{
	stgi();
	asm volatile("nop");
	clgi();
}

static void lp_idle(struct lp *lp, u64 since)
{
	nr_idle++;
	hv_unlock();
	/* STI's shadow covers HLT: a kick cannot slip in between. */
	asm volatile("cli; stgi; sti; hlt; clgi" : : : "memory");
	hv_lock();
	nr_idle--;
	lp->idle_ns += time_now_ns() - since;
}

/* Returns whether there is an exit to handle: while this LP waits for the lock, another may end or stop the VP. */
static bool vp_enter(struct lp *lp, struct vp *vp, u64 since)
{
	u64 ticks;

	hv_assert(!vp->in_guest);
	vp_cpu_load(vp);
	vp->vmcb->s.rax = vp->gpr[GPR_RAX];
	vp->vmcb->s.rsp = vp->gpr[GPR_RSP];
	vp->vmcb->c.tlb_control = SVM_TLB_FLUSH_ALL;
	vp->vmcb->c.tsc_offset = vp->pt->tsc_offset;
	vp->in_guest = true;
	lp->inside = vp;
	lp->in_guest = 1;
	hv_unlock();

	ticks = rdtsc();
	svm_run((u64)vp->vmcb, vp->gpr);
	vp->run_ticks += rdtsc() - ticks;

	vp->gpr[GPR_RAX] = vp->vmcb->s.rax;
	vp->gpr[GPR_RSP] = vp->vmcb->s.rsp;
	if (!partition_is_root(vp->pt))
		vp_cpu_store(vp);
	vp_events_collect(vp);
	__sync_synchronize();
	/* Last: whoever has waited for this VP may take it away. */
	lp->in_guest = 0;
	__sync_synchronize();
	vp->in_guest = false;
	interrupt_window();
	hv_lock();
	lp->nr_exits++;
	if (lp->inside != vp)
		return false;
	lp->inside = NULL;
	vp->run_time_ns += time_now_ns() - since;
	return vp_runnable(vp);
}

void sched_run(struct lp *lp)
{
	struct vp *vp;
	u64 now;

	hv_lock();
	for (;;) {
		/* One look at the clock serves a round: reading it may be dear under an emulator. */
		now = time_now_ns();
		/* Others may have unmapped, while this LP waited for the lock, what came in after its last window. */
		if (lp->routes_leaving)
			interrupt_window();
		irq_drain(lp);
		timers_run(lp, now);
		npt_flush_due();
		vp = lp->dispatched ? dispatch_pick(lp) : NULL;
		if (!vp)
			vp = sched_pick(lp, now);
		timer_program(lp, vp, now);
		if (!vp) {
			lp_idle(lp, now);
			continue;
		}
		if (vp->deliverability && intercept_deliverable(vp))
			continue;
		/* What it was wanted for may have gone: its slots are where others write to. */
		if (!vp_runnable(vp))
			continue;
		vp_events_prepare(vp);
		if (vp_enter(lp, vp, now))
			exit_handle(vp);
	}
}
