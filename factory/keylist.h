/* SPDX-License-Identifier: Apache-2.0 */
#ifndef FACTORY_KEYLIST_H
#define FACTORY_KEYLIST_H

#include <stdbool.h>

#include "base/cli.h"
#include "base/err.h"
#include "factory/keyring.h"

/* Rows of a key's records, on stdout. */
struct keylist_rows {
	const struct cli_args *a;
	const char *key;
	bool state; /* tell it too */
	bool headed;
};

/* A keyring_fn: prints one; arg is struct keylist_rows. */
enum err_code keylist_record(
    void *arg, const struct keyring_record *, struct err *);

#endif
