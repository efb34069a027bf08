/* SPDX-License-Identifier: Apache-2.0 */
#include "base/listener.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/listener.h>
#include <event2/util.h>

#include "base/addr.h"

/* Out of descriptors: how long a listener rests. */
#define REST_MS 100
#define BACKLOG 1024

struct listener {
	struct loop *loop;
	struct evconnlistener *lev;
	struct listener_accept accept;
	struct loop_timer *rest;
	char *path; /* of a Unix socket; else NULL */
};

static void
on_accept(struct evconnlistener *lev, evutil_socket_t fd, struct sockaddr *sa,
    int len, void *arg)
{
	const struct listener *ll = arg;
	struct conn_peer peer = { 0 };
	struct conn_end end = { 0 };
	struct sockaddr_storage ss = { 0 };
	struct err e = { 0 };

	(void)lev;
	conn_ends(fd, &peer);
	/* One that was reset meanwhile has no other address than this. */
	memcpy(&ss, sa, (size_t)len < sizeof(ss) ? (size_t)len : sizeof(ss));
	addr_text(&ss, peer.peer, &peer.peer_port);
	if (ll->accept.accept(ll->accept.arg, &peer, &end))
		conn_take(ll->loop, fd, &peer, &end, &e);
	else
		close(fd);
}

static void
on_rested(void *arg)
{
	struct listener *ll = arg;

	evconnlistener_enable(ll->lev);
}

/* Out of descriptors: accept() would fail at once again and again. */
static void
on_accept_error(struct evconnlistener *lev, void *arg)
{
	struct listener *ll = arg;

	evconnlistener_disable(lev);
	loop_timer_set(ll->rest, REST_MS);
}

static enum err_code
unbound(struct loop *l, const struct listener_accept *accept,
    struct listener **out, struct err *e)
{
	struct listener *ll = calloc(1, sizeof(*ll));

	if (ll == NULL)
		return err_mem(e);
	ll->loop = l;
	ll->accept = *accept;
	*out = ll;
	return loop_timer_new(l, on_rested, ll, &ll->rest, e);
}

static bool
bound(struct listener *ll, const void *addr, size_t len)
{
	ll->lev = evconnlistener_new_bind(loop_native(ll->loop), on_accept, ll,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE,
	    BACKLOG, addr, (int)len);
	if (ll->lev != NULL)
		evconnlistener_set_error_cb(ll->lev, on_accept_error);
	return ll->lev != NULL;
}

static void
unheard(const char *addr, uint16_t port, struct err *e)
{
	if (errno == EACCES && port < 1024)
		err_set(e, ERR_IO,
		    "listen on %s port %u: ports below 1024 are root's: "
		    "choose a higher one, or give the program "
		    "CAP_NET_BIND_SERVICE",
		    addr, port);
	else
		err_sys(e, ERR_IO, "listen on %s port %u", addr, port);
}

enum err_code
listener_new(struct loop *l, const char *addr, uint16_t port,
    const struct listener_accept *accept, struct listener **out, struct err *e)
{
	struct listener *ll = NULL;
	struct sockaddr_storage ss;
	socklen_t len = 0;

	if (addr_parse(addr, port, &ss, &len, e) != ERR_OK)
		return e->code;
	if (unbound(l, accept, &ll, e) == ERR_OK && !bound(ll, &ss, len))
		unheard(addr, port, e);
	if (e->code != ERR_OK)
		listener_free(ll);
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
listener_new_unix(struct loop *l, const char *path,
    const struct listener_accept *accept, struct listener **out, struct err *e)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct listener *ll = NULL;
	mode_t mask;

	if (strlen(path) >= sizeof(un.sun_path))
		return err_set(e, ERR_USAGE,
		    "%s: a socket's path has at most %zu bytes", path,
		    sizeof(un.sun_path) - 1);
	memcpy(un.sun_path, path, strlen(path));
	if (clear_socket(&un, e) != ERR_OK)
		return e->code;
	if (unbound(l, accept, &ll, e) == ERR_OK) {
		mask = umask(0177);
		if (!bound(ll, &un, sizeof(un)))
			err_sys(e, ERR_CREATE, "%s", path);
		else if ((ll->path = strdup(path)) == NULL)
			err_mem(e);
		umask(mask);
	}
	if (e->code != ERR_OK)
		listener_free(ll);
	else
		*out = ll;
	return e->code;
}

uint16_t
listener_port(const struct listener *ll)
{
	struct conn_peer p = { 0 };

	conn_ends(evconnlistener_get_fd(ll->lev), &p);
	return p.local_port;
}

void
listener_free(struct listener *ll)
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
