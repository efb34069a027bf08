/* SPDX-License-Identifier: Apache-2.0 */
/* A one-touch key that came back: what its records tell the ledger. */
#ifndef FACTORY_KEYBACK_H
#define FACTORY_KEYBACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "factory/keyring.h"
#include "factory/ledger.h"

/* What a returned key told. States as the ledger has them now. */
struct keyback_result {
	char key[KEYRING_ID];
	char order[ORDER_ID];
	bool whole; /* the very bytes that were made, but for what is taken */
	bool keeps; /* records are not consumed: use leaves no trace */
	bool torn;  /* its counter disagrees with its records */
	uint32_t records, unused, differs, applied, unknown;
	uint32_t copies; /* records with copy set */
};

/* Finds the key of a returned SETUP.BIN, by its digest as it was made, else by
 * the PIDs in it; stores what each record shows, with an audit row; and when
 * that is durable calls fn for each record in order (fn may be NULL). file
 * holds secrets; it stays the caller's. Refused: REASON_SETUPBIN_MALFORMED,
 * REASON_KEY_UNKNOWN (no record of it is this ledger's). */
enum err_code keyback_reconcile(struct ledger *, const uint8_t *file, size_t n,
    keyring_fn *fn, void *arg, struct keyback_result *, struct err *);

#endif
