/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Passwords for MEBx and AMT. Intel's rule (SDK: valid usernames and
 * passwords): 8 to 32 characters of ASCII 32..126 without : , and ", with a
 * digit, a lower-case and an upper-case letter and another character. Ours
 * have 16 of 64 characters that HP and MeshCentral take too and a technician
 * can tell apart: no 0 O 1 l I. 94 bits.
 */
#ifndef FORMATS_PASSWORD_H
#define FORMATS_PASSWORD_H

#include <stddef.h>
#include <stdint.h>

#define PASSWORD_LEN 16
#define PASSWORD_MAX 32

/* Draws until all four classes are there: never patched, so that all such
 * passwords are equally likely. Returns how many random bytes it used, 0 if
 * there were too few (256 suffice all but once in 10^9). */
size_t password_make(
    char out[static PASSWORD_LEN + 1], const uint8_t *random, size_t n);
/* NULL if Intel's rule holds, else what is wrong; never quotes it. */
const char *password_check(const char *);

#endif
