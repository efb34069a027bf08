/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cli.h"
#include "base/clock.h"
#include "base/exposed.h"
#include "base/near.h"
#include "base/sysmend.h"
#include "base/text.h"

#define CLI_WIDTH 78

/* Errors, for people and for programs. */

static const char *
code_name(enum err_code code)
{
	switch (code) {
	case ERR_OK:
		return "ok";
	case ERR_SOME:
		return "some-failed";
	case ERR_USAGE:
		return "usage";
	case ERR_DATA:
		return "data";
	case ERR_NOINPUT:
		return "no-input";
	case ERR_PEER:
		return "peer";
	case ERR_BUG:
		return "bug";
	case ERR_CREATE:
		return "create";
	case ERR_IO:
		return "io";
	case ERR_RETRY:
		return "retry";
	case ERR_PERM:
		return "not-permitted";
	case ERR_CONFIG:
		return "config";
	}
	return "bug";
}

void
cli_put_string(struct wr *w, const char *s)
{
	const uint8_t *p = (const uint8_t *)s, *end = p + strlen(s);

	wr_u8(w, '"');
	while (p < end) {
		size_t n = text_utf8(p, (size_t)(end - p));

		if (*p == '"' || *p == '\\')
			wr_fmt(w, "\\%c", *p);
		else if (*p < 0x20 || *p == 0x7f)
			wr_fmt(w, "\\u%04x", *p);
		else if (n == 0)
			wr_str(w, "\\ufffd");
		else
			wr_bytes(w, p, n);
		p += n == 0 ? 1 : n;
	}
	wr_u8(w, '"');
}

void
cli_put_error(struct wr *w, const struct err *e)
{
	const struct reason *why = e->reason;
	const char *mend = why != NULL ? why->mend : sysmend(e);

	wr_str(w, "{\"code\":");
	cli_put_string(w, why != NULL ? why->code : code_name(e->code));
	if (e->offset == ERR_NO_OFFSET)
		wr_str(w, ",\"offset\":null");
	else
		wr_fmt(w, ",\"offset\":%zu", e->offset);
	wr_str(w, ",\"rule\":");
	cli_put_string(w, why != NULL ? why->rule : "");
	wr_str(w, ",\"mend\":");
	cli_put_string(w, mend != NULL ? mend : "");
	wr_str(w, ",\"message\":");
	cli_put_string(w, e->msg);
	wr_u8(w, '}');
}

/* Works out of memory: six bytes for each of a message are enough. */
static void
error_json(const struct err *e)
{
	char line[4096];
	struct wr w;

	wr_fixed(&w, line, sizeof(line));
	wr_str(&w, "{\"error\":");
	cli_put_error(&w, e);
	wr_str(&w, "}\n");
	fwrite(line, 1, w.len, stdout);
}

/* Control characters of a hostile file name or row must not reach a
 * terminal. */
static void
put_words(FILE *f, const char *s)
{
	for (; *s != '\0'; s++)
		fputc((unsigned char)*s < 0x20 || *s == 0x7f ? '?' : *s, f);
}

static void
error_words(const char *program, const struct err *e)
{
	const char *mend = sysmend(e);

	fprintf(stderr, "%s: ", program);
	put_words(stderr, e->msg);
	if (e->reason != NULL)
		fprintf(stderr, " [%s]\n  rule: %s\n  do: %s", e->reason->code,
		    e->reason->rule, e->reason->mend);
	else if (mend != NULL)
		fprintf(stderr, "\n  do: %s", mend);
	fputc('\n', stderr);
}

enum err_code
cli_print(struct wr *w, struct err *e)
{
	if (w->failed)
		err_mem(e);
	else if (w->len != 0) {
		/* Flushed, so that the failure is known now, with its cause. */
		errno = 0;
		if (fwrite(w->buf, 1, w->len, stdout) != w->len ||
		    fflush(stdout) == EOF || ferror(stdout)) {
			if (errno == 0) /* an earlier write failed */
				errno = EIO;
			err_sys(e, ERR_IO, "standard output");
		}
	}
	wr_free(w);
	return e->code;
}

void
cli_report(const struct cli_args *a, struct err *e)
{
	if (e->code == ERR_OK)
		return;
	if (a->json)
		error_json(e);
	else {
		fflush(stdout); /* keeps rows and words in their order */
		error_words(a->program, e);
	}
	err_clear(e);
}

/* Help, printed from the tables. */

/* Prints s from column `col` on, wrapped, further lines indented. */
static void
wrap(const char *s, size_t col, size_t indent)
{
	while (*s != '\0') {
		size_t word = strcspn(s, " ");

		if (col > indent && col + 1 + word > CLI_WIDTH) {
			printf("\n%*s", (int)indent, "");
			col = indent;
		} else if (col > indent)
			col += (size_t)printf(" ");
		col += (size_t)printf("%.*s", (int)word, s);
		s += word;
		s += strspn(s, " ");
	}
	putchar('\n');
}

static void
entry(const char *left, const char *arg, const char *help, size_t indent)
{
	size_t col = (size_t)printf(
	    "  %s%s%s", left, arg != NULL ? " " : "", arg != NULL ? arg : "");

	if (col + 2 > indent) {
		putchar('\n');
		col = 0;
	}
	printf("%*s", (int)(indent - col), "");
	wrap(help, indent, indent);
}

static void
help_common(void)
{
	entry("--json", NULL,
	    "print one JSON object a line on stdout, a refusal too", 24);
	entry("--help", NULL, "print this help", 24);
	entry("--version", NULL, "print the version", 24);
}

static bool
verb_in_group(const struct cli_verb *v, const char *group)
{
	size_t n = strlen(group);

	return strncmp(v->name, group, n) == 0 &&
	    (n == 0 || v->name[n] == ' ' || v->name[n] == '\0');
}

static void
help_verbs(const struct cli_verb *const *tables, const char *group)
{
	puts("\nverbs:");
	for (; *tables != NULL; tables++)
		for (const struct cli_verb *v = *tables; v->name != NULL; v++)
			if (v->run != NULL && verb_in_group(v, group))
				entry(v->name, NULL, v->help, 24);
	puts("\noptions:");
	help_common();
}

static void
usage(const char *program, const struct cli_verb *v, const char *lead)
{
	size_t col = (size_t)printf("%s %s %s", lead, program, v->name);

	wrap(v->synopsis, col, 12);
}

static void
help_program(const char *program, const char *about,
    const struct cli_verb *const *tables)
{
	printf("usage: %s VERB [ARGUMENT...] [OPTION...]\n\n", program);
	wrap(about, 0, 0);
	help_verbs(tables, "");
	printf("\n%s VERB --help tells more about a verb.\n", program);
}

/* Of the verbs that begin with the word `group`. */
static void
help_group(const char *program, const struct cli_verb *const *tables,
    const char *group)
{
	const struct cli_verb *about = NULL;
	const char *lead = "usage:";

	for (size_t i = 0; tables[i] != NULL; i++)
		for (const struct cli_verb *v = tables[i]; v->name != NULL;
		     v++) {
			if (!verb_in_group(v, group))
				continue;
			if (v->run == NULL) {
				about = v;
				continue;
			}
			usage(program, v, lead);
			lead = "      ";
		}
	if (about != NULL)
		printf("\n%s\n", about->help);
	help_verbs(tables, group);
	printf("\n%s %s VERB --help tells the options of a verb.\n", program,
	    group);
}

static void
help_verb(const char *program, const struct cli_verb *v)
{
	usage(program, v, "usage:");
	putchar('\n');
	wrap(v->help, 0, 0);
	puts("\noptions:");
	for (const struct cli_opt *o = v->opts; o != NULL && o->name != NULL;
	     o++)
		entry(o->name, o->arg, o->help, 24);
	help_common();
}

/* Parsing. */

static const struct cli_verb *
find_verb(const struct cli_verb *const *tables, const char *name)
{
	for (; *tables != NULL; tables++)
		for (const struct cli_verb *v = *tables; v->name != NULL; v++)
			if (v->run != NULL && strcmp(v->name, name) == 0)
				return v;
	return NULL;
}

static bool
is_group(const struct cli_verb *const *tables, const char *word)
{
	for (; *tables != NULL; tables++)
		for (const struct cli_verb *v = *tables; v->name != NULL; v++)
			if (verb_in_group(v, word))
				return true;
	return false;
}

static const struct cli_opt *
find_opt(const struct cli_verb *v, const char *arg, size_t len)
{
	for (const struct cli_opt *o = v->opts; o != NULL && o->name != NULL;
	     o++)
		if (strlen(o->name) == len && strncmp(o->name, arg, len) == 0)
			return o;
	return NULL;
}

static enum err_code
unknown_opt(
    const struct cli_verb *v, const char *arg, size_t len, struct err *e)
{
	char name[64];
	struct near near;

	snprintf(name, sizeof(name), "%.*s", (int)len, arg);
	near = (struct near){ name, NULL, SIZE_MAX };
	for (const struct cli_opt *o = v->opts; o != NULL && o->name != NULL;
	     o++)
		near_try(&near, name, o->name, o->name);
	near_try(&near, name, "--json", "--json");
	near_try(&near, name, "--help", "--help");
	return near_usage(&near, "option", e);
}

static enum err_code
take_opt(struct cli_args *a, char **argv, int *i, struct err *e)
{
	const char *arg = argv[*i], *value = strchr(arg, '=');
	size_t len = value == NULL ? strlen(arg) : (size_t)(value - arg);
	const struct cli_opt *o = find_opt(a->verb, arg, len);

	if (o == NULL)
		return unknown_opt(a->verb, arg, len, e);
	if (value != NULL)
		value++;
	if (o->kind == CLI_FLAG && value != NULL)
		return err_set(e, ERR_USAGE, "%s takes no value", o->name);
	if (o->kind != CLI_MANY && cli_flag(a, o->name))
		return err_set(e, ERR_USAGE, "%s is given twice", o->name);
	if (o->kind != CLI_FLAG && value == NULL &&
	    (value = argv[++*i]) == NULL)
		return err_set(
		    e, ERR_USAGE, "%s needs a value: %s", o->name, o->arg);
	if (a->nset == CLI_ARGS_MAX)
		return err_set(
		    e, ERR_USAGE, "more than %d options", CLI_ARGS_MAX);
	a->set[a->nset].name = o->name;
	a->set[a->nset].secret = o->kind == CLI_SECRET;
	a->set[a->nset++].value = value;
	return ERR_OK;
}

/* The arguments behind the verb, or the n before it. *help is set for --help.
 */
static enum err_code
take_args(struct cli_args *a, char **argv, int n, bool *help, struct err *e)
{
	bool only_pos = false;

	for (int i = 0; i < n && argv[i] != NULL; i++) {
		const char *arg = argv[i];

		if (!only_pos && strcmp(arg, "--") == 0)
			only_pos = true;
		else if (!only_pos && strcmp(arg, "--json") == 0)
			a->json = true;
		else if (!only_pos && strcmp(arg, "--help") == 0) {
			*help = true;
			return ERR_OK;
		} else if (!only_pos && arg[0] == '-' && arg[1] != '\0') {
			if (take_opt(a, argv, &i, e) != ERR_OK)
				return e->code;
		} else if (a->n == CLI_ARGS_MAX)
			return err_set(e, ERR_USAGE, "more than %d arguments",
			    CLI_ARGS_MAX);
		else
			a->pos[a->n++] = arg;
	}
	return ERR_OK;
}

static enum err_code
count_args(const struct cli_args *a, struct err *e)
{
	const struct cli_verb *v = a->verb;

	if (a->n < v->min)
		return err_set(e, ERR_USAGE,
		    "too few arguments; usage: %s %s %s", a->program, v->name,
		    v->synopsis);
	if (v->max >= 0 && a->n > v->max)
		return err_set(e, ERR_USAGE,
		    "one argument too many: %s; usage: %s %s %s",
		    a->pos[v->max], a->program, v->name, v->synopsis);
	return ERR_OK;
}

/* In a group that there is, only its second words are near. */
static enum err_code
unknown_verb(const struct cli_verb *const *tables, const char *one,
    const char *two, struct err *e)
{
	bool group = two != NULL && is_group(tables, one);
	char name[128];
	struct near near = { name, NULL, SIZE_MAX };

	/* The second word counts only where the first asks for one. */
	snprintf(name, sizeof(name), "%s%s%s", one, two != NULL ? " " : "",
	    two != NULL ? two : "");
	for (; *tables != NULL; tables++)
		for (const struct cli_verb *v = *tables; v->name != NULL; v++) {
			const char *second = strchr(v->name, ' ');

			if (v->run == NULL)
				continue;
			if (second == NULL)
				near_try(&near, one, v->name, v->name);
			else if (!group)
				near_try(&near, name, v->name, v->name);
			else if (verb_in_group(v, one))
				near_try(&near, two, second + 1, v->name);
		}
	return near_usage(&near, "verb", e);
}

/* The verb of one or two words at argv; *used says how many. */
static const struct cli_verb *
take_verb(const struct cli_verb *const *tables, char **argv, int *used)
{
	const struct cli_verb *v = NULL;
	char name[128];

	if (argv[1] != NULL) {
		snprintf(name, sizeof(name), "%s %s", argv[0], argv[1]);
		v = find_verb(tables, name);
		*used = 2;
	}
	if (v == NULL) {
		v = find_verb(tables, argv[0]);
		*used = 1;
	}
	return v;
}

/* Once a file, though two options may name it. */
static void
warn_exposed(const struct cli_args *a)
{
	for (int i = 0; i < a->nset; i++) {
		int k = 0;

		if (!a->set[i].secret)
			continue;
		while (!a->set[k].secret ||
		    strcmp(a->set[k].value, a->set[i].value) != 0)
			k++;
		if (k == i)
			exposed_warn(a->set[i].value);
	}
}

struct cli_run {
	const char *about;
	const struct cli_verb *const *tables;
	struct cli_args a;
};

static const struct cli_opt *
any_opt(const struct cli_verb *const *tables, const char *arg)
{
	const struct cli_opt *o = NULL;

	for (; *tables != NULL; tables++)
		for (const struct cli_verb *v = *tables;
		     v->name != NULL && o == NULL; v++)
			o = find_opt(v, arg, strcspn(arg, "="));
	return o;
}

/* Options may stand before the verb: how many words they are. */
static int
count_lead(const struct cli_verb *const *tables, char **argv)
{
	int n = 0;

	while (argv[n] != NULL && argv[n][0] == '-') {
		const struct cli_opt *o = any_opt(tables, argv[n]);

		if (o == NULL && strcmp(argv[n], "--json") != 0)
			break;
		if (o != NULL && o->kind != CLI_FLAG &&
		    strchr(argv[n], '=') == NULL && argv[n + 1] != NULL)
			n++;
		n++;
	}
	return n;
}

static enum err_code
run_verb(struct cli_run *r, char **lead, int leading, struct err *e)
{
	char **argv = lead + leading;
	int used = 0;
	bool help = false;

	if ((r->a.verb = take_verb(r->tables, argv, &used)) == NULL) {
		if (is_group(r->tables, argv[0]) && argv[1] != NULL &&
		    strcmp(argv[1], "--help") == 0) {
			help_group(r->a.program, r->tables, argv[0]);
			return ERR_OK;
		}
		if (is_group(r->tables, argv[0]) && argv[1] == NULL)
			return err_set(e, ERR_USAGE,
			    "%s what? see %s %s --help", argv[0], r->a.program,
			    argv[0]);
		return unknown_verb(r->tables, argv[0],
		    argv[1] != NULL && argv[1][0] != '-' ? argv[1] : NULL, e);
	}
	if (take_args(&r->a, lead, leading, &help, e) != ERR_OK ||
	    take_args(&r->a, argv + used, INT_MAX, &help, e) != ERR_OK)
		return e->code;
	if (help) {
		help_verb(r->a.program, r->a.verb);
		return ERR_OK;
	}
	if (count_args(&r->a, e) != ERR_OK)
		return e->code;
	warn_exposed(&r->a);
	return r->a.verb->run(&r->a, e);
}

/* A misspelt command is told in JSON too, if --json stands anywhere. */
static bool
wants_json(char **argv)
{
	for (; *argv != NULL && strcmp(*argv, "--") != 0; argv++)
		if (strcmp(*argv, "--json") == 0)
			return true;
	return false;
}

int
cli_main(const char *program, const char *about,
    const struct cli_verb *const *tables, int argc, char **argv)
{
	struct cli_run r = { .about = about, .tables = tables };
	enum err_code code = ERR_OK;
	struct err e;
	int leading;

	(void)argc;
	err_clear(&e);
	r.a.program = program;
	r.a.json = wants_json(argv + 1);
	leading = count_lead(tables, argv + 1);
	argv += 1 + leading;
	if (*argv == NULL)
		code = err_set(
		    &e, ERR_USAGE, "which verb? see %s --help", program);
	else if (strcmp(*argv, "--help") == 0 || strcmp(*argv, "-h") == 0)
		help_program(program, about, tables);
	else if (strcmp(*argv, "--version") == 0)
		printf("%s %s\n", program, VERSION);
	else
		code = run_verb(&r, argv - leading, leading, &e);
	if (e.code != ERR_OK)
		cli_report(&r.a, &e);
	if ((fflush(stdout) == EOF || ferror(stdout)) && code == ERR_OK) {
		code = err_sys(&e, ERR_IO, "standard output");
		error_words(program, &e);
	}
	return (int)code;
}

/* What verbs ask. */

bool
cli_flag(const struct cli_args *a, const char *name)
{
	return cli_nth(a, name, 0) != NULL;
}

const char *
cli_value(const struct cli_args *a, const char *name, const char *fallback)
{
	const char *v = cli_nth(a, name, 0);

	return v == NULL ? fallback : v;
}

const char *
cli_nth(const struct cli_args *a, const char *name, int i)
{
	for (int k = 0; k < a->nset; k++)
		if (strcmp(a->set[k].name, name) == 0 && i-- == 0)
			return a->set[k].value != NULL ? a->set[k].value : "";
	return NULL;
}

enum err_code
cli_need(
    const struct cli_args *a, const char *name, const char **out, struct err *e)
{
	if ((*out = cli_nth(a, name, 0)) == NULL)
		return err_set(e, ERR_USAGE, "%s is needed; usage: %s %s %s",
		    name, a->program, a->verb->name, a->verb->synopsis);
	return ERR_OK;
}

enum err_code
cli_number(const struct cli_args *a, const char *name, unsigned long min,
    unsigned long max, unsigned long fallback, unsigned long *out,
    struct err *e)
{
	const char *s = cli_nth(a, name, 0);
	char *end;

	*out = fallback;
	if (s == NULL)
		return ERR_OK;
	errno = 0;
	*out = strtoul(s, &end, 10);
	if (!isdigit((unsigned char)*s) || *end != '\0' || errno != 0 ||
	    *out < min || *out > max)
		return err_set(e, ERR_USAGE,
		    "%s: %.32s is not a number in "
		    "%lu to %lu",
		    name, s, min, max);
	return ERR_OK;
}

enum err_code
cli_size(const char *text, size_t *out, struct err *e)
{
	unsigned long long n, unit = 1;
	char *end;

	errno = 0;
	n = strtoull(text, &end, strncmp(text, "0x", 2) == 0 ? 16 : 10);
	if (*end == 'K')
		unit = 1024;
	else if (*end == 'M')
		unit = 1024 * 1024;
	else if (*end == 'G')
		unit = 1024 * 1024 * 1024;
	if (unit > 1)
		end++;
	if (!isdigit((unsigned char)*text) || *end != '\0' || errno != 0 ||
	    n == 0 || n > SIZE_MAX / unit)
		return err_set(e, ERR_USAGE,
		    "%.32s is not a size (as 16M, 8192K or 0x1000)", text);
	*out = (size_t)(n * unit);
	return ERR_OK;
}

/* Progress. */

static void
bar_draw(struct cli_bar *b)
{
	size_t percent = b->total == 0 ? 100 : b->done * 100 / b->total;

	fprintf(stderr, "\r%s %zu of %zu (%zu%%)", b->what, b->done, b->total,
	    percent);
	fflush(stderr);
}

void
cli_bar_start(struct cli_bar *b, const char *what, size_t total)
{
	*b = (struct cli_bar){ .what = what, .total = total };
	b->shown = isatty(STDERR_FILENO) == 1 && isatty(STDOUT_FILENO) == 0;
	b->last_ms = clock_ms();
}

void
cli_bar_step(struct cli_bar *b, size_t n)
{
	uint64_t now;

	b->done += n;
	if (!b->shown || (now = clock_ms()) - b->last_ms < 200)
		return;
	b->last_ms = now;
	bar_draw(b);
}

void
cli_bar_end(struct cli_bar *b)
{
	if (!b->shown)
		return;
	fputs("\r\033[K", stderr);
	fflush(stderr);
	b->shown = false;
}

void
cli_progress(const char *line)
{
	fflush(stdout); /* rows stand above the line */
	if (isatty(STDERR_FILENO) != 1)
		return;
	fputs("\r\033[K", stderr);
	put_words(stderr, line);
	fflush(stderr);
}
