/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"

unsigned
text_within(unsigned c, unsigned lo, unsigned hi)
{
	return 0u - (((lo - 1 - c) & (c - hi - 1)) >> 31);
}

static char
hex_digit(unsigned v)
{
	return (char)('0' + v + (text_within(v, 10, 15) & ('a' - '0' - 10)));
}

/* 0..15, or above 15 if c is no digit. */
static unsigned
hex_value(unsigned c)
{
	unsigned v = 0xff;

	v ^= text_within(c, '0', '9') & (v ^ (c - '0'));
	v ^= text_within(c, 'a', 'f') & (v ^ (c - 'a' + 10));
	v ^= text_within(c, 'A', 'F') & (v ^ (c - 'A' + 10));
	return v;
}

void
text_hex(char *out, const void *buf, size_t n)
{
	const uint8_t *p = buf;

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = hex_digit(p[i] >> 4);
		out[2 * i + 1] = hex_digit(p[i] & 15);
	}
	out[2 * n] = '\0';
}

bool
text_unhex(void *buf, size_t n, const char *hex, size_t len)
{
	uint8_t *out = buf;
	unsigned bad = 0;

	if (len % 2 != 0 || len / 2 != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned hi = hex_value((uint8_t)hex[2 * i]);
		unsigned lo = hex_value((uint8_t)hex[2 * i + 1]);

		bad |= hi | lo;
		out[i] = (uint8_t)(hi << 4 | (lo & 15));
	}
	return bad <= 15;
}

static char
b64_digit(unsigned v)
{
	unsigned c = 'A' + v;

	c ^= text_within(v, 26, 51) & (c ^ ('a' + v - 26));
	c ^= text_within(v, 52, 61) & (c ^ ('0' + v - 52));
	c ^= text_within(v, 62, 62) & (c ^ '+');
	c ^= text_within(v, 63, 63) & (c ^ '/');
	return (char)c;
}

static unsigned
b64_value(unsigned c)
{
	unsigned v = 0xff;

	v ^= text_within(c, 'A', 'Z') & (v ^ (c - 'A'));
	v ^= text_within(c, 'a', 'z') & (v ^ (c - 'a' + 26));
	v ^= text_within(c, '0', '9') & (v ^ (c - '0' + 52));
	v ^= text_within(c, '+', '+') & (v ^ 62);
	v ^= text_within(c, '/', '/') & (v ^ 63);
	return v;
}

void
text_b64(char *out, const void *buf, size_t n)
{
	const uint8_t *p = buf;
	size_t o = 0;

	for (size_t i = 0; i < n; i += 3) {
		unsigned v = (unsigned)p[i] << 16;

		if (i + 1 < n)
			v |= (unsigned)p[i + 1] << 8;
		if (i + 2 < n)
			v |= p[i + 2];
		out[o++] = b64_digit(v >> 18);
		out[o++] = b64_digit(v >> 12 & 63);
		out[o++] = i + 1 < n ? b64_digit(v >> 6 & 63) : '=';
		out[o++] = i + 2 < n ? b64_digit(v & 63) : '=';
	}
	out[o] = '\0';
}

bool
text_unb64(void *buf, size_t *n, const char *b64, size_t len)
{
	uint8_t *out = buf;
	size_t pad = 0, o = 0, want;
	unsigned acc = 0, bad = 0;

	if (len % 4 != 0)
		return false;
	while (pad < 2 && pad < len && b64[len - 1 - pad] == '=')
		pad++;
	want = len / 4 * 3 - pad;
	if (want > *n)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned v = i < len - pad ? b64_value((uint8_t)b64[i]) : 0;

		bad |= v;
		acc = acc << 6 | (v & 63);
		if (i % 4 != 3)
			continue;
		for (unsigned k = 0; k < 3; k++) {
			uint8_t byte = (uint8_t)(acc >> (16 - 8 * k));

			if (o < want)
				out[o++] = byte;
			else if (byte != 0)
				bad |= 0x80; /* spare bits are set */
		}
		acc = 0;
	}
	*n = want;
	return bad <= 63;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool
text_unb64_lines(void *buf, size_t *n, const char *b64, size_t len)
{
	uint8_t *out = buf;
	size_t got = 0, have = 0, part = 3;
	char four[4];

	for (size_t i = 0; i < len; i++) {
		if (is_blank(b64[i]))
			continue;
		if (have == 0 && part != 3) /* behind the padding */
			return false;
		four[have++] = b64[i];
		if (have < sizeof(four))
			continue;
		part = *n - got;
		if (!text_unb64(out + got, &part, four, sizeof(four)))
			return false;
		got += part;
		have = 0;
	}
	*n = got;
	return have == 0;
}

size_t
text_utf8(const uint8_t *p, size_t left)
{
	size_t n = p[0] < 0x80 ? 1
	    : p[0] < 0xc2      ? 0
	    : p[0] < 0xe0      ? 2
	    : p[0] < 0xf0      ? 3
	    : p[0] < 0xf5      ? 4
			       : 0;

	if (n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0; /* overlong, a surrogate, or past U+10FFFF */
	return n;
}

bool
text_printable(const void *buf, size_t n)
{
	const uint8_t *p = buf;

	for (size_t i = 0; i < n; i++)
		if (p[i] < 0x20 || p[i] > 0x7e)
			return false;
	return true;
}

bool
text_copy(char *out, size_t room, const char *s)
{
	size_t n = strlen(s);

	if (n >= room)
		return false;
	memcpy(out, s, n + 1);
	return true;
}

static bool
two_digits(const char **p, uint8_t *out)
{
	const char *s = *p;

	for (*out = 0; *s >= '0' && *s <= '9' && s - *p < 2; s++)
		*out = (uint8_t)(*out * 10 + (*s - '0'));
	if (s == *p)
		return false;
	*p = s;
	return true;
}

bool
text_version(const char *s, uint8_t *major, uint8_t *minor)
{
	*minor = 0;
	if (!two_digits(&s, major))
		return false;
	if (*s == '.') {
		s++;
		if (!two_digits(&s, minor))
			return false;
	}
	return *s == '\0';
}

const char *
text_plural(unsigned long long n)
{
	return n == 1 ? "" : "s";
}
