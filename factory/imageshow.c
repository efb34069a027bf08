/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/file.h"
#include "factory/imageshow.h"
#include "factory/showbios.h"
#include "factory/showdesc.h"
#include "factory/showme.h"
#include "factory/showrecord.h"
#include "formats/reason.h"

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

/* The live record, or why what is there is none. */
static enum err_code
record(struct tree *t, const struct image *img, struct err *e)
{
	struct record *rec = calloc(1, sizeof(*rec));
	struct err none;
	size_t at;

	if (rec == NULL)
		return err_mem(e);
	err_clear(&none);
	if (image_find_record(img, rec, &at, &none) == ERR_OK)
		showrecord_tree(t, rec, at);
	else if (none.reason == reason_get(REASON_RECORD_MALFORMED) &&
	    none.offset != ERR_NO_OFFSET)
		tree_unknown(t, none.offset, none.offset, none.msg);
	record_wipe(rec);
	free(rec);
	return ERR_OK;
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
