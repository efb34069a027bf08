/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door to OpenSSL's CMS (RFC 5652, RFC 5083, RFC 5084): detached
 * signatures and AuthEnvelopedData with AES-256-GCM, DER throughout.
 */
#ifndef BASE_CMS_H
#define BASE_CMS_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/bytes.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/x509.h"

/* Why a verification or opening did not succeed. With every verdict but
 * CMS_GOOD go a code (ERR_PERM for untrusted, expired and not a recipient,
 * else ERR_DATA) and a message; the caller adds the rule to e->reason. */
enum cms_verdict {
	CMS_GOOD,
	CMS_MALFORMED,     /* not CMS, or not this kind */
	CMS_BAD_SIGNATURE, /* content or signature was changed */
	CMS_UNTRUSTED,     /* no chain to a trusted root */
	CMS_EXPIRED,       /* all is good, but not at the time asked for */
	CMS_NOT_RECIPIENT, /* no recipient info for this key */
	CMS_BAD_TAG        /* ciphertext or key was changed */
};

/* SignedData over content, detached, signer's chain included, SHA-256. */
enum err_code cms_sign(const void *, size_t, const struct crypto_key *,
    const struct x509_chain *signer, uint8_t **der, size_t *n, struct err *);
/* *signer (may be NULL) receives the signer's certificate, also with
 * CMS_UNTRUSTED and CMS_EXPIRED, or NULL; caller frees. Exactly one signer.
 * roots: every certificate in it is a trust anchor. at: the time judged. A
 * signer needs digitalSignature where it has a keyUsage; any EKU is fine. */
enum err_code cms_verify(const void *content, size_t, const uint8_t *der,
    size_t n, const struct x509_chain *roots, time_t at, enum cms_verdict *,
    struct x509 **signer, struct err *);

/* AuthEnvelopedData to 1..n recipients (RSA-OAEP key transport, or ECDH). */
enum err_code cms_encrypt(const void *, size_t,
    const struct x509_chain *recipients, uint8_t **der, size_t *n,
    struct err *);
/* The plaintext goes to out, a grown wr, which wipes itself. */
enum err_code cms_decrypt(const uint8_t *der, size_t n,
    const struct crypto_key *, const struct x509 *recipient /* or NULL */,
    struct wr *out, enum cms_verdict *, struct err *);

#endif
