/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PKI-CH: may a server with this chain set up a device? The rules by which a
 * device judges, over facts of certificates: the device runs them inside the
 * TLS handshake; the server runs them over its own chain to find which one a
 * device must have meant, and to tell its user before any device does. (Intel
 * AMT SDK: PKI certificate verification methods; acquiring a provisioning
 * certificate; the Remote Configuration white paper.) In this order, which is
 * ours:
 *
 *   leaf       where one is pinned, it is the one
 *   chain      not too long; leaf..root are signed each by the next, and the
 *              root is presented with them
 *   root hash  in the active list, of a kind that the version takes; only the
 *              marked one where one is marked
 *   usage      leaf EKU serverAuth, and the AMT OID 2.16.840.1.113741.1.2.3
 *              or subject OU "Intel(R) Client Setup Certificate"
 *   keys       kinds, sizes and signatures by version, of every certificate
 *   domain     CN against the DNS suffix, by version (formats/domain.h)
 *   FQDN       where one is preset: CN equals it, and it ends in the suffix
 *
 * Expiry is not a failure: the device's clock is not trusted yet; it is told.
 * Where no public source says what firmware does, the policy says what is
 * taken, and the verdict notes that it was.
 */
#ifndef FORMATS_PKICH_H
#define FORMATS_PKICH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/certfact.h"
#include "formats/generation.h"
#include "formats/hashlist.h"
#include "formats/reason.h"

#define PKICH_SERVER_AUTH "1.3.6.1.5.5.7.3.1"
#define PKICH_AMT_OID "2.16.840.1.113741.1.2.3"
#define PKICH_AMT_OU "Intel(R) Client Setup Certificate"
#define PKICH_SUFFIXES 5 /* of DHCPv6 option 24 (SDK) */
#define PKICH_NOTES 4

/* What is not public, or is the OEM's choice; pkich_defaults() for what the
 * settings say when they are left out. */
struct pkich_choice {
	size_t chain_max;   /* certificates; the number is not public */
	bool star;          /* CN "*" alone is anyone's (white paper) */
	bool unsaid_hashes; /* root hashes of kinds that nobody speaks of */
	bool unsaid_keys;   /* RSA 3072, EC */
	bool san;           /* a dNSName counts as well as the CN */
	bool h_chipset;     /* what AMT 15 does on these */
	int domain;         /* enum domain_rule, -1: the version's */
};

/* Strings and the list are borrowed. */
struct pkich_policy {
	const struct generation *generation;
	struct pkich_choice choice;
	const struct hashlist *hashes; /* NULL: any root of a kind taken */
	/* The device's DNS suffixes, one of which must agree; n 0: none is
	 * known, which is refused unless any_suffix says not to ask. */
	const char *suffix[PKICH_SUFFIXES];
	size_t nsuffixes;
	bool any_suffix;
	const char *fqdn; /* preset server FQDN; "" if none */
	/* The hash of the one leaf that a program on the host started the
	 * configuration for, or NULL. */
	const uint8_t *leaf;
	enum hash_type leaf_type;
};

/* TLS alerts (RFC 5246, 7.2) by which the device tells; ours to choose. */
enum pkich_alert {
	PKICH_ALERT_NONE = 0,
	PKICH_ALERT_HANDSHAKE_FAILURE = 40,
	PKICH_ALERT_BAD_CERTIFICATE = 42,         /* names */
	PKICH_ALERT_UNSUPPORTED_CERTIFICATE = 43, /* usage and keys */
	PKICH_ALERT_CERTIFICATE_UNKNOWN = 46,     /* the chain itself */
	PKICH_ALERT_UNKNOWN_CA = 48               /* its root */
};

struct pkich_verdict {
	enum reason_id reason; /* REASON_NONE: taken */
	enum pkich_alert alert;
	size_t at;                /* the certificate it is about, from 0 */
	char shown[256];          /* what the chain has, */
	char wanted[256];         /* and what it was compared with */
	char detail[320];         /* both, in words */
	char name[CERTFACT_NAME]; /* of the server: the CN, or the dNSName that
				   * stood in for it; "" */
	struct hash_entry root;   /* the entry that matched */
	bool time_valid;          /* every certificate is in its time */
	/* What was taken though no public source says that it is. */
	size_t nnotes;
	const char *note[PKICH_NOTES];
};

void pkich_defaults(struct pkich_choice *);
/* n facts, leaf first; now in seconds since 1970. */
void pkich_judge(const struct pkich_policy *, const struct certfact *, size_t n,
    int64_t now, struct pkich_verdict *);

#endif
