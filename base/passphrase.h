/* SPDX-License-Identifier: Apache-2.0 */
/* What opens a key that its owner locked, and passwords: never on a command
 * line. */
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
/* A password: printable ASCII characters, the one line of a file; "-" is a
 * pipe. room: of it and its NUL; the caller wipes it. What is none is ERR_DATA,
 * for that reason or, where that is NULL, for none. */
enum err_code passphrase_line(const char *path, const struct reason *,
    char *out, size_t room, struct err *);

#endif
