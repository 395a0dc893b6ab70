// SPDX-License-Identifier: GPL-2.0
/*
 * Requests of the root to the hypervisor itself, for those who test: lines that it
 * writes to the port of the log. The answer is read from the same port, a byte at a
 * time; after its end there are zeros.
 *
 *	routes		log the routes of all device interrupts
 *	lps		log where the logical processors are
 *	fault=...	as on the command line (fault.c); "fault=none" takes all back
 *	counters	answer with lines "NAME VALUE": "faults" that were met since
 *			"fault=none"; since "mark", or since the start: "root-ticks" of the
 *			TSC that the root's VPs have run, and "call-CODE" for each hypercall
 *			that was completed
 *	mark		counters count from here
 *
 * What has no answer of its own is answered with "ok", or with "what?" if it is not
 * understood.
 */
#include "fault.h"
#include "format.h"
#include "hc.h"
#include "internal.h"
#include "string.h"

#define LINE_MAX	64u
#define ANSWER_MAX	4096u

static char line[LINE_MAX], answer[ANSWER_MAX];
static u32 line_len, answer_len, answer_pos;
static u64 marked_ticks;

void control_answer(const char *name, u64 value)
{
	int len = format_text(answer + answer_len, ANSWER_MAX - answer_len, "%s %llu\n", name, value);

	if (answer_len + len < ANSWER_MAX)
		answer_len += len;
}

static u64 root_ticks(void)
{
	u64 sum = 0;
	struct vp *vp;
	u32 pos = 0;

	while ((vp = vp_next(root, &pos)))
		sum += vp->run_ticks;
	return sum;
}

static void counters(void)
{
	control_answer("faults", fault_hits());
	control_answer("root-ticks", root_ticks() - marked_ticks);
	hypercall_counters();
}

static void mark(void)
{
	marked_ticks = root_ticks();
	hypercall_mark();
}

static void control_run(void)
{
	bool known = true;

	answer_len = answer_pos = 0;
	if (!strcmp(line, "routes"))
		irq_print();
	else if (!strcmp(line, "lps"))
		topology_print();
	else if (!strncmp(line, "fault=", 6))
		known = fault_parse(line + 6, line_len - 6);
	else if (!strcmp(line, "counters"))
		counters();
	else if (!strcmp(line, "mark"))
		mark();
	else
		known = false;
	if (!answer_len)
		answer_len = format_text(answer, ANSWER_MAX, known ? "ok\n" : "what?\n");
}

void control_write(u8 byte)
{
	if (byte != '\n') {
		/* A line that is too long is none that is known. */
		line[min(line_len, LINE_MAX - 1)] = byte;
		line_len = min(line_len + 1, LINE_MAX);
		return;
	}
	line[min(line_len, LINE_MAX - 1)] = 0;
	control_run();
	line_len = 0;
}

u8 control_read(void)
{
	return answer_pos < answer_len ? answer[answer_pos++] : 0;
}
