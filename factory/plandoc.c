/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "factory/plandoc.h"
#include "formats/cjson.h"
#include "formats/reason.h"

/* ---- making ---- */

static bool
is_fill(const uint8_t *p, size_t n)
{
	return n > 0 && memcmp(p, p + 1, n - 1) == 0;
}

static void
make_write(struct plandoc *d, const struct planner *from, const struct plan *p,
    size_t i)
{
	const struct plan_write *w = &p->w[i];
	const uint8_t *old = from->img->p + w->off;
	struct plandoc_write *out = &d->w[i];

	out->off = w->off;
	out->len = w->len;
	out->secret = w->secret;
	memcpy(out->why, w->why, sizeof(out->why));
	out->fill = is_fill(old, w->len);
	out->byte = out->fill ? old[0] : 0;
	out->old = d->bytes.len;
	if (!out->fill)
		wr_bytes(&d->bytes, old, w->len);
	out->new = d->bytes.len;
	if (!w->secret)
		wr_bytes(&d->bytes, p->bytes.buf + w->at, w->len);
}

enum err_code
plandoc_make(struct plandoc *d, const struct planner *from,
    const struct plan *p, const struct record *rec, const struct mapfile *map,
    const uint8_t sha256[static SHA256_LEN], struct err *e)
{
	memset(d, 0, sizeof(*d));
	wr_grow(&d->bytes, 2 * IMAGE_MAX);
	d->uuid = rec->uuid;
	memcpy(d->order, rec->order, sizeof(d->order));
	d->sequence = rec->sequence;
	d->size = from->img->n;
	memcpy(d->sha256, sha256, SHA256_LEN);
	memcpy(d->map_name, map->map.name, sizeof(d->map_name));
	memcpy(d->map_sha256, map->sha256, SHA256_LEN);
	if ((d->map_text = strdup(map->text)) == NULL)
		return err_mem(e);
	d->clears_only = p->clears_only;
	d->n = p->n;
	for (size_t i = 0; i < p->n; i++)
		make_write(d, from, p, i);
	return d->bytes.failed ? err_mem(e) : ERR_OK;
}

/* ---- writing ---- */

static void
put_hex(struct wr *w, const char *key, const uint8_t *p, size_t n)
{
	char hex[TEXT_HEX_SIZE(64)];

	wr_fmt(w, "\"%s\":\"", key);
	for (size_t i = 0; i < n; i += 64) {
		text_hex(hex, p + i, n - i < 64 ? n - i : 64);
		wr_str(w, hex);
	}
	wr_u8(w, '"');
}

static void
put_write(struct wr *w, const struct plandoc *d, size_t i)
{
	const struct plandoc_write *x = &d->w[i];
	char uuid[UUID_TEXT];

	wr_fmt(w, "%s{\"offset\":%zu,\"length\":%zu,", i == 0 ? "" : ",",
	    x->off, x->len);
	if (x->fill)
		wr_fmt(w, "\"old_fill\":%u", x->byte);
	else
		put_hex(w, "old", d->bytes.buf + x->old, x->len);
	wr_u8(w, ',');
	uuid_text(&d->uuid, uuid);
	if (x->secret)
		wr_fmt(w, "\"secret\":{\"unit\":\"%s\",\"record\":%u}", uuid,
		    d->sequence);
	else
		put_hex(w, "new", d->bytes.buf + x->new, x->len);
	wr_str(w, ",\"why\":");
	cjson_put_string(w, x->why);
	wr_u8(w, '}');
}

void
plandoc_write(struct wr *w, const struct plandoc *d)
{
	char uuid[UUID_TEXT];

	uuid_text(&d->uuid, uuid);
	wr_fmt(w, "{\"plan\":1,\"uuid\":\"%s\",\"order\":", uuid);
	cjson_put_string(w, d->order);
	wr_fmt(
	    w, ",\"record\":%u,\"base\":{\"size\":%zu,", d->sequence, d->size);
	put_hex(w, "sha256", d->sha256, SHA256_LEN);
	wr_str(w, "},\"map\":{\"name\":");
	cjson_put_string(w, d->map_name);
	wr_u8(w, ',');
	put_hex(w, "sha256", d->map_sha256, SHA256_LEN);
	wr_str(w, ",\"text\":");
	cjson_put_string(w, d->map_text);
	wr_fmt(w, "},\"clears_only\":%s,\"writes\":[",
	    d->clears_only ? "true" : "false");
	for (size_t i = 0; i < d->n; i++)
		put_write(w, d, i);
	wr_str(w, "]}\n");
}

/* ---- reading ---- */

#define UNSOUND(e, ...) \
	err_refuse(e, ERR_DATA, reason_get(REASON_PLAN_UNSOUND), __VA_ARGS__)

/* A text of at most room - 1 bytes, without a NUL. */
static bool
get_text(const struct json_doc *j, const char *key, char *out, size_t room)
{
	const char *s;
	size_t n = 0;

	s = json_doc_text(json_doc_get(j, key), &n);
	if (s == NULL || n >= room || strlen(s) != n)
		return false;
	memcpy(out, s, n + 1);
	return true;
}

static bool
get_size(const struct json_doc *j, const char *key, uint64_t max, size_t *out)
{
	uint64_t v = 0;

	if (!json_doc_uint(json_doc_get(j, key), max, &v))
		return false;
	*out = (size_t)v;
	return true;
}

static bool
get_sha256(const struct json_doc *j, const char *key, uint8_t *out)
{
	const char *s;
	size_t n = 0;

	s = json_doc_text(json_doc_get(j, key), &n);
	return s != NULL && text_unhex(out, SHA256_LEN, s, n);
}

/* len bytes as hex, behind those that are there already. */
static bool
get_bytes(struct plandoc *d, const struct json_doc *j, size_t len)
{
	const char *s;
	size_t n = 0, at;

	s = json_doc_text(j, &n);
	if (s == NULL || n != 2 * len)
		return false;
	at = wr_hole(&d->bytes, len);
	return !d->bytes.failed && text_unhex(d->bytes.buf + at, len, s, n);
}

static bool
get_write(struct plandoc *d, const struct json_doc *j)
{
	struct plandoc_write *w = &d->w[d->n];
	size_t fill = 0, behind = 0;

	if (d->n > 0)
		behind = w[-1].off + w[-1].len;
	if (!get_size(j, "offset", d->size, &w->off) ||
	    !get_size(j, "length", d->size - w->off, &w->len) || w->len == 0 ||
	    w->off < behind || !get_text(j, "why", w->why, sizeof(w->why)))
		return false;
	w->fill = get_size(j, "old_fill", 0xFF, &fill);
	w->byte = (uint8_t)fill;
	w->old = d->bytes.len;
	if (!w->fill && !get_bytes(d, json_doc_get(j, "old"), w->len))
		return false;
	w->secret = json_doc_get(j, "secret") != NULL;
	w->new = d->bytes.len;
	if (!w->secret && !get_bytes(d, json_doc_get(j, "new"), w->len))
		return false;
	/* Old bytes that are all the same have one form. */
	if (!w->fill && is_fill(d->bytes.buf + w->old, w->len))
		return false;
	d->n++;
	return true;
}

static enum err_code
read_writes(struct plandoc *d, const struct json_doc *j, struct err *e)
{
	size_t n = json_doc_count(j);

	if (n > PLAN_WRITES)
		return UNSOUND(e, "more than %d writes", PLAN_WRITES);
	for (size_t i = 0; i < n; i++)
		if (!get_write(d, json_doc_at(j, i)))
			return UNSOUND(
			    e, "write %zu: not as image plan writes it", i + 1);
	return ERR_OK;
}

static enum err_code
read_map(struct plandoc *d, const struct json_doc *j, struct err *e)
{
	uint8_t sha256[SHA256_LEN];

	if ((d->map_text = malloc(MAPFILE_MAX + 1)) == NULL)
		return err_mem(e);
	d->map_text[0] = '\0';
	if (!get_text(j, "name", d->map_name, sizeof(d->map_name)) ||
	    !get_sha256(j, "sha256", d->map_sha256) ||
	    !get_text(j, "text", d->map_text, MAPFILE_MAX + 1))
		return UNSOUND(e, "map: not as image plan writes it");
	digest_sha256(d->map_text, strlen(d->map_text), sha256);
	if (memcmp(sha256, d->map_sha256, SHA256_LEN) != 0)
		return UNSOUND(e, "map: its text has another SHA-256");
	return ERR_OK;
}

static enum err_code
read_head(struct plandoc *d, const struct json_doc *j, struct err *e)
{
	const struct json_doc *base = json_doc_get(j, "base");
	char uuid[UUID_TEXT];
	size_t version = 0, sequence = 0;

	if (!get_size(j, "plan", UINT32_MAX, &version))
		return UNSOUND(e, "not a plan");
	if (version != 1)
		return UNSOUND(e,
		    "of version %zu; this program knows 1, so use a newer one",
		    version);
	if (!get_text(j, "uuid", uuid, sizeof(uuid)) ||
	    !uuid_parse(&d->uuid, uuid) ||
	    !get_text(j, "order", d->order, sizeof(d->order)) ||
	    !get_size(j, "record", UINT32_MAX, &sequence) ||
	    !json_doc_bool(json_doc_get(j, "clears_only"), &d->clears_only))
		return UNSOUND(e, "not as image plan writes it");
	d->sequence = (uint32_t)sequence;
	if (!get_size(base, "size", IMAGE_MAX, &d->size) ||
	    !get_sha256(base, "sha256", d->sha256))
		return UNSOUND(e, "base: not as image plan writes it");
	return ERR_OK;
}

/* Whatever the reader let pass must be what the writer writes. */
static enum err_code
judge_form(const struct plandoc *d, const void *p, size_t n, struct err *e)
{
	const uint8_t *have = p;
	size_t same = 0;
	struct wr w;

	wr_grow(&w, PLANDOC_MAX);
	plandoc_write(&w, d);
	while (
	    !w.failed && same < n && same < w.len && w.buf[same] == have[same])
		same++;
	if (w.failed || same != n || same != w.len) {
		UNSOUND(e, "byte %zu: not as image plan writes it", same);
		err_at(e, same);
	}
	wr_free(&w);
	return e->code;
}

enum err_code
plandoc_read(const void *p, size_t n, struct plandoc *d, struct err *e)
{
	struct json_doc *j = NULL;

	memset(d, 0, sizeof(*d));
	wr_grow(&d->bytes, PLANDOC_MAX);
	if (json_doc_parse(p, n, &j, e) != ERR_OK) {
		if (e->code == ERR_DATA)
			e->reason = reason_get(REASON_PLAN_UNSOUND);
	} else if (read_head(d, j, e) == ERR_OK &&
	    read_map(d, json_doc_get(j, "map"), e) == ERR_OK &&
	    read_writes(d, json_doc_get(j, "writes"), e) == ERR_OK)
		judge_form(d, p, n, e);
	json_doc_free(j);
	return e->code;
}

/* ---- comparing ---- */

#define DIFFERS(e, ...) \
	err_refuse(e, ERR_DATA, reason_get(REASON_PLAN_DIFFERS), __VA_ARGS__)

static bool
same_old(const struct plandoc *a, const struct plandoc *b, size_t i)
{
	const struct plandoc_write *x = &a->w[i], *y = &b->w[i];

	if (x->fill || y->fill)
		return x->fill == y->fill && x->byte == y->byte;
	return memcmp(a->bytes.buf + x->old, b->bytes.buf + y->old, x->len) ==
	    0;
}

static enum err_code
same_write(
    const struct plandoc *a, const struct plandoc *b, size_t i, struct err *e)
{
	const struct plandoc_write *x = &a->w[i], *y = &b->w[i];
	const char *what = NULL;

	if (x->off != y->off || x->len != y->len)
		return DIFFERS(e,
		    "write %zu: the plan has 0x%zx..0x%zx, but now it would "
		    "be 0x%zx..0x%zx (%s)",
		    i + 1, x->off, x->off + x->len - 1, y->off,
		    y->off + y->len - 1, y->why);
	if (!same_old(a, b, i))
		what = "old bytes";
	else if (x->secret != y->secret)
		what = y->secret ? "bytes, which now are secret"
				 : "secret, which now is none";
	else if (!x->secret &&
	    memcmp(a->bytes.buf + x->new, b->bytes.buf + y->new, x->len) != 0)
		what = "new bytes";
	else if (strcmp(x->why, y->why) != 0)
		what = "reason";
	if (what == NULL)
		return ERR_OK;
	DIFFERS(e, "write %zu at 0x%zx: the plan has other %s (%s)", i + 1,
	    x->off, what, y->why);
	return err_at(e, x->off);
}

enum err_code
plandoc_same(
    const struct plandoc *given, const struct plandoc *now, struct err *e)
{
	if (!uuid_equal(&given->uuid, &now->uuid))
		return DIFFERS(e, "the plan is for another unit");
	if (strcmp(given->order, now->order) != 0)
		return DIFFERS(e, "the plan says order %s, the ledger %s",
		    given->order, now->order);
	if (given->sequence != now->sequence)
		return DIFFERS(e,
		    "the plan is for record %u, the ledger has %u",
		    given->sequence, now->sequence);
	if (given->size != now->size ||
	    memcmp(given->sha256, now->sha256, SHA256_LEN) != 0)
		return DIFFERS(e, "the plan is for another base");
	if (strcmp(given->map_name, now->map_name) != 0 ||
	    memcmp(given->map_sha256, now->map_sha256, SHA256_LEN) != 0)
		return DIFFERS(e, "the plan names another map");
	for (size_t i = 0; i < given->n && i < now->n; i++)
		if (same_write(given, now, i, e) != ERR_OK)
			return e->code;
	if (given->n != now->n)
		return DIFFERS(e,
		    "the plan has %zu writes, now it would have "
		    "%zu",
		    given->n, now->n);
	if (given->clears_only != now->clears_only)
		return DIFFERS(e,
		    "the plan says \"clears_only\": %s, which "
		    "is not so",
		    given->clears_only ? "true" : "false");
	return ERR_OK;
}

/* ---- undoing ---- */

enum err_code
plandoc_revert(const struct plandoc *d, uint8_t *p, size_t n, struct err *e)
{
	struct span all = { p, n }, at;

	for (size_t i = 0; i < d->n; i++) {
		const struct plandoc_write *w = &d->w[i];

		if (!span_cut(all, w->off, w->len, &at))
			return UNSOUND(
			    e, "write %zu is outside the image", i + 1);
		if (w->fill)
			memset(at.p, w->byte, at.n);
		else
			memcpy(at.p, d->bytes.buf + w->old, at.n);
	}
	return ERR_OK;
}

void
plandoc_free(struct plandoc *d)
{
	wr_free(&d->bytes);
	free(d->map_text);
	d->map_text = NULL;
}
