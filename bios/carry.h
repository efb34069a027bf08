/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does an image carry what a record says, at every place of a map? Pure. The
 * refusal, REASON_IMAGE_DIFFERS, names the setting and the offset of the first
 * byte that differs, never a value.
 */
#ifndef BIOS_CARRY_H
#define BIOS_CARRY_H

#include "base/err.h"
#include "bios/image.h"
#include "bios/map.h"
#include "formats/record.h"

/* Settings, checksums, and the record that a device would take. */
enum err_code carry_check(const struct image *, const struct imgmap *,
    const struct record *, struct err *);
/* The record that a device takes from it is this one, whatever the map. */
enum err_code carry_record(
    const struct image *, const struct record *, struct err *);

#endif
