/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a board says about itself: SMBIOS, the entry points of 2.x and 3.x and
 * the System Information structure (type 1). Source: DMTF DSP0134, public.
 *
 *   2.x  "_SM_" u8 checksum, u8 length 0x1F (0x1E by an old typing error),
 *        ..., 0x10 "_DMI_" u8 checksum, 0x16 u16 table length,
 *        0x18 u32 table address, ...
 *   3.x  "_SM3_" u8 checksum, u8 length 0x18, ..., 0x0C u32 most bytes of the
 *        table, 0x10 u64 table address
 *   structure: u8 type, u8 length, u16 handle, fields; then texts, each with
 *        a NUL, and one NUL more (two if there is no text)
 *   type 1: 0x07 u8 number of the serial's text, from 1; 0x08 UUID; type 127
 *        ends the table
 *
 * Pure; runs in firmware.
 */
#ifndef BIOS_SMBIOS_H
#define BIOS_SMBIOS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "formats/uuid.h"

#define SMBIOS_ENTRY 0x1f /* bytes that an entry point has at most */

struct smbios_table {
	uint64_t address;
	uint32_t len; /* bytes, or more than there are (3.x) */
};

struct smbios_system {
	bool has_uuid; /* neither absent nor "not set" */
	struct uuid uuid;
	char serial[64]; /* empty if there is none that prints */
};

/* Either entry point, by its anchor and checksum. */
bool smbios_entry(struct rd *r, struct smbios_table *);
/* The first type 1; what follows it is not looked at. */
bool smbios_system(struct rd *r, struct smbios_system *);

#endif
