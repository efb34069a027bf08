/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gigabit Ethernet region: two banks of 4 KiB, of which the controller
 * takes one whose first 64 little-endian words sum to 0xBABA. Bytes 0 to 5
 * are the MAC address. Listed only; which of two sound banks is taken, and
 * what else is in them, is not told. Pure.
 *
 * Source: coreboot's documents of the region, libreboot's of its checksum.
 */
#ifndef BIOS_GBE_H
#define BIOS_GBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GBE_BANK 0x1000
#define GBE_BANKS 2
#define GBE_SUM 0xBABA
#define GBE_MAC 6

struct gbe_bank {
	size_t off;   /* in the region */
	bool erased;  /* all FF: nothing to sum */
	uint16_t sum; /* GBE_SUM where the bank is sound */
	uint8_t mac[GBE_MAC];
};

/* How many banks lie in a region of n bytes. */
size_t gbe_read(const uint8_t *, size_t n, struct gbe_bank[static GBE_BANKS]);

#endif
