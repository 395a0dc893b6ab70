/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel's header needs of the kernel, for a program on the build host. */
#ifndef ABI_LINUX_TYPES_H
#define ABI_LINUX_TYPES_H

#include <assert.h>
#include <stddef.h>

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define __packed	__attribute__((packed))
#define BIT(n)		(1UL << (n))
#define BIT_ULL(n)	(1ULL << (n))

/* The kernel's takes no message. */
#undef static_assert
#define static_assert(expr)	_Static_assert(expr, #expr)

#endif
