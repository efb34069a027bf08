/* SPDX-License-Identifier: Apache-2.0 */
/* One setting of an image map: value, target, encoding and what each needs. */
#ifndef FACTORY_MAPSETTING_H
#define FACTORY_MAPSETTING_H

#include "base/config.h"
#include "base/err.h"
#include "bios/map.h"

/* The group of that label. REASON_MAP_UNSOUND with file:line. */
enum err_code mapsetting_read(struct config_group *, const char *label,
    struct map_setting *, struct err *);

#endif
