/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image map of a platform, as plain data: which images it is for, and
 * where each setting lives. factory/mapfile.c reads it, amtforge-map(5)
 * describes it. One setting so far, the OEM record as a UEFI variable.
 */
#ifndef BIOS_MAP_H
#define BIOS_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "bios/image.h"

#define MAP_NAME 64
#define MAP_MATCHES 16

enum map_kind {
	MAP_IFD,    /* the descriptor's version */
	MAP_REGION, /* a region's size */
	MAP_VOLUME, /* a volume of that GUID, of that size if it is not 0 */
	MAP_SHA256  /* of a part of a region */
};

struct map_match {
	enum map_kind kind;
	enum descriptor_version version; /* IFD */
	size_t region;                   /* REGION, SHA256 */
	size_t offset;                   /* SHA256: in the region */
	size_t size;                     /* REGION, VOLUME, SHA256 */
	struct uuid guid;                /* VOLUME */
	uint8_t sha256[32];              /* SHA256 */
};

struct imgmap {
	char name[MAP_NAME];
	size_t nmatch;
	struct map_match match[MAP_MATCHES];
	/* settings.oem_record, target "uefi-var", encoding "opr1" */
	struct varstore_name var;
	uint32_t attrs;
	size_t max; /* bytes of the variable with its header; 0: no bound */
};

/* Every rule holds, or REASON_IMAGE_NO_MATCH names the first that does not
 * with both values. */
enum err_code map_matches(
    const struct imgmap *, const struct image *, struct err *);

#endif
