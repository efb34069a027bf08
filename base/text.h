/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes as text and back: hex (lower case out, either case in) and base64
 * (RFC 4648 section 4, padded). Table-free and branch-free on the value, so
 * that a key encoded here does not show in the cache. Pure.
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TEXT_HEX_SIZE(n) (2 * (n) + 1)
#define TEXT_B64_SIZE(n) (((n) + 2) / 3 * 4 + 1)

/* out has TEXT_HEX_SIZE(n) bytes; ends in NUL. */
void text_hex(char *out, const void *, size_t n);
/* Exactly n bytes from exactly 2n digits. */
bool text_unhex(void *out, size_t n, const char *hex, size_t len);
/* out has TEXT_B64_SIZE(n) bytes; ends in NUL. */
void text_b64(char *out, const void *, size_t n);
/* Strict: canonical padding and zero spare bits. *n: in room, out length. */
bool text_unb64(void *out, size_t *n, const char *b64, size_t len);
/* Likewise, with white space anywhere, as XML Schema's base64Binary may have:
 * what is wrapped into lines. Where it stands shows in the cache. */
bool text_unb64_lines(void *out, size_t *n, const char *b64, size_t len);
/* For encodings of keys: all ones if lo <= c <= hi, else 0, without a branch.
 */
unsigned text_within(unsigned c, unsigned lo, unsigned hi);
/* The length of the UTF-8 character at p (RFC 3629), of which left bytes are
 * there; 0 if it is none. */
size_t text_utf8(const uint8_t *p, size_t left);
/* Printable ASCII 0x20..0x7e throughout. */
bool text_printable(const void *, size_t n);
/* With its NUL; false, and nothing is written, where there is no room. */
bool text_copy(char *out, size_t room, const char *);
/* What stands behind the noun of a count: "" for one, else "s". */
const char *text_plural(unsigned long long);
/* "11.8", or "11" for 11.0: up to two digits each. */
bool text_version(const char *, uint8_t *major, uint8_t *minor);

#endif
