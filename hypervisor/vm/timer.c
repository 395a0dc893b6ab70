// SPDX-License-Identifier: GPL-2.0
/*
 * Time: the clock of the hypervisor, reference time of a partition, synthetic
 * timers (TLFS chapter 12).
 *
 * One clock for all, from the TSC. A partition's reference time is that clock
 * less its base, in 100 ns; while frozen it stands still, and its TSC offset
 * moves on thawing so that guest TSC and reference time stay in step.
 */
#include "fault.h"
#include "hv.h"
#include "bits.h"
#include "cpu.h"
#include "internal.h"

#define PM_TIMER_HZ	3579545ull
#define PM_TIMER_MASK	0xffffffull
#define CALIBRATE_TICKS	(PM_TIMER_HZ / 100)	/* 10 ms */

u64 tsc_hz;
static u64 tsc_start;
static u64 ns_per_tsc;		/* 32.32 fixed point */

u64 time_now_ns(void)
{
	u64 ticks = rdtsc() - tsc_start;

	return mul_shift(ticks, ns_per_tsc, 32);
}

static u64 pm_ticks_since(u32 start)
{
	return (inl(acpi.pm_timer) - start) & PM_TIMER_MASK;
}

void time_init(void)
{
	u64 tsc, ticks;
	u32 pm, apic;

	if (!acpi.pm_timer)
		hv_panic("no ACPI PM timer to measure the TSC by");
	apic_timer_count(true);
	pm = inl(acpi.pm_timer);
	tsc = rdtsc();
	while ((ticks = pm_ticks_since(pm)) < CALIBRATE_TICKS)
		cpu_relax();
	tsc = rdtsc() - tsc;
	apic = apic_timer_count(false);
	tsc_hz = tsc * PM_TIMER_HZ / ticks;
	apic_timer_hz = (u64)apic * PM_TIMER_HZ / ticks;
	ns_per_tsc = div_128((unsigned __int128)NS_PER_SECOND << 32, tsc_hz);
	tsc_start = rdtsc();
	hv_info("TSC %llu kHz, APIC timer %llu kHz", tsc_hz / 1000, apic_timer_hz / 1000);
}

/* ---- reference time of a partition ---- */

static u64 partition_time_ns(struct partition *pt)
{
	return pt->time_frozen ? pt->time_frozen_ns : time_now_ns() - pt->time_base_ns;
}

u64 partition_time_100ns(struct partition *pt)
{
	return partition_time_ns(pt) / 100;
}

/* Reference time scaled, and what was set: both start at zero together and run alike. */
static u64 tsc_of_time(struct partition *pt)
{
	return div_128((unsigned __int128)partition_time_ns(pt) << 32, ns_per_tsc) + pt->tsc_bias;
}

static void tsc_sync(struct partition *pt)
{
	pt->tsc_offset = tsc_of_time(pt) - rdtsc();
	if (partition_is_root(pt))
		pt->tsc_offset = 0;	/* the root reads the hardware's */
	reference_tsc_update(pt);
}

/* It stands still with the time. */
u64 partition_tsc(struct partition *pt)
{
	return pt->time_frozen ? tsc_of_time(pt) : rdtsc() + pt->tsc_offset;
}

void partition_time_set(struct partition *pt, u64 time_100ns)
{
	if (pt->time_frozen)
		pt->time_frozen_ns = time_100ns * 100;
	else
		pt->time_base_ns = time_now_ns() - time_100ns * 100;
	tsc_sync(pt);
}

void partition_tsc_set(struct partition *pt, u64 tsc)
{
	pt->tsc_bias += tsc - tsc_of_time(pt);
	tsc_sync(pt);
}

static void vps_freeze(struct partition *pt, bool freeze)
{
	u64 now = time_now_ns();
	struct vp *vp;
	u32 pos = 0;

	while ((vp = vp_next(pt, &pos))) {
		if (freeze)
			lapic_freeze(&vp->lapic, now);
		else
			lapic_thaw(&vp->lapic, now);
		vp_wake(vp);
	}
}

void partition_time_freeze(struct partition *pt, bool freeze)
{
	if (pt->time_frozen == freeze)
		return;
	if (freeze) {
		pt->time_frozen_ns = partition_time_ns(pt);
		pt->time_frozen = true;
	} else {
		pt->time_base_ns = time_now_ns() - pt->time_frozen_ns;
		pt->time_frozen = false;
	}
	vps_freeze(pt, freeze);
	tsc_sync(pt);
}

struct reference_tsc_page {
	volatile u32 sequence;
	u32 reserved;
	volatile u64 scale;
	volatile s64 offset;
} __packed;

/* TLFS 12.7: time = (TSC * scale >> 64) + offset; sequence 0: do not use. */
void reference_tsc_update(struct partition *pt)
{
	struct reference_tsc_page *page;
	u64 scale, guest_tsc;
	static u32 sequence;

	if (!(pt->reference_tsc & 1))
		return;
	page = gpa_ptr(pt, pt->reference_tsc & ~0xfffull, NPT_R);
	if (!page)
		return;
	scale = reference_tsc_scale(tsc_hz);
	guest_tsc = rdtsc() + pt->tsc_offset;
	page->sequence = 0;
	__sync_synchronize();
	page->scale = scale;
	page->offset = partition_time_100ns(pt) - mul_high(guest_tsc, scale);
	__sync_synchronize();
	sequence = sequence == 0xfffffffe ? 1 : sequence + 1;
	page->sequence = pt->time_frozen ? 0 : sequence;
}

/* ---- synthetic timers ---- */

#define STIMER_ENABLED		BIT(0)
#define STIMER_PERIODIC		BIT(1)
#define STIMER_AUTO_ENABLE	BIT(3)
#define STIMER_DIRECT		BIT(12)
#define STIMER_CONFIG_RSVDZ	(~0xfffffull | 0xe000)
#define STIMER_VECTOR(c)	(((c) >> 4) & 0xff)
#define STIMER_SINT(c)		(((c) >> 16) & 0xf)

void stimer_reset(struct vp *vp)
{
	for (u32 i = 0; i < 4; i++)
		vp->stimer[i] = (struct stimer){ 0 };
}

/* Beyond the end of time is never: not round to the past. */
static u64 time_add(u64 a, u64 b)
{
	return a + b < a ? ~0ull : a + b;
}

static void stimer_arm(struct vp *vp, struct stimer *t)
{
	t->deadline = 0;
	/* No SINT and not direct: disabled at once. No count: waits for one. */
	if (!(t->config & STIMER_DIRECT) && !STIMER_SINT(t->config))
		t->config &= ~STIMER_ENABLED;
	if (!(t->config & STIMER_ENABLED) || !t->count)
		return;
	t->deadline = t->config & STIMER_PERIODIC ? time_add(partition_time_100ns(vp->pt), t->count) : t->count;
}

bool stimer_read(struct vp *vp, u32 msr, u64 *val)
{
	struct stimer *t = &vp->stimer[(msr - HV_MSR_STIMER0_CONFIG) / 2];

	*val = (msr - HV_MSR_STIMER0_CONFIG) & 1 ? t->count : t->config;
	return true;
}

bool stimer_write(struct vp *vp, u32 msr, u64 val)
{
	struct stimer *t = &vp->stimer[(msr - HV_MSR_STIMER0_CONFIG) / 2];

	if ((msr - HV_MSR_STIMER0_CONFIG) & 1) {
		t->count = val;
		if (!val)
			t->config &= ~STIMER_ENABLED;
		else if (t->config & STIMER_AUTO_ENABLE)
			t->config |= STIMER_ENABLED;
	} else {
		if (val & STIMER_CONFIG_RSVDZ)
			return false;
		t->config = val;
	}
	stimer_arm(vp, t);
	return true;
}

static void stimer_message(struct vp *vp, u32 index, u64 deadline)
{
	struct synic_msg *m = &vp->messages->timer[index];
	struct hv_timer_message payload = {
		.timer_index = index, .expiration_time = deadline,
		.delivery_time = partition_time_100ns(vp->pt),
	};

	if (m->queued)
		return;		/* the previous expiry has not been taken: merged */
	synic_fill(m, HVMSG_TIMER_EXPIRED, 0, &payload, sizeof(payload));
	synic_post(vp, STIMER_SINT(vp->stimer[index].config), m);
}

bool stimer_undelivered(const struct vp *vp, u32 index, u64 *expiration)
{
	const struct synic_msg *m = &vp->messages->timer[index];

	*expiration = m->queued ? ((const struct hv_timer_message *)m->msg.payload)->expiration_time : 0;
	return m->queued;
}

void stimer_undelivered_set(struct vp *vp, u32 index, bool waits, u64 expiration)
{
	synic_cancel(&vp->messages->timer[index]);
	if (waits)
		stimer_message(vp, index, expiration);
}

static void stimer_fire(struct vp *vp, u32 index)
{
	struct stimer *t = &vp->stimer[index];
	u64 deadline = t->deadline;

	if (t->config & STIMER_PERIODIC) {
		u64 late = partition_time_100ns(vp->pt) - deadline;

		t->deadline = time_add(deadline + late / t->count * t->count, t->count);
	} else {
		t->deadline = 0;
		t->config &= ~STIMER_ENABLED;
	}
	if (t->config & STIMER_DIRECT)
		vp_irq(vp, STIMER_VECTOR(t->config), false);
	else
		stimer_message(vp, index, deadline);
}

void vp_timers_run(struct vp *vp, u64 now)
{
	if (vp->synic.late_ns && vp->synic.late_ns <= now) {
		vp->synic.late_ns = 0;
		fault_late_end();
		synic_scan(vp);
	}
	if (vp_deadline_ns(vp) > now)
		return;
	if (lapic_deadline(&vp->lapic) <= now) {
		lapic_tick(&vp->lapic, now);
		vp_wake(vp);
	}
	for (u32 i = 0; i < 4; i++) {
		struct stimer *t = &vp->stimer[i];

		if (t->deadline && partition_time_100ns(vp->pt) >= t->deadline)
			stimer_fire(vp, i);
	}
}

u64 vp_deadline_ns(struct vp *vp)
{
	s64 due;
	u64 best;

	if (vp->pt->time_frozen)
		return ~0ull;
	best = lapic_deadline(&vp->lapic);
	if (vp->synic.late_ns)
		best = min(best, vp->synic.late_ns);
	for (u32 i = 0; i < 4; i++) {
		u64 d = vp->stimer[i].deadline;

		/* Beyond the end of time is never. A time that was set may have begun before this clock: then the base is negative. */
		if (!d || d > REFERENCE_TIME_MAX)
			continue;
		due = d * 100 + vp->pt->time_base_ns;
		best = min(best, due > 0 ? (u64)due : 0);
	}
	return best;
}
