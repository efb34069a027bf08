/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The board as the firmware describes it in SMBIOS: whose record this is.
 */
#ifndef BIOS_UEFI_BOARD_H
#define BIOS_UEFI_BOARD_H

#include "base/err.h"
#include "bios/smbios.h"
#include "bios/uefi/efi.h"
#include "formats/record.h"
#include "formats/setupbin.h"

/* False, and s empty, if there is no SMBIOS table with a type 1. */
bool board_find(const struct efi_system *, struct smbios_system *s);
/* A record for a board that has none: onetouch_blank(), with the serial number.
 * Refuses a board without a UUID of its own. */
enum err_code board_record(const struct smbios_system *,
    const struct setupbin *head, struct record *, struct err *);

#endif
