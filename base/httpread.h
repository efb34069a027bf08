/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An HTTP/1.1 answer as a client reads it (RFC 9112), without I/O and without
 * state: asked again with all the bytes there are when more have come.
 * Everything is bounded. What peers get wrong in ways that cannot be misread
 * is taken: lines that end in LF alone, no reason phrase, HTTP/1.0.
 */
#ifndef BASE_HTTPREAD_H
#define BASE_HTTPREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define HTTPREAD_HEAD_MAX 16384

struct httpread {
	int status;
	bool close; /* the peer ends the connection after it */
	char server[96];
	/* The values of WWW-Authenticate, each with its NUL, an empty one
	 * behind them (base/httpauth.h). */
	char challenges[2048];
	/* how the body comes */
	bool chunked, has_length;
	size_t length;
};

enum httpread_verdict {
	HTTPREAD_MORE,
	HTTPREAD_DONE,   /* *used bytes were the answer */
	HTTPREAD_TO_END, /* *used: the head; its body is all that follows */
	HTTPREAD_BAD,    /* *why */
	HTTPREAD_LONG    /* likewise: more than is taken */
};

/* The body is put into body (reset first), which bounds it. */
enum httpread_verdict httpread_answer(const void *, size_t, struct httpread *,
    struct wr *body, size_t *used, const char **why);

#endif
