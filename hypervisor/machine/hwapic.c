// SPDX-License-Identifier: GPL-2.0
/* The physical local APIC of the processor that this runs on: the hypervisor's alone. */
#include "hv.h"
#include "cpu.h"
#include "internal.h"

#define APIC_BASE	0xfee00000ull
#define APIC_ID		0x20
#define APIC_TPR	0x80
#define APIC_EOI	0xb0
#define APIC_LDR	0xd0
#define APIC_DFR	0xe0
#define APIC_SVR	0xf0
#define APIC_ISR	0x100
#define APIC_TMR	0x180
#define APIC_IRR	0x200
#define APIC_ICR_LOW	0x300
#define APIC_ICR_HIGH	0x310
#define APIC_LVT_TIMER	0x320
#define APIC_LVT_LINT0	0x350
#define APIC_LVT_LINT1	0x360
#define APIC_LVT_ERROR	0x370
#define APIC_TMICT	0x380
#define APIC_TMCCT	0x390
#define APIC_TDCR	0x3e0
#define LVT_MASKED	BIT(16)
#define LVT_NMI		(4u << 8)
#define SVR_ENABLE	BIT(8)
#define ICR_PENDING	BIT(12)
#define TDCR_DIV_1	0xb

u64 apic_timer_hz;

static u32 apic_read(u32 reg)
{
	return *(volatile u32 *)(APIC_BASE + reg);
}

static void apic_write(u32 reg, u32 val)
{
	*(volatile u32 *)(APIC_BASE + reg) = val;
}

u32 apic_own_id(void)
{
	return apic_read(APIC_ID) >> 24;
}

/* Trigger mode of a vector in service. */
bool apic_is_level(u8 vector)
{
	return apic_read(APIC_TMR + vector / 32 * 0x10) & BIT(vector % 32);
}

/* It has come, and waits for what is in service. */
bool apic_requested(u8 vector)
{
	return apic_read(APIC_IRR + vector / 32 * 0x10) & BIT(vector % 32);
}

bool apic_in_service(u8 vector)
{
	return apic_read(APIC_ISR + vector / 32 * 0x10) & BIT(vector % 32);
}

void apic_eoi(void)
{
	apic_write(APIC_EOI, 0);
}

void apic_ipi(u32 apic_id, u32 low)
{
	while (apic_read(APIC_ICR_LOW) & ICR_PENDING)
		cpu_relax();
	apic_write(APIC_ICR_HIGH, apic_id << 24);
	apic_write(APIC_ICR_LOW, low);
}

/*
 * @deadline_ns: absolute; ~0: no event. A deadline that has passed fires at once.
 * A timer that is due earlier is left alone: whoever is woken looks again.
 */
void apic_timer_set(struct lp *lp, u64 deadline_ns, u64 now)
{
	u64 ticks;

	if (deadline_ns == lp->timer_ns || (lp->timer_ns > now && lp->timer_ns < deadline_ns))
		return;
	lp->timer_ns = deadline_ns;
	if (deadline_ns == ~0ull) {
		apic_write(APIC_TMICT, 0);
		return;
	}
	ticks = deadline_ns > now ? (deadline_ns - now) : 1;
	if (ticks > 1000000000ull)
		ticks = 1000000000ull;		/* look again in a second */
	ticks = ticks * (apic_timer_hz / 1000) / 1000000;
	apic_write(APIC_TMICT, ticks ? ticks : 1);
}

/* Ticks of the physical timer so far, for time_init() to measure it. */
u32 apic_timer_count(bool start)
{
	if (start)
		apic_write(APIC_TMICT, ~0u);
	return ~0u - apic_read(APIC_TMCCT);
}

void apic_init(void)
{
	wrmsr(MSR_APIC_BASE, APIC_BASE | BIT(11) | (rdmsr(MSR_APIC_BASE) & BIT(8)));
	apic_write(APIC_SVR, SVR_ENABLE | VECTOR_SPURIOUS);
	apic_write(APIC_TPR, 0);
	/* Nothing we hand out is addressed logically. What is all the same shall be caught, not lost. */
	apic_write(APIC_DFR, ~0u);
	apic_write(APIC_LDR, (1u << 24) << nr_lps % 8);
	apic_write(APIC_LVT_LINT0, LVT_MASKED);		/* the 8259 reaches nobody */
	apic_write(APIC_LVT_LINT1, LVT_NMI);
	apic_write(APIC_LVT_ERROR, LVT_MASKED);
	apic_write(APIC_TDCR, TDCR_DIV_1);
	apic_write(APIC_LVT_TIMER, VECTOR_TIMER);
	apic_write(APIC_TMICT, 0);
}

/* Firmware leaves the 8259 live on LINT0: quiet before LINT0 is masked, so that nothing stays half delivered. */
void pic_mask(void)
{
	outb(0x21, 0xff);
	outb(0xa1, 0xff);
}
