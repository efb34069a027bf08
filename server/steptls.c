/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "server/steptls.h"

#define REF "ReferenceParameters/SelectorSet/Selector"

bool
steptls_wants_certificate(const struct session *s)
{
	return s->plan.certify != NULL;
}

void
steptls_fill_key(struct session *s, struct step_input *in)
{
	(void)s;
	step_add(in, "KeyAlgorithm", "0", NULL); /* RSA */
	step_add(in, "KeyLength", "2048", NULL);
}

enum err_code
steptls_take_key(
    struct session *s, const struct wsman_response *r, struct err *e)
{
	if (!step_copy(s->key, sizeof(s->key), r->body, "KeyPair/" REF))
		return step_bad(e, "KeyPair");
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
		return step_bad(e, "DERKey");
	wr_fixed(&w, s->cert_der, sizeof(s->cert_der));
	rc = s->plan.certify(s->plan.certify_arg, &s->plan.uuid, key, n, &w, e);
	s->cert_len = w.len;
	if (rc == ERR_OK && w.failed)
		rc = step_bad(e, "DERKey");
	return rc;
}

/* A list may come in several pulls; what was not found matters at the end. */
enum err_code
steptls_take_key_read(
    struct session *s, const struct wsman_response *r, struct err *e)
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
		return step_bad(e, "DERKey of the new key pair");
	return ERR_OK;
}

void
steptls_fill_cert(struct session *s, struct step_input *in)
{
	text_b64(in->blob, s->cert_der, s->cert_len);
	step_add(in, "CertificateBlob", in->blob, NULL);
}

enum err_code
steptls_take_cert(
    struct session *s, const struct wsman_response *r, struct err *e)
{
	if (!step_copy(
		s->cert, sizeof(s->cert), r->body, "CreatedCertificate/" REF))
		return step_bad(e, "CreatedCertificate");
	return ERR_OK;
}

void
steptls_fill_context(struct session *s, struct step_input *in)
{
	step_add(in, "ElementInContext", s->cert, "AMT_PublicKeyCertificate");
	step_add(in, "ElementProvidingContext",
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

enum err_code
steptls_take_tls(
    struct session *s, const struct wsman_response *r, struct err *e)
{
	const struct node *i = r->items == NULL ? NULL : r->items->child;
	const char *id;

	for (; i != NULL; i = i->next) {
		id = node_text(i, "InstanceID");
		if (id != NULL && strcmp(id, STEPTLS_SETTINGS) == 0)
			keep_settings(s, i);
	}
	if (r->end && s->ntls == 0)
		return step_bad(e, "AMT_TLSSettingData of the wired interface");
	return ERR_OK;
}

/* The instance as it was read, with our three settings in it. */
void
steptls_fill_tls(struct session *s, struct step_input *in)
{
	static const char *const ours[][2] = {
		{ "Enabled", "true" },
		{ "MutualAuthentication", "false" },
		{ "AcceptNonSecureConnections", "true" },
	};
	const char *value;

	in->sel_name = "InstanceID";
	in->sel_value = STEPTLS_SETTINGS;
	for (size_t i = 0; i < s->ntls; i++) {
		value = s->tls[i].value;
		for (size_t k = 0; k < 3; k++)
			if (strcmp(s->tls[i].name, ours[k][0]) == 0)
				value = ours[k][1];
		step_add(in, s->tls[i].name, value, NULL);
	}
}
