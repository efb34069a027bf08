/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "formats/reason.h"
#include "server/admit.h"
#include "server/alarm.h"
#include "server/history.h"
#include "server/knock.h"
#include "server/pids.h"
#include "server/recipe.h"

#define QUEUE 64 /* jobs for each set-up that may run */
/* Of one refusal so many are told, then one in so many seconds. */
#define SAME_MOST 8
#define SAME_SECONDS 10

static const struct tenant *
nth_tenant(const struct conf *c, size_t i)
{
	return i == 0 ? &c->top : i <= c->ntenants ? &c->tenant[i - 1] : NULL;
}

/* Whose root a hello announces, of those that are not its own tenant's. */
static const struct tenant *
announces(struct jobs *in, const struct hello *h, const struct tenant *own,
    const struct x509 **root)
{
	const struct tenant *t;

	for (size_t k = 0; (t = nth_tenant(in->how.conf, k)) != NULL; k++)
		for (size_t i = 0; t != own && i < t->nchains; i++) {
			const struct x509_chain *c = &t->chain[i].chain;

			*root = c->cert[c->n - 1];
			if (admit_announced(h, *root) != 0)
				return t;
		}
	return NULL;
}

/* Not merely unknown: what the machine was made for is another's. Only the
 * administrator hears so, since hellos have no answer. */
static enum err_code
others_root(struct jobs *in, const struct hello *h, const struct store_unit *u,
    struct err *e)
{
	const struct tenant *t;
	const struct x509 *root;
	char hex[TEXT_HEX_SIZE(32)], old[sizeof(e->msg)];
	uint8_t hash[32];

	if (e->reason != reason_get(REASON_ROOT_NOT_ANNOUNCED) ||
	    (t = announces(in, h, jobs_tenant(in, u), &root)) == NULL)
		return e->code;
	x509_sha256(root, hash);
	text_hex(hex, hash, sizeof(hash));
	memcpy(old, e->msg, sizeof(old));
	err_clear(e);
	return err_refuse(e, ERR_PERM, reason_get(REASON_ROOT_OTHER_TENANT),
	    "the unit is of tenant \"%s\", but announces the root of tenant "
	    "\"%s\", SHA-256 %s; %s",
	    u->tenant, t->name, hex, old);
}

static enum err_code
admit(struct jobs *in, const struct hello *h, const struct store_unit *u,
    const char *from, struct job_place *at, struct err *e)
{
	const struct tenant *t =
	    u == NULL ? &in->how.conf->top : jobs_tenant(in, u);
	const struct x509_chain *chain[TENANT_CHAINS];
	struct psk pairs[3] = { 0 };
	struct admit a = { .known = u != NULL,
		.psk = pairs,
		.chain = chain,
		.nchains = t->nchains };

	*at = (struct job_place){ .psk = h->version == HELLO_PSK };
	snprintf(at->addr, sizeof(at->addr), "%s", from);
	if (at->psk)
		snprintf(at->pid, sizeof(at->pid), "%s", h->pid);
	if (u != NULL && conf_tenant(in->how.conf, u->tenant) == NULL)
		return err_refuse(e, ERR_CONFIG,
		    reason_get(REASON_TENANT_UNKNOWN),
		    "the unit is of tenant '%s', which is not configured",
		    u->tenant);
	for (size_t i = 0; i < t->nchains; i++)
		chain[i] = &t->chain[i].chain;
	if (u != NULL)
		a.npsk = recipe_pairs(u, pairs);
	a.provisioned = u != NULL && u->state == STORE_PROVISIONED;
	a.otp_missing = u != NULL && t->otp_required && a.npsk == 0 &&
	    recipe_otp(u)[0] == '\0';
	if (h->version != HELLO_PSK ||
	    pids_find(in->how.store, h->pid, &h->uuid, &a.pid, e) == ERR_OK)
		admit_hello(h, &a, &at->index, e);
	if (e->code == ERR_OK && h->version == HELLO_PKI) {
		const struct x509_chain *c = chain[at->index];

		at->announced = admit_announced(h, c->cert[c->n - 1]);
	}
	secret_wipe(pairs, sizeof(pairs));
	return u == NULL ? e->code : others_root(in, h, u, e);
}

static void
note_hello(struct job *j)
{
	const struct history_event ev = { .state = STORE_HELLO,
		.address = j->at.addr };
	bool keep =
	    j->unit.state == STORE_PROVISIONED || j->unit.state == STORE_SETUP;
	struct err e;

	err_clear(&e);
	if (jobs_join(j->in, &e) != ERR_OK ||
	    (keep ? history_note : history_add)(
		j->in->how.store, &j->unit.row.uuid, &ev, &e) != ERR_OK)
		jobs_broken(j->in, &e);
}

/* Whether this refusal was told so often that it is not told again. */
static bool
is_storm(struct jobs *in, const char *from, const struct hello *h,
    const struct reason *why)
{
	uint32_t key = jobs_hash(in, &h->uuid, sizeof(h->uuid), 3);
	struct job_refusal *r;
	time_t now = (time_t)clock_seconds();

	key = jobs_hash(in, from, strlen(from), key);
	key = jobs_hash(in, h->pid, strlen(h->pid), key);
	if (why != NULL)
		key = jobs_hash(in, why->code, strlen(why->code), key);
	r = &in->refusal[key % JOB_REFUSALS];
	if (r->key != key || now - r->since >= 60)
		*r = (struct job_refusal){ .key = key, .since = now };
	r->n++;
	if (r->n <= SAME_MOST)
		return false;
	if (now - r->told < SAME_SECONDS)
		return true;
	r->told = now;
	return false;
}

/* A job also for what is refused: it is told when it is durable. */
static void
new_job(struct jobs *in, const char *from, const struct hello *h,
    const struct store_unit *u, bool found)
{
	struct job_place at;
	struct err e, why;
	struct job *j;

	err_clear(&e);
	err_clear(&why);
	if (admit(in, h, found ? u : NULL, from, &at, &why) != ERR_OK &&
	    is_storm(in, from, h, why.reason))
		return;
	j = jobs_add(in, u, from, &e);
	if (j == NULL) {
		log_warn("%s: hello dropped: %s", from, e.msg);
		return;
	}
	j->at = at;
	if (why.code != ERR_OK) {
		jobs_end(j, STORE_REFUSED, &why);
		return;
	}
	note_hello(j);
	jobs_set_up(j);
	jobs_start_queued(in);
}

/* Where it was un-provisioned its hello is from; another address' is kept for
 * want of one. */
static void
keep_hello(struct job *j, const char *from, const struct hello *h)
{
	bool here = strcmp(from, j->at.addr) == 0;

	if (j->back != NULL && !here)
		return;
	if (j->back == NULL)
		j->back = malloc(sizeof(*j->back));
	if (j->back == NULL)
		return;
	*j->back = *h;
	snprintf(j->back_from, sizeof(j->back_from), "%s", from);
}

/* One more place, unless it is known. Where there are enough, one that had its
 * try in vain makes room: five addresses where nothing answers would else keep
 * the machine's own out until they have used up all their tries. */
static void
keep_place(struct job *j, const struct job_place *at)
{
	struct job_place *worst = &j->other[0];

	for (unsigned i = 0; i < j->nothers; i++) {
		struct job_place *p = &j->other[i];

		if (strcmp(p->addr, at->addr) == 0)
			return;
		if (worst->proved || (!p->proved && p->tries > worst->tries))
			worst = p;
	}
	if (j->nothers < JOB_OTHERS)
		j->other[j->nothers++] = *at;
	else if (!worst->proved && worst->tries > 0)
		*worst = *at;
}

/* What was refused beside a job, until it is durable. */
struct job_aside {
	struct job_aside *next;
	struct err why;
	char uuid[UUID_TEXT], address[ADDR_LEN];
};

static enum err_code
write_aside(struct jobs *in, const struct hello *h, bool found,
    const char *from, const struct err *why, struct err *e)
{
	const struct history_event ev = { .state = STORE_REFUSED,
		.reason = why->reason,
		.address = from,
		.detail = why->msg };

	if (jobs_join(in, e) != ERR_OK ||
	    alarm_raise(in->how.store, &h->uuid, why->reason, from, why->msg,
		e) != ERR_OK)
		return e->code;
	return (found ? history_note : history_add)(
	    in->how.store, &h->uuid, &ev, e);
}

/* As the store has the unit now: what is under way may have given it another
 * PID since its job began. */
static bool
refused_still(struct jobs *in, const struct hello *h, const char *from,
    bool *found, struct err *why)
{
	struct job_place at;
	struct store_unit u;
	struct err e;

	err_clear(&e);
	err_clear(why);
	memset(&u, 0, sizeof(u));
	if (store_unit(in->how.store, &h->uuid, found, &u, &e) != ERR_OK)
		jobs_broken(in, &e);
	else
		admit(in, h, *found ? &u : NULL, from, &at, why);
	store_unit_wipe(&u);
	return why->code != ERR_OK;
}

/* Is it refused with an alarm, while the unit has a job? That goes on, and the
 * alarm is raised beside it. What is no alarm the next hello tells of. */
static bool
alarms_aside(struct jobs *in, const char *from, const struct hello *h)
{
	struct job_aside *a;
	struct err e, why;
	bool found = false;

	err_clear(&e);
	if (!refused_still(in, h, from, &found, &why) ||
	    !alarm_wanted(why.reason, h->version == HELLO_PSK))
		return false;
	if (is_storm(in, from, h, why.reason))
		return true;
	if ((a = calloc(1, sizeof(*a))) == NULL) {
		log_warn("%s: hello dropped: out of memory", from);
		return true;
	}
	a->why = why;
	uuid_text(&h->uuid, a->uuid);
	snprintf(a->address, sizeof(a->address), "%s", from);
	*in->aside_end = a;
	in->aside_end = &a->next;
	if (write_aside(in, h, found, from, &why, &e) != ERR_OK)
		jobs_broken(in, &e);
	return true;
}

void
knock_tell(struct jobs *in, bool told)
{
	struct job_aside *a;

	while ((a = in->aside) != NULL) {
		struct jobs_event ev = { .state =
					     store_state_name(STORE_REFUSED),
			.reason = a->why.reason->code,
			.detail = a->why.msg,
			.version = "",
			.alarm = true };

		in->aside = a->next;
		memcpy(ev.uuid, a->uuid, sizeof(ev.uuid));
		memcpy(ev.address, a->address, sizeof(ev.address));
		if (told)
			in->how.tell(in->how.arg, &ev);
		free(a);
	}
	in->aside_end = &in->aside;
}

/* What the job is of, said again: nothing in it is to be judged anew. */
static bool
says_the_same(const struct job *j, const struct hello *h)
{
	return j->phase == JOB_TELLING || h->version != HELLO_PSK ||
	    strcmp(h->pid, j->at.pid) == 0;
}

/* The same unit again, while it has a job. A hello is no proof of anything, so
 * from another address it changes nothing of what is under way (job.h). One
 * that was asked for by hand and waits for its device has found it here. */
static void
heard_again(struct job *j, const char *from, const struct hello *h)
{
	bool here = strcmp(from, j->at.addr) == 0;
	bool busy = here && j->phase != JOB_RESTING && j->tries > 0;
	struct job_place at;
	struct err e;

	err_clear(&e);
	if ((j->task == JOB_UNDO || j->task == JOB_UNDO_PARTLY) &&
	    !j->then_set_up) {
		if (here || !alarms_aside(j->in, from, h))
			keep_hello(j, from, h);
		return;
	}
	if (busy && says_the_same(j, h))
		return;
	if (admit(j->in, h, &j->unit, from, &at, &e) != ERR_OK) {
		alarms_aside(j->in, from, h);
		return;
	}
	if (busy)
		return;
	if (!here || j->phase == JOB_TELLING) {
		keep_place(j, &at);
		return;
	}
	if (j->phase != JOB_RESTING)
		return;
	j->at = at;
	j->by_hand = false;
	j->tries = 0;
	jobs_requeue(j);
	jobs_start_queued(j->in);
}

/* Is the hello of a unit with a job to be taken up anew? From where it is: it
 * speaks again, so it did not commit. */
static bool
yields(const struct job *j, const char *from)
{
	if (j->request != 0 || j->task == JOB_UNDO ||
	    j->task == JOB_UNDO_PARTLY || strcmp(from, j->at.addr) != 0)
		return false;
	return j->task != JOB_SET_UP || j->phase == JOB_RESTING;
}

static void
drop_hello(struct jobs *in, const char *from)
{
	time_t now = (time_t)clock_seconds();

	in->dropped++;
	if (now == in->warned)
		return;
	log_warn("%s: hello dropped: %u others wait (%lu dropped)", from, in->n,
	    in->dropped);
	in->warned = now;
}

static struct job *
job_at(struct jobs *in, const struct store_unit *u, const struct job_place *at,
    unsigned n)
{
	struct job *j;
	struct err e;

	err_clear(&e);
	if ((at->psk && !recipe_pair(u, at, NULL)) ||
	    (j = jobs_add(in, u, at->addr, &e)) == NULL)
		return NULL;
	j->at = *at;
	for (unsigned i = 1; i < n; i++)
		if (!at[i].psk || recipe_pair(u, &at[i], NULL))
			keep_place(j, &at[i]);
	return j;
}

void
knock_place(struct jobs *in, const struct uuid *uuid,
    const struct job_place *at, unsigned n)
{
	struct store_unit u;
	bool found = false;
	struct job *j;
	struct err e;

	if (jobs_find(in, uuid) != NULL)
		return;
	err_clear(&e);
	memset(&u, 0, sizeof(u));
	if (store_unit(in->how.store, uuid, &found, &u, &e) != ERR_OK) {
		jobs_broken(in, &e);
	} else if (found && (j = job_at(in, &u, at, n)) != NULL) {
		note_hello(j);
		jobs_set_up(j);
		jobs_start_queued(in);
	}
	store_unit_wipe(&u);
}

void
knock_hello(struct jobs *in, const char *from, const struct hello *h)
{
	struct job *j = jobs_find(in, &h->uuid);
	struct store_unit u;
	bool found = false;
	struct err e;

	if (j != NULL && !yields(j, from)) {
		heard_again(j, from, h);
		return;
	}
	if (j != NULL && alarms_aside(in, from, h))
		return;
	if (j != NULL && j->phase != JOB_TELLING)
		jobs_drop(j);
	if (in->n >= QUEUE * in->how.conf->sessions) {
		drop_hello(in, from);
		return;
	}
	err_clear(&e);
	memset(&u, 0, sizeof(u));
	if (store_unit(in->how.store, &h->uuid, &found, &u, &e) != ERR_OK) {
		jobs_broken(in, &e);
	} else {
		u.row.uuid = h->uuid;
		new_job(in, from, h, &u, found);
	}
	store_unit_wipe(&u);
}
