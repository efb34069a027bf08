/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The programs of a line that program a board and read it back: a command
 * (factory/command.h) whose program was found, run with a bound on its time
 * and judged by its exit status.
 */
#ifndef FACTORY_PROGRAMMER_H
#define FACTORY_PROGRAMMER_H

#include <stdbool.h>

#include "base/child.h"
#include "base/err.h"
#include "factory/command.h"

struct programmer {
	struct command command;
	char path[CHILD_PATH];
	unsigned seconds; /* at most */
};

/* Parses the text of an option and finds its program: in PATH, or where a
 * slash in its name says. */
enum err_code programmer_init(struct programmer *, const char *option,
    const char *text, unsigned seconds, struct err *);

/* One run. tick, called five times a second with the newest line, ends it by
 * false. */
struct programmer_run {
	int in;                   /* its standard input */
	const char *const *value; /* COMMAND_PLACES of them */
	bool (*tick)(void *arg, const char *line, unsigned seconds);
	void *arg;
	char said[CHILD_SAID + 1]; /* its last line */
	double seconds;            /* that it took */
};
/* Refused: REASON_STATION_COMMAND with its last line. */
enum err_code programmer_run(
    const struct programmer *, struct programmer_run *, struct err *);

#endif
