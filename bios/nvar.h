/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AMI's variable store, NVAR (UEFITool nvram.h and ami_nvar.ksy): the body of
 * a raw file CEF5B9A3-476D-497F-9FDC-E98143E0422C in a firmware volume,
 * usually of two volumes, the second being the backup. Pure.
 *
 *   entry, behind the one before without padding: "NVAR", u16 size with this
 *   header, u24 distance to the entry with the newer value (FFFFFF: none), u8
 *   attributes: 1 runtime, 2 ASCII name, 4 GUID inline, 8 value only, 10
 *   extended header, 20 hardware error, 40 authenticated, 80 valid;
 *   unless value only: GUID or u8 index of it, name with NUL; value
 *   extended header, at the entry's end: u8 attributes (1 checksum, 10
 *   authenticated, 20 time), ..., [u8 checksum,] u16 size of all that
 *
 * The table of GUIDs grows down from the file's end. What the checksum of an
 * extended header covers is unsettled between readers, so it is not judged,
 * and no entry with one is written. A replaced value is a value only entry
 * that the older one points to, or a new entry with bit 80 of the old cleared.
 *
 * How a firmware brings main and backup into agreement is not public: an
 * entry added to one of them may be lost when it takes the other.
 */
#ifndef BIOS_NVAR_H
#define BIOS_NVAR_H

#include "bios/ffs.h"
#include "bios/varstore.h"

/* Is it the file of a store? */
bool nvar_is(const struct ffs_file *);
/* The store in a file's body; s->img is set. */
void nvar_read(struct varstore *s, const struct ffs_file *);
bool nvar_next(const struct varstore *, size_t *at, struct varstore_var *);
bool nvar_value(const struct varstore *, struct varstore_var *);
bool nvar_inner(
    const struct varstore *, const struct varstore_var *, struct varstore *out);
/* Has it an extended header? *at: where; *sum: does that have a checksum? */
bool nvar_extended(const struct varstore *, const struct varstore_var *,
    size_t *at, bool *sum);
size_t nvar_need(const struct varstore_name *, size_t len);
/* May the format hold it? REASON_IMAGE_TARGET. */
enum err_code nvar_check(
    const struct varstore *, const struct varstore_add *, struct err *);
void nvar_write(const struct varstore_add *, struct wr *);

#endif
