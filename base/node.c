/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/node.h"

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
