// SPDX-License-Identifier: GPL-2.0
/*
 * The synthetic MSRs (interface.md 2). A root VP finds its pages provided: their
 * numbers stand in the MSRs, and it may only turn them on and off.
 */
#include "hv.h"
#include "internal.h"
#include "string.h"

#define SVERSION		1
#define APIC_MSR_TPR		0x808

/* ---- pages that the hypervisor provides for the root ---- */

static u64 page_shared(void)
{
	void *p = boot_shared_page();

	return (u64)p;
}

void root_pages_init(struct vp *vp)
{
	if (options.role != ROLE_ROOT)
		return;
	vp->synic.siefp = page_shared();
	vp->synic.simp = page_shared();
	vp->synic.sirbp = page_shared();
	vp->vp_assist = page_shared();
	if (vp->index)
		return;
	vp->pt->hypercall = page_shared();
	vp->pt->reference_tsc = page_shared();
	memset((void *)(vp->pt->hypercall & HV_OVERLAY_GPA_MASK), 0xcc, PAGE_SIZE);
}

/* New value of a page MSR: where the page is, is the root's to read only. */
static u64 page_msr(struct vp *vp, u64 old, u64 val)
{
	if (!partition_is_root(vp->pt) || options.role != ROLE_ROOT || (options.quirks & QUIRK_GUEST_PAGES))
		return val;
	if ((val ^ old) & HV_OVERLAY_GPA_MASK)
		hv_notice("root VP %u: writes page %llx where %llx is provided", vp->index, val >> PAGE_SHIFT,
			old >> PAGE_SHIFT);
	return (old & HV_OVERLAY_GPA_MASK) | (val & ~HV_OVERLAY_GPA_MASK);
}

/* "mov $code" has been done by the caller: VMMCALL and return (APM3). */
static const u8 hypercall_code[] = { 0x0f, 0x01, 0xd9, 0xc3 };

/* An overlay ignores the rights below it. */
bool hypercall_page_fill(struct partition *pt, u64 msr)
{
	u8 *page = gpa_ptr(pt, msr & HV_OVERLAY_GPA_MASK, NPT_R);

	if (!page)
		return false;
	memset(page, 0xcc, PAGE_SIZE);
	memcpy(page, hypercall_code, sizeof(hypercall_code));
	if (!partition_is_root(pt))
		npt_mark(pt, (msr & HV_OVERLAY_GPA_MASK) >> PAGE_SHIFT, true);
	return true;
}

static bool hypercall_write(struct vp *vp, u64 val)
{
	struct partition *pt = vp->pt;

	if (pt->hypercall & HV_HYPERCALL_LOCKED)
		return true;
	if (!pt->guest_os_id)
		val &= ~HV_OVERLAY_ENABLE;
	val = page_msr(vp, pt->hypercall, val);
	if ((val & HV_OVERLAY_ENABLE) && (!(pt->hypercall & HV_OVERLAY_ENABLE) || ((pt->hypercall ^ val) & HV_OVERLAY_GPA_MASK)) &&
	    !hypercall_page_fill(pt, val))
		return false;
	pt->hypercall = val;
	return true;
}

static bool os_id_write(struct partition *pt, u64 val)
{
	pt->guest_os_id = val;
	if (!val)
		pt->hypercall &= ~HV_OVERLAY_ENABLE;
	return true;
}

static bool reference_tsc_write(struct vp *vp, u64 val)
{
	struct partition *pt = vp->pt;

	val = page_msr(vp, pt->reference_tsc, val);
	if (val & HV_OVERLAY_ENABLE) {
		void *page = gpa_ptr(pt, val & HV_OVERLAY_GPA_MASK, NPT_R | NPT_W);

		if (page && !(pt->reference_tsc & HV_OVERLAY_ENABLE))
			memset(page, 0, PAGE_SIZE);
	}
	pt->reference_tsc = val;
	reference_tsc_update(pt);
	return true;
}

/* Enabling clears the page, and of the event ring the head (design: both sides start anew). */
static void page_enable(struct vp *vp, u64 *msr, u64 val)
{
	bool was = *msr & HV_OVERLAY_ENABLE;

	*msr = page_msr(vp, *msr, val);
	if ((*msr & HV_OVERLAY_ENABLE) && !was) {
		void *page = gpa_ptr(vp->pt, *msr & HV_OVERLAY_GPA_MASK, NPT_R | NPT_W);

		if (page)
			memset(page, 0, PAGE_SIZE);
		if (msr == &vp->synic.sirbp)
			memset(vp->synic.ring_head, 0, sizeof(vp->synic.ring_head));
	}
}

/* ---- which MSR needs which privilege (TLFS 4.2) ---- */

static u64 msr_privilege(u32 msr)
{
	switch (msr) {
	case HV_MSR_GUEST_OS_ID:
	case HV_MSR_HYPERCALL:
		return BIT(5);
	case HV_MSR_VP_INDEX:
		return BIT(6);
	case HV_MSR_RESET:
		return BIT(7);
	case HV_MSR_VP_RUNTIME:
		return BIT(0);
	case HV_MSR_TIME_REF_COUNT:
		return BIT(1);
	case HV_MSR_REFERENCE_TSC:
		return BIT(9);
	case HV_MSR_TSC_FREQUENCY:
	case HV_MSR_APIC_FREQUENCY:
		return BIT(11);
	case HV_MSR_EOI ... HV_MSR_VP_ASSIST_PAGE:
		return BIT(4);
	case HV_MSR_SCONTROL ... HV_MSR_SIRBP:
	case HV_MSR_SINT0 ... HV_MSR_SINT15:
		return BIT(2);
	case HV_MSR_STIMER0_CONFIG ... HV_MSR_STIMER3_COUNT:
		return BIT(3);
	case HV_MSR_POWER_TRIGGER_C1 ... HV_MSR_POWER_TRIGGER_C3:
	case HV_MSR_POWER_CONFIG_C1 ... HV_MSR_POWER_CONFIG_C3:
		return HV_PRIV_CPU_MANAGEMENT;
	case HV_MSR_STATS_PARTITION_RETAIL ... HV_MSR_STATS_VP_INTERNAL:
		return BIT(8);
	case HV_MSR_GUEST_IDLE:
		return BIT(10);
	}
	return ~0ull;		/* no such MSR */
}

bool msr_synthetic_permitted(const struct vp *vp, u32 msr)
{
	u64 need = msr_privilege(msr);

	if (need == ~0ull)
		return false;
	return (vp->pt->privileges & need) == need;
}

/* ---- last words of the root ---- */

#define CRASH_TEXT_MAX	120

static bool crash_msr(const struct vp *vp, u32 msr)
{
	return partition_is_root(vp->pt) && msr >= HV_MSR_CRASH_P0 && msr <= HV_MSR_CRASH_CTL;
}

static void crash_read(const struct partition *pt, u32 msr, u64 *val)
{
	*val = msr == HV_MSR_CRASH_CTL ? HV_CRASH_CTL_MESSAGE | HV_CRASH_CTL_NOTIFY : pt->crash[msr - HV_MSR_CRASH_P0];
}

/* One line of it, of characters that do the log no harm. */
static void crash_print(struct vp *vp)
{
	u64 gpa = vp->pt->crash[3], size = vp->pt->crash[4], n = 0;
	const char *from = gpa_ptr(vp->pt, gpa & HV_OVERLAY_GPA_MASK, NPT_R);
	char text[CRASH_TEXT_MAX + 1];

	if (!from)
		return;
	gpa &= PAGE_SIZE - 1;
	while (n < size && n < CRASH_TEXT_MAX && gpa + n < PAGE_SIZE && from[gpa + n] >= ' ' && from[gpa + n] <= '~') {
		text[n] = from[gpa + n];
		n++;
	}
	text[n] = 0;
	hv_info("root VP %u panics: %s", vp->index, text);
}

static void crash_write(struct vp *vp, u32 msr, u64 val)
{
	vp->pt->crash[msr - HV_MSR_CRASH_P0] = val;
	if (msr != HV_MSR_CRASH_CTL || !(val & HV_CRASH_CTL_NOTIFY))
		return;
	if (val & HV_CRASH_CTL_MESSAGE)
		crash_print(vp);
	else
		hv_info("root VP %u panics: error %llx, RIP %llx", vp->index, vp->pt->crash[0], vp->pt->crash[2]);
}

/* ---- access ---- */

/* Until any interrupt is there, whatever RFLAGS.IF says. */
static void idle_enter(struct vp *vp)
{
	vp->activity |= ACTIVITY_IDLE_SUSPEND;
	vp_activity_update(vp);
}

/* T20: the read enters the state. Whatever the type configured, it is HLT here (a guess). */
static void power_trigger(struct vp *vp, u32 state, u64 *val)
{
	*val = (u64)++vp->power_entries[state] << 56;
	idle_enter(vp);
}

static bool power_config_write(struct vp *vp, u32 state, u64 val)
{
	if (val & HV_POWER_CONFIG_RSVD)
		return false;
	vp->power_config[state] = val;
	return true;
}

/* Those that read as they have been written; NULL: another. */
static const u64 *msr_stored(const struct vp *vp, u32 msr)
{
	switch (msr) {
	case HV_MSR_GUEST_OS_ID: return &vp->pt->guest_os_id;
	case HV_MSR_HYPERCALL: return &vp->pt->hypercall;
	case HV_MSR_REFERENCE_TSC: return &vp->pt->reference_tsc;
	case HV_MSR_VP_ASSIST_PAGE: return &vp->vp_assist;
	case HV_MSR_SCONTROL: return &vp->synic.scontrol;
	case HV_MSR_SIEFP: return &vp->synic.siefp;
	case HV_MSR_SIMP: return &vp->synic.simp;
	case HV_MSR_SIRBP: return &vp->synic.sirbp;
	case HV_MSR_POWER_CONFIG_C1 ... HV_MSR_POWER_CONFIG_C3: return &vp->power_config[msr - HV_MSR_POWER_CONFIG_C1];
	case HV_MSR_STATS_PARTITION_RETAIL ... HV_MSR_STATS_PARTITION_INTERNAL:
		return &vp->pt->stats_msr[msr - HV_MSR_STATS_PARTITION_RETAIL];
	case HV_MSR_STATS_VP_RETAIL ... HV_MSR_STATS_VP_INTERNAL:
		return &vp->stats_msr[msr - HV_MSR_STATS_VP_RETAIL];
	case HV_MSR_SINT0 ... HV_MSR_SINT15: return &vp->synic.sint[msr - HV_MSR_SINT0];
	}
	return NULL;
}

bool msr_synthetic_read(struct vp *vp, u32 msr, u64 *val)
{
	struct partition *pt = vp->pt;
	const u64 *stored = msr_stored(vp, msr);

	if (crash_msr(vp, msr)) {
		crash_read(pt, msr, val);
		return true;
	}
	if (!msr_synthetic_permitted(vp, msr))
		return !partition_is_root(pt) && partition_ignores_msrs(pt);
	if (stored) {
		*val = *stored;
		return true;
	}
	switch (msr) {
	case HV_MSR_VP_INDEX:
		*val = vp->index;
		return true;
	case HV_MSR_VP_RUNTIME:
		*val = vp_time_100ns(vp);
		return true;
	case HV_MSR_TIME_REF_COUNT:
		*val = partition_time_100ns(pt);
		return true;
	case HV_MSR_TSC_FREQUENCY:
		*val = tsc_hz;
		return true;
	case HV_MSR_APIC_FREQUENCY:
		*val = APIC_HZ;
		return true;
	case HV_MSR_ICR:
		*val = lapic_icr_read(&vp->lapic);
		return true;
	case HV_MSR_TPR:
		*val = vp->lapic.tpr;
		return true;
	case HV_MSR_SVERSION:
		*val = SVERSION;
		return true;
	case HV_MSR_RESET:
	case HV_MSR_EOM:
		*val = 0;
		return true;
	case HV_MSR_STIMER0_CONFIG ... HV_MSR_STIMER3_COUNT:
		return stimer_read(vp, msr, val);
	case HV_MSR_GUEST_IDLE:
		*val = 0;
		idle_enter(vp);
		return true;
	case HV_MSR_POWER_TRIGGER_C1 ... HV_MSR_POWER_TRIGGER_C3:
		power_trigger(vp, msr - HV_MSR_POWER_TRIGGER_C1, val);
		return true;
	}
	return false;
}

static bool sint_write(struct vp *vp, u32 sint, u64 val)
{
	/* TLFS 11.8.4: a vector below 16 raises #GP, unless the SINT stays masked. */
	if ((u8)val < 16 && !(val & HV_SINT_MASKED))
		return false;
	vp->synic.sint[sint] = val;
	return true;
}

static bool eoi_write(struct vp *vp)
{
	struct lapic_effect fx = { .kind = LAPIC_EFFECT_EOI };

	if (lapic_eoi(&vp->lapic, &fx.eoi))
		apic_effect(vp, &fx);
	return true;
}

static bool icr_write(struct vp *vp, u64 val)
{
	struct lapic_effect fx = lapic_icr_write(&vp->lapic, val);

	apic_effect(vp, &fx);
	return true;
}

bool msr_synthetic_write(struct vp *vp, u32 msr, u64 val)
{
	struct partition *pt = vp->pt;

	if (crash_msr(vp, msr)) {
		crash_write(vp, msr, val);
		return true;
	}
	if (!msr_synthetic_permitted(vp, msr))
		return !partition_is_root(pt) && partition_ignores_msrs(pt);
	switch (msr) {
	case HV_MSR_GUEST_OS_ID:
		return os_id_write(pt, val);
	case HV_MSR_HYPERCALL:
		return hypercall_write(vp, val);
	case HV_MSR_REFERENCE_TSC:
		return reference_tsc_write(vp, val);
	case HV_MSR_RESET:
		if (val & HV_RESET_MACHINE)
			partition_restart(pt);
		return true;
	case HV_MSR_EOI:
		return eoi_write(vp);
	case HV_MSR_ICR:
		return icr_write(vp, val);
	case HV_MSR_TPR:
		return lapic_register_set(&vp->lapic, APIC_MSR_TPR, time_now_ns(), val & 0xff);
	case HV_MSR_VP_ASSIST_PAGE:
		vp->vp_assist = page_msr(vp, vp->vp_assist, val);
		return true;
	case HV_MSR_SCONTROL:
		vp->synic.scontrol = val;
		synic_scan(vp);
		return true;
	case HV_MSR_SIEFP:
		page_enable(vp, &vp->synic.siefp, val);
		return true;
	case HV_MSR_SIMP:
		page_enable(vp, &vp->synic.simp, val);
		synic_scan(vp);
		return true;
	case HV_MSR_SIRBP:
		page_enable(vp, &vp->synic.sirbp, val);
		return true;
	case HV_MSR_POWER_CONFIG_C1 ... HV_MSR_POWER_CONFIG_C3:
		return power_config_write(vp, msr - HV_MSR_POWER_CONFIG_C1, val);
	case HV_MSR_STATS_PARTITION_RETAIL ... HV_MSR_STATS_PARTITION_INTERNAL:
		page_enable(vp, &pt->stats_msr[msr - HV_MSR_STATS_PARTITION_RETAIL], val);
		return true;
	case HV_MSR_STATS_VP_RETAIL ... HV_MSR_STATS_VP_INTERNAL:
		page_enable(vp, &vp->stats_msr[msr - HV_MSR_STATS_VP_RETAIL], val);
		return true;
	case HV_MSR_EOM:
		synic_scan(vp);
		return true;
	case HV_MSR_SINT0 ... HV_MSR_SINT15:
		return sint_write(vp, msr - HV_MSR_SINT0, val);
	case HV_MSR_STIMER0_CONFIG ... HV_MSR_STIMER3_COUNT:
		return stimer_write(vp, msr, val);
	}
	return false;		/* read-only or unknown */
}
