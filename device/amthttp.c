/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/httpline.h"
#include "device/amthttp.h"

#define CHUNK_LINE_MAX 256
/* Of all that stands around and behind a body's chunks: extensions and trailer
 * fields have no limit of their own (RFC 9112 7.1.1). */
#define CHUNK_LINES_MAX AMTHTTP_BODY_MAX
#define CHUNK_OUT 0x4000
#define EMPTY_LINES 4 /* before a request: RFC 9112 2.2 asks for one */

/* The line up to CR LF, taken off s. false: no whole line there. */
static bool
line_take(struct httpline *s, struct httpline *line)
{
	const char *end = s->n < 2 ? NULL : memmem(s->p, s->n, "\r\n", 2);

	if (end == NULL)
		return false;
	line->p = s->p;
	line->n = (size_t)(end - s->p);
	s->n -= line->n + 2;
	s->p = end + 2;
	return true;
}

static bool
word_take(struct httpline *s, char *out, size_t room)
{
	const char *sp = memchr(s->p, ' ', s->n);
	size_t n = sp == NULL ? s->n : (size_t)(sp - s->p);

	if (n == 0 || n >= room)
		return false;
	memcpy(out, s->p, n);
	out[n] = '\0';
	s->p += n + (sp != NULL);
	s->n -= n + (sp != NULL);
	return true;
}

/* The absolute form of a target ends up as its path (RFC 9112 3.2.2). */
static void
target_path(char *target)
{
	char *path = NULL;

	if (strncasecmp(target, "https://", 8) == 0)
		path = strchr(target + 8, '/');
	else if (strncasecmp(target, "http://", 7) == 0)
		path = strchr(target + 7, '/');
	if (path != NULL)
		memmove(target, path, strlen(path) + 1);
}

/* Is word among those between the commas? */
static bool
list_has(struct httpline v, const char *word)
{
	const char *comma;
	size_t n;

	while (v.n > 0) {
		comma = memchr(v.p, ',', v.n);
		n = comma != NULL ? (size_t)(comma - v.p) : v.n;
		if (httpline_is(
			httpline_trim((struct httpline){ v.p, n }), word))
			return true;
		n += comma != NULL;
		v.p += n;
		v.n -= n;
	}
	return false;
}

static int
wrong(struct amthttp_request *r, int status, const char *why)
{
	r->why = why;
	return status;
}

/* Any 1.x is answered as 1.1 (RFC 9110 2.5). */
static int
version_status(struct amthttp_request *r, const char *v)
{
	if (strncmp(v, "HTTP/", 5) != 0 || v[5] < '0' || v[5] > '9' ||
	    v[6] != '.' || v[7] < '0' || v[7] > '9' || v[8] != '\0')
		return wrong(r, 400, "HTTP: no version in the first line");
	r->old = v[7] == '0';
	return v[5] == '1' ? 0 : wrong(r, 505, "HTTP: not version 1");
}

/* 0, or the status that answers it. */
static int
request_line(struct httpline line, struct amthttp_request *r)
{
	char version[16];
	int status;

	if (!word_take(&line, r->method, sizeof(r->method)))
		return wrong(r, 400, "HTTP: no method in the first line");
	if (!word_take(&line, r->path, sizeof(r->path)))
		return wrong(r, line.n >= sizeof(r->path) ? 414 : 400,
		    "HTTP: the first line has no path, or too long a one");
	if (!word_take(&line, version, sizeof(version)) || line.n != 0)
		return wrong(r, 400, "HTTP: no version in the first line");
	target_path(r->path);
	if ((status = version_status(r, version)) == 0)
		r->close = r->old;
	return status;
}

/* Two lengths, or a length and chunks, are how requests are smuggled. */
static int
header_line(struct httpline line, struct amthttp_request *r)
{
	struct httpline name, v;

	if (!httpline_header(line, &name, &v))
		return wrong(r, 400, "HTTP: a header is malformed or folded");
	if (httpline_is(name, "Host")) {
		if (r->has_host)
			return wrong(r, 400, "HTTP: Host twice");
		r->has_host = true;
	} else if (httpline_is(name, "Content-Length")) {
		if (r->has_length || !httpline_number(v, 10, &r->length))
			return wrong(
			    r, 400, "HTTP: Content-Length twice, or no number");
		r->has_length = true;
	} else if (httpline_is(name, "Transfer-Encoding")) {
		if (!httpline_is(v, "chunked"))
			return wrong(r, 501,
			    "HTTP: a Transfer-Encoding that is not chunked");
		if (r->chunked || r->old) /* RFC 9112 6.1 */
			return wrong(r, 400,
			    "HTTP: Transfer-Encoding twice, or in HTTP/1.0");
		r->chunked = true;
	} else if (httpline_is(name, "Connection")) {
		r->close |= list_has(v, "close");
	} else if (httpline_is(name, "Expect")) {
		r->expects = !r->old && httpline_is(v, "100-continue");
	} else if (httpline_is(name, "Authorization")) {
		if (v.n >= sizeof(r->authorization) ||
		    r->authorization[0] != '\0')
			return wrong(
			    r, 400, "HTTP: Authorization twice, or too long");
		memcpy(r->authorization, v.p, v.n);
		r->authorization[v.n] = '\0';
	}
	return r->has_length && r->chunked
	    ? wrong(r, 400, "HTTP: Content-Length beside Transfer-Encoding")
	    : 0;
}

static enum amthttp_verdict
bad(struct amthttp_request *r, int *status, int code, const char *why)
{
	*status = wrong(r, code, why);
	return AMTHTTP_BAD;
}

/* CR and LF stand together: a head of bare ones is no HTTP, and is told so at
 * once and not when its client gives up. */
static bool
lines_good(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\0' ||
		    (p[i] == '\n' && (i == 0 || p[i - 1] != '\r')))
			return false;
		if (p[i] == '\r' && i + 1 < n && p[i + 1] != '\n')
			return false;
	}
	return true;
}

static void
empty_lines_skip(struct httpline *s)
{
	for (int i = 0;
	     i < EMPTY_LINES && s->n >= 2 && s->p[0] == '\r' && s->p[1] == '\n';
	     i++) {
		s->p += 2;
		s->n -= 2;
	}
}

static enum amthttp_verdict
head_read(struct httpline *s, struct amthttp_request *r, int *status)
{
	const char *end;
	struct httpline line;
	size_t n, seen;
	int code;

	empty_lines_skip(s);
	end = memmem(s->p, s->n, "\r\n\r\n", 4);
	n = end == NULL ? s->n : (size_t)(end - s->p);
	/* With the end of the last line, before which a bare CR may stand. */
	seen = end == NULL ? n : n + 2;
	if (!lines_good(
		s->p, seen > AMTHTTP_HEAD_MAX ? AMTHTTP_HEAD_MAX : seen))
		return bad(r, status, 400,
		    "HTTP: a byte 0, or a line that does not end in CR LF");
	if (n > AMTHTTP_HEAD_MAX)
		return bad(r, status, 413, "HTTP: the headers are too long");
	if (end == NULL)
		return AMTHTTP_MORE;
	if (!line_take(s, &line))
		return bad(r, status, 400, "HTTP: no first line");
	if ((code = request_line(line, r)) != 0)
		return bad(r, status, code, r->why);
	while (line_take(s, &line) && line.n > 0)
		if ((code = header_line(line, r)) != 0)
			return bad(r, status, code, r->why);
	r->expects &= r->chunked || r->length > 0;
	return AMTHTTP_DONE;
}

/* A line between chunks or behind them; *lines counts their bytes. */
static enum amthttp_verdict
chunk_line(struct httpline *s, struct httpline *line, size_t *lines,
    struct amthttp_request *r, int *status)
{
	static const char why[] = "HTTP: no line with a chunk's size";

	if (!line_take(s, line))
		return s->n > CHUNK_LINE_MAX ? bad(r, status, 400, why)
					     : AMTHTTP_MORE;
	if (memchr(line->p, '\n', line->n) != NULL ||
	    memchr(line->p, '\r', line->n) != NULL)
		return bad(r, status, 400, why);
	*lines += line->n + 2;
	return *lines > CHUNK_LINES_MAX
	    ? bad(r, status, 413, "HTTP: too much around the chunks")
	    : AMTHTTP_DONE;
}

static enum amthttp_verdict
chunks_read(
    struct httpline *s, struct amthttp_request *r, struct wr *body, int *status)
{
	enum amthttp_verdict v;
	struct httpline line;
	size_t n, lines = 0;
	const char *semi;

	for (;;) {
		if ((v = chunk_line(s, &line, &lines, r, status)) !=
		    AMTHTTP_DONE)
			return v;
		if ((semi = memchr(line.p, ';', line.n)) != NULL)
			line.n = (size_t)(semi - line.p);
		if (!httpline_number(httpline_trim(line), 16, &n))
			return bad(r, status, 400,
			    "HTTP: a chunk's size is no number");
		if (n > AMTHTTP_BODY_MAX - body->len)
			return bad(
			    r, status, 413, "HTTP: the body is too long");
		if (n == 0)
			break;
		if (s->n < n + 2)
			return AMTHTTP_MORE;
		if (memcmp(s->p + n, "\r\n", 2) != 0)
			return bad(r, status, 400,
			    "HTTP: a chunk is longer than it says");
		wr_bytes(body, s->p, n);
		s->p += n + 2;
		s->n -= n + 2;
	}
	/* Trailer fields are not looked at; an empty line ends them. */
	do {
		if ((v = chunk_line(s, &line, &lines, r, status)) !=
		    AMTHTTP_DONE)
			return v;
	} while (line.n > 0);
	return AMTHTTP_DONE;
}

enum amthttp_verdict
amthttp_read(const uint8_t *p, size_t n, struct amthttp_request *r,
    struct wr *body, size_t *used, int *status)
{
	struct httpline s = { (const char *)p, n };
	enum amthttp_verdict v;

	memset(r, 0, sizeof(*r));
	wr_reset(body);
	if ((v = head_read(&s, r, status)) != AMTHTTP_DONE)
		return v;
	if (r->chunked) {
		if ((v = chunks_read(&s, r, body, status)) != AMTHTTP_DONE)
			return v;
	} else {
		if (r->length > AMTHTTP_BODY_MAX)
			return bad(
			    r, status, 413, "HTTP: the body is too long");
		if (s.n < r->length)
			return AMTHTTP_MORE;
		wr_bytes(body, s.p, r->length);
		s.p += r->length;
	}
	if (body->failed)
		return bad(r, status, 500, "out of memory");
	*used = (size_t)((const uint8_t *)s.p - p);
	return AMTHTTP_DONE;
}

static const char *
status_words(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 400:
		return "Bad Request";
	case 401:
		return "Unauthorized";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 408:
		return "Request Timeout";
	case 413:
		return "Request Entity Too Large";
	case 414:
		return "URI Too Long";
	case 501:
		return "Not Implemented";
	case 505:
		return "HTTP Version Not Supported";
	default:
		return "Internal Server Error";
	}
}

static void
write_head(struct wr *w, const struct amthttp_answer *a)
{
	char date[40];
	struct tm tm;

	gmtime_r(&a->date, &tm);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	wr_fmt(w, "HTTP/1.1 %d %s\r\n", a->status, status_words(a->status));
	if (a->status == 401)
		wr_fmt(w,
		    "WWW-Authenticate: Digest realm=\"%s\", nonce=\"%s\","
		    "stale=\"%s\",qop=\"auth\"\r\n",
		    a->realm, a->nonce, a->stale ? "true" : "false");
	if (a->status == 405)
		wr_str(w, "Allow: POST\r\n");
	wr_fmt(w,
	    "Date: %s\r\n"
	    "Server: Intel(R) Active Management Technology %s\r\n",
	    date, a->version);
	if (a->close)
		wr_str(w, "Connection: close\r\n");
}

/* Its words are the program's own, without a mark of HTML. */
static void
write_page(struct wr *w, const struct amthttp_answer *a)
{
	char page[512];
	int n = snprintf(page, sizeof(page),
	    "<html><head><title>%d</title></head>"
	    "<body>%s%s%.240s</body></html>\n",
	    a->status, status_words(a->status), a->why != NULL ? ": " : "",
	    a->why != NULL ? a->why : "");

	wr_fmt(w, "Content-Type: text/html\r\nContent-Length: %d\r\n\r\n%s", n,
	    a->head ? "" : page);
}

void
amthttp_write(struct wr *w, const struct amthttp_answer *a)
{
	size_t n;

	write_head(w, a);
	if (a->body == NULL) {
		write_page(w, a);
		return;
	}
	wr_str(w,
	    "X-Frame-Options: DENY\r\n"
	    "Content-Type: application/soap+xml; charset=UTF-8\r\n");
	if (a->old) {
		wr_fmt(w, "Content-Length: %zu\r\n\r\n", a->n);
		wr_bytes(w, a->body, a->n);
		return;
	}
	wr_str(w, "Transfer-Encoding: chunked\r\n\r\n");
	for (size_t i = 0; i < a->n; i += n) {
		n = a->n - i < CHUNK_OUT ? a->n - i : CHUNK_OUT;
		wr_fmt(w, "%04zX\r\n", n);
		wr_bytes(w, a->body + i, n);
		wr_str(w, "\r\n");
	}
	wr_str(w, "0\r\n\r\n");
}
