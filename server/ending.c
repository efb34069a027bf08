/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <time.h>

#include "formats/reason.h"
#include "server/alarm.h"
#include "server/ending.h"
#include "server/history.h"
#include "server/recipe.h"
#include "server/request.h"
#include "server/witness.h"

/* A hello alone must not make a unit that works look broken, nor one that may
 * have committed look as if it had not. */
static bool
proved(const struct job *j, enum store_state state)
{
	return j->saved || state == STORE_PROVISIONED ||
	    (j->unit.state != STORE_PROVISIONED &&
		j->unit.state != STORE_SETUP);
}

/* A request that came to nothing is of the console: what is said of the unit,
 * and since when, is as it was. */
static bool
only_asked(const struct job *j)
{
	return (j->task == JOB_UNDO || j->task == JOB_UNDO_PARTLY) &&
	    !j->then_set_up && j->why.code != ERR_OK;
}

enum err_code
ending_write(struct job *j, enum store_state state, struct err *e)
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
	if (only_asked(j)) {
		told = false;
		ev.address = NULL;
	}
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
ending_tell(const struct job *j)
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

/* By hand nobody told which key or root the device has: the next one, unless
 * the device has let us in. */
static bool
other_way(struct job *j, const struct err *e)
{
	if (!j->by_hand || j->saved || setup_state(j->setup)[0] != '\0' ||
	    e->code != ERR_PEER || j->at.index + 1 >= recipe_ways(j))
		return false;
	j->at.index++;
	j->tries = 0;
	return true;
}

/* Firmware may take the pair that SetTLSPSK brought before it has committed.
 * Who goes on with that refuses the one before it, and holds no wrong key. */
static bool
new_pair(struct job *j, const struct err *e)
{
	const char *pid = j->unit.next.psk.pid;

	if (!j->at.psk || j->at.pid[0] == '\0' || pid[0] == '\0' ||
	    strcmp(j->at.pid, pid) == 0 || setup_spoken(j->setup)[0] != '\0' ||
	    e->code != ERR_PEER || !refusal(e))
		return false;
	memcpy(j->at.pid, pid, sizeof(j->at.pid));
	return true;
}

/* Where it has proved itself it is waited for. Else the next place that it was
 * heard from has its turn, and this one again after the others: a place that
 * had its try rests, so nobody's hello uses up another's tries. */
static bool
go_elsewhere(struct job *j)
{
	struct job_place old = j->at;
	unsigned most = j->in->how.conf->tries;

	if (j->nothers == 0 || (old.proved && j->tries < most))
		return false;
	old.tries = j->tries;
	j->at = j->other[0];
	memmove(&j->other[0], &j->other[1], --j->nothers * sizeof(j->other[0]));
	if (old.tries < most)
		j->other[j->nothers++] = old;
	if (j->task == JOB_PROBE) /* it speaks again: it did not commit */
		jobs_set_up(j);
	j->by_hand = false;
	if (j->phase == JOB_TELLING)
		return true;
	j->tries = j->at.tries;
	if (j->tries > 0)
		jobs_rest_longer(j);
	else
		jobs_requeue(j);
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
	bool alarm = taken(j, e);
	struct err bad;

	err_clear(&bad);
	if (alarm && post) {
		e->reason = why;
		e->code = ERR_PERM;
	} else if (alarm &&
	    (jobs_join(j->in, &bad) != ERR_OK ||
		alarm_raise(j->in->how.store, &j->unit.row.uuid, why,
		    j->at.addr, e->msg, &bad) != ERR_OK)) {
		jobs_broken(j->in, &bad);
	}
	jobs_end(j, refusal(e) ? STORE_REFUSED : STORE_FAILED, e);
	j->alarm |= alarm; /* where it has another reason than the result */
}

/* Has it committed? What is to be told if it has not is written down. */
static void
probe(struct job *j, const struct err *e)
{
	const struct history_event ev = { .state = STORE_SETUP,
		.reason = e->reason,
		.address = j->at.addr,
		.detail = e->msg };
	struct err bad;

	err_clear(&bad);
	j->lost = *e;
	j->task = JOB_PROBE;
	j->tries = 1;
	jobs_rest_longer(j);
	if (jobs_join(j->in, &bad) != ERR_OK ||
	    history_note(j->in->how.store, &j->unit.row.uuid, &ev, &bad) !=
		ERR_OK)
		jobs_broken(j->in, &bad);
}

/* A probe that does not find it set up says how it came to be asked, and what
 * it found behind that. An alarm goes before. */
static void
tell_lost(const struct job *j, struct err *e)
{
	const char *state = setup_state(j->setup);
	const struct err *why = &j->lost;

	if (why->code == ERR_OK || alarm_wanted(e->reason, j->at.psk))
		return;
	if (state[0] != '\0')
		err_in(e,
		    "it says ProvisioningState %s and waits in set-up still",
		    state);
	else if (e->code == ERR_PEER && refusal(e))
		err_in(e, "it refuses the connection as one in set-up does");
	err_in(e, "%s; asked whether it is set up", why->msg);
	e->code = why->code;
	e->reason = why->reason;
}

void
ending_set_up(struct job *j, struct err *e)
{
	bool gone = e->reason == reason_get(REASON_DEVICE_GONE);

	if (e->code == ERR_OK) {
		succeeded(j);
	} else if (j->task == JOB_SET_UP && setup_unsure(j->setup)) {
		probe(j, e);
	} else if (j->task == JOB_SET_UP &&
	    (other_way(j, e) || new_pair(j, e))) {
		jobs_requeue(j);
	} else if (gone && go_elsewhere(j)) {
		return;
	} else if ((gone || setup_busy(j->setup)) &&
	    j->tries < j->in->how.conf->tries) {
		jobs_rest_longer(j);
	} else if (j->then_set_up) {
		jobs_set_up(j);
	} else if (j->task == JOB_PROBE) {
		tell_lost(j, e);
		jobs_end(j, STORE_SETUP, e);
	} else {
		failed(j, e);
	}
}
