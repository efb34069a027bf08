/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The variable stores of EDK2 (MdeModulePkg VariableFormat.h; OVMF and most
 * firmware that is not AMI's) and of its forerunner, $VSS. Pure.
 *
 *   EDK2: GUID, u32 size with this header, 5A formatted, FE healthy, 6 bytes
 *   $VSS: "$VSS", u32 size with this header, 5A, FE, 6 bytes
 *   variable: u16 0x55AA, u8 state, u8 0, u32 attributes, [authenticated:
 *   u64 count, 16 time, u32 key,] u32 name bytes, u32 data bytes, vendor
 *   GUID; UTF-16LE name with NUL; data
 *
 * A state's bits only go from 1 to 0: FF free, 7F header valid, 3F added, 3E
 * being replaced (still read), 3D and 3C deleted. Nothing has a checksum. The
 * list ends where no start id is.
 *
 * EDK2 aligns variables to 4 bytes. Whether $VSS does, and which of the two
 * layouts its variables have, its header does not say (UEFITool looks at each
 * variable), nor that of a third GUID; here the whole list must fit, and one
 * that fits two ways is not added to.
 */
#ifndef BIOS_EDKVAR_H
#define BIOS_EDKVAR_H

#include "bios/varstore.h"

#define EDKVAR_ADDED 0x3F
#define EDKVAR_REPLACED 0x3E
#define EDKVAR_DELETED 0xFC /* the bits of a state that then are left */
#define EDKVAR_STATE_AT 2   /* in a variable */

/* Does a store begin there? room bytes follow. */
bool edkvar_is(const uint8_t *, size_t room);
/* The store at s->off, of at most room bytes; s->img and s->off are set. */
void edkvar_read(struct varstore *s, size_t room);
bool edkvar_next(const struct varstore *, size_t *at, struct varstore_var *);
size_t edkvar_need(
    const struct varstore *, const struct varstore_name *, size_t len);
/* May the next one go to s->free? REASON_IMAGE_NO_STORE. */
enum err_code edkvar_check(const struct varstore *, struct err *);
void edkvar_write(
    const struct varstore *, const struct varstore_add *, struct wr *);

#endif
