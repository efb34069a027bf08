/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "formats/reason.h"
#include "server/listen.h"

struct listen {
	struct loop *loop;
	struct loop_listener *listener;
	struct listen_how how;
	struct caller *callers;
	unsigned open;
};

/* One connection: what it has sent so far. */
struct caller {
	struct listen *in;
	struct caller *prev, *next;
	struct loop_conn *conn;
	struct loop_timer *deadline; /* for the whole: drops do not extend it */
	size_t n;
	uint8_t buf[HELLO_MAX];
};

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
	c->in->open--;
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		c->in->callers = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	loop_timer_free(c->deadline);
	free(c);
}

static void
hang_up(struct caller *c)
{
	struct loop_conn *conn = c->conn;

	if (c->n > 0)
		report(c, loop_conn_peer(conn)->peer);
	leave(c);
	loop_conn_close(conn);
}

/* The message is over at the peer's close, as firmware does it, or as soon as
 * it is whole: bytes behind it are then for the strict reader to refuse. */
static size_t
on_data(void *arg, struct loop_conn *conn, const uint8_t *p, size_t n)
{
	struct caller *c = arg;
	size_t take = n, want;

	(void)conn;
	if (take > sizeof(c->buf) - c->n)
		take = sizeof(c->buf) - c->n;
	memcpy(c->buf + c->n, p, take);
	c->n += take;
	want = hello_size(c->buf, c->n);
	if ((want != 0 && c->n >= want) || c->n == sizeof(c->buf))
		hang_up(c);
	return n;
}

static void
on_closed(void *arg, struct loop_conn *conn, const struct err *e)
{
	struct caller *c = arg;

	(void)e;
	if (c->n > 0)
		report(c, loop_conn_peer(conn)->peer);
	leave(c);
}

static void
on_open(void *arg, struct loop_conn *conn)
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
on_accept(void *arg, const struct loop_peer *peer,
    const struct loop_handler **h, void **conn_arg, struct tls **tls)
{
	static const struct loop_handler handler = { on_open, on_data,
		on_closed };
	struct listen *in = arg;
	struct caller *c;
	struct err e;

	(void)peer;
	err_clear(&e);
	if (in->open >= in->how.most)
		return false;
	c = calloc(1, sizeof(*c));
	if (c == NULL ||
	    loop_timer_new(in->loop, on_deadline, c, &c->deadline, &e) !=
		ERR_OK) {
		free(c);
		return false;
	}
	c->in = in;
	c->next = in->callers;
	if (c->next != NULL)
		c->next->prev = c;
	in->callers = c;
	in->open++;
	*h = &handler;
	*conn_arg = c;
	*tls = NULL;
	return true;
}

enum err_code
listen_new(struct loop *loop, const struct listen_how *how, struct listen **out,
    struct err *e)
{
	struct listen *in = calloc(1, sizeof(*in));
	struct loop_accept accept = { on_accept, in };

	if (in == NULL)
		return err_mem(e);
	in->loop = loop;
	in->how = *how;
	if (loop_listen(loop, how->addr, how->port, &accept, &in->listener,
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
	return loop_listener_port(in->listener);
}

void
listen_free(struct listen *in)
{
	if (in == NULL)
		return;
	loop_listener_free(in->listener);
	while (in->callers != NULL) {
		struct loop_conn *conn = in->callers->conn;

		leave(in->callers);
		loop_conn_close(conn);
	}
	free(in);
}
