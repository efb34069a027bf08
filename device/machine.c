/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/rand.h"
#include "base/secret.h"
#include "base/x509.h"
#include "device/machine.h"
#include "device/talk.h"
#include "device/visit.h"
#include "formats/hello.h"

#define HELLO_WAIT_MS 10000
#define HOUR_MS 3600000ul
#define CERT_DAYS 7300

static enum err_code
host_random(void *arg, void *p, size_t n, struct err *e)
{
	(void)arg;
	return rand_bytes(p, n, e);
}

static enum err_code
host_key(void *arg, struct crypto_key **out, struct err *e)
{
	const struct machine *m = arg;

	return keypool_take(m->common->keys, out, e);
}

static int64_t
host_now(void *arg)
{
	(void)arg;
	return time(NULL);
}

static enum err_code
host_save(void *arg, const struct state *s, struct err *e)
{
	(void)arg;
	return state_save(s, e);
}

void
machine_tell(struct machine *m, const struct machine_event *event)
{
	m->common->event(m->common->arg, m, event);
}

static void
tell_failure(struct machine *m, const char *name, const struct err *e)
{
	machine_tell(m,
	    &(struct machine_event){
		.name = name, .words = "", .why = e, .retry = -1 });
}

/* Keys and TLS. */

/* The device's own key: the state's, else the image's. */
static enum err_code
own_key(struct machine *m, struct crypto_key **key, struct err *e)
{
	if (m->state->key.n > 0)
		return crypto_key_from_der(
		    m->state->key.p, m->state->key.n, key, e);
	return crypto_key_from_der(
	    m->factory->key, m->factory->key_len, key, e);
}

/* Makes and keeps what the image does not bring: the key, as the white paper
 * has it, and a self-signed certificate that serves for set-up only. */
static enum err_code
own_make(struct machine *m, struct err *e)
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

static enum err_code
own_identity(struct machine *m, struct crypto_key **key,
    struct x509_chain *chain, struct err *e)
{
	bool factory = m->factory->key_len > 0 && m->factory->cert_len > 0;

	if (!factory && m->state->cert.n == 0 && own_make(m, e) != ERR_OK)
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
		if (crypto_key_from_der(b->p, b->n, key, e) != ERR_OK ||
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
	struct tls_config c = { .server = true, .chain = &chain };

	if (setup) {
		c.judge = visit_judge;
		own_identity(m, &key, &chain, e);
	} else {
		served_identity(m, &key, &chain, e);
	}
	c.key = key;
	if (e->code == ERR_OK)
		tls_new(&c, out, e);
	x509_chain_free(&chain);
	crypto_key_free(key);
	return e->code;
}

enum err_code
machine_psk_tls(const struct settings *s, struct tls **out, struct err *e)
{
	const struct tls_config c = { .server = true,
		.psk_lookup = visit_psk,
		.psk_suites = s->psk_suites };

	return tls_new(&c, out, e);
}

static struct tls *
tls_for(struct machine *m, struct err *e)
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

bool
machine_accept(struct machine *m, const struct loop_peer *peer,
    const struct loop_handler **h, void **conn_arg, struct tls **tls)
{
	struct machine_session *v;
	struct err e = { 0 };

	if (!m->open && m->state->phase != STATE_POST)
		return false;
	if ((*tls = tls_for(m, &e)) == NULL) {
		tell_failure(m, "failed", &e);
		return false;
	}
	if ((v = visit_new(m, peer)) == NULL)
		return false;
	*h = &visit_handler;
	*conn_arg = v;
	return true;
}

/* Hellos. */

static void
hello_ready(void *arg, struct loop_conn *c)
{
	struct machine *m = arg;
	struct wr w;

	wr_grow(&w, HELLO_MAX);
	talk_hello(
	    &w, m->factory, &m->psk, m->state->retry, m->common->settings);
	if (!w.failed) /* in one piece: peers read the first segment only */
		loop_conn_send(c, w.buf, w.len);
	wr_free(&w);
	loop_conn_finish(c);
}

static void
hello_over(struct machine *m)
{
	struct err e = { 0 };
	unsigned long ms;

	if (talk_wait(m->common->settings, m->state->retry, &ms))
		loop_timer_set(m->talk, ms);
	m->state->retry++;
	if (state_save(m->state, &e) != ERR_OK)
		tell_failure(m, "failed", &e);
}

static void
hello_closed(void *arg, struct loop_conn *c, const struct err *e)
{
	struct machine *m = arg;
	struct machine_event event = { .name = "hello",
		.words = "",
		.peer = m->server.address,
		.retry = m->state->retry };

	(void)c;
	m->hello = NULL;
	if (e->code != ERR_OK) {
		event.name = "hello-failed";
		event.why = e;
	}
	machine_tell(m, &event);
	if (m->open)
		hello_over(m);
}

static const struct loop_handler hello_handler = { hello_ready, NULL,
	hello_closed };

/* A session that is open speaks for itself: then none is sent. */
static void
on_talk(void *arg)
{
	struct machine *m = arg;
	struct err e = { 0 };
	unsigned long ms;

	if (m->hello != NULL || !m->open)
		return;
	if (m->sessions != NULL) {
		if (talk_wait(m->common->settings, m->state->retry, &ms))
			loop_timer_set(m->talk, ms);
		return;
	}
	if (loop_connect(m->common->loop,
		m->address[0] == '\0' ? NULL : m->address, m->server.address,
		m->server.port, &hello_handler, m, &m->hello, &e) == ERR_OK)
		loop_conn_idle(m->hello, HELLO_WAIT_MS);
	else
		hello_closed(m, NULL, &e);
}

/* The image's values, or a one-touch key's. */

static void
set_suffix(struct machine *m)
{
	snprintf(m->suffix, sizeof(m->suffix), "%s",
	    m->factory->pki_dns_suffix[0] != '\0' ? m->factory->pki_dns_suffix
						  : m->dhcp_suffix);
}

/* Once, at the start; m->factory is the image's. */
static enum err_code
use_key(struct machine *m, struct err *e)
{
	struct record *image = malloc(sizeof(*image));

	if (image == NULL)
		return err_mem(e);
	*image = *m->factory;
	if (state_onetouch(m->state, image, m->factory)) {
		m->image = image;
	} else {
		*m->factory = *image;
		record_wipe(image);
		free(image);
	}
	set_suffix(m);
	return ERR_OK;
}

/* What a key set is gone with a full un-provisioning. */
static void
drop_key(struct machine *m)
{
	if (m->image == NULL || m->state->onetouch.n > 0)
		return;
	*m->factory = *m->image;
	record_wipe(m->image);
	free(m->image);
	m->image = NULL;
	m->server = m->image_server;
	set_suffix(m);
}

/* Open and closed. */

static void
shut(struct machine *m)
{
	m->open = false;
	loop_timer_stop(m->talk);
	loop_timer_stop(m->window);
}

static void
on_window(void *arg)
{
	struct machine *m = arg;

	shut(m);
	machine_tell(m,
	    &(struct machine_event){ .name = "window-closed",
		.words = "the period for set-up is over",
		.retry = -1 });
}

/* Why a device stays silent, or NULL. */
static const char *
silence(const struct machine *m)
{
	if (m->blank && m->image == NULL)
		return "blank: no record, and no key was applied";
	if (!m->factory->enabled)
		return "disabled";
	if (m->factory->mode != RECORD_ENTERPRISE)
		return "SMB mode: set up by hand";
	if (!m->factory->talk)
		return "listen mode: waits for an agent on its host";
	if (m->psk.pid[0] == '\0' && !m->factory->pki)
		return "neither a pre-shared key nor PKI is set";
	if (m->server.address[0] == '\0')
		return "no server is known";
	return NULL;
}

void
machine_start(struct machine *m)
{
	struct machine_event event = { .name = "started", .retry = -1 };
	const char *why;

	m->psk = *amt_psk(m->factory, m->state);
	if (m->state->phase == STATE_POST) {
		event.words = "provisioned before";
	} else if ((why = silence(m)) != NULL) {
		event.name = "silent";
		event.words = why;
	} else {
		event.words =
		    m->psk.pid[0] != '\0' ? "talks, PSK" : "talks, PKI";
		m->open = true;
		m->state->phase = STATE_IN;
		m->state->mebx_set |= m->factory->mebx_new[0] != '\0';
		if (m->state->retry >= talk_count(m->common->settings))
			m->state->retry = 0; /* a start begins anew */
		loop_timer_set(m->talk, 0);
		if (m->common->settings->up_time_ms > 0)
			loop_timer_set(
			    m->window, m->common->settings->up_time_ms);
	}
	machine_tell(m, &event);
}

void
machine_committed(struct machine *m)
{
	shut(m);
	tls_free(m->pki);
	m->pki = NULL;
	visit_end_all(m);
}

void
machine_reset(struct machine *m)
{
	shut(m);
	visit_end_all(m);
	tls_free(m->served);
	m->served = NULL;
	drop_key(m);
	machine_tell(m,
	    &(struct machine_event){
		.name = "unprovisioned", .words = "", .retry = -1 });
	machine_start(m);
}

void
machine_window(struct machine *m, unsigned hours)
{
	if (hours == 0)
		on_window(m);
	else
		loop_timer_set(m->window, hours * HOUR_MS);
}

/* Life. */

static bool
parts_new(struct machine *m)
{
	m->factory = calloc(1, sizeof(*m->factory));
	m->state = calloc(1, sizeof(*m->state));
	m->amt = calloc(1, sizeof(*m->amt));
	return m->factory != NULL && m->state != NULL && m->amt != NULL;
}

static void
parts_free(struct machine *m)
{
	if (m->factory != NULL)
		record_wipe(m->factory);
	if (m->state != NULL)
		state_free(m->state);
	if (m->amt != NULL)
		secret_wipe(m->amt, sizeof(*m->amt));
	free(m->factory);
	free(m->state);
	free(m->amt);
}

static void
place(struct machine *m, const struct machine_place *p)
{
	snprintf(m->address, sizeof(m->address), "%s", p->address);
	snprintf(m->dhcp_suffix, sizeof(m->dhcp_suffix), "%s", p->suffix);
	m->server = p->server;
	m->image_server = p->image_server;
	m->blank = p->blank;
}

enum err_code
machine_new(const struct machine_common *common, const struct record *r,
    const struct machine_place *p, struct machine **out, struct err *e)
{
	struct machine *m = calloc(1, sizeof(*m));
	uint8_t random[16];

	if (m == NULL || !parts_new(m)) {
		machine_free(m);
		return err_mem(e);
	}
	m->common = common;
	*m->factory = *r;
	place(m, p);
	if (rand_bytes(random, sizeof(random), e) != ERR_OK ||
	    state_open(m->state, p->state_dir, random, e) != ERR_OK ||
	    use_key(m, e) != ERR_OK ||
	    loop_timer_new(common->loop, on_talk, m, &m->talk, e) != ERR_OK ||
	    loop_timer_new(common->loop, on_window, m, &m->window, e) !=
		ERR_OK) {
		machine_free(m);
		return e->code;
	}
	m->amt->factory = m->factory;
	m->amt->state = m->state;
	m->host =
	    (struct amt_host){ m, host_random, host_key, host_now, host_save };
	m->amt->host = &m->host;
	m->amt->suffix = m->suffix;
	*out = m;
	return ERR_OK;
}

void
machine_free(struct machine *m)
{
	if (m == NULL)
		return;
	while (m->sessions != NULL)
		visit_free(m->sessions);
	if (m->hello != NULL)
		loop_conn_close(m->hello);
	loop_timer_free(m->talk);
	loop_timer_free(m->window);
	tls_free(m->pki);
	tls_free(m->served);
	parts_free(m);
	if (m->image != NULL)
		record_wipe(m->image);
	free(m->image);
	secret_wipe(m, sizeof(*m));
	free(m);
}
