/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "factory/scan.h"
#include "formats/cjson.h"
#include "formats/reason.h"

#define DIGITS (2 * UUID_LEN)

/* A part of the line. */
struct piece {
	const char *p;
	size_t n;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool
is_separator(char c)
{
	return is_blank(c) || c == ',' || c == ';';
}

static struct piece
trim(struct piece t)
{
	while (t.n > 0 && is_blank(t.p[0])) {
		t.p++;
		t.n--;
	}
	while (t.n > 0 && is_blank(t.p[t.n - 1]))
		t.n--;
	return t;
}

static bool
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	    (c >= 'a' && c <= 'z');
}

/* "]" code modifier, which a scanner may be set to send in front. */
static struct piece
strip_symbology(struct piece t)
{
	while (t.n > 3 && t.p[0] == ']' && is_alnum(t.p[1]) && t.p[1] > '9' &&
	    is_alnum(t.p[2]))
		t = trim((struct piece){ t.p + 3, t.n - 3 });
	return t;
}

static bool
is_uuid(struct piece t, bool raw, struct uuid *out)
{
	static const size_t group[] = { 8, 4, 4, 4, 12 };
	char text[UUID_TEXT];
	size_t at = 0;

	if (t.n == DIGITS) {
		for (size_t g = 0; g < 5; g++) {
			memcpy(text + at + g, t.p + at, group[g]);
			at += group[g];
			text[at + g] = '-';
		}
	} else if (t.n == UUID_TEXT - 1)
		memcpy(text, t.p, t.n);
	else
		return false;
	text[UUID_TEXT - 1] = '\0';
	return raw ? uuid_parse_raw(out, text) : uuid_parse(out, text);
}

static enum err_code
bad(size_t at, const char *why, struct err *e)
{
	err_refuse(e, ERR_DATA, reason_get(REASON_SCAN_MALFORMED),
	    "the scan is not understood at character %zu: %s", at + 1, why);
	return err_at(e, at);
}

static enum err_code
read_label(const char *line, struct piece t, struct scan *s, struct err *e)
{
	char uuid[UUID_TEXT];
	struct rd r;

	rd_init(&r, t.p, t.n);
	cjson_want(&r, "{\"uuid\":");
	cjson_get_string(&r, uuid, sizeof(uuid));
	if (r.why == NULL && !uuid_parse(&s->uuid, uuid))
		rd_fail(&r, "no UUID");
	s->has_uuid = true;
	if (cjson_have(&r, ",\"serial\":")) {
		cjson_get_string(&r, s->serial, sizeof(s->serial));
		if (r.why == NULL &&
		    (s->serial[0] == '\0' ||
			!text_printable(s->serial, strlen(s->serial))))
			rd_fail(&r, "no serial number");
	}
	if (cjson_have(&r, ",\"pid\":")) {
		cjson_get_string(&r, s->pid, sizeof(s->pid));
		if (r.why == NULL &&
		    (s->pid[0] == '\0' ||
			!text_printable(s->pid, strlen(s->pid))))
			rd_fail(&r, "no PID");
	}
	cjson_want(&r, "}");
	return rd_end(&r) ? ERR_OK : bad((size_t)(t.p - line) + r.at, r.why, e);
}

static enum err_code
take_serial(const char *line, struct piece t, struct scan *s, struct err *e)
{
	if (memchr(t.p, '\t', t.n) != NULL)
		return bad(
		    (size_t)((const char *)memchr(t.p, '\t', t.n) - line),
		    "a tab, and no UUID behind or before it", e);
	if (t.n >= sizeof(s->serial))
		return bad((size_t)(t.p - line) + sizeof(s->serial) - 1,
		    "a serial number has at most 63 characters", e);
	memcpy(s->serial, t.p, t.n);
	s->serial[t.n] = '\0';
	return ERR_OK;
}

/* What is left of the line when its first or last n characters are taken. */
static struct piece
rest(struct piece t, size_t n, bool first)
{
	t.p += first ? n : 0;
	t.n -= n;
	while (t.n > 0 && is_separator(t.p[0])) {
		t.p++;
		t.n--;
	}
	while (t.n > 0 && is_separator(t.p[t.n - 1]))
		t.n--;
	return t;
}

static size_t
word_len(struct piece t, bool first)
{
	size_t n = 0;

	while (n < t.n && !is_separator(t.p[first ? n : t.n - 1 - n]))
		n++;
	return n;
}

/* The first or last word, if it is a UUID. */
static bool
take_uuid(struct piece *t, bool first, bool raw, struct uuid *out)
{
	size_t n = word_len(*t, first);
	struct piece word = { first ? t->p : t->p + t->n - n, n };

	if (!is_uuid(word, raw, out))
		return false;
	*t = rest(*t, n, first);
	return true;
}

static enum err_code
read_words(
    const char *line, struct piece t, bool raw, struct scan *s, struct err *e)
{
	struct uuid other;

	s->has_uuid = take_uuid(&t, false, raw, &s->uuid) ||
	    take_uuid(&t, true, raw, &s->uuid);
	if (s->has_uuid && t.n > 0 &&
	    (take_uuid(&t, false, raw, &other) ||
		take_uuid(&t, true, raw, &other)))
		return bad((size_t)(t.p - line), "two UUIDs", e);
	return take_serial(line, t, s, e);
}

enum err_code
scan_read(const void *line, size_t n, bool raw, struct scan *s, struct err *e)
{
	struct piece t = { line, n };

	memset(s, 0, sizeof(*s));
	if (n > SCAN_MAX)
		return bad(SCAN_MAX, "more than 512 characters", e);
	while (t.n > 0 && (t.p[t.n - 1] == '\r' || t.p[t.n - 1] == '\n'))
		t.n--;
	for (size_t i = 0; i < t.n; i++)
		if (!text_printable(t.p + i, 1) && t.p[i] != '\t')
			return bad(i, "not a printable ASCII character", e);
	t = strip_symbology(trim(t));
	if (t.n > 0 && t.p[0] == '{')
		read_label(line, t, s, e);
	else
		read_words(line, t, raw, s, e);
	if (e->code != ERR_OK)
		memset(s, 0, sizeof(*s));
	return e->code;
}

void
scan_write(struct wr *w, const struct scan *s)
{
	char uuid[UUID_TEXT];

	if (!s->has_uuid) {
		wr_str(w, s->serial);
		return;
	}
	uuid_text(&s->uuid, uuid);
	wr_str(w, "{\"uuid\":");
	cjson_put_string(w, uuid);
	cjson_put_member(w, "serial", s->serial);
	if (s->pid[0] != '\0')
		cjson_put_member(w, "pid", s->pid);
	wr_str(w, "}");
}
