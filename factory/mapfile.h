/* SPDX-License-Identifier: Apache-2.0 */
/* Image maps from their libconfig files; amtforge-map(5) has the keys. */
#ifndef FACTORY_MAPFILE_H
#define FACTORY_MAPFILE_H

#include "base/err.h"
#include "bios/map.h"

/* REASON_MAP_UNSOUND with file:line for what a map cannot say. */
enum err_code mapfile_read(const char *path, struct imgmap *, struct err *);

#endif
