/* SPDX-License-Identifier: Apache-2.0 */
#include "base/linger.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct linger_end {
	struct loop_hung hung; /* first: loop_hang_up() ends it */
	struct loop_watch *watch;
	struct loop_timer *timer;
	int fd;
	size_t left;
};

/* What is there now: is more to come? */
static bool
discard(int fd, size_t *left)
{
	char waste[4096];
	ssize_t n;

	while ((n = recv(fd, waste, sizeof(waste), MSG_DONTWAIT)) > 0) {
		if ((size_t)n >= *left)
			return false;
		*left -= (size_t)n;
	}
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}

static void
over(void *arg)
{
	struct linger_end *g = arg;

	loop_watch_free(g->watch);
	loop_timer_free(g->timer);
	if (g->hung.end != NULL) {
		loop_unhang(&g->hung);
		--*loop_lingering(g->hung.loop);
	}
	close(g->fd);
	free(g);
}

static void
on_hung(struct loop_hung *h)
{
	over(h);
}

static void
on_read(void *arg)
{
	struct linger_end *g = arg;

	if (!discard(g->fd, &g->left))
		over(g);
}

void
linger_start(struct loop *l, int fd)
{
	struct linger_end *g = NULL;
	size_t left = LINGER_BYTES;
	struct err e;

	err_clear(&e);
	shutdown(fd, SHUT_WR);
	if (!discard(fd, &left) || *loop_lingering(l) >= LINGER_MOST ||
	    (g = calloc(1, sizeof(*g))) == NULL) {
		close(fd);
		return;
	}
	g->fd = fd;
	g->left = left;
	if (loop_timer_new(l, over, g, &g->timer, &e) != ERR_OK ||
	    loop_watch_new(l, fd, on_read, g, &g->watch, &e) != ERR_OK) {
		over(g);
		return;
	}
	g->hung.end = on_hung;
	loop_hang(l, &g->hung);
	++*loop_lingering(l);
	loop_timer_set(g->timer, LINGER_MS);
}
