// SPDX-License-Identifier: GPL-2.0
#include "tap.h"
#include "bits.h"

TEST(highest_and_lowest_bit_are_found_or_minus_one)
{
	check_eq(bit_highest(0), -1);
	check_eq(bit_lowest(0), -1);
	check_eq(bit_highest(1), 0);
	check_eq(bit_highest(BIT(63) | 1), 63);
	check_eq(bit_lowest(BIT(63)), 63);
	check_eq(bit_lowest(0x50), 4);
}

TEST(bits_are_counted)
{
	check_eq(bit_count(0), 0);
	check_eq(bit_count(U64_MAX), 64);
	check_eq(bit_count(BIT(63) | BIT(5)), 2);
}

TEST(a_range_of_bits_includes_both_ends)
{
	check_eq(BITS(63, 0), U64_MAX);
	check_eq(BITS(7, 4), 0xf0);
	check_eq(BITS(63, 63), BIT(63));
	check_eq(BITS(0, 0), 1);
}

TEST(each_bit_of_a_256_bit_map_is_its_own)
{
	u32 map[8];

	for (u32 bit = 0; bit < 256; bit++) {
		memset(map, 0, sizeof(map));
		bitmap256_set(map, bit);
		check_eq(bitmap256_highest(map), bit);
		for (u32 other = 0; other < 256; other++)
			check_eq(bitmap256_test(map, other), other == bit);
		bitmap256_clear(map, bit);
		check_eq(bitmap256_highest(map), -1);
	}
}

TEST(the_highest_of_several_wins_in_a_256_bit_map)
{
	u32 map[8] = { 0 };

	bitmap256_set(map, 33);
	bitmap256_set(map, 32);
	bitmap256_set(map, 5);
	check_eq(bitmap256_highest(map), 33);
	bitmap256_clear(map, 33);
	check_eq(bitmap256_highest(map), 32);
}

TEST(walking_a_bitmap_visits_its_set_bits_and_stops_at_the_end)
{
	u64 map[3] = { 0 };
	u32 at;

	bitmap_set(map, 0);
	bitmap_set(map, 63);
	bitmap_set(map, 64);
	bitmap_set(map, 150);
	at = bitmap_next(map, 150, 0);
	check_eq(at, 0);
	at = bitmap_next(map, 150, at + 1);
	check_eq(at, 63);
	at = bitmap_next(map, 150, at + 1);
	check_eq(at, 64);
	at = bitmap_next(map, 150, at + 1);
	check_eq(at, 150);
	check_eq(bitmap_next(map, 151, 65), 150);
	check_eq(bitmap_count(map, 192), 4);
	check_eq(bitmap_count(map, 150), 3);
	bitmap_clear(map, 63);
	check(!bitmap_test(map, 63));
	check_eq(bitmap_count(map, 192), 3);
}

TEST(the_first_clear_bit_is_found_across_words)
{
	u64 map[2] = { U64_MAX, 0x7 };

	check_eq(bitmap_next_clear(map, 128, 0), 67);
	check_eq(bitmap_next_clear(map, 66, 0), 66);
	check_eq(bitmap_next_clear(map, 128, 100), 100);
}

TEST(mul_div_agrees_with_wide_arithmetic)
{
	for (u32 i = 0; i < 100000; i++) {
		u64 a = tap_random() >> (tap_random() % 64), b = tap_random() >> (tap_random() % 64);
		u64 by = (tap_random() >> (tap_random() % 64)) | 1;
		unsigned __int128 product = (unsigned __int128)a * b;
		unsigned __int128 down = product / by, up = (product + by - 1) / by;

		if (!check_eq(mul_div(a, b, by), down >> 64 ? U64_MAX : (u64)down))
			return;
		if (!check_eq(mul_div_up(a, b, by), up >> 64 ? U64_MAX : (u64)up))
			return;
		check_eq(mul_high(a, b), (u64)(product >> 64));
		check_eq(mul_shift(a & U32_MAX, b & U32_MAX, 7), (a & U32_MAX) * (b & U32_MAX) >> 7);
	}
}

TEST(a_quotient_that_does_not_fit_saturates)
{
	check_eq(mul_div(U64_MAX, U64_MAX, 1), U64_MAX);
	check_eq(mul_div(U64_MAX, U64_MAX, U64_MAX), U64_MAX);
	check_eq(mul_div(U64_MAX, 2, 2), U64_MAX);
	check_eq(mul_div_up(U64_MAX, U64_MAX, 1), U64_MAX);
	check_eq(mul_div(0, 5, 3), 0);
}

TEST(the_reference_tsc_scale_counts_ten_million_a_second)
{
	const u64 hz[] = { 10000001, 999999999, 1000000000, 2893299000ull, 5000000000ull };

	for (u32 i = 0; i < ARRAY_SIZE(hz); i++) {
		u64 scale = reference_tsc_scale(hz[i]);
		u64 day = mul_high(hz[i] * 86400, scale);

		check_eq(scale, (u64)(((unsigned __int128)10000000 << 64) / hz[i]));
		check(864000000000ull - day <= 1);	/* rounds down, by less than one */
	}
}

TEST(alignment_helpers_keep_the_type)
{
	check_eq(ALIGN_DOWN(0x1fffffffffull, 4096), 0x1ffffff000ull);
	check_eq(ALIGN_UP(0x1001ull, 4096), 0x2000);
	check_eq(ALIGN_UP(0x1000u, 4096), 0x1000);
	check(IS_ALIGNED(0x200000ull, 0x200000));
	check(!IS_ALIGNED(0x201000ull, 0x200000));
}
