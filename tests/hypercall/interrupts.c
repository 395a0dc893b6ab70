// SPDX-License-Identifier: GPL-2.0
/*
 * Interrupts for another processor: from the first, and from a device whose route goes there.
 */
#include "payload.h"

#define ROUNDS		200u
#define APIC_BASE	0x1bu
#define APIC_BASE_X2APIC	(3u << 10)
#define APIC_SVR	0x80fu
#define APIC_SVR_ENABLE	BIT(8)
#define PATIENCE	(1ull << 32)	/* TSC ticks */

#define PIN_ROUNDS	5000u
#define EDGE		0u
#define LEVEL		1u
#define IOAPIC		((u64)HV_DEVICE_IOAPIC << HV_DEVICE_TYPE_SHIFT)
#define IOAPIC_INDEX	(*(volatile u32 *)0xfec00000)
#define IOAPIC_DATA	(*(volatile u32 *)0xfec00010)
#define CONSOLE_PIN	4u
#define CONSOLE_IER	(CONSOLE + 1)
#define RTE_MASKED	BIT(16)

static volatile u64 sent, seen, from_pin;
static volatile bool busy;

/* While it lasts, its vector is in service, and the next one waits in the IRR. */
__attribute__((interrupt)) static void trap_ipi(void *frame)
{
	(void)frame;
	seen = sent;
	for (u32 i = 0; i < 2000; i++)
		asm volatile("pause");
	wrmsr(HV_MSR_EOI, 0);
}

__attribute__((interrupt)) static void trap_pin(void *frame)
{
	(void)frame;
	from_pin++;
	outb(CONSOLE_IER, 0);
	wrmsr(HV_MSR_EOI, 0);
}

static void second_main(void)
{
	wrmsr(APIC_BASE, rdmsr(APIC_BASE) | APIC_BASE_X2APIC);
	wrmsr(APIC_SVR, APIC_SVR_ENABLE | 0xff);
	asm volatile("sti");
	seen = sent;
	for (;;) {
		if (busy)
			rdmsr(HV_MSR_VP_INDEX);
		else
			asm volatile("pause");
	}
}

static bool comes(const volatile u64 *where, u64 what)
{
	u64 end = rdtsc() + PATIENCE;

	while (*where < what && rdtsc() < end)
		asm volatile("pause");
	return *where >= what;
}

/*
 * The next one is sent as soon as the handler has looked at what the one before was about, and
 * is not through yet: it must come, too.
 */
static void ipi_checks(void)
{
	u32 rounds = 0;

	while (rounds < ROUNDS) {
		sent++;
		if (fast(HVCALL_SEND_SYNTHETIC_CLUSTER_IPI, IPI_VECTOR, BIT(1)) || !comes(&seen, sent))
			break;
		rounds++;
	}
	check(rounds, ROUNDS, "an interrupt that comes while its handler runs is not lost");
}

static void pin_write(u64 rte)
{
	IOAPIC_INDEX = 0x11 + 2 * CONSOLE_PIN;
	IOAPIC_DATA = rte >> 32;
	IOAPIC_INDEX = 0x10 + 2 * CONSOLE_PIN;
	IOAPIC_DATA = (u32)rte;
}

/* The pairs that leave are free when their processor has looked. */
static u16 pin_map(u32 trigger, struct hv_interrupt_entry *entry)
{
	u64 end = rdtsc() + PATIENCE;
	u16 status;

	do
		status = interrupt_map(IOAPIC, trigger, PIN_VECTOR, 1);
	while (status == HV_STATUS_NO_RESOURCES && rdtsc() < end);
	*entry = *(struct hv_interrupt_entry *)out;
	return status;
}

/*
 * The console is able to send, which is an interrupt, and then the route is unmapped: wherever the
 * second processor is, the interrupt belongs to that route. What does not is blamed. At the end
 * there is nothing in the way of another.
 */
static void pin_checks(u32 trigger)
{
	struct hv_interrupt_entry entry;
	u32 rounds = 0;

	from_pin = 0;
	busy = true;
	while (rounds < PIN_ROUNDS && !pin_map(trigger, &entry)) {
		pin_write(entry.rte);
		outb(CONSOLE_IER, 2);
		outb(CONSOLE_IER, 0);
		pin_write(RTE_MASKED);
		if (interrupt_unmap(IOAPIC, &entry))
			break;
		rounds++;
	}
	busy = false;
	check(rounds, PIN_ROUNDS, "routes whose interrupt may be on its way are unmapped");
	check(comes(&from_pin, 1), 1, "and it comes");

	check(pin_map(trigger, &entry), 0, "one more route");
	from_pin = 0;
	pin_write(entry.rte);
	outb(CONSOLE_IER, 2);
	check(comes(&from_pin, 1), 1, "and its interrupt");
	pin_write(RTE_MASKED);
	check(interrupt_unmap(IOAPIC, &entry), 0, "which is unmapped");
}

void interrupts_checks(void)
{
	if (nr_cpus == 1)
		return;
	trap_set(IPI_VECTOR, trap_ipi);
	sent = 1;
	second_vp_start(second_main, SECOND_IN);
	check(comes(&seen, 1), 1, "the second VP is there");
	ipi_checks();
	trap_set(PIN_VECTOR, trap_pin);
	pin_checks(EDGE);
	pin_checks(LEVEL);
	check(reg_set(~0ull, 1, HV_REG_EXPLICIT_SUSPEND, 1, 0), 0, "the second VP is stopped");
}
