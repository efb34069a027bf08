/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "bios/ftw.h"
#include "bios/nvar.h"
#include "factory/showstore.h"

#define INNER 2 /* stores in values of a store, that deep */

static void store(struct tree *, const struct varstore *, size_t depth);

/* ---- variables ---- */

static void
extended(struct tree *t, const struct varstore *s, const struct varstore_var *v)
{
	size_t at;
	bool sum;

	if (s->format != VARSTORE_NVAR || !nvar_extended(s, v, &at, &sum))
		return;
	tree_hex(t, "extended_header", at);
	if (sum)
		tree_text(t, "checksum", "not judged");
}

static void
variable(struct tree *t, const struct varstore *s, const struct varstore_var *v,
    size_t depth)
{
	char name[VARSTORE_NAME];
	struct varstore in;

	varstore_text(v, name);
	tree_open(t, "variables", v->off, v->off + v->size,
	    v->name_len > 0 ? name : NULL);
	if (v->name_len > 0) {
		tree_uuid(t, "guid", &v->guid);
		tree_hex(t, "attrs", v->attrs);
	}
	tree_text(t, "state", v->life);
	if (v->next != 0)
		tree_hex(t, "newer_value", v->next);
	tree_uint(t, "data_size", v->len);
	extended(t, s, v);
	tree_text(t, "broken", v->why);
	if (v->why != NULL)
		tree_unknown(t, v->off, v->off, v->why);
	if (depth < INNER && varstore_inner(s, v, &in))
		store(t, &in, depth + 1);
	tree_close(t);
}

/* A store that is sound may still be one that is only read. What lies behind
 * the store is told by the fault tolerant write's own node. */
static void
judgement(struct tree *t, const struct varstore *s)
{
	bool sound =
	    s->format != VARSTORE_NONE && s->reason == REASON_IMAGE_NO_STORE;

	if (s->why == NULL)
		return;
	tree_text(t, sound ? "only_read" : "broken", s->why);
	if (!sound && (s->at < s->end || s->at <= s->off))
		tree_unknown(t, s->at, s->at, s->why);
}

static void
store(struct tree *t, const struct varstore *s, size_t depth)
{
	struct varstore_var v;
	size_t at = 0;

	tree_open(t, "stores", s->off, s->end, "store");
	tree_text(t, "format", varstore_format_name(s));
	tree_hex(t, "free_offset", s->free);
	tree_hex(t, "free", varstore_room(s));
	judgement(t, s);
	while (varstore_next(s, &at, &v))
		variable(t, s, &v, depth);
	tree_close(t);
}

/* ---- a volume ---- */

static void
working_block(struct tree *t, const struct ftw *f)
{
	tree_open(t, "ftw", f->off, f->end, "fault tolerant write");
	tree_text(t, "state", ftw_state_name(f->state));
	tree_uint(t, "complete_writes", f->writes);
	tree_text(t, "broken", f->why);
	if (f->why != NULL)
		tree_unknown(t, f->at, f->at, f->why);
	tree_close(t);
}

/* The first byte in from..end that is not erased, or end. */
static size_t
past(const uint8_t *p, size_t from, size_t end, uint8_t erased)
{
	while (from < end && p[from] == erased)
		from++;
	return from;
}

/* The store that begins first at or behind from, or NULL. */
static const struct varstore *
next_store(const struct image *img, size_t from, size_t end)
{
	const struct varstore *best = NULL;

	for (size_t i = 0; i < img->nstores; i++) {
		const struct varstore *s = &img->store[i];

		if (s->off >= from && s->off < end &&
		    (best == NULL || s->off < best->off))
			best = s;
	}
	return best;
}

static void
rest(struct tree *t, const struct image *img, const struct volume *v,
    size_t from, size_t end, const char *what)
{
	from = past(img->p, from, end, v->erased);
	if (from >= end)
		return;
	tree_unknown(t, from, end,
	    memmem(img->p + from, end - from, "_FLASH_MAP", 10) != NULL
		? "bytes with a _FLASH_MAP, which is not read"
		: what);
}

/* ---- for the tree ---- */

void
showstore_range(
    struct tree *t, const struct image *img, size_t from, size_t end)
{
	for (size_t i = 0; i < img->nstores; i++)
		if (img->store[i].off >= from && img->store[i].off < end)
			store(t, &img->store[i], 0);
}

void
showstore_volume(
    struct tree *t, const struct image *img, const struct volume *v)
{
	size_t end = v->off + v->len, at = v->off + v->header;
	const struct varstore *s;
	struct ftw f;

	showstore_range(t, img, v->off, end);
	if (v->why != NULL)
		return; /* told by its store */
	while ((s = next_store(img, at, end)) != NULL) {
		rest(t, img, v, at, s->off,
		    "bytes in front of a variable store");
		at = s->end > s->off ? s->end : s->off + 1;
	}
	for (; ftw_next(img->p, at, end, &f); at = f.end) {
		rest(t, img, v, at, f.off,
		    "bytes behind the variable stores, such as an event log");
		working_block(t, &f);
	}
	rest(t, img, v, at, end,
	    "bytes behind the variable stores, such as the spare area");
}
