/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "bios/place.h"
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
place_begin(struct place *p, const struct image *img, const struct imgmap *map,
    struct err *e)
{
	struct varstore_name oem;

	image_oem_name(&oem);
	p->img = img;
	p->map = map;
	p->store = &img->store[0];
	if (image_need_store(img, e) != ERR_OK ||
	    map_matches(map, img, e) != ERR_OK)
		return e->code;
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
	return varstore_refuse(p->store, e);
}

static enum err_code
refuse_large(const struct place *p, size_t len, struct err *e)
{
	const struct imgmap *map = p->map;
	size_t need = varstore_need(p->store, &map->var, len);

	if (map->max == 0 || need <= map->max)
		return ERR_OK;
	return err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_STORE_FULL),
	    "map %s: %s needs %zu bytes, but the firmware takes %zu at most",
	    map->name, map->var.name, need, map->max);
}

enum err_code
place_record(const struct place *p, const struct record *rec,
    struct place_patch *out, struct err *e)
{
	struct varstore_add add = { .name = p->map->var,
		.attrs = p->map->attrs };
	struct wr w;

	out->off = p->store->free;
	wr_grow(&out->bytes, p->store->end - p->store->off);
	wr_grow(&w, RECORD_MAX);
	record_write(&w, rec);
	add.data = w.buf;
	add.len = w.len;
	if (w.failed)
		err_refuse(e, ERR_DATA, reason_get(REASON_RECORD_MALFORMED),
		    "a value of the record is unsound, or all have more than "
		    "%d bytes",
		    RECORD_MAX);
	else if (refuse_large(p, w.len, e) == ERR_OK)
		varstore_entry(p->store, &add, &out->bytes, e);
	wr_free(&w);
	return e->code;
}
