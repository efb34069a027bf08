/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "bios/me.h"
#include "bios/owner.h"
#include "formats/reason.h"

static bool
touches(const struct place *at, size_t from, size_t end)
{
	return at->off < end && from < at->off + at->len;
}

static bool
is_within(const struct place *at, size_t from, size_t end)
{
	return at->off >= from && at->off < end && at->len <= end - at->off;
}

/* A region as its descriptor has it; clipped, since what is not in the image
 * is not written. */
static bool
region(const struct image *img, size_t i, size_t *from, size_t *end)
{
	const struct descriptor_region *r = &img->desc.region[i];

	if (!r->used || r->base > r->limit || r->base >= img->n)
		return false;
	*from = r->base;
	*end = r->limit < img->n ? r->limit + 1 : img->n;
	return true;
}

static bool
in_partition(const struct image *img, const struct place *at)
{
	struct me_part p;

	for (size_t i = 0; img->me.has_fpt && i < img->me.fpt.n; i++) {
		me_part(&img->me, i, &p);
		if (p.e.space && !p.e.invalid &&
		    (p.kind == ME_OEM || p.kind == ME_FITC ||
			p.kind == ME_OURS) &&
		    is_within(at, p.e.from, p.e.from + p.e.len))
			return true;
	}
	return false;
}

/* Is it the OEM's by what is public? A region that another one lies over is
 * not. */
static bool
is_oems(const struct image *img, const struct place *at)
{
	size_t from, end;

	for (size_t i = 0; i < DESCRIPTOR_REGIONS; i++)
		if (i != REGION_PDR && region(img, i, &from, &end) &&
		    touches(at, from, end))
			return i == REGION_ME && in_partition(img, at);
	return region(img, REGION_PDR, &from, &end) && is_within(at, from, end);
}

/* What code of the BIOS is at or around it, or NULL. */
static const char *
code(const struct image *img, const struct place *at, char *buf, size_t room)
{
	size_t from, end;

	if (!region(img, REGION_BIOS, &from, &end) || !touches(at, from, end))
		return NULL;
	for (size_t i = 0; i < img->nvolumes; i++) {
		const struct volume *v = &img->volume[i];

		if (!touches(
			at, v->off, v->why != NULL ? end : v->off + v->len))
			continue;
		snprintf(buf, room, "a firmware volume at 0x%zx", v->off);
		return buf;
	}
	if (end - from <= OWNER_RESET || at->off + at->len > end - OWNER_RESET)
		return "the last 64 KiB of the BIOS, where reset begins";
	return img->nvolumes == IMAGE_VOLUMES ? "a BIOS of too many volumes"
					      : NULL;
}

static const char *
name_of(const struct image *img, const struct place *at)
{
	size_t from, end;

	for (size_t i = 0; i < DESCRIPTOR_REGIONS; i++)
		if (region(img, i, &from, &end) && touches(at, from, end))
			return descriptor_region_name(i);
	return "none";
}

enum err_code
owner_judge(const struct image *img, const struct place *at, bool named,
    bool consent, struct err *e)
{
	char buf[64];
	const char *in;

	if (at->len == 0 || is_oems(img, at))
		return ERR_OK;
	in = code(img, at, buf, sizeof(buf));
	if (named && (in == NULL || consent))
		return ERR_OK;
	if (!named)
		err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_FORBIDDEN),
		    "0x%zx..0x%zx, region %s%s%s: somebody's bytes, and the "
		    "map does not say what is there (expect, or holds of a "
		    "fixup)",
		    at->off, at->off + at->len - 1, name_of(img, at),
		    in != NULL ? ", in " : "", in != NULL ? in : "");
	else
		err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_FORBIDDEN),
		    "0x%zx..0x%zx is in %s: the map has to take the risk "
		    "(consent = true)",
		    at->off, at->off + at->len - 1, in);
	return err_at(e, at->off);
}
