/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door to libevent: one loop a program, timers, signals, descriptors,
 * listeners and byte-stream connections with or without TLS. Callbacks run in
 * the loop's thread. Addresses are numeric text ("127.0.0.1", "::1").
 */
#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/tls.h"

#define LOOP_ADDR_LEN 46

struct loop;
struct loop_timer;
struct loop_listener;
struct loop_conn;
struct loop_watch;

enum err_code loop_new(struct loop **, struct err *);
void loop_free(struct loop *); /* NULL is fine */
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

struct loop_peer {
	char local[LOOP_ADDR_LEN]; /* the address that was connected to */
	char peer[LOOP_ADDR_LEN];
	uint16_t local_port, peer_port;
};

/* What a connection calls. Any may be NULL. */
struct loop_handler {
	/* Connected, and the TLS handshake is over: bytes may be sent. */
	void (*ready)(void *arg, struct loop_conn *);
	/* n bytes are there; returns how many are used up. */
	size_t (*data)(
	    void *arg, struct loop_conn *, const uint8_t *, size_t n);
	/* The end: e->code is ERR_OK after an orderly close by the peer. The
	 * connection is freed after this call; it is not called after
	 * loop_conn_close(). e->msg holds OpenSSL's words for a failed
	 * handshake. */
	void (*closed)(void *arg, struct loop_conn *, const struct err *e);
};

/* accept() gives the handler and its arg for a new connection and may choose
 * TLS by the local address; returning false closes it at once. */
struct loop_accept {
	bool (*accept)(void *arg, const struct loop_peer *,
	    const struct loop_handler **, void **conn_arg, struct tls **tls);
	void *arg;
};
enum err_code loop_listen(struct loop *, const char *addr, uint16_t port,
    const struct loop_accept *, struct loop_listener **, struct err *);
/* On a Unix socket that only its owner may use (0600); a left-over one that
 * nobody listens on is replaced, and it is gone with its listener. Addresses
 * of peers are "". */
enum err_code loop_listen_unix(struct loop *, const char *path,
    const struct loop_accept *, struct loop_listener **, struct err *);
uint16_t loop_listener_port(const struct loop_listener *);
void loop_listener_free(struct loop_listener *);

/* Without TLS. from may be NULL. */
enum err_code loop_connect(struct loop *, const char *from, const char *to,
    uint16_t port, const struct loop_handler *, void *arg, struct loop_conn **,
    struct err *);
/* As a client of TLS, whose callbacks get arg; ready() follows the handshake.
 * Without a bound on its time: that is the caller's. */
enum err_code loop_connect_tls(struct loop *, const char *to, uint16_t port,
    struct tls *, const struct loop_handler *, void *arg, struct loop_conn **,
    struct err *);
/* Idle for ms (0: never) is a close with ERR_PEER. */
void loop_conn_idle(struct loop_conn *, unsigned long ms);
void loop_conn_send(struct loop_conn *, const void *, size_t);
/* Sends what is queued, then closes (TLS: close_notify). closed() follows. */
void loop_conn_finish(struct loop_conn *);
/* Now, with a close_notify if that goes out at once; no callback. */
void loop_conn_close(struct loop_conn *);
const struct loop_peer *loop_conn_peer(const struct loop_conn *);
/* The TLS session's facts; NULL without TLS. */
const struct tls_session *loop_conn_tls(struct loop_conn *);

#endif
