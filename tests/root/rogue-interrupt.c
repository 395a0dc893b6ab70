// SPDX-License-Identifier: GPL-2.0
/*
 * Raise a device interrupt that no hypercall mapped.
 *
 * Routes the real-time clock's periodic interrupt (IO-APIC pin 8, which this
 * kernel does not use) to a vector of our own making, lets it fire a few times
 * and puts everything back.
 */
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <unistd.h>

#define IOAPIC_BASE	0xfec00000
#define RTC_PIN		8
#define ROGUE_VECTOR	0x7b		/* fixed, physical, edge, CPU 0 */
#define PIN_MASKED	0x10000

#define RTC_INDEX	0x70
#define RTC_DATA	0x71
#define RTC_B		0x0b
#define RTC_C		0x0c
#define RTC_B_PERIODIC	0x40

static volatile uint32_t *ioapic;

static void ioapic_write(uint8_t reg, uint32_t value)
{
	ioapic[0] = reg;
	ioapic[4] = value;
}

static uint32_t ioapic_read(uint8_t reg)
{
	ioapic[0] = reg;
	return ioapic[4];
}

static uint8_t rtc_read(uint8_t reg)
{
	outb(reg, RTC_INDEX);
	return inb(RTC_DATA);
}

static void rtc_write(uint8_t reg, uint8_t value)
{
	outb(reg, RTC_INDEX);
	outb(value, RTC_DATA);
}

int main(void)
{
	uint32_t low, high;
	uint8_t control;
	int fd = open("/dev/mem", O_RDWR | O_SYNC);

	if (fd < 0 || ioperm(RTC_INDEX, 2, 1))
		err(2, "no access to the hardware");
	ioapic = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, IOAPIC_BASE);
	if (ioapic == MAP_FAILED)
		err(2, "IO-APIC");

	low = ioapic_read(0x10 + 2 * RTC_PIN);
	high = ioapic_read(0x11 + 2 * RTC_PIN);
	control = rtc_read(RTC_B);

	ioapic_write(0x10 + 2 * RTC_PIN, PIN_MASKED);
	ioapic_write(0x11 + 2 * RTC_PIN, 0);
	ioapic_write(0x10 + 2 * RTC_PIN, ROGUE_VECTOR);
	rtc_write(RTC_B, control | RTC_B_PERIODIC);
	for (int i = 0; i < 20; i++) {
		usleep(5000);
		rtc_read(RTC_C);	/* acknowledges, so that the next one can come */
	}
	rtc_write(RTC_B, control);
	rtc_read(RTC_C);

	ioapic_write(0x10 + 2 * RTC_PIN, PIN_MASKED);
	ioapic_write(0x11 + 2 * RTC_PIN, high);
	ioapic_write(0x10 + 2 * RTC_PIN, low);
	printf("pin %d raised vector 0x%x\n", RTC_PIN, ROGUE_VECTOR);
	return 0;
}
