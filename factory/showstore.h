/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Variable stores as children of the node that is open, without the values of
 * the variables: they may be secrets.
 */
#ifndef FACTORY_SHOWSTORE_H
#define FACTORY_SHOWSTORE_H

#include "bios/image.h"
#include "factory/tree.h"

/* All that lie in from..end-1, such as in a file. */
void showstore_range(
    struct tree *, const struct image *, size_t from, size_t end);
/* A variable volume: its stores, the working blocks of the fault tolerant
 * write, and what else is in it and not understood. */
void showstore_volume(
    struct tree *, const struct image *, const struct volume *);

#endif
