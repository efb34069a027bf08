/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP/1.1 as the firmware's server speaks it, without I/O: requests with
 * Content-Length or chunked bodies, kept-alive connections, everything
 * bounded. Answers have the firmware's headers (captures in the public
 * sources of MeshCentral, RPS and go-wsman-messages): 200 is chunked with
 * four upper-case hex digits, 401 carries the digest challenge.
 */
#ifndef DEVICE_AMTHTTP_H
#define DEVICE_AMTHTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/bytes.h"

#define AMTHTTP_HEAD_MAX 8192
#define AMTHTTP_BODY_MAX 65536

struct amthttp_request {
	char method[16];
	char path[128];
	bool close;   /* the client wants the connection to end */
	bool old;     /* HTTP/1.0: knows no chunks */
	bool expects; /* a 100 before it sends the body */
	bool has_host;
	char authorization[1024]; /* "" if none */
	/* how the body comes */
	bool chunked;
	bool has_length;
	size_t length;
	const char *why; /* of BAD: what does not hold, for people */
};

enum amthttp_verdict {
	AMTHTTP_MORE, /* not all of it is there yet */
	AMTHTTP_DONE,
	AMTHTTP_BAD /* answer *status and close */
};

/* Reads one request from the n bytes received so far; stateless, so called
 * again with more. MORE: the request's expects is set if the head came and the
 * client waits for AMTHTTP_CONTINUE. DONE: *used bytes were the request, its
 * body is appended to body (reset first; it may hold passwords: the wr wipes
 * it). */
#define AMTHTTP_CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"
enum amthttp_verdict amthttp_read(const uint8_t *, size_t n,
    struct amthttp_request *, struct wr *body, size_t *used, int *status);

struct amthttp_answer {
	int status; /* 200, 4xx, 5xx: amthttp.c has the words of each */
	time_t date;
	const char *version; /* firmware, behind the Server: words */
	bool close;
	bool old;                  /* the body in one piece, with its length */
	bool head;                 /* without the page's text: RFC 9110 9.3.2 */
	const char *realm, *nonce; /* 401 */
	bool stale;
	const uint8_t *body; /* SOAP; NULL: a page of the status' words */
	size_t n;
	const char *why; /* on that page; NULL: nothing more */
};
void amthttp_write(struct wr *, const struct amthttp_answer *);

#endif
