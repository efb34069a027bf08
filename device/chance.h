/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What looks like chance in a fleet, and is the same again with the same seed:
 * each draw hangs on the seed, the machine and what it is for, and not on the
 * order in which machines come.
 */
#ifndef DEVICE_CHANCE_H
#define DEVICE_CHANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "formats/uuid.h"

/* From 0 to below 1. */
double chance_part(uint64_t seed, const struct uuid *, const char *what);
/* The n-th machine that a seed makes: a version 4 UUID. */
void chance_uuid(uint64_t seed, uint64_t n, struct uuid *);

#endif
