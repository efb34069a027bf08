/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "export/stickjob.h"
#include "factory/ledger.h"
#include "factory/stickwrite.h"
#include "formats/cjson.h"

#define TICK_NS 50000000L
#define TICKS_DRAWN 4 /* the line of progress: five times a second */
#define ROUNDS_SHOWN 40
#define LINE 78

struct target {
	const char *port; /* borrowed from argv */
	struct stickjob job;
	pthread_t thread;
	bool started, told;
};

struct batch {
	const struct cli_args *args;
	bool look; /* without --yes */
	struct stick_how how;
	struct stick_allow allow;
	struct stick_list list;
	struct target *at;
	size_t n, failed;
	enum err_code code; /* of those that failed; ERR_SOME where mixed */
	struct err printing;
};

/* ---- what was asked ---- */

enum err_code
stickwrite_how(const struct cli_args *a, struct stick_how *how, struct err *e)
{
	const char *via = cli_value(a, "--via", "auto");
	unsigned long seconds;

	if (!stick_via_parse(via, &how->via))
		return err_set(e, ERR_USAGE,
		    "--via: %.32s is not auto, block or usb", via);
	if (cli_number(a, "--timeout", 1, 600, 20, &seconds, e) != ERR_OK)
		return e->code;
	how->timeout_ms = (unsigned)seconds * 1000;
	return ERR_OK;
}

static enum err_code
add_port(struct batch *b, const char *port, struct err *e)
{
	if (!sticklist_is_port(port))
		return err_set(e, ERR_USAGE,
		    "%.64s is not a port such as 1-2.3; usb list shows them",
		    port);
	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->at[i].port, port) == 0)
			return err_set(
			    e, ERR_USAGE, "port %s is given twice", port);
	b->at[b->n++].port = port;
	return ERR_OK;
}

/* --port P... and what stands behind the first `skip` arguments. */
static enum err_code
take_ports(struct batch *b, int skip, struct err *e)
{
	const struct cli_args *a = b->args;
	const char *port;

	b->at = calloc((size_t)a->nset + (size_t)a->n + 1, sizeof(*b->at));
	if (b->at == NULL)
		return err_mem(e);
	for (int i = 0; (port = cli_nth(a, "--port", i)) != NULL; i++)
		if (add_port(b, port, e) != ERR_OK)
			return e->code;
	for (int i = skip; i < a->n; i++)
		if (add_port(b, a->pos[i], e) != ERR_OK)
			return e->code;
	return b->n > 0 ? ERR_OK : cli_need(a, "--port", &port, e);
}

/* A guard that is down is told, and remembered where there is a ledger. */
static enum err_code
tell_guard(const struct batch *b, struct err *e)
{
	const char *path = cli_nth(b->args, "--ledger", 0);
	struct ledger *l = NULL;

	if (path != NULL &&
	    ledger_open(path, cli_nth(b->args, "--key-file", 0), &l, e) !=
		ERR_OK)
		return err_in(e, "%s", path);
	if (b->allow.any_size && !b->look) {
		log_warn("--insecure-any-size: disks of any size are taken "
			 "for sticks");
		for (size_t i = 0; l != NULL && i < b->n; i++)
			ledger_audit(l, b->args->verb->name, b->at[i].port,
			    "--insecure-any-size", e);
	}
	ledger_close(l);
	return e->code;
}

/* ---- rows ---- */

static void
put_stick(struct wr *w, const struct stick_info *s)
{
	cjson_put_member(w, "vendor", s->vendor);
	cjson_put_member(w, "product", s->product);
	cjson_put_member(w, "serial", s->serial);
	cjson_put_member(w, "node", s->node);
}

static void
row_json(const struct batch *b, const struct target *t, struct wr *w)
{
	const struct stickjob *j = &t->job;
	const struct err *e = &j->err;

	wr_str(w, "{");
	cjson_put_member(w, "port", t->port);
	cjson_put_member(w, "result",
	    e->code != ERR_OK      ? (b->look ? "refused" : "failed")
		: !b->look         ? "ok"
		: j->image != NULL ? "would-write"
				   : "would-wipe");
	if (j->info != NULL)
		put_stick(w, j->info);
	cjson_put_member(w, "holds", j->words);
	if (e->code == ERR_OK) {
		wr_fmt(w, ",\"bytes\":%llu,\"seconds\":%.3f}\n",
		    (unsigned long long)j->bytes, j->seconds);
		return;
	}
	cjson_put_member(w, "reason", e->reason != NULL ? e->reason->code : "");
	wr_fmt(w, ",\"status\":%d", (int)e->code);
	if (e->offset != ERR_NO_OFFSET)
		wr_fmt(w, ",\"offset\":%zu", e->offset);
	cjson_put_member(w, "message", e->msg);
	wr_str(w, "}\n");
}

static void
row_words(const struct batch *b, const struct target *t, struct wr *w)
{
	const struct stickjob *j = &t->job;
	const struct stick_info *s = j->info;
	const struct err *e = &j->err;

	if (e->code != ERR_OK) {
		wr_fmt(w, "%-10s %s  [%s]\n", t->port,
		    b->look ? "refused" : "failed",
		    e->reason != NULL ? e->reason->code : "error");
		return;
	}
	if (!b->look) {
		wr_fmt(w, "%-10s ok      %llu bytes in %.1f s, read back\n",
		    t->port, (unsigned long long)j->bytes, j->seconds);
		return;
	}
	wr_fmt(w, "%-10s would be %s: %llu of %llu bytes, holds now: %s; ",
	    t->port, j->image != NULL ? "written" : "wiped",
	    (unsigned long long)j->bytes,
	    (unsigned long long)j->capacity * STICK_SECTOR, j->words);
	wr_fmt(w, "%s %s, serial %s\n", s->vendor, s->product, s->serial);
}

/* One port's row, and the words of its failure. */
static void
tell(struct batch *b, struct target *t)
{
	struct wr w;

	cli_progress("");
	wr_grow(&w, 1 << 16);
	if (b->args->json)
		row_json(b, t, &w);
	else
		row_words(b, t, &w);
	cli_print(&w, &b->printing); /* the first failure is kept */
	cli_progress("");
	t->told = true;
	if (t->job.err.code == ERR_OK)
		return;
	b->failed++;
	if (b->code == ERR_OK)
		b->code = t->job.err.code;
	else if (b->code != t->job.err.code)
		b->code = ERR_SOME;
	if (!b->args->json) {
		err_in(&t->job.err, "port %s", t->port);
		cli_report(b->args, &t->job.err);
	}
}

/* As many ports as a line of a terminal has room for, from another one on
 * every two seconds. */
static void
draw(const struct batch *b, unsigned round)
{
	char line[LINE + 1], item[40];
	size_t at = 0, from = round / ROUNDS_SHOWN % b->n;

	line[0] = '\0';
	for (size_t i = 0; i < b->n; i++) {
		const struct target *t = &b->at[(from + i) % b->n];
		uint64_t total = atomic_load(&t->job.total);
		uint64_t done = atomic_load(&t->job.done);

		if (t->told)
			continue;
		snprintf(item, sizeof(item), "%s%.20s %u%%", at > 0 ? "  " : "",
		    t->port, total == 0 ? 0 : (unsigned)(done * 100 / total));
		if (at + strlen(item) > LINE)
			break;
		strcpy(line + at, item);
		at += strlen(item);
	}
	cli_progress(line);
}

/* ---- threads ---- */

static void *
work(void *arg)
{
	stickjob_run(arg);
	return NULL;
}

static void *
look(void *arg)
{
	stickjob_look(arg);
	return NULL;
}

static void
start(struct batch *b, struct target *t)
{
	struct stickjob *j = &t->job;

	j->words = "";
	err_clear(&j->err);
	j->how = &b->how;
	j->allow = &b->allow;
	if (sticklist_find(&b->list, t->port, &j->info, &j->err) == ERR_OK) {
		t->started = pthread_create(&t->thread, NULL,
				 b->look ? look : work, j) == 0;
		if (!t->started)
			err_set(&j->err, ERR_RETRY, "no thread can be made");
	}
	if (!t->started)
		atomic_store(&j->over, true);
}

static void
stop_all(struct batch *b)
{
	for (size_t i = 0; i < b->n; i++)
		atomic_store(&b->at[i].job.stop, true);
}

/* Rows in the order in which they end. An interrupt lets each job end after
 * its block, so that the kernel gets its sticks back; a second one ends us. */
static void
watch(struct batch *b, const sigset_t *held, const sigset_t *before)
{
	const struct timespec tick = { 0, TICK_NS };
	size_t left = b->n;
	bool stopping = false;
	int sig;

	for (unsigned round = 0; left > 0; round++) {
		for (size_t i = 0; i < b->n; i++)
			if (!b->at[i].told && atomic_load(&b->at[i].job.over)) {
				tell(b, &b->at[i]);
				left--;
			}
		if (left > 0 && round % TICKS_DRAWN == 0)
			draw(b, round);
		if (left == 0 || (sig = sigtimedwait(held, NULL, &tick)) == -1)
			continue;
		stop_all(b);
		if (stopping) {
			pthread_sigmask(SIG_SETMASK, before, NULL);
			raise(sig);
		}
		stopping = true;
	}
	cli_progress("");
}

static void
run_all(struct batch *b)
{
	sigset_t held, before;

	sigemptyset(&held);
	sigaddset(&held, SIGINT);
	sigaddset(&held, SIGTERM);
	sigaddset(&held, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &held, &before);
	for (size_t i = 0; i < b->n; i++)
		start(b, &b->at[i]);
	watch(b, &held, &before);
	for (size_t i = 0; i < b->n; i++)
		if (b->at[i].started)
			pthread_join(b->at[i].thread, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void
batch_free(struct batch *b)
{
	free(b->at);
	sticklist_free(&b->list);
}

static void
say_look(const struct batch *b)
{
	bool wipe = b->at[0].job.image == NULL;

	if (b->failed == b->n)
		log_info("nothing was changed; no stick here may be %s",
		    wipe ? "wiped" : "written");
	else
		log_info("nothing was changed; --yes %s %zu of %zu",
		    wipe ? "wipes" : "writes", b->n - b->failed, b->n);
}

static enum err_code
batch_run(struct batch *b, struct err *e)
{
	if (stick_list_make(&b->how, &b->list, e) != ERR_OK)
		return e->code;
	run_all(b);
	if (b->printing.code != ERR_OK) {
		*e = b->printing;
		return e->code;
	}
	if (b->look && !b->args->json)
		say_look(b);
	if (b->failed > 0)
		return b->failed == b->n ? b->code : ERR_SOME;
	return ERR_OK;
}

static void
batch_init(struct batch *b, const struct cli_args *a)
{
	*b = (struct batch){ .args = a, .look = !cli_flag(a, "--yes") };
	err_clear(&b->printing);
	b->allow.force = cli_flag(a, "--force");
	b->allow.any_size = cli_flag(a, "--insecure-any-size");
}

/* The sectors of the image that are written. A copy, since the file may be
 * changed or cut while sticks are written, which lasts. */
static enum err_code
load(const char *path, struct secret *image, uint64_t *sectors, struct err *e)
{
	const uint8_t *file = NULL;
	size_t n = 0, used;

	if (file_map(path, &file, &n, e) != ERR_OK)
		return e->code;
	if (stickjob_image(file, n, sectors, e) != ERR_OK)
		err_in(e, "%s", path);
	else {
		used = (size_t)*sectors * STICK_SECTOR;
		if (secret_new(image, used, e) == ERR_OK) {
			memcpy(image->p, file, used);
			image->len = used;
		}
	}
	file_unmap(file, n);
	return e->code;
}

enum err_code
stickwrite_image(const struct cli_args *a, struct err *e)
{
	enum err_code code = ERR_OK;
	struct secret image = { 0 };
	uint64_t sectors = 0;
	struct batch b;

	batch_init(&b, a);
	if (take_ports(&b, 1, e) != ERR_OK ||
	    stickwrite_how(a, &b.how, e) != ERR_OK ||
	    load(a->pos[0], &image, &sectors, e) != ERR_OK)
		goto out;
	for (size_t i = 0; i < b.n; i++) {
		b.at[i].job.image = image.p;
		b.at[i].job.sectors = sectors;
	}
	if (tell_guard(&b, e) == ERR_OK)
		code = batch_run(&b, e);
out:
	secret_free(&image);
	batch_free(&b);
	return e->code != ERR_OK ? e->code : code;
}

enum err_code
stickwrite_wipe(const struct cli_args *a, struct err *e)
{
	enum err_code code = ERR_OK;
	struct batch b;

	batch_init(&b, a);
	if (take_ports(&b, 0, e) != ERR_OK ||
	    stickwrite_how(a, &b.how, e) != ERR_OK ||
	    tell_guard(&b, e) != ERR_OK)
		goto out;
	for (size_t i = 0; i < b.n; i++)
		b.at[i].job.whole = cli_flag(a, "--whole");
	code = batch_run(&b, e);
	if (!b.look && !a->json && e->code == ERR_OK && b.failed < b.n)
		log_info("flash memory moves its blocks: copies that this "
			 "program cannot reach may be left; destroy sticks "
			 "that leave the line");
out:
	batch_free(&b);
	return e->code != ERR_OK ? e->code : code;
}
