/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "formats/reason.h"
#include "server/alarm.h"
#include "server/handover.h"
#include "server/history.h"
#include "server/request.h"

#define PUMP_MS 200
#define REST_SECONDS 5 /* before the second try; doubled for each next one */
#define KEPT_MOST 60   /* seconds between two processes that take orders */
/* What one may take beyond its command's seconds: KEPT_MOST, and some. */
#define GRACE_SECONDS 120

/* What goes to the process that runs commands, and what comes back. */
struct order {
	int64_t n;
	unsigned seconds;
	char command[512];
	char uuid[UUID_TEXT], fqdn[256], address[ADDR_LEN], serial[64],
	    tenant[64], version[32];
};

struct outcome {
	int64_t n;
	int status;      /* -1: it did not end, or could not be started */
	char words[240]; /* its last line, or what went wrong */
};

struct item {
	struct item *next;
	int64_t n, request;
	struct uuid uuid;
	unsigned tries;
	uint64_t at;    /* not before; by clock_ms() */
	uint64_t until; /* it runs: no outcome comes after that */
	bool runs;
};

struct handover {
	int fd;
	pid_t pid;
	struct handover_how how;
	struct item *first;
	unsigned running;
	int64_t n;
	struct loop_timer *pump;
	bool gone; /* that process has ended, by no doing of ours */
};

/* ---- the process that runs commands ---- */

struct hearing {
	int fd;
	char last[sizeof(((struct outcome *)0)->words)];
};

/* Until the server has gone. */
static bool
hear(void *arg, const char *line)
{
	struct hearing *h = arg;
	struct pollfd p = { .fd = h->fd, .events = POLLRDHUP };

	if (line != NULL)
		snprintf(h->last, sizeof(h->last), "%s", line);
	return poll(&p, 1, 0) <= 0 || (p.revents & (POLLHUP | POLLRDHUP)) == 0;
}

static void
put_env(char *out, size_t room, const char *name, const char *value)
{
	snprintf(out, room, "AMTFORGE_%s=%s", name, value);
}

static void
carry_out(int fd, const struct order *o, struct outcome *out)
{
	const char *argv[] = { "/bin/sh", "-c", o->command, "hand_over",
		o->uuid, o->fqdn, o->address, o->serial, o->tenant, NULL };
	char text[6][300];
	const char *env[] = { text[0], text[1], text[2], text[3], text[4],
		text[5], NULL };
	struct child_spec spec = { .path = "/bin/sh",
		.argv = argv,
		.env = env,
		.in = -1,
		.out = -1,
		.group = true };
	struct hearing h = { .fd = fd };
	struct child c = { 0 };
	struct err e;

	err_clear(&e);
	put_env(text[0], sizeof(text[0]), "UUID", o->uuid);
	put_env(text[1], sizeof(text[1]), "FQDN", o->fqdn);
	put_env(text[2], sizeof(text[2]), "ADDRESS", o->address);
	put_env(text[3], sizeof(text[3]), "SERIAL", o->serial);
	put_env(text[4], sizeof(text[4]), "TENANT", o->tenant);
	put_env(text[5], sizeof(text[5]), "VERSION", o->version);
	out->n = o->n;
	out->status = -1;
	if (child_start(&c, &spec, &e) == ERR_OK &&
	    child_watch(&c, o->seconds, hear, &h, &e) == ERR_OK)
		out->status = c.status;
	snprintf(out->words, sizeof(out->words), "%.*s",
	    (int)sizeof(out->words) - 1, e.code != ERR_OK ? e.msg : h.last);
	child_free(&c);
}

static void
no_process(const struct order *o, struct outcome *out)
{
	out->n = o->n;
	out->status = -1;
	snprintf(out->words, sizeof(out->words), "no process for it");
}

static void
reap(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

/* In a process of its own: one that hangs hinders no other. That process takes
 * the order off the queue itself, so that none is lost where this one ends;
 * `taken` is closed then. */
static void
be_order(int fd, int taken)
{
	struct outcome out;
	struct order o;
	ssize_t n = recv(fd, &o, sizeof(o), MSG_DONTWAIT);

	close(taken);
	if (n == (ssize_t)sizeof(o)) {
		memset(&out, 0, sizeof(out));
		carry_out(fd, &o, &out);
		send(fd, &out, sizeof(out), MSG_NOSIGNAL);
	}
	_exit(0);
}

static void
refuse_order(int fd)
{
	struct outcome out;
	struct order o;

	if (recv(fd, &o, sizeof(o), MSG_DONTWAIT) != (ssize_t)sizeof(o))
		return;
	memset(&out, 0, sizeof(out));
	no_process(&o, &out);
	send(fd, &out, sizeof(out), MSG_NOSIGNAL);
}

static void
take_order(int fd)
{
	int taken[2];
	pid_t pid;
	char c;

	if (pipe2(taken, O_CLOEXEC) == -1) {
		refuse_order(fd);
		return;
	}
	if ((pid = fork()) == 0) {
		close(taken[0]);
		be_order(fd, taken[1]);
	}
	close(taken[1]);
	if (pid == -1)
		refuse_order(fd);
	else
		while (read(taken[0], &c, 1) == -1 && errno == EINTR)
			;
	close(taken[0]);
}

/* True: the server has gone. False: who keeps us has. */
static bool
take_orders(int fd, int alive)
{
	struct pollfd p[] = { { .fd = fd, .events = POLLIN | POLLRDHUP },
		{ .fd = alive } };

	for (;;) {
		reap();
		if (poll(p, 2, -1) == -1)
			continue;
		if ((p[0].revents & ~POLLIN) != 0)
			return true;
		if (p[1].revents != 0)
			return false;
		take_order(fd);
	}
}

/* Until that process has ended: because the server has? */
static bool
await_end(pid_t pid)
{
	int status = -1;
	pid_t is;

	do
		is = waitpid(-1, &status, 0);
	while (is != pid && (is != -1 || errno == EINTR));
	return is == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static time_t
uptime(void)
{
	return (time_t)(clock_ms() / 1000);
}

/* Two processes: one takes orders, the other only keeps one that does. Where
 * either is killed the other one starts its successor. */
static void
keep(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLRDHUP };
	unsigned rest = 0;
	int alive[2];
	time_t began;
	bool over;
	pid_t pid;

	for (;;) {
		if (pipe2(alive, O_CLOEXEC) == -1)
			_exit(1);
		began = uptime();
		if ((pid = fork()) == 0) {
			close(alive[1]);
			if (take_orders(fd, alive[0]))
				_exit(0);
			close(alive[0]);
			continue;
		}
		close(alive[0]);
		over = pid != -1 && await_end(pid);
		close(alive[1]);
		/* One that is killed again and again is not worth much. */
		rest = uptime() - began > KEPT_MOST ? 0
		    : rest == 0                     ? 1
						    : rest * 2;
		if (rest > KEPT_MOST)
			rest = KEPT_MOST;
		if (over || poll(&p, 1, (int)rest * 1000) > 0)
			_exit(0);
	}
}

/* Nothing of the server's but its socket: no terminal's interrupt, and nobody
 * who reads the server's output waits for us. */
static void
serve(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int up = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

	setpgid(0, 0);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	if (up == -1 || null == -1 || dup2(up, STDIN_FILENO) == -1 ||
	    dup2(null, STDOUT_FILENO) == -1 || dup2(null, STDERR_FILENO) == -1)
		_exit(1);
	closefrom(STDERR_FILENO + 1);
	keep(STDIN_FILENO);
}

/* ---- the server's side ---- */

enum err_code
handover_fork(struct handover **out, struct err *e)
{
	struct handover *h = calloc(1, sizeof(*h));
	int fd[2];

	*out = NULL;
	if (h == NULL)
		return err_mem(e);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fd) == -1) {
		free(h);
		return err_sys(e, ERR_RETRY, "a socket for commands");
	}
	fflush(NULL);
	if ((h->pid = fork()) == 0) {
		close(fd[0]);
		serve(fd[1]);
	}
	close(fd[1]);
	h->fd = fd[0];
	if (h->pid == -1) {
		err_sys(e, ERR_RETRY, "a process for commands");
		h->pid = 0;
		handover_free(h);
		return e->code;
	}
	*out = h;
	return ERR_OK;
}

static void
broken(struct handover *h, const struct err *e)
{
	h->how.broken(h->how.arg, e);
}

enum err_code
handover_push(
    struct handover *h, const struct uuid *u, int64_t request, struct err *e)
{
	struct item **at = &h->first;

	while (*at != NULL && !uuid_equal(&(*at)->uuid, u))
		at = &(*at)->next;
	if (*at == NULL) {
		if ((*at = calloc(1, sizeof(**at))) == NULL)
			return err_mem(e);
		(*at)->uuid = *u;
		(*at)->n = ++h->n;
	}
	if (request != 0) {
		(*at)->request = request;
		(*at)->tries = 0;
		(*at)->at = 0;
	}
	return request == 0
	    ? ERR_OK
	    : store_set(h->how.store, u, STORE_COLUMN_HANDED, "due", e);
}

/* The tenant's; "": none. */
static const char *
command_for(const struct handover *h, const struct store_unit *u)
{
	const struct tenant *t = conf_tenant(h->how.conf, u->tenant);

	return t != NULL ? t->hand_over : "";
}

static void
fill(const struct handover *h, const struct item *i, const struct store_unit *u,
    struct order *o)
{
	memset(o, 0, sizeof(*o));
	o->n = i->n;
	o->seconds = h->how.conf->hand_seconds;
	snprintf(o->command, sizeof(o->command), "%s", command_for(h, u));
	uuid_text(&u->row.uuid, o->uuid);
	snprintf(o->fqdn, sizeof(o->fqdn), "%s", u->fqdn);
	snprintf(o->address, sizeof(o->address), "%s", u->address);
	snprintf(o->serial, sizeof(o->serial), "%s", u->row.serial);
	snprintf(o->tenant, sizeof(o->tenant), "%s", u->tenant);
	snprintf(o->version, sizeof(o->version), "%s", u->version);
}

static void
drop(struct handover *h, struct item *i)
{
	struct item **at = &h->first;

	while (*at != i)
		at = &(*at)->next;
	*at = i->next;
	free(i);
}

/* Within one transaction: the unit, its history, an alarm, the request. */
static enum err_code
write_end(struct handover *h, const struct item *i, const struct store_unit *u,
    const struct err *why, struct err *e)
{
	const struct history_event ev = { .state = u->state,
		.reason = why->reason,
		.detail = why->code == ERR_OK ? "handed over" : why->msg };
	struct store *s = h->how.store;
	bool own;

	if (store_join(s, &own, e) != ERR_OK)
		return e->code;
	if (store_set(s, &i->uuid, STORE_COLUMN_HANDED,
		why->code == ERR_OK ? "done" : "failed", e) == ERR_OK &&
	    history_note(s, &i->uuid, &ev, e) == ERR_OK &&
	    (why->code == ERR_OK ||
		alarm_raise(s, &i->uuid, why->reason, u->address, why->msg,
		    e) == ERR_OK) &&
	    i->request != 0)
		request_end(s, i->request, u->state, why, e);
	return store_leave(s, own, e);
}

static void
finish(struct handover *h, struct item *i, const struct err *why)
{
	struct store_unit u;
	struct err e;
	bool found;

	err_clear(&e);
	if (store_unit(h->how.store, &i->uuid, &found, &u, &e) != ERR_OK ||
	    write_end(h, i, &u, why, &e) != ERR_OK)
		broken(h, &e);
	else
		h->how.tell(h->how.arg, &u, why);
	store_unit_wipe(&u);
	drop(h, i);
}

static void
take(struct handover *h, const struct outcome *o)
{
	struct item *i = h->first;
	struct err why;

	while (i != NULL && i->n != o->n)
		i = i->next;
	if (i == NULL)
		return;
	i->runs = false;
	h->running--;
	err_clear(&why);
	if (o->status == 0) {
		finish(h, i, &why);
		return;
	}
	if (++i->tries < h->how.conf->hand_tries) {
		i->at = clock_ms() +
		    ((uint64_t)REST_SECONDS * 1000
			<< (i->tries < 10 ? i->tries - 1 : 9));
		return;
	}
	if (o->status == -1)
		err_refuse(&why, ERR_PEER, reason_get(REASON_HAND_OVER_FAILED),
		    "%.*s (try %u)", (int)sizeof(o->words) - 1, o->words,
		    i->tries);
	else
		err_refuse(&why, ERR_PEER, reason_get(REASON_HAND_OVER_FAILED),
		    "status %d: %.*s (try %u)", o->status,
		    (int)sizeof(o->words) - 1, o->words, i->tries);
	finish(h, i, &why);
}

static void
give(struct handover *h, struct item *i)
{
	struct store_unit u;
	struct order o;
	struct err e;
	bool found;

	err_clear(&e);
	if (store_unit(h->how.store, &i->uuid, &found, &u, &e) != ERR_OK) {
		broken(h, &e);
		return;
	}
	fill(h, i, &u, &o);
	store_unit_wipe(&u);
	if (send(h->fd, &o, sizeof(o), MSG_NOSIGNAL | MSG_DONTWAIT) ==
	    (ssize_t)sizeof(o)) {
		i->runs = true;
		i->until =
		    clock_ms() + (o.seconds + (uint64_t)GRACE_SECONDS) * 1000;
		h->running++;
	} else if (errno != EAGAIN) {
		h->gone = true;
	}
}

/* Both at once: they cannot be started again from here, where there are keys
 * and no such power any more. Set-ups go on. */
static void
fail_all(struct handover *h)
{
	struct item *i, *next;
	struct err why;

	err_clear(&why);
	err_refuse(&why, ERR_PEER, reason_get(REASON_HAND_OVER_FAILED),
	    "the processes that run commands were ended; start the server "
	    "anew, "
	    "then amtforge-server setup --hand-over");
	for (i = h->first; i != NULL; i = next) {
		next = i->next;
		finish(h, i, &why);
	}
	h->running = 0;
}

/* The process of that order was killed: no word will come of it. */
static void
lose(struct handover *h, const struct item *i)
{
	struct outcome o = { .n = i->n, .status = -1 };

	snprintf(o.words, sizeof(o.words), "its process ended without a word");
	take(h, &o);
}

static void
on_pump(void *arg)
{
	struct handover *h = arg;
	struct item *i, *next;
	struct outcome o;
	uint64_t now = clock_ms();
	ssize_t n;

	while ((n = recv(h->fd, &o, sizeof(o), MSG_DONTWAIT)) ==
	    (ssize_t)sizeof(o))
		take(h, &o);
	h->gone = h->gone || n == 0;
	if (h->gone)
		fail_all(h);
	for (i = h->first; i != NULL; i = next) {
		next = i->next;
		if (i->runs && now > i->until)
			lose(h, i);
	}
	for (i = h->first; i != NULL && h->running < h->how.conf->hand_most;
	     i = next) {
		next = i->next;
		if (!i->runs && i->at <= now)
			give(h, i);
	}
	loop_timer_set(h->pump, PUMP_MS);
}

static enum err_code
is_due(void *arg, const struct store_unit *u, struct err *e)
{
	/* The configuration may have had a command for it once. */
	return command_for(arg, u)[0] == '\0'
	    ? ERR_OK
	    : handover_push(arg, &u->row.uuid, 0, e);
}

enum err_code
handover_start(
    struct handover *h, const struct handover_how *how, struct err *e)
{
	h->how = *how;
	if (loop_timer_new(how->loop, on_pump, h, &h->pump, e) != ERR_OK ||
	    store_each_due(how->store, is_due, h, e) != ERR_OK)
		return e->code;
	loop_timer_set(h->pump, 0);
	return ERR_OK;
}

bool
handover_busy(const struct handover *h)
{
	return h != NULL && h->first != NULL;
}

bool
handover_has(const struct handover *h, const struct uuid *u)
{
	const struct item *i = h == NULL ? NULL : h->first;

	while (i != NULL && (i->request == 0 || !uuid_equal(&i->uuid, u)))
		i = i->next;
	return i != NULL;
}

void
handover_free(struct handover *h)
{
	struct item *i;

	if (h == NULL)
		return;
	loop_timer_free(h->pump);
	close(h->fd); /* it ends by that */
	if (h->pid > 0)
		while (waitpid(h->pid, NULL, 0) == -1 && errno == EINTR)
			;
	while ((i = h->first) != NULL) {
		h->first = i->next;
		free(i);
	}
	free(h);
}
