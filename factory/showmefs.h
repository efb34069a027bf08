/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file systems and configuration of a CSME as children of the node that
 * is open: MFS with its files, the settings' names in it, MFSB, FITC. What is
 * broken or not understood is said so.
 */
#ifndef FACTORY_SHOWMEFS_H
#define FACTORY_SHOWMEFS_H

#include "factory/tree.h"

/* A partition of that name, bytes off..off+len-1 of the image, which holds
 * them. False where it is none of those: nothing is shown then. */
bool showmefs_tree(struct tree *, const uint8_t *img, size_t off, size_t len,
    const char *partition);

#endif
