/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door to libcurl: an HTTP/1.1 POST client over one kept-alive TLS
 * connection to one peer, driven by the loop (curl's multi socket interface).
 * HTTP digest is answered by libcurl. The peer's certificate is judged inside
 * the TLS verify callback (tls_config.judge), so a wrong device receives no
 * byte of HTTP. No proxy, no redirect, no cookie, no CA bundle.
 */
#ifndef BASE_HTTP_H
#define BASE_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/loop.h"
#include "base/tls.h"

struct http;      /* the multi handle: one a program */
struct http_peer; /* one device: one easy handle, one connection */

struct http_answer {
	int status; /* HTTP status; 0 where none came */
	const uint8_t *body;
	size_t n;
	char server[96];            /* Server: header, "" if none */
	struct tls_session session; /* what TLS did */
};

enum err_code http_new(struct loop *, struct http **, struct err *);
void http_free(struct http *);

/* What tls points to is borrowed for the life of the peer. addr is numeric. */
enum err_code http_peer_new(struct http *, const char *addr, uint16_t port,
    const struct tls_config *tls, struct http_peer **, struct err *);
/* Digest credentials; user NULL: none. Copied, wiped at free. */
enum err_code http_peer_login(
    struct http_peer *, const char *user, const char *password, struct err *);
/* From now on only the connection that is open is used: a post that would need
 * another one fails. */
void http_peer_last(struct http_peer *);
/* POSTs body; done() is called once from the loop, e->code ERR_OK where any
 * HTTP answer came. The body is copied (and wiped). */
enum err_code http_post(struct http_peer *, const char *path, const void *body,
    size_t n, unsigned long timeout_ms,
    void (*done)(void *arg, const struct http_answer *, const struct err *),
    void *arg, struct err *);
void http_peer_free(struct http_peer *); /* cancels; NULL is fine */

#endif
