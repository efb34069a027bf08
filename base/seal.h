/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealed columns of a database: AES-256-GCM under one key, each value bound
 * to its column and row, so that it cannot be moved to another. A key check
 * value (the row "key_check" of the table meta) tells a wrong key before it
 * is used.
 */
#ifndef BASE_SEAL_H
#define BASE_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/crypto.h"
#include "base/db.h"
#include "base/err.h"
#include "base/secret.h"

#define SEAL_TEXT 32 /* of a key check, with the NUL */

/* column: "units.pps"; row: its key. out: n + CRYPTO_SEAL_MORE bytes. */
enum err_code seal_put(const struct secret *key, const char *column,
    const char *row, const void *, size_t n, uint8_t *out, struct err *);
/* At most room bytes come out; len may be NULL. ERR_PERM or ERR_DATA where
 * the value is not what was sealed for this place. */
enum err_code seal_get(const struct secret *key, const char *column,
    const char *row, const void *, size_t n, void *out, size_t room,
    size_t *len, struct err *);

/* Writes text under the key; *there says whether one is written already, and
 * then the key must open it (as seal_get). */
enum err_code seal_check_put(
    struct db *, const struct secret *key, const char *text, struct err *);
enum err_code seal_check_get(
    struct db *, const struct secret *key, bool *there, struct err *);

#endif
