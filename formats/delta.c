/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles freestanding, as a programmer's firmware may want it. */
#include <string.h>

#include "base/digest.h"
#include "base/text.h"
#include "formats/delta.h"
#include "formats/reason.h"

#define MAGIC "AMTFDLT1"
#define RANGE_HEAD 16

#define CLEARS 1u
#define SECRET 2u

static uint32_t
flags_of(const struct delta_range *r)
{
	return (r->clears ? CLEARS : 0) | (r->secret ? SECRET : 0);
}

bool
delta_clears(const struct delta *d)
{
	bool all = true;

	for (size_t i = 0; i < d->n; i++)
		all = all && d->r[i].clears;
	return all;
}

bool
delta_secret(const struct delta *d)
{
	bool any = false;

	for (size_t i = 0; i < d->n; i++)
		any = any || d->r[i].secret;
	return any;
}

static uint32_t
all_flags(const struct delta *d)
{
	return (delta_clears(d) ? CLEARS : 0) | (delta_secret(d) ? SECRET : 0);
}

/* What must hold of range i, in a delta read as in one to write. */
static const char *
unsound(const struct delta *d, size_t i)
{
	const struct delta_range *r = &d->r[i];

	if (r->len == 0)
		return "a range is empty";
	if (r->off > d->image || r->len > d->image - r->off)
		return "a range leaves the image";
	if (i > 0 && r->off < r[-1].off + r[-1].len)
		return "ranges overlap or do not ascend";
	return NULL;
}

bool
delta_present(const void *p, size_t n)
{
	return n >= 8 && memcmp(p, MAGIC, 8) == 0;
}

static uint64_t
read_u64(struct rd *r)
{
	uint64_t low = rd_u32le(r);

	return low | (uint64_t)rd_u32le(r) << 32;
}

static void
read_range(struct rd *r, struct delta *d, size_t i)
{
	struct delta_range *to = &d->r[i];
	uint32_t flags;
	const char *why;

	to->off = read_u64(r);
	to->len = rd_u32le(r);
	flags = rd_u32le(r);
	to->clears = (flags & CLEARS) != 0;
	to->secret = (flags & SECRET) != 0;
	if (flags > (CLEARS | SECRET))
		rd_fail(r, "unknown flag of a range");
	to->p = rd_bytes(r, to->len);
	if (r->why == NULL && (why = unsound(d, i)) != NULL)
		rd_fail(r, why);
}

/* Returns the flags. */
static uint32_t
read_header(struct rd *r, struct delta *d, uint32_t *body)
{
	uint32_t flags;

	rd_magic(r, MAGIC, 8);
	if (rd_u16le(r) != 1)
		rd_fail(r, "unknown version");
	if (rd_u16le(r) != DELTA_HEADER)
		rd_fail(r, "length of the header is wrong");
	flags = rd_u32le(r);
	d->image = read_u64(r);
	rd_copy(r, d->base, sizeof(d->base));
	rd_copy(r, d->uuid.b, UUID_LEN);
	d->n = rd_u32le(r);
	*body = rd_u32le(r);
	if (d->n == 0 || d->n > DELTA_RANGES)
		rd_fail(r, "number of ranges is not 1 to 256");
	d->n = rd_count(r, d->n, RANGE_HEAD + 1);
	return flags;
}

/* The digest stands last and covers all before it. */
static void
read_digest(struct rd *r, const uint8_t *from)
{
	uint8_t sha[SHA256_LEN], want[SHA256_LEN];

	if (r->why == NULL)
		digest_sha256(from, (size_t)(r->p - from), sha);
	rd_copy(r, want, sizeof(want));
	if (r->why == NULL && memcmp(sha, want, sizeof(sha)) != 0)
		rd_fail(r, "digest is wrong: damaged");
}

bool
delta_read(struct rd *r, struct delta *d)
{
	const uint8_t *from = r->p, *ranges;
	uint32_t flags, body = 0;

	memset(d, 0, sizeof(*d));
	if (rd_left(r) > DELTA_MAX)
		rd_fail(r, "too long");
	flags = read_header(r, d, &body);
	ranges = r->p;
	for (size_t i = 0; r->why == NULL && i < d->n; i++)
		read_range(r, d, i);
	if (r->why == NULL && body != (size_t)(r->p - ranges))
		rd_fail(r, "length of the ranges is wrong");
	if (r->why == NULL && flags != all_flags(d))
		rd_fail(r, "flags do not say what is in");
	read_digest(r, from);
	if (rd_end(r))
		return true;
	memset(d, 0, sizeof(*d));
	return false;
}

static void
write_u64(struct wr *w, uint64_t v)
{
	wr_u32le(w, (uint32_t)v);
	wr_u32le(w, (uint32_t)(v >> 32));
}

void
delta_write(struct wr *w, const struct delta *d)
{
	size_t from = w->len, body;
	uint8_t sha[SHA256_LEN];

	if (d->n == 0 || d->n > DELTA_RANGES) {
		w->failed = true;
		return;
	}
	wr_str(w, MAGIC);
	wr_u16le(w, 1);
	wr_u16le(w, DELTA_HEADER);
	wr_u32le(w, all_flags(d));
	write_u64(w, d->image);
	wr_bytes(w, d->base, sizeof(d->base));
	wr_bytes(w, d->uuid.b, UUID_LEN);
	wr_u32le(w, (uint32_t)d->n);
	body = wr_hole(w, 4);
	for (size_t i = 0; i < d->n; i++) {
		w->failed = w->failed || unsound(d, i) != NULL;
		write_u64(w, d->r[i].off);
		wr_u32le(w, d->r[i].len);
		wr_u32le(w, flags_of(&d->r[i]));
		wr_bytes(w, d->r[i].p, d->r[i].len);
	}
	if (w->failed || w->len - from > DELTA_MAX - sizeof(sha)) {
		w->failed = true;
		return;
	}
	wr_patch_u32le(w, body, (uint32_t)(w->len - body - 4));
	digest_sha256(w->buf + from, w->len - from, sha);
	wr_bytes(w, sha, sizeof(sha));
}

static bool
only_clears(const struct delta_range *r, const uint8_t *base)
{
	uint8_t set = 0;

	for (size_t i = 0; i < r->len; i++)
		set |= r->p[i] & (uint8_t)~base[r->off + i];
	return set == 0;
}

bool
delta_add(struct delta *d, const struct delta_range *r, const uint8_t *base)
{
	struct delta_range *last, *to;

	if (d->n == DELTA_RANGES)
		return false;
	to = &d->r[d->n++];
	*to = *r;
	if (unsound(d, d->n - 1) != NULL) {
		d->n--;
		return false;
	}
	to->clears = only_clears(to, base);
	last = &d->r[d->n > 1 ? d->n - 2 : 0];
	if (d->n > 1 && to->off == last->off + last->len &&
	    to->p == last->p + last->len && flags_of(to) == flags_of(last) &&
	    to->len <= DELTA_MAX - last->len) {
		last->len += to->len;
		d->n--;
	}
	return true;
}

enum err_code
delta_judge(const struct delta *d, size_t n, const uint8_t sha256[static 32],
    struct err *e)
{
	char want[TEXT_HEX_SIZE(SHA256_LEN)], is[TEXT_HEX_SIZE(SHA256_LEN)];

	if (n == d->image && memcmp(d->base, sha256, SHA256_LEN) == 0)
		return ERR_OK;
	text_hex(want, d->base, SHA256_LEN);
	text_hex(is, sha256, SHA256_LEN);
	return err_refuse(e, ERR_DATA, reason_get(REASON_DELTA_BASE),
	    "made from a base of %zu bytes with SHA-256 %s; this one has %zu "
	    "and %s",
	    (size_t)d->image, want, n, is);
}

void
delta_apply(const struct delta *d, uint8_t *copy)
{
	for (size_t i = 0; i < d->n; i++)
		memcpy(copy + d->r[i].off, d->r[i].p, d->r[i].len);
}

void
delta_revert(const struct delta *d, const uint8_t *base, uint8_t *copy)
{
	for (size_t i = 0; i < d->n; i++)
		memcpy(copy + d->r[i].off, base + d->r[i].off, d->r[i].len);
}
