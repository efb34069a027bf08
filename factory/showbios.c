/* SPDX-License-Identifier: Apache-2.0 */
#include "factory/showbios.h"

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

static void
store(struct tree *t, const struct varstore *s)
{
	char name[VARSTORE_NAME];
	struct varstore_var v;
	size_t at = 0;

	tree_open(t, "stores", s->off, s->end, "store");
	tree_text(t, "format", s->auth ? "authenticated" : "plain");
	tree_hex(t, "free_offset", s->free);
	tree_hex(t, "free", s->end - s->free);
	tree_text(t, "broken", s->why);
	if (s->why != NULL)
		tree_unknown(t, s->at, s->at, s->why);
	while (varstore_next(s, &at, &v)) {
		varstore_text(&v, name);
		tree_open(t, "variables", v.off, v.off + v.size, name);
		tree_uuid(t, "guid", &v.guid);
		tree_hex(t, "attrs", v.attrs);
		tree_text(t, "state", varstore_state_name(v.state));
		tree_uint(t, "data_size", v.len);
		tree_close(t);
	}
	tree_close(t);
}

void
showbios_tree(struct tree *t, const struct image *img)
{
	const struct descriptor_region *bios = &img->desc.region[REGION_BIOS];
	size_t at = bios->base, nstore = 0;

	for (size_t i = 0; i < img->nvolumes; i++) {
		const struct volume *v = &img->volume[i];

		tree_open(t, "volumes", v->off, v->off + v->len, "volume");
		tree_uuid(t, "guid", &v->guid);
		tree_text(t, "broken", v->why);
		if (volume_is_nv(v))
			store(t, &img->store[nstore++]);
		tree_close(t);
		if (v->why != NULL)
			continue; /* told by its store */
		gap(t, img, at, v->off);
		at = v->off + v->len;
	}
	if (img->kind == IMAGE_WHOLE || img->kind == IMAGE_BIOS)
		gap(t, img, at, bios->limit + 1);
}
