/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON from outside, the door to jansson. A document is parsed whole and
 * walked; values are borrowed from it. Errors name line and column and never
 * quote the text, which may hold secrets; all its memory is wiped when it is
 * freed. What we write ourselves is formats/cjson.h's.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct json_doc; /* the document, and any value in it */

enum json_kind {
	JSON_KIND_OTHER, /* null, true, false */
	JSON_KIND_OBJECT,
	JSON_KIND_ARRAY,
	JSON_KIND_TEXT,
	JSON_KIND_INT,
	JSON_KIND_REAL
};

/* RFC 8259, UTF-8, no key twice in an object. The caller frees. */
enum err_code json_doc_parse(
    const void *, size_t n, struct json_doc **, struct err *);
void json_doc_free(struct json_doc *); /* the document; NULL is fine */

enum json_kind json_doc_kind(const struct json_doc *);
/* A member, or NULL: no such key, or not an object. */
const struct json_doc *json_doc_get(const struct json_doc *, const char *key);
/* The keys of an object as they were written: the first for NULL, else the one
 * behind a key that this has given; NULL at the end. */
const char *json_doc_key(const struct json_doc *, const char *before);
/* Of an array; 0 of anything else. */
size_t json_doc_count(const struct json_doc *);
const struct json_doc *json_doc_at(const struct json_doc *, size_t i);
/* An integer of 0..max. */
bool json_doc_uint(const struct json_doc *, uint64_t max, uint64_t *);
bool json_doc_bool(const struct json_doc *, bool *);
/* UTF-8 of *n bytes with a NUL behind it, or NULL if it is no text. */
const char *json_doc_text(const struct json_doc *, size_t *n);

#endif
