// SPDX-License-Identifier: GPL-2.0
/* The log: QEMU's debug console, a port that takes a character per write. */
#include "hv.h"
#include "cpu.h"
#include "format.h"
#include "internal.h"

#define DEBUGCON_PORT	0xe9

#define MAX_NOTICES	1000u

static volatile u32 log_busy;

static void log_write(const char *s)
{
	for (; *s; s++)
		outb(DEBUGCON_PORT, *s);
}

void log_printf(const char *fmt, ...)
{
	char line[256];
	va_list args;

	va_start(args, fmt);
	format_vtext(line, sizeof(line), fmt, args);
	va_end(args);
	/* A line at a time; a processor that died inside must not silence the others. */
	for (u32 spin = 0; __sync_lock_test_and_set(&log_busy, 1) && spin < 1000000; spin++)
		cpu_relax();
	log_write(line);
	__sync_lock_release(&log_busy);
}

bool log_notice_allowed(void)
{
	static u32 nr;

	if (nr == MAX_NOTICES)
		hv_info("enough of the like: no further notices");
	return nr <= MAX_NOTICES && nr++ < MAX_NOTICES;
}

void hv_panic(const char *fmt, ...)
{
	char line[256];
	va_list args;

	va_start(args, fmt);
	format_vtext(line, sizeof(line), fmt, args);
	va_end(args);
	trace_print(false);
	log_printf("hv: panic: %s\n", line);
	log_printf("hv: verdict: hypervisor panic\n");
	machine_exit(EXIT_PANIC);
}
