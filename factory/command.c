/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "factory/command.h"

/* A brace that was quoted or doubled, in the words' text: it is none of ours.
 * No command has these bytes, which are not printable. */
#define OPEN '\001'
#define CLOSE '\002'

static const char *const names[COMMAND_PLACES] = { "image", "delta", "layout",
	"base", "readback", "uuid", "serial" };

/* The place that p, behind a brace, names; *n: with the closing brace. */
static enum command_place
place_at(const char *p, size_t *n)
{
	size_t len = strcspn(p, "}");
	enum command_place i = 0;

	while (i < COMMAND_PLACES &&
	    (strlen(names[i]) != len || memcmp(names[i], p, len) != 0))
		i++;
	*n = p[len] == '\0' ? len : len + 1;
	return p[len] == '\0' ? COMMAND_PLACES : i;
}

/* ---- words ---- */

struct parse {
	const char *from, *p;
	struct command *c;
	size_t used;
	bool quoted; /* some of this word is */
	struct err *e;
};

static bool
wrong(struct parse *s, const char *why)
{
	err_set(s->e, ERR_USAGE, "character %zu: %s",
	    (size_t)(s->p - s->from) + 1, why);
	return false;
}

static void
put(struct parse *s, char c)
{
	s->c->text[s->used++] = c;
}

/* At an opening quote, up to behind the closing one. */
static bool
take_quoted(struct parse *s)
{
	char quote = *s->p, c;

	s->quoted = true;
	for (s->p++; *s->p != quote; s->p++) {
		if (*s->p == '\0')
			return wrong(s, "a quotation without an end");
		if (quote == '"' && *s->p == '\\' &&
		    (s->p[1] == '"' || s->p[1] == '\\'))
			s->p++;
		c = *s->p;
		put(s, c);
	}
	s->p++;
	return true;
}

/* from: where the word begins in the option's text. */
static bool
no_place(struct parse *s, const char *from, const char *brace)
{
	int n = (int)strcspn(brace, "}");
	const char *at = strstr(from, brace);

	if (brace[n] == '}')
		n++;
	for (const char *p = from; at == NULL && p < s->p; p++)
		if (strncmp(p, brace, (size_t)n) == 0)
			at = p;
	err_set(s->e, ERR_USAGE,
	    "character %zu: %.*s: behind a { one of image, delta, layout, "
	    "base, "
	    "readback, uuid and serial, and a }; {{ is a brace",
	    (size_t)((at != NULL ? at : from) - s->from) + 1, n < 40 ? n : 40,
	    brace);
	return false;
}

/* "{name}", "{{" and "}}" of the words' text, wherever they stood. */
static bool
take_braces(struct parse *s, const char *from, char *word)
{
	char *to = word;
	enum command_place place;
	size_t n;

	for (char *p = word; *p != '\0'; p++) {
		if ((*p == '{' || *p == '}') && p[1] == *p) {
			*to++ = *p == '{' ? OPEN : CLOSE;
			p++;
			continue;
		}
		if (*p == '}')
			return wrong(s, "a } without its {; }} is a brace");
		*to++ = *p;
		if (*p != '{')
			continue;
		if ((place = place_at(p + 1, &n)) == COMMAND_PLACES)
			return no_place(s, from, p);
		s->c->uses[place] = true;
		memmove(to, p + 1, n);
		to += n;
		p += n;
	}
	*to = '\0';
	return true;
}

/* Somebody expects a shell. */
static bool
is_shell(const char *word)
{
	static const char *const ops[] = { "|", "||", "&", "&&", ";", "<", ">",
		">>", "2>", "2>&1", "1>&2" };

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (strcmp(word, ops[i]) == 0)
			return true;
	return false;
}

static bool
take_word(struct parse *s)
{
	char *word = s->c->text + s->used;
	const char *from = s->p;

	if (s->c->n == COMMAND_WORDS)
		return wrong(s, "more than 64 words");
	s->c->word[s->c->n++] = s->used;
	s->quoted = false;
	while (*s->p != '\0' && strchr(" \t\n", *s->p) == NULL) {
		if (*s->p == '\'' || *s->p == '"') {
			if (!take_quoted(s))
				return false;
			continue;
		}
		if (*s->p == '\\') {
			s->quoted = true;
			if (*++s->p == '\0')
				return wrong(s, "a backslash at the end");
		}
		put(s, *s->p++);
	}
	put(s, '\0');
	if (!s->quoted && is_shell(word))
		return wrong(s,
		    "no shell reads this; put the command into a script, or "
		    "write sh -c '...'");
	return take_braces(s, from, word);
}

static bool
no_controls(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 && *text != '\t' &&
		    *text != '\n')
			return false;
	return true;
}

enum err_code
command_parse(struct command *c, const char *text, struct err *e)
{
	struct parse s = { .from = text, .p = text, .c = c, .e = e };

	memset(c, 0, sizeof(*c));
	if (strlen(text) >= COMMAND_TEXT)
		return err_set(
		    e, ERR_USAGE, "more than %d characters", COMMAND_TEXT - 1);
	if (!no_controls(text))
		return err_set(e, ERR_USAGE, "a control character");
	for (;;) {
		s.p += strspn(s.p, " \t\n");
		if (*s.p == '\0')
			break;
		if (!take_word(&s))
			return e->code;
	}
	if (c->n == 0)
		return err_set(e, ERR_USAGE, "no command");
	if (strpbrk(c->text, "{\001\002") != NULL)
		return err_set(e, ERR_USAGE, "braces in the program's name");
	return ERR_OK;
}

/* ---- values ---- */

static void
fill_word(const char *p, const char *const *value, struct wr *w)
{
	size_t n;

	for (; *p != '\0'; p++) {
		if (*p == '{') {
			wr_str(w, value[place_at(p + 1, &n)]);
			p += n;
		} else
			wr_u8(w,
			    *p == OPEN        ? '{'
				: *p == CLOSE ? '}'
					      : (uint8_t)*p);
	}
	wr_u8(w, '\0');
}

static enum err_code
judge_values(const struct command *c, const char *const *value, struct err *e)
{
	for (size_t i = 0; i < COMMAND_PLACES; i++)
		if (c->uses[i] && value[i] == NULL)
			return err_set(
			    e, ERR_USAGE, "{%s} is nothing here", names[i]);
	for (size_t i = 0, n; i < c->n; i++) {
		const char *word = c->text + c->word[i];
		enum command_place at;

		if (*word != '{')
			continue;
		at = place_at(word + 1, &n);
		if (value[at][0] == '-')
			return err_set(e, ERR_DATA,
			    "{%s} begins with a dash, and would be taken for "
			    "an option",
			    names[at]);
	}
	return ERR_OK;
}

enum err_code
command_fill(const struct command *c,
    const char *const value[static COMMAND_PLACES], struct command_argv *out,
    struct err *e)
{
	struct wr w;

	if (judge_values(c, value, e) != ERR_OK)
		return e->code;
	wr_fixed(&w, out->text, sizeof(out->text));
	for (size_t i = 0; i < c->n; i++) {
		out->argv[i] = out->text + w.len;
		fill_word(c->text + c->word[i], value, &w);
	}
	out->argv[c->n] = NULL;
	if (w.failed)
		return err_set(e, ERR_USAGE,
		    "more than %d bytes with its paths", COMMAND_FILLED);
	return ERR_OK;
}
