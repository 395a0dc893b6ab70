// SPDX-License-Identifier: GPL-2.0
/* SVM on each LP, and the VMCB of a new VP. */
#include "hv.h"
#include "cpu.h"
#include "internal.h"
#include "string.h"

#define CPUID_SVM		BIT(2)	/* 80000001 ECX */
#define CPUID_SVM_NPT		BIT(0)	/* 8000000A EDX */
#define CPUID_1G_PAGES		BIT(26)	/* 80000001 EDX */
#define CPUID_RDTSCP		BIT(27)	/* 80000001 EDX */
#define CPUID_XSAVE		BIT(26)	/* 1 ECX */
#define CPUID_SMEP		BIT(7)	/* 7 EBX */
#define CPUID_SMAP		BIT(20)
#define NESTED_CTL_NP		BIT(0)

#define IOPM_PAGES	3	/* APM2 15.10.1 */
#define MSRPM_PAGES	2	/* APM2 15.11 */

static u8 *root_iopm, *child_iopm, *root_msrpm, *child_msrpm;
u64 xsave_mask;
bool has_tsc_aux;

static bool cpuid_has(u32 leaf, u32 reg, u64 bit)
{
	u32 r[4];

	cpuid(leaf, 0, r);
	return r[reg] & bit;
}

static void require(u32 leaf, u32 reg, u64 bit, const char *what)
{
	if (!cpuid_has(leaf, reg, bit))
		hv_panic("this processor has no %s: give the emulator -cpu EPYC,+svm,+npt or better", what);
}

void svm_check(void)
{
	require(0x80000001, 2, CPUID_SVM, "SVM");
	require(0x8000000a, 3, CPUID_SVM_NPT, "nested paging");
	require(0x80000001, 3, CPUID_1G_PAGES, "1 GiB pages");
	has_tsc_aux = cpuid_has(0x80000001, 3, CPUID_RDTSCP);
}

static void xsave_init(void)
{
	u32 r[4];

	cpuid(1, 0, r);
	if (!(r[2] & CPUID_XSAVE))
		return;
	write_cr4(read_cr4() | CR4_OSXSAVE);
	cpuid(0xd, 0, r);
	xsave_mask = (u64)r[3] << 32 | r[0];
	if (r[2] > PAGE_SIZE)
		hv_panic("an XSAVE area of %u bytes does not fit a frame", r[2]);
	xsetbv(1);
}

/*
 * Paging as kernels have it: the hypervisor maps nothing for user mode, and a world
 * switch that leaves these bits as they are is cheaper under the emulator.
 */
static void paging_init(void)
{
	u64 cr4 = read_cr4() | CR4_PSE;
	u32 r[4];

	cpuid(7, 0, r);
	if (r[1] & CPUID_SMEP)
		cr4 |= CR4_SMEP;
	if (r[1] & CPUID_SMAP)
		cr4 |= CR4_SMAP;
	write_cr4(cr4);
	write_cr0(read_cr0() | CR0_WP);
}

void svm_init_lp(struct lp *lp)
{
	paging_init();
	wrmsr(MSR_VM_HSAVE_PA, (u64)lp->host_save);
	xsave_init();
}

/* Two bits per MSR: read, write; three ranges of 0x2000 MSRs. */
static void msrpm_set(u8 *map, u32 msr, bool read, bool write)
{
	static const u32 base[] = { 0, 0xc0000000, 0xc0010000 };

	for (u32 i = 0; i < ARRAY_SIZE(base); i++) {
		u32 n = msr - base[i];
		u32 bit = n * 2;

		if (msr < base[i] || n >= 0x2000)
			continue;
		map[i * 0x800 + bit / 8] &= ~(3u << bit % 8);
		map[i * 0x800 + bit / 8] |= (read | write << 1) << bit % 8;
	}
}

/* The root keeps the machine's MSRs but for those that carry what is virtual. */
static void root_msrpm_init(void)
{
	msrpm_set(root_msrpm, MSR_APIC_BASE, true, true);
	msrpm_set(root_msrpm, MSR_TSC, false, true);
	msrpm_set(root_msrpm, MSR_TSC_DEADLINE, true, true);
	msrpm_set(root_msrpm, MSR_EFER, true, true);
	msrpm_set(root_msrpm, MSR_HWCR, true, false);
	msrpm_set(root_msrpm, MSR_VM_CR, true, true);
	msrpm_set(root_msrpm, MSR_VM_HSAVE_PA, true, true);
	for (u32 msr = 0x800; msr < 0x900; msr++)
		msrpm_set(root_msrpm, msr, true, true);
}

/* A child reaches what the VMCB switches, and nothing else. */
static void child_msrpm_init(void)
{
	static const u32 open[] = {
		0x174, 0x175, 0x176,			/* SYSENTER */
		0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084,	/* STAR to SFMASK */
		0xc0000100, 0xc0000101, 0xc0000102,	/* FS, GS, kernel GS base */
	};

	memset(child_msrpm, 0xff, MSRPM_PAGES * PAGE_SIZE);
	for (u32 i = 0; i < ARRAY_SIZE(open); i++)
		msrpm_set(child_msrpm, open[i], false, false);
}

static void iopm_trap(u16 port, u32 nr)
{
	for (u32 p = port; p < port + nr; p++)
		root_iopm[p / 8] |= BIT(p % 8);
}

/* Ports through which the machine ends: the verdict comes first. */
static void root_iopm_init(void)
{
	if (acpi.pm1a_cnt)
		iopm_trap(acpi.pm1a_cnt, 2);
	/* It lies inside the PCI configuration address register: each access to that would be an exit. */
	if (acpi.reset_port && options.trap_reset)
		iopm_trap(acpi.reset_port, 1);
	if (options.exit_port)
		iopm_trap(options.exit_port, 4);
	iopm_trap(0xe9, 1);
}

void svm_init(void)
{
	root_iopm = boot_alloc(IOPM_PAGES);
	child_iopm = boot_alloc(IOPM_PAGES);
	root_msrpm = boot_alloc(MSRPM_PAGES);
	child_msrpm = boot_alloc(MSRPM_PAGES);
	root_iopm_init();
	memset(child_iopm, 0xff, IOPM_PAGES * PAGE_SIZE);
	root_msrpm_init();
	child_msrpm_init();
}

void svm_vp_init(struct vp *vp)
{
	struct vmcb_control *c = &vp->vmcb->c;
	bool is_root = partition_is_root(vp->pt);

	c->intercept[0] = SVM_INTERCEPT_INTR | SVM_INTERCEPT_NMI | SVM_INTERCEPT_CPUID | SVM_INTERCEPT_HLT |
			  SVM_INTERCEPT_INVLPGA | SVM_INTERCEPT_IOIO | SVM_INTERCEPT_MSR |
			  SVM_INTERCEPT_TASK_SWITCH | SVM_INTERCEPT_SHUTDOWN | SVM_INTERCEPT_INIT;
	c->intercept[1] = SVM_INTERCEPT_VMRUN | SVM_INTERCEPT_VMMCALL | SVM_INTERCEPT_VMLOAD |
			  SVM_INTERCEPT_VMSAVE | SVM_INTERCEPT_STGI | SVM_INTERCEPT_CLGI | SVM_INTERCEPT_SKINIT |
			  SVM_INTERCEPT_MONITOR | SVM_INTERCEPT_MWAIT;
	if (!is_root)
		c->intercept[0] |= SVM_INTERCEPT_INVD | SVM_INTERCEPT_RDPMC;
	c->iopm_base_pa = (u64)(is_root ? root_iopm : child_iopm);
	c->msrpm_base_pa = (u64)(is_root ? root_msrpm : child_msrpm);
	c->asid = 1 + is_root;		/* every entry flushes: two are enough */
	c->vintr = SVM_V_INTR_MASKING;
	c->nested_ctl = NESTED_CTL_NP;
	c->nested_cr3 = (u64)vp->pt->npt;
}
