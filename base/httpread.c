/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/httpline.h"
#include "base/httpread.h"

#define CHUNK_LINE_MAX 256

/* The line up to LF or CR LF, taken off s. false: no whole line there. */
static bool
line_take(struct httpline *s, struct httpline *line)
{
	const char *end = s->n == 0 ? NULL : memchr(s->p, '\n', s->n);

	if (end == NULL)
		return false;
	line->p = s->p;
	line->n = (size_t)(end - s->p);
	s->n -= line->n + 1;
	s->p = end + 1;
	if (line->n > 0 && line->p[line->n - 1] == '\r')
		line->n--;
	return true;
}

/* As much of it as fits. */
static void
copy(char *out, size_t room, struct httpline v)
{
	size_t n = v.n < room ? v.n : room - 1;

	memcpy(out, v.p, n);
	out[n] = '\0';
}

static bool
status_line(struct httpline line, struct httpread *r)
{
	size_t n = 0;

	if (line.n < 12 || memcmp(line.p, "HTTP/1.", 7) != 0 ||
	    (line.p[7] != '0' && line.p[7] != '1') || line.p[8] != ' ' ||
	    (line.n > 12 && line.p[12] != ' ') ||
	    !httpline_number((struct httpline){ line.p + 9, 3 }, 10, &n) ||
	    n < 100)
		return false;
	r->close = line.p[7] == '0';
	r->status = (int)n;
	return true;
}

/* One that does not fit is left out. */
static void
take_challenge(struct httpline v, struct httpread *r)
{
	char *at = r->challenges;
	size_t room = sizeof(r->challenges) - 1, n;

	for (; *at != '\0'; at += n, room -= n)
		n = strlen(at) + 1;
	if (v.n < room)
		copy(at, room, v);
}

/* Two lengths that differ, or a length and chunks, could be read two ways. */
static bool
header_line(struct httpline line, struct httpread *r)
{
	struct httpline name, v;
	size_t n;

	if (!httpline_header(line, &name, &v))
		return false;
	if (httpline_is(name, "Content-Length")) {
		if (!httpline_number(v, 10, &n) ||
		    (r->has_length && n != r->length))
			return false;
		r->has_length = true;
		r->length = n;
	} else if (httpline_is(name, "Transfer-Encoding")) {
		if (r->chunked || !httpline_is(v, "chunked"))
			return false;
		r->chunked = true;
	} else if (httpline_is(name, "Connection")) {
		if (httpline_is(v, "close"))
			r->close = true;
		else if (httpline_is(v, "keep-alive"))
			r->close = false;
	} else if (httpline_is(name, "Server")) {
		copy(r->server, sizeof(r->server), v);
	} else if (httpline_is(name, "WWW-Authenticate")) {
		take_challenge(v, r);
	}
	return !(r->has_length && r->chunked);
}

static enum httpread_verdict
bad(const char **why, const char *what)
{
	*why = what;
	return HTTPREAD_BAD;
}

static enum httpread_verdict
too_long(const char **why, const char *what)
{
	*why = what;
	return HTTPREAD_LONG;
}

static enum httpread_verdict
head_read(struct httpline *s, struct httpread *r, const char **why)
{
	struct httpline line, all = *s;

	/* What is no answer is told by its first bytes. */
	if (all.n >= 5 && memcmp(all.p, "HTTP/", 5) != 0)
		return bad(why, "no HTTP answer");
	while (line_take(s, &line)) {
		if ((size_t)(s->p - all.p) > HTTPREAD_HEAD_MAX)
			break;
		if (memchr(line.p, '\0', line.n) != NULL)
			return bad(why, "a NUL in the answer's head");
		if (line.p == all.p) {
			if (!status_line(line, r))
				return bad(why, "no HTTP answer");
		} else if (line.n == 0) {
			return HTTPREAD_DONE;
		} else if (!header_line(line, r)) {
			return bad(why, "a malformed header in the answer");
		}
	}
	return all.n > HTTPREAD_HEAD_MAX
	    ? too_long(why, "the answer's head is too long")
	    : HTTPREAD_MORE;
}

static enum httpread_verdict
chunk_line(struct httpline *s, struct httpline *line, const char **why)
{
	*line = (struct httpline){ NULL, 0 };
	if (line_take(s, line) && line->n <= CHUNK_LINE_MAX)
		return HTTPREAD_DONE;
	if (line->n > CHUNK_LINE_MAX)
		return bad(why, "no chunk in the answer");
	return s->n > CHUNK_LINE_MAX ? bad(why, "no chunk in the answer")
				     : HTTPREAD_MORE;
}

static enum httpread_verdict
chunks_read(struct httpline *s, struct wr *body, const char **why)
{
	enum httpread_verdict v;
	struct httpline line = { NULL, 0 };
	const char *semi, *start = s->p;
	size_t n;

	for (;;) {
		/* Extensions are read anew with each piece that comes. */
		if ((size_t)(s->p - start) > HTTPREAD_HEAD_MAX + 8 * body->len)
			return too_long(
			    why, "the answer is more chunks than text");
		if ((v = chunk_line(s, &line, why)) != HTTPREAD_DONE)
			return v;
		if ((semi = memchr(line.p, ';', line.n)) != NULL)
			line.n = (size_t)(semi - line.p);
		if (!httpline_number(httpline_trim(line), 16, &n))
			return bad(why, "no chunk in the answer");
		if (n == 0)
			break;
		if (n > body->max - body->len)
			return too_long(why, "the answer is too long");
		if (s->n < n + 1)
			return HTTPREAD_MORE;
		wr_bytes(body, s->p, n);
		s->p += n;
		s->n -= n;
		if ((v = chunk_line(s, &line, why)) != HTTPREAD_DONE)
			return v;
		if (line.n != 0)
			return bad(why, "a chunk longer than its length");
	}
	/* Trailer fields are not looked at; an empty line ends them. */
	start = s->p;
	do {
		if ((size_t)(s->p - start) > HTTPREAD_HEAD_MAX)
			return too_long(
			    why, "the answer's trailer is too long");
		if ((v = chunk_line(s, &line, why)) != HTTPREAD_DONE)
			return v;
	} while (line.n > 0);
	return HTTPREAD_DONE;
}

static bool
has_no_body(const struct httpread *r)
{
	return r->status < 200 || r->status == 204 || r->status == 304;
}

enum httpread_verdict
httpread_answer(const void *p, size_t n, struct httpread *r, struct wr *body,
    size_t *used, const char **why)
{
	struct httpline s = { p, n };
	enum httpread_verdict v;

	memset(r, 0, sizeof(*r));
	wr_reset(body);
	if ((v = head_read(&s, r, why)) != HTTPREAD_DONE)
		return v;
	if (has_no_body(r)) {
		;
	} else if (r->chunked) {
		if ((v = chunks_read(&s, body, why)) != HTTPREAD_DONE)
			return v;
	} else if (r->has_length) {
		if (r->length > body->max)
			return too_long(why, "the answer is too long");
		if (s.n < r->length)
			return HTTPREAD_MORE;
		wr_bytes(body, s.p, r->length);
		s.p += r->length;
	} else {
		v = HTTPREAD_TO_END;
	}
	if (body->failed)
		return bad(why, "no memory for the answer");
	*used = (size_t)(s.p - (const char *)p);
	return v;
}
