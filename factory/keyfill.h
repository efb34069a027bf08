/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an order puts on its one-touch keys: the entries of a Setup.bin record,
 * from the profile and, on a consumable key, the unit. Ascending by module and
 * variable, which satisfies every rule of order that is known.
 */
#ifndef FACTORY_KEYFILL_H
#define FACTORY_KEYFILL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "factory/keyring.h"
#include "factory/order.h"
#include "factory/profile.h"
#include "factory/unit.h"
#include "formats/setupbin.h"

#define KEYFILL_FACTORY "admin" /* the MEBx password of a new machine */

/* "1", "2", "2.1", "3", "4", and those with ".0". */
bool keyfill_version(const char *text, uint8_t *major, uint8_t *minor);
/* The newest that machines of this AMT version are known to read, or the one
 * that the profile's hashes need. */
void keyfill_default(const struct profile *, uint8_t *major, uint8_t *minor);

/* May the order have such a key? notes: what a person should know of one that
 * it may have. Refused: REASON_KEY_UNFIT. */
enum err_code keyfill_judge(const struct order *, const struct keyring_key *,
    struct profile_notes *, struct err *);
/* What the linter says of the first record of a new file, of which p is the
 * first piece. Refused: REASON_KEY_UNFIT. */
enum err_code keyfill_lint(
    const struct order *, const void *p, size_t n, struct err *);
/* unit: NULL where the record serves all; of the ledger's row its number and
 * whether the machine has its own password count. The record holds secrets. */
enum err_code keyfill_record(const struct order *, const struct keyring_key *,
    const struct unit *, const struct keyring_record *,
    struct setupbin_record *, struct err *);

/* The bytes of the key's file, in pieces of whole records; sets sha256. */
typedef enum err_code keyfill_sink(
    void *arg, const void *, size_t n, struct err *);
enum err_code keyfill_write(struct ledger *, const struct order *,
    struct keyring_key *, keyfill_sink *, void *arg, struct err *);

#endif
