/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/listener.h"
#include "device/hostif.h"
#include "device/identity.h"
#include "device/meiport.h"
#include "device/period.h"

#define CONNS_MAX 16 /* a host runs a few programs at once */
/* Until it says which client it means: the kernel's driver is told so at once.
 * After that a program may keep it as long as it likes. */
#define CHOICE_MS 10000

struct port_conn {
	struct meiport *port;
	struct conn *conn;
	struct port_conn *next;
	bool chosen;
	enum hostif_client client;
};

struct meiport {
	struct listener *listener;
	struct hostif hostif;
	struct port_conn *conns;
	size_t n;
};

static const struct hostif_acts acts = {
	.start = period_start_host,
	.start_pinned = period_start_pinned,
	.hash = identity_hash,
	.stop = period_stop,
	.suffix = machine_host_suffix,
	.enable = machine_enable,
	.unprovision = machine_unprovision,
};

static void
conn_gone(struct port_conn *c)
{
	struct port_conn **at = &c->port->conns;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	c->port->n--;
	free(c);
}

static void
on_ready(void *arg, struct conn *conn)
{
	struct port_conn *c = arg;

	c->conn = conn;
	conn_idle(conn, CHOICE_MS);
}

static void
on_closed(void *arg, struct conn *conn, const struct err *e)
{
	(void)conn;
	(void)e;
	conn_gone(arg);
}

static bool
begins(const uint8_t *guid, const uint8_t *p, size_t n)
{
	return memcmp(guid, p, n) == 0;
}

/* The first bytes say which client is meant; returns how many are used up. */
static size_t
choose(struct port_conn *c, const uint8_t *p, size_t n)
{
	uint8_t out[8] = { 0 };

	if (p[0] == 1) { /* a header's major version */
		c->chosen = true;
		conn_idle(c->conn, 0);
		return 0;
	}
	if (n < PTHI_GUID && begins(pthi_guid, p, n))
		return 0;
	if (n < PTHI_GUID && begins(pthi_guid_wd, p, n))
		return 0;
	if (n < PTHI_GUID) {
		conn_finish(c->conn);
		return n;
	}
	if (memcmp(p, pthi_guid, PTHI_GUID) == 0) {
		c->client = HOSTIF_AMT;
	} else if (memcmp(p, pthi_guid_wd, PTHI_GUID) == 0) {
		c->client = HOSTIF_WD;
	} else {
		conn_finish(c->conn);
		return PTHI_GUID;
	}
	c->chosen = true;
	conn_idle(c->conn, 0);
	put_u32le(out, HOSTIF_MESSAGE_MAX);
	out[4] = HOSTIF_PROTOCOL;
	conn_send(c->conn, out, sizeof(out));
	return PTHI_GUID;
}

static size_t
take(struct port_conn *c, const uint8_t *p, size_t n)
{
	size_t size =
	    c->client == HOSTIF_WD ? pthi_wd_size(p, n) : pthi_size(p, n);
	bool good;
	struct wr w;

	if (size <= HOSTIF_MESSAGE_MAX && (size == 0 || n < size))
		return 0;
	wr_grow(&w, HOSTIF_MESSAGE_MAX);
	good = size <= HOSTIF_MESSAGE_MAX &&
	    hostif_answer(&c->port->hostif, c->client, p, size, &w) &&
	    !w.failed;
	if (good)
		conn_send(c->conn, w.buf, w.len);
	else
		conn_finish(c->conn);
	wr_free(&w);
	return good ? size : n;
}

static size_t
on_data(void *arg, struct conn *conn, const uint8_t *p, size_t n)
{
	struct port_conn *c = arg;
	size_t used;

	(void)conn;
	if (!c->chosen && (used = choose(c, p, n)) > 0)
		return used;
	return c->chosen ? take(c, p, n) : 0;
}

static const struct conn_handler handler = { on_ready, on_data, on_closed };

static bool
on_accept(void *arg, const struct conn_peer *peer, struct conn_end *end)
{
	struct meiport *port = arg;
	struct port_conn *c;

	(void)peer;
	if (port->n == CONNS_MAX || (c = calloc(1, sizeof(*c))) == NULL)
		return false;
	c->port = port;
	c->next = port->conns;
	port->conns = c;
	port->n++;
	end->h = &handler;
	end->arg = c;
	return true;
}

enum err_code
meiport_new(
    struct machine *m, const char *path, struct meiport **out, struct err *e)
{
	struct meiport *port = calloc(1, sizeof(*port));
	const struct listener_accept accept = { on_accept, port };

	if (port == NULL)
		return err_mem(e);
	port->hostif.machine = m;
	port->hostif.acts = &acts;
	if (listener_new_unix(
		m->common->loop, path, &accept, &port->listener, e) != ERR_OK) {
		err_in(e, "--mei");
		meiport_free(port);
		return e->code;
	}
	*out = port;
	return ERR_OK;
}

void
meiport_free(struct meiport *port)
{
	if (port == NULL)
		return;
	while (port->conns != NULL) {
		conn_close(port->conns->conn);
		conn_gone(port->conns);
	}
	listener_free(port->listener);
	hostif_wipe(&port->hostif);
	free(port);
}
