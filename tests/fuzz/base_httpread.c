/* SPDX-License-Identifier: Apache-2.0 */
/* An answer that was read is read again from just its own bytes, and no prefix
 * of it makes another one; written with a length and read, it is the same. A
 * challenge that was taken can be answered. */
#include <string.h>

#include "base/httpauth.h"
#include "base/httpread.h"
#include "tests/fuzz.h"

#define BODY 4096

static void
check_challenge(const struct httpread *r)
{
	const struct httpauth_ask ask = { "POST", "/wsman", "admin", "P@ss",
		"00112233" };
	struct httpauth a = { .count = 0 };
	struct wr w;

	if (!httpauth_take(&a, r->digest))
		return;
	wr_grow(&w, 4096);
	httpauth_write(&a, &ask, &w);
	must(!w.failed && memmem(w.buf, w.len, "response=\"", 10) != NULL &&
	    memchr(w.buf, '\n', w.len) == NULL);
	/* What was quoted is read back. */
	wr_u8(&w, 0);
	must(httpauth_take(&a, (const char *)w.buf + 7) &&
	    a.algorithm[0] == (a.sha256 ? 'S' : a.algorithm[0]));
	wr_free(&w);
}

static void
check_same(const struct httpread *r, const struct wr *body)
{
	struct httpread again;
	struct wr text, copy;
	const char *why;
	size_t used;

	if (r->status < 200 || r->status == 204 || r->status == 304)
		return;
	wr_grow(&text, BODY + 256);
	wr_grow(&copy, BODY);
	wr_fmt(&text,
	    "HTTP/1.1 %d\r\nConnection: %s\r\nContent-Length: %zu\r\n\r\n",
	    r->status, r->close ? "close" : "keep-alive", body->len);
	wr_bytes(&text, body->buf, body->len);
	must(httpread_answer(text.buf, text.len, &again, &copy, &used, &why) ==
		HTTPREAD_DONE &&
	    used == text.len && again.status == r->status &&
	    again.close == r->close && copy.len == body->len &&
	    (copy.len == 0 || memcmp(copy.buf, body->buf, copy.len) == 0));
	wr_free(&text);
	wr_free(&copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct httpread r, again;
	struct wr body, copy;
	const char *why = NULL;
	size_t used = 0, same = 0;

	wr_grow(&body, BODY);
	wr_grow(&copy, BODY);
	switch (httpread_answer(p, n, &r, &body, &used, &why)) {
	case HTTPREAD_DONE:
		must(used > 0 && used <= n);
		must(httpread_answer(p, used, &again, &copy, &same, &why) ==
		    HTTPREAD_DONE);
		must(same == used && copy.len == body.len);
		must(httpread_answer(p, used - 1, &again, &copy, &same, &why) ==
		    HTTPREAD_MORE);
		check_same(&r, &body);
		check_challenge(&r);
		break;
	case HTTPREAD_TO_END:
		must(used > 0 && used <= n && body.len == 0);
		break;
	case HTTPREAD_BAD:
		must(why != NULL);
		break;
	case HTTPREAD_MORE:
		break;
	}
	wr_free(&body);
	wr_free(&copy);
	return 0;
}
