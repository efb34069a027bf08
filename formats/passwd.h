/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MEBx and admin passwords (SDK: Valid Usernames and Passwords): 8 to 32
 * characters of ASCII 32..126, never : , or ", with at least one digit, one
 * lower-case and one upper-case letter and one special character above the
 * blank; the underscore counts as a letter. Generated ones have 16 characters
 * that a technician can type and tell apart on a US keyboard.
 */
#ifndef FORMATS_PASSWD_H
#define FORMATS_PASSWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PASSWD_LEN 16 /* of a generated one */
#define PASSWD_MAX 32

/* *why says which rule is broken, never the password. */
bool passwd_check(const char *, const char **why);
/* Rules differ: HP's guides also forbid ' < > & and the blank, and MeshCentral
 * takes 8 to 16 characters, so a password that passes may still fail there. */
enum passwd_level {
	PASSWD_GOOD,
	PASSWD_RISKY, /* Intel's rule holds; not every maker's does */
	PASSWD_BAD    /* breaks Intel's rule: passwd_check() says no */
};
/* *why: NULL where it is good. */
enum passwd_level passwd_judge(const char *, const char **why);
/* From random bytes, unbiased, drawn again until all classes are in. Returns
 * the bytes used, 0 if there were too few (256 suffice all but once in
 * 10^9). */
size_t passwd_make(
    char out[static PASSWD_LEN + 1], const uint8_t *random, size_t n);
/* The same of len characters, 8 to PASSWD_MAX; short ones are drawn again more
 * often: 1024 bytes suffice all but once in 10^9. */
#define PASSWD_MIN 8
size_t passwd_make_len(char *out, size_t len, const uint8_t *random, size_t n);

#endif
