/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where in an image a map's places are: regions, $FPT partitions, FFS files,
 * the descriptor's OEM section. Pure. Refused: REASON_IMAGE_TARGET for what
 * is not there or ends too early; messages do not name the setting.
 */
#ifndef BIOS_PLACE_H
#define BIOS_PLACE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "bios/image.h"
#include "bios/map.h"
#include "bios/me.h"

struct place {
	size_t off, len; /* of the image */
};

/* The ME region, understood; false where the image has none. */
bool place_me(const struct image *, struct me *);
/* A partition of its $FPT. */
enum err_code place_part(
    const struct image *, const char *name, struct place *, struct err *);
/* Bytes from..from+len-1 of a partition or, with part "", of a region; len 0:
 * to its end. */
enum err_code place_range(const struct image *, size_t region, const char *part,
    const struct place *range, struct place *, struct err *);
/* The bytes of a setting that lives at a place of its own (not a variable, nor
 * a partition to be added). */
enum err_code place_setting(const struct image *, const struct map_setting *,
    struct place *, struct err *);

/* Can it be the store of such a setting? One whose kind is not known is, so
 * that what is wrong with it is told. */
bool place_is_store(const struct varstore *, enum map_target);

#endif
