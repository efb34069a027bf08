/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "formats/reason.h"
#include "server/alarm.h"
#include "server/gift.h"
#include "server/history.h"
#include "server/job.h"
#include "server/knock.h"
#include "server/legacy.h"
#include "server/request.h"
#include "server/witness.h"

uint32_t
jobs_hash(const void *p, size_t n, uint32_t h)
{
	const uint8_t *b = p;

	while (n-- > 0)
		h = (h ^ *b++) * 16777619u;
	return h ^ h >> 15;
}

static struct job **
bucket(struct jobs *in, const struct uuid *u)
{
	return &in->by_uuid[jobs_hash(u, sizeof(*u), 1) % JOB_BUCKETS];
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
	return &j->in->busy[jobs_hash(j->at.addr, strlen(j->at.addr), 2) %
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
	--*busy(j);
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

/* Ours; NULL: none. */
static const struct x509_chain *
chain_of(const struct job *j)
{
	const struct tenant *t = jobs_tenant(j->in, &j->unit);

	return j->at.psk || j->at.index >= t->nchains
	    ? NULL
	    : &t->chain[j->at.index].chain;
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

/* A hello alone must not make a unit that works look broken, nor one that may
 * have committed look as if it had not. */
static bool
proved(const struct job *j, enum store_state state)
{
	return j->saved || state == STORE_PROVISIONED ||
	    (j->unit.state != STORE_PROVISIONED &&
		j->unit.state != STORE_SETUP);
}

static enum err_code
write_end(struct job *j, enum store_state state, struct err *e)
{
	struct store *store = j->in->how.store;
	const struct err *why = &j->why;
	bool told = proved(j, state) || j->task == JOB_PROBE;
	struct history_event ev = { .state = state,
		.reason = why->reason,
		.address = j->at.addr,
		.detail = why->msg[0] == '\0' ? NULL : why->msg,
		.version = j->version[0] == '\0' ? NULL : j->version,
		.passing = j->by_hand && why->code != ERR_OK && !j->saved };

	if (j->sent && state == STORE_KNOWN)
		told = true;
	if (j->alarm &&
	    alarm_raise(store, &j->unit.row.uuid, why->reason, j->at.addr,
		why->msg, e) != ERR_OK)
		return e->code;
	if (j->request != 0 &&
	    request_end(store, j->request, told ? state : j->unit.state, why,
		e) != ERR_OK)
		return e->code;
	return (told ? history_add : history_note)(
	    store, &j->unit.row.uuid, &ev, e);
}

void
jobs_end(struct job *j, enum store_state state, const struct err *why)
{
	struct err e;

	err_clear(&e);
	j->phase = JOB_TELLING;
	j->state = state;
	j->why = *why;
	j->alarm = alarm_wanted(why->reason);
	if (jobs_join(j->in, &e) != ERR_OK || write_end(j, state, &e) != ERR_OK)
		jobs_broken(j->in, &e);
}

static void
tell(const struct job *j)
{
	struct jobs_event ev = { .state = store_state_name(j->state),
		.reason = j->why.reason == NULL ? "" : j->why.reason->code,
		.detail = j->why.msg,
		.version = j->version,
		.alarm = j->alarm };
	struct err e;

	uuid_text(&j->unit.row.uuid, ev.uuid);
	memcpy(ev.address, j->at.addr, sizeof(ev.address));
	j->in->how.tell(j->in->how.arg, &ev);
	err_clear(&e);
	if (j->settled && jobs_hands(j->in, &j->unit) &&
	    handover_push(j->in->how.hand, &j->unit.row.uuid, 0, &e) != ERR_OK)
		jobs_broken(j->in, &e);
}

/* A machine that was un-provisioned says hello at once. */
static void
over(struct job *j)
{
	struct hello *h = j->back;
	char from[LOOP_ADDR_LEN];
	struct jobs *in = j->in;

	memcpy(from, j->back_from, sizeof(from));
	j->back = NULL;
	jobs_drop(j);
	if (h != NULL)
		knock_hello(in, from, h);
	free(h);
}

static void
on_commit(void *arg)
{
	struct jobs *in = arg;
	struct job *j, *next;
	struct err e;

	err_clear(&e);
	in->open = false;
	if (store_commit(in->how.store, &e) != ERR_OK) {
		jobs_broken(in, &e);
		return;
	}
	for (j = in->first; j != NULL; j = next) {
		next = j->next;
		if (j->phase == JOB_SAVING) {
			j->phase = JOB_RUNNING;
			setup_go(j->setup);
		} else if (j->phase == JOB_TELLING ||
		    j->phase == JOB_QUITTING) {
			if (j->phase == JOB_TELLING)
				tell(j);
			over(j);
		}
	}
	jobs_start_queued(in);
}

void
jobs_quit(struct job *j)
{
	struct err e;

	err_clear(&e);
	j->phase = JOB_QUITTING;
	if (jobs_join(j->in, &e) != ERR_OK)
		jobs_broken(j->in, &e);
}

void
jobs_rest(struct job *j, unsigned long ms)
{
	j->phase = JOB_RESTING;
	loop_timer_set(j->timer, ms);
}

static void
rest(struct job *j)
{
	jobs_rest(
	    j, (unsigned long)JOB_REST_MS << (j->tries < 7 ? j->tries - 1 : 6));
}

/* What it was set up with is told by the record that it keeps. */
static enum err_code
settle_by(struct job *j, struct err *e)
{
	const struct uuid *u = &j->unit.row.uuid;
	char by[STORE_BY];

	if (store_by(j->in->how.store, u, by, e) != ERR_OK)
		return e->code;
	witness_close(by, time(NULL));
	return store_set(j->in->how.store, u, STORE_COLUMN_BY, by, e);
}

static void
succeeded(struct job *j)
{
	struct jobs *in = j->in;
	const uint8_t *cert;
	struct err e, why;
	size_t n;

	err_clear(&e);
	err_clear(&why);
	cert = setup_issued(j->setup, &n);
	if (j->task == JOB_PROBE)
		cert = NULL; /* an earlier try issued it */
	if (jobs_join(in, &e) != ERR_OK ||
	    store_settle(in->how.store, &j->unit.row.uuid, cert, n,
		jobs_hands(in, &j->unit), &e) != ERR_OK ||
	    settle_by(j, &e) != ERR_OK ||
	    (j->task == JOB_PROBE && errand_judge(j, &why, &e) != ERR_OK))
		jobs_broken(in, &e);
	else
		jobs_end(j, STORE_PROVISIONED, &why);
	j->settled = true;
}

static bool
refusal(const struct err *e)
{
	return e->reason != reason_get(REASON_STEP_FAILED) &&
	    e->reason != reason_get(REASON_DEVICE_GONE) && e->reason != NULL;
}

static size_t ways(const struct job *);

/* By hand nobody told which key or root the device has: the next one, unless
 * the device has let us in. */
static bool
other_way(struct job *j, const struct err *e)
{
	if (!j->by_hand || j->saved || setup_state(j->setup)[0] != '\0' ||
	    e->code != ERR_PEER || j->at.index + 1 >= ways(j))
		return false;
	j->at.index++;
	j->tries = 0;
	return true;
}

/* Somebody else's: we never set it up, and it is. */
static bool
taken(const struct job *j, const struct err *e)
{
	return j->unit.now.admin_password[0] == '\0' &&
	    j->unit.next.admin_password[0] == '\0' &&
	    (strcmp(setup_state(j->setup), "2") == 0 ||
		e->reason == reason_get(REASON_LOGIN_REFUSED));
}

static void
failed(struct job *j, struct err *e)
{
	const struct reason *why = reason_get(REASON_DEVICE_TAKEN);
	bool post = strcmp(setup_state(j->setup), "2") == 0;
	struct err bad;

	err_clear(&bad);
	if (taken(j, e) && post) {
		e->reason = why;
		e->code = ERR_PERM;
	} else if (taken(j, e) &&
	    (jobs_join(j->in, &bad) != ERR_OK ||
		alarm_raise(j->in->how.store, &j->unit.row.uuid, why,
		    j->at.addr, e->msg, &bad) != ERR_OK)) {
		jobs_broken(j->in, &bad);
	}
	jobs_end(j, refusal(e) ? STORE_REFUSED : STORE_FAILED, e);
}

void
jobs_requeue(struct job *j)
{
	j->phase = JOB_QUEUED;
}

/* The end of one try. A unit that may have committed stays in "setup". */
static void
set_up_done(struct job *j, struct err *e)
{
	bool gone = e->reason == reason_get(REASON_DEVICE_GONE);

	if (e->code == ERR_OK) {
		succeeded(j);
	} else if (j->task == JOB_SET_UP && setup_unsure(j->setup)) {
		j->task = JOB_PROBE;
		j->tries = 1;
		rest(j);
	} else if (j->task == JOB_SET_UP && other_way(j, e)) {
		jobs_requeue(j);
	} else if (gone && j->moved.addr[0] != '\0') {
		drop_setup(j);
		j->at = j->moved;
		j->moved.addr[0] = '\0';
		j->tries = 0;
		jobs_requeue(j);
	} else if (gone && j->tries < j->in->how.conf->tries) {
		rest(j);
	} else if (j->then_set_up) {
		jobs_set_up(j);
	} else if (j->task == JOB_PROBE) {
		jobs_end(j, STORE_SETUP, e);
	} else {
		failed(j, e);
	}
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
		set_up_done(j, &e);
	else
		errand_done(j, &e);
	drop_setup(j);
	jobs_start_queued(in);
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

	if (store_next(store, u, &j->fresh, e) != ERR_OK ||
	    history_add(store, u, &ev, e) != ERR_OK)
		return e->code;
	witness_make(by, chain_of(j), time(NULL));
	return store_set(store, u, STORE_COLUMN_BY, by, e);
}

static void
on_save(void *arg)
{
	struct job *j = arg;
	struct err e;

	err_clear(&e);
	j->phase = JOB_SAVING;
	if (jobs_join(j->in, &e) != ERR_OK ||
	    (j->task == JOB_SET_UP ? save : errand_save)(j, &e) != ERR_OK)
		jobs_broken(j->in, &e);
	j->saved = j->saved || j->task == JOB_SET_UP;
}

static void
add_login(struct setup_how *how, const char *password)
{
	if (how->nlogins < SETUP_LOGINS && password != NULL)
		snprintf(how->login[how->nlogins++], SESSION_PASSWORD, "%s",
		    password);
}

static const char *
if_any(const char *s)
{
	return s[0] == '\0' ? NULL : s;
}

/* The likeliest first: each wrong one costs a connection. */
static void
fill_logins(const struct job *j, struct setup_how *how)
{
	bool begun = j->unit.next.admin_password[0] != '\0';

	if (j->task == JOB_PROBE || begun) /* it may have been changed */
		add_login(how, if_any(j->fresh.admin_password));
	if (j->task == JOB_RECORD || j->task == JOB_UNDO ||
	    j->task == JOB_UNDO_PARTLY)
		add_login(how, if_any(j->unit.now.admin_password));
	if (j->task != JOB_SET_UP)
		return;
	if (begun)
		add_login(how, if_any(j->fresh.mebx_password));
	add_login(how, if_any(j->unit.now.admin_password));
	add_login(how, if_any(j->unit.row.admin_password));
	add_login(how, if_any(j->unit.row.mebx_password));
	/* Factory defaults of firmware in set-up mode: sources differ. */
	add_login(how, "admin");
	add_login(how, "");
	/* Firmware may couple the two passwords. This one may be the same for
	 * many machines, so who has not proved itself does not hear it. */
	how->nfirst = how->nlogins;
	if (!begun)
		add_login(how, if_any(j->fresh.mebx_password));
}

static const char *
pin_of(const struct store_unit *u)
{
	return u->row.cert_sha256[0] != '\0' ? u->row.cert_sha256
					     : u->seen_cert;
}

/* Once it was set up its certificate is the one that it was given. Only where
 * none is, and none was seen, the first one is taken, as device_certificate
 * says; errand_judge() keeps that. */
static void
fill_pins(const struct job *j, struct setup_how *how)
{
	const struct store_unit *u = &j->unit;
	bool gives = j->policy->certificate != POLICY_CERT_NONE;
	uint8_t hash[32];

	memcpy(how->pin, pin_of(u), sizeof(how->pin));
	if (j->task != JOB_SET_UP && u->tls_cert_len > 0) {
		digest_sha256(u->tls_cert, u->tls_cert_len, hash);
		text_hex(how->issued, hash, sizeof(hash));
	}
	how->first_use = !jobs_tenant(j->in, &j->unit)->pinned_only &&
	    (j->task == JOB_SET_UP || !gives);
}

/* Pairs that a unit may say hello with, and how many. */
size_t
jobs_pairs(const struct store_unit *u, struct psk out[static 3])
{
	size_t n = 0;

	if (u->row.pid[0] == '\0')
		return 0;
	memcpy(out[n].pid, u->row.pid, sizeof(u->row.pid));
	memcpy(out[n++].pps, u->row.pps, sizeof(u->row.pps));
	if (u->next.psk.pid[0] != '\0')
		out[n++] = u->next.psk;
	if (u->now.psk.pid[0] != '\0')
		out[n++] = u->now.psk;
	return n;
}

/* How many keys or chains there are to try. */
static size_t
ways(const struct job *j)
{
	struct psk pairs[3];
	size_t n = jobs_tenant(j->in, &j->unit)->nchains;

	if (j->at.psk)
		n = jobs_pairs(&j->unit, pairs);
	secret_wipe(pairs, sizeof(pairs));
	return n;
}

/* One that was made counts before the factory's. */
const char *
jobs_otp(const struct store_unit *u)
{
	return u->otp[0] != '\0' ? u->otp : u->row.otp;
}

static void
fill_plan(struct job *j, struct session_plan *plan)
{
	static const enum session_kind kinds[] = { SESSION_SET_UP,
		SESSION_PROBE, SESSION_PROBE, SESSION_UNDO,
		SESSION_UNDO_PARTLY };

	plan->kind = kinds[j->task];
	plan->uuid = j->unit.row.uuid;
	/* A machine with a pre-shared key takes none, and needs none. */
	if (!j->at.psk)
		memcpy(plan->otp, jobs_otp(&j->unit), sizeof(plan->otp));
	memcpy(plan->admin_password, j->fresh.admin_password,
	    sizeof(plan->admin_password));
	memcpy(plan->mebx_password, j->fresh.mebx_password,
	    sizeof(plan->mebx_password));
	plan->psk = j->fresh.psk;
	plan->policy = j->policy;
	memcpy(plan->fqdn, j->fqdn, sizeof(plan->fqdn));
	if (j->policy->certificate != POLICY_CERT_NONE) {
		plan->certify = gift_certify;
		plan->certify_arg = j;
	}
}

static void
fill_how(struct job *j, struct setup_how *how)
{
	const struct conf *conf = j->in->how.conf;
	struct psk pairs[3];

	how->http = j->in->how.http;
	memcpy(how->addr, j->at.addr, sizeof(how->addr));
	how->port = conf->device_port;
	how->timeout_ms = conf->request_ms;
	how->psk_suites = conf->psk_suites;
	if (j->task == JOB_SET_UP && j->at.psk &&
	    jobs_pairs(&j->unit, pairs) > j->at.index)
		how->psk = pairs[j->at.index];
	if (j->task == JOB_SET_UP && chain_of(j) != NULL) {
		how->chain = chain_of(j);
		how->key = jobs_tenant(j->in, &j->unit)->chain[j->at.index].key;
	}
	how->generation = legacy_generation(j->unit.row.amt);
	how->announced = j->at.announced;
	how->domain = j->policy->domain;
	how->legacy =
	    legacy_has(jobs_tenant(j->in, &j->unit)->legacy, how->generation);
	if (j->task != JOB_SET_UP && j->policy->mutual) {
		how->chain = &j->policy->client.chain;
		how->key = j->policy->client.key;
	}
	fill_pins(j, how);
	how->device_ca[0] = j->in->how.ca;
	if (j->policy->certificate == POLICY_CERT_CA)
		how->device_ca[1] = j->policy->ca.chain.cert[0];
	how->device_fqdn = j->fqdn[0] != '\0' ? j->fqdn : j->unit.fqdn;
	fill_logins(j, how);
	fill_plan(j, &how->plan);
	how->save = on_save;
	how->done = on_done;
	how->arg = j;
	secret_wipe(pairs, sizeof(pairs));
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

static void
start(struct job *j)
{
	struct setup_how how;
	struct err e;

	err_clear(&e);
	memset(&how, 0, sizeof(how));
	j->policy = tenant_policy(jobs_tenant(j->in, &j->unit), &j->unit.row);
	fill_how(j, &how);
	if (how.legacy)
		note_legacy(j);
	j->tries++;
	if (setup_new(&how, &j->setup, &e) != ERR_OK) {
		jobs_end(j, STORE_FAILED, &e);
	} else {
		j->in->running++;
		++*busy(j);
		j->phase = JOB_RUNNING;
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

static void
on_timer(void *arg)
{
	struct job *j = arg;

	jobs_requeue(j);
	jobs_start_queued(j->in);
}

void
jobs_set_up(struct job *j)
{
	struct err e;

	err_clear(&e);
	j->task = JOB_SET_UP;
	j->then_set_up = false;
	j->tries = 0;
	j->policy = tenant_policy(jobs_tenant(j->in, &j->unit), &j->unit.row);
	jobs_requeue(j);
	if (gift_name(j, &e) != ERR_OK)
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
	if (loop_timer_new(how->loop, on_commit, in, &in->commit, e) !=
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
	errand_free(in);
	loop_timer_free(in->commit);
	free(in);
}
