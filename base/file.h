/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files. Outputs are written whole: a temporary beside the target, fsync,
 * rename, fsync of the folder; a killed program leaves the old file or the
 * new one. Files that hold secrets are born 0600 with O_EXCL.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/secret.h"

enum file_how {
	FILE_NEW = 0,     /* refuse an existing target: ERR_CREATE */
	FILE_REPLACE = 1, /* the user said --force, or it is our own state */
	FILE_SECRET = 2,  /* 0600 instead of 0644 */
	FILE_UNSYNCED = 4 /* whole, but after a power cut perhaps not there */
};

/* Reads all of path ("-": stdin), at most max bytes; caller frees. */
enum err_code file_read(
    const char *path, size_t max, uint8_t **, size_t *, struct err *);
/* A regular file into memory once: no second copy while it is read,
 * and no mapping that a truncation takes away. ERR_IO if it is cut short
 * meanwhile; ERR_DATA if it is empty. Caller frees. */
enum err_code file_load(
    const char *path, size_t max, uint8_t **, size_t *, struct err *);
/* file_read() into a secret; nothing is left in other memory. */
enum err_code file_read_secret(
    const char *path, size_t max, struct secret *, struct err *);
/* how: file_how bits. path "-" is stdout. */
enum err_code file_write(
    const char *path, int how, const void *, size_t, struct err *);
/* The same in pieces; nothing is at path before file_out_commit() succeeds.
 * file_out_free() gives up what is not committed (NULL is fine). */
struct file_out;
enum err_code file_out_new(
    const char *path, int how, struct file_out **, struct err *);
enum err_code file_out_write(
    struct file_out *, const void *, size_t, struct err *);
/* At an offset, and how long the file is in the end, for one with holes: what
 * is never written is zero and takes no room. A pipe has neither. */
enum err_code file_out_write_at(
    struct file_out *, uint64_t off, const void *, size_t, struct err *);
enum err_code file_out_size(struct file_out *, uint64_t, struct err *);
enum err_code file_out_commit(struct file_out *, struct err *);
void file_out_free(struct file_out *);
/* To read back what was written so far; stays the file_out's. */
int file_out_fd(const struct file_out *);
/* A file without a name, in the folder of path: what is not needed again once
 * it has been copied behind what another has. */
enum err_code file_out_spool(
    const char *path, struct file_out **, struct err *);
enum err_code file_out_copy(
    struct file_out *, struct file_out *spool, struct err *);
/* FILE_NEW | FILE_SECRET of s; the only way out for a secret's bytes. */
enum err_code file_create_secret(
    const char *path, const struct secret *, struct err *);
/* A read-only private mapping; file_unmap() releases it. */
enum err_code file_map(
    const char *path, const uint8_t **, size_t *, struct err *);
void file_unmap(const uint8_t *, size_t);
/* Makes the folder (one level) if it is not there. mode as for mkdir. */
enum err_code file_mkdir(const char *path, int mode, struct err *);
bool file_exists(const char *path);
/* Are both there, and one file under whatever names? */
bool file_same(const char *, const char *);
/* fsync of the folder that holds path. */
enum err_code file_sync_dir(const char *path, struct err *);
/* dir "/" name into out; ERR_USAGE if it does not fit. */
enum err_code file_join(
    char *out, size_t room, const char *dir, const char *name, struct err *);
/* name resolved beside the file `beside` unless absolute. */
enum err_code file_beside(
    char *out, size_t room, const char *beside, const char *name, struct err *);

#endif
