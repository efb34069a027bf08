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
#define NS_SOAP "http://www.w3.org/2003/05/soap-envelope"
#define MUST_UNDERSTAND NS_SOAP " mustUnderstand"
/* Of what the plain reader takes: attributes of an element, namespaces that
 * are declared at a time. */
#define PLAIN_ATTRS 8
#define PLAIN_BINDS 24

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
	if (r->parser != NULL)
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
keep_ns(struct reading *r, const char *name, size_t n)
{
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

/* NULL: it was told to stop. */
static struct node *
node_open(struct reading *r, const char *ns, size_t nns, const char *name)
{
	struct node *n;

	if (r->depth == XML_DEPTH || r->nodes++ == XML_NODES) {
		stop(r, "too deep or too many elements");
		return NULL;
	}
	n = take(r->xml, sizeof(*n));
	if (n == NULL) {
		stop(r, "out of memory");
		return NULL;
	}
	*n = (struct node){ .text = "", .ns = keep_ns(r, ns, nns) };
	n->name = name;
	if (r->depth == 0) {
		r->xml->root = n;
	} else {
		*r->level[r->depth - 1].tail = n;
		r->level[r->depth - 1].tail = &n->next;
	}
	r->level[r->depth++] = (struct level){ n, &n->child, r->text.len };
	return n;
}

static bool
says_true(const char *v, size_t n)
{
	return (n == 4 && memcmp(v, "true", 4) == 0) || (n == 1 && *v == '1');
}

static void XMLCALL
on_start(void *arg, const XML_Char *name, const XML_Char **attr)
{
	const char *sep = strrchr(name, XML_SEP), *local = name;
	struct reading *r = arg;
	struct node *n;

	/* Expat may still call once or twice after it was told to stop. */
	if (r->why != NULL)
		return;
	if (sep != NULL)
		local = sep + 1;
	n = node_open(r, name, sep == NULL ? 0 : (size_t)(sep - name),
	    keep(r, local, strlen(local)));
	for (; n != NULL && attr[0] != NULL; attr += 2) {
		if (strcmp(attr[0], "Name") == 0)
			n->attr_name = keep(r, attr[1], strlen(attr[1]));
		else if (strcmp(attr[0], MUST_UNDERSTAND) == 0)
			n->must = says_true(attr[1], strlen(attr[1]));
	}
}

static bool
blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void XMLCALL
on_end(void *arg, const XML_Char *name)
{
	struct reading *r = arg;
	struct level *l;
	size_t from, to;

	(void)name;
	if (r->why != NULL)
		return;
	l = &r->level[--r->depth];
	from = l->text;
	to = r->text.len;
	while (from < to && blank(r->text.buf[from]))
		from++;
	while (to > from && blank(r->text.buf[to - 1]))
		to--;
	if (to > from)
		l->node->text =
		    keep(r, (const char *)r->text.buf + from, to - from);
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

/*
 * The plain reader: what peers write in fact, at a sixth of expat's cost, which
 * was a quarter of all that a set-up computes. It takes printable ASCII:
 * elements, attributes, namespaces and text without references. It knows no
 * error: where it meets anything else, expat reads the whole anew, and its word
 * counts.
 */

struct piece {
	const char *p;
	size_t n;
};

struct plain {
	struct reading *r;
	const char *p, *end;
	struct bind {
		struct piece prefix, uri;
	} bind[PLAIN_BINDS];
	size_t nbind;
	struct {
		struct piece tag;
		size_t nbind; /* before it */
	} open[XML_DEPTH];
};

struct plain_attr {
	struct piece prefix, name, value;
};

static bool
is(struct piece a, const char *s)
{
	return strlen(s) == a.n && memcmp(a.p, s, a.n) == 0;
}

static bool
equal(struct piece a, struct piece b)
{
	return a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

/* Steps over c. */
static bool
plain_next(struct plain *x, char c)
{
	if (x->p == x->end || *x->p != c)
		return false;
	x->p++;
	return true;
}

static bool
plain_space(struct plain *x)
{
	const char *from = x->p;

	while (x->p < x->end && (*x->p == ' ' || *x->p == '\n'))
		x->p++;
	return x->p > from;
}

static struct piece
plain_word(struct plain *x)
{
	struct piece w = { x->p, 0 };
	char c;

	for (; x->p < x->end; x->p++, w.n++) {
		c = *x->p;
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			c == '_' ||
			(w.n > 0 &&
			    ((c >= '0' && c <= '9') || c == '-' || c == '.'))))
			break;
	}
	return w;
}

static bool
plain_name(struct plain *x, struct piece *prefix, struct piece *name)
{
	*prefix = (struct piece){ x->p, 0 };
	*name = plain_word(x);
	if (name->n == 0 || !plain_next(x, ':'))
		return name->n > 0;
	*prefix = *name;
	*name = plain_word(x);
	return name->n > 0;
}

static bool
plain_value(struct plain *x, struct piece *v)
{
	char quote = x->p < x->end ? *x->p : '\0';

	if (quote != '"' && quote != '\'')
		return false;
	v->p = ++x->p;
	while (x->p < x->end && *x->p != quote) {
		if (*x->p < ' ' || *x->p > '~' || *x->p == '<' || *x->p == '&')
			return false;
		x->p++;
	}
	v->n = (size_t)(x->p - v->p);
	return plain_next(x, quote);
}

/* As they stand, to the end of the tag; two of one local name could be the
 * same. */
static bool
plain_attrs(struct plain *x, struct plain_attr *a, size_t *n)
{
	for (*n = 0;
	     plain_space(x) && x->p < x->end && *x->p != '>' && *x->p != '/';
	     ++*n) {
		if (*n == PLAIN_ATTRS ||
		    !plain_name(x, &a[*n].prefix, &a[*n].name))
			return false;
		plain_space(x);
		if (!plain_next(x, '='))
			return false;
		plain_space(x);
		if (!plain_value(x, &a[*n].value))
			return false;
		for (size_t i = 0; i < *n; i++)
			if (equal(a[i].name, a[*n].name))
				return false;
	}
	return true;
}

static bool
is_binding(const struct plain_attr *a)
{
	return is(a->prefix, "xmlns") ||
	    (a->prefix.n == 0 && is(a->name, "xmlns"));
}

static bool
plain_bind(struct plain *x, const struct plain_attr *a)
{
	struct bind *b = &x->bind[x->nbind];
	bool named = a->prefix.n > 0;

	if (x->nbind == PLAIN_BINDS || (named && a->value.n == 0) ||
	    (named && a->name.n >= 3 && memcmp(a->name.p, "xml", 3) == 0) ||
	    memchr(a->value.p, XML_SEP, a->value.n) != NULL ||
	    is(a->value, "http://www.w3.org/XML/1998/namespace") ||
	    is(a->value, "http://www.w3.org/2000/xmlns/"))
		return false;
	b->prefix = named ? a->name : (struct piece){ a->name.p, 0 };
	b->uri = a->value;
	x->nbind++;
	return true;
}

static bool
plain_uri(const struct plain *x, struct piece prefix, struct piece *uri)
{
	for (size_t i = x->nbind; i-- > 0;)
		if (equal(x->bind[i].prefix, prefix)) {
			*uri = x->bind[i].uri;
			return true;
		}
	*uri = (struct piece){ "", 0 };
	return prefix.n == 0;
}

static bool
plain_attr_take(
    const struct plain *x, const struct plain_attr *a, struct node *n)
{
	struct piece uri;

	if (is_binding(a))
		return true;
	if (a->prefix.n == 0) {
		if (is(a->name, "Name"))
			n->attr_name = keep(x->r, a->value.p, a->value.n);
		return true;
	}
	if (!plain_uri(x, a->prefix, &uri))
		return false;
	if (is(uri, NS_SOAP) && is(a->name, "mustUnderstand"))
		n->must = says_true(a->value.p, a->value.n);
	return true;
}

/* Behind the "<". */
static bool
plain_start(struct plain *x)
{
	struct plain_attr a[PLAIN_ATTRS];
	struct piece prefix, name, uri, tag = { x->p, 0 };
	size_t n, before = x->nbind;
	struct reading *r = x->r;
	struct node *node;

	if (!plain_name(x, &prefix, &name))
		return false;
	tag.n = (size_t)(x->p - tag.p);
	if (!plain_attrs(x, a, &n))
		return false;
	for (size_t i = 0; i < n; i++)
		if (is_binding(&a[i]) && !plain_bind(x, &a[i]))
			return false;
	if (!plain_uri(x, prefix, &uri))
		return false;
	node = node_open(r, uri.p, uri.n, keep(r, name.p, name.n));
	if (node == NULL)
		return false;
	for (size_t i = 0; i < n; i++)
		if (!plain_attr_take(x, &a[i], node))
			return false;
	x->open[r->depth - 1].tag = tag;
	x->open[r->depth - 1].nbind = before;
	if (plain_next(x, '/')) {
		on_end(r, NULL);
		x->nbind = before;
	}
	return plain_next(x, '>');
}

/* Behind the "</". */
static bool
plain_end(struct plain *x)
{
	struct reading *r = x->r;
	struct piece tag;

	if (r->depth == 0)
		return false;
	tag = x->open[r->depth - 1].tag;
	if ((size_t)(x->end - x->p) < tag.n || memcmp(x->p, tag.p, tag.n) != 0)
		return false;
	x->p += tag.n;
	plain_space(x);
	if (!plain_next(x, '>'))
		return false;
	x->nbind = x->open[r->depth - 1].nbind;
	on_end(r, NULL);
	return true;
}

/* Up to the next "<". */
static bool
plain_text(struct plain *x)
{
	const char *from = x->p;
	char c;

	for (; x->p < x->end && *x->p != '<'; x->p++) {
		c = *x->p;
		if ((c < ' ' && c != '\n') || c > '~' || c == '&' || c == ']' ||
		    (x->r->depth == 0 && !blank((uint8_t)c)))
			return false;
	}
	if (x->p > from && x->r->depth > 0)
		on_text(x->r, from, (int)(x->p - from));
	return true;
}

static bool
plain_read(struct reading *r, const char *p, size_t n)
{
	static const char head[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";
	struct plain x = { .r = r, .p = p, .end = p + n };

	if (n > sizeof(head) && memcmp(p, head, sizeof(head) - 1) == 0)
		x.p += sizeof(head) - 1;
	while (x.p < x.end && r->why == NULL) {
		if (!plain_text(&x))
			return false;
		if (x.p == x.end)
			break;
		x.p++;
		if (plain_next(&x, '/')) {
			if (!plain_end(&x))
				return false;
		} else if ((r->depth == 0 && r->xml->root != NULL) ||
		    !plain_start(&x)) {
			return false;
		}
	}
	return r->why == NULL && r->depth == 0 && r->xml->root != NULL;
}

/* Both. */

typedef enum err_code reader_fn(
    struct reading *, const void *, size_t, struct err *);

static enum err_code
by_plain(struct reading *r, const void *p, size_t n, struct err *e)
{
	(void)e;
	return plain_read(r, p, n) ? ERR_OK : ERR_DATA;
}

static enum err_code
by_expat(struct reading *r, const void *p, size_t n, struct err *e)
{
	enum err_code rc;

	if ((r->parser = XML_ParserCreateNS(NULL, XML_SEP)) == NULL)
		return err_mem(e);
	rc = parse(r, p, n, e);
	XML_ParserFree(r->parser);
	return rc;
}

static enum err_code
read_by(reader_fn *reader, struct piece in, struct xml **out, struct err *e)
{
	struct reading r = { .xml = calloc(1, sizeof(*r.xml)) };
	enum err_code rc;

	if (r.xml == NULL)
		return err_mem(e);
	wr_grow(&r.text, XML_TEXT);
	rc = reader(&r, in.p, in.n, e);
	wr_free(&r.text);
	if (rc == ERR_OK)
		*out = r.xml;
	else
		xml_free(r.xml);
	return rc;
}

enum err_code
xml_read(const void *p, size_t n, struct xml **out, struct err *e)
{
	struct piece in = { p, n };

	if (n > INT_MAX)
		return err_set(e, ERR_DATA, "XML: too long");
	if (n > 0 && read_by(by_plain, in, out, e) == ERR_OK)
		return ERR_OK;
	return read_by(by_expat, in, out, e);
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
