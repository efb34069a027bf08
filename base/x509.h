/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door to OpenSSL's certificates. No OpenSSL type passes it.
 */
#ifndef BASE_X509_H
#define BASE_X509_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/crypto.h"
#include "base/err.h"

#define X509_OID_SERVER_AUTH "1.3.6.1.5.5.7.3.1"

struct x509; /* a certificate */

/* A chain, leaf first. Owned; x509_chain_free() releases all. */
#define X509_CHAIN_MAX 16
struct x509_chain {
	struct x509 *cert[X509_CHAIN_MAX];
	size_t n;
};

enum err_code x509_from_der(const void *, size_t, struct x509 **, struct err *);
/* One certificate from DER or PEM bytes. */
enum err_code x509_read(const void *, size_t, struct x509 **, struct err *);
/* All certificates of a PEM or PFX file, in the file's order (PFX: leaf
 * first). */
enum err_code x509_chain_read(const void *, size_t, const struct secret *pass,
    struct x509_chain *, struct err *);
void x509_free(struct x509 *); /* NULL is fine */
void x509_chain_free(struct x509_chain *);

/* The DER bytes; owned by the certificate. */
const uint8_t *x509_der(const struct x509 *, size_t *n);
void x509_sha256(const struct x509 *, uint8_t out[static 32]); /* of the DER */
/* The serial number as the low n bytes of a big-endian integer; what does not
 * fit is cut off in front. */
void x509_serial(const struct x509 *, uint8_t *out, size_t n);
bool x509_pem(const struct x509 *, struct wr *);

/* The first subject CN / OU / O as UTF-8, false if absent or too long. */
bool x509_cn(const struct x509 *, char *out, size_t room);
bool x509_is_ca(const struct x509 *);
/* Issuer name equals subject name and the signature verifies by its own key. */
bool x509_self_signed(const struct x509 *);
/* Signed by this one's key, under its name, and it may sign others. */
bool x509_signed_by(const struct x509 *, const struct x509 *issuer);
/* "RSA", 2048 / "EC", 256; "?" for others. */
/* Is it an RSA signature (PKCS#1 v1.5) on the bytes by this one's key? SHA-1 is
 * for old devices and those who speak to them. */
enum x509_signing {
	X509_RSA_SHA1,
	X509_RSA_SHA256
};
bool x509_verifies(const struct x509 *, enum x509_signing, const void *,
    size_t n, const uint8_t *signature, size_t len);
void x509_key_kind(const struct x509 *, const char **kind, int *bits);
bool x509_sha1_signed(const struct x509 *);
time_t x509_not_before(const struct x509 *);
time_t x509_not_after(const struct x509 *);
/* Names as RFC 2253 has them, in ASCII. */
bool x509_subject(const struct x509 *, char *out, size_t room);
bool x509_issuer(const struct x509 *, char *out, size_t room);
bool x509_matches_key(const struct x509 *, const struct crypto_key *);
/* Is that the SHA-256 of its public key's DER, be it PKCS#1 or SPKI? */
bool x509_matches_public(const struct x509 *, const uint8_t hash[static 32]);

/* Signatures only: each certificate is signed by the next, CA marks right,
 * and the last is self-signed. Time is not judged. *bad: index that fails. */
enum err_code x509_chain_verify(
    const struct x509_chain *, size_t *bad, struct err *);

/* Why cert[i] cannot stand where it is in such a chain, in words that live for
 * ever; NULL: it can. */
const char *x509_fault(const struct x509_chain *, size_t i);

/* What to make. Strings are borrowed; NULL leaves a part out. */
struct x509_make {
	const char *cn, *o, *ou;
	int days;
	bool ca;                /* a root: basicConstraints CA, keyCertSign */
	const char *const *eku; /* OIDs, NULL-terminated; NULL for none */
	const char *san_dns;
};
/* Self-signed when issuer is NULL, else signed by issuer's key. Serial is
 * random; notBefore is a day ago (device clocks drift). */
enum err_code x509_new(const struct x509_make *, const struct crypto_key *key,
    const struct x509 *issuer, const struct crypto_key *issuer_key,
    struct x509 **, struct err *);
/* A certificate for a bare public key (PKCS#1 or SPKI DER). */
enum err_code x509_new_for_public(const struct x509_make *, const void *pub,
    size_t n, const struct x509 *issuer, const struct crypto_key *issuer_key,
    struct x509 **, struct err *);

/* The X509 inside, for the other OpenSSL doors only; borrowed. */
void *x509_native(const struct x509 *);
/* Wraps an X509 *; takes its own reference. For the doors only. */
struct x509 *x509_wrap(void *native);

#endif
