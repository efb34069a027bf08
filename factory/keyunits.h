/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Units that are named for a one-touch key: the way out for a machine whose
 * record was marked as used and did nothing. A unit may be named that is on no
 * key, or whose newest record came back as possibly applied; it keeps its PID,
 * and the old record stays on file.
 */
#ifndef FACTORY_KEYUNITS_H
#define FACTORY_KEYUNITS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cli.h"
#include "base/err.h"
#include "factory/keyring.h"
#include "factory/ledger.h"
#include "formats/uuid.h"

struct keyunits {
	struct uuid uuid[CLI_ARGS_MAX]; /* in the order of their records */
	size_t n;
};

/* The values of --unit. */
enum err_code keyunits_read(
    const struct cli_args *, struct keyunits *, struct err *);
/* Gives a key that keyring_add() has added its records, in the same
 * transaction, with an audit row for each unit that had one before. Refused:
 * REASON_KEY_UNIT, REASON_UNIT_UNKNOWN. */
enum err_code keyunits_give(struct ledger *, const struct keyunits *,
    struct keyring_key *, struct err *);
/* Was the key made for just these, in this order? */
enum err_code keyunits_same(struct ledger *, const struct keyunits *,
    const struct keyring_key *, bool *same, struct err *);

#endif
