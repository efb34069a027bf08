/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door to libconfig. A reader asks for the keys it knows; config_end()
 * then refuses a key that nobody asked for, with file and line, so that a
 * misspelt setting is never silently ignored. Errors are ERR_CONFIG.
 * Strings are owned by the struct config and live until config_close().
 */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct config;       /* an open file */
struct config_group; /* a group or list element in it; owned by the config */

enum err_code config_open(const char *path, struct config **, struct err *);
/* The same of n bytes that are in memory; name stands for the file in messages.
 * Refused where it takes in another (@include). */
enum err_code config_parse(const char *name, const void *text, size_t n,
    struct config **, struct err *);
void config_close(struct config *); /* NULL is fine */
const char *config_path(const struct config *);
struct config_group *config_root(struct config *);

/* Each: the key's value, or the fallback where it is not there; ERR_CONFIG
 * with file:line where it has the wrong type or is out of range. */
enum err_code config_string(struct config_group *, const char *key,
    const char *fallback, const char **, struct err *);
enum err_code config_bool(struct config_group *, const char *key, bool fallback,
    bool *, struct err *);
enum err_code config_int(struct config_group *, const char *key, long long min,
    long long max, long long fallback, long long *, struct err *);
/* One of a NULL-terminated list of words; its index. fallback -1: required. */
enum err_code config_word(struct config_group *, const char *key,
    const char *const *words, int fallback, int *, struct err *);
/* A sub-group; NULL where it is not there. */
enum err_code config_sub(struct config_group *, const char *key,
    struct config_group **, struct err *);
/* A list of groups: its length (0 where not there) and its elements. */
enum err_code config_list(
    struct config_group *, const char *key, size_t *n, struct err *);
enum err_code config_item(struct config_group *, const char *key, size_t i,
    struct config_group **, struct err *);
/* The i-th key of a group, in order, or NULL. It is not known by that. */
const char *config_key(struct config_group *, size_t i);
/* "file:line" of the group or, with key, of that key: for messages. */
void config_where(
    struct config_group *, const char *key, char *out, size_t room);
/* A key of the group names this file, which holds a secret: exposed_warn(),
 * once for each file that the configuration names. */
enum err_code config_secret(
    struct config_group *, const char *path, struct err *);
/* ERR_CONFIG: what is wrong with that key's value, and where it stands. */
enum err_code config_bad(
    struct config_group *, const char *key, const char *what, struct err *);
/* ERR_CONFIG for a key that must be there; of a misspelt one it is told what
 * was meant. want: what it must be, or NULL. */
enum err_code config_missing(
    struct config_group *, const char *key, const char *want, struct err *);
/* Refuses unknown keys in this group and all groups that were opened. */
enum err_code config_end(struct config *, struct err *);

#endif
