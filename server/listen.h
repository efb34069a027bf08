/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hellos in: a TCP listener that takes one message from each connection and
 * sends nothing back (protocol of the hello: formats/hello.h). The sender is
 * a stranger: the number of connections, their size and their time are
 * bounded, and the reader is strict. Pieces are put together.
 */
#ifndef SERVER_LISTEN_H
#define SERVER_LISTEN_H

#include <stdint.h>

#include "base/err.h"
#include "base/loop.h"
#include "formats/hello.h"

struct listen;

struct listen_how {
	const char *addr;
	uint16_t port;
	/* Connections at a time. One more takes the place of the oldest of the
	 * address that has the most: a flood of silent ones shuts nobody out
	 * who sends his hello. */
	unsigned most;
	unsigned long limit_ms; /* to send the whole message */
	/* from: the peer's address. bad: why the bytes are no hello, else h
	 * is one. */
	void (*hello)(void *arg, const char *from, const struct hello *h,
	    const struct err *bad);
	void *arg;
};

enum err_code listen_new(
    struct loop *, const struct listen_how *, struct listen **, struct err *);
uint16_t listen_port(const struct listen *);
void listen_free(struct listen *); /* NULL is fine */

#endif
