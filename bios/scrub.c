/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "bios/container.h"
#include "bios/ffs.h"
#include "bios/ftw.h"
#include "bios/me.h"
#include "bios/place.h"
#include "bios/scrub.h"
#include "bios/stray.h"
#include "bios/scrubmap.h"
#include "formats/reason.h"
#include "formats/recordview.h"
#include "formats/setupbin.h"

#define CHAIN_MAX 64
#define SETUP_MAJORS 4
#define STATE_AT 2      /* EDK2, $VSS: in a variable */
#define STATE_GONE 0x3C /* added, being replaced, deleted */
#define NVAR_ATTRS_AT 9
#define NVAR_VALID 0x80

/* ---- what lies where ---- */

/* A record's magic, version and header length: torn ones too. The magic alone
 * is in our own firmware code as well. *len: the extent that it claims, cut to
 * what can be. */
static bool
record_at(const uint8_t *p, size_t room, size_t *len)
{
	size_t total;

	if (room < RECORD_HEADER || !recordview_present(p, room) ||
	    get_u16le(p + 0x08) != 1 || get_u16le(p + 0x0a) != RECORD_HEADER)
		return false;
	total = get_u32le(p + 0x0c);
	if (total < RECORD_HEADER || total > RECORD_MAX)
		total = RECORD_MAX;
	*len = total < room ? total : room;
	return true;
}

bool
scrub_next_record(const uint8_t *p, size_t end, size_t *at, size_t *len)
{
	while (*at < end) {
		const uint8_t *hit = memmem(p + *at, end - *at, "AMTFORG1", 8);

		if (hit == NULL)
			return false;
		*at = (size_t)(hit - p);
		if (record_at(hit, end - *at, len))
			return true;
		(*at)++;
	}
	return false;
}

/* A Setup.bin file by its header; firmware has the GUIDs in code too. *len: to
 * the last record that is one. */
static bool
setup_at(const uint8_t *p, size_t room, size_t *len)
{
	struct setupbin_record *rec;
	struct setupbin head;
	struct rd r;

	rd_init(&r, p, room);
	if (!setupbin_read(&r, &head) || head.count == 0)
		return false;
	*len = rd_off(&r);
	if ((rec = malloc(sizeof(*rec))) == NULL)
		return true;
	for (uint32_t i = 0;
	     i < head.count && setupbin_record_read(&r, &head, rec); i++)
		*len = rd_off(&r);
	secret_wipe(rec, sizeof(*rec));
	free(rec);
	return true;
}

static bool
next_setup(const uint8_t *p, size_t end, size_t *at, size_t *len)
{
	size_t best = end;

	for (uint8_t major = 1; major <= SETUP_MAJORS; major++)
		for (size_t from = *at; from < best;) {
			const uint8_t *hit = memmem(p + from, best - from,
			    setupbin_guid(major), UUID_LEN);
			size_t n;

			if (hit == NULL)
				break;
			from = (size_t)(hit - p);
			if (setup_at(hit, end - from, &n)) {
				best = from;
				*len = n;
			}
			from++;
		}
	*at = best;
	return best < end;
}

/* ---- what to look for ---- */

static void
learn(struct scrub *s)
{
	size_t at, len;

	for (at = 0; scrub_next_record(s->p, s->n, &at, &len); at++) {
		needle_torn(s->needles, s->p + at, len);
		s->records++;
	}
	for (at = 0; next_setup(s->p, s->n, &at, &len); at++) {
		needle_setup(s->needles, s->p + at, len);
		s->setups++;
	}
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

/* Would it touch what the firmware reads, or a store's header? */
static bool
is_in_use(const struct scrub *s, size_t off, size_t len)
{
	for (size_t i = 0; i < s->img->nstores; i++) {
		const struct varstore *store = &s->img->store[i];
		struct varstore_var v;

		if (!overlaps(off, len, store->vol, store->vol_end))
			continue;
		if (overlaps(off, len, store->off, store->first))
			return true;
		for (size_t at = 0; varstore_next(store, &at, &v);)
			if (v.live && overlaps(off, len, v.off, v.off + v.size))
				return true;
	}
	return false;
}

static bool
may_erase(const struct scrub *s, size_t off, size_t len)
{
	struct err none;

	err_clear(&none);
	for (size_t i = 0; i < s->nareas; i++)
		if (off >= s->area[i].from && off < s->area[i].end &&
		    len <= s->area[i].end - off)
			return !is_in_use(s, off, len) &&
			    guard_check(&s->guard, off, len, &none) == ERR_OK;
	return false;
}

static bool
erase(struct scrub *s, size_t off, size_t len)
{
	if (!may_erase(s, off, len))
		return false;
	memset(s->p + off, 0xFF, len);
	return true;
}

/* ---- variables ---- */

/* Entries that newer values of ours are in (NVAR). */
struct chain {
	size_t n;
	size_t off[CHAIN_MAX];
};

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
	size_t at = from, len;

	if (scrub_next_record(s->p, end, &at, &len))
		return true;
	return needle_find(s->needles, s->p, from, end, &at, &len);
}

/* Of our name, of its chain, a record under another name, or the remains of
 * one that the firmware does not read. */
static bool
is_ours(const struct scrub *s, const struct varstore_var *v, struct chain *c)
{
	size_t len;
	bool ours = is_named(s, v);

	for (size_t i = 0; i < c->n && !ours; i++)
		ours = c->off[i] == v->off;
	if (!ours)
		ours = v->live
		    ? v->data != NULL && record_at(v->data, v->len, &len)
		    : holds(s, v->off, v->off + v->size);
	if (ours && v->next != 0 && c->n < CHAIN_MAX)
		c->off[c->n++] = v->next;
	return ours;
}

/* Where the entries begin that nothing but ours follow; the end if none. */
static size_t
find_tail(const struct scrub *s, const struct varstore *store, size_t *end)
{
	struct chain c = { 0 };
	struct varstore_var v;
	size_t tail = 0;

	*end = 0;
	for (size_t at = 0; varstore_next(store, &at, &v);) {
		if (!is_ours(s, &v, &c))
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
	struct chain c = { 0 };
	struct varstore_var v;
	size_t end, tail;

	if (store->format == VARSTORE_NONE || store->format == VARSTORE_EVSA)
		return;
	tail = find_tail(s, store, &end);
	for (size_t at = 0; varstore_next(store, &at, &v);) {
		if (!is_ours(s, &v, &c))
			continue;
		s->variables++;
		if (v.off < tail)
			bury(s, store, &v);
	}
	if (tail < end)
		memset(s->p + tail, 0xFF, end - tail);
}

/* ---- everything else ---- */

static void
scrub_area(struct scrub *s, const struct scrub_area *a)
{
	size_t at, len;

	for (at = a->from; scrub_next_record(s->p, a->end, &at, &len); at++)
		if (!erase(s, at, len))
			erase(s, at, RECORD_HEADER);
	for (at = a->from; next_setup(s->p, a->end, &at, &len); at++)
		erase(s, at, len);
	for (at = a->from; needle_find(s->needles, s->p, at, a->end, &at, &len);
	     at++)
		erase(s, at, len);
}

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
	size_t at, len;

	if (needle_find(s->needles, p, 0, n, &at, &len))
		return left(at,
		    "bytes of a secret lie where nothing of ours belongs", e);
	for (at = 0; scrub_next_record(p, n, &at, &len); at++)
		if (recordview_length(p + at, n - at) > 0)
			return left(at,
			    "a record lies where nothing of ours belongs", e);
	for (at = 0; next_setup(p, n, &at, &len); at++)
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
	for (size_t i = 0; i < s->img->nstores; i++)
		scrub_store(s, &s->img->store[i]);
	if (scrubmap_restore(s, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < s->nareas; i++)
		scrub_area(s, &s->area[i]);
	scrub_gaps(s);
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
}
