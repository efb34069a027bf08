/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/listener.h"
#include "formats/reason.h"
#include "server/listen.h"

#define BUCKETS 1024

struct listen {
	struct loop *loop;
	struct listener *listener;
	struct listen_how how;
	struct source *sources; /* all that have a connection */
	struct source *by_addr[BUCKETS];
	unsigned open;
	uint64_t number; /* of the next connection */
};

/* Those from one address, the oldest first. */
struct source {
	struct source *prev, *next;
	struct source *bucket_next;
	struct caller *oldest, *newest;
	unsigned open;
	char addr[ADDR_LEN];
};

/* One connection: what it has sent so far. Most of those that are held in a
 * flood never send a byte: they have no buffer. */
struct caller {
	struct listen *in;
	struct source *from;
	struct caller *prev, *next;
	struct conn *conn;
	struct loop_timer *deadline; /* for the whole: drops do not extend it */
	uint64_t number;
	size_t n;
	uint8_t *buf; /* HELLO_MAX bytes, or NULL */
};

/* Sources. */

static struct source **
bucket(struct listen *in, const char *addr)
{
	uint32_t h = 2166136261u;

	while (*addr != '\0')
		h = (h ^ (uint8_t)*addr++) * 16777619u;
	return &in->by_addr[(h ^ h >> 15) % BUCKETS];
}

static struct source *
source_get(struct listen *in, const char *addr)
{
	struct source **at = bucket(in, addr), *s = *at;

	while (s != NULL && strcmp(s->addr, addr) != 0)
		s = s->bucket_next;
	if (s != NULL || (s = calloc(1, sizeof(*s))) == NULL)
		return s;
	snprintf(s->addr, sizeof(s->addr), "%s", addr);
	s->bucket_next = *at;
	*at = s;
	if ((s->next = in->sources) != NULL)
		s->next->prev = s;
	in->sources = s;
	return s;
}

static void
source_put(struct listen *in, struct source *s)
{
	struct source **at = bucket(in, s->addr);

	if (s->open > 0)
		return;
	while (*at != s)
		at = &(*at)->bucket_next;
	*at = s->bucket_next;
	if (s->prev != NULL)
		s->prev->next = s->next;
	else
		in->sources = s->next;
	if (s->next != NULL)
		s->next->prev = s->prev;
	free(s);
}

/* Callers. */

static void
report(struct caller *c, const char *from)
{
	struct hello *h = calloc(1, sizeof(*h));
	struct err e;
	struct rd r;

	err_clear(&e);
	rd_init(&r, c->buf, c->n);
	if (h == NULL)
		err_mem(&e);
	else if (!hello_read(&r, h))
		rd_err(&r, reason_get(REASON_HELLO_MALFORMED), &e);
	c->in->how.hello(c->in->how.arg, from, e.code == ERR_OK ? h : NULL, &e);
	free(h);
}

static void
leave(struct caller *c)
{
	struct source *s = c->from;

	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		s->oldest = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	else
		s->newest = c->prev;
	s->open--;
	c->in->open--;
	source_put(c->in, s);
	loop_timer_free(c->deadline);
	free(c->buf);
	free(c);
}

static void
hang_up(struct caller *c)
{
	char from[ADDR_LEN];

	/* First: a set-up that the message begins would else come to a machine
	 * that still holds its hello open. */
	memcpy(from, conn_peer(c->conn)->peer, sizeof(from));
	conn_close(c->conn);
	if (c->n > 0)
		report(c, from);
	leave(c);
}

/* The oldest that has sent nothing, else the oldest. */
static struct caller *
weakest(const struct source *s)
{
	struct caller *c = s->oldest;

	while (c != NULL && c->n > 0)
		c = c->next;
	return c != NULL ? c : s->oldest;
}

/* All places are taken: the address with the most connections, counting the
 * one that comes, loses one; of several the one whose is the oldest. A machine
 * sends its hello at once, so what is old and unfinished waits in vain. */
static void
make_room(struct listen *in)
{
	struct source *most = NULL, *s = in->sources;
	struct caller *out = NULL, *c;
	unsigned open, top = 0;
	struct conn *conn;

	for (; s != NULL; s = s->next) {
		open = s->open;
		if (s->oldest == NULL || open < top)
			continue;
		c = weakest(s);
		if (open > top || most == NULL || c->number < out->number) {
			most = s;
			out = c;
			top = open;
		}
	}
	if (out == NULL)
		return;
	conn = out->conn;
	leave(out);
	conn_close(conn);
}

/* The message is over at the peer's close, as firmware does it, or as soon as
 * it is whole: bytes behind it are then for the strict reader to refuse. */
static size_t
on_data(void *arg, struct conn *conn, const uint8_t *p, size_t n)
{
	struct caller *c = arg;
	size_t take = n, want;

	(void)conn;
	if (c->buf == NULL && (c->buf = malloc(HELLO_MAX)) == NULL) {
		hang_up(c);
		return n;
	}
	if (take > HELLO_MAX - c->n)
		take = HELLO_MAX - c->n;
	memcpy(c->buf + c->n, p, take);
	c->n += take;
	want = hello_size(c->buf, c->n);
	if ((want != 0 && c->n >= want) || c->n == HELLO_MAX)
		hang_up(c);
	return n;
}

static void
on_closed(void *arg, struct conn *conn, const struct err *e)
{
	struct caller *c = arg;

	(void)e;
	if (c->n > 0)
		report(c, conn_peer(conn)->peer);
	leave(c);
}

static void
on_open(void *arg, struct conn *conn)
{
	struct caller *c = arg;

	c->conn = conn;
	loop_timer_set(c->deadline, c->in->how.limit_ms);
}

static void
on_deadline(void *arg)
{
	hang_up(arg);
}

static bool
on_accept(void *arg, const struct conn_peer *peer, struct conn_end *end)
{
	static const struct conn_handler handler = { on_open, on_data,
		on_closed };
	struct listen *in = arg;
	struct source *s = source_get(in, peer->peer);
	struct caller *c = calloc(1, sizeof(*c));
	struct err e;

	err_clear(&e);
	if (s != NULL && in->open >= in->how.most) {
		s->open++; /* it stays, also when it is the one that loses */
		make_room(in);
		s->open--;
	}
	if (s == NULL || c == NULL ||
	    loop_timer_new(in->loop, on_deadline, c, &c->deadline, &e) !=
		ERR_OK) {
		free(c);
		if (s != NULL)
			source_put(in, s);
		return false;
	}
	c->in = in;
	c->from = s;
	c->number = in->number++;
	if ((c->prev = s->newest) != NULL)
		c->prev->next = c;
	else
		s->oldest = c;
	s->newest = c;
	s->open++;
	in->open++;
	end->h = &handler;
	end->arg = c;
	return true;
}

enum err_code
listen_new(struct loop *loop, const struct listen_how *how, struct listen **out,
    struct err *e)
{
	struct listen *in = calloc(1, sizeof(*in));
	struct listener_accept accept = { on_accept, in };

	if (in == NULL)
		return err_mem(e);
	in->loop = loop;
	in->how = *how;
	if (listener_new(loop, how->addr, how->port, &accept, &in->listener,
		e) != ERR_OK) {
		free(in);
		return e->code;
	}
	*out = in;
	return ERR_OK;
}

uint16_t
listen_port(const struct listen *in)
{
	return listener_port(in->listener);
}

void
listen_free(struct listen *in)
{
	if (in == NULL)
		return;
	listener_free(in->listener);
	while (in->sources != NULL) {
		struct conn *conn = in->sources->oldest->conn;

		leave(in->sources->oldest);
		conn_close(conn);
	}
	free(in);
}
