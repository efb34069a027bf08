/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/node.h"
#include "base/text.h"

static const struct node *
child_n(const struct node *n, const char *name, size_t len)
{
	const struct node *c;

	if (n == NULL)
		return NULL;
	for (c = n->child; c != NULL; c = c->next)
		if (strlen(c->name) == len && memcmp(c->name, name, len) == 0)
			return c;
	return NULL;
}

const struct node *
node_child(const struct node *n, const char *name)
{
	return child_n(n, name, strlen(name));
}

const struct node *
node_path(const struct node *n, const char *path)
{
	while (n != NULL && *path != '\0') {
		size_t len = strcspn(path, "/");

		n = child_n(n, path, len);
		path += len;
		path += *path == '/';
	}
	return n;
}

const char *
node_text(const struct node *n, const char *path)
{
	n = node_path(n, path);
	return n == NULL ? NULL : n->text;
}

const char *
node_raw(const struct node *n, const char *path)
{
	n = node_path(n, path);
	return n == NULL ? NULL : n->raw;
}

bool
node_b64(const struct node *n, const char *path, void *out, size_t *len)
{
	const char *text = node_text(n, path);

	return text != NULL && text_unb64_lines(out, len, text, strlen(text));
}

void
node_escape(struct wr *w, const char *s)
{
	size_t plain;

	for (;; s++) {
		plain = strcspn(s, "&<>\"\t\n\r");
		wr_bytes(w, s, plain);
		s += plain;
		switch (*s) {
		case '\0':
			return;
		case '&':
			wr_str(w, "&amp;");
			break;
		case '<':
			wr_str(w, "&lt;");
			break;
		case '>':
			wr_str(w, "&gt;");
			break;
		case '"':
			wr_str(w, "&quot;");
			break;
		default: /* a reader would normalise them away */
			wr_fmt(w, "&#%d;", *s);
		}
	}
}

static void
put(struct wr *w, const char *before, const char *text, const char *after)
{
	wr_str(w, before);
	node_escape(w, text);
	wr_str(w, after);
}

/* As deep as the reader let it be. */
static void
put_node(struct wr *w, const struct node *n)
{
	put(w, "<", n->name, "");
	put(w, " xmlns=\"", n->ns, "\"");
	if (n->attr_name != NULL)
		put(w, " Name=\"", n->attr_name, "\"");
	if (n->nil)
		wr_str(w, " i:nil=\"true\" xmlns:i=\"" NODE_SCHEMA "\"");
	wr_str(w, ">");
	node_inside(w, n);
	put(w, "</", n->name, ">");
}

void
node_inside(struct wr *w, const struct node *n)
{
	node_escape(w, n->raw);
	for (const struct node *c = n->child; c != NULL; c = c->next)
		put_node(w, c);
}
