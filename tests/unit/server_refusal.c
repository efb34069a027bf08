/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <string.h>

#include "formats/pkich.h"
#include "server/legacy.h"
#include "server/refusal.h"

static const char *const marked[] = { PKICH_SERVER_AUTH, PKICH_AMT_OID, NULL };
static const char *const plain[] = { PKICH_SERVER_AUTH, NULL };

static struct x509_chain chain;

static void
chain_new(const char *cn, const char *const *eku)
{
	struct x509_make root = { .cn = "Test Root", .days = 3, .ca = true };
	struct x509_make leaf = { .cn = cn, .days = 3, .eku = eku };
	struct crypto_key *key = NULL;
	struct err e = { 0 };

	x509_chain_free(&chain);
	assert_int_equal(crypto_key_new(CRYPTO_RSA2048, &key, &e), ERR_OK);
	assert_int_equal(
	    x509_new(&root, key, NULL, NULL, &chain.cert[1], &e), ERR_OK);
	assert_int_equal(
	    x509_new(&leaf, key, chain.cert[1], key, &chain.cert[0], &e),
	    ERR_OK);
	chain.n = 2;
	crypto_key_free(key);
}

static int
end(void **state)
{
	(void)state;
	x509_chain_free(&chain);
	return 0;
}

/* What is told of an alert by a device of that version. */
static struct err
told(int alert, unsigned amt, unsigned announced, const char *domain)
{
	const struct tls_session t = { .sent = -1, .received = alert };
	const struct refusal r = { .pid = "",
		.chain = &chain,
		.generation = generation_of(amt, 0),
		.announced = announced,
		.domain = domain,
		.session = &t };
	struct err e;

	err_clear(&e);
	assert_true(refusal_is(&t));
	assert_int_equal(refusal_explain(&r, &e), ERR_PEER);
	return e;
}

static void
is(const struct err *e, enum reason_id id, const char *words)
{
	assert_ptr_equal(e->reason, reason_get(id));
	if (strstr(e->msg, words) == NULL)
		fail_msg("'%s' lacks '%s'", e->msg, words);
}

static void
the_rule_that_our_chain_breaks_is_named(void **state)
{
	struct err e;

	(void)state;
	chain_new("prov.example.com", plain);
	e = told(43, 6, 0, "");
	is(&e, REASON_DEVICE_REFUSED_MARK, "no-amt-mark: certificate of prov");
	is(&e, REASON_DEVICE_REFUSED_MARK, "TLS alert 43");
	chain_new("prov.example.com", marked);
	e = told(48, 16, GENERATION_HASH(HASH_SHA1), "");
	is(&e, REASON_DEVICE_REFUSED_ROOT, "hash-algorithm: ");
	/* Which alert real firmware sends is not public. */
	chain_new("prov.example.com", plain);
	e = told(40, 6, 0, "");
	is(&e, REASON_DEVICE_REFUSED, "no-amt-mark: ");
}

static void
the_domain_of_the_profile_is_held_against_our_name(void **state)
{
	struct err e;

	(void)state;
	chain_new("prov.example.com", marked);
	e = told(42, 3, 0, "corp.example.com");
	is(&e, REASON_DEVICE_REFUSED_DOMAIN,
	    "suffix-mismatch: CN prov.example.com, DNS suffix "
	    "corp.example.com");
	e = told(42, 6, 0, "corp.example.com");
	is(&e, REASON_DEVICE_REFUSED_DOMAIN, "corp.example.com: the device is");
	e = told(42, 3, 0, "");
	is(&e, REASON_DEVICE_REFUSED_DOMAIN,
	    "our CN prov.example.com; AMT 3.0");
}

static void
a_rule_that_the_alert_does_not_name_is_told_beside_it(void **state)
{
	struct err e;

	(void)state;
	chain_new("prov.example.com", plain);
	e = told(46, 6, 0, "");
	is(&e, REASON_DEVICE_REFUSED, "no-amt-mark: ");
	is(&e, REASON_DEVICE_REFUSED, "TLS alert 46");
	e = told(42, 6, 0, "");
	is(&e, REASON_DEVICE_REFUSED, "no-amt-mark: ");
	chain.n = 1; /* its root is not shown */
	e = told(46, 6, 0, "");
	is(&e, REASON_DEVICE_REFUSED_CHAIN, "chain-invalid: ");
	chain.n = 2;
}

static void
what_no_rule_explains_says_so(void **state)
{
	struct err e;

	(void)state;
	chain_new("prov.example.com", marked);
	e = told(48, 6, GENERATION_HASH(HASH_SHA256), "");
	is(&e, REASON_DEVICE_REFUSED_ROOT, "marked as the only one");
	e = told(48, 6, 0, "");
	is(&e, REASON_DEVICE_REFUSED_ROOT, "no rule that we know of");
	/* The chain is whole, and has the mark. */
	e = told(46, 6, 0, "");
	is(&e, REASON_DEVICE_REFUSED, "no rule that we know of");
	is(&e, REASON_DEVICE_REFUSED, "TLS alert 46");
	e = told(43, 6, 0, "");
	is(&e, REASON_DEVICE_REFUSED, "no rule that we know of");
	e = told(80, 6, 0, "");
	is(&e, REASON_DEVICE_REFUSED, "TLS alert 80");
}

static void
nothing_in_common_is_a_matter_of_versions(void **state)
{
	struct err e;
	const struct tls_session t = { .sent = 70,
		.received = -1,
		.nothing_common = true,
		.words = "unsupported protocol" };
	const struct refusal r = { .pid = "0000037M",
		.generation = generation_of(3, 0),
		.domain = "",
		.session = &t };

	(void)state;
	chain_new("prov.example.com", marked);
	e = told(70, 3, 0, "");
	is(&e, REASON_TLS_VERSION, "insecure_legacy_amt");
	e = told(70, 16, 0, "");
	is(&e, REASON_TLS_VERSION, "TLS 1.2 to TLS 1.3");
	assert_null(strstr(e.msg, "insecure_legacy_amt"));
	err_clear(&e);
	assert_true(refusal_is(&t));
	refusal_explain(&r, &e);
	is(&e, REASON_TLS_VERSION, "unsupported protocol");
}

static void
a_pre_shared_key_is_wrong_only_where_the_alert_says_it(void **state)
{
	struct tls_session t = { .sent = -1 };
	const struct refusal r = { .pid = "0000037M",
		.psk_suites = "PSK-AES128-CBC-SHA",
		.generation = generation_of(3, 0),
		.domain = "",
		.session = &t };
	const int key[] = { 20, 51, 115 }; /* or its identity */
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(key) / sizeof(key[0]); i++) {
		err_clear(&e);
		t.received = key[i];
		assert_int_equal(refusal_explain(&r, &e), ERR_PEER);
		is(&e, REASON_PSK_REJECTED, "PID 0000037M");
	}
	err_clear(&e);
	t.received = 40; /* of a server that shares no suite with us */
	assert_int_equal(refusal_explain(&r, &e), ERR_PEER);
	is(&e, REASON_TLS_VERSION, "PID 0000037M: TLS alert 40");
	is(&e, REASON_TLS_VERSION, "PSK-AES128-CBC-SHA (psk_suites");
}

static void
a_version_stands_for_those_of_its_age(void **state)
{
	struct err e;
	uint32_t set;

	(void)state;
	err_clear(&e);
	assert_int_equal(legacy_parse("", &set, &e), ERR_OK);
	assert_int_equal(set, 0);
	assert_int_equal(legacy_parse("3.0, 7.0", &set, &e), ERR_OK);
	assert_true(legacy_has(set, legacy_generation("3.2")));
	assert_true(legacy_has(set, legacy_generation("9.1")));
	assert_false(legacy_has(set, legacy_generation("4.0")));
	assert_false(legacy_has(set, legacy_generation("11.0")));
	assert_int_equal(legacy_parse("15.0", &set, &e), ERR_CONFIG);
	err_clear(&e);
	assert_int_equal(legacy_parse("3.0 old", &set, &e), ERR_CONFIG);
	err_clear(&e);
	assert_int_equal(
	    legacy_parse("33333333333333333.0", &set, &e), ERR_CONFIG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rule_that_our_chain_breaks_is_named),
		cmocka_unit_test(
		    the_domain_of_the_profile_is_held_against_our_name),
		cmocka_unit_test(
		    a_rule_that_the_alert_does_not_name_is_told_beside_it),
		cmocka_unit_test(what_no_rule_explains_says_so),
		cmocka_unit_test(nothing_in_common_is_a_matter_of_versions),
		cmocka_unit_test(
		    a_pre_shared_key_is_wrong_only_where_the_alert_says_it),
		cmocka_unit_test(a_version_stands_for_those_of_its_age),
	};

	crypto_init();
	return cmocka_run_group_tests(tests, NULL, end);
}
