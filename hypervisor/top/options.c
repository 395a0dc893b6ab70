// SPDX-License-Identifier: GPL-2.0
/* The hypervisor's command line: words, each known or refused. */
#include "fault.h"
#include "format.h"
#include "hv.h"
#include "internal.h"
#include "string.h"

struct options options = { .exit_port = 0xf4 };

static const struct {
	const char *name;
	u32 bit;
} quirks[] = {
	{ "guest-pages", QUIRK_GUEST_PAGES },
	{ "root-vectors", QUIRK_ROOT_VECTORS },
	{ "stale-maps", QUIRK_STALE_MAPS },
	{ "unmap-flags", QUIRK_UNMAP_FLAGS },
};

static bool word_is(const char *word, u64 len, const char *name)
{
	return len == strlen(name) && !memcmp(word, name, len);
}

/* A word ends at a blank or where the line does. */
static u64 parse_number(const char *word, u64 max, const char *what)
{
	u64 n;

	if (!format_number(word, " ", &n) || n > max)
		hv_panic("%s", what);
	return n;
}

static void parse_quirk(const char *word, u64 len)
{
	for (u32 i = 0; i < ARRAY_SIZE(quirks); i++) {
		if (word_is(word, len, quirks[i].name)) {
			options.quirks |= quirks[i].bit;
			hv_info("quirk %s is on", quirks[i].name);
			return;
		}
	}
	hv_panic("unknown quirk on the command line: %.*s", (int)len, word);
}

static void parse_quirks(const char *word, u64 len)
{
	while (len) {
		u64 n = 0;

		while (n < len && word[n] != ',')
			n++;
		parse_quirk(word, n);
		word += n < len ? n + 1 : n;
		len -= n < len ? n + 1 : n;
	}
}

static void parse_fault(const char *word, u64 len)
{
	if (!fault_parse(word, len))
		hv_panic("fault= does not take %.*s: see fault.c", (int)len, word);
}

static void parse_role(const char *word, u64 len)
{
	if (!role_find(word, len, &options.role))
		hv_panic("role= takes root, l1vh, guest or isolated, not %.*s", (int)len, word);
}

static void parse_word(const char *word, u64 len)
{
	if (word_is(word, len, "sched=lp"))
		options.root_scheduler = false;
	else if (word_is(word, len, "sched=root"))
		options.root_scheduler = true;
	else if (len > 5 && !memcmp(word, "role=", 5))
		parse_role(word + 5, len - 5);
	else if (word_is(word, len, "hints=all"))
		options.all_hints = true;
	else if (word_is(word, len, "lps=all"))
		options.all_lps = true;
	else if (word_is(word, len, "trap-reset"))
		options.trap_reset = true;
	else if (word_is(word, len, "verbose"))
		options.verbose = true;
	else if (len > 6 && !memcmp(word, "trace=", 6))
		options.trace = parse_number(word + 6, TRACE_MAX, "trace= takes a number of entries, up to 65536");
	else if (len > 5 && !memcmp(word, "exit=", 5))
		options.exit_port = parse_number(word + 5, 0xffff, "exit= takes a port such as 0xf4, or 0 for none");
	else if (len > 6 && !memcmp(word, "quirk=", 6))
		parse_quirks(word + 6, len - 6);
	else if (len > 6 && !memcmp(word, "fault=", 6))
		parse_fault(word + 6, len - 6);
	else
		hv_panic("unknown word on the command line: %.*s", (int)len, word);
}

/* @line: as the boot loader gives it, the image's own name first. */
void options_parse(const char *line)
{
	bool first = true;

	while (*line) {
		u64 len = 0;

		while (*line == ' ')
			line++;
		while (line[len] && line[len] != ' ')
			len++;
		if (len && !first)
			parse_word(line, len);
		first = false;
		line += len;
	}
}
