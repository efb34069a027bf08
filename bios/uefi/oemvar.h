/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine's OEM provisioning record as the UEFI variable AmtOemRecord,
 * amtforge-record(5): non-volatile, boot services only.
 */
#ifndef BIOS_UEFI_OEMVAR_H
#define BIOS_UEFI_OEMVAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "bios/uefi/efi.h"
#include "formats/record.h"

/* buf: RECORD_MAX bytes, for use during the call; wiped. *n: bytes of the
 * variable that is there; 0, and rec as it was: there is none. One that
 * cannot be read as a record is refused. */
enum err_code oemvar_load(struct efi_runtime *, uint8_t *buf,
    struct record *rec, size_t *n, struct err *);
/* Is there room for a record of n bytes in place of one of `old` bytes? Asked
 * before a key's record is used up; firmware that cannot tell is believed. */
enum err_code oemvar_room(
    struct efi_runtime *, size_t n, size_t old, struct err *);
/* Writes the variable and reads it back. buf: 2 x RECORD_MAX bytes; wiped. */
enum err_code oemvar_store(
    struct efi_runtime *, uint8_t *buf, const struct record *, struct err *);

#endif
