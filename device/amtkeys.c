/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/x509.h"
#include "device/amtkeys.h"

#define PAIR "Intel(r) AMT Key: Handle: "
#define CERTIFICATE "Intel(r) AMT Certificate: Handle: "
#define ENDPOINTS "TLSProtocolEndpointInstances Collection"

static const char *const tls_names[] = { "Intel(r) AMT 802.3 TLS Settings",
	"Intel(r) AMT LMS TLS Settings" };

/* The i-th that is there; false if there are fewer. */
static bool
blob_nth(const struct state_blob *b, size_t n, size_t i, size_t *handle)
{
	for (size_t h = 0; h < n; h++) {
		if (b[h].n > 0 && i-- == 0) {
			*handle = h;
			return true;
		}
	}
	return false;
}

static bool
blob_place(const struct state_blob *b, size_t n, size_t *handle)
{
	for (*handle = 0; *handle < n; ++*handle)
		if (b[*handle].n == 0)
			return true;
	return false;
}

static enum err_code
read_key(const struct amt *a, const struct state_blob *b,
    struct crypto_key **out, struct err *e)
{
	if (a->host->key_read != NULL)
		return a->host->key_read(a->host->arg, b->p, b->n, out, e);
	return crypto_key_from_der(b->p, b->n, out, e);
}

/* Only the public half, as PKCS#1: firmware of this age sends that; newer
 * ones are said to send a SubjectPublicKeyInfo. */
bool
amtkeys_pair(struct amt *a, size_t i, struct amt_item *it)
{
	struct crypto_key *key = NULL;
	struct err e = { 0 };
	struct wr w;
	size_t h;

	if (!blob_nth(a->state->pair, STATE_PAIRS, i, &h))
		return false;
	wr_grow(&w, STATE_BLOB);
	if (read_key(a, &a->state->pair[h], &key, &e) == ERR_OK)
		crypto_key_public(key, &w, &e);
	amt_put(it, "ElementName", "Intel(r) AMT Key");
	amt_put_handle(it, "InstanceID", NULL, PAIR, h);
	amt_put_b64(it, "DERKey", w.buf, w.len);
	wr_free(&w);
	crypto_key_free(key);
	return true;
}

/* Of those who may log in where TLS is mutual: a bit for each certificate. */
static unsigned
roots(const struct amt *a)
{
	return switches_of(a->state->switches)->roots;
}

static bool
is_root(const struct amt *a, size_t h)
{
	return (roots(a) & (1u << h)) != 0;
}

/* Clients take them to pieces (MeshCentral), so that both are always there. */
static void
put_names(struct amt_item *it, const struct state_blob *b)
{
	char subject[STATE_BLOB] = "", issuer[STATE_BLOB] = "";
	struct x509 *cert = NULL;
	struct err e = { 0 };

	if (x509_from_der(b->p, b->n, &cert, &e) == ERR_OK) {
		if (!x509_subject(cert, subject, sizeof(subject)))
			subject[0] = '\0';
		if (!x509_issuer(cert, issuer, sizeof(issuer)))
			issuer[0] = '\0';
	}
	amt_put(it, "Subject", subject);
	amt_put(it, "Issuer", issuer);
	x509_free(cert);
}

bool
amtkeys_certificate(struct amt *a, size_t i, struct amt_item *it)
{
	size_t h;

	if (!blob_nth(a->state->certs, STATE_CERTS, i, &h))
		return false;
	amt_put(it, "ElementName", "Intel(r) AMT Certificate");
	amt_put_handle(it, "InstanceID", NULL, CERTIFICATE, h);
	amt_put_bool(it, "TrustedRootCertficate", is_root(a, h)); /* so spelt */
	amt_put_b64(
	    it, "X509Certificate", a->state->certs[h].p, a->state->certs[h].n);
	put_names(it, &a->state->certs[h]);
	return true;
}

/* Exactly two: the wired interface and the local one. */
bool
amtkeys_tls(struct amt *a, size_t i, struct amt_item *it)
{
	if (i >= 2)
		return false;
	amt_put_bool(
	    it, "AcceptNonSecureConnections", i == 1 || a->state->tls_plain[i]);
	amt_put(it, "ElementName", tls_names[i]);
	amt_put_bool(it, "Enabled", a->state->tls_enabled[i]);
	amt_put(it, "InstanceID", tls_names[i]);
	amt_put_bool(it, "MutualAuthentication", a->state->tls_mutual[i]);
	return true;
}

static bool
take_bool(const struct node *in, const char *name, bool *out)
{
	return node_text(in, name) != NULL && amt_take_bool(in, name, out);
}

/* out holds the instance that the selector named. What the Put does not name
 * stays. */
enum amt_status
amtkeys_put_tls(struct amt *a, const struct node *in, struct amt_item *out)
{
	const char *id = node_text(in, "InstanceID");
	bool enabled, mutual, plain;
	size_t i;

	for (i = 0; out->n > 1 && i < 2; i++)
		if (strcmp(out->f[1].value, tls_names[i]) == 0)
			break;
	if (i >= 2 || (id != NULL && strcmp(id, tls_names[i]) != 0))
		return AMT_BAD_PARAMETER;
	mutual = a->state->tls_mutual[i];
	plain = a->state->tls_plain[i];
	if (!take_bool(in, "Enabled", &enabled) ||
	    !amt_take_bool(in, "MutualAuthentication", &mutual) ||
	    !amt_take_bool(in, "AcceptNonSecureConnections", &plain))
		return AMT_BAD_PARAMETER;
	/* Without a root nobody could log in any more. */
	if (enabled && mutual && roots(a) == 0)
		return AMT_NOT_PERMITTED;
	a->state->tls_plain[i] = plain;
	a->state->tls_enabled[i] = enabled;
	a->state->tls_mutual[i] = mutual;
	return amt_keep(a);
}

bool
amtkeys_credential(struct amt *a, size_t i, struct amt_item *it)
{
	if (i > 0 || a->state->credential < 0)
		return false;
	amt_put_handle(it, "ElementInContext", "AMT_PublicKeyCertificate",
	    CERTIFICATE, (size_t)a->state->credential);
	amt_put_ref(it, "ElementProvidingContext",
	    "AMT_TLSProtocolEndpointCollection/ElementName", ENDPOINTS);
	return true;
}

/* The handle behind prefix in text. */
static bool
take_handle(const char *text, const char *prefix, size_t max, size_t *out)
{
	size_t n = strlen(prefix);

	if (text == NULL || strncmp(text, prefix, n) != 0 || text[n] < '0' ||
	    text[n] > '9' || text[n + 1] != '\0')
		return false;
	*out = (size_t)(text[n] - '0');
	return *out < max;
}

/* The key pair that belongs to the certificate, by its public half. */
static bool
pair_for(const struct amt *a, const struct x509 *cert)
{
	const struct state_blob *pair = a->state->pair;
	struct crypto_key *key = NULL;
	struct err e = { 0 };
	bool found = false;

	for (size_t i = 0; !found && i < STATE_PAIRS; i++) {
		if (pair[i].n == 0 || read_key(a, &pair[i], &key, &e) != ERR_OK)
			continue;
		found = x509_matches_key(cert, key);
		crypto_key_free(key);
	}
	return found;
}

/* Of a Put, too, by which a certificate is renewed (MeshCentral). One without
 * its key here could not be served. */
enum amt_status
amtkeys_create_credential(
    struct amt *a, const struct node *in, struct amt_item *out)
{
	const char *id =
	    wsman_selector(node_child(in, "ElementInContext"), "InstanceID");
	struct x509 *cert = NULL;
	struct err e = { 0 };
	bool good;
	size_t h;

	if (!take_handle(id, CERTIFICATE, STATE_CERTS, &h) ||
	    a->state->certs[h].n == 0)
		return AMT_NOT_FOUND;
	good = x509_from_der(a->state->certs[h].p, a->state->certs[h].n, &cert,
		   &e) == ERR_OK &&
	    pair_for(a, cert);
	x509_free(cert);
	if (!good)
		return AMT_BAD_CERTIFICATE;
	a->state->credential = (int)h;
	amtkeys_credential(a, 0, out);
	return amt_keep(a);
}

/* The instance that is to go stands in it; its InstanceID is its second
 * field. */
static bool
take_instance(
    const struct amt_item *it, const char *prefix, size_t max, size_t *h)
{
	return it->n > 1 && take_handle(it->f[1].value, prefix, max, h);
}

/* Not while TLS is on: it would have nothing to show. */
enum amt_status
amtkeys_remove_credential(
    struct amt *a, const struct node *in, struct amt_item *it)
{
	(void)in;
	(void)it;
	if (a->state->tls_enabled[0] || a->state->tls_enabled[1])
		return AMT_NOT_PERMITTED;
	a->state->credential = -1;
	return amt_keep(a);
}

/* The only root while TLS is mutual. */
static bool
is_last_root(const struct amt *a, size_t h)
{
	const struct state *s = a->state;

	return roots(a) == 1u << h &&
	    ((s->tls_enabled[0] && s->tls_mutual[0]) ||
		(s->tls_enabled[1] && s->tls_mutual[1]));
}

/* Not while it is the one of TLS, nor without it nobody could log in. */
enum amt_status
amtkeys_remove_certificate(
    struct amt *a, const struct node *in, struct amt_item *it)
{
	struct switches *own = switches_own(&a->state->switches);
	size_t h;

	(void)in;
	if (own == NULL)
		return AMT_INTERNAL;
	if (!take_instance(it, CERTIFICATE, STATE_CERTS, &h))
		return AMT_NOT_FOUND;
	if (a->state->credential == (int)h || is_last_root(a, h))
		return AMT_NOT_PERMITTED;
	state_blob_free(&a->state->certs[h]);
	own->roots &= ~(1u << h);
	return amt_keep(a);
}

/* Is a certificate of that key in the store? */
static bool
has_certificate(const struct amt *a, const struct state_blob *pair)
{
	const struct state *s = a->state;
	struct crypto_key *key = NULL;
	struct x509 *cert = NULL;
	struct err e = { 0 };
	bool found = false;

	if (read_key(a, pair, &key, &e) != ERR_OK)
		return false;
	for (size_t h = 0; !found && h < STATE_CERTS; h++) {
		if (s->certs[h].n == 0 ||
		    x509_from_der(s->certs[h].p, s->certs[h].n, &cert, &e) !=
			ERR_OK)
			continue;
		found = x509_matches_key(cert, key);
		x509_free(cert);
	}
	crypto_key_free(key);
	return found;
}

/* Not before its certificate. */
enum amt_status
amtkeys_remove_pair(struct amt *a, const struct node *in, struct amt_item *it)
{
	size_t h;

	(void)in;
	if (!take_instance(it, PAIR, STATE_PAIRS, &h))
		return AMT_NOT_FOUND;
	if (has_certificate(a, &a->state->pair[h]))
		return AMT_NOT_PERMITTED;
	state_blob_free(&a->state->pair[h]);
	return amt_keep(a);
}

enum amt_status
amtkeys_generate(struct amt *a, const struct node *in, struct amt_item *out)
{
	const char *algorithm = node_text(in, "KeyAlgorithm");
	const char *length = node_text(in, "KeyLength");
	enum amt_status status = AMT_INTERNAL;
	struct secret der = { 0 };
	struct err e = { 0 };
	size_t h;

	if (algorithm == NULL || strcmp(algorithm, "0") != 0 ||
	    length == NULL || strcmp(length, "2048") != 0)
		return AMT_BAD_PARAMETER;
	if (!blob_place(a->state->pair, STATE_PAIRS, &h))
		return AMT_MAX_LIMIT;
	if (a->host->key(a->host->arg, &der, &e) == ERR_OK &&
	    state_blob_set(&a->state->pair[h], der.p, der.len, &e) == ERR_OK) {
		amt_put_handle(
		    out, "KeyPair", "AMT_PublicPrivateKeyPair", PAIR, h);
		status = amt_keep(a);
	}
	secret_free(&der);
	return status;
}

enum amt_status
amtkeys_add_certificate(
    struct amt *a, const struct node *in, struct amt_item *out)
{
	enum amt_status status = AMT_BAD_CERTIFICATE;
	struct x509 *cert = NULL;
	uint8_t der[STATE_BLOB];
	size_t n = sizeof(der), h;
	struct err e = { 0 };

	if (!blob_place(a->state->certs, STATE_CERTS, &h))
		return AMT_MAX_LIMIT;
	if (node_b64(in, "CertificateBlob", der, &n) &&
	    x509_from_der(der, n, &cert, &e) == ERR_OK &&
	    state_blob_set(&a->state->certs[h], der, n, &e) == ERR_OK) {
		amt_put_handle(out, "CreatedCertificate",
		    "AMT_PublicKeyCertificate", CERTIFICATE, h);
		status = amt_keep(a);
	}
	x509_free(cert);
	return status;
}

/* A root of those who may log in where TLS is mutual. One that is there
 * already is told so. */
enum amt_status
amtkeys_add_root(struct amt *a, const struct node *in, struct amt_item *out)
{
	struct switches *own = switches_own(&a->state->switches);
	const struct state_blob *c = a->state->certs;
	enum amt_status status;
	uint8_t der[STATE_BLOB];
	size_t n = sizeof(der);

	if (own == NULL)
		return AMT_INTERNAL;
	if (!node_b64(in, "CertificateBlob", der, &n))
		return AMT_BAD_CERTIFICATE;
	for (size_t h = 0; h < STATE_CERTS; h++)
		if (c[h].n == n && is_root(a, h) && memcmp(c[h].p, der, n) == 0)
			return AMT_DUPLICATE;
	if ((status = amtkeys_add_certificate(a, in, out)) != AMT_OK)
		return status;
	for (size_t h = 0; h < STATE_CERTS; h++)
		if (c[h].n == n && memcmp(c[h].p, der, n) == 0)
			own->roots |= 1u << h;
	return amt_keep(a);
}
