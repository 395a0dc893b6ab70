// SPDX-License-Identifier: GPL-2.0
#include "tap.h"
#include "format.c"

/* Same text and length as the C library's, whatever the room. */
#define agrees(...)							\
do {									\
	char ours[128], theirs[128];					\
									\
	for (u32 room = 0; room <= sizeof(ours); room += room < 40 ? 1 : 44) {	\
		memset(ours, 'x', sizeof(ours));			\
		memset(theirs, 'x', sizeof(theirs));			\
		check_eq(format_text(ours, room, __VA_ARGS__), snprintf(theirs, room, __VA_ARGS__)); \
		check(!memcmp(ours, theirs, sizeof(ours)));		\
	}								\
} while (0)

static int format_unchecked(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = format_vtext(buf, size, fmt, args);
	va_end(args);
	return n;
}

TEST(text_without_conversions_is_copied)
{
	agrees("hv: up");
	agrees("100%%");
}

TEST(numbers_print_as_in_the_c_library)
{
	static const long long values[] = {
		0, 1, -1, 9, 10, 255, -255, 0x7fffffff, -0x7fffffff - 1, 0x80000000ll,
		0x7fffffffffffffffll, -0x7fffffffffffffffll - 1, 1234567890123ll,
	};

	for (u32 i = 0; i < ARRAY_SIZE(values); i++) {
		long long v = values[i];

		agrees("%d %i %u %x %X", (int)v, (int)v, (int)v, (int)v, (int)v);
		agrees("%lld %llu %llx %llX", v, v, v, v);
		agrees("%ld %lu %lx", (long)v, (long)v, (long)v);
		agrees("%zu", (size_t)v);
		agrees("%hd %hu %hx", (short)v, (unsigned short)v, (unsigned short)v);
		agrees("%hhd %hhu %hhx", (signed char)v, (unsigned char)v, (unsigned char)v);
	}
}

TEST(narrow_lengths_cut_their_argument)
{
	char text[40];

	format_unchecked(text, sizeof(text), "%hhd %hhu %hd %hu", 0x1ff, 0x1ff, 0x1ffff, 0x1fffe);
	check_str(text, "-1 255 -1 65534");
}

TEST(width_zeros_and_left_print_as_in_the_c_library)
{
	agrees("[%5d][%-5d][%05d]", 42, 42, 42);
	agrees("[%5d][%-5d][%05d]", -42, -42, -42);
	agrees("[%9d][%-9d][%19d]", 42, 42, 42);
	agrees("[%2d][%-2d][%02d]", 12345, 12345, 12345);
	agrees("%016llx %08x %02x", 0xfee00000ull, 0xbeefu, 7u);
	agrees("[%*d][%*d]", 6, 1, -6, 1);
}

TEST(strings_and_characters_print_as_in_the_c_library)
{
	agrees("[%s][%3s]", "", "");
	agrees("[%s][%8s][%-8s]", "lp", "lp", "lp");
	agrees("[%.1s][%.5s][%.*s]", "abc", "abc", 2, "abc");
	agrees("[%c][%3c][%-3c]", 'a', 'b', 'c');
}

TEST(a_precision_bounds_what_is_read_of_a_string)
{
	char unended[3] = { 'a', 'b', 'c' }, text[8];

	format_text(text, sizeof(text), "%.3s", unended);
	check_str(text, "abc");
}

TEST(null_strings_and_pointers_are_survived)
{
	const char *volatile none = NULL;
	char text[40];

	format_text(text, sizeof(text), "%s", none);
	check_str(text, "(null)");
	format_text(text, sizeof(text), "%p", (void *)0xfee00000);
	check_str(text, "00000000fee00000");
}

TEST(an_unknown_conversion_prints_as_it_stands_and_takes_nothing)
{
	char text[40];

	format_unchecked(text, sizeof(text), "%q %d", 5);
	check_str(text, "%q 5");
	format_unchecked(text, sizeof(text), "%08", 5);
	check_str(text, "%08");
	format_unchecked(text, sizeof(text), "100%");
	check_str(text, "100%");
}

static bool number(const char *s, const char *ends, u64 expected, char end)
{
	u64 value = ~expected;
	const char *at = format_number(s, ends, &value);

	return at && value == expected && *at == end;
}

TEST(numbers_are_read_in_both_bases_up_to_an_end)
{
	check(number("0", "", 0, 0));
	check(number("42,7", ",", 42, ','));
	check(number("0xf4", "", 0xf4, 0));
	check(number("0XF4 x", " ", 0xf4, ' '));
	check(number("18446744073709551615", "", U64_MAX, 0));
	check(number("0xffffffffffffffff", "", U64_MAX, 0));
}

TEST(what_is_no_number_is_refused)
{
	static const char *bad[] = {
		"", ",", "x", "0x", "-1", "1x", "12 ", "0xg", "18446744073709551616",
		"99999999999999999999", "0x10000000000000000",
	};
	u64 value;

	for (u32 i = 0; i < ARRAY_SIZE(bad); i++)
		if (!check(!format_number(bad[i], ",", &value)))
			printf("# accepted \"%s\"\n", bad[i]);
}
