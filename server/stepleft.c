/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/digest.h"
#include "base/x509.h"
#include "server/stepleft.h"

bool
stepleft_wants(const struct session *s)
{
	return s->plan.certify != NULL && s->plan.again;
}

bool
stepleft_again(struct session *s)
{
	if (s->left.looked ||
	    (s->step != SESSION_KEY && s->step != SESSION_CERT))
		return false;
	memset(&s->left, 0, sizeof(s->left));
	s->left.looked = true;
	s->plan.again = true;
	s->key[0] = s->cert[0] = s->context[0] = '\0';
	s->cert_len = 0;
	s->step = SESSION_LEFT_KEYS;
	return true;
}

/* What does not fit is none of ours. */
enum err_code
stepleft_take_keys(
    struct session *s, const struct wsman_response *r, struct err *e)
{
	const struct node *i = r->items == NULL ? NULL : r->items->child;
	struct session_left *left = &s->left;
	struct session_left_key *k;
	uint8_t der[1024];
	size_t n;

	(void)e;
	left->looked = true;
	for (; i != NULL && left->nkeys < SESSION_LEFT; i = i->next) {
		k = &left->key[left->nkeys];
		n = sizeof(der);
		if (!node_b64(i, "DERKey", der, &n) ||
		    !step_copy(k->id, sizeof(k->id), i, "InstanceID"))
			continue;
		digest_sha256(der, n, k->hash);
		left->nkeys++;
	}
	return ERR_OK;
}

static struct session_left_key *
key_of(struct session_left *left, const struct x509 *cert)
{
	for (size_t i = 0; i < left->nkeys; i++)
		if (x509_matches_public(cert, left->key[i].hash))
			return &left->key[i];
	return NULL;
}

static void
use_again(struct session *s, const char *id, const uint8_t *der, size_t n,
    struct session_left_key *k)
{
	strcpy(s->cert, id);
	strcpy(s->key, k->id);
	memcpy(s->cert_der, der, n);
	s->cert_len = n;
	k->used = true;
}

static void
take_cert(struct session *s, const char *id, const uint8_t *der, size_t n,
    const struct x509 *cert)
{
	struct session_left_key *k = key_of(&s->left, cert);
	enum session_whose whose = s->plan.judge == NULL
	    ? SESSION_OTHERS
	    : s->plan.judge(s->plan.certify_arg, &s->plan.uuid, cert);

	if (whose == SESSION_OTHERS) {
		if (k != NULL)
			k->used = true;
	} else if (whose == SESSION_WANTED && k != NULL && s->cert[0] == '\0') {
		use_again(s, id, der, n, k);
	} else if (s->left.ncerts < SESSION_LEFT) {
		strcpy(s->left.cert[s->left.ncerts++], id);
	}
}

enum err_code
stepleft_take_certs(
    struct session *s, const struct wsman_response *r, struct err *e)
{
	const struct node *i = r->items == NULL ? NULL : r->items->child;
	char id[sizeof(s->cert)];
	uint8_t der[SESSION_CERT_MAX];
	struct x509 *cert = NULL;
	struct err bad;
	size_t n;

	(void)e;
	for (; i != NULL; i = i->next) {
		n = sizeof(der);
		err_clear(&bad);
		if (!node_b64(i, "X509Certificate", der, &n) ||
		    !step_copy(id, sizeof(id), i, "InstanceID") ||
		    x509_from_der(der, n, &cert, &bad) != ERR_OK)
			continue;
		take_cert(s, id, der, n, cert);
		x509_free(cert);
		cert = NULL;
	}
	return ERR_OK;
}

/* One after the other; fill() counts, so that one that may not go, since TLS
 * shows it, is not asked for twice. */

bool
stepleft_wants_cert_drop(const struct session *s)
{
	return stepleft_wants(s) && s->left.cert_at < s->left.ncerts;
}

void
stepleft_fill_cert_drop(struct session *s, struct step_input *in)
{
	in->sel_name = "InstanceID";
	in->sel_value = s->left.cert[s->left.cert_at++];
}

static size_t
unused_key(const struct session *s)
{
	size_t i = s->left.key_at;

	while (i < s->left.nkeys && s->left.key[i].used)
		i++;
	return i;
}

bool
stepleft_wants_key_drop(const struct session *s)
{
	return stepleft_wants(s) && unused_key(s) < s->left.nkeys;
}

void
stepleft_fill_key_drop(struct session *s, struct step_input *in)
{
	size_t i = unused_key(s);

	in->sel_name = "InstanceID";
	in->sel_value = s->left.key[i].id;
	s->left.key_at = i + 1;
}

/* Is the certificate that is used again what TLS shows already? */
enum err_code
stepleft_take_context(
    struct session *s, const struct wsman_response *r, struct err *e)
{
	const struct node *i = r->items == NULL ? NULL : r->items->child;
	const char *is;

	(void)e;
	for (; i != NULL; i = i->next) {
		is = wsman_selector(
		    node_child(i, "ElementInContext"), "InstanceID");
		if (is != NULL && s->cert[0] != '\0' &&
		    strcmp(is, s->cert) == 0)
			s->left.bound = true;
	}
	return ERR_OK;
}
