/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PKI-CH: what the device checks in the chain that a server presents, inside
 * the TLS handshake and before any byte of WS-Man (SDK: PKI certificate
 * verification methods; Remote Configuration white paper). Checks in order:
 *
 *   chain      leaf..root verify, the root is in the presented chain
 *   root hash  in the active list; only the marked one where one is marked
 *   usage      leaf EKU serverAuth, and the AMT OID 2.16.840.1.113741.1.2.3
 *              or subject OU "Intel(R) Client Setup Certificate"
 *   keys       RSA sizes by AMT version
 *   domain     CN against the DNS suffix, by AMT version (formats/domain.h)
 *   FQDN       where one is preset: CN equals it, and it ends in the suffix
 *
 * Expiry is not a failure: the device's clock is not trusted yet; it is
 * recorded. The order is ours; the checks are the documents'.
 */
#ifndef DEVICE_JUDGE_H
#define DEVICE_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/err.h"
#include "base/tls.h"
#include "base/x509.h"
#include "formats/hashlist.h"

#define JUDGE_AMT_OID "2.16.840.1.113741.1.2.3"
#define JUDGE_AMT_OU "Intel(R) Client Setup Certificate"

/* Strings and the list are borrowed. */
struct judge_policy {
	const struct hashlist *hashes;
	uint8_t amt_major, amt_minor;
	const char *suffix; /* DNS suffix; "" while unknown */
	const char *fqdn;   /* preset server FQDN; "" if none */
	size_t max_chain;   /* certificates; the number is not public */
	bool allow_star;    /* CN "*" alone is accepted (white paper) */
};

struct judge_verdict {
	const struct reason *reason; /* NULL: accepted */
	enum tls_alert alert;        /* tells the server which rule it was */
	char detail[320];            /* the values compared, in words */
	char cn[256];                /* of the leaf */
	struct hash_entry root;      /* the entry that matched */
	bool time_valid;             /* every certificate is in its time */
};

void judge_chain(const struct judge_policy *, const struct x509_chain *,
    time_t now, struct judge_verdict *);

#endif
