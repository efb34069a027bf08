/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The map's part of a scrub: which of its places hold secrets, what lay there
 * before, and what checksums are put right behind them. A place that is secret,
 * names the unit, or of which the map says what a base has, becomes that, else
 * it is erased; a partition that the map adds goes with its entry. Pure.
 */
#ifndef BIOS_SCRUBMAP_H
#define BIOS_SCRUBMAP_H

#include "bios/scrub.h"

/* What lies in the secret places is searched for too. Before any change. */
enum err_code scrubmap_learn(struct scrub *, struct err *);
/* Is it a variable that the map puts a secret into? */
bool scrubmap_names(const struct scrub *, const struct varstore_var *);
/* Puts back what was there. */
enum err_code scrubmap_restore(struct scrub *, struct err *);

#endif
