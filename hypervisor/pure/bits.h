/* SPDX-License-Identifier: GPL-2.0 */
/* Bitmaps of u32 and u64 words, and arithmetic wider than 64 bits. */
#ifndef BITS_H
#define BITS_H

#include "types.h"

#define NS_PER_SECOND	1000000000ull

/* Number of the highest, lowest bit that is set; -1: none. */
static inline int bit_highest(u64 word)
{
	return word ? 63 - __builtin_clzll(word) : -1;
}

static inline int bit_lowest(u64 word)
{
	return word ? __builtin_ctzll(word) : -1;
}

/* __builtin_popcountll() may be a call into a library we do not have. */
static inline u32 bit_count(u64 word)
{
	u32 n = 0;

	for (; word; word &= word - 1)
		n++;
	return n;
}

/* Bitmaps of 256 bits in 32-bit words, as ISR, TMR and IRR are. */
static inline bool bitmap256_test(const u32 map[8], u8 bit)
{
	return map[bit / 32] >> (bit % 32) & 1;
}

static inline void bitmap256_set(u32 map[8], u8 bit)
{
	map[bit / 32] |= 1u << (bit % 32);
}

static inline void bitmap256_clear(u32 map[8], u8 bit)
{
	map[bit / 32] &= ~(1u << (bit % 32));
}

static inline int bitmap256_highest(const u32 map[8])
{
	for (int i = 7; i >= 0; i--)
		if (map[i])
			return i * 32 + bit_highest(map[i]);
	return -1;
}

/* Bitmaps of any length in 64-bit words. */
static inline bool bitmap_test(const u64 *map, u32 bit)
{
	return map[bit / 64] >> (bit % 64) & 1;
}

static inline void bitmap_set(u64 *map, u32 bit)
{
	map[bit / 64] |= BIT(bit % 64);
}

static inline void bitmap_clear(u64 *map, u32 bit)
{
	map[bit / 64] &= ~BIT(bit % 64);
}

/* First set bit at or after @from, or @nr_bits if there is none below it. */
static inline u32 bitmap_next(const u64 *map, u32 nr_bits, u32 from)
{
	while (from < nr_bits) {
		u64 word = map[from / 64] >> (from % 64);

		if (word) {
			from += bit_lowest(word);
			return from < nr_bits ? from : nr_bits;
		}
		from = (from / 64 + 1) * 64;
	}
	return nr_bits;
}

/* First clear bit at or after @from, or @nr_bits if there is none below it. */
static inline u32 bitmap_next_clear(const u64 *map, u32 nr_bits, u32 from)
{
	while (from < nr_bits && bitmap_test(map, from))
		from++;
	return from < nr_bits ? from : nr_bits;
}

static inline u32 bitmap_count(const u64 *map, u32 nr_bits)
{
	u32 n = 0, bit;

	for (bit = bitmap_next(map, nr_bits, 0); bit < nr_bits; bit = bitmap_next(map, nr_bits, bit + 1))
		n++;
	return n;
}

/* High 64 bits of @a * @b: what the reference TSC page's scale is applied with. */
static inline u64 mul_high(u64 a, u64 b)
{
	return (u64)((unsigned __int128)a * b >> 64);
}

/* @a * @b >> @shift, shift below 64; the caller knows that it fits. */
static inline u64 mul_shift(u64 a, u64 b, u32 shift)
{
	return (u64)((unsigned __int128)a * b >> shift);
}

/*
 * floor(@value / @by) of 128 bits by 64 with a 64-bit quotient: DIV, because the
 * compiler would call a library function for it. Saturates where DIV would fault.
 */
static inline u64 div_128(unsigned __int128 value, u64 by)
{
	u64 high = (u64)(value >> 64), quotient, rest;

	if (high >= by)
		return U64_MAX;
	asm("divq %4" : "=a"(quotient), "=d"(rest) : "a"((u64)value), "d"(high), "rm"(by) : "cc");
	return quotient;
}

/* floor and ceiling of @a * @b / @by, exact; U64_MAX if that does not fit. */
static inline u64 mul_div(u64 a, u64 b, u64 by)
{
	return div_128((unsigned __int128)a * b, by);
}

static inline u64 mul_div_up(u64 a, u64 b, u64 by)
{
	return div_128((unsigned __int128)a * b + (by - 1), by);
}

/*
 * TscScale of the reference TSC page: floor(10^7 * 2^64 / @tsc_hz), so that
 * mul_high(tsc, scale) counts 100 ns. @tsc_hz above 10 MHz.
 */
static inline u64 reference_tsc_scale(u64 tsc_hz)
{
	return div_128((unsigned __int128)10000000 << 64, tsc_hz);
}

#endif
