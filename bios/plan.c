/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "bios/plan.h"
#include "bios/protect.h"
#include "formats/reason.h"

static enum err_code
refuse_live(
    const struct image *img, const struct varstore_name *name, struct err *e)
{
	struct varstore_var v;

	for (size_t i = 0; i < img->nstores; i++) {
		size_t at = 0;

		if (!varstore_find(&img->store[i], name, &at, &v))
			continue;
		err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_LIVE_RECORD),
		    "variable store at 0x%zx: offset 0x%zx: %s is there "
		    "already",
		    img->store[i].off, v.off, name->name);
		return err_at(e, v.off);
	}
	return ERR_OK;
}

enum err_code
plan_begin(struct planner *p, const struct image *img, const struct imgmap *map,
    struct err *e)
{
	struct varstore_name oem;

	memset(p, 0, sizeof(*p));
	image_oem_name(&oem);
	p->img = img;
	p->map = map;
	if (image_need_store(img, e) != ERR_OK ||
	    map_matches(map, img, e) != ERR_OK ||
	    descriptor_need_me(img, e) != ERR_OK)
		return e->code;
	descriptor_guards(img, &p->guard);
	protect_guards(img, &p->guard);
	if (img->nstores > 1)
		return err_refuse(e, ERR_DATA,
		    reason_get(REASON_IMAGE_NO_MATCH),
		    "map %s: it means one variable store, but the image has "
		    "them at 0x%zx and 0x%zx",
		    map->name, img->store[0].off, img->store[1].off);
	/* A device takes the project's own name whatever a map says. */
	if (refuse_live(img, &oem, e) != ERR_OK ||
	    refuse_live(img, &map->var, e) != ERR_OK)
		return e->code;
	me_guards(&img->me, &p->guard);
	return varstore_refuse(&img->store[0], e);
}

static enum err_code
refuse_large(const struct planner *p, size_t len, struct err *e)
{
	const struct imgmap *map = p->map;
	size_t need = varstore_need(&p->img->store[0], &map->var, len);

	if (map->max == 0 || need <= map->max)
		return ERR_OK;
	return err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_STORE_FULL),
	    "map %s: %s needs %zu bytes, but the firmware takes %zu at most",
	    map->name, map->var.name, need, map->max);
}

/* The next write, of bytes that the buffer has already. */
static void
add_write(struct plan *p, size_t off, size_t at, size_t len, bool secret,
    const char *why)
{
	struct plan_write *w = &p->w[p->n++];

	w->off = off;
	w->at = at;
	w->len = len;
	w->secret = secret;
	snprintf(w->why, sizeof(w->why), "%s", why);
}

enum err_code
plan_make(const struct planner *p, const struct record *rec, struct plan *out,
    struct err *e)
{
	struct varstore_add add = { .name = p->map->var,
		.attrs = p->map->attrs };
	const struct varstore *s = &p->img->store[0];
	struct wr w;

	memset(out, 0, sizeof(*out));
	wr_grow(&out->bytes, s->end - s->off);
	wr_grow(&w, RECORD_MAX);
	record_write(&w, rec);
	add.data = w.buf;
	add.len = w.len;
	if (w.failed)
		err_refuse(e, ERR_DATA, reason_get(REASON_RECORD_MALFORMED),
		    "a value of the record is unsound, or all have more than "
		    "%d bytes",
		    RECORD_MAX);
	else if (refuse_large(p, w.len, e) == ERR_OK &&
	    varstore_entry(s, &add, &out->bytes, e) == ERR_OK) {
		size_t head = out->bytes.len - w.len;

		add_write(out, s->free, 0, head, false,
		    "oem_record: header of the variable");
		add_write(out, s->free + head, head, w.len, true,
		    "oem_record: the record");
		out->clears_only = true;
	}
	wr_free(&w);
	return e->code;
}

enum err_code
plan_apply(const struct plan *p, uint8_t *copy, size_t n, struct err *e)
{
	struct span all = { copy, n }, at;

	for (size_t i = 0; i < p->n; i++) {
		if (!span_cut(all, p->w[i].off, p->w[i].len, &at))
			return err_set(e, ERR_BUG, "a write outside the image");
		memcpy(at.p, p->bytes.buf + p->w[i].at, at.n);
	}
	return ERR_OK;
}

enum err_code
plan_revert(const struct plan *p, const struct image *base, uint8_t *copy,
    size_t n, struct err *e)
{
	struct span all = { copy, n }, at;

	for (size_t i = 0; i < p->n; i++) {
		if (n != base->n ||
		    !span_cut(all, p->w[i].off, p->w[i].len, &at))
			return err_set(e, ERR_BUG, "a write outside the image");
		memcpy(at.p, base->p + p->w[i].off, at.n);
	}
	return ERR_OK;
}

void
plan_free(struct plan *p)
{
	wr_free(&p->bytes);
	memset(p->w, 0, sizeof(p->w));
	p->n = 0;
}
