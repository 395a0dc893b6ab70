// SPDX-License-Identifier: GPL-2.0
/*
 * Processor feature banks (hypercalls.md 4.12, 4.13) and the CPUID bits they stand
 * for. One table serves both directions: what the machine has, and what a child
 * with some of it disabled is shown.
 */
#include "hc.h"
#include "cpu.h"

enum { EAX, EBX, ECX, EDX };

struct feature {
	u8 bank, bit;
	u32 leaf;
	u8 subleaf, reg, cpuid_bit;
};

#define B0(b, l, r, c)		{ 0, b, l, 0, r, c }
#define B1(b, l, r, c)		{ 1, b, l, 0, r, c }
#define BX(b, l, s, r, c)	{ BANK_XSAVE, b, l, s, r, c }

/*
 * Features that need an MSR which the hypervisor does not model for children (TSC
 * deadline, TSC_ADJUST, SPEC_CTRL, CET) are left out, and so are not offered.
 */
static const struct feature features[] = {
	B0(0, 1, ECX, 0),		/* SSE3 */
	B0(1, 0x80000001, ECX, 0),	/* LAHF, SAHF */
	B0(2, 1, ECX, 9),		/* SSSE3 */
	B0(3, 1, ECX, 19),		/* SSE4.1 */
	B0(4, 1, ECX, 20),		/* SSE4.2 */
	B0(5, 0x80000001, ECX, 6),	/* SSE4A */
	B0(6, 0x80000001, ECX, 11),	/* XOP */
	B0(7, 1, ECX, 23),		/* POPCNT */
	B0(8, 1, ECX, 13),		/* CMPXCHG16B */
	B0(9, 0x80000001, ECX, 4),	/* LOCK MOV CR0 is MOV CR8 */
	B0(10, 0x80000001, ECX, 5),	/* LZCNT */
	B0(11, 0x80000001, ECX, 7),	/* misaligned SSE */
	B0(12, 0x80000001, EDX, 22),	/* MMX extensions */
	B0(13, 0x80000001, EDX, 31),	/* 3DNow! */
	B0(14, 0x80000001, EDX, 30),	/* 3DNow! extensions */
	B0(15, 0x80000001, EDX, 26),	/* 1 GiB pages */
	B0(16, 1, ECX, 25),		/* AES */
	B0(17, 1, ECX, 1),		/* PCLMULQDQ */
	B0(18, 1, ECX, 17),		/* PCID */
	B0(19, 0x80000001, ECX, 16),	/* FMA4 */
	B0(20, 1, ECX, 29),		/* F16C */
	B0(21, 1, ECX, 30),		/* RDRAND */
	B0(22, 7, EBX, 0),		/* RDFSBASE and the like */
	B0(23, 7, EBX, 7),		/* SMEP */
	B0(24, 7, EBX, 9),		/* enhanced REP MOVSB */
	B0(25, 7, EBX, 3),		/* BMI1 */
	B0(26, 7, EBX, 8),		/* BMI2 */
	B0(29, 1, ECX, 22),		/* MOVBE */
	B0(32, 7, EBX, 18),		/* RDSEED */
	B0(33, 7, EBX, 19),		/* ADX */
	B0(34, 0x80000001, ECX, 8),	/* PREFETCHW */
	B0(35, 7, EBX, 20),		/* SMAP */
	B0(38, 0x80000001, EDX, 27),	/* RDTSCP */
	B0(39, 7, EBX, 23),		/* CLFLUSHOPT */
	B0(40, 7, EBX, 24),		/* CLWB */
	B0(41, 7, EBX, 29),		/* SHA */
	B0(43, 7, EBX, 10),		/* INVPCID */
	B0(49, 7, EDX, 4),		/* fast short REP MOV */
	B0(57, 7, ECX, 22),		/* RDPID */
	B0(58, 7, ECX, 2),		/* UMIP */
	B1(1, 0x80000007, EDX, 8),	/* invariant TSC */
	B1(2, 0x80000008, EBX, 0),	/* CLZERO */
	B1(4, 7, ECX, 16),		/* LA57 */
	BX(0, 1, 0, ECX, 26),		/* XSAVE */
	BX(1, 0xd, 1, EAX, 0),		/* XSAVEOPT */
	BX(2, 1, 0, ECX, 28),		/* AVX */
	BX(3, 7, 0, EBX, 5),		/* AVX2 */
	BX(4, 1, 0, ECX, 12),		/* FMA */
	BX(11, 0xd, 1, EAX, 1),		/* XSAVEC */
	BX(13, 0xd, 1, EAX, 2),		/* XGETBV with ECX 1 */
	BX(20, 7, 0, ECX, 9),		/* VAES */
	BX(22, 7, 0, ECX, 10),		/* VPCLMULQDQ */
};

/* CPUID bits a child may see that no bank names; all others of these registers are zero. */
struct plain {
	u32 leaf;
	u8 subleaf, reg;
	u32 mask;
};

static const struct plain plain[] = {
	{ 1, 0, ECX, 0 },
	/* FPU VME DE PSE TSC MSR PAE MCE CX8 SEP MTRR PGE MCA CMOV PAT PSE36 CLFSH MMX FXSR SSE SSE2 */
	{ 1, 0, EDX, 0x078bf9ff },
	{ 7, 0, EAX, 0 },
	{ 7, 0, EBX, 0 },
	{ 7, 0, ECX, 0 },
	{ 7, 0, EDX, 0 },
	{ 0xd, 1, EAX, 0 },
	{ 0x80000001, 0, ECX, 0 },
	/* SYSCALL, NX, long mode, FFXSR, and AMD's copies of 1.EDX but for the APIC bit */
	{ 0x80000001, 0, EDX, 0x2393f9ff & ~0x200u },
	{ 0x80000007, 0, EDX, 0 },
	{ 0x80000008, 0, EBX, 0 },
};

static u64 host[NR_FEATURE_BANKS];
static bool host_known;

static void host_read(void)
{
	for (u32 i = 0; i < ARRAY_SIZE(features); i++) {
		const struct feature *f = &features[i];
		u32 out[4];

		cpuid(f->leaf, f->subleaf, out);
		if (out[f->reg] >> f->cpuid_bit & 1)
			host[f->bank] |= BIT(f->bit);
	}
	host_known = true;
}

u64 features_host(u32 bank)
{
	if (!host_known)
		host_read();
	return host[bank];
}

u64 features_partition(const struct partition *pt, u32 bank)
{
	u64 disabled = bank == BANK_XSAVE ? pt->disabled_xsave : pt->disabled_features[bank];
	u64 have = features_host(bank) & ~disabled;

	/* Without XSAVE none of what is kept by it. */
	return bank == BANK_XSAVE && !(have & BIT(0)) ? 0 : have;
}

void features_apply(const struct partition *pt, u32 leaf, u32 subleaf, u32 out[4])
{
	u32 hardware[4] = { out[0], out[1], out[2], out[3] };

	for (u32 i = 0; i < ARRAY_SIZE(plain); i++)
		if (plain[i].leaf == leaf && plain[i].subleaf == subleaf)
			out[plain[i].reg] &= plain[i].mask;
	for (u32 i = 0; i < ARRAY_SIZE(features); i++) {
		const struct feature *f = &features[i];

		if (f->leaf == leaf && f->subleaf == subleaf && (features_partition(pt, f->bank) & BIT(f->bit)))
			out[f->reg] |= hardware[f->reg] & (u32)BIT(f->cpuid_bit);
	}
}

#define XFEM_LEGACY	3ull		/* x87, SSE */
#define XFEM_AVX	BIT(2)
#define XSAVE_HEADER_END	576u

u64 features_xfem(const struct partition *pt)
{
	u64 have = features_partition(pt, BANK_XSAVE);

	if (!(have & BIT(0)))
		return 0;
	return XFEM_LEGACY | (have & BIT(2) ? XFEM_AVX : 0);
}

/* APM2 18.5, CPUID 0xD: EAX is the size of a component, EBX where it stands in standard format. */
u32 features_xsave_size(u64 xfem, bool compacted)
{
	u32 size = XSAVE_HEADER_END, out[4];

	for (u32 i = 2; i < 63; i++) {
		if (!(xfem & BIT(i)))
			continue;
		cpuid(0xd, i, out);
		if (compacted)
			size = (out[ECX] & 2 ? ALIGN_UP(size, 64) : size) + out[EAX];
		else
			size = max(size, out[EBX] + out[EAX]);
	}
	return size;
}

u32 features_phys_bits(void)
{
	u32 out[4];

	cpuid(0x80000008, 0, out);
	return out[EAX] & 0xff;
}
