/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "bios/container.h"
#include "bios/ffs.h"
#include "bios/ftw.h"
#include "bios/me.h"
#include "bios/place.h"
#include "bios/remains.h"
#include "bios/scrub.h"
#include "bios/stray.h"
#include "bios/scrubmap.h"
#include "formats/reason.h"
#include "formats/recordview.h"

#define STATE_AT 2      /* EDK2, $VSS: in a variable */
#define STATE_GONE 0x3C /* added, being replaced, deleted */
#define NVAR_ATTRS_AT 9
#define NVAR_VALID 0x80
#define NVAR_VALUE_ONLY 0x08
#define NVAR_GUID_INLINE 0x04
#define NVAR_HEADER 10 /* then the index of a GUID, if it is not inline */
#define ROUNDS 8

/* What is known of a byte. */
enum {
	AREA = 0x01,    /* ours to erase if a secret lies there */
	KEEP = 0x02,    /* but it belongs to something that stays */
	REMAINS = 0x04, /* of a secret, a record, or a file */
	/* of an entry's first byte */
	OURS = 0x08,
	CHAINED = 0x10, /* has the newer value of one of ours (NVAR) */
	FOREIGN = 0x20  /* ... of one of another that is live */
};

bool
scrub_next_record(const uint8_t *p, size_t end, size_t *at, size_t *len)
{
	while (*at < end) {
		const uint8_t *hit = memmem(p + *at, end - *at, "AMTFORG1", 8);

		if (hit == NULL)
			return false;
		*at = (size_t)(hit - p);
		if (remains_record(hit, end - *at, len))
			return true;
		(*at)++;
	}
	return false;
}

/* ---- what to look for ---- */

static void
learn(struct scrub *s)
{
	struct remains r = { .p = s->p, .needles = s->needles };

	remains_find(&r, 0, s->n);
	s->records = r.records;
	s->setups = r.setups;
	s->damaged = r.damaged;
}

void
scrub_know(struct scrub *s, const struct record *rec)
{
	needle_record(s->needles, rec);
}

/* ---- what may be erased ---- */

/* What nobody may write. In the ME region all but our partition is that. */
static void
find_guards(struct scrub *s)
{
	struct me me;

	descriptor_guards(s->img, &s->guard);
	stray_guards(s->img, &s->guard);
	if (place_me(s->img, &me))
		me_guards(&me, &s->guard);
}

static void
area(struct scrub *s, size_t from, size_t end)
{
	for (size_t i = 0; i < s->nareas; i++)
		if (s->area[i].from == from)
			return;
	if (s->nareas < SCRUB_AREAS)
		s->area[s->nareas++] = (struct scrub_area){ from, end };
}

static void
find_areas(struct scrub *s)
{
	size_t from, end;

	for (size_t i = 0; i < s->img->nstores; i++) {
		const struct varstore *v = &s->img->store[i];

		if (v->format == VARSTORE_EVSA)
			continue; /* its entries have checksums */
		if (v->format == VARSTORE_NVAR)
			area(s, v->off, v->end); /* in a volume of files */
		else
			area(s, v->vol, v->vol_end);
	}
	if (container_window(s->img, CONTAINER_PDR, &from, &end))
		area(s, from, end);
	if (container_window(s->img, CONTAINER_FPT, &from, &end))
		area(s, from, end);
}

static bool
overlaps(size_t off, size_t len, size_t from, size_t end)
{
	return off < end && from < off + len;
}

static void
mark(struct scrub *s, size_t from, size_t end, uint8_t as)
{
	for (; from < end && from < s->n; from++)
		s->mask[from] |= as;
}

/* The table of GUIDs that NVAR's entries name, as far as they do. */
static void
keep_table(struct scrub *s, const struct varstore *store)
{
	struct varstore_var v;
	size_t n = 0;

	for (size_t at = 0; varstore_next(store, &at, &v);)
		if ((v.state & (NVAR_VALUE_ONLY | NVAR_GUID_INLINE)) == 0 &&
		    v.size > NVAR_HEADER && s->p[v.off + NVAR_HEADER] >= n)
			n = s->p[v.off + NVAR_HEADER] + (size_t)1;
	n *= UUID_LEN;
	if (n > store->end - store->off)
		n = store->end - store->off;
	mark(s, store->end - n, store->end, KEEP);
}

/* Headers and entries; those of ours go by scrub_store(). A store that is not
 * understood is kept as it is. */
static void
keep_store(struct scrub *s, const struct varstore *store)
{
	bool known =
	    store->format != VARSTORE_NONE && store->format != VARSTORE_EVSA;
	struct ftw f;

	mark(s, store->off, known ? store->free : store->end, KEEP);
	if (store->format == VARSTORE_NVAR) {
		keep_table(s, store);
		return;
	}
	for (size_t at = store->vol; ftw_next(s->p, at, store->vol_end, &f);
	     at = f.end)
		mark(s, f.off, f.off + f.header, KEEP);
}

static void
find_kept(struct scrub *s)
{
	const struct image *img = s->img;

	for (size_t i = 0; i < img->nstores; i++)
		keep_store(s, &img->store[i]);
	for (size_t i = 0; i < img->nvolumes; i++)
		mark(s, img->volume[i].off,
		    img->volume[i].off + img->volume[i].header, KEEP);
	for (size_t i = 0; i < s->guard.n; i++)
		mark(s, s->guard.r[i].off,
		    s->guard.r[i].off + s->guard.r[i].len, KEEP);
	if (s->guard.full)
		mark(s, 0, s->n, KEEP);
}

static void
mark_remains(void *arg, size_t off, size_t len)
{
	mark(arg, off, off + len, REMAINS);
}

/* All hits before anything is erased: a piece that is gone does not tell of
 * what follows it. */
static void
find_remains(struct scrub *s, const struct scrub_area *a)
{
	struct remains r = { .p = s->p, .tell = mark_remains, .arg = s };
	struct needle_hit h = { .next = a->from };

	mark(s, a->from, a->end, AREA);
	remains_find(&r, a->from, a->end);
	while (needle_find(s->needles, s->p, a->end, &h))
		mark(s, h.at, h.at + h.len, REMAINS);
}

static void
erase_remains(struct scrub *s)
{
	for (size_t i = 0; i < s->n; i++)
		if ((s->mask[i] & (AREA | KEEP | REMAINS)) == (AREA | REMAINS))
			s->p[i] = 0xFF;
}

/* ---- variables ---- */

bool
scrub_has_name(const struct varstore_var *v, const struct varstore_name *name)
{
	char text[VARSTORE_NAME];

	if (v->name_len == 0 || !uuid_equal(&v->guid, &name->guid))
		return false;
	varstore_text(v, text);
	return strcmp(text, name->name) == 0;
}

static bool
is_named(const struct scrub *s, const struct varstore_var *v)
{
	struct varstore_name oem, setup;

	image_oem_name(&oem);
	container_setup_name(&setup);
	return scrub_has_name(v, &oem) || scrub_has_name(v, &setup) ||
	    scrubmap_names(s, v);
}

static bool
holds(const struct scrub *s, size_t from, size_t end)
{
	struct needle_hit h = { .next = from };
	size_t at = from, len;

	return scrub_next_record(s->p, end, &at, &len) ||
	    needle_find(s->needles, s->p, end, &h);
}

/* Of our name, of its chain, a record under another name, or the remains of
 * one that the firmware does not read. */
static bool
judge_entry(const struct scrub *s, const struct varstore_var *v)
{
	uint8_t is = s->mask[v->off];
	size_t len;

	if ((is & OURS) != 0 || is_named(s, v))
		return true;
	if (v->live)
		return v->data != NULL && remains_record(v->data, v->len, &len);
	if ((is & FOREIGN) != 0)
		return false;
	if ((is & CHAINED) != 0 && (v->state & NVAR_VALUE_ONLY) != 0)
		return true;
	return holds(s, v->off, v->off + v->size);
}

/* Entries are asked in their order; a chain only goes forward. */
static bool
is_ours(struct scrub *s, const struct varstore_var *v)
{
	bool ours = judge_entry(s, v);
	uint8_t *is = &s->mask[v->off];

	if (ours && (*is & OURS) == 0) {
		*is |= OURS;
		s->variables++;
	}
	if (v->next > v->off && v->next < s->n) {
		if (ours)
			s->mask[v->next] |= CHAINED;
		else if (v->live || (*is & FOREIGN) != 0)
			s->mask[v->next] |= FOREIGN;
	}
	return ours;
}

/* Where the entries begin that nothing but ours follow; the end if none. */
static size_t
find_tail(struct scrub *s, const struct varstore *store, size_t *end)
{
	struct varstore_var v;
	size_t tail = 0;

	*end = 0;
	for (size_t at = 0; varstore_next(store, &at, &v);) {
		if (!is_ours(s, &v))
			tail = 0;
		else if (tail == 0)
			tail = v.off;
		*end = v.off + v.size;
	}
	return tail != 0 && store->why == NULL ? tail : *end;
}

/* The entry stays one, for who walks the store. */
static void
bury(
    struct scrub *s, const struct varstore *store, const struct varstore_var *v)
{
	if (store->format == VARSTORE_NVAR)
		s->p[v->off + NVAR_ATTRS_AT] &= (uint8_t)~NVAR_VALID;
	else
		s->p[v->off + STATE_AT] &= STATE_GONE;
	if (v->data != NULL)
		memset(s->p + (v->data - s->p), 0, v->len);
}

static void
scrub_store(struct scrub *s, const struct varstore *store)
{
	struct varstore_var v;
	size_t end, tail;

	if (store->format == VARSTORE_NONE || store->format == VARSTORE_EVSA)
		return;
	tail = find_tail(s, store, &end);
	for (size_t at = 0; varstore_next(store, &at, &v);)
		if (v.off < tail && (s->mask[v.off] & OURS) != 0)
			bury(s, store, &v);
	if (tail < end)
		memset(s->p + tail, 0xFF, end - tail);
}

/* Until nothing changes: a store that was broken by what lay in it may be
 * whole now, and its end be free again. */
static enum err_code
scrub_stores(struct scrub *s, struct err *e)
{
	struct image *img = malloc(sizeof(*img));
	uint32_t was = 0, now = digest_crc32(s->p, s->n);

	if (img == NULL)
		return err_mem(e);
	for (int i = 0; i < ROUNDS && was != now; i++) {
		if (image_read(s->p, s->n, img, e) != ERR_OK)
			break;
		for (size_t k = 0; k < img->nstores; k++)
			scrub_store(s, &img->store[k]);
		was = now;
		now = digest_crc32(s->p, s->n);
	}
	free(img);
	return e->code;
}

/* ---- everything else ---- */

static bool
in_volume(const struct image *img, size_t off, size_t len)
{
	for (size_t i = 0; i < img->nvolumes; i++)
		if (overlaps(off, len, img->volume[i].off,
			img->volume[i].off + img->volume[i].len))
			return true;
	return false;
}

/* Whole records between the volumes of the BIOS region: a map may have put
 * them there. */
static void
scrub_gaps(struct scrub *s)
{
	const struct descriptor_region *bios =
	    &s->img->desc.region[REGION_BIOS];
	struct recordview v;
	struct err none;
	size_t at, len;

	if (!bios->used || bios->limit >= s->n)
		return;
	err_clear(&none);
	for (at = bios->base;
	     scrub_next_record(s->p, bios->limit + 1, &at, &len); at++)
		if (recordview_open(&v, s->p + at, len) &&
		    !in_volume(s->img, at, len) &&
		    guard_check(&s->guard, at, len, &none) == ERR_OK)
			memset(s->p + at, 0xFF, len);
}

/* The firmware would put back what is erased. */
static enum err_code
refuse_journal(const struct scrub *s, struct err *e)
{
	for (size_t i = 0; i < s->img->nstores; i++) {
		const struct varstore *v = &s->img->store[i];
		struct ftw f;

		for (size_t at = v->vol; ftw_next(s->p, at, v->vol_end, &f);
		     at = f.end) {
			if (f.why == NULL)
				continue;
			err_refuse(e, ERR_DATA, reason_get(f.reason),
			    "offset 0x%zx: %s", f.at, f.why);
			return err_at(e, f.at);
		}
	}
	return ERR_OK;
}

static void
count_packed(struct scrub *s)
{
	for (size_t i = 0; i < s->img->nvolumes; i++) {
		struct ffs_walk *w;
		struct ffs_item item;

		if (s->img->volume[i].why != NULL) {
			s->unsound++;
			continue;
		}
		if ((w = malloc(sizeof(*w))) == NULL) {
			s->unsound++;
			continue;
		}
		ffs_begin(w, s->p, &s->img->volume[i]);
		while (ffs_next(w, &item))
			s->packed += item.kind == FFS_SECTION && item.s.packed;
		free(w);
	}
}

/* ---- the proof ---- */

static enum err_code
left(size_t at, const char *what, struct err *e)
{
	err_refuse(e, ERR_DATA, reason_get(REASON_SCRUB_LEFT),
	    "offset 0x%zx: %s", at, what);
	return err_at(e, at);
}

enum err_code
scrub_prove(const struct scrub *s, const uint8_t *p, size_t n, struct err *e)
{
	struct needle_hit h = { 0 };
	size_t at, len;

	if (needle_left(s->needles, p, n, &h))
		return left(h.at,
		    "bytes of a secret lie where nothing of ours belongs", e);
	for (at = 0; scrub_next_record(p, n, &at, &len); at++)
		if (recordview_length(p + at, n - at) > 0)
			return left(at,
			    "a record lies where nothing of ours belongs", e);
	at = 0;
	if (remains_setup(p, n, &at))
		return left(
		    at, "a Setup.bin lies where nothing of ours belongs", e);
	return ERR_OK;
}

static enum err_code
prove_image(struct scrub *s, struct err *e)
{
	struct container_hit hit;
	struct image *img = malloc(sizeof(*img));

	if (img == NULL)
		return err_mem(e);
	if (image_read(s->p, s->n, img, e) == ERR_OK &&
	    container_live(img, &hit))
		left(hit.off, "a container is still live", e);
	free(img);
	return e->code;
}

/* ---- all of it ---- */

enum err_code
scrub_begin(struct scrub *s, const struct image *img, const struct imgmap *map,
    uint8_t *p, struct err *e)
{
	memset(s, 0, sizeof(*s));
	s->img = img;
	s->map = map;
	s->p = p;
	s->n = img->n;
	if (needle_new(&s->needles, e) != ERR_OK)
		return e->code;
	find_guards(s);
	find_areas(s);
	learn(s);
	scrubmap_learn(s);
	return refuse_journal(s, e);
}

enum err_code
scrub_run(struct scrub *s, struct err *e)
{
	if (needle_ready(s->needles, e) != ERR_OK)
		return e->code;
	if ((s->mask = calloc(1, s->n)) == NULL)
		return err_mem(e);
	find_kept(s);
	for (size_t i = 0; i < s->nareas; i++)
		find_remains(s, &s->area[i]);
	erase_remains(s);
	if (scrub_stores(s, e) != ERR_OK)
		return e->code;
	scrub_gaps(s);
	/* Last, since its checksums may cover what was erased. */
	if (scrubmap_restore(s, e) != ERR_OK)
		return e->code;
	count_packed(s);
	if (scrub_prove(s, s->p, s->n, e) != ERR_OK)
		return e->code;
	return prove_image(s, e);
}

void
scrub_free(struct scrub *s)
{
	needle_free(s->needles);
	s->needles = NULL;
	free(s->mask);
	s->mask = NULL;
}
