/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One event loop a program, by libevent, and what it waits for: timers,
 * descriptors, signals. Callbacks run in the thread of loop_run().
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include "base/err.h"

struct loop;
struct loop_timer;
struct loop_watch;

enum err_code loop_new(struct loop **, struct err *);
/* NULL is fine. What hangs on it is closed; timers, watches and listeners are
 * their owners' to free first. */
void loop_free(struct loop *);
/* Closes all connections there are, also those whose handshake is not over;
 * no callback. */
void loop_hang_up(struct loop *);
enum err_code loop_run(struct loop *, struct err *); /* until loop_stop */
void loop_stop(struct loop *);
/* The libevent event_base, for other doors to it; borrowed. */
void *loop_native(struct loop *);

/* One shot. loop_timer_free() cancels; NULL is fine. Not freed by firing. */
enum err_code loop_timer_new(struct loop *, void (*fn)(void *), void *arg,
    struct loop_timer **, struct err *);
void loop_timer_set(struct loop_timer *, unsigned long ms);
void loop_timer_stop(struct loop_timer *);
void loop_timer_free(struct loop_timer *);
/* Calls fn whenever fd can be read, until loop_watch_free(); NULL is fine. The
 * descriptor stays the caller's. */
enum err_code loop_watch_new(struct loop *, int fd, void (*fn)(void *),
    void *arg, struct loop_watch **, struct err *);
/* Calls it whenever that signal comes. */
enum err_code loop_watch_signal(struct loop *, int signo, void (*fn)(void *),
    void *arg, struct loop_watch **, struct err *);
void loop_watch_free(struct loop_watch *);
/* SIGINT and SIGTERM stop the loop. */
enum err_code loop_stop_on_signals(struct loop *, struct err *);

/* What loop_hang_up() ends: a link in what is ended, between loop_hang() and
 * loop_unhang(), which end() calls too. */
struct loop_hung {
	struct loop *loop;
	struct loop_hung *prev, *next;
	void (*end)(struct loop_hung *);
};
void loop_hang(struct loop *, struct loop_hung *);
void loop_unhang(struct loop_hung *);
/* How many sockets linger in it: base/linger.c counts them here. */
unsigned *loop_lingering(struct loop *);

#endif
