/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the server's configuration names by file: certificates with their
 * keys, roots, secrets. Files are relative to the configuration; what is
 * wrong is told with its line.
 */
#ifndef SERVER_CERTKEY_H
#define SERVER_CERTKEY_H

#include <stddef.h>

#include "base/config.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/x509.h"

#define CERTKEY_PATH 1024

/* A certificate, those above it, and its key. Zeroed: none. */
struct certkey {
	struct x509_chain chain; /* leaf first */
	struct crypto_key *key;
};

/* The text of a key; ERR_CONFIG where it is missing (fallback NULL) or does
 * not fit. */
enum err_code certkey_text(struct config_group *, const char *key,
    const char *fallback, char *out, size_t room, struct err *);
/* The path of the file that a key names, beside the configuration. */
enum err_code certkey_path(struct config_group *, const char *beside,
    const char *key, char out[static CERTKEY_PATH], struct err *);
/* cert, key and pass_file of the group: each signed by the next, and the key
 * that of the first. */
enum err_code certkey_read(
    struct config_group *, const char *beside, struct certkey *, struct err *);
/* The same, and its last certificate is a root. */
enum err_code certkey_rooted(
    struct config_group *, const char *beside, struct certkey *, struct err *);
/* One certificate, of the file that the key "file" names. */
enum err_code certkey_cert(
    struct config_group *, const char *beside, struct x509 **, struct err *);
void certkey_free(struct certkey *); /* a zeroed one is fine */

#endif
