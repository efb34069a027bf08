/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Canonical JSON for our own files: fixed key order, no white space, strings
 * of printable UTF-8 with \" \\ and \u00XX for control characters, integers
 * without sign. What is read back is written again to the same bytes.
 * Writers append to a wr; readers take from an rd and fail it.
 */
#ifndef FORMATS_CJSON_H
#define FORMATS_CJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/* Fails the writer where the text is not UTF-8. */
void cjson_put_string(struct wr *, const char *);
void cjson_put_uint(struct wr *, uint64_t);
void cjson_put_bool(struct wr *, bool);
/* "name":"value" with a comma in front unless it is the first of its object;
 * nothing for an empty or NULL value. */
void cjson_put_member(struct wr *, const char *name, const char *value);

/* Exactly these bytes must follow. */
void cjson_want(struct rd *, const char *literal);
/* True and consumed if these bytes follow, else false and untouched. */
bool cjson_have(struct rd *, const char *literal);
/* A string of at most room - 1 bytes. */
void cjson_get_string(struct rd *, char *out, size_t room);
uint64_t cjson_get_uint(struct rd *);
bool cjson_get_bool(struct rd *);

#endif
