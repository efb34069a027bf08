/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An HTTP/1.1 POST client over one kept-alive TLS connection to one peer. HTTP
 * digest is answered here (base/httpauth.h): a challenge is remembered, so
 * that a login given after a 401 costs no further one. The peer's certificate
 * is judged in the TLS handshake (tls_config.judge), so a wrong device
 * receives no byte of HTTP. No proxy, no redirect, no cookie.
 *
 * Our own and not a library's, because of what one costs for each connection:
 * libcurl 7.88 makes an SSL_CTX for each, and evhttp writes head and body of a
 * request as two TLS records.
 */
#ifndef BASE_HTTP_H
#define BASE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/httpauth.h"
#include "base/loop.h"
#include "base/tls.h"

struct http;      /* TLS ends that peers share: one a program */
struct http_peer; /* one device, one connection */

struct http_answer {
	int status; /* HTTP status; 0 where none came */
	const uint8_t *body;
	size_t n;
	bool resent;     /* the request was, after it may have been heard */
	char server[96]; /* Server: header, "" if none */
	/* It asks for a login, and never by a challenge that can be answered,
	 * so none was sent; asks: the schemes that it names instead. */
	bool unanswerable;
	bool too_long; /* one came, and it is more than is taken: no answer */
	char asks[HTTPAUTH_SCHEMES];
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
/* POSTs body, once more where a kept-alive connection ended without a byte of
 * an answer, as peers end idle ones, or where a nonce ran out; done() is called
 * once from the loop, e->code ERR_OK where any HTTP answer came. The body is
 * copied (and wiped). */
enum err_code http_post(struct http_peer *, const char *path, const void *body,
    size_t n, unsigned long timeout_ms,
    void (*done)(void *arg, const struct http_answer *, const struct err *),
    void *arg, struct err *);
void http_peer_free(struct http_peer *); /* cancels; NULL is fine */

#endif
