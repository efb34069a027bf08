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
check_challenge(const char *challenge)
{
	const struct httpauth_ask ask = { "POST", "/wsman", "admin", "P@ss",
		"00112233" };
	struct httpauth a = { .count = 0 }, again = a;
	char schemes[HTTPAUTH_SCHEMES] = "";
	struct wr w;

	httpauth_schemes(challenge, schemes);
	if (!httpauth_take(&a, challenge))
		return;
	must(schemes[0] != '\0');
	wr_grow(&w, 4096);
	httpauth_write(&a, &ask, &w);
	must(!w.failed && memmem(w.buf, w.len, "response=\"", 10) != NULL &&
	    memchr(w.buf, '\n', w.len) == NULL);
	/* What was quoted is read back. */
	wr_u8(&w, 0);
	must(httpauth_take(&again, (const char *)w.buf) &&
	    strcmp(again.realm, a.realm) == 0 &&
	    strcmp(again.nonce, a.nonce) == 0 &&
	    strcmp(again.opaque, a.opaque) == 0 &&
	    strcmp(again.algorithm, a.algorithm) == 0);
	wr_free(&w);
}

/* Each of its own, and there is an end. */
static void
check_challenges(const struct httpread *r)
{
	const char *end = r->challenges + sizeof(r->challenges), *p;

	for (p = r->challenges; p < end && *p != '\0'; p += strlen(p) + 1)
		check_challenge(p);
	must(p < end);
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
		check_challenges(&r);
		break;
	case HTTPREAD_TO_END:
		must(used > 0 && used <= n && body.len == 0);
		break;
	case HTTPREAD_BAD:
	case HTTPREAD_LONG:
		must(why != NULL);
		break;
	case HTTPREAD_MORE:
		break;
	}
	wr_free(&body);
	wr_free(&copy);
	return 0;
}
