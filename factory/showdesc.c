/* SPDX-License-Identifier: Apache-2.0 */
#include "factory/showdesc.h"

void
showdesc_tree(struct tree *t, const struct image *img)
{
	(void)t;
	(void)img;
}

void
showdesc_other(struct tree *t, const struct image *img, size_t region)
{
	const struct descriptor_region *r = &img->desc.region[region];

	for (size_t at = r->base; at <= r->limit; at++)
		if (img->p[at] != 0xFF) {
			tree_unknown(t, r->base, r->limit + 1,
			    "a region that is not looked into");
			return;
		}
}
