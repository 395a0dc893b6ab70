// SPDX-License-Identifier: GPL-2.0
/* The hypervisor's command line: words, each known or refused. */
#include "fault.h"
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
};

static bool word_is(const char *word, u64 len, const char *name)
{
	return len == strlen(name) && !memcmp(word, name, len);
}

static u16 parse_port(const char *s, u64 len)
{
	u32 val = 0;

	if (len < 3 || s[0] != '0' || s[1] != 'x')
		hv_panic("exit= takes a port such as 0xf4, or 0x0 for none");
	for (u64 i = 2; i < len; i++) {
		char c = s[i] | 0x20;

		if (c >= '0' && c <= '9')
			val = val * 16 + c - '0';
		else if (c >= 'a' && c <= 'f')
			val = val * 16 + c - 'a' + 10;
		else
			val = 0x10000;
		if (val > 0xffff)
			hv_panic("exit= takes a port such as 0xf4, or 0x0 for none");
	}
	return val;
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
		hv_panic("fault= takes call:CODE:NTH:REPS:STATUS or message:NTH:dup|type|vp|size, not %.*s", (int)len, word);
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
	else if (word_is(word, len, "trap-reset"))
		options.trap_reset = true;
	else if (word_is(word, len, "verbose"))
		options.verbose = true;
	else if (len > 5 && !memcmp(word, "exit=", 5))
		options.exit_port = parse_port(word + 5, len - 5);
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
