/* SPDX-License-Identifier: Apache-2.0 */
/* Requests as a server writes them, answered by the responder alone. */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "base/x509.h"
#include "tests/askamt.h"

static int
admin(const char *digest)
{
	const struct wsman_field f[] = { { "Username", "admin", NULL },
		{ "DigestPassword", digest, NULL } };

	return call2("AMT_AuthorizationService", "SetAdminAclEntryEx", f, 2);
}

static void
the_suffix_that_dhcp_said_is_not_the_trusted_one(void **unused)
{
	(void)unused;
	assert_string_equal(get(SETUP, "DhcpDNSSuffix"), "dhcp.example");
	assert_string_equal(get(SETUP, "TrustedDNSSuffix"), "");
	strcpy(state.suffix, "host.example");
	assert_string_equal(get(SETUP, "TrustedDNSSuffix"), "host.example");
	strcpy(factory.pki_dns_suffix, "oem.example");
	assert_string_equal(get(SETUP, "TrustedDNSSuffix"), "oem.example");
	assert_string_equal(get(SETUP, "DhcpDNSSuffix"), "dhcp.example");
}

static void
a_device_tells_its_realm_version_uuid_and_state(void **unused)
{
	uint8_t uuid[16];
	size_t n = sizeof(uuid);
	const char *b64;

	(void)unused;
	assert_string_equal(get("AMT_GeneralSettings", "DigestRealm"),
	    "Digest:A4070000000000000000000000000000");
	assert_int_equal(pull("CIM_SoftwareIdentity"), 1);
	assert_string_equal(
	    node_text(res.items->child, "VersionString"), "3.0.0");
	assert_string_equal(get(SETUP, "ProvisioningState"), "1");
	assert_int_equal(call("GetUuid", NULL, NULL), 0);
	b64 = node_text(res.body, "UUID");
	assert_true(text_unb64(uuid, &n, b64, strlen(b64)));
	assert_memory_equal(uuid, factory.uuid.b, 16);
}

static void
the_one_time_password_shows_only_during_set_up(void **unused)
{
	uint8_t otp[64];
	size_t n = sizeof(otp);
	const char *b64;

	(void)unused;
	strcpy(factory.otp, "Otp12345");
	assert_string_equal(
	    get(SETUP, "ProvisioningServerOTP"), "T3RwMTIzNDU=");
	state.phase = STATE_POST;
	b64 = get(SETUP, "ProvisioningServerOTP");
	assert_true(text_unb64(otp, &n, b64, strlen(b64)));
	assert_int_equal(n, 32);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(otp[i], 0);
}

static void
commit_needs_a_mebx_password(void **unused)
{
	(void)unused;
	assert_int_equal(admin("00360e4baa903393fa8cc352d0e30083"), 0);
	assert_int_equal(call("CommitChanges", NULL, NULL), 2057);
	assert_int_equal(saves, 0);
	assert_int_equal(amt.event, AMT_NOTHING);
	assert_int_equal(call("SetMEBxPassword", "Password", "Strong#1"), 0);
	assert_int_equal(call("CommitChanges", NULL, NULL), 0);
	assert_int_equal(saves, 1);
	assert_int_equal(amt.event, AMT_COMMITTED);
	assert_int_equal(state.phase, STATE_POST);
}

/* An acknowledged change outlives a power cut; one that cannot be saved is
 * refused. */
static void
what_is_set_after_set_up_is_saved_at_once(void **unused)
{
	const struct wsman_field psk[] = { { "PID", "0000037M", NULL },
		{ "PPS", "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ", NULL } };
	const struct wsman_field clock[] = { { "Ta0", "1700000000", NULL },
		{ "Tm1", "1700000010", NULL }, { "Tm2", "1700000010", NULL } };
	const struct wsman_field rsa[] = { { "KeyAlgorithm", "0", NULL },
		{ "KeyLength", "2048", NULL } };
	const char *sync = "AMT_TimeSynchronizationService";

	(void)unused;
	assert_int_equal(admin("00360e4baa903393fa8cc352d0e30083"), 0);
	assert_int_equal(saves, 0);
	state.phase = STATE_POST;
	assert_int_equal(admin("00360e4baa903393fa8cc352d0e30083"), 0);
	assert_int_equal(saves, 1);
	assert_int_equal(call("SetMEBxPassword", "Password", "Strong#1"), 0);
	assert_int_equal(saves, 2);
	assert_int_equal(call2(SETUP, "SetTLSPSK", psk, 2), 0);
	assert_int_equal(saves, 3);
	assert_int_equal(call2(sync, "SetHighAccuracyTimeSynch", clock, 3), 0);
	assert_int_equal(saves, 4);
	assert_int_equal(call2(KEYS, "GenerateKeyPair", rsa, 2), 0);
	assert_int_equal(saves, 5);
	save_fails = true;
	assert_int_equal(admin("00360e4baa903393fa8cc352d0e30083"), 38);
}

/* And memory says what the file does. */
static void
what_cannot_be_saved_was_never_done(void **unused)
{
	const struct wsman_field psk[] = { { "PID", "0000037M", NULL },
		{ "PPS", "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ", NULL } };
	const struct wsman_field clock[] = { { "Ta0", "1700000000", NULL },
		{ "Tm1", "1700000010", NULL }, { "Tm2", "1700000010", NULL } };
	const struct wsman_field name = { "HostName", "other", NULL };
	const struct wsman_field mode = { "ProvisioningMode", "1", NULL };
	const char *sync = "AMT_TimeSynchronizationService";
	static struct state before;
	struct err e = { 0 };

	(void)unused;
	assert_int_equal(admin("00360e4baa903393fa8cc352d0e30083"), 0);
	assert_int_equal(call("SetMEBxPassword", "Password", "Strong#1"), 0);
	assert_int_equal(call("CommitChanges", NULL, NULL), 0);
	assert_int_equal(state_blob_set(&state.pair[1], "pair", 4, &e), 0);
	assert_non_null(switches_own(&state.switches));
	strcpy(state.switches->host, "mine");
	save_fails = true;
	before = state;
	assert_int_equal(admin("ffffffffffffffffffffffffffffffff"), 38);
	assert_int_equal(call("SetMEBxPassword", "Password", "An0ther#1"), 38);
	assert_int_equal(call2(SETUP, "SetTLSPSK", psk, 2), 38);
	assert_int_equal(call2(sync, "SetHighAccuracyTimeSynch", clock, 3), 38);
	ask(&(struct wsman_request){ .op = WSMAN_PUT,
		.class = "AMT_GeneralSettings" },
	    &name, 1);
	assert_int_equal(status, 500);
	assert_int_equal(call2(SETUP, "Unprovision", &mode, 1), 38);
	assert_int_equal(call("PartialUnprovision", NULL, NULL), 38);
	assert_int_equal(amt.event, AMT_NOTHING);
	assert_int_equal(state.phase, STATE_POST);
	assert_string_equal(state.ha1, before.ha1);
	assert_string_equal(state.mebx, "Strong#1");
	assert_string_equal(state.psk.pid, "");
	assert_int_equal(state.clock, before.clock);
	assert_true(state.record.present);
	assert_int_equal(state.pair[1].n, 4);
	assert_memory_equal(state.pair[1].p, "pair", 4);
	assert_string_equal(state.switches->host, "mine");
	save_fails = false;
	assert_int_equal(call("PartialUnprovision", NULL, NULL), 0);
	assert_int_equal(state.phase, STATE_PRE);
	assert_int_equal(state.pair[1].n, 0);
}

static void
a_commit_that_cannot_be_saved_did_not_happen(void **unused)
{
	(void)unused;
	save_fails = true;
	assert_int_equal(call("SetMEBxPassword", "Password", "Strong#1"), 0);
	assert_int_equal(call("CommitChanges", NULL, NULL), 38);
	assert_int_equal(state.phase, STATE_IN);
	assert_int_equal(amt.event, AMT_NOTHING);
}

/* The set-up that it would have confirmed once more stands. */
static void
a_second_commit_that_cannot_be_saved_undoes_nothing(void **unused)
{
	(void)unused;
	strcpy(amt.session.fqdn, "prov.example.com");
	assert_int_equal(call("SetMEBxPassword", "Password", "Strong#1"), 0);
	assert_int_equal(call("CommitChanges", NULL, NULL), 0);
	save_fails = true;
	assert_int_equal(call("CommitChanges", NULL, NULL), 38);
	assert_int_equal(state.phase, STATE_POST);
	assert_true(state.record.present);
	assert_string_equal(state.record.fqdn, "prov.example.com");
}

static void
a_weak_mebx_password_is_refused(void **unused)
{
	static const char *const weak[] = { "Short#1", "nodigit#A", "NOLOWER#1",
		"noupper#1", "NoSpecial1", "Location_1", "Colon:Aa1#" };

	(void)unused;
	for (size_t i = 0; i < sizeof(weak) / sizeof(weak[0]); i++)
		assert_int_equal(
		    call("SetMEBxPassword", "Password", weak[i]), 2054);
	assert_false(state.mebx_set);
}

/* XML Schema's string: what stands around it is part of it. */
static void
blanks_around_a_mebx_password_are_its_own(void **unused)
{
	char want[33];

	(void)unused;
	assert_int_equal(call("SetMEBxPassword", "Password", " Aa1!xxxx "), 0);
	assert_string_equal(state.mebx, " Aa1!xxxx ");
	auth_ha1(want, "admin", state.realm, " Aa1!xxxx ");
	assert_string_equal(state.ha1, want);
	assert_int_equal(
	    call("SetMEBxPassword", "Password", "Mebx#2026\n"), 2054);
	assert_int_equal(
	    call("SetMEBxPassword", "Password", "\tStrong#1"), 2054);
	assert_string_equal(state.mebx, " Aa1!xxxx ");
}

/* Of what is no string it is not. */
static void
white_space_around_numbers_and_names_is_not_theirs(void **unused)
{
	const struct wsman_field f[] = { { "Username", "\n admin\t", NULL },
		{ "DigestPassword", " 00360e4baa903393fa8cc352d0e30083\n",
		    NULL } };

	(void)unused;
	assert_int_equal(
	    call2("AMT_AuthorizationService", "SetAdminAclEntryEx", f, 2), 0);
	assert_string_equal(state.ha1, "00360e4baa903393fa8cc352d0e30083");
	assert_int_equal(
	    call("ExtendProvisioningPeriod", "Duration", "\n 3 "), 0);
	assert_int_equal(amt.hours, 3);
}

/* Password model 0, coupled. */
static void
the_mebx_password_is_the_administrators_until_that_is_set(void **unused)
{
	(void)unused;
	assert_int_equal(call("SetMEBxPassword", "Password", "P@ssw0rd1"), 0);
	assert_string_equal(state.ha1, "dea29bb6877e1147b3f3a35646b599ee");
	assert_int_equal(admin("00360e4baa903393fa8cc352d0e30083"), 0);
	assert_int_equal(call("SetMEBxPassword", "Password", "P@ssw0rd1"), 0);
	assert_string_equal(state.ha1, "00360e4baa903393fa8cc352d0e30083");
}

static void
the_administrators_digest_comes_as_hex_or_as_base64(void **unused)
{
	(void)unused;
	assert_int_equal(admin("3qKbtod+EUez86NWRrWZ7g=="), 0);
	assert_string_equal(state.ha1, "dea29bb6877e1147b3f3a35646b599ee");
	state.ha1[0] = '\0';
	assert_int_equal(admin("3qKbtod+EUez\n86NWRrWZ7g=="), 0);
	assert_string_equal(state.ha1, "dea29bb6877e1147b3f3a35646b599ee");
	assert_int_equal(admin("00360E4BAA903393FA8CC352D0E30083"), 0);
	assert_string_equal(state.ha1, "00360e4baa903393fa8cc352d0e30083");
	assert_int_equal(admin("00360e4baa903393fa8cc352d0e3008"), 36);
	assert_int_equal(admin("password"), 36);
}

static void
a_new_pre_shared_key_must_have_its_checks(void **unused)
{
	struct wsman_field f[] = { { "PID", "0000037M", NULL },
		{ "PPS", "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ", NULL } };

	(void)unused;
	assert_int_equal(call2(SETUP, "SetTLSPSK", f, 2), 0);
	assert_string_equal(state.psk.pid, "0000037M");
	/* It counts after the set-up only. */
	assert_string_equal(amt_psk(&factory, &state)->pid, "");
	f[0].value = "0000037N";
	assert_int_equal(call2(SETUP, "SetTLSPSK", f, 2), 0x2a);
	f[0].value = "0000037M";
	f[1].value = "NKLXG5DCRRNQE9YZZIJL7LFLVJED69XJ";
	assert_int_equal(call2(SETUP, "SetTLSPSK", f, 2), 0x2b);
	assert_int_equal(call2(SETUP, "SetTLSPSK", f, 1), 0x2b);
}

/* It could be stored, and would never count. */
static void
a_version_without_pre_shared_keys_takes_none(void **unused)
{
	const struct wsman_field f[] = { { "PID", "0000037M", NULL },
		{ "PPS", "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ", NULL } };
	const struct wsman_request q = {
		.op = WSMAN_INVOKE, .class = SETUP, .method = "SetTLSPSK"
	};

	(void)unused;
	factory.amt_major = 10;
	assert_int_equal(call2(SETUP, "SetTLSPSK", f, 2), 0);
	memset(&state.psk, 0, sizeof(state.psk));
	factory.amt_major = 11;
	ask(&q, f, 2);
	assert_int_equal(status, 400);
	assert_non_null(res.fault);
	assert_string_equal(state.psk.pid, "");
	assert_int_equal(call("GetUuid", NULL, NULL), 0);
}

static void
un_provisioning_in_part_keeps_the_new_pre_shared_key(void **unused)
{
	const struct wsman_field f[] = { { "PID", "0000037M", NULL },
		{ "PPS", "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ", NULL } };

	(void)unused;
	assert_int_equal(call2(SETUP, "SetTLSPSK", f, 2), 0);
	assert_int_equal(call("PartialUnprovision", NULL, NULL), 0);
	assert_string_equal(amt_psk(&factory, &state)->pid, ""); /* no end */
	assert_int_equal(call2(SETUP, "SetTLSPSK", f, 2), 0);
	state.phase = STATE_POST;
	assert_int_equal(call("PartialUnprovision", NULL, NULL), 0);
	assert_int_equal(amt.event, AMT_UNPROVISIONED);
	assert_string_equal(amt_psk(&factory, &state)->pid, "0000037M");
	assert_int_equal(state.phase, STATE_PRE);
	assert_int_equal(call("Unprovision", "ProvisioningMode", "1"), 0);
	assert_string_equal(amt_psk(&factory, &state)->pid, "");
	assert_int_equal(call("Unprovision", "ProvisioningMode", "4"), 36);
}

static void
un_provisioning_in_part_keeps_the_mebx_password(void **unused)
{
	(void)unused;
	assert_int_equal(call("SetMEBxPassword", "Password", "Strong#1"), 0);
	assert_int_equal(call("PartialUnprovision", NULL, NULL), 0);
	assert_string_equal(state_mebx(&state), ""); /* no end */
	assert_int_equal(call("SetMEBxPassword", "Password", "Strong#1"), 0);
	assert_int_equal(call("CommitChanges", NULL, NULL), 0);
	assert_int_equal(call("PartialUnprovision", NULL, NULL), 0);
	assert_string_equal(state_mebx(&state), "Strong#1");
	state_undo(&state);
	assert_int_equal(admin("00360e4baa903393fa8cc352d0e30083"), 0);
	assert_int_equal(call("CommitChanges", NULL, NULL), 0);
	assert_int_equal(call("PartialUnprovision", NULL, NULL), 0);
	assert_string_equal(state_mebx(&state), "Strong#1");
	assert_int_equal(call("Unprovision", "ProvisioningMode", "1"), 0);
	assert_string_equal(state_mebx(&state), "");
	assert_int_equal(admin("00360e4baa903393fa8cc352d0e30083"), 0);
	assert_int_equal(call("CommitChanges", NULL, NULL), 2057);
}

static void
the_period_is_extended_by_up_to_a_day_or_ended(void **unused)
{
	(void)unused;
	assert_int_equal(call("ExtendProvisioningPeriod", "Duration", "24"), 0);
	assert_int_equal(amt.event, AMT_WINDOW);
	assert_int_equal(amt.hours, 24);
	assert_int_equal(call("ExtendProvisioningPeriod", "Duration", "0"), 0);
	assert_int_equal(amt.hours, 0);
	assert_int_equal(
	    call("ExtendProvisioningPeriod", "Duration", "25"), 36);
	assert_int_equal(amt.event, AMT_NOTHING);
}

static void
the_clock_is_set_by_the_mean_of_both_ways(void **unused)
{
	const struct wsman_field f[] = { { "Ta0", "1700000000", NULL },
		{ "Tm1", "1700000100", NULL }, { "Tm2", "1700000102", NULL } };
	const char *time = "AMT_TimeSynchronizationService";

	(void)unused;
	assert_int_equal(call2(time, "SetHighAccuracyTimeSynch", f, 3), 0);
	assert_int_equal(call2(time, "GetLowAccuracyTimeSynch", NULL, 0), 0);
	assert_string_equal(node_text(res.body, "Ta0"), "1700000101");
	assert_int_equal(call2(time, "SetHighAccuracyTimeSynch", f, 2), 36);
}

static void
the_record_tells_who_set_the_device_up(void **unused)
{
	(void)unused;
	assert_int_equal(pull("IPS_TLSProvisioningRecord"), 0);
	amt.session.hash_type = HASH_SHA256;
	strcpy(amt.session.hash, "abcd");
	assert_int_equal(call("SetMEBxPassword", "Password", "Strong#1"), 0);
	assert_int_equal(call("CommitChanges", NULL, NULL), 0);
	assert_string_equal(get("IPS_TLSProvisioningRecord", "ProvServerFQDN"),
	    "prov.corp.example.com");
	assert_string_equal(node_text(res.body, "SelectedHashData"), "q80=");
	assert_string_equal(node_text(res.body, "ProvisioningTLSMode"), "1");
	assert_string_equal(node_text(res.body, "IsTimeValid"), "false");
	assert_string_equal(node_text(res.body, "CreationTimeStamp/Datetime"),
	    "2023-11-14T22:13:20Z");
	assert_string_equal(
	    node_path(res.body, "CreationTimeStamp/Datetime")->ns,
	    "http://schemas.dmtf.org/wbem/wscim/1/common");
	/* A later commit does not change it. */
	strcpy(amt.session.fqdn, "rogue.example.com");
	assert_int_equal(call("CommitChanges", NULL, NULL), 0);
	assert_string_equal(state.record.fqdn, "prov.corp.example.com");
}

static void
the_hash_list_is_told_in_order(void **unused)
{
	(void)unused;
	hashlist_of_der(&factory.hashes.e[0], HASH_SHA1, "a", 1);
	hashlist_of_der(&factory.hashes.e[1], HASH_SHA256, "b", 1);
	factory.hashes.e[0].active = false;
	factory.hashes.n = 2;
	assert_int_equal(pull("AMT_ProvisioningCertificateHash"), 2);
	assert_string_equal(node_text(res.items->child, "Enabled"), "false");
	assert_string_equal(node_text(res.items->child->next, "HashType"), "2");
}

static void
what_is_not_supported_is_a_fault(void **unused)
{
	(void)unused;
	ask(&(struct wsman_request){ .op = WSMAN_GET, .class = "AMT_Nothing" },
	    NULL, 0);
	assert_int_equal(status, 400);
	ask(
	    &(struct wsman_request){
		.op = WSMAN_INVOKE, .class = SETUP, .method = "Nothing" },
	    NULL, 0);
	assert_int_equal(status, 400);
	ask(&(struct wsman_request){ .op = WSMAN_PUT,
		.class = "CIM_SoftwareIdentity" },
	    &(struct wsman_field){ "InstanceID", "AMT", NULL }, 1);
	assert_int_equal(status, 400);
	assert_non_null(res.fault);
}

/* MeshCentral's parser cannot read an empty element written so. */
static void
no_answer_has_a_self_closing_element(void **unused)
{
	static const char *const classes[] = { "AMT_GeneralSettings", SETUP,
		"IPS_HostBasedSetupService" };

	(void)unused;
	for (size_t i = 0; i < 3; i++) {
		get(classes[i], "ElementName");
		wr_u8(&text, 0);
		assert_null(strstr((char *)text.buf, "/>"));
	}
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, start, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_device_tells_its_realm_version_uuid_and_state),
		CASE(the_suffix_that_dhcp_said_is_not_the_trusted_one),
		CASE(the_one_time_password_shows_only_during_set_up),
		CASE(commit_needs_a_mebx_password),
		CASE(what_is_set_after_set_up_is_saved_at_once),
		CASE(what_cannot_be_saved_was_never_done),
		CASE(a_commit_that_cannot_be_saved_did_not_happen),
		CASE(a_second_commit_that_cannot_be_saved_undoes_nothing),
		CASE(a_weak_mebx_password_is_refused),
		CASE(blanks_around_a_mebx_password_are_its_own),
		CASE(white_space_around_numbers_and_names_is_not_theirs),
		CASE(the_mebx_password_is_the_administrators_until_that_is_set),
		CASE(the_administrators_digest_comes_as_hex_or_as_base64),
		CASE(a_new_pre_shared_key_must_have_its_checks),
		CASE(a_version_without_pre_shared_keys_takes_none),
		CASE(un_provisioning_in_part_keeps_the_new_pre_shared_key),
		CASE(un_provisioning_in_part_keeps_the_mebx_password),
		CASE(the_period_is_extended_by_up_to_a_day_or_ended),
		CASE(the_clock_is_set_by_the_mean_of_both_ways),
		CASE(the_record_tells_who_set_the_device_up),
		CASE(the_hash_list_is_told_in_order),
		CASE(what_is_not_supported_is_a_fault),
		CASE(no_answer_has_a_self_closing_element),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
