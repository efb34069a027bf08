/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door to expat: bytes to a tree of struct node. Bounded: depth 32, nodes
 * 4096, 256 KiB of text; a DOCTYPE is refused (no entities from outside).
 */
#ifndef BASE_XML_H
#define BASE_XML_H

#include <stddef.h>

#include "base/err.h"
#include "base/node.h"

struct xml; /* owns the tree */

enum err_code xml_read(const void *, size_t, struct xml **, struct err *);
const struct node *xml_root(const struct xml *);
void xml_free(struct xml *); /* wipes; NULL is fine */

#endif
