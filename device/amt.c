/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "device/amt.h"
#include "device/amtfacts.h"
#include "device/amthashes.h"
#include "device/amtkeys.h"
#include "device/amtnetwork.h"
#include "device/amtpower.h"
#include "device/amtredirect.h"
#include "device/amtsetup.h"

#define SETUP "AMT_SetupAndConfigurationService"
#define KEYS "AMT_PublicKeyManagementService"
#define TIME "AMT_TimeSynchronizationService"

static const struct {
	const char *class;
	amt_instance_fn *instance;
	amt_method_fn *put, *create;
} classes[] = {
	{ "AMT_GeneralSettings", amtnetwork_general, amtnetwork_put, NULL },
	{ "AMT_RedirectionService", amtredirect_service, amtredirect_put,
	    NULL },
	{ "CIM_KVMRedirectionSAP", amtredirect_kvm, NULL, NULL },
	{ "IPS_KVMRedirectionSettingData", amtredirect_settings,
	    amtredirect_put_settings, NULL },
	{ "AMT_SystemPowerScheme", amtpower_scheme, NULL, NULL },
	{ "CIM_ElementSettingData", amtpower_current, NULL, NULL },
	{ "CIM_SoftwareIdentity", amtfacts_software, NULL, NULL },
	{ "AMT_ProvisioningCertificateHash", amthashes_instance, amthashes_put,
	    amthashes_create },
	{ "IPS_HostBasedSetupService", amtfacts_host_based, NULL, NULL },
	{ "IPS_TLSProvisioningRecord", amtfacts_record, NULL, NULL },
	{ "IPS_ManualProvisioningRecord", amtfacts_manual, NULL, NULL },
	{ SETUP, amtsetup_service, NULL, NULL },
	{ "AMT_PublicPrivateKeyPair", amtkeys_pair, NULL, NULL },
	{ "AMT_PublicKeyCertificate", amtkeys_certificate, NULL, NULL },
	{ "AMT_TLSSettingData", amtkeys_tls, amtkeys_put_tls, NULL },
	{ "AMT_TLSCredentialContext", amtkeys_credential, NULL,
	    amtkeys_create_credential },
};

/* Classes whose instances can be deleted. */
static const struct {
	const char *class;
	amt_method_fn *fn;
} removals[] = {
	{ "AMT_ProvisioningCertificateHash", amthashes_remove },
};

static const struct {
	const char *class, *method;
	amt_method_fn *fn;
} methods[] = {
	{ SETUP, "CommitChanges", amtsetup_commit },
	{ SETUP, "SetMEBxPassword", amtsetup_mebx },
	{ SETUP, "ExtendProvisioningPeriod", amtsetup_extend },
	{ SETUP, "SetTLSPSK", amtsetup_psk },
	{ SETUP, "GetUuid", amtsetup_uuid },
	{ SETUP, "Unprovision", amtsetup_unprovision },
	{ SETUP, "PartialUnprovision", amtsetup_partial },
	{ "AMT_AuthorizationService", "SetAdminAclEntryEx", amtsetup_admin },
	{ TIME, "GetLowAccuracyTimeSynch", amtsetup_get_time },
	{ TIME, "SetHighAccuracyTimeSynch", amtsetup_set_time },
	{ KEYS, "GenerateKeyPair", amtkeys_generate },
	{ KEYS, "AddCertificate", amtkeys_add_certificate },
	{ KEYS, "AddTrustedRootCertificate", amtkeys_add_root },
	{ "AMT_RedirectionService", "RequestStateChange", amtredirect_state },
	{ "CIM_KVMRedirectionSAP", "RequestStateChange",
	    amtredirect_kvm_state },
	{ "AMT_SystemPowerScheme", "SetPowerScheme", amtpower_set },
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
	*out = strcmp(text, "true") == 0;
	return *out || strcmp(text, "false") == 0;
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
	return s->psk_kept.pid[0] != '\0' ? &s->psk_kept : &r->psk;
}

static struct amt_item *
item_clear(struct amt *a)
{
	secret_wipe(a->item->text, a->item->used);
	a->item->n = a->item->used = 0;
	return a->item;
}

static int
fault(struct amt *a, const struct wsman_request *q, struct wr *w,
    const char *subcode, const char *text)
{
	wr_reset(w);
	wsman_write_fault(w, q, a->number, subcode, text);
	return 400;
}

static const char *
item_value(const struct amt_item *it, const char *name)
{
	for (size_t i = 0; i < it->n; i++)
		if (strcmp(it->f[i].name, name) == 0)
			return it->f[i].value;
	return NULL;
}

/* The instance that the selector names, or the first without a selector.
 * Selectors by other keys than those of our instances name the only one. */
static bool
instance_find(struct amt *a, amt_instance_fn *fn, const struct wsman_request *q)
{
	const char *v;

	for (size_t i = 0; fn(a, i, item_clear(a)); i++) {
		if (q->sel_name == NULL)
			return true;
		v = item_value(a->item, q->sel_name);
		if (v == NULL || strcmp(v, q->sel_value) == 0)
			return true;
	}
	return false;
}

/* To change one, it must be named where there are several. *chosen is false
 * if the selector does not do so. */
static bool
instance_choose(struct amt *a, amt_instance_fn *fn,
    const struct wsman_request *q, bool *chosen)
{
	bool several = fn(a, 1, item_clear(a));

	*chosen = !several ||
	    (q->sel_name != NULL && item_value(a->item, q->sel_name) != NULL);
	return *chosen && instance_find(a, fn, q);
}

static int
not_chosen(struct amt *a, const struct wsman_request *q, struct wr *w)
{
	return fault(a, q, w, "wsman:InvalidSelectors",
	    "The selectors for the resource are not valid.");
}

static int
answer_get(struct amt *a, size_t c, const struct wsman_request *q, struct wr *w)
{
	if (!instance_find(a, classes[c].instance, q))
		return fault(a, q, w, "wsa:DestinationUnreachable",
		    "No route can be determined to reach the destination role "
		    "defined by the WSAddressing To.");
	wsman_write_get(w, q, a->number, a->item->f, a->item->n);
	return 200;
}

static int
answer_put(struct amt *a, size_t c, const struct wsman_request *q, struct wr *w)
{
	bool chosen = true;

	if (classes[c].put == NULL ||
	    !instance_choose(a, classes[c].instance, q, &chosen) ||
	    classes[c].put(a, q->body, a->item) != AMT_OK)
		return !chosen ? not_chosen(a, q, w)
			       : fault(a, q, w, "wsman:InvalidParameter",
				     "The instance cannot be changed so.");
	return answer_get(a, c, q, w);
}

static int
answer_create(
    struct amt *a, size_t c, const struct wsman_request *q, struct wr *w)
{
	struct amt_item *it = item_clear(a);

	if (classes[c].create == NULL ||
	    classes[c].create(a, q->body, it) != AMT_OK || it->n == 0)
		return fault(a, q, w, "wsman:InvalidParameter",
		    "The instance cannot be created so.");
	wsman_write_created(w, q, a->number, it->f[0].name, it->f[0].value);
	return 200;
}

static int
answer_delete(
    struct amt *a, size_t c, const struct wsman_request *q, struct wr *w)
{
	size_t i = 0, n = sizeof(removals) / sizeof(removals[0]);
	bool chosen = true;

	while (i < n && strcmp(removals[i].class, q->class) != 0)
		i++;
	if (i == n || q->sel_name == NULL ||
	    !instance_choose(a, classes[c].instance, q, &chosen) ||
	    removals[i].fn(a, q->body, a->item) != AMT_OK)
		return !chosen ? not_chosen(a, q, w)
			       : fault(a, q, w, "wsman:InvalidParameter",
				     "The instance cannot be deleted.");
	wsman_write_deleted(w, q, a->number);
	return 200;
}

static int
answer_pull(
    struct amt *a, size_t c, const struct wsman_request *q, struct wr *w)
{
	wsman_pull_begin(w, q, a->number);
	for (size_t i = 0; classes[c].instance(a, i, item_clear(a)); i++)
		wsman_pull_item(w, q->class, a->item->f, a->item->n);
	wsman_pull_end(w);
	return 200;
}

static int
answer_invoke(struct amt *a, const struct wsman_request *q, struct wr *w)
{
	struct amt_item *it = item_clear(a);
	enum amt_status status;

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (strcmp(methods[i].class, q->class) != 0 ||
		    strcmp(methods[i].method, q->method) != 0)
			continue;
		a->selected = q->sel_value == NULL ? "" : q->sel_value;
		status = methods[i].fn(a, q->body, it);
		a->selected = "";
		if (status != AMT_OK)
			it = item_clear(a);
		wsman_write_invoke(w, q, a->number, (int)status, it->f, it->n);
		return 200;
	}
	return fault(
	    a, q, w, "wsa:ActionNotSupported", "The action is not supported.");
}

static int
answer_class(struct amt *a, const struct wsman_request *q, struct wr *w)
{
	size_t c = 0, n = sizeof(classes) / sizeof(classes[0]);

	while (c < n && strcmp(classes[c].class, q->class) != 0)
		c++;
	if (c == n)
		return fault(a, q, w, "wsa:DestinationUnreachable",
		    "The class is not supported.");
	switch (q->op) {
	case WSMAN_GET:
		return answer_get(a, c, q, w);
	case WSMAN_PUT:
		return answer_put(a, c, q, w);
	case WSMAN_CREATE:
		return answer_create(a, c, q, w);
	case WSMAN_ENUMERATE:
		wsman_write_enumerate(
		    w, q, a->number, "00000000-0000-0000-0000-000000000001");
		return 200;
	case WSMAN_PULL:
		return answer_pull(a, c, q, w);
	case WSMAN_DELETE:
		return answer_delete(a, c, q, w);
	case WSMAN_INVOKE:
		break;
	}
	return fault(
	    a, q, w, "wsa:ActionNotSupported", "The action is not supported.");
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
		status = fault(a, &q, w, "wsman:SchemaValidationError", why);
	else if (q.op == WSMAN_INVOKE)
		status = answer_invoke(a, &q, w);
	else
		status = answer_class(a, &q, w);
	item_clear(a);
	return status;
}
