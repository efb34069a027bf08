/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "bios/container.h"
#include "bios/image.h"
#include "bios/stray.h"
#include "formats/reason.h"

const char *
image_kind_name(enum image_kind kind)
{
	switch (kind) {
	case IMAGE_WHOLE:
		return "whole";
	case IMAGE_BIOS:
		return "bios";
	case IMAGE_ME:
		return "me";
	default:
		return "descriptor";
	}
}

void
image_oem_name(struct varstore_name *name)
{
	memset(name, 0, sizeof(*name));
	uuid_parse(&name->guid, IMAGE_OEM_GUID);
	memcpy(name->name, IMAGE_OEM_NAME, sizeof(IMAGE_OEM_NAME));
}

static enum err_code
unknown(struct err *e, size_t at, const char *what)
{
	err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_UNKNOWN),
	    "offset 0x%zx: %s", at, what);
	return err_at(e, at);
}

static void
only_region(struct image *img, size_t region)
{
	memset(&img->desc, 0, sizeof(img->desc));
	img->desc.slots = DESCRIPTOR_REGIONS;
	img->desc.region[region].used = true;
	img->desc.region[region].limit = img->n - 1;
}

static enum err_code
cut_short(const struct image *img, size_t region, struct err *e)
{
	err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_UNKNOWN),
	    "the image ends at 0x%zx, but its descriptor puts region %s at "
	    "0x%zx..0x%zx: it is cut short",
	    img->n, descriptor_region_name(region),
	    img->desc.region[region].base, img->desc.region[region].limit);
	return err_at(e, img->n);
}

static enum err_code
read_layout(struct image *img, struct err *e)
{
	const struct descriptor_region *d = &img->desc.region[0];

	img->kind = IMAGE_WHOLE;
	if (descriptor_read(img->p, img->n, &img->desc, e) != ERR_OK)
		return e->code;
	if (d->used && img->n == d->limit + 1) {
		img->kind = IMAGE_DESCRIPTOR;
		return ERR_OK;
	}
	for (size_t i = 0; i < DESCRIPTOR_REGIONS; i++) {
		const struct descriptor_region *r = &img->desc.region[i];

		if (r->used && r->limit >= img->n)
			return cut_short(img, i, e);
	}
	if (img->desc.region[REGION_ME].used)
		me_read(img->p, img->desc.region[REGION_ME].base,
		    img->desc.region[REGION_ME].limit + 1, &img->me);
	return ERR_OK;
}

static enum err_code
add_volume(struct image *img, const struct volume *v, struct err *e)
{
	if (img->nvolumes == IMAGE_VOLUMES)
		return unknown(e, v->off, "more than 64 firmware volumes");
	img->volume[img->nvolumes++] = *v;
	img->nstores += varstore_read(
	    img->p, v, img->store + img->nstores, IMAGE_STORES - img->nstores);
	if (img->nstores > IMAGE_STORES)
		return unknown(e, v->off, "more than 32 variable stores");
	return ERR_OK;
}

/* A fault tolerant write rewrites blocks of any volume: while one is under
 * way, no store of the image is added to. */
static void
spread_pending(struct image *img)
{
	const struct varstore *from = NULL;

	for (size_t i = 0; i < img->nstores && from == NULL; i++)
		if (img->store[i].why != NULL &&
		    img->store[i].reason == REASON_IMAGE_FTW_PENDING)
			from = &img->store[i];
	for (size_t i = 0; from != NULL && i < img->nstores; i++)
		varstore_forbid(
		    &img->store[i], from->reason, from->why, from->at);
}

static enum err_code
read_volumes(struct image *img, struct err *e)
{
	const struct descriptor_region *r = &img->desc.region[REGION_BIOS];
	size_t from = r->base;
	struct volume v;

	if (!r->used)
		return ERR_OK;
	while (volume_next(img->p, from, r->limit + 1, &v)) {
		if (add_volume(img, &v, e) != ERR_OK)
			return e->code;
		/* A broken header's length says nothing. */
		from = v.why == NULL ? v.off + v.len : v.off + 8;
	}
	spread_pending(img);
	return ERR_OK;
}

/* A BIOS region holds no descriptor: then this is a whole image behind
 * something, and all of its offsets would be wrong. */
static enum err_code
refuse_prefix(const struct image *img, struct err *e)
{
	size_t at = stray_descriptor(img->p, 0, img->n);

	if (at == img->n)
		return ERR_OK;
	err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_UNKNOWN),
	    "offset 0x%zx: a flash descriptor: in front of it are %zu bytes: a "
	    "capsule? cut them off",
	    at, at);
	return err_at(e, at);
}

enum err_code
image_read(const uint8_t *p, size_t n, struct image *img, struct err *e)
{
	memset(img, 0, sizeof(*img));
	img->p = p;
	img->n = n;
	if (n > IMAGE_MAX)
		return unknown(e, IMAGE_MAX, "larger than any flash");
	if (descriptor_present(p, n)) {
		if (read_layout(img, e) != ERR_OK)
			return e->code;
		return img->kind == IMAGE_WHOLE ? read_volumes(img, e) : ERR_OK;
	}
	me_read(p, 0, n, &img->me);
	if (me_known(&img->me)) {
		img->kind = IMAGE_ME;
		only_region(img, REGION_ME);
		return ERR_OK;
	}
	if (refuse_prefix(img, e) != ERR_OK)
		return e->code;
	memset(&img->me, 0, sizeof(img->me));
	img->kind = IMAGE_BIOS;
	if (n > 0)
		only_region(img, REGION_BIOS);
	if (read_volumes(img, e) == ERR_OK && img->nvolumes == 0)
		unknown(e, 0,
		    "neither a flash descriptor, nor $FPT or an IFWI layout, "
		    "nor any firmware volume");
	return e->code;
}

/* ---- the record ---- */

enum err_code
image_need_store(const struct image *img, struct err *e)
{
	if (img->nstores > 0)
		return ERR_OK;
	return err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_NO_STORE),
	    "%s image of 0x%zx bytes: no UEFI variable store in %zu firmware "
	    "volumes",
	    image_kind_name(img->kind), img->n, img->nvolumes);
}

enum err_code
image_find_record(
    const struct image *img, struct record *out, size_t *at, struct err *e)
{
	struct container_hit hit;

	if (container_record(img, out, &hit, e) == ERR_OK)
		*at = hit.off;
	return e->code;
}

enum err_code
image_record(const uint8_t *p, size_t n, struct record *out, struct err *e)
{
	struct image *img = malloc(sizeof(*img));
	size_t at;

	if (img == NULL)
		return err_mem(e);
	if (image_read(p, n, img, e) == ERR_OK)
		image_find_record(img, out, &at, e);
	free(img);
	return e->code;
}

/* ---- a new image ---- */

static enum err_code
check_layout(const struct descriptor *d, size_t size, struct err *e)
{
	const struct reason *why = reason_get(REASON_IMAGE_COMPOSE);

	if (d->flash != size)
		return err_refuse(e, ERR_DATA, why,
		    "the descriptor is for flash of 0x%zx bytes, not 0x%zx",
		    d->flash, size);
	for (size_t i = 0; i < DESCRIPTOR_REGIONS; i++) {
		const struct descriptor_region *a = &d->region[i];

		if (a->used && a->limit >= size)
			return err_refuse(e, ERR_DATA, why,
			    "region %s ends at 0x%zx, behind the flash of "
			    "0x%zx bytes",
			    descriptor_region_name(i), a->limit, size);
		for (size_t j = 0; a->used && j < i; j++) {
			const struct descriptor_region *b = &d->region[j];

			if (b->used && a->base <= b->limit &&
			    b->base <= a->limit)
				return err_refuse(e, ERR_DATA, why,
				    "regions %s and %s overlap at 0x%zx",
				    descriptor_region_name(j),
				    descriptor_region_name(i),
				    a->base > b->base ? a->base : b->base);
		}
	}
	return ERR_OK;
}

static enum err_code
lay(uint8_t *out, const struct descriptor *d, size_t region,
    const struct image_part *part, struct err *e)
{
	const struct descriptor_region *r = &d->region[region];
	const char *name = descriptor_region_name(region);
	size_t room = r->limit - r->base + 1;

	if (part->p == NULL)
		return ERR_OK;
	if (!r->used)
		return err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_COMPOSE),
		    "the descriptor has no region %s for that part", name);
	if (part->n > room)
		return err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_COMPOSE),
		    "the part has 0x%zx bytes, but region %s at 0x%zx..0x%zx "
		    "has room for 0x%zx",
		    part->n, name, r->base, r->limit, room);
	/* The reset vector is at the end of BIOS; all else begins at 0. */
	memcpy(out + (region == REGION_BIOS ? r->limit + 1 - part->n : r->base),
	    part->p, part->n);
	return ERR_OK;
}

enum err_code
image_compose(
    const struct image_parts *parts, uint8_t *out, size_t size, struct err *e)
{
	uint8_t made[DESCRIPTOR_SIZE];
	struct image_part desc = parts->descriptor;
	struct descriptor d;

	if (desc.p == NULL) {
		struct descriptor_sizes sizes = { size, parts->me.n,
			parts->gbe.n, parts->pdr.n, parts->bios.n };

		if (descriptor_make(made, &sizes, e) != ERR_OK)
			return e->code;
		desc.p = made;
		desc.n = sizeof(made);
	}
	if (descriptor_read(desc.p, desc.n, &d, e) != ERR_OK ||
	    check_layout(&d, size, e) != ERR_OK)
		return e->code;
	memset(out, 0xFF, size);
	if (lay(out, &d, REGION_DESCRIPTOR, &desc, e) == ERR_OK &&
	    lay(out, &d, REGION_ME, &parts->me, e) == ERR_OK &&
	    lay(out, &d, REGION_GBE, &parts->gbe, e) == ERR_OK &&
	    lay(out, &d, REGION_PDR, &parts->pdr, e) == ERR_OK)
		lay(out, &d, REGION_BIOS, &parts->bios, e);
	return e->code;
}
