/* SPDX-License-Identifier: Apache-2.0 */
/* What opens a key that its owner locked: never on a command line. */
#ifndef BASE_PASSPHRASE_H
#define BASE_PASSPHRASE_H

#include "base/cli.h"
#include "base/err.h"
#include "base/secret.h"

/* From --pass-file, else from the terminal, without echo. what: the thing that
 * it opens, for the question. ERR_NOINPUT where there is neither. The caller
 * frees the secret. */
enum err_code passphrase_get(
    const struct cli_args *, const char *what, struct secret *, struct err *);

#endif
