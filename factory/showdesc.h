/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The descriptor of an image, and regions that hold neither BIOS nor ME, as
 * children of the node that is open; what is not understood is said so.
 */
#ifndef FACTORY_SHOWDESC_H
#define FACTORY_SHOWDESC_H

#include "bios/container.h"
#include "bios/image.h"
#include "factory/tree.h"

void showdesc_tree(struct tree *, const struct image *);
/* Any other region that is in use. */
void showdesc_other(struct tree *, const struct image *, size_t region,
    const struct container_list *);
/* Bytes of the flash that are in no region: from..end-1. */
void showdesc_unused(
    struct tree *, const struct image *, size_t from, size_t end);

#endif
