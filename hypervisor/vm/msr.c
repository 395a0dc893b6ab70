// SPDX-License-Identifier: GPL-2.0
/*
 * MSR accesses. The root reaches the machine's own but for those trapped in
 * svm.c; a child reaches none but those below (interface: architectural MSR
 * policy of the TLFS).
 */
#include "hv.h"
#include "cpu.h"
#include "internal.h"

#define MSR_SYNTHETIC_FIRST	0x40000000
#define MSR_SYNTHETIC_LAST	0x40001fff
#define EFER_ALLOWED		(EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE | BIT(13) | BIT(14) | BIT(15))

#define MSR_PLATFORM_ID		0x17
#define MSR_FEATURE_CONTROL	0x3a
#define MSR_TSC_ADJUST		0x3b
#define MSR_MTRR_CAP		0xfe
#define MSR_UCODE_REV		0x8b
#define MSR_UCODE_UPDATE	0x79
#define MSR_MCG_CAP		0x179
#define MSR_MCG_STATUS		0x17a
#define MSR_MISC_ENABLE		0x1a0
#define MSR_DEBUGCTL		0x1d9
#define MSR_MTRR_PHYS_FIRST	0x200
#define MSR_MTRR_PHYS_LAST	0x20f
#define MSR_PAT			0x277
#define MSR_MTRR_DEF_TYPE	0x2ff
#define MTRR_DEF_TYPE_BITS	0xcffull		/* type, FE, E */
#define DEBUGCTL_BITS		0x3full			/* LBR, BTF, PB0 to PB3 */
#define MSR_SYSCFG		0xc0010010
#define MSR_NB_CFG		0xc001001f
#define HWCR_TSC_FREQ_SEL	BIT(24)

static const u32 mtrr_fixed[11] = {
	0x250, 0x258, 0x259, 0x268, 0x269, 0x26a, 0x26b, 0x26c, 0x26d, 0x26e, 0x26f,
};

static int mtrr_fixed_index(u32 msr)
{
	for (u32 i = 0; i < ARRAY_SIZE(mtrr_fixed); i++)
		if (mtrr_fixed[i] == msr)
			return i;
	return -1;
}

static bool efer_write(struct vp *vp, u64 val)
{
	struct vmcb_save *s = &vp->vmcb->s;

	if (val & ~EFER_ALLOWED)
		return false;
	if (((val ^ s->efer) & EFER_LME) && (s->cr0 & CR0_PG))
		return false;
	s->efer = (val & ~EFER_LMA) | (s->efer & EFER_LMA) | EFER_SVME;
	return true;
}

static bool apic_msr(u32 msr)
{
	return msr >= LAPIC_MSR_FIRST && msr <= LAPIC_MSR_LAST;
}

/* What root and child have alike. False: not one of these. *@ok: access legal. */
static bool common_read(struct vp *vp, u32 msr, u64 *val, bool *ok)
{
	*ok = true;
	if (msr >= MSR_SYNTHETIC_FIRST && msr <= MSR_SYNTHETIC_LAST) {
		*ok = msr_synthetic_read(vp, msr, val);
		return true;
	}
	if (apic_msr(msr)) {
		*ok = !lapic_msr_read(&vp->lapic, msr, time_now_ns(), val);
		return true;
	}
	switch (msr) {
	case MSR_APIC_BASE:
		*val = vp->lapic.base;
		return true;
	case MSR_EFER:
		*val = vp->vmcb->s.efer & ~EFER_SVME;
		return true;
	case MSR_TSC:
		*val = partition_tsc(vp->pt);
		return true;
	case MSR_TSC_DEADLINE:
	case MSR_VM_HSAVE_PA:
		*ok = false;
		return true;
	case MSR_VM_CR:
		*val = BIT(4) | BIT(3);		/* SVMDIS, LOCK */
		return true;
	}
	return false;
}

static bool common_write(struct vp *vp, u32 msr, u64 val, bool *ok)
{
	struct lapic_effect fx = { 0 };

	*ok = true;
	if (msr >= MSR_SYNTHETIC_FIRST && msr <= MSR_SYNTHETIC_LAST) {
		*ok = msr_synthetic_write(vp, msr, val);
		return true;
	}
	if (apic_msr(msr)) {
		*ok = !lapic_msr_write(&vp->lapic, msr, val, time_now_ns(), &fx);
		if (*ok)
			apic_effect(vp, &fx);
		return true;
	}
	switch (msr) {
	case MSR_APIC_BASE:
		*ok = !lapic_base_write(&vp->lapic, val, &fx);
		return true;
	case MSR_EFER:
		*ok = efer_write(vp, val);
		return true;
	case MSR_TSC:
		return true;		/* its TSC is not its own to set */
	case MSR_TSC_DEADLINE:
	case MSR_VM_HSAVE_PA:
	case MSR_VM_CR:
		*ok = false;
		return true;
	}
	return false;
}

/* The TSC counts at the rate of P0: goes with the invariant TSC in CPUID. */
static bool root_read(u32 msr, u64 *val)
{
	if (msr != MSR_HWCR)
		return false;
	*val = rdmsr(msr) | HWCR_TSC_FREQ_SEL;
	return true;
}

static bool child_read(struct vp *vp, u32 msr, u64 *val)
{
	int fixed = mtrr_fixed_index(msr);

	if (fixed >= 0) {
		*val = vp->mtrr_fixed[fixed];
		return true;
	}
	if (msr >= MSR_MTRR_PHYS_FIRST && msr <= MSR_MTRR_PHYS_LAST) {
		u32 i = (msr - MSR_MTRR_PHYS_FIRST) / 2;

		*val = msr & 1 ? vp->mtrr_mask[i] : vp->mtrr_base[i];
		return true;
	}
	switch (msr) {
	case MSR_PAT:
		*val = vp->vmcb->s.g_pat;
		return true;
	case MSR_MTRR_CAP:
		*val = 0x508;		/* WC, fixed ranges, 8 variable ones */
		return true;
	case MSR_MTRR_DEF_TYPE:
		*val = vp->mtrr_def_type;
		return true;
	case MSR_MISC_ENABLE:
		*val = vp->misc_enable;
		return true;
	case MSR_TSC_AUX:
		*val = vp->tsc_aux;
		return true;
	case MSR_DEBUGCTL:
		*val = vp->vmcb->s.dbgctl;
		return true;
	case MSR_MCG_CAP:
	case MSR_MCG_STATUS:
	case MSR_PLATFORM_ID:
	case MSR_SYSCFG:
	case MSR_NB_CFG:
	case MSR_HWCR:
	case MSR_UCODE_REV:
		*val = 0;
		return true;
	}
	return false;
}

/* APM2 7.7.1, 7.8.1: UC, WC, WT, WP, WB; UC- in the PAT alone. */
static bool memory_type_ok(u8 type)
{
	return type <= 6 && type != 2 && type != 3;
}

bool pat_valid(u64 pat)
{
	for (u32 i = 0; i < 8; i++, pat >>= 8)
		if (!memory_type_ok(pat) && (pat & 0xff) != 7)
			return false;
	return true;
}

static bool mtrr_def_type_write(struct vp *vp, u64 val)
{
	if ((val & ~MTRR_DEF_TYPE_BITS) || !memory_type_ok(val))
		return false;
	vp->mtrr_def_type = val;
	return true;
}

/* Base: type in bits 7:0. Mask: valid in bit 11. Both: an address of CHILD_GPA_BITS. */
static bool mtrr_phys_write(struct vp *vp, u32 n, u64 val)
{
	bool mask = n & 1;

	if (val >> CHILD_GPA_BITS || (val & (mask ? 0x7ff : 0xf00)))
		return false;
	*(mask ? &vp->mtrr_mask[n / 2] : &vp->mtrr_base[n / 2]) = val;
	return true;
}

static bool child_write(struct vp *vp, u32 msr, u64 val)
{
	int fixed = mtrr_fixed_index(msr);

	if (fixed >= 0) {
		vp->mtrr_fixed[fixed] = val;
		return true;
	}
	if (msr >= MSR_MTRR_PHYS_FIRST && msr <= MSR_MTRR_PHYS_LAST)
		return mtrr_phys_write(vp, msr - MSR_MTRR_PHYS_FIRST, val);
	switch (msr) {
	case MSR_PAT:
		if (!pat_valid(val))
			return false;
		vp->vmcb->s.g_pat = val;
		return true;
	case MSR_MTRR_DEF_TYPE:
		return mtrr_def_type_write(vp, val);
	case MSR_DEBUGCTL:
		if (val & ~DEBUGCTL_BITS)
			return false;
		vp->vmcb->s.dbgctl = val;
		return true;
	case MSR_TSC_AUX:
		vp_cpu_save(vp);
		vp->tsc_aux = (u32)val;
		return true;
	case MSR_MISC_ENABLE:
	case MSR_MCG_STATUS:
	case MSR_SYSCFG:
	case MSR_NB_CFG:
	case MSR_HWCR:
	case MSR_UCODE_UPDATE:
		return true;		/* ignored */
	}
	return false;
}

/* Reading a synthetic one may do something (GUEST_IDLE): there it is asked for by number. */
bool msr_is_virtual(struct vp *vp, u32 msr)
{
	u64 val = 0;
	bool ok;

	if (msr >= MSR_SYNTHETIC_FIRST && msr <= MSR_SYNTHETIC_LAST)
		return msr_synthetic_permitted(vp, msr);
	return common_read(vp, msr, &val, &ok) || child_read(vp, msr, &val);
}

/* The parent has registered what becomes of it: 0 fault, 1 ignore. */
static bool registered(struct vp *vp, u32 msr, u32 access, bool *ok)
{
	u32 action;

	if (!intercept_msr_result(vp, msr, access, &action))
		return false;
	*ok = action == HV_MSR_ACTION_IGNORE;
	return true;
}

bool msr_read(struct vp *vp, u32 msr, u64 *val)
{
	bool ok;

	*val = 0;
	if (common_read(vp, msr, val, &ok))
		return ok;
	if (partition_is_root(vp->pt))
		return root_read(msr, val);
	if (registered(vp, msr, HV_INTERCEPT_READ, &ok))
		return ok;
	return child_read(vp, msr, val) || partition_ignores_msrs(vp->pt);
}

bool msr_write(struct vp *vp, u32 msr, u64 val)
{
	bool ok;

	if (common_write(vp, msr, val, &ok))
		return ok;
	if (partition_is_root(vp->pt))
		return false;
	if (registered(vp, msr, HV_INTERCEPT_WRITE, &ok))
		return ok;
	return child_write(vp, msr, val) || partition_ignores_msrs(vp->pt);
}
