/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Setup.bin: what a technician's USB key hands to a BIOS, versions 1.0, 2.0,
 * 2.1, 3.0 and 4.0. One header record, then data records of one size, each of
 * whole 512-byte chunks. All integers little-endian; no checksum anywhere.
 * Source: MeshCommander and MeshCentral (Apache-2.0), files by both, Intel's
 * public pages on AMT and USB keys.
 *
 *   header   0x00 16 GUID, by major version   0x10 u16 chunks of the header
 *            0x12 u16 header bytes: 40 + 2 x (modules + 1)
 *            0x14 u32 number, 0   0x18 u8 major   0x19 u8 minor
 *            0x1A u16 flags: bit 0 do not consume
 *            0x1C u32 data records   0x20 u32 of them consumed
 *            0x24 u16 chunks of each data record   0x26 u16 0
 *            0x28 module ids, u16 each, and a 0; zeroes
 *   record   0x00 u32 type: 1 data, 0 invalid
 *            0x04 u32 flags: bit 0 valid (else consumed), bit 1 scrambled
 *            0x08 u32 0   0x0C u32 0   0x10 u16 chunks of this record
 *            0x12 u16 24   0x14 u32 number, from 1
 *            0x18 entries: u16 module, u16 variable, u16 length, u16 0,
 *            value, zeroes to a multiple of 4; module 0 or the record's end
 *            ends them; zeroes
 *
 * Scrambled (4.0 only): each byte behind a record's header has 0x11 added.
 *
 * Compiles freestanding, allocates nothing and keeps nothing: the same file
 * runs in a BIOS (bios/uefi/). Records are read one at a time, so a file of
 * any size needs no more memory than one record.
 */
#ifndef FORMATS_SETUPBIN_H
#define FORMATS_SETUPBIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define SETUPBIN_CHUNK 512
#define SETUPBIN_HEAD 24 /* bytes of a data record's header */
/* No public BIOS or tool has records of more than one chunk; we read them. */
#define SETUPBIN_CHUNKS_MAX 16
#define SETUPBIN_RECORD_MAX (SETUPBIN_CHUNKS_MAX * SETUPBIN_CHUNK)
#define SETUPBIN_ENTRIES_MAX (SETUPBIN_RECORD_MAX - SETUPBIN_HEAD)
/* Entries of a one-chunk record. A list of all 488 has no end mark. */
#define SETUPBIN_ENTRIES 488
#define SETUPBIN_ENTRIES_SAFE 484
#define SETUPBIN_NAME "SETUP   BIN" /* as a FAT folder has it */

#define SETUPBIN_KEEP 0x1u /* file flags: do not consume records */

#define SETUPBIN_VALID 0x1u /* record flags */
#define SETUPBIN_SCRAMBLED 0x2u

/* Places of what a BIOS changes when it takes a record. */
#define SETUPBIN_CONSUMED_AT 0x20 /* in the header */
#define SETUPBIN_FLAGS_AT 0x04    /* in a data record */

struct setupbin {
	uint8_t major, minor;
	uint16_t flags;
	uint32_t count, consumed;
	uint16_t head_chunks;   /* of the header record, 1 as a rule */
	uint16_t head_bytes;    /* RecordHeaderByteCount, as it stands there */
	uint16_t record_chunks; /* of each data record, 1 as a rule */
	/* The module list as it lies in the file, without its end mark;
	 * borrowed. Files by old MeshCommanders have none. */
	const uint8_t *modules;
	size_t nmodules;
};

/* A data record. Holds secrets where its entries do: wipe it. */
struct setupbin_record {
	uint32_t type, flags, number;
	size_t len; /* of entries, up to the end mark; multiple of 4 */
	uint8_t entries[SETUPBIN_ENTRIES_MAX]; /* unscrambled */
};

struct setupbin_entry {
	uint16_t module, id;
	size_t n;
	const uint8_t *value; /* borrowed from the record */
	size_t off;           /* of the entry, from where the record begins */
};

/* What breaks the layout. Reader, writer and linter share these. */
enum setupbin_fault {
	SETUPBIN_TRUNCATED,
	SETUPBIN_GUID,        /* of no version that there is */
	SETUPBIN_HEAD_CHUNKS, /* 0, or past the end */
	SETUPBIN_HEAD_BYTES,
	SETUPBIN_HEAD_NUMBER, /* not 0 */
	SETUPBIN_MAJOR,       /* not that of the GUID */
	SETUPBIN_HEAD_FLAGS,
	SETUPBIN_CONSUMED, /* more than there are */
	SETUPBIN_CHUNKS,   /* of each record: 0, or more than we read */
	SETUPBIN_HEAD_RESERVED,
	SETUPBIN_MODULES_OPEN, /* the list has no end mark */
	SETUPBIN_HEAD_PADDING,
	SETUPBIN_TYPE,
	SETUPBIN_FLAGS,
	SETUPBIN_SCRAMBLED_EARLY, /* below 4.0 */
	SETUPBIN_RESERVED,
	SETUPBIN_RECORD_CHUNKS, /* not the header's */
	SETUPBIN_RECORD_HEAD,   /* not 24 */
	SETUPBIN_ENTRY_PAST,    /* past the record's end */
	SETUPBIN_ENTRY_RESERVED,
	SETUPBIN_ENTRY_PADDING,
	SETUPBIN_END_MARK,   /* module 0 with a variable */
	SETUPBIN_BEHIND_END, /* not blank behind the end mark */
	SETUPBIN_FAULTS
};

/* Hears each fault, with the offset from where the judged bytes begin. */
struct setupbin_sink {
	void (*tell)(void *arg, enum setupbin_fault, size_t off);
	void *arg;
};

const char *setupbin_why(enum setupbin_fault);
/* The 16 bytes on disk, or NULL for a major version that there is not. */
const uint8_t *setupbin_guid(uint8_t major);
/* The header of a new file: one chunk each, modules 1 and 2, no records. For
 * a file of module 1 alone lower nmodules to 1 and head_bytes to 44. */
void setupbin_init(struct setupbin *, uint8_t major, uint8_t minor);
/* Where record i (from 0) begins; at i == count, the size of the file. */
uint64_t setupbin_offset(const struct setupbin *, uint32_t i);
/* Fills what can be understood of n bytes from the header on and tells each
 * fault; false if the records cannot be found. */
bool setupbin_judge(
    const uint8_t *, size_t n, struct setupbin *, const struct setupbin_sink *);
/* The same for one record of record_chunks chunks; entries up to a fault that
 * hides what follows it. */
void setupbin_record_judge(const uint8_t *, const struct setupbin *,
    struct setupbin_record *, const struct setupbin_sink *);

/* Consumes the header record, all its chunks. Fails r where a strict reader
 * must; does not look at the size of the file. */
bool setupbin_read(struct rd *r, struct setupbin *);
/* Consumes one data record of the file. Fails r where a strict reader must,
 * entries included (their values are setupvar_check()'s to judge). */
bool setupbin_record_read(
    struct rd *r, const struct setupbin *, struct setupbin_record *);
/* Walks the entries in the file's own order: *at starts as 0. */
bool setupbin_next(
    const struct setupbin_record *, size_t *at, struct setupbin_entry *);
/* Appends an entry to rec->entries; false if it does not fit max bytes. */
bool setupbin_add(struct setupbin_record *, size_t max, uint16_t module,
    uint16_t id, const void *value, size_t n);
/* Both fail the writer where the reader would refuse what is written. */
void setupbin_write(struct wr *, const struct setupbin *);
void setupbin_record_write(
    struct wr *, const struct setupbin *, const struct setupbin_record *);

#endif
