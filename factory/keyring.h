/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keyring: which one-touch keys (Setup.bin files on a technician's USB
 * stick) were made of an order, and which record of which key holds which
 * unit's PID. It lives in the ledger, and all that a key's file holds can be
 * written again from it, byte for byte.
 *
 * A consumable key (PSK) has one record a unit; record k is for the machine
 * with the UUID of unit k. A key with a single record that is not consumed
 * (PKI, or PSK with insecure_shared_key) serves any number of machines; its
 * MEBx password is then that of the order's units.
 *
 * A BIOS marks a record before it tries it, so a record that a returned key
 * shows as taken is only "possibly applied". States never go back. A unit whose
 * record is so may be named for another key; its newest record counts.
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
	KEYRING_UNKNOWN  /* not of this key, or not readable */
};
/* "unused", "differs", "possibly-applied", "unknown" */
const char *keyring_state_name(enum keyring_state);

/* A key as the ledger has it. Holds passwords: keyring_wipe() it. */
struct keyring_key {
	char id[KEYRING_ID];
	char order[ORDER_ID];
	uint32_t number; /* within the order, from 1 */
	/* What it was asked to be. */
	char out[KEYRING_PATH]; /* absolute, or "-" */
	uint8_t major, minor;   /* of the file */
	bool scrambled;
	uint8_t smb;    /* value of 2/16 for small business, 0: not written */
	uint32_t asked; /* records at most; 0: all that were left */
	uint32_t named; /* units chosen by name; 0: those that were left */
	char current[PASSWD_MAX + 1]; /* the password that machines have; "":
				       * the factory's, or see own */
	char mebx[PASSWD_MAX + 1];    /* the one they get; "": each its own */
	/* What it is. */
	uint32_t records;
	char sha256[65]; /* of the file as it was made */
	char created[24];
	char written[24];  /* when its file was whole; "" not yet */
	char returned[24]; /* when it was last read back; "" never */
	uint32_t unused, differs, applied;
	uint32_t own; /* records with own set */
};
typedef enum err_code keyring_key_fn(
    void *arg, const struct keyring_key *, struct err *);

void keyring_wipe(struct keyring_key *);
/* One record that is not consumed serves all units of such an order. */
bool keyring_single(const struct profile *);

/* Refused: REASON_KEY_UNKNOWN. */
enum err_code keyring_load(
    struct ledger *, const char *id, struct keyring_key *, struct err *);
/* The order's key that was made as this file. */
enum err_code keyring_find(struct ledger *, const char *order, const char *out,
    struct keyring_key *, bool *there, struct err *);
/* The newest key whose file had this digest as it was made. */
enum err_code keyring_of_digest(struct ledger *, const char *sha256,
    struct keyring_key *, bool *there, struct err *);
/* The keys of an order, or of all (NULL), as they were made. */
enum err_code keyring_each_key(struct ledger *, const char *order,
    keyring_key_fn *, void *arg, struct err *);

/* In the caller's transaction. keyring_add() numbers the key and gives it its
 * records: for a consumable one the units that are on no key yet. One with
 * named units has none behind it: keyunits_give() gives them, and asks
 * keyring_own() which of their images were written. keyring_done() stores the
 * digest of the file. Refused: REASON_KEY_EMPTY. */
enum err_code keyring_add(
    struct ledger *, const struct order *, struct keyring_key *, struct err *);
enum err_code keyring_own(struct ledger *, struct keyring_key *, struct err *);
enum err_code keyring_done(
    struct ledger *, const struct keyring_key *, struct err *);
/* The key's file is out. Only the first time is kept. */
enum err_code keyring_written(
    struct ledger *, struct keyring_key *, struct err *);

struct keyring_record {
	uint32_t record; /* from 1, as it lies on the key */
	char serial[64]; /* "" where the record is no single unit's */
	char uuid[UUID_TEXT];
	char pid[PSK_PID_LEN + 1];
	enum keyring_state state;
	/* The unit's image was written before the key was made, so its machine
	 * has the unit's own MEBx password. */
	bool own;
	/* reconcile: the ledger has it as possibly applied, and this key
	 * shows it as unused: a copy of the key is about. */
	bool copy;
};
typedef enum err_code keyring_fn(
    void *arg, const struct keyring_record *, struct err *);

/* The record of a key behind the one with this number. */
enum err_code keyring_next(struct ledger *, const char *key, uint32_t last,
    struct keyring_record *, bool *there, struct err *);
/* The records of a key in order; fn may use the ledger. */
enum err_code keyring_each(
    struct ledger *, const char *key, keyring_fn *, void *arg, struct err *);
/* The unit of a record that is one unit's, else *out NULL. */
struct unit;
enum err_code keyring_unit(struct ledger *, const struct keyring_record *,
    struct unit *room, const struct unit **out, struct err *);
/* The newest record that is this unit's alone; *there false without one. */
enum err_code keyring_of_unit(struct ledger *, const struct uuid *,
    char key[static KEYRING_ID], struct keyring_record *, bool *there,
    struct err *);

#endif
