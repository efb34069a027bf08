/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/rand.h"
#include "base/secret.h"
#include "formats/reason.h"
#include "server/alarm.h"
#include "server/ending.h"
#include "server/gift.h"
#include "server/history.h"
#include "server/job.h"
#include "server/knock.h"
#include "server/recipe.h"
#include "server/request.h"
#include "server/witness.h"

uint32_t
jobs_hash(const struct jobs *in, const void *p, size_t n, uint32_t h)
{
	const uint8_t *b = p;

	h ^= in->salt;
	while (n-- > 0)
		h = (h ^ *b++) * 16777619u;
	return h ^ h >> 15;
}

static struct job **
bucket(struct jobs *in, const struct uuid *u)
{
	return &in->by_uuid[jobs_hash(in, u, sizeof(*u), 1) % JOB_BUCKETS];
}

struct job *
jobs_find(struct jobs *in, const struct uuid *u)
{
	struct job *j = *bucket(in, u);

	while (j != NULL && !uuid_equal(&j->unit.row.uuid, u))
		j = j->uuid_next;
	return j;
}

/* Behind one address only one device answers at a time. Two addresses of one
 * bucket only wait for each other. */
static uint8_t *
busy(const struct job *j)
{
	return &j->in
		    ->busy[jobs_hash(j->in, j->at.addr, strlen(j->at.addr), 2) %
			JOB_BUCKETS];
}

static void
drop_setup(struct job *j)
{
	if (j->setup == NULL)
		return;
	setup_free(j->setup);
	j->setup = NULL;
	j->in->running--;
	--*j->slot;
}

void
jobs_drop(struct job *j)
{
	struct job **at = bucket(j->in, &j->unit.row.uuid);

	drop_setup(j);
	free(j->back);
	loop_timer_free(j->timer);
	while (*at != j)
		at = &(*at)->uuid_next;
	*at = j->uuid_next;
	if (j->prev != NULL)
		j->prev->next = j->next;
	else
		j->in->first = j->next;
	if (j->next != NULL)
		j->next->prev = j->prev;
	else
		j->in->last = j->prev;
	j->in->n--;
	secret_wipe(j, sizeof(*j));
	free(j);
}

/* Whose trust counts for it. One whose tenant is not configured any more is
 * refused before anything is done (admit.h). */
struct tenant *
jobs_tenant(struct jobs *in, const struct store_unit *u)
{
	struct tenant *t = conf_tenant(in->how.conf, u->tenant);

	return t != NULL ? t : &in->how.conf->top;
}

bool
jobs_hands(struct jobs *in, const struct store_unit *u)
{
	const struct tenant *t = conf_tenant(in->how.conf, u->tenant);

	return in->how.hand != NULL && t != NULL && t->hand_over[0] != '\0';
}

void
jobs_broken(struct jobs *in, const struct err *e)
{
	in->how.broken(in->how.arg, e);
}

enum err_code
jobs_join(struct jobs *in, struct err *e)
{
	if (in->open)
		return ERR_OK;
	if (store_begin(in->how.store, e) != ERR_OK)
		return e->code;
	in->open = true;
	loop_timer_set(in->commit, 0);
	return ERR_OK;
}

/* Until what is written of it is durable. */
static void
await(struct job *j, enum job_phase phase)
{
	j->phase = phase;
	j->in->waiting++;
}

void
jobs_end(struct job *j, enum store_state state, const struct err *why)
{
	struct err e;

	err_clear(&e);
	await(j, JOB_TELLING);
	j->state = state;
	j->why = *why;
	j->alarm = alarm_wanted(why->reason, j->at.psk);
	if (jobs_join(j->in, &e) != ERR_OK ||
	    ending_write(j, state, &e) != ERR_OK)
		jobs_broken(j->in, &e);
}

/* A machine that was un-provisioned says hello at once; one that came to no
 * good end where it was may be elsewhere. */
static void
over(struct job *j)
{
	struct hello *h = j->back;
	char from[ADDR_LEN];
	struct job_place other[JOB_OTHERS];
	unsigned n = j->settled || j->sent ? 0 : j->nothers;
	struct uuid u = j->unit.row.uuid;
	struct jobs *in = j->in;

	memcpy(from, j->back_from, sizeof(from));
	memcpy(other, j->other, sizeof(other));
	j->back = NULL;
	jobs_drop(j);
	if (h != NULL)
		knock_hello(in, from, h);
	else if (n > 0)
		knock_place(in, &u, other, n);
	free(h);
}

static bool
is_awaiting(const struct job *j)
{
	return j->phase == JOB_SAVING || j->phase == JOB_TELLING ||
	    j->phase == JOB_QUITTING;
}

static void
go_on(struct job *j)
{
	if (j->phase == JOB_SAVING) {
		j->phase = JOB_RUNNING;
		setup_go(j->setup);
		return;
	}
	if (j->phase == JOB_TELLING)
		ending_tell(j);
	over(j);
}

/* They are near the beginning, with thousands in the queue behind them. One
 * that was dropped meanwhile is looked for in vain. */
static void
on_commit(void *arg)
{
	struct jobs *in = arg;
	unsigned left = in->waiting;
	struct job *j, *next;
	struct err e;

	err_clear(&e);
	in->open = false;
	in->waiting = 0;
	if (store_commit(in->how.store, &e) != ERR_OK) {
		jobs_broken(in, &e);
		return;
	}
	knock_tell(in, true);
	for (j = in->first; j != NULL && left > 0; j = next) {
		next = j->next;
		if (is_awaiting(j)) {
			left--;
			go_on(j);
		}
	}
	jobs_start_queued(in);
}

void
jobs_quit(struct job *j)
{
	struct err e;

	err_clear(&e);
	await(j, JOB_QUITTING);
	if (jobs_join(j->in, &e) != ERR_OK)
		jobs_broken(j->in, &e);
}

void
jobs_break_off(struct job *j)
{
	drop_setup(j);
	jobs_quit(j);
}

void
jobs_rest(struct job *j, unsigned long ms)
{
	j->phase = JOB_RESTING;
	loop_timer_set(j->timer, ms);
}

void
jobs_rest_longer(struct job *j)
{
	jobs_rest(
	    j, (unsigned long)JOB_REST_MS << (j->tries < 7 ? j->tries - 1 : 6));
}

void
jobs_requeue(struct job *j)
{
	j->phase = JOB_QUEUED;
}

static void
on_done(void *arg, const struct err *got)
{
	struct job *j = arg;
	struct jobs *in = j->in;
	struct err e = *got;

	if (setup_version(j->setup)[0] != '\0')
		snprintf(j->version, sizeof(j->version), "%s",
		    setup_version(j->setup));
	if (j->task == JOB_SET_UP || j->task == JOB_PROBE)
		ending_set_up(j, &e);
	else
		errand_done(j, &e);
	if (j->phase == JOB_RESTING)
		errand_note(j, got);
	drop_setup(j);
	jobs_start_queued(in);
}

/* What the job knows of its unit is what the store has of it. A later try is
 * then one of the same secrets, and the pair that SetTLSPSK brings is known; it
 * is told from the one that has worked by the PID. */
static void
keep_up(struct job *j, const char *cert)
{
	struct psk pair = { 0 };

	if (j->at.psk && recipe_pair(&j->unit, &j->at, &pair))
		memcpy(j->at.pid, pair.pid, sizeof(j->at.pid));
	secret_wipe(&pair, sizeof(pair));
	j->unit.next = j->fresh;
	if (j->unit.seen_cert[0] == '\0')
		memcpy(j->unit.seen_cert, cert, strlen(cert) + 1);
}

static enum err_code
save(struct job *j, struct err *e)
{
	struct store *store = j->in->how.store;
	const struct uuid *u = &j->unit.row.uuid;
	const char *cert = setup_cert(j->setup);
	const struct history_event ev = { .state = STORE_SETUP,
		.address = j->at.addr,
		.detail = setup_spoken(j->setup),
		.version = setup_version(j->setup),
		.fqdn = j->fqdn[0] == '\0' ? NULL : j->fqdn,
		.seen_cert = cert[0] == '\0' ? NULL : cert };
	char by[STORE_BY];

	keep_up(j, cert);
	if (j->request != 0 && request_begun(store, j->request, e) != ERR_OK)
		return e->code;
	if (store_next(store, u, &j->fresh, e) != ERR_OK ||
	    history_add(store, u, &ev, e) != ERR_OK)
		return e->code;
	witness_make(by, recipe_chain(j), j->policy->time ? time(NULL) : 0);
	return store_set(store, u, STORE_COLUMN_BY, by, e);
}

/* The last moment to cancel it: whoever does so waits for this transaction. */
static bool
was_cancelled(struct job *j)
{
	bool waits = true;
	struct err e;

	err_clear(&e);
	if (j->request != 0 &&
	    (jobs_join(j->in, &e) != ERR_OK ||
		request_waits(j->in->how.store, j->request, &waits, &e) !=
		    ERR_OK))
		jobs_broken(j->in, &e);
	return !waits;
}

static void
on_save(void *arg)
{
	struct job *j = arg;
	struct err e;

	err_clear(&e);
	if (was_cancelled(j)) {
		jobs_quit(j);
		return;
	}
	await(j, JOB_SAVING);
	if (jobs_join(j->in, &e) != ERR_OK ||
	    (j->task == JOB_SET_UP ? save : errand_save)(j, &e) != ERR_OK)
		jobs_broken(j->in, &e);
	j->saved = j->saved || j->task == JOB_SET_UP;
	j->at.proved = true;
}

/* For each connection that may be of the old kind. */
static void
note_legacy(struct job *j)
{
	char uuid[UUID_TEXT], why[128];
	struct err e;

	err_clear(&e);
	uuid_text(&j->unit.row.uuid, uuid);
	snprintf(why, sizeof(why),
	    "AMT %s at %s: TLS 1.0, TLS 1.1 and SHA-1 are offered",
	    j->unit.row.amt, j->at.addr);
	if (jobs_join(j->in, &e) != ERR_OK ||
	    store_audit(j->in->how.store, reason_get(REASON_LEGACY_TLS)->code,
		uuid, why, &e) != ERR_OK)
		jobs_broken(j->in, &e);
	else
		log_warn("%s: insecure_legacy_amt: %s", uuid, why);
}

/* Made anew, or withdrawn, since its hello. None is no lesser guard where each
 * machine needs one. */
static enum err_code
renew_otp(struct job *j, struct err *e)
{
	bool wanted = jobs_tenant(j->in, &j->unit)->otp_required &&
	    !j->at.psk && j->unit.otp[0] != '\0';
	struct store_unit u;
	bool found;

	if (store_unit(j->in->how.store, &j->unit.row.uuid, &found, &u, e) !=
	    ERR_OK)
		return e->code;
	if (found) {
		memcpy(j->unit.otp, u.otp, sizeof(u.otp));
		memcpy(j->unit.opened, u.opened, sizeof(u.opened));
	}
	store_unit_wipe(&u);
	return wanted && recipe_otp(&j->unit)[0] == '\0'
	    ? err_refuse(e, ERR_PERM, reason_get(REASON_OTP_MISSING),
		  "it was withdrawn, and otp = \"required\" asks for one")
	    : ERR_OK;
}

static void
start(struct job *j)
{
	const struct conf *conf = j->in->how.conf;
	struct setup_how how;
	struct err e;

	err_clear(&e);
	if (j->task == JOB_SET_UP && renew_otp(j, &e) != ERR_OK) {
		if (e.reason == NULL)
			jobs_broken(j->in, &e);
		else
			jobs_end(j, STORE_REFUSED, &e);
		return;
	}
	memset(&how, 0, sizeof(how));
	j->policy = tenant_policy(jobs_tenant(j->in, &j->unit), &j->unit.row);
	recipe_make(j, &how);
	how.other = gift_other;
	how.save = on_save;
	how.done = on_done;
	how.arg = j;
	if (how.legacy)
		note_legacy(j);
	j->tries++;
	if (setup_new(&how, &j->setup, &e) != ERR_OK) {
		jobs_end(j, STORE_FAILED, &e);
	} else {
		j->in->running++;
		++*(j->slot = busy(j));
		j->phase = JOB_RUNNING;
		loop_timer_set(j->timer, conf->setup_ms);
		setup_go(j->setup);
	}
	secret_wipe(&how, sizeof(how));
}

void
jobs_start_queued(struct jobs *in)
{
	struct job *j = in->first, *next;

	for (; j != NULL && in->running < in->how.conf->sessions; j = next) {
		next = j->next;
		if (j->phase == JOB_QUEUED && *busy(j) == 0)
			start(j);
	}
}

#define SOON_MS 100

/* It has rested, or its set-up runs for too long. */
static void
on_timer(void *arg)
{
	struct job *j = arg;

	if (j->phase == JOB_RUNNING) {
		setup_late(j->setup, j->in->how.conf->setup_ms);
	} else if (j->phase == JOB_SAVING) {
		loop_timer_set(j->timer, SOON_MS);
	} else if (j->phase == JOB_RESTING) {
		jobs_requeue(j);
		jobs_start_queued(j->in);
	}
}

enum err_code
jobs_check(struct job *j, struct err *e)
{
	j->policy = tenant_policy(jobs_tenant(j->in, &j->unit), &j->unit.row);
	return gift_name(j, e);
}

void
jobs_set_up(struct job *j)
{
	struct err e;

	err_clear(&e);
	j->task = JOB_SET_UP;
	j->then_set_up = false;
	j->tries = 0;
	jobs_requeue(j);
	if (jobs_check(j, &e) != ERR_OK)
		jobs_end(j, STORE_REFUSED, &e);
	else if (gift_secrets(j, &e) != ERR_OK)
		jobs_end(j, STORE_FAILED, &e);
}

struct job *
jobs_add(struct jobs *in, const struct store_unit *u, const char *addr,
    struct err *e)
{
	struct job **at = bucket(in, &u->row.uuid);
	struct job *j = calloc(1, sizeof(*j));

	if (j == NULL ||
	    loop_timer_new(in->how.loop, on_timer, j, &j->timer, e) != ERR_OK) {
		free(j);
		err_mem(e);
		return NULL;
	}
	j->in = in;
	j->unit = *u;
	snprintf(j->at.addr, sizeof(j->at.addr), "%s", addr);
	if ((j->prev = in->last) != NULL)
		j->prev->next = j;
	else
		in->first = j;
	in->last = j;
	j->uuid_next = *at;
	*at = j;
	in->n++;
	return j;
}

void
jobs_hello(struct jobs *in, const char *from, const struct hello *h)
{
	knock_hello(in, from, h);
}

static enum err_code
settle(void *arg, const struct store_unit *u, struct err *e)
{
	struct jobs *in = arg;
	struct job *j;

	if (u->address[0] == '\0')
		return ERR_OK;
	j = jobs_add(in, u, u->address, e);
	if (j == NULL)
		return e->code;
	j->fresh = u->next;
	j->task = JOB_PROBE;
	return ERR_OK;
}

enum err_code
jobs_settle(struct jobs *in, struct err *e)
{
	if (store_each_in(in->how.store, STORE_SETUP, settle, in, e) != ERR_OK)
		return e->code;
	jobs_start_queued(in);
	return ERR_OK;
}

enum err_code
jobs_new(const struct jobs_how *how, struct jobs **out, struct err *e)
{
	struct jobs *in = calloc(1, sizeof(*in));

	if (in == NULL)
		return err_mem(e);
	in->how = *how;
	in->aside_end = &in->aside;
	if (rand_bytes(&in->salt, sizeof(in->salt), e) != ERR_OK ||
	    loop_timer_new(how->loop, on_commit, in, &in->commit, e) !=
		ERR_OK ||
	    errand_new(in, e) != ERR_OK) {
		jobs_free(in);
		return e->code;
	}
	*out = in;
	return ERR_OK;
}

void
jobs_free(struct jobs *in)
{
	struct err e;

	if (in == NULL)
		return;
	err_clear(&e);
	if (in->open && store_commit(in->how.store, &e) != ERR_OK)
		jobs_broken(in, &e);
	while (in->first != NULL)
		jobs_drop(in->first);
	knock_tell(in, false);
	errand_free(in);
	loop_timer_free(in->commit);
	free(in);
}
