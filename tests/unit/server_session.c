/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/xml.h"
#include "formats/reason.h"
#include "formats/wsman.h"
#include "server/session.h"
#include "tests/script.h"

#define NOW 1700000000

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
	script_answer(d, &q, &in);
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

	assert_true(uuid_equal(u, &script_unit));
	assert_int_equal(n, 4);
	assert_memory_equal(key, "\1\2\3\4", 4);
	d->certified++;
	wr_str(cert, "certificate");
	(void)e;
	return ERR_OK;
}

static struct session_plan
plain_plan(void)
{
	return (struct session_plan){ .uuid = script_unit,
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
	struct script d = script_good();
	static struct session s;
	struct err e;

	(void)state;
	session_init(&s, &plan);
	assert_false(session_changes(&s));
	assert_int_equal(run(&s, &d, &e), ERR_OK);
	assert_string_equal(d.told,
	    "GeneralSettings SoftwareIdentity GetUuid "
	    "SetupAndConfigurationService SetMEBxPassword SetAdminAclEntryEx "
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
	struct script d = script_good();
	static struct session s;
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

/* Steps of a profile are asked for only where it says so, and a device whose
 * version has no KVM is not asked for it. */
static void
a_profile_adds_its_steps_in_order(void **state)
{
	struct session_plan plan = plain_plan();
	struct script d = script_good();
	static struct policy p;
	static struct session s;
	struct err e;

	(void)state;
	policy_plain(&p, false);
	p.time = false;
	p.ping = POLICY_OFF;
	p.nhashes = 2;
	p.hash[0].type = p.hash[1].type = HASH_SHA1;
	p.hash[1].hash[0] = 1;
	strcpy(p.power, "Desktop: ON in S0");
	p.sol = POLICY_ON;
	p.kvm = POLICY_ON;
	p.kvm_timeout = 3;
	plan.policy = &p;
	session_init(&s, &plan);
	assert_int_equal(run(&s, &d, &e), ERR_OK);
	assert_non_null(strstr(d.told,
	    "SetAdminAclEntryEx GeneralSettings ProvisioningCertificateHash "
	    "ProvisioningCertificateHash ProvisioningCertificateHash "
	    "SystemPowerScheme SetPowerScheme "
	    "RedirectionService RequestStateChange RedirectionService "
	    "CommitChanges "));
	session_wipe(&s);
}

static void
the_one_time_password_must_match_where_one_is_expected(void **state)
{
	struct session_plan plan = plain_plan();
	struct script d = script_good();
	static struct session s;
	struct err e;

	(void)state;
	strcpy(plan.otp, "Otp!12345");
	session_init(&s, &plan); /* zeroes: its agent has not been there */
	assert_int_equal(run(&s, &d, &e), ERR_PERM);
	assert_ptr_equal(e.reason, reason_get(REASON_OTP_MISSING));
	assert_null(strstr(e.msg, "Otp!"));
	/* What another one would end is not kept open by leaving it out. */
	assert_non_null(strstr(d.told, "Service ExtendProvisioningPeriod "));
	assert_null(strstr(d.told, "SetMEBx"));
	assert_false(session_changes(&s));
	d = script_good();
	d.otp = "T3RwITEyMzQ1";
	session_init(&s, &plan);
	assert_int_equal(run(&s, &d, &e), ERR_OK);
	assert_non_null(
	    strstr(d.told, "Service ExtendProvisioningPeriod SetMEBx"));
	d = script_good(); /* with zeroes up to 12 bytes */
	d.otp = "T3RwITEyMzQ1AAAA";
	session_init(&s, &plan);
	assert_int_equal(run(&s, &d, &e), ERR_OK);
	d = script_good();
	d.otp = "T3RwITEyMzQ="; /* a head of it: its window is over */
	session_init(&s, &plan);
	assert_int_equal(run(&s, &d, &e), ERR_PERM);
	assert_ptr_equal(e.reason, reason_get(REASON_OTP_MISMATCH));
	assert_null(strstr(e.msg, "Otp!"));
	assert_non_null(strstr(d.told, "ExtendProvisioningPeriod "));
	assert_null(strstr(d.told, "SetMEBx"));
	/* A device that does not know that method is refused all the same. */
	d = script_good();
	d.otp = "T3RwITEyMzQ=";
	d.spoil = "ExtendProvisioningPeriod";
	d.return_value = 1;
	session_init(&s, &plan);
	assert_int_equal(run(&s, &d, &e), ERR_PERM);
	assert_ptr_equal(e.reason, reason_get(REASON_OTP_MISMATCH));
}

static void
a_device_with_another_uuid_is_left_unchanged(void **state)
{
	struct session_plan plan = plain_plan();
	struct script d = script_good();
	static struct session s;
	struct err e;

	(void)state;
	d.uuid = "S1Kbk9QTGB3khxxpemt6LA==";
	session_init(&s, &plan);
	assert_int_equal(run(&s, &d, &e), ERR_PERM);
	assert_ptr_equal(e.reason, reason_get(REASON_DEVICE_UUID_DIFFERS));
	assert_non_null(strstr(e.msg, "939b524b-13d4-1d18-e487-1c697a6b7a2c"));
	assert_false(session_changes(&s));
}

/* PPS or certificate prove who it is. */
static void
a_device_that_tells_no_uuid_is_set_up(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct session_plan plan = plain_plan();
		struct script d = script_good();
		static struct session s;
		struct err e;

		if (i == 0)
			d.spoil = "GetUuid";
		else
			d.uuid = "none";
		d.return_value = 1;
		session_init(&s, &plan);
		assert_int_equal(run(&s, &d, &e), ERR_OK);
	}
}

/* A small device of another project goes on saying that it is in set-up. */
static void
what_commit_changes_answers_counts(void **state)
{
	struct session_plan plan = plain_plan();
	struct script d = script_good();
	static struct session s;
	struct err e;

	(void)state;
	d.stays = true;
	session_init(&s, &plan);
	assert_int_equal(run(&s, &d, &e), ERR_OK);
	assert_true(session_committed(&s));
}

static void
a_device_that_is_set_up_already_is_refused(void **state)
{
	struct session_plan plan = plain_plan();
	struct script d = script_good();
	static struct session s;
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
	static const char *const methods[] = { "SetMEBxPassword",
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
		struct script d = script_good();
		static struct session s;
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
		{ 500, "<html>x<br></html>", "HTTP status 500: XML line 1" },
		{ 400,
		    "<Envelope><Body><Fault><Code><Value>s:Sender</Value>"
		    "<Subcode><Value>wsman:QuotaLimit</Value></Subcode></Code>"
		    "</Fault></Body></Envelope>",
		    "HTTP status 400, fault: a fault without a reason "
		    "(wsman:QuotaLimit)" },
		{ 400,
		    "<Envelope><Body><Fault><Code><Value>s:Sender</Value>"
		    "</Code><Reason><Text>f\xc3\xbcr dich, nein&#10;.</Text>"
		    "</Reason></Fault></Body></Envelope>",
		    "fault: f?r dich, nein?. (s:Sender)" },
		{ 500, "<Envelope><Body><Fault/></Body></Envelope>",
		    "fault: a fault without a reason" },
	};
	struct session_plan plan = plain_plan();
	static struct session s;
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

/* What a device says that may have done it is no refusal. */
static void
a_refusal_is_a_value_or_a_fault_of_the_sender(void **state)
{
#define ENVELOPE(body) "<Envelope><Body>" body "</Body></Envelope>"
#define VALUE(n) ENVELOPE("<O><ReturnValue>" n "</ReturnValue></O>")
#define FAULT ENVELOPE("<Fault><Reason><Text>no</Text></Reason></Fault>")
	static const struct {
		int status;
		const char *body;
		bool refused;
	} said[] = {
		{ 200, VALUE("2058"), true }, { 400, FAULT, true },
		{ 500, FAULT, false }, { 200, FAULT, false },
		{ 500, VALUE("2058"), false }, { 200, VALUE("x"), false },
		{ 200, ENVELOPE("<O/>"), false }, { 200, "<Envelope>", false },
		{ 200, "", false }, { 500, "", false },
		{ 200, VALUE("0"), false }, /* it did it */
	};
	struct session_plan plan = plain_plan();
	static struct session s;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		err_clear(&e);
		session_init(&s, &plan);
		s.step = SESSION_COMMIT;
		session_answer(
		    &s, said[i].status, said[i].body, strlen(said[i].body), &e);
		assert_int_equal(session_refused(&s), said[i].refused);
	}
}

/* What a Put leaves out is gone: fields that are many, nil, or have fields of
 * their own are put back as they were. */
static void
an_instance_is_put_back_as_a_whole(void **state)
{
	static char text[16384];
	struct session_plan plan = plain_plan();
	struct wsman_request q;
	static struct session s;
	struct xml *x = NULL;
	const struct node *f;
	const char *why;
	size_t n, fields = 0;
	struct err e;
	struct wr w;

	(void)state;
	err_clear(&e);
	strcpy(plan.fqdn, "pc.example.com");
	n = (size_t)snprintf(text, sizeof(text),
	    "<Envelope><Body><AMT_GeneralSettings xmlns='urn:g'>"
	    "<DigestRealm>r</DigestRealm><HostName>old</HostName>"
	    "<Nothing i:nil='true' xmlns:i='" NODE_SCHEMA "'/>"
	    "<At><D:Datetime xmlns:D='urn:d'>now &lt; then</D:Datetime>"
	    "<K Name='k'/></At>");
	for (int i = 0; i < 60; i++)
		n += (size_t)snprintf(
		    text + n, sizeof(text) - n, "<F%d>v%d</F%d>", i, i, i);
	snprintf(text + n, sizeof(text) - n,
	    "</AMT_GeneralSettings></Body></Envelope>");
	session_init(&s, &plan);
	assert_int_equal(
	    session_answer(&s, 200, text, strlen(text), &e), ERR_OK);
	s.step = SESSION_NETWORK;
	wr_grow(&w, 65536);
	session_request(&s, NOW, &w);
	assert_false(w.failed);
	assert_int_equal(xml_read(w.buf, w.len, &x, &e), ERR_OK);
	assert_true(wsman_read_request(xml_root(x), &q, &why));
	for (f = q.body->child; f != NULL; f = f->next)
		fields++;
	assert_int_equal(fields, 65); /* DomainName is new */
	assert_string_equal(node_text(q.body, "HostName"), "pc");
	assert_string_equal(node_text(q.body, "DomainName"), "example.com");
	assert_string_equal(node_text(q.body, "F59"), "v59");
	assert_true(node_child(q.body, "Nothing")->nil);
	assert_false(node_child(q.body, "At")->nil);
	assert_string_equal(node_text(q.body, "At/Datetime"), "now < then");
	assert_string_equal(node_path(q.body, "At/Datetime")->ns, "urn:d");
	assert_string_equal(node_path(q.body, "At/K")->attr_name, "k");
	xml_free(x);
	wr_free(&w);
	session_wipe(&s);
}

/* One that is too large is left as it is, before anything is changed. */
static void
an_instance_that_cannot_be_put_back_is_not_put(void **state)
{
	static char text[65536];
	struct session_plan plan = plain_plan();
	static struct session s;
	struct err e;

	(void)state;
	for (int many = 0; many < 2; many++) {
		size_t n = (size_t)snprintf(text, sizeof(text),
		    "<Envelope><Body><AMT_GeneralSettings>"
		    "<DigestRealm>r</DigestRealm>");

		for (int i = 0; many == 1 && i < 200; i++)
			n += (size_t)snprintf(
			    text + n, sizeof(text) - n, "<F/>");
		if (many == 0)
			n += (size_t)snprintf(
			    text + n, sizeof(text) - n, "<F>%09000d</F>", 0);
		snprintf(text + n, sizeof(text) - n,
		    "</AMT_GeneralSettings></Body></Envelope>");
		plan.fqdn[0] = '\0'; /* it is not to be put */
		err_clear(&e);
		session_init(&s, &plan);
		assert_int_equal(
		    session_answer(&s, 200, text, strlen(text), &e), ERR_OK);
		strcpy(plan.fqdn, "pc.example.com");
		session_init(&s, &plan);
		assert_int_equal(
		    session_answer(&s, 200, text, strlen(text), &e), ERR_PEER);
		assert_non_null(strstr(e.msg, "more fields than can be put"));
		assert_false(session_changes(&s));
	}
	session_wipe(&s);
}

/* Firmware answers a hash that it has already by a fault. Where the name is
 * another hash's, it is not the one that was asked for. */
static void
a_root_or_hash_that_exists_is_no_failure(void **state)
{
	static const char exists[] =
	    "<Envelope><Body><Fault><Code><Value>s:Sender</Value><Subcode>"
	    "<Value>wsman:AlreadyExists</Value></Subcode></Code><Reason>"
	    "<Text>there</Text></Reason></Fault></Body></Envelope>";
	static const char list[] =
	    "<Envelope><Body><PullResponse><Items>"
	    "<AMT_ProvisioningCertificateHash><HashData>AAAA</HashData>"
	    "<InstanceID>other</InstanceID></AMT_ProvisioningCertificateHash>"
	    "</Items><EndOfSequence/></PullResponse></Body></Envelope>";
	static const char *const names[] = { "mine", "other" };
	struct session_plan plan = plain_plan();
	static struct policy p;
	static struct session s;
	struct err e;

	(void)state;
	policy_plain(&p, true);
	p.nhashes = 1;
	p.hash[0].type = HASH_SHA256;
	plan.policy = &p;
	for (int i = 0; i < 2; i++) {
		err_clear(&e);
		strcpy(p.hash[0].name, names[i]);
		session_init(&s, &plan);
		s.step = SESSION_HASH_READ;
		strcpy(s.context, "1");
		assert_int_equal(
		    session_answer(&s, 200, list, sizeof(list) - 1, &e),
		    ERR_OK);
		assert_int_equal(s.step, SESSION_HASH_ADD);
		session_answer(&s, 400, exists, sizeof(exists) - 1, &e);
		assert_int_equal(e.code, i == 0 ? ERR_OK : ERR_PEER);
		assert_int_equal(s.step == SESSION_HASH_ADD, i);
	}
	assert_non_null(strstr(e.msg, "there (wsman:AlreadyExists)"));
	plan.certify = certify;
	p.mutual = true;
	p.nroots = 1;
	err_clear(&e);
	session_init(&s, &plan);
	s.step = SESSION_ROOT_ADD;
	assert_int_equal(
	    session_answer(&s, 400, exists, sizeof(exists) - 1, &e), ERR_OK);
	/* Of nothing else. */
	s.step = SESSION_CONTEXT;
	assert_int_equal(
	    session_answer(&s, 400, exists, sizeof(exists) - 1, &e), ERR_PEER);
	session_wipe(&s);
}

#define REFERENCE                                                        \
	"<ReferenceParameters><SelectorSet><Selector "                   \
	"Name='Class'>C</Selector>"                                      \
	"<Selector Name='InstanceID'>Handle: 7</Selector></SelectorSet>" \
	"</ReferenceParameters>"

/* New key and certificate are those that the reference's InstanceID names. */
static void
a_reference_with_several_keys_is_followed(void **state)
{
	static const char key[] =
	    "<Envelope><Body><GenerateKeyPair_OUTPUT><KeyPair>" REFERENCE
	    "</KeyPair><ReturnValue>0</ReturnValue></GenerateKeyPair_OUTPUT>"
	    "</Body></Envelope>";
	static const char cert[] =
	    "<Envelope><Body><AddCertificate_OUTPUT>"
	    "<CreatedCertificate>" REFERENCE "</CreatedCertificate>"
	    "<ReturnValue>0</ReturnValue></AddCertificate_OUTPUT></Body>"
	    "</Envelope>";
	static const char context[] =
	    "<Envelope><Body><PullResponse><Items><AMT_TLSCredentialContext>"
	    "<ElementInContext>" REFERENCE "</ElementInContext>"
	    "</AMT_TLSCredentialContext></Items><EndOfSequence/>"
	    "</PullResponse></Body></Envelope>";
	struct session_plan plan = plain_plan();
	static struct session s;
	struct err e;

	(void)state;
	err_clear(&e);
	plan.certify = certify;
	plan.again = true;
	session_init(&s, &plan);
	s.step = SESSION_KEY;
	assert_int_equal(
	    session_answer(&s, 200, key, sizeof(key) - 1, &e), ERR_OK);
	assert_string_equal(s.key, "Handle: 7");
	s.step = SESSION_CERT;
	assert_int_equal(
	    session_answer(&s, 200, cert, sizeof(cert) - 1, &e), ERR_OK);
	assert_string_equal(s.cert, "Handle: 7");
	s.step = SESSION_CONTEXT_READ;
	strcpy(s.context, "1");
	assert_int_equal(
	    session_answer(&s, 200, context, sizeof(context) - 1, &e), ERR_OK);
	assert_true(s.left.bound);
	session_wipe(&s);
}

static void
a_list_without_an_end_is_given_up(void **state)
{
	static const char open[] =
	    "<Envelope><Body><PullResponse><EnumerationContext>1"
	    "</EnumerationContext><Items/></PullResponse></Body></Envelope>";
	struct session_plan plan = plain_plan();
	enum err_code rc = ERR_OK;
	static struct session s;
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

static void
a_machine_that_is_set_up_is_asked_for_its_record(void **state)
{
	struct session_plan plan = { .kind = SESSION_PROBE,
		.uuid = script_unit };
	struct script d = script_good();
	static struct session s;
	struct err e;

	(void)state;
	d.post = true;
	session_init(&s, &plan);
	assert_false(session_changes(&s));
	assert_int_equal(run(&s, &d, &e), ERR_OK);
	assert_string_equal(
	    d.told, "SetupAndConfigurationService TLSProvisioningRecord ");
	assert_true(s.record.present);
	assert_false(s.record.host_based);
	assert_string_equal(s.record.fqdn, "setup.example.com");
	assert_int_equal(s.record.hash_len, 4);
	assert_int_equal(s.record.hash_type, 2);
	/* Firmware that does not know the class: no record, no failure. */
	d = script_good();
	d.post = true;
	d.spoil = "IPS_TLSProvisioningRecord";
	session_init(&s, &plan);
	assert_int_equal(run(&s, &d, &e), ERR_OK);
	assert_false(s.record.present);
	/* One that is not set up. */
	d = script_good();
	session_init(&s, &plan);
	assert_int_equal(run(&s, &d, &e), ERR_PEER);
	assert_string_equal(s.state, "1");
}

static void
a_set_up_is_taken_back_in_full_or_in_part(void **state)
{
	struct session_plan plan = { .kind = SESSION_UNDO,
		.uuid = script_unit };
	struct script d = script_good();
	static struct session s;
	struct err e;

	(void)state;
	d.post = true;
	session_init(&s, &plan);
	assert_int_equal(run(&s, &d, &e), ERR_OK);
	assert_string_equal(
	    d.told, "SetupAndConfigurationService GetUuid Unprovision ");
	plan.kind = SESSION_UNDO_PARTLY;
	d = script_good();
	d.post = true;
	session_init(&s, &plan);
	assert_int_equal(run(&s, &d, &e), ERR_OK);
	assert_string_equal(
	    d.told, "SetupAndConfigurationService GetUuid PartialUnprovision ");
	/* Another machine at that address keeps its set-up. */
	d = script_good();
	d.post = true;
	d.uuid = "AAAAAAAAAAAAAAAAAAAAAA==";
	session_init(&s, &plan);
	assert_int_equal(run(&s, &d, &e), ERR_PERM);
	assert_ptr_equal(e.reason, reason_get(REASON_DEVICE_UUID_DIFFERS));
	assert_null(strstr(d.told, "nprovision"));
	assert_false(session_changes(&s));
}

/* The first answer, with another message's number in it. */
static enum err_code
misdirected(const char *to, struct err *e)
{
	struct script d = script_good();
	struct session_plan plan = plain_plan();
	struct wsman_request q;
	static struct session s;
	struct xml *x = NULL;
	const char *why = NULL;
	struct wr out, in;
	enum err_code rc;

	session_init(&s, &plan);
	wr_grow(&out, 65536);
	wr_grow(&in, 65536);
	err_clear(e);
	session_request(&s, NOW, &out);
	assert_int_equal(xml_read(out.buf, out.len, &x, e), ERR_OK);
	assert_true(wsman_read_request(xml_root(x), &q, &why));
	assert_string_equal(q.message_id, "1");
	q.message_id = to;
	script_answer(&d, &q, &in);
	rc = session_answer(&s, 200, in.buf, in.len, e);
	xml_free(x);
	wr_free(&out);
	wr_free(&in);
	session_wipe(&s);
	return rc;
}

static void
an_answer_to_another_message_is_none(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(misdirected("1", &e), ERR_OK);
	assert_int_equal(misdirected("2", &e), ERR_PEER);
	assert_non_null(strstr(e.msg, "message 2, ours was 1"));
	assert_ptr_equal(e.reason, reason_get(REASON_STEP_FAILED));
	assert_int_equal(misdirected(NULL, &e), ERR_OK); /* it says nothing */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_to_another_message_is_none),
		cmocka_unit_test(the_digest_is_that_of_the_published_vector),
		cmocka_unit_test(a_set_up_asks_reads_sets_and_commits_in_order),
		cmocka_unit_test(
		    clock_certificate_and_new_key_pair_are_set_where_wanted),
		cmocka_unit_test(a_profile_adds_its_steps_in_order),
		cmocka_unit_test(
		    the_one_time_password_must_match_where_one_is_expected),
		cmocka_unit_test(a_device_with_another_uuid_is_left_unchanged),
		cmocka_unit_test(a_device_that_tells_no_uuid_is_set_up),
		cmocka_unit_test(what_commit_changes_answers_counts),
		cmocka_unit_test(a_device_that_is_set_up_already_is_refused),
		cmocka_unit_test(each_step_that_fails_is_named_with_its_value),
		cmocka_unit_test(an_answer_that_is_not_wsman_ends_the_session),
		cmocka_unit_test(a_refusal_is_a_value_or_a_fault_of_the_sender),
		cmocka_unit_test(a_reference_with_several_keys_is_followed),
		cmocka_unit_test(a_root_or_hash_that_exists_is_no_failure),
		cmocka_unit_test(an_instance_is_put_back_as_a_whole),
		cmocka_unit_test(
		    an_instance_that_cannot_be_put_back_is_not_put),
		cmocka_unit_test(a_list_without_an_end_is_given_up),
		cmocka_unit_test(
		    a_machine_that_is_set_up_is_asked_for_its_record),
		cmocka_unit_test(a_set_up_is_taken_back_in_full_or_in_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
