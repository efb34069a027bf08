/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The map's part of a scrub: which of its places hold secrets, and what lay
 * there before. All that the map can write becomes what it expects of a base,
 * else it is erased; a partition that it adds goes with its entry. A checksum
 * is made anew where a base has one (holds), else erased. Pure.
 */
#ifndef BIOS_SCRUBMAP_H
#define BIOS_SCRUBMAP_H

#include "bios/scrub.h"

/* What lies in the secret places, and in their variables, live and dead, is
 * searched for too. Before any change. */
void scrubmap_learn(struct scrub *);
/* Is it a variable that the map writes? */
bool scrubmap_names(const struct scrub *, const struct varstore_var *);
/* Puts back what was there. */
enum err_code scrubmap_restore(struct scrub *, struct err *);

#endif
