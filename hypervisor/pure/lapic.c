// SPDX-License-Identifier: GPL-2.0
/* The local APIC model: what is requested, what is in service, whom a message is for. */
#include "bits.h"
#include "lapic.h"
#include "lapic_internal.h"
#include "string.h"

bool lapic_software_enabled(const struct lapic *l)
{
	return lapic_enabled(l) && (l->svr & SVR_ENABLE);
}

/* ---- reset and APIC_BASE ---- */

void lapic_init(struct lapic *l)
{
	l->tpr = l->ldr = 0;
	l->dfr = U32_MAX;
	l->svr = 0xff;
	l->esr = l->esr_pending = 0;
	l->icr_low = l->icr_high = 0;
	for (u32 i = 0; i < LAPIC_NR_LVT; i++)
		l->lvt[i] = LVT_MASKED;
	memset(l->isr, 0, sizeof(l->isr));
	memset(l->tmr, 0, sizeof(l->tmr));
	memset(l->irr, 0, sizeof(l->irr));
	l->lint_lines = 0;
	l->initial_count = l->divide = 0;
	l->timer_start_ns = l->timer_next = 0;
	l->tsc_deadline = l->tsc_deadline_ns = 0;
}

void lapic_reset(struct lapic *l, const struct lapic_config *config)
{
	l->config = *config;
	l->base = LAPIC_BASE_DEFAULT | LAPIC_BASE_ENABLE | (config->bsp ? LAPIC_BASE_BSP : 0);
	l->frozen = false;
	l->frozen_ns = 0;
	lapic_init(l);
}

#define MODE_BITS	(LAPIC_BASE_ENABLE | LAPIC_BASE_EXTD)

static bool base_legal(const struct lapic *l, u64 value)
{
	u64 known = MODE_BITS | LAPIC_BASE_BSP | BITS(l->config.phys_bits - 1, 12);

	if (value & ~known)
		return false;
	if (!(value & LAPIC_BASE_EXTD))
		return true;
	return (value & LAPIC_BASE_ENABLE) && l->config.x2apic;
}

/* SDM figure 10-27: x2APIC mode is entered from xAPIC mode and left for disabled only. */
static bool base_transition_legal(u64 from, u64 to)
{
	bool enabling = !(from & LAPIC_BASE_ENABLE) && (to & LAPIC_BASE_ENABLE);
	bool staying = (from & LAPIC_BASE_ENABLE) && (to & LAPIC_BASE_ENABLE);

	if (enabling)
		return !(to & LAPIC_BASE_EXTD);
	return !staying || !(from & LAPIC_BASE_EXTD) || (to & LAPIC_BASE_EXTD);
}

/* BSP is wired: writes do not change it (APM2 16.3). */
static void base_commit(struct lapic *l, u64 value)
{
	bool entering_x2apic = !lapic_is_x2apic(l) && (value & LAPIC_BASE_EXTD);

	l->base = (value & ~LAPIC_BASE_BSP) | (l->base & LAPIC_BASE_BSP);
	if (!lapic_enabled(l))
		lapic_init(l);
	else if (entering_x2apic)
		l->icr_high = 0;	/* SDM 10.12.5.1: the one register that is not kept */
}

int lapic_base_write(struct lapic *l, u64 value, struct lapic_effect *effect)
{
	u64 old = l->base;

	effect->kind = LAPIC_EFFECT_NONE;
	if (!base_legal(l, value) || !base_transition_legal(old, value))
		return -1;
	base_commit(l, value);
	if (l->base != old)
		effect->kind = LAPIC_EFFECT_BASE;
	return 0;
}

bool lapic_base_set(struct lapic *l, u64 value)
{
	if (!base_legal(l, value))
		return false;
	base_commit(l, value);
	return true;
}

/* ---- priorities and requests ---- */

u8 lapic_ppr(const struct lapic *l)
{
	int in_service = bitmap256_highest(l->isr);
	u8 isr_class = in_service < 0 ? 0 : in_service & 0xf0;

	/* SDM 10.8.3.1 */
	return (l->tpr & 0xf0) >= isr_class ? l->tpr : isr_class;
}

u8 lapic_cr8(const struct lapic *l)
{
	return l->tpr >> 4;
}

void lapic_cr8_set(struct lapic *l, u8 cr8)
{
	if (lapic_cr8(l) != (cr8 & 0xf))
		l->tpr = (u32)(cr8 & 0xf) << 4;
}

int lapic_highest_irr(const struct lapic *l)
{
	return lapic_enabled(l) ? bitmap256_highest(l->irr) : -1;
}

bool lapic_next(const struct lapic *l, u8 *vector)
{
	int requested = lapic_highest_irr(l);

	if (requested < 0 || (requested & 0xf0) <= (lapic_ppr(l) & 0xf0))
		return false;
	*vector = requested;
	return true;
}

/*
 * Requests come from other processors while this one takes what it has been offered:
 * the bits of a word are not all in one hand.
 */
static void irr_set(struct lapic *l, u8 vector)
{
	/* First: the other way round it could be too late for lapic_accept(). */
	if (vector == l->offered)
		__atomic_store_n(&l->asked_again, true, __ATOMIC_SEQ_CST);
	__atomic_fetch_or(&l->irr[vector / 32], 1u << (vector % 32), __ATOMIC_SEQ_CST);
}

static void irr_clear(struct lapic *l, u8 vector)
{
	__atomic_fetch_and(&l->irr[vector / 32], ~(1u << (vector % 32)), __ATOMIC_SEQ_CST);
}

void lapic_offer(struct lapic *l, u8 vector)
{
	l->asked_again = false;
	l->offered = vector;
}

/* Whether a request since the offer came before or after the processor took it, nobody saw: better twice than never. */
void lapic_accept(struct lapic *l, u8 vector)
{
	irr_clear(l, vector);
	bitmap256_set(l->isr, vector);
	if (vector == l->offered && __atomic_exchange_n(&l->asked_again, false, __ATOMIC_SEQ_CST))
		irr_set(l, vector);
}

/* The error interrupt comes once until the ESR is written (SDM 10.5.3). */
void lapic_error(struct lapic *l, u32 error)
{
	bool armed = !l->esr_pending;

	l->esr_pending |= error;
	if (armed)
		lapic_local(l, LAPIC_LVT_ERROR);
}

bool lapic_set_irr(struct lapic *l, u8 vector, bool level)
{
	if (!lapic_software_enabled(l))
		return false;
	if (vector < 16) {
		lapic_error(l, ESR_RECEIVE_VECTOR);
		return false;
	}
	irr_set(l, vector);
	if (level)
		bitmap256_set(l->tmr, vector);
	else
		bitmap256_clear(l->tmr, vector);
	return true;
}

void lapic_clear_irr(struct lapic *l, u8 vector)
{
	irr_clear(l, vector);
}

/* ---- local sources ---- */

/* A level-triggered LINT is sent once, and again only after its EOI (remote IRR). */
static void lvt_request(struct lapic *l, enum lapic_lvt source)
{
	u32 *lvt = &l->lvt[source];
	bool level = lvt_is_lint(source) && (*lvt & LVT_LEVEL);

	if (level && (*lvt & LVT_REMOTE_IRR))
		return;
	if (lapic_set_irr(l, *lvt & 0xff, level) && level)
		*lvt |= LVT_REMOTE_IRR;
}

enum lapic_delivery lapic_local(struct lapic *l, enum lapic_lvt source)
{
	u32 lvt = l->lvt[source];

	if (!lapic_software_enabled(l) || (lvt & LVT_MASKED))
		return LAPIC_FIXED;
	switch (LVT_DELIVERY(lvt)) {
	case LAPIC_FIXED:
		lvt_request(l, source);
		return LAPIC_FIXED;
	case LAPIC_SMI:
	case LAPIC_NMI:
	case LAPIC_INIT:
	case LAPIC_EXTINT:
		return LVT_DELIVERY(lvt);
	default:		/* reserved: nothing is sent */
		return LAPIC_FIXED;
	}
}

enum lapic_delivery lapic_lint(struct lapic *l, u32 pin, bool asserted)
{
	bool rising = asserted && !(l->lint_lines & BIT(pin));

	if (!asserted)
		l->lint_lines &= ~BIT(pin);
	if (!rising)
		return LAPIC_FIXED;
	l->lint_lines |= BIT(pin);
	return lapic_local(l, LAPIC_LVT_LINT0 + pin);
}

bool lapic_accepts_extint(const struct lapic *l)
{
	u32 lvt = l->lvt[LAPIC_LVT_LINT0];

	if (!lapic_enabled(l))
		return true;
	return !(lvt & LVT_MASKED) && LVT_DELIVERY(lvt) == LAPIC_EXTINT;
}

static bool lint_holds(const struct lapic *l, u32 pin, u8 vector)
{
	u32 lvt = l->lvt[LAPIC_LVT_LINT0 + pin];

	return (lvt & LVT_REMOTE_IRR) && (lvt & 0xff) == vector;
}

static void lint_eoi(struct lapic *l, u8 vector)
{
	for (u32 pin = 0; pin < 2; pin++) {
		if (!lint_holds(l, pin, vector))
			continue;
		l->lvt[LAPIC_LVT_LINT0 + pin] &= ~LVT_REMOTE_IRR;
		if (l->lint_lines & BIT(pin))
			lapic_local(l, LAPIC_LVT_LINT0 + pin);
	}
}

bool lapic_eoi(struct lapic *l, struct lapic_eoi *eoi)
{
	int in_service = bitmap256_highest(l->isr);

	if (in_service < 0)
		return false;
	bitmap256_clear(l->isr, in_service);
	eoi->vector = in_service;
	eoi->level = bitmap256_test(l->tmr, in_service);
	if (eoi->level)
		lint_eoi(l, in_service);
	return true;
}

/* ---- destinations ---- */

/* SDM 10.6.2.2: DFR chooses flat (all bits) or cluster (high 4: which, low 4: who). */
static bool match_xapic_logical(const struct lapic *l, u8 dest)
{
	u8 ldr = l->ldr >> 24;

	switch (l->dfr >> 28) {
	case 0xf:
		return dest & ldr;
	case 0:
		return (dest >> 4) == (ldr >> 4) && (dest & ldr & 0xf);
	default:
		return false;
	}
}

static bool match_x2apic_logical(const struct lapic *l, u32 dest)
{
	u32 ldr = x2apic_ldr(l->config.id);

	return (dest >> 16) == (ldr >> 16) && (dest & ldr & 0xffff);
}

static bool match_logical(const struct lapic *l, u32 dest)
{
	if (lapic_is_x2apic(l))
		return match_x2apic_logical(l, dest);
	return dest <= 0xff && match_xapic_logical(l, dest);
}

bool lapic_match_dest(const struct lapic *l, u32 dest, bool logical, bool wide)
{
	if (dest == (wide ? U32_MAX : 0xff))
		return true;
	if (logical)
		return match_logical(l, dest);
	if (wide || lapic_is_x2apic(l))
		return dest == l->config.id;
	return dest == (l->config.id & 0xff);
}
