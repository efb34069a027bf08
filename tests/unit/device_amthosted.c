/* SPDX-License-Identifier: Apache-2.0 */
/* A host sets its machine up: each value that its methods return. */
#include "tests/unit.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/x509.h"
#include "formats/reason.h"
#include "tests/oneamt.h"

#define HOSTED "IPS_HostBasedSetupService"
#define HA1 "00360e4baa903393fa8cc352d0e30083"
#define CERTS 4 /* leaf, two authorities, root */

static enum reason_id judged; /* REASON_NONE: the chain is good */
static int root_type;
static uint8_t next_random;

static struct crypto_key *keys[CERTS];
static struct x509 *certs[CERTS];
static char b64[CERTS][4096];

static enum err_code
fill(void *arg, void *p, size_t n, struct err *e)
{
	(void)arg;
	(void)e;
	memset(p, ++next_random, n);
	return ERR_OK;
}

static enum err_code
judge(void *arg, const struct x509_chain *c, struct state_record *r,
    struct err *e)
{
	(void)arg;
	assert_true(x509_self_signed(c->cert[c->n - 1]));
	if (judged != REASON_NONE)
		return err_refuse(e, ERR_PERM, reason_get(judged), "no");
	strcpy(r->fqdn, "prov.example.com");
	r->hash_type = root_type;
	return ERR_OK;
}

static int
start_all(void **unused)
{
	static const char *const names[] = { "leaf", "sub", "mid", "root" };
	struct err e = { 0 };
	const uint8_t *der;
	size_t n;

	(void)unused;
	for (size_t i = CERTS; i-- > 0;) {
		const struct x509_make make = {
			.cn = names[i], .days = 9, .ca = i > 0
		};

		assert_int_equal(
		    crypto_key_new(CRYPTO_RSA2048, &keys[i], &e), ERR_OK);
		assert_int_equal(
		    x509_new(&make, keys[i],
			i + 1 < CERTS ? certs[i + 1] : NULL,
			i + 1 < CERTS ? keys[i + 1] : NULL, &certs[i], &e),
		    ERR_OK);
		der = x509_der(certs[i], &n);
		text_b64(b64[i], der, n);
	}
	return 0;
}

static int
end_all(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < CERTS; i++) {
		crypto_key_free(keys[i]);
		x509_free(certs[i]);
	}
	return 0;
}

static int
start(void **unused)
{
	(void)unused;
	open_amt(11);
	host.random = fill;
	host.judge = judge;
	host.chain_max = 4;
	host.host_setup = -1;
	amt.by_host = true;
	state.phase = STATE_PRE;
	factory.enabled = true;
	strcpy(factory.otp, "Factory!Otp1");
	state.credential = state.enabled = -1;
	judged = REASON_NONE;
	root_type = HASH_SHA256;
	return 0;
}

static int
end(void **unused)
{
	(void)unused;
	close_amt();
	return 0;
}

static void
ask(const struct wsman_request *q, const struct wsman_field *f, size_t n)
{
	assert_true(answer_request(q, f, n));
}

static const char *
get(const char *class, const char *field)
{
	ask(&(struct wsman_request){ .op = WSMAN_GET, .class = class }, NULL,
	    0);
	return node_text(res.body, field);
}

static int
call(const char *method, const struct wsman_field *f, size_t n)
{
	ask(
	    &(struct wsman_request){
		.op = WSMAN_INVOKE, .class = HOSTED, .method = method },
	    f, n);
	return status == 200 ? res.return_value : -1;
}

static int
setup(const char *how, const char *password)
{
	const struct wsman_field f[] = {
		{ "NetAdminPassEncryptionType", how, NULL },
		{ "NetworkAdminPassword", password, NULL },
	};

	return call("Setup", f, 2);
}

static int
add(size_t i, bool leaf, bool root)
{
	const struct wsman_field f[] = {
		{ "NextCertificate", b64[i], NULL },
		{ "IsLeafCertificate", leaf ? "true" : "false", NULL },
		{ "IsRootCertificate", root ? "true" : "false", NULL },
	};

	return call("AddNextCertInChain", f, 3);
}

static void
add_all(void)
{
	for (size_t i = 0; i < CERTS; i++)
		assert_int_equal(add(i, i == 0, i + 1 == CERTS), 0);
	assert_string_equal(get(HOSTED, "CertChainStatus"), "2");
}

/* By the leaf's key, on both nonces, or in reverse. */
static void
sign(const EVP_MD *md, bool reverse, char out[static TEXT_B64_SIZE(256)])
{
	uint8_t both[40], sig[256];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t n = 20, len = sizeof(sig);
	const char *nonce = get(HOSTED, "ConfigurationNonce");

	memset(both, 0x6d, sizeof(both));
	assert_true(
	    text_unb64(both + (reverse ? 20 : 0), &n, nonce, strlen(nonce)));
	assert_int_equal(n, 20);
	assert_int_equal(
	    EVP_DigestSignInit(ctx, NULL, md, NULL, crypto_key_pkey(keys[0])),
	    1);
	assert_int_equal(EVP_DigestSign(ctx, sig, &len, both, sizeof(both)), 1);
	EVP_MD_CTX_free(ctx);
	text_b64(out, sig, len);
}

/* AdminSetup, or with a certificate in place of a chain Setup. */
static int
proved(const char *method, const char *algorithm, const char *signature)
{
	uint8_t mc[20];
	char mc64[TEXT_B64_SIZE(20)];
	const struct wsman_field f[] = {
		{ "NetAdminPassEncryptionType", "2", NULL },
		{ "NetworkAdminPassword", HA1, NULL },
		{ "McNonce", mc64, NULL },
		{ "SigningAlgorithm", algorithm, NULL },
		{ "DigitalSignature", signature, NULL },
		{ "Certificate", b64[0], NULL },
	};

	memset(mc, 0x6d, sizeof(mc));
	text_b64(mc64, mc, sizeof(mc));
	return call(method, f, strcmp(method, "Setup") == 0 ? 6 : 5);
}

static void
setup_ends_in_client_control_mode(void **unused)
{
	char nonce[40];

	(void)unused;
	snprintf(nonce, sizeof(nonce), "%s", get(HOSTED, "ConfigurationNonce"));
	assert_string_equal(get(HOSTED, "ConfigurationNonce"), nonce);
	assert_string_equal(get(HOSTED, "CurrentControlMode"), "0");
	assert_int_equal(setup("2", HA1), 0);
	assert_int_equal(amt.event, AMT_COMMITTED);
	assert_int_equal(state_control(&state), STATE_CONTROL_CLIENT);
	assert_string_equal(state.ha1, HA1);
	assert_string_equal(get(HOSTED, "CurrentControlMode"), "1");
	assert_string_not_equal(get(HOSTED, "ConfigurationNonce"), nonce);
	assert_string_equal(get("IPS_ClientProvisioningRecord", "InstanceID"),
	    "Intel(r) AMT: RecordLog 1");
	get("IPS_TLSProvisioningRecord", "InstanceID");
	assert_non_null(res.fault);
	assert_int_equal(setup("2", HA1), 2);
}

static void
a_server_that_commits_leaves_another_nonce(void **unused)
{
	const struct wsman_field f = { "Password", "P@ssw0rd1", NULL };
	struct wsman_request q = { .op = WSMAN_INVOKE,
		.class = "AMT_SetupAndConfigurationService",
		.method = "SetMEBxPassword" };
	char nonce[40];

	(void)unused;
	amt.by_host = false;
	state.phase = STATE_IN;
	snprintf(nonce, sizeof(nonce), "%s", get(HOSTED, "ConfigurationNonce"));
	ask(&q, &f, 1);
	assert_string_equal(get(HOSTED, "ConfigurationNonce"), nonce);
	q.method = "CommitChanges";
	ask(&q, NULL, 0);
	assert_int_equal(res.return_value, 0);
	assert_string_not_equal(get(HOSTED, "ConfigurationNonce"), nonce);
	snprintf(nonce, sizeof(nonce), "%s", get(HOSTED, "ConfigurationNonce"));
	ask(&q, NULL, 0); /* nothing is set up by it any more */
	assert_int_equal(res.return_value, 0);
	assert_string_equal(get(HOSTED, "ConfigurationNonce"), nonce);
}

static void
setup_says_what_was_wrong(void **unused)
{
	(void)unused;
	assert_int_equal(setup("1", HA1), 3);
	assert_int_equal(setup("2", "secret"), 3);
	assert_int_equal(setup("2", "ADYOS6qQM5P6jMNS0OMAg=="), 3);
	assert_int_equal(call("Setup", NULL, 0), 3);
	state.phase = STATE_IN;
	assert_int_equal(setup("2", HA1), 2);
	state.phase = STATE_PRE;
	factory.enabled = false;
	assert_int_equal(setup("2", HA1), 4);
	factory.enabled = true;
	factory.mode = RECORD_SMB;
	assert_int_equal(setup("2", HA1), 4);
	factory.mode = RECORD_ENTERPRISE;
	save_fails = true;
	assert_int_equal(setup("2", HA1), 6);
	assert_int_equal(state.phase, STATE_PRE);
	assert_string_equal(state.ha1, "");
	assert_false(state.client || state.record.present);
	save_fails = false;
	assert_int_equal(setup("2", "ADYOS6qQM5P6jMNS0OMAgw=="), 0);
	assert_string_equal(state.ha1, HA1);
}

static void
a_certificate_with_setup_is_proved_and_recorded(void **unused)
{
	char sig[TEXT_B64_SIZE(256)], hash[65];
	uint8_t sha[32];

	(void)unused;
	assert_int_equal(proved("Setup", "2", ""), 3);
	sign(EVP_sha256(), true, sig);
	assert_int_equal(proved("Setup", "2", sig), 5);
	assert_int_equal(state.phase, STATE_PRE);
	sign(EVP_sha256(), false, sig);
	assert_int_equal(proved("Setup", "2", sig), 0);
	x509_sha256(certs[0], sha);
	text_hex(hash, sha, sizeof(sha));
	assert_string_equal(state.record.hash, hash);
}

static void
a_certificate_of_a_chain_may_come_in_lines(void **unused)
{
	char lines[sizeof(b64[0]) + 2];
	const struct wsman_field f[] = { { "NextCertificate", lines, NULL },
		{ "IsLeafCertificate", "1", NULL } };
	const struct wsman_field none = { "NextCertificate", " \n", NULL };

	(void)unused;
	memcpy(lines, b64[0], 64);
	lines[64] = '\n';
	strcpy(lines + 65, b64[0] + 64);
	assert_int_equal(call("AddNextCertInChain", &none, 1), 1);
	assert_int_equal(call("AddNextCertInChain", f, 2), 0);
	assert_string_equal(get(HOSTED, "CertChainStatus"), "1");
}

static void
a_chain_goes_from_leaf_to_root(void **unused)
{
	const struct wsman_field junk = { "NextCertificate", "AAAA", NULL };

	(void)unused;
	assert_int_equal(call("AddNextCertInChain", NULL, 0), 1);
	assert_int_equal(add(1, false, false), 3); /* no leaf yet */
	assert_int_equal(add(0, true, false), 0);
	assert_string_equal(get(HOSTED, "CertChainStatus"), "1");
	assert_int_equal(call("AddNextCertInChain", &junk, 1), 1);
	assert_int_equal(add(2, false, false), 4); /* not its issuer */
	assert_string_equal(get(HOSTED, "CertChainStatus"), "0");
	assert_int_equal(add(0, true, false), 0);
	assert_int_equal(add(1, false, true), 4); /* no root */
	add_all();
	assert_int_equal(add(3, false, true), 3);
	add_all(); /* a leaf begins anew */
	host.chain_max = 3;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(add(i, i == 0, false), 0);
	assert_int_equal(add(3, false, true), 5);
	state.phase = STATE_IN;
	assert_int_equal(add(0, true, false), 3);
}

static void
a_chain_is_judged_with_its_root(void **unused)
{
	static const struct {
		enum reason_id reason;
		int value;
	} t[] = { { REASON_SUFFIX_MISMATCH, 4 }, { REASON_ROOT_NOT_LISTED, 4 },
		{ REASON_CHAIN_TOO_LONG, 5 } };

	(void)unused;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		judged = t[i].reason;
		for (size_t k = 0; k < 3; k++)
			assert_int_equal(add(k, k == 0, false), 0);
		assert_int_equal(add(3, false, true), t[i].value);
		assert_ptr_equal(
		    amt.hosted->refusal.reason, reason_get(judged));
		assert_int_equal(proved("AdminSetup", "2", "AAAA"), 2);
	}
}

static void
admin_setup_wants_the_leafs_signature_on_both_nonces(void **unused)
{
	char sig[TEXT_B64_SIZE(256)], old[TEXT_B64_SIZE(256)];

	(void)unused;
	sign(EVP_sha256(), false, sig);
	assert_int_equal(proved("AdminSetup", "2", sig), 2); /* no chain */
	add_all();
	assert_int_equal(proved("AdminSetup", "1", sig), 3);
	assert_int_equal(proved("AdminSetup", "2", "not base64"), 3);
	sign(EVP_sha256(), true, old);
	assert_int_equal(proved("AdminSetup", "2", old), 5);
	sign(EVP_sha1(), false, old);
	assert_int_equal(proved("AdminSetup", "2", old), 5);
	save_fails = true;
	assert_int_equal(proved("AdminSetup", "2", sig), 6);
	save_fails = false;
	assert_int_equal(proved("AdminSetup", "2", sig), 0);
	assert_int_equal(state_control(&state), STATE_CONTROL_ADMIN);
	assert_string_equal(get("IPS_AdminProvisioningRecord", "CertificateCN"),
	    "prov.example.com");
	assert_string_equal(get(HOSTED, "CertChainStatus"), "0");
	assert_int_equal(proved("AdminSetup", "2", sig), 2);
}

static void
a_chain_that_is_good_no_longer_sets_nothing_up(void **unused)
{
	char sig[TEXT_B64_SIZE(256)];

	(void)unused;
	add_all();
	sign(EVP_sha256(), false, sig);
	judged = REASON_SUFFIX_MISMATCH;
	assert_int_equal(proved("AdminSetup", "2", sig), 5);
	assert_int_equal(state.phase, STATE_PRE);
	assert_string_equal(get(HOSTED, "CertChainStatus"), "0");
	judged = REASON_NONE;
	assert_int_equal(setup("2", HA1), 0);
	add_all();
	sign(EVP_sha256(), false, sig);
	judged = REASON_ROOT_NOT_LISTED;
	assert_int_equal(proved("UpgradeClientToAdmin", "2", sig), 5);
	assert_int_equal(state_control(&state), STATE_CONTROL_CLIENT);
}

static void
a_chain_sets_no_small_business_machine_up(void **unused)
{
	char sig[TEXT_B64_SIZE(256)];

	(void)unused;
	add_all();
	sign(EVP_sha256(), false, sig);
	factory.mode = RECORD_SMB;
	assert_int_equal(proved("AdminSetup", "2", sig), 2);
	assert_int_equal(add(0, true, false), 3);
	assert_int_equal(state.phase, STATE_PRE);
}

static void
sha1_signs_where_the_root_is_known_by_it(void **unused)
{
	char sig[TEXT_B64_SIZE(256)];

	(void)unused;
	root_type = HASH_SHA1;
	add_all();
	sign(EVP_sha1(), false, sig);
	assert_int_equal(proved("AdminSetup", "2", sig), 0);
}

static void
client_control_mode_is_upgraded_by_a_signature(void **unused)
{
	char sig[TEXT_B64_SIZE(256)];

	(void)unused;
	assert_int_equal(setup("2", HA1), 0);
	add_all();
	sign(EVP_sha256(), true, sig);
	assert_int_equal(proved("UpgradeClientToAdmin", "2", sig), 5);
	sign(EVP_sha256(), false, sig);
	save_fails = true;
	assert_int_equal(proved("UpgradeClientToAdmin", "2", sig), 6);
	assert_int_equal(state_control(&state), STATE_CONTROL_CLIENT);
	save_fails = false;
	assert_int_equal(proved("UpgradeClientToAdmin", "2", sig), 0);
	assert_int_equal(amt.event, AMT_NOTHING);
	assert_int_equal(state_control(&state), STATE_CONTROL_ADMIN);
	assert_string_equal(state.ha1, HA1);
	assert_int_equal(add(0, true, false), 3);
	assert_int_equal(proved("UpgradeClientToAdmin", "2", sig), 2);
}

static void
the_version_or_a_setting_says_what_is_there(void **unused)
{
	(void)unused;
	factory.amt_major = 6;
	assert_null(get(HOSTED, "AllowedControlModes"));
	assert_int_equal(setup("2", HA1), -1);
	factory.amt_major = 19;
	assert_string_equal(get(HOSTED, "AllowedControlModes"), "2");
	assert_int_equal(add(0, true, false), -1);
	assert_int_equal(proved("AdminSetup", "2", ""), -1);
	host.host_setup = 0;
	assert_int_equal(setup("2", HA1), -1);
	host.host_setup = 1;
	factory.amt_major = 6;
	assert_int_equal(add(0, true, false), 0);
	assert_int_equal(setup("2", HA1), 0);
}

static void
the_hosts_account_reads_and_learns_no_password(void **unused)
{
	static const struct wsman_field f = { "Password", "P@ssw0rd1", NULL };
	char first[33];

	(void)unused;
	assert_null(amthosted_login(&amt));
	snprintf(first, sizeof(first), "%s", amthosted_account(&amt));
	assert_int_equal(strlen(first), 32);
	assert_string_equal(amthosted_account(&amt), first);
	assert_string_equal(amthosted_login(&amt), first);
	state.phase = STATE_IN;
	assert_string_equal(
	    get("AMT_SetupAndConfigurationService", "ProvisioningServerOTP"),
	    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
	ask(&(struct wsman_request){ .op = WSMAN_INVOKE,
		.class = "AMT_SetupAndConfigurationService",
		.method = "SetMEBxPassword" },
	    &f, 1);
	assert_non_null(res.fault);
	assert_false(state.mebx_set);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, start, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(setup_ends_in_client_control_mode),
		CASE(a_server_that_commits_leaves_another_nonce),
		CASE(setup_says_what_was_wrong),
		CASE(a_certificate_with_setup_is_proved_and_recorded),
		CASE(a_certificate_of_a_chain_may_come_in_lines),
		CASE(a_chain_goes_from_leaf_to_root),
		CASE(a_chain_is_judged_with_its_root),
		CASE(admin_setup_wants_the_leafs_signature_on_both_nonces),
		CASE(a_chain_that_is_good_no_longer_sets_nothing_up),
		CASE(a_chain_sets_no_small_business_machine_up),
		CASE(sha1_signs_where_the_root_is_known_by_it),
		CASE(client_control_mode_is_upgraded_by_a_signature),
		CASE(the_version_or_a_setting_says_what_is_there),
		CASE(the_hosts_account_reads_and_learns_no_password),
	};

	crypto_init();
	return cmocka_run_group_tests(tests, start_all, end_all);
}
