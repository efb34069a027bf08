/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Putting one record into a base image. The base is looked at once; each
 * record then is one patch: bytes for a range that is all FF in the base, so
 * that it only clears bits and can be programmed on a flashed chip. Pure.
 */
#ifndef BIOS_PLACE_H
#define BIOS_PLACE_H

#include <stddef.h>

#include "base/bytes.h"
#include "base/err.h"
#include "bios/image.h"
#include "bios/map.h"

/* Where records go in this base. */
struct place {
	const struct image *img;  /* borrowed */
	const struct imgmap *map; /* borrowed */
	const struct varstore *store;
};

/* A patch: bytes for img[off..]. They hold secrets; the wr wipes them. */
struct place_patch {
	size_t off;
	struct wr bytes;
};

/* Refuses what may not be written to: no store or several, a map that does
 * not match, a live record, a broken or busy store. */
enum err_code place_begin(
    struct place *, const struct image *, const struct imgmap *, struct err *);
/* The patch for a record. wr_free(&p->bytes) in any case. */
enum err_code place_record(const struct place *, const struct record *,
    struct place_patch *, struct err *);

#endif
