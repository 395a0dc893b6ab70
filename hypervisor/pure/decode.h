/* SPDX-License-Identifier: GPL-2.0 */
/*
 * x86 instructions that touch emulated memory: decoded into a small struct, then
 * executed on a register file. APM3 chapter 1 (encoding), appendix A (opcode maps).
 *
 * A memory exit goes:
 *
 *	if (!insn_decode(bytes, n, mode, &insn))
 *		give up;
 *	if (insn.reads)
 *		mem = device_read(gpa, insn.size);
 *	insn_execute(&insn, gpr, &rflags, &mem);
 *	if (insn.writes)
 *		device_write(gpa, insn.size, mem);
 *	if (!insn_repeats(&insn, gpr))
 *		rip += insn.length;
 */
#ifndef DECODE_H
#define DECODE_H

#include "types.h"

#define INSN_MAX_BYTES	15
#define INSN_NO_REG	0xff

enum insn_mode { INSN_16, INSN_32, INSN_64 };	/* of CS: real and 16-bit, 32-bit, 64-bit */

enum insn_op {
	/* The first eight have the numbers of the opcode map, bits 5:3. */
	INSN_ADD, INSN_OR, INSN_ADC, INSN_SBB, INSN_AND, INSN_SUB, INSN_XOR, INSN_CMP,
	INSN_MOV, INSN_MOVZX, INSN_MOVSX, INSN_XCHG, INSN_TEST, INSN_STOS, INSN_MOVS,
};

enum insn_seg { INSN_ES, INSN_CS, INSN_SS, INSN_DS, INSN_FS, INSN_GS };	/* encoding order */

/* Registers are numbered as encoded: RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8 to R15. */
struct insn {
	enum insn_op op;
	u8 length;		/* whole instruction, prefixes included */
	u8 size;		/* of the memory operand: 1, 2, 4 or 8 */
	bool reads, writes;	/* the memory operand (MOVS: reads source, writes destination) */
	bool to_reg;		/* the result goes to the register */
	bool lock, rep;

	u8 reg;			/* INSN_NO_REG: the other operand is imm */
	bool reg_high;		/* AH, CH, DH, BH: reg is that of the whole register */
	u8 reg_size;		/* of the register operand: not size for MOVZX, MOVSX */
	u64 imm;		/* sign-extended */

	/* Address of the memory operand; MOVS: of the source. */
	u8 seg;			/* enum insn_seg, overrides applied */
	u8 base, index;		/* register, or INSN_NO_REG */
	u8 scale;		/* index is shifted left by it */
	bool rip_relative;
	u8 address_size;	/* 2, 4 or 8 */
	u64 disp;		/* sign-extended; moffs: the whole offset */
};

/* False: not one of those known, no memory operand, or not complete within @n bytes. */
bool insn_decode(const u8 *bytes, u32 n, enum insn_mode mode, struct insn *insn);

/*
 * Offset in the segment of the memory operand, wrapped to the address size. @rip is that
 * of the instruction. Add the base of insn->seg (in 64-bit mode of FS and GS only).
 */
u64 insn_offset(const struct insn *insn, const u64 gpr[16], u64 rip);
/* The same for the destination of MOVS, in ES. */
u64 insn_string_offset(const struct insn *insn, const u64 gpr[16]);

/*
 * Execute, one iteration of a repeated one. *@mem: in, what the memory operand reads
 * (if insn->reads); out, what is to be written (if insn->writes). Registers and
 * flags change as the instruction says; RIP is the caller's.
 */
void insn_execute(const struct insn *insn, u64 gpr[16], u64 *rflags, u64 *mem);
/* After insn_execute(): the same instruction is to run again. */
bool insn_repeats(const struct insn *insn, const u64 gpr[16]);

/* Register @reg, @size bytes of it: 32 bits clear the upper half, 8 and 16 leave the rest. */
u64 insn_reg_read(const u64 gpr[16], u8 reg, bool high, u8 size);
void insn_reg_write(u64 gpr[16], u8 reg, bool high, u8 size, u64 value);

/* Instructions without operand bytes that exits are taken for. */
enum insn_fixed {
	INSN_RDMSR, INSN_WRMSR, INSN_CPUID, INSN_HLT, INSN_RDTSC, INSN_RDTSCP, INSN_RDPMC,
	INSN_INVD, INSN_WBINVD, INSN_PAUSE, INSN_MONITOR, INSN_MWAIT, INSN_XSETBV, INSN_RSM,
	INSN_VMRUN, INSN_VMMCALL, INSN_VMCALL, INSN_VMLOAD, INSN_VMSAVE, INSN_STGI, INSN_CLGI,
	INSN_SKINIT, INSN_INVLPGA, INSN_IRET,
	INSN_NR_FIXED,
};

/* Length with prefixes of @which at @bytes; 0: that is not what stands there. */
u32 decode_length(const u8 *bytes, u32 n, enum insn_mode mode, enum insn_fixed which);
/*
 * Length with prefixes of a MOV to CR8 at @bytes, which has its value in register *@reg;
 * 0: that is not what stands there. Outside 64-bit mode LOCK makes CR8 of CR0 (APM3 MOV CRn).
 */
u32 decode_mov_to_cr8(const u8 *bytes, u32 n, enum insn_mode mode, u8 *reg);
/* Length without prefixes: what to assume when the bytes cannot be read. */
u32 decode_length_bare(enum insn_fixed which);

#endif
