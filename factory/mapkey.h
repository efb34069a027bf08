/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of an image map that several of its groups have, read with the map's
 * own refusal: REASON_MAP_UNSOUND with file:line. */
#ifndef FACTORY_MAPKEY_H
#define FACTORY_MAPKEY_H

#include <stddef.h>
#include <stdint.h>

#include "base/config.h"
#include "base/err.h"
#include "bios/map.h"

/* key NULL: the line of the group. */
enum err_code mapkey_unsound(struct config_group *, const char *key,
    struct err *, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
unsigned mapkey_line(struct config_group *);
/* Refuses a key that is none of a NULL-terminated list: before what is missing
 * is told, since it may be that one misspelt. */
enum err_code mapkey_known(
    struct config_group *, const char *const *keys, struct err *);
/* A string that must be there. */
enum err_code mapkey_need(
    struct config_group *, const char *key, const char **, struct err *);
/* The key "name": printable, in room bytes with its NUL. */
enum err_code mapkey_name(
    struct config_group *, char *out, size_t room, struct err *);
enum err_code mapkey_guid(struct config_group *, struct uuid *, struct err *);
/* A number of at least `least`, which may be left out where that is 0. */
enum err_code mapkey_size(struct config_group *, const char *key, size_t least,
    size_t *, struct err *);
enum err_code mapkey_region(struct config_group *, size_t *, struct err *);
/* The key "part", a $FPT name of one to four characters; "" if left out. */
enum err_code mapkey_part(
    struct config_group *, char out[static MAP_PART], struct err *);
/* The keys "region" and "part", of which one must be there; with a part the
 * region is ME. */
enum err_code mapkey_within(struct config_group *, size_t *region,
    char part[static MAP_PART], struct err *);
/* Hex digits of at most MAP_BYTES bytes; *n 0 if left out. */
enum err_code mapkey_bytes(struct config_group *, const char *key,
    uint8_t out[static MAP_BYTES], size_t *n, struct err *);

#endif
