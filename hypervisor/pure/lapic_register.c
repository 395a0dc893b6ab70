// SPDX-License-Identifier: GPL-2.0
/* The registers of the local APIC model: as its VP reaches them in either mode, and as the VP's parent does. */
#include "bits.h"
#include "lapic.h"
#include "lapic_internal.h"
#include "string.h"

/* Register numbers: offset in the page / 16, and x2APIC MSR - 0x800 (SDM tables 10-1, 10-6). */
enum {
	REG_ID = 0x02, REG_VERSION = 0x03, REG_TPR = 0x08, REG_APR = 0x09, REG_PPR = 0x0a,
	REG_EOI = 0x0b, REG_REMOTE_READ = 0x0c, REG_LDR = 0x0d, REG_DFR = 0x0e, REG_SVR = 0x0f,
	REG_ISR = 0x10, REG_TMR = 0x18, REG_IRR = 0x20, REG_IRR_LAST = 0x27, REG_ESR = 0x28,
	REG_ICR_LOW = 0x30, REG_ICR_HIGH = 0x31, REG_LVT = 0x32, REG_LVT_LAST = 0x37,
	REG_INITIAL_COUNT = 0x38, REG_CURRENT_COUNT = 0x39, REG_DIVIDE = 0x3e, REG_SELF_IPI = 0x3f,
};

#define SVR_BITS		0x3ffu	/* vector, enable, focus checking */
#define ESR_BITS		0xffu
#define LVT_DELIVERY_STATUS	BIT(12)		/* read-only; nothing is ever under way */

/* Interrupt command register (SDM figures 10-12, 10-28) */
#define ICR_LOW_BITS		0x000ccfffu
#define ICR_DELIVERY(low)	((low) >> 8 & 7)
#define ICR_LOGICAL		BIT(11)
#define ICR_ASSERT		BIT(14)
#define ICR_LEVEL		BIT(15)
#define ICR_SHORTHAND(low)	((low) >> 18 & 3)

static bool reg_is_vector_map(u32 reg)
{
	return reg >= REG_ISR && reg <= REG_IRR_LAST;
}

/* ISR, TMR and IRR are three maps of eight registers one after the other. */
static u32 *vector_map_word(struct lapic *l, u32 reg)
{
	u32 *maps[] = { l->isr, l->tmr, l->irr };

	return &maps[(reg - REG_ISR) / 8][reg % 8];
}

static bool reg_is_lvt(u32 reg)
{
	return reg >= REG_LVT && reg <= REG_LVT_LAST;
}

/* Arbitration priority (APM2 16.6): the highest of task, requests and service. */
static u8 lapic_apr(const struct lapic *l)
{
	int requested = lapic_highest_irr(l);
	u8 irr_class = requested < 0 ? 0 : requested & 0xf0;
	u8 ppr = lapic_ppr(l);

	return (ppr & 0xf0) >= irr_class ? ppr : irr_class;
}

/* ---- registers: what both modes have ---- */

static u32 lvt_bits(const struct lapic *l, enum lapic_lvt source)
{
	switch (source) {
	case LAPIC_LVT_TIMER:
		return l->config.tsc_deadline ? 0x700ff : 0x300ff;
	case LAPIC_LVT_THERMAL:
	case LAPIC_LVT_PERFMON:
		return 0x107ff;
	case LAPIC_LVT_LINT0:
	case LAPIC_LVT_LINT1:
		return 0x1a7ff;
	default:
		return 0x100ff;
	}
}

/* Whether TSC-deadline is the mode changes: that disarms the timer (SDM 10.5.4.1). */
static void lvt_write(struct lapic *l, enum lapic_lvt source, u32 value)
{
	u32 old = l->lvt[source];

	value = (value & lvt_bits(l, source)) | (old & LVT_REMOTE_IRR);
	if (!(value & LVT_LEVEL))
		value &= ~LVT_REMOTE_IRR;
	if (!(l->svr & SVR_ENABLE))
		value |= LVT_MASKED;
	l->lvt[source] = value;
	if (source == LAPIC_LVT_TIMER &&
	    (LVT_MODE(old) == TIMER_DEADLINE) != (LVT_MODE(value) == TIMER_DEADLINE))
		lapic_timer_stop(l);
}

/* A level-triggered pin that is up gets through as soon as its entry lets it, if as Fixed. */
static void lint_look_again(struct lapic *l, enum lapic_lvt source)
{
	if (!lvt_is_lint(source) || !(l->lvt[source] & LVT_LEVEL))
		return;
	if (l->lint_lines & BIT(source - LAPIC_LVT_LINT0))
		lapic_local(l, source);
}

/* Disabling masks every LVT entry, and they stay masked until written (SDM 10.4.7.2). */
static void svr_write(struct lapic *l, u32 value)
{
	l->svr = value & SVR_BITS;
	if (l->svr & SVR_ENABLE)
		return;
	for (u32 i = 0; i < LAPIC_NR_LVT; i++)
		l->lvt[i] |= LVT_MASKED;
}

/* A write shows what was collected, and collects anew (SDM 10.5.3). */
static void esr_write(struct lapic *l)
{
	l->esr = l->esr_pending;
	l->esr_pending = 0;
}

static u32 reg_id(const struct lapic *l)
{
	return lapic_is_x2apic(l) ? l->config.id : l->config.id << 24;
}

static u32 reg_ldr(const struct lapic *l)
{
	return lapic_is_x2apic(l) ? x2apic_ldr(l->config.id) : l->ldr;
}

static bool reg_exists(u32 reg)
{
	if (reg_is_vector_map(reg) || reg_is_lvt(reg))
		return true;
	switch (reg) {
	case REG_ID:
	case REG_VERSION:
	case REG_TPR ... REG_SVR:
	case REG_ESR:
	case REG_ICR_LOW:
	case REG_ICR_HIGH:
	case REG_INITIAL_COUNT:
	case REG_CURRENT_COUNT:
	case REG_DIVIDE:
		return true;
	default:
		return false;
	}
}

/* What is write-only or does not exist reads as 0. */
static u32 reg_value(struct lapic *l, u32 reg, u64 now)
{
	if (reg_is_vector_map(reg))
		return *vector_map_word(l, reg);
	if (reg_is_lvt(reg))
		return l->lvt[reg - REG_LVT];
	switch (reg) {
	case REG_ID: return reg_id(l);
	case REG_VERSION: return LAPIC_VERSION;
	case REG_TPR: return l->tpr;
	case REG_APR: return lapic_apr(l);
	case REG_PPR: return lapic_ppr(l);
	case REG_LDR: return reg_ldr(l);
	case REG_DFR: return l->dfr;
	case REG_SVR: return l->svr;
	case REG_ESR: return l->esr;
	case REG_ICR_LOW: return l->icr_low;
	case REG_ICR_HIGH: return l->icr_high;
	case REG_INITIAL_COUNT: return l->initial_count;
	case REG_CURRENT_COUNT: return lapic_timer_current(l, lapic_time(l, now));
	case REG_DIVIDE: return l->divide;
	default: return 0;
	}
}

/* Table 10-3 of the SDM: to itself, a processor can send Fixed only. */
static bool ipi_legal(const struct lapic_ipi *ipi)
{
	bool to_itself = ipi->shorthand == LAPIC_TO_SELF || ipi->shorthand == LAPIC_TO_ALL;

	if (ipi->delivery == LAPIC_REMOTE_READ || ipi->delivery == LAPIC_EXTINT)
		return false;
	return !to_itself || ipi->delivery == LAPIC_FIXED;
}

static bool ipi_has_vector(const struct lapic_ipi *ipi)
{
	return ipi->delivery == LAPIC_FIXED || ipi->delivery == LAPIC_LOWEST;
}

/* INIT level de-assert is of the past: nothing is sent (SDM 10.6.1). */
static bool icr_is_deassert(u32 low)
{
	return ICR_DELIVERY(low) == LAPIC_INIT && (low & ICR_LEVEL) && !(low & ICR_ASSERT);
}

static void set_icr(struct lapic *l, u32 low, u32 high)
{
	l->icr_low = low & ICR_LOW_BITS;
	l->icr_high = lapic_is_x2apic(l) ? high : high & 0xff000000;
}

static struct lapic_effect icr_send(struct lapic *l)
{
	struct lapic_effect effect = { .kind = LAPIC_EFFECT_NONE };
	struct lapic_ipi ipi = {
		.delivery = ICR_DELIVERY(l->icr_low),
		.shorthand = ICR_SHORTHAND(l->icr_low),
		.logical = l->icr_low & ICR_LOGICAL,
		.wide = lapic_is_x2apic(l),
		.dest = lapic_is_x2apic(l) ? l->icr_high : l->icr_high >> 24,
		.vector = l->icr_low,
	};

	if (!ipi_legal(&ipi) || icr_is_deassert(l->icr_low))
		return effect;
	if (ipi_has_vector(&ipi) && ipi.vector < 16) {
		lapic_error(l, ESR_SEND_VECTOR);
		return effect;
	}
	if (!ipi_has_vector(&ipi) && ipi.delivery != LAPIC_SIPI)
		ipi.vector = 0;
	effect.kind = LAPIC_EFFECT_IPI;
	effect.ipi = ipi;
	return effect;
}

/* An illegal vector to oneself is one received (SDM 10.5.3). */
static struct lapic_effect self_ipi_send(struct lapic *l, u8 vector)
{
	struct lapic_effect effect = { .kind = LAPIC_EFFECT_NONE };

	if (vector < 16) {
		lapic_error(l, ESR_RECEIVE_VECTOR);
		return effect;
	}
	effect.kind = LAPIC_EFFECT_IPI;
	effect.ipi = (struct lapic_ipi){
		.delivery = LAPIC_FIXED, .shorthand = LAPIC_TO_SELF, .wide = true, .vector = vector,
	};
	return effect;
}

static struct lapic_effect reg_eoi(struct lapic *l)
{
	struct lapic_effect effect = { .kind = LAPIC_EFFECT_NONE };

	if (lapic_eoi(l, &effect.eoi))
		effect.kind = LAPIC_EFFECT_EOI;
	return effect;
}

/* Timer registers: what was due before the write fires by the old settings. */
static struct lapic_effect reg_timer_write(struct lapic *l, u32 reg, u32 value, u64 now)
{
	lapic_tick(l, now);
	now = lapic_time(l, now);
	if (reg == REG_INITIAL_COUNT)
		lapic_timer_count_write(l, value, now);
	else if (reg == REG_DIVIDE)
		lapic_timer_divide_write(l, value, now);
	else
		lvt_write(l, LAPIC_LVT_TIMER, value);
	return (struct lapic_effect){ .kind = LAPIC_EFFECT_TIMER };
}

static struct lapic_effect reg_write(struct lapic *l, u32 reg, u32 value, u64 now)
{
	struct lapic_effect effect = { .kind = LAPIC_EFFECT_NONE };

	switch (reg) {
	case REG_TPR:
		l->tpr = value & 0xff;
		break;
	case REG_EOI:
		return reg_eoi(l);
	case REG_SVR:
		lapic_tick(l, now);
		svr_write(l, value);
		effect.kind = LAPIC_EFFECT_TIMER;
		break;
	case REG_ESR:
		esr_write(l);
		break;
	case REG_LVT + LAPIC_LVT_TIMER:
	case REG_INITIAL_COUNT:
	case REG_DIVIDE:
		return reg_timer_write(l, reg, value, now);
	default:
		if (reg_is_lvt(reg)) {
			lvt_write(l, reg - REG_LVT, value);
			lint_look_again(l, reg - REG_LVT);
		}
	}
	return effect;
}

/* ---- xAPIC: the register page ---- */

u32 lapic_mmio_read(struct lapic *l, u32 offset, u64 now)
{
	u32 reg = offset >> 4;

	if (!lapic_has_page(l))
		return U32_MAX;
	if (offset & 0xf)		/* between registers: undefined (SDM 10.4.1) */
		return 0;
	if (!reg_exists(reg))
		lapic_error(l, ESR_REGISTER);
	return reg_value(l, reg, now);
}

/* Read-only registers swallow writes; addresses without a register are an error. */
struct lapic_effect lapic_mmio_write(struct lapic *l, u32 offset, u32 value, u64 now)
{
	struct lapic_effect none = { .kind = LAPIC_EFFECT_NONE };
	u32 reg = offset >> 4;

	if (!lapic_has_page(l) || (offset & 0xf))
		return none;
	switch (reg) {
	case REG_LDR:
		l->ldr = value & 0xff000000;
		return none;
	case REG_DFR:
		l->dfr = value | 0x0fffffff;
		return none;
	case REG_ICR_LOW:
		l->icr_low = value & ICR_LOW_BITS;
		return icr_send(l);
	case REG_ICR_HIGH:
		l->icr_high = value & 0xff000000;
		return none;
	default:
		if (!reg_exists(reg))
			lapic_error(l, ESR_REGISTER);
		return reg_write(l, reg, value, now);
	}
}

/* ---- either mode ---- */

u64 lapic_icr_read(const struct lapic *l)
{
	return (u64)l->icr_high << 32 | l->icr_low;
}

struct lapic_effect lapic_icr_write(struct lapic *l, u64 value)
{
	set_icr(l, value, value >> 32);
	return icr_send(l);
}

/* ---- x2APIC: MSRs (SDM 10.12.1.2, table 10-6) ---- */

static bool msr_readable(u32 reg)
{
	switch (reg) {
	case REG_APR:
	case REG_EOI:
	case REG_REMOTE_READ:
	case REG_DFR:
	case REG_ICR_HIGH:
	case REG_SELF_IPI:
		return false;
	default:
		return true;
	}
}

int lapic_msr_read(struct lapic *l, u32 msr, u64 now, u64 *value)
{
	u32 reg = msr - LAPIC_MSR_FIRST;

	if (!lapic_is_x2apic(l) || !reg_exists(reg) || !msr_readable(reg))
		return -1;
	*value = reg == REG_ICR_LOW ? lapic_icr_read(l) : reg_value(l, reg, now);
	return 0;
}

static bool msr_writable(u32 reg)
{
	switch (reg) {
	case REG_TPR:
	case REG_EOI:
	case REG_SVR:
	case REG_ESR:
	case REG_ICR_LOW:
	case REG_INITIAL_COUNT:
	case REG_DIVIDE:
	case REG_SELF_IPI:
		return true;
	default:
		return reg_is_lvt(reg);
	}
}

static u64 msr_lvt_bits(const struct lapic *l, enum lapic_lvt source)
{
	u64 read_only = LVT_DELIVERY_STATUS | (lvt_is_lint(source) ? LVT_REMOTE_IRR : 0);

	return lvt_bits(l, source) | read_only;
}

/* The bits that may be set in a write; those that are read-only are ignored then. */
static u64 msr_writable_bits(const struct lapic *l, u32 reg)
{
	if (reg_is_lvt(reg))
		return msr_lvt_bits(l, reg - REG_LVT);
	switch (reg) {
	case REG_TPR: return 0xff;
	case REG_SELF_IPI: return 0xff;
	case REG_SVR: return SVR_BITS;
	case REG_ICR_LOW: return ICR_LOW_BITS | BITS(63, 32);
	case REG_INITIAL_COUNT: return U32_MAX;
	case REG_DIVIDE: return DIVIDE_BITS;
	default: return 0;		/* EOI, ESR */
	}
}

int lapic_msr_write(struct lapic *l, u32 msr, u64 value, u64 now, struct lapic_effect *effect)
{
	u32 reg = msr - LAPIC_MSR_FIRST;

	effect->kind = LAPIC_EFFECT_NONE;
	if (!lapic_is_x2apic(l) || !msr_writable(reg) || (value & ~msr_writable_bits(l, reg)))
		return -1;
	switch (reg) {
	case REG_ICR_LOW:
		*effect = lapic_icr_write(l, value);
		break;
	case REG_SELF_IPI:
		*effect = self_ipi_send(l, value);
		break;
	default:
		*effect = reg_write(l, reg, value, now);
	}
	return 0;
}

/* ---- state, as the parent sees it ---- */

void lapic_state_get(struct lapic *l, u64 now, struct lapic_state *state)
{
	lapic_tick(l, now);
	*state = (struct lapic_state){
		.apic_id = reg_id(l), .version = LAPIC_VERSION, .ldr = reg_ldr(l),
		.dfr = l->dfr, .svr = l->svr, .esr = l->esr, .error_status = l->esr_pending,
		.icr_high = l->icr_high, .icr_low = l->icr_low,
		.initial_count = l->initial_count, .divide = l->divide,
		.current_count = lapic_timer_current(l, lapic_time(l, now)),
	};
	memcpy(state->isr, l->isr, sizeof(l->isr));
	memcpy(state->tmr, l->tmr, sizeof(l->tmr));
	memcpy(state->irr, l->irr, sizeof(l->irr));
	memcpy(state->lvt, l->lvt, sizeof(l->lvt));
}

/* The page shows 8 bits of the ID only: what was read and is written back changes nothing. */
static void set_id(struct lapic *l, u32 value)
{
	if (!lapic_is_x2apic(l) && value >> 24 != (l->config.id & 0xff))
		l->config.id = value >> 24;
}

static void set_ldr(struct lapic *l, u32 value)
{
	if (!lapic_is_x2apic(l))
		l->ldr = value & 0xff000000;
}

/* As stored: an entry may be unmasked while SVR disables all of them. */
static void set_lvt(struct lapic *l, enum lapic_lvt source, u32 value)
{
	u32 bits = lvt_bits(l, source);

	if (lvt_is_lint(source) && (value & LVT_LEVEL))
		bits |= LVT_REMOTE_IRR;
	l->lvt[source] = value & bits;
}

static void set_vector_map(u32 *map, const u32 *from)
{
	memcpy(map, from, 8 * sizeof(*map));
	map[0] &= ~0xffffu;		/* vectors 0 to 15 do not exist */
}

/* The timer goes on from @current; a periodic one that has just reached 0, from the start. */
static void set_timer(struct lapic *l, u32 initial, u32 current, u64 now)
{
	l->initial_count = initial;
	if (!initial || lapic_timer_mode(l) == TIMER_DEADLINE)
		current = 0;
	else if (!current && lapic_timer_mode(l) == TIMER_PERIODIC)
		current = initial;
	lapic_timer_start(l, current, lapic_time(l, now));
}

void lapic_state_set(struct lapic *l, u64 now, const struct lapic_state *state)
{
	set_id(l, state->apic_id);
	set_ldr(l, state->ldr);
	l->dfr = state->dfr | 0x0fffffff;
	l->svr = state->svr & SVR_BITS;
	l->esr = state->esr & ESR_BITS;
	l->esr_pending = state->error_status & ESR_BITS;
	set_icr(l, state->icr_low, state->icr_high);
	set_vector_map(l->isr, state->isr);
	set_vector_map(l->tmr, state->tmr);
	set_vector_map(l->irr, state->irr);
	for (u32 i = 0; i < LAPIC_NR_LVT; i++)
		set_lvt(l, i, state->lvt[i]);
	l->divide = state->divide & DIVIDE_BITS;
	set_timer(l, state->initial_count, state->current_count, now);
}

bool lapic_register_get(struct lapic *l, u32 msr, u64 now, u64 *value)
{
	u32 reg = msr - LAPIC_MSR_FIRST;

	lapic_tick(l, now);
	if (reg == REG_ICR_HIGH || !reg_exists(reg))
		return false;
	*value = reg == REG_ICR_LOW ? lapic_icr_read(l) : reg_value(l, reg, now);
	return true;
}

static bool set_register(struct lapic *l, u32 reg, u64 value, u64 now)
{
	switch (reg) {
	case REG_ID:
		set_id(l, value);
		break;
	case REG_TPR:
		l->tpr = value & 0xff;
		break;
	case REG_LDR:
		set_ldr(l, value);
		break;
	case REG_DFR:
		l->dfr = value | 0x0fffffff;
		break;
	case REG_SVR:
		l->svr = value & SVR_BITS;
		break;
	case REG_ESR:
		l->esr = value & ESR_BITS;
		break;
	case REG_ICR_LOW:
		set_icr(l, value, value >> 32);
		break;
	case REG_INITIAL_COUNT:
	case REG_DIVIDE:
		reg_timer_write(l, reg, value, now);
		break;
	case REG_CURRENT_COUNT:
		set_timer(l, l->initial_count, value, now);
		break;
	default:
		return false;
	}
	return true;
}

bool lapic_register_set(struct lapic *l, u32 msr, u64 now, u64 value)
{
	u32 reg = msr - LAPIC_MSR_FIRST;

	lapic_tick(l, now);
	if (reg_is_lvt(reg)) {
		set_lvt(l, reg - REG_LVT, value);
		return true;
	}
	if (reg_is_vector_map(reg)) {
		*vector_map_word(l, reg) = reg % 8 ? value : value & ~0xffffu;
		return true;
	}
	return set_register(l, reg, value, now);
}
