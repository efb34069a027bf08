/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/resource.h>

#include "base/cli.h"
#include "base/clock.h"
#include "base/hangup.h"
#include "base/http.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/sandbox.h"
#include "formats/cjson.h"
#include "formats/reason.h"
#include "server/conf.h"
#include "server/jobs.h"
#include "server/listen.h"
#include "server/lock.h"
#include "server/request.h"
#include "server/run.h"
#include "server/told.h"
#include "server/store.h"
#include "server/verbs.h"

#define LINE_MAX_BYTES 4096

struct run {
	struct conf conf;
	struct store *store;
	struct x509 *ca;
	struct crypto_key *ca_key;
	struct loop *loop;
	struct hangup *hangup;
	struct http *http;
	struct jobs *jobs;
	struct listen *listen;
	bool json;
	struct err broken; /* what stopped us */
	int lock;
	struct handover *hand;
	/* Only what one request asks for. */
	int64_t request;
	struct loop_timer *until;
	time_t until_time;
};

static void
put_pair(struct wr *w, const char *before, const char *key, const char *value)
{
	if (value[0] == '\0')
		return;
	wr_str(w, before);
	cjson_put_string(w, key);
	wr_u8(w, ':');
	cli_put_string(w, value);
}

static void
print_event(const struct jobs_event *ev)
{
	char line[LINE_MAX_BYTES];
	struct wr w;

	wr_fixed(&w, line, sizeof(line) - 2);
	put_pair(&w, "{", "state", ev->state);
	put_pair(&w, ",", "uuid", ev->uuid);
	put_pair(&w, ",", "address", ev->address);
	put_pair(&w, ",", "reason", ev->reason);
	put_pair(&w, ",", "detail", ev->detail);
	put_pair(&w, ",", "version", ev->version);
	if (ev->alarm)
		wr_str(&w, ",\"alarm\":true");
	if (w.failed)
		return;
	memcpy(line + w.len, "}\n", 3);
	fputs(line, stdout);
	fflush(stdout);
}

static void
on_event(void *arg, const struct jobs_event *ev)
{
	struct run *r = arg;

	if (ev->reason[0] == '\0')
		log_info("%s at %s: %s%s%s", ev->uuid, ev->address, ev->state,
		    ev->detail[0] == '\0' ? "" : ": ", ev->detail);
	else
		log_warn("%s%s at %s: %s: %s: %s", ev->alarm ? "ALARM: " : "",
		    ev->uuid, ev->address, ev->state, ev->reason, ev->detail);
	if (r->json)
		print_event(ev);
}

static void
on_hello(
    void *arg, const char *from, const struct hello *h, const struct err *bad)
{
	struct run *r = arg;
	struct jobs_event ev = { .uuid = "",
		.state = store_state_name(STORE_REFUSED),
		.reason = bad->reason == NULL ? "" : bad->reason->code,
		.detail = bad->msg,
		.version = "" };

	if (h != NULL) {
		jobs_hello(r->jobs, from, h);
		return;
	}
	log_warn("%s: hello refused: %s: %s", from, ev.reason, ev.detail);
	snprintf(ev.address, sizeof(ev.address), "%s", from);
	if (r->json)
		print_event(&ev);
}

static void
on_broken(void *arg, const struct err *e)
{
	struct run *r = arg;

	if (r->broken.code == ERR_OK)
		r->broken = *e;
	loop_stop(r->loop);
}

static void
on_handed(void *arg, const struct store_unit *u, const struct err *why)
{
	struct jobs_event ev = { .state = store_state_name(u->state),
		.reason = why->reason == NULL ? "" : why->reason->code,
		.detail = why->code == ERR_OK ? "handed over" : why->msg,
		.version = "",
		.alarm = why->code != ERR_OK };

	uuid_text(&u->row.uuid, ev.uuid);
	memcpy(ev.address, u->address, sizeof(ev.address));
	on_event(arg, &ev);
}

static enum err_code
open_hand(struct run *r, struct err *e)
{
	const struct handover_how how = { .conf = &r->conf,
		.store = r->store,
		.loop = r->loop,
		.tell = on_handed,
		.broken = on_broken,
		.arg = r };

	if (!conf_hands(&r->conf)) {
		handover_free(r->hand);
		r->hand = NULL;
		return ERR_OK;
	}
	return handover_start(r->hand, &how, e);
}

/* The request has ended, and what follows from it too. */
static void
on_until(void *arg)
{
	struct run *r = arg;
	struct request q;
	struct err e;

	err_clear(&e);
	if (request_get(r->store, r->request, &q, &e) != ERR_OK)
		on_broken(r, &e);
	else if (q.state[0] == '\0' && (time_t)clock_seconds() > r->until_time)
		loop_stop(r->loop);
	else if (q.state[0] != '\0' && !handover_busy(r->hand))
		loop_stop(r->loop);
	loop_timer_set(r->until, 100);
}

static enum err_code
open_until(struct run *r, struct err *e)
{
	if (loop_timer_new(r->loop, on_until, r, &r->until, e) == ERR_OK)
		loop_timer_set(r->until, 100);
	return e->code;
}

static enum err_code
open_jobs(struct run *r, struct err *e)
{
	const struct jobs_how how = { .conf = &r->conf,
		.store = r->store,
		.loop = r->loop,
		.http = r->http,
		.ca = r->ca,
		.ca_key = r->ca_key,
		.hand = r->hand,
		.tell = on_event,
		.broken = on_broken,
		.arg = r };

	return jobs_new(&how, &r->jobs, e);
}

static enum err_code
open_listener(struct run *r, const char *config, struct err *e)
{
	const struct listen_how how = { .addr = r->conf.listen,
		.port = r->conf.port,
		.most = r->conf.hellos,
		.limit_ms = r->conf.hello_ms,
		.hello = on_hello,
		.arg = r };

	if (listen_new(r->loop, &how, &r->listen, e) != ERR_OK)
		return err_in(e, "%s", config);
	log_info(
	    "listening on %s port %u", r->conf.listen, listen_port(r->listen));
	return ERR_OK;
}

/* What commands on the store go by. */
static enum err_code
tell_settings(struct run *r, struct err *e)
{
	char hours[16];

	snprintf(hours, sizeof(hours), "%u", r->conf.window_hours);
	if (told_set(r->store, "window_hours", "", hours, e) == ERR_OK)
		told_set(r->store, "recover", "", r->conf.top.recover, e);
	for (size_t i = 0; e->code == ERR_OK && i < r->conf.ntenants; i++)
		told_set(r->store, "recover", r->conf.tenant[i].name,
		    r->conf.tenant[i].recover, e);
	return e->code;
}

/* Each hello and each set-up takes an open file; out of them, nobody is
 * heard. */
static enum err_code
raise_files(const struct conf *c, struct err *e)
{
	const rlim_t need = c->hellos + 4ul * c->sessions + 128;
	struct rlimit is;

	if (getrlimit(RLIMIT_NOFILE, &is) == -1)
		return err_sys(e, ERR_CONFIG, "RLIMIT_NOFILE");
	if (is.rlim_cur >= need)
		return ERR_OK;
	is.rlim_cur = need;
	if (is.rlim_max < need)
		is.rlim_max = need; /* root may */
	if (setrlimit(RLIMIT_NOFILE, &is) == 0)
		return ERR_OK;
	getrlimit(RLIMIT_NOFILE, &is);
	return err_refuse(e, ERR_CONFIG, reason_get(REASON_FILES_LIMIT),
	    "hello_connections and sessions ask for %lu open files, the hard "
	    "limit is %lu",
	    (unsigned long)need, (unsigned long)is.rlim_max);
}

static void
on_hangup(void *arg)
{
	struct run *r = arg;

	conf_refresh(&r->conf);
}

static enum err_code
open_all(struct run *r, const char *path, struct err *e)
{
	enum err_code rc;

	rc = conf_read(path, &r->conf, e);
	if (rc == ERR_OK)
		rc = raise_files(&r->conf, e);
	if (rc == ERR_OK)
		rc = store_open(r->conf.state, &r->store, e);
	if (rc == ERR_OK)
		rc = lock_take(r->conf.state, &r->lock, e);
	if (rc == ERR_OK)
		rc = tell_settings(r, e);
	if (rc == ERR_OK)
		rc = store_ca(r->store, &r->ca, &r->ca_key, e);
	if (rc == ERR_OK)
		rc = loop_new(&r->loop, e);
	if (rc == ERR_OK)
		rc = loop_stop_on_signals(r->loop, e);
	if (rc == ERR_OK)
		rc = hangup_new(r->loop, on_hangup, r, &r->hangup, e);
	if (rc == ERR_OK)
		rc = http_new(r->loop, &r->http, e);
	if (rc == ERR_OK)
		rc = open_hand(r, e);
	if (rc == ERR_OK)
		rc = open_jobs(r, e);
	if (rc == ERR_OK)
		rc = r->request != 0 ? open_until(r, e)
				     : open_listener(r, path, e);
	if (rc == ERR_OK)
		rc = sandbox_daemon(e);
	if (rc == ERR_OK)
		rc = jobs_settle(r->jobs, e);
	return rc;
}

static enum err_code
run_all(struct run *r, const char *config, struct err *e)
{
	enum err_code rc;

	r->lock = -1;
	/* Before a key is read: that process holds none. */
	rc = handover_fork(&r->hand, e);
	if (rc == ERR_OK)
		rc = open_all(r, config, e);
	if (rc == ERR_OK)
		rc = loop_run(r->loop, e);
	listen_free(r->listen);
	loop_timer_free(r->until);
	jobs_free(r->jobs);
	handover_free(r->hand);
	if (rc == ERR_OK && r->broken.code != ERR_OK) {
		*e = r->broken;
		rc = e->code;
	}
	http_free(r->http);
	hangup_free(r->hangup);
	loop_free(r->loop);
	x509_free(r->ca);
	crypto_key_free(r->ca_key);
	store_close(r->store);
	lock_drop(r->lock);
	conf_free(&r->conf);
	return rc;
}

static enum err_code
run_run(const struct cli_args *a, struct err *e)
{
	struct run *r = calloc(1, sizeof(*r));
	enum err_code rc;

	if (r == NULL)
		return err_mem(e);
	r->json = a->json;
	rc = run_all(r, a->pos[0], e);
	free(r);
	return rc;
}

enum err_code
run_request(
    const char *config, int64_t request, unsigned long seconds, struct err *e)
{
	struct run *r = calloc(1, sizeof(*r));
	enum err_code rc;

	if (r == NULL)
		return err_mem(e);
	r->request = request;
	r->until_time = (time_t)clock_seconds() + (time_t)seconds;
	rc = run_all(r, config, e);
	free(r);
	return rc;
}

const struct cli_verb run_verbs[] = {
	{ "run", "CONFIG", "listen for hellos and set devices up", NULL, 1, 1,
	    run_run },
	{ NULL, NULL, NULL, NULL, 0, 0, NULL },
};
