/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors. Every function that can fail returns enum err_code, which is also
 * the exit status of the program, and takes a struct err * last. The first
 * message wins; callers add place with err_in(). No allocation: it works out
 * of memory. A struct err is owned by the caller and needs no release.
 *
 * A refusal (bad data, distrust, a guard) also names its rule: a struct
 * reason from the one documented list (formats/reason.h). It carries the code
 * a program branches on, the rule that was broken and what to do about it.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stddef.h>

enum err_code {
	ERR_OK = 0,
	ERR_SOME = 1,     /* done, but some rows or units failed */
	ERR_USAGE = 2,    /* correct the command */
	ERR_DATA = 65,    /* reject the input */
	ERR_NOINPUT = 66, /* an input file is not there */
	ERR_PEER = 69,    /* the peer is unavailable or refused */
	ERR_BUG = 70,     /* report it to us */
	ERR_CREATE = 73,  /* an output cannot be created */
	ERR_IO = 74,      /* reading or writing failed */
	ERR_RETRY = 75,   /* try again later */
	ERR_PERM = 77,    /* not permitted, or not trusted */
	ERR_CONFIG = 78   /* correct the configuration or profile */
};

struct reason {
	const char *code; /* "pid-unknown": what programs branch on */
	const char *rule; /* what must hold */
	const char *mend; /* what a person does about it */
};

#define ERR_NO_OFFSET ((size_t)-1)

struct err {
	enum err_code code;
	const struct reason *reason; /* NULL unless a listed refusal */
	int sys;       /* the errno of an error of the system, or 0 */
	size_t offset; /* byte offset in the input, or ERR_NO_OFFSET */
	char msg[400]; /* one line: place, what, values; never a secret */
};

void err_clear(struct err *);

/* Records code and message unless one is held already; returns the code. */
enum err_code err_set(struct err *, enum err_code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same with ": strerror(errno)" behind it; base/sysmend.h knows what is
 * done about it. */
enum err_code err_sys(struct err *, enum err_code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* A listed refusal. */
enum err_code err_refuse(struct err *, enum err_code, const struct reason *,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Out of memory. */
enum err_code err_mem(struct err *);
/* Puts "fmt: " in front of the message; returns the code held. */
enum err_code err_in(struct err *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Says at which byte; kept only if none is held. Returns the code held. */
enum err_code err_at(struct err *, size_t offset);

#endif
