/* SPDX-License-Identifier: GPL-2.0 */
/*
 * AMD SVM: the virtual machine control block and what goes with it.
 * Names and offsets: APM volume 2, appendix B (VMCB layout), appendix C
 * (exit codes), section 15.
 */
#ifndef SVM_H
#define SVM_H

#include "types.h"

struct vmcb_seg {
	u16 selector;
	u16 attrib;		/* APM2 4.7: descriptor bits 55:52, 47:40 packed to 12 bits */
	u32 limit;
	u64 base;
} __packed;

/* APM2 table B-1 */
struct vmcb_control {
	u32 intercept_cr;
	u32 intercept_dr;
	u32 intercept_exceptions;
	u32 intercept[2];	/* vectors 3 and 4 */
	u32 reserved_14[10];
	u16 pause_filter_threshold;
	u16 pause_filter_count;
	u64 iopm_base_pa;
	u64 msrpm_base_pa;
	u64 tsc_offset;
	u32 asid;
	u8 tlb_control;
	u8 reserved_5d[3];
	u64 vintr;		/* V_TPR, V_IRQ, V_INTR_PRIO, V_INTR_MASKING, vector */
	u64 int_state;		/* bit 0: interrupt shadow */
	u64 exitcode;
	u64 exitinfo1;
	u64 exitinfo2;
	u64 exitintinfo;
	u64 nested_ctl;
	u8 reserved_98[16];
	u64 eventinj;
	u64 nested_cr3;
	u64 lbr_control;
	u32 clean;
	u32 reserved_c4;
	u64 next_rip;
	u8 insn_len;
	u8 insn_bytes[15];
	u8 reserved_e0[0x400 - 0xe0];
} __packed;

/* APM2 table B-2 */
struct vmcb_save {
	struct vmcb_seg es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
	u8 reserved_a0[0xcb - 0xa0];
	u8 cpl;
	u32 reserved_cc;
	u64 efer;
	u8 reserved_d8[0x148 - 0xd8];
	u64 cr4, cr3, cr0, dr7, dr6, rflags, rip;
	u8 reserved_180[0x1d8 - 0x180];
	u64 rsp;
	u8 reserved_1e0[0x1f8 - 0x1e0];
	u64 rax, star, lstar, cstar, sfmask, kernel_gs_base;
	u64 sysenter_cs, sysenter_esp, sysenter_eip, cr2;
	u8 reserved_248[0x268 - 0x248];
	u64 g_pat, dbgctl, br_from, br_to, last_excp_from, last_excp_to;
	u8 reserved_298[0xc00 - 0x298];
} __packed;

struct vmcb {
	struct vmcb_control c;
	struct vmcb_save s;
} __packed;

static_assert(offsetof(struct vmcb_control, iopm_base_pa) == 0x40, "VMCB");
static_assert(offsetof(struct vmcb_control, vintr) == 0x60, "VMCB");
static_assert(offsetof(struct vmcb_control, exitintinfo) == 0x88, "VMCB");
static_assert(offsetof(struct vmcb_control, eventinj) == 0xa8, "VMCB");
static_assert(offsetof(struct vmcb_control, next_rip) == 0xc8, "VMCB");
static_assert(offsetof(struct vmcb_save, cpl) == 0xcb, "VMCB");
static_assert(offsetof(struct vmcb_save, cr4) == 0x148, "VMCB");
static_assert(offsetof(struct vmcb_save, rsp) == 0x1d8, "VMCB");
static_assert(offsetof(struct vmcb_save, rax) == 0x1f8, "VMCB");
static_assert(offsetof(struct vmcb_save, cr2) == 0x240, "VMCB");
static_assert(offsetof(struct vmcb_save, g_pat) == 0x268, "VMCB");
static_assert(sizeof(struct vmcb) == 4096, "VMCB");

/* intercept_cr: 15:0 reads, 31:16 writes */
#define SVM_INTERCEPT_CR8_WRITE		BIT(24)
/* Intercept vector 3 (offset 0x0c) */
#define SVM_INTERCEPT_INTR		BIT(0)
#define SVM_INTERCEPT_NMI		BIT(1)
#define SVM_INTERCEPT_SMI		BIT(2)
#define SVM_INTERCEPT_INIT		BIT(3)
#define SVM_INTERCEPT_VINTR		BIT(4)
#define SVM_INTERCEPT_RDPMC		BIT(15)
#define SVM_INTERCEPT_CPUID		BIT(18)
#define SVM_INTERCEPT_IRET		BIT(20)
#define SVM_INTERCEPT_INVD		BIT(22)
#define SVM_INTERCEPT_HLT		BIT(24)
#define SVM_INTERCEPT_INVLPGA		BIT(26)
#define SVM_INTERCEPT_IOIO		BIT(27)
#define SVM_INTERCEPT_MSR		BIT(28)
#define SVM_INTERCEPT_TASK_SWITCH	BIT(29)
#define SVM_INTERCEPT_SHUTDOWN		BIT(31)
/* Intercept vector 4 (offset 0x10) */
#define SVM_INTERCEPT_VMRUN		BIT(0)
#define SVM_INTERCEPT_VMMCALL		BIT(1)
#define SVM_INTERCEPT_VMLOAD		BIT(2)
#define SVM_INTERCEPT_VMSAVE		BIT(3)
#define SVM_INTERCEPT_STGI		BIT(4)
#define SVM_INTERCEPT_CLGI		BIT(5)
#define SVM_INTERCEPT_SKINIT		BIT(6)
#define SVM_INTERCEPT_WBINVD		BIT(9)
#define SVM_INTERCEPT_MONITOR		BIT(10)
#define SVM_INTERCEPT_MWAIT		BIT(11)

/* VMCB offset 0x60 */
#define SVM_V_TPR_MASK			0xfull
#define SVM_V_IRQ			BIT(8)
#define SVM_V_INTR_PRIO_SHIFT		16
#define SVM_V_INTR_PRIO_MASK		(0xfull << 16)
#define SVM_V_IGN_TPR			BIT(20)
#define SVM_V_INTR_MASKING		BIT(24)
#define SVM_V_INTR_VECTOR_SHIFT		32
#define SVM_V_INTR_VECTOR_MASK		(0xffull << 32)

/* EVENTINJ and EXITINTINFO (APM2 15.20) */
#define SVM_EVENT_VECTOR_MASK		0xffull
#define SVM_EVENT_TYPE_SHIFT		8
#define SVM_EVENT_TYPE_MASK		(7ull << 8)
#define SVM_EVENT_INTR			(0ull << 8)
#define SVM_EVENT_NMI			(2ull << 8)
#define SVM_EVENT_EXCEPTION		(3ull << 8)
#define SVM_EVENT_SOFT			(4ull << 8)
#define SVM_EVENT_ERROR_VALID		BIT(11)
#define SVM_EVENT_VALID			BIT(31)

#define SVM_TLB_FLUSH_ALL		1

#define SVM_EXIT_INVALID	(~0ull)		/* state that VMRUN refuses (APM2 15.5.1) */
enum svm_exit {
	SVM_EXIT_CR8_WRITE	= 0x18,
	SVM_EXIT_EXCP_BASE	= 0x40,
	SVM_EXIT_INTR		= 0x60,
	SVM_EXIT_NMI		= 0x61,
	SVM_EXIT_SMI		= 0x62,
	SVM_EXIT_INIT		= 0x63,
	SVM_EXIT_VINTR		= 0x64,
	SVM_EXIT_RDPMC		= 0x6f,
	SVM_EXIT_CPUID		= 0x72,
	SVM_EXIT_IRET		= 0x74,
	SVM_EXIT_INVD		= 0x76,
	SVM_EXIT_HLT		= 0x78,
	SVM_EXIT_INVLPGA	= 0x7a,
	SVM_EXIT_IOIO		= 0x7b,
	SVM_EXIT_MSR		= 0x7c,
	SVM_EXIT_TASK_SWITCH	= 0x7d,
	SVM_EXIT_SHUTDOWN	= 0x7f,
	SVM_EXIT_VMRUN		= 0x80,
	SVM_EXIT_VMMCALL	= 0x81,
	SVM_EXIT_VMLOAD		= 0x82,
	SVM_EXIT_VMSAVE		= 0x83,
	SVM_EXIT_STGI		= 0x84,
	SVM_EXIT_CLGI		= 0x85,
	SVM_EXIT_SKINIT		= 0x86,
	SVM_EXIT_WBINVD		= 0x89,
	SVM_EXIT_MONITOR	= 0x8a,
	SVM_EXIT_MWAIT		= 0x8b,
	SVM_EXIT_NPF		= 0x400,
};

#define EFER_SCE	BIT(0)
#define EFER_LME	BIT(8)
#define EFER_LMA	BIT(10)
#define EFER_NXE	BIT(11)
#define EFER_SVME	BIT(12)

#define CR0_PE		BIT(0)
#define CR0_ET		BIT(4)
#define CR0_WP		BIT(16)
#define CR0_AM		BIT(18)
#define CR0_NW		BIT(29)
#define CR0_CD		BIT(30)
#define CR0_PG		BIT(31)
#define CR4_PSE		BIT(4)
#define CR4_OSXSAVE	BIT(18)
#define CR4_SMEP	BIT(20)
#define CR4_SMAP	BIT(21)

#define RFLAGS_FIXED	BIT(1)
#define RFLAGS_IF	BIT(9)
#define RFLAGS_VM	BIT(17)

#endif
