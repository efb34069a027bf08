/* SPDX-License-Identifier: Apache-2.0 */
/* A listening socket in a loop. Its owner frees it before the loop; the
 * connections it took live on. */
#ifndef BASE_LISTENER_H
#define BASE_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/conn.h"
#include "base/err.h"
#include "base/loop.h"

struct listener;

/* accept() fills our end of a new connection (all NULL when it is called) and
 * may choose TLS by the local address; false closes the connection at once. */
struct listener_accept {
	bool (*accept)(void *arg, const struct conn_peer *, struct conn_end *);
	void *arg;
};

enum err_code listener_new(struct loop *, const char *addr, uint16_t port,
    const struct listener_accept *, struct listener **, struct err *);
/* On a Unix socket that only its owner may use (0600); a left-over one that
 * nobody listens on is replaced, and it is gone with its listener. */
enum err_code listener_new_unix(struct loop *, const char *path,
    const struct listener_accept *, struct listener **, struct err *);
uint16_t listener_port(const struct listener *);
void listener_free(struct listener *); /* NULL is fine */

#endif
