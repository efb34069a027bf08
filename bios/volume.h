/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PI firmware volumes (PI specification volume 3, 3.2.1; EDK2
 * PiFirmwareVolume.h), those that lie open in a BIOS region. Pure.
 *
 *   0x00 16 zero vector   0x10 GUID   0x20 u64 length   0x28 "_FVH"
 *   0x2C u32 attributes   0x30 u16 header length   0x32 u16 checksum: the
 *   header's 16-bit words sum to 0   0x37 u8 revision 1, 2
 */
#ifndef BIOS_VOLUME_H
#define BIOS_VOLUME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "formats/uuid.h"

#define VOLUME_NV_GUID "fff12b8d-7696-4c8b-a985-2747075b4f50"

struct volume {
	size_t off; /* in the image */
	size_t len; /* bytes to the end of the window if why is set */
	size_t header;
	struct uuid guid;
	const char *why; /* what is broken in the header, or NULL */
};

/* The first volume at or behind from and before end. A broken one is told
 * only if it bears the variable volume's GUID: "_FVH" occurs in code too. */
bool volume_next(const uint8_t *img, size_t from, size_t end, struct volume *);
bool volume_is_nv(const struct volume *);

#endif
