/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What will change in an image for one unit: ranges with the bytes that are
 * there and the bytes that will be, and why. The base is judged once
 * (plan_begin), each unit then costs what its own bytes cost (plan_make).
 * Pure; an image is changed only in a caller's copy of it.
 *
 * Refused: an image that the map does not match, an ME that is strapped off, a
 * live record, signed, protected or forbidden ranges, a pending fault tolerant
 * write, a full store, bytes that differ from what the map expects, settings
 * that would write the same bytes.
 */
#ifndef BIOS_PLAN_H
#define BIOS_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "bios/fpt.h"
#include "bios/guard.h"
#include "bios/image.h"
#include "bios/map.h"
#include "bios/place.h"
#include "formats/record.h"

#define PLAN_WRITES 192
#define PLAN_WHY 96
#define PLAN_FIXUPS (MAP_SETTINGS + MAP_FIXUPS)

/* Bytes at..at+len-1 of the plan's buffer go to off..off+len-1. */
struct plan_write {
	size_t off, len, at;
	bool secret; /* neither printed nor kept: the ledger makes them again */
	char why[PLAN_WHY];
};

/* Ascending, without overlap. Holds secrets: plan_free() wipes them. */
struct plan {
	size_t n;
	struct plan_write w[PLAN_WRITES];
	struct wr bytes;
	bool clears_only; /* no bit goes from 0 to 1: no erase is needed */
};

/* A checksum to be put right, in order: those of FFS files, then the map's. */
struct plan_fix {
	enum map_fix fix;
	struct place over;
	size_t at;
	char why[PLAN_WHY];
};

/* A base with its map. Large: keep it on the heap. */
struct planner {
	const struct image *img;  /* borrowed */
	const struct imgmap *map; /* borrowed */
	struct guard guard;
	struct place at[MAP_SETTINGS]; /* of those with a place of their own */
	size_t store[MAP_SETTINGS];    /* of variables */
	struct fpt_add add;            /* of the one that adds a partition */
	size_t nfix;
	struct plan_fix fix[PLAN_FIXUPS];
};

enum err_code plan_begin(struct planner *, const struct image *,
    const struct imgmap *, struct err *);
/* The plan for a unit's record. plan_free() in any case. */
enum err_code plan_make(
    const struct planner *, const struct record *, struct plan *, struct err *);
/* Puts the new bytes into a copy of the base of n bytes, or the old ones back;
 * ranges outside are ERR_BUG. */
enum err_code plan_apply(
    const struct plan *, uint8_t *copy, size_t n, struct err *);
enum err_code plan_revert(const struct plan *, const struct image *base,
    uint8_t *copy, size_t n, struct err *);
void plan_free(struct plan *);

#endif
