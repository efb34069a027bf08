/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ledger: the one place that remembers which credentials were issued to
 * which machine. A SQLite database; secret columns are sealed (AES-256-GCM)
 * under the ledger key, 32 random bytes as hex in LEDGER.key or --key-file,
 * each bound to its column and row. A wrong key is refused by a key check
 * value (REASON_LEDGER_KEY). The audit table can only be added to.
 */
#ifndef FACTORY_LEDGER_H
#define FACTORY_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cli.h"
#include "base/db.h"
#include "base/err.h"

struct ledger;

/* For the option table of every verb that opens a ledger. */
#define LEDGER_OPT_KEY                                       \
	{                                                    \
		"--key-file", CLI_VALUE, "FILE",             \
		    "the ledger's key (default: LEDGER.key)" \
	}

/* key_file may be NULL: LEDGER.key. An init that was interrupted is finished;
 * a ledger that is there already is ERR_CREATE. */
enum err_code ledger_init(const char *path, const char *key_file, struct err *);
enum err_code ledger_open(
    const char *path, const char *key_file, struct ledger **, struct err *);
/* ERR_USAGE if out (NULL: nothing) is the ledger or its key: --force replaces
 * files, but those are never meant. */
enum err_code ledger_spare(
    const char *path, const char *key_file, const char *out, struct err *);
/* The ledger of a verb whose first argument is LEDGER. */
enum err_code ledger_open_args(
    const struct cli_args *, struct ledger **, struct err *);
void ledger_close(struct ledger *); /* NULL is fine */
struct db *ledger_db(struct ledger *);

/* out: n + CRYPTO_SEAL_MORE bytes. column: "units.pps"; row: its key. */
enum err_code ledger_seal(struct ledger *, const char *column, const char *row,
    const void *, size_t n, uint8_t *out, struct err *);
/* Opens n sealed bytes into room bytes at out; *len may be NULL. A value that
 * does not open or fit is REASON_LEDGER_DAMAGED. */
enum err_code ledger_unseal(struct ledger *, const char *column,
    const char *row, const void *, size_t n, void *out, size_t room,
    size_t *len, struct err *);

/* An audit row: time and user are added. what: "unit reveal"; object: the
 * order or UUID. Part of the transaction that is open, if one is. */
enum err_code ledger_audit(struct ledger *, const char *what,
    const char *object, const char *why, struct err *);

#endif
