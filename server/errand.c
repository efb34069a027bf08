/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "formats/reason.h"
#include "server/alarm.h"
#include "server/history.h"
#include "server/job.h"
#include "server/pids.h"
#include "server/request.h"
#include "server/witness.h"

#define LOOK_MS 300
#define UNREAD_MOST 8 /* records at a time */
/* Records are read while nothing else is to be done; but not put off for ever
 * where there always is. */
#define UNREAD_PATIENCE 600
#define UNREAD_AGAIN 3600

/* Records. */

enum err_code
errand_judge(struct job *j, struct err *why, struct err *e)
{
	const struct session_record *r = setup_record(j->setup);
	const struct uuid *u = &j->unit.row.uuid;
	struct store *store = j->in->how.store;
	char by[STORE_BY];

	if (store_by(store, u, by, e) != ERR_OK ||
	    store_set(store, u, STORE_COLUMN_SEEN, setup_cert(j->setup), e) !=
		ERR_OK)
		return e->code;
	witness_judge(by, r, why);
	return store_set(store, u, STORE_COLUMN_RECORD,
	    !r->present               ? "none"
		: why->code == ERR_OK ? "same"
				      : "differs",
	    e);
}

static void
record_done(struct job *j, const struct err *got)
{
	struct err e, why;

	err_clear(&e);
	err_clear(&why);
	if (got->code != ERR_OK) { /* later; it was seen to work */
		if (jobs_join(j->in, &e) != ERR_OK ||
		    store_set(j->in->how.store, &j->unit.row.uuid,
			STORE_COLUMN_RECORD, "gone", &e) != ERR_OK)
			jobs_broken(j->in, &e);
		jobs_quit(j);
		return;
	}
	if (jobs_join(j->in, &e) != ERR_OK ||
	    errand_judge(j, &why, &e) != ERR_OK)
		jobs_broken(j->in, &e);
	if (why.code != ERR_OK)
		jobs_end(j, STORE_PROVISIONED, &why);
	else
		jobs_quit(j);
}

static enum err_code
read_record(void *arg, const struct store_unit *u, struct err *e)
{
	struct jobs *in = arg;
	struct job *j;

	if (u->address[0] == '\0' || jobs_find(in, &u->row.uuid) != NULL)
		return ERR_OK;
	if ((j = jobs_add(in, u, u->address, e)) == NULL)
		return e->code;
	j->task = JOB_RECORD;
	j->phase = JOB_QUEUED;
	return ERR_OK;
}

static void
look_for_records(struct jobs *in, struct err *e)
{
	time_t now = (time_t)clock_seconds();

	if (!in->how.conf->check_record)
		return;
	if (in->n == 0)
		in->busy_since = now;
	if (in->n > 0 &&
	    (now - in->busy_since < UNREAD_PATIENCE || in->n >= UNREAD_MOST))
		return;
	if (now >= in->unread_next) {
		in->unread_next = now + UNREAD_AGAIN;
		store_unread_again(in->how.store, e);
	}
	if (e->code == ERR_OK)
		store_each_unread(
		    in->how.store, UNREAD_MOST, read_record, in, e);
}

/* The way back. */

enum err_code
errand_save(struct job *j, struct err *e)
{
	struct store *store = j->in->how.store;

	j->sent = true;
	if (j->request != 0 && request_sent(store, j->request, e) != ERR_OK)
		return e->code;
	/* It will say hello with the factory's PID, or its last one. */
	return pids_allow(store, &j->unit.row.uuid, e);
}

/* It comes back with a hello, and its passwords are known until then. */
static void
undone(struct job *j, const char *words)
{
	const struct history_event ev = { .state = STORE_KNOWN,
		.detail = words };
	struct err e;

	err_clear(&e);
	if (!j->then_set_up) {
		err_clear(&j->why);
		snprintf(j->why.msg, sizeof(j->why.msg), "%s", words);
		jobs_end(j, STORE_KNOWN, &j->why);
		return;
	}
	if (jobs_join(j->in, &e) != ERR_OK ||
	    history_add(j->in->how.store, &j->unit.row.uuid, &ev, &e) != ERR_OK)
		jobs_broken(j->in, &e);
	j->unit.state = STORE_KNOWN;
	j->sent = false;
	jobs_set_up(j);
	if (j->phase != JOB_TELLING)       /* there is what to give it */
		jobs_rest(j, JOB_REST_MS); /* its interface starts anew */
}

/* Nothing came of it, so of the machine nothing new is known. */
static void
not_undone(struct job *j, const struct err *got)
{
	struct err why = *got;
	bool perhaps = j->sent &&
	    (got->reason == reason_get(REASON_DEVICE_GONE) ||
		setup_unsure(j->setup) || setup_state(j->setup)[0] == '\0');

	err_in(&why, "%s un-provisioned at %s", perhaps ? "perhaps" : "not",
	    j->at.addr);
	jobs_end(j, j->unit.state, &why);
}

/* Un-provisioned by what was sent before: it turns us away since then, or says
 * itself that it is in set-up. */
static bool
was_undone(const struct job *j, const struct err *got)
{
	const char *state = setup_state(j->setup);

	if (!j->sent || got->reason == reason_get(REASON_DEVICE_GONE))
		return false;
	return state[0] != '\0' ? strcmp(state, "2") != 0
				: got->reason != reason_get(REASON_STEP_FAILED);
}

/* It let us in, is set up, and says no: that is what stands against a set-up.
 */
static bool
holds_out(const struct job *j, const struct err *got)
{
	return got->reason == reason_get(REASON_STEP_FAILED) &&
	    !setup_unsure(j->setup) && strcmp(setup_state(j->setup), "2") == 0;
}

static void
undo_done(struct job *j, const struct err *got)
{
	bool gone = got->reason == reason_get(REASON_DEVICE_GONE);
	bool sent = j->sent && setup_unsure(j->setup);
	bool unread = sent && got->reason == reason_get(REASON_STEP_FAILED);

	if (got->code == ERR_OK) {
		undone(j,
		    j->task == JOB_UNDO ? "un-provisioned in full"
					: "un-provisioned in part");
	} else if (sent && !unread) {
		undone(j, "un-provisioned; the device hung up over it");
	} else if (was_undone(j, got)) { /* by a killed server's request, too */
		undone(j, "un-provisioned before");
	} else if ((gone || unread || setup_busy(j->setup)) &&
	    j->tries < j->in->how.conf->tries) {
		jobs_rest_longer(j);
	} else if (j->login[0] != '\0' &&
	    got->reason == reason_get(REASON_LOGIN_REFUSED)) {
		jobs_end(j, STORE_REFUSED, got);
	} else if (j->then_set_up && !holds_out(j, got)) {
		jobs_set_up(j); /* it may have been reset */
	} else {
		j->then_set_up = false;
		not_undone(j, got);
	}
}

void
errand_done(struct job *j, const struct err *got)
{
	if (j->task == JOB_RECORD)
		record_done(j, got);
	else
		undo_done(j, got);
}

/* Requests. */

void
errand_note(struct job *j, const struct err *got)
{
	struct err e;

	err_clear(&e);
	if (j->request != 0 &&
	    (jobs_join(j->in, &e) != ERR_OK ||
		request_note(j->in->how.store, j->request, got->msg, &e) !=
		    ERR_OK))
		jobs_broken(j->in, &e);
}

static enum err_code
end_at_once(struct jobs *in, const struct request *r, enum store_state state,
    const struct err *why, struct err *e)
{
	if (jobs_join(in, e) != ERR_OK)
		return e->code;
	return request_end(in->how.store, r->n, state, why, e);
}

static enum err_code
hand_over(struct jobs *in, const struct request *r, const struct store_unit *u,
    struct err *e)
{
	struct err why;
	bool waits;

	err_clear(&why);
	if (jobs_hands(in, u)) {
		if (jobs_join(in, e) != ERR_OK ||
		    request_waits(in->how.store, r->n, &waits, e) != ERR_OK ||
		    !waits || /* cancelled since it was read */
		    request_begun(in->how.store, r->n, e) != ERR_OK)
			return e->code;
		return handover_push(in->how.hand, &r->uuid, r->n, e);
	}
	err_set(&why, ERR_CONFIG,
	    "hand_over is not set in the configuration%s%s",
	    u->tenant[0] == '\0' ? "" : " of tenant ", u->tenant);
	return end_at_once(in, r, u->state, &why, e);
}

/* What the device is asked for first. One whose password was given is somebody
 * else's: nothing of his shall stay, least of all his PID. */
static enum job_task
task_of(const struct request *r, const struct store_unit *u, const char *login)
{
	bool ours = u->now.admin_password[0] != '\0';

	if (r->what == REQUEST_UNDO || login[0] != '\0')
		return JOB_UNDO;
	if (r->what == REQUEST_UNDO_PARTLY ||
	    (u->state == STORE_PROVISIONED && ours))
		return JOB_UNDO_PARTLY;
	return u->state == STORE_SETUP ? JOB_PROBE : JOB_SET_UP;
}

/* It would be un-provisioned, and then turned away: a set-up wants what only
 * its agent brings, to a machine that is un-provisioned. */
static void
check_otp(const struct store_unit *u, struct err *why)
{
	if (u->row.pid[0] == '\0' && u->otp[0] != '\0')
		err_refuse(why, ERR_PERM, reason_get(REASON_OTP_MISSING),
		    "nothing was changed: a one-time password, made at %s, "
		    "waits until a set-up has used it; un-provision the "
		    "machine, here or by hand, then its agent brings it, "
		    "or withdraw it (otp --withdraw)",
		    u->opened);
}

static bool
undoes_first(const struct job *j)
{
	return j->then_set_up && j->task != JOB_PROBE && !j->sent;
}

/* What would refuse it once it is un-provisioned does so before. */
static enum err_code
prepare(struct job *j, const struct request *r, struct err *e)
{
	struct err why;

	err_clear(&why);
	if (undoes_first(j))
		check_otp(&j->unit, &why);
	if (why.code != ERR_OK) {
		end_at_once(j->in, r, j->unit.state, &why, e);
		jobs_drop(j);
		return e->code;
	}
	if (undoes_first(j) && jobs_check(j, &why) != ERR_OK) {
		jobs_end(j, STORE_REFUSED, &why);
		return ERR_OK;
	}
	/* A machine that was reset says its old PID: somebody has looked. */
	if (r->what == REQUEST_SET_UP &&
	    (jobs_join(j->in, e) != ERR_OK ||
		pids_allow(j->in->how.store, &r->uuid, e) != ERR_OK))
		return e->code;
	if (j->task == JOB_SET_UP)
		jobs_set_up(j);
	return ERR_OK;
}

static enum err_code
begin(struct jobs *in, const struct request *r, const struct store_unit *u,
    struct err *e)
{
	const char *to = r->address[0] != '\0' ? r->address : u->address;
	struct err why;
	struct job *j;

	err_clear(&why);
	if (r->what == REQUEST_HAND_OVER)
		return hand_over(in, r, u, e);
	if (to[0] == '\0')
		err_set(&why, ERR_USAGE,
		    "no address is known of it; give --address");
	if (conf_tenant(in->how.conf, u->tenant) == NULL)
		err_refuse(&why, ERR_CONFIG, reason_get(REASON_TENANT_UNKNOWN),
		    "the unit is of tenant '%s', which is not configured",
		    u->tenant);
	if (why.code != ERR_OK)
		return end_at_once(in, r, u->state, &why, e);
	if ((j = jobs_add(in, u, to, e)) == NULL)
		return e->code;
	j->request = r->n;
	j->sent = r->sent;
	j->by_hand = true;
	j->at.psk = u->row.pid[0] != '\0';
	if (request_login(in->how.store, r, j->login, e) != ERR_OK)
		return e->code;
	j->task = task_of(r, u, j->login);
	j->fresh = u->next;
	j->then_set_up = r->what == REQUEST_SET_UP && j->task != JOB_SET_UP;
	return prepare(j, r, e);
}

/* What waits for its turn is no obstacle; a set-up that has begun, or another
 * request, is waited for. */
static bool
make_way(struct jobs *in, const struct request *r)
{
	struct job *j = jobs_find(in, &r->uuid);

	if (j == NULL || r->what == REQUEST_HAND_OVER)
		return true;
	if (j->request != 0 || j->phase == JOB_TELLING ||
	    (j->task == JOB_SET_UP && j->saved))
		return false;
	jobs_drop(j);
	return true;
}

static enum err_code
take_up(struct jobs *in, const struct request *r, struct err *e)
{
	struct store_unit u;
	struct err why;
	bool found;

	err_clear(&why);
	if (r->what == REQUEST_HAND_OVER &&
	    handover_has(in->how.hand, &r->uuid))
		return ERR_OK; /* one after the other */
	if (store_unit(in->how.store, &r->uuid, &found, &u, e) != ERR_OK)
		return e->code;
	if (!found) {
		err_refuse(&why, ERR_DATA, reason_get(REASON_UUID_UNKNOWN),
		    "in no manifest that was imported");
		return end_at_once(in, r, STORE_REFUSED, &why, e);
	}
	if (make_way(in, r))
		begin(in, r, &u, e);
	store_unit_wipe(&u);
	return e->code;
}

/* All that are open, each time: most of them are those under way. */
static void
look_for_requests(struct jobs *in, struct err *e)
{
	struct request r = { .n = 0 };
	bool found = true;

	while (
	    request_next(in->how.store, r.n, &found, &r, e) == ERR_OK && found)
		if (take_up(in, &r, e) != ERR_OK)
			break;
}

/* What was cancelled has changed nothing yet, and what its machine said
 * meanwhile is heard. What waits for the transaction is written, or looks for
 * itself. */
static void
drop_cancelled(struct jobs *in, struct err *e)
{
	bool waits;

	for (struct job *j = in->first; j != NULL; j = j->next) {
		if (j->request == 0 ||
		    (j->phase != JOB_QUEUED && j->phase != JOB_RUNNING &&
			j->phase != JOB_RESTING))
			continue;
		if (request_waits(in->how.store, j->request, &waits, e) !=
		    ERR_OK)
			return;
		if (!waits)
			jobs_break_off(j);
	}
}

static void
on_look(void *arg)
{
	struct jobs *in = arg;
	struct err e;

	err_clear(&e);
	drop_cancelled(in, &e);
	if (e.code == ERR_OK)
		look_for_requests(in, &e);
	if (e.code == ERR_OK)
		look_for_records(in, &e);
	if (e.code != ERR_OK)
		jobs_broken(in, &e);
	jobs_start_queued(in);
	loop_timer_set(in->look, LOOK_MS);
}

enum err_code
errand_new(struct jobs *in, struct err *e)
{
	in->busy_since = (time_t)clock_seconds();
	if (loop_timer_new(in->how.loop, on_look, in, &in->look, e) == ERR_OK)
		loop_timer_set(in->look, LOOK_MS);
	return e->code;
}

void
errand_free(struct jobs *in)
{
	loop_timer_free(in->look);
}
