/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "formats/csv.h"
#include "formats/reason.h"
#include "server/naming.h"

#define TABLE_MAX_BYTES ((size_t)64 << 20)

struct name {
	struct uuid uuid;
	unsigned line;
	size_t at; /* of the name in the text of all */
};

struct naming_table {
	struct name *name; /* by UUID */
	size_t n, room;
	char *text;
	size_t len, text_room;
};

/* Names. */

static bool
is_label(const char *s, size_t n)
{
	if (n == 0 || n >= NAMING_LABEL || s[0] == '-' || s[n - 1] == '-')
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && s[i] != '-')
			return false;
	return true;
}

bool
naming_is_label(const char *s)
{
	return is_label(s, strlen(s));
}

bool
naming_is_domain(const char *s)
{
	size_t n = strcspn(s, ".");

	if (strlen(s) >= NAMING_FQDN)
		return false;
	while (is_label(s, n)) {
		if (s[n] == '\0')
			return true;
		s += n + 1;
		n = strcspn(s, ".");
	}
	return false;
}

/* Rules. */

enum word {
	WORD_SERIAL,
	WORD_UUID,
	WORD_MAC,
	WORD_ORDER,
	WORD_SKU,
	WORDS
};

static const char *const words[WORDS] = { "serial", "uuid", "mac", "order",
	"sku" };

/* A piece of a rule: plain text, or a word and how much of its value. */
struct piece {
	const char *p;
	size_t n;
	enum word word; /* WORDS: plain text */
	int take;       /* 0: all; n: the first; -n: the last */
};

/* What stands between the braces. */
static const char *
read_word(const char *p, size_t n, struct piece *out)
{
	const char *colon = memchr(p, ':', n);
	size_t len = colon == NULL ? n : (size_t)(colon - p), digits;
	char number[8] = "";

	for (out->word = 0; out->word < WORDS; out->word++)
		if (strlen(words[out->word]) == len &&
		    memcmp(words[out->word], p, len) == 0)
			break;
	if (out->word == WORDS)
		return "in braces stands serial, uuid, mac, order or sku";
	out->take = 0;
	if (colon == NULL)
		return NULL;
	digits = n - len - 1;
	if (digits > 0 && digits < sizeof(number))
		memcpy(number, colon + 1, digits);
	out->take = atoi(number);
	if (strspn(number + (number[0] == '-'), "0123456789") !=
		strlen(number + (number[0] == '-')) ||
	    out->take == 0 || abs(out->take) >= NAMING_LABEL)
		return "behind the colon stands a number of characters, 1 to "
		       "63, or -1 to -63";
	return NULL;
}

/* The next piece of the rule, *p moved behind it. */
static const char *
next_piece(const char **p, struct piece *out)
{
	const char *s = *p, *end;

	*out = (struct piece){ s, strcspn(s, "{}"), WORDS, 0 };
	if (out->n > 0) {
		*p = s + out->n;
		return NULL;
	}
	if (*s == '}' || (end = strpbrk(s + 1, "{}")) == NULL || *end == '{')
		return "a brace has no other half";
	*p = end + 1;
	return read_word(s + 1, (size_t)(end - s - 1), out);
}

bool
naming_rule_check(const char *rule, const char **why)
{
	struct piece piece;

	*why = rule[0] == '\0' ? "it is empty" : NULL;
	while (*why == NULL && *rule != '\0') {
		*why = next_piece(&rule, &piece);
		if (*why != NULL || piece.word != WORDS)
			continue;
		for (size_t i = 0; i < piece.n; i++)
			if (!isalnum((unsigned char)piece.p[i]) &&
			    piece.p[i] != '-')
				*why = "a host name has letters, digits and "
				       "dashes";
	}
	return *why == NULL;
}

/* The value of a word; out has room for the longest. */
static void
value_of(const struct row *row, enum word word, char *out, size_t room)
{
	size_t n = 0;

	out[0] = '\0';
	switch (word) {
	case WORD_SERIAL:
		snprintf(out, room, "%s", row->serial);
		break;
	case WORD_UUID:
		uuid_text(&row->uuid, out);
		break;
	case WORD_MAC:
		for (const char *p = row->macs; *p != '\0' && *p != ','; p++)
			if (*p != ':' && n + 1 < room)
				out[n++] = *p;
		out[n] = '\0';
		break;
	case WORD_ORDER:
		snprintf(out, room, "%s", row->order);
		break;
	case WORD_SKU:
		snprintf(out, room, "%s", row->sku);
		break;
	case WORDS:
		break;
	}
}

static enum err_code
add_piece(struct wr *w, const struct piece *piece, const struct row *row,
    struct err *e)
{
	char value[256];
	size_t n, k;

	if (piece->word == WORDS) {
		wr_bytes(w, piece->p, piece->n);
		return ERR_OK;
	}
	value_of(row, piece->word, value, sizeof(value));
	n = strlen(value);
	k = (size_t)abs(piece->take);
	if (n == 0 || k > n)
		return err_refuse(e, ERR_DATA, reason_get(REASON_NAME_MISSING),
		    "the rule asks for %s, which is \"%s\" of this unit",
		    words[piece->word], value);
	if (piece->take > 0)
		n = k;
	wr_bytes(
	    w, value + (piece->take < 0 ? n - k : 0), piece->take < 0 ? k : n);
	return ERR_OK;
}

enum err_code
naming_rule(const char *rule, const struct row *row,
    char out[static NAMING_LABEL], struct err *e)
{
	char text[1024];
	const char *why;
	struct piece piece;
	struct wr w;

	wr_fixed(&w, text, sizeof(text) - 1);
	while (*rule != '\0') {
		if ((why = next_piece(&rule, &piece)) != NULL)
			return err_set(e, ERR_BUG, "naming rule: %s", why);
		if (add_piece(&w, &piece, row, e) != ERR_OK)
			return e->code;
	}
	text[w.len] = '\0';
	for (char *p = text; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	if (w.failed || !naming_is_label(text))
		return err_refuse(e, ERR_DATA, reason_get(REASON_NAME_MISSING),
		    "the rule makes \"%s\", which is no host name: 1 to 63 "
		    "letters, digits and inner dashes",
		    text);
	strcpy(out, text);
	return ERR_OK;
}

/* Tables. */

static bool
grow(void **p, size_t *room, size_t want, size_t each)
{
	size_t n = *room == 0 ? 64 : *room;
	void *q;

	if (want <= *room)
		return true;
	while (n < want)
		n *= 2;
	if ((q = realloc(*p, n * each)) == NULL)
		return false;
	*p = q;
	*room = n;
	return true;
}

static enum err_code
table_add(struct naming_table *t, const struct uuid *uuid, unsigned line,
    const char *fqdn, struct err *e)
{
	size_t n = strlen(fqdn) + 1;
	void *names = t->name, *text = t->text;
	bool good = grow(&names, &t->room, t->n + 1, sizeof(*t->name)) &&
	    grow(&text, &t->text_room, t->len + n, 1);

	t->name = names;
	t->text = text;
	if (!good)
		return err_mem(e);
	for (size_t i = 0; i < n; i++)
		t->text[t->len + i] = (char)tolower((unsigned char)fqdn[i]);
	t->name[t->n++] = (struct name){ *uuid, line, t->len };
	t->len += n;
	return ERR_OK;
}

/* column 0: the row as a whole. */
static enum err_code
bad_row(const char *name, unsigned line, unsigned column, enum reason_id why,
    const char *what, struct err *e)
{
	char at[24] = "";

	if (column > 0)
		snprintf(at, sizeof(at), " (column %u)", column);
	return err_refuse(
	    e, ERR_DATA, reason_get(why), "%s:%u: %s%s", name, line, what, at);
}

static enum err_code
bad_field(const char *name, const struct csv_row *row, size_t i,
    enum reason_id why, const char *what, struct err *e)
{
	char text[192];

	snprintf(text, sizeof(text), "%s: \"%.80s\"", what, row->field[i]);
	return bad_row(name, row->line, row->column[i], why, text, e);
}

static enum err_code
take_row(struct naming_table *t, const char *name, const struct csv_row *row,
    struct err *e)
{
	char text[80];
	struct uuid uuid;

	if (row->n != 2) {
		snprintf(text, sizeof(text),
		    "%zu fields: a row has a UUID and a name, and no more",
		    row->n);
		return bad_row(name, row->line, 0, REASON_NAME_TABLE, text, e);
	}
	if (!uuid_parse(&uuid, row->field[0]))
		return bad_field(
		    name, row, 0, REASON_UUID_MALFORMED, "not a UUID", e);
	if (!naming_is_domain(row->field[1]) ||
	    strchr(row->field[1], '.') == NULL)
		return bad_field(name, row, 1, REASON_NAME_INVALID,
		    "not a host name with its domain", e);
	return table_add(t, &uuid, row->line, row->field[1], e);
}

static int
by_uuid(const void *a, const void *b)
{
	const struct name *x = a, *y = b;
	int d = memcmp(x->uuid.b, y->uuid.b, UUID_LEN);

	return d != 0 ? d : (x->line > y->line) - (x->line < y->line);
}

/* A name and its line, to find those that stand there twice. */
struct called {
	const char *fqdn;
	unsigned line;
};

static int
by_name(const void *a, const void *b)
{
	const struct called *x = a, *y = b;
	int d = strcmp(x->fqdn, y->fqdn);

	return d != 0 ? d : (x->line > y->line) - (x->line < y->line);
}

static enum err_code
twice(const char *name, const char *value, unsigned first, unsigned line,
    struct err *e)
{
	char text[NAMING_FQDN + 48];

	snprintf(
	    text, sizeof(text), "%s stands in line %u already", value, first);
	return bad_row(name, line, 0, REASON_NAME_TWICE, text, e);
}

static enum err_code
names_are_single(const struct naming_table *t, const char *name, struct err *e)
{
	struct called *c = calloc(t->n + 1, sizeof(*c));

	if (c == NULL)
		return err_mem(e);
	for (size_t i = 0; i < t->n; i++)
		c[i] =
		    (struct called){ t->text + t->name[i].at, t->name[i].line };
	qsort(c, t->n, sizeof(*c), by_name);
	for (size_t i = 1; i < t->n && e->code == ERR_OK; i++)
		if (strcmp(c[i - 1].fqdn, c[i].fqdn) == 0)
			twice(name, c[i].fqdn, c[i - 1].line, c[i].line, e);
	free(c);
	return e->code;
}

static enum err_code
table_order(struct naming_table *t, const char *name, struct err *e)
{
	char uuid[UUID_TEXT];

	if (t->n > 0)
		qsort(t->name, t->n, sizeof(*t->name), by_uuid);
	for (size_t i = 1; i < t->n; i++) {
		if (!uuid_equal(&t->name[i - 1].uuid, &t->name[i].uuid))
			continue;
		uuid_text(&t->name[i].uuid, uuid);
		return twice(
		    name, uuid, t->name[i - 1].line, t->name[i].line, e);
	}
	return names_are_single(t, name, e);
}

static enum err_code
take_header(
    const char *name, const struct csv_row *row, bool more, struct err *e)
{
	if (more && row->n == 2 && strcmp(row->field[0], "uuid") == 0 &&
	    strcmp(row->field[1], "fqdn") == 0)
		return ERR_OK;
	return bad_row(name, more ? row->line : 1, 0, REASON_NAME_TABLE,
	    more ? "the first line of a table is uuid,fqdn"
		 : "empty; the first line of a table is uuid,fqdn",
	    e);
}

enum err_code
naming_table_read(const char *name, const void *text, size_t n,
    struct naming_table **out, struct err *e)
{
	struct naming_table *t = calloc(1, sizeof(*t));
	struct csv_row row;
	bool more = true;
	struct csv c;

	*out = NULL;
	if (t == NULL)
		return err_mem(e);
	csv_init(&c, name, text, n);
	if (csv_next(&c, &row, &more, e) == ERR_OK)
		take_header(name, &row, more, e);
	while (e->code == ERR_OK && more)
		if (csv_next(&c, &row, &more, e) == ERR_OK && more)
			take_row(t, name, &row, e);
	if (e->code == ERR_OK && table_order(t, name, e) == ERR_OK)
		*out = t;
	else
		naming_table_free(t);
	return e->code;
}

void
naming_table_write(struct wr *w, const struct naming_table *t)
{
	char uuid[UUID_TEXT];

	wr_str(w, "uuid,fqdn\n");
	for (size_t i = 0; i < t->n; i++) {
		uuid_text(&t->name[i].uuid, uuid);
		wr_fmt(w, "%s,%s\n", uuid, t->text + t->name[i].at);
	}
}

void
naming_table_free(struct naming_table *t)
{
	if (t == NULL)
		return;
	free(t->name);
	free(t->text);
	free(t);
}

const char *
naming_table_find(const struct naming_table *t, const struct uuid *uuid)
{
	size_t low = 0, high = t->n, mid;
	int d;

	while (low < high) {
		mid = low + (high - low) / 2;
		d = memcmp(uuid->b, t->name[mid].uuid.b, UUID_LEN);
		if (d == 0)
			return t->text + t->name[mid].at;
		if (d < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}

/* Files. */

static enum err_code
load(const char *path, struct naming_table **out, struct err *e)
{
	uint8_t *p = NULL;
	size_t n = 0;

	*out = NULL;
	if (file_read(path, TABLE_MAX_BYTES, &p, &n, e) == ERR_OK)
		naming_table_read(path, p, n, out, e);
	free(p);
	return e->code;
}

enum err_code
naming_file_open(struct naming_file *f, const char *path, struct err *e)
{
	if ((f->path = strdup(path)) == NULL)
		return err_mem(e);
	if (stat(f->path, &f->seen) == -1)
		return err_sys(e, ERR_NOINPUT, "%s", f->path);
	return load(f->path, &f->table, e);
}

enum err_code
naming_file_refresh(struct naming_file *f, bool *changed, struct err *e)
{
	struct naming_table *t;
	struct stat st;

	*changed = false;
	if (f->path == NULL || stat(f->path, &st) == -1)
		return ERR_OK; /* being replaced: the next look finds it */
	if (st.st_ino == f->seen.st_ino && st.st_size == f->seen.st_size &&
	    st.st_mtim.tv_sec == f->seen.st_mtim.tv_sec &&
	    st.st_mtim.tv_nsec == f->seen.st_mtim.tv_nsec)
		return ERR_OK;
	f->seen = st;
	if (load(f->path, &t, e) != ERR_OK)
		return e->code;
	naming_table_free(f->table);
	f->table = t;
	*changed = true;
	return ERR_OK;
}

void
naming_file_close(struct naming_file *f)
{
	naming_table_free(f->table);
	free(f->path);
	*f = (struct naming_file){ .table = NULL };
}
