/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What machines boot from: whole images, or deltas (formats/delta.h) over one
 * base, which is read once however many machines there are. Files are only
 * read; a delta's bytes are in the memory's copy of the base while its record
 * is looked for, and no longer.
 */
#ifndef DEVICE_FLASH_H
#define DEVICE_FLASH_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"
#include "formats/record.h"

/* What a Setup.bin in an image is called where a key has its path. */
#define FLASH_SETUP "AmtSetupBin"

struct flash {
	const char *path; /* of the base; NULL: whole images only. borrowed */
	uint8_t *base, *copy;
	size_t n;
	uint8_t sha[32];
};

/* base may be NULL. flash_free() in any case. */
enum err_code flash_open(struct flash *, const char *base, struct err *);
/* The record of an image, or of a delta where a base is given; each without
 * the other is ERR_USAGE. The caller wipes it. */
enum err_code flash_record(
    struct flash *, const char *path, struct record *, struct err *);
/* The Setup.bin file that it has in a variable, for a BIOS that hands one to
 * MEBx (bios/container.h); empty if it has none, or a record, which counts
 * before it. */
enum err_code flash_setup(
    struct flash *, const char *path, struct secret *, struct err *);
void flash_free(struct flash *); /* wipes; twice is fine */

#endif
