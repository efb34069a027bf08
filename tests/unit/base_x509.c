/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/x509.h"

#define AMT_OID "2.16.840.1.113741.1.2.3"

/* A root, an intermediate and a leaf, each signed by the one before. */
struct pki {
	struct crypto_key *key[3];
	struct x509_chain chain; /* leaf first */
};

static struct crypto_key *
key_of(enum crypto_type type)
{
	struct crypto_key *k = NULL;
	struct err e = { 0 };

	assert_int_equal(crypto_key_new(type, &k, &e), ERR_OK);
	return k;
}

static struct x509 *
cert_of(const struct x509_make *make, const struct crypto_key *key,
    const struct x509 *issuer, const struct crypto_key *issuer_key)
{
	struct x509 *c = NULL;
	struct err e = { 0 };

	assert_int_equal(
	    x509_new(make, key, issuer, issuer_key, &c, &e), ERR_OK);
	return c;
}

static void
pki_new(struct pki *p)
{
	const char *const eku[] = { X509_OID_SERVER_AUTH, AMT_OID, NULL };
	const struct x509_make root = { .cn = "Root",
		.days = 3650,
		.ca = true },
			       sub = { .cn = "Sub", .days = 3650, .ca = true },
			       leaf = { .cn = "prov.example.com",
				       .o = "Example, Inc.",
				       .ou = "Intel(R) Client Setup "
					     "Certificate",
				       .days = 365,
				       .eku = eku,
				       .san_dns = "prov.example.com" };

	p->key[0] = key_of(CRYPTO_RSA2048);
	p->key[1] = key_of(CRYPTO_EC384);
	p->key[2] = key_of(CRYPTO_EC256);
	p->chain.n = 3;
	p->chain.cert[2] = cert_of(&root, p->key[2], NULL, NULL);
	p->chain.cert[1] =
	    cert_of(&sub, p->key[1], p->chain.cert[2], p->key[2]);
	p->chain.cert[0] =
	    cert_of(&leaf, p->key[0], p->chain.cert[1], p->key[1]);
}

static void
pki_free(struct pki *p)
{
	for (size_t i = 0; i < 3; i++)
		crypto_key_free(p->key[i]);
	x509_chain_free(&p->chain);
}

static void
a_made_certificate_says_what_was_asked_for(void **state)
{
	char text[128];
	struct x509 *leaf;
	const char *kind;
	struct pki p;
	int bits;

	(void)state;
	pki_new(&p);
	leaf = p.chain.cert[0];
	assert_true(x509_cn(leaf, text, sizeof(text)));
	assert_string_equal(text, "prov.example.com");
	assert_false(x509_cn(leaf, text, 16)); /* no room for the NUL */
	assert_true(x509_subject(leaf, text, sizeof(text)));
	assert_non_null(strstr(text, "O=Example\\, Inc."));
	assert_false(x509_is_ca(leaf));
	assert_true(x509_is_ca(p.chain.cert[1]));
	assert_true(x509_self_signed(p.chain.cert[2]));
	assert_false(x509_self_signed(leaf));
	assert_false(x509_sha1_signed(leaf));
	x509_key_kind(leaf, &kind, &bits);
	assert_string_equal(kind, "RSA");
	assert_int_equal(bits, 2048);
	x509_key_kind(p.chain.cert[1], &kind, &bits);
	assert_string_equal(kind, "EC");
	assert_int_equal(bits, 384);
	assert_int_equal(
	    x509_not_after(leaf) - x509_not_before(leaf), 366 * 86400);
	assert_true(x509_matches_key(leaf, p.key[0]));
	assert_false(x509_matches_key(leaf, p.key[1]));
	pki_free(&p);
}

static void
a_right_chain_verifies(void **state)
{
	struct err e = { 0 };
	struct pki p;
	size_t bad;

	(void)state;
	pki_new(&p);
	assert_int_equal(x509_chain_verify(&p.chain, &bad, &e), ERR_OK);
	pki_free(&p);
}

static void
check_bad(const struct x509_chain *chain, size_t where, const char *words)
{
	struct err e = { 0 };
	size_t bad = 99;

	assert_int_equal(x509_chain_verify(chain, &bad, &e), ERR_PERM);
	assert_int_equal(bad, where);
	if (strstr(e.msg, words) == NULL)
		fail_msg("%s", e.msg);
}

static void
a_wrong_chain_names_the_certificate_that_fails(void **state)
{
	struct x509_chain c = { 0 };
	struct pki p, q;

	(void)state;
	pki_new(&p);
	pki_new(&q);
	check_bad(&c, 0, "no certificate");
	c = p.chain;
	c.n = 2; /* without the root */
	check_bad(&c, 1, "not self-signed");
	c = p.chain;
	c.cert[1] = p.chain.cert[2];
	c.n = 2; /* a gap */
	check_bad(&c, 0, "not its issuer");
	c = p.chain;
	c.cert[2] = q.chain.cert[2]; /* same name, another key */
	check_bad(&c, 1, "signature");
	c = p.chain;
	c.cert[3] = c.cert[2];
	c.cert[2] = c.cert[1];
	c.cert[1] = c.cert[0];
	c.n = 4; /* the leaf twice */
	check_bad(&c, 0, "not its issuer");
	c = p.chain;
	c.cert[3] = q.chain.cert[0];
	c.n = 4; /* something behind the root */
	check_bad(&c, 2, "another one is behind it");
	pki_free(&p);
	pki_free(&q);
}

static void
a_ca_whose_key_usage_is_another_is_told_from_none(void **state)
{
	/* Critical keyUsage of keyCertSign and cRLSign. */
	static const uint8_t usage[] = { 0x55, 0x1d, 0x0f, 0x01, 0x01, 0xff,
		0x04, 0x04, 0x03, 0x02, 0x01, 0x06 };
	struct x509_chain c;
	struct err e = { 0 };
	uint8_t der[4096], *at;
	const uint8_t *from;
	struct pki p;
	size_t n;

	(void)state;
	pki_new(&p);
	from = x509_der(p.chain.cert[1], &n);
	assert_true(n < sizeof(der));
	memcpy(der, from, n);
	at = memmem(der, n, usage, sizeof(usage));
	assert_non_null(at);
	at[sizeof(usage) - 1] = 0x02; /* cRLSign alone */
	c = p.chain;
	assert_int_equal(x509_from_der(der, n, &c.cert[1], &e), ERR_OK);
	check_bad(&c, 1, "its key usage is not for that");
	x509_free(c.cert[1]);
	pki_free(&p);
}

static void
a_leaf_cannot_sign(void **state)
{
	const struct x509_make make = { .cn = "rogue.example.com", .days = 9 };
	struct crypto_key *k = key_of(CRYPTO_EC256);
	struct x509_chain c = { 0 };
	struct pki p;

	(void)state;
	pki_new(&p);
	c.n = 4;
	c.cert[0] = cert_of(&make, k, p.chain.cert[0], p.key[0]);
	memcpy(c.cert + 1, p.chain.cert, 3 * sizeof(c.cert[0]));
	check_bad(&c, 1, "not marked as a CA");
	x509_free(c.cert[0]);
	crypto_key_free(k);
	pki_free(&p);
}

static void
a_flipped_byte_breaks_the_chain(void **state)
{
	struct x509_chain c;
	struct err e = { 0 };
	const uint8_t *from;
	uint8_t der[4096];
	struct pki p;
	size_t n;

	(void)state;
	pki_new(&p);
	from = x509_der(p.chain.cert[0], &n);
	assert_true(n < sizeof(der));
	memcpy(der, from, n);
	der[n - 1] ^= 1; /* in the signature */
	c = p.chain;
	assert_int_equal(x509_from_der(der, n, &c.cert[0], &e), ERR_OK);
	x509_sha256(c.cert[0], der);
	x509_sha256(p.chain.cert[0], der + 32);
	assert_memory_not_equal(der, der + 32, 32);
	check_bad(&c, 0, "signature");
	x509_free(c.cert[0]);
	pki_free(&p);
}

static void
a_certificate_survives_der_and_pem(void **state)
{
	struct x509 *one = NULL;
	struct x509_chain chain;
	struct err e = { 0 };
	const uint8_t *a, *b;
	size_t n, m;
	struct pki p;
	struct wr w;

	(void)state;
	pki_new(&p);
	wr_grow(&w, 65536);
	for (size_t i = 0; i < 3; i++)
		assert_true(x509_pem(p.chain.cert[i], &w));
	assert_int_equal(x509_chain_read(w.buf, w.len, NULL, &chain, &e), 0);
	assert_int_equal(chain.n, 3);
	for (size_t i = 0; i < 3; i++) {
		a = x509_der(p.chain.cert[i], &n);
		b = x509_der(chain.cert[i], &m);
		assert_int_equal(n, m);
		assert_memory_equal(a, b, n);
	}
	assert_int_equal(x509_read(w.buf, w.len, &one, &e), ERR_DATA);
	assert_non_null(strstr(e.msg, "3 certificates"));
	err_clear(&e);
	wr_reset(&w);
	assert_true(x509_pem(chain.cert[0], &w));
	assert_int_equal(x509_read(w.buf, w.len, &one, &e), 0);
	x509_free(one);
	a = x509_der(chain.cert[0], &n);
	assert_int_equal(x509_read(a, n, &one, &e), 0);
	x509_free(one);
	x509_chain_free(&chain);
	wr_free(&w);
	pki_free(&p);
}

static void
what_is_no_certificate_is_refused(void **state)
{
	static const char cut[] = "-----BEGIN CERTIFICATE-----\nMIIB\n";
	static const char none[] = "-----BEGIN PUBLIC KEY-----\n";
	struct x509_chain chain;
	struct x509 *c = NULL;
	struct err e = { 0 };
	const uint8_t *from;
	uint8_t der[4096];
	struct pki p;
	size_t n;

	(void)state;
	assert_int_equal(x509_read("junk", 4, &c, &e), ERR_DATA);
	err_clear(&e);
	assert_int_equal(
	    x509_chain_read(cut, strlen(cut), NULL, &chain, &e), ERR_DATA);
	err_clear(&e);
	assert_int_equal(
	    x509_chain_read(none, strlen(none), NULL, &chain, &e), ERR_DATA);
	err_clear(&e);
	pki_new(&p);
	from = x509_der(p.chain.cert[0], &n);
	assert_true(n < sizeof(der));
	memcpy(der, from, n);
	der[n] = 0;
	assert_int_equal(x509_from_der(der, n + 1, &c, &e), ERR_DATA);
	assert_non_null(strstr(e.msg, "trailing"));
	assert_null(c);
	pki_free(&p);
}

static void
a_bare_public_key_gets_a_certificate(void **state)
{
	const struct x509_make make = { .cn = "device", .days = 9 };
	struct x509 *c = NULL;
	struct err e = { 0 };
	struct pki p;
	struct wr w;

	(void)state;
	pki_new(&p);
	wr_grow(&w, 4096);
	for (size_t i = 0; i < 2; i++) { /* PKCS#1, then SPKI */
		wr_reset(&w);
		assert_int_equal(crypto_key_public(p.key[i], &w, &e), 0);
		assert_int_equal(x509_new_for_public(&make, w.buf, w.len,
				     p.chain.cert[2], p.key[2], &c, &e),
		    0);
		assert_true(x509_matches_key(c, p.key[i]));
		x509_free(c);
	}
	assert_int_equal(x509_new_for_public(&make, w.buf, w.len - 1,
			     p.chain.cert[2], p.key[2], &c, &e),
	    ERR_DATA);
	wr_free(&w);
	pki_free(&p);
}

static void
write_pem(const char *dir, const char *name, const struct x509 *c)
{
	struct err e = { 0 };
	char path[128];
	struct wr w;

	wr_grow(&w, 65536);
	assert_true(x509_pem(c, &w));
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(file_write(path, FILE_NEW, w.buf, w.len, &e), 0);
	wr_free(&w);
}

/* The judge nobody here wrote; and a PFX that it makes, read back. */
static void
openssl_accepts_the_chain_and_we_read_its_pfx(void **state)
{
	char dir[] = "/tmp/amtforge-x509.XXXXXX", cmd[512], path[64];
	struct secret pass = { 0 }, key = { 0 };
	struct x509_chain chain;
	struct err e = { 0 };
	struct pki p;
	uint8_t *pfx;
	size_t n, bad;

	(void)state;
	pki_new(&p);
	assert_non_null(mkdtemp(dir));
	write_pem(dir, "leaf.pem", p.chain.cert[0]);
	write_pem(dir, "sub.pem", p.chain.cert[1]);
	write_pem(dir, "root.pem", p.chain.cert[2]);
	assert_int_equal(crypto_key_pem(p.key[0], &key, &e), 0);
	snprintf(path, sizeof(path), "%s/leaf.key", dir);
	assert_int_equal(file_create_secret(path, &key, &e), 0);
	snprintf(cmd, sizeof(cmd),
	    "cd %s && openssl verify -x509_strict -CAfile root.pem -untrusted "
	    "sub.pem -verify_hostname prov.example.com leaf.pem && cat "
	    "root.pem "
	    "sub.pem >up.pem && openssl pkcs12 -export -in leaf.pem -inkey "
	    "leaf.key -certfile up.pem -passout pass:geheim -out all.pfx",
	    dir);
	assert_int_equal(system(cmd), 0);
	snprintf(path, sizeof(path), "%s/all.pfx", dir);
	assert_int_equal(file_read(path, 65536, &pfx, &n, &e), 0);
	assert_int_equal(secret_set(&pass, "geheim", 6, &e), 0);
	assert_int_equal(x509_chain_read(pfx, n, &pass, &chain, &e), 0);
	assert_int_equal(chain.n, 3); /* root was stored before sub */
	assert_int_equal(x509_chain_verify(&chain, &bad, &e), 0);
	x509_chain_free(&chain);
	assert_int_equal(x509_chain_read(pfx, n, NULL, &chain, &e), ERR_PERM);
	snprintf(cmd, sizeof(cmd), "rm -r %s", dir);
	assert_int_equal(system(cmd), 0);
	free(pfx);
	secret_free(&pass);
	secret_free(&key);
	pki_free(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_made_certificate_says_what_was_asked_for),
		cmocka_unit_test(a_right_chain_verifies),
		cmocka_unit_test(
		    a_wrong_chain_names_the_certificate_that_fails),
		cmocka_unit_test(
		    a_ca_whose_key_usage_is_another_is_told_from_none),
		cmocka_unit_test(a_leaf_cannot_sign),
		cmocka_unit_test(a_flipped_byte_breaks_the_chain),
		cmocka_unit_test(a_certificate_survives_der_and_pem),
		cmocka_unit_test(what_is_no_certificate_is_refused),
		cmocka_unit_test(a_bare_public_key_gets_a_certificate),
		cmocka_unit_test(openssl_accepts_the_chain_and_we_read_its_pfx),
	};

	crypto_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
