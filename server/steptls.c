/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "server/steptls.h"

bool
steptls_wants_certificate(const struct session *s)
{
	return s->plan.certify != NULL;
}

/* Not where those of an earlier try serve: stepleft.c. */
bool
steptls_wants_key(const struct session *s)
{
	return steptls_wants_certificate(s) && s->cert[0] == '\0';
}

bool
steptls_wants_context(const struct session *s)
{
	return steptls_wants_certificate(s) && !s->left.bound;
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
	if (!step_copy_id(
		s->key, sizeof(s->key), node_child(r->body, "KeyPair")))
		return step_bad(e, "KeyPair");
	return ERR_OK;
}

static enum err_code
certify(struct session *s, const struct node *pair, struct err *e)
{
	uint8_t key[1024];
	size_t n = sizeof(key);
	struct wr w;
	enum err_code rc;

	if (!node_b64(pair, "DERKey", key, &n))
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
	const char *id;

	for (; i != NULL; i = i->next) {
		id = node_text(i, "InstanceID");
		if (id != NULL && strcmp(id, s->key) == 0)
			return certify(s, i, e);
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
	if (!step_copy_id(s->cert, sizeof(s->cert),
		node_child(r->body, "CreatedCertificate")))
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

enum err_code
steptls_take_tls(
    struct session *s, const struct wsman_response *r, struct err *e)
{
	const struct node *i = r->items == NULL ? NULL : r->items->child;
	const char *id;

	/* What was kept before was another class's. */
	if (step_kept(&s->kept, "MutualAuthentication") == NULL) {
		s->kept.n = 0;
		s->kept.cut = false;
	}
	for (; i != NULL; i = i->next) {
		id = node_text(i, "InstanceID");
		if (id != NULL && strcmp(id, STEPTLS_SETTINGS) == 0)
			step_keep(&s->kept, i);
	}
	if (r->end && s->kept.n == 0)
		return step_bad(e, "AMT_TLSSettingData of the wired interface");
	return step_whole(&s->kept, e);
}

/* Firmware that has no port without TLS says so, and refuses who opens it
 * (types of Open AMT go-wsman-messages). */
static bool
has_clear_text(const struct session *s)
{
	const char *has = step_kept(&s->kept, "NonSecureConnectionsSupported");

	return has == NULL ||
	    (strcmp(has, "false") != 0 && strcmp(has, "0") != 0);
}

void
steptls_fill_tls(struct session *s, struct step_input *in)
{
	const struct policy *p = s->plan.policy;
	bool clear = (p == NULL || p->clear_text) && has_clear_text(s);
	bool mutual = p != NULL && p->mutual;
	const struct step_ours ours[] = {
		{ "Enabled", "true", true },
		{ "MutualAuthentication", mutual ? "true" : "false", mutual },
		{ "AcceptNonSecureConnections", clear ? "true" : "false",
		    !clear },
	};

	in->sel_name = "InstanceID";
	in->sel_value = STEPTLS_SETTINGS;
	step_put(in, &s->kept, ours, sizeof(ours) / sizeof(ours[0]));
}

/* The roots of those who may log in, one after the other. */

bool
steptls_wants_root(const struct session *s)
{
	const struct policy *p = s->plan.policy;

	return steptls_wants_certificate(s) && p != NULL && p->mutual &&
	    s->roots_done < p->nroots;
}

void
steptls_fill_root(struct session *s, struct step_input *in)
{
	const struct x509 *root = s->plan.policy->root[s->roots_done];
	const uint8_t *der;
	size_t n;

	der = x509_der(root, &n);
	if (n <= SESSION_CERT_MAX) /* policy_read() saw to it */
		text_b64(in->blob, der, n);
	step_add(in, "CertificateBlob", in->blob, NULL);
}

enum err_code
steptls_take_root(
    struct session *s, const struct wsman_response *r, struct err *e)
{
	(void)r;
	(void)e;
	s->roots_done++;
	return ERR_OK;
}
