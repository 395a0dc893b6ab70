// SPDX-License-Identifier: GPL-2.0
/*
 * What CPUID answers: the root sees the machine and the hypervisor's leaves, a
 * child sees what its feature banks and synthetic features come to, with what its
 * parent registered laid over it (interface.md 1.11, 7.6, 9.4, Appendix C).
 */
#include "hc.h"
#include "cpu.h"

enum { EAX, EBX, ECX, EDX };

#define LEAF1_ECX_MONITOR	BIT(3)
#define LEAF1_ECX_VMX		BIT(5)
#define LEAF1_ECX_SMX		BIT(6)
#define LEAF1_ECX_PDCM		BIT(15)
#define LEAF1_ECX_X2APIC	BIT(21)
#define LEAF1_ECX_TSC_DEADLINE	BIT(24)
#define LEAF1_ECX_XSAVE		BIT(26)
#define LEAF1_ECX_OSXSAVE	BIT(27)
#define LEAF1_ECX_HYPERVISOR	BIT(31)
#define LEAF1_EDX_APIC		BIT(9)
#define EXT1_ECX_SVM		BIT(2)
#define EXT1_ECX_SKINIT		BIT(12)
#define EXT1_EDX_APIC		BIT(9)
#define EXT7_EDX_INVARIANT_TSC	BIT(8)

#define HV_BUILD		27744u
#define HV_VERSION		0x000a0000u	/* 10.0 */
#define SPIN_NEVER		0xffffffffu

static void regs_set(u32 out[4], u32 a, u32 b, u32 c, u32 d)
{
	out[EAX] = a;
	out[EBX] = b;
	out[ECX] = c;
	out[EDX] = d;
}

/* OSXSAVE and the APIC bits follow the VP. */
static void vp_bits(struct vp *vp, u32 leaf, u32 out[4])
{
	if (leaf == 1) {
		out[EBX] = (out[EBX] & 0x00ffffff) | (vp->lapic.config.id & 0xff) << 24;
		out[ECX] &= ~(u32)LEAF1_ECX_OSXSAVE;
		if ((vp->vmcb->s.cr4 & CR4_OSXSAVE) && (out[ECX] & LEAF1_ECX_XSAVE))
			out[ECX] |= LEAF1_ECX_OSXSAVE;
		if (!lapic_enabled(&vp->lapic))
			out[EDX] &= ~(u32)LEAF1_EDX_APIC;
	} else if (leaf == 0x80000001 && !lapic_enabled(&vp->lapic)) {
		out[EDX] &= ~(u32)EXT1_EDX_APIC;
	}
}

/* ---- leaves 0x40000000 and up ---- */

static u32 features_edx(const struct partition *pt)
{
	u64 synth = pt->synthetic_features;

	return (pt->privileges & HV_PRIV_ACCESS_FREQUENCY_REGS ? HV_FEATURE_FREQUENCY_MSRS : 0) |
	       (partition_is_root(pt) ? HV_FEATURE_CRASH_MSRS : 0) |
	       (partition_is_root(pt) || (synth & HV_SYNTH_DIRECT_STIMER) ? HV_FEATURE_DIRECT_STIMER : 0);
}

static u32 child_hints(const struct partition *pt)
{
	u64 synth = pt->synthetic_features;

	return HV_HINT_RELAXED_TIMING | HV_HINT_DEPRECATE_AUTO_EOI |
	       (synth & HV_SYNTH_TLB_FLUSH ? HV_HINT_REMOTE_TLB_FLUSH : 0) |
	       (synth & HV_SYNTH_CLUSTER_IPI ? HV_HINT_CLUSTER_IPI : 0) |
	       (synth & HV_SYNTH_EX_PROCESSOR_MASKS ? HV_HINT_EX_PROCESSOR_MASKS : 0);
}

/* hints=all: the root is to flush, send IPIs and reach its local APIC by us where it can */
static u32 root_hints(void)
{
	return HV_HINT_RELAXED_TIMING | HV_HINT_DEPRECATE_AUTO_EOI |
	       (options.all_hints ? HV_HINT_REMOTE_TLB_FLUSH | HV_HINT_APIC_MSRS | HV_HINT_CLUSTER_IPI |
				    HV_HINT_EX_PROCESSOR_MASKS : 0);
}

static void synthetic_leaf(const struct vp *vp, u32 leaf, u32 last, u32 out[4])
{
	const struct partition *pt = vp->pt;
	bool is_root = partition_is_root(pt);

	regs_set(out, 0, 0, 0, 0);
	if (leaf > last)
		return;
	switch (leaf) {
	case HV_CPUID_VENDOR:
		regs_set(out, last, HV_CPUID_EBX_VENDOR, HV_CPUID_ECX_VENDOR, HV_CPUID_EDX_VENDOR);
		break;
	case HV_CPUID_INTERFACE:
		out[EAX] = HV_CPUID_HV1;
		break;
	case HV_CPUID_VERSION:
		regs_set(out, HV_BUILD, HV_VERSION, 0, 0);
		break;
	case HV_CPUID_FEATURES:
		regs_set(out, pt->privileges, pt->privileges >> 32,
			 is_root && options.root_scheduler ? HV_FEATURE_DISPATCH_INJECT : 0, features_edx(pt));
		break;
	case HV_CPUID_RECOMMENDATIONS:
		regs_set(out, is_root ? root_hints() : child_hints(pt),
			 SPIN_NEVER, is_root ? features_phys_bits() : CHILD_GPA_BITS, 0);
		break;
	case HV_CPUID_LIMITS:
		regs_set(out, MAX_VPS, MAX_LPS, 0, 0);
		break;
	case HV_CPUID_HARDWARE:
		out[EAX] = BIT(3);		/* second-level translation */
		break;
	case HV_CPUID_CPU_MANAGEMENT:
		/* StartLogicalProcessor, CreateRootVirtualProcessor, the identity bit */
		out[EAX] = pt->privileges & HV_PRIV_CPU_MANAGEMENT ? BIT(31) | BIT(1) | BIT(0) : 0;
		break;
	case HV_CPUID_ISOLATION:
		out[EBX] = pt->privileges & HV_PRIV_ISOLATION ? HV_ISOLATION_VBS : 0;
		break;
	}
}

static bool leaf_is_synthetic(u32 leaf)
{
	return leaf >> 28 == 4;
}

/* Synthetic bit 0: leaves 0 and 1; bit 1: those up to 6. */
static void child_synthetic(const struct vp *vp, u32 leaf, u32 out[4])
{
	u64 synth = vp->pt->synthetic_features;

	regs_set(out, 0, 0, 0, 0);
	if (!(synth & HV_SYNTH_HYPERVISOR_PRESENT))
		return;
	synthetic_leaf(vp, leaf, synth & HV_SYNTH_HV1 ? HV_CPUID_HARDWARE : HV_CPUID_INTERFACE, out);
}

/* ---- the root ---- */

void cpuid_root(struct vp *vp, u32 leaf, u32 subleaf, u32 out[4])
{
	if (leaf_is_synthetic(leaf)) {
		synthetic_leaf(vp, leaf, HV_CPUID_LAST, out);
		return;
	}
	cpuid(leaf, subleaf, out);
	switch (leaf) {
	case 1:
		out[ECX] &= ~(u32)(LEAF1_ECX_MONITOR | LEAF1_ECX_VMX | LEAF1_ECX_SMX | LEAF1_ECX_PDCM |
				   LEAF1_ECX_TSC_DEADLINE | LEAF1_ECX_X2APIC);
		out[ECX] |= LEAF1_ECX_HYPERVISOR | (vp->lapic.config.x2apic ? LEAF1_ECX_X2APIC : 0);
		break;
	case 5:
		regs_set(out, 0, 0, 0, 0);
		break;
	case 0xb:
	case 0x1f:
		out[EDX] = vp->lapic.config.id;
		break;
	case 0xd:
		/* For the XCR0 that is loaded now, which is the root's own: it runs with it. */
		break;
	case 0x80000001:
		out[ECX] &= ~(u32)(EXT1_ECX_SVM | EXT1_ECX_SKINIT);
		break;
	case 0x80000007:
		/* Its rate must not change: all clocks here are made of it. The emulator's does not, and does not say so. */
		out[EDX] |= EXT7_EDX_INVARIANT_TSC;
		break;
	case 0x8000000a:
		regs_set(out, 0, 0, 0, 0);
		break;
	case 0x8000001e:
		out[EAX] = vp->lapic.config.id;
		break;
	}
	vp_bits(vp, leaf, out);
}

/* ---- a child ---- */

static void child_xsave(const struct vp *vp, u32 subleaf, u32 out[4])
{
	u64 xfem = features_xfem(vp->pt);

	if (subleaf == 0) {
		regs_set(out, xfem, xfem ? features_xsave_size(vp->xcr0, false) : 0,
			 xfem ? features_xsave_size(xfem, false) : 0, xfem >> 32);
	} else if (subleaf == 1) {
		features_apply(vp->pt, 0xd, 1, out);
		regs_set(out, xfem ? out[EAX] : 0, xfem ? features_xsave_size(vp->xcr0 | vp->xss, true) : 0, 0, 0);
	} else if (subleaf >= 63 || !(xfem & BIT(subleaf))) {
		regs_set(out, 0, 0, 0, 0);
	}
}

static void child_leaf1(struct vp *vp, u32 out[4])
{
	bool lapic = vp->pt->flags & HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED;

	features_apply(vp->pt, 1, 0, out);
	/* CLFLUSH size stays. One thread: the count is the parent's to set, and it can set bits only. */
	out[EBX] &= 0x0000ff00;
	if (vp->pt->synthetic_features & HV_SYNTH_HYPERVISOR_PRESENT)
		out[ECX] |= LEAF1_ECX_HYPERVISOR;
	if (vp->lapic.config.x2apic)
		out[ECX] |= LEAF1_ECX_X2APIC;
	if (lapic)
		out[EDX] |= LEAF1_EDX_APIC;
}

static void child_extended(struct vp *vp, u32 leaf, u32 out[4])
{
	features_apply(vp->pt, leaf, 0, out);
	switch (leaf) {
	case 0x80000001:
		if (vp->pt->flags & HV_PARTITION_CREATION_FLAG_LAPIC_ENABLED)
			out[EDX] |= EXT1_EDX_APIC;
		break;
	case 0x80000007:
		regs_set(out, 0, 0, 0, out[EDX]);
		break;
	case 0x80000008:
		regs_set(out, (out[EAX] & 0xff00) | CHILD_GPA_BITS, out[EBX], 0, 0);
		break;
	case 0x80000000:
	case 0x80000002 ... 0x80000006:		/* names, caches: the machine's */
		break;
	default:
		regs_set(out, 0, 0, 0, 0);
	}
}

/* Standard and extended leaves from the banks. Topology is zero: the parent registers it. */
static void child_processor(struct vp *vp, u32 leaf, u32 subleaf, u32 out[4])
{
	cpuid(leaf, subleaf, out);
	switch (leaf) {
	case 0:
		out[EAX] = min(out[EAX], 0xdu);
		break;
	case 1:
		child_leaf1(vp, out);
		break;
	case 2:
		break;
	case 7:
		if (subleaf)
			regs_set(out, 0, 0, 0, 0);
		else
			features_apply(vp->pt, 7, 0, out);
		break;
	case 0xd:
		child_xsave(vp, subleaf, out);
		break;
	default:
		if (leaf >> 31)
			child_extended(vp, leaf, out);
		else
			regs_set(out, 0, 0, 0, 0);
	}
}

void cpuid_default(struct vp *vp, u32 leaf, u32 subleaf, u32 out[4])
{
	if (leaf_is_synthetic(leaf))
		child_synthetic(vp, leaf, out);
	else
		child_processor(vp, leaf, subleaf, out);
}

/* The sizes of leaf 0xD, which depend on XCR0, are the hypervisor's whoever gives the rest. */
static bool size_leaf(u32 leaf, u32 subleaf)
{
	return leaf == 0xd && subleaf < 2;
}

/*
 * A parent that registers leaf 0 brings a whole model with it: where it is silent,
 * there is nothing (design.md section 9). One that does not builds on our defaults.
 */
void cpuid_child(struct vp *vp, u32 leaf, u32 subleaf, u32 out[4])
{
	cpuid_default(vp, leaf, subleaf, out);
	if (!leaf_is_synthetic(leaf) && cpuid_leaf0_registered(vp)) {
		regs_set(out, 0, size_leaf(leaf, subleaf) ? out[EBX] : 0, 0, 0);
		cpuid_registered_apply(vp, leaf, subleaf, out);
		if (leaf == 1 && (vp->vmcb->s.cr4 & CR4_OSXSAVE) && (out[ECX] & LEAF1_ECX_XSAVE))
			out[ECX] |= LEAF1_ECX_OSXSAVE;
		return;
	}
	vp_bits(vp, leaf, out);
	cpuid_registered_apply(vp, leaf, subleaf, out);
}
