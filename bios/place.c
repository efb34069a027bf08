/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "bios/ffs.h"
#include "bios/place.h"
#include "formats/reason.h"

/* A region that leaves the image is refused. */
static enum err_code
of_region(
    const struct image *img, size_t region, struct place *out, struct err *e)
{
	const struct descriptor_region *r = &img->desc.region[region];

	if (region >= DESCRIPTOR_REGIONS || !r->used || r->limit >= img->n)
		return err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_TARGET),
		    "the image has no region %s",
		    descriptor_region_name(region));
	out->off = r->base;
	out->len = r->limit - r->base + 1;
	return ERR_OK;
}

bool
place_me(const struct image *img, struct me *me)
{
	const struct descriptor_region *r = &img->desc.region[REGION_ME];

	if (!r->used || r->limit >= img->n)
		return false;
	me_read(img->p, r->base, r->limit + 1, me);
	return true;
}

enum err_code
place_part(
    const struct image *img, const char *name, struct place *out, struct err *e)
{
	struct fpt_entry entry;
	struct me me;

	if (!place_me(img, &me) || !me.has_fpt ||
	    !fpt_find(&me.fpt, name, &entry))
		return err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_TARGET),
		    "the image has no $FPT partition %s", name);
	for (size_t i = 0; i < me.fpt.n; i++) {
		struct fpt_entry other;

		fpt_entry(&me.fpt, i, &other);
		if (other.at == entry.at || other.invalid || !other.space ||
		    strcmp(other.name, entry.name) != 0)
			continue;
		err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_TARGET),
		    "the image has two $FPT partitions %s, at 0x%zx and 0x%zx",
		    name, entry.from, other.from);
		return err_at(e, other.from);
	}
	out->off = entry.from;
	out->len = entry.len;
	return ERR_OK;
}

/* range, which counts from there, cut from what all is. */
static enum err_code
cut(const struct place *all, const struct place *range, struct place *out,
    struct err *e)
{
	size_t len = range->len;

	if (range->off >= all->len || len > all->len - range->off)
		return err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_TARGET),
		    "0x%zx bytes at offset 0x%zx do not fit what has 0x%zx",
		    len, range->off, all->len);
	out->off = all->off + range->off;
	out->len = len == 0 ? all->len - range->off : len;
	return ERR_OK;
}

enum err_code
place_range(const struct image *img, size_t region, const char *part,
    const struct place *range, struct place *out, struct err *e)
{
	struct place all;

	if (part[0] != '\0')
		place_part(img, part, &all, e);
	else
		of_region(img, region, &all, e);
	return e->code != ERR_OK ? e->code : cut(&all, range, out, e);
}

static enum err_code
place_oem(const struct image *img, struct place *out, struct err *e)
{
	if (img->kind != IMAGE_WHOLE && img->kind != IMAGE_DESCRIPTOR)
		return err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_TARGET),
		    "the image has no descriptor");
	out->off = DESCRIPTOR_OEM;
	out->len = DESCRIPTOR_OEM_SIZE;
	return ERR_OK;
}

static enum err_code
place_file(const struct image *img, const struct map_setting *s,
    struct place *out, struct err *e)
{
	struct ffs_file f;

	if (ffs_find(img, &s->var.guid, &f, e) != ERR_OK)
		return e->code;
	out->off = f.body;
	out->len = f.body_end - f.body;
	return ERR_OK;
}

enum err_code
place_setting(const struct image *img, const struct map_setting *s,
    struct place *out, struct err *e)
{
	const struct place range = { s->offset, s->size };
	struct place all;

	switch (s->target) {
	case MAP_AT_REGION:
		of_region(img, s->region, &all, e);
		break;
	case MAP_AT_FPT:
		place_part(img, s->part, &all, e);
		break;
	case MAP_AT_FFS:
		place_file(img, s, &all, e);
		break;
	case MAP_AT_PDR:
		of_region(img, REGION_PDR, &all, e);
		break;
	case MAP_AT_OEM:
		place_oem(img, &all, e);
		break;
	default:
		return err_set(e, ERR_BUG, "a setting without a place");
	}
	return e->code != ERR_OK ? e->code : cut(&all, &range, out, e);
}

bool
place_is_store(const struct varstore *s, enum map_target target)
{
	if (target == MAP_AT_NVAR)
		return s->format == VARSTORE_NVAR;
	return s->format == VARSTORE_EDK2 || s->format == VARSTORE_VSS ||
	    s->format == VARSTORE_NONE;
}
