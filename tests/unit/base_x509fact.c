/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <string.h>

#include "base/x509fact.h"

static const char *const eku[] = { X509_OID_SERVER_AUTH,
	"2.16.840.1.113741.1.2.3", NULL };

static struct crypto_key *key;
static struct x509_chain chain;

/* leaf, root */
static void
chain_new(const struct x509_make *leaf)
{
	struct x509_make root = { .cn = "Test Root", .days = 3, .ca = true };
	struct err e = { 0 };

	x509_chain_free(&chain);
	assert_int_equal(
	    x509_new(&root, key, NULL, NULL, &chain.cert[1], &e), ERR_OK);
	assert_int_equal(
	    x509_new(leaf, key, chain.cert[1], key, &chain.cert[0], &e),
	    ERR_OK);
	chain.n = 2;
}

static void
what_a_certificate_says_is_read(void **state)
{
	struct x509_make leaf = { .cn = "prov.example.com",
		.o = "Example",
		.ou = "Purchasing",
		.days = 3,
		.eku = eku,
		.san_dns = "web.example.com" };
	struct certfact *f;

	(void)state;
	chain_new(&leaf);
	f = x509fact_read(&chain);
	assert_non_null(f);
	assert_int_equal(f[0].cn_state, CERTFACT_CN_GOOD);
	assert_string_equal(f[0].cn, "prov.example.com");
	assert_string_equal(f[0].issuer, "CN=Test Root");
	assert_int_equal(f[0].key, CERTFACT_KEY_EC);
	assert_int_equal(f[0].bits, 256);
	assert_int_equal(f[0].digest, CERTFACT_DIGEST_SHA256);
	assert_int_equal(f[0].nsan, 1);
	assert_string_equal(f[0].san[0], "web.example.com");
	assert_true(certfact_has_ou(&f[0], "Purchasing"));
	assert_false(certfact_has_ou(&f[0], "Purchasin"));
	assert_true(certfact_has_eku(&f[0], eku[0]));
	assert_true(certfact_has_eku(&f[0], eku[1]));
	assert_false(certfact_has_eku(&f[0], "2.16.840.1.113741.1.2"));
	assert_false(certfact_has_eku(&f[0], "16.840.1.113741.1.2.3"));
	assert_false(f[0].root || f[0].ca);
	assert_true(f[1].root && f[1].ca);
	assert_null(f[0].fault);
	assert_null(f[1].fault);
	assert_true(f[0].not_before < f[0].not_after);
	x509fact_free(f);
}

static void
a_link_that_does_not_hold_says_why(void **state)
{
	struct x509_make leaf = { .cn = "prov.example.com", .days = 3 };
	struct certfact *f;
	struct x509 *swap;

	(void)state;
	chain_new(&leaf);
	swap = chain.cert[0];
	chain.cert[0] = chain.cert[1];
	chain.cert[1] = swap;
	f = x509fact_read(&chain);
	assert_non_null(f);
	assert_non_null(f[0].fault);
	assert_non_null(f[1].fault);
	x509fact_free(f);
}

/* A NUL in a name: a CA may have read it another way than a device would. The
 * signature is broken by it; the name is looked at all the same. */
static void
a_name_with_a_nul_is_none(void **state)
{
	struct x509_make leaf = { .cn = "prov.example.com~.evil", .days = 3 };
	struct x509 *bent = NULL;
	struct err e = { 0 };
	struct certfact *f;
	uint8_t der[2048], *at;
	const uint8_t *from;
	size_t n;

	(void)state;
	chain_new(&leaf);
	from = x509_der(chain.cert[0], &n);
	memcpy(der, from, n);
	assert_non_null(at = memmem(der, n, "com~", 4));
	at[3] = '\0';
	assert_int_equal(x509_from_der(der, n, &bent, &e), ERR_OK);
	x509_free(chain.cert[0]);
	chain.cert[0] = bent;
	f = x509fact_read(&chain);
	assert_non_null(f);
	assert_int_equal(f[0].cn_state, CERTFACT_CN_NUL);
	assert_string_equal(f[0].cn, "");
	x509fact_free(f);
}

static void
an_empty_chain_has_no_facts(void **state)
{
	struct x509_chain none = { 0 };
	struct certfact *f = x509fact_read(&none);

	(void)state;
	assert_non_null(f);
	x509fact_free(f);
}

static int
start(void **state)
{
	struct err e = { 0 };

	(void)state;
	return crypto_key_new(CRYPTO_EC256, &key, &e) == ERR_OK ? 0 : -1;
}

static int
end(void **state)
{
	(void)state;
	x509_chain_free(&chain);
	crypto_key_free(key);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_certificate_says_is_read),
		cmocka_unit_test(a_link_that_does_not_hold_says_why),
		cmocka_unit_test(a_name_with_a_nul_is_none),
		cmocka_unit_test(an_empty_chain_has_no_facts),
	};

	crypto_init();
	return cmocka_run_group_tests(tests, start, end);
}
