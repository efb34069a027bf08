/* SPDX-License-Identifier: Apache-2.0 */
#include <dlfcn.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cairo-pdf.h>

#include "export/sheet.h"

#define POINTS_PER_MM (72.0 / 25.4)
#define CAIRO_LIBRARY "libcairo.so.2"

/* ---- cairo, loaded when it is needed ---- */

#define CAIRO_CALLS(X)                   \
	X(arc)                           \
	X(close_path)                    \
	X(create)                        \
	X(destroy)                       \
	X(fill)                          \
	X(image_surface_create)          \
	X(image_surface_get_data)        \
	X(image_surface_get_stride)      \
	X(line_to)                       \
	X(move_to)                       \
	X(new_sub_path)                  \
	X(pdf_surface_create_for_stream) \
	X(pdf_surface_set_metadata)      \
	X(rectangle)                     \
	X(scale)                         \
	X(select_font_face)              \
	X(set_dash)                      \
	X(set_font_size)                 \
	X(set_line_width)                \
	X(set_source_rgb)                \
	X(show_page)                     \
	X(show_text)                     \
	X(status)                        \
	X(status_to_string)              \
	X(stroke)                        \
	X(surface_destroy)               \
	X(surface_finish)                \
	X(surface_flush)                 \
	X(surface_status)                \
	X(text_extents)

/* Each call as a pointer of the type that the header declares. */
struct calls {
#define CALL(f) __typeof__(cairo_##f) *f;
	CAIRO_CALLS(CALL)
#undef CALL
};

static const struct call {
	const char *name;
	size_t at; /* in struct calls */
} call_table[] = {
#define CALL(f) { "cairo_" #f, offsetof(struct calls, f) },
	CAIRO_CALLS(CALL)
#undef CALL
};

struct sheet {
	struct calls c;
	cairo_surface_t *surface;
	cairo_t *cr;
	double w, h; /* mm */
	sheet_fn *write;
	void *arg;
	struct err e; /* of write */
};

/* The library stays loaded: what it keeps for the whole process, fonts above
 * all, cannot be given back. */
static enum err_code
load(struct calls *c, struct err *e)
{
	void *lib = dlopen(CAIRO_LIBRARY, RTLD_NOW | RTLD_LOCAL);
	void *p;

	if (lib == NULL)
		return err_set(e, ERR_PEER,
		    "%s cannot be loaded (the package libcairo2 brings it)",
		    CAIRO_LIBRARY);
	for (size_t i = 0; i < sizeof(call_table) / sizeof(call_table[0]);
	     i++) {
		if ((p = dlsym(lib, call_table[i].name)) == NULL)
			return err_set(e, ERR_PEER, "%s lacks %s",
			    CAIRO_LIBRARY, call_table[i].name);
		memcpy((char *)c + call_table[i].at, &p, sizeof(p));
	}
	return ERR_OK;
}

/* ---- the typeface ---- */

#define PROBE 64 /* pixels */

static void
use_face(const struct calls *c, cairo_t *cr, enum sheet_face face)
{
	bool mono = face == SHEET_MONO || face == SHEET_MONO_BOLD;
	bool bold = face == SHEET_BOLD || face == SHEET_MONO_BOLD;

	c->select_font_face(cr, mono ? "DejaVu Sans Mono" : "DejaVu Sans",
	    CAIRO_FONT_SLANT_NORMAL,
	    bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
}

/* A character as ink, centred. */
static bool
probe(const struct calls *c, const char *text, uint8_t out[PROBE][PROBE])
{
	cairo_surface_t *s =
	    c->image_surface_create(CAIRO_FORMAT_A8, PROBE, PROBE);
	cairo_t *cr = c->create(s);
	cairo_text_extents_t x;
	const uint8_t *p;
	bool ok;

	use_face(c, cr, SHEET_MONO_BOLD);
	c->set_font_size(cr, PROBE * 0.8);
	c->text_extents(cr, text, &x);
	c->move_to(cr, (PROBE - x.width) / 2 - x.x_bearing,
	    (PROBE - x.height) / 2 - x.y_bearing);
	c->show_text(cr, text);
	ok = c->status(cr) == CAIRO_STATUS_SUCCESS;
	c->surface_flush(s);
	p = c->image_surface_get_data(s);
	for (int y = 0; ok && p != NULL && y < PROBE; y++)
		memcpy(out[y], p + y * c->image_surface_get_stride(s), PROBE);
	c->destroy(cr);
	c->surface_destroy(s);
	return ok && p != NULL;
}

/* Two characters that differ by less than this part of their ink look alike.
 * DejaVu Sans Mono Bold: 1 and I 1/11, the others more than 1/4. */
static bool
differ(uint8_t a[PROBE][PROBE], uint8_t b[PROBE][PROBE])
{
	unsigned long ink = 0, other = 0;

	for (int i = 0; i < PROBE * PROBE; i++) {
		int x = a[i / PROBE][i % PROBE], y = b[i / PROBE][i % PROBE];

		ink += (unsigned)(x + y);
		other += (unsigned)(x > y ? x - y : y - x);
	}
	return other * 16 > ink;
}

/* What fontconfig gives instead of a face that is not installed may draw a
 * zero like an O: a key typed from it would be a guess. */
static enum err_code
judge_face(const struct calls *c, struct err *e)
{
	static const char text[] = "0O1Il";
	uint8_t(*ink)[PROBE][PROBE] = calloc(5, sizeof(*ink));
	bool ok = true;

	if (ink == NULL)
		return err_mem(e);
	for (int i = 0; ok && i < 5; i++)
		ok = probe(c, (const char[]){ text[i], '\0' }, ink[i]);
	/* The zero has a mark inside, the O has none. */
	ok = ok && ink[0][PROBE / 2][PROBE / 2] > 128 &&
	    ink[1][PROBE / 2][PROBE / 2] < 64;
	ok = ok && differ(ink[2], ink[3]) && differ(ink[2], ink[4]) &&
	    differ(ink[3], ink[4]);
	free(ink);
	if (!ok)
		return err_set(e, ERR_PEER,
		    "a typeface that tells 0 from O and 1 from I is not "
		    "installed (the package fonts-dejavu-core brings DejaVu "
		    "Sans Mono)");
	return ERR_OK;
}

/* ---- the file ---- */

static cairo_status_t
write_piece(void *arg, const unsigned char *p, unsigned n)
{
	struct sheet *s = arg;

	if (s->e.code == ERR_OK)
		s->write(s->arg, p, n, &s->e);
	return s->e.code == ERR_OK ? CAIRO_STATUS_SUCCESS
				   : CAIRO_STATUS_WRITE_ERROR;
}

static enum err_code
begin(struct sheet *s, const char *title, const char *date, struct err *e)
{
	const struct calls *c = &s->c;

	s->surface = c->pdf_surface_create_for_stream(
	    write_piece, s, s->w * POINTS_PER_MM, s->h * POINTS_PER_MM);
	/* Today's date would make two runs differ. */
	c->pdf_surface_set_metadata(
	    s->surface, CAIRO_PDF_METADATA_CREATE_DATE, date);
	c->pdf_surface_set_metadata(
	    s->surface, CAIRO_PDF_METADATA_TITLE, title);
	s->cr = c->create(s->surface);
	c->scale(s->cr, POINTS_PER_MM, POINTS_PER_MM);
	if (c->status(s->cr) != CAIRO_STATUS_SUCCESS)
		return err_set(e, ERR_RETRY, "a PDF cannot be begun: %s",
		    c->status_to_string(c->status(s->cr)));
	return ERR_OK;
}

enum err_code
sheet_new(struct sheet **out, enum sheet_paper paper, const char *title,
    const char *date, sheet_fn *write, void *arg, struct err *e)
{
	struct sheet *s = calloc(1, sizeof(*s));

	*out = NULL;
	if (s == NULL)
		return err_mem(e);
	err_clear(&s->e);
	s->w = paper == SHEET_A4 ? 210 : 215.9;
	s->h = paper == SHEET_A4 ? 297 : 279.4;
	s->write = write;
	s->arg = arg;
	if (load(&s->c, e) == ERR_OK && judge_face(&s->c, e) == ERR_OK &&
	    begin(s, title, date, e) == ERR_OK)
		*out = s;
	else
		sheet_free(s);
	return e->code;
}

enum err_code
sheet_end(struct sheet *s, struct err *e)
{
	cairo_status_t drawn = s->c.status(s->cr), st;

	s->c.surface_finish(s->surface);
	st = drawn != CAIRO_STATUS_SUCCESS ? drawn
					   : s->c.surface_status(s->surface);
	if (s->e.code != ERR_OK) {
		*e = s->e;
		return e->code;
	}
	if (st != CAIRO_STATUS_SUCCESS)
		return err_set(e,
		    st == CAIRO_STATUS_INVALID_STRING ? ERR_DATA : ERR_RETRY,
		    "the PDF cannot be drawn: %s", s->c.status_to_string(st));
	return ERR_OK;
}

void
sheet_free(struct sheet *s)
{
	if (s == NULL)
		return;
	if (s->cr != NULL)
		s->c.destroy(s->cr);
	if (s->surface != NULL) {
		/* Giving up must not write: the arguments may be gone. */
		err_set(&s->e, ERR_RETRY, "given up");
		s->c.surface_destroy(s->surface);
	}
	free(s);
}

double
sheet_width(const struct sheet *s)
{
	return s->w;
}

double
sheet_height(const struct sheet *s)
{
	return s->h;
}

void
sheet_page(struct sheet *s)
{
	s->c.show_page(s->cr);
}

/* ---- text ---- */

static void
use_style(struct sheet *s, const struct sheet_style *t, double size)
{
	use_face(&s->c, s->cr, t->face);
	s->c.set_font_size(s->cr, size);
	s->c.set_source_rgb(s->cr, t->grey, t->grey, t->grey);
}

double
sheet_text_width(struct sheet *s, const struct sheet_style *t, const char *text)
{
	cairo_text_extents_t x;

	use_style(s, t, t->size);
	s->c.text_extents(s->cr, text, &x);
	return x.x_advance;
}

double
sheet_text(struct sheet *s, double x, double y, const struct sheet_style *t,
    const char *text)
{
	double w = sheet_text_width(s, t, text);

	s->c.move_to(s->cr, x, y);
	s->c.show_text(s->cr, text);
	return w;
}

void
sheet_text_fit(struct sheet *s, double x, double y, double w,
    const struct sheet_style *t, const char *text)
{
	double is = sheet_text_width(s, t, text);

	if (is > w)
		use_style(s, t, t->size * w / is);
	s->c.move_to(s->cr, x, y);
	s->c.show_text(s->cr, text);
}

void
sheet_text_mid(struct sheet *s, double x, double y, double w,
    const struct sheet_style *t, const char *text)
{
	double is = sheet_text_width(s, t, text);

	sheet_text(s, x + (w - is) / 2, y, t, text);
}

/* ---- shapes ---- */

static void
use_pen(struct sheet *s, double line, double grey)
{
	s->c.set_source_rgb(s->cr, grey, grey, grey);
	s->c.set_line_width(s->cr, line);
}

void
sheet_fill(struct sheet *s, double x, double y, double w, double h, double grey)
{
	use_pen(s, 0, grey);
	s->c.rectangle(s->cr, x, y, w, h);
	s->c.fill(s->cr);
}

void
sheet_box(struct sheet *s, const double xywh[static 4], double r, double line,
    double grey)
{
	double x = xywh[0], y = xywh[1], w = xywh[2], h = xywh[3];
	const struct calls *c = &s->c;

	use_pen(s, line, grey);
	c->new_sub_path(s->cr);
	c->arc(s->cr, x + w - r, y + r, r, -M_PI / 2, 0);
	c->arc(s->cr, x + w - r, y + h - r, r, 0, M_PI / 2);
	c->arc(s->cr, x + r, y + h - r, r, M_PI / 2, M_PI);
	c->arc(s->cr, x + r, y + r, r, M_PI, 3 * M_PI / 2);
	c->close_path(s->cr);
	c->stroke(s->cr);
}

void
sheet_dot(struct sheet *s, double x, double y, double r, bool filled)
{
	use_pen(s, 0.25, SHEET_INK);
	s->c.new_sub_path(s->cr);
	s->c.arc(s->cr, x, y, r, 0, 2 * M_PI);
	if (filled)
		s->c.fill(s->cr);
	else
		s->c.stroke(s->cr);
}

void
sheet_rule(
    struct sheet *s, double x, double y, double x2, double y2, double line)
{
	use_pen(s, line, SHEET_INK);
	s->c.move_to(s->cr, x, y);
	s->c.line_to(s->cr, x2, y2);
	s->c.stroke(s->cr);
}

void
sheet_dashes(struct sheet *s, double x, double y, double x2, double y2)
{
	const double dash[] = { 1.2, 1.2 };

	s->c.set_dash(s->cr, dash, 2, 0);
	use_pen(s, 0.15, SHEET_GREY);
	s->c.move_to(s->cr, x, y);
	s->c.line_to(s->cr, x2, y2);
	s->c.stroke(s->cr);
	s->c.set_dash(s->cr, NULL, 0, 0);
}

/* ---- bar codes ---- */

/* All of it as one path: seams between rectangles would show as light lines
 * where a screen smooths edges. */
void
sheet_label(struct sheet *s, double x, double y, double module, double height,
    const struct label *l)
{
	double tall = l->rows == 1 ? height : module;

	use_pen(s, 0, SHEET_INK);
	for (size_t r = 0; r < l->rows; r++)
		for (size_t c = 0, n; c < l->cols; c += n + 1) {
			for (n = 0; label_dark(l, r, c + n);)
				n++;
			if (n > 0)
				s->c.rectangle(s->cr, x + (double)c * module,
				    y + (double)r * tall, (double)n * module,
				    tall);
		}
	s->c.fill(s->cr);
}
