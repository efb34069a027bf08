/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "factory/programmer.h"
#include "formats/reason.h"

/* ---- the program ---- */

static enum err_code
at_path(const char *name, char out[static CHILD_PATH], struct err *e)
{
	char *real = realpath(name, NULL);
	struct stat st;

	if (real == NULL)
		return err_sys(e, ERR_NOINPUT, "%s", name);
	if (stat(real, &st) == -1 || !S_ISREG(st.st_mode) ||
	    access(real, X_OK) == -1)
		err_set(e, ERR_NOINPUT, "%s: is no program", name);
	else if (strlen(real) >= CHILD_PATH)
		err_set(e, ERR_USAGE, "%s: a long path", name);
	else
		strcpy(out, real);
	free(real);
	return e->code;
}

enum err_code
programmer_init(struct programmer *p, const char *option, const char *text,
    unsigned seconds, struct err *e)
{
	const char *name = p->command.text;
	struct err no;

	p->seconds = seconds;
	if (command_parse(&p->command, text, e) != ERR_OK)
		return err_in(e, "%s", option);
	if (strchr(name, '/') != NULL)
		return at_path(name, p->path, e) == ERR_OK
		    ? ERR_OK
		    : err_in(e, "%s", option);
	err_clear(&no);
	if (child_find(name, "programmer's package", p->path, &no) != ERR_OK)
		return err_set(e, ERR_NOINPUT,
		    "%s: no program %s in PATH; give its whole path", option,
		    name);
	return ERR_OK;
}

/* ---- a run ---- */

struct ear {
	struct programmer_run *run;
	double from; /* clock_seconds() */
};

static bool
hear(void *arg, const char *line)
{
	struct ear *a = arg;

	if (line != NULL) {
		snprintf(a->run->said, sizeof(a->run->said), "%s", line);
		return true;
	}
	return a->run->tick(
	    a->run->arg, a->run->said, (unsigned)(clock_seconds() - a->from));
}

static enum err_code
judge(const struct child *c, const char *said, struct err *e)
{
	const struct reason *why = reason_get(REASON_STATION_COMMAND);
	const char *colon = said[0] != '\0' ? ": " : "";

	if (c->status == 0)
		return ERR_OK;
	if (c->status > 128)
		return err_refuse(e, ERR_PEER, why,
		    "%s was ended by signal %d (%s)%s%s", c->name,
		    c->status - 128, strsignal(c->status - 128), colon, said);
	return err_refuse(e, ERR_PEER, why, "%s ended with status %d%s%s",
	    c->name, c->status, colon, said);
}

/* child_watch()'s own words as a refusal. */
static void
refuse(const char *said, struct err *e)
{
	struct err was = *e;

	err_clear(e);
	err_refuse(e, was.code, reason_get(REASON_STATION_COMMAND), "%s%s%s",
	    was.msg, said[0] != '\0' ? "; it said: " : "", said);
}

static enum err_code
watch(const struct programmer *p, struct programmer_run *run,
    const struct child_spec *spec, struct err *e)
{
	struct ear ear = { .run = run };
	struct child c = { 0 };

	ear.from = clock_seconds();
	if (child_start(&c, spec, e) == ERR_OK) {
		if (child_watch(&c, p->seconds, hear, &ear, e) != ERR_OK)
			refuse(run->said, e);
		else
			judge(&c, run->said, e);
	}
	child_free(&c);
	run->seconds = clock_seconds() - ear.from;
	return e->code;
}

enum err_code
programmer_run(
    const struct programmer *p, struct programmer_run *run, struct err *e)
{
	struct command_argv *argv = malloc(sizeof(*argv));
	struct child_spec spec = {
		.path = p->path, .in = run->in, .out = -1, .group = true
	};

	if (argv == NULL)
		return err_mem(e);
	run->said[0] = '\0';
	if (command_fill(&p->command, run->value, argv, e) == ERR_OK) {
		spec.argv = argv->argv;
		watch(p, run, &spec, e);
	}
	free(argv);
	return e->code;
}
