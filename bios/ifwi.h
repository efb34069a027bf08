/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The layout table in front of an IFWI ME region (CSE Layout Table), and the
 * boot partitions that it names (BPDT). Read in place; the image is borrowed.
 *
 *   layout 1.7  0x10 u16 size, u16 flags (bit 0: redundancy), u32 CRC-32 over
 *               size bytes from 0x10 with itself as 0; 0x18 pairs {u32 offset,
 *               u32 size} from the region's start: data, boot 1 to 5, temp,
 *               log, as many as size holds
 *   layout 1.6  0x10 pairs: data, boot 1 to 5; then u64 checksum, of which no
 *               public source says how it is made. coreboot knows three boot
 *               partitions and zeroes, UEFITool five.
 *   BPDT        u32 0x000055AA or 0x00AA55AA, u16 entries, u8 version (1, 2)
 *               with u8 flags behind it (version 1: a u16), u32 CRC-32
 *               (version 2: over header without signature, and entries, with
 *               itself as 0), u32 IFWI version, u16 x 4 tool version; entries
 *               from 0x18: u16 type, u16 flags, u32 offset, u32 size. Offsets
 *               count from the boot partition's start, those in a secondary
 *               BPDT (type 5) too.
 *
 * Sources: coreboot util/cbfstool (ifwitool, cse_serger, bpdt_formats),
 * UEFITool. Pure.
 */
#ifndef BIOS_IFWI_H
#define BIOS_IFWI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IFWI_PARTS 8
#define IFWI_DATA 0 /* the part that begins with $FPT */
#define IFWI_BPDT_ENTRIES 64
#define IFWI_SECOND 5 /* type of an entry that is a BPDT of its own */

struct ifwi_part {
	size_t from, len; /* of the image; len 0: not there */
};

struct ifwi {
	unsigned minor;  /* 6 or 7 */
	size_t off, len; /* of the table, with the vector */
	uint16_t flags;  /* 1.7 */
	bool sum_known, sum_ok;
	size_t n; /* parts that the table names */
	struct ifwi_part part[IFWI_PARTS];
	const char *why; /* what is not as it should be, or NULL */
	size_t at;
};

/* Reads the table of a region base..end-1. False if there is none: nothing
 * that it would name is there. */
bool ifwi_read(const uint8_t *img, size_t base, size_t end, struct ifwi *);
/* "data", "boot 1", ... */
const char *ifwi_part_name(size_t part);
bool ifwi_is_boot(size_t part);

struct ifwi_bpdt {
	const uint8_t *img;
	size_t off;       /* the table */
	size_t base, end; /* of the boot partition */
	size_t n;         /* entries */
	uint8_t version, flags;
	bool recovery; /* signature 0x00AA55AA */
	bool sum_known, sum_ok;
	uint32_t ifwi_version;
	uint16_t tool[4];
	const char *why;
	size_t at;
};

struct ifwi_entry {
	uint16_t type, flags;
	size_t from, len; /* of the image; len 0: not there */
	const char *why;  /* why it has no space although it should, or NULL */
};

/* Reads the BPDT at off, of the boot partition base..end-1. */
bool ifwi_bpdt_read(const uint8_t *img, size_t off, size_t base, size_t end,
    struct ifwi_bpdt *);
void ifwi_bpdt_entry(const struct ifwi_bpdt *, size_t i, struct ifwi_entry *);
/* Where the table names a second one, or 0. */
size_t ifwi_bpdt_second(const struct ifwi_bpdt *);
/* Walks bytes of a boot partition that no table has and that are not erased;
 * *at starts as 0. */
bool ifwi_gap(const uint8_t *img, const struct ifwi_part *boot, size_t *at,
    struct ifwi_part *gap);
/* "RBEP", "FTPR", ...; "" where no public source names it */
const char *ifwi_type_name(uint16_t type);

#endif
