/* SPDX-License-Identifier: Apache-2.0 */
/* What two ends of different ages agree on, in memory. */
#include "tests/unit.h"

#include <string.h>

#include <openssl/ssl.h>

#include "base/tls.h"

static const char pid[] = "0000037M";
static const char pps[] = "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ";

static const struct tls_age usual = { 0 };
static const struct tls_age old = { .min = TLS_1_0,
	.max = TLS_1_1,
	.exchange = TLS_EXCHANGE_RSA,
	.insecure_old = true };
/* A server that speaks to old devices too. */
static const struct tls_age reaching = { .min = TLS_1_0, .insecure_old = true };

static struct crypto_key *key;
static struct x509_chain chain;

/* The session as one of the two ends saw it. */
struct result {
	struct tls_session client, server;
};

static size_t
look_up(void *arg, void *conn_arg, const char *identity,
    uint8_t out[static TLS_PSK_MAX])
{
	(void)arg;
	(void)conn_arg;
	assert_string_equal(identity, pid);
	memcpy(out, pps, strlen(pps));
	return strlen(pps);
}

static enum tls_alert
take(void *arg, void *conn_arg, const struct x509_chain *peer)
{
	(void)arg;
	(void)conn_arg;
	return peer->n > 0 ? TLS_ALERT_NONE : TLS_ALERT_BAD_CERTIFICATE;
}

static void
run(const struct tls_config *c, const struct tls_config *s, struct result *r)
{
	struct tls *client = NULL, *server = NULL;
	struct err e = { 0 };
	BIO *a = NULL, *b = NULL;
	SSL *p, *q;

	assert_int_equal(tls_new(c, &client, &e), ERR_OK);
	assert_int_equal(tls_new(s, &server, &e), ERR_OK);
	p = tls_conn_new(client, NULL);
	q = tls_conn_new(server, NULL);
	assert_int_equal(BIO_new_bio_pair(&a, 1 << 16, &b, 1 << 16), 1);
	SSL_set_bio(p, a, a);
	SSL_set_bio(q, b, b);
	for (int i = 0; i < 10; i++) {
		SSL_do_handshake(p);
		SSL_do_handshake(q);
	}
	r->client = *tls_conn_session(p);
	r->server = *tls_conn_session(q);
	SSL_free(p);
	SSL_free(q);
	tls_free(client);
	tls_free(server);
}

static void
by_certificates(const struct tls_age *client, const struct tls_age *server,
    struct result *r)
{
	const struct tls_config c = {
		.judge = take, .chain = &chain, .key = key, .age = *client
	};
	const struct tls_config s = { .server = true,
		.judge = take,
		.chain = &chain,
		.key = key,
		.age = *server };

	run(&c, &s, r);
}

static void
by_key(const struct tls_age *client, const struct tls_age *server,
    struct result *r)
{
	const struct tls_config c = { .psk_identity = pid,
		.psk = (const uint8_t *)pps,
		.psk_len = strlen(pps),
		.age = *client };
	const struct tls_config s = {
		.server = true, .psk_lookup = look_up, .age = *server
	};

	run(&c, &s, r);
}

static void
two_ends_of_today_speak_the_newest(void **state)
{
	struct result r;

	(void)state;
	by_certificates(&usual, &usual, &r);
	assert_string_equal(r.server.version, "TLSv1.3");
	by_certificates(&reaching, &usual, &r);
	assert_string_equal(r.server.version, "TLSv1.3");
}

static void
an_old_device_is_reached_by_who_says_so_only(void **state)
{
	struct result r;

	(void)state;
	by_certificates(&reaching, &old, &r);
	assert_true(r.server.established);
	assert_string_equal(r.server.version, "TLSv1.1");
	assert_non_null(strstr(r.server.suite, "AES"));
	assert_null(strstr(r.server.suite, "ECDHE"));
	by_certificates(&usual, &old, &r);
	assert_false(r.server.established);
	assert_true(r.server.nothing_common);
	assert_true(r.client.nothing_common || r.client.received == 70);
}

static void
the_key_exchange_is_rsa_where_it_was(void **state)
{
	struct tls_age first = { .max = TLS_1_2,
		.exchange = TLS_EXCHANGE_RSA_FIRST };
	struct tls_age only = { .max = TLS_1_2, .exchange = TLS_EXCHANGE_RSA };
	struct tls_age any = { .max = TLS_1_2 };
	struct result r;

	(void)state;
	by_certificates(&usual, &first, &r);
	assert_string_equal(r.server.suite, "AES256-GCM-SHA384");
	by_certificates(&only, &any, &r);
	assert_non_null(strstr(r.server.suite, "AES"));
	assert_null(strstr(r.server.suite, "ECDHE"));
	by_certificates(&any, &any, &r);
	assert_non_null(strstr(r.server.suite, "ECDHE"));
}

/* Programs of today, some of which have no RSA key exchange any more, find
 * another behind it. */
static void
rsa_first_is_not_rsa_alone(void **state)
{
	const struct tls_config c = { .server = true,
		.judge = take,
		.chain = &chain,
		.key = key,
		.age = { .exchange = TLS_EXCHANGE_RSA_FIRST } };
	struct tls *tls = NULL;
	struct err e = { 0 };
	const char *suite;
	bool other = false;
	SSL *s;

	(void)state;
	assert_int_equal(tls_new(&c, &tls, &e), ERR_OK);
	s = tls_conn_new(tls, NULL);
	for (int i = 0; (suite = SSL_get_cipher_list(s, i)) != NULL; i++) {
		other |= strncmp(suite, "ECDHE-RSA-AES", 13) == 0;
		assert_null(strstr(suite, "PSK"));
	}
	assert_true(other);
	SSL_free(s);
	tls_free(tls);
}

static void
a_version_below_1_2_needs_its_permission(void **state)
{
	struct tls_age meek = old;
	struct result r;

	(void)state;
	meek.insecure_old = false;
	meek.max = TLS_1_2;
	by_certificates(&reaching, &meek, &r);
	assert_string_equal(r.server.version, "TLSv1.2");
}

static void
a_pre_shared_key_opens_an_old_session(void **state)
{
	struct result r;

	(void)state;
	by_key(&reaching, &old, &r);
	assert_string_equal(r.server.version, "TLSv1.1");
	assert_string_equal(r.server.suite, "PSK-AES128-CBC-SHA");
	by_key(&reaching, &usual, &r);
	assert_string_equal(r.server.version, "TLSv1.2");
	by_key(&usual, &old, &r);
	assert_false(r.server.established);
}

static int
prepare(void **state)
{
	struct x509_make make = { .cn = "end.example.com", .days = 3 };
	struct err e = { 0 };

	(void)state;
	chain.n = 1;
	return crypto_key_new(CRYPTO_RSA2048, &key, &e) == ERR_OK &&
		x509_new(&make, key, NULL, NULL, &chain.cert[0], &e) == ERR_OK
	    ? 0
	    : -1;
}

static int
clear(void **state)
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
		cmocka_unit_test(two_ends_of_today_speak_the_newest),
		cmocka_unit_test(an_old_device_is_reached_by_who_says_so_only),
		cmocka_unit_test(the_key_exchange_is_rsa_where_it_was),
		cmocka_unit_test(rsa_first_is_not_rsa_alone),
		cmocka_unit_test(a_version_below_1_2_needs_its_permission),
		cmocka_unit_test(a_pre_shared_key_opens_an_old_session),
	};

	crypto_init();
	return cmocka_run_group_tests(tests, prepare, clear);
}
