// SPDX-License-Identifier: GPL-2.0
#include "tap.h"

/* The library's are the judge: ours go by other names here. */
#define memcpy hv_memcpy
#define memmove hv_memmove
#define memset hv_memset
#define memcmp hv_memcmp
#define strlen hv_strlen
#define strcmp hv_strcmp
#define strncmp hv_strncmp
#include "string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen
#undef strcmp
#undef strncmp

static void fill(u8 *bytes, u32 n)
{
	while (n--)
		*bytes++ = tap_random();
}

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

TEST(copy_and_set_change_their_range_and_nothing_beside_it)
{
	u8 from[64], ours[64], theirs[64];

	for (u32 n = 0; n < 60; n++) {
		fill(from, sizeof(from));
		fill(ours, sizeof(ours));
		memcpy(theirs, ours, sizeof(ours));
		check(hv_memcpy(ours + 2, from + 1, n) == ours + 2);
		memcpy(theirs + 2, from + 1, n);
		check(!memcmp(ours, theirs, sizeof(ours)));
		check(hv_memset(ours + 3, 0x1a5, n) == ours + 3);
		memset(theirs + 3, 0x1a5, n);
		check(!memcmp(ours, theirs, sizeof(ours)));
	}
}

TEST(move_works_both_ways_over_itself)
{
	for (u32 to = 0; to < 8; to++) {
		for (u32 from = 0; from < 8; from++) {
			u8 ours[32], theirs[32];

			fill(ours, sizeof(ours));
			memcpy(theirs, ours, sizeof(ours));
			check(hv_memmove(ours + to, ours + from, 20) == ours + to);
			memmove(theirs + to, theirs + from, 20);
			check(!memcmp(ours, theirs, sizeof(ours)));
		}
	}
}

TEST(comparisons_have_the_sign_of_the_first_difference)
{
	static const char *words[] = { "", "a", "ab", "abc", "abd", "b", "\xff" };

	for (u32 i = 0; i < ARRAY_SIZE(words); i++) {
		check_eq(hv_strlen(words[i]), strlen(words[i]));
		for (u32 j = 0; j < ARRAY_SIZE(words); j++) {
			check_eq(sign(hv_strcmp(words[i], words[j])), sign(strcmp(words[i], words[j])));
			check_eq(sign(hv_strncmp(words[i], words[j], 2)), sign(strncmp(words[i], words[j], 2)));
			check_eq(hv_strncmp(words[i], words[j], 0), 0);
		}
	}
	check_eq(sign(hv_memcmp("a\0b", "a\0c", 3)), -1);
	check_eq(hv_memcmp("a\0b", "a\0c", 2), 0);
	check_eq(sign(hv_memcmp("\xff", "\1", 1)), 1);
}
