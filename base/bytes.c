/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

void
rd_init(struct rd *r, const void *buf, size_t n)
{
	memset(r, 0, sizeof(*r));
	r->base = r->p = buf;
	r->end = n == 0 ? r->p : r->p + n;
}

size_t
rd_left(const struct rd *r)
{
	return r->why != NULL ? 0 : (size_t)(r->end - r->p);
}

size_t
rd_off(const struct rd *r)
{
	return (size_t)(r->p - r->base);
}

void
rd_fail(struct rd *r, const char *why)
{
	size_t at = rd_off(r);

	for (; r != NULL && r->why == NULL; r = r->up) {
		r->why = why;
		r->at = at;
	}
}

const uint8_t *
rd_bytes(struct rd *r, size_t n)
{
	const uint8_t *p = r->p;

	if (r->why != NULL)
		return NULL;
	if (n > (size_t)(r->end - r->p)) {
		rd_fail(r, "truncated");
		return NULL;
	}
	r->p += n;
	return p;
}

void
rd_copy(struct rd *r, void *out, size_t n)
{
	const uint8_t *p = rd_bytes(r, n);

	if (p != NULL && n != 0)
		memcpy(out, p, n);
	else
		memset(out, 0, n);
}

void
rd_skip(struct rd *r, size_t n)
{
	rd_bytes(r, n);
}

static uint64_t
rd_le(struct rd *r, size_t n)
{
	const uint8_t *p = rd_bytes(r, n);
	uint64_t v = 0;

	for (size_t i = n; p != NULL && i-- > 0;)
		v = v << 8 | p[i];
	return v;
}

static uint32_t
rd_be(struct rd *r, size_t n)
{
	const uint8_t *p = rd_bytes(r, n);
	uint32_t v = 0;

	for (size_t i = 0; p != NULL && i < n; i++)
		v = v << 8 | p[i];
	return v;
}

uint8_t
rd_u8(struct rd *r)
{
	return (uint8_t)rd_le(r, 1);
}

uint16_t
rd_u16le(struct rd *r)
{
	return (uint16_t)rd_le(r, 2);
}

uint32_t
rd_u32le(struct rd *r)
{
	return (uint32_t)rd_le(r, 4);
}

uint16_t
rd_u16be(struct rd *r)
{
	return (uint16_t)rd_be(r, 2);
}

uint32_t
rd_u32be(struct rd *r)
{
	return rd_be(r, 4);
}

struct rd
rd_sub(struct rd *r, size_t n)
{
	struct rd sub = *r;

	sub.up = r;
	sub.p = rd_bytes(r, n);
	if (sub.p == NULL) {
		sub.p = sub.end = r->p;
		sub.why = r->why;
		sub.at = r->at;
	} else
		sub.end = sub.p + n;
	return sub;
}

size_t
rd_count(struct rd *r, size_t n, size_t each)
{
	if (r->why != NULL)
		return 0;
	if (each != 0 && n > (size_t)(r->end - r->p) / each) {
		rd_fail(r, "count larger than what follows");
		return 0;
	}
	return n;
}

void
rd_magic(struct rd *r, const void *want, size_t n)
{
	const uint8_t *p = r->p;
	const uint8_t *got = rd_bytes(r, n);

	if (got != NULL && memcmp(got, want, n) != 0) {
		r->p = p;
		rd_fail(r, "wrong magic");
	}
}

void
rd_fill(struct rd *r, uint8_t v, size_t n)
{
	const uint8_t *p = rd_bytes(r, n);

	for (size_t i = 0; p != NULL && i < n; i++)
		if (p[i] != v) {
			r->p = p + i;
			rd_fail(r, "padding is not blank");
			return;
		}
}

bool
rd_end(struct rd *r)
{
	if (r->why == NULL && r->p != r->end)
		rd_fail(r, "trailing bytes");
	return r->why == NULL;
}

enum err_code
rd_err(const struct rd *r, const struct reason *why, struct err *e)
{
	err_refuse(e, ERR_DATA, why, "offset 0x%zx: %s", r->at,
	    r->why != NULL ? r->why : "not understood");
	return err_at(e, r->at);
}

void
wr_fixed(struct wr *w, void *buf, size_t n)
{
	memset(w, 0, sizeof(*w));
	w->buf = buf;
	w->cap = w->max = n;
}

void
wr_grow(struct wr *w, size_t max)
{
	memset(w, 0, sizeof(*w));
	w->max = max;
	w->grows = true;
}

static bool
wr_more(struct wr *w, size_t n)
{
	size_t cap = w->cap < 256 ? 256 : w->cap;
	uint8_t *buf;

	if (!w->grows || n > w->max - w->len)
		return false;
	while (cap - w->len < n)
		cap = cap > w->max / 2 ? w->max : cap * 2;
	if (cap > w->max)
		cap = w->max;
	if ((buf = malloc(cap)) == NULL)
		return false;
	if (w->len != 0)
		memcpy(buf, w->buf, w->len);
	if (w->buf != NULL)
		explicit_bzero(w->buf, w->cap);
	free(w->buf);
	w->buf = buf;
	w->cap = cap;
	return true;
}

static uint8_t *
wr_room(struct wr *w, size_t n)
{
	if (!w->failed && n > w->cap - w->len && !wr_more(w, n))
		w->failed = true;
	if (w->failed || n == 0)
		return NULL;
	w->len += n;
	return w->buf + w->len - n;
}

void
wr_bytes(struct wr *w, const void *p, size_t n)
{
	uint8_t *to = wr_room(w, n);

	if (to != NULL)
		memcpy(to, p, n);
}

void
wr_str(struct wr *w, const char *s)
{
	wr_bytes(w, s, strlen(s));
}

void
wr_fmt(struct wr *w, const char *fmt, ...)
{
	char line[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(line))
		w->failed = true;
	else
		wr_bytes(w, line, (size_t)n);
	explicit_bzero(line, sizeof(line));
}

void
wr_fill(struct wr *w, uint8_t v, size_t n)
{
	uint8_t *to = wr_room(w, n);

	if (to != NULL)
		memset(to, v, n);
}

static void
wr_le(struct wr *w, uint64_t v, size_t n)
{
	uint8_t *to = wr_room(w, n);

	for (size_t i = 0; to != NULL && i < n; i++)
		to[i] = (uint8_t)(v >> 8 * i);
}

static void
wr_be(struct wr *w, uint32_t v, size_t n)
{
	uint8_t *to = wr_room(w, n);

	for (size_t i = 0; to != NULL && i < n; i++)
		to[i] = (uint8_t)(v >> 8 * (n - 1 - i));
}

void
wr_u8(struct wr *w, uint8_t v)
{
	wr_le(w, v, 1);
}

void
wr_u16le(struct wr *w, uint16_t v)
{
	wr_le(w, v, 2);
}

void
wr_u32le(struct wr *w, uint32_t v)
{
	wr_le(w, v, 4);
}

void
wr_u16be(struct wr *w, uint16_t v)
{
	wr_be(w, v, 2);
}

void
wr_u32be(struct wr *w, uint32_t v)
{
	wr_be(w, v, 4);
}

size_t
wr_hole(struct wr *w, size_t n)
{
	size_t off = w->len;

	wr_fill(w, 0, n);
	return off;
}

void
wr_patch(struct wr *w, size_t off, const void *p, size_t n)
{
	if (w->failed)
		return;
	if (off > w->len || n > w->len - off)
		w->failed = true;
	else if (n != 0)
		memcpy(w->buf + off, p, n);
}

void
wr_patch_u32le(struct wr *w, size_t off, uint32_t v)
{
	uint8_t b[4];

	put_u32le(b, v);
	wr_patch(w, off, b, sizeof(b));
}

void
wr_reset(struct wr *w)
{
	if (w->buf != NULL)
		explicit_bzero(w->buf, w->len);
	w->len = 0;
	w->failed = false;
}

bool
wr_take(struct wr *w, uint8_t **buf, size_t *n)
{
	if (w->buf == NULL && !w->failed)
		wr_more(w, 1);
	if (w->failed || w->buf == NULL) {
		wr_free(w);
		return false;
	}
	*buf = w->buf;
	*n = w->len;
	memset(w, 0, sizeof(*w));
	return true;
}

void
wr_free(struct wr *w)
{
	if (w->buf != NULL)
		explicit_bzero(w->buf, w->cap);
	if (w->grows)
		free(w->buf);
	memset(w, 0, sizeof(*w));
}

bool
span_cut(struct span s, size_t off, size_t len, struct span *out)
{
	if (off > s.n || len > s.n - off)
		return false;
	out->p = s.p + off;
	out->n = len;
	return true;
}

bool
bytes_are(const uint8_t *p, size_t from, size_t end, uint8_t v)
{
	return from >= end ||
	    (p[from] == v &&
		memcmp(p + from, p + from + 1, end - from - 1) == 0);
}

uint16_t
get_u16le(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

uint32_t
get_u32le(const uint8_t *p)
{
	return get_u16le(p) | (uint32_t)get_u16le(p + 2) << 16;
}

uint64_t
get_u64le(const uint8_t *p)
{
	return get_u32le(p) | (uint64_t)get_u32le(p + 4) << 32;
}

void
put_u16le(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

void
put_u32le(uint8_t *p, uint32_t v)
{
	put_u16le(p, (uint16_t)v);
	put_u16le(p + 2, (uint16_t)(v >> 16));
}

void
put_u64le(uint8_t *p, uint64_t v)
{
	put_u32le(p, (uint32_t)v);
	put_u32le(p + 4, (uint32_t)(v >> 32));
}
