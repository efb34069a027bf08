/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UEFI variable stores of every format that is read here, behind one view:
 * bios/edkvar.h (EDK2, $VSS), bios/nvar.h (AMI), bios/evsa.h (Phoenix, only
 * read). Pure.
 *
 * Adding to a store means bytes for its free room, and they only clear bits:
 * a flashed chip takes them without an erase. Nothing that is there moves.
 *
 * A store is judged when it is read. What forbids adding to it, such as a
 * fault tolerant write under way (bios/ftw.h), does not keep it from being
 * walked as far as it is sound.
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

/* UEFI's attributes of a variable (UEFI specification, 8.2). */
#define VARSTORE_NV 0x1
#define VARSTORE_BS 0x2
#define VARSTORE_RT 0x4
#define VARSTORE_HWERR 0x8
#define VARSTORE_AUTH 0x10
#define VARSTORE_TIME 0x20

enum varstore_format {
	VARSTORE_NONE, /* a variable volume without a store known here */
	VARSTORE_EDK2,
	VARSTORE_VSS,
	VARSTORE_NVAR,
	VARSTORE_EVSA
};

struct varstore {
	const uint8_t *img; /* borrowed; offsets count from here */
	enum varstore_format format;
	bool auth;    /* EDK2, $VSS: of the authenticated layout */
	size_t align; /* where entries may begin; 0: at 1 or 4, nobody knows */
	size_t off;   /* the store's header; NVAR: the file's body */
	size_t first; /* the first entry */
	size_t end;   /* first byte behind the store */
	size_t free;  /* where the next variable goes */
	size_t room;  /* first byte behind the free room */
	/* The volume around it: old copies may lie anywhere in there, in the
	 * spare area of the fault tolerant write too. */
	size_t vol, vol_end;
	/* What forbids adding to it, found by reading it; NULL if nothing. */
	const char *why;
	enum reason_id reason;
	size_t at;
};

/* An entry. That of a chain (NVAR) has the name, its newest value may be in
 * a later entry without a name. */
struct varstore_var {
	size_t off, size; /* header to the end of what belongs to it */
	uint8_t state;    /* as stored: state, NVAR attributes, EVSA type */
	bool live;        /* the firmware reads it */
	const char *life; /* "added", "deleted", ... */
	uint32_t attrs;   /* UEFI's; 0 if the entry does not say */
	struct uuid guid;
	bool ascii;          /* else UTF-16LE; with NUL either way */
	const uint8_t *name; /* borrowed */
	size_t name_len;     /* bytes; 0 if it has no name */
	const uint8_t *data; /* this entry's own, never NULL; borrowed */
	size_t len;
	size_t next;     /* NVAR: the entry with the newer value, or 0 */
	const char *why; /* what of it cannot be made out, or NULL */
};

struct varstore_name {
	struct uuid guid;
	char name[VARSTORE_NAME]; /* printable ASCII */
};

/* Reads the stores of a volume, in its order, and judges them: their number,
 * of which max are in out. A variable volume has at least one, maybe of
 * format VARSTORE_NONE; another volume has those in files of NVAR. */
size_t varstore_read(const uint8_t *img, const struct volume *,
    struct varstore *out, size_t max);
/* "edk2 authenticated", "nvar", ... */
const char *varstore_format_name(const struct varstore *);
/* Why it may not be added to, as a refusal; ERR_OK if nothing forbids it. */
enum err_code varstore_refuse(const struct varstore *, struct err *);
/* Bytes of free room. */
size_t varstore_room(const struct varstore *);
/* Marks what forbids adding, unless something does already. */
void varstore_forbid(
    struct varstore *, enum reason_id, const char *why, size_t at);

/* Walks: *at starts as 0. Every entry that can hold a value, deleted and torn
 * ones too. */
bool varstore_next(const struct varstore *, size_t *at, struct varstore_var *);
/* Walks the live variables of that name, data being the newest value. */
bool varstore_find(const struct varstore *, const struct varstore_name *,
    size_t *at, struct varstore_var *);
/* Makes data the newest value; false if that cannot be found. */
bool varstore_value(const struct varstore *, struct varstore_var *);
/* The store in the value of a StdDefaults variable (NVAR); false if it is
 * none. It is only read. */
bool varstore_inner(
    const struct varstore *, const struct varstore_var *, struct varstore *out);
/* The name as ASCII, '?' for other characters, cut to fit. */
void varstore_text(const struct varstore_var *, char out[static VARSTORE_NAME]);

struct varstore_add {
	struct varstore_name name;
	uint32_t attrs;
	const void *data; /* borrowed */
	size_t len;
};

/* Bytes that a variable takes, header to end of data. */
size_t varstore_need(
    const struct varstore *, const struct varstore_name *, size_t len);
/* Writes the entry that goes to s->free; the data are its last bytes.
 * REASON_IMAGE_STORE_FULL if it does not fit, REASON_IMAGE_TARGET if the
 * format cannot hold it, the store's own reason if it may not be added to.
 * Whether the name is there already is asked with varstore_find(), in every
 * store: a firmware may copy one over the other. */
enum err_code varstore_entry(const struct varstore *,
    const struct varstore_add *, struct wr *out, struct err *);

#endif
