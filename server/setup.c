/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/secret.h"
#include "base/text.h"
#include "base/x509.h"
#include "formats/reason.h"
#include "server/refusal.h"
#include "server/setup.h"

#define PATH "/wsman"
#define REQUEST_MAX 65536

struct setup {
	struct setup_how how;
	struct tls_config tls;
	struct http_peer *peer;
	struct session session;
	struct wr request; /* kept to be sent again with another login */
	const char *offer[SETUP_LOGINS + 1]; /* passwords to try with it */
	size_t noffers, login;               /* the next */
	bool logged_in;
	bool saved;
	bool unsure;
	bool busy;     /* it says so */
	bool repeated; /* this step's request, maybe after it was heard */
	char cert[65];
	char spoken[96];   /* TLS version and suite */
	struct err judged; /* why our judge refused the certificate */
};

/* By a CA that signs devices' certificates here? */
static bool
is_given(const struct setup *s, const struct x509 *leaf)
{
	for (size_t i = 0; i < 2; i++)
		if (s->how.device_ca[i] != NULL &&
		    x509_signed_by(leaf, s->how.device_ca[i]))
			return true;
	return false;
}

/* The same, for this one. */
static bool
signed_here(const struct setup *s, const struct x509 *leaf)
{
	const char *fqdn = s->how.device_fqdn;
	char cn[256], uuid[UUID_TEXT];

	uuid_text(&s->how.plan.uuid, uuid);
	if (!x509_cn(leaf, cn, sizeof(cn)) ||
	    (strcmp(cn, uuid) != 0 &&
		(fqdn == NULL || fqdn[0] == '\0' || strcmp(cn, fqdn) != 0)))
		return false;
	return is_given(s, leaf);
}

/* What the certificate that it was to show is to us. */
static const char *
kind_of_pin(const struct setup_how *how)
{
	if (how->issued[0] != '\0')
		return "set-up gave it";
	return how->pin_seen ? "seen first was" : "the factory pinned";
}

/* In the handshake: nothing was sent to the device yet. */
static enum tls_alert
judge(void *arg, void *conn_arg, const struct x509_chain *peer)
{
	struct setup *s = arg;
	const char *pinned =
	    s->how.issued[0] != '\0' ? s->how.issued : s->how.pin;
	uint8_t sha256[32];
	char hex[65], whose[UUID_TEXT];

	(void)conn_arg;
	if (peer->n == 0)
		return TLS_ALERT_BAD_CERTIFICATE;
	x509_sha256(peer->cert[0], sha256);
	text_hex(hex, sha256, sizeof(sha256));
	if (strcmp(hex, s->how.pin) != 0 && strcmp(hex, s->how.issued) != 0 &&
	    !signed_here(s, peer->cert[0])) {
		if (s->how.other != NULL && is_given(s, peer->cert[0]) &&
		    s->how.other(s->how.arg, peer->cert[0], whose))
			err_refuse(&s->judged, ERR_PERM,
			    reason_get(REASON_DEVICE_UUID_DIFFERS),
			    "the device showed the certificate that set-up "
			    "gave to %s",
			    whose);
		else if (pinned[0] != '\0')
			err_refuse(&s->judged, ERR_PERM,
			    reason_get(REASON_DEVICE_CERT_DIFFERS),
			    "the device showed %s, %s %s", hex,
			    kind_of_pin(&s->how), pinned);
		else if (!s->how.first_use)
			err_refuse(&s->judged, ERR_PERM,
			    reason_get(REASON_DEVICE_CERT_UNPINNED),
			    "the device showed %s, none is pinned", hex);
		if (s->judged.code != ERR_OK)
			return TLS_ALERT_BAD_CERTIFICATE;
	}
	memcpy(s->cert, hex, sizeof(hex));
	return TLS_ALERT_NONE;
}

static bool
sets_up(const struct setup *s)
{
	return s->how.plan.kind == SESSION_SET_UP;
}

/* What the unit's AMT version speaks, where the configuration names it. */
static void
set_age(struct setup *s)
{
	if (s->how.legacy)
		s->tls.age =
		    (struct tls_age){ .min = TLS_1_0, .insecure_old = true };
}

static void
set_tls(struct setup *s)
{
	set_age(s);
	if (s->how.psk.pid[0] != '\0') {
		/* Identity and key are the ASCII characters: inferred, never
		 * tried on silicon. */
		s->tls.psk_identity = s->how.psk.pid;
		s->tls.psk = (const uint8_t *)s->how.psk.pps;
		s->tls.psk_len = PSK_PPS_LEN;
		s->tls.psk_suites = s->how.psk_suites;
		return;
	}
	s->tls.chain = s->how.chain;
	s->tls.key = s->how.key;
	s->tls.judge = judge;
	s->tls.arg = s;
}

enum err_code
setup_new(const struct setup_how *how, struct setup **out, struct err *e)
{
	struct setup *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return err_mem(e);
	s->how = *how;
	session_init(&s->session, &how->plan);
	set_tls(s);
	if (http_peer_new(how->http, how->addr, how->port, &s->tls, &s->peer,
		e) != ERR_OK) {
		setup_free(s);
		return e->code;
	}
	*out = s;
	return ERR_OK;
}

void
setup_free(struct setup *s)
{
	if (s == NULL)
		return;
	http_peer_free(s->peer);
	wr_free(&s->request);
	session_wipe(&s->session);
	secret_wipe(&s->how, sizeof(s->how));
	free(s);
}

const char *
setup_cert(const struct setup *s)
{
	return s->cert;
}

const char *
setup_version(const struct setup *s)
{
	return s->session.version;
}

const char *
setup_spoken(const struct setup *s)
{
	return s->spoken;
}

const uint8_t *
setup_issued(const struct setup *s, size_t *n)
{
	*n = s->session.cert_len;
	return s->session.cert_der;
}

const char *
setup_state(const struct setup *s)
{
	return s->session.state;
}

const struct session_record *
setup_record(const struct setup *s)
{
	return &s->session.record;
}

bool
setup_unsure(const struct setup *s)
{
	return s->unsure;
}

bool
setup_busy(const struct setup *s)
{
	return s->busy;
}

static enum err_code
refused_by_device(
    const struct setup *s, const struct tls_session *t, struct err *e)
{
	const struct refusal r = { .pid = s->how.psk.pid,
		.psk_suites = s->how.psk_suites,
		.chain = s->how.chain,
		.generation = s->how.generation,
		.announced = s->how.announced,
		.domain = s->how.domain,
		.session = t };

	return refusal_explain(&r, e);
}

/* No answer of use came: whose doing was it? Only the first request tells of
 * the handshake; later ones may be on a second connection. */
static enum err_code
no_answer(const struct setup *s, const struct http_answer *a,
    const struct err *got, struct err *e)
{
	bool first = s->session.number == 1;

	if (s->judged.code != ERR_OK)
		*e = s->judged;
	else if (got->code == ERR_OK && a->unanswerable)
		err_refuse(e, ERR_PERM, reason_get(REASON_LOGIN_UNSUPPORTED),
		    "%s: the device asks for %s%s%s, no digest challenge that "
		    "can be answered; no password was sent",
		    session_step_name(&s->session),
		    a->asks[0] == '\0' ? "a password" : "\"", a->asks,
		    a->asks[0] == '\0' ? "" : "\" only");
	else if (got->code == ERR_OK)
		err_refuse(e, ERR_PERM, reason_get(REASON_LOGIN_REFUSED),
		    "%s: %zu password%s tried", session_step_name(&s->session),
		    s->login, text_plural(s->login));
	else if (first && refusal_is(&a->session))
		refused_by_device(s, &a->session, e);
	else if (a->too_long) /* and would be once more */
		err_refuse(e, ERR_PEER, reason_get(REASON_STEP_FAILED),
		    "%s: %s", session_step_name(&s->session), got->msg);
	else if (got->code == ERR_PEER)
		err_refuse(e, ERR_PEER, reason_get(REASON_DEVICE_GONE),
		    "%s: %s", session_step_name(&s->session), got->msg);
	else
		*e = *got;
	return e->code;
}

static void post(struct setup *);

static void
finish(struct setup *s, const struct err *e)
{
	s->how.done(s->how.arg, e);
}

/* The device wants a password: the next one, with the same request. */
static void
log_in(struct setup *s)
{
	struct err e;

	err_clear(&e);
	s->logged_in = true;
	if (http_peer_login(s->peer, "admin", s->offer[s->login++], &e) !=
	    ERR_OK)
		finish(s, &e);
	else
		post(s);
}

/* What was asked last may have taken effect. */
static void
note_unsure(struct setup *s)
{
	s->unsure = s->session.step == SESSION_COMMIT ||
	    s->session.step == SESSION_REMOVE;
}

static void
answered(struct setup *s, const struct http_answer *a)
{
	enum session_step step = s->session.step;
	struct err e;

	err_clear(&e);
	session_answer(&s->session, a->status, a->body, a->n, &e);
	if (e.code != ERR_OK && (s->repeated || !session_refused(&s->session)))
		note_unsure(s);
	/* The password was changed: a device that asks wants the new one. */
	if (e.code == ERR_OK && step == SESSION_ADMIN && s->logged_in)
		http_peer_login(
		    s->peer, "admin", s->how.plan.admin_password, &e);
	/* It may have hung up; then its success is all we hear. */
	if (session_committed(&s->session) && sets_up(s))
		http_peer_last(s->peer);
	if (e.code != ERR_OK || s->session.step == SESSION_DONE)
		finish(s, &e);
	else
		setup_go(s);
}

static size_t
logins(const struct setup *s)
{
	return s->saved || !sets_up(s) ? s->how.nlogins : s->how.nfirst;
}

static void
offer(struct setup *s, const char *password)
{
	for (size_t i = 0; i < s->noffers; i++)
		if (strcmp(s->offer[i], password) == 0)
			return;
	s->offer[s->noffers++] = password;
}

/* Which passwords are tried at this step where the device asks, the likeliest
 * first. It may ask for the new one as soon as that was sent. */
static void
make_offers(struct setup *s)
{
	const char *set = s->how.plan.admin_password;

	s->login = s->noffers = 0;
	if (sets_up(s) && s->session.step > SESSION_ADMIN)
		offer(s, set);
	for (size_t i = 0; i < logins(s); i++)
		offer(s, s->how.login[i]);
	if (sets_up(s) && s->session.step == SESSION_ADMIN)
		offer(s, set);
}

static void
on_answer(void *arg, const struct http_answer *a, const struct err *got)
{
	struct setup *s = arg;
	struct err e;

	err_clear(&e);
	if (a->session.established)
		snprintf(s->spoken, sizeof(s->spoken), "%s, %s",
		    a->session.version, a->session.suite);
	s->repeated |= a->resent;
	s->busy = got->code == ERR_OK && a->status == 503;
	if (got->code == ERR_OK && a->status != 401)
		answered(s, a);
	else if (got->code == ERR_OK && !a->unanswerable &&
	    s->login < s->noffers)
		log_in(s);
	else if (s->session.step == SESSION_CHECK && sets_up(s))
		/* CommitChanges was answered with success already; firmware
		 * may drop the connection or its passwords then. */
		finish(s, &e);
	else if (session_may_end(&s->session, &e))
		finish(s, &e);
	else {
		if (got->code != ERR_OK || s->repeated) /* 401 says no */
			note_unsure(s);
		no_answer(s, a, got, &e);
		finish(s, &e);
	}
}

static void
post(struct setup *s)
{
	struct err e;

	err_clear(&e);
	if (http_post(s->peer, PATH, s->request.buf, s->request.len,
		s->how.timeout_ms, on_answer, s, &e) != ERR_OK)
		finish(s, &e);
}

void
setup_go(struct setup *s)
{
	struct err e;

	err_clear(&e);
	if (session_changes(&s->session) && !s->saved) {
		s->saved = true;
		s->how.save(s->how.arg);
		return;
	}
	make_offers(s);
	s->repeated = false;
	wr_free(&s->request);
	wr_grow(&s->request, REQUEST_MAX);
	session_request(&s->session, time(NULL), &s->request);
	if (s->request.failed) {
		err_set(&e, ERR_BUG, "%s: the request does not fit",
		    session_step_name(&s->session));
		finish(s, &e);
		return;
	}
	post(s);
}

/* Each answer may come just in time, and there is always one more. */
void
setup_late(struct setup *s, unsigned long ms)
{
	struct err e;

	err_clear(&e);
	note_unsure(s);
	if (!session_committed(&s->session) || !sets_up(s))
		err_refuse(&e, ERR_PEER, reason_get(REASON_DEVICE_GONE),
		    "%s: the whole took more than %lu s (setup_seconds)",
		    session_step_name(&s->session), ms / 1000);
	finish(s, &e);
}
