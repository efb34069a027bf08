/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP digest, the client's half, without I/O: RFC 7616 with MD5 (what the
 * firmware speaks) and SHA-256, qop "auth", and the form without qop of RFC
 * 2069. One challenge serves many requests, each with a count of its own. The
 * server's half reads values by it, too.
 */
#ifndef BASE_HTTPAUTH_H
#define BASE_HTTPAUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

#define HTTPAUTH_CNONCE 33

struct httpauth {
	char realm[128];
	char nonce[256]; /* "": there is no challenge to answer */
	char opaque[256];
	char algorithm[16];   /* as it was named, "" if it was not */
	bool sha256, session; /* what it means */
	bool qop;             /* "auth" is offered */
	bool stale;           /* only the nonce was wrong */
	uint32_t count;       /* of the requests that used the nonce */
};

/* The value of a WWW-Authenticate header, which is a list (RFC 9110, 11.6.1):
 * the first challenge of it that can be answered. false: there is none, and
 * what was there is kept. */
bool httpauth_take(struct httpauth *, const char *challenges);
/* The schemes that such a list names, for people: behind what is in out, and
 * as much as fits. */
#define HTTPAUTH_SCHEMES 64
void httpauth_schemes(
    const char *challenges, char out[static HTTPAUTH_SCHEMES]);

struct httpauth_ask {
	const char *method, *uri;
	const char *user, *password;
	const char *cnonce; /* random; printable, no quotes */
};
/* Writes the value of an Authorization header for the next request. */
void httpauth_write(
    struct httpauth *, const struct httpauth_ask *, struct wr *);

/* One value, quoted or a token, into out (NULL: not wanted). What follows it,
 * or NULL: it is no value, or longer than there is room. */
const char *httpauth_value(const char *p, char *out, size_t room);

#endif
