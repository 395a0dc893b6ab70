// SPDX-License-Identifier: GPL-2.0
/* How a run ends, and what it is blamed for. */
#include "hv.h"
#include "cpu.h"
#include "format.h"
#include "internal.h"

#define MAX_NAMED	20	/* of each kind, on the log */

static const char *const reasons[] = {
	[VERDICT_LEAK]			= "leak",
	[VERDICT_DROPPED_INTERRUPT]	= "dropped-interrupt",
	[VERDICT_ILLEGAL_TOUCH]		= "illegal-touch",
	[VERDICT_POISON]		= "poison",
	[VERDICT_ROOT_CRASH]		= "root-crash",
};
static_assert(ARRAY_SIZE(reasons) == NR_VERDICT_REASONS, "each reason has a name");

static u32 blamed[NR_VERDICT_REASONS];

void verdict_blame(enum verdict_reason why, const char *fmt, ...)
{
	char what[160];
	va_list args;

	if (blamed[why]++ >= MAX_NAMED)
		return;
	va_start(args, fmt);
	format_vtext(what, sizeof(what), fmt, args);
	va_end(args);
	hv_info("%s: %s", reasons[why], what);
}

/* One line that a program can read: every reason with its count, or clean. */
static bool verdict_print(void)
{
	char line[160];
	u64 len = 0;

	for (u32 i = 0; i < NR_VERDICT_REASONS; i++)
		if (blamed[i])
			len += format_text(line + len, sizeof(line) - len, " %s=%u", reasons[i], blamed[i]);
	hv_info("verdict:%s", len ? line : " clean");
	return !len;
}

void machine_exit(u8 code)
{
	if (options.exit_port)
		outb(options.exit_port, code);
	acpi_power_off();
	for (;;)
		asm volatile("cli; hlt");
}

void verdict_end(enum run_end how)
{
	static const char *const how_text[] = {
		[END_POWER_OFF] = "power-off", [END_RESET] = "reset", [END_HALT] = "halt",
		[END_ROOT_CRASH] = "root crash", [END_ILLEGAL_TOUCH] = "illegal touch",
	};
	bool orderly = how <= END_HALT, clean;

	hv_info("end: %s after %llu ms", how_text[how], time_now_ns() / 1000000);
	trace_print(orderly);
	lp_stats_print();
	if (orderly) {
		hc_verdict();
		frame_verdict();
	}
	clean = verdict_print();
	if (how == END_ROOT_CRASH)
		machine_exit(EXIT_ROOT_CRASH);
	if (how == END_RESET && clean)
		machine_exit(EXIT_RESET);
	if (how == END_HALT && clean)
		machine_exit(EXIT_HALT);
	machine_exit(clean ? EXIT_CLEAN : EXIT_BLAMED);
}
