/* SPDX-License-Identifier: GPL-2.0 */
/* What lapic.c and lapic_timer.c have of each other. */
#ifndef LAPIC_TIMER_H
#define LAPIC_TIMER_H

#include "lapic.h"

/* Timer entry of the local vector table (SDM figure 10-8) */
#define LVT_MASKED		BIT(16)
#define LVT_MODE(lvt)		((lvt) >> 17 & 3)
enum { TIMER_ONE_SHOT = 0, TIMER_PERIODIC = 1, TIMER_DEADLINE = 2 };

#define DIVIDE_BITS		0xbu	/* of the divide configuration register */

/* ---- lapic_timer.c ---- */
u64 lapic_time(const struct lapic *l, u64 now);	/* which stands still while frozen */
u32 lapic_timer_mode(const struct lapic *l);
void lapic_timer_start(struct lapic *l, u64 count, u64 now);
void lapic_timer_stop(struct lapic *l);
u32 lapic_timer_current(const struct lapic *l, u64 now);
void lapic_timer_divide_write(struct lapic *l, u32 value, u64 now);
void lapic_timer_count_write(struct lapic *l, u32 value, u64 now);

#endif
