// SPDX-License-Identifier: GPL-2.0
#include "decode.h"
#include "string.h"

enum { REX_B = 1, REX_X = 2, REX_R = 4, REX_W = 8 };
enum { REG_AX = 0, REG_CX = 1, REG_BX = 3, REG_SP = 4, REG_BP = 5, REG_SI = 6, REG_DI = 7 };

#define FLAG_CF		BIT(0)
#define FLAG_PF		BIT(2)
#define FLAG_AF		BIT(4)
#define FLAG_ZF		BIT(6)
#define FLAG_SF		BIT(7)
#define FLAG_DF		BIT(10)
#define FLAG_OF		BIT(11)
#define FLAGS_STATUS	(FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF)

/* The bytes and what has been learnt from the prefixes (APM3 1.2). */
struct decoder {
	const u8 *bytes;
	u32 n, at;
	bool short_of_bytes;
	enum insn_mode mode;
	u8 rex;
	bool has_rex, operand_prefix, address_prefix, lock, rep;
	u8 seg;			/* enum insn_seg, or INSN_NO_REG: the default */
};

static u64 size_mask(u8 size)
{
	return U64_MAX >> (64 - 8 * size);
}

static u64 sign_extend(u64 value, u8 size)
{
	u32 shift = 64 - 8 * size;

	return (u64)((s64)(value << shift) >> shift);
}

/* ---- fetching ---- */

static u8 fetch(struct decoder *d)
{
	if (d->at >= d->n) {
		d->short_of_bytes = true;
		return 0;
	}
	return d->bytes[d->at++];
}

static u64 fetch_number(struct decoder *d, u8 size)
{
	u64 value = 0;

	for (u32 i = 0; i < size; i++)
		value |= (u64)fetch(d) << (8 * i);
	return value;
}

static u64 fetch_signed(struct decoder *d, u8 size)
{
	return sign_extend(fetch_number(d, size), size);
}

/* In 64-bit mode CS, DS, ES and SS overrides do nothing (APM3 1.2.4). */
static void prefix_seg(struct decoder *d, enum insn_seg seg)
{
	if (d->mode != INSN_64 || seg == INSN_FS || seg == INSN_GS)
		d->seg = seg;
}

static u8 prefix_seg_number(u8 byte)
{
	switch (byte) {
	case 0x26: return INSN_ES;
	case 0x2e: return INSN_CS;
	case 0x36: return INSN_SS;
	case 0x3e: return INSN_DS;
	case 0x64: return INSN_FS;
	case 0x65: return INSN_GS;
	default: return INSN_NO_REG;
	}
}

static bool prefix_legacy(struct decoder *d, u8 byte)
{
	u8 seg = prefix_seg_number(byte);

	if (seg != INSN_NO_REG)
		prefix_seg(d, seg);
	else if (byte == 0x66)
		d->operand_prefix = true;
	else if (byte == 0x67)
		d->address_prefix = true;
	else if (byte == 0xf0)
		d->lock = true;
	else if (byte == 0xf2 || byte == 0xf3)
		d->rep = true;
	else
		return false;
	return true;
}

/* Consumes the prefixes, returns the byte after them. Only a REX next to it counts (APM3 1.2.7). */
static u8 fetch_prefixes(struct decoder *d)
{
	for (;;) {
		u8 byte = fetch(d);

		if (d->mode == INSN_64 && (byte & 0xf0) == 0x40) {
			d->has_rex = true;
			d->rex = byte;
		} else if (prefix_legacy(d, byte)) {
			d->has_rex = false;
			d->rex = 0;
		} else {
			return byte;
		}
	}
}

static struct decoder decoder_start(const u8 *bytes, u32 n, enum insn_mode mode)
{
	return (struct decoder){
		.bytes = bytes, .n = min(n, (u32)INSN_MAX_BYTES), .mode = mode, .seg = INSN_NO_REG,
	};
}

static u8 operand_size(const struct decoder *d)
{
	if (d->rex & REX_W)
		return 8;
	return (d->mode == INSN_16) != d->operand_prefix ? 2 : 4;
}

static u8 address_size(const struct decoder *d)
{
	if (d->mode == INSN_64)
		return d->address_prefix ? 4 : 8;
	return (d->mode == INSN_16) != d->address_prefix ? 2 : 4;
}

/* ---- ModRM and SIB (APM3 1.4) ---- */

/* Registers 4 to 7 of a byte instruction are AH to BH, unless there is a REX prefix. */
static void set_reg(const struct decoder *d, struct insn *insn, u8 reg)
{
	insn->reg = reg | (d->rex & REX_R ? 8 : 0);
	insn->reg_high = insn->reg_size == 1 && !d->has_rex && reg >= 4;
	if (insn->reg_high)
		insn->reg = reg - 4;
}

static void set_seg(const struct decoder *d, struct insn *insn)
{
	if (d->seg != INSN_NO_REG)
		insn->seg = d->seg;
	else if (insn->base == REG_SP || insn->base == REG_BP)
		insn->seg = INSN_SS;
	else
		insn->seg = INSN_DS;
}

static void decode_address16(struct decoder *d, struct insn *insn, u8 mod, u8 rm)
{
	static const u8 base[8] = {
		REG_BX, REG_BX, REG_BP, REG_BP, REG_SI, REG_DI, REG_BP, REG_BX,
	};
	static const u8 index[8] = {
		REG_SI, REG_DI, REG_SI, REG_DI,
		INSN_NO_REG, INSN_NO_REG, INSN_NO_REG, INSN_NO_REG,
	};

	if (mod == 0 && rm == 6) {
		insn->disp = fetch_number(d, 2);
		return;
	}
	insn->base = base[rm];
	insn->index = index[rm];
	if (mod)
		insn->disp = fetch_signed(d, mod);	/* mod 1: one byte, mod 2: two */
}

static void decode_sib(struct decoder *d, struct insn *insn, u8 mod)
{
	u8 sib = fetch(d);
	u8 base = sib & 7, index = (sib >> 3 & 7) | (d->rex & REX_X ? 8 : 0);

	insn->scale = sib >> 6;
	if (index != REG_SP)
		insn->index = index;
	if (base == REG_BP && mod == 0)
		insn->disp = fetch_signed(d, 4);
	else
		insn->base = base | (d->rex & REX_B ? 8 : 0);
}

static void decode_address32(struct decoder *d, struct insn *insn, u8 mod, u8 rm)
{
	if (rm == REG_SP) {
		decode_sib(d, insn, mod);
	} else if (rm == REG_BP && mod == 0) {
		insn->disp = fetch_signed(d, 4);
		insn->rip_relative = d->mode == INSN_64;
	} else {
		insn->base = rm | (d->rex & REX_B ? 8 : 0);
	}
	if (mod == 1)
		insn->disp = fetch_signed(d, 1);
	else if (mod == 2)
		insn->disp = fetch_signed(d, 4);
}

/* False: the operand is a register. */
static bool decode_modrm(struct decoder *d, struct insn *insn)
{
	u8 modrm = fetch(d);
	u8 mod = modrm >> 6;

	if (mod == 3)
		return false;
	set_reg(d, insn, modrm >> 3 & 7);
	if (insn->address_size == 2)
		decode_address16(d, insn, mod, modrm & 7);
	else
		decode_address32(d, insn, mod, modrm & 7);
	set_seg(d, insn);
	return true;
}

/* The reg field of the next byte, where it extends the opcode. */
static u8 peek_extension(const struct decoder *d)
{
	return d->at < d->n ? d->bytes[d->at] >> 3 & 7 : 0;
}

/* ---- opcodes (APM3 appendix A.2) ---- */

static void set_size(struct insn *insn, u8 size)
{
	insn->size = size;
	insn->reg_size = size;
}

/* Bit 0 of most opcodes chooses between one byte and the operand size. */
static void set_size_by(const struct decoder *d, struct insn *insn, u8 opcode)
{
	set_size(insn, opcode & 1 ? operand_size(d) : 1);
}

static void set_access(struct insn *insn)
{
	bool only_reads = insn->op == INSN_CMP || insn->op == INSN_TEST || insn->to_reg;
	bool only_writes = !insn->to_reg && (insn->op == INSN_MOV || insn->op == INSN_STOS);

	insn->reads = !only_writes;
	insn->writes = !only_reads;
}

/* r/m and register; @to_reg: the register is what changes. */
static bool decode_rm_reg(struct decoder *d, struct insn *insn, enum insn_op op, u8 opcode,
			  bool to_reg)
{
	insn->op = op;
	insn->to_reg = to_reg;
	set_size_by(d, insn, opcode);
	return decode_modrm(d, insn);
}

static bool decode_rm_imm(struct decoder *d, struct insn *insn, enum insn_op op, u8 opcode,
			  u8 imm_size)
{
	if (!decode_rm_reg(d, insn, op, opcode, false))
		return false;
	insn->reg = INSN_NO_REG;
	insn->reg_high = false;
	insn->imm = fetch_signed(d, imm_size);
	return true;
}

/* Immediates have at most 32 bits. */
static u8 imm_size(const struct decoder *d, u8 opcode)
{
	return opcode & 1 ? min(operand_size(d), (u8)4) : 1;
}

static bool decode_moffs(struct decoder *d, struct insn *insn, u8 opcode)
{
	insn->op = INSN_MOV;
	insn->to_reg = !(opcode & 2);
	set_size_by(d, insn, opcode);
	insn->reg = REG_AX;
	insn->disp = fetch_number(d, insn->address_size);
	set_seg(d, insn);
	return true;
}

static bool decode_stos(struct decoder *d, struct insn *insn, u8 opcode)
{
	insn->op = INSN_STOS;
	insn->rep = d->rep;
	set_size_by(d, insn, opcode);
	insn->reg = REG_AX;
	insn->base = REG_DI;
	insn->seg = INSN_ES;	/* cannot be overridden */
	return true;
}

static bool decode_movs(struct decoder *d, struct insn *insn, u8 opcode)
{
	insn->op = INSN_MOVS;
	insn->rep = d->rep;
	set_size_by(d, insn, opcode);
	insn->base = REG_SI;
	set_seg(d, insn);
	return true;
}

/* MOVZX, MOVSX, MOVSXD: @size in memory, the operand size in the register. */
static bool decode_extend(struct decoder *d, struct insn *insn, enum insn_op op, u8 size)
{
	insn->op = op;
	insn->to_reg = true;
	insn->size = size;
	insn->reg_size = operand_size(d);
	return decode_modrm(d, insn);
}

static bool decode_two_byte(struct decoder *d, struct insn *insn)
{
	switch (fetch(d)) {
	case 0xb6: return decode_extend(d, insn, INSN_MOVZX, 1);
	case 0xb7: return decode_extend(d, insn, INSN_MOVZX, 2);
	case 0xbe: return decode_extend(d, insn, INSN_MOVSX, 1);
	case 0xbf: return decode_extend(d, insn, INSN_MOVSX, 2);
	default: return false;
	}
}

static bool decode_opcode(struct decoder *d, struct insn *insn, u8 opcode)
{
	if (opcode < 0x40 && (opcode & 7) < 4)
		return decode_rm_reg(d, insn, opcode >> 3, opcode, opcode & 2);
	switch (opcode) {
	case 0x0f:
		return decode_two_byte(d, insn);
	case 0x63:
		return d->mode == INSN_64 && decode_extend(d, insn, INSN_MOVSX, 4);
	case 0x80:
	case 0x81:
		return decode_rm_imm(d, insn, peek_extension(d), opcode, imm_size(d, opcode));
	case 0x83:
		return decode_rm_imm(d, insn, peek_extension(d), opcode, 1);
	case 0x84:
	case 0x85:
		return decode_rm_reg(d, insn, INSN_TEST, opcode, false);
	case 0x86:
	case 0x87:
		return decode_rm_reg(d, insn, INSN_XCHG, opcode, false);
	case 0x88 ... 0x8b:
		return decode_rm_reg(d, insn, INSN_MOV, opcode, opcode & 2);
	case 0xa0 ... 0xa3:
		return decode_moffs(d, insn, opcode);
	case 0xa4:
	case 0xa5:
		return decode_movs(d, insn, opcode);
	case 0xaa:
	case 0xab:
		return decode_stos(d, insn, opcode);
	case 0xc6:
	case 0xc7:
		return !peek_extension(d) &&
		       decode_rm_imm(d, insn, INSN_MOV, opcode, imm_size(d, opcode));
	case 0xf6:
	case 0xf7:
		return !peek_extension(d) &&
		       decode_rm_imm(d, insn, INSN_TEST, opcode, imm_size(d, opcode));
	default:
		return false;
	}
}

/* LOCK goes with what reads, changes and writes memory (APM3 1.2.5). */
static bool lock_legal(const struct insn *insn)
{
	return !insn->lock || (insn->reads && insn->writes && insn->op != INSN_MOVS);
}

bool insn_decode(const u8 *bytes, u32 n, enum insn_mode mode, struct insn *insn)
{
	struct decoder d = decoder_start(bytes, n, mode);
	u8 opcode = fetch_prefixes(&d);

	memset(insn, 0, sizeof(*insn));
	insn->reg = insn->base = insn->index = INSN_NO_REG;
	insn->address_size = address_size(&d);
	insn->lock = d.lock;
	if (!decode_opcode(&d, insn, opcode) || d.short_of_bytes)
		return false;
	insn->length = d.at;
	set_access(insn);
	return lock_legal(insn);
}

/* ---- registers and addresses ---- */

u64 insn_reg_read(const u64 gpr[16], u8 reg, bool high, u8 size)
{
	return gpr[reg] >> (high ? 8 : 0) & size_mask(size);
}

void insn_reg_write(u64 gpr[16], u8 reg, bool high, u8 size, u64 value)
{
	u32 shift = high ? 8 : 0;
	u64 mask = size_mask(size) << shift;

	if (size == 4)		/* APM1 3.1.2: clears the upper half */
		mask = U64_MAX;
	value &= size_mask(size);
	gpr[reg] = (gpr[reg] & ~mask) | value << shift;
}

u64 insn_offset(const struct insn *insn, const u64 gpr[16], u64 rip)
{
	u64 offset = insn->disp;

	if (insn->base != INSN_NO_REG)
		offset += gpr[insn->base];
	if (insn->index != INSN_NO_REG)
		offset += gpr[insn->index] << insn->scale;
	if (insn->rip_relative)
		offset += rip + insn->length;
	return offset & size_mask(insn->address_size);
}

u64 insn_string_offset(const struct insn *insn, const u64 gpr[16])
{
	return gpr[REG_DI] & size_mask(insn->address_size);
}

/* ---- execution ---- */

static bool sign_bit(u64 value, u8 size)
{
	return value >> (8 * size - 1) & 1;
}

static bool parity_even(u8 byte)
{
	return !(__builtin_parity(byte));
}

static u64 flags_result(u64 result, u8 size)
{
	u64 flags = 0;

	if (!result)
		flags |= FLAG_ZF;
	if (sign_bit(result, size))
		flags |= FLAG_SF;
	if (parity_even(result))
		flags |= FLAG_PF;
	return flags;
}

/* Values are within @size; @carry is what comes in. */
static u64 alu_add(u64 a, u64 b, bool carry, u8 size, u64 *flags)
{
	u64 result = (a + b + carry) & size_mask(size);

	*flags = flags_result(result, size);
	if (result < a || (carry && result == a))
		*flags |= FLAG_CF;
	if ((a ^ b ^ result) & 0x10)
		*flags |= FLAG_AF;
	if (sign_bit(~(a ^ b) & (a ^ result), size))
		*flags |= FLAG_OF;
	return result;
}

static u64 alu_sub(u64 a, u64 b, bool borrow, u8 size, u64 *flags)
{
	u64 result = (a - b - borrow) & size_mask(size);

	*flags = flags_result(result, size);
	if (a < b || (borrow && a == b))
		*flags |= FLAG_CF;
	if ((a ^ b ^ result) & 0x10)
		*flags |= FLAG_AF;
	if (sign_bit((a ^ b) & (a ^ result), size))
		*flags |= FLAG_OF;
	return result;
}

static u64 alu_logic(u64 result, u8 size, u64 *flags)
{
	*flags = flags_result(result, size);
	return result;
}

static u64 alu_any(enum insn_op op, u64 a, u64 b, bool carry, u8 size, u64 *flags)
{
	switch (op) {
	case INSN_ADD: return alu_add(a, b, false, size, flags);
	case INSN_ADC: return alu_add(a, b, carry, size, flags);
	case INSN_SBB: return alu_sub(a, b, carry, size, flags);
	case INSN_SUB: return alu_sub(a, b, false, size, flags);
	case INSN_CMP: return alu_sub(a, b, false, size, flags);
	case INSN_OR: return alu_logic(a | b, size, flags);
	case INSN_XOR: return alu_logic(a ^ b, size, flags);
	default: return alu_logic(a & b, size, flags);	/* AND, TEST */
	}
}

static u64 alu(enum insn_op op, u64 a, u64 b, u8 size, u64 *rflags)
{
	u64 flags;
	u64 result = alu_any(op, a, b, *rflags & FLAG_CF, size, &flags);

	*rflags = (*rflags & ~FLAGS_STATUS) | flags;
	return result;
}

/* The operand that is not memory. */
static u64 other_operand(const struct insn *insn, const u64 gpr[16])
{
	if (insn->reg == INSN_NO_REG)
		return insn->imm & size_mask(insn->size);
	return insn_reg_read(gpr, insn->reg, insn->reg_high, insn->reg_size);
}

static void set_other(const struct insn *insn, u64 gpr[16], u64 value)
{
	insn_reg_write(gpr, insn->reg, insn->reg_high, insn->reg_size, value);
}

static void execute_alu(const struct insn *insn, u64 gpr[16], u64 *rflags, u64 *mem)
{
	u64 other = other_operand(insn, gpr);
	u64 first = insn->to_reg ? other : *mem;
	u64 second = insn->to_reg ? *mem : other;
	u64 result = alu(insn->op, first, second, insn->size, rflags);

	if (insn->op == INSN_CMP || insn->op == INSN_TEST)
		return;
	if (insn->to_reg)
		set_other(insn, gpr, result);
	else
		*mem = result;
}

static void execute_xchg(const struct insn *insn, u64 gpr[16], u64 *mem)
{
	u64 other = other_operand(insn, gpr);

	set_other(insn, gpr, *mem);
	*mem = other;
}

static void execute_mov(const struct insn *insn, u64 gpr[16], u64 *mem)
{
	if (insn->to_reg)
		set_other(insn, gpr, *mem);
	else
		*mem = other_operand(insn, gpr);
}

static void string_advance(const struct insn *insn, u64 gpr[16], u8 reg, u64 rflags)
{
	u64 step = rflags & FLAG_DF ? -(u64)insn->size : insn->size;

	insn_reg_write(gpr, reg, false, insn->address_size, gpr[reg] + step);
}

static void execute_string(const struct insn *insn, u64 gpr[16], u64 rflags, u64 *mem)
{
	if (insn->op == INSN_STOS)
		*mem = other_operand(insn, gpr);
	else
		string_advance(insn, gpr, REG_SI, rflags);
	string_advance(insn, gpr, REG_DI, rflags);
	if (insn->rep)
		insn_reg_write(gpr, REG_CX, false, insn->address_size, gpr[REG_CX] - 1);
}

void insn_execute(const struct insn *insn, u64 gpr[16], u64 *rflags, u64 *mem)
{
	*mem &= size_mask(insn->size);
	switch (insn->op) {
	case INSN_MOV:
		execute_mov(insn, gpr, mem);
		break;
	case INSN_MOVZX:
		set_other(insn, gpr, *mem);
		break;
	case INSN_MOVSX:
		set_other(insn, gpr, sign_extend(*mem, insn->size));
		break;
	case INSN_XCHG:
		execute_xchg(insn, gpr, mem);
		break;
	case INSN_STOS:
	case INSN_MOVS:
		execute_string(insn, gpr, *rflags, mem);
		break;
	default:
		execute_alu(insn, gpr, rflags, mem);
	}
}

bool insn_repeats(const struct insn *insn, const u64 gpr[16])
{
	return insn->rep && insn_reg_read(gpr, REG_CX, false, insn->address_size);
}

/* ---- instructions without operand bytes ---- */

struct fixed_opcode {
	u8 n;
	u8 bytes[3];
};

static const struct fixed_opcode fixed_opcodes[] = {
	[INSN_RDMSR]	= { 2, { 0x0f, 0x32 } },
	[INSN_WRMSR]	= { 2, { 0x0f, 0x30 } },
	[INSN_CPUID]	= { 2, { 0x0f, 0xa2 } },
	[INSN_HLT]	= { 1, { 0xf4 } },
	[INSN_RDTSC]	= { 2, { 0x0f, 0x31 } },
	[INSN_RDTSCP]	= { 3, { 0x0f, 0x01, 0xf9 } },
	[INSN_RDPMC]	= { 2, { 0x0f, 0x33 } },
	[INSN_INVD]	= { 2, { 0x0f, 0x08 } },
	[INSN_WBINVD]	= { 2, { 0x0f, 0x09 } },
	[INSN_PAUSE]	= { 1, { 0x90 } },	/* and F3 before it */
	[INSN_MONITOR]	= { 3, { 0x0f, 0x01, 0xc8 } },
	[INSN_MWAIT]	= { 3, { 0x0f, 0x01, 0xc9 } },
	[INSN_XSETBV]	= { 3, { 0x0f, 0x01, 0xd1 } },
	[INSN_RSM]	= { 2, { 0x0f, 0xaa } },
	[INSN_VMRUN]	= { 3, { 0x0f, 0x01, 0xd8 } },
	[INSN_VMMCALL]	= { 3, { 0x0f, 0x01, 0xd9 } },
	[INSN_VMCALL]	= { 3, { 0x0f, 0x01, 0xc1 } },
	[INSN_VMLOAD]	= { 3, { 0x0f, 0x01, 0xda } },
	[INSN_VMSAVE]	= { 3, { 0x0f, 0x01, 0xdb } },
	[INSN_STGI]	= { 3, { 0x0f, 0x01, 0xdc } },
	[INSN_CLGI]	= { 3, { 0x0f, 0x01, 0xdd } },
	[INSN_SKINIT]	= { 3, { 0x0f, 0x01, 0xde } },
	[INSN_INVLPGA]	= { 3, { 0x0f, 0x01, 0xdf } },
	[INSN_IRET]	= { 1, { 0xcf } },
};
static_assert(ARRAY_SIZE(fixed_opcodes) == INSN_NR_FIXED, "one entry per instruction");

u32 decode_length(const u8 *bytes, u32 n, enum insn_mode mode, enum insn_fixed which)
{
	const struct fixed_opcode *opcode = &fixed_opcodes[which];
	struct decoder d = decoder_start(bytes, n, mode);
	u8 byte = fetch_prefixes(&d);

	for (u32 i = 0; i < opcode->n; i++) {
		if (i)
			byte = fetch(&d);
		if (byte != opcode->bytes[i])
			return 0;
	}
	if (d.short_of_bytes || (which == INSN_PAUSE && !d.rep))
		return 0;
	return d.at;
}

u32 decode_mov_to_cr8(const u8 *bytes, u32 n, enum insn_mode mode, u8 *reg)
{
	struct decoder d = decoder_start(bytes, n, mode);
	bool is_mov = fetch_prefixes(&d) == 0x0f && fetch(&d) == 0x22;
	u8 modrm = fetch(&d);

	if (!is_mov || d.short_of_bytes || (modrm >> 3 & 7) || !(d.rex & REX_R) == !d.lock)
		return 0;
	*reg = (modrm & 7) | (d.rex & REX_B ? 8 : 0);
	return d.at;
}

u32 decode_length_bare(enum insn_fixed which)
{
	return fixed_opcodes[which].n + (which == INSN_PAUSE);
}
