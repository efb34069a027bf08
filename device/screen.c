/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/secret.h"
#include "device/screen.h"

#define ESCAPE 0x1b
#define DELETE 0x7f
#define GROUP 4

void
screen_init(struct screen *s, int in, int out, bool mute)
{
	*s = (struct screen){ .in = in, .out = out, .mute = mute };
	s->tty = !mute && isatty(in) == 1 && isatty(out) == 1;
}

void
screen_wipe(struct screen *s)
{
	secret_wipe(s->buf, sizeof(s->buf));
}

/* ---- saying ---- */

static void
put(struct screen *s, const char *p, size_t n)
{
	ssize_t done;

	while (n > 0 && !s->mute && !s->lost) {
		done = write(s->out, p, n);
		if (done == -1 && errno == EINTR)
			continue;
		s->lost = done <= 0;
		if (done > 0) {
			p += done;
			n -= (size_t)done;
		}
	}
}

static void
puts_to(struct screen *s, const char *text)
{
	put(s, text, strlen(text));
}

void
screen_clear(struct screen *s)
{
	puts_to(s, s->tty ? "\033[H\033[2J" : "\n");
}

void
screen_say(struct screen *s, const char *fmt, ...)
{
	char line[SCREEN_SAID];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	puts_to(s, line);
}

/* ---- asking ---- */

/* -1 at the end. */
static int
next_byte(struct screen *s)
{
	ssize_t n;
	int c;

	if (s->at == s->n) {
		do {
			n = read(s->in, s->buf, sizeof(s->buf));
		} while (n == -1 && errno == EINTR);
		if (n <= 0)
			return -1;
		s->at = 0;
		s->n = (size_t)n;
	}
	c = s->buf[s->at];
	s->buf[s->at++] = 0;
	return c;
}

static enum screen_got
read_line(struct screen *s, char *out, size_t room)
{
	bool any = false, fits = true;
	size_t n = 0;
	int c;

	memset(out, 0, room);
	while ((c = next_byte(s)) != -1 && c != '\n') {
		any = true;
		if (n + 1 < room)
			out[n++] = (char)c;
		else
			fits = false;
	}
	if (n > 0 && out[n - 1] == '\r')
		out[--n] = '\0';
	if (!fits)
		secret_wipe(out, room);
	if (c == -1 && !any)
		return SCREEN_END;
	return fits ? SCREEN_OK : SCREEN_LONG;
}

enum screen_got
screen_ask(struct screen *s, const char *prompt, char *out, size_t room)
{
	enum screen_got got;

	puts_to(s, prompt);
	got = read_line(s, out, room);
	if (!s->tty)
		puts_to(s, "\n"); /* a terminal shows the one typed */
	return got;
}

/* The signals that would leave the terminal changed wait until it is as it
 * was. */
struct quiet {
	struct termios was;
	sigset_t before;
	bool changed;
};

static void
quiet_begin(struct screen *s, struct quiet *q, tcflag_t without)
{
	struct termios now;
	sigset_t held;

	q->changed = s->tty && tcgetattr(s->in, &q->was) == 0;
	if (!q->changed)
		return;
	sigemptyset(&held);
	sigaddset(&held, SIGINT);
	sigaddset(&held, SIGTERM);
	sigaddset(&held, SIGTSTP);
	sigprocmask(SIG_BLOCK, &held, &q->before);
	now = q->was;
	now.c_lflag &= ~without;
	now.c_cc[VMIN] = 1;
	now.c_cc[VTIME] = 0;
	tcsetattr(s->in, TCSADRAIN, &now);
}

static void
quiet_end(struct screen *s, const struct quiet *q)
{
	if (!q->changed)
		return;
	tcsetattr(s->in, TCSADRAIN, &q->was);
	sigprocmask(SIG_SETMASK, &q->before, NULL);
}

enum screen_got
screen_ask_unseen(struct screen *s, const char *prompt, char *out, size_t room)
{
	enum screen_got got;
	struct quiet q;

	quiet_begin(s, &q, ECHO);
	puts_to(s, prompt);
	got = read_line(s, out, room);
	quiet_end(s, &q);
	puts_to(s, "\n");
	return got;
}

/* ---- groups, key by key ---- */

struct typing {
	struct screen *s;
	const struct screen_groups *g;
	char *out;
	size_t n; /* characters in out */
};

/* Takes the last k characters off the screen. */
static void
unshow(struct screen *s, size_t k)
{
	while (k-- > 0)
		puts_to(s, "\b \b");
}

static void
group_done(struct typing *t)
{
	char group[GROUP + 1] = "";
	size_t i = t->n / GROUP - 1;
	bool good;

	memcpy(group, t->out + i * GROUP, GROUP);
	good = t->g->good == NULL || t->g->good(group, i);
	secret_wipe(group, sizeof(group));
	if (!good) {
		unshow(t->s, GROUP);
		t->n -= GROUP;
		memset(t->out + t->n, 0, GROUP);
		puts_to(t->s, "\a");
		return;
	}
	if (t->g->secret) {
		unshow(t->s, GROUP);
		puts_to(t->s, "****");
	}
	if (t->n < t->g->n * GROUP)
		puts_to(t->s, "-");
}

static void
character(struct typing *t, int c)
{
	char shown = (char)toupper(c);

	if (t->n == t->g->n * GROUP)
		return;
	t->out[t->n++] = shown;
	put(t->s, &shown, 1);
	shown = 0;
	if (t->n % GROUP == 0)
		group_done(t);
}

/* A group that was judged is not opened again. */
static void
backspace(struct typing *t)
{
	if (t->n % GROUP == 0)
		return;
	t->out[--t->n] = '\0';
	unshow(t->s, 1);
}

static enum screen_got
type_groups(struct typing *t)
{
	int c;

	while ((c = next_byte(t->s)) != -1) {
		if (c == ESCAPE || c == 0x03) {
			memset(t->out, 0, t->n);
			return SCREEN_OK;
		}
		if (c == '\b' || c == DELETE)
			backspace(t);
		else if ((c == '\n' || c == '\r') &&
		    (t->n == 0 || t->n == t->g->n * GROUP))
			return SCREEN_OK;
		else if (c < 0x80 && isalnum(c))
			character(t, c);
		c = 0;
	}
	return SCREEN_END;
}

enum screen_got
screen_ask_groups(
    struct screen *s, const struct screen_groups *g, char *out, size_t room)
{
	struct typing t = { s, g, out, 0 };
	enum screen_got got;
	struct quiet q;

	if (!s->tty || room <= g->n * GROUP)
		return screen_ask(s, g->prompt, out, room);
	memset(out, 0, room);
	quiet_begin(s, &q, ECHO | ICANON | ISIG);
	puts_to(s, g->prompt);
	got = type_groups(&t);
	quiet_end(s, &q);
	puts_to(s, "\n");
	return got;
}
