/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <curl/curl.h>
#include <event2/event.h>

#include "base/bytes.h"
#include "base/http.h"
#include "base/secret.h"

#define BODY_MAX (256 * 1024)

struct http {
	struct event_base *base;
};

/*
 * Each peer has a multi handle, and so a connection pool, of its own: libcurl
 * compares connections by address and options, and does not know that two
 * peers at one address may have different judges.
 */
struct http_peer {
	struct event_base *base;
	struct tls_config tls; /* its facts go to session */
	CURLM *multi;
	CURL *easy;
	struct event *timer;
	struct curl_slist *headers;
	char origin[LOOP_ADDR_LEN + 24]; /* "https://[::1]:16993" */
	uint8_t *body;                   /* the request; wiped */
	size_t body_len;
	struct wr answer;
	char server[96];
	struct tls_session session;
	struct err tls_err;
	char words[CURL_ERROR_SIZE];
	bool busy;
	bool last; /* no new connection */
	void (*done)(void *, const struct http_answer *, const struct err *);
	void *arg;
};

enum err_code
http_new(struct loop *l, struct http **out, struct err *e)
{
	struct http *h;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(e, ERR_BUG, "libcurl does not start");
	h = calloc(1, sizeof(*h));
	if (h == NULL)
		return err_mem(e);
	h->base = loop_native(l);
	*out = h;
	return ERR_OK;
}

void
http_free(struct http *h)
{
	if (h == NULL)
		return;
	free(h);
	curl_global_cleanup();
}

/* libcurl made an SSL_CTX for a new connection. */
static CURLcode
on_ssl_ctx(CURL *easy, void *ctx, void *arg)
{
	struct http_peer *p = arg;

	(void)easy;
	return tls_apply(ctx, &p->tls, &p->tls_err) == ERR_OK
	    ? CURLE_OK
	    : CURLE_SSL_CERTPROBLEM;
}

static curl_socket_t
on_socket(void *arg, curlsocktype type, struct curl_sockaddr *a)
{
	const struct http_peer *p = arg;

	(void)type;
	if (p->last)
		return CURL_SOCKET_BAD;
	return socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
}

static size_t
on_body(char *b, size_t one, size_t n, void *arg)
{
	struct http_peer *p = arg;

	wr_bytes(&p->answer, b, one * n);
	return p->answer.failed ? 0 : one * n;
}

static size_t
on_header(char *b, size_t one, size_t n, void *arg)
{
	static const char name[] = "Server:";
	struct http_peer *p = arg;
	size_t from = sizeof(name) - 1, to = one * n;

	if (to > from && strncasecmp(b, name, from) == 0) {
		while (from < to && b[from] == ' ')
			from++;
		while (to > from && (b[to - 1] == '\r' || b[to - 1] == '\n'))
			to--;
		snprintf(p->server, sizeof(p->server), "%.*s",
		    (int)(to - from < 95 ? to - from : 95), b + from);
	}
	return one * n;
}

static void
forget_request(struct http_peer *p)
{
	if (p->body != NULL)
		secret_wipe(p->body, p->body_len);
	free(p->body);
	p->body = NULL;
}

/* Takes all it needs out of p first: done() may post again or free it. */
static void
finish(struct http_peer *p, CURLcode result)
{
	struct http_answer a = { .session = p->session };
	struct wr body = p->answer;
	struct err e;
	long status = 0;

	err_clear(&e);
	curl_multi_remove_handle(p->multi, p->easy);
	curl_easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &status);
	memset(&p->answer, 0, sizeof(p->answer));
	forget_request(p);
	p->busy = false;
	if (result == CURLE_OK) {
		a.status = (int)status;
		a.body = body.buf;
		a.n = body.len;
		snprintf(a.server, sizeof(a.server), "%s", p->server);
	} else if (p->tls_err.code != ERR_OK) {
		e = p->tls_err;
	} else {
		err_set(&e, ERR_PEER, "%s",
		    p->words[0] != '\0' ? p->words
					: curl_easy_strerror(result));
	}
	p->done(p->arg, &a, &e);
	wr_free(&body);
}

static void
drive(struct http_peer *p, curl_socket_t fd, int mask)
{
	CURLMsg *m;
	int n;

	curl_multi_socket_action(p->multi, fd, mask, &n);
	m = curl_multi_info_read(p->multi, &n);
	if (m != NULL && m->msg == CURLMSG_DONE)
		finish(p, m->data.result);
}

static void
on_ready(evutil_socket_t fd, short what, void *arg)
{
	int mask = 0;

	if (what & EV_READ)
		mask |= CURL_CSELECT_IN;
	if (what & EV_WRITE)
		mask |= CURL_CSELECT_OUT;
	drive(arg, fd, mask);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	drive(arg, CURL_SOCKET_TIMEOUT, 0);
}

static int
want_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *sockp)
{
	struct http_peer *p = arg;
	struct event *ev = sockp;
	short mask = EV_PERSIST;

	(void)easy;
	if (ev != NULL)
		event_free(ev);
	ev = NULL;
	if (what & CURL_POLL_IN)
		mask |= EV_READ;
	if (what & CURL_POLL_OUT)
		mask |= EV_WRITE;
	if (what != CURL_POLL_REMOVE) {
		ev = event_new(p->base, fd, mask, on_ready, p);
		if (ev == NULL || event_add(ev, NULL) != 0)
			return -1;
	}
	curl_multi_assign(p->multi, fd, ev);
	return 0;
}

static int
want_timer(CURLM *multi, long ms, void *arg)
{
	struct http_peer *p = arg;
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	(void)multi;
	if (ms < 0)
		event_del(p->timer);
	else
		event_add(p->timer, &tv);
	return 0;
}

static bool
set_multi(struct http_peer *p)
{
	CURLM *m = p->multi;

	return curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, want_socket) ==
	    CURLM_OK &&
	    curl_multi_setopt(m, CURLMOPT_SOCKETDATA, p) == CURLM_OK &&
	    curl_multi_setopt(m, CURLMOPT_TIMERFUNCTION, want_timer) ==
	    CURLM_OK &&
	    curl_multi_setopt(m, CURLMOPT_TIMERDATA, p) == CURLM_OK;
}

static struct curl_slist *
make_headers(void)
{
	static const char *const lines[] = {
		"Content-Type: application/soap+xml;charset=UTF-8", "Expect:"
	};
	struct curl_slist *list = NULL, *more;

	for (size_t i = 0; i < 2; i++) {
		more = curl_slist_append(list, lines[i]);
		if (more == NULL) {
			curl_slist_free_all(list);
			return NULL;
		}
		list = more;
	}
	return list;
}

/* The judge in the handshake replaces libcurl's checks; with CAINFO unset no
 * bundle is read for each connection. */
static bool
set_tls(struct http_peer *p)
{
	CURL *c = p->easy;

	return curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 0L) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 0L) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_CAINFO, NULL) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_CAPATH, NULL) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_SSL_SESSIONID_CACHE, 0L) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_SSL_ENABLE_ALPN, 0L) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_SSL_CTX_FUNCTION, on_ssl_ctx) ==
	    CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_SSL_CTX_DATA, p) == CURLE_OK;
}

static bool
set_http(struct http_peer *p)
{
	CURL *c = p->easy;

	return curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https") ==
	    CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_HTTP_VERSION,
		(long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_HTTPHEADER, p->headers) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_WRITEDATA, p) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header) ==
	    CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_HEADERDATA, p) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_socket) ==
	    CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, p) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, p->words) == CURLE_OK;
}

enum err_code
http_peer_new(struct http *h, const char *addr, uint16_t port,
    const struct tls_config *tls, struct http_peer **out, struct err *e)
{
	struct http_peer *p = calloc(1, sizeof(*p));
	bool v6 = strchr(addr, ':') != NULL;

	if (p == NULL)
		return err_mem(e);
	p->base = h->base;
	p->tls = *tls;
	p->tls.session = &p->session;
	p->session.sent = p->session.received = -1;
	snprintf(p->origin, sizeof(p->origin), "https://%s%s%s:%u",
	    v6 ? "[" : "", addr, v6 ? "]" : "", port);
	p->multi = curl_multi_init();
	p->easy = curl_easy_init();
	p->timer = evtimer_new(p->base, on_timer, p);
	p->headers = make_headers();
	if (p->multi == NULL || p->easy == NULL || p->timer == NULL ||
	    p->headers == NULL || !set_multi(p) || !set_tls(p) ||
	    !set_http(p)) {
		http_peer_free(p);
		return err_set(e, ERR_RETRY, "libcurl: no handle");
	}
	*out = p;
	return ERR_OK;
}

enum err_code
http_peer_login(
    struct http_peer *p, const char *user, const char *password, struct err *e)
{
	CURL *c = p->easy;

	if (curl_easy_setopt(c, CURLOPT_HTTPAUTH,
		user == NULL ? CURLAUTH_NONE : CURLAUTH_DIGEST) != CURLE_OK ||
	    curl_easy_setopt(c, CURLOPT_USERNAME, user) != CURLE_OK ||
	    curl_easy_setopt(c, CURLOPT_PASSWORD, password) != CURLE_OK)
		return err_mem(e);
	return ERR_OK;
}

void
http_peer_last(struct http_peer *p)
{
	p->last = true;
}

static bool
set_request(struct http_peer *p, const char *url, unsigned long timeout_ms)
{
	CURL *c = p->easy;

	return curl_easy_setopt(c, CURLOPT_URL, url) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_POST, 1L) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long)p->body_len) ==
	    CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_POSTFIELDS, p->body) == CURLE_OK &&
	    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)timeout_ms) ==
	    CURLE_OK;
}

enum err_code
http_post(struct http_peer *p, const char *path, const void *body, size_t n,
    unsigned long timeout_ms,
    void (*done)(void *arg, const struct http_answer *, const struct err *),
    void *arg, struct err *e)
{
	char url[sizeof(p->origin) + 64];

	if (p->busy)
		return err_set(e, ERR_BUG, "a second post to one peer");
	snprintf(url, sizeof(url), "%s%s", p->origin, path);
	p->body = malloc(n + 1);
	if (p->body == NULL)
		return err_mem(e);
	memcpy(p->body, body, n);
	p->body_len = n;
	p->done = done;
	p->arg = arg;
	p->server[0] = p->words[0] = '\0';
	err_clear(&p->tls_err);
	wr_grow(&p->answer, BODY_MAX);
	if (!set_request(p, url, timeout_ms) ||
	    curl_multi_add_handle(p->multi, p->easy) != CURLM_OK) {
		forget_request(p);
		return err_set(e, ERR_RETRY, "libcurl: no request");
	}
	p->busy = true;
	return ERR_OK;
}

void
http_peer_free(struct http_peer *p)
{
	if (p == NULL)
		return;
	if (p->busy)
		curl_multi_remove_handle(p->multi, p->easy);
	curl_easy_cleanup(p->easy);
	if (p->multi != NULL)
		curl_multi_cleanup(p->multi);
	if (p->timer != NULL)
		event_free(p->timer);
	curl_slist_free_all(p->headers);
	forget_request(p);
	wr_free(&p->answer);
	free(p);
}
