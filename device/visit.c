/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/rand.h"
#include "base/secret.h"
#include "base/text.h"
#include "base/xml.h"
#include "device/amthosted.h"
#include "device/amthttp.h"
#include "device/handshake.h"
#include "device/hellos.h"
#include "device/identity.h"
#include "device/judge.h"
#include "device/loss.h"
#include "device/mutual.h"
#include "device/period.h"
#include "device/trickle.h"
#include "device/visit.h"
#include "formats/reason.h"

#define LATE_MS 1000 /* of the connection's timer behind our own */

struct machine_session {
	struct machine *m;
	struct conn *conn; /* NULL until the handshake is over */
	struct conn *self; /* also before */
	struct machine_session *prev, *next;
	char peer[ADDR_LEN];
	bool managing; /* came after set-up: digest alone decides */
	bool host;     /* comes from the machine's host: so it does */
	bool as_host;  /* what is asked now, its account asks */
	bool admitted; /* the chain or the pre-shared key was accepted */
	bool committed;
	bool continued;             /* the client was told to send its body */
	bool served;                /* a request was answered */
	bool head;                  /* what it asked last is for a head alone */
	uint64_t asked_ms;          /* the last one, or since it is here */
	uint64_t begun_ms;          /* one that is not whole yet; 0: none */
	struct loop_timer *late;    /* ends that one; NULL: there was none */
	bool over;                  /* nothing more is taken from it */
	struct state_record record; /* for the configuration record */
	struct err refusal;
	struct trickle *trickle; /* NULL: it is not slow */
};

/* Who goes where there is room for no other: of those that were never answered
 * the oldest, else who asked for nothing for the longest time; but never who is
 * being told that its commit is done. */
static struct machine_session *
least_wanted(const struct machine *m, size_t *n)
{
	struct machine_session *v, *least = NULL;

	*n = 0;
	for (v = m->sessions; v != NULL; v = v->next) {
		++*n;
		if (!v->committed &&
		    (least == NULL || v->served < least->served ||
			(v->served == least->served &&
			    v->asked_ms <= least->asked_ms)))
			least = v;
	}
	return least;
}

static bool
make_room(struct machine *m)
{
	struct machine_session *least;
	size_t n;

	least = least_wanted(m, &n);
	if (n < m->common->settings->connections)
		return true;
	if (least == NULL)
		return false;
	machine_tell(m,
	    &(struct machine_event){ .name = "crowded",
		.words = "is closed for another connection",
		.peer = least->peer,
		.retry = -1 });
	visit_free(least);
	if (!visit_serving(m))
		hellos_wake(m);
	return true;
}

struct conn **
visit_self(struct machine_session *v)
{
	return &v->self;
}

struct machine_session *
visit_new(struct machine *m, const struct conn_peer *peer)
{
	struct machine_session *v;

	if (!make_room(m) || (v = calloc(1, sizeof(*v))) == NULL)
		return NULL;
	v->m = m;
	v->asked_ms = clock_ms();
	visit_expire(m);
	v->managing = v->admitted = m->state->phase == STATE_POST;
	snprintf(v->peer, sizeof(v->peer), "%s", peer->peer);
	if ((v->next = m->sessions) != NULL)
		v->next->prev = v;
	m->sessions = v;
	return v;
}

struct machine_session *
visit_host(struct machine *m, const struct conn_peer *peer, bool admin)
{
	struct machine_session *v = visit_new(m, peer);

	if (v == NULL)
		return NULL;
	v->host = v->admitted = true;
	v->managing = admin;
	return v;
}

static void
release(struct machine_session *v)
{
	if (v->prev != NULL)
		v->prev->next = v->next;
	else
		v->m->sessions = v->next;
	if (v->next != NULL)
		v->next->prev = v->prev;
	if (v->committed)
		v->m->parting = false;
	trickle_free(v->trickle);
	loop_timer_free(v->late);
	free(v);
}

void
visit_free(struct machine_session *v)
{
	conn_close(v->self);
	release(v);
}

/* A connection's way out, which a fault may slow down. */

static void
slow_down(struct machine_session *v)
{
	const struct machine *m = v->m;
	struct err e = { 0 };

	if (!fault_has(&m->fault, FAULT_SLOW))
		return;
	if (trickle_new(m->common->loop, v->conn, m->fault.slow, &v->trickle,
		&e) == ERR_OK)
		machine_tell_fault(v->m, FAULT_SLOW);
}

static void
put(struct machine_session *v, const void *p, size_t n)
{
	if (v->trickle != NULL)
		trickle_send(v->trickle, p, n);
	else
		conn_send(v->conn, p, n);
}

static void
leave(struct machine_session *v)
{
	v->over = true;
	if (v->trickle != NULL)
		trickle_finish(v->trickle);
	else
		conn_finish(v->conn);
}

void
visit_end_all(struct machine *m)
{
	for (struct machine_session *v = m->sessions; v != NULL; v = v->next)
		if (v->conn != NULL)
			leave(v);
		else
			v->over = true; /* with its handshake */
}

bool
visit_serving(const struct machine *m)
{
	const struct machine_session *v = m->sessions;

	while (v != NULL && (v->conn == NULL || !v->admitted || v->host))
		v = v->next;
	return v != NULL;
}

static void
tell_dropped(struct machine *m, unsigned steps, const char *why)
{
	const struct state_record *who = &m->amt->session;
	char words[LOSS_TEXT + sizeof(who->fqdn) + 80], what[LOSS_TEXT];

	loss_text(what, steps);
	snprintf(words, sizeof(words), "what %s set is gone, %s: %s",
	    who->fqdn[0] != '\0' ? who->fqdn : "its server", why, what);
	machine_tell(m,
	    &(struct machine_event){ .name = "setup-dropped",
		.words = words,
		.peer = who->server_ip[0] != '\0' ? who->server_ip : NULL,
		.retry = -1 });
}

void
visit_undo(struct machine *m, const char *why)
{
	unsigned steps = m->state->steps;

	if (m->state->phase == STATE_POST)
		return;
	state_undo(m->state);
	m->state->mebx_set |= machine_factory(m)->mebx_new[0] != '\0';
	if (steps != 0) {
		loss_add(&m->amt->loss, &m->amt->session, steps);
		tell_dropped(m, steps, why);
	}
	memset(&m->amt->session, 0, sizeof(m->amt->session));
}

void
visit_expire(struct machine *m)
{
	for (struct machine_session *v = m->sessions; v != NULL; v = v->next)
		if (v->conn != NULL && v->admitted &&
		    loss_same_server(&v->record, &m->amt->session))
			return;
	if (clock_ms() - m->asked_ms >= m->common->settings->idle_ms)
		visit_undo(m, "nobody went on with it");
}

/* Is it the set-up's own server that asks, or a host? */
static bool
owns(const struct machine_session *v)
{
	return v->managing || v->host ||
	    loss_same_server(&v->record, &v->m->amt->session);
}

/* Once it is let in, and before what it asks is looked at: what another server
 * left is not this one's to commit. */
static void
claim(struct machine_session *v)
{
	struct machine *m = v->m;

	if (v->managing || v->host || m->state->phase == STATE_POST)
		return;
	if (!owns(v))
		visit_undo(m, "another server asks");
	m->amt->session = v->record;
	m->asked_ms = clock_ms();
}

/* Inside the handshake. */

enum err_code
visit_own(void *arg, void *conn_arg, struct x509_chain *chain,
    struct crypto_key **key, struct err *e)
{
	struct machine_session *v = conn_arg;

	(void)arg;
	return identity_own(v->m, key, chain, e);
}

enum tls_alert
visit_mutual(void *arg, void *conn_arg, const struct x509_chain *chain)
{
	const struct machine_session *v = conn_arg;

	(void)arg;
	return mutual_judge(v->m->state, chain);
}

enum tls_alert
visit_judge(void *arg, void *conn_arg, const struct x509_chain *chain)
{
	struct machine_session *v = conn_arg;
	enum tls_alert alert;

	(void)arg;
	if (judge_server(v->m, chain, &v->record, &alert, &v->refusal) !=
	    ERR_OK)
		return alert;
	v->admitted = true;
	return TLS_ALERT_NONE;
}

size_t
visit_psk(void *arg, void *conn_arg, const char *identity,
    uint8_t key[static TLS_PSK_MAX])
{
	struct machine_session *v = conn_arg;
	const struct machine *m = v->m;

	(void)arg;
	if (strcmp(identity, m->psk.pid) != 0) {
		err_refuse(&v->refusal, ERR_PERM,
		    reason_get(REASON_PSK_IDENTITY),
		    "the server's identity is not this device's PID %s",
		    m->psk.pid);
		return 0;
	}
	memcpy(key, m->psk.pps, PSK_PPS_LEN);
	v->record.psk = v->admitted = true;
	v->record.time_valid = true;
	snprintf(v->record.fqdn, sizeof(v->record.fqdn), "%s",
	    machine_factory(m)->server_fqdn);
	return PSK_PPS_LEN;
}

/* HTTP. */

static void
answer(struct machine_session *v, struct amthttp_answer *a)
{
	struct wr *out = &v->m->common->scratch->out;
	char version[16];

	amt_version(machine_factory(v->m), version);
	a->version = version;
	a->head = v->head;
	a->date = (time_t)amt_now(v->m->amt);
	wr_reset(out);
	amthttp_write(out, a);
	if (out->failed) {
		leave(v);
		return;
	}
	put(v, out->buf, out->len);
	if (a->close)
		leave(v);
}

static void
answer_status(struct machine_session *v, int status)
{
	answer(v, &(struct amthttp_answer){ .status = status, .close = true });
}

/* What is no request that could be answered by a fault. */
static void
answer_bad(struct machine_session *v, int status, const struct err *why)
{
	machine_tell(v->m,
	    &(struct machine_event){ .name = "malformed",
		.words = "",
		.peer = v->peer,
		.retry = -1,
		.why = why });
	answer(v,
	    &(struct amthttp_answer){
		.status = status, .close = true, .why = why->msg });
}

static void
answer_challenge(struct machine_session *v, bool stale)
{
	uint8_t random[AUTH_NONCE_BYTES];
	struct amthttp_answer a = { .status = 401,
		.close = true,
		.stale = stale,
		.realm = v->m->state->realm };
	struct err e = { 0 };

	if (rand_bytes(random, sizeof(random), &e) != ERR_OK) {
		answer_status(v, 500);
		return;
	}
	a.nonce = auth_nonce(v->m->auth, random);
	answer(v, &a);
}

/* Public sources disagree on credentials during set-up: see configs. */
static bool
challenges(const struct machine_session *v)
{
	if (v->managing || v->host)
		return true;
	switch (v->m->common->settings->challenge) {
	case SETTINGS_CHALLENGE_ALWAYS:
		return true;
	case SETTINGS_CHALLENGE_NEVER:
		return false;
	case SETTINGS_CHALLENGE_AUTO:
		break;
	}
	return v->record.psk;
}

static enum auth_verdict
authenticate_host(struct machine_session *v, const struct amthttp_request *r)
{
	struct machine *m = v->m;
	struct auth_ask ask = { r->authorization, r->method, r->path,
		AMTHOSTED_USER, m->state->realm, "",
		m->common->settings->insecure_digest_without_qop };
	const char *password = amthosted_login(m->amt);
	enum auth_verdict verdict;
	char ha1[AUTH_HA1] = "";

	if (password != NULL)
		auth_ha1(ha1, ask.user, ask.realm, password);
	ask.ha1 = ha1;
	verdict = auth_check(m->auth, &ask);
	secret_wipe(ha1, sizeof(ha1));
	return verdict;
}

static enum auth_verdict
try_password(struct machine *m, struct auth_ask ask, const char *password)
{
	enum auth_verdict verdict;
	char ha1[AUTH_HA1];

	auth_ha1(ha1, ask.user, ask.realm, password);
	ask.ha1 = ha1;
	verdict = auth_check(m->auth, &ask);
	secret_wipe(ha1, sizeof(ha1));
	return verdict;
}

static enum auth_verdict
authenticate(struct machine_session *v, const struct amthttp_request *r)
{
	struct machine *m = v->m;
	const char *factory = machine_factory(m)->mebx_new[0] != '\0'
	    ? machine_factory(m)->mebx_new
	    : "admin";
	const char *kept = m->state->mebx_kept;
	/* Nor is the password good that another server left. */
	struct auth_ask ask = { r->authorization, r->method, r->path, "admin",
		m->state->realm, owns(v) ? m->state->ha1 : "",
		m->common->settings->insecure_digest_without_qop };
	enum auth_verdict verdict = AUTH_BAD;

	if (v->host)
		verdict = authenticate_host(v, r);
	v->as_host = verdict == AUTH_OK;
	if (v->host && (verdict != AUTH_BAD || !v->managing))
		return verdict;
	verdict = auth_check(m->auth, &ask);
	/* During set-up the old password serves beside the new one, which is
	 * not for good before CommitChanges. */
	if (v->managing || verdict != AUTH_BAD)
		return verdict;
	verdict = try_password(m, ask, factory);
	if (verdict == AUTH_BAD && kept[0] != '\0')
		verdict = try_password(m, ask, kept);
	return verdict;
}

/* Whoever ends for it waits until the answer is gone: m->parting. */
static void
committed(struct machine_session *v)
{
	struct machine *m = v->m;

	v->committed = m->parting = true;
	machine_committed(m);
	machine_tell(m,
	    &(struct machine_event){ .name = "provisioned",
		.words = m->state->record.fqdn,
		.peer = v->peer,
		.retry = -1,
		.requests = m->requests });
}

/* The answer goes out before the event takes effect on the connection. */
static void
take_event(struct machine_session *v)
{
	struct machine *m = v->m;

	switch (m->amt->event) {
	case AMT_COMMITTED:
		if (!v->managing)
			committed(v);
		break;
	case AMT_UNPROVISIONED:
		machine_reset(m);
		break;
	case AMT_WINDOW:
		period_extend(m, m->amt->hours);
		break;
	case AMT_NOTHING:
		break;
	}
}

/* Set-up's own TLS ends with it, and so does everything when it is undone. */
static bool
ends_session(const struct machine_session *v)
{
	switch (v->m->amt->event) {
	case AMT_COMMITTED:
		return !v->managing;
	case AMT_UNPROVISIONED:
		return true;
	case AMT_WINDOW:
		return v->m->amt->hours == 0;
	case AMT_NOTHING:
		break;
	}
	return false;
}

/* A chain that came by WS-Management is refused as one by TLS is. */
static void
tell_chain(struct machine_session *v)
{
	struct amthosted *h = v->m->amt->hosted;

	if (h == NULL || h->refusal.code == ERR_OK)
		return;
	machine_tell(v->m,
	    &(struct machine_event){ .name = "refused",
		.words = "",
		.peer = v->peer,
		.retry = -1,
		.why = &h->refusal });
	err_clear(&h->refusal);
}

/* The record and the suffix are the machine's while it is awake. */
static int
answer_from(struct machine_session *v, const struct node *root, struct wr *soap)
{
	const char *suffix = machine_suffix_nth(v->m, 0);
	struct amt *a = v->m->amt;
	int status;

	a->factory = machine_factory(v->m);
	a->suffix = suffix != NULL ? suffix : "";
	a->dhcp_suffix = v->m->dhcp_suffix;
	a->any_qop = v->m->common->settings->insecure_digest_without_qop;
	/* Of a set-up that goes on, whoever's it is. */
	if (!v->host)
		a->session = v->record;
	a->by_host = v->as_host;
	status = amt_answer(a, root, soap);
	a->by_host = false;
	tell_chain(v);
	a->factory = NULL;
	a->suffix = a->dhcp_suffix = NULL;
	return status;
}

static void
answer_soap(struct machine_session *v, const struct amthttp_request *r)
{
	struct amthttp_answer a = { .close = r->close, .old = r->old };
	struct machine *m = v->m;
	struct machine_scratch *s = m->common->scratch;
	struct err e = { 0 };
	struct xml *xml = NULL;
	bool answered, ends;

	if (xml_read(s->body.buf, s->body.len, &xml, &e) != ERR_OK) {
		answer_bad(v, 400, &e);
		return;
	}
	m->requests++;
	v->served = true;
	v->asked_ms = clock_ms();
	wr_reset(&s->soap);
	a.status = answer_from(v, xml_root(xml), &s->soap);
	xml_free(xml);
	a.body = s->soap.buf;
	a.n = s->soap.len;
	a.close |= ends_session(v);
	ends = fault_ends(&m->fault, &answered);
	if (answered)
		answer(v, &a);
	wr_reset(&s->soap);
	wr_reset(&s->out);
	take_event(v);
	if (ends) {
		machine_tell_fault(m, answered ? FAULT_DROP : FAULT_CUT);
		leave(v);
	}
}

static bool
has_auth(struct machine *m)
{
	if (m->auth == NULL)
		m->auth = calloc(1, sizeof(*m->auth));
	return m->auth != NULL;
}

static void
request(struct machine_session *v, const struct amthttp_request *r)
{
	enum auth_verdict verdict;

	visit_expire(v->m);
	if (strcmp(r->path, "/wsman") != 0) {
		answer_status(v, 404);
		return;
	}
	if (strcmp(r->method, "POST") != 0) {
		answer_status(v, 405);
		return;
	}
	if (challenges(v) && !has_auth(v->m)) {
		answer_status(v, 500);
		return;
	}
	if (challenges(v) && (verdict = authenticate(v, r)) != AUTH_OK) {
		answer_challenge(v, verdict == AUTH_STALE);
		return;
	}
	claim(v);
	answer_soap(v, r);
}

/* Before a client is told to send the body: who must log in, and did not, is
 * asked to now. */
static void
expected(struct machine_session *v, const struct amthttp_request *r)
{
	v->continued = true;
	if (challenges(v) && r->authorization[0] == '\0' && has_auth(v->m))
		answer_challenge(v, false);
	else
		put(v, AMTHTTP_CONTINUE, strlen(AMTHTTP_CONTINUE));
}

/* The connection. */

static void
on_ready(void *arg, struct conn *c)
{
	struct machine_session *v = arg;
	const struct tls_session *t = conn_tls(c);

	v->conn = v->self = c;
	snprintf(
	    v->record.server_ip, sizeof(v->record.server_ip), "%s", v->peer);
	conn_idle(c, v->m->common->settings->idle_ms);
	/* Not admitted cannot be: TLS asked visit_judge or visit_psk. */
	if (!v->admitted || v->over ||
	    (!v->host && v->managing != (v->m->state->phase == STATE_POST))) {
		conn_finish(c);
		return;
	}
	slow_down(v);
	machine_tell(v->m,
	    &(struct machine_event){ .name = "session",
		.words = t != NULL ? t->suite : "without TLS",
		.peer = v->peer,
		.retry = -1 });
}

static void
on_late(void *arg)
{
	struct machine_session *v = arg;
	struct err e = { 0 };

	if (v->over || v->conn == NULL)
		return;
	err_set(&e, ERR_PEER, "HTTP: the rest of a request did not come");
	answer_bad(v, 408, &e);
}

/* The rest of a request has the time that is left of it all, and no more
 * silence than there may be at any time; then its client is told so, before the
 * connection's own timer ends it. false: no time is left. */
static bool
wait_rest(struct machine_session *v, struct conn *c)
{
	const struct settings *s = v->m->common->settings;
	uint64_t now = clock_ms(), left;
	struct err e = { 0 };

	if (v->begun_ms == 0)
		v->begun_ms = now;
	if (now - v->begun_ms >= s->request_ms)
		return false;
	left = s->request_ms - (now - v->begun_ms);
	if (left > s->idle_ms)
		left = s->idle_ms;
	if (v->late != NULL ||
	    loop_timer_new(v->m->common->loop, on_late, v, &v->late, &e) ==
		ERR_OK)
		loop_timer_set(v->late, (unsigned long)left);
	conn_idle(c, (unsigned long)left + LATE_MS);
	return true;
}

static void
rest_came(struct machine_session *v, struct conn *c)
{
	if (v->begun_ms != 0)
		conn_idle(c, v->m->common->settings->idle_ms);
	if (v->late != NULL)
		loop_timer_stop(v->late);
	v->begun_ms = 0;
	v->continued = false;
}

static size_t
on_data(void *arg, struct conn *c, const uint8_t *p, size_t n)
{
	struct machine_session *v = arg;
	struct wr *body = &v->m->common->scratch->body;
	struct amthttp_request r;
	enum amthttp_verdict verdict;
	struct err e = { 0 };
	size_t used = n;
	int status = 400;

	if (!v->admitted || v->over)
		return n;
	verdict = amthttp_read(p, n, &r, body, &used, &status);
	v->head = strcmp(r.method, "HEAD") == 0;
	switch (verdict) {
	case AMTHTTP_MORE:
		if (!wait_rest(v, c)) {
			on_late(v);
			break;
		}
		used = 0;
		if (r.expects && !v->continued)
			expected(v, &r);
		break;
	case AMTHTTP_BAD:
		err_set(&e, ERR_PEER, "%s", r.why);
		answer_bad(v, status, &e);
		used = n;
		break;
	case AMTHTTP_DONE:
		rest_came(v, c);
		request(v, &r);
		break;
	}
	wr_reset(body); /* no password stays in it */
	return used;
}

static void
on_closed(void *arg, struct conn *c, const struct err *e)
{
	struct machine_session *v = arg;
	struct machine *m = v->m;
	const struct handshake h = { conn_tls(c), v->managing, v->record.psk,
		m->psk.pid, e->msg };
	const char *failure = handshake_failure(&h, &v->refusal);

	if (failure != NULL)
		machine_tell(m,
		    &(struct machine_event){ .name = failure,
			.words = "",
			.peer = v->peer,
			.retry = -1,
			.why = &v->refusal });
	v->conn = v->self = NULL;
	release(v);
	if (!visit_serving(m))
		hellos_wake(m);
}

const struct conn_handler visit_handler = { on_ready, on_data, on_closed };
const struct conn_handler visit_silent = { NULL, NULL, on_closed };
