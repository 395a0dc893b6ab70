// SPDX-License-Identifier: GPL-2.0
/*
 * VP registers by name (hypercalls.md 4.9, interface.md 5), one table.
 *
 * Setting checks reserved bits and widths and has no side effect; what is wrong only
 * in combination shows when the VP is entered. A VP must be stopped for it, but for
 * the registers that stop and start it.
 */
#include "hc.h"
#include "cpu.h"
#include "internal.h"
#include "register.h"

/* Getters and setters have one type each; few need all of it. */
#pragma GCC diagnostic ignored "-Wunused-parameter"

struct reg;
typedef void reg_getter(struct vp *vp, const struct reg *r, u32 n, u64 v[2]);
typedef u16 reg_setter(struct vp *vp, const struct reg *r, u32 n, const u64 v[2]);

#define REG_READ_ONLY	BIT(0)
#define REG_RUNNING	BIT(1)	/* may be set while the VP runs */

struct reg {
	u32 first, last;	/* names */
	u16 offset, stride;	/* plain ones: where in struct vp, struct vmcb_save, struct partition */
	u8 flags;
	u64 mask;		/* bits that may be set; 0 for read-only and where the setter knows */
	reg_getter *get;
	reg_setter *set;
};

static u16 bad_value(bool bad)
{
	return bad ? HV_STATUS_INVALID_REGISTER_VALUE : HV_STATUS_SUCCESS;
}

/* ---- plain 64-bit registers ---- */

static u64 *field(void *base, const struct reg *r, u32 n)
{
	return base + r->offset + n * r->stride;
}

static void vp_field_get(struct vp *vp, const struct reg *r, u32 n, u64 v[2]) { v[0] = *field(vp, r, n); }

static u16 vp_field_set(struct vp *vp, const struct reg *r, u32 n, const u64 v[2])
{
	*field(vp, r, n) = v[0];
	return HV_STATUS_SUCCESS;
}

/* Those that the processor holds while the VP is on it. */
static void held_get(struct vp *vp, const struct reg *r, u32 n, u64 v[2])
{
	vp_cpu_save(vp);
	vp_field_get(vp, r, n, v);
}

static u16 held_set(struct vp *vp, const struct reg *r, u32 n, const u64 v[2])
{
	vp_cpu_save(vp);
	return vp_field_set(vp, r, n, v);
}

static void save_get(struct vp *vp, const struct reg *r, u32 n, u64 v[2]) { v[0] = *field(&vp->vmcb->s, r, n); }

static u16 save_set(struct vp *vp, const struct reg *r, u32 n, const u64 v[2])
{
	*field(&vp->vmcb->s, r, n) = v[0];
	return HV_STATUS_SUCCESS;
}

static void pt_get(struct vp *vp, const struct reg *r, u32 n, u64 v[2]) { v[0] = *field(vp->pt, r, n); }

static u16 pt_set(struct vp *vp, const struct reg *r, u32 n, const u64 v[2])
{
	*field(vp->pt, r, n) = v[0];
	return HV_STATUS_SUCCESS;
}

/* Registers of features that are not offered: zero, and zero can be written. */
static void zero_get(struct vp *vp, const struct reg *r, u32 n, u64 v[2])
{
	v[0] = 0;
}

static u16 zero_set(struct vp *vp, const struct reg *r, u32 n, const u64 v[2])
{
	return bad_value(v[0] || v[1]);
}

static u16 ignore_set(struct vp *vp, const struct reg *r, u32 n, const u64 v[2])
{
	return HV_STATUS_SUCCESS;
}

/* ---- suspend registers (3.6) ---- */

/* The call returns with the VP off its LP. */
static u16 suspend_set(struct vp *vp, const struct reg *r, u32 n, const u64 v[2])
{
	*field(vp, r, n) = v[0];
	if (v[0]) {
		vp_evict(vp);
		if (vp->register_page && !vp->register_page_valid)
			regpage_fill(vp);
	} else {
		vp_wake(vp);
	}
	return HV_STATUS_SUCCESS;
}

/* Set by an intercept only; the parent may clear. */
static u16 intercept_suspend_set(struct vp *vp, const struct reg *r, u32 n, const u64 v[2])
{
	if (v[0] & ~vp->intercept_suspend)
		return HV_STATUS_INVALID_REGISTER_VALUE;
	vp->intercept_suspend = v[0];
	vp_wake(vp);
	return HV_STATUS_SUCCESS;
}

static u16 activity_set(struct vp *vp, const struct reg *r, u32 n, const u64 v[2])
{
	vp->activity = v[0];
	vp_wake(vp);
	return HV_STATUS_SUCCESS;
}

/* ---- events ---- */

static u16 pending_interruption_set(struct vp *vp, const struct reg *r, u32 n, const u64 v[2])
{
	u64 type = (v[0] >> HV_PENDING_TYPE_SHIFT) & HV_PENDING_TYPE_MASK;

	if (v[0] & HV_PENDING_RSVD)
		return HV_STATUS_INVALID_REGISTER_VALUE;
	if ((v[0] & HV_PENDING_INTERRUPTION) && (type == 1 || type == 7 || (v[0] >> HV_PENDING_VECTOR_SHIFT & 0xff00)))
		return HV_STATUS_INVALID_REGISTER_VALUE;
	vp->pending_interruption = v[0];
	return HV_STATUS_SUCCESS;
}

u64 reg_interrupt_state(const struct vp *vp)
{
	return (vp->vmcb->c.int_state & BIT(0) ? HV_INTERRUPT_STATE_SHADOW : 0) |
	       (vp->nmi_masked ? HV_INTERRUPT_STATE_NMI_MASKED : 0);
}

static void interrupt_state_get(struct vp *vp, const struct reg *r, u32 n, u64 v[2])
{
	v[0] = reg_interrupt_state(vp);
}

/* A masked NMI is unmasked by IRET, which then has to be seen (APM2 15.12.4). */
static u16 interrupt_state_set(struct vp *vp, const struct reg *r, u32 n, const u64 v[2])
{
	struct vmcb_control *c = &vp->vmcb->c;

	c->int_state = (c->int_state & ~BIT(0)) | (v[0] & HV_INTERRUPT_STATE_SHADOW ? BIT(0) : 0);
	vp->nmi_masked = v[0] & HV_INTERRUPT_STATE_NMI_MASKED;
	if (vp->nmi_masked)
		c->intercept[0] |= SVM_INTERCEPT_IRET;
	else
		c->intercept[0] &= ~SVM_INTERCEPT_IRET;
	return HV_STATUS_SUCCESS;
}

static void pending_event_get(struct vp *vp, const struct reg *r, u32 n, u64 v[2])
{
	v[0] = vp->pending_event[n][0];
	v[1] = vp->pending_event[n][1];
}

/* Exceptions only: the other types stand for what this hypervisor does not do. */
static u16 pending_event_set(struct vp *vp, const struct reg *r, u32 n, const u64 v[2])
{
	if ((v[0] & HV_EVENT_PENDING) &&
	    (n || ((v[0] >> HV_EVENT_TYPE_SHIFT) & HV_EVENT_TYPE_MASK) != HV_EVENT_EXCEPTION || (v[0] >> 16 & 0xffff) > 31))
		return HV_STATUS_INVALID_REGISTER_VALUE;
	vp->pending_event[n][0] = v[0];
	vp->pending_event[n][1] = v[1];
	return HV_STATUS_SUCCESS;
}

/*
 * With the local APIC inside the hypervisor the NMI and interrupt forms are refused
 * (interface.md 5.10). The root has no parent to be told.
 */
static u16 deliverability_set(struct vp *vp, const struct reg *r, u32 n, const u64 v[2])
{
	if ((vp->pt->flags & HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED) && (v[0] & BITS(5, 0)))
		return HV_STATUS_INVALID_PARAMETER;
	if (partition_is_root(vp->pt) && v[0])
		return HV_STATUS_INVALID_PARAMETER;
	vp->deliverability = v[0];
	vp_wake(vp);
	return HV_STATUS_SUCCESS;
}

/* ---- general and control registers ---- */

void reg_cpl_update(struct vp *vp)
{
	struct vmcb_save *s = &vp->vmcb->s;

	if (!(s->cr0 & CR0_PE))
		s->cpl = 0;
	else if (s->rflags & RFLAGS_VM)
		s->cpl = 3;
	else
		s->cpl = (s->ss.attrib >> 5) & 3;
}

static u16 rflags_set(struct vp *vp, const struct reg *r, u32 n, const u64 v[2])
{
	vp->vmcb->s.rflags = v[0] | RFLAGS_FIXED;
	reg_cpl_update(vp);
	return HV_STATUS_SUCCESS;
}

static u16 cr0_set(struct vp *vp, const struct reg *r, u32 n, const u64 v[2])
{
	vp->vmcb->s.cr0 = v[0] | CR0_ET;
	reg_cpl_update(vp);
	return HV_STATUS_SUCCESS;
}

static void cr8_get(struct vp *vp, const struct reg *r, u32 n, u64 v[2])
{
	v[0] = lapic_cr8(&vp->lapic);
}

static u16 cr8_set(struct vp *vp, const struct reg *r, u32 n, const u64 v[2])
{
	lapic_cr8_set(&vp->lapic, v[0]);
	return HV_STATUS_SUCCESS;
}

/* A partition without XSAVE has XCR0 as reset left it: 1. */
static u16 xfem_set(struct vp *vp, const struct reg *r, u32 n, const u64 v[2])
{
	u64 legal = features_xfem(vp->pt) | 1;

	if (!(v[0] & 1) || (v[0] & ~legal) || (v[0] & 6) == 4)
		return HV_STATUS_INVALID_REGISTER_VALUE;
	vp_cpu_save(vp);
	vp->xcr0 = v[0];
	return HV_STATUS_SUCCESS;
}

static void efer_get(struct vp *vp, const struct reg *r, u32 n, u64 v[2])
{
	v[0] = vp->vmcb->s.efer & ~EFER_SVME;
}

static u16 efer_set(struct vp *vp, const struct reg *r, u32 n, const u64 v[2])
{
	vp->vmcb->s.efer = v[0] | EFER_SVME;
	return HV_STATUS_SUCCESS;
}

/* ---- segments and tables ---- */

/* VMCB attribute bits 11:8 are descriptor bits 55:52, which the TLFS keeps at 15:12. */
void segment_get(const struct vmcb_seg *s, struct hv_segment *out)
{
	out->base = s->base;
	out->limit = s->limit;
	out->selector = s->selector;
	out->attributes = (s->attrib & 0xff) | (s->attrib & 0xf00) << 4;
}

void segment_set(struct vmcb_seg *s, const struct hv_segment *in)
{
	s->base = in->base;
	s->limit = in->limit;
	s->selector = in->selector;
	s->attrib = (in->attributes & 0xff) | (in->attributes >> 4 & 0xf00);
}

struct vmcb_seg *reg_segment(struct vp *vp, u32 n)
{
	struct vmcb_save *s = &vp->vmcb->s;

	switch (n) {
	case 0:
		return &s->es;
	case 1:
		return &s->cs;
	case 2:
		return &s->ss;
	case 3:
		return &s->ds;
	case 4:
		return &s->fs;
	case 5:
		return &s->gs;
	case 6:
		return &s->ldtr;
	default:
		return &s->tr;
	}
}

static void seg_get(struct vp *vp, const struct reg *r, u32 n, u64 v[2])
{
	segment_get(reg_segment(vp, n), (struct hv_segment *)v);
}

static u16 seg_set(struct vp *vp, const struct reg *r, u32 n, const u64 v[2])
{
	const struct hv_segment *in = (const struct hv_segment *)v;

	if (in->attributes & 0xf00)
		return HV_STATUS_INVALID_REGISTER_VALUE;
	segment_set(reg_segment(vp, n), in);
	reg_cpl_update(vp);
	return HV_STATUS_SUCCESS;
}

static struct vmcb_seg *table_find(struct vp *vp, u32 n)
{
	return n ? &vp->vmcb->s.gdtr : &vp->vmcb->s.idtr;
}

static void table_get(struct vp *vp, const struct reg *r, u32 n, u64 v[2])
{
	struct hv_table *out = (struct hv_table *)v;

	out->limit = table_find(vp, n)->limit;
	out->base = table_find(vp, n)->base;
}

static u16 table_set(struct vp *vp, const struct reg *r, u32 n, const u64 v[2])
{
	const struct hv_table *in = (const struct hv_table *)v;

	table_find(vp, n)->limit = in->limit;
	table_find(vp, n)->base = in->base;
	return HV_STATUS_SUCCESS;
}

/* ---- x87 and SSE: the legacy area of the XSAVE image has the same layout ---- */

#define FXSAVE_MXCSR	24u
#define FXSAVE_ST0	32u

static void fpu_get(struct vp *vp, const struct reg *r, u32 n, u64 v[2])
{
	vp_cpu_save(vp);
	memcpy(v, vp->fpu + r->offset + n * r->stride, 16);
}

static u16 fpu_set(struct vp *vp, const struct reg *r, u32 n, const u64 v[2])
{
	vp_cpu_save(vp);
	memcpy(vp->fpu + r->offset + n * r->stride, v, 16);
	*(u64 *)(vp->fpu + XSTATE_BV) |= 3;	/* or XRSTOR would load initial state */
	return HV_STATUS_SUCCESS;
}

/* Of an x87 register 80 bits count. */
static u16 mmx_set(struct vp *vp, const struct reg *r, u32 n, const u64 v[2])
{
	u64 low[2] = { v[0], v[1] & 0xffff };

	return fpu_set(vp, r, n, low);
}

/* A reserved MXCSR bit would fault in our XRSTOR. The mask is the machine's. */
static u16 xmm_control_set(struct vp *vp, const struct reg *r, u32 n, const u64 v[2])
{
	u64 keep[2] = { v[0], (u64)MXCSR_LEGAL << 32 | (u32)v[1] };

	if ((u32)v[1] & ~MXCSR_LEGAL)
		return HV_STATUS_INVALID_REGISTER_VALUE;
	return fpu_set(vp, r, n, keep);
}

/* ---- model-specific registers ---- */

static void tsc_get(struct vp *vp, const struct reg *r, u32 n, u64 v[2])
{
	v[0] = partition_tsc(vp->pt);
}

/*
 * Written to one VP after the other, never at the same moment: a TSC of its own for each
 * would part them. It is the partition's, and the first VP's value counts (a guess).
 */
static u16 tsc_set(struct vp *vp, const struct reg *r, u32 n, const u64 v[2])
{
	if (!vp->index && !partition_is_root(vp->pt))
		partition_tsc_set(vp->pt, v[0]);
	return HV_STATUS_SUCCESS;
}

static void apic_base_get(struct vp *vp, const struct reg *r, u32 n, u64 v[2])
{
	v[0] = vp->lapic.base;
}

static u16 apic_base_set(struct vp *vp, const struct reg *r, u32 n, const u64 v[2])
{
	return bad_value(!lapic_base_set(&vp->lapic, v[0]));
}

static u16 pat_set(struct vp *vp, const struct reg *r, u32 n, const u64 v[2])
{
	if (!pat_valid(v[0]))
		return HV_STATUS_INVALID_REGISTER_VALUE;
	return save_set(vp, r, n, v);
}

static void apic_id_get(struct vp *vp, const struct reg *r, u32 n, u64 v[2])
{
	v[0] = vp->lapic.config.id;
}

/* Changeable before the VP runs: its run time tells (interface.md 9.1). */
static u16 apic_id_set(struct vp *vp, const struct reg *r, u32 n, const u64 v[2])
{
	if (vp->run_time_ns && v[0] != vp->lapic.config.id)
		return HV_STATUS_INVALID_VP_STATE;
	vp->lapic.config.id = v[0];
	return HV_STATUS_SUCCESS;
}

static void mtrr_cap_get(struct vp *vp, const struct reg *r, u32 n, u64 v[2])
{
	v[0] = 0x508;		/* WC, fixed ranges, 8 variable ones */
}

static void apic_get(struct vp *vp, const struct reg *r, u32 n, u64 v[2])
{
	if (!lapic_register_get(&vp->lapic, LAPIC_MSR_FIRST + 2 + n, time_now_ns(), &v[0]))
		v[0] = 0;
}

static u16 apic_set(struct vp *vp, const struct reg *r, u32 n, const u64 v[2])
{
	return lapic_register_set(&vp->lapic, LAPIC_MSR_FIRST + 2 + n, time_now_ns(), v[0]) ? HV_STATUS_SUCCESS :
	       HV_STATUS_INVALID_PARAMETER;
}

/* ---- synthetic registers ---- */

/* 128-bit images of CPUID leaves: four 32-bit lanes. */
static void cpuid_image_get(struct vp *vp, const struct reg *r, u32 n, u64 v[2])
{
	/* 0x200 to 0x206: leaves ...03 to ...09, then ...0A, ...0B; the version is leaf ...02 */
	u32 leaf = r->first == HV_REG_HYPERVISOR_VERSION ? HV_CPUID_VERSION : HV_CPUID_FEATURES + n;
	u32 *out = (u32 *)v;

	if (partition_is_root(vp->pt))
		cpuid_root(vp, leaf, 0, out);
	else
		cpuid_child(vp, leaf, 0, out);
}

static void frequency_get(struct vp *vp, const struct reg *r, u32 n, u64 v[2])
{
	v[0] = n ? APIC_HZ : tsc_hz;
}

static void runtime_get(struct vp *vp, const struct reg *r, u32 n, u64 v[2])
{
	v[0] = vp_time_100ns(vp);
}

static void index_get(struct vp *vp, const struct reg *r, u32 n, u64 v[2])
{
	v[0] = vp->index;
}

static void time_get(struct vp *vp, const struct reg *r, u32 n, u64 v[2])
{
	v[0] = partition_time_100ns(vp->pt);
}

/* State, not an access; but the page is part of it, if it can be. */
static u16 hypercall_set(struct vp *vp, const struct reg *r, u32 n, const u64 v[2])
{
	if (v[0] & HV_OVERLAY_ENABLE)
		hypercall_page_fill(vp->pt, v[0]);
	return pt_set(vp, r, n, v);
}

static u16 reference_tsc_set(struct vp *vp, const struct reg *r, u32 n, const u64 v[2])
{
	u16 status = pt_set(vp, r, n, v);

	reference_tsc_update(vp->pt);
	return status;
}

static void tpr_get(struct vp *vp, const struct reg *r, u32 n, u64 v[2])
{
	v[0] = vp->lapic.tpr;
}

static u16 tpr_set(struct vp *vp, const struct reg *r, u32 n, const u64 v[2])
{
	return bad_value(!lapic_register_set(&vp->lapic, 0x808, time_now_ns(), v[0]));
}

static u16 sint_set(struct vp *vp, const struct reg *r, u32 n, const u64 v[2])
{
	if (!(v[0] & HV_SINT_MASKED) && (v[0] & HV_SINT_VECTOR_MASK) < 16)
		return HV_STATUS_INVALID_REGISTER_VALUE;
	return vp_field_set(vp, r, n, v);
}

/* State, not an access: the page is not cleared, and what waits is delivered at the next occasion. */
static u16 synic_set(struct vp *vp, const struct reg *r, u32 n, const u64 v[2])
{
	u16 status = vp_field_set(vp, r, n, v);

	synic_scan(vp);
	return status;
}

static void icr_get(struct vp *vp, const struct reg *r, u32 n, u64 v[2])
{
	v[0] = lapic_icr_read(&vp->lapic);
}

/* Nothing is sent. */
static u16 icr_set(struct vp *vp, const struct reg *r, u32 n, const u64 v[2])
{
	return bad_value(!lapic_register_set(&vp->lapic, 0x830, time_now_ns(), v[0]));
}

/* Configuration and trigger of C1, then of C2, C3; the trigger is for the VP to read. */
static void power_get(struct vp *vp, const struct reg *r, u32 n, u64 v[2])
{
	v[0] = n & 1 ? 0 : vp->power_config[n / 2];
}

static u16 power_set(struct vp *vp, const struct reg *r, u32 n, const u64 v[2])
{
	if ((n & 1) || (v[0] & HV_POWER_CONFIG_RSVD))
		return bad_value(true);
	vp->power_config[n / 2] = v[0];
	return HV_STATUS_SUCCESS;
}

static void sversion_get(struct vp *vp, const struct reg *r, u32 n, u64 v[2])
{
	v[0] = 1;
}

static void timer_get(struct vp *vp, const struct reg *r, u32 n, u64 v[2])
{
	stimer_read(vp, HV_MSR_STIMER0_CONFIG + n, &v[0]);
}

static u16 timer_set(struct vp *vp, const struct reg *r, u32 n, const u64 v[2])
{
	return bad_value(!stimer_write(vp, HV_MSR_STIMER0_CONFIG + n, v[0]));
}

/* ---- the table ---- */

#define ALL_BITS	(~0ull)
#define LOW_32		0xffffffffull
#define OVERLAY_BITS	ALL_BITS
#define CR3_BITS	BITS(51, 0)
#define CR4_BITS	(BITS(12, 0) | BITS(18, 16) | BITS(23, 20))
#define EFER_BITS	(EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE | BITS(15, 13))
#define SINT_BITS	(HV_SINT_VECTOR_MASK | BITS(20, 16))
#define MTRR_DEF_BITS	0xcffull

#define VP_FIELD(f)	.offset = offsetof(struct vp, f), .get = vp_field_get, .set = vp_field_set
#define HELD(f)		.offset = offsetof(struct vp, f), .get = held_get, .set = held_set
#define SAVE(f)		.offset = offsetof(struct vmcb_save, f), .get = save_get, .set = save_set
#define PT(f)		.offset = offsetof(struct partition, f), .get = pt_get, .set = pt_set
#define ONE(name)	.first = name, .last = name
#define READ_ONLY	.flags = REG_READ_ONLY

static const struct reg regs[] = {
	{ ONE(HV_REG_EXPLICIT_SUSPEND), .mask = 1, .flags = REG_RUNNING,
	  .offset = offsetof(struct vp, explicit_suspend), .get = vp_field_get, .set = suspend_set },
	{ ONE(HV_REG_INTERCEPT_SUSPEND), .mask = 3, .flags = REG_RUNNING,
	  .offset = offsetof(struct vp, intercept_suspend), .get = vp_field_get, .set = intercept_suspend_set },
	{ ONE(HV_REG_INSTRUCTION_EMULATION_HINTS), READ_ONLY, .get = zero_get },
	{ ONE(HV_REG_DISPATCH_SUSPEND), .mask = 1, .flags = REG_RUNNING,
	  .offset = offsetof(struct vp, dispatch_suspend), .get = vp_field_get, .set = suspend_set },
	{ ONE(HV_REG_INTERNAL_ACTIVITY_STATE), .mask = 7,
	  .offset = offsetof(struct vp, activity), .get = vp_field_get, .set = activity_set },
	{ ONE(HV_REG_HYPERVISOR_VERSION), READ_ONLY, .get = cpuid_image_get },
	{ .first = HV_REG_CPUID_40000003, .last = HV_REG_CPUID_4000000B, READ_ONLY, .get = cpuid_image_get },
	{ .first = HV_REG_GUEST_CRASH_P0, .last = HV_REG_GUEST_CRASH_CTL, .mask = ALL_BITS, .stride = 8, PT(crash) },
	{ .first = HV_REG_POWER_STATE_CONFIG_C1, .last = HV_REG_POWER_STATE_TRIGGER_C3, .mask = ALL_BITS,
	  .get = power_get, .set = power_set },
	{ .first = HV_REG_PROCESSOR_CLOCK_FREQUENCY, .last = HV_REG_INTERRUPT_CLOCK_FREQUENCY, READ_ONLY,
	  .get = frequency_get },
	{ ONE(HV_REG_PENDING_INTERRUPTION), .mask = ALL_BITS, .offset = offsetof(struct vp, pending_interruption),
	  .get = vp_field_get, .set = pending_interruption_set },
	{ ONE(HV_REG_INTERRUPT_STATE), .mask = 3, .get = interrupt_state_get, .set = interrupt_state_set },
	{ .first = HV_REG_PENDING_EVENT0, .last = HV_REG_PENDING_EVENT1, .mask = ALL_BITS,
	  .get = pending_event_get, .set = pending_event_set },
	{ ONE(HV_REG_DELIVERABILITY_NOTIFICATIONS), .mask = BITS(5, 0) | BITS(63, 48), .flags = REG_RUNNING,
	  .offset = offsetof(struct vp, deliverability), .get = vp_field_get, .set = deliverability_set },
	{ ONE(HV_REG_PENDING_DEBUG_EXCEPTION), .mask = ALL_BITS, .get = zero_get, .set = zero_set },
	{ .first = HV_REG_RAX, .last = HV_REG_R15, .mask = ALL_BITS, .stride = 8, VP_FIELD(gpr) },
	{ ONE(HV_REG_RIP), .mask = ALL_BITS, SAVE(rip) },
	{ ONE(HV_REG_RFLAGS), .mask = RFLAGS_SETTABLE,
	  .offset = offsetof(struct vmcb_save, rflags), .get = save_get, .set = rflags_set },
	{ .first = HV_REG_XMM0, .last = HV_REG_XMM15, .mask = ALL_BITS,
	  .offset = FXSAVE_XMM0, .stride = 16, .get = fpu_get, .set = fpu_set },
	{ .first = HV_REG_FP_MMX0, .last = HV_REG_FP_MMX7, .mask = ALL_BITS,
	  .offset = FXSAVE_ST0, .stride = 16, .get = fpu_get, .set = mmx_set },
	{ ONE(HV_REG_FP_CONTROL_STATUS), .mask = ALL_BITS, .offset = 0, .get = fpu_get, .set = fpu_set },
	{ ONE(HV_REG_XMM_CONTROL_STATUS), .mask = ALL_BITS, .offset = 16, .get = fpu_get, .set = xmm_control_set },
	{ ONE(HV_REG_CR0), .mask = LOW_32, .offset = offsetof(struct vmcb_save, cr0), .get = save_get, .set = cr0_set },
	{ ONE(HV_REG_CR2), .mask = ALL_BITS, SAVE(cr2) },
	{ ONE(HV_REG_CR3), .mask = CR3_BITS, SAVE(cr3) },
	{ ONE(HV_REG_CR4), .mask = CR4_BITS, SAVE(cr4) },
	{ ONE(HV_REG_CR8), .mask = 0xf, .get = cr8_get, .set = cr8_set },
	{ ONE(HV_REG_XFEM), .mask = ALL_BITS, .offset = offsetof(struct vp, xcr0), .get = vp_field_get, .set = xfem_set },
	/* The intermediate ones are the same: combinations are looked at on entry only (a guess). */
	{ ONE(HV_REG_INTERMEDIATE_CR0), .mask = LOW_32, .offset = offsetof(struct vmcb_save, cr0),
	  .get = save_get, .set = cr0_set },
	{ ONE(HV_REG_INTERMEDIATE_CR3), .mask = CR3_BITS, SAVE(cr3) },
	{ ONE(HV_REG_INTERMEDIATE_CR4), .mask = CR4_BITS, SAVE(cr4) },
	{ ONE(HV_REG_INTERMEDIATE_CR8), .mask = 0xf, .get = cr8_get, .set = cr8_set },
	{ .first = HV_REG_DR0, .last = HV_REG_DR3, .mask = ALL_BITS, .stride = 8, HELD(dr) },
	{ ONE(HV_REG_DR6), .mask = LOW_32, SAVE(dr6) },
	{ ONE(HV_REG_DR7), .mask = LOW_32, SAVE(dr7) },
	{ .first = HV_REG_ES, .last = HV_REG_TR, .mask = ALL_BITS, .get = seg_get, .set = seg_set },
	{ .first = HV_REG_IDTR, .last = HV_REG_GDTR, .mask = ALL_BITS, .get = table_get, .set = table_set },
	{ ONE(HV_REG_TSC), .mask = ALL_BITS, .get = tsc_get, .set = tsc_set },
	{ ONE(HV_REG_EFER), .mask = EFER_BITS, .get = efer_get, .set = efer_set },
	{ ONE(HV_REG_KERNEL_GS_BASE), .mask = ALL_BITS, SAVE(kernel_gs_base) },
	{ ONE(HV_REG_APIC_BASE), .mask = ALL_BITS, .get = apic_base_get, .set = apic_base_set },
	{ ONE(HV_REG_PAT), .mask = ALL_BITS, .offset = offsetof(struct vmcb_save, g_pat), .get = save_get, .set = pat_set },
	{ ONE(HV_REG_SYSENTER_CS), .mask = ALL_BITS, SAVE(sysenter_cs) },
	{ ONE(HV_REG_SYSENTER_EIP), .mask = ALL_BITS, SAVE(sysenter_eip) },
	{ ONE(HV_REG_SYSENTER_ESP), .mask = ALL_BITS, SAVE(sysenter_esp) },
	{ ONE(HV_REG_STAR), .mask = ALL_BITS, SAVE(star) },
	{ ONE(HV_REG_LSTAR), .mask = ALL_BITS, SAVE(lstar) },
	{ ONE(HV_REG_CSTAR), .mask = ALL_BITS, SAVE(cstar) },
	{ ONE(HV_REG_SFMASK), .mask = LOW_32, SAVE(sfmask) },
	{ ONE(HV_REG_INITIAL_APIC_ID), .mask = LOW_32, .get = apic_id_get, .set = apic_id_set },
	{ ONE(HV_REG_MTRR_CAP), READ_ONLY, .get = mtrr_cap_get },
	{ ONE(HV_REG_MTRR_DEF_TYPE), .mask = MTRR_DEF_BITS, VP_FIELD(mtrr_def_type) },
	{ .first = HV_REG_MTRR_PHYS_BASE0, .last = HV_REG_MTRR_PHYS_BASE0 + 7, .mask = ALL_BITS, .stride = 8,
	  VP_FIELD(mtrr_base) },
	{ .first = HV_REG_MTRR_PHYS_BASE0 + 8, .last = HV_REG_MTRR_PHYS_BASEF, .mask = ALL_BITS,
	  .get = zero_get, .set = zero_set },
	{ .first = HV_REG_MTRR_PHYS_MASK0, .last = HV_REG_MTRR_PHYS_MASK0 + 7, .mask = ALL_BITS, .stride = 8,
	  VP_FIELD(mtrr_mask) },
	{ .first = HV_REG_MTRR_PHYS_MASK0 + 8, .last = HV_REG_MTRR_PHYS_MASKF, .mask = ALL_BITS,
	  .get = zero_get, .set = zero_set },
	{ .first = HV_REG_MTRR_FIX64K, .last = HV_REG_MTRR_FIX4K_F8000, .mask = ALL_BITS, .stride = 8, VP_FIELD(mtrr_fixed) },
	{ ONE(HV_REG_TSC_AUX), .mask = LOW_32, HELD(tsc_aux) },
	{ ONE(HV_REG_BNDCFGS), .mask = ALL_BITS, .get = zero_get, .set = zero_set },
	{ ONE(HV_REG_DEBUG_CTL), .mask = ALL_BITS, SAVE(dbgctl) },
	{ .first = HV_REG_SPEC_CTRL, .last = HV_REG_VIRT_SPEC_CTRL, .mask = ALL_BITS, .get = zero_get, .set = zero_set },
	{ .first = HV_REG_XSS, .last = HV_REG_XSS + 8, .mask = ALL_BITS, .get = zero_get, .set = zero_set }, /* and CET */
	{ .first = HV_REG_TSC_DEADLINE, .last = HV_REG_TSC_ADJUST, .mask = ALL_BITS, .get = zero_get, .set = zero_set },
	{ ONE(HV_REG_MISC_ENABLE), .mask = ALL_BITS, VP_FIELD(misc_enable) },
	{ .first = HV_REG_APIC_FIRST, .last = HV_REG_APIC_LAST, .mask = ALL_BITS, .get = apic_get, .set = apic_set },
	{ ONE(HV_REG_VP_RUNTIME), READ_ONLY, .get = runtime_get },
	{ ONE(HV_REG_HYPERCALL), .mask = ALL_BITS, .offset = offsetof(struct partition, hypercall),
	  .get = pt_get, .set = hypercall_set },
	{ ONE(HV_REG_GUEST_OS_ID), .mask = ALL_BITS, PT(guest_os_id) },
	{ ONE(HV_REG_VP_INDEX), READ_ONLY, .get = index_get },
	{ ONE(HV_REG_TIME_REF_COUNT), READ_ONLY, .get = time_get },
	{ ONE(HV_REG_CPU_MANAGEMENT_VERSION), READ_ONLY, .get = zero_get },
	{ ONE(HV_REG_EOI), .mask = LOW_32, .get = zero_get, .set = ignore_set },
	{ ONE(HV_REG_ICR), .mask = ALL_BITS, .get = icr_get, .set = icr_set },
	{ ONE(HV_REG_TPR), .mask = 0xff, .get = tpr_get, .set = tpr_set },
	{ ONE(HV_REG_VP_ASSIST_PAGE), .mask = OVERLAY_BITS, VP_FIELD(vp_assist) },
	{ ONE(HV_REG_VP_ROOT_SIGNAL_COUNT), READ_ONLY, .offset = offsetof(struct vp, root_signal_count),
	  .get = vp_field_get },
	{ ONE(HV_REG_REFERENCE_TSC), .mask = OVERLAY_BITS,
	  .offset = offsetof(struct partition, reference_tsc), .get = pt_get, .set = reference_tsc_set },
	{ .first = HV_REG_STATS_PARTITION_RETAIL, .last = HV_REG_STATS_PARTITION_INTERNAL, .mask = OVERLAY_BITS, .stride = 8,
	  PT(stats_msr) },
	{ .first = HV_REG_STATS_VP_RETAIL, .last = HV_REG_STATS_VP_INTERNAL, .mask = OVERLAY_BITS, .stride = 8,
	  VP_FIELD(stats_msr) },
	{ .first = HV_REG_SINT0, .last = HV_REG_SINT15, .mask = SINT_BITS, .stride = 8,
	  .offset = offsetof(struct vp, synic.sint), .get = vp_field_get, .set = sint_set },
	{ ONE(HV_REG_SCONTROL), .mask = ALL_BITS, .offset = offsetof(struct vp, synic.scontrol),
	  .get = vp_field_get, .set = synic_set },
	{ ONE(HV_REG_SVERSION), READ_ONLY, .get = sversion_get },
	{ ONE(HV_REG_SIEFP), .mask = OVERLAY_BITS, .offset = offsetof(struct vp, synic.siefp),
	  .get = vp_field_get, .set = synic_set },
	{ ONE(HV_REG_SIMP), .mask = OVERLAY_BITS, .offset = offsetof(struct vp, synic.simp),
	  .get = vp_field_get, .set = synic_set },
	{ ONE(HV_REG_EOM), .mask = ALL_BITS, .get = zero_get, .set = ignore_set },
	{ ONE(HV_REG_SIRBP), .mask = OVERLAY_BITS, VP_FIELD(synic.sirbp) },
	{ .first = HV_REG_STIMER0_CONFIG, .last = HV_REG_STIMER3_COUNT, .mask = ALL_BITS,
	  .get = timer_get, .set = timer_set },
};

static const struct reg *reg_find(u32 name)
{
	for (u32 i = 0; i < ARRAY_SIZE(regs); i++)
		if (name >= regs[i].first && name <= regs[i].last)
			return &regs[i];
	return NULL;
}

/* The status for an unknown name differs with the source: INVALID_PARAMETER is the documented one. */
u16 reg_get(struct vp *vp, u32 name, u64 value[2])
{
	const struct reg *r = reg_find(name);

	if (!r)
		return HV_STATUS_INVALID_PARAMETER;
	value[0] = value[1] = 0;
	r->get(vp, r, name - r->first, value);
	return HV_STATUS_SUCCESS;
}

u16 reg_set(struct vp *vp, u32 name, const u64 value[2])
{
	const struct reg *r = reg_find(name);

	if (!r || (r->flags & REG_READ_ONLY))
		return HV_STATUS_INVALID_PARAMETER;
	if (value[0] & ~r->mask)
		return HV_STATUS_INVALID_REGISTER_VALUE;
	return r->set(vp, r, name - r->first, value);
}

bool reg_on_processor(u32 name)
{
	return (name >= HV_REG_XMM0 && name <= HV_REG_XMM_CONTROL_STATUS) || name == HV_REG_XFEM ||
	       (name >= HV_REG_DR0 && name <= HV_REG_DR3) || name == HV_REG_TSC_AUX;
}

bool reg_settable_while_running(u32 name)
{
	const struct reg *r = reg_find(name);

	return !r || (r->flags & REG_RUNNING);
}
