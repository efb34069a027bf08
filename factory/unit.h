/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A unit: one machine of an order, its credentials and its state.
 *
 * States and moves: issued -> written -> verified -> shipped -> returned;
 * written, verified and returned -> written (made again); issued, written ->
 * shipped (a line that does not verify); any -> scrapped, which is the end.
 */
#ifndef FACTORY_UNIT_H
#define FACTORY_UNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/x509.h"
#include "factory/ledger.h"
#include "factory/order.h"
#include "formats/psk.h"
#include "formats/record.h"
#include "formats/row.h"
#include "formats/uuid.h"

/* Holds secrets: unit_wipe() it. Shared credentials of the order are in each
 * unit as if they were its own. */
struct unit {
	struct uuid uuid;
	char serial[64];
	char order[ORDER_ID];
	char state[16];
	char sku[64];
	char macs[256];
	char issued[24];
	struct psk psk; /* pid "" for PKI units */
	char mebx[33];  /* "": the factory default */
	char otp[33];
	uint8_t key[RECORD_KEY]; /* PKCS#8 DER */
	size_t key_len;
	uint8_t cert[RECORD_CERT]; /* pinned device certificate, DER */
	size_t cert_len;
};

void unit_wipe(struct unit *);

/* Refused: REASON_UNIT_UNKNOWN. */
enum err_code unit_load(
    struct ledger *, const struct uuid *, struct unit *, struct err *);

/* A unit without its secrets; there is false for one that is not known. */
struct unit_brief {
	bool there;
	struct uuid uuid;
	char serial[64];
	char order[ORDER_ID];
	char state[16];
};
enum err_code unit_by_uuid(
    struct ledger *, const struct uuid *, struct unit_brief *, struct err *);
enum err_code unit_by_serial(
    struct ledger *, const char *serial, struct unit_brief *, struct err *);
/* How many units of the order are in that state, "" for any. */
enum err_code unit_count(struct ledger *, const char *order, const char *state,
    uint64_t *, struct err *);

typedef enum err_code unit_fn(void *arg, const struct unit *, struct err *);
/* Every unit of the order as it was issued, with its secrets; stops at the
 * first failure of fn. The unit is wiped behind the last call. fn may use the
 * ledger: nothing is held open meanwhile. */
enum err_code unit_each(
    struct ledger *, const struct order *, unit_fn *, void *arg, struct err *);

/* The row that is printed and exported. It has all secrets (row_write tells
 * whether they leave): row_wipe() it. */
void unit_row(const struct order *, const struct unit *, struct row *);
/* What the image carries, sequence 1: record_wipe() it. */
void unit_record(const struct order *, const struct unit *, struct record *);

/* Seals and inserts it, inside the caller's transaction. What is the order's
 * (a shared credential) is not stored again. */
enum err_code unit_insert(
    struct ledger *, const struct order *, const struct unit *, struct err *);

/* The certificate of a device that made its own key; force replaces another
 * one. Leaves an audit row. */
enum err_code unit_pin(struct ledger *, const struct uuid *,
    const struct x509 *, bool force, struct err *);
/* A move of state with its audit row; the state it has already is left. */
enum err_code unit_mark(struct ledger *, const struct uuid *, const char *state,
    const char *why, struct err *);
/* The same, only if the unit is in the ledger still as it was loaded: ERR_RETRY
 * if another process moved it or gave it other secrets meanwhile. On success
 * the caller's copy has the new state too. */
enum err_code unit_mark_same(struct ledger *, struct unit *, const char *state,
    const char *why, struct err *);
/* The same for many in one transaction: the disk waits once. A unit that may
 * not move is told and stays; what else fails leaves all as they were. */
struct unit_marks {
	const struct uuid *id;
	size_t n;
	const char *state, *why;
	bool image; /* files were made, no boards: what is verified stays so */
	void (*refused)(void *arg, struct err *);
	void *arg;
};
enum err_code unit_mark_many(
    struct ledger *, const struct unit_marks *, struct err *);
/* May an image file with its secrets be made? Of a unit that is issued,
 * written, verified or returned; ERR_PERM says why not. */
enum err_code unit_may_image(const struct unit *, struct err *);
/* The mark of such a file: the unit is written now, unless it is verified. */
enum err_code unit_mark_image(
    struct ledger *, const struct unit *, const char *why, struct err *);

#endif
