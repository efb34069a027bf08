/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "device/amt.h"
#include "device/amtaudit.h"
#include "device/amtchoose.h"
#include "device/amtfacts.h"
#include "device/amthashes.h"
#include "device/amthosted.h"
#include "device/amtkeys.h"
#include "device/amtnetwork.h"
#include "device/amtpower.h"
#include "device/amtredirect.h"
#include "device/amtservice.h"
#include "device/amtsetup.h"
#include "device/attempt.h"
#include "formats/generation.h"

#define SETUP "AMT_SetupAndConfigurationService"
#define KEYS "AMT_PublicKeyManagementService"
#define ACCOUNTS "AMT_AuthorizationService"
#define LOG "IPS_ProvisioningRecordLog"
#define HOSTED "IPS_HostBasedSetupService"
#define TIME "AMT_TimeSynchronizationService"
#define CONTEXT_OF_TLS "AMT_TLSCredentialContext"

/* Without a method there is none: the action is not supported. */
static const struct {
	const char *class;
	amt_instance_fn *instance;
	amt_method_fn *put, *create, *remove;
	unsigned step; /* enum state_step, of Put and Create; 0: none */
} classes[] = {
	{ "AMT_GeneralSettings", amtnetwork_general, amtnetwork_put, NULL, NULL,
	    STATE_STEP_SETTINGS },
	{ ACCOUNTS, amtservice_authorization, NULL, NULL, NULL, 0 },
	{ TIME, amtservice_time, NULL, NULL, NULL, 0 },
	{ KEYS, amtservice_keys, NULL, NULL, NULL, 0 },
	{ "AMT_RedirectionService", amtredirect_service, amtredirect_put, NULL,
	    NULL, STATE_STEP_SETTINGS },
	{ "CIM_KVMRedirectionSAP", amtredirect_kvm, NULL, NULL, NULL, 0 },
	{ "IPS_KVMRedirectionSettingData", amtredirect_settings,
	    amtredirect_put_settings, NULL, NULL, STATE_STEP_SETTINGS },
	{ "AMT_SystemPowerScheme", amtpower_scheme, NULL, NULL, NULL, 0 },
	{ "CIM_ElementSettingData", amtpower_current, NULL, NULL, NULL, 0 },
	{ "CIM_SoftwareIdentity", amtfacts_software, NULL, NULL, NULL, 0 },
	{ "AMT_ProvisioningCertificateHash", amthashes_instance, amthashes_put,
	    amthashes_create, amthashes_remove, STATE_STEP_HASHES },
	{ HOSTED, amthosted_service, NULL, NULL, NULL, 0 },
	{ LOG, amtaudit_log, NULL, NULL, NULL, 0 },
	{ "IPS_TLSProvisioningRecord", amtfacts_record, NULL, NULL, NULL, 0 },
	{ "IPS_ManualProvisioningRecord", amtfacts_manual, NULL, NULL, NULL,
	    0 },
	{ "IPS_AdminProvisioningRecord", amtfacts_admin, NULL, NULL, NULL, 0 },
	{ "IPS_ClientProvisioningRecord", amtfacts_client, NULL, NULL, NULL,
	    0 },
	{ SETUP, amtsetup_service, NULL, NULL, NULL, 0 },
	{ "AMT_PublicPrivateKeyPair", amtkeys_pair, NULL, NULL,
	    amtkeys_remove_pair, 0 },
	{ "AMT_PublicKeyCertificate", amtkeys_certificate, NULL, NULL,
	    amtkeys_remove_certificate, 0 },
	{ "AMT_TLSSettingData", amtkeys_tls, amtkeys_put_tls, NULL, NULL,
	    STATE_STEP_TLS },
	{ CONTEXT_OF_TLS, amtkeys_credential, amtkeys_create_credential,
	    amtkeys_create_credential, amtkeys_remove_credential,
	    STATE_STEP_KEYS },
};
#define CLASSES (sizeof(classes) / sizeof(classes[0]))

static const struct {
	const char *class, *method;
	amt_method_fn *fn;
	bool saves; /* also while a set-up goes on */
	unsigned step;
} methods[] = {
	{ SETUP, "CommitChanges", amtsetup_commit, true, 0 },
	{ SETUP, "SetMEBxPassword", amtsetup_mebx, false, STATE_STEP_MEBX },
	{ SETUP, "ExtendProvisioningPeriod", amtsetup_extend, false, 0 },
	{ SETUP, "SetTLSPSK", amtsetup_psk, false, STATE_STEP_PSK },
	{ SETUP, "GetUuid", amtsetup_uuid, false, 0 },
	{ SETUP, "Unprovision", amtsetup_unprovision, true, 0 },
	{ SETUP, "PartialUnprovision", amtsetup_partial, true, 0 },
	{ SETUP, "GetProvisioningAuditRecord", amtaudit_get, false, 0 },
	{ SETUP, "GetProvisioningAuditRecordV2", amtaudit_get, false, 0 },
	{ SETUP, "GetUnprovisionBlockingComponents", amtsetup_nothing, false,
	    0 },
	{ SETUP, "ResetFlashWearOutProtection", amtsetup_nothing, false, 0 },
	{ LOG, "ClearLog", amtaudit_clear, false, 0 },
	{ HOSTED, "Setup", amthosted_setup, true, 0 },
	{ HOSTED, "AddNextCertInChain", amthosted_add, false, 0 },
	{ HOSTED, "AdminSetup", amthosted_admin, true, 0 },
	{ HOSTED, "UpgradeClientToAdmin", amthosted_upgrade, true, 0 },
	{ ACCOUNTS, "SetAdminAclEntryEx", amtsetup_admin, false,
	    STATE_STEP_ADMIN },
	{ ACCOUNTS, "GetAdminAclEntry", amtservice_admin, false, 0 },
	{ ACCOUNTS, "GetAdminAclEntryStatus", amtservice_admin_status, false,
	    0 },
	{ ACCOUNTS, "GetAdminNetAclEntryStatus", amtservice_admin_status, false,
	    0 },
	{ ACCOUNTS, "EnumerateUserAclEntries", amtservice_users, false, 0 },
	{ TIME, "GetLowAccuracyTimeSynch", amtsetup_get_time, false, 0 },
	{ TIME, "SetHighAccuracyTimeSynch", amtsetup_set_time, false,
	    STATE_STEP_CLOCK },
	{ KEYS, "GenerateKeyPair", amtkeys_generate, false, STATE_STEP_KEYS },
	{ KEYS, "AddCertificate", amtkeys_add_certificate, false,
	    STATE_STEP_KEYS },
	{ KEYS, "AddTrustedRootCertificate", amtkeys_add_root, false,
	    STATE_STEP_KEYS },
	{ "AMT_RedirectionService", "RequestStateChange", amtredirect_state,
	    false, STATE_STEP_SETTINGS },
	{ "CIM_KVMRedirectionSAP", "RequestStateChange", amtredirect_kvm_state,
	    false, STATE_STEP_SETTINGS },
	{ "AMT_SystemPowerScheme", "SetPowerScheme", amtpower_set, false,
	    STATE_STEP_SETTINGS },
};

/* Fields. A value that does not fit leaves its field empty: the sizes of all
 * values are bounded by what may be stored, so that this is no case. */

static struct wsman_field *
field_new(struct amt_item *it, const char *name)
{
	struct wsman_field *f;

	if (it->n >= AMT_FIELDS)
		return NULL;
	f = &it->f[it->n++];
	*f = (struct wsman_field){ .name = name, .value = "" };
	return f;
}

void
amt_put(struct amt_item *it, const char *name, const char *value)
{
	struct wsman_field *f = field_new(it, name);
	size_t n = strlen(value) + 1;

	if (f == NULL || n > AMT_TEXT - it->used)
		return;
	memcpy(it->text + it->used, value, n);
	f->value = it->text + it->used;
	it->used += n;
}

void
amt_put_num(struct amt_item *it, const char *name, int64_t v)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, v);
	amt_put(it, name, text);
}

void
amt_put_bool(struct amt_item *it, const char *name, bool v)
{
	amt_put(it, name, v ? "true" : "false");
}

void
amt_put_b64(struct amt_item *it, const char *name, const void *p, size_t n)
{
	struct wsman_field *f = field_new(it, name);

	if (f == NULL || TEXT_B64_SIZE(n) > AMT_TEXT - it->used)
		return;
	text_b64(it->text + it->used, p, n);
	f->value = it->text + it->used;
	it->used += TEXT_B64_SIZE(n);
}

void
amt_put_ref(
    struct amt_item *it, const char *name, const char *epr, const char *value)
{
	amt_put(it, name, value);
	it->f[it->n - 1].epr = epr;
}

enum amt_status
amt_keep(struct amt *a)
{
	struct err e = { 0 };

	if (a->state->phase == STATE_POST &&
	    a->host->save(a->host->arg, a->state, &e) != ERR_OK)
		return AMT_FLASH_LIMIT;
	return AMT_OK;
}

bool
amt_take_bool(const struct node *in, const char *name, bool *out)
{
	const char *text = node_text(in, name);

	if (text == NULL)
		return true;
	*out = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
	return *out || strcmp(text, "false") == 0 || strcmp(text, "0") == 0;
}

bool
amt_take_num(const struct node *in, const char *name, int64_t min, int64_t max,
    int64_t *out)
{
	const char *text = node_text(in, name);
	char *end;
	long long v;

	if (text == NULL)
		return true;
	errno = 0;
	v = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || v < min || v > max)
		return false;
	*out = v;
	return true;
}

void
amt_put_handle(struct amt_item *it, const char *name, const char *epr,
    const char *prefix, size_t handle)
{
	char text[64];

	snprintf(text, sizeof(text), "%s%zu", prefix, handle);
	amt_put(it, name, text);
	it->f[it->n - 1].epr = epr;
}

void
amt_version(const struct record *r, char out[static 16])
{
	snprintf(out, 16, "%u.%u.0", r->amt_major, r->amt_minor);
}

int64_t
amt_now(const struct amt *a)
{
	return a->host->now(a->host->arg) + a->state->clock;
}

const struct psk *
amt_psk(const struct record *r, const struct state *s)
{
	static const struct psk none = { "", "" };

	if (!generation_of(r->amt_major, r->amt_minor)->psk)
		return &none;
	return s->psk_kept.pid[0] != '\0' ? &s->psk_kept : &r->psk;
}

struct amt_item *
amt_clear(struct amt *a)
{
	secret_wipe(a->item->text, a->item->used);
	a->item->n = a->item->used = 0;
	return a->item;
}

static int
fault(struct amt *a, const struct wsman_request *q, struct wr *w,
    enum wsman_fault why, const char *text)
{
	wr_reset(w);
	wsman_write_fault(w, q, a->number, why, q->fault_detail, text);
	return wsman_fault_status(why);
}

static int
fault_in(struct amt *a, struct wsman_request *q, struct wr *w,
    enum wsman_fault why, const char *detail, const char *text)
{
	q->fault_detail = detail;
	return fault(a, q, w, why, text);
}

static int
unsupported(struct amt *a, const struct wsman_request *q, struct wr *w)
{
	return fault(a, q, w, WSMAN_FAULT_ACTION,
	    "The action is not supported by the class.");
}

static int
unreachable(struct amt *a, struct wsman_request *q, struct wr *w)
{
	return fault_in(a, q, w, WSMAN_FAULT_DESTINATION, "InvalidResourceURI",
	    "No route can be determined to reach the destination role "
	    "defined by the WSAddressing To.");
}

/* 0: the instance that the selectors name stands in the scratch item. */
static int
choose(struct amt *a, size_t c, struct wsman_request *q, struct wr *w)
{
	switch (amtchoose_find(a, classes[c].instance, q->selectors)) {
	case AMTCHOOSE_ONE:
		return 0;
	case AMTCHOOSE_NONE:
		return unreachable(a, q, w);
	case AMTCHOOSE_SEVERAL:
		return fault_in(a, q, w, WSMAN_FAULT_SELECTORS,
		    "InsufficientSelectors",
		    "The selectors for the resource are not valid: several "
		    "instances are meant.");
	case AMTCHOOSE_UNKNOWN:
		break;
	}
	return fault_in(a, q, w, WSMAN_FAULT_SELECTORS, "UnexpectedSelectors",
	    "The selectors for the resource are not valid: the class has no "
	    "such property.");
}

/* Of a Put, Create or Delete that was not done. */
static int
refused(struct amt *a, const struct wsman_request *q, struct wr *w,
    enum amt_status status)
{
	switch (status) {
	case AMT_NOT_PERMITTED:
		return fault(a, q, w, WSMAN_FAULT_DENIED,
		    "The instance cannot be changed so.");
	case AMT_MAX_LIMIT:
		return fault(a, q, w, WSMAN_FAULT_QUOTA,
		    "There is no room for another instance.");
	case AMT_DUPLICATE:
		return fault(a, q, w, WSMAN_FAULT_EXISTS,
		    "The instance is there already.");
	case AMT_INTERNAL:
	case AMT_FLASH_LIMIT:
		return fault(a, q, w, WSMAN_FAULT_INTERNAL,
		    "The change could not be kept.");
	default:
		return fault(a, q, w, WSMAN_FAULT_REPRESENTATION,
		    "The values are not valid for the instance.");
	}
}

static int
answer_get(struct amt *a, size_t c, struct wsman_request *q, struct wr *w)
{
	int status = choose(a, c, q, w);

	if (status != 0)
		return status;
	wsman_write_get(w, q, a->number, a->item->f, a->item->n);
	return 200;
}

/* Of a set-up that has not ended it is known what was set. */
static void
did(struct amt *a, enum amt_status done, unsigned step)
{
	if (done == AMT_OK && a->state->phase != STATE_POST)
		a->state->steps |= step;
}

/* What cannot be saved was never done. */
static enum amt_status
change(struct amt *a, amt_method_fn *fn, bool saves, const struct node *in,
    struct amt_item *it)
{
	struct attempt *t = NULL;
	enum amt_status done;

	if ((saves || a->state->phase == STATE_POST) &&
	    (t = attempt_new(a->state)) == NULL)
		return AMT_INTERNAL;
	done = fn(a, in, it);
	attempt_end(t, a->state, done == AMT_OK);
	return done;
}

static int
answer_put(struct amt *a, size_t c, struct wsman_request *q, struct wr *w)
{
	enum amt_status done;
	int status;

	if (classes[c].put == NULL)
		return unsupported(a, q, w);
	if ((status = choose(a, c, q, w)) != 0)
		return status;
	done = change(a, classes[c].put, false, q->body, a->item);
	did(a, done, classes[c].step);
	if (done != AMT_OK)
		return refused(a, q, w, done);
	/* The certificate is a key of it: they may name the one before. */
	if (strcmp(q->class, CONTEXT_OF_TLS) == 0)
		q->selectors = NULL;
	return answer_get(a, c, q, w);
}

static int
answer_create(struct amt *a, size_t c, struct wsman_request *q, struct wr *w)
{
	struct amt_item *it = amt_clear(a);
	enum amt_status done;

	if (classes[c].create == NULL)
		return unsupported(a, q, w);
	done = change(a, classes[c].create, false, q->body, it);
	did(a, done, classes[c].step);
	if (done != AMT_OK)
		return refused(a, q, w, done);
	wsman_write_created(w, q, a->number, it->f, it->n);
	return 200;
}

static int
answer_delete(struct amt *a, size_t c, struct wsman_request *q, struct wr *w)
{
	enum amt_status done;
	int status;

	if (classes[c].remove == NULL)
		return unsupported(a, q, w);
	/* What goes is named, also where it is the only one. */
	if (q->selectors == NULL)
		return fault_in(a, q, w, WSMAN_FAULT_SELECTORS,
		    "InsufficientSelectors",
		    "The selectors for the resource are not valid: none is "
		    "given.");
	if ((status = choose(a, c, q, w)) != 0)
		return status;
	if ((done = change(a, classes[c].remove, false, q->body, a->item)) !=
	    AMT_OK)
		return refused(a, q, w, done);
	wsman_write_empty(w, q, a->number);
	return 200;
}

/* Enumerations are not kept: where one stands is in its context, which names
 * the class and the next instance. */

#define CONTEXT 37

static void
context_put(char out[static CONTEXT], size_t c, size_t next)
{
	snprintf(out, CONTEXT, "%08" PRIx32 "-0000-0000-0000-0000%08" PRIx32,
	    (uint32_t)c + 1, (uint32_t)next);
}

static bool
context_take(const char *text, size_t c, size_t *next)
{
	char want[CONTEXT];

	if (strlen(text) != CONTEXT - 1)
		return false;
	*next = (uint32_t)strtoul(text + CONTEXT - 9, NULL, 16);
	context_put(want, c, *next);
	return strcmp(text, want) == 0;
}

static int
answer_enumerate(
    struct amt *a, size_t c, const struct wsman_request *q, struct wr *w)
{
	char context[CONTEXT];

	context_put(context, c, 0);
	wsman_write_enumerate(w, q, a->number, context);
	return 200;
}

/* Writes n instances at most from the one numbered i on, as many as have room;
 * *next is the one after them, 0 the end. false: not even one has. */
static bool
pull_items(struct amt *a, size_t c, const struct wsman_request *q, struct wr *w,
    size_t *next)
{
	size_t i = *next, from = w->len, n = 0;
	size_t max = q->max_elements;

	*next = 0;
	for (; classes[c].instance(a, i, amt_clear(a)); i++) {
		if (max == 0 || n < max)
			wsman_pull_item(w, q->class, a->item->f, a->item->n);
		if ((max == 0 || n < max) &&
		    (q->max_characters == 0 ||
			w->len - from <= q->max_characters)) {
			n++;
			continue;
		}
		*next = i;
		return n > 0;
	}
	return true;
}

/* WS-Enumeration implies one element where MaxElements is not said; what
 * firmware does then is not public: here there is no limit, since a client that
 * wants one says so. The schema has the context in front of the items, so that
 * an answer that does not hold all of them is made once more. */
static int
answer_pull(struct amt *a, size_t c, struct wsman_request *q, struct wr *w)
{
	size_t first, next;
	char context[CONTEXT];

	if (!context_take(q->context, c, &first))
		return fault(a, q, w, WSMAN_FAULT_CONTEXT,
		    "The enumeration context is none of this class.");
	next = first;
	wsman_pull_begin(w, q, a->number, NULL);
	if (!pull_items(a, c, q, w, &next))
		return fault_in(a, q, w, WSMAN_FAULT_LIMIT, "MaxEnvelopeSize",
		    "An instance is longer than MaxCharacters.");
	if (next == 0) {
		wsman_pull_end(w, NULL);
		return 200;
	}
	context_put(context, c, next);
	q->max_elements = next - first;
	q->max_characters = 0;
	wr_reset(w);
	wsman_pull_begin(w, q, a->number, context);
	pull_items(a, c, q, w, &first);
	wsman_pull_end(w, context);
	return 200;
}

static int
answer_release(struct amt *a, size_t c, struct wsman_request *q, struct wr *w)
{
	size_t next;

	if (!context_take(q->context, c, &next))
		return fault(a, q, w, WSMAN_FAULT_CONTEXT,
		    "The enumeration context is none of this class.");
	wsman_write_empty(w, q, a->number);
	return 200;
}

/* Does this AMT version have the method, which its class has in others? SDK:
 * pre-shared keys left with 11; that their method did is inferred. */
static bool
is_known(const struct amt *a, const struct wsman_request *q)
{
	const struct record *f = a->factory;

	if (strcmp(q->class, HOSTED) == 0)
		return amthosted_knows(a, q->method);
	return strcmp(q->method, "SetTLSPSK") != 0 ||
	    generation_of(f->amt_major, f->amt_minor)->psk;
}

/* The instance that a method is of may be named; it is the only one, or the
 * method asks for the name. */
static int
answer_invoke(struct amt *a, size_t c, struct wsman_request *q, struct wr *w)
{
	size_t i = 0, n = sizeof(methods) / sizeof(methods[0]);
	enum amt_status done;
	struct amt_item *it;
	int status;

	while (i < n &&
	    (strcmp(methods[i].class, q->class) != 0 ||
		strcmp(methods[i].method, q->method) != 0))
		i++;
	if (i == n || !is_known(a, q))
		return unsupported(a, q, w);
	if (q->selectors != NULL && (status = choose(a, c, q, w)) != 0)
		return status;
	it = amt_clear(a);
	a->selected = q->sel_value == NULL ? "" : q->sel_value;
	done = change(a, methods[i].fn, methods[i].saves, q->body, it);
	did(a, done, methods[i].step);
	a->selected = "";
	if (done != AMT_OK)
		it = amt_clear(a);
	wsman_write_invoke(w, q, a->number, (int)done, it->f, it->n);
	return 200;
}

/* DSP0226 section 11. That the vendor and the product are named so is inferred
 * from what the HTTP header says. */
static int
answer_identify(struct amt *a, struct wr *w)
{
	char version[24] = "AMT ";
	const struct wsman_field f[] = {
		{ "ProductVendor", "Intel(R)", NULL },
		{ "ProductVersion", version, NULL },
	};

	amt_version(a->factory, version + 4);
	wsman_write_identity(w, f, sizeof(f) / sizeof(f[0]));
	return 200;
}

static int
answer_class(struct amt *a, struct wsman_request *q, struct wr *w)
{
	size_t c = 0;

	while (c < CLASSES && strcmp(classes[c].class, q->class) != 0)
		c++;
	if (c == CLASSES)
		return unreachable(a, q, w);
	if (a->by_host && !amthosted_may(q))
		return fault(a, q, w, WSMAN_FAULT_DENIED,
		    "The host's own account may read, and set the machine up.");
	switch (q->op) {
	case WSMAN_GET:
		return answer_get(a, c, q, w);
	case WSMAN_PUT:
		return answer_put(a, c, q, w);
	case WSMAN_CREATE:
		return answer_create(a, c, q, w);
	case WSMAN_ENUMERATE:
		return answer_enumerate(a, c, q, w);
	case WSMAN_PULL:
		return answer_pull(a, c, q, w);
	case WSMAN_RELEASE:
		return answer_release(a, c, q, w);
	case WSMAN_DELETE:
		return answer_delete(a, c, q, w);
	case WSMAN_INVOKE:
		return answer_invoke(a, c, q, w);
	case WSMAN_IDENTIFY:
		break;
	}
	return unsupported(a, q, w);
}

int
amt_answer(struct amt *a, const struct node *root, struct wr *w)
{
	struct wsman_request q;
	const char *why = "";
	int status;

	a->number++;
	a->event = AMT_NOTHING;
	if (!wsman_read_request(root, &q, &why))
		status = fault(a, &q, w, q.fault, why);
	else if (q.op == WSMAN_IDENTIFY)
		status = answer_identify(a, w);
	else
		status = answer_class(a, &q, w);
	amt_clear(a);
	return status;
}
