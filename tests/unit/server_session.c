/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/xml.h"
#include "formats/reason.h"
#include "formats/wsman.h"
#include "server/session.h"

#define NOW 1700000000
#define CERT "Intel(r) AMT Certificate: Handle: 1"
#define KEY "Intel(r) AMT Key: Handle: 0"
#define WIRED "Intel(r) AMT 802.3 TLS Settings"

static const struct uuid unit = { { 0x4b, 0x52, 0x9b, 0x93, 0xd4, 0x13, 0x18,
    0x1d, 0xe4, 0x87, 0x1c, 0x69, 0x7a, 0x6b, 0x7a, 0x2b } };

/* A device's side, as a script: what it answers, and what it was told. */
struct script {
	const char *state, *otp, *uuid, *ta0;
	const char *spoil; /* this method or class gets return_value */
	int return_value;
	int requests, certified;
	char told[512]; /* the steps, in order */
	char mebx[64], digest[64], pid[16], tm1[16], enabled[8], blob[64];
	bool post;
};

static void
tell(char *out, size_t room, const struct node *n, const char *path)
{
	const char *s = node_text(n, path);

	assert_non_null(s);
	snprintf(out, room, "%s", s);
}

static void
answer_get(struct script *d, const struct wsman_request *q, struct wr *w)
{
	const struct wsman_field general[] = { { "DigestRealm",
	    "Digest:A4070000000000000000000000000000", NULL } };
	const struct wsman_field service[] = { { "ProvisioningServerOTP",
						   d->otp, NULL },
		{ "ProvisioningState", d->post ? "2" : d->state, NULL } };

	if (strcmp(q->class, "AMT_GeneralSettings") == 0)
		wsman_write_get(w, q, 1, general, 1);
	else
		wsman_write_get(w, q, 1, service, 2);
}

static void
answer_pull(const struct wsman_request *q, struct wr *w)
{
	const struct wsman_field bios[] = { { "InstanceID", "BIOS", NULL } };
	const struct wsman_field amt[] = { { "InstanceID", "AMT", NULL },
		{ "VersionString", "3.0.1", NULL } };
	const struct wsman_field key[] = { { "InstanceID", KEY, NULL },
		{ "DERKey", "AQIDBA==", NULL } };
	const struct wsman_field lms[] = {
		{ "InstanceID", "Intel(r) AMT LMS TLS Settings", NULL },
		{ "Enabled", "false", NULL }
	};
	const struct wsman_field wired[] = { { "InstanceID", WIRED, NULL },
		{ "ElementName", "x & y", NULL }, { "Enabled", "false", NULL },
		{ "MutualAuthentication", "true", NULL },
		{ "AcceptNonSecureConnections", "false", NULL } };

	wsman_pull_begin(w, q, 1);
	if (strcmp(q->class, "CIM_SoftwareIdentity") == 0) {
		wsman_pull_item(w, q->class, bios, 1);
		wsman_pull_item(w, q->class, amt, 2);
	} else if (strcmp(q->class, "AMT_PublicPrivateKeyPair") == 0) {
		wsman_pull_item(w, q->class, key, 2);
	} else {
		wsman_pull_item(w, q->class, wired, 5);
		wsman_pull_item(w, q->class, lms, 2);
	}
	wsman_pull_end(w);
}

static void
note_input(struct script *d, const struct wsman_request *q)
{
	const struct node *b = q->body;

	if (strcmp(q->method, "SetMEBxPassword") == 0)
		tell(d->mebx, sizeof(d->mebx), b, "Password");
	if (strcmp(q->method, "SetAdminAclEntryEx") == 0)
		tell(d->digest, sizeof(d->digest), b, "DigestPassword");
	if (strcmp(q->method, "SetTLSPSK") == 0)
		tell(d->pid, sizeof(d->pid), b, "PID");
	if (strcmp(q->method, "SetHighAccuracyTimeSynch") == 0)
		tell(d->tm1, sizeof(d->tm1), b, "Tm1");
	if (strcmp(q->method, "AddCertificate") == 0)
		tell(d->blob, sizeof(d->blob), b, "CertificateBlob");
}

static void
answer_invoke(struct script *d, const struct wsman_request *q, struct wr *w)
{
	struct wsman_field f[1] = { { NULL, NULL, NULL } };
	bool spoilt = d->spoil != NULL && strcmp(d->spoil, q->method) == 0;

	note_input(d, q);
	if (strcmp(q->method, "GetUuid") == 0)
		f[0] = (struct wsman_field){ "UUID", d->uuid, NULL };
	if (strcmp(q->method, "GetLowAccuracyTimeSynch") == 0)
		f[0] = (struct wsman_field){ "Ta0", d->ta0, NULL };
	if (strcmp(q->method, "GenerateKeyPair") == 0)
		f[0] = (struct wsman_field){ "KeyPair", KEY,
			"AMT_PublicPrivateKeyPair" };
	if (strcmp(q->method, "AddCertificate") == 0)
		f[0] = (struct wsman_field){ "CreatedCertificate", CERT,
			"AMT_PublicKeyCertificate" };
	wsman_write_invoke(w, q, 1, spoilt ? d->return_value : 0, f,
	    !spoilt && f[0].name != NULL ? 1 : 0);
	if (!spoilt && strcmp(q->method, "CommitChanges") == 0)
		d->post = true;
}

static void
answer(struct script *d, const struct wsman_request *q, struct wr *w)
{
	size_t n = strlen(d->told);

	d->requests++;
	if (q->op != WSMAN_ENUMERATE)
		snprintf(d->told + n, sizeof(d->told) - n, "%s ",
		    q->method != NULL ? q->method : q->class + 4);
	if (q->op != WSMAN_INVOKE && d->spoil != NULL &&
	    strcmp(d->spoil, q->class) == 0) {
		wsman_write_fault(w, q, 1, "w:AccessDenied", "not you");
		return;
	}
	switch (q->op) {
	case WSMAN_GET:
		answer_get(d, q, w);
		break;
	case WSMAN_ENUMERATE:
		wsman_write_enumerate(w, q, 1, "C0");
		break;
	case WSMAN_PULL:
		answer_pull(q, w);
		break;
	case WSMAN_PUT:
		tell(d->enabled, sizeof(d->enabled), q->body, "Enabled");
		assert_string_equal(q->sel_value, WIRED);
		assert_string_equal(
		    node_text(q->body, "MutualAuthentication"), "false");
		assert_string_equal(node_text(q->body, "ElementName"), "x & y");
		wsman_write_get(w, q, 1, NULL, 0);
		break;
	case WSMAN_CREATE:
		assert_string_equal(node_text(q->body,
					"ElementInContext/ReferenceParameters/"
					"SelectorSet/Selector"),
		    CERT);
		wsman_write_created(w, q, 1, "Name", "x");
		break;
	default:
		answer_invoke(d, q, w);
	}
}

/* One exchange: request written, read by the device, answered, taken. */
static enum err_code
exchange(struct session *s, struct script *d, struct err *e)
{
	struct wsman_request q;
	struct xml *x = NULL;
	const char *why = NULL;
	struct wr out, in;
	enum err_code rc;

	wr_grow(&out, 65536);
	wr_grow(&in, 65536);
	session_request(s, NOW, &out);
	assert_false(out.failed);
	assert_int_equal(xml_read(out.buf, out.len, &x, e), ERR_OK);
	assert_true(wsman_read_request(xml_root(x), &q, &why));
	answer(d, &q, &in);
	assert_false(in.failed);
	rc = session_answer(s, 200, in.buf, in.len, e);
	xml_free(x);
	wr_free(&out);
	wr_free(&in);
	return rc;
}

static enum err_code
run(struct session *s, struct script *d, struct err *e)
{
	enum err_code rc = ERR_OK;

	err_clear(e);
	while (rc == ERR_OK && s->step != SESSION_DONE) {
		assert_true(d->requests < 100);
		rc = exchange(s, d, e);
	}
	return rc;
}

static enum err_code
certify(void *arg, const struct uuid *u, const void *key, size_t n,
    struct wr *cert, struct err *e)
{
	struct script *d = arg;

	assert_true(uuid_equal(u, &unit));
	assert_int_equal(n, 4);
	assert_memory_equal(key, "\1\2\3\4", 4);
	d->certified++;
	wr_str(cert, "certificate");
	(void)e;
	return ERR_OK;
}

static struct script
good_device(void)
{
	return (struct script){ .state = "1",
		.otp = "AAAAAAAAAAAAAAAAAAAAAA==",
		.uuid = "S1Kbk9QTGB3khxxpemt6Kw==",
		.ta0 = "1699999995" };
}

static struct session_plan
plain_plan(void)
{
	return (struct session_plan){ .uuid = unit,
		.admin_password = "P@ssw0rd1",
		.mebx_password = "M&bx<Pw1>" };
}

static void
the_digest_is_that_of_the_published_vector(void **state)
{
	char out[SESSION_DIGEST_SIZE];

	(void)state;
	session_digest(out, "admin", "Digest:A4070000000000000000000000000000",
	    "P@ssw0rd1");
	assert_string_equal(out, "3qKbtod+EUez86NWRrWZ7g==");
}

static void
a_set_up_asks_reads_sets_and_commits_in_order(void **state)
{
	struct session_plan plan = plain_plan();
	struct script d = good_device();
	struct session s;
	struct err e;

	(void)state;
	session_init(&s, &plan);
	assert_false(session_changes(&s));
	assert_int_equal(run(&s, &d, &e), ERR_OK);
	assert_string_equal(d.told,
	    "GeneralSettings SoftwareIdentity SetupAndConfigurationService "
	    "GetUuid SetMEBxPassword SetAdminAclEntryEx "
	    "GetLowAccuracyTimeSynch CommitChanges "
	    "SetupAndConfigurationService ");
	assert_string_equal(d.mebx, "M&bx<Pw1>");
	assert_string_equal(d.digest, "3qKbtod+EUez86NWRrWZ7g==");
	assert_string_equal(s.version, "3.0.1");
	assert_true(session_committed(&s));
	session_wipe(&s);
}

static void
clock_certificate_and_new_key_pair_are_set_where_wanted(void **state)
{
	struct session_plan plan = plain_plan();
	struct script d = good_device();
	struct session s;
	struct err e;

	(void)state;
	d.ta0 = "1600000000";
	plan.certify = certify;
	plan.certify_arg = &d;
	strcpy(plan.psk.pid, "0000037M");
	strcpy(plan.psk.pps, "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ");
	session_init(&s, &plan);
	assert_int_equal(run(&s, &d, &e), ERR_OK);
	assert_non_null(strstr(d.told,
	    "SetHighAccuracyTimeSynch GenerateKeyPair PublicPrivateKeyPair "
	    "AddCertificate TLSCredentialContext TLSSettingData "
	    "TLSSettingData SetTLSPSK CommitChanges "));
	assert_string_equal(d.tm1, "1700000000");
	assert_string_equal(d.blob, "Y2VydGlmaWNhdGU=");
	assert_string_equal(d.enabled, "true");
	assert_string_equal(d.pid, "0000037M");
	assert_int_equal(d.certified, 1);
	session_wipe(&s);
}

static void
the_one_time_password_must_match_where_one_is_expected(void **state)
{
	struct session_plan plan = plain_plan();
	struct script d = good_device();
	struct session s;
	struct err e;

	(void)state;
	strcpy(plan.otp, "Otp!12345");
	session_init(&s, &plan);
	assert_int_equal(run(&s, &d, &e), ERR_PERM);
	assert_ptr_equal(e.reason, reason_get(REASON_STEP_FAILED));
	assert_null(strstr(e.msg, "Otp!"));
	assert_false(session_changes(&s));
	d = good_device();
	d.otp = "T3RwITEyMzQ1";
	session_init(&s, &plan);
	assert_int_equal(run(&s, &d, &e), ERR_OK);
	d = good_device();
	d.otp = "T3RwITEyMzQ="; /* a head of it */
	session_init(&s, &plan);
	assert_int_equal(run(&s, &d, &e), ERR_PERM);
}

static void
a_device_with_another_uuid_is_left_unchanged(void **state)
{
	struct session_plan plan = plain_plan();
	struct script d = good_device();
	struct session s;
	struct err e;

	(void)state;
	d.uuid = "S1Kbk9QTGB3khxxpemt6LA==";
	session_init(&s, &plan);
	assert_int_equal(run(&s, &d, &e), ERR_PERM);
	assert_ptr_equal(e.reason, reason_get(REASON_DEVICE_UUID_DIFFERS));
	assert_non_null(strstr(e.msg, "939b524b-13d4-1d18-e487-1c697a6b7a2c"));
	assert_false(session_changes(&s));
}

static void
a_device_that_is_set_up_already_is_refused(void **state)
{
	struct session_plan plan = plain_plan();
	struct script d = good_device();
	struct session s;
	struct err e;

	(void)state;
	d.state = "2";
	session_init(&s, &plan);
	assert_int_equal(run(&s, &d, &e), ERR_PEER);
	assert_non_null(strstr(e.msg, "ProvisioningState is 2"));
}

static void
each_step_that_fails_is_named_with_its_value(void **state)
{
	static const char *const methods[] = { "GetUuid", "SetMEBxPassword",
		"SetAdminAclEntryEx", "GetLowAccuracyTimeSynch",
		"SetHighAccuracyTimeSynch", "GenerateKeyPair", "AddCertificate",
		"SetTLSPSK", "CommitChanges" };
	static const char *const classes[] = { "AMT_GeneralSettings",
		"CIM_SoftwareIdentity", "AMT_SetupAndConfigurationService",
		"AMT_PublicPrivateKeyPair", "AMT_TLSCredentialContext",
		"AMT_TLSSettingData" };
	const size_t n = sizeof(methods) / sizeof(methods[0]);
	const size_t m = sizeof(classes) / sizeof(classes[0]);

	(void)state;
	for (size_t i = 0; i < n + m; i++) {
		struct session_plan plan = plain_plan();
		struct script d = good_device();
		struct session s;
		struct err e;

		d.ta0 = "0";
		plan.certify = certify;
		plan.certify_arg = &d;
		strcpy(plan.psk.pid, "0000037M");
		d.spoil = i < n ? methods[i] : classes[i - n];
		d.return_value = 2054;
		session_init(&s, &plan);
		assert_int_equal(run(&s, &d, &e), ERR_PEER);
		assert_ptr_equal(e.reason, reason_get(REASON_STEP_FAILED));
		assert_non_null(strstr(e.msg, d.spoil));
		assert_non_null(strstr(e.msg,
		    i < n ? "ReturnValue 2054 (invalid password)"
			  : "fault: not you"));
		assert_false(session_committed(&s));
	}
}

static void
an_answer_that_is_not_wsman_ends_the_session(void **state)
{
	static const struct {
		int status;
		const char *body, *words;
	} bad[] = {
		{ 200, "", "XML line 1" },
		{ 200, "<html></html>", "no SOAP Envelope" },
		{ 503, "", "HTTP status 503" },
		{ 500, "<Envelope><Body/></Envelope>", "HTTP status 500" },
		{ 200, "<Envelope><Body/></Envelope>", "DigestRealm" },
	};
	struct session_plan plan = plain_plan();
	struct session s;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err_clear(&e);
		session_init(&s, &plan);
		assert_true(session_answer(&s, bad[i].status, bad[i].body,
				strlen(bad[i].body), &e) != ERR_OK);
		assert_non_null(strstr(e.msg, bad[i].words));
		assert_non_null(strstr(e.msg, "AMT_GeneralSettings Get"));
		assert_ptr_equal(e.reason, reason_get(REASON_STEP_FAILED));
	}
}

static void
a_list_without_an_end_is_given_up(void **state)
{
	static const char open[] =
	    "<Envelope><Body><PullResponse><EnumerationContext>1"
	    "</EnumerationContext><Items/></PullResponse></Body></Envelope>";
	struct session_plan plan = plain_plan();
	enum err_code rc = ERR_OK;
	struct session s;
	struct err e;
	struct wr w;
	int n = 0;

	(void)state;
	err_clear(&e);
	session_init(&s, &plan);
	s.step = SESSION_SOFTWARE;
	for (; rc == ERR_OK && n < 1000; n++) {
		wr_grow(&w, 65536);
		session_request(&s, NOW, &w);
		wr_free(&w);
		rc = session_answer(&s, 200, open, sizeof(open) - 1, &e);
	}
	assert_int_equal(rc, ERR_PEER);
	assert_in_range(n, 100, 300);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_digest_is_that_of_the_published_vector),
		cmocka_unit_test(a_set_up_asks_reads_sets_and_commits_in_order),
		cmocka_unit_test(
		    clock_certificate_and_new_key_pair_are_set_where_wanted),
		cmocka_unit_test(
		    the_one_time_password_must_match_where_one_is_expected),
		cmocka_unit_test(a_device_with_another_uuid_is_left_unchanged),
		cmocka_unit_test(a_device_that_is_set_up_already_is_refused),
		cmocka_unit_test(each_step_that_fails_is_named_with_its_value),
		cmocka_unit_test(an_answer_that_is_not_wsman_ends_the_session),
		cmocka_unit_test(a_list_without_an_end_is_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
