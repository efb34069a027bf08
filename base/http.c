/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/conn.h"
#include "base/http.h"
#include "base/httpread.h"
#include "base/rand.h"
#include "base/secret.h"
#include "base/text.h"

#define BODY_MAX (256 * 1024)
#define REQUEST_MAX (BODY_MAX + 4096)
#define LOGIN_MAX 128
#define PATH_MAX_LEN 64
/* Ends that are kept; more chains than these are in use at a time nowhere. */
#define ENDS 64

struct end {
	struct tls *tls;
	struct end *next;
};

struct http {
	struct loop *loop;
	struct end *ends; /* the last used first */
};

struct http_peer {
	struct http *http;
	char addr[ADDR_LEN];
	uint16_t port;
	struct tls_config tls;
	struct conn *conn; /* or NULL */
	struct loop_timer *timer;
	struct tls_session session; /* of the last connection */
	struct httpauth auth;
	char user[LOGIN_MAX], password[LOGIN_MAX]; /* user "": none */
	bool accepted; /* the login was taken before */
	bool last;     /* no new connection */
	/* the request */
	char path[PATH_MAX_LEN];
	struct wr body; /* holds secrets */
	bool busy;
	bool signed_in;       /* it went with the login */
	bool reused;          /* it went over a connection that had served */
	bool again;           /* it was sent again, by a new challenge */
	bool renewed;         /* over a new connection, since the last answer */
	bool resent;          /* it was, whatever was answered since */
	bool to_end;          /* the answer's body ends with the connection */
	bool too_long;        /* it is */
	struct err late;      /* what failed at once */
	struct httpread head; /* of the answer */
	struct wr answer;
	void (*done)(void *, const struct http_answer *, const struct err *);
	void *arg;
};

enum err_code
http_new(struct loop *l, struct http **out, struct err *e)
{
	struct http *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return err_mem(e);
	h->loop = l;
	*out = h;
	return ERR_OK;
}

static void
ends_drop(struct end **at)
{
	struct end *end, *next;

	for (end = *at; end != NULL; end = next) {
		next = end->next;
		tls_free(end->tls);
		free(end);
	}
	*at = NULL;
}

void
http_free(struct http *h)
{
	if (h == NULL)
		return;
	ends_drop(&h->ends);
	free(h);
}

/* TLS. An end is shared by all peers that show the same certificates, or
 * offer the same suites; each judges its own connection, by its own key. */

static enum tls_alert
on_judge(void *arg, void *conn_arg, const struct x509_chain *chain)
{
	const struct http_peer *p = conn_arg;

	(void)arg;
	return p->tls.judge(p->tls.arg, NULL, chain);
}

static size_t
on_psk(void *arg, void *conn_arg, char identity[static TLS_PSK_ID_MAX + 1],
    uint8_t key[static TLS_PSK_MAX])
{
	const struct http_peer *p = conn_arg;

	(void)arg;
	strcpy(identity, p->tls.psk_identity);
	memcpy(key, p->tls.psk, p->tls.psk_len);
	return p->tls.psk_len;
}

static enum err_code
end_new(const struct tls_config *c, struct end **out, struct err *e)
{
	struct tls_config shared = *c;
	struct end *end = calloc(1, sizeof(*end));

	if (end == NULL)
		return err_mem(e);
	if (c->judge != NULL)
		shared.judge = on_judge;
	if (c->psk_identity != NULL)
		shared.psk_own = on_psk;
	shared.psk_identity = NULL;
	shared.psk_len = 0;
	if (tls_new(&shared, &end->tls, e) != ERR_OK) {
		free(end);
		return e->code;
	}
	*out = end;
	return ERR_OK;
}

/* Connections hold a share of theirs: the oldest may go. */
static struct tls *
end_for(struct http *h, const struct tls_config *c, struct err *e)
{
	struct end **at = &h->ends, *end;
	size_t n = 0;

	while (*at != NULL && !tls_fits((*at)->tls, c)) {
		if (++n == ENDS)
			ends_drop(at);
		else
			at = &(*at)->next;
	}
	if ((end = *at) != NULL)
		*at = end->next;
	else if (end_new(c, &end, e) != ERR_OK)
		return NULL;
	end->next = h->ends;
	h->ends = end;
	return end->tls;
}

/* The request. */

static void
put_login(struct http_peer *p, struct wr *w)
{
	uint8_t random[16];
	char cnonce[HTTPAUTH_CNONCE];
	const struct httpauth_ask ask = { "POST", p->path, p->user, p->password,
		cnonce };
	struct err e = { 0 };

	p->signed_in = p->user[0] != '\0' && p->auth.nonce[0] != '\0' &&
	    rand_bytes(random, sizeof(random), &e) == ERR_OK;
	if (!p->signed_in)
		return;
	text_hex(cnonce, random, sizeof(random));
	wr_str(w, "Authorization: ");
	httpauth_write(&p->auth, &ask, w);
	wr_str(w, "\r\n");
}

/* Head and body in one piece: one TLS record, one segment. */
static void
put_request(struct http_peer *p, struct wr *w)
{
	bool v6 = strchr(p->addr, ':') != NULL;

	wr_fmt(w, "POST %s HTTP/1.1\r\nHost: %s%s%s:%u\r\n", p->path,
	    v6 ? "[" : "", p->addr, v6 ? "]" : "", p->port);
	put_login(p, w);
	wr_fmt(w,
	    "Content-Type: application/soap+xml;charset=UTF-8\r\n"
	    "Content-Length: %zu\r\n\r\n",
	    p->body.len);
	wr_bytes(w, p->body.buf, p->body.len);
}

static void
send_request(struct http_peer *p)
{
	struct wr w;

	wr_grow(&w, REQUEST_MAX);
	put_request(p, &w);
	if (w.failed)
		conn_finish(p->conn); /* closed() tells it */
	else
		conn_send(p->conn, w.buf, w.len);
	wr_free(&w);
}

static void
tell_challenges(const struct http_peer *p, struct http_answer *a)
{
	const char *c = p->head.challenges;

	a->unanswerable = a->status == 401 && p->auth.nonce[0] == '\0';
	if (a->unanswerable)
		for (; *c != '\0'; c += strlen(c) + 1)
			httpauth_schemes(c, a->asks);
}

/* The end of a post. Takes all it needs out of p first: done() may post again
 * or free it. */
static void
finish(struct http_peer *p, const struct err *e)
{
	struct http_answer a = { .session = p->session,
		.resent = p->resent,
		.too_long = p->too_long };
	struct wr body = p->answer;

	memset(&p->answer, 0, sizeof(p->answer));
	wr_free(&p->body);
	loop_timer_stop(p->timer);
	p->busy = false;
	if (e->code == ERR_OK) {
		a.status = p->head.status;
		a.body = body.buf;
		a.n = body.len;
		memcpy(a.server, p->head.server, sizeof(a.server));
		tell_challenges(p, &a);
	}
	p->done(p->arg, &a, e);
	wr_free(&body);
}

static void
fail(struct http_peer *p, const char *what)
{
	struct err e;

	err_clear(&e);
	err_set(&e, ERR_PEER, "%s port %u: %s", p->addr, p->port, what);
	finish(p, &e);
}

static void
hang_up(struct http_peer *p)
{
	conn_close(p->conn);
	p->conn = NULL;
}

/* Connections. */

static void on_ready(void *, struct conn *);
static size_t on_data(void *, struct conn *, const uint8_t *, size_t);
static void on_closed(void *, struct conn *, const struct err *);

/* Over the connection there is, or a new one. */
static enum err_code
go(struct http_peer *p, struct err *e)
{
	static const struct conn_handler handler = { on_ready, on_data,
		on_closed };
	struct conn_way way;
	struct conn_end end;
	struct tls *tls;

	p->reused = p->conn != NULL;
	p->to_end = p->too_long = false;
	wr_free(&p->answer);
	wr_grow(&p->answer, BODY_MAX);
	if (p->reused) {
		send_request(p);
		return ERR_OK;
	}
	if (p->last)
		return err_set(e, ERR_PEER,
		    "%s port %u: the connection has ended", p->addr, p->port);
	memset(&p->session, 0, sizeof(p->session));
	p->session.sent = p->session.received = -1;
	if ((tls = end_for(p->http, &p->tls, e)) == NULL)
		return e->code;
	way = (struct conn_way){ NULL, p->addr, p->port };
	end = (struct conn_end){ .h = &handler, .arg = p, .tls = tls };
	return conn_open(p->http->loop, &way, &end, &p->conn, e);
}

static void
go_again(struct http_peer *p)
{
	struct err e;

	err_clear(&e);
	if (go(p, &e) != ERR_OK)
		finish(p, &e);
}

/* RFC 7616, 3.7: the first that is understood, of all that are offered. */
static bool
take_challenge(struct http_peer *p)
{
	const char *c = p->head.challenges;

	while (*c != '\0' && !httpauth_take(&p->auth, c))
		c += strlen(c) + 1;
	return *c != '\0';
}

/* A login that was taken before fails when its nonce has run out, and not
 * every peer says so by "stale". One that was not sent for want of a
 * challenge is sent now. */
static bool
asks_again(struct http_peer *p)
{
	struct httpauth *a = &p->auth;

	if (p->head.status != 401) {
		p->accepted |= p->signed_in;
		return false;
	}
	if (!take_challenge(p) || p->user[0] == '\0' || p->again ||
	    (p->last && p->conn == NULL))
		return false;
	return !p->signed_in || a->stale || p->accepted;
}

static void
answered(struct http_peer *p)
{
	struct err e;

	err_clear(&e);
	if (!asks_again(p)) {
		finish(p, &e);
		return;
	}
	p->again = true;
	p->renewed = false;
	go_again(p);
}

static void
on_ready(void *arg, struct conn *c)
{
	struct http_peer *p = arg;

	p->session = *conn_tls(c);
	send_request(p);
}

/* The body that ends with the connection. */
static size_t
more_body(struct http_peer *p, const uint8_t *data, size_t n)
{
	wr_bytes(&p->answer, data, n);
	if (p->answer.failed) {
		p->too_long = true;
		hang_up(p);
		fail(p, "the answer is too long");
	}
	return n;
}

static size_t
on_data(void *arg, struct conn *c, const uint8_t *data, size_t n)
{
	struct http_peer *p = arg;
	enum httpread_verdict verdict;
	const char *why = "";
	size_t used = 0;

	(void)c;
	if (!p->busy) { /* nobody asked */
		hang_up(p);
		return n;
	}
	if (p->to_end)
		return more_body(p, data, n);
	verdict = httpread_answer(data, n, &p->head, &p->answer, &used, &why);
	switch (verdict) {
	case HTTPREAD_MORE:
		p->reused = false; /* it does answer */
		return 0;
	case HTTPREAD_LONG:
	case HTTPREAD_BAD:
		p->too_long = verdict == HTTPREAD_LONG;
		hang_up(p);
		fail(p, why);
		return n;
	case HTTPREAD_TO_END:
		p->to_end = true;
		return used;
	case HTTPREAD_DONE:
		if (p->head.status <
		    200) /* "100 Continue": the answer follows */
			return used;
		break;
	}
	if (p->head.close || used < n)
		hang_up(p);
	answered(p);
	return n;
}

static void
on_closed(void *arg, struct conn *c, const struct err *why)
{
	struct http_peer *p = arg;
	struct err e = *why;

	p->session = *conn_tls(c);
	p->conn = NULL;
	if (!p->busy)
		return;
	if (p->to_end && e.code == ERR_OK) {
		answered(p);
	} else if (p->reused && !p->renewed && !p->last) {
		p->renewed = p->resent = true;
		go_again(p);
	} else if (e.code != ERR_OK) {
		finish(p, &e);
	} else {
		fail(p, "the connection ended before the answer");
	}
}

static void
on_timer(void *arg)
{
	struct http_peer *p = arg;
	struct err e = p->late;

	if (e.code != ERR_OK) {
		finish(p, &e);
		return;
	}
	if (p->conn != NULL)
		p->session = *conn_tls(p->conn);
	hang_up(p);
	fail(p, "no answer in time");
}

/* Peers. */

enum err_code
http_peer_new(struct http *h, const char *addr, uint16_t port,
    const struct tls_config *tls, struct http_peer **out, struct err *e)
{
	struct http_peer *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return err_mem(e);
	p->http = h;
	p->tls = *tls;
	p->port = port;
	snprintf(p->addr, sizeof(p->addr), "%s", addr);
	if (tls->psk_len > TLS_PSK_MAX ||
	    (tls->psk_identity != NULL &&
		strlen(tls->psk_identity) > TLS_PSK_ID_MAX))
		err_set(e, ERR_BUG, "TLS: PSK longer than supported");
	else
		loop_timer_new(h->loop, on_timer, p, &p->timer, e);
	if (e->code != ERR_OK) {
		http_peer_free(p);
		return e->code;
	}
	*out = p;
	return ERR_OK;
}

enum err_code
http_peer_login(
    struct http_peer *p, const char *user, const char *password, struct err *e)
{
	secret_wipe(p->password, sizeof(p->password));
	p->user[0] = '\0';
	p->accepted = false;
	if (user == NULL)
		return ERR_OK;
	if (strlen(user) >= LOGIN_MAX || strlen(password) >= LOGIN_MAX)
		return err_set(e, ERR_BUG, "HTTP: login longer than supported");
	strcpy(p->user, user);
	strcpy(p->password, password);
	return ERR_OK;
}

void
http_peer_last(struct http_peer *p)
{
	p->last = true;
}

enum err_code
http_post(struct http_peer *p, const char *path, const void *body, size_t n,
    unsigned long timeout_ms,
    void (*done)(void *arg, const struct http_answer *, const struct err *),
    void *arg, struct err *e)
{
	if (p->busy)
		return err_set(e, ERR_BUG, "a second post to one peer");
	if (strlen(path) >= sizeof(p->path))
		return err_set(e, ERR_BUG, "HTTP: path longer than supported");
	wr_grow(&p->body, BODY_MAX);
	wr_bytes(&p->body, body, n);
	if (p->body.failed) {
		wr_free(&p->body);
		return err_mem(e);
	}
	strcpy(p->path, path);
	p->done = done;
	p->arg = arg;
	p->busy = true;
	p->again = p->renewed = p->resent = false;
	err_clear(&p->late);
	loop_timer_set(p->timer, timeout_ms);
	if (go(p, &p->late) != ERR_OK) /* told from the loop, as all else */
		loop_timer_set(p->timer, 0);
	return ERR_OK;
}

void
http_peer_free(struct http_peer *p)
{
	if (p == NULL)
		return;
	hang_up(p);
	loop_timer_free(p->timer);
	wr_free(&p->body);
	wr_free(&p->answer);
	secret_wipe(p, sizeof(*p));
	free(p);
}
