/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a certificate says, as plain values, so that rules about certificates
 * are pure. base/x509fact.c reads them from the real thing; a test writes
 * them down.
 */
#ifndef BASE_CERTFACT_H
#define BASE_CERTFACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CERTFACT_NAME 256
#define CERTFACT_LIST 8
#define CERTFACT_OIDS 1024

enum certfact_key {
	CERTFACT_KEY_OTHER,
	CERTFACT_KEY_RSA,
	CERTFACT_KEY_EC
};

enum certfact_digest {
	CERTFACT_DIGEST_OTHER,
	CERTFACT_DIGEST_MD5,
	CERTFACT_DIGEST_SHA1,
	CERTFACT_DIGEST_SHA256,
	CERTFACT_DIGEST_SHA384,
	CERTFACT_DIGEST_SHA512
};

/* How the subject has its common name. */
enum certfact_cn {
	CERTFACT_CN_NONE,
	CERTFACT_CN_GOOD,
	CERTFACT_CN_NUL, /* a NUL inside, or not UTF-8: no name to trust */
	CERTFACT_CN_LONG
};

/* Texts are UTF-8; one that does not fit is cut, but for the CN, which is then
 * empty. Of a list what does not fit is left out. */
struct certfact {
	const uint8_t *der; /* borrowed from the certificate */
	size_t der_len;
	/* Why it cannot stand where it is in its chain (names, signature, CA
	 * mark), in words that live for ever; NULL: it can. */
	const char *fault;
	bool root; /* issuer and subject are the same name */
	bool ca;
	enum certfact_key key;
	unsigned bits;
	enum certfact_digest digest; /* of the signature on it */
	int64_t not_before, not_after;
	enum certfact_cn cn_state;
	char cn[CERTFACT_NAME];                             /* the first one */
	char subject[CERTFACT_NAME], issuer[CERTFACT_NAME]; /* RFC 2253 */
	size_t nou;
	char ou[CERTFACT_LIST][65]; /* RFC 5280: at most 64 */
	size_t nsan;
	char san[CERTFACT_LIST][CERTFACT_NAME]; /* dNSName */
	char eku[CERTFACT_OIDS]; /* dotted, " " before and behind each */
};

const char *certfact_key_name(enum certfact_key);       /* "RSA" */
const char *certfact_digest_name(enum certfact_digest); /* "SHA-256" */
bool certfact_has_eku(const struct certfact *, const char *oid);
bool certfact_has_ou(const struct certfact *, const char *want);

#endif
