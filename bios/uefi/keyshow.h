/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a key's record would do, for the person who is asked: names and values,
 * never a password or PPS.
 */
#ifndef BIOS_UEFI_KEYSHOW_H
#define BIOS_UEFI_KEYSHOW_H

#include "bios/uefi/console.h"
#include "formats/onetouch.h"

void keyshow(struct console *, const struct onetouch *);

#endif
