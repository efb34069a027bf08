/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "bios/container.h"
#include "bios/edkvar.h"
#include "bios/fpt.h"
#include "formats/reason.h"
#include "formats/recordview.h"

const char *
container_name(enum container_kind kind)
{
	switch (kind) {
	case CONTAINER_VARIABLE:
		return "variable";
	case CONTAINER_PDR:
		return "pdr";
	case CONTAINER_FPT:
		return "fpt";
	default:
		return "setup.bin";
	}
}

void
container_setup_name(struct varstore_name *name)
{
	memset(name, 0, sizeof(*name));
	uuid_parse(&name->guid, IMAGE_OEM_GUID);
	memcpy(name->name, CONTAINER_SETUP_NAME, sizeof(CONTAINER_SETUP_NAME));
}

/* ---- the windows ---- */

/* base..limit of a region that lies in the image. */
static bool
region_window(const struct image *img, size_t region, size_t *from, size_t *end)
{
	const struct descriptor_region *r = &img->desc.region[region];

	if (!r->used || r->limit >= img->n || r->base > r->limit)
		return false;
	*from = r->base;
	*end = r->limit + 1;
	return true;
}

static bool
shares(const struct fpt_entry *e, size_t from, size_t end)
{
	return e->from < end && from < e->from + e->len;
}

/* No other partition, nor the table itself, lies in the i-th. */
static bool
is_alone(const struct fpt *f, size_t i, const struct fpt_entry *e)
{
	struct fpt_entry other;

	if (shares(e, f->off, fpt_table_end(f)))
		return false;
	for (size_t k = 0; k < f->n; k++) {
		if (k == i)
			continue;
		fpt_entry(f, k, &other);
		if (!other.invalid && other.space && other.len > 0 &&
		    shares(e, other.from, other.from + other.len))
			return false;
	}
	return true;
}

/* A data partition of our name that is nobody else's: what a record is read
 * from, a scrub erases. */
static bool
part_window(const struct image *img, size_t *from, size_t *end)
{
	const struct fpt *f = &img->me.fpt;
	struct fpt_entry e;

	for (size_t i = 0; img->me.has_fpt && i < f->n; i++) {
		fpt_entry(f, i, &e);
		if (e.invalid || !e.space || e.type != FPT_DATA ||
		    strcmp(e.name, CONTAINER_PART) != 0 || e.from < f->base ||
		    e.len > f->end - e.from || !is_alone(f, i, &e))
			continue;
		*from = e.from;
		*end = e.from + e.len;
		return true;
	}
	return false;
}

bool
container_window(const struct image *img, enum container_kind kind,
    size_t *from, size_t *end)
{
	switch (kind) {
	case CONTAINER_PDR:
		return region_window(img, REGION_PDR, from, end);
	case CONTAINER_FPT:
		return part_window(img, from, end);
	default:
		return false;
	}
}

/* ---- the search ---- */

/* Makes room for one that is sound: a broken one goes, the last first. */
static bool
make_room(struct container_list *l)
{
	size_t i = l->n;

	while (i > 0 && l->hit[i - 1].why == NULL)
		i--;
	if (i == 0)
		return false;
	memmove(l->hit + i - 1, l->hit + i, (l->n - i) * sizeof(l->hit[0]));
	l->n--;
	l->cut = true;
	return true;
}

static void
add(struct container_list *l, const struct container_hit *h)
{
	if (l->n < CONTAINER_MAX || (h->why == NULL && make_room(l)))
		l->hit[l->n++] = *h;
	else if (h->why != NULL)
		l->cut = true;
	else
		l->more = true;
}

static void
judge(const struct image *img, struct container_hit *h)
{
	struct recordview v;

	if (recordview_open(&v, img->p + h->at, h->len))
		h->sequence = v.sequence;
	else {
		h->why = v.why;
		h->why_at = h->at + v.at;
	}
}

static bool
is_replaced(const struct varstore *s, const struct varstore_var *v)
{
	return (s->format == VARSTORE_EDK2 || s->format == VARSTORE_VSS) &&
	    v->state == EDKVAR_REPLACED;
}

static void
find_variables(const struct image *img, const struct varstore_name *name,
    enum container_kind kind, struct container_list *l)
{
	struct varstore_var v;

	for (size_t i = 0; i < img->nstores; i++)
		for (size_t at = 0;
		     varstore_find(&img->store[i], name, &at, &v);) {
			struct container_hit h = { .kind = kind };

			h.off = v.off;
			h.at = (size_t)(v.data - img->p);
			h.len = v.len;
			h.replaced = is_replaced(&img->store[i], &v);
			if (kind == CONTAINER_VARIABLE)
				judge(img, &h);
			add(l, &h);
		}
}

static size_t
blocks(size_t n)
{
	return (n + CONTAINER_ALIGN - 1) / CONTAINER_ALIGN * CONTAINER_ALIGN;
}

/* A record that is whole is stepped over with the blocks that are its own, so
 * that nothing in it is taken for another. */
static void
find_blocks(
    const struct image *img, enum container_kind kind, struct container_list *l)
{
	size_t from, end, step;

	if (!container_window(img, kind, &from, &end))
		return;
	for (size_t at = from; at < end;
	     at += step < end - at ? step : end - at) {
		struct container_hit h = { .kind = kind, .off = at, .at = at };

		step = CONTAINER_ALIGN;
		if (!recordview_present(img->p + at, end - at))
			continue;
		h.len = recordview_length(img->p + at, end - at);
		if (h.len == 0)
			h.len = end - at; /* told as it is broken */
		judge(img, &h);
		if (h.why == NULL)
			step = blocks(h.len);
		add(l, &h);
	}
}

/* b comes behind a. */
static bool
newer(const struct container_hit *a, const struct container_hit *b)
{
	if (a->sequence != b->sequence)
		return b->sequence > a->sequence;
	return a->replaced && b->kind == a->kind && !b->replaced;
}

static void
choose(struct container_list *l)
{
	struct container_hit *best = NULL;

	for (size_t i = 0; i < l->n; i++) {
		struct container_hit *h = &l->hit[i];

		if (h->why != NULL)
			continue;
		if (best == NULL ||
		    (h->kind != CONTAINER_SETUP && newer(best, h)))
			best = h;
	}
	if (best == NULL || l->more)
		return;
	best->counts = true;
	for (size_t i = 0; i < l->n; i++)
		l->hit[i].tie = &l->hit[i] != best && l->hit[i].why == NULL &&
		    l->hit[i].kind != CONTAINER_SETUP &&
		    best->kind != CONTAINER_SETUP &&
		    l->hit[i].sequence == best->sequence;
}

void
container_find(const struct image *img, struct container_list *l)
{
	struct varstore_name name;

	memset(l, 0, sizeof(*l));
	image_oem_name(&name);
	find_variables(img, &name, CONTAINER_VARIABLE, l);
	find_blocks(img, CONTAINER_PDR, l);
	find_blocks(img, CONTAINER_FPT, l);
	container_setup_name(&name);
	find_variables(img, &name, CONTAINER_SETUP, l);
	choose(l);
}

bool
container_live(const struct image *img, struct container_hit *out)
{
	struct container_list l;

	container_find(img, &l);
	if (l.n > 0)
		*out = l.hit[0];
	return l.n > 0;
}

static const struct container_hit *
chosen(const struct container_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->hit[i].counts)
			return &l->hit[i];
	return NULL;
}

bool
container_setup(const struct image *img, struct container_hit *out)
{
	const struct container_hit *h;
	struct container_list l;

	container_find(img, &l);
	h = chosen(&l);
	if (h == NULL || h->kind != CONTAINER_SETUP)
		return false;
	*out = *h;
	return true;
}

static const char *
words(enum container_kind kind)
{
	switch (kind) {
	case CONTAINER_VARIABLE:
		return "variable " IMAGE_OEM_NAME;
	case CONTAINER_PDR:
		return "record in the platform data region";
	case CONTAINER_FPT:
		return "record in the partition " CONTAINER_PART;
	default:
		return "variable " CONTAINER_SETUP_NAME;
	}
}

static enum err_code
malformed(const struct container_list *l, struct err *e)
{
	if (l->more)
		return err_refuse(e, ERR_DATA,
		    reason_get(REASON_RECORD_MALFORMED),
		    "more than %d records: which of them counts is not said",
		    CONTAINER_MAX);
	for (size_t i = 0; i < l->n; i++) {
		const struct container_hit *h = &l->hit[i];

		if (h->why == NULL)
			continue;
		err_refuse(e, ERR_DATA, reason_get(REASON_RECORD_MALFORMED),
		    "offset 0x%zx: %s: %s", h->why_at, words(h->kind), h->why);
		return err_at(e, h->why_at);
	}
	return ERR_OK;
}

static enum err_code
no_record(
    const struct image *img, const struct container_list *l, struct err *e)
{
	size_t from, end;

	if (malformed(l, e) != ERR_OK)
		return e->code;
	if (!container_window(img, CONTAINER_PDR, &from, &end) &&
	    !container_window(img, CONTAINER_FPT, &from, &end) &&
	    image_need_store(img, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < img->nstores; i++)
		if (varstore_refuse(&img->store[i], e) != ERR_OK)
			return e->code;
	return err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_NO_RECORD),
	    "no live variable " IMAGE_OEM_NAME
	    " in %zu variable stores, nor a record elsewhere",
	    img->nstores);
}

enum err_code
container_record(const struct image *img, struct record *out,
    struct container_hit *at, struct err *e)
{
	const struct container_hit *h;
	struct container_list l;
	struct rd r;

	container_find(img, &l);
	h = chosen(&l);
	if (h == NULL || h->kind == CONTAINER_SETUP)
		return no_record(img, &l, e);
	rd_init(&r, img->p + h->at, h->len);
	if (!record_read(&r, out))
		return err_set(e, ERR_BUG, "a record reads in two ways");
	*at = *h;
	return ERR_OK;
}
