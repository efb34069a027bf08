/* SPDX-License-Identifier: Apache-2.0 */
/*
 * UUIDs. struct uuid holds the 16 bytes in SMBIOS order (first three groups
 * little-endian), as the hello message and PTHI carry them; text is
 * the canonical form, lower case out, either case in.
 */
#ifndef FORMATS_UUID_H
#define FORMATS_UUID_H

#include <stdbool.h>
#include <stdint.h>

#define UUID_LEN 16
#define UUID_TEXT 37 /* with the NUL */

struct uuid {
	uint8_t b[UUID_LEN]; /* SMBIOS order */
};

bool uuid_parse(struct uuid *, const char *text);
/* 32 hex digits or dashed text of raw SMBIOS bytes, in that order. */
bool uuid_parse_raw(struct uuid *, const char *text);
void uuid_text(const struct uuid *, char out[static UUID_TEXT]);
/* Version 4 from 16 random bytes. */
void uuid_random(struct uuid *, const uint8_t random[static UUID_LEN]);
bool uuid_equal(const struct uuid *, const struct uuid *);
/* Known placeholder values that boards ship with (Microsoft
 * KB2591483 and public lists of non-unique UUIDs). */
bool uuid_is_placeholder(const struct uuid *);

#endif
