/* SPDX-License-Identifier: GPL-2.0 */
/* Privileged instructions, one wrapper each. */
#ifndef CPU_H
#define CPU_H

#include "types.h"

#define MXCSR_LEGAL		0xffffu	/* bits it has; stored behind it as its mask */

#define MSR_TSC			0x10
#define MSR_APIC_BASE		0x1b
#define MSR_TSC_DEADLINE	0x6e0
#define MSR_EFER		0xc0000080
#define MSR_TSC_AUX		0xc0000103
#define MSR_HWCR		0xc0010015
#define MSR_VM_CR		0xc0010114
#define MSR_VM_HSAVE_PA		0xc0010117

static inline u64 rdmsr(u32 msr)
{
	u32 lo, hi;

	asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return (u64)hi << 32 | lo;
}

static inline void wrmsr(u32 msr, u64 val)
{
	asm volatile("wrmsr" : : "c"(msr), "a"((u32)val), "d"((u32)(val >> 32)) : "memory");
}

static inline u64 rdtsc(void)
{
	u32 lo, hi;

	asm volatile("lfence; rdtsc" : "=a"(lo), "=d"(hi));
	return (u64)hi << 32 | lo;
}

static inline void cpuid(u32 leaf, u32 subleaf, u32 out[4])
{
	asm volatile("cpuid" : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3])
		     : "a"(leaf), "c"(subleaf));
}

static inline void outb(u16 port, u8 val) { asm volatile("outb %0, %1" : : "a"(val), "Nd"(port)); }
static inline void outw(u16 port, u16 val) { asm volatile("outw %0, %1" : : "a"(val), "Nd"(port)); }
static inline void outl(u16 port, u32 val) { asm volatile("outl %0, %1" : : "a"(val), "Nd"(port)); }

static inline u8 inb(u16 port)
{
	u8 val;

	asm volatile("inb %1, %0" : "=a"(val) : "Nd"(port));
	return val;
}

static inline u16 inw(u16 port)
{
	u16 val;

	asm volatile("inw %1, %0" : "=a"(val) : "Nd"(port));
	return val;
}

static inline u32 inl(u16 port)
{
	u32 val;

	asm volatile("inl %1, %0" : "=a"(val) : "Nd"(port));
	return val;
}

static inline void cpu_relax(void) { asm volatile("pause" : : : "memory"); }
static inline void stgi(void) { asm volatile("stgi" : : : "memory"); }
static inline void clgi(void) { asm volatile("clgi" : : : "memory"); }
static inline void sti(void) { asm volatile("sti" : : : "memory"); }
static inline void cli(void) { asm volatile("cli" : : : "memory"); }

static inline u64 read_cr0(void)
{
	u64 val;

	asm volatile("mov %%cr0, %0" : "=r"(val));
	return val;
}

static inline void write_cr0(u64 val) { asm volatile("mov %0, %%cr0" : : "r"(val) : "memory"); }

static inline u64 read_cr4(void)
{
	u64 val;

	asm volatile("mov %%cr4, %0" : "=r"(val));
	return val;
}

static inline void write_cr4(u64 val) { asm volatile("mov %0, %%cr4" : : "r"(val) : "memory"); }

static inline u64 read_cr2(void)
{
	u64 val;

	asm volatile("mov %%cr2, %0" : "=r"(val));
	return val;
}

static inline void read_dr(u64 dr[4])
{
	asm volatile("mov %%dr0, %0; mov %%dr1, %1; mov %%dr2, %2; mov %%dr3, %3"
		     : "=&r"(dr[0]), "=&r"(dr[1]), "=&r"(dr[2]), "=&r"(dr[3]));
}

static inline void write_dr(const u64 dr[4])
{
	asm volatile("mov %0, %%dr0; mov %1, %%dr1; mov %2, %%dr2; mov %3, %%dr3"
		     : : "r"(dr[0]), "r"(dr[1]), "r"(dr[2]), "r"(dr[3]));
}

static inline u64 xgetbv(void)
{
	u32 lo, hi;

	asm volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
	return (u64)hi << 32 | lo;
}

static inline void xsetbv(u64 val)
{
	asm volatile("xsetbv" : : "c"(0), "a"((u32)val), "d"((u32)(val >> 32)));
}

static inline void xsave(void *area, u64 mask)
{
	asm volatile("xsave64 (%0)" : : "r"(area), "a"((u32)mask), "d"((u32)(mask >> 32)) : "memory");
}

static inline void xrstor(const void *area, u64 mask)
{
	asm volatile("xrstor64 (%0)" : : "r"(area), "a"((u32)mask), "d"((u32)(mask >> 32)) : "memory");
}

static inline void fxsave(void *area) { asm volatile("fxsave64 (%0)" : : "r"(area) : "memory"); }
static inline void fxrstor(const void *area) { asm volatile("fxrstor64 (%0)" : : "r"(area) : "memory"); }

#endif
