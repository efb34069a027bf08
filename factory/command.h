/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command that somebody wrote as one text, as words for a program that is
 * started without a shell. Blanks part words; '...' keeps all, "..." all but
 * \" and \\, and a backslash outside of quotes the next character. {image},
 * {delta}, {layout}, {base}, {readback}, {uuid} and {serial} stand for their
 * values, also within a word; {{ and }} for braces. Nothing else is special: no
 * variables, patterns, pipes or redirections. Pure.
 */
#ifndef FACTORY_COMMAND_H
#define FACTORY_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define COMMAND_WORDS 64
#define COMMAND_TEXT 4096    /* bytes of a command */
#define COMMAND_FILLED 32768 /* the same with its values */

enum command_place {
	COMMAND_IMAGE,
	COMMAND_DELTA,
	COMMAND_LAYOUT,
	COMMAND_BASE,
	COMMAND_READBACK,
	COMMAND_UUID,
	COMMAND_SERIAL,
	COMMAND_PLACES
};

struct command {
	size_t n;
	char text[COMMAND_TEXT + COMMAND_WORDS]; /* words with their NULs */
	size_t word[COMMAND_WORDS];              /* where they begin */
	bool uses[COMMAND_PLACES];
};

/* ERR_USAGE, with what is wrong and where. */
enum err_code command_parse(struct command *, const char *text, struct err *);

/* The words with values in them. Large. */
struct command_argv {
	char text[COMMAND_FILLED];
	const char *argv[COMMAND_WORDS + 1];
};
/* A value that is used may not be NULL; one that begins with a dash may not
 * begin a word, where the program would take it for an option. */
enum err_code command_fill(const struct command *,
    const char *const value[static COMMAND_PLACES], struct command_argv *,
    struct err *);

#endif
