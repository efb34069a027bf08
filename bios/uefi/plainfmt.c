/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "bios/uefi/plainfmt.h"

struct out {
	char *p;
	size_t n;   /* room, NUL included */
	size_t len; /* of the whole */
};

/* One conversion. */
struct conv {
	bool zero, left;
	size_t width;
	size_t precision; /* SIZE_MAX: none */
	int longs;        /* 0 int, 2 long long, 3 size_t */
};

static void
put(struct out *o, char c)
{
	if (o->n != 0 && o->len < o->n - 1)
		o->p[o->len] = c;
	o->len++;
}

static void
put_padded(struct out *o, const struct conv *c, const char *s, size_t n)
{
	size_t pad = c->width > n ? c->width - n : 0;

	for (size_t i = 0; !c->left && i < pad; i++)
		put(o, c->zero ? '0' : ' ');
	for (size_t i = 0; i < n; i++)
		put(o, s[i]);
	for (size_t i = 0; c->left && i < pad; i++)
		put(o, ' ');
}

static void
put_number(
    struct out *o, const struct conv *c, uint64_t v, unsigned base, bool minus)
{
	char digits[24];
	size_t at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v != 0);
	if (minus)
		digits[--at] = '-';
	put_padded(o, c, digits + at, sizeof(digits) - at);
}

static size_t
number(const char **fmt)
{
	size_t v = 0;

	while (**fmt >= '0' && **fmt <= '9' && v < 10000)
		v = v * 10 + (size_t)(*(*fmt)++ - '0');
	return v;
}

/* What stands between the % and the letter, but for a precision by *. */
static void
modifiers(const char **fmt, struct conv *c, bool *star)
{
	for (;; (*fmt)++)
		if (**fmt == '0')
			c->zero = true;
		else if (**fmt == '-')
			c->left = true;
		else
			break;
	c->width = number(fmt);
	c->precision = SIZE_MAX;
	if (**fmt == '.') {
		(*fmt)++;
		*star = **fmt == '*';
		if (*star)
			(*fmt)++;
		else
			c->precision = number(fmt);
	}
	for (; **fmt == 'l' || **fmt == 'h' || **fmt == 'z'; (*fmt)++)
		if (**fmt == 'z')
			c->longs = 3;
		else if (**fmt == 'l')
			c->longs++;
}

static void
put_text(struct out *o, const struct conv *c, const char *s)
{
	if (s == NULL)
		s = "(null)";
	put_padded(o, c, s, strnlen(s, c->precision));
}

/* A va_list that is a parameter may be an array: its address is taken where
 * it was copied to. */
struct args {
	va_list ap;
};

static uint64_t
next_unsigned(struct args *a, int longs)
{
	if (longs == 3)
		return va_arg(a->ap, size_t);
	if (longs == 2)
		return va_arg(a->ap, unsigned long long);
	return va_arg(a->ap, unsigned);
}

static int64_t
next_signed(struct args *a, int longs)
{
	if (longs >= 2)
		return va_arg(a->ap, long long);
	return va_arg(a->ap, int);
}

static bool
convert(struct out *o, const char **fmt, struct args *a)
{
	struct conv c = { 0 };
	bool star = false;
	int64_t i;
	char ch;

	modifiers(fmt, &c, &star);
	if (star) {
		int p = va_arg(a->ap, int);

		c.precision = p < 0 ? SIZE_MAX : (size_t)p;
	}
	if (c.longs == 1)
		return false;
	switch (**fmt) {
	case '%':
		put(o, '%');
		break;
	case 'c':
		ch = (char)va_arg(a->ap, int);
		put_padded(o, &c, &ch, 1);
		break;
	case 's':
		put_text(o, &c, va_arg(a->ap, const char *));
		break;
	case 'd':
		i = next_signed(a, c.longs);
		put_number(
		    o, &c, i < 0 ? 0 - (uint64_t)i : (uint64_t)i, 10, i < 0);
		break;
	case 'u':
		put_number(o, &c, next_unsigned(a, c.longs), 10, false);
		break;
	case 'x':
		put_number(o, &c, next_unsigned(a, c.longs), 16, false);
		break;
	default:
		return false;
	}
	(*fmt)++;
	return true;
}

int
plainfmt(char *out, size_t n, const char *fmt, va_list ap)
{
	struct out o = { out, n, 0 };
	struct args a;
	bool known = true;

	va_copy(a.ap, ap);
	while (known && *fmt != '\0')
		if (*fmt != '%')
			put(&o, *fmt++);
		else {
			fmt++;
			known = convert(&o, &fmt, &a);
		}
	va_end(a.ap);
	if (n != 0)
		out[o.len < n ? o.len : n - 1] = '\0';
	return known && o.len <= INT32_MAX ? (int)o.len : -1;
}
