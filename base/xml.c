/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <expat.h>

#include "base/secret.h"
#include "base/xml.h"

#define XML_DEPTH 32
#define XML_NODES 4096
#define XML_TEXT (256 * 1024)
#define XML_BLOCK 8192
/* Between URI and local name in expat's names; never in a local name. */
#define XML_SEP ' '
#define NIL NODE_SCHEMA " nil"
#define MUST_UNDERSTAND "http://www.w3.org/2003/05/soap-envelope mustUnderstand"

struct block {
	struct block *next;
	size_t used, size;
	_Alignas(max_align_t) char data[];
};

struct xml {
	struct block *blocks;
	struct node *root;
};

struct level {
	struct node *node, **tail; /* tail: where the next child goes */
	size_t text;               /* where its character data begins */
};

struct reading {
	XML_Parser parser;
	struct xml *xml;
	struct level level[XML_DEPTH];
	size_t depth, nodes, kept;
	struct wr text;  /* of the open elements, a stack */
	const char *why; /* our reason to stop, else expat's */
};

static void
stop(struct reading *r, const char *why)
{
	if (r->why == NULL)
		r->why = why;
	XML_StopParser(r->parser, XML_FALSE);
}

static void *
take(struct xml *x, size_t n)
{
	struct block *b = x->blocks;
	size_t size = n > XML_BLOCK ? n : XML_BLOCK;
	void *p;

	n = (n + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
	if (b == NULL || b->size - b->used < n) {
		size += sizeof(max_align_t);
		b = malloc(sizeof(*b) + size);
		if (b == NULL)
			return NULL;
		*b = (struct block){ .next = x->blocks, .size = size };
		x->blocks = b;
	}
	p = b->data + b->used;
	b->used += n;
	return p;
}

static const char *
keep(struct reading *r, const char *s, size_t n)
{
	char *p;

	r->kept += n;
	if (r->kept > XML_TEXT) {
		stop(r, "too much text");
		return "";
	}
	p = take(r->xml, n + 1);
	if (p == NULL) {
		stop(r, "out of memory");
		return "";
	}
	memcpy(p, s, n);
	p[n] = '\0';
	return p;
}

/* Most elements are in their parent's namespace: one copy serves. */
static const char *
keep_ns(struct reading *r, const char *name, const char *sep)
{
	size_t n = sep == NULL ? 0 : (size_t)(sep - name);
	const char *up;

	if (n == 0)
		return "";
	if (r->depth > 0) {
		up = r->level[r->depth - 1].node->ns;
		if (strlen(up) == n && memcmp(up, name, n) == 0)
			return up;
	}
	return keep(r, name, n);
}

static bool
is_true(const char *v)
{
	return strcmp(v, "true") == 0 || strcmp(v, "1") == 0;
}

static void XMLCALL
on_start(void *arg, const XML_Char *name, const XML_Char **attr)
{
	struct reading *r = arg;
	const char *sep = strrchr(name, XML_SEP);
	struct node *n;

	/* Expat may still call once or twice after it was told to stop. */
	if (r->why != NULL)
		return;
	if (r->depth == XML_DEPTH || r->nodes++ == XML_NODES) {
		stop(r, "too deep or too many elements");
		return;
	}
	n = take(r->xml, sizeof(*n));
	if (n == NULL) {
		stop(r, "out of memory");
		return;
	}
	*n =
	    (struct node){ .text = "", .raw = "", .ns = keep_ns(r, name, sep) };
	if (sep != NULL)
		name = sep + 1;
	n->name = keep(r, name, strlen(name));
	for (; attr[0] != NULL; attr += 2) {
		if (strcmp(attr[0], "Name") == 0)
			n->attr_name = keep(r, attr[1], strlen(attr[1]));
		else if (strcmp(attr[0], MUST_UNDERSTAND) == 0)
			n->must = is_true(attr[1]);
		else if (strcmp(attr[0], NIL) == 0)
			n->nil = is_true(attr[1]);
	}
	if (r->depth == 0) {
		r->xml->root = n;
	} else {
		*r->level[r->depth - 1].tail = n;
		r->level[r->depth - 1].tail = &n->next;
	}
	r->level[r->depth++] = (struct level){ n, &n->child, r->text.len };
}

static bool
blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* What stands in the element's text from first on. Indentation, between
 * elements, is not kept. */
static void
keep_text(struct reading *r, struct node *n, size_t first)
{
	const char *p = (const char *)r->text.buf;
	size_t from = first, to = r->text.len;

	while (from < to && blank(r->text.buf[from]))
		from++;
	while (to > from && blank(r->text.buf[to - 1]))
		to--;
	if (to > from)
		n->text = keep(r, p + from, to - from);
	if (n->child != NULL || to - from == r->text.len - first)
		n->raw = n->text;
	else
		n->raw = keep(r, p + first, r->text.len - first);
}

static void XMLCALL
on_end(void *arg, const XML_Char *name)
{
	struct reading *r = arg;
	struct level *l;

	(void)name;
	if (r->why != NULL)
		return;
	l = &r->level[--r->depth];
	keep_text(r, l->node, l->text);
	r->text.len = l->text;
}

static void XMLCALL
on_text(void *arg, const XML_Char *s, int n)
{
	struct reading *r = arg;

	wr_bytes(&r->text, s, (size_t)n);
	if (r->text.failed)
		stop(r, "too much text");
}

static void XMLCALL
on_doctype(void *arg, const XML_Char *name, const XML_Char *sysid,
    const XML_Char *pubid, int internal)
{
	(void)name;
	(void)sysid;
	(void)pubid;
	(void)internal;
	stop(arg, "a DOCTYPE is not taken");
}

static enum err_code
parse(struct reading *r, const void *p, size_t n, struct err *e)
{
	/* Expat would ask the kernel for one each time. What names that collide
	 * can cost is bounded by XML_NODES; an address nobody outside knows
	 * will do. */
	XML_SetHashSalt(r->parser, (unsigned long)(uintptr_t)r->xml);
	XML_SetUserData(r->parser, r);
	XML_SetElementHandler(r->parser, on_start, on_end);
	XML_SetCharacterDataHandler(r->parser, on_text);
	XML_SetStartDoctypeDeclHandler(r->parser, on_doctype);
	if (XML_Parse(r->parser, p, (int)n, 1) == XML_STATUS_OK)
		return ERR_OK;
	if (r->why == NULL)
		r->why = XML_ErrorString(XML_GetErrorCode(r->parser));
	return err_set(e, ERR_DATA, "XML line %lu: %s",
	    (unsigned long)XML_GetCurrentLineNumber(r->parser), r->why);
}

enum err_code
xml_read(const void *p, size_t n, struct xml **out, struct err *e)
{
	struct reading r = { .xml = calloc(1, sizeof(*r.xml)) };
	enum err_code rc;

	wr_grow(&r.text, XML_TEXT);
	r.parser = XML_ParserCreateNS(NULL, XML_SEP);
	if (n > INT_MAX)
		rc = err_set(e, ERR_DATA, "XML: too long");
	else if (r.xml == NULL || r.parser == NULL)
		rc = err_mem(e);
	else
		rc = parse(&r, p, n, e);
	if (r.parser != NULL)
		XML_ParserFree(r.parser);
	wr_free(&r.text);
	if (rc == ERR_OK)
		*out = r.xml;
	else
		xml_free(r.xml);
	return rc;
}

const struct node *
xml_root(const struct xml *x)
{
	return x->root;
}

void
xml_free(struct xml *x)
{
	struct block *b, *next;

	if (x == NULL)
		return;
	for (b = x->blocks; b != NULL; b = next) {
		next = b->next;
		secret_wipe(b->data, b->used);
		free(b);
	}
	free(x);
}
