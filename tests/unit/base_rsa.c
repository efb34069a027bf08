/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/digest.h"
#include "base/rsa.h"

/* A key of OpenSSL and what we made of its public half. */
struct pair {
	EVP_PKEY *key;
	struct rsa_public pub;
	uint8_t modulus[RSA_MAX];
	uint8_t sig[RSA_MAX]; /* least significant first */
};

static const char text[] = "bytes that were signed";

static void
turn(uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		uint8_t was = p[i];

		p[i] = p[n - 1 - i];
		p[n - 1 - i] = was;
	}
}

static void
make(struct pair *p, unsigned bits, unsigned e)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL);
	BIGNUM *exp = BN_new(), *n = NULL;

	memset(p, 0, sizeof(*p));
	assert_non_null(c);
	assert_int_equal(EVP_PKEY_keygen_init(c), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_bits(c, (int)bits), 1);
	assert_int_equal(BN_set_word(exp, e), 1);
	assert_int_equal(EVP_PKEY_CTX_set1_rsa_keygen_pubexp(c, exp), 1);
	assert_int_equal(EVP_PKEY_keygen(c, &p->key), 1);
	assert_int_equal(
	    EVP_PKEY_get_bn_param(p->key, OSSL_PKEY_PARAM_RSA_N, &n), 1);
	assert_int_equal(
	    BN_bn2lebinpad(n, p->modulus, (int)(bits / 8)), (int)(bits / 8));
	assert_true(rsa_public_set(&p->pub, p->modulus, bits / 8, e));
	BN_free(n);
	BN_free(exp);
	EVP_PKEY_CTX_free(c);
}

static void
sign(struct pair *p, const char *md, int padding, int salt)
{
	EVP_MD_CTX *m = EVP_MD_CTX_new();
	EVP_PKEY_CTX *c = NULL;
	size_t n = sizeof(p->sig);

	assert_int_equal(
	    EVP_DigestSignInit(m, &c, EVP_get_digestbyname(md), NULL, p->key),
	    1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(c, padding), 1);
	if (padding == RSA_PKCS1_PSS_PADDING)
		assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(c, salt), 1);
	assert_int_equal(
	    EVP_DigestSign(m, p->sig, &n, (const uint8_t *)text, sizeof(text)),
	    1);
	assert_int_equal(n, p->pub.len);
	turn(p->sig, n);
	EVP_MD_CTX_free(m);
}

/* A signature that opens to exactly that block, most significant first. */
static void
sign_block(struct pair *p, const uint8_t *em)
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(p->key, NULL);
	size_t n = sizeof(p->sig);

	assert_int_equal(EVP_PKEY_sign_init(c), 1);
	assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(c, RSA_NO_PADDING), 1);
	assert_int_equal(EVP_PKEY_sign(c, p->sig, &n, em, p->pub.len), 1);
	turn(p->sig, n);
	EVP_PKEY_CTX_free(c);
}

static enum rsa_verdict
verdict(const struct pair *p, enum rsa_scheme s)
{
	uint8_t hash[DIGEST_MAX];

	if (s == RSA_PKCS1_SHA256 || s == RSA_PSS_SHA256)
		digest_sha256(text, sizeof(text), hash);
	else
		digest_sha384(text, sizeof(text), hash);
	return rsa_verify(&p->pub, s, hash, p->sig);
}

static void
what_openssl_signs_is_verified_in_each_scheme(void **state)
{
	static const struct {
		unsigned bits, e;
	} keys[] = { { 2048, 17 }, { 3072, 65537 }, { 2048, 3 },
		{ 2560, 0xFFFFFFFB }, { 4096, 65537 } };
	static const struct {
		const char *md;
		int padding, salt;
		enum rsa_scheme scheme;
	} how[] = {
		{ "SHA256", RSA_PKCS1_PADDING, 0, RSA_PKCS1_SHA256 },
		{ "SHA384", RSA_PKCS1_PADDING, 0, RSA_PKCS1_SHA384 },
		{ "SHA256", RSA_PKCS1_PSS_PADDING, 32, RSA_PSS_SHA256 },
		{ "SHA384", RSA_PKCS1_PSS_PADDING, 48, RSA_PSS_SHA384 },
		{ "SHA256", RSA_PKCS1_PSS_PADDING, 0, RSA_PSS_SHA256 },
		{ "SHA384", RSA_PKCS1_PSS_PADDING, RSA_PSS_SALTLEN_MAX_SIGN,
		    RSA_PSS_SHA384 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct pair p;

		make(&p, keys[i].bits, keys[i].e);
		for (size_t j = 0; j < sizeof(how) / sizeof(how[0]); j++) {
			sign(&p, how[j].md, how[j].padding, how[j].salt);
			for (int s = 0; s < 4; s++)
				assert_int_equal(
				    verdict(&p, (enum rsa_scheme)s) == RSA_GOOD,
				    s == (int)how[j].scheme);
		}
		EVP_PKEY_free(p.key);
	}
}

static void
any_changed_bit_is_seen(void **state)
{
	static const struct {
		const char *md;
		int padding;
		enum rsa_scheme scheme;
	} how[] = { { "SHA256", RSA_PKCS1_PADDING, RSA_PKCS1_SHA256 },
		{ "SHA384", RSA_PKCS1_PSS_PADDING, RSA_PSS_SHA384 } };
	uint8_t hash[DIGEST_MAX];
	struct pair p;

	(void)state;
	make(&p, 2048, 17);
	for (size_t j = 0; j < 2; j++) {
		sign(&p, how[j].md, how[j].padding, 48);
		for (size_t bit = 0; bit < 2048; bit += 37) {
			p.sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_equal(verdict(&p, how[j].scheme), RSA_WRONG);
			p.sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		assert_int_equal(verdict(&p, how[j].scheme), RSA_GOOD);
		digest_sha384(text, sizeof(text), hash);
		if (j == 0)
			digest_sha256(text, sizeof(text), hash);
		for (size_t i = 0; i < 32; i++) {
			hash[i] ^= 0x10;
			assert_int_equal(
			    rsa_verify(&p.pub, how[j].scheme, hash, p.sig),
			    RSA_WRONG);
			hash[i] ^= 0x10;
		}
	}
	EVP_PKEY_free(p.key);
}

/* 00 01 FF.. 00, DigestInfo of SHA-256, hash: 256 bytes. */
static void
block(uint8_t *em)
{
	static const uint8_t info[] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09,
		0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
		0x00, 0x04, 0x20 };

	memset(em, 0xFF, 256);
	em[0] = 0;
	em[1] = 1;
	em[256 - 52] = 0;
	memcpy(em + 256 - 51, info, sizeof(info));
	digest_sha256(text, sizeof(text), em + 256 - 32);
}

static void
wrong_padding_is_refused(void **state)
{
	uint8_t em[256];
	struct pair p;

	(void)state;
	make(&p, 2048, 3);
	block(em);
	sign_block(&p, em);
	assert_int_equal(verdict(&p, RSA_PKCS1_SHA256), RSA_GOOD);
	/* Each byte of the frame counts, that of the type too. */
	for (size_t i = 1; i < 256 - 51; i += i < 12 ? 1 : 41) {
		block(em);
		em[i] ^= 0x02;
		sign_block(&p, em);
		assert_int_equal(verdict(&p, RSA_PKCS1_SHA256), RSA_WRONG);
	}
	/* The hash up front and bytes behind it (Bleichenbacher 2006). */
	block(em);
	memmove(em + 12, em + 256 - 51, 51);
	em[11] = 0;
	memset(em + 63, 0x5A, 256 - 63);
	sign_block(&p, em);
	assert_int_equal(verdict(&p, RSA_PKCS1_SHA256), RSA_OTHER);
	/* Too little padding. */
	block(em);
	em[9] = 0;
	sign_block(&p, em);
	assert_int_equal(verdict(&p, RSA_PKCS1_SHA256), RSA_WRONG);
	EVP_PKEY_free(p.key);
}

static void
a_digest_of_another_kind_is_told_apart(void **state)
{
	struct pair p;

	(void)state;
	make(&p, 2048, 17);
	sign(&p, "SHA1", RSA_PKCS1_PADDING, 0);
	assert_int_equal(verdict(&p, RSA_PKCS1_SHA256), RSA_OTHER);
	sign(&p, "SHA384", RSA_PKCS1_PADDING, 0);
	assert_int_equal(verdict(&p, RSA_PKCS1_SHA256), RSA_OTHER);
	assert_int_equal(verdict(&p, RSA_PSS_SHA256), RSA_WRONG);
	EVP_PKEY_free(p.key);
}

static void
pss_frames_are_strict(void **state)
{
	uint8_t em[256], hash[SHA256_LEN];
	struct pair p;

	(void)state;
	make(&p, 2048, 3);
	digest_sha256(text, sizeof(text), hash);
	/* The trailer, the top bit, and a block of nothing. */
	memset(em, 0, sizeof(em));
	sign_block(&p, em);
	assert_int_equal(verdict(&p, RSA_PSS_SHA256), RSA_WRONG);
	em[255] = 0xBC;
	sign_block(&p, em);
	assert_int_equal(verdict(&p, RSA_PSS_SHA256), RSA_WRONG);
	EVP_PKEY_free(p.key);
}

static void
keys_that_prove_nothing_are_refused(void **state)
{
	struct rsa_public k;
	struct pair p;

	(void)state;
	make(&p, 2048, 17);
	assert_false(rsa_public_set(&k, p.modulus, 256, 1));
	assert_false(rsa_public_set(&k, p.modulus, 256, 0));
	assert_false(rsa_public_set(&k, p.modulus, 256, 16));
	assert_false(rsa_public_set(&k, p.modulus, 128, 17));
	assert_false(rsa_public_set(&k, p.modulus, 252, 17));
	assert_false(rsa_public_set(&k, p.modulus, RSA_MAX + 8, 17));
	p.modulus[0] ^= 1;
	assert_false(rsa_public_set(&k, p.modulus, 256, 17));
	/* A key that was refused verifies nothing. */
	sign(&p, "SHA256", RSA_PKCS1_PADDING, 0);
	p.pub = k;
	assert_int_equal(verdict(&p, RSA_PKCS1_SHA256), RSA_WRONG);
	p.modulus[0] ^= 1;
	p.modulus[255] &= 0x7F;
	assert_false(rsa_public_set(&k, p.modulus, 256, 17));
	EVP_PKEY_free(p.key);
}

static void
a_signature_not_below_the_modulus_is_refused(void **state)
{
	BIGNUM *n, *s, *limit;
	struct pair p;
	int tries = 0;

	(void)state;
	do {
		make(&p, 2048, 3);
		sign(&p, "SHA256", RSA_PKCS1_PADDING, 0);
		n = BN_lebin2bn(p.modulus, 256, NULL);
		s = BN_lebin2bn(p.sig, 256, NULL);
		limit = BN_new();
		BN_set_bit(limit, 2048);
		BN_add(s, s, n); /* the same residue */
		if (BN_cmp(s, limit) < 0) {
			tries = 100;
			BN_bn2lebinpad(s, p.sig, 256);
			assert_int_equal(
			    verdict(&p, RSA_PKCS1_SHA256), RSA_WRONG);
		}
		BN_free(n);
		BN_free(s);
		BN_free(limit);
		EVP_PKEY_free(p.key);
	} while (++tries < 40);
	assert_true(tries > 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_openssl_signs_is_verified_in_each_scheme),
		cmocka_unit_test(any_changed_bit_is_seen),
		cmocka_unit_test(wrong_padding_is_refused),
		cmocka_unit_test(a_digest_of_another_kind_is_told_apart),
		cmocka_unit_test(pss_frames_are_strict),
		cmocka_unit_test(keys_that_prove_nothing_are_refused),
		cmocka_unit_test(a_signature_not_below_the_modulus_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
