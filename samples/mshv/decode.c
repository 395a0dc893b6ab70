// SPDX-License-Identifier: GPL-2.0
/*
 * Enough of the instruction set to find out what a Linux driver does to device
 * memory, which is MOV between a register and memory. Where in memory is known
 * from the intercept, so that of the operand only its length matters. Add here
 * what another guest uses.
 */
#include "vmm.h"

#define PREFIX_OPERAND_SIZE	0x66
#define PREFIX_REX		0x40	/* ... to 0x4f, in 64-bit code */
#define REX_R			4
#define REX_W			8
#define OPCODE_STORE		0x88
#define OPCODE_LOAD		0x8a

struct code {
	const __u8 *bytes;
	size_t nr_bytes;
	size_t at;		/* beyond the end: there were too few */
};

static __u8 code_read(struct code *code)
{
	size_t at = code->at++;

	return at < code->nr_bytes ? code->bytes[at] : 0;
}

/* What follows the ModRM byte to describe a memory operand */
static void code_skip_operand(struct code *code, __u8 modrm)
{
	unsigned int mod = modrm >> 6, rm = modrm & 7;

	if (rm == 4 && (code_read(code) & 7) == 5)
		rm = 5;
	if (mod == 1)
		code->at += 1;
	else if (mod == 2 || rm == 5)
		code->at += 4;
}

/**
 * insn_decode() - Find out what an instruction moves where
 * @insn: the answer
 * @bytes: the instruction, and perhaps what follows
 * @nr_bytes: how many there are
 * @long_mode: 64-bit code, or else 32-bit
 *
 * Return: false if it is none that is understood here
 */
bool insn_decode(struct insn *insn, const __u8 *bytes, size_t nr_bytes,
		 bool long_mode)
{
	struct code code = { .bytes = bytes, .nr_bytes = nr_bytes };
	__u8 modrm, rex = 0, opcode = code_read(&code);
	unsigned int size = 4;

	if (opcode == PREFIX_OPERAND_SIZE) {
		size = 2;
		opcode = code_read(&code);
	}
	if (long_mode && (opcode & 0xf0) == PREFIX_REX) {
		rex = opcode;
		opcode = code_read(&code);
	}
	if (rex & REX_W)
		size = 8;
	if (!(opcode & 1))
		size = 1;
	modrm = code_read(&code);
	code_skip_operand(&code, modrm);
	*insn = (struct insn){
		.length = code.at,
		.size = size,
		.reg = (modrm >> 3 & 7) | (rex & REX_R ? 8 : 0),
		.store = (opcode & ~1) == OPCODE_STORE,
	};

	/* Without REX the byte registers 4 to 7 are AH to BH: not here */
	return (insn->store || (opcode & ~1) == OPCODE_LOAD) &&
	       code.at <= nr_bytes && modrm >> 6 != 3 &&
	       (size > 1 || rex || insn->reg < 4);
}

/* Return: what a load of @data leaves in a register that had @old */
__u64 insn_load(const struct insn *insn, __u64 old, __u64 data)
{
	__u64 mask = insn->size < 8 ? (1ULL << 8 * insn->size) - 1 : ~0ULL;

	/* 32 bits clear the upper half, 8 and 16 keep the rest */
	return insn->size < 4 ? (old & ~mask) | (data & mask) : data & mask;
}
