/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The firmware interface table of a BIOS region: what a processor needs before
 * the first instruction. Pure.
 *
 *   a pointer of 8 bytes lies 0x40 before the region's end, which is at 4 GiB
 *   row: u64 address, u24 size, u8 0, u16 version, u8 type with bit 7: the
 *   checksum counts, u8 checksum; the first row is the header, its address
 *   "_FIT_   ", its size the number of rows, its checksum that of all rows
 *
 * Sources: coreboot util/cbfstool/fit.[ch] (GPL-2, for the layout), UEFITool;
 * Intel's FIT BIOS specification 599500 is what those follow. A size counts
 * 16-byte units, but bytes in rows of key and boot policy manifests; microcode
 * has 0.
 */
#ifndef BIOS_FIT_H
#define BIOS_FIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bios/image.h"

#define FIT_ROWS 1024 /* a table that says more is broken */

#define FIT_KEY_MANIFEST 0x0B
#define FIT_BOOT_POLICY 0x0C

struct fit {
	const uint8_t *img; /* borrowed */
	size_t base, top;   /* of the BIOS region; top is at 4 GiB */
	bool present;
	bool lost; /* the pointer is set, but no FIT is where it points */
	size_t off, rows; /* rows with the header */
	const char *why;  /* what is broken, or NULL */
	size_t at;
};

struct fit_row {
	size_t at; /* of the row */
	uint64_t address;
	uint32_t size; /* as it stands there */
	uint16_t version;
	uint8_t type;
	bool mapped; /* off is its place in the image */
	size_t off;
};

void fit_read(const struct image *, struct fit *);
/* Walks the rows behind the header; *i starts as 0. */
bool fit_next(const struct fit *, size_t *i, struct fit_row *);
const char *fit_type_name(uint8_t type); /* NULL if it is not known */
/* Where len bytes of that address lie in the image, if in the region. */
bool fit_place(const struct fit *, uint64_t address, size_t len, size_t *off);

#endif
