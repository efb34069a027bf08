/* SPDX-License-Identifier: Apache-2.0 */
#include "base/conn.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/util.h>

#include "base/linger.h"

/* After our last byte: how long the peer may be silent, and not close its side;
 * what it says meanwhile is bounded by LINGER_BYTES. */
#define FAREWELL_MS 2000
/* A TLS handshake may take so long. */
#define HANDSHAKE_MS 30000
/* Of what we said, a peer may leave so much unread before it is not heard. */
#define QUEUED_MOST 262144

struct conn {
	struct loop_hung hung; /* first: loop_hang_up() ends it */
	struct bufferevent *bev;
	void *ssl; /* owned by bev; NULL without TLS */
	const struct conn_handler *h;
	void *arg;
	struct conn_peer peer;
	unsigned long idle_ms;
	unsigned busy;  /* callbacks of ours on the stack */
	bool dead;      /* closed while busy: free on the way out */
	bool ready;     /* connected, handshake over */
	bool finishing; /* no more data is taken */
	bool held;      /* not heard until it has read what we said */
	bool eof;       /* the peer has closed its side */
	size_t waste;   /* bytes that came after our last */
};

void
conn_ends(int fd, struct conn_peer *p)
{
	addr_local(fd, p->local, &p->local_port);
	addr_remote(fd, p->peer, &p->peer_port);
}

/* The peer may be speaking still: under TLS 1.3 the client's request follows
 * its certificate at once. The alert that says why it is refused must not be
 * overtaken by a reset. */
static void
conn_linger(struct conn *c)
{
	const struct tls_session *t = conn_tls(c);
	int fd;

	if (t == NULL || c->ready || t->sent == -1)
		return;
	fd = fcntl(bufferevent_getfd(c->bev), F_DUPFD_CLOEXEC, 0);
	if (fd != -1)
		linger_start(c->hung.loop, fd);
}

static void
conn_free(struct conn *c)
{
	if (c->busy > 0) {
		c->dead = true;
		return;
	}
	loop_unhang(&c->hung);
	conn_linger(c);
	bufferevent_free(c->bev);
	free(c);
}

static void
conn_leave(struct conn *c)
{
	c->busy--;
	if (c->dead)
		conn_free(c);
}

static void
conn_end(struct conn *c, const struct err *e)
{
	if (c->dead)
		return;
	c->dead = true;
	if (c->h->closed != NULL)
		c->h->closed(c->arg, c, e);
}

static void
conn_times(struct conn *c, unsigned long ms)
{
	struct timeval tv = { (time_t)(ms / 1000),
		(suseconds_t)(ms % 1000 * 1000) };

	bufferevent_set_timeouts(
	    c->bev, ms == 0 ? NULL : &tv, ms == 0 ? NULL : &tv);
}

static size_t
conn_queued(const struct conn *c)
{
	return evbuffer_get_length(bufferevent_get_output(c->bev));
}

static bool
conn_drained(const struct conn *c)
{
	return conn_queued(c) == 0;
}

/* All is sent: says so to the peer and waits a little for its close, so that
 * a reset does not overtake our last bytes. */
static void
conn_shut(struct conn *c)
{
	if (c->ssl != NULL)
		tls_conn_shutdown(c->ssl);
	shutdown(bufferevent_getfd(c->bev), SHUT_WR);
	conn_times(c, FAREWELL_MS);
}

static void
on_write(struct bufferevent *bev, void *arg)
{
	struct conn *c = arg;
	struct err e = { 0 };

	if (c->dead || !conn_drained(c))
		return;
	if (c->held) {
		c->held = false;
		bufferevent_enable(bev, EV_READ);
		/* Later: this may be within a conn_send(). */
		bufferevent_trigger(bev, EV_READ, BEV_OPT_DEFER_CALLBACKS);
	}
	if (!c->finishing)
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
	struct conn *c = arg;
	struct evbuffer *in = bufferevent_get_input(bev);
	bool ended = c->finishing && conn_drained(c);
	struct err none = { 0 };
	size_t n, used;

	c->busy++;
	while (!c->dead && !c->held && (n = evbuffer_get_length(in)) > 0) {
		if (ended)
			c->waste += n;
		if (c->finishing || c->h->data == NULL)
			used = n;
		else
			used =
			    c->h->data(c->arg, c, evbuffer_pullup(in, -1), n);
		if (used == 0)
			break;
		evbuffer_drain(in, used);
		if (!c->dead && conn_queued(c) > QUEUED_MOST) {
			c->held = true;
			bufferevent_disable(bev, EV_READ);
		}
	}
	if (c->waste > LINGER_BYTES)
		conn_end(c, &none);
	conn_leave(c);
}

static void
conn_why(struct conn *c, short what, int sys, struct err *e)
{
	const struct tls_session *t = conn_tls(c);

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
	struct conn *c = arg;
	struct err e = { 0 };

	if (c->dead)
		return;
	c->busy++;
	if (what & BEV_EVENT_CONNECTED) {
		conn_ends(bufferevent_getfd(bev), &c->peer);
		c->ready = true;
		tls_conn_ready(c->ssl);
		conn_times(c, c->idle_ms);
		if (c->h->ready != NULL)
			c->h->ready(c->arg, c);
	} else if ((what & BEV_EVENT_EOF) && c->ready && !conn_drained(c)) {
		c->finishing = c->eof = true; /* it may still be reading */
		bufferevent_disable(bev, EV_READ);
	} else {
		/* A peer that refuses under TLS 1.3 may be gone before the
		 * request is written, and its alert not be read yet. */
		if (c->ssl != NULL && c->ready && (what & BEV_EVENT_ERROR))
			tls_conn_hear(c->ssl);
		if (!c->finishing)
			conn_why(c, what, sys, &e);
		conn_end(c, &e);
	}
	conn_leave(c);
}

static struct bufferevent *
bev_new(struct event_base *base, int fd, void *ssl, bool client)
{
	if (ssl == NULL)
		return bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
	return bufferevent_openssl_socket_new(base, fd, ssl,
	    client ? BUFFEREVENT_SSL_CONNECTING : BUFFEREVENT_SSL_ACCEPTING,
	    BEV_OPT_CLOSE_ON_FREE);
}

static void
hung_end(struct loop_hung *h)
{
	conn_close((struct conn *)h);
}

/* Takes fd over, also on failure. NULL: no memory. */
static struct conn *
conn_new(struct loop *l, int fd, const struct conn_end *end, bool client)
{
	struct conn *c = calloc(1, sizeof(*c));
	int one = 1;

	if (c == NULL)
		goto fail;
	if (end->tls != NULL &&
	    (c->ssl = tls_conn_new(end->tls, end->arg)) == NULL)
		goto fail;
	if ((c->bev = bev_new(loop_native(l), fd, c->ssl, client)) == NULL)
		goto fail;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	c->h = end->h;
	c->arg = end->arg;
	c->hung.end = hung_end;
	loop_hang(l, &c->hung);
	bufferevent_setcb(c->bev, on_read, on_write, on_event, c);
	return c;
fail:
	if (c != NULL && c->ssl != NULL)
		tls_conn_free(c->ssl);
	free(c);
	close(fd);
	return NULL;
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

enum err_code
conn_open(struct loop *l, const struct conn_way *way,
    const struct conn_end *end, struct conn **out, struct err *e)
{
	struct sockaddr_storage to;
	struct conn *c;
	socklen_t len;
	int fd = -1;

	if (addr_parse(way->to, way->port, &to, &len, e) != ERR_OK ||
	    bound_socket(way->from, &to, &fd, e) != ERR_OK)
		return e->code;
	if ((c = conn_new(l, fd, end, true)) == NULL)
		return err_mem(e);
	addr_text(&to, c->peer.peer, &c->peer.peer_port);
	c->busy++;
	c->dead = true; /* a failure at once is returned, not called back */
	if (bufferevent_socket_connect(
		c->bev, (const struct sockaddr *)&to, (int)len) == -1)
		err_sys(e, ERR_PEER, "connect to %s port %u", c->peer.peer,
		    c->peer.peer_port);
	else
		c->dead = bufferevent_enable(c->bev, EV_READ | EV_WRITE) != 0;
	if (c->ssl != NULL && e->code == ERR_OK)
		tls_conn_fair(c->ssl); /* to connect gave it its socket */
	conn_leave(c);
	if (e->code == ERR_OK)
		*out = c;
	return e->code;
}

enum err_code
conn_take(struct loop *l, int fd, const struct conn_peer *peer,
    const struct conn_end *end, struct err *e)
{
	struct conn *c = conn_new(l, fd, end, false);

	if (c == NULL)
		return err_mem(e);
	c->peer = *peer;
	if (end->self != NULL)
		*end->self = c;
	c->busy++;
	if (c->ssl != NULL)
		tls_conn_fair(c->ssl);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
	if (c->ssl != NULL) {
		conn_times(c, c->idle_ms = HANDSHAKE_MS);
	} else {
		c->ready = true;
		if (c->h->ready != NULL)
			c->h->ready(c->arg, c);
	}
	conn_leave(c);
	return ERR_OK;
}

void
conn_idle(struct conn *c, unsigned long ms)
{
	c->idle_ms = ms;
	if (!c->finishing)
		conn_times(c, ms);
}

void
conn_send(struct conn *c, const void *p, size_t n)
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
conn_finish(struct conn *c)
{
	if (c->finishing || c->dead)
		return;
	c->finishing = true;
	if (conn_drained(c))
		conn_shut(c);
}

void
conn_close(struct conn *c)
{
	if (c == NULL)
		return;
	if (c->ssl != NULL && c->ready && !c->finishing && !c->dead)
		tls_conn_shutdown(c->ssl);
	else if (c->ssl == NULL) /* now, also while a callback holds it */
		shutdown(bufferevent_getfd(c->bev), SHUT_WR);
	conn_free(c);
}

const struct conn_peer *
conn_peer(const struct conn *c)
{
	return &c->peer;
}

const struct tls_session *
conn_tls(struct conn *c)
{
	return c->ssl == NULL ? NULL : tls_conn_session(c->ssl);
}
