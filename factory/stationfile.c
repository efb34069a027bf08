/* SPDX-License-Identifier: Apache-2.0 */
/* amtforge station run: options, the scanner, and the end of it. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "factory/mapfile.h"
#include "factory/stationrun.h"
#include "factory/verbs.h"

#define SECONDS 600
#define SCAN_SECONDS 60
#define BUFFER 4096

struct line {
	struct stationrun run;
	struct programmer program, read;
	char base[PATH_MAX], work[PATH_MAX], out[PATH_MAX];
	int signals; /* signalfd(); -1: closed */
	bool stopping;
	/* the scanner */
	size_t at, n;
	char buf[BUFFER];
	size_t nline;
	char line[SCAN_MAX + 1]; /* one more shows that it is too long */
};

/* ---- options ---- */

static enum err_code
take_command(struct line *s, unsigned seconds, struct err *e)
{
	const char *text = cli_nth(s->run.args, "--command", 0);
	const bool *uses = s->program.command.uses;

	if (text == NULL)
		return ERR_OK;
	if (programmer_init(&s->program, "--command", text, seconds, e) !=
	    ERR_OK)
		return e->code;
	if (!uses[COMMAND_IMAGE] && !uses[COMMAND_DELTA])
		return err_set(e, ERR_USAGE,
		    "--command has neither {image} nor {delta}, so it cannot "
		    "know what to program");
	if (uses[COMMAND_READBACK])
		return err_set(
		    e, ERR_USAGE, "--command: {readback} is for --read");
	s->run.program = &s->program;
	return ERR_OK;
}

static enum err_code
take_read(struct line *s, unsigned seconds, struct err *e)
{
	const char *text = cli_nth(s->run.args, "--read", 0);
	const bool *uses = s->read.command.uses;

	if (text == NULL)
		return ERR_OK;
	if (programmer_init(&s->read, "--read", text, seconds, e) != ERR_OK)
		return e->code;
	if (!uses[COMMAND_READBACK])
		return err_set(e, ERR_USAGE,
		    "--read has no {readback}, the file that it is to make");
	if (uses[COMMAND_IMAGE] || uses[COMMAND_DELTA] || uses[COMMAND_LAYOUT])
		return err_set(e, ERR_USAGE,
		    "--read: {image}, {delta} and {layout} are gone when the "
		    "board is read back");
	s->run.read = &s->read;
	return ERR_OK;
}

/* What an option does nothing without is no option. */
static enum err_code
judge_options(const struct line *s, struct err *e)
{
	const struct cli_args *a = s->run.args;
	bool leaves = s->run.program == NULL && s->run.read == NULL;

	if (!leaves && cli_flag(a, "--out"))
		return err_set(e, ERR_USAGE,
		    "--out is where images are left for another programmer: "
		    "it goes without --command and --read");
	if (!leaves && (cli_flag(a, "--delta") || cli_flag(a, "--force")))
		return err_set(e, ERR_USAGE,
		    "--delta and --force are for what is left in --out; "
		    "--command takes a delta as {delta}");
	if (s->run.read == NULL && cli_flag(a, "--changed-only"))
		return err_set(e, ERR_USAGE,
		    "--changed-only is about what --read reads back");
	return ERR_OK;
}

static enum err_code
take_order_of_bytes(const struct cli_args *a, bool *raw, struct err *e)
{
	const char *order = cli_value(a, "--uuid-order", "text");

	*raw = strcmp(order, "raw") == 0;
	if (!*raw && strcmp(order, "text") != 0)
		return err_set(e, ERR_USAGE,
		    "--uuid-order: %.32s is not text or raw", order);
	return ERR_OK;
}

/* The option's path, or one beside the ledger. */
static enum err_code
take_path(const struct cli_args *a, const char *option, const char *suffix,
    char out[static PATH_MAX], struct err *e)
{
	const char *path = cli_nth(a, option, 0);
	int n = path != NULL
	    ? snprintf(out, PATH_MAX, "%s", path)
	    : snprintf(out, PATH_MAX, "%s%s", a->pos[0], suffix);

	if (n < 0 || n >= PATH_MAX)
		return err_set(e, ERR_USAGE, "%s: a long path", option);
	return ERR_OK;
}

static enum err_code
take_options(struct line *s, struct err *e)
{
	const struct cli_args *a = s->run.args;
	unsigned long seconds, wait;
	struct station_how how = { 0 };

	if (cli_number(a, "--seconds", 1, 86400, SECONDS, &seconds, e) !=
		ERR_OK ||
	    cli_number(a, "--scan-seconds", 1, 86400, SCAN_SECONDS, &wait, e) !=
		ERR_OK ||
	    take_order_of_bytes(a, &how.raw, e) != ERR_OK ||
	    take_command(s, (unsigned)seconds, e) != ERR_OK ||
	    take_read(s, (unsigned)seconds, e) != ERR_OK ||
	    judge_options(s, e) != ERR_OK ||
	    take_path(a, "--work", ".station", s->work, e) != ERR_OK ||
	    take_path(a, "--out", ".images", s->out, e) != ERR_OK)
		return e->code;
	how.wait_ms = 1000UL * wait;
	how.program = s->run.program != NULL;
	how.read = s->run.read != NULL;
	station_init(&s->run.station, &how);
	s->run.out = s->out;
	s->run.force = cli_flag(a, "--force");
	s->run.delta = cli_flag(a, "--delta");
	s->run.changed_only = cli_flag(a, "--changed-only");
	return ERR_OK;
}

/* Letters and colour are for terminals; see https://no-color.org. */
static void
init_view(struct stationview *v, const struct cli_args *a, const char *order)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
	struct winsize size = { 0 };

	v->json = a->json;
	v->order = order;
	v->block = !a->json && isatty(STDOUT_FILENO) == 1;
	v->colour = v->block && (no == NULL || *no == '\0') && term != NULL &&
	    strcmp(term, "dumb") != 0;
	v->width = 80;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		v->width = size.ws_col;
}

/* ---- interrupts ---- */

/* The first one ends the run behind the board that is at work; the second
 * does not wait for it. */
static bool
stop(void *arg)
{
	struct line *s = arg;
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (s->stopping)
			return true;
		s->stopping = true;
		if (s->run.station.act != STATION_SCAN)
			log_info("the run ends behind this board; once more, "
				 "and its programmer is stopped");
	}
	return false;
}

static enum err_code
hold_signals(struct line *s, sigset_t *before, struct err *e)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	/* A reader that went away is told by the write. */
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &set, before);
	s->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signals == -1)
		return err_sys(e, ERR_RETRY, "signals");
	return ERR_OK;
}

/* ---- the scanner ---- */

/* What a person scans while a board is at work is of a board that is not on
 * the programmer yet. A pipe is another program's, which waits or means it. */
static void
drop_ahead(struct line *s)
{
	int n = 0;

	if (isatty(STDIN_FILENO) != 1)
		return;
	if (s->at < s->n || (ioctl(STDIN_FILENO, FIONREAD, &n) == 0 && n > 0))
		log_warn("what was scanned while the board was at work is "
			 "dropped; scan it again");
	tcflush(STDIN_FILENO, TCIFLUSH);
	s->at = s->n = s->nline = 0;
}

static void
prompt(const struct line *s)
{
	char words[128];

	if (s->run.view.json || isatty(STDIN_FILENO) != 1)
		return;
	if (station_left(&s->run.station, clock_ms()) == -1)
		cli_progress(s->run.count.left == 0
			? "all are done (Ctrl-D ends); scan the serial: "
			: "scan the serial: ");
	else {
		snprintf(words, sizeof(words),
		    "serial %s; scan its UUID: ", s->run.station.scan.serial);
		cli_progress(words);
	}
}

static void
heard(struct line *s, enum station_heard h, struct err *e)
{
	if (h == STATION_HALF)
		h = stationrun_half(&s->run, e);
	if (h == STATION_REFUSED)
		stationrun_refused(&s->run, e);
	else if (h == STATION_TWICE)
		log_info("serial %s was scanned twice; now its UUID",
		    s->run.station.scan.serial);
	else if (h == STATION_BOARD) {
		stationrun_board(&s->run);
		drop_ahead(s);
	}
	if (h != STATION_BLANK)
		prompt(s);
}

static void
take_line(struct line *s)
{
	struct err e;
	size_t n = s->nline;

	err_clear(&e);
	s->nline = 0;
	heard(s, station_line(&s->run.station, s->line, n, clock_ms(), &e), &e);
	stop(s);
}

/* Lines end with a line feed, or a carriage return as scanners send it. */
static void
take_bytes(struct line *s)
{
	while (s->at < s->n && !s->stopping && s->run.ending.code == ERR_OK) {
		char c = s->buf[s->at++];

		if (c == '\n' || c == '\r')
			take_line(s);
		else if (s->nline < sizeof(s->line))
			s->line[s->nline++] = c;
	}
}

/* False at the end of the scans. */
static bool
take_input(struct line *s, struct err *e)
{
	ssize_t n = read(STDIN_FILENO, s->buf, sizeof(s->buf));

	if (n == -1 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (n == -1)
		err_sys(e, ERR_IO, "standard input");
	if (n <= 0)
		return false;
	s->at = 0;
	s->n = (size_t)n;
	take_bytes(s);
	return true;
}

/* The last line may have no end. */
static void
end_scans(struct line *s)
{
	struct err e;

	err_clear(&e);
	if (s->nline > 0 && !s->stopping)
		take_line(s);
	heard(s, station_end(&s->run.station, &e), &e);
	cli_progress("");
}

static void
scan_all(struct line *s, struct err *e)
{
	struct pollfd p[2] = { { .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = s->signals, .events = POLLIN } };
	struct err late;

	prompt(s);
	while (!s->stopping && s->run.ending.code == ERR_OK) {
		long left = station_left(&s->run.station, clock_ms());

		if (poll(p, 2, (int)left) == -1 && errno != EINTR) {
			err_sys(e, ERR_IO, "waiting for a scan");
			break;
		}
		stop(s);
		err_clear(&late);
		heard(s, station_clock(&s->run.station, clock_ms(), &late),
		    &late);
		if (!s->stopping && p[0].revents != 0 && !take_input(s, e))
			break;
	}
	end_scans(s);
}

/* ---- the verb ---- */

static enum err_code
work(struct line *s, struct err *e)
{
	const struct stationrun *r = &s->run;
	sigset_t before;

	s->run.stop = stop;
	s->run.stop_arg = s;
	if (hold_signals(s, &before, e) == ERR_OK &&
	    stationrun_ready(&s->run, e) == ERR_OK) {
		scan_all(s, e);
		stationrun_end(&s->run);
	}
	if (s->signals != -1)
		close(s->signals);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (e->code == ERR_OK && r->ending.code != ERR_OK)
		*e = r->ending;
	if (e->code != ERR_OK)
		return e->code;
	return r->station.failed > 0 ? ERR_SOME : ERR_OK;
}

/* The base is read, not mapped: a run lasts for days, and the file may be
 * replaced meanwhile. */
static enum err_code
open_base(
    struct line *s, const char *base, const struct imgmap *map, struct err *e)
{
	if (file_read(base, IMAGE_MAX, &s->run.bytes, &s->run.n, e) != ERR_OK)
		return e->code;
	if (realpath(base, s->base) == NULL)
		return err_sys(e, ERR_NOINPUT, "%s", base);
	s->run.base = s->base;
	return stationrun_open(&s->run, map, e);
}

/* Others may look into it, where files are 0600; they may not put files there
 * in our place. */
static enum err_code
open_out(struct line *s, struct err *e)
{
	struct stat st;

	if (file_mkdir(s->out, 0700, e) != ERR_OK)
		return e->code;
	if (stat(s->out, &st) == -1)
		return err_sys(e, ERR_IO, "%s", s->out);
	if ((st.st_mode & 022) != 0)
		return err_set(e, ERR_PERM,
		    "%s: other users may write there, and it is to hold images "
		    "with secrets (chmod go-w)",
		    s->out);
	s->run.view.out = s->out;
	s->run.view.delta = s->run.delta;
	return ERR_OK;
}

/* What is read must not be what the folder is cleared of. */
static enum err_code
judge_work(const struct line *s, struct err *e)
{
	const struct cli_args *a = s->run.args;
	const char *in[] = { s->base, cli_nth(a, "--map", 0), a->pos[0],
		cli_nth(a, "--key-file", 0) };

	for (size_t i = 0; i < sizeof(in) / sizeof(in[0]); i++)
		if (in[i] != NULL && workdir_would_clear(s->work, in[i]))
			return err_set(e, ERR_USAGE,
			    "%s: is in the --work folder under a name of the "
			    "station's own, which it removes; move it",
			    in[i]);
	return ERR_OK;
}

static enum err_code
open_folders(struct line *s, struct err *e)
{
	const struct stationrun *r = &s->run;

	if (r->program == NULL && r->read == NULL && open_out(s, e) != ERR_OK)
		return e->code;
	return workdir_open(&s->run.work, s->work, e);
}

static enum err_code
run_station(const struct cli_args *a, struct err *e)
{
	struct line *s = calloc(1, sizeof(*s));
	struct imgmap *map = calloc(1, sizeof(*map));
	enum err_code code = ERR_OK;
	const char *base, *mapfile;
	struct ledger *l = NULL;
	struct order *o = NULL;

	if (s == NULL || map == NULL) {
		err_mem(e);
		goto out;
	}
	s->run.args = a;
	s->run.work.dir = s->run.work.lock = s->signals = -1;
	init_view(&s->run.view, a, a->pos[1]);
	if (cli_need(a, "--map", &mapfile, e) == ERR_OK &&
	    cli_need(a, "--base", &base, e) == ERR_OK &&
	    take_options(s, e) == ERR_OK &&
	    mapfile_read(mapfile, map, e) == ERR_OK &&
	    ledger_open_args(a, &l, e) == ERR_OK &&
	    order_load(l, a->pos[1], &o, e) == ERR_OK) {
		s->run.ledger = l;
		s->run.order = o;
		if (open_base(s, base, map, e) == ERR_OK &&
		    judge_work(s, e) == ERR_OK && open_folders(s, e) == ERR_OK)
			code = work(s, e);
		workdir_close(&s->run.work);
	}
out:
	if (s != NULL)
		stationrun_close(&s->run);
	order_free(o);
	ledger_close(l);
	free(map);
	free(s);
	return e->code != ERR_OK ? e->code : code;
}

static const struct cli_opt run_opts[] = {
	{ "--base", CLI_VALUE, "IMG", "the image that all units start from" },
	{ "--map", CLI_VALUE, "MAP", "image map of this platform" },
	{ "--command", CLI_VALUE, "CMD",
	    "programs {image}, or {delta} on {base}; no shell reads it" },
	{ "--read", CLI_VALUE, "CMD",
	    "reads the board back into {readback}, to be compared" },
	{ "--seconds", CLI_VALUE, "N",
	    "each command may take so long (default 600)" },
	{ "--scan-seconds", CLI_VALUE, "N",
	    "a UUID follows its serial within so long (default 60)" },
	{ "--changed-only", CLI_FLAG, NULL,
	    "compare only the unit's own ranges of what is read back" },
	{ "--work", CLI_VALUE, "DIR",
	    "private folder of this station (default: LEDGER.station)" },
	{ "--out", CLI_VALUE, "DIR",
	    "without --command and --read: images stay here (default: "
	    "LEDGER.images)" },
	{ "--delta", CLI_FLAG, NULL, "leave deltas in --out, not images" },
	{ "--force", CLI_FLAG, NULL, "replace what differs in --out" },
	{ "--uuid-order", CLI_VALUE, "ORDER",
	    "how scans write UUIDs: text (default), or raw, the bytes of "
	    "SMBIOS" },
	LEDGER_OPT_KEY,
	{ 0 },
};

const struct cli_verb stationfile_verbs[] = {
	{ "station run",
	    "LEDGER ORDER --map MAP --base IMG [--command CMD] [--read CMD]",
	    "program and verify the boards of an order as they are scanned",
	    run_opts, 2, 2, run_station },
	{ 0 },
};
