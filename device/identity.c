/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/secret.h"
#include "base/x509.h"
#include "device/age.h"
#include "device/mutual.h"
#include "device/identity.h"
#include "device/visit.h"

#define CERT_DAYS 7300

/* The device's own key: the state's, else the image's. */
static enum err_code
own_key(struct machine *m, struct crypto_key **key, struct err *e)
{
	if (m->state->key.n > 0)
		return keypool_read(
		    m->common->keys, m->state->key.p, m->state->key.n, key, e);
	return keypool_read(
	    m->common->keys, m->factory->key, m->factory->key_len, key, e);
}

/* Makes and keeps what the image does not bring: the key, as the white paper
 * has it, and a self-signed certificate that serves for set-up only. */
enum err_code
identity_make(struct machine *m, struct err *e)
{
	struct crypto_key *key = NULL;
	struct secret der = { 0 };
	struct x509 *cert = NULL;
	char cn[UUID_TEXT];
	const struct x509_make make = { .cn = cn, .days = CERT_DAYS };
	const uint8_t *p;
	size_t n;

	uuid_text(&m->factory->uuid, cn);
	if (m->factory->key_len == 0) {
		if (keypool_take(m->common->keys, &key, e) != ERR_OK ||
		    crypto_key_der(key, &der, e) != ERR_OK ||
		    state_blob_set(&m->state->key, der.p, der.len, e) != ERR_OK)
			goto out;
	} else if (own_key(m, &key, e) != ERR_OK) {
		goto out;
	}
	if (x509_new(&make, key, NULL, NULL, &cert, e) != ERR_OK)
		goto out;
	p = x509_der(cert, &n);
	if (state_blob_set(&m->state->cert, p, n, e) == ERR_OK)
		state_save(m->state, e);
out:
	secret_free(&der);
	crypto_key_free(key);
	x509_free(cert);
	return e->code;
}

bool
identity_ready(const struct machine *m)
{
	return m->psk.pid[0] != '\0' || m->state->cert.n > 0 ||
	    (m->factory->key_len > 0 && m->factory->cert_len > 0);
}

static enum err_code
own_identity(struct machine *m, struct crypto_key **key,
    struct x509_chain *chain, struct err *e)
{
	bool factory = m->factory->key_len > 0 && m->factory->cert_len > 0;

	if (!factory && m->state->cert.n == 0 && identity_make(m, e) != ERR_OK)
		return e->code;
	if (own_key(m, key, e) != ERR_OK ||
	    x509_from_der(factory ? m->factory->cert : m->state->cert.p,
		factory ? m->factory->cert_len : m->state->cert.n,
		&chain->cert[0], e) != ERR_OK)
		return e->code;
	chain->n = 1;
	return ERR_OK;
}

/* What the server issued during set-up; without it the device's own. */
static enum err_code
served_identity(struct machine *m, struct crypto_key **key,
    struct x509_chain *chain, struct err *e)
{
	const struct state *s = m->state;
	const struct state_blob *b;

	if (s->credential < 0)
		return own_identity(m, key, chain, e);
	b = &s->certs[s->credential];
	if (x509_from_der(b->p, b->n, &chain->cert[0], e) != ERR_OK)
		return e->code;
	chain->n = 1;
	for (size_t i = 0; i < STATE_PAIRS; i++) {
		b = &s->pair[i];
		if (b->n == 0)
			continue;
		if (keypool_read(m->common->keys, b->p, b->n, key, e) !=
			ERR_OK ||
		    x509_matches_key(chain->cert[0], *key))
			return e->code;
		crypto_key_free(*key);
		*key = NULL;
	}
	return err_set(e, ERR_DATA, "the TLS certificate has no key here");
}

static enum err_code
cert_tls(struct machine *m, bool setup, struct tls **out, struct err *e)
{
	struct x509_chain chain = { .n = 0 };
	struct crypto_key *key = NULL;
	struct tls_config c = { .server = true,
		.chain = &chain,
		.age = age_of(m->common->settings,
		    generation_of(
			m->factory->amt_major, m->factory->amt_minor)) };

	if (setup) {
		c.judge = visit_judge;
		own_identity(m, &key, &chain, e);
	} else {
		served_identity(m, &key, &chain, e);
		if (m->state->tls_mutual[0]) {
			c.judge = mutual_judge;
			c.arg = m->state;
		}
	}
	c.key = key;
	if (e->code == ERR_OK)
		tls_new(&c, out, e);
	x509_chain_free(&chain);
	crypto_key_free(key);
	return e->code;
}

struct tls *
identity_tls(struct machine *m, struct err *e)
{
	struct tls **tls = &m->pki;

	if (m->state->phase == STATE_POST)
		tls = &m->served;
	else if (m->psk.pid[0] != '\0')
		return m->common->psk;
	if (*tls == NULL)
		cert_tls(m, tls == &m->pki, tls, e);
	return *tls;
}
