/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/xml.h"
#include "export/readback.h"
#include "formats/reason.h"

#define DPI 300
#define SECONDS 120 /* for one call; a page takes a tenth of one */
#define TEXT_MAX (4U << 20)
#define AT_ONCE 2 /* the pages are shared out */
/* Standard input by a name that can be opened: from "-" the whole file would be
 * copied into memory for a few pages. */
#define INPUT "/proc/self/fd/0"

/* The programs of one share of the pages. */
enum {
	DRAW,
	DECODE,
	READ,
	PROGRAMS
};

struct share {
	size_t first, n; /* page numbers */
	const struct readback_want *want;
	struct child *child; /* PROGRAMS of them */
};

enum err_code
readback_init(struct readback *r, struct err *e)
{
	memset(r, 0, sizeof(*r));
	r->fd = -1;
	if (child_find("pdftoppm", "poppler-utils", r->pdftoppm, e) == ERR_OK &&
	    child_find("pdftotext", "poppler-utils", r->pdftotext, e) == ERR_OK)
		child_find("zbarimg", "zbar-tools", r->zbarimg, e);
	if (e->code != ERR_OK)
		err_in(e,
		    "a worksheet counts as written when it has been read "
		    "back, for which poppler-utils and zbar-tools are needed");
	return e->code;
}

/* ---- running ---- */

/* Millimetres as dots; a whole number is what pdftoppm takes. */
static void
put_dots(char out[static 16], double mm)
{
	snprintf(out, 16, "%ld", (long)(mm * DPI / 25.4));
}

static enum err_code
start_draw(const struct readback *r, const struct share *s, int out,
    const char *from, const char *to, struct err *e)
{
	char y[16], w[16], h[16], dpi[16];
	const char *const argv[] = { "pdftoppm", "-q", "-gray", "-r", dpi, "-x",
		"0", "-y", y, "-W", w, "-H", h, "-f", from, "-l", to, INPUT,
		NULL };
	const struct child_spec spec = {
		.path = r->pdftoppm, .argv = argv, .in = r->fd, .out = out
	};

	put_dots(y, r->label_top - 1);
	put_dots(w, r->width);
	put_dots(h, r->label_height + 2);
	snprintf(dpi, sizeof(dpi), "%d", DPI);
	return child_start(&s->child[DRAW], &spec, e);
}

static enum err_code
start_decode(
    const struct readback *r, const struct share *s, int in, struct err *e)
{
	/* The prefix: its image library need not guess the format. It copies
	 * its input into a file of its own in /tmp even so. */
	static const char *const argv[] = { "zbarimg", "-q", "--xml",
		"--nodbus", "-Sdisable", "-Scode128.enable", "-Sqrcode.enable",
		"pgm:-", NULL };
	const struct child_spec spec = { .path = r->zbarimg,
		.argv = argv,
		.in = in,
		.out = -1,
		.most = TEXT_MAX };

	return child_start(&s->child[DECODE], &spec, e);
}

static enum err_code
start_read(const struct readback *r, const struct share *s, const char *from,
    const char *to, struct err *e)
{
	const char *const argv[] = { "pdftotext", "-q", "-raw", "-enc", "UTF-8",
		"-f", from, "-l", to, INPUT, "-", NULL };
	const struct child_spec spec = { .path = r->pdftotext,
		.argv = argv,
		.in = r->fd,
		.out = -1,
		.most = TEXT_MAX };

	return child_start(&s->child[READ], &spec, e);
}

static enum err_code
start(const struct readback *r, const struct share *s, struct err *e)
{
	char from[24], to[24];
	int fd[2];

	snprintf(from, sizeof(from), "%zu", s->first);
	snprintf(to, sizeof(to), "%zu", s->first + s->n - 1);
	if (pipe2(fd, O_CLOEXEC) == -1)
		return err_sys(e, ERR_RETRY, "a pipe");
	if (start_draw(r, s, fd[1], from, to, e) == ERR_OK &&
	    start_decode(r, s, fd[0], e) == ERR_OK)
		start_read(r, s, from, to, e);
	close(fd[0]);
	close(fd[1]);
	return e->code;
}

/* ---- judging ---- */

static enum err_code
differs(const struct share *s, size_t i, const char *what, struct err *e)
{
	return err_refuse(e, ERR_DATA, reason_get(REASON_WORKSHEET_UNREAD),
	    "page %zu (unit %s): %s", s->first + i, s->want[i].unit, what);
}

static void
trim(const char *text, const char **p, size_t *n)
{
	while (isspace((unsigned char)*text))
		text++;
	for (*n = strlen(text); *n > 0 && isspace((unsigned char)text[*n - 1]);)
		(*n)--;
	*p = text;
}

/* zbarimg writes data that XML cannot hold as lines of base64. Blanks around
 * it are lost by our reader of XML. */
static bool
same(const char *got, const char *want)
{
	char line[1024];
	uint8_t raw[768];
	size_t n, room = sizeof(raw), len = 0;
	const char *p;

	trim(want, &p, &n);
	if (strlen(got) == n && memcmp(got, p, n) == 0)
		return true;
	for (; *got != '\0' && len < sizeof(line); got++)
		if (!isspace((unsigned char)*got))
			line[len++] = *got;
	return text_unb64(raw, &room, line, len) && room == strlen(want) &&
	    memcmp(raw, want, room) == 0;
}

/* Both codes and no other, in either order. */
static bool
codes_are(const struct node *index, const struct readback_want *want)
{
	bool bar = false, qr = false;
	size_t n = 0;

	for (const struct node *y = index->child; y != NULL; y = y->next) {
		const char *data = node_text(y, "data");

		if (strcmp(y->name, "symbol") != 0 || data == NULL)
			return false;
		bar = bar || same(data, want->bar);
		qr = qr || same(data, want->qr);
		n++;
	}
	return bar && qr && n == 2;
}

/* zbarimg has an index for each page on which it found a code. */
static enum err_code
judge_codes(const struct share *s, struct err *e)
{
	const struct child *c = &s->child[DECODE];
	const struct node *index = NULL;
	struct xml *x = NULL;
	struct err bad;

	err_clear(&bad);
	if (xml_read(c->got.buf, c->got.len, &x, &bad) == ERR_OK)
		index = node_path(xml_root(x), "source/index");
	for (size_t i = 0; e->code == ERR_OK && i < s->n; i++) {
		if (s->want[i].bar[0] == '\0')
			continue;
		if (index == NULL)
			differs(s, i, "no bar code is read back", e);
		else if (!codes_are(index, &s->want[i]))
			differs(s, i, "other bar codes are read back", e);
		else
			index = index->next;
	}
	if (e->code == ERR_OK && index != NULL)
		differs(s, s->n - 1, "more bar codes are read back", e);
	xml_free(x);
	return e->code;
}

/* Without white space, into what is its own room. */
static size_t
squeeze(char *p, size_t n)
{
	size_t to = 0;

	for (size_t i = 0; i < n; i++)
		if (!isspace((unsigned char)p[i]))
			p[to++] = p[i];
	return to;
}

static bool
has_texts(const char *page, size_t n, const struct wr *texts)
{
	const char *p = (const char *)texts->buf;
	const char *stop = p + texts->len;

	while (p < stop) {
		const char *end = memchr(p, '\n', (size_t)(stop - p));

		if (end == NULL ||
		    memmem(page, n, p, (size_t)(end - p)) == NULL)
			return false;
		p = end + 1;
	}
	return true;
}

/* pdftotext ends each page with a form feed. */
static enum err_code
judge_texts(const struct share *s, struct err *e)
{
	char *p = (char *)s->child[READ].got.buf;
	size_t left = s->child[READ].got.len;

	for (size_t i = 0; e->code == ERR_OK && i < s->n; i++) {
		char *end = left == 0 ? NULL : memchr(p, '\f', left);
		size_t n = end == NULL ? left : (size_t)(end - p);

		if (!has_texts(p, squeeze(p, n), &s->want[i].texts))
			differs(s, i, "other text is read back", e);
		if (end != NULL)
			n++;
		p = left == 0 ? p : p + n;
		left -= n;
	}
	return e->code;
}

static enum err_code
judge(const struct share *s, struct err *e)
{
	for (int i = 0; i < PROGRAMS; i++) {
		const struct child *c = &s->child[i];
		/* zbarimg: 4, a page without a code. One that ends before
		 * it has read all is judged by what it found. */
		bool fine = c->status == 0 || (i == DECODE && c->status == 4) ||
		    (i == DRAW && c->status == 128 + SIGPIPE);

		if (!fine)
			return err_set(e, ERR_PEER,
			    "pages %zu to %zu: %s ends with status %d%s%s",
			    s->first, s->first + s->n - 1, c->name, c->status,
			    c->nsaid > 0 ? ": " : "", c->said);
	}
	if (judge_codes(s, e) == ERR_OK)
		judge_texts(s, e);
	return e->code;
}

enum err_code
readback_check(const struct readback *r, size_t first,
    const struct readback_want *want, size_t n, struct err *e)
{
	struct child child[AT_ONCE * PROGRAMS] = { 0 };
	size_t half = (n + AT_ONCE - 1) / AT_ONCE, shares = 0;
	struct share s[AT_ONCE];

	for (size_t at = 0; e->code == ERR_OK && at < n; at += half) {
		s[shares] = (struct share){ .first = first + at,
			.n = n - at < half ? n - at : half,
			.want = want + at,
			.child = child + shares * PROGRAMS };
		start(r, &s[shares++], e);
	}
	if (e->code == ERR_OK)
		child_wait(child, shares * PROGRAMS, SECONDS, e);
	for (size_t i = 0; e->code == ERR_OK && i < shares; i++)
		judge(&s[i], e);
	for (size_t i = 0; i < AT_ONCE * PROGRAMS; i++)
		child_free(&child[i]);
	return e->code;
}
