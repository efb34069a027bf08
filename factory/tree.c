/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cli.h"
#include "base/digest.h"
#include "base/text.h"
#include "factory/tree.h"
#include "formats/cjson.h"

#define TREE_MAX 0x4000000 /* bytes of output */
#define TREE_WIDTH 80      /* columns for people */

void
tree_begin(struct tree *t, bool json)
{
	memset(t, 0, sizeof(*t));
	t->json = json;
	wr_grow(&t->out, TREE_MAX);
	if (json)
		wr_u8(&t->out, '{');
}

/* ---- JSON ---- */

static void
json_comma(struct wr *w)
{
	uint8_t last = w->len > 0 ? w->buf[w->len - 1] : '{';

	if (last != '{' && last != '[')
		wr_u8(w, ',');
}

/* Ends the list that is open in this object. */
static void
json_unlist(struct tree *t)
{
	if (t->list[t->depth] != NULL)
		wr_u8(&t->out, ']');
	t->list[t->depth] = NULL;
}

static void
json_key(struct tree *t, const char *key)
{
	json_unlist(t);
	json_comma(&t->out);
	cjson_put_string(&t->out, key);
	wr_u8(&t->out, ':');
}

static void
json_item(struct tree *t, const char *list)
{
	if (t->list[t->depth] == NULL || strcmp(t->list[t->depth], list) != 0) {
		json_key(t, list);
		wr_u8(&t->out, '[');
		t->list[t->depth] = list;
	}
	json_comma(&t->out);
	wr_u8(&t->out, '{');
}

/* ---- text ---- */

static void
text_line(struct tree *t)
{
	if (t->line)
		wr_u8(&t->out, '\n');
	wr_fill(&t->out, ' ', t->depth > 0 ? 2 * (t->depth - 1) : 0);
	t->line = true;
	t->values = false;
}

/* An object's values stand below each other, a node's behind it. */
static void
text_key(struct tree *t, const char *key)
{
	if (!t->line || t->rows) {
		text_line(t);
		wr_str(&t->out, "  ");
	} else
		wr_str(&t->out, t->values ? ", " : t->depth > 0 ? "  " : "");
	t->values = true;
	for (; *key != '\0'; key++)
		wr_u8(&t->out, *key == '_' ? ' ' : (uint8_t)*key);
}

/* ---- nodes ---- */

static void
enter(struct tree *t)
{
	if (t->depth + 1 >= TREE_DEPTH)
		t->out.failed = true;
	else
		t->list[++t->depth] = NULL;
	t->rows = false;
	if (!t->json)
		text_line(t);
}

static void
named(struct tree *t, const char *name)
{
	if (name == NULL)
		return;
	if (t->json) {
		json_key(t, "name");
		cjson_put_string(&t->out, name);
	} else
		wr_fmt(&t->out, "%s", name);
}

/* The text of a node's range. */
static void
range(struct tree *t, size_t from, size_t end)
{
	if (t->json)
		return;
	wr_fmt(&t->out, "0x%08zx", from);
	if (end > from)
		wr_fmt(&t->out, "..0x%08zx", end - 1);
	wr_u8(&t->out, ' ');
}

void
tree_region(struct tree *t, size_t base, size_t limit, const char *name)
{
	if (t->json)
		json_item(t, "regions");
	enter(t);
	range(t, base, limit + 1);
	named(t, name);
	if (!t->json)
		return;
	tree_uint(t, "base", base);
	tree_uint(t, "limit", limit);
}

void
tree_open(
    struct tree *t, const char *list, size_t from, size_t end, const char *name)
{
	if (t->json)
		json_item(t, list);
	enter(t);
	range(t, from, end);
	named(t, name);
	if (!t->json)
		return;
	tree_uint(t, "offset", from);
	if (end > from)
		tree_uint(t, "size", end - from);
}

void
tree_entry(struct tree *t, const char *list, const char *name)
{
	if (t->json)
		json_item(t, list);
	enter(t);
	named(t, name);
}

void
tree_object(struct tree *t, const char *key)
{
	if (t->json) {
		json_key(t, key);
		wr_u8(&t->out, '{');
	}
	enter(t);
	if (!t->json)
		wr_str(&t->out, key);
	t->rows = true;
}

void
tree_close(struct tree *t)
{
	if (t->depth == 0)
		return;
	if (t->json) {
		json_unlist(t);
		wr_u8(&t->out, '}');
	}
	t->depth--;
}

/* ---- values ---- */

static void
put_key(struct tree *t, const char *key)
{
	if (t->json)
		json_key(t, key);
	else
		text_key(t, key);
}

void
tree_uint(struct tree *t, const char *key, uint64_t v)
{
	put_key(t, key);
	if (t->json)
		cjson_put_uint(&t->out, v);
	else
		wr_fmt(&t->out, " %llu", (unsigned long long)v);
}

void
tree_hex(struct tree *t, const char *key, uint64_t v)
{
	put_key(t, key);
	if (t->json)
		cjson_put_uint(&t->out, v);
	else
		wr_fmt(&t->out, " 0x%llx", (unsigned long long)v);
}

void
tree_raw(struct tree *t, const char *key, uint64_t v)
{
	if (t->json)
		tree_hex(t, key, v);
}

void
tree_text(struct tree *t, const char *key, const char *v)
{
	if (v == NULL || v[0] == '\0')
		return;
	put_key(t, key);
	if (t->json)
		cjson_put_string(&t->out, v);
	else
		wr_fmt(&t->out, " %s", v);
}

void
tree_flag(struct tree *t, const char *key, bool v)
{
	if (!t->json && !v)
		return;
	put_key(t, key);
	if (t->json)
		cjson_put_bool(&t->out, v);
}

void
tree_uuid(struct tree *t, const char *key, const struct uuid *v)
{
	char text[UUID_TEXT];

	uuid_text(v, text);
	tree_text(t, key, text);
}

void
tree_bytes(struct tree *t, const char *key, const void *p, size_t n)
{
	char hex[TEXT_HEX_SIZE(128)];

	if (n > 128)
		n = 128;
	text_hex(hex, p, n);
	tree_text(t, key, hex);
}

void
tree_sha256(struct tree *t, const void *p, size_t n)
{
	uint8_t sha[SHA256_LEN];

	if (!t->json)
		return;
	digest_sha256(p, n, sha);
	tree_bytes(t, "sha256", sha, sizeof(sha));
}

/* ---- what is not understood ---- */

void
tree_unknown(struct tree *t, size_t from, size_t end, const char *what)
{
	struct tree_gap *g;

	for (size_t i = 0; i < t->ngaps; i++)
		if (t->gap[i].from == from && t->gap[i].end == end)
			return;
	if (t->gap == NULL)
		t->gap = calloc(TREE_GAPS, sizeof(*t->gap));
	if (t->gap == NULL) {
		t->out.failed = true;
		return;
	}
	if (t->ngaps == TREE_GAPS) {
		t->more++;
		return;
	}
	g = &t->gap[t->ngaps++];
	g->from = from;
	g->end = end > from ? end : from;
	snprintf(g->what, sizeof(g->what), "%s", what);
}

static int
by_offset(const void *a, const void *b)
{
	const struct tree_gap *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

static void
put_gaps(struct tree *t)
{
	if (t->ngaps > 0)
		qsort(t->gap, t->ngaps, sizeof(*t->gap), by_offset);
	if (t->json && t->ngaps == 0) {
		json_key(t, "unknown");
		wr_str(&t->out, "[]");
	}
	if (!t->json && t->ngaps > 0) {
		text_line(t);
		wr_str(&t->out, "not understood");
		t->depth++;
	}
	for (size_t i = 0; i < t->ngaps; i++) {
		const struct tree_gap *g = &t->gap[i];

		tree_open(t, "unknown", g->from, g->end, NULL);
		if (t->json)
			tree_text(t, "what", g->what);
		else
			wr_fmt(&t->out, "%s", g->what);
		tree_close(t);
	}
	if (t->more > 0)
		tree_uint(t, "unknown_more", t->more);
}

/* ---- lines for people ---- */

/* Where a line that is too wide is broken: behind a comma, else at a blank;
 * 0 where there is neither. */
static size_t
break_at(const uint8_t *line, size_t from, size_t max)
{
	size_t blank = 0;

	for (size_t i = max; i > from; i--) {
		if (line[i] != ' ')
			continue;
		if (line[i - 1] == ',' || line[i - 1] == ' ')
			return i;
		if (blank == 0)
			blank = i;
	}
	return blank;
}

static void
put_folded(struct wr *w, const uint8_t *line, size_t n)
{
	size_t indent = 0, room = TREE_WIDTH, cut, end;

	while (indent < n && line[indent] == ' ')
		indent++;
	wr_fill(w, ' ', indent);
	line += indent;
	n -= indent;
	room -= indent;
	while (n > room && (cut = break_at(line, 0, room)) > 0) {
		for (end = cut; end > 0 && line[end - 1] == ' ';)
			end--;
		wr_bytes(w, line, end);
		wr_u8(w, '\n');
		wr_fill(w, ' ', indent + 4);
		line += cut + 1;
		n -= cut + 1;
		room = TREE_WIDTH - indent - 4;
	}
	wr_bytes(w, line, n);
	wr_u8(w, '\n');
}

static enum err_code
print_folded(const struct wr *text, struct err *e)
{
	struct wr w;

	wr_grow(&w, 2 * TREE_MAX);
	for (size_t at = 0, end; at < text->len; at = end + 1) {
		for (end = at; end < text->len && text->buf[end] != '\n';)
			end++;
		put_folded(&w, text->buf + at, end - at);
	}
	return cli_print(&w, e);
}

enum err_code
tree_end(struct tree *t, struct err *e)
{
	while (t->depth > 0)
		tree_close(t);
	put_gaps(t);
	free(t->gap);
	t->gap = NULL;
	if (t->json) {
		json_unlist(t);
		wr_u8(&t->out, '}');
	}
	wr_u8(&t->out, '\n');
	if (t->json || t->out.failed)
		return cli_print(&t->out, e);
	print_folded(&t->out, e);
	wr_free(&t->out);
	return e->code;
}
