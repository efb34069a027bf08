/* SPDX-License-Identifier: Apache-2.0 */
#include "factory/showme.h"

void
showme_tree(struct tree *t, const struct image *img)
{
	const struct descriptor_region *r = &img->desc.region[REGION_ME];

	if (r->limit < img->n)
		tree_unknown(t, r->base, r->limit + 1,
		    "a region that is not looked into");
}
