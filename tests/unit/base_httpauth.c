/* SPDX-License-Identifier: Apache-2.0 */
/* Digests are those of the examples in RFC 2617 and RFC 7616. */
#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "base/httpauth.h"

static char text[1024];

static const char *
written(struct httpauth *a, const struct httpauth_ask *ask)
{
	struct wr w;

	memset(text, 0, sizeof(text));
	wr_fixed(&w, text, sizeof(text) - 1);
	httpauth_write(a, ask, &w);
	assert_false(w.failed);
	return text;
}

static void
the_example_of_rfc_2617_has_its_digest(void **state)
{
	const struct httpauth_ask ask = { "GET", "/dir/index.html", "Mufasa",
		"Circle Of Life", "0a4f113b" };
	struct httpauth a = { .count = 7 };

	(void)state;
	assert_true(httpauth_take(&a,
	    "Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", "
	    "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
	    "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""));
	assert_string_equal(written(&a, &ask),
	    "Digest username=\"Mufasa\", realm=\"testrealm@host.com\", "
	    "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
	    "uri=\"/dir/index.html\", cnonce=\"0a4f113b\", nc=00000001, "
	    "qop=auth, response=\"6629fae49393a05397450978507c4ef1\", "
	    "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"");
	assert_non_null(strstr(written(&a, &ask), "nc=00000002"));
}

static void
the_example_of_rfc_7616_has_its_digests(void **state)
{
	const struct httpauth_ask ask = { "GET", "/dir/index.html", "Mufasa",
		"Circle of Life",
		"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ" };
	struct httpauth a = { .count = 0 };

	(void)state;
	assert_true(httpauth_take(&a,
	    "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", "
	    "algorithm=SHA-256, "
	    "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
	    "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""));
	assert_non_null(strstr(written(&a, &ask),
	    "response=\"753927fa0e85d155564e2e272a28d180"
	    "2ca10daf4496794697cf8db5856cb6c1\""));
	assert_non_null(strstr(text, "algorithm=SHA-256"));
	assert_true(httpauth_take(&a,
	    "Digest realm=\"http-auth@example.org\", qop=\"auth\", "
	    "algorithm=MD5, "
	    "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\""));
	assert_non_null(strstr(written(&a, &ask),
	    "response=\"8ca523f5e9506fed4657c9700eebdbec\""));
}

static void
what_cannot_be_answered_leaves_what_was_there(void **state)
{
	static const char *const bad[] = { "", "Digest", "Digest realm=\"r\"",
		"Digest nonce=\"\"", "Digest nonce=\"n", "Digest nonce",
		"nonce=\"n\"", "Basic nonce=\"n\"", "Digest, nonce",
		"Digest nonce=\"n\", qop=\"auth-int\"",
		"Digest nonce=\"n\", algorithm=SHA-512-256",
		"Digest nonce=\"n\", realm=\"a\001b\"",
		"Digest nonce=\"n\", =x", "Negotiate, Basic realm=\"b\"" };
	struct httpauth a = { .count = 0 };

	(void)state;
	assert_true(
	    httpauth_take(&a, "Digest nonce=kept,stale=TRUE,realm=\"r\""));
	assert_true(a.stale);
	assert_false(a.qop);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(httpauth_take(&a, bad[i]));
	assert_string_equal(a.nonce, "kept");
}

static void
quotes_in_a_realm_stay_quoted(void **state)
{
	const struct httpauth_ask ask = { "POST", "/wsman", "a\"b", "p", "00" };
	struct httpauth a = { .count = 0 };

	(void)state;
	assert_true(httpauth_take(&a, "Digest realm=\"x\\\"y\", nonce=\"n\""));
	assert_string_equal(a.realm, "x\"y");
	assert_non_null(
	    strstr(written(&a, &ask), "username=\"a\\\"b\", realm=\"x\\\"y\""));
	assert_null(strstr(text, "qop="));
}

/* RFC 9110, 11.6.1: schemes, tokens and parameters in one list. */
static void
the_first_of_a_list_that_can_be_answered_is_taken(void **state)
{
	static const char *const lists[] = {
		"Negotiate, Digest realm=\"r\", nonce=\"n\"",
		"Negotiate YII+/a==, digest realm=\"r\", nonce=n",
		"Digest realm=\"r\", nonce=\"n\", Negotiate",
		"Digest realm=\"r\", nonce=\"n\", Basic realm=\"b\"",
		"Basic realm=\"Digest nonce=1\" ,Digest realm=r,nonce=n",
		"Digest realm = \"r\" ,\tnonce\t= \"n\" , ,",
		"Digest realm=\"x\", nonce=\"1\", algorithm=SHA-512-256, "
		"Digest realm=\"r\", nonce=\"n\"",
		"Digest realm=\"r\", nonce=\"n\", "
		"Digest realm=\"x\", nonce=\"2\", algorithm=SHA-256",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct httpauth a = { .nonce = "old" };

		assert_true(httpauth_take(&a, lists[i]));
		assert_string_equal(a.realm, "r");
		assert_string_equal(a.nonce, "n");
		assert_string_equal(a.algorithm, "");
	}
}

/* Of any length, where it is not ours. */
static void
a_long_parameter_of_another_scheme_is_passed_over(void **state)
{
	struct httpauth a = { .count = 0 };
	char list[600];

	(void)state;
	snprintf(list, sizeof(list), "New x=\"%0400d\", %s", 0,
	    "Digest realm=\"r\", nonce=\"n\"");
	assert_true(httpauth_take(&a, list));
	assert_string_equal(a.nonce, "n");
	snprintf(list, sizeof(list), "Digest nonce=\"n\", x=\"%0400d\"", 0);
	assert_false(httpauth_take(&a, list));
}

static void
schemes_are_told_as_far_as_they_fit(void **state)
{
	char out[HTTPAUTH_SCHEMES] = "";

	(void)state;
	httpauth_schemes("Negotiate abc=, NTLM", out);
	httpauth_schemes("Basic realm=\"a, b\"", out);
	assert_string_equal(out, "Negotiate, NTLM, Basic");
	httpauth_schemes(
	    "A\033b, A-scheme-of-quite-some-length-that-nobody-has", out);
	httpauth_schemes("Digest nonce=\"n\"", out);
	assert_string_equal(out, "Negotiate, NTLM, Basic, Digest");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_example_of_rfc_2617_has_its_digest),
		cmocka_unit_test(the_example_of_rfc_7616_has_its_digests),
		cmocka_unit_test(what_cannot_be_answered_leaves_what_was_there),
		cmocka_unit_test(quotes_in_a_realm_stay_quoted),
		cmocka_unit_test(
		    the_first_of_a_list_that_can_be_answered_is_taken),
		cmocka_unit_test(
		    a_long_parameter_of_another_scheme_is_passed_over),
		cmocka_unit_test(schemes_are_told_as_far_as_they_fit),
	};

	crypto_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
