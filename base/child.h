/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Other programs, without a shell: found by absolute folders of PATH alone,
 * started with the descriptors they are given and no others, an environment
 * that holds nothing of ours, and a bound on their time. What they write is
 * collected in wiped memory. A secret reaches them by a descriptor only;
 * arguments are for everyone to see.
 */
#ifndef BASE_CHILD_H
#define BASE_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/bytes.h"
#include "base/err.h"

#define CHILD_PATH 1024
#define CHILD_SAID 200 /* of standard error, the first line */

struct child {
	const char *name;          /* argv[0]; borrowed */
	pid_t pid;                 /* 0: not running */
	bool group;                /* of its own, killed as a whole */
	int out, err;              /* our ends, -1: closed */
	struct wr got;             /* standard output, where it is collected */
	char said[CHILD_SAID + 1]; /* printable */
	size_t nsaid;
	int status; /* exit status; 128 and the signal that ended it */
};

struct child_spec {
	const char *path;        /* of child_find() */
	const char *const *argv; /* ends with NULL */
	const char *const *env;  /* more than the least; NULL: none */
	int in;                  /* standard input; -1: /dev/null */
	int out;                 /* standard output; -1: collected */
	size_t most;             /* bytes collected at most */
	bool group; /* a process group of its own, which a terminal's
		     * interrupt does not reach and which is killed as a whole:
		     * for a program that starts others */
};

/* The program's absolute path. package: where it comes from, for the message
 * when it is not installed: ERR_PEER. */
enum err_code child_find(const char *name, const char *package,
    char out[static CHILD_PATH], struct err *);
/* Starts it. in and out stay the caller's. */
enum err_code child_start(
    struct child *, const struct child_spec *, struct err *);
/* Collects what n children write until all have ended, for at most so many
 * seconds: then the rest is killed and it is ERR_PEER. A status other than 0
 * is no error here: the caller judges it. */
enum err_code child_wait(
    struct child *, size_t n, unsigned seconds, struct err *);
/* One child that talks while it works: each line of either stream, printable
 * and cut to CHILD_SAID, goes to fn, and NULL five times a second. It is killed
 * when fn returns false (ERR_RETRY) and when the time is over (ERR_PEER). It
 * has ended when its own process has; a group that it leaves behind is killed.
 */
typedef bool child_fn(void *arg, const char *line);
enum err_code child_watch(
    struct child *, unsigned seconds, child_fn *, void *arg, struct err *);
/* Kills what runs and wipes what was collected. A zeroed one is fine. */
void child_free(struct child *);

#endif
