/* SPDX-License-Identifier: Apache-2.0 */
#include "base/loop.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <event2/util.h>

#include "base/addr.h"

/* After our last byte: how long the peer may take to close its side. */
#define LINGER_MS 2000
/* Out of descriptors: how long a listener rests. */
#define REST_MS 100
/* A TLS handshake may take so long. */
#define HANDSHAKE_MS 30000
#define BACKLOG 1024

struct loop {
	struct event_base *base;
	struct loop_watch *sigint, *sigterm;
	struct loop_conn *conns;
};

struct loop_timer {
	struct event *ev;
	void (*fn)(void *);
	void *arg;
};

struct loop_watch {
	struct event *ev;
	void (*fn)(void *);
	void *arg;
};

struct loop_listener {
	struct loop *loop;
	struct evconnlistener *lev;
	struct loop_accept accept;
	struct loop_timer *rest;
	char *path; /* of a Unix socket; else NULL */
};

struct loop_conn {
	struct loop *loop;
	struct loop_conn *prev, *next;
	struct bufferevent *bev;
	void *ssl; /* owned by bev; NULL without TLS */
	const struct loop_handler *h;
	void *arg;
	struct loop_peer peer;
	unsigned long idle_ms;
	unsigned busy;  /* callbacks of ours on the stack */
	bool dead;      /* closed while busy: free on the way out */
	bool ready;     /* connected, handshake over */
	bool finishing; /* no more data is taken */
	bool eof;       /* the peer has closed its side */
};

static struct timeval
tv_of(unsigned long ms)
{
	struct timeval tv = { (time_t)(ms / 1000),
		(suseconds_t)(ms % 1000 * 1000) };

	return tv;
}

enum err_code
loop_new(struct loop **out, struct err *e)
{
	struct loop *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return err_mem(e);
	if ((l->base = event_base_new()) == NULL) {
		free(l);
		return err_set(e, ERR_RETRY, "no event loop");
	}
	signal(SIGPIPE, SIG_IGN); /* a closed peer is an error, not a signal */
	*out = l;
	return ERR_OK;
}

void
loop_hang_up(struct loop *l)
{
	while (l->conns != NULL)
		loop_conn_close(l->conns);
}

void
loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	loop_hang_up(l);
	loop_watch_free(l->sigint);
	loop_watch_free(l->sigterm);
	event_base_free(l->base);
	free(l);
}

enum err_code
loop_run(struct loop *l, struct err *e)
{
	if (event_base_loop(l->base, EVLOOP_NO_EXIT_ON_EMPTY) == -1)
		return err_set(e, ERR_BUG, "event loop failed");
	return ERR_OK;
}

void
loop_stop(struct loop *l)
{
	event_base_loopbreak(l->base);
}

void *
loop_native(struct loop *l)
{
	return l->base;
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *t = arg;

	(void)fd;
	(void)what;
	t->fn(t->arg);
}

enum err_code
loop_timer_new(struct loop *l, void (*fn)(void *), void *arg,
    struct loop_timer **out, struct err *e)
{
	struct loop_timer *t = calloc(1, sizeof(*t));

	if (t == NULL || (t->ev = evtimer_new(l->base, on_timer, t)) == NULL) {
		free(t);
		return err_mem(e);
	}
	t->fn = fn;
	t->arg = arg;
	*out = t;
	return ERR_OK;
}

void
loop_timer_set(struct loop_timer *t, unsigned long ms)
{
	struct timeval tv = tv_of(ms);

	evtimer_add(t->ev, &tv);
}

void
loop_timer_stop(struct loop_timer *t)
{
	evtimer_del(t->ev);
}

void
loop_timer_free(struct loop_timer *t)
{
	if (t == NULL)
		return;
	event_free(t->ev);
	free(t);
}

static void
on_watched(evutil_socket_t fd, short what, void *arg)
{
	const struct loop_watch *w = arg;

	(void)fd;
	(void)what;
	w->fn(w->arg);
}

/* Of a descriptor or a signal. */
static enum err_code
watch_new(struct loop *l, int of, short what, const struct loop_watch *how,
    struct loop_watch **out, struct err *e)
{
	struct loop_watch *w = calloc(1, sizeof(*w));

	if (w != NULL) {
		*w = *how;
		w->ev = event_new(
		    l->base, of, (short)(what | EV_PERSIST), on_watched, w);
	}
	if (w == NULL || w->ev == NULL || event_add(w->ev, NULL) != 0) {
		loop_watch_free(w);
		return err_mem(e);
	}
	*out = w;
	return ERR_OK;
}

enum err_code
loop_watch_new(struct loop *l, int fd, void (*fn)(void *), void *arg,
    struct loop_watch **out, struct err *e)
{
	return watch_new(
	    l, fd, EV_READ, &(struct loop_watch){ NULL, fn, arg }, out, e);
}

enum err_code
loop_watch_signal(struct loop *l, int signo, void (*fn)(void *), void *arg,
    struct loop_watch **out, struct err *e)
{
	return watch_new(
	    l, signo, EV_SIGNAL, &(struct loop_watch){ NULL, fn, arg }, out, e);
}

void
loop_watch_free(struct loop_watch *w)
{
	if (w == NULL)
		return;
	if (w->ev != NULL)
		event_free(w->ev);
	free(w);
}

static void
stop(void *arg)
{
	loop_stop(arg);
}

enum err_code
loop_stop_on_signals(struct loop *l, struct err *e)
{
	if (loop_watch_signal(l, SIGINT, stop, l, &l->sigint, e) == ERR_OK)
		loop_watch_signal(l, SIGTERM, stop, l, &l->sigterm, e);
	return e->code;
}

/* Connections. */

static void
peer_fill(int fd, struct loop_peer *p)
{
	addr_local(fd, p->local, &p->local_port);
	addr_remote(fd, p->peer, &p->peer_port);
}

/* Bytes left unread at a close make it a reset, and a reset may overtake the
 * alert that says why a handshake was refused: under TLS 1.3 the client's
 * request is often there already. */
static void
conn_drain(struct loop_conn *c)
{
	evutil_socket_t fd = bufferevent_getfd(c->bev);
	char waste[4096];

	for (int i = 0; i < 64; i++)
		if (recv(fd, waste, sizeof(waste), MSG_DONTWAIT) <= 0)
			break;
}

static void
conn_free(struct loop_conn *c)
{
	if (c->busy > 0) {
		c->dead = true;
		return;
	}
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		c->loop->conns = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	if (c->ssl != NULL && !c->ready)
		conn_drain(c);
	bufferevent_free(c->bev);
	free(c);
}

static void
conn_leave(struct loop_conn *c)
{
	c->busy--;
	if (c->dead)
		conn_free(c);
}

static void
conn_end(struct loop_conn *c, const struct err *e)
{
	if (c->dead)
		return;
	c->dead = true;
	if (c->h->closed != NULL)
		c->h->closed(c->arg, c, e);
}

static void
conn_times(struct loop_conn *c, unsigned long ms)
{
	struct timeval tv = tv_of(ms);

	bufferevent_set_timeouts(
	    c->bev, ms == 0 ? NULL : &tv, ms == 0 ? NULL : &tv);
}

static bool
conn_drained(const struct loop_conn *c)
{
	return evbuffer_get_length(bufferevent_get_output(c->bev)) == 0;
}

/* All is sent: says so to the peer and waits a little for its close, so that
 * a reset does not overtake our last bytes. */
static void
conn_shut(struct loop_conn *c)
{
	if (c->ssl != NULL)
		tls_conn_shutdown(c->ssl);
	shutdown(bufferevent_getfd(c->bev), SHUT_WR);
	conn_times(c, LINGER_MS);
}

static void
on_write(struct bufferevent *bev, void *arg)
{
	struct loop_conn *c = arg;
	struct err e = { 0 };

	(void)bev;
	if (!c->finishing || c->dead || !conn_drained(c))
		return;
	c->busy++;
	if (c->eof)
		conn_end(c, &e);
	else
		conn_shut(c);
	conn_leave(c);
}

static void
on_read(struct bufferevent *bev, void *arg)
{
	struct loop_conn *c = arg;
	struct evbuffer *in = bufferevent_get_input(bev);
	size_t n, used;

	c->busy++;
	while (!c->dead && (n = evbuffer_get_length(in)) > 0) {
		if (c->finishing || c->h->data == NULL)
			used = n;
		else
			used =
			    c->h->data(c->arg, c, evbuffer_pullup(in, -1), n);
		if (used == 0)
			break;
		evbuffer_drain(in, used);
	}
	conn_leave(c);
}

static void
conn_why(struct loop_conn *c, short what, int sys, struct err *e)
{
	const struct tls_session *t = loop_conn_tls(c);

	if (t != NULL && t->words[0] != '\0')
		err_set(e, ERR_PEER, "%s port %u: %s", c->peer.peer,
		    c->peer.peer_port, t->words);
	else if (what & BEV_EVENT_TIMEOUT)
		err_set(e, ERR_PEER, "%s port %u: no answer for %lu ms",
		    c->peer.peer, c->peer.peer_port, c->idle_ms);
	else if ((what & BEV_EVENT_EOF) && !c->ready)
		err_set(e, ERR_PEER, "%s port %u: closed in the handshake",
		    c->peer.peer, c->peer.peer_port);
	else if (what & BEV_EVENT_ERROR)
		err_set(e, ERR_PEER, "%s port %u: %s", c->peer.peer,
		    c->peer.peer_port,
		    sys != 0 ? strerror(sys) : "connection broken");
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	int sys = EVUTIL_SOCKET_ERROR();
	struct loop_conn *c = arg;
	struct err e = { 0 };

	if (c->dead)
		return;
	c->busy++;
	if (what & BEV_EVENT_CONNECTED) {
		peer_fill(bufferevent_getfd(bev), &c->peer);
		c->ready = true;
		tls_conn_ready(c->ssl);
		conn_times(c, c->idle_ms);
		if (c->h->ready != NULL)
			c->h->ready(c->arg, c);
	} else if ((what & BEV_EVENT_EOF) && c->ready && !conn_drained(c)) {
		c->finishing = c->eof = true; /* it may still be reading */
		bufferevent_disable(bev, EV_READ);
	} else {
		if (!c->finishing)
			conn_why(c, what, sys, &e);
		conn_end(c, &e);
	}
	conn_leave(c);
}

static struct bufferevent *
bev_new(struct loop *l, int fd, void *ssl, bool client)
{
	if (ssl == NULL)
		return bufferevent_socket_new(
		    l->base, fd, BEV_OPT_CLOSE_ON_FREE);
	return bufferevent_openssl_socket_new(l->base, fd, ssl,
	    client ? BUFFEREVENT_SSL_CONNECTING : BUFFEREVENT_SSL_ACCEPTING,
	    BEV_OPT_CLOSE_ON_FREE);
}

/* What a connection is made of. */
struct made {
	int fd;
	struct tls *tls; /* NULL: none */
	const struct loop_handler *h;
	void *arg;
	bool client;
};

/* Takes fd over, also on failure. */
static enum err_code
conn_new(
    struct loop *l, const struct made *m, struct loop_conn **out, struct err *e)
{
	struct loop_conn *c = calloc(1, sizeof(*c));
	int one = 1;

	if (c == NULL)
		goto fail;
	if (m->tls != NULL && (c->ssl = tls_conn_new(m->tls, m->arg)) == NULL)
		goto fail;
	if ((c->bev = bev_new(l, m->fd, c->ssl, m->client)) == NULL)
		goto fail;
	setsockopt(m->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	c->loop = l;
	c->h = m->h;
	c->arg = m->arg;
	if ((c->next = l->conns) != NULL)
		c->next->prev = c;
	l->conns = c;
	bufferevent_setcb(c->bev, on_read, on_write, on_event, c);
	*out = c;
	return ERR_OK;
fail:
	if (c != NULL && c->ssl != NULL)
		tls_conn_free(c->ssl);
	free(c);
	close(m->fd);
	return err_mem(e);
}

/* A socket bound to from (NULL: any) and fit for a connection to ss. */
static enum err_code
bound_socket(const char *from, const struct sockaddr_storage *to, int *out,
    struct err *e)
{
	struct sockaddr_storage ss;
	socklen_t len;
	int one = 1, fd;

	fd = socket(
	    to->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return err_sys(e, ERR_RETRY, "socket");
	if (from != NULL) {
		/* The port is chosen at connect: many may share one. */
		setsockopt(
		    fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
		if (addr_parse(from, 0, &ss, &len, e) == ERR_OK &&
		    bind(fd, (struct sockaddr *)&ss, len) == -1)
			err_sys(e, ERR_IO, "bind to %s", from);
		if (e->code != ERR_OK) {
			close(fd);
			return e->code;
		}
	}
	*out = fd;
	return ERR_OK;
}

/* Where a connection goes. */
struct way {
	struct sockaddr_storage to;
	socklen_t len;
	const char *from;
};

static enum err_code
conn_connect(struct loop *l, const struct way *w, struct made *m,
    struct loop_conn **out, struct err *e)
{
	struct loop_conn *c = NULL;

	if (bound_socket(w->from, &w->to, &m->fd, e) != ERR_OK ||
	    conn_new(l, m, &c, e) != ERR_OK)
		return e->code;
	addr_text(&w->to, c->peer.peer, &c->peer.peer_port);
	c->busy++;
	c->dead = true; /* a failure at once is returned, not called back */
	if (bufferevent_socket_connect(
		c->bev, (const struct sockaddr *)&w->to, (int)w->len) == -1)
		err_sys(e, ERR_PEER, "connect to %s port %u", c->peer.peer,
		    c->peer.peer_port);
	else
		c->dead = bufferevent_enable(c->bev, EV_READ | EV_WRITE) != 0;
	conn_leave(c);
	if (e->code == ERR_OK)
		*out = c;
	return e->code;
}

enum err_code
loop_connect(struct loop *l, const char *from, const char *to, uint16_t port,
    const struct loop_handler *h, void *arg, struct loop_conn **out,
    struct err *e)
{
	struct made m = { -1, NULL, h, arg, true };
	struct way w = { .from = from };

	if (addr_parse(to, port, &w.to, &w.len, e) != ERR_OK)
		return e->code;
	return conn_connect(l, &w, &m, out, e);
}

enum err_code
loop_connect_tls(struct loop *l, const char *to, uint16_t port, struct tls *tls,
    const struct loop_handler *h, void *arg, struct loop_conn **out,
    struct err *e)
{
	struct made m = { -1, tls, h, arg, true };
	struct way w = { .from = NULL };

	if (addr_parse(to, port, &w.to, &w.len, e) != ERR_OK)
		return e->code;
	return conn_connect(l, &w, &m, out, e);
}

void
loop_conn_idle(struct loop_conn *c, unsigned long ms)
{
	c->idle_ms = ms;
	if (!c->finishing)
		conn_times(c, ms);
}

void
loop_conn_send(struct loop_conn *c, const void *p, size_t n)
{
	const uint8_t *from = p;
	size_t did = 0;

	if (c->finishing || c->dead)
		return;
	/* At once, past the buffer: to wait until a socket is writable costs
	 * as much as the message. */
	if (c->ssl != NULL && c->ready && conn_drained(c))
		did = tls_conn_write(c->ssl, p, n);
	if (did < n)
		bufferevent_write(c->bev, from + did, n - did);
}

void
loop_conn_finish(struct loop_conn *c)
{
	if (c->finishing || c->dead)
		return;
	c->finishing = true;
	if (conn_drained(c))
		conn_shut(c);
}

void
loop_conn_close(struct loop_conn *c)
{
	if (c->ssl != NULL && c->ready && !c->finishing && !c->dead)
		tls_conn_shutdown(c->ssl);
	conn_free(c);
}

const struct loop_peer *
loop_conn_peer(const struct loop_conn *c)
{
	return &c->peer;
}

const struct tls_session *
loop_conn_tls(struct loop_conn *c)
{
	return c->ssl == NULL ? NULL : tls_conn_session(c->ssl);
}

/* Listeners. */

static void
accepted(struct loop_listener *ll, int fd)
{
	struct made m = { .fd = fd };
	struct loop_peer peer = { 0 };
	struct err e = { 0 };
	struct loop_conn *c;

	peer_fill(fd, &peer);
	if (!ll->accept.accept(ll->accept.arg, &peer, &m.h, &m.arg, &m.tls)) {
		close(fd);
		return;
	}
	if (conn_new(ll->loop, &m, &c, &e) != ERR_OK)
		return;
	c->peer = peer;
	c->busy++;
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
	if (c->ssl != NULL) {
		conn_times(c, c->idle_ms = HANDSHAKE_MS);
	} else {
		c->ready = true;
		if (c->h->ready != NULL)
			c->h->ready(c->arg, c);
	}
	conn_leave(c);
}

static void
on_accept(struct evconnlistener *lev, evutil_socket_t fd, struct sockaddr *sa,
    int len, void *arg)
{
	(void)lev;
	(void)sa;
	(void)len;
	accepted(arg, fd);
}

static void
on_rested(void *arg)
{
	struct loop_listener *ll = arg;

	evconnlistener_enable(ll->lev);
}

/* Out of descriptors: accept() would fail at once again and again. */
static void
on_accept_error(struct evconnlistener *lev, void *arg)
{
	struct loop_listener *ll = arg;

	evconnlistener_disable(lev);
	loop_timer_set(ll->rest, REST_MS);
}

static enum err_code
listener_new(struct loop *l, const struct loop_accept *accept,
    struct loop_listener **out, struct err *e)
{
	struct loop_listener *ll = calloc(1, sizeof(*ll));

	if (ll == NULL)
		return err_mem(e);
	ll->loop = l;
	ll->accept = *accept;
	*out = ll;
	return loop_timer_new(l, on_rested, ll, &ll->rest, e);
}

static bool
listener_bind(struct loop_listener *ll, const void *addr, size_t len)
{
	ll->lev = evconnlistener_new_bind(ll->loop->base, on_accept, ll,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE,
	    BACKLOG, addr, (int)len);
	if (ll->lev != NULL)
		evconnlistener_set_error_cb(ll->lev, on_accept_error);
	return ll->lev != NULL;
}

enum err_code
loop_listen(struct loop *l, const char *addr, uint16_t port,
    const struct loop_accept *accept, struct loop_listener **out, struct err *e)
{
	struct loop_listener *ll = NULL;
	struct sockaddr_storage ss;
	socklen_t len = 0;

	if (addr_parse(addr, port, &ss, &len, e) != ERR_OK)
		return e->code;
	if (listener_new(l, accept, &ll, e) == ERR_OK &&
	    !listener_bind(ll, &ss, len))
		err_sys(e, ERR_IO, "listen on %s port %u", addr, port);
	if (e->code != ERR_OK)
		loop_listener_free(ll);
	else
		*out = ll;
	return e->code;
}

/* A socket whose program was killed is still there. */
static enum err_code
clear_socket(const struct sockaddr_un *un, struct err *e)
{
	struct stat st;
	int fd;

	if (lstat(un->sun_path, &st) == -1)
		return ERR_OK;
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, ERR_CREATE,
		    "%s: is there, and no socket of ours", un->sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return err_sys(e, ERR_RETRY, "socket");
	if (connect(fd, (const struct sockaddr *)un, sizeof(*un)) == 0 ||
	    errno != ECONNREFUSED)
		err_set(e, ERR_CREATE, "%s: another program listens there",
		    un->sun_path);
	else if (unlink(un->sun_path) == -1)
		err_sys(e, ERR_CREATE, "%s", un->sun_path);
	close(fd);
	return e->code;
}

enum err_code
loop_listen_unix(struct loop *l, const char *path,
    const struct loop_accept *accept, struct loop_listener **out, struct err *e)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct loop_listener *ll = NULL;
	mode_t mask;

	if (strlen(path) >= sizeof(un.sun_path))
		return err_set(e, ERR_USAGE,
		    "%s: a socket's path has at most %zu bytes", path,
		    sizeof(un.sun_path) - 1);
	memcpy(un.sun_path, path, strlen(path));
	if (clear_socket(&un, e) != ERR_OK)
		return e->code;
	if (listener_new(l, accept, &ll, e) == ERR_OK) {
		mask = umask(0177);
		if (!listener_bind(ll, &un, sizeof(un)))
			err_sys(e, ERR_CREATE, "%s", path);
		else if ((ll->path = strdup(path)) == NULL)
			err_mem(e);
		umask(mask);
	}
	if (e->code != ERR_OK)
		loop_listener_free(ll);
	else
		*out = ll;
	return e->code;
}

uint16_t
loop_listener_port(const struct loop_listener *ll)
{
	struct loop_peer p = { 0 };

	peer_fill(evconnlistener_get_fd(ll->lev), &p);
	return p.local_port;
}

void
loop_listener_free(struct loop_listener *ll)
{
	if (ll == NULL)
		return;
	loop_timer_free(ll->rest);
	if (ll->lev != NULL)
		evconnlistener_free(ll->lev);
	if (ll->path != NULL)
		unlink(ll->path);
	free(ll->path);
	free(ll);
}
