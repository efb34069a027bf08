/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys in files. Sealing keys: 32 random bytes as 64 hex digits and a line
 * feed, for their owner alone. Private keys and certificates of a verb's
 * options: PEM or PFX; the passphrase of an encrypted one comes from the
 * terminal or --pass-file. A failure names the file.
 */
#ifndef BASE_KEYFILE_H
#define BASE_KEYFILE_H

#include "base/cli.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/x509.h"

/* For the option table of every verb that reads a key. */
#define KEYFILE_OPT_PASS                                                       \
	{                                                                      \
		"--pass-file", CLI_SECRET, "FILE", "the passphrase of the key" \
	}

/* A new sealing key: ERR_CREATE where the file exists. */
enum err_code keyfile_make(const char *path, struct err *);
/* ERR_PERM where others may read or write it, ERR_DATA where it is none. */
enum err_code keyfile_read(const char *path, struct secret *, struct err *);

/* The private key that the option names; ERR_USAGE without the option. */
enum err_code keyfile_private(const struct cli_args *, const char *option,
    struct crypto_key **, struct err *);
/* Those of every file that the option names; ERR_USAGE without it. first:
 * only the first certificate of each file. */
enum err_code keyfile_chain(const struct cli_args *, const char *option,
    bool first, struct x509_chain *, struct err *);

#endif
