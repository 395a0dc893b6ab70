// SPDX-License-Identifier: GPL-2.0
#include "format.h"
#include "string.h"

struct out {
	char *buf;
	size_t size, length;	/* length: of the whole text, even where it does not fit */
};

struct spec {
	bool left, zero, upper;
	u32 width;
	int precision;		/* -1: none */
	u8 size;		/* of the argument in bytes */
};

static void out_char(struct out *out, char c)
{
	if (out->length + 1 < out->size)
		out->buf[out->length] = c;
	out->length++;
}

static void out_fill(struct out *out, char c, u32 n)
{
	while (n--)
		out_char(out, c);
}

/* @sign: 0 or the character before the digits, in front of any zeros. */
static void out_padded(struct out *out, const struct spec *spec, char sign, const char *text, u32 n)
{
	u32 total = n + !!sign;
	u32 pad = spec->width > total ? spec->width - total : 0;

	if (!spec->left && !spec->zero)
		out_fill(out, ' ', pad);
	if (sign)
		out_char(out, sign);
	if (!spec->left && spec->zero)
		out_fill(out, '0', pad);
	for (u32 i = 0; i < n; i++)
		out_char(out, text[i]);
	if (spec->left)
		out_fill(out, ' ', pad);
}

static void out_number(struct out *out, const struct spec *spec, char sign, u64 value, u32 base)
{
	const char *digits = spec->upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char text[20];
	u32 at = sizeof(text);

	do {
		text[--at] = digits[value % base];
		value /= base;
	} while (value);
	out_padded(out, spec, sign, text + at, sizeof(text) - at);
}

static void out_signed(struct out *out, const struct spec *spec, s64 value)
{
	bool negative = value < 0;

	out_number(out, spec, negative ? '-' : 0, negative ? -(u64)value : (u64)value, 10);
}

static void out_string(struct out *out, struct spec *spec, const char *s)
{
	u32 n = 0;

	if (!s)
		s = "(null)";
	while ((spec->precision < 0 || n < (u32)spec->precision) && s[n])
		n++;
	spec->zero = false;
	out_padded(out, spec, 0, s, n);
}

static void out_pointer(struct out *out, struct spec *spec, const void *p)
{
	spec->zero = true;
	spec->width = 16;
	out_number(out, spec, 0, (u64)(size_t)p, 16);
}

/* ---- the format ---- */

static const char *parse_flags(const char *fmt, struct spec *spec)
{
	for (;; fmt++) {
		if (*fmt == '-')
			spec->left = true;
		else if (*fmt == '0')
			spec->zero = true;
		else
			return fmt;
	}
}

static const char *parse_count(const char *fmt, va_list *args, int *count)
{
	if (*fmt == '*') {
		*count = va_arg(*args, int);
		return fmt + 1;
	}
	for (*count = 0; *fmt >= '0' && *fmt <= '9'; fmt++)
		if (*count < 1000)
			*count = *count * 10 + (*fmt - '0');
	return fmt;
}

static const char *parse_width(const char *fmt, struct spec *spec, va_list *args)
{
	int width;

	fmt = parse_count(fmt, args, &width);
	if (width < 0) {
		spec->left = true;
		width = -width;
	}
	spec->width = width;
	spec->precision = -1;
	if (*fmt == '.')
		fmt = parse_count(fmt + 1, args, &spec->precision);
	return fmt;
}

static const char *parse_length(const char *fmt, struct spec *spec)
{
	spec->size = sizeof(int);
	for (;; fmt++) {
		if (*fmt == 'l' || *fmt == 'z')
			spec->size = 8;
		else if (*fmt == 'h')
			spec->size = spec->size == 2 ? 1 : 2;
		else
			return fmt;
	}
}

/* Narrow arguments come as int, with whatever above their width. */
static u64 arg_unsigned(const struct spec *spec, va_list *args)
{
	if (spec->size == 8)
		return va_arg(*args, u64);
	return va_arg(*args, u32) & (U32_MAX >> (32 - 8 * spec->size));
}

static s64 arg_signed(const struct spec *spec, va_list *args)
{
	u64 value = arg_unsigned(spec, args);
	u32 shift = 64 - 8 * spec->size;

	return (s64)(value << shift) >> shift;
}

/* False: no such conversion, nothing was taken or printed. */
static bool convert(struct out *out, struct spec *spec, char conversion, va_list *args)
{
	char c;

	switch (conversion) {
	case 'd':
	case 'i':
		out_signed(out, spec, arg_signed(spec, args));
		return true;
	case 'u':
		out_number(out, spec, 0, arg_unsigned(spec, args), 10);
		return true;
	case 'X':
		spec->upper = true;
		/* fall through */
	case 'x':
		out_number(out, spec, 0, arg_unsigned(spec, args), 16);
		return true;
	case 's':
		out_string(out, spec, va_arg(*args, const char *));
		return true;
	case 'c':
		c = va_arg(*args, int);
		spec->zero = false;
		out_padded(out, spec, 0, &c, 1);
		return true;
	case 'p':
		out_pointer(out, spec, va_arg(*args, const void *));
		return true;
	case '%':
		out_char(out, '%');
		return true;
	default:
		return false;
	}
}

/* @fmt is behind the '%'; returns what is behind the conversion. */
static const char *format_one(struct out *out, const char *fmt, va_list *args)
{
	struct spec spec = { .left = false };
	const char *at = parse_flags(fmt, &spec);

	at = parse_width(at, &spec, args);
	at = parse_length(at, &spec);
	if (convert(out, &spec, *at, args))
		return at + 1;
	out_char(out, '%');
	return fmt;
}

int format_vtext(char *buf, size_t size, const char *fmt, va_list args)
{
	struct out out = { .buf = buf, .size = size };
	va_list copy;

	va_copy(copy, args);
	while (*fmt) {
		if (*fmt == '%')
			fmt = format_one(&out, fmt + 1, &copy);
		else
			out_char(&out, *fmt++);
	}
	va_end(copy);
	if (size)
		buf[min(out.length, size - 1)] = '\0';
	return out.length;
}

int format_text(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = format_vtext(buf, size, fmt, args);
	va_end(args);
	return n;
}

/* ---- numbers ---- */

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

static bool ends_here(char c, const char *ends)
{
	while (*ends && *ends != c)
		ends++;
	return !c || *ends;
}

const char *format_number(const char *s, const char *ends, u64 *value)
{
	u32 base = s[0] == '0' && (s[1] | 0x20) == 'x' ? 16 : 10;
	const char *start;
	u64 n = 0;

	if (base == 16)
		s += 2;
	for (start = s; !ends_here(*s, ends); s++) {
		u32 digit = digit_value(*s);

		if (digit >= base || n > (U64_MAX - digit) / base)
			return NULL;
		n = n * base + digit;
	}
	if (s == start)
		return NULL;
	*value = n;
	return s;
}
