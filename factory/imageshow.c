/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "bios/container.h"
#include "factory/imageshow.h"
#include "factory/showbios.h"
#include "factory/showdesc.h"
#include "factory/showme.h"
#include "factory/showrecord.h"

static void
region(struct tree *t, const struct image *img, size_t i)
{
	const struct descriptor_region *r = &img->desc.region[i];

	tree_region(t, r->base, r->limit, descriptor_region_name(i));
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
			showdesc_other(t, img, i);
		break;
	}
	tree_close(t);
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

/* What lies in containers, and the record that counts. */
static enum err_code
record(struct tree *t, const struct image *img, struct err *e)
{
	struct record *rec = calloc(1, sizeof(*rec));
	struct container_list *l = calloc(1, sizeof(*l));
	struct err none;
	size_t at;

	err_clear(&none);
	if (rec == NULL || l == NULL)
		err_mem(e);
	else {
		container_find(img, l);
		containers(t, l);
		if (image_find_record(img, rec, &at, &none) == ERR_OK)
			showrecord_tree(t, rec, at);
		record_wipe(rec);
	}
	free(rec);
	free(l);
	return e->code;
}

static enum err_code
show(const struct cli_args *a, const struct image *img, struct err *e)
{
	struct tree t;

	tree_begin(&t, a->json);
	tree_text(&t, "kind", image_kind_name(img->kind));
	tree_hex(&t, "size", img->n);
	if (img->desc.chips > 0) {
		tree_text(&t, "descriptor",
		    descriptor_version_name(img->desc.version));
		tree_hex(&t, "flash", img->desc.flash);
		tree_uint(&t, "chips", img->desc.chips);
	}
	for (size_t i = 0; i < DESCRIPTOR_REGIONS; i++)
		if (img->desc.region[i].used)
			region(&t, img, i);
	record(&t, img, e);
	tree_end(&t, e);
	return e->code;
}

enum err_code
imageshow_run(const struct cli_args *a, struct err *e)
{
	struct image *img = malloc(sizeof(*img));
	const uint8_t *p = NULL;
	size_t n = 0;

	if (img == NULL)
		return err_mem(e);
	if (file_map(a->pos[0], &p, &n, e) == ERR_OK) {
		if (image_read(p, n, img, e) == ERR_OK)
			show(a, img, e);
		else
			err_in(e, "%s", a->pos[0]);
	}
	file_unmap(p, n);
	free(img);
	return e->code;
}
