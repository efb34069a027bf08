/* SPDX-License-Identifier: Apache-2.0 */
#include "factory/showbios.h"
#include "factory/showstore.h"

/* The first byte in from..end that is not v, or end. */
static size_t
past(const uint8_t *p, size_t from, size_t end, uint8_t v)
{
	while (from < end && p[from] == v)
		from++;
	return from;
}

static void
gap(struct tree *t, const struct image *img, size_t from, size_t end)
{
	from = past(img->p, from, end, 0xFF);
	if (from < end && past(img->p, from, end, 0) < end)
		tree_unknown(t, from, end, "bytes outside any firmware volume");
}

void
showbios_tree(struct tree *t, const struct image *img)
{
	const struct descriptor_region *bios = &img->desc.region[REGION_BIOS];
	size_t at = bios->base;

	for (size_t i = 0; i < img->nvolumes; i++) {
		const struct volume *v = &img->volume[i];

		tree_open(t, "volumes", v->off, v->off + v->len, "volume");
		tree_uuid(t, "guid", &v->guid);
		tree_text(t, "broken", v->why);
		if (volume_is_nv(v))
			showstore_volume(t, img, v);
		else
			showstore_range(t, img, v->off, v->off + v->len);
		tree_close(t);
		if (v->why != NULL)
			continue; /* told by its store */
		gap(t, img, at, v->off);
		at = v->off + v->len;
	}
	if (img->kind == IMAGE_WHOLE || img->kind == IMAGE_BIOS)
		gap(t, img, at, bios->limit + 1);
}
