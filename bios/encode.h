/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record's value as the bytes of a map's setting. Pure. What is written may
 * be secret; messages never tell a value, nor how long a secret one is.
 * REASON_MAP_UNSOUND for a value that its room or encoding cannot hold.
 */
#ifndef BIOS_ENCODE_H
#define BIOS_ENCODE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "bios/map.h"
#include "formats/record.h"

/* Has the record such a value at all? */
bool encode_has(const struct map_setting *, const struct record *);
/* Exactly the setting's size, or what the value takes where that is 0. A value
 * that is not there is all fill, or 0. */
enum err_code encode_value(const struct map_setting *, const struct record *,
    struct wr *, struct err *);
/* Which bits of the word are the setting's (MAP_BITS). */
uint32_t encode_mask(const struct map_setting *);

#endif
