// SPDX-License-Identifier: GPL-2.0
/* The clock of the PC: tells the time in UTC, cannot be set */
#include <time.h>

#include "vmm.h"

#define RTC_PORT_INDEX	0
#define RTC_INDEX_MASK	0x7f

#define RTC_REG_A	0x0a
#define RTC_REG_B	0x0b
#define RTC_REG_C	0x0c
#define RTC_REG_D	0x0d

#define RTC_A_DIVIDER	0x26	/* 32768 Hz, no update in progress */
#define RTC_B_24_HOURS	0x02
#define RTC_D_VALID	0x80

static __u8 bcd(int n)
{
	return n / 10 % 10 << 4 | n % 10;
}

static __u8 rtc_read(__u8 index)
{
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	switch (index) {
	case 0:
		return bcd(tm.tm_sec);
	case 2:
		return bcd(tm.tm_min);
	case 4:
		return bcd(tm.tm_hour);
	case 6:
		return bcd(tm.tm_wday + 1);
	case 7:
		return bcd(tm.tm_mday);
	case 8:
		return bcd(tm.tm_mon + 1);
	case 9:
		return bcd(tm.tm_year % 100);
	case CMOS_CENTURY:
		return bcd(tm.tm_year / 100 + 19);
	case RTC_REG_A:
		return RTC_A_DIVIDER;
	case RTC_REG_B:
		return RTC_B_24_HOURS;
	case RTC_REG_D:
		return RTC_D_VALID;
	default:
		return 0;
	}
}

/**
 * rtc_access() - The guest reads or writes the clock's two ports
 * @device: the clock
 * @offset: index or data port
 * @size: only 1 is answered
 * @write: direction
 * @data: the value
 */
void rtc_access(void *device, __u64 offset, unsigned int size, bool write,
		__u64 *data)
{
	struct rtc *rtc = device;

	if (size != 1)
		return;
	if (offset == RTC_PORT_INDEX) {
		if (write)
			rtc->index = *data & RTC_INDEX_MASK;
	} else if (!write) {
		*data = rtc_read(rtc->index);
	}
}
