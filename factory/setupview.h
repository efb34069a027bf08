/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Setup.bin for people: records, variables by name, values in words. Secret
 * values are hidden unless reveal is set.
 */
#ifndef FACTORY_SETUPVIEW_H
#define FACTORY_SETUPVIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "formats/setupbin.h"

void setupview_head(struct wr *, const struct setupbin *);
/* i counts from 0. */
void setupview_record(
    struct wr *, const struct setupbin_record *, uint32_t i, bool reveal);

#endif
