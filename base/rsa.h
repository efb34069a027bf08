/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RSA signatures, verified only: RFC 8017, RSASSA-PKCS1-v1_5 and RSASSA-PSS
 * with MGF1 of the same hash, for moduli of 2048 to 4096 bits and public
 * exponents of up to 32. Pure, without allocation, so that bios/ can ask
 * whether code was touched. Nothing here is secret: times depend on values.
 *
 * Numbers are as Intel's manifests hold them: least significant byte first.
 */
#ifndef BASE_RSA_H
#define BASE_RSA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RSA_MAX 512 /* bytes of a modulus */

enum rsa_scheme {
	RSA_PKCS1_SHA256,
	RSA_PKCS1_SHA384,
	RSA_PSS_SHA256,
	RSA_PSS_SHA384
};

enum rsa_verdict {
	RSA_GOOD,
	RSA_WRONG,
	/* PKCS#1: sound padding around something else than a digest of that
	 * kind. It was made with the key, but says nothing about these bytes.
	 */
	RSA_OTHER
};

struct rsa_public {
	size_t len; /* of the modulus in bytes */
	uint32_t e;
	uint32_t n[RSA_MAX / 4]; /* least significant word first */
};

/* False if it is no key to trust: a size out of range or no multiple of 8
 * bytes, a clear top bit, an even modulus, an exponent that is even or 1. */
bool rsa_public_set(
    struct rsa_public *, const uint8_t *modulus, size_t len, uint32_t e);
/* hash is of the scheme's length, signature has pub->len bytes. The salt of
 * PSS may have any length. */
enum rsa_verdict rsa_verify(const struct rsa_public *, enum rsa_scheme,
    const uint8_t *hash, const uint8_t *signature);

#endif
