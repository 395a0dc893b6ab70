/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Formatted text without a C library.
 *
 * Conversions: %d %i %u %x %X %s %c %p %%; flags '0' and '-', width and (for %s)
 * precision as digits or '*'; lengths h, hh, l, ll and z. What is not known is
 * printed as it stands, so that a wrong format shows and nothing is read for it.
 */
#ifndef FORMAT_H
#define FORMAT_H

#include "types.h"

/*
 * Write to @buf, at most @size bytes with the end mark, always ended when @size is
 * not 0. Returns the length the whole text has, as snprintf() does.
 */
int format_vtext(char *buf, size_t size, const char *fmt, va_list args);
int format_text(char *buf, size_t size, const char *fmt, ...) __format_printf(3, 4);

/*
 * Read an unsigned number, decimal or with 0x hexadecimal, that ends at the end of @s
 * or at one of the bytes of @ends. NULL: there is none or it does not fit; otherwise
 * where it ended.
 */
const char *format_number(const char *s, const char *ends, u64 *value);

#endif
