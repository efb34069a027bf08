/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "base/text.h"
#include "device/auth.h"

#define REALM "Digest:A4070000000000000000000000000000"

static struct auth a;
static char ha1[AUTH_HA1];
static const char *nonce;
static bool any_qop;

static int
start(void **state)
{
	const uint8_t random[AUTH_NONCE_BYTES] = "twenty-four random bytes";

	(void)state;
	memset(&a, 0, sizeof(a));
	any_qop = false;
	auth_ha1(ha1, "admin", REALM, "P@ssw0rd1");
	nonce = auth_nonce(&a, random);
	return 0;
}

static void
md5(char out[33], const char *text)
{
	uint8_t md[16];

	crypto_md5(text, strlen(text), md);
	text_hex(out, md, 16);
}

/* A client's header; quote is put around nc and qop. */
static void
header(char out[512], const char *password, const char *nc, const char *quote)
{
	char h1[33], h2[33], response[33], text[256];

	auth_ha1(h1, "admin", REALM, password);
	md5(h2, "POST:/wsman");
	snprintf(
	    text, sizeof(text), "%s:%s:%s:abcd:auth:%s", h1, nonce, nc, h2);
	md5(response, text);
	snprintf(out, 512,
	    "Digest username=\"admin\",realm=\"" REALM "\",nonce=\"%s\","
	    "uri=\"/wsman\",cnonce=\"abcd\",nc=%s%s%s, qop=%sauth%s,"
	    "response=\"%s\"",
	    nonce, quote, nc, quote, quote, quote, response);
}

static enum auth_verdict
ask(const char *text)
{
	const struct auth_ask q = { text, "POST", "/wsman", "admin", REALM, ha1,
		any_qop };

	return auth_check(&a, &q);
}

/* Values that MeshCentral's code computed. */
static void
the_published_digests_of_passwords_hold(void **state)
{
	(void)state;
	assert_string_equal(ha1, "dea29bb6877e1147b3f3a35646b599ee");
	auth_ha1(ha1, "admin", REALM, "");
	assert_string_equal(ha1, "907c2959b8e2bb45c1bd57a0ba46d2d5");
	auth_ha1(ha1, "admin", REALM, "admin");
	assert_string_equal(ha1, "00360e4baa903393fa8cc352d0e30083");
}

static void
a_right_answer_is_taken_with_quotes_and_without(void **state)
{
	char h[512];

	(void)state;
	header(h, "P@ssw0rd1", "00000001", "");
	assert_int_equal(ask(h), AUTH_OK);
	header(h, "P@ssw0rd1", "00000002", "\"");
	assert_int_equal(ask(h), AUTH_OK);
}

static void
blanks_may_stand_around_a_parameters_sign(void **state)
{
	char h[512], wide[600];
	size_t n = 0;

	(void)state;
	header(h, "P@ssw0rd1", "00000001", "");
	for (const char *p = h; *p != '\0'; p++)
		n += (size_t)snprintf(
		    wide + n, sizeof(wide) - n, *p == '=' ? " \t= " : "%c", *p);
	assert_int_equal(ask(wide), AUTH_OK);
	assert_int_equal(ask("Digest nc 1"), AUTH_BAD);
	assert_int_equal(ask("Digest = 1"), AUTH_BAD);
	assert_int_equal(ask("Digest nc ="), AUTH_BAD);
}

/* What another algorithm would have made of the password is not compared. */
static void
an_answer_by_another_algorithm_is_not_taken_for_md5(void **state)
{
	static const struct {
		const char *name;
		enum auth_verdict verdict;
	} said[] = { { "SHA-256", AUTH_BAD }, { "MD5-sess", AUTH_BAD },
		{ "\"MD5-sess\"", AUTH_BAD }, { "MD5", AUTH_OK },
		{ "\"md5\"", AUTH_OK } };
	char h[512], nc[9], all[600];

	(void)state;
	for (unsigned i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		snprintf(nc, sizeof(nc), "%08x", i + 1);
		header(h, "P@ssw0rd1", nc, "");
		snprintf(all, sizeof(all), "%s,algorithm=%s", h, said[i].name);
		assert_int_equal(ask(all), said[i].verdict);
	}
}

static void
the_targets_absolute_form_is_its_path(void **state)
{
	char text[512], h1[33], h2[33], response[33], part[256];

	(void)state;
	auth_ha1(h1, "admin", REALM, "P@ssw0rd1");
	md5(h2, "POST:https://host:16993/wsman");
	snprintf(
	    part, sizeof(part), "%s:%s:00000001:abcd:auth:%s", h1, nonce, h2);
	md5(response, part);
	snprintf(text, sizeof(text),
	    "Digest username=\"admin\",realm=\"" REALM "\",nonce=\"%s\","
	    "uri=\"https://host:16993/wsman\",cnonce=\"abcd\",nc=00000001,"
	    "qop=auth,response=\"%s\"",
	    nonce, response);
	assert_int_equal(ask(text), AUTH_OK);
}

static void
a_request_that_was_seen_before_is_stale(void **state)
{
	char h[512];

	(void)state;
	header(h, "P@ssw0rd1", "00000002", "");
	assert_int_equal(ask(h), AUTH_OK);
	assert_int_equal(ask(h), AUTH_STALE);
	header(h, "P@ssw0rd1", "00000001", "");
	assert_int_equal(ask(h), AUTH_STALE);
}

static void
a_nonce_that_is_forgotten_is_stale(void **state)
{
	uint8_t random[AUTH_NONCE_BYTES] = { 0 };
	char h[512];

	(void)state;
	header(h, "P@ssw0rd1", "00000001", "");
	for (size_t i = 0; i < AUTH_NONCES; i++) {
		random[0] = (uint8_t)i;
		auth_nonce(&a, random);
	}
	assert_int_equal(ask(h), AUTH_STALE);
}

static void
a_wrong_password_is_bad_and_uses_no_count(void **state)
{
	char h[512];

	(void)state;
	header(h, "password", "00000001", "");
	assert_int_equal(ask(h), AUTH_BAD);
	header(h, "P@ssw0rd1", "00000001", "");
	assert_int_equal(ask(h), AUTH_OK);
}

static void
an_account_without_a_password_lets_nobody_in(void **state)
{
	char h[512];

	(void)state;
	header(h, "", "00000001", "");
	ha1[0] = '\0';
	assert_int_equal(ask(h), AUTH_BAD);
}

/* As RFC 2069 has it. */
static void
old_header(char out[512], const char *more)
{
	char h2[33], response[33], text[256];

	md5(h2, "POST:/wsman");
	snprintf(text, sizeof(text), "%s:%s:%s", ha1, nonce, h2);
	md5(response, text);
	snprintf(out, 512,
	    "Digest username=\"admin\", realm=\"" REALM "\", nonce=\"%s\", "
	    "uri=\"/wsman\", response=\"%s\"%s",
	    nonce, response, more);
}

static void
without_a_qop_a_nonce_serves_once_and_only_if_asked_for(void **state)
{
	char h[512];

	(void)state;
	old_header(h, "");
	assert_int_equal(ask(h), AUTH_BAD);
	any_qop = true;
	old_header(h, ", nc=00000001");
	assert_int_equal(ask(h), AUTH_BAD);
	old_header(h, ", qop=auth");
	assert_int_equal(ask(h), AUTH_BAD);
	old_header(h, "");
	assert_int_equal(ask(h), AUTH_OK);
	assert_int_equal(ask(h), AUTH_STALE);
	header(h, "P@ssw0rd1", "ffffffff", "");
	assert_int_equal(ask(h), AUTH_STALE);
	start(NULL);
	any_qop = true;
	header(h, "P@ssw0rd1", "00000001", "");
	assert_int_equal(ask(h), AUTH_OK);
	old_header(h, "");
	assert_int_equal(ask(h), AUTH_STALE);
}

/* Each: one part of a good header changed. */
static void
each_part_is_checked(void **state)
{
	static const char *const change[][2] = {
		{ "\"admin\"", "\"root\"" },
		{ "realm=\"Digest:A", "realm=\"Digest:B" },
		{ "uri=\"/wsman\"", "uri=\"/other\"" },
		{ "qop=auth", "qop=auth-int" },
		{ "cnonce=\"abcd\"", "cnonce=\"\"" },
		{ "nc=00000001", "nc=1" },
		{ "nc=00000001", "nc=0000000g" },
		{ "Digest ", "Basic " },
		{ "cnonce=\"abcd\"", "cnonce=\"abcd" },
		{ "cnonce=\"abcd\"", "cnonce=\"abcd\",cnonce=\"abcd\"" },
	};
	char h[512], bent[600];
	const char *at;

	(void)state;
	for (size_t i = 0; i < sizeof(change) / sizeof(change[0]); i++) {
		header(h, "P@ssw0rd1", "00000001", "");
		assert_non_null(at = strstr(h, change[i][0]));
		snprintf(bent, sizeof(bent), "%.*s%s%s", (int)(at - h), h,
		    change[i][1], at + strlen(change[i][0]));
		assert_int_equal(ask(bent), AUTH_BAD);
	}
	assert_int_equal(ask(""), AUTH_MISSING);
	assert_int_equal(ask(h), AUTH_OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
		    the_published_digests_of_passwords_hold, start),
		cmocka_unit_test_setup(
		    a_right_answer_is_taken_with_quotes_and_without, start),
		cmocka_unit_test_setup(
		    blanks_may_stand_around_a_parameters_sign, start),
		cmocka_unit_test_setup(
		    an_answer_by_another_algorithm_is_not_taken_for_md5, start),
		cmocka_unit_test_setup(
		    the_targets_absolute_form_is_its_path, start),
		cmocka_unit_test_setup(
		    a_request_that_was_seen_before_is_stale, start),
		cmocka_unit_test_setup(
		    a_nonce_that_is_forgotten_is_stale, start),
		cmocka_unit_test_setup(
		    a_wrong_password_is_bad_and_uses_no_count, start),
		cmocka_unit_test_setup(
		    an_account_without_a_password_lets_nobody_in, start),
		cmocka_unit_test_setup(
		    without_a_qop_a_nonce_serves_once_and_only_if_asked_for,
		    start),
		cmocka_unit_test_setup(each_part_is_checked, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
