/* SPDX-License-Identifier: GPL-2.0 */
/* Integer types and the small macros everything here is written with. */
#ifndef TYPES_H
#define TYPES_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef signed char s8;
typedef signed short s16;
typedef signed int s32;
typedef signed long long s64;

#define U32_MAX		((u32)~0u)
#define U64_MAX		((u64)~0ull)

/* 64 bits wide, so that ~BIT(n) clears nothing above bit 31 by accident. */
#define BIT(n)		(1ull << (n))
/* Bits @high to @low, both included. */
#define BITS(high, low)	((U64_MAX >> (63 - (high))) & (U64_MAX << (low)))

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#ifndef static_assert
#define static_assert	_Static_assert
#endif

#ifndef __packed
#define __packed	__attribute__((packed))
#endif
#ifndef __aligned
#define __aligned(n)	__attribute__((aligned(n)))
#endif
#ifndef __noreturn
#define __noreturn	__attribute__((noreturn))
#endif
#ifndef __format_printf
#define __format_printf(fmt, args)	__attribute__((format(printf, fmt, args)))
#endif

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))

#define min(a, b) \
	({ __typeof__(a) min_a = (a); __typeof__(b) min_b = (b); min_a < min_b ? min_a : min_b; })
#define max(a, b) \
	({ __typeof__(a) max_a = (a); __typeof__(b) max_b = (b); max_a > max_b ? max_a : max_b; })

/* @align is a power of two. */
#define ALIGN_DOWN(x, align)	((x) & ~((__typeof__(x))(align) - 1))
#define ALIGN_UP(x, align)	ALIGN_DOWN((x) + ((__typeof__(x))(align) - 1), align)
#define IS_ALIGNED(x, align)	(((x) & ((__typeof__(x))(align) - 1)) == 0)

#endif
