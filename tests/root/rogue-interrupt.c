// SPDX-License-Identifier: GPL-2.0
/*
 * Raise a device interrupt that no hypercall mapped.
 *
 * Routes timer 1 of the HPET, which this kernel does not use, to IO-APIC pin 8
 * (its place in legacy mode, and one it can choose in the other), and the pin to
 * a vector of our own making; lets it fire a few times, puts everything back.
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
#define ROGUE_VECTOR	0x7b		/* fixed, physical, edge, CPU 0 */

#define HPET_BASE	0xfed00000
#define HPET_CONFIG	0x010
#define HPET_ENABLE	1
#define HPET_COUNTER	0x0f0
#define HPET_T1_CONFIG	0x120
#define HPET_T1_ROUTE	(4 | PIN << 9)	/* enabled, edge, once, to the pin */
#define HPET_T1_AT	0x128
#define HPET_DELTA	100000		/* 1 ms of QEMU's 100 MHz */

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
	pin_write(0, ROGUE_VECTOR);
	hpet[HPET_CONFIG / 4] = config | HPET_ENABLE;
	hpet[HPET_T1_CONFIG / 4] = HPET_T1_ROUTE;
	for (int i = 0; i < 10; i++) {
		hpet[HPET_T1_AT / 4] = hpet[HPET_COUNTER / 4] + HPET_DELTA;
		usleep(3000);
	}
	hpet[HPET_T1_CONFIG / 4] = timer;
	hpet[HPET_CONFIG / 4] = config;

	pin_write(0, PIN_MASKED);
	pin_write(1, high);
	pin_write(0, low);
	printf("pin %d raised vector %#x\n", PIN, ROGUE_VECTOR);
	return 0;
}
