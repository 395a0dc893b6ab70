// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts from one processor to another. The next one is sent as soon as the handler has
 * looked at what the one before was about, and is not through yet: it must come, too.
 */
#include "payload.h"

#define ROUNDS		200u
#define APIC_BASE	0x1bu
#define APIC_BASE_X2APIC	(3u << 10)
#define APIC_SVR	0x80fu
#define APIC_SVR_ENABLE	BIT(8)
#define PATIENCE	(1ull << 32)	/* TSC ticks */

static volatile u64 sent, seen;

/* While it lasts, its vector is in service, and the next one waits in the IRR. */
__attribute__((interrupt)) static void trap_ipi(void *frame)
{
	(void)frame;
	seen = sent;
	for (u32 i = 0; i < 2000; i++)
		asm volatile("pause");
	wrmsr(HV_MSR_EOI, 0);
}

static void second_main(void)
{
	wrmsr(APIC_BASE, rdmsr(APIC_BASE) | APIC_BASE_X2APIC);
	wrmsr(APIC_SVR, APIC_SVR_ENABLE | 0xff);
	asm volatile("sti");
	seen = sent;
	for (;;)
		asm volatile("pause");
}

static bool comes(u64 what)
{
	u64 end = rdtsc() + PATIENCE;

	while (seen != what && rdtsc() < end)
		asm volatile("pause");
	return seen == what;
}

void interrupts_checks(void)
{
	u32 rounds = 0;

	if (nr_cpus == 1)
		return;
	trap_set(IPI_VECTOR, trap_ipi);
	sent = 1;
	second_vp_start(second_main, SECOND_IN);
	check(comes(1), 1, "the second VP is there");
	while (rounds < ROUNDS) {
		sent++;
		if (fast(HVCALL_SEND_SYNTHETIC_CLUSTER_IPI, IPI_VECTOR, BIT(1)) || !comes(sent))
			break;
		rounds++;
	}
	check(rounds, ROUNDS, "an interrupt that comes while its handler runs is not lost");
	check(reg_set(~0ull, 1, HV_REG_EXPLICIT_SUSPEND, 1, 0), 0, "the second VP is stopped");
}
