/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What lies in a firmware volume: FFS files, the sections in them, and volumes
 * in those again, as far as nothing is packed (PI specification volume 3, 3.2;
 * EDK2 PiFirmwareFile.h). Pure, without allocation.
 *
 *   file, 8-byte aligned in its volume: GUID, u8 header checksum (the header
 *   sums to 0 with the next byte and the state as 0), u8 body checksum, u8
 *   type, u8 attributes, u24 size with the header, u8 state; a large one of
 *   FFS3 (attribute 1): u64 size behind that, u24 size 0
 *   body checksum: with attribute 0x40 the body's bytes and it sum to 0, else
 *   it is AA, or 5A in volumes of revision 1
 *   state: the highest bit that was written counts: 01 header begun, 02
 *   header valid, 04 data valid, 08 marked for update, 10 deleted, 20 header
 *   invalid
 *   section, 4-byte aligned in its stream: u24 size with the header, u8 type;
 *   u32 size behind that where the u24 is FFFFFF
 */
#ifndef BIOS_FFS_H
#define BIOS_FFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "bios/volume.h"
#include "formats/uuid.h"

#define FFS_DEPTH 24 /* what is nested deeper is told, not looked into */
#define FFS_NAME 64  /* of a file, with the NUL */

#define FFS_NVAR_GUID "cef5b9a3-476d-497f-9fdc-e98143e0422c" /* AMI's store */
#define FFS_TOP_GUID "1ba0062e-c779-4582-8566-336ae8f78f09"  /* reset vector */

/* File types that we name in code. */
#define FFS_RAW 0x01
#define FFS_PAD 0xF0

#define FFS_BODY_SUM 0x11 /* from the file's header on */

enum ffs_state {
	FFS_BEGUN, /* or its header is invalid: only the header is skipped */
	FFS_TORN,  /* the header is valid, the data are not */
	FFS_VALID,
	FFS_UPDATE, /* valid, until its successor is */
	FFS_DELETED
};

struct ffs_file {
	size_t off, end;       /* in the image */
	size_t body, body_end; /* behind the header, without FFS1's tail */
	struct uuid guid;
	uint8_t type, attrs, head_sum, body_sum;
	uint8_t raw_state; /* as it is in the flash */
	enum ffs_state state;
	bool large;      /* header of 32 bytes */
	bool summed;     /* body_sum, at off + 0x11, covers the body */
	const char *why; /* what is broken, or NULL; the extent is as told */
	size_t at;
};

struct ffs_section {
	size_t off, end;
	size_t body; /* behind the headers, that of its type too */
	uint8_t type;
	bool has_guid; /* GUID-defined, and freeform with a subtype */
	struct uuid guid;
	uint16_t attrs;    /* GUID-defined */
	uint8_t packing;   /* compression: 0 none, 1 standard, 2 custom */
	uint32_t unpacked; /* compression: bytes */
	bool packed;       /* needs a decoder: not looked into */
	const char *why;
	size_t at;
};

enum ffs_kind {
	FFS_FILE,    /* f; its sections or volumes follow, one deeper */
	FFS_SECTION, /* s; its sections or volumes follow, one deeper */
	FFS_VOLUME,  /* v; its files follow, one deeper */
	FFS_FREE,    /* erased bytes behind the last file */
	FFS_STRAY    /* bytes that are nothing known: why */
};

struct ffs_item {
	enum ffs_kind kind;
	size_t depth; /* 0: in the volume that the walk began with */
	size_t off, end;
	bool deep; /* what it holds is not looked into: too deep */
	const char *why;
	size_t at;
	struct ffs_file f;
	struct ffs_section s;
	struct volume v;
};

struct ffs_frame {
	uint8_t in; /* files, sections or bytes with volumes in them */
	bool ffs3, old, emptied;
	uint8_t erased;
	size_t base, at, end;
};

struct ffs_walk {
	const uint8_t *img; /* borrowed */
	bool flat;          /* set by who wants only what lies at depth 0 */
	size_t depth;
	struct ffs_frame frame[FFS_DEPTH];
};

/* A walk through a volume that is not broken; one that is not FFS is empty. */
void ffs_begin(struct ffs_walk *, const uint8_t *img, const struct volume *);
bool ffs_next(struct ffs_walk *, struct ffs_item *);

/* "raw", "dxe driver", ...; NULL if it is not known. */
const char *ffs_type_name(uint8_t type);
const char *ffs_state_name(enum ffs_state);
const char *ffs_section_name(uint8_t type);
/* How a GUID-defined or compressed section is packed; "" if that is not known
 * or it is no such. */
const char *ffs_packing_name(const struct ffs_section *);
/* The file's name: of its user interface section, or of a well-known GUID; ""
 * if it has none. '?' for what is not ASCII. */
void ffs_name(
    const uint8_t *img, const struct ffs_file *, char out[static FFS_NAME]);
/* The text of a version or user interface section, else "". */
void ffs_text(
    const uint8_t *img, const struct ffs_section *, char out[static FFS_NAME]);

struct image;

/* The raw file of that GUID, which is one and sound, directly in a volume of
 * the image: the bytes body..body_end-1 are its own. Whoever changes them and
 * finds summed must put body_sum right. REASON_IMAGE_TARGET. */
enum err_code ffs_find(
    const struct image *, const struct uuid *, struct ffs_file *, struct err *);

#endif
