/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The BIOS region of an image as children of the node that is open; what is
 * not understood is said so.
 */
#ifndef FACTORY_SHOWBIOS_H
#define FACTORY_SHOWBIOS_H

#include "bios/image.h"
#include "factory/tree.h"

void showbios_tree(struct tree *, const struct image *);

#endif
