/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed headers and sealed parts, as files hand them over: CMS and gzip
 * together, and the options by which a verb says whom it trusts and what it
 * may open. Knows nothing of what is in them.
 */
#ifndef BASE_SEALED_H
#define BASE_SEALED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/cli.h"
#include "base/cms.h"
#include "base/err.h"
#include "base/keyfile.h"
#include "base/x509.h"

#define SEALED_RULES 7

/* All of it, for a table of options. */
#define SEALED_OPTS                                                          \
	SEALED_OPT_TRUST, SEALED_OPT_KEY, SEALED_OPT_CERT, KEYFILE_OPT_PASS, \
	    SEALED_OPT_EXPIRED
#define SEALED_OPT_TRUST                                       \
	{                                                      \
		"--trust", CLI_MANY, "ROOT.pem",               \
		    "root certificates that a signer leads to" \
	}
#define SEALED_OPT_EXPIRED                                          \
	{                                                           \
		"--insecure-expired-signer", CLI_FLAG, NULL,        \
		    "accept a signer whose certificate has expired" \
	}
#define SEALED_OPT_KEY                                                         \
	{                                                                      \
		"--key", CLI_SECRET, "KEY", "your private key, as a recipient" \
	}
#define SEALED_OPT_CERT                                  \
	{                                                \
		"--cert", CLI_VALUE, "CERT",             \
		    "your certificate that fits the key" \
	}

struct sealed {
	struct x509_chain roots;
	const char *trust;      /* the file with them, the first of several */
	bool trusts_more;       /* there are several */
	struct crypto_key *key; /* NULL: nothing can be opened */
	struct x509_chain cert; /* the recipient's; may be empty */
	bool insecure_expired;
	/* by enum cms_verdict: what a refusal names */
	const struct reason *rule[SEALED_RULES];
	/* out: */
	char signer[256]; /* subject of who signed, once that is known */
	bool expired;     /* and insecure_expired let it pass */
};

/* From --trust, --insecure-expired-signer and, with_key, --key and --cert. */
enum err_code sealed_options(
    struct sealed *, const struct cli_args *, bool with_key, struct err *);
void sealed_wipe(struct sealed *);

/* Both take a struct sealed * first. */
enum err_code sealed_verify(void *sealed, const void *content, size_t n,
    const uint8_t *sig, size_t nsig, struct err *);
enum err_code sealed_open(
    void *sealed, const uint8_t *, size_t n, struct wr *out, struct err *);
/* gzip, then encrypt to all of the chain. */
enum err_code sealed_make(const void *, size_t n, const struct x509_chain *to,
    uint8_t **der, size_t *nder, struct err *);

#endif
