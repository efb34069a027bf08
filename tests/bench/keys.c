/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key pairs with their certificates, as a unit is given them, against the
 * bound: OpenSSL's bare key generation and one signature, in this process.
 * Turn about and from the same random bytes, so that both make the same keys
 * (the time of an RSA key varies many-fold); medians of single pairs.
 */
#define OPENSSL_SUPPRESS_DEPRECATED /* RAND_METHOD */
#include <stdio.h>
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "factory/credential.h"
#include "tests/bench.h"

#define MOST 2000

static uint64_t seed;

static int
random_bytes(unsigned char *p, int n)
{
	for (int i = 0; i < n; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		p[i] = (uint8_t)(seed >> 56);
	}
	return 1;
}

static int
random_ready(void)
{
	return 1;
}

static bool
ours(enum crypto_type type)
{
	uint8_t key[RECORD_KEY], cert[RECORD_CERT];
	size_t key_len, cert_len;
	struct err e = { 0 };

	return credential_key(type, "SERIAL-000001", key, &key_len, cert,
		   &cert_len, &e) == ERR_OK;
}

/* The bytes to sign are as many as a small certificate has. */
static bool
bound(enum crypto_type type)
{
	static const uint8_t text[300];
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	uint8_t sig[512];
	size_t n = sizeof(sig);
	EVP_PKEY *key = type == CRYPTO_EC256
	    ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")
	    : EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	bool ok = md != NULL && key != NULL &&
	    EVP_DigestSignInit(md, NULL, EVP_sha256(), NULL, key) == 1 &&
	    EVP_DigestSign(md, sig, &n, text, sizeof(text)) == 1;

	EVP_MD_CTX_free(md);
	EVP_PKEY_free(key);
	return ok;
}

static bool
row(const char *name, enum crypto_type type, double seconds)
{
	static double a[MOST], b[MOST];
	double start = clock_seconds(), t, us, peer;
	size_t n = 0;

	while (n < MOST && clock_seconds() - start < seconds) {
		seed = n;
		t = clock_seconds();
		if (!ours(type))
			return false;
		a[n] = clock_seconds() - t;
		seed = n;
		t = clock_seconds();
		if (!bound(type))
			return false;
		b[n++] = clock_seconds() - t;
	}
	us = 1 / bench_median(a, n);
	peer = 1 / bench_median(b, n);
	printf(
	    "keys-%s  %.1f  %.1f  %.2f  pairs/s\n", name, us, peer, us / peer);
	return true;
}

int
main(void)
{
	static const RAND_METHOD same = {
		.bytes = random_bytes,
		.pseudorand = random_bytes,
		.status = random_ready,
	};

	crypto_init();
	RAND_set_rand_method(&same);
	return row("ec256", CRYPTO_EC256, 3) &&
		row("rsa2048", CRYPTO_RSA2048, 10)
	    ? 0
	    : 1;
}
