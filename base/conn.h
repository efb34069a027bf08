/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A byte-stream connection in a loop, with or without TLS, made by
 * conn_open() or by a listener (base/listener.h). It frees itself after
 * closed(), or is freed by conn_close(). Addresses are numeric text
 * ("127.0.0.1", "::1").
 */
#ifndef BASE_CONN_H
#define BASE_CONN_H

#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/loop.h"
#include "base/tls.h"

struct conn;

/* Both ends. On a Unix socket: "" and 0. */
struct conn_peer {
	char local[ADDR_LEN]; /* the address that was connected to */
	char peer[ADDR_LEN];
	uint16_t local_port, peer_port;
};

/* What a connection calls. Any may be NULL. */
struct conn_handler {
	/* Connected, and the TLS handshake is over: bytes may be sent. */
	void (*ready)(void *arg, struct conn *);
	/* n bytes are there; returns how many are used up. */
	size_t (*data)(void *arg, struct conn *, const uint8_t *, size_t n);
	/* The end: e->code is ERR_OK after an orderly close by the peer. The
	 * connection is freed after this call; it is not called after
	 * conn_close(). e->msg holds OpenSSL's words for a failed handshake. */
	void (*closed)(void *arg, struct conn *, const struct err *e);
};

/* Our end of one; all borrowed for as long as it lives. */
struct conn_end {
	const struct conn_handler *h;
	void *arg;       /* for h's and the callbacks of tls */
	struct tls *tls; /* NULL: none */
	/* Where a listener's connection stands from its first moment on, before
	 * anything is called; NULL: nowhere. */
	struct conn **self;
};

struct conn_way {
	const char *from; /* NULL: any */
	const char *to;
	uint16_t port;
};

/* As a client; ready() follows. Without a bound on the time of a handshake:
 * that is the caller's. ERR_USAGE for what is no address; a failure that is
 * known at once is returned, without a callback. */
enum err_code conn_open(struct loop *, const struct conn_way *,
    const struct conn_end *, struct conn **, struct err *);
/* For listeners: of a connected socket, which it takes over, also on failure.
 * ready() follows, or comes within. */
enum err_code conn_take(struct loop *, int fd, const struct conn_peer *,
    const struct conn_end *, struct err *);
/* Idle for ms (0: never) is a close with ERR_PEER. */
void conn_idle(struct conn *, unsigned long ms);
/* A peer that leaves 256 KiB of it unread is not heard until it reads them. */
void conn_send(struct conn *, const void *, size_t);
/* Sends what is queued, then closes (TLS: close_notify). closed() follows. */
void conn_finish(struct conn *);
/* Now, with a close_notify if that goes out at once; no callback. NULL is
 * fine. */
void conn_close(struct conn *);
const struct conn_peer *conn_peer(const struct conn *);
/* The TLS session's facts; NULL without TLS. */
const struct tls_session *conn_tls(struct conn *);

/* Of a socket. */
void conn_ends(int fd, struct conn_peer *);

#endif
