// SPDX-License-Identifier: GPL-2.0
/* The clock of the PC: tells the time in UTC, cannot be set */
#include <time.h>

#include "vmm.h"

#define RTC_INDEX_MASK	0x7f

static __u8 bcd(int n)
{
	return n / 10 % 10 << 4 | n % 10;
}

static __u8 rtc_read(__u8 index)
{
	time_t now = time(NULL);
	const struct tm *tm = gmtime(&now);
	const __u8 registers[] = {
		[0] = bcd(tm->tm_sec),
		[2] = bcd(tm->tm_min),
		[4] = bcd(tm->tm_hour),
		[6] = bcd(tm->tm_wday + 1),
		[7] = bcd(tm->tm_mday),
		[8] = bcd(tm->tm_mon + 1),
		[9] = bcd(tm->tm_year % 100),
		[0x0a] = 0x26,		/* 32768 Hz, no update in progress */
		[0x0b] = 0x02,		/* 24 hours */
		[0x0d] = 0x80,		/* valid */
		[CMOS_CENTURY] = bcd(tm->tm_year / 100 + 19),
	};

	return index < sizeof(registers) ? registers[index] : 0;
}

/**
 * rtc_access() - The guest reads or writes the clock's two ports
 * @device: where to keep the index, a byte
 * @offset: index or data port
 * @size: only 1 is answered
 * @write: direction
 * @data: the value
 */
void rtc_access(void *device, __u64 offset, unsigned int size, bool write,
		__u64 *data)
{
	__u8 *index = device;

	if (size != 1)
		return;
	if (!offset && write)
		*index = *data & RTC_INDEX_MASK;
	else if (offset && !write)
		*data = rtc_read(*index);
}
