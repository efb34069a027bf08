/* SPDX-License-Identifier: Apache-2.0 */
/* Keys, certificates and TLS settings of a machine. */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "base/x509.h"
#include "tests/askamt.h"

/* The whole way of a TLS certificate, as servers go it. */
static void
a_key_made_here_gets_a_certificate_that_is_then_used(void **unused)
{
	const struct wsman_field gen[] = { { "KeyAlgorithm", "0", NULL },
		{ "KeyLength", "2048", NULL } };
	const struct x509_make make = { .cn = "unit", .days = 9 };
	const struct wsman_request put = { .op = WSMAN_PUT,
		.class = "AMT_TLSCredentialContext" };
	const struct wsman_field bind[] = { { "ElementInContext",
	    "Intel(r) AMT Certificate: Handle: 0",
	    "AMT_PublicKeyCertificate" } };
	const struct wsman_field renew[] = { { "ElementInContext",
	    "Intel(r) AMT Certificate: Handle: 1",
	    "AMT_PublicKeyCertificate" } };
	const struct wsman_field tls[] = { { "Enabled", "true", NULL },
		{ "MutualAuthentication", "false", NULL } };
	struct wsman_field blob = { "CertificateBlob", NULL, NULL };
	char b64[4096], pub[1024];
	struct crypto_key *ca = NULL;
	struct x509 *cert = NULL;
	struct err e = { 0 };
	size_t n = sizeof(pub);
	const uint8_t *der;
	const char *key;

	(void)unused;
	assert_int_equal(call2(KEYS, "GenerateKeyPair", gen, 2), 0);
	assert_string_equal(
	    node_text(
		res.body, "KeyPair/ReferenceParameters/SelectorSet/Selector"),
	    "Intel(r) AMT Key: Handle: 0");
	assert_int_equal(pull("AMT_PublicPrivateKeyPair"), 1);
	key = node_text(res.items->child, "DERKey");
	assert_memory_equal(key, "MIIBCgKC", 8); /* PKCS#1, as captured */
	assert_true(text_unb64(pub, &n, key, strlen(key)));
	assert_int_equal(crypto_key_new(CRYPTO_EC256, &ca, &e), ERR_OK);
	assert_int_equal(
	    x509_new_for_public(&make, pub, n, NULL, ca, &cert, &e), ERR_OK);
	der = x509_der(cert, &n);
	text_b64(b64, der, n);
	blob.value = b64;
	assert_int_equal(call2(KEYS, "AddCertificate", &blob, 1), 0);
	assert_int_equal(pull("AMT_PublicKeyCertificate"), 1);
	/* MeshCentral takes both names to pieces. */
	assert_string_equal(node_text(res.items->child, "Subject"), "CN=unit");
	assert_non_null(node_text(res.items->child, "Issuer"));
	ask(&(struct wsman_request){ .op = WSMAN_CREATE,
		.class = "AMT_TLSCredentialContext" },
	    bind, 1);
	assert_int_equal(status, 200);
	assert_int_equal(state.credential, 0);
	assert_int_equal(pull("AMT_TLSCredentialContext"), 1);
	ask(&(struct wsman_request){ .op = WSMAN_PUT,
		.class = "AMT_TLSSettingData",
		.sel_name = "InstanceID",
		.sel_value = "Intel(r) AMT 802.3 TLS Settings" },
	    tls, 2);
	assert_int_equal(status, 200);
	assert_string_equal(node_text(res.body, "Enabled"), "true");
	assert_true(state.tls_enabled[0] && !state.tls_enabled[1]);
	/* The next one, while TLS is on. */
	ask(&put, renew, 1);
	assert_int_equal(status, 400);
	assert_int_equal(state.credential, 0);
	assert_int_equal(call2(KEYS, "AddCertificate", &blob, 1), 0);
	ask(&put, renew, 1);
	assert_int_equal(status, 200);
	assert_string_equal(
	    wsman_selector(
		node_child(res.body, "ElementInContext"), "InstanceID"),
	    "Intel(r) AMT Certificate: Handle: 1");
	assert_int_equal(state.credential, 1);
	x509_free(cert);
	crypto_key_free(ca);
}

/* As in a PEM file. */
static void
a_certificate_may_come_in_lines(void **unused)
{
	const struct x509_make make = { .cn = "in lines", .days = 9 };
	struct wsman_field blob = { "CertificateBlob", NULL, NULL };
	struct crypto_key *k = NULL;
	struct x509 *cert = NULL;
	struct err e = { 0 };
	char b64[4096];
	const uint8_t *der;
	struct wr lines;
	size_t n;

	(void)unused;
	assert_int_equal(crypto_key_new(CRYPTO_EC256, &k, &e), ERR_OK);
	assert_int_equal(x509_new(&make, k, NULL, NULL, &cert, &e), ERR_OK);
	der = x509_der(cert, &n);
	text_b64(b64, der, n);
	wr_grow(&lines, 2 * sizeof(b64));
	for (const char *p = b64; *p != '\0'; p += strnlen(p, 64))
		wr_fmt(&lines, "\n%.64s", p);
	wr_u8(&lines, '\0');
	blob.value = (const char *)lines.buf;
	assert_int_equal(call2(KEYS, "AddCertificate", &blob, 1), 0);
	assert_int_equal(call2(KEYS, "AddTrustedRootCertificate", &blob, 1), 0);
	assert_int_equal(state.certs[0].n, n);
	assert_memory_equal(state.certs[1].p, der, n);
	wr_free(&lines);
	x509_free(cert);
	crypto_key_free(k);
}

static void
truth_values_are_words_or_digits(void **unused)
{
	const struct wsman_request put = { .op = WSMAN_PUT,
		.class = "AMT_GeneralSettings" };
	static const struct {
		const char *text;
		bool good, is;
	} values[] = { { "1", true, true }, { "0", true, false },
		{ "true", true, true }, { "false", true, false },
		{ "2", false, false }, { "TRUE", false, false },
		{ "", false, false } };
	struct wsman_field f = { "PingResponseEnabled", NULL, NULL };

	(void)unused;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		f.value = values[i].text;
		ask(&put, &f, 1);
		assert_int_equal(status, values[i].good ? 200 : 400);
		if (values[i].good)
			assert_string_equal(
			    node_text(res.body, "PingResponseEnabled"),
			    values[i].is ? "true" : "false");
	}
}

static void
a_certificate_whose_key_is_not_here_is_not_bound(void **unused)
{
	const struct x509_make make = { .cn = "other", .days = 9 };
	const struct wsman_field bind[] = { { "ElementInContext",
	    "Intel(r) AMT Certificate: Handle: 0",
	    "AMT_PublicKeyCertificate" } };
	struct wsman_field blob = { "CertificateBlob", NULL, NULL };
	struct crypto_key *k = NULL;
	struct x509 *cert = NULL;
	struct err e = { 0 };
	const uint8_t *der;
	char b64[4096];
	size_t n;

	(void)unused;
	assert_int_equal(crypto_key_new(CRYPTO_EC256, &k, &e), ERR_OK);
	assert_int_equal(x509_new(&make, k, NULL, NULL, &cert, &e), ERR_OK);
	der = x509_der(cert, &n);
	text_b64(b64, der, n);
	blob.value = b64;
	assert_int_equal(call2(KEYS, "AddCertificate", &blob, 1), 0);
	ask(&(struct wsman_request){ .op = WSMAN_CREATE,
		.class = "AMT_TLSCredentialContext" },
	    bind, 1);
	assert_int_equal(status, 400);
	assert_int_equal(state.credential, -1);
	x509_free(cert);
	crypto_key_free(k);
}

static void
there_are_exactly_two_tls_settings(void **unused)
{
	(void)unused;
	assert_int_equal(pull("AMT_TLSSettingData"), 2);
	assert_string_equal(node_text(res.items->child, "InstanceID"),
	    "Intel(r) AMT 802.3 TLS Settings");
	assert_string_equal(node_text(res.items->child->next, "InstanceID"),
	    "Intel(r) AMT LMS TLS Settings");
}

static void
put_tls(const struct wsman_field *f, size_t n)
{
	ask(&(struct wsman_request){ .op = WSMAN_PUT,
		.class = "AMT_TLSSettingData",
		.sel_name = "InstanceID",
		.sel_value = "Intel(r) AMT 802.3 TLS Settings" },
	    f, n);
}

static void
what_a_put_does_not_name_stays(void **unused)
{
	struct wsman_field f[] = { { "Enabled", "true", NULL },
		{ "MutualAuthentication", "true", NULL },
		{ "AcceptNonSecureConnections", "true", NULL } };

	(void)unused;
	assert_non_null(switches_own(&state.switches));
	state.switches->roots = 1;
	put_tls(f, 3);
	assert_int_equal(status, 200);
	put_tls(f, 1);
	assert_int_equal(status, 200);
	assert_string_equal(
	    node_text(res.body, "MutualAuthentication"), "true");
	assert_string_equal(
	    node_text(res.body, "AcceptNonSecureConnections"), "true");
	f[1].value = "false";
	put_tls(f, 2);
	assert_true(state.tls_enabled[0] && state.tls_plain[0]);
	assert_false(state.tls_mutual[0]);
	f[1].value = "maybe";
	put_tls(f, 2);
	assert_int_equal(status, 400);
	put_tls(f + 1, 1); /* Enabled is wanted */
	assert_int_equal(status, 400);
}

static void
remove_certificate(const char *id)
{
	ask(&(struct wsman_request){ .op = WSMAN_DELETE,
		.class = "AMT_PublicKeyCertificate",
		.sel_name = "InstanceID",
		.sel_value = id },
	    NULL, 0);
}

/* Nobody could log in by it. */
static void
tls_is_not_mutual_without_a_root(void **unused)
{
	struct wsman_field f[] = { { "Enabled", "true", NULL },
		{ "MutualAuthentication", "true", NULL } };
	const char *first = "Intel(r) AMT Certificate: Handle: 0";
	const char *second = "Intel(r) AMT Certificate: Handle: 1";
	struct err e = { 0 };

	(void)unused;
	put_tls(f, 2);
	assert_int_equal(status, 400);
	assert_non_null(res.fault);
	assert_false(state.tls_enabled[0] || state.tls_mutual[0]);
	f[0].value = "false";
	put_tls(f, 2); /* off, it shuts nobody out */
	assert_int_equal(status, 200);
	f[0].value = "true";
	put_tls(f, 1);
	assert_int_equal(status, 400);
	assert_int_equal(state_blob_set(&state.certs[0], "a", 1, &e), ERR_OK);
	assert_int_equal(state_blob_set(&state.certs[1], "b", 1, &e), ERR_OK);
	assert_non_null(switches_own(&state.switches));
	state.switches->roots = 3;
	put_tls(f, 1);
	assert_int_equal(status, 200);
	assert_true(state.tls_enabled[0] && state.tls_mutual[0]);
	remove_certificate(first);
	assert_int_equal(status, 200);
	remove_certificate(second);
	assert_int_equal(status, 400);
	assert_int_equal(state.certs[1].n, 1);
	f[1].value = "false";
	put_tls(f, 2);
	assert_int_equal(status, 200);
	remove_certificate(second);
	assert_int_equal(status, 200);
	assert_int_equal(state.certs[1].n, 0);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, start, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_key_made_here_gets_a_certificate_that_is_then_used),
		CASE(a_certificate_may_come_in_lines),
		CASE(truth_values_are_words_or_digits),
		CASE(a_certificate_whose_key_is_not_here_is_not_bound),
		CASE(there_are_exactly_two_tls_settings),
		CASE(what_a_put_does_not_name_stays),
		CASE(tls_is_not_mutual_without_a_root),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
