/* SPDX-License-Identifier: Apache-2.0 */
/* A document that is read is a tree of printable size; written again in the
 * plainest way it reads as the same tree. */
#include <string.h>

#include "base/xml.h"
#include "tests/fuzz.h"

static void
write_node(struct wr *w, const struct node *n)
{
	wr_str(w, "<n:");
	wr_str(w, n->name);
	wr_str(w, " xmlns:n=\"");
	node_escape(w, n->ns);
	wr_u8(w, '"');
	if (n->attr_name != NULL) {
		wr_str(w, " Name=\"");
		node_escape(w, n->attr_name);
		wr_u8(w, '"');
	}
	if (n->must)
		wr_str(w,
		    " s:mustUnderstand=\"1\""
		    " xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"");
	if (n->nil)
		wr_str(w, " x:nil=\"1\" xmlns:x=\"" NODE_SCHEMA "\"");
	wr_u8(w, '>');
	node_escape(w, n->raw);
	for (const struct node *c = n->child; c != NULL; c = c->next)
		write_node(w, c);
	wr_str(w, "</n:");
	wr_str(w, n->name);
	wr_u8(w, '>');
}

/* That of the prefix "xml" can be bound to no other. */
static bool
has_ns(const struct node *n)
{
	if (n->ns[0] == '\0' ||
	    strcmp(n->ns, "http://www.w3.org/XML/1998/namespace") == 0)
		return false;
	for (const struct node *c = n->child; c != NULL; c = c->next)
		if (!has_ns(c))
			return false;
	return true;
}

static bool
same(const struct node *a, const struct node *b)
{
	const struct node *c = a->child, *d = b->child;

	if (strcmp(a->name, b->name) != 0 || strcmp(a->ns, b->ns) != 0 ||
	    strcmp(a->text, b->text) != 0 || strcmp(a->raw, b->raw) != 0 ||
	    (a->attr_name == NULL) != (b->attr_name == NULL) ||
	    (a->attr_name != NULL && strcmp(a->attr_name, b->attr_name) != 0) ||
	    a->must != b->must || a->nil != b->nil)
		return false;
	for (; c != NULL && d != NULL; c = c->next, d = d->next)
		if (!same(c, d))
			return false;
	return c == d;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct xml *x = NULL, *again = NULL;
	struct err e = { 0 };
	struct wr w;

	if (xml_read(p, n, &x, &e) != ERR_OK) {
		must(e.msg[0] != '\0' && x == NULL);
		return 0;
	}
	must(xml_root(x) != NULL && xml_root(x)->next == NULL);
	if (has_ns(xml_root(x))) {
		wr_grow(&w, 1 << 24);
		write_node(&w, xml_root(x));
		if (!w.failed && xml_read(w.buf, w.len, &again, &e) == ERR_OK)
			must(same(xml_root(x), xml_root(again)));
		/* only size and depth may stand against it */
		must(again != NULL || w.len > n);
		xml_free(again);
		wr_free(&w);
	}
	xml_free(x);
	return 0;
}
