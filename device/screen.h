/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The technician's terminal: lines asked and said. Where input or output is no
 * terminal it is the same, line by line, without colours and without a screen
 * that is cleared, so that a script can type. What is typed unseen is not
 * echoed, and no copy of it stays here.
 */
#ifndef DEVICE_SCREEN_H
#define DEVICE_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define SCREEN_LINE 512
#define SCREEN_SAID 1200

struct screen {
	int in, out;
	bool tty;  /* both are one */
	bool mute; /* what is said goes nowhere */
	bool lost; /* the output is gone */
	size_t at, n;
	uint8_t buf[256]; /* read ahead; wiped as it is used */
};

enum screen_got {
	SCREEN_OK,
	SCREEN_LONG, /* more than there is room for: nothing is kept of it */
	SCREEN_END   /* of the input */
};

void screen_init(struct screen *, int in, int out, bool mute);
void screen_wipe(struct screen *);
/* On a terminal it is cleared, else a line is left empty. */
void screen_clear(struct screen *);
void screen_say(struct screen *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3))); /* at most SCREEN_SAID */
/* The line without its end. */
enum screen_got screen_ask(
    struct screen *, const char *prompt, char *out, size_t room);
enum screen_got screen_ask_unseen(
    struct screen *, const char *prompt, char *out, size_t room);

/* n groups of four characters. On a terminal dashes come by themselves, and a
 * group that is judged wrong is taken back at once; a good one is covered
 * where it is secret. Else a line, with dashes or without. Escape or an empty
 * line: out is "". */
struct screen_groups {
	const char *prompt;
	size_t n;
	bool secret;
	bool (*good)(const char *group, size_t i); /* NULL: any */
};
enum screen_got screen_ask_groups(
    struct screen *, const struct screen_groups *, char *out, size_t room);

#endif
