/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan as a delta: the ranges that gang programmers get. Pure.
 */
#ifndef BIOS_PLANDELTA_H
#define BIOS_PLANDELTA_H

#include "base/err.h"
#include "bios/plan.h"
#include "formats/delta.h"

/* Ranges of d, whose other fields the caller has set, from a plan for that
 * base of d->image bytes; they borrow the plan's bytes. ERR_BUG: a plan that is
 * not what plan.h says. */
enum err_code plandelta_make(
    const struct plan *, const uint8_t *base, struct delta *d, struct err *);
/* Are the ranges of d the plan's, byte for byte? */
bool plandelta_same(const struct plan *, const struct delta *d);

#endif
