/* SPDX-License-Identifier: Apache-2.0 */
/*
 * May this base be written by this map? The map's places are found in it, and
 * each thing that forbids a write is looked for, once for all units. Pure.
 */
#ifndef BIOS_FITNESS_H
#define BIOS_FITNESS_H

#include "base/err.h"
#include "bios/plan.h"

/* Fills p->guard and the places of a planner whose img and map are set. */
enum err_code fitness_base(struct planner *, struct err *);
/* May off..off+len-1 be written? named: the map says what must be there, so
 * bytes that nobody knows may be. */
enum err_code fitness_write(
    const struct planner *, const struct place *, bool named, struct err *);

#endif
