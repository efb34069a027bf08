/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where machines get their keys: each a new one or, for load tests of a
 * server only, one of a few that are made once and handed out in turn. An
 * RSA key takes a processor about a tenth of a second, and a real machine
 * has its own.
 */
#ifndef DEVICE_KEYPOOL_H
#define DEVICE_KEYPOOL_H

#include <stddef.h>

#include "base/crypto.h"
#include "base/err.h"

#define KEYPOOL_MAX 64

struct keypool {
	size_t n; /* 0: every key is new */
	size_t next;
	struct crypto_key *key[KEYPOOL_MAX];
	struct secret der[KEYPOOL_MAX];
};

/* insecure: the same key serves many machines. */
enum err_code keypool_fill_insecure(struct keypool *, size_t n, struct err *);
/* An RSA key of 2048 bits. */
enum err_code keypool_take(
    struct keypool *, struct crypto_key **, struct err *);
/* Its bytes, PKCS#8: as kept where it is one of the pool's. */
enum err_code keypool_der(const struct keypool *, const struct crypto_key *,
    struct secret *, struct err *);
/* The key of these bytes: the pool's where it is one of them, since to read one
 * takes OpenSSL longer than to sign with it. */
enum err_code keypool_read(const struct keypool *, const void *der, size_t n,
    struct crypto_key **, struct err *);
void keypool_free(struct keypool *);

#endif
