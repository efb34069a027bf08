/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder of a store, for its owner alone: store.db with its schema, the
 * key that seals its columns, and the device CA. Used by server/store.c; the
 * rest of the room goes through the store.
 */
#ifndef SERVER_VAULT_H
#define SERVER_VAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/crypto.h"
#include "base/db.h"
#include "base/err.h"
#include "base/x509.h"

struct vault;

/* As store_init() and store_open(). */
enum err_code vault_init(const char *dir, struct err *);
enum err_code vault_open(const char *dir, struct vault **, struct err *);
void vault_close(struct vault *); /* NULL is fine */
bool vault_there(const char *dir);
enum err_code vault_place(const char *dir, struct err *);
struct db *vault_db(struct vault *);
enum err_code vault_ca(
    struct vault *, struct x509 **, struct crypto_key **, struct err *);

/* column: "units.row"; row: its key. out: n + CRYPTO_SEAL_MORE bytes. */
enum err_code vault_seal(struct vault *, const char *column, const char *row,
    const void *, size_t n, uint8_t *out, struct err *);
/* *len <= room bytes come out. */
enum err_code vault_unseal(struct vault *, const char *column, const char *row,
    const void *, size_t n, void *out, size_t room, size_t *len, struct err *);

#endif
