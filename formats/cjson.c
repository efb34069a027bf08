/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "formats/cjson.h"

void
cjson_put_string(struct wr *w, const char *s)
{
	size_t left = strlen(s), len;

	wr_u8(w, '"');
	for (; left > 0; s += len, left -= len) {
		uint8_t c = (uint8_t)*s;
		char hex[TEXT_HEX_SIZE(1)];

		if ((len = text_utf8((const uint8_t *)s, left)) == 0) {
			w->failed = true; /* no reader would take it */
			return;
		}
		if (c == '"' || c == '\\')
			wr_u8(w, '\\');
		if (c >= 0x20) {
			wr_bytes(w, s, len);
			continue;
		}
		text_hex(hex, &c, 1);
		wr_str(w, "\\u00");
		wr_str(w, hex);
	}
	wr_u8(w, '"');
}

void
cjson_put_uint(struct wr *w, uint64_t v)
{
	wr_fmt(w, "%llu", (unsigned long long)v);
}

void
cjson_put_bool(struct wr *w, bool v)
{
	wr_str(w, v ? "true" : "false");
}

void
cjson_put_member(struct wr *w, const char *name, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return;
	if (w->len > 0 && w->buf[w->len - 1] != '{')
		wr_u8(w, ',');
	cjson_put_string(w, name);
	wr_u8(w, ':');
	cjson_put_string(w, value);
}

void
cjson_want(struct rd *r, const char *literal)
{
	if (!cjson_have(r, literal))
		rd_fail(r,
		    "not the canonical form: a key is missing, "
		    "misplaced or unknown");
}

bool
cjson_have(struct rd *r, const char *literal)
{
	size_t n = strlen(literal);

	if (rd_left(r) < n || memcmp(r->p, literal, n) != 0)
		return false;
	rd_skip(r, n);
	return true;
}

/* What stands behind a backslash: a quote, a backslash or u00XX below 0x20. */
static uint8_t
get_escape(struct rd *r)
{
	uint8_t c = rd_u8(r), v = 0;
	const uint8_t *p;
	char back[TEXT_HEX_SIZE(1)];

	if (c == '"' || c == '\\')
		return c;
	if (c != 'u')
		rd_fail(r, "escape that the canonical form does not have");
	rd_magic(r, "00", 2);
	if ((p = rd_bytes(r, 2)) == NULL)
		return '?';
	if (!text_unhex(&v, 1, (const char *)p, 2) || v == 0 || v >= 0x20)
		rd_fail(r, "escape that the canonical form does not have");
	text_hex(back, &v, 1);
	if (memcmp(back, p, 2) != 0)
		rd_fail(r, "hex digits are lower case");
	return v;
}

void
cjson_get_string(struct rd *r, char *out, size_t room)
{
	size_t n = 0, len;

	cjson_want(r, "\"");
	while (r->why == NULL && !cjson_have(r, "\"")) {
		uint8_t c[4] = { 0 };

		if (rd_left(r) == 0) {
			rd_fail(r, "string without an end");
			break;
		}
		if (*r->p < 0x20 || (len = text_utf8(r->p, rd_left(r))) == 0) {
			rd_fail(
			    r, "string holds a byte that is not UTF-8 text");
			break;
		}
		rd_copy(r, c, len);
		if (c[0] == '\\')
			c[0] = get_escape(r);
		if (n + len >= room) {
			rd_fail(r, "string too long");
			break;
		}
		memcpy(out + n, c, len);
		n += len;
	}
	out[r->why == NULL ? n : 0] = '\0';
}

uint64_t
cjson_get_uint(struct rd *r)
{
	const uint8_t *first = r->p;
	uint64_t v = 0;

	while (rd_left(r) > 0 && *r->p >= '0' && *r->p <= '9') {
		uint64_t digit = (uint64_t)(rd_u8(r) - '0');

		if (v > (UINT64_MAX - digit) / 10)
			rd_fail(r, "number too large");
		v = v * 10 + digit;
	}
	if (r->p == first)
		rd_fail(r, "a number is missing");
	else if (*first == '0' && r->p - first > 1)
		rd_fail(r, "number with a leading zero");
	return r->why == NULL ? v : 0;
}

bool
cjson_get_bool(struct rd *r)
{
	if (cjson_have(r, "true"))
		return true;
	if (!cjson_have(r, "false"))
		rd_fail(r, "true or false is missing");
	return false;
}
