/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Phoenix SCT's variable store, EVSA (UEFITool nvram.h). It is only read: how
 * its firmware adds and reclaims entries is not public. Pure.
 *
 *   entry: u8 type, u8 checksum (it and the bytes from the third on sum to
 *   0), u16 size with this header
 *   EC store: "EVSA", u32 attributes, u32 size of the store, u32
 *   ED, E1 GUID: u16 id, GUID        EE, E2 name: u16 id, UTF-16LE with NUL
 *   EF, E3 value: u16 GUID's id, u16 name's id, u32 attributes, value; with
 *   attribute 0x10000000 u32 size of the value, which lies behind the entry
 *   83 value, invalid
 */
#ifndef BIOS_EVSA_H
#define BIOS_EVSA_H

#include "bios/varstore.h"

bool evsa_is(const uint8_t *, size_t room);
/* The store at s->off, of at most room bytes; s->img and s->off are set. */
void evsa_read(struct varstore *s, size_t room);
/* Walks the values, valid or not. */
bool evsa_next(const struct varstore *, size_t *at, struct varstore_var *);

#endif
