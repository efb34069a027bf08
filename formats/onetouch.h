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

/* Too large for a stack, and holds secrets: onetouch_wipe() it. */
struct onetouch {
	struct fat fat;
	struct fat_file file;
	struct setupbin head;
	uint8_t major_max; /* this firmware knows files up to it */
	uint32_t left;     /* valid records from the next one on; may be an
			    * under-estimate of 1 where keep is set */
	uint32_t next;     /* index of the next valid record, from 0 */
	bool keep;         /* records are not consumed */
	struct setupbin_record record; /* the next one */
	uint8_t raw[SETUPBIN_RECORD_MAX];
};

/* Finds the key's file and its next valid record. Refusals say plainly why
 * the machine does nothing: no FAT volume, no SETUP.BIN, not understood,
 * newer than this firmware, no unused record left. */
enum err_code onetouch_open(struct onetouch *, const struct fat_disk *,
    uint8_t major_max, struct err *);
/* Invalidates the record on the disk, by two one-sector writes that are read
 * back; nothing where records are not consumed. */
enum err_code onetouch_take(struct onetouch *, struct err *);
/* Applies the record's entries to what the machine has; rec is unchanged on
 * failure. The current MEBx password is rec->mebx_new if set, else "admin".
 * Refuses a wrong current password and values that a record cannot hold.
 * The sequence is raised by 1. */
enum err_code onetouch_apply(
    const struct onetouch *, struct record *rec, struct err *);
void onetouch_wipe(struct onetouch *);

#endif
