// SPDX-License-Identifier: GPL-2.0
/*
 * Enough of the instruction set to find out what a driver does to device
 * memory: MOV in its forms, MOVZX and MOVSX. The address is known from the
 * intercept, so that of the operand only its length matters.
 */
#include <string.h>

#include "vmm.h"

#define PREFIX_OPERAND_SIZE	0x66
#define PREFIX_ADDRESS_SIZE	0x67
#define ESCAPE			0x0f

#define REX_R			4
#define REX_W			8

/* What has been read of an instruction so far */
struct decoder {
	const __u8 *bytes;
	size_t nr_bytes;
	size_t at;
	bool failed;
	unsigned int mode;		/* 16, 32 or 64 */
	unsigned int operand_size;
	unsigned int address_size;
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

static bool is_segment_prefix(__u8 byte)
{
	return byte == 0x26 || byte == 0x2e || byte == 0x36 || byte == 0x3e ||
	       byte == 0x64 || byte == 0x65;
}

/* Eat the prefixes; return the first byte of the opcode */
static __u8 decode_prefixes(struct decoder *d)
{
	__u8 byte;

	d->operand_size = d->mode == 16 ? 2 : 4;
	d->address_size = d->mode / 8;

	for (;;) {
		byte = decode_byte(d);
		if (byte == PREFIX_OPERAND_SIZE)
			d->operand_size = d->mode == 16 ? 4 : 2;
		else if (byte == PREFIX_ADDRESS_SIZE)
			d->address_size = d->mode == 32 ? 2 : 4;
		else if (!is_segment_prefix(byte))
			break;
	}
	if (d->mode == 64 && (byte & 0xf0) == 0x40) {
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

	if (mod == 3 || d->address_size == 2)
		d->failed = true;
	if (rm == 4 && (decode_byte(d) & 7) == 5)
		rm = 5;
	if (mod == 1)
		decode_byte(d);
	else if (mod == 2 || (mod == 0 && rm == 5))
		decode_number(d, 4);
	return modrm >> 3 & 7;
}

/* Without REX the byte registers 4 to 7 are the high halves of 0 to 3 */
static void decode_register(struct decoder *d, struct insn *insn)
{
	unsigned int reg = decode_modrm(d);

	insn->reg = reg | (d->rex & REX_R ? 8 : 0);
	if (insn->reg_size == 1 && !d->rex && reg >= 4) {
		insn->reg = reg - 4;
		insn->high_byte = true;
	}
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

static void decode_extend(struct decoder *d, struct insn *insn)
{
	__u8 opcode = decode_byte(d);

	insn->size = opcode & 1 ? 2 : 1;
	insn->reg_size = d->operand_size;
	switch (opcode) {
	case 0xbe:
	case 0xbf:
		insn->sign_extend = true;
		fallthrough;
	case 0xb6:
	case 0xb7:
		decode_register(d, insn);
		break;
	default:
		d->failed = true;
	}
}

static void decode_opcode(struct decoder *d, struct insn *insn, __u8 opcode)
{
	insn->size = opcode & 1 ? d->operand_size : 1;
	insn->reg_size = insn->size;

	switch (opcode) {
	case 0x88:
	case 0x89:
		insn->store = true;
		fallthrough;
	case 0x8a:
	case 0x8b:
		decode_register(d, insn);
		break;
	case 0xa2:
	case 0xa3:
		insn->store = true;
		fallthrough;
	case 0xa0:
	case 0xa1:
		decode_number(d, d->address_size);
		break;
	case 0xc6:
	case 0xc7:
		insn->store = true;
		decode_immediate(d, insn);
		break;
	case ESCAPE:
		decode_extend(d, insn);
		break;
	default:
		d->failed = true;
	}
}

/**
 * insn_decode() - Find out what an instruction moves where
 * @insn: the answer
 * @bytes: the instruction, and perhaps what follows
 * @nr_bytes: how many there are
 * @mode: 16, 32 or 64
 *
 * Return: false if it is none that is understood here
 */
bool insn_decode(struct insn *insn, const __u8 *bytes, size_t nr_bytes,
		 unsigned int mode)
{
	struct decoder d = { .bytes = bytes, .nr_bytes = nr_bytes, .mode = mode };

	memset(insn, 0, sizeof(*insn));
	decode_opcode(&d, insn, decode_prefixes(&d));
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
	unsigned int unused = 64 - 8 * insn->size;

	if (insn->sign_extend)
		data = (__s64)(data << unused) >> unused;
	else
		data &= insn_mask(insn->size);

	if (insn->high_byte)
		return (old & ~0xff00ULL) | data << 8;
	data &= insn_mask(insn->reg_size);
	if (insn->reg_size < 4)
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
	if (insn->high_byte)
		reg >>= 8;
	return reg & insn_mask(insn->size);
}
