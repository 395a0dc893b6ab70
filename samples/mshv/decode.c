// SPDX-License-Identifier: GPL-2.0
/*
 * Enough of the instruction set to find out what a Linux driver does to device
 * memory: MOV between a register or a number and memory, and MOVZX. Where in
 * memory is known from the intercept, so that of the operand only its length
 * matters. Add here what another guest uses.
 */
#include "vmm.h"

#define PREFIX_OPERAND_SIZE	0x66
#define PREFIX_REX		0x40	/* ... to 0x4f, in 64-bit code */
#define REX_R			4
#define REX_W			8
#define OPCODE_ESCAPE		0x0f

struct code {
	const __u8 *bytes;
	size_t nr_bytes;
	size_t at;		/* beyond the end: there were too few */
};

static __u64 code_read(struct code *code, unsigned int size)
{
	__u64 value = 0;
	unsigned int i;

	for (i = 0; i < size; i++, code->at++)
		if (code->at < code->nr_bytes)
			value |= (__u64)code->bytes[code->at] << 8 * i;
	return value;
}

/* What follows the ModRM byte to describe a memory operand */
static void code_skip_operand(struct code *code, __u8 modrm)
{
	unsigned int mod = modrm >> 6, rm = modrm & 7;

	if (rm == 4 && (code_read(code, 1) & 7) == 5)
		rm = 5;
	if (mod == 1)
		code_read(code, 1);
	else if (mod == 2 || rm == 5)
		code_read(code, 4);
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
	unsigned int opcode = code_read(&code, 1), operand_size = 4;
	__u8 modrm, rex = 0;

	if (opcode == PREFIX_OPERAND_SIZE) {
		operand_size = 2;
		opcode = code_read(&code, 1);
	}
	if (long_mode && (opcode & 0xf0) == PREFIX_REX) {
		rex = opcode;
		opcode = code_read(&code, 1);
	}
	if (rex & REX_W)
		operand_size = 8;
	if (opcode == OPCODE_ESCAPE)
		opcode = OPCODE_ESCAPE << 8 | code_read(&code, 1);

	modrm = code_read(&code, 1);
	code_skip_operand(&code, modrm);
	*insn = (struct insn){
		.size = opcode & 1 ? operand_size : 1,
		.reg = (modrm >> 3 & 7) | (rex & REX_R ? 8 : 0),
	};
	insn->reg_size = insn->size;

	switch (opcode & ~1U) {
	case 0x88:			/* MOV to memory */
		insn->store = true;
		break;
	case 0x8a:			/* MOV from memory */
		break;
	case 0xc6:			/* MOV of a number, if it is /0 */
		if (modrm >> 3 & 7)
			return false;
		insn->store = true;
		insn->has_immediate = true;
		insn->immediate = insn->size < 4 ?
				  code_read(&code, insn->size) :
				  (__u64)(__s32)code_read(&code, 4);
		break;
	case 0x0fb6:			/* MOVZX */
		insn->size = opcode & 1 ? 2 : 1;
		insn->reg_size = operand_size;
		break;
	default:
		return false;
	}
	insn->length = code.at;

	/* Without REX the byte registers 4 to 7 are AH to BH: not here */
	return code.at <= nr_bytes && modrm >> 6 != 3 &&
	       (insn->reg_size > 1 || rex || insn->reg < 4);
}

static __u64 insn_mask(unsigned int size)
{
	return size < 8 ? (1ULL << 8 * size) - 1 : ~0ULL;
}

/**
 * insn_load() - What a load leaves in the register
 * @insn: the instruction
 * @old: the register so far
 * @data: what was read
 *
 * Return: the register's new value
 */
__u64 insn_load(const struct insn *insn, __u64 old, __u64 data)
{
	data &= insn_mask(insn->size);
	if (insn->reg_size < 4)		/* longer ones clear the upper half */
		data |= old & ~insn_mask(insn->reg_size);
	return data;
}

/**
 * insn_store() - What a store writes to memory
 * @insn: the instruction
 * @reg: the register it names
 *
 * Return: the value
 */
__u64 insn_store(const struct insn *insn, __u64 reg)
{
	if (insn->has_immediate)
		reg = insn->immediate;
	return reg & insn_mask(insn->size);
}
