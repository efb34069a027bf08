/* SPDX-License-Identifier: Apache-2.0 */
/* Image maps from their libconfig files; amtforge-map(5) has the keys. */
#ifndef FACTORY_MAPFILE_H
#define FACTORY_MAPFILE_H

#include <stdint.h>

#include "base/digest.h"
#include "base/err.h"
#include "bios/map.h"

#define MAPFILE_MAX 0x40000 /* bytes of its text */

/* A map with its text: whoever keeps a plan keeps both. */
struct mapfile {
	char *text; /* with a NUL */
	size_t n;   /* without it */
	uint8_t sha256[SHA256_LEN];
	struct imgmap map;
};

/* REASON_MAP_UNSOUND with file:line for what a map cannot say. *out is the
 * caller's to free. "-" is standard input. */
enum err_code mapfile_open(
    const char *path, struct mapfile **out, struct err *);
void mapfile_free(struct mapfile *); /* NULL is fine */
/* The map alone, into one that the caller has on the heap. */
enum err_code mapfile_read(const char *path, struct imgmap *, struct err *);
/* Of n bytes in memory; name stands for the file in messages. */
enum err_code mapfile_parse(
    const char *name, const void *, size_t n, struct imgmap *, struct err *);

#endif
