/* SPDX-License-Identifier: GPL-2.0 */
/* What lapic.c, lapic_register.c and lapic_timer.c have of each other. */
#ifndef LAPIC_INTERNAL_H
#define LAPIC_INTERNAL_H

#include "lapic.h"

/* Spurious interrupt vector register (SDM figure 10-23) */
#define SVR_ENABLE		BIT(8)

/* Error status register (SDM figure 10-9) */
#define ESR_SEND_VECTOR		BIT(5)
#define ESR_RECEIVE_VECTOR	BIT(6)
#define ESR_REGISTER		BIT(7)

/* Local vector table entries (SDM figure 10-8) */
#define LVT_DELIVERY(lvt)	((lvt) >> 8 & 7)
#define LVT_REMOTE_IRR		BIT(14)		/* read-only */
#define LVT_LEVEL		BIT(15)
#define LVT_MASKED		BIT(16)
#define LVT_MODE(lvt)		((lvt) >> 17 & 3)	/* of the timer's */
enum { TIMER_ONE_SHOT = 0, TIMER_PERIODIC = 1, TIMER_DEADLINE = 2 };

#define DIVIDE_BITS		0xbu	/* of the divide configuration register */

static inline bool lvt_is_lint(enum lapic_lvt source)
{
	return source == LAPIC_LVT_LINT0 || source == LAPIC_LVT_LINT1;
}

/* x2APIC mode: cluster in 31:16, place in the cluster in 15:0 (SDM 10.12.10.2). */
static inline u32 x2apic_ldr(u32 id)
{
	return (id >> 4) << 16 | 1u << (id & 0xf);
}

/* ---- lapic.c ---- */
void lapic_error(struct lapic *l, u32 error);

/* ---- lapic_timer.c ---- */
u64 lapic_time(const struct lapic *l, u64 now);	/* which stands still while frozen */
u32 lapic_timer_mode(const struct lapic *l);
void lapic_timer_start(struct lapic *l, u64 count, u64 now);
void lapic_timer_stop(struct lapic *l);
u32 lapic_timer_current(const struct lapic *l, u64 now);
void lapic_timer_divide_write(struct lapic *l, u32 value, u64 now);
void lapic_timer_count_write(struct lapic *l, u32 value, u64 now);

#endif
