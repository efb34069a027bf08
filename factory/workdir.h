/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A station's own folder, for files that hold one unit's secrets for as long as
 * a programmer reads them. It is its owner's alone, one station works in it at
 * a time, and its files are removed at the start and behind each unit. Who has
 * an open lock holds the folder: a programmer gets it as its standard input, so
 * that it goes on to hold the folder when the station was killed.
 */
#ifndef FACTORY_WORKDIR_H
#define FACTORY_WORKDIR_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Files of a unit; "station-" stands in front of them in the folder. */
#define WORKDIR_IMAGE "image.bin"
#define WORKDIR_DELTA "delta.bin"
#define WORKDIR_LAYOUT "layout.txt"
#define WORKDIR_READBACK "readback.bin"

struct workdir {
	int dir, lock; /* -1: closed */
	char path[PATH_MAX];
};

/* Makes it, if it is not there. ERR_RETRY: another one works in it; ERR_PERM:
 * others may look into it. */
enum err_code workdir_open(struct workdir *, const char *path, struct err *);
void workdir_close(struct workdir *); /* clears */
/* The absolute path of one of these files. */
enum err_code workdir_path(const struct workdir *, const char *name,
    char out[static PATH_MAX], struct err *);
/* A new file of ours. */
enum err_code workdir_put(const struct workdir *, const char *name,
    const void *, size_t, struct err *);
/* A file that another program made must hold exactly these bytes: else it is
 * REASON_STATION_READBACK, with the offset of the first difference. Looks
 * only at from..to-1. */
enum err_code workdir_same(const struct workdir *, const char *name,
    const uint8_t *, size_t n, size_t from, size_t to, struct err *);
/* Removes these, and what has more behind their names, folders too. */
enum err_code workdir_clear(struct workdir *, struct err *);
/* Is the file one that a work folder at path would remove? */
bool workdir_would_clear(const char *path, const char *file);

#endif
