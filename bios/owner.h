/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose the bytes of an image are, as far as a map may write them. The
 * platform data region is the OEM's, and so are a few $FPT partitions. All
 * else is somebody's: the map has to say what is there, so that it is known
 * to mean these bytes. Where a firmware volume is, or the code that runs from
 * reset, it also has to take the risk. Pure.
 */
#ifndef BIOS_OWNER_H
#define BIOS_OWNER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "bios/image.h"
#include "bios/place.h"

#define OWNER_RESET 0x10000 /* last bytes of a BIOS: where reset begins */

/* named: the map says what is there. REASON_IMAGE_FORBIDDEN. */
enum err_code owner_judge(const struct image *, const struct place *,
    bool named, bool consent, struct err *);

#endif
