/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/xml.h"
#include "formats/pthi.h"
#include "formats/reason.h"
#include "formats/wsman.h"
#include "server/session.h"
#include "server/step.h"
#include "server/stepdone.h"
#include "server/stepkvm.h"
#include "server/stepleft.h"
#include "server/stepotp.h"
#include "server/stepself.h"
#include "server/stepset.h"
#include "server/steptls.h"

#define SERVICE "AMT_SetupAndConfigurationService"
#define TIME "AMT_TimeSynchronizationService"
#define KEYS "AMT_PublicKeyManagementService"
#define PAIR "AMT_PublicPrivateKeyPair"
#define CERT "AMT_PublicKeyCertificate"
#define CONTEXT "AMT_TLSCredentialContext"
#define POWER "AMT_SystemPowerScheme"
#define REDIRECT "AMT_RedirectionService"
#define KVM "IPS_KVMRedirectionSettingData"
#define EXTEND "ExtendProvisioningPeriod"
#define UNSPECIFIED \
	"http://schemas.xmlsoap.org/ws/2004/08/addressing/id/unspecified"
#define REQUESTS_MAX 200 /* a device could make us pull for ever */

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

/* By enum session_step. */
static const struct step steps[SESSION_DONE] = {
	{ WSMAN_GET, "AMT_GeneralSettings", NULL, NULL, NULL,
	    stepself_take_general },
	{ WSMAN_PULL, "CIM_SoftwareIdentity", NULL, NULL, NULL,
	    stepself_take_software },
	{ WSMAN_INVOKE, SERVICE, "GetUuid", NULL, NULL, stepself_take_uuid },
	{ WSMAN_GET, SERVICE, NULL, NULL, NULL, stepotp_take_service },
	{ WSMAN_INVOKE, SERVICE, EXTEND, stepotp_wants_shut, stepotp_fill_shut,
	    stepotp_take_shut },
	{ WSMAN_INVOKE, SERVICE, EXTEND, stepotp_wants_extend,
	    stepotp_fill_extend, NULL },
	{ WSMAN_INVOKE, SERVICE, "SetMEBxPassword", NULL, stepself_fill_mebx,
	    NULL },
	{ WSMAN_INVOKE, "AMT_AuthorizationService", "SetAdminAclEntryEx", NULL,
	    stepself_fill_admin, NULL },
	{ WSMAN_INVOKE, TIME, "GetLowAccuracyTimeSynch", stepself_wants_time,
	    NULL, stepself_take_time },
	{ WSMAN_INVOKE, TIME, "SetHighAccuracyTimeSynch", stepself_clock_is_off,
	    stepself_fill_time, NULL },
	{ WSMAN_PUT, "AMT_GeneralSettings", NULL, stepset_wants_network,
	    stepset_fill_network, NULL },
	{ WSMAN_PULL, "AMT_ProvisioningCertificateHash", NULL,
	    stepset_wants_hashes, NULL, stepset_take_hashes },
	{ WSMAN_CREATE, "AMT_ProvisioningCertificateHash", NULL,
	    stepset_wants_hash, stepset_fill_hash, stepset_take_hash },
	{ WSMAN_PULL, POWER, NULL, stepset_wants_power, NULL,
	    stepset_take_power },
	{ WSMAN_INVOKE, POWER, "SetPowerScheme", stepset_wants_power,
	    stepset_fill_power, NULL },
	{ WSMAN_PULL, PAIR, NULL, stepleft_wants, NULL, stepleft_take_keys },
	{ WSMAN_PULL, CERT, NULL, stepleft_wants, NULL, stepleft_take_certs },
	{ WSMAN_DELETE, CERT, NULL, stepleft_wants_cert_drop,
	    stepleft_fill_cert_drop, NULL },
	{ WSMAN_DELETE, PAIR, NULL, stepleft_wants_key_drop,
	    stepleft_fill_key_drop, NULL },
	{ WSMAN_INVOKE, KEYS, "GenerateKeyPair", steptls_wants_key,
	    steptls_fill_key, steptls_take_key },
	{ WSMAN_PULL, PAIR, NULL, steptls_wants_key, NULL,
	    steptls_take_key_read },
	{ WSMAN_INVOKE, KEYS, "AddCertificate", steptls_wants_key,
	    steptls_fill_cert, steptls_take_cert },
	{ WSMAN_INVOKE, KEYS, "AddTrustedRootCertificate", steptls_wants_root,
	    steptls_fill_root, steptls_take_root },
	{ WSMAN_PULL, CONTEXT, NULL, stepleft_wants, NULL,
	    stepleft_take_context },
	{ WSMAN_CREATE, CONTEXT, NULL, steptls_wants_context,
	    steptls_fill_context, NULL },
	{ WSMAN_PULL, "AMT_TLSSettingData", NULL, steptls_wants_certificate,
	    NULL, steptls_take_tls },
	{ WSMAN_PUT, "AMT_TLSSettingData", NULL, steptls_wants_certificate,
	    steptls_fill_tls, NULL },
	{ WSMAN_GET, REDIRECT, NULL, stepkvm_wants_redirect, NULL,
	    stepkvm_take_instance },
	{ WSMAN_INVOKE, REDIRECT, "RequestStateChange", stepkvm_wants_redirect,
	    stepkvm_fill_state, NULL },
	{ WSMAN_PUT, REDIRECT, NULL, stepkvm_wants_redirect,
	    stepkvm_fill_redirect, NULL },
	{ WSMAN_INVOKE, "CIM_KVMRedirectionSAP", "RequestStateChange",
	    stepkvm_wants_kvm, stepkvm_fill_kvm, NULL },
	{ WSMAN_GET, KVM, NULL, stepkvm_wants_settings, NULL,
	    stepkvm_take_instance },
	{ WSMAN_PUT, KVM, NULL, stepkvm_wants_settings, stepkvm_fill_settings,
	    NULL },
	{ WSMAN_INVOKE, SERVICE, "SetTLSPSK", stepself_wants_psk,
	    stepself_fill_psk, NULL },
	{ WSMAN_INVOKE, SERVICE, "CommitChanges", NULL, NULL, NULL },
	{ WSMAN_GET, SERVICE, NULL, NULL, NULL, stepdone_take_check },
	{ WSMAN_PULL, "IPS_TLSProvisioningRecord", NULL, stepdone_wants_record,
	    NULL, stepdone_take_record },
	{ WSMAN_PULL, "IPS_AdminProvisioningRecord", NULL,
	    stepdone_wants_admin_record, NULL, stepdone_take_record },
	{ WSMAN_INVOKE, SERVICE, "GetUuid", stepdone_wants_remove, NULL,
	    stepself_take_uuid },
	{ WSMAN_INVOKE, SERVICE, "Unprovision", stepdone_wants_remove,
	    stepdone_fill_remove, NULL },
};

/* Firmware may not know the record, or the period, or keep what is left: no
 * reason to give up. That
 * it says no UUID neither: PPS or certificate prove who it is, and where none
 * does, its word would not either. */
static bool
is_lenient(const struct session *s)
{
	/* What CommitChanges answered is what counts. */
	if (s->step == SESSION_CHECK)
		return s->plan.kind == SESSION_SET_UP;
	return s->step == SESSION_UUID || s->step == SESSION_SHUT ||
	    s->step == SESSION_LEFT_KEYS || s->step == SESSION_LEFT_CERTS ||
	    s->step == SESSION_CERT_DROP || s->step == SESSION_KEY_DROP ||
	    s->step == SESSION_CONTEXT_READ || s->step == SESSION_EXTEND ||
	    s->step == SESSION_RECORD || s->step == SESSION_RECORD_ADMIN;
}

/* As long as it is wanted. */
static bool
is_repeated(const struct session *s)
{
	return s->step == SESSION_HASH_ADD || s->step == SESSION_ROOT_ADD ||
	    s->step == SESSION_CERT_DROP || s->step == SESSION_KEY_DROP;
}

static const char *
method_of(const struct session *s)
{
	if (s->step == SESSION_REMOVE && s->plan.kind == SESSION_UNDO_PARTLY)
		return "PartialUnprovision";
	return steps[s->step].method;
}

void
session_init(struct session *s, const struct session_plan *plan)
{
	memset(s, 0, sizeof(*s));
	s->plan = *plan;
	if (plan->kind != SESSION_SET_UP)
		s->step = SESSION_CHECK;
}

void
session_wipe(struct session *s)
{
	secret_wipe(s, sizeof(*s));
}

bool
session_changes(const struct session *s)
{
	if (s->plan.kind != SESSION_SET_UP)
		return s->step == SESSION_REMOVE;
	return s->step >= SESSION_MEBX;
}

bool
session_may_end(const struct session *s, struct err *e)
{
	if (s->step == SESSION_SHUT)
		*e = s->verdict;
	return s->step == SESSION_SHUT || s->step == SESSION_RECORD ||
	    s->step == SESSION_RECORD_ADMIN;
}

bool
session_refused(const struct session *s)
{
	return s->definite;
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
	const char *method = method_of(s);

	return method != NULL ? method : ops[steps[s->step].op];
}

void
session_request(struct session *s, int64_t now, struct wr *w)
{
	const struct step *t = &steps[s->step];
	char id[16];
	struct wsman_request req = { .op = t->op,
		.class = t->class,
		.method = method_of(s),
		.message_id = id };
	struct step_input in;

	memset(&in, 0, sizeof(in));
	s->now = now;
	snprintf(id, sizeof(id), "%u", ++s->number);
	if (t->op == WSMAN_PULL && s->context[0] == '\0')
		req.op = WSMAN_ENUMERATE;
	else
		req.context = s->context;
	if (t->fill != NULL)
		t->fill(s, &in);
	req.sel_name = in.sel_name;
	req.sel_value = in.sel_value;
	wsman_write_request(w, &req, in.f, in.n);
	secret_wipe(&in, sizeof(in));
}

/* A root or its hash that an earlier try brought, or that is in the firmware
 * and not in its list. */
static bool
is_there(const struct session *s, const struct wsman_response *r)
{
	bool exists = wsman_is_fault(r, WSMAN_FAULT_EXISTS);

	if (s->step == SESSION_ROOT_ADD)
		return exists || r->return_value == STEP_DUPLICATE;
	return s->step == SESSION_HASH_ADD && exists &&
	    stepset_may_have_hash(s);
}

/* HTTP pairs them already, so one that says nothing is taken; and a fault may
 * be of a request whose MessageID was not understood, for which WS-Addressing
 * has a name. Another one's answer is none. */
static bool
is_ours(const struct session *s, const struct wsman_response *r)
{
	char id[16];

	snprintf(id, sizeof(id), "%u", s->number);
	return r->relates_to == NULL || strcmp(r->relates_to, id) == 0 ||
	    (r->fault != NULL && strcmp(r->relates_to, UNSPECIFIED) == 0);
}

/* For people: what is not printable ASCII is one "?" a character. */
static void
legible(char *out, size_t room, const char *s)
{
	size_t left = strlen(s), n;

	for (; left > 0 && room > 1; s += n, left -= n, room--) {
		n = text_utf8((const uint8_t *)s, left);
		n = n == 0 ? 1 : n;
		*out++ = text_printable(s, n) ? *s : '?';
	}
	*out = '\0';
}

static enum err_code
faulty(const struct wsman_response *r, int status, struct err *e)
{
	char text[160], code[64];

	legible(text, sizeof(text), r->fault);
	legible(code, sizeof(code), r->code);
	return err_refuse(e, ERR_PEER, reason_get(REASON_STEP_FAILED),
	    "HTTP status %d, fault: %s%s%s%s", status, text,
	    code[0] == '\0' ? "" : " (", code, code[0] == '\0' ? "" : ")");
}

static enum err_code
read_answer(const struct session *s, int status, const struct node *root,
    struct wsman_response *r, struct err *e)
{
	const struct reason *why = reason_get(REASON_STEP_FAILED);
	const struct step *t = &steps[s->step];
	const char *what = NULL;

	if (!wsman_read_response(root, r, &what))
		return err_refuse(e, ERR_PEER, why, "%s", what);
	if (!is_ours(s, r))
		return err_refuse(e, ERR_PEER, why,
		    "the answer is to message %.40s, ours was %u",
		    text_printable(r->relates_to, strlen(r->relates_to))
			? r->relates_to
			: "?",
		    s->number);
	if (r->fault != NULL)
		return is_there(s, r) ? ERR_OK : faulty(r, status, e);
	if (status != 200)
		return err_refuse(e, ERR_PEER, why, "HTTP status %d", status);
	if (t->op == WSMAN_INVOKE && r->return_value == -1)
		return step_bad(e, "ReturnValue");
	if (t->op == WSMAN_INVOKE && r->return_value != 0 && !is_there(s, r))
		return err_refuse(e, ERR_PEER, why, "ReturnValue %d (%s)",
		    r->return_value,
		    pthi_status_name((uint32_t)r->return_value));
	return ERR_OK;
}

static bool
is_definite(const struct session *s, int status, const struct wsman_response *r)
{
	bool is = r->fault != NULL ? status == 400
				   : status == 200 && r->return_value != -1;

	return is && is_ours(s, r);
}

static void
next_step(struct session *s)
{
	s->context[0] = '\0';
	if (is_repeated(s) && steps[s->step].wanted(s))
		return;
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
		if (!step_copy(s->context, sizeof(s->context), r->body,
			"EnumerationContext"))
			return step_bad(e, "EnumerationContext");
		return ERR_OK;
	}
	if (t->take != NULL && (rc = t->take(s, r, e)) != ERR_OK)
		return rc;
	if (t->op != WSMAN_PULL || r->end)
		next_step(s);
	else if (s->number >= REQUESTS_MAX ||
	    !step_copy(
		s->context, sizeof(s->context), r->body, "EnumerationContext"))
		return step_bad(e, "EndOfSequence");
	return ERR_OK;
}

enum err_code
session_answer(
    struct session *s, int status, const void *body, size_t n, struct err *e)
{
	const struct step *t = &steps[s->step];
	const char *name = session_step_name(s);
	struct wsman_response r = { .return_value = -1 };
	struct xml *x = NULL;
	enum err_code rc;
	bool full, none;

	if (status != 200 && n == 0)
		rc = err_refuse(e, ERR_PEER, reason_get(REASON_STEP_FAILED),
		    "HTTP status %d", status);
	else if (xml_read(body, n, &x, e) == ERR_OK)
		rc = read_answer(s, status, xml_root(x), &r, e);
	else {
		rc = e->code;
		e->reason = reason_get(REASON_STEP_FAILED);
		if (status != 200)
			err_in(e, "HTTP status %d", status);
	}
	s->definite = rc != ERR_OK && is_definite(s, status, &r);
	if (rc == ERR_OK)
		rc = take_answer(s, &r, e);
	none = rc != ERR_OK && stepkvm_has_none(s, &r);
	xml_free(x);
	full = r.return_value == PTHI_MAX_LIMIT;
	if (rc != ERR_OK && full && stepleft_again(s)) {
		err_clear(e);
		return ERR_OK;
	}
	if (none) {
		err_clear(e);
		next_step(s);
		return ERR_OK;
	}
	if (rc != ERR_OK && is_lenient(s) &&
	    e->reason != reason_get(REASON_DEVICE_UUID_DIFFERS)) {
		err_clear(e);
		if (s->step == SESSION_SHUT)
			return stepotp_take_shut(s, NULL, e);
		next_step(s);
		return ERR_OK;
	}
	if (rc != ERR_OK)
		err_in(
		    e, "%s%s%s", t->class, t->method == NULL ? " " : ".", name);
	return rc;
}
