// SPDX-License-Identifier: GPL-2.0
/*
 * Enough of the instruction set to find out what a Linux driver does to device
 * memory: MOV between a register or a number and memory, and MOVZX. Where in
 * memory is known from the intercept, so that of the operand only its length
 * matters. Add here what another guest uses.
 */
#include <string.h>

#include "vmm.h"

#define PREFIX_OPERAND_SIZE	0x66
#define PREFIX_REX		0x40	/* ... to 0x4f, in 64-bit code */
#define REX_R			4
#define REX_W			8
#define OPCODE_ESCAPE		0x0f

/* What has been read of an instruction so far */
struct decoder {
	const __u8 *bytes;
	size_t nr_bytes;
	size_t at;
	bool failed;
	unsigned int operand_size;
	__u8 rex;
};

static __u8 decode_byte(struct decoder *d)
{
	if (d->at < d->nr_bytes)
		return d->bytes[d->at++];
	d->failed = true;
	return 0;
}

static __u64 decode_number(struct decoder *d, unsigned int size)
{
	__u64 value = 0;
	unsigned int i;

	for (i = 0; i < size; i++)
		value |= (__u64)decode_byte(d) << 8 * i;
	return value;
}

/* Eat the prefixes; return the first byte of the opcode */
static __u8 decode_prefixes(struct decoder *d, bool long_mode)
{
	__u8 byte = decode_byte(d);

	d->operand_size = 4;
	if (byte == PREFIX_OPERAND_SIZE) {
		d->operand_size = 2;
		byte = decode_byte(d);
	}
	if (long_mode && (byte & 0xf0) == PREFIX_REX) {
		d->rex = byte;
		byte = decode_byte(d);
	}
	if (d->rex & REX_W)
		d->operand_size = 8;
	return byte;
}

/* Eat a memory operand; return the register field */
static unsigned int decode_modrm(struct decoder *d)
{
	__u8 modrm = decode_byte(d);
	unsigned int mod = modrm >> 6, rm = modrm & 7;

	if (mod == 3)
		d->failed = true;	/* a register */
	if (rm == 4 && (decode_byte(d) & 7) == 5)
		rm = 5;
	if (mod == 1)
		decode_byte(d);
	else if (mod == 2 || (mod == 0 && rm == 5))
		decode_number(d, 4);
	return modrm >> 3 & 7;
}

/* Without REX the byte registers 4 to 7 are AH to BH, which nobody uses here */
static void decode_register(struct decoder *d, struct insn *insn)
{
	insn->reg = decode_modrm(d) | (d->rex & REX_R ? 8 : 0);
	if (insn->reg_size == 1 && !d->rex && insn->reg >= 4)
		d->failed = true;
}

static void decode_immediate(struct decoder *d, struct insn *insn)
{
	if (decode_modrm(d))
		d->failed = true;	/* only /0 is MOV */
	insn->has_immediate = true;
	insn->immediate = decode_number(d, insn->size < 4 ? insn->size : 4);
	if (insn->size == 8)
		insn->immediate = (__s64)(__s32)insn->immediate;
}

static void decode_opcode(struct decoder *d, struct insn *insn, __u8 opcode)
{
	bool extend = opcode == OPCODE_ESCAPE;

	if (extend)
		opcode = decode_byte(d);
	insn->size = opcode & 1 ? d->operand_size : 1;
	insn->reg_size = extend ? d->operand_size : insn->size;

	if (!extend && (opcode & 0xfc) == 0x88) {	/* MOV */
		insn->store = !(opcode & 2);
		decode_register(d, insn);
	} else if (!extend && (opcode & 0xfe) == 0xc6) {
		insn->store = true;
		decode_immediate(d, insn);
	} else if (extend && (opcode & 0xfe) == 0xb6) {	/* MOVZX */
		insn->size = opcode & 1 ? 2 : 1;
		decode_register(d, insn);
	} else {
		d->failed = true;
	}
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
	struct decoder d = { .bytes = bytes, .nr_bytes = nr_bytes };

	memset(insn, 0, sizeof(*insn));
	decode_opcode(&d, insn, decode_prefixes(&d, long_mode));
	insn->length = d.at;
	return !d.failed;
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
