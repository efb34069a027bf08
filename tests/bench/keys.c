/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key pairs with their certificates, as a unit is given them, against the
 * bound: OpenSSL's bare key generation and one signature, in this process.
 * Turn about, so that both see the same machine; medians of single pairs,
 * since the time of an RSA key varies many-fold.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/evp.h>

#include "base/crypto.h"
#include "base/x509.h"

#define MOST 2000

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool
ours(enum crypto_type type)
{
	const char *const eku[] = { X509_OID_SERVER_AUTH, NULL };
	const struct x509_make make = {
		.cn = "SERIAL-000001", .days = 365, .eku = eku
	};
	struct crypto_key *key = NULL;
	struct secret der = { 0 };
	struct x509 *cert = NULL;
	struct err e = { 0 };

	if (crypto_key_new(type, &key, &e) == ERR_OK &&
	    x509_new(&make, key, NULL, NULL, &cert, &e) == ERR_OK)
		crypto_key_der(key, &der, &e);
	secret_free(&der);
	x509_free(cert);
	crypto_key_free(key);
	return e.code == ERR_OK;
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

static int
by_time(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double
median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_time);
	return v[n / 2];
}

static bool
row(const char *name, enum crypto_type type, double seconds)
{
	static double a[MOST], b[MOST];
	double start = now(), t, us, peer;
	size_t n = 0;

	while (n < MOST && now() - start < seconds) {
		t = now();
		if (!ours(type))
			return false;
		a[n] = now() - t;
		t = now();
		if (!bound(type))
			return false;
		b[n++] = now() - t;
	}
	us = 1 / median(a, n);
	peer = 1 / median(b, n);
	printf(
	    "keys-%s  %.1f  %.1f  %.2f  pairs/s\n", name, us, peer, us / peer);
	return true;
}

int
main(void)
{
	crypto_init();
	return row("ec256", CRYPTO_EC256, 3) &&
		row("rsa2048", CRYPTO_RSA2048, 14)
	    ? 0
	    : 1;
}
