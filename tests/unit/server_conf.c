/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/file.h"
#include "server/conf.h"
#include "tests/onefolder.h"

static void
put(const char *name, const void *p, size_t n)
{
	char path[128];
	struct err e;

	err_clear(&e);
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(file_write(path, FILE_REPLACE, p, n, &e), ERR_OK);
}

static enum err_code
read_text(const char *text, struct conf *c, struct err *e)
{
	char path[128];

	put("server.cfg", text, strlen(text));
	snprintf(path, sizeof(path), "%s/server.cfg", dir);
	err_clear(e);
	return conf_read(path, c, e);
}

/* chain.pem: leaf and root; key.pem: the leaf's; other.pem: another's. */
static void
make_chain(void)
{
	struct x509_make root = { .cn = "root", .days = 9, .ca = true };
	struct x509_make leaf = { .cn = "prov.example.com", .days = 9 };
	struct crypto_key *k[3] = { NULL };
	struct x509 *ca = NULL, *cert = NULL;
	struct secret pem = { 0 };
	struct wr w;
	struct err e;

	err_clear(&e);
	for (int i = 0; i < 3; i++)
		assert_int_equal(
		    crypto_key_new(CRYPTO_EC256, &k[i], &e), ERR_OK);
	assert_int_equal(x509_new(&root, k[0], NULL, NULL, &ca, &e), ERR_OK);
	assert_int_equal(x509_new(&leaf, k[1], ca, k[0], &cert, &e), ERR_OK);
	wr_grow(&w, 65536);
	assert_true(x509_pem(cert, &w));
	put("leaf.pem", w.buf, w.len);
	assert_true(x509_pem(ca, &w));
	put("chain.pem", w.buf, w.len);
	assert_int_equal(crypto_key_pem(k[1], &pem, &e), ERR_OK);
	put("key.pem", pem.p, pem.len);
	secret_free(&pem);
	assert_int_equal(crypto_key_pem(k[2], &pem, &e), ERR_OK);
	put("other.pem", pem.p, pem.len);
	secret_free(&pem);
	wr_free(&w);
	x509_free(ca);
	x509_free(cert);
	for (int i = 0; i < 3; i++)
		crypto_key_free(k[i]);
}

static void
the_sample_says_what_the_defaults_are(void **state)
{
	static struct conf sample, c; /* large */
	struct err e;

	(void)state;
	err_clear(&e);
	assert_int_equal(conf_read("configs/server.cfg", &sample, &e), ERR_OK);
	assert_string_equal(sample.state, "configs/state");
	assert_int_equal(read_text("state = \"s\";\n", &c, &e), ERR_OK);
	assert_string_equal(c.listen, sample.listen);
	assert_string_equal(c.psk_suites, sample.psk_suites);
	assert_int_equal(c.port, 9971);
	assert_int_equal(sample.port, c.port);
	assert_int_equal(sample.device_port, c.device_port);
	assert_int_equal(sample.top.pinned_only, c.top.pinned_only);
	assert_int_equal(sample.top.plain.certificate, c.top.plain.certificate);
	assert_int_equal(c.top.plain.certificate, POLICY_CERT_STORE);
	assert_int_equal(sample.sessions, c.sessions);
	assert_int_equal(sample.hellos, c.hellos);
	assert_int_equal(sample.hello_ms, c.hello_ms);
	assert_int_equal(sample.request_ms, c.request_ms);
	assert_int_equal(sample.tries, c.tries);
	assert_int_equal(sample.top.otp_required, c.top.otp_required);
	assert_int_equal(sample.window_hours, c.window_hours);
	assert_string_equal(sample.top.recover, c.top.recover);
	assert_string_equal(sample.top.hand_over, c.top.hand_over);
	assert_int_equal(sample.hand_seconds, c.hand_seconds);
	assert_int_equal(sample.hand_most, c.hand_most);
	assert_int_equal(sample.hand_tries, c.hand_tries);
	assert_int_equal(sample.check_record, c.check_record);
	conf_free(&sample);
	conf_free(&c);
}

static void
a_chain_is_read_beside_the_file(void **state)
{
	struct conf c;
	struct err e;

	(void)state;
	make_chain();
	assert_int_equal(
	    read_text("state = \"/abs\"; device_certificate = \"pinned\";\n"
		      "chains = ( { cert = \"chain.pem\"; "
		      "key = \"key.pem\"; } );\n",
		&c, &e),
	    ERR_OK);
	assert_string_equal(c.state, "/abs");
	assert_true(c.top.pinned_only);
	assert_int_equal(c.top.nchains, 1);
	assert_int_equal(c.top.chain[0].chain.n, 2);
	conf_free(&c);
}

static void
what_cannot_work_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *text, *words;
	} bad[] = {
		{ "port = 9971;", "state is missing" },
		{ "state = \"s\"; port = 70000;", "port" },
		{ "state = \"s\"; prot = 1;", "prot" },
		{ "state = \"s\"; device_certificate = \"any\";",
		    "device_certificate" },
		{ "state = \"s\"; chains = ( { key = \"key.pem\"; } );",
		    "cert is missing" },
		{ "state = \"s\"; chains = ( { cert = \"leaf.pem\"; "
		  "key = \"key.pem\"; } );",
		    "root last" },
		{ "state = \"s\"; chains = ( { cert = \"chain.pem\"; "
		  "key = \"other.pem\"; } );",
		    "the key is not that" },
		{ "state = \"s\"; chains = ( { cert = \"none.pem\"; "
		  "key = \"key.pem\"; } );",
		    "none.pem" },
		/* With those whoever has no PPS is set up. */
		{ "state = \"s\"; psk_suites = \"DEFAULT\";", "psk_suites" },
		{ "state = \"s\"; psk_suites = \"ALL:eNULL\";", "psk_suites" },
		{ "state = \"s\"; psk_suites = \"PSK-NULL-SHA\";",
		    "psk_suites" },
		{ "state = \"s\"; psk_suites = \"RSA-PSK-AES128-CBC-SHA\";",
		    "psk_suites" },
		{ "state = \"s\"; psk_suites = \"\";", "psk_suites" },
		{ "state = \"s\"; listen = \"host\";", "listen: 'host'" },
	};
	struct conf c;
	struct err e;

	(void)state;
	make_chain();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_true(read_text(bad[i].text, &c, &e) != ERR_OK);
		assert_non_null(strstr(e.msg, bad[i].words));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_sample_says_what_the_defaults_are),
		cmocka_unit_test(a_chain_is_read_beside_the_file),
		cmocka_unit_test(what_cannot_work_is_refused_with_its_place),
	};

	crypto_init();
	return cmocka_run_group_tests(tests, folder_new, folder_free);
}
