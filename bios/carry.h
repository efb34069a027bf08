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
#include "bios/plan.h"
#include "formats/record.h"

/* Settings, checksums, and the record that a device would take. */
enum err_code carry_check(const struct image *, const struct imgmap *,
    const struct record *, struct err *);
/* Bytes made for a unit from the planner's base, as many as it has: they are
 * an image still, of the same volumes, with stores no worse than they were,
 * and carry_check() holds. again: work space. That nothing else changed is the
 * maker's to show. */
enum err_code carry_made(const struct planner *, const uint8_t *,
    const struct record *, struct image *again, struct err *);
/* The record that a device takes from it is this one, whatever the map. */
enum err_code carry_record(
    const struct image *, const struct record *, struct err *);

#endif
