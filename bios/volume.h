/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PI firmware volumes (PI specification volume 3, 3.2.1; EDK2
 * PiFirmwareVolume.h). Pure; bios/ffs.h walks what is in them.
 *
 *   0x00 16 zero vector   0x10 GUID   0x20 u64 length   0x28 "_FVH"
 *   0x2C u32 attributes: bit 11 erased flash is FF, [20:16] alignment
 *   0x30 u16 header length   0x32 u16 checksum: the header's 16-bit words
 *   sum to 0   0x34 u16 offset of the extended header, 0 none (revision 2)
 *   0x37 u8 revision 1, 2   0x38 block map: pairs u32 count, u32 size, to 0, 0
 *   extended header: GUID of the volume, u32 its size, entries
 */
#ifndef BIOS_VOLUME_H
#define BIOS_VOLUME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "formats/uuid.h"

#define VOLUME_NV_GUID "fff12b8d-7696-4c8b-a985-2747075b4f50"

enum volume_fs {
	VOLUME_FFS1, /* of the Framework, before PI */
	VOLUME_FFS2,
	VOLUME_FFS3,
	VOLUME_NV,   /* variables of EDK2 and what descends from it */
	VOLUME_OTHER /* not walked */
};

struct volume {
	size_t off; /* in the image */
	size_t len; /* bytes to the end of the window if why is set */
	size_t header;
	size_t first; /* where the files begin, in the image */
	struct uuid guid;
	uint32_t attrs;
	uint8_t revision;
	uint8_t erased;  /* a byte of erased flash: FF or 00 */
	const char *why; /* what is broken in the header, or NULL */
	const char *odd; /* what is wrong, but leaves its extent known */
	size_t at;       /* the offset of that */
};

/* What of a header only people want. */
struct volume_info {
	bool named; /* by an extended header */
	struct uuid name;
	size_t ext, ext_size; /* in the image */
	size_t blocks;        /* of the block map, all together */
	size_t block;         /* bytes of one; 0 if they differ */
};

/* The first volume at or behind from and before end. A broken one is told
 * only if its GUID is one of those named above: "_FVH" occurs in code too. */
bool volume_next(const uint8_t *img, size_t from, size_t end, struct volume *);
/* The volume at off, broken or not. False if no header is there. */
bool volume_read(const uint8_t *img, size_t off, size_t end, struct volume *);
/* Of a volume that is not broken. */
void volume_info(
    const uint8_t *img, const struct volume *, struct volume_info *);
enum volume_fs volume_fs(const struct volume *);
const char *volume_fs_name(enum volume_fs);
bool volume_is_nv(const struct volume *);

#endif
