/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one MEBx password that a key with a single record gives to every machine
 * of its order. Profiles give each unit a password of its own; machines that
 * take such a key do not have those, so the ledger must not say they do.
 */
#ifndef FACTORY_KEYPASS_H
#define FACTORY_KEYPASS_H

#include <stdint.h>

#include "base/err.h"
#include "factory/keyring.h"
#include "factory/order.h"
#include "formats/passwd.h"

/* The password of the order's keys, "" before the first. */
enum err_code keypass_get(struct ledger *, const char *order,
    char out[static PASSWD_MAX + 1], struct err *);
/* How many keys of the order give one: it tells whether passwords that were
 * read a while ago are those of now. */
enum err_code keypass_count(
    struct ledger *, const char *order, int64_t *n, struct err *);
/* In the caller's transaction: units that are issued and nothing more take
 * the key's password. *n: how many had another. Refused:
 * REASON_KEY_MANIFEST, the customer was told the others. */
enum err_code keypass_adopt(struct ledger *, const struct order *,
    const struct keyring_key *, uint64_t *n, struct err *);

#endif
