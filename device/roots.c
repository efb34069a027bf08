/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/bytes.h"
#include "base/text.h"
#include "device/roots.h"
#include "formats/generation.h"

#define PLACES 8 /* for what may be added; a version has fewer */
#define ON 1     /* of an entry's byte */
#define THERE 2

/* The state's blob: u8 count of the record's entries, u8 each, PLACES times u8
 * and, where one is there, the entry as Setup.bin has it. */
struct changes {
	size_t n;
	uint8_t on[HASHLIST_MAX];
	uint8_t place[PLACES];
	struct hash_entry own[PLACES];
};

static bool
blob_read(const struct state_blob *b, struct changes *c)
{
	struct rd r;

	rd_init(&r, b->p, b->n);
	c->n = rd_count(&r, rd_u8(&r), 1);
	if (c->n > HASHLIST_MAX)
		rd_fail(&r, "more entries than a list has");
	else
		rd_copy(&r, c->on, c->n);
	for (size_t i = 0; i < PLACES; i++)
		if (((c->place[i] = rd_u8(&r)) & THERE) != 0)
			hashlist_entry_read(&r, &c->own[i]);
	return rd_end(&r);
}

/* What was changed of a record with another list is forgotten, but for what
 * was added. */
static void
changes_of(
    const struct record *rec, const struct state_blob *b, struct changes *c)
{
	memset(c, 0, sizeof(*c));
	if (b->n > 0 && !blob_read(b, c))
		memset(c, 0, sizeof(*c));
	if (b->n > 0 && c->n == rec->hashes.n)
		return;
	c->n = rec->hashes.n;
	for (size_t i = 0; i < c->n; i++)
		c->on[i] = rec->hashes.e[i].active;
}

/* A set-up that does not end must leave no trace: what was before its first
 * change is kept aside. */
static enum roots_status
changes_keep(struct state *s, const struct changes *c)
{
	struct state_blob b = { NULL, 0 };
	uint8_t bytes[STATE_BLOB];
	struct err e = { 0 };
	struct wr w;

	wr_fixed(&w, bytes, sizeof(bytes));
	wr_u8(&w, (uint8_t)c->n);
	wr_bytes(&w, c->on, c->n);
	for (size_t i = 0; i < PLACES; i++) {
		wr_u8(&w, c->place[i]);
		if ((c->place[i] & THERE) != 0)
			hashlist_entry_write(&w, &c->own[i]);
	}
	if (w.failed || state_blob_set(&b, bytes, w.len, &e) != ERR_OK)
		return ROOTS_MEMORY;
	if (s->phase != STATE_POST && !s->roots_pending) {
		s->roots_before = s->roots;
		s->roots_pending = true;
	} else {
		state_blob_free(&s->roots);
	}
	s->roots = b;
	return ROOTS_OK;
}

static void
own_entry(const struct changes *c, size_t place, struct hash_entry *out)
{
	*out = c->own[place];
	out->active = (c->place[place] & ON) != 0;
	out->only = out->oem = false;
}

bool
roots_nth(const struct record *rec, const struct state *s, size_t i,
    size_t *handle, struct hash_entry *out)
{
	struct changes c;
	size_t left = i;

	changes_of(rec, &s->roots, &c);
	if (i < c.n) {
		*handle = i;
		*out = rec->hashes.e[i];
		out->active = (c.on[i] & ON) != 0;
		return true;
	}
	left -= c.n;
	for (size_t k = 0; k < PLACES; k++) {
		if ((c.place[k] & THERE) == 0 || left-- > 0)
			continue;
		*handle = c.n + k;
		own_entry(&c, k, out);
		return true;
	}
	return false;
}

static void
list_with(
    const struct record *rec, const struct state_blob *b, struct hashlist *out)
{
	struct changes c;

	*out = rec->hashes;
	if (b->n == 0)
		return;
	changes_of(rec, b, &c);
	for (size_t i = 0; i < c.n; i++)
		out->e[i].active = (c.on[i] & ON) != 0;
	for (size_t k = 0; k < PLACES && out->n < HASHLIST_MAX; k++)
		if ((c.place[k] & THERE) != 0)
			own_entry(&c, k, &out->e[out->n++]);
}

/* What a set-up changed counts with its end, not before. */
void
roots_in_force(
    const struct record *rec, const struct state *s, struct hashlist *out)
{
	bool pending = s->roots_pending && s->phase != STATE_POST;

	list_with(rec, pending ? &s->roots_before : &s->roots, out);
}

static bool
taken(const struct record *rec, enum hash_type type)
{
	const struct generation *g =
	    generation_of(rec->amt_major, rec->amt_minor);
	unsigned kinds = g->hashes | g->hashes_unsaid;

	if (g->differs_by_chipset)
		kinds |= GENERATION_HASH(HASH_SHA1);
	return hashlist_hash_len(type) > 0 &&
	    (kinds & GENERATION_HASH(type)) != 0;
}

static bool
is_there(const struct hashlist *l, const struct hash_entry *e)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->e[i].type == e->type &&
		    memcmp(l->e[i].hash, e->hash, hashlist_hash_len(e->type)) ==
			0)
			return true;
	return false;
}

/* What a key or a technician added takes of the same room. */
static bool
has_room(const struct record *rec, const struct hashlist *l)
{
	size_t own = 0;

	for (size_t i = 0; i < l->n; i++)
		own += !l->e[i].oem;
	return l->n < HASHLIST_MAX &&
	    own < generation_of(rec->amt_major, rec->amt_minor)->own_hashes;
}

enum roots_status
roots_add(const struct record *rec, struct state *s, const struct hash_entry *e,
    size_t *handle)
{
	size_t len = strlen(e->name), place = 0;
	struct hashlist now;
	struct changes c;

	list_with(rec, &s->roots, &now);
	if (!taken(rec, e->type) || len > HASHLIST_NAME ||
	    !text_printable(e->name, len))
		return ROOTS_UNFIT;
	if (is_there(&now, e))
		return ROOTS_DUPLICATE;
	changes_of(rec, &s->roots, &c);
	while (place < PLACES && (c.place[place] & THERE) != 0)
		place++;
	if (place == PLACES || !has_room(rec, &now))
		return ROOTS_FULL;
	c.own[place] = *e;
	c.place[place] = (uint8_t)(THERE | (e->active ? ON : 0));
	*handle = c.n + place;
	return changes_keep(s, &c);
}

/* The byte of the entry with that handle; NULL: there is none. */
static uint8_t *
byte_of(struct changes *c, size_t handle)
{
	if (handle < c->n)
		return &c->on[handle];
	handle -= c->n;
	return handle < PLACES && (c->place[handle] & THERE) != 0
	    ? &c->place[handle]
	    : NULL;
}

enum roots_status
roots_set_active(
    const struct record *rec, struct state *s, size_t handle, bool active)
{
	struct changes c;
	uint8_t *at;

	changes_of(rec, &s->roots, &c);
	if ((at = byte_of(&c, handle)) == NULL)
		return ROOTS_ABSENT;
	if (handle < c.n && rec->hashes.e[handle].only && !active)
		return ROOTS_FIXED;
	*at = (uint8_t)((*at & ~ON) | (active ? ON : 0));
	return changes_keep(s, &c);
}

enum roots_status
roots_remove(const struct record *rec, struct state *s, size_t handle)
{
	struct changes c;

	changes_of(rec, &s->roots, &c);
	if (byte_of(&c, handle) == NULL)
		return ROOTS_ABSENT;
	if (handle < c.n)
		return ROOTS_FIXED;
	memset(&c.own[handle - c.n], 0, sizeof(c.own[0]));
	c.place[handle - c.n] = 0;
	return changes_keep(s, &c);
}
