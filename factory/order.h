/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An order: a batch for one customer, under one profile as it was when the
 * order was opened. With insecure_shared_key it also holds the one credential
 * that all its units share.
 */
#ifndef FACTORY_ORDER_H
#define FACTORY_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "factory/ledger.h"
#include "factory/profile.h"
#include "formats/psk.h"

#define ORDER_ID 64

/* Holds secrets where the key is shared; too large for a stack. */
struct order {
	char id[ORDER_ID];
	struct profile profile;
	char profile_sha256[65]; /* of the stored form */
	uint64_t quantity;       /* at most so many units; 0: no limit */
	uint64_t issued;
	bool closed;
	char opened[24];
	struct psk psk; /* shared; pid "" where not */
	uint8_t key[RECORD_KEY];
	size_t key_len;
	uint8_t cert[RECORD_CERT];
	size_t cert_len;
};

/* Refused: REASON_ORDER_UNKNOWN. */
enum err_code order_load(
    struct ledger *, const char *id, struct order **, struct err *);
void order_free(struct order *); /* wipes; NULL is fine */
enum err_code order_open(struct ledger *, const char *id,
    const struct profile *, uint64_t quantity, struct err *);

/* The order's manifests, numbered from 1. last: 0 and "" before the first. */
enum err_code order_manifest_last(struct ledger *, const char *id,
    uint32_t *sequence, char sha256[static 65], struct err *);
/* Refused where the sequence is taken: another process made one. */
enum err_code order_manifest_add(struct ledger *, const char *id,
    uint32_t sequence, const char *sha256, struct err *);

#endif
