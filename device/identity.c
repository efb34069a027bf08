/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/x509.h"
#include "device/age.h"
#include "device/attempt.h"
#include "device/identity.h"
#include "device/visit.h"

#define CERT_DAYS 7300

/* The device's own key: the state's, else the image's. */
static enum err_code
own_key(struct machine *m, struct crypto_key **key, struct err *e)
{
	const struct record *r = machine_factory(m);

	if (m->state->key.n > 0)
		return keypool_read(
		    m->common->keys, m->state->key.p, m->state->key.n, key, e);
	return keypool_read(m->common->keys, r->key, r->key_len, key, e);
}

/* Makes and keeps what the image does not bring: the key, as the white paper
 * has it, and a self-signed certificate that serves for set-up only. */
enum err_code
identity_make(struct machine *m, struct err *e)
{
	struct attempt *t = attempt_new(m->state);
	struct crypto_key *key = NULL;
	struct secret der = { 0 };
	struct x509 *cert = NULL;
	char cn[UUID_TEXT];
	const struct x509_make make = { .cn = cn, .days = CERT_DAYS };
	const uint8_t *p;
	size_t n;

	if (t == NULL)
		return err_mem(e);
	uuid_text(&machine_factory(m)->uuid, cn);
	if (machine_factory(m)->key_len == 0) {
		if (keypool_take(m->common->keys, &key, e) != ERR_OK ||
		    keypool_der(m->common->keys, key, &der, e) != ERR_OK ||
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
	attempt_end(t, m->state, e->code == ERR_OK);
	secret_free(&der);
	crypto_key_free(key);
	x509_free(cert);
	return e->code;
}

bool
identity_ready(const struct machine *m)
{
	const struct record *r = machine_factory(m);

	return m->psk.pid[0] != '\0' || m->state->cert.n > 0 ||
	    (r->key_len > 0 && r->cert_len > 0);
}

static enum err_code
own_identity(struct machine *m, struct crypto_key **key,
    struct x509_chain *chain, struct err *e)
{
	const struct record *r = machine_factory(m);
	bool factory = r->key_len > 0 && r->cert_len > 0;

	if (!factory && m->state->cert.n == 0 && identity_make(m, e) != ERR_OK)
		return e->code;
	if (own_key(m, key, e) != ERR_OK ||
	    x509_from_der(factory ? r->cert : m->state->cert.p,
		factory ? r->cert_len : m->state->cert.n, &chain->cert[0],
		e) != ERR_OK)
		return e->code;
	chain->n = 1;
	return ERR_OK;
}

enum err_code
identity_hash(struct machine *m, enum hash_type type, uint8_t out[static 48],
    struct err *e)
{
	struct x509_chain chain = { .n = 0 };
	struct crypto_key *key = NULL;
	struct hash_entry hash;
	const uint8_t *der;
	size_t n;

	if (own_identity(m, &key, &chain, e) == ERR_OK) {
		der = x509_der(chain.cert[0], &n);
		hashlist_of_der(&hash, type, der, n);
		memcpy(out, hash.hash, hashlist_hash_len(type));
	}
	crypto_key_free(key);
	x509_chain_free(&chain);
	return e->code;
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

enum err_code
identity_own(struct machine *m, struct crypto_key **key,
    struct x509_chain *chain, struct err *e)
{
	return m->state->phase == STATE_POST ? served_identity(m, key, chain, e)
					     : own_identity(m, key, chain, e);
}

/* Ends of TLS that differ in nothing but the certificate are one: an SSL_CTX
 * takes 13 KB, more than all else of a machine. */

struct machine_end {
	struct machine_end *next;
	const struct generation *of;
	tls_judge_fn *judge; /* of the peer's certificate, or NULL */
	struct tls *tls;
};

static enum err_code
end_new(struct machine *m, const struct machine_end *like,
    struct machine_end **out, struct err *e)
{
	const struct tls_config c = { .server = true,
		.own = visit_own,
		.judge = like->judge,
		.age = age_of(m->common->settings, like->of) };
	struct machine_end *end = malloc(sizeof(*end));

	if (end == NULL)
		return err_mem(e);
	*end = *like;
	if (tls_new(&c, &end->tls, e) != ERR_OK) {
		free(end);
		return e->code;
	}
	*out = end;
	return ERR_OK;
}

static struct tls *
shared_end(struct machine *m, tls_judge_fn *judge, struct err *e)
{
	struct machine_end **at = &m->common->scratch->ends;
	const struct record *r = machine_factory(m);
	const struct machine_end like = {
		.of = generation_of(r->amt_major, r->amt_minor), .judge = judge
	};

	while (*at != NULL && ((*at)->of != like.of || (*at)->judge != judge))
		at = &(*at)->next;
	if (*at == NULL && end_new(m, &like, at, e) != ERR_OK)
		return NULL;
	return (*at)->tls;
}

void
identity_ends_free(struct machine_end **ends)
{
	struct machine_end *end;

	while ((end = *ends) != NULL) {
		*ends = end->next;
		tls_free(end->tls);
		free(end);
	}
}

struct tls *
identity_tls(struct machine *m, struct err *e)
{
	if (m->state->phase == STATE_POST)
		return shared_end(
		    m, m->state->tls_mutual[0] ? visit_mutual : NULL, e);
	if (m->psk.pid[0] != '\0')
		return m->common->psk;
	if (!identity_ready(m) && identity_make(m, e) != ERR_OK)
		return NULL;
	return shared_end(m, visit_judge, e);
}
