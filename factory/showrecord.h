/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A provisioning record as the object "record"; no secret of it.
 */
#ifndef FACTORY_SHOWRECORD_H
#define FACTORY_SHOWRECORD_H

#include "bios/image.h"
#include "factory/tree.h"

void showrecord_tree(struct tree *, const struct record *, size_t at);

#endif
