/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/text.h"

#define CHILD_ENV 16
#define CHILD_MAX 32 /* waited for at once */

/* ---- finding ---- */

static bool
is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
	    access(path, X_OK) == 0;
}

enum err_code
child_find(const char *name, const char *package, char out[static CHILD_PATH],
    struct err *e)
{
	const char *p = getenv("PATH");

	/* An empty or relative folder would run what lies where we stand. */
	for (; p != NULL && *p != '\0'; p += strspn(p, ":")) {
		size_t n = strcspn(p, ":");

		if (*p == '/' && n + strlen(name) + 2 <= CHILD_PATH) {
			snprintf(out, CHILD_PATH, "%.*s/%s", (int)n, p, name);
			if (is_program(out))
				return ERR_OK;
		}
		p += n;
	}
	return err_set(e, ERR_PEER,
	    "%s is not installed (the package %s brings it)", name, package);
}

/* ---- starting ---- */

static void
shut(int *fd)
{
	if (*fd != -1)
		close(*fd);
	*fd = -1;
}

/* A pipe whose ends are none of the standard descriptors, so that the dup2 of
 * one in the child does not tread on another. */
static enum err_code
new_pipe(int fd[2], struct err *e)
{
	if (pipe2(fd, O_CLOEXEC) == -1)
		return err_sys(e, ERR_RETRY, "a pipe");
	for (int i = 0; i < 2; i++) {
		int up = fd[i] > STDERR_FILENO
		    ? fd[i]
		    : fcntl(fd[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

		if (up == -1) {
			err_sys(e, ERR_RETRY, "a pipe");
			shut(&fd[0]);
			shut(&fd[1]);
			return e->code;
		}
		if (up != fd[i])
			close(fd[i]);
		fd[i] = up;
	}
	return ERR_OK;
}

/* 0 or an errno. */
static int
spawn(struct child *c, const struct child_spec *s, int out, int err)
{
	const char *env[CHILD_ENV + 4] = { "PATH=/usr/bin:/bin",
		"LC_ALL=C.UTF-8", "HOME=/" };
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t at;
	sigset_t set;
	int rc, in = s->in;

	for (int i = 0; i < CHILD_ENV && s->env != NULL && s->env[i] != NULL;
	     i++)
		env[3 + i] = s->env[i];
	if (posix_spawn_file_actions_init(&fa) != 0)
		return ENOMEM;
	if (posix_spawnattr_init(&at) != 0) {
		posix_spawn_file_actions_destroy(&fa);
		return ENOMEM;
	}
	sigemptyset(&set);
	posix_spawnattr_setsigmask(&at, &set);
	/* What the caller ignores is not ignored by what it runs: a shell could
	 * not even trap it. */
	sigaddset(&set, SIGPIPE);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGQUIT);
	sigaddset(&set, SIGHUP);
	posix_spawnattr_setsigdefault(&at, &set);
	posix_spawnattr_setpgroup(&at, 0);
	posix_spawnattr_setflags(&at,
	    (short)(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
		(s->group ? POSIX_SPAWN_SETPGROUP : 0)));
	rc = in == -1 ? posix_spawn_file_actions_addopen(
			    &fa, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
		      : posix_spawn_file_actions_adddup2(&fa, in, STDIN_FILENO);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(&fa, out, STDOUT_FILENO);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(&fa, err, STDERR_FILENO);
	if (rc == 0)
		rc = posix_spawn_file_actions_addclosefrom_np(
		    &fa, STDERR_FILENO + 1);
	if (rc == 0) /* the strings are not written to */
		rc = posix_spawn(&c->pid, s->path, &fa, &at,
		    (char *const *)(uintptr_t)s->argv,
		    (char *const *)(uintptr_t)env);
	posix_spawnattr_destroy(&at);
	posix_spawn_file_actions_destroy(&fa);
	return rc;
}

enum err_code
child_start(struct child *c, const struct child_spec *s, struct err *e)
{
	int out[2] = { -1, -1 }, err[2] = { -1, -1 };

	memset(c, 0, sizeof(*c));
	c->name = s->argv[0];
	c->group = s->group;
	c->out = c->err = -1;
	wr_grow(&c->got, s->most);
	if (new_pipe(err, e) == ERR_OK &&
	    (s->out != -1 || new_pipe(out, e) == ERR_OK)) {
		errno = spawn(c, s, s->out != -1 ? s->out : out[1], err[1]);
		if (errno != 0) {
			c->pid = 0;
			err_sys(e, ERR_PEER, "%s", s->path);
		}
	}
	shut(&out[1]);
	shut(&err[1]);
	if (e->code != ERR_OK) {
		shut(&out[0]);
		shut(&err[0]);
		return e->code;
	}
	c->out = out[0];
	c->err = err[0];
	return ERR_OK;
}

/* ---- waiting ---- */

/* Standard error's first line; what follows is read and dropped. */
static void
hear(struct child *c, const char *p, size_t n)
{
	for (size_t i = 0; i < n && c->nsaid < CHILD_SAID; i++) {
		if (p[i] == '\n') {
			c->nsaid = c->nsaid == 0 ? 0 : CHILD_SAID;
			continue;
		}
		c->said[c->nsaid++] = text_printable(&p[i], 1) ? p[i] : '?';
	}
}

/* One read of a descriptor that is ready; closed at its end. */
static enum err_code
take(struct child *c, int *fd, struct err *e)
{
	uint8_t buf[4096];
	ssize_t n = read(*fd, buf, sizeof(buf));

	if (n == -1 && errno == EINTR)
		return ERR_OK;
	if (n == -1)
		return err_sys(e, ERR_IO, "output of %s", c->name);
	if (n == 0)
		shut(fd);
	else if (fd == &c->err)
		hear(c, (const char *)buf, (size_t)n);
	else
		wr_bytes(&c->got, buf, (size_t)n);
	explicit_bzero(buf, sizeof(buf));
	if (c->got.failed)
		return err_set(
		    e, ERR_PEER, "%s writes more than it should", c->name);
	return ERR_OK;
}

static void
reap(struct child *c)
{
	int st = 0;

	if (c->pid == 0)
		return;
	while (waitpid(c->pid, &st, 0) == -1 && errno == EINTR)
		;
	c->pid = 0;
	c->status = WIFSIGNALED(st) ? 128 + WTERMSIG(st) : WEXITSTATUS(st);
}

/* Until one writes or ends; *left: descriptors that are open still. */
static enum err_code
turn(struct child *c, size_t n, uint64_t until, size_t *left, struct err *e)
{
	struct pollfd p[2 * CHILD_MAX];
	uint64_t now = clock_ms();

	*left = 0;
	for (size_t i = 0; i < n; i++) {
		p[2 * i] = (struct pollfd){ .fd = c[i].out, .events = POLLIN };
		p[2 * i + 1] =
		    (struct pollfd){ .fd = c[i].err, .events = POLLIN };
		*left += (c[i].out != -1 ? 1U : 0) + (c[i].err != -1 ? 1U : 0);
	}
	if (*left == 0)
		return ERR_OK;
	if (now >= until || poll(p, 2 * n, (int)(until - now)) == 0)
		return err_set(e, ERR_PEER, "%s does not end", c[0].name);
	for (size_t i = 0; i < n && e->code == ERR_OK; i++) {
		if (c[i].out != -1 && p[2 * i].revents != 0)
			take(&c[i], &c[i].out, e);
		if (c[i].err != -1 && p[2 * i + 1].revents != 0)
			take(&c[i], &c[i].err, e);
	}
	return e->code;
}

/* It is left to be reaped. */
static bool
runs(const struct child *c)
{
	siginfo_t si = { 0 };

	return waitid(P_PID, (id_t)c->pid, &si, WEXITED | WNOHANG | WNOWAIT) ==
	    0 &&
	    si.si_pid == 0;
}

/* Its descriptors are closed; it may run on none the less. */
static enum err_code
end(struct child *c, uint64_t until, struct err *e)
{
	const struct timespec nap = { 0, 2000000 };

	while (c->pid != 0) {
		if (runs(c)) {
			if (clock_ms() > until)
				return err_set(
				    e, ERR_PEER, "%s does not end", c->name);
			nanosleep(&nap, NULL);
			continue;
		}
		reap(c);
	}
	return ERR_OK;
}

enum err_code
child_wait(struct child *c, size_t n, unsigned seconds, struct err *e)
{
	uint64_t until = clock_ms() + 1000UL * seconds;
	size_t left = 1;

	if (n > CHILD_MAX)
		return err_set(e, ERR_BUG, "%zu children", n);
	while (left > 0 && turn(c, n, until, &left, e) == ERR_OK)
		;
	for (size_t i = 0; e->code == ERR_OK && i < n; i++)
		end(&c[i], until, e);
	if (e->code != ERR_OK)
		for (size_t i = 0; i < n; i++)
			child_free(&c[i]);
	return e->code;
}

/* ---- listening ---- */

struct ear {
	char line[CHILD_SAID + 1];
	size_t n;
};

struct watch {
	struct child *c;
	struct ear ear[2];
	child_fn *fn;
	void *arg;
	bool stopped;
};

static void
say_line(struct watch *w, struct ear *a)
{
	a->line[a->n] = '\0';
	if (a->n > 0 && !w->fn(w->arg, a->line))
		w->stopped = true;
	a->n = 0;
}

/* A carriage return too ends a line: so do bars of progress. */
static void
listen_to(struct watch *w, struct ear *a, int *fd)
{
	char buf[4096];
	ssize_t n = read(*fd, buf, sizeof(buf));

	if (n == -1 && errno == EINTR)
		return;
	for (ssize_t i = 0; i < n; i++) {
		if (buf[i] == '\n' || buf[i] == '\r')
			say_line(w, a);
		else if (a->n < CHILD_SAID)
			a->line[a->n++] =
			    text_printable(&buf[i], 1) ? buf[i] : '?';
	}
	if (n > 0)
		return;
	say_line(w, a);
	shut(fd);
}

/* False if there was nothing to hear for ms. */
static bool
listen_once(struct watch *w, int ms)
{
	struct pollfd p[2] = { { .fd = w->c->out, .events = POLLIN },
		{ .fd = w->c->err, .events = POLLIN } };

	if (poll(p, 2, ms) <= 0)
		return false;
	if (p[0].revents != 0)
		listen_to(w, &w->ear[0], &w->c->out);
	if (p[1].revents != 0)
		listen_to(w, &w->ear[1], &w->c->err);
	return true;
}

/* What it has said already, but not what others go on to say. */
static void
listen_out(struct watch *w)
{
	for (int i = 0; i < 256 && (w->c->out != -1 || w->c->err != -1); i++)
		if (!listen_once(w, 0))
			break;
	say_line(w, &w->ear[0]);
	say_line(w, &w->ear[1]);
}

enum err_code
child_watch(
    struct child *c, unsigned seconds, child_fn *fn, void *arg, struct err *e)
{
	uint64_t now = clock_ms(), until = now + 1000UL * seconds, tick = now;
	struct watch w = { .c = c, .fn = fn, .arg = arg };

	while (!w.stopped && runs(c)) {
		if ((now = clock_ms()) > until)
			return err_set(e, ERR_PEER,
			    "%s does not end within %u seconds and was killed",
			    c->name, seconds);
		listen_once(&w, 20);
		if (now - tick < 200)
			continue;
		tick = now;
		w.stopped = !fn(arg, NULL);
	}
	if (w.stopped)
		return err_set(e, ERR_RETRY, "%s was stopped", c->name);
	listen_out(&w);
	if (c->group)
		kill(-c->pid, SIGKILL);
	reap(c);
	return ERR_OK;
}

void
child_free(struct child *c)
{
	if (c->name == NULL) /* was never started */
		return;
	if (c->pid != 0)
		kill(c->group ? -c->pid : c->pid, SIGKILL);
	reap(c);
	shut(&c->out);
	shut(&c->err);
	wr_free(&c->got);
}
