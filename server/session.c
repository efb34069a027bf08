/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/xml.h"
#include "formats/reason.h"
#include "formats/wsman.h"
#include "server/session.h"

#define SERVICE "AMT_SetupAndConfigurationService"
#define TIME "AMT_TimeSynchronizationService"
#define KEYS "AMT_PublicKeyManagementService"
#define TLS_SETTINGS "Intel(r) AMT 802.3 TLS Settings"
#define REF "ReferenceParameters/SelectorSet/Selector"
#define CLOCK_TOLERANCE 10 /* seconds */
#define POST_PROVISIONING "2"
#define FIELDS 18
#define REQUESTS_MAX 200 /* a device could make us pull for ever */

/* The fields of a request and the texts that are made for them. */
struct input {
	struct wsman_field f[FIELDS];
	size_t n;
	char text[4][24];
	char digest[SESSION_DIGEST_SIZE];
	char blob[TEXT_B64_SIZE(SESSION_CERT_MAX)];
};

struct step {
	enum wsman_op op; /* WSMAN_PULL: Enumerate, then Pull to the end */
	const char *class, *method;
	bool (*wanted)(const struct session *); /* NULL: always */
	void (*fill)(struct session *, struct input *);
	enum err_code (*take)(
	    struct session *, const struct wsman_response *, struct err *);
};

static void
add(struct input *in, const char *name, const char *value, const char *epr)
{
	in->f[in->n++] = (struct wsman_field){ name, value, epr };
}

static enum err_code
bad(struct err *e, const char *what)
{
	return err_refuse(e, ERR_PEER, reason_get(REASON_STEP_FAILED),
	    "the answer has no usable %s", what);
}

/* Copies a text of the answer; false if it is not there or does not fit. */
static bool
copy(char *out, size_t room, const struct node *n, const char *path)
{
	const char *s = node_text(n, path);
	size_t len = s == NULL ? 0 : strlen(s);

	if (len == 0 || len >= room || !text_printable(s, len))
		return false;
	memcpy(out, s, len + 1);
	return true;
}

void
session_digest(char out[static SESSION_DIGEST_SIZE], const char *user,
    const char *realm, const char *password)
{
	uint8_t md5[16];
	struct wr w;

	wr_grow(&w, 4096);
	wr_str(&w, user);
	wr_u8(&w, ':');
	wr_str(&w, realm);
	wr_u8(&w, ':');
	wr_str(&w, password);
	crypto_md5(w.buf, w.len, md5);
	text_b64(out, md5, sizeof(md5));
	secret_wipe(md5, sizeof(md5));
	wr_free(&w);
}

static enum err_code
take_general(struct session *s, const struct wsman_response *r, struct err *e)
{
	if (!copy(s->realm, sizeof(s->realm), r->body, "DigestRealm"))
		return bad(e, "DigestRealm");
	return ERR_OK;
}

static enum err_code
take_software(struct session *s, const struct wsman_response *r, struct err *e)
{
	const struct node *i = r->items == NULL ? NULL : r->items->child;
	const char *id;

	(void)e;
	for (; i != NULL; i = i->next) {
		id = node_text(i, "InstanceID");
		if (id != NULL && strcmp(id, "AMT") == 0)
			copy(
			    s->version, sizeof(s->version), i, "VersionString");
	}
	return ERR_OK;
}

/* Both lengths are public; the bytes are compared in constant time. */
static bool
otp_matches(const struct session *s, const char *b64)
{
	uint8_t otp[SESSION_PASSWORD];
	size_t n = sizeof(otp);
	bool same;

	if (b64 == NULL || !text_unb64(otp, &n, b64, strlen(b64)))
		return false;
	same = n == strlen(s->plan.otp) && secret_equal(otp, s->plan.otp, n);
	secret_wipe(otp, sizeof(otp));
	return same;
}

static enum err_code
take_service(struct session *s, const struct wsman_response *r, struct err *e)
{
	char state[8];

	if (!copy(state, sizeof(state), r->body, "ProvisioningState"))
		return bad(e, "ProvisioningState");
	if (strcmp(state, "0") != 0 && strcmp(state, "1") != 0)
		return err_refuse(e, ERR_PEER, reason_get(REASON_STEP_FAILED),
		    "ProvisioningState is %s, wanted 0 (pre) or 1 (in)", state);
	if (s->plan.otp[0] != '\0' &&
	    !otp_matches(s, node_text(r->body, "ProvisioningServerOTP")))
		return err_refuse(e, ERR_PERM, reason_get(REASON_STEP_FAILED),
		    "the device's one-time password differs");
	return ERR_OK;
}

static enum err_code
take_uuid(struct session *s, const struct wsman_response *r, struct err *e)
{
	const char *b64 = node_text(r->body, "UUID");
	char is[UUID_TEXT], want[UUID_TEXT];
	struct uuid u;
	uint8_t raw[UUID_LEN];
	size_t n = sizeof(raw);

	if (b64 == NULL || !text_unb64(raw, &n, b64, strlen(b64)) ||
	    n != UUID_LEN)
		return bad(e, "UUID");
	memcpy(u.b, raw, UUID_LEN);
	if (uuid_equal(&u, &s->plan.uuid))
		return ERR_OK;
	uuid_text(&u, is);
	uuid_text(&s->plan.uuid, want);
	return err_refuse(e, ERR_PERM, reason_get(REASON_DEVICE_UUID_DIFFERS),
	    "the hello said %s, the device says %s", want, is);
}

static void
fill_mebx(struct session *s, struct input *in)
{
	add(in, "Password", s->plan.mebx_password, NULL);
}

static void
fill_admin(struct session *s, struct input *in)
{
	session_digest(in->digest, "admin", s->realm, s->plan.admin_password);
	add(in, "Username", "admin", NULL);
	add(in, "DigestPassword", in->digest, NULL);
}

static enum err_code
take_time(struct session *s, const struct wsman_response *r, struct err *e)
{
	char text[16];

	if (!copy(text, sizeof(text), r->body, "Ta0") ||
	    strspn(text, "0123456789") != strlen(text))
		return bad(e, "Ta0");
	s->clock = strtoll(text, NULL, 10);
	return ERR_OK;
}

static bool
clock_is_off(const struct session *s)
{
	return llabs(s->clock - s->now) > CLOCK_TOLERANCE;
}

static void
fill_time(struct session *s, struct input *in)
{
	snprintf(in->text[0], sizeof(in->text[0]), "%lld", (long long)s->clock);
	snprintf(in->text[1], sizeof(in->text[1]), "%lld", (long long)s->now);
	add(in, "Ta0", in->text[0], NULL);
	add(in, "Tm1", in->text[1], NULL);
	add(in, "Tm2", in->text[1], NULL);
}

static bool
wants_certificate(const struct session *s)
{
	return s->plan.certify != NULL;
}

static void
fill_key(struct session *s, struct input *in)
{
	(void)s;
	add(in, "KeyAlgorithm", "0", NULL); /* RSA */
	add(in, "KeyLength", "2048", NULL);
}

static enum err_code
take_key(struct session *s, const struct wsman_response *r, struct err *e)
{
	if (!copy(s->key, sizeof(s->key), r->body, "KeyPair/" REF))
		return bad(e, "KeyPair");
	return ERR_OK;
}

static enum err_code
certify(struct session *s, const char *b64, struct err *e)
{
	uint8_t key[1024];
	size_t n = sizeof(key);
	struct wr w;
	enum err_code rc;

	if (!text_unb64(key, &n, b64, strlen(b64)))
		return bad(e, "DERKey");
	wr_fixed(&w, s->cert_der, sizeof(s->cert_der));
	rc = s->plan.certify(s->plan.certify_arg, &s->plan.uuid, key, n, &w, e);
	s->cert_len = w.len;
	if (rc == ERR_OK && w.failed)
		rc = bad(e, "DERKey");
	return rc;
}

/* A list may come in several pulls; what was not found matters at the end. */
static enum err_code
take_key_read(struct session *s, const struct wsman_response *r, struct err *e)
{
	const struct node *i = r->items == NULL ? NULL : r->items->child;
	const char *id, *key;

	for (; i != NULL; i = i->next) {
		id = node_text(i, "InstanceID");
		key = node_text(i, "DERKey");
		if (id != NULL && key != NULL && strcmp(id, s->key) == 0)
			return certify(s, key, e);
	}
	if (r->end && s->cert_len == 0)
		return bad(e, "DERKey of the new key pair");
	return ERR_OK;
}

static void
fill_cert(struct session *s, struct input *in)
{
	text_b64(in->blob, s->cert_der, s->cert_len);
	add(in, "CertificateBlob", in->blob, NULL);
}

static enum err_code
take_cert(struct session *s, const struct wsman_response *r, struct err *e)
{
	if (!copy(s->cert, sizeof(s->cert), r->body, "CreatedCertificate/" REF))
		return bad(e, "CreatedCertificate");
	return ERR_OK;
}

static void
fill_context(struct session *s, struct input *in)
{
	add(in, "ElementInContext", s->cert, "AMT_PublicKeyCertificate");
	add(in, "ElementProvidingContext",
	    "TLSProtocolEndpointInstances Collection",
	    "AMT_TLSProtocolEndpointCollection/ElementName");
}

static void
keep_settings(struct session *s, const struct node *instance)
{
	const struct node *f = instance->child;

	s->ntls = 0;
	for (; f != NULL && s->ntls < SESSION_TLS_FIELDS; f = f->next) {
		if (strlen(f->name) >= sizeof(s->tls[0].name) ||
		    strlen(f->text) >= sizeof(s->tls[0].value))
			continue;
		strcpy(s->tls[s->ntls].name, f->name);
		strcpy(s->tls[s->ntls].value, f->text);
		s->ntls++;
	}
}

static enum err_code
take_tls(struct session *s, const struct wsman_response *r, struct err *e)
{
	const struct node *i = r->items == NULL ? NULL : r->items->child;
	const char *id;

	for (; i != NULL; i = i->next) {
		id = node_text(i, "InstanceID");
		if (id != NULL && strcmp(id, TLS_SETTINGS) == 0)
			keep_settings(s, i);
	}
	if (r->end && s->ntls == 0)
		return bad(e, "AMT_TLSSettingData of the wired interface");
	return ERR_OK;
}

/* The instance as it was read, with our three settings in it. */
static void
fill_tls(struct session *s, struct input *in)
{
	static const char *const ours[][2] = {
		{ "Enabled", "true" },
		{ "MutualAuthentication", "false" },
		{ "AcceptNonSecureConnections", "true" },
	};
	const char *value;

	for (size_t i = 0; i < s->ntls; i++) {
		value = s->tls[i].value;
		for (size_t k = 0; k < 3; k++)
			if (strcmp(s->tls[i].name, ours[k][0]) == 0)
				value = ours[k][1];
		add(in, s->tls[i].name, value, NULL);
	}
}

static bool
wants_psk(const struct session *s)
{
	return s->plan.psk.pid[0] != '\0';
}

static void
fill_psk(struct session *s, struct input *in)
{
	add(in, "PID", s->plan.psk.pid, NULL);
	add(in, "PPS", s->plan.psk.pps, NULL);
}

static enum err_code
take_check(struct session *s, const struct wsman_response *r, struct err *e)
{
	const char *state = node_text(r->body, "ProvisioningState");

	(void)s;
	if (state != NULL && strcmp(state, POST_PROVISIONING) == 0)
		return ERR_OK;
	return err_refuse(e, ERR_PEER, reason_get(REASON_STEP_FAILED),
	    "CommitChanges succeeded, but ProvisioningState is not 2 (post)");
}

/* By enum session_step. */
static const struct step steps[SESSION_DONE] = {
	{ WSMAN_GET, "AMT_GeneralSettings", NULL, NULL, NULL, take_general },
	{ WSMAN_PULL, "CIM_SoftwareIdentity", NULL, NULL, NULL, take_software },
	{ WSMAN_GET, SERVICE, NULL, NULL, NULL, take_service },
	{ WSMAN_INVOKE, SERVICE, "GetUuid", NULL, NULL, take_uuid },
	{ WSMAN_INVOKE, SERVICE, "SetMEBxPassword", NULL, fill_mebx, NULL },
	{ WSMAN_INVOKE, "AMT_AuthorizationService", "SetAdminAclEntryEx", NULL,
	    fill_admin, NULL },
	{ WSMAN_INVOKE, TIME, "GetLowAccuracyTimeSynch", NULL, NULL,
	    take_time },
	{ WSMAN_INVOKE, TIME, "SetHighAccuracyTimeSynch", clock_is_off,
	    fill_time, NULL },
	{ WSMAN_INVOKE, KEYS, "GenerateKeyPair", wants_certificate, fill_key,
	    take_key },
	{ WSMAN_PULL, "AMT_PublicPrivateKeyPair", NULL, wants_certificate, NULL,
	    take_key_read },
	{ WSMAN_INVOKE, KEYS, "AddCertificate", wants_certificate, fill_cert,
	    take_cert },
	{ WSMAN_CREATE, "AMT_TLSCredentialContext", NULL, wants_certificate,
	    fill_context, NULL },
	{ WSMAN_PULL, "AMT_TLSSettingData", NULL, wants_certificate, NULL,
	    take_tls },
	{ WSMAN_PUT, "AMT_TLSSettingData", NULL, wants_certificate, fill_tls,
	    NULL },
	{ WSMAN_INVOKE, SERVICE, "SetTLSPSK", wants_psk, fill_psk, NULL },
	{ WSMAN_INVOKE, SERVICE, "CommitChanges", NULL, NULL, NULL },
	{ WSMAN_GET, SERVICE, NULL, NULL, NULL, take_check },
};

void
session_init(struct session *s, const struct session_plan *plan)
{
	memset(s, 0, sizeof(*s));
	s->plan = *plan;
}

void
session_wipe(struct session *s)
{
	secret_wipe(s, sizeof(*s));
}

bool
session_changes(const struct session *s)
{
	return s->step >= SESSION_MEBX;
}

bool
session_committed(const struct session *s)
{
	return s->step > SESSION_COMMIT;
}

const char *
session_step_name(const struct session *s)
{
	static const char *const ops[] = { "Get", "Put", "Create", "Delete",
		"Enumerate", "Pull" };
	const struct step *t = &steps[s->step];

	return t->method != NULL ? t->method : ops[t->op];
}

void
session_request(struct session *s, int64_t now, struct wr *w)
{
	const struct step *t = &steps[s->step];
	char id[16];
	struct wsman_request req = { .op = t->op,
		.class = t->class,
		.method = t->method,
		.message_id = id };
	struct input in;

	memset(&in, 0, sizeof(in));
	s->now = now;
	snprintf(id, sizeof(id), "%u", ++s->number);
	if (t->op == WSMAN_PULL && s->context[0] == '\0')
		req.op = WSMAN_ENUMERATE;
	else
		req.context = s->context;
	if (t->op == WSMAN_PUT) {
		req.sel_name = "InstanceID";
		req.sel_value = TLS_SETTINGS;
	}
	if (t->fill != NULL)
		t->fill(s, &in);
	wsman_write_request(w, &req, in.f, in.n);
	secret_wipe(&in, sizeof(in));
}

/* LMS StatusCodeDefinitions.h: a ReturnValue is a PTHI status. */
static const char *
value_name(int v)
{
	static const struct {
		int v;
		const char *name;
	} names[] = {
		{ 0x01, "internal error" },
		{ 0x02, "not ready" },
		{ 0x03, "invalid mode" },
		{ 0x04, "invalid length" },
		{ 0x10, "not permitted" },
		{ 0x17, "limit reached" },
		{ 0x19, "authentication failed" },
		{ 0x1b, "invalid IP address" },
		{ 0x1c, "invalid domain name" },
		{ 0x20, "invalid provisioning state" },
		{ 0x22, "invalid time" },
		{ 0x23, "invalid index" },
		{ 0x24, "invalid parameter" },
		{ 0x26, "flash write limit" },
		{ 0x2a, "invalid PID" },
		{ 0x2b, "invalid PPS" },
		{ 0x2f, "random seed in progress" },
		{ 0x30, "random seed not ready" },
		{ 0x31, "certificate not ready" },
		{ 0x805, "invalid handle" },
		{ 0x806, "invalid password" },
		{ 0x809, "data missing" },
		{ 0x80a, "duplicate" },
		{ 0x80f, "invalid certificate" },
		{ 0x814, "not found" },
		{ 0x815, "invalid credentials" },
		{ 0x81c, "blocking component" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].v == v)
			return names[i].name;
	return "unknown";
}

static enum err_code
read_answer(const struct step *t, int status, const struct node *root,
    struct wsman_response *r, struct err *e)
{
	const struct reason *why = reason_get(REASON_STEP_FAILED);
	const char *what = NULL;

	if (!wsman_read_response(root, r, &what))
		return err_refuse(e, ERR_PEER, why, "%s", what);
	if (r->fault != NULL)
		return err_refuse(e, ERR_PEER, why, "HTTP status %d, fault: %s",
		    status,
		    text_printable(r->fault, strlen(r->fault)) ? r->fault
							       : "?");
	if (status != 200)
		return err_refuse(e, ERR_PEER, why, "HTTP status %d", status);
	if (t->op == WSMAN_INVOKE && r->return_value == -1)
		return bad(e, "ReturnValue");
	if (t->op == WSMAN_INVOKE && r->return_value != 0)
		return err_refuse(e, ERR_PEER, why, "ReturnValue %d (%s)",
		    r->return_value, value_name(r->return_value));
	return ERR_OK;
}

static void
next_step(struct session *s)
{
	s->context[0] = '\0';
	do
		s->step++;
	while (s->step < SESSION_DONE && steps[s->step].wanted != NULL &&
	    !steps[s->step].wanted(s));
}

static enum err_code
take_answer(struct session *s, const struct wsman_response *r, struct err *e)
{
	const struct step *t = &steps[s->step];
	bool pulled = s->context[0] != '\0';
	enum err_code rc;

	if (t->op == WSMAN_PULL && !pulled) {
		if (!copy(s->context, sizeof(s->context), r->body,
			"EnumerationContext"))
			return bad(e, "EnumerationContext");
		return ERR_OK;
	}
	if (t->take != NULL && (rc = t->take(s, r, e)) != ERR_OK)
		return rc;
	if (t->op != WSMAN_PULL || r->end)
		next_step(s);
	else if (s->number >= REQUESTS_MAX ||
	    !copy(
		s->context, sizeof(s->context), r->body, "EnumerationContext"))
		return bad(e, "EndOfSequence");
	return ERR_OK;
}

enum err_code
session_answer(
    struct session *s, int status, const void *body, size_t n, struct err *e)
{
	const struct step *t = &steps[s->step];
	const char *name = session_step_name(s);
	struct wsman_response r;
	struct xml *x = NULL;
	enum err_code rc;

	if (status != 200 && n == 0)
		rc = err_refuse(e, ERR_PEER, reason_get(REASON_STEP_FAILED),
		    "HTTP status %d", status);
	else if (xml_read(body, n, &x, e) == ERR_OK)
		rc = read_answer(t, status, xml_root(x), &r, e);
	else {
		rc = e->code;
		e->reason = reason_get(REASON_STEP_FAILED);
	}
	if (rc == ERR_OK)
		rc = take_answer(s, &r, e);
	xml_free(x);
	if (rc != ERR_OK)
		err_in(
		    e, "%s%s%s", t->class, t->method == NULL ? " " : ".", name);
	return rc;
}
