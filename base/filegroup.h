/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many outputs into one folder, each written whole as base/file.h has it, but
 * made durable together: an fsync a file is what a disk does slowest. Data
 * starts on its way as it is written, so that the disk works while the next
 * file is prepared; filegroup_commit() then waits for all, gives them their
 * names, and syncs the folder once.
 *
 * A killed run leaves the old file or the new one. A file that is new has no
 * name before it is whole (O_TMPFILE, where the file system has it), so that
 * of it nothing else is left. One that replaces another needs a temporary
 * NAME.XXXXXX beside it, born 0600; filegroup_clear() removes those of a killed
 * run.
 */
#ifndef BASE_FILEGROUP_H
#define BASE_FILEGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/file.h"

struct filegroup;

/* What became of a file, told once for each that was put: e->code is ERR_OK
 * when it is durable under its name. tag: the caller's. */
typedef void filegroup_fn(void *arg, uint64_t tag, struct err *e);

/* Takes the folder for this process alone, made 0700 if it is not there.
 * ERR_RETRY: another one has it. */
enum err_code filegroup_open(const char *dir, filegroup_fn *, void *arg,
    struct filegroup **, struct err *);
/* Removes temporaries of files whose name is one of ours. */
enum err_code filegroup_clear(
    struct filegroup *, bool (*ours)(const char *name), struct err *);

enum filegroup_there {
	FILEGROUP_ABSENT,
	FILEGROUP_SAME, /* a regular file with exactly these bytes */
	FILEGROUP_OTHER
};
enum err_code filegroup_look(struct filegroup *, const char *name, const void *,
    size_t, enum filegroup_there *, struct err *);

/* A file of the next commit. how: FILE_REPLACE, FILE_SECRET. What fails here
 * is not told again. */
enum err_code filegroup_put(struct filegroup *, const char *name, int how,
    const void *, size_t, uint64_t tag, struct err *);
/* Enough was put for a commit to be worth its wait. */
bool filegroup_full(const struct filegroup *);
/* Tells of each file that was put, in their order. Files that were found to be
 * there already are durable behind it too. The failure is that of the folder,
 * of which all files are told as well. */
enum err_code filegroup_commit(struct filegroup *, struct err *);
/* Gives up what is not committed; NULL is fine. */
void filegroup_free(struct filegroup *);

#endif
