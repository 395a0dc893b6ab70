/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guest virtual to guest physical: a walk of the guest's page tables with the
 * rules of TranslateVirtualAddress. APM2 chapter 5.
 */
#ifndef WALK_H
#define WALK_H

#include "types.h"

/* control_flags of TranslateVirtualAddress */
#define WALK_READ		BIT(0)
#define WALK_WRITE		BIT(1)
#define WALK_EXECUTE		BIT(2)
#define WALK_PRIVILEGE_EXEMPT	BIT(3)
#define WALK_SET_BITS		BIT(4)	/* accessed, and dirty if WALK_WRITE */
#define WALK_TLB_FLUSH_INHIBIT	BIT(5)	/* the caller's */
#define WALK_SUPERVISOR		BIT(6)	/* as CPL 0 */
#define WALK_USER		BIT(7)	/* as CPL 3 */
#define WALK_ENFORCE_SMAP	BIT(8)	/* as if EFLAGS.AC were clear */
#define WALK_OVERRIDE_SMAP	BIT(9)	/* as if EFLAGS.AC were set */
#define WALK_SHADOW_STACK	BIT(10)	/* not offered: refused */
#define WALK_VTL_MASK		BITS(63, 56)

enum walk_code {		/* result_code of TranslateVirtualAddress */
	WALK_OK = 0,
	WALK_NOT_PRESENT = 1,	/* or not canonical */
	WALK_PRIVILEGE = 2,
	WALK_RESERVED_BIT = 3,
	WALK_GPA_UNMAPPED = 4,
	WALK_GPA_NO_READ = 5,
	WALK_GPA_NO_WRITE = 6,
	WALK_OVERLAY = 7,
	WALK_INTERCEPT = 8,
	WALK_GPA_UNACCEPTED = 9,
};

enum walk_cache { WALK_UC = 0, WALK_WC = 1, WALK_WT = 4, WALK_WP = 5, WALK_WB = 6 };

struct walk_cpu {
	u64 cr0, cr3, cr4, efer, pat, rflags;
	u8 cpl;
	u8 phys_bits;		/* of a guest-physical address; entries have reserved bits above */
};

/*
 * How guest memory is reached: host pointer to the start of page @gpa (4096-aligned)
 * if it can be read, and with @write, written; else NULL and *@why is one of the
 * GPA_ codes or WALK_OVERLAY. The pointer has to last until the next call.
 */
struct walk_memory {
	void *(*page)(void *context, u64 gpa, bool write, enum walk_code *why);
	void *context;
};

struct walk_result {
	enum walk_code code;
	u64 gpa;		/* OK: of @gva; GPA_ codes, OVERLAY: of the table refused */
	u64 page_size;		/* OK: of the translation; 0 with paging off */
	enum walk_cache cache;	/* OK: by PAT; WB with paging off */
	/* OK: what the translation permits to anybody at all */
	bool writable, executable, user;
};

/* At least one access; no unknown, unsupported or contradictory flag. Any VTL. */
bool walk_flags_valid(u64 flags);

/*
 * Translate @gva; @flags are valid. Bits set in tables stay if the walk fails further
 * down. The GPA_ codes are about tables: the page that @gva leads to need not exist, as
 * a parent asks for operands of instructions that touch its emulated devices.
 */
struct walk_result walk_translate(const struct walk_cpu *cpu, const struct walk_memory *memory,
				  u64 gva, u64 flags);

#endif
