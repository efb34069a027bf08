/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ME region of an image as children of the node that is open; what is not
 * understood is said so.
 */
#ifndef FACTORY_SHOWME_H
#define FACTORY_SHOWME_H

#include "bios/image.h"
#include "factory/tree.h"

void showme_tree(struct tree *, const struct image *);

#endif
