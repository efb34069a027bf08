/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One-touch: what a BIOS does with a technician's USB key. It finds SETUP.BIN
 * by the FAT rules, takes the next valid record, invalidates it on the key
 * before it is used, checks the current MEBx password, and applies the
 * entries. The software device and the UEFI application (bios/uefi/) run this
 * same file; it is pure and compiles freestanding.
 *
 * Order (HP's guides): ask, invalidate, then use. A cut between invalidating
 * and using burns the record, so a consumed record is only "possibly
 * applied". Of the two one-sector writes the record's flag goes first, then
 * the counter, and the search runs forward over invalid records, so that a
 * cut between the two heals at the next machine.
 *
 * onetouch_open(), the question, onetouch_take(), onetouch_apply(). Each
 * refuses by a reason of formats/reason.h.
 */
#ifndef FORMATS_ONETOUCH_H
#define FORMATS_ONETOUCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "formats/fat.h"
#include "formats/record.h"
#include "formats/setupbin.h"

/* Setup.bin that a machine takes whose AMT version nobody told. */
#define ONETOUCH_BLANK_MAJOR 4

/* A sector that is written, and what stands in it. */
struct onetouch_sector {
	uint64_t lba;
	uint8_t b[FAT_SECTOR];
};

struct onetouch_file {
	const uint8_t *p;
	size_t n;
	uint32_t used; /* records before that one are consumed */
};

/* Too large for a stack, and holds secrets: onetouch_wipe() it. */
struct onetouch {
	struct fat fat;
	struct fat_file file;
	const uint8_t
	    *bytes; /* the whole file, where it is on no disk; or NULL */
	struct setupbin head; /* without its module list */
	uint8_t major_max;    /* this firmware knows files up to it */
	uint32_t used;        /* of a file in memory */
	uint32_t next;        /* index of the next valid record, from 0 */
	uint32_t left;        /* records from the next one on, as counted by
			       * the header */
	bool keep;            /* records are not consumed */
	bool psk_ignored;     /* by onetouch_apply(): firmware without PSK */
	const char *hint;     /* what a stricter BIOS may not like, or NULL */
	struct setupbin_record record; /* the next one */
	struct onetouch_sector flag, counter;
	struct record work;
	uint8_t raw[SETUPBIN_RECORD_MAX];
};

/* The file version that a generation of AMT knows: 1 for AMT 2, 2 from 3,
 * 3 from 6 on (Intel), 4 from 7 on (inferred). */
uint8_t onetouch_major_max(uint8_t amt_major);
/* The record of a board that has none, for a key's entries to be applied to:
 * enabled, enterprise, talks, PKI, as AMT leaves its maker; the AMT version is
 * the lowest that takes files of the key's version. Refuses a UUID that many
 * boards share. */
enum err_code onetouch_blank(const struct uuid *, const struct setupbin *head,
    struct record *, struct err *);
/* Finds the key's file and its next valid record; reads only. Refusals say
 * plainly why the machine does nothing: no FAT volume, no SETUP.BIN, not
 * understood, newer than this firmware, no unused record left, to be written
 * but read-only. The disk is borrowed until onetouch_wipe(). */
enum err_code onetouch_open(struct onetouch *, const struct fat_disk *,
    uint8_t major_max, struct err *);
/* The same of a file that lies in memory, as a BIOS has it that keeps one in a
 * variable. Nothing can be marked in it, so the caller remembers how many
 * records were used, and gives that. The bytes are borrowed until
 * onetouch_wipe(). */
enum err_code onetouch_open_file(struct onetouch *,
    const struct onetouch_file *, uint8_t major_max, struct err *);
/* Invalidates the record on the disk, by two one-sector writes that are read
 * back; nothing where records are not consumed. Refuses a disk that is no
 * longer as it was opened, without a write. */
enum err_code onetouch_take(struct onetouch *, struct err *);
/* Applies the record's entries to what the machine has; rec is unchanged on
 * failure. The current MEBx password is rec->mebx_new if set, else "admin".
 * Refuses a wrong current password and values that a record cannot hold.
 * The sequence is raised by 1. What record_write() takes before, it takes
 * afterwards. */
enum err_code onetouch_apply(
    struct onetouch *, struct record *rec, struct err *);
/* Does the record bring a PID and PPS? */
bool onetouch_has_psk(const struct onetouch *);
void onetouch_wipe(struct onetouch *);

#endif
