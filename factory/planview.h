/* SPDX-License-Identifier: Apache-2.0 */
/* A plan for people: one line a range, aligned. */
#ifndef FACTORY_PLANVIEW_H
#define FACTORY_PLANVIEW_H

#include "base/bytes.h"
#include "factory/plandoc.h"

void planview_write(struct wr *, const struct plandoc *);

#endif
