/* SPDX-License-Identifier: Apache-2.0 */
/* Checksums that a map has put right behind its settings. Pure. */
#ifndef BIOS_FIXUP_H
#define BIOS_FIXUP_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "bios/map.h"
#include "bios/place.h"

#define FIXUP_MAX 32 /* bytes of the longest */

/* The checksum of n bytes, as it is stored. Where it lies within them, they
 * hold zeroes there. n is even for MAP_SUM16. */
void fixup_sum(
    enum map_fix, const uint8_t *, size_t n, uint8_t out[static FIXUP_MAX]);
/* Of the bytes of an image, without those of the checksum itself at `at`, if
 * it lies among them. */
enum err_code fixup_of(const uint8_t *img, const struct place *over, size_t at,
    enum map_fix, uint8_t out[static FIXUP_MAX], struct err *);

#endif
