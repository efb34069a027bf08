/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is anything broken in an image that was not broken in its base? Volumes,
 * stores, the ME's tables, the OEM's configuration of the ME, the Ethernet
 * banks, and whether the ME is on. Pure.
 */
#ifndef BIOS_SOUND_H
#define BIOS_SOUND_H

#include "base/err.h"
#include "bios/image.h"

/* REASON_IMAGE_DIFFERS, or REASON_IMAGE_ME_OFF. */
enum err_code sound_still(
    const struct image *base, const struct image *made, struct err *);

#endif
