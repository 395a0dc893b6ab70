// SPDX-License-Identifier: GPL-2.0
/* The timer of the local APIC model. It has no clock: each caller brings the time. */
#include "bits.h"
#include "lapic.h"
#include "lapic_internal.h"

u64 lapic_time(const struct lapic *l, u64 now)
{
	return l->frozen ? l->frozen_ns : now;
}

u32 lapic_timer_mode(const struct lapic *l)
{
	return LVT_MODE(l->lvt[LAPIC_LVT_TIMER]);
}

/* log2 of the divider: bits 3, 1, 0 give 2, 4, ... 128, and all ones 1 (SDM figure 10-10). */
static u32 timer_divide_shift(const struct lapic *l)
{
	u32 code = (l->divide >> 1 & 4) | (l->divide & 3);

	return (code + 1) & 7;
}

static u64 timer_elapsed(const struct lapic *l, u64 now)
{
	u64 ns = now > l->timer_start_ns ? now - l->timer_start_ns : 0;

	return mul_div(ns, l->config.timer_hz, NS_PER_SECOND << timer_divide_shift(l));
}

/*
 * The first ns at which timer_elapsed() is @ticks: rounding up makes both agree, and
 * counting from the start keeps a periodic timer from drifting.
 */
static u64 timer_due_ns(const struct lapic *l, u64 ticks)
{
	u64 ns = mul_div_up(ticks, NS_PER_SECOND << timer_divide_shift(l), l->config.timer_hz);

	return ns > LAPIC_NEVER - l->timer_start_ns ? LAPIC_NEVER : l->timer_start_ns + ns;
}

void lapic_timer_start(struct lapic *l, u64 count, u64 now)
{
	l->timer_start_ns = now;
	l->timer_next = count;
}

void lapic_timer_stop(struct lapic *l)
{
	l->timer_next = 0;
	l->tsc_deadline = l->tsc_deadline_ns = 0;
}

u32 lapic_timer_current(const struct lapic *l, u64 now)
{
	u64 elapsed;

	if (!l->timer_next || lapic_timer_mode(l) == TIMER_DEADLINE)
		return 0;
	elapsed = timer_elapsed(l, now);
	if (elapsed < l->timer_next)
		return l->timer_next - elapsed;
	if (lapic_timer_mode(l) != TIMER_PERIODIC)
		return 0;
	return l->initial_count - (elapsed - l->timer_next) % l->initial_count;
}

/* True if the counter has reached 0 since last asked; a periodic one is set to its next period. */
static bool timer_count_expired(struct lapic *l, u64 now)
{
	u64 elapsed, late;

	if (!l->timer_next)
		return false;
	elapsed = timer_elapsed(l, now);
	if (elapsed < l->timer_next)
		return false;
	late = elapsed - l->timer_next;
	if (lapic_timer_mode(l) == TIMER_PERIODIC)
		l->timer_next = elapsed - late % l->initial_count + l->initial_count;
	else
		l->timer_next = 0;
	return true;
}

static bool timer_deadline_expired(struct lapic *l, u64 now)
{
	if (!l->tsc_deadline || now < l->tsc_deadline_ns)
		return false;
	lapic_timer_stop(l);
	return true;
}

bool lapic_tick(struct lapic *l, u64 now)
{
	u32 lvt = l->lvt[LAPIC_LVT_TIMER];
	bool expired;

	now = lapic_time(l, now);
	if (lapic_timer_mode(l) == TIMER_DEADLINE)
		expired = timer_deadline_expired(l, now);
	else
		expired = timer_count_expired(l, now);
	if (!expired || (lvt & LVT_MASKED))
		return false;
	return lapic_set_irr(l, lvt & 0xff, false);
}

u64 lapic_deadline(const struct lapic *l)
{
	if (l->frozen || !lapic_software_enabled(l) || (l->lvt[LAPIC_LVT_TIMER] & LVT_MASKED))
		return LAPIC_NEVER;
	if (lapic_timer_mode(l) == TIMER_DEADLINE)
		return l->tsc_deadline ? l->tsc_deadline_ns : LAPIC_NEVER;
	return l->timer_next ? timer_due_ns(l, l->timer_next) : LAPIC_NEVER;
}

void lapic_deadline_write(struct lapic *l, u64 tsc, u64 due_ns, u64 now)
{
	if (lapic_timer_mode(l) != TIMER_DEADLINE)
		return;
	lapic_tick(l, now);
	l->tsc_deadline = tsc;
	l->tsc_deadline_ns = tsc ? due_ns : 0;
}

u64 lapic_deadline_read(struct lapic *l, u64 now)
{
	lapic_tick(l, now);
	return l->tsc_deadline;
}

void lapic_freeze(struct lapic *l, u64 now)
{
	if (l->frozen)
		return;
	lapic_tick(l, now);
	l->frozen = true;
	l->frozen_ns = now;
}

void lapic_thaw(struct lapic *l, u64 now)
{
	u64 away;

	if (!l->frozen)
		return;
	l->frozen = false;
	away = now - l->frozen_ns;
	l->timer_start_ns += away;
	if (l->tsc_deadline)
		l->tsc_deadline_ns += away;
}

/* A new divider: what is left of the count goes on at the new pace. */
void lapic_timer_divide_write(struct lapic *l, u32 value, u64 now)
{
	if (l->timer_next)
		lapic_timer_start(l, l->timer_next - timer_elapsed(l, now), now);
	l->divide = value & DIVIDE_BITS;
}

void lapic_timer_count_write(struct lapic *l, u32 value, u64 now)
{
	if (lapic_timer_mode(l) == TIMER_DEADLINE)	/* SDM 10.5.4.1: ignored */
		return;
	l->initial_count = value;
	lapic_timer_start(l, value, now);
}
