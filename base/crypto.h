/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door to OpenSSL's ciphers and keys. crypto_init() is called first in
 * every main(): the system's openssl.cnf is not consulted, so that what a
 * station writes does not hang on its configuration. OpenSSL's error queue is
 * drained in one function, crypto_err().
 */
#ifndef BASE_CRYPTO_H
#define BASE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "base/secret.h"

#define CRYPTO_KEY_LEN 32
#define CRYPTO_SEAL_MORE 28 /* nonce 12, tag 16 */

struct crypto_key; /* a private key */

void crypto_init(void);
/* Records "fmt: what OpenSSL says" and empties its queue. */
enum err_code crypto_err(struct err *, enum err_code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Piecewise SHA-256 of what is large: many times as fast as base/digest.h,
 * which needs no library. _end() gives the digest; _free() in any case. */
struct crypto_sha256;
enum err_code crypto_sha256_new(struct crypto_sha256 **, struct err *);
enum err_code crypto_sha256_add(
    struct crypto_sha256 *, const void *, size_t, struct err *);
enum err_code crypto_sha256_end(
    struct crypto_sha256 *, uint8_t out[static 32], struct err *);
void crypto_sha256_free(struct crypto_sha256 *); /* NULL is fine */
/* Of bytes that are all there. */
enum err_code crypto_sha256_of(
    const void *, size_t, uint8_t out[static 32], struct err *);

/* AES-256-GCM under key: out gets nonce, ciphertext, tag: n + 28 bytes. The
 * context string (table, row and column) is authenticated with it, so that a
 * sealed value cannot be moved to another place. */
enum err_code crypto_seal(const struct secret *key, const char *context,
    const void *, size_t n, uint8_t *out, struct err *);
/* ERR_PERM if key, context or bytes are not those of the seal. out: n - 28. */
enum err_code crypto_open(const struct secret *key, const char *context,
    const uint8_t *, size_t n, uint8_t *out, struct err *);

enum crypto_type {
	CRYPTO_RSA2048,
	CRYPTO_RSA3072,
	CRYPTO_EC256,
	CRYPTO_EC384
};

/* "rsa2048", ...: false if the word is none of them. */
bool crypto_type_parse(const char *, enum crypto_type *);
const char *crypto_type_name(enum crypto_type);

enum err_code crypto_key_new(
    enum crypto_type, struct crypto_key **, struct err *);
/* Another owner of the same numbers: what OpenSSL has made ready for their use
 * (blinding, Montgomery forms) is there too. NULL: no memory. */
struct crypto_key *crypto_key_share(const struct crypto_key *);
void crypto_key_free(struct crypto_key *); /* NULL is fine; wipes */
/* PEM (plain or encrypted) or PFX; pass may be NULL (then an encrypted one is
 * refused with ERR_PERM that says so). */
enum err_code crypto_key_read(const void *, size_t, const struct secret *pass,
    struct crypto_key **, struct err *);
/* PKCS#8 DER, unencrypted, into a secret. */
enum err_code crypto_key_der(
    const struct crypto_key *, struct secret *, struct err *);
enum err_code crypto_key_from_der(
    const void *, size_t, struct crypto_key **, struct err *);
/* PKCS#8 PEM, unencrypted, into a secret (for files born 0600). */
enum err_code crypto_key_pem(
    const struct crypto_key *, struct secret *, struct err *);
/* Public half: PKCS#1 RSAPublicKey, or SubjectPublicKeyInfo for EC. */
enum err_code crypto_key_public(
    const struct crypto_key *, struct wr *, struct err *);

/* MD5, for HTTP digest only (RFC 7616, as the device speaks it). */
void crypto_md5(const void *, size_t, uint8_t out[static 16]);

/* The EVP_PKEY inside, for the other OpenSSL doors only; borrowed. */
void *crypto_key_pkey(const struct crypto_key *);

#endif
