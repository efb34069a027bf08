/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "bios/container.h"
#include "factory/imageshow.h"
#include "factory/showbios.h"
#include "factory/showdesc.h"
#include "factory/showme.h"
#include "factory/showrecord.h"

static void
region(struct tree *t, const struct image *img, size_t i,
    const struct container_list *l)
{
	const struct descriptor_region *r = &img->desc.region[i];

	tree_region(t, r->base, r->limit, descriptor_region_name(i));
	if (r->limit < img->n)
		tree_sha256(t, img->p + r->base, r->limit + 1 - r->base);
	switch (i) {
	case REGION_DESCRIPTOR:
		showdesc_tree(t, img);
		break;
	case REGION_ME:
		showme_tree(t, img);
		break;
	case REGION_BIOS:
		showbios_tree(t, img);
		break;
	default:
		if (r->limit < img->n)
			showdesc_other(t, img, i, l);
		break;
	}
	tree_close(t);
}

/* The regions in use, by offset; returns how many. */
static size_t
in_order(const struct descriptor *d, size_t order[static DESCRIPTOR_REGIONS])
{
	size_t n = 0, k;

	for (size_t i = 0; i < DESCRIPTOR_REGIONS; i++) {
		if (!d->region[i].used)
			continue;
		for (k = n++;
		     k > 0 && d->region[order[k - 1]].base > d->region[i].base;
		     k--)
			order[k] = order[k - 1];
		order[k] = i;
	}
	return n;
}

/* Regions, or what lies between them: a list of its own for a program, while
 * people see the flash from its first byte to its last. */
static void
layout(struct tree *t, const struct image *img, const struct container_list *l,
    bool regions, bool unused)
{
	size_t order[DESCRIPTOR_REGIONS], n = in_order(&img->desc, order);
	size_t flash = img->desc.chips > 0 ? img->desc.flash : 0, at = 0;

	if (img->n > flash)
		flash = img->n;
	for (size_t i = 0; i < n; i++) {
		const struct descriptor_region *r = &img->desc.region[order[i]];

		if (unused && r->base > at)
			showdesc_unused(t, img, at, r->base);
		if (regions)
			region(t, img, order[i], l);
		if (r->limit >= at)
			at = r->limit + 1;
	}
	if (unused && flash > at)
		showdesc_unused(t, img, at, flash);
}

static const char *
standing(const struct container_hit *h)
{
	if (h->why != NULL)
		return "broken";
	if (h->counts)
		return "counts";
	if (h->kind == CONTAINER_SETUP)
		return "a record counts before it";
	return h->tie ? "as new as the one that counts" : "older";
}

/* Every container that holds something, in the order of the search. */
static void
containers(struct tree *t, const struct container_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct container_hit *h = &l->hit[i];
		char name[32], what[96];

		snprintf(name, sizeof(name), "container %s",
		    container_name(h->kind));
		tree_open(t, "containers", h->at, h->at + h->len,
		    t->json ? container_name(h->kind) : name);
		if (h->why == NULL && h->kind != CONTAINER_SETUP)
			tree_uint(t, "sequence", h->sequence);
		tree_text(t, "standing", standing(h));
		if (h->kind == CONTAINER_FPT)
			tree_text(t, "read_by", "the software device only");
		if (h->why != NULL) {
			snprintf(what, sizeof(what), "%s: %s", name, h->why);
			tree_unknown(t, h->why_at, h->why_at, what);
		}
		tree_close(t);
	}
}

/* Of the file itself, and the flash that it is for. */
static void
heading(struct tree *t, const struct image *img)
{
	tree_text(t, "kind", image_kind_name(img->kind));
	tree_hex(t, "size", img->n);
	if (img->desc.chips == 0)
		return;
	tree_text(t, "descriptor", descriptor_version_name(img->desc.version));
	tree_hex(t, "flash", img->desc.flash);
	tree_uint(t, "chips", img->desc.chips);
}

/* All of it, and at the end the record that counts. */
static void
show(struct tree *t, const struct image *img, struct container_list *l,
    struct record *rec)
{
	bool whole = img->desc.chips > 0;
	struct err none;
	size_t at;

	err_clear(&none);
	container_find(img, l);
	heading(t, img);
	layout(t, img, l, true, whole && !t->json);
	if (whole && t->json)
		layout(t, img, l, false, true);
	containers(t, l);
	if (image_find_record(img, rec, &at, &none) == ERR_OK)
		showrecord_tree(t, rec, at);
	record_wipe(rec);
}

static enum err_code
run(const struct cli_args *a, const struct image *img, struct err *e)
{
	struct record *rec = calloc(1, sizeof(*rec));
	struct container_list *l = calloc(1, sizeof(*l));
	struct tree t;

	if (rec == NULL || l == NULL)
		err_mem(e);
	else {
		tree_begin(&t, a->json);
		show(&t, img, l, rec);
		tree_end(&t, e);
	}
	free(rec);
	free(l);
	return e->code;
}

enum err_code
imageshow_run(const struct cli_args *a, struct err *e)
{
	struct image *img = malloc(sizeof(*img));
	const char *path = a->pos[0];
	uint8_t *p = NULL;
	size_t n = 0;

	if (img == NULL)
		return err_mem(e);
	/* A mapping could be taken away by who cuts the file short. */
	if ((strcmp(path, "-") == 0 ? file_read : file_load)(
		path, IMAGE_MAX, &p, &n, e) == ERR_OK) {
		if (image_read(p, n, img, e) == ERR_OK)
			run(a, img, e);
		else
			err_in(e, "%s", path);
	}
	if (p != NULL)
		secret_wipe(p, n);
	free(p);
	free(img);
	return e->code;
}
