/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keyring: which one-touch keys (Setup.bin files on a technician's USB
 * stick) were made of an order, and which record of which key holds which
 * unit's PID. It lives in the ledger, and all that a key's file holds can be
 * written again from it, byte for byte.
 *
 * A consumable key (PSK) has one record a unit; the machine that takes record
 * k becomes unit k. A key with a single record that is not consumed (PKI, or
 * PSK with insecure_shared_key) serves any number of machines; its MEBx
 * password is then that of the order's units.
 *
 * A BIOS marks a record before it tries it, so a record that a returned key
 * shows as taken is only "possibly applied". States never go back.
 */
#ifndef FACTORY_KEYRING_H
#define FACTORY_KEYRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "factory/ledger.h"
#include "factory/order.h"
#include "formats/passwd.h"
#include "formats/psk.h"
#include "formats/uuid.h"

#define KEYRING_ID (ORDER_ID + 16) /* ORDER-key1, with the NUL */
#define KEYRING_PATH 4096

/* In the order in which a record may move. UNKNOWN is never stored. */
enum keyring_state {
	KEYRING_UNUSED,
	KEYRING_DIFFERS, /* the ledger wrote other bytes */
	KEYRING_APPLIED, /* taken by a machine: possibly applied */
	KEYRING_UNKNOWN  /* not of a key of this ledger, or not readable */
};
/* "unused", "differs", "possibly-applied", "unknown" */
const char *keyring_state_name(enum keyring_state);

struct keyring_record {
	uint32_t record; /* from 1, as it lies on the key */
	char serial[64]; /* "" where the record is no single unit's */
	char uuid[UUID_TEXT];
	char pid[PSK_PID_LEN + 1];
	enum keyring_state state;
	/* reconcile: the ledger had it as possibly applied, and this key
	 * shows it as unused: a copy of the key is about. */
	bool copy;
};
typedef enum err_code keyring_fn(
    void *arg, const struct keyring_record *, struct err *);

/* What a returned key told. */
struct keyring_result {
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
enum err_code keyring_reconcile(struct ledger *, const uint8_t *file, size_t n,
    keyring_fn *fn, void *arg, struct keyring_result *, struct err *);

#endif
