// SPDX-License-Identifier: GPL-2.0
/*
 * Raise device interrupts that no hypercall mapped, on vectors of all kinds.
 *
 * Routes timer 1 of the HPET, which this kernel does not use, to IO-APIC pin 8
 * (its place in legacy mode, and one it can choose in the other), and the pin to
 * vectors of our own making; lets it fire once for each, puts everything back.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define IOAPIC_BASE	0xfec00000
#define IOAPIC_INDEX	0x00
#define IOAPIC_DATA	0x10
#define PIN		8
#define PIN_MASKED	0x10000

#define HPET_BASE	0xfed00000
#define HPET_CONFIG	0x010
#define HPET_ENABLE	1
#define HPET_COUNTER	0x0f0
#define HPET_T1_CONFIG	0x120
#define HPET_T1_ROUTE	(4 | PIN << 9)	/* enabled, edge, once, to the pin */
#define HPET_T1_AT	0x128
#define HPET_DELTA	100000		/* 1 ms of QEMU's 100 MHz */

/* Exceptions have some of them, with an error code and without; the last may be a hypervisor's own. */
static const uint8_t vectors[] = { 0x00, 0x02, 0x08, 0x0e, 0x12, 0x1e, 0x20, 0x7b, 0xef, 0xf0, 0xf1, 0xf2, 0xfe, 0xff };

static volatile uint32_t *ioapic, *hpet;

static volatile uint32_t *device_map(int mem, off_t base)
{
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, mem, base);

	if (at == MAP_FAILED)
		err(2, "cannot map the device at %#lx", (long)base);
	return at;
}

static uint32_t pin_read(int half)
{
	ioapic[IOAPIC_INDEX / 4] = 0x10 + 2 * PIN + half;
	return ioapic[IOAPIC_DATA / 4];
}

static void pin_write(int half, uint32_t value)
{
	ioapic[IOAPIC_INDEX / 4] = 0x10 + 2 * PIN + half;
	ioapic[IOAPIC_DATA / 4] = value;
}

/* Fixed, physical, edge, CPU 0. */
static void vector_raise(uint8_t vector)
{
	pin_write(0, PIN_MASKED);
	pin_write(0, vector);
	hpet[HPET_T1_AT / 4] = hpet[HPET_COUNTER / 4] + HPET_DELTA;
	usleep(3000);
	printf("pin %d raised vector %#x\n", PIN, vector);
}

int main(void)
{
	uint32_t low, high, config, timer;
	int mem = open("/dev/mem", O_RDWR | O_SYNC);

	if (mem < 0)
		err(2, "/dev/mem");
	ioapic = device_map(mem, IOAPIC_BASE);
	hpet = device_map(mem, HPET_BASE);

	low = pin_read(0);
	high = pin_read(1);
	config = hpet[HPET_CONFIG / 4];
	timer = hpet[HPET_T1_CONFIG / 4];

	pin_write(0, PIN_MASKED);
	pin_write(1, 0);
	hpet[HPET_CONFIG / 4] = config | HPET_ENABLE;
	hpet[HPET_T1_CONFIG / 4] = HPET_T1_ROUTE;
	for (unsigned int i = 0; i < sizeof(vectors); i++)
		vector_raise(vectors[i]);
	hpet[HPET_T1_CONFIG / 4] = timer;
	hpet[HPET_CONFIG / 4] = config;

	pin_write(0, PIN_MASKED);
	pin_write(1, high);
	pin_write(0, low);
	return 0;
}
