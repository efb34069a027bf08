/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of every program: one static table of verbs, from which
 * --help, usage and completion are printed; options that look the same
 * everywhere; errors and refusals for people (stderr) or programs (--json).
 *
 * stdout is data, stderr is words, "-" is a pipe.
 */
#ifndef BASE_CLI_H
#define BASE_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/err.h"

enum cli_kind {
	CLI_FLAG,
	CLI_VALUE,
	CLI_SECRET, /* a value: the file that holds a secret, or "-" */
	CLI_MANY
};

struct cli_opt {
	const char *name; /* "--count"; the table ends with a NULL name */
	enum cli_kind kind;
	const char *arg;  /* "N" for usage; NULL for a flag */
	const char *help; /* one line */
};

#define CLI_ARGS_MAX 64

/* What a verb is called with. Strings are borrowed from argv. */
struct cli_args {
	const char *program;
	const struct cli_verb *verb;
	bool json;
	int n; /* positional arguments after the verb */
	const char *pos[CLI_ARGS_MAX];
	int nset;
	struct {
		const char *name;
		const char *value; /* NULL for a flag */
		bool secret;       /* the value names a secret's file */
	} set[CLI_ARGS_MAX];
};

struct cli_verb {
	const char *name;     /* "unit issue": one or two words */
	const char *synopsis; /* "LEDGER ORDER --units FILE|- | --count N" */
	const char *help;     /* one line */
	const struct cli_opt *opts;
	int min, max; /* positional arguments; max -1: CLI_ARGS_MAX */
	/* NULL: no verb but what `GROUP --help` tells of the verbs that begin
	 * with this word; help is then printed as it stands. */
	enum err_code (*run)(const struct cli_args *, struct err *);
};

/* --json, --help and --version are known everywhere and not in tables.
 * A verb table ends with a NULL name. A program has one or more tables;
 * the list ends with NULL. Returns the exit status. Handles --help,
 * --version, --json, usage errors and the printing of the error. */
int cli_main(const char *program, const char *about,
    const struct cli_verb *const *tables, int argc, char **argv);

bool cli_flag(const struct cli_args *, const char *name);
const char *cli_value(
    const struct cli_args *, const char *name, const char *fallback);
/* The i-th value of a CLI_MANY option, or NULL. */
const char *cli_nth(const struct cli_args *, const char *name, int i);
/* The option's value, or ERR_USAGE that names it. */
enum err_code cli_need(
    const struct cli_args *, const char *name, const char **, struct err *);
/* A decimal number in min..max; fallback where the option is not given. */
enum err_code cli_number(const struct cli_args *, const char *name,
    unsigned long min, unsigned long max, unsigned long fallback,
    unsigned long *, struct err *);
/* A size such as 16M, 8192K, 0x1000 or 16777216. */
enum err_code cli_size(const char *text, size_t *, struct err *);

/* Puts what was written on stdout and frees it. */
enum err_code cli_print(struct wr *, struct err *);

/* Prints one item's failure as the final error would be (a unit of many)
 * and clears e; the caller returns ERR_SOME at the end. */
void cli_report(const struct cli_args *, struct err *);

/* A JSON string of words, which may hold a file name of any bytes or be cut
 * within a character: what is no UTF-8 becomes U+FFFD. */
void cli_put_string(struct wr *, const char *);
/* The object that --json prints of an error: {"code":...,"message":...}. */
void cli_put_error(struct wr *, const struct err *);

/* Progress on long work: a bar on a terminal, else nothing. */
struct cli_bar {
	const char *what;
	size_t total, done;
	uint64_t last_ms;
	bool shown;
};
void cli_bar_start(struct cli_bar *, const char *what, size_t total);
void cli_bar_step(struct cli_bar *, size_t n);
void cli_bar_end(struct cli_bar *);

/* The same where several things go on at once: a line in the caller's words,
 * written over the one before; "" takes it away. On a terminal only; rows
 * that were printed are out before. */
void cli_progress(const char *line);

#endif
