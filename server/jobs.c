/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/rand.h"
#include "base/secret.h"
#include "formats/passwd.h"
#include "formats/reason.h"
#include "server/admit.h"
#include "server/alarm.h"
#include "server/jobs.h"
#include "server/setup.h"

#define REST_MS 1000 /* before the second try; doubled for each next one */
#define QUEUE 64     /* jobs for each set-up that may run */

enum phase {
	QUEUED,
	RUNNING,
	SAVING,  /* waits for the commit, then goes on */
	RESTING, /* waits to try again */
	TELLING  /* waits for the commit, then is told and over */
};

struct job {
	struct jobs *in;
	struct job *prev, *next;
	enum phase phase;
	struct store_unit unit; /* as it was at the hello */
	struct store_secrets fresh;
	char addr[LOOP_ADDR_LEN];
	bool psk;
	size_t index; /* of its PSK pair or our chain */
	bool probe;
	bool saved;
	unsigned tries;
	struct setup *setup;
	struct loop_timer *timer;
	enum store_state state; /* what is told */
	struct err why;
	char version[32];
};

struct jobs {
	struct jobs_how how;
	struct job *first;
	unsigned n, running;
	bool open; /* a transaction is */
	struct loop_timer *commit;
};

static void start_queued(struct jobs *);

static struct job *
job_find(struct jobs *in, const struct uuid *u)
{
	struct job *j = in->first;

	while (j != NULL && !uuid_equal(&j->unit.row.uuid, u))
		j = j->next;
	return j;
}

static void
drop_setup(struct job *j)
{
	if (j->setup == NULL)
		return;
	setup_free(j->setup);
	j->setup = NULL;
	j->in->running--;
}

static void
job_free(struct job *j)
{
	drop_setup(j);
	loop_timer_free(j->timer);
	if (j->prev != NULL)
		j->prev->next = j->next;
	else
		j->in->first = j->next;
	if (j->next != NULL)
		j->next->prev = j->prev;
	j->in->n--;
	secret_wipe(j, sizeof(*j));
	free(j);
}

static void
broken(struct jobs *in, const struct err *e)
{
	in->how.broken(in->how.arg, e);
}

/* Joins the transaction of this turn of the loop. */
static enum err_code
join(struct jobs *in, struct err *e)
{
	if (in->open)
		return ERR_OK;
	if (store_begin(in->how.store, e) != ERR_OK)
		return e->code;
	in->open = true;
	loop_timer_set(in->commit, 0);
	return ERR_OK;
}

/* The unit's new state and why; told when it is durable. A hello alone must
 * not make a unit that works look broken: that goes to its history only. */
static void
job_end(struct job *j, enum store_state state, const struct err *why)
{
	struct jobs *in = j->in;
	const struct store_event ev = { .state = state,
		.reason = why->reason,
		.address = j->addr,
		.detail = why->msg[0] == '\0' ? NULL : why->msg,
		.version = j->version[0] == '\0' ? NULL : j->version };
	bool works = j->unit.state == STORE_PROVISIONED && !j->saved &&
	    state != STORE_PROVISIONED;
	struct err e;

	err_clear(&e);
	j->phase = TELLING;
	j->state = state;
	j->why = *why;
	if (join(in, &e) != ERR_OK ||
	    (works ? store_note : store_event)(
		in->how.store, &j->unit.row.uuid, &ev, &e) != ERR_OK ||
	    (alarm_wanted(why->reason) &&
		alarm_raise(in->how.store, &j->unit.row.uuid, why->reason,
		    j->addr, why->msg, &e) != ERR_OK))
		broken(in, &e);
}

static void
tell(const struct job *j)
{
	struct jobs_event ev = { .state = store_state_name(j->state),
		.reason = j->why.reason == NULL ? "" : j->why.reason->code,
		.detail = j->why.msg,
		.version = j->version };

	uuid_text(&j->unit.row.uuid, ev.uuid);
	memcpy(ev.address, j->addr, sizeof(ev.address));
	j->in->how.tell(j->in->how.arg, &ev);
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
		broken(in, &e);
		return;
	}
	for (j = in->first; j != NULL; j = next) {
		next = j->next;
		if (j->phase == SAVING) {
			j->phase = RUNNING;
			setup_go(j->setup);
		} else if (j->phase == TELLING) {
			tell(j);
			job_free(j);
		}
	}
	start_queued(in);
}

static void
rest(struct job *j)
{
	j->phase = RESTING;
	loop_timer_set(j->timer, (unsigned long)REST_MS << (j->tries - 1));
}

static void
succeeded(struct job *j)
{
	struct jobs *in = j->in;
	const uint8_t *cert;
	struct err e;
	size_t n;

	err_clear(&e);
	cert = setup_issued(j->setup, &n);
	if (join(in, &e) != ERR_OK ||
	    store_settle(
		in->how.store, &j->unit.row.uuid, cert, n, false, &e) != ERR_OK)
		broken(in, &e);
	else
		job_end(j, STORE_PROVISIONED, &e);
}

static bool
refusal(const struct err *e)
{
	return e->reason != reason_get(REASON_STEP_FAILED) &&
	    e->reason != reason_get(REASON_DEVICE_GONE) && e->reason != NULL;
}

/* The end of one try. A unit that may have committed stays in "setup". */
static void
on_done(void *arg, const struct err *got)
{
	struct job *j = arg;
	struct err e = *got;
	bool unsure = setup_unsure(j->setup);
	bool gone = e.reason == reason_get(REASON_DEVICE_GONE);

	snprintf(j->version, sizeof(j->version), "%s", setup_version(j->setup));
	if (e.code == ERR_OK) {
		succeeded(j);
	} else if (unsure) {
		j->probe = true;
		j->tries = 1;
		rest(j);
	} else if (gone && j->tries < j->in->how.conf->tries) {
		rest(j);
	} else if (j->probe) {
		job_end(j, STORE_SETUP, &e);
	} else {
		job_end(j, refusal(&e) ? STORE_REFUSED : STORE_FAILED, &e);
	}
	drop_setup(j);
	start_queued(j->in);
}

static void
on_save(void *arg)
{
	struct job *j = arg;
	struct jobs *in = j->in;
	const char *cert = setup_cert(j->setup);
	const struct store_event ev = { .state = STORE_SETUP,
		.address = j->addr,
		.version = setup_version(j->setup),
		.seen_cert = cert[0] == '\0' ? NULL : cert };
	struct err e;

	err_clear(&e);
	j->phase = SAVING;
	j->saved = true;
	if (join(in, &e) != ERR_OK ||
	    store_next(in->how.store, &j->unit.row.uuid, &j->fresh, &e) !=
		ERR_OK ||
	    store_event(in->how.store, &j->unit.row.uuid, &ev, &e) != ERR_OK)
		broken(in, &e);
}

static enum err_code
certify(void *arg, const struct uuid *u, const void *public_key, size_t n,
    struct wr *out, struct err *e)
{
	static const char *const eku[] = { X509_OID_SERVER_AUTH, NULL };
	const struct jobs *in = arg;
	char cn[UUID_TEXT];
	struct x509_make make = { .cn = cn, .days = 3650, .eku = eku };
	struct x509 *cert = NULL;
	const uint8_t *der;

	uuid_text(u, cn);
	if (x509_new_for_public(&make, public_key, n, in->how.ca,
		in->how.ca_key, &cert, e) != ERR_OK)
		return e->code;
	der = x509_der(cert, &n);
	wr_bytes(out, der, n);
	x509_free(cert);
	return ERR_OK;
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
	bool begun = j->probe || j->unit.next.admin_password[0] != '\0';

	if (begun) /* an earlier set-up may have changed them */
		add_login(how, if_any(j->fresh.admin_password));
	if (j->probe)
		return;
	if (begun)
		add_login(how, if_any(j->fresh.mebx_password));
	add_login(how, if_any(j->unit.now.admin_password));
	add_login(how, if_any(j->unit.row.admin_password));
	add_login(how, if_any(j->unit.row.mebx_password));
	/* Factory defaults of firmware in set-up mode: sources differ. */
	add_login(how, "admin");
	if (!begun) /* firmware may couple the two passwords */
		add_login(how, if_any(j->fresh.mebx_password));
	add_login(how, "");
}

static const char *
pin_of(const struct store_unit *u)
{
	return u->row.cert_sha256[0] != '\0' ? u->row.cert_sha256
					     : u->seen_cert;
}

/* Pairs that a unit may say hello with, and how many. */
static size_t
pairs_of(const struct store_unit *u, struct psk out[static 3])
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

/* One that was made counts before the factory's. */
static const char *
otp_of(const struct store_unit *u)
{
	return u->otp[0] != '\0' ? u->otp : u->row.otp;
}

static void
fill_plan(const struct job *j, struct session_plan *plan)
{
	const struct jobs *in = j->in;

	plan->kind = j->probe ? SESSION_PROBE : SESSION_SET_UP;
	plan->uuid = j->unit.row.uuid;
	/* A machine with a pre-shared key takes none, and needs none. */
	if (!j->psk)
		memcpy(plan->otp, otp_of(&j->unit), sizeof(plan->otp));
	memcpy(plan->admin_password, j->fresh.admin_password,
	    sizeof(plan->admin_password));
	memcpy(plan->mebx_password, j->fresh.mebx_password,
	    sizeof(plan->mebx_password));
	plan->psk = j->fresh.psk;
	if (in->how.conf->top.plain.certificate != POLICY_CERT_NONE) {
		plan->certify = certify;
		plan->certify_arg = j->in;
	}
}

static void
fill_how(struct job *j, struct setup_how *how)
{
	const struct conf *conf = j->in->how.conf;
	struct psk pairs[3];

	how->http = j->in->how.http;
	memcpy(how->addr, j->addr, sizeof(how->addr));
	how->port = conf->device_port;
	how->timeout_ms = conf->request_ms;
	how->psk_suites = conf->psk_suites;
	if (!j->probe && j->psk && pairs_of(&j->unit, pairs) > j->index)
		how->psk = pairs[j->index];
	if (!j->probe && !j->psk) {
		how->chain = &conf->top.chain[j->index].chain;
		how->key = conf->top.chain[j->index].key;
	}
	memcpy(how->pin, pin_of(&j->unit), sizeof(how->pin));
	how->first_use = !conf->top.pinned_only;
	how->device_ca = j->in->how.ca;
	fill_logins(j, how);
	fill_plan(j, &how->plan);
	how->save = on_save;
	how->done = on_done;
	how->arg = j;
	secret_wipe(pairs, sizeof(pairs));
}

static void
start(struct job *j)
{
	struct setup_how how;
	struct err e;

	err_clear(&e);
	memset(&how, 0, sizeof(how));
	fill_how(j, &how);
	j->tries++;
	if (setup_new(&how, &j->setup, &e) != ERR_OK) {
		job_end(j, STORE_FAILED, &e);
	} else {
		j->in->running++;
		j->phase = RUNNING;
		setup_go(j->setup);
	}
	secret_wipe(&how, sizeof(how));
}

static void
start_queued(struct jobs *in)
{
	struct job *j = in->first;

	for (; j != NULL && in->running < in->how.conf->sessions; j = j->next)
		if (j->phase == QUEUED)
			start(j);
}

static void
on_timer(void *arg)
{
	struct job *j = arg;

	j->phase = QUEUED;
	start_queued(j->in);
}

/* The secrets that are to be set: those of an earlier try, since the device
 * may have them already, or new ones. */
static enum err_code
make_fresh(struct job *j, struct err *e)
{
	struct store_secrets *s = &j->fresh;
	uint8_t r[1024];
	bool ok;

	*s = j->unit.next;
	if (s->admin_password[0] != '\0')
		return ERR_OK;
	if (rand_bytes(r, sizeof(r), e) != ERR_OK)
		return e->code;
	ok = passwd_make(s->admin_password, r, 384) != 0 &&
	    passwd_make(s->mebx_password, r + 384, 384) != 0;
	if (ok && j->unit.row.pid[0] != '\0')
		ok = psk_pid_make(s->psk.pid, r + 768, 64) != 0 &&
		    psk_pps_make(s->psk.pps, r + 832, 192) != 0;
	secret_wipe(r, sizeof(r));
	return ok ? ERR_OK : err_set(e, ERR_RETRY, "unlucky random bytes");
}

static struct job *
job_new(struct jobs *in, const struct store_unit *u, const char *addr,
    struct err *e)
{
	struct job *j = calloc(1, sizeof(*j));

	if (j == NULL ||
	    loop_timer_new(in->how.loop, on_timer, j, &j->timer, e) != ERR_OK) {
		free(j);
		err_mem(e);
		return NULL;
	}
	j->in = in;
	j->unit = *u;
	snprintf(j->addr, sizeof(j->addr), "%s", addr);
	j->next = in->first;
	if (j->next != NULL)
		j->next->prev = j;
	in->first = j;
	in->n++;
	return j;
}

static enum err_code
admit(struct jobs *in, const struct hello *h, const struct store_unit *u,
    size_t *index, struct err *e)
{
	const struct conf *conf = in->how.conf;
	const struct x509_chain *chain[TENANT_CHAINS];
	struct psk pairs[3] = { 0 };
	struct admit a = { .known = u != NULL,
		.psk = pairs,
		.chain = chain,
		.nchains = conf->top.nchains };

	for (size_t i = 0; i < conf->top.nchains; i++)
		chain[i] = &conf->top.chain[i].chain;
	if (u != NULL)
		a.npsk = pairs_of(u, pairs);
	a.provisioned = u != NULL && u->state == STORE_PROVISIONED;
	a.otp_missing = conf->otp_required && u != NULL && a.npsk == 0 &&
	    otp_of(u)[0] == '\0';
	if (h->version != HELLO_PSK ||
	    store_pid(in->how.store, h->pid, &h->uuid, &a.pid, e) == ERR_OK)
		admit_hello(h, &a, index, e);
	secret_wipe(pairs, sizeof(pairs));
	return e->code;
}

static void
note_hello(struct job *j)
{
	const struct store_event ev = { .state = STORE_HELLO,
		.address = j->addr };
	bool keep =
	    j->unit.state == STORE_PROVISIONED || j->unit.state == STORE_SETUP;
	struct err e;

	err_clear(&e);
	if (join(j->in, &e) != ERR_OK ||
	    (keep ? store_note : store_event)(
		j->in->how.store, &j->unit.row.uuid, &ev, &e) != ERR_OK)
		broken(j->in, &e);
}

/* A job also for what is refused: it is told when it is durable. */
static void
new_job(struct jobs *in, const char *from, const struct hello *h,
    const struct store_unit *u, bool found)
{
	struct err e;
	struct job *j;

	err_clear(&e);
	j = job_new(in, u, from, &e);
	if (j == NULL) {
		log_warn("%s: hello dropped: %s", from, e.msg);
		return;
	}
	j->psk = h->version == HELLO_PSK;
	if (admit(in, h, found ? u : NULL, &j->index, &e) != ERR_OK) {
		job_end(j, STORE_REFUSED, &e);
		return;
	}
	note_hello(j);
	if (make_fresh(j, &e) != ERR_OK)
		job_end(j, STORE_FAILED, &e);
	start_queued(in);
}

void
jobs_hello(struct jobs *in, const char *from, const struct hello *h)
{
	struct job *j = job_find(in, &h->uuid);
	struct store_unit u;
	bool found = false;
	struct err e;

	if (j != NULL && !j->probe && j->phase != RESTING)
		return;
	if (j != NULL && j->phase != TELLING)
		job_free(j); /* it speaks again, so it did not commit */
	if (in->n >= QUEUE * in->how.conf->sessions) {
		log_warn("%s: hello dropped: %u others wait", from, in->n);
		return;
	}
	err_clear(&e);
	memset(&u, 0, sizeof(u));
	if (store_unit(in->how.store, &h->uuid, &found, &u, &e) != ERR_OK) {
		broken(in, &e);
	} else {
		u.row.uuid = h->uuid;
		new_job(in, from, h, &u, found);
	}
	store_unit_wipe(&u);
}

static enum err_code
settle(void *arg, const struct store_unit *u, struct err *e)
{
	struct jobs *in = arg;
	struct job *j;

	if (u->address[0] == '\0')
		return ERR_OK;
	j = job_new(in, u, u->address, e);
	if (j == NULL)
		return e->code;
	j->fresh = u->next;
	j->probe = true;
	return ERR_OK;
}

enum err_code
jobs_settle(struct jobs *in, struct err *e)
{
	if (store_each_in(in->how.store, STORE_SETUP, settle, in, e) != ERR_OK)
		return e->code;
	start_queued(in);
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
	    ERR_OK) {
		free(in);
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
		broken(in, &e);
	while (in->first != NULL)
		job_free(in->first);
	loop_timer_free(in->commit);
	free(in);
}
