/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The EDK2 variable store (MdeModulePkg VariableFormat.h), behind the header
 * of a variable volume; OVMF and most non-AMI firmware. Pure.
 *
 *   store: GUID, u32 size with this header, 5A formatted, FE healthy, 6 bytes
 *   variable, from 4-byte aligned places: u16 0x55AA, u8 state, u8 0, u32
 *   attributes, [authenticated: u64 count, 16 time, u32 key,] u32 name bytes,
 *   u32 data bytes, vendor GUID; UTF-16LE name with NUL; data
 *
 * A state's bits only go from 1 to 0, so a variable is added to a flashed
 * chip without an erase: FF free, 7F header valid, 3F added, 3E being
 * replaced (still read), 3D and 3C deleted. Nothing has a checksum.
 *
 * Behind the store lies the working block of the fault tolerant write
 * (FtwMisc.c). If it holds an unfinished write the firmware will replay that
 * over the store at its next start, so such a store is not added to.
 */
#ifndef BIOS_VARSTORE_H
#define BIOS_VARSTORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "bios/volume.h"
#include "formats/reason.h"
#include "formats/uuid.h"

#define VARSTORE_NAME 64 /* characters of a name, with the NUL */

#define VARSTORE_ADDED 0x3F
#define VARSTORE_REPLACED 0x3E

struct varstore {
	const uint8_t *img; /* borrowed; offsets count from here */
	size_t off;         /* store header */
	size_t end;         /* first byte behind the store */
	size_t free;        /* where the next variable goes */
	bool auth;
	/* What forbids adding to it, found by reading it; NULL if nothing. */
	const char *why;
	enum reason_id reason;
	size_t at;
};

struct varstore_var {
	size_t off, size; /* header to end of data */
	uint8_t state;
	uint32_t attrs;
	struct uuid guid;
	const uint8_t *name; /* UTF-16LE, with NUL; borrowed */
	size_t name_len;     /* bytes */
	const uint8_t *data; /* borrowed */
	size_t len;
};

struct varstore_name {
	struct uuid guid;
	char name[VARSTORE_NAME]; /* printable ASCII */
};

/* Reads the store of a variable volume, and judges it. */
void varstore_read(
    const uint8_t *img, const struct volume *, struct varstore *);
/* Why it may not be added to, as a refusal; ERR_OK if nothing forbids it. */
enum err_code varstore_refuse(const struct varstore *, struct err *);
/* Walks: *at starts as 0. Every entry, deleted ones too. */
bool varstore_next(const struct varstore *, size_t *at, struct varstore_var *);
/* Added, or being replaced: the firmware reads it. */
bool varstore_live(const struct varstore_var *);
/* Walks the live variables of that name. */
bool varstore_find(const struct varstore *, const struct varstore_name *,
    size_t *at, struct varstore_var *);
/* The name as ASCII, '?' for other characters, cut to fit. */
void varstore_text(const struct varstore_var *, char out[static VARSTORE_NAME]);
const char *varstore_state_name(uint8_t state);

struct varstore_add {
	struct varstore_name name;
	uint32_t attrs;
	const void *data; /* borrowed */
	size_t len;
};

/* Bytes that a variable takes, header to end of data. */
size_t varstore_need(
    const struct varstore *, const struct varstore_name *, size_t len);
/* Writes the entry that goes to s->free. REASON_IMAGE_STORE_FULL if it does
 * not fit, the store's own reason if it may not be added to. */
enum err_code varstore_entry(const struct varstore *,
    const struct varstore_add *, struct wr *out, struct err *);

#endif
