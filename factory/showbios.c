/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "bios/ffs.h"
#include "bios/fit.h"
#include "bios/protect.h"
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

/* ---- volumes ---- */

static void
told_broken(struct tree *t, const char *why, size_t at)
{
	if (why == NULL)
		return;
	tree_text(t, "broken", why);
	tree_unknown(t, at, at, why);
}

/* What a volume's node says of its files before they come. */
static void
summary(struct tree *t, const struct image *img, const struct volume *v)
{
	size_t files = 0, from = v->off + v->len, end = from;
	struct ffs_walk w;
	struct ffs_item it;

	ffs_begin(&w, img->p, v);
	for (w.flat = true; ffs_next(&w, &it);) {
		if (it.kind == FFS_FILE)
			files++;
		if (it.kind != FFS_FREE)
			continue;
		from = it.off;
		end = it.end;
	}
	tree_uint(t, "files_count", files);
	tree_hex(t, "free_offset", from);
	tree_hex(t, "free", end - from);
}

static void
open_volume(struct tree *t, const struct image *img, const struct volume *v)
{
	enum volume_fs fs = volume_fs(v);
	struct volume_info info;

	tree_open(t, "volumes", v->off, v->off + v->len, "volume");
	tree_uuid(t, "guid", &v->guid);
	tree_text(t, "format", volume_fs_name(fs));
	if (v->why != NULL) {
		told_broken(t, v->why, v->at);
		return;
	}
	volume_info(img->p, v, &info);
	if (info.named)
		tree_uuid(t, "volume_guid", &info.name);
	tree_uint(t, "revision", v->revision);
	tree_hex(t, "attrs", v->attrs);
	tree_hex(t, "header", v->first - v->off);
	told_broken(t, v->odd, v->at);
	if (fs == VOLUME_OTHER)
		tree_unknown(t, v->off + v->header, v->off + v->len,
		    "a volume whose file system is not known");
	else if (fs != VOLUME_NV)
		summary(t, img, v);
}

static void
open_file(struct tree *t, const struct image *img, const struct ffs_file *f)
{
	const char *type = ffs_type_name(f->type);
	char name[FFS_NAME];

	ffs_name(img->p, f, name);
	tree_open(t, "files", f->off, f->end, name[0] != '\0' ? name : NULL);
	tree_uuid(t, "guid", &f->guid);
	if (type != NULL)
		tree_text(t, "type", type);
	else
		tree_hex(t, "type_number", f->type);
	if (f->state != FFS_VALID)
		tree_text(t, "state", ffs_state_name(f->state));
	if (f->attrs != 0)
		tree_hex(t, "attrs", f->attrs);
	told_broken(t, f->why, f->at);
	if (f->state != FFS_VALID && f->state != FFS_UPDATE)
		return;
	if (type == NULL || (f->type >= 0xC0 && f->type <= 0xEF))
		tree_unknown(t, f->body, f->body_end,
		    "a file of a type that is not known");
	showstore_range(t, img, f->body, f->body_end);
}

static void
open_section(
    struct tree *t, const struct image *img, const struct ffs_section *s)
{
	const char *type = ffs_section_name(s->type);
	const char *packing = ffs_packing_name(s);
	char text[FFS_NAME], what[64];

	ffs_text(img->p, s, text);
	tree_open(t, "sections", s->off, s->end, type);
	if (type == NULL)
		tree_hex(t, "type_number", s->type);
	tree_text(t, "text", text);
	if (s->has_guid)
		tree_uuid(t, "guid", &s->guid);
	tree_text(t, "packing", packing);
	if (s->unpacked != 0)
		tree_hex(t, "unpacked", s->unpacked);
	told_broken(t, s->why, s->at);
	if (!s->packed)
		return;
	snprintf(what, sizeof(what), "packed data (%s) are not looked into",
	    packing[0] != '\0' ? packing : "way not known");
	tree_unknown(t, s->body, s->end, what);
}

static void
put_item(struct tree *t, const struct image *img, const struct ffs_item *it)
{
	switch (it->kind) {
	case FFS_FILE:
		open_file(t, img, &it->f);
		break;
	case FFS_SECTION:
		open_section(t, img, &it->s);
		break;
	case FFS_VOLUME:
		open_volume(t, img, &it->v);
		break;
	case FFS_STRAY:
		tree_unknown(t, it->off, it->end, it->why);
		break;
	case FFS_FREE:
		break;
	}
	if (it->deep)
		tree_unknown(
		    t, it->off, it->end, "nested deeper than is looked into");
}

static void
whole_volume(struct tree *t, const struct image *img, const struct volume *v)
{
	size_t inside;
	struct ffs_walk w;
	struct ffs_item it;

	open_volume(t, img, v);
	inside = t->depth;
	if (volume_is_nv(v))
		showstore_volume(t, img, v);
	ffs_begin(&w, img->p, v);
	while (ffs_next(&w, &it)) {
		while (t->depth > inside + it.depth)
			tree_close(t);
		put_item(t, img, &it);
	}
	while (t->depth >= inside)
		tree_close(t);
}

/* ---- what the processor checks ---- */

static void
fit(struct tree *t, const struct image *img)
{
	struct fit f;
	struct fit_row row;
	size_t i = 0;

	fit_read(img, &f);
	if (!f.present)
		return;
	if (f.why != NULL)
		tree_unknown(t, f.at, f.at, f.why);
	while (fit_next(&f, &i, &row)) {
		const char *type = fit_type_name(row.type);

		tree_open(t, "fit", row.at, row.at + 16, type);
		if (type == NULL)
			tree_hex(t, "type_number", row.type);
		tree_hex(t, "address", row.address);
		if (row.mapped)
			tree_hex(t, "at", row.off);
		if (row.size != 0)
			tree_hex(t, "length", row.size);
		tree_hex(t, "version", row.version);
		tree_close(t);
		if (type == NULL)
			tree_unknown(t, row.at, row.at + 16,
			    "a row of the FIT of a type that is not known");
	}
}

static void
protection(struct tree *t, const struct image *img)
{
	struct protect p;

	protect_read(img, &p);
	for (size_t i = 0; i < p.nfound; i++) {
		const struct protect_found *f = &p.found[i];

		tree_open(t, "protection", f->off, f->end,
		    protect_kind_name(f->kind));
		if (f->version != 0)
			tree_hex(t, "version", f->version);
		tree_close(t);
		if (f->why != NULL)
			tree_unknown(t, f->at, f->at, f->why);
	}
	for (size_t i = 0; i < p.nrange; i++) {
		const struct protect_range *r = &p.range[i];

		tree_open(t, "protected", r->off, r->end, r->what);
		tree_text(t, "hash",
		    r->hashed ? protect_verdict_name(r->verdict)
			      : "outside the hash");
		tree_close(t);
	}
}

void
showbios_tree(struct tree *t, const struct image *img)
{
	const struct descriptor_region *bios = &img->desc.region[REGION_BIOS];
	size_t at = bios->base;

	for (size_t i = 0; i < img->nvolumes; i++) {
		const struct volume *v = &img->volume[i];

		whole_volume(t, img, v);
		if (v->why != NULL)
			continue; /* told by its node */
		gap(t, img, at, v->off);
		at = v->off + v->len;
	}
	if (img->kind == IMAGE_WHOLE || img->kind == IMAGE_BIOS)
		gap(t, img, at, bios->limit + 1);
	fit(t, img);
	protection(t, img);
}
