/* SPDX-License-Identifier: Apache-2.0 */
#include "base/loop.h"

#include <signal.h>
#include <stdlib.h>

#include <event2/event.h>
#include <event2/util.h>

struct loop {
	struct event_base *base;
	struct loop_watch *sigint, *sigterm;
	struct loop_hung *hung;
	unsigned lingering;
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
loop_hang(struct loop *l, struct loop_hung *h)
{
	h->loop = l;
	h->prev = NULL;
	if ((h->next = l->hung) != NULL)
		h->next->prev = h;
	l->hung = h;
}

void
loop_unhang(struct loop_hung *h)
{
	if (h->prev != NULL)
		h->prev->next = h->next;
	else
		h->loop->hung = h->next;
	if (h->next != NULL)
		h->next->prev = h->prev;
}

unsigned *
loop_lingering(struct loop *l)
{
	return &l->lingering;
}

void
loop_hang_up(struct loop *l)
{
	while (l->hung != NULL)
		l->hung->end(l->hung);
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
	struct timeval tv = { (time_t)(ms / 1000),
		(suseconds_t)(ms % 1000 * 1000) };

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
