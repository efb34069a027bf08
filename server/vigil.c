/* SPDX-License-Identifier: Apache-2.0 */
/* Step 5 of the white paper on the console's side: poll until the machine's
 * window closes, then recover. */
#include <string.h>
#include <time.h>

#include "base/secret.h"
#include "base/stamp.h"
#include "formats/cjson.h"
#include "formats/reason.h"
#include "server/alarm.h"
#include "server/history.h"
#include "server/onetime.h"
#include "server/seek.h"
#include "server/told.h"
#include "server/verbs.h"

#define POLL_MS 250

struct vigil {
	struct store *store;
	struct uuid uuid;
	bool json;
	time_t end;
	char recover[16]; /* "" until it is looked for */
	/* what was told last */
	enum store_state state;
	char reason[32];
	bool told;
};

static enum err_code
tell(struct vigil *w, const struct store_unit *u, struct err *e)
{
	char line[512], uuid[UUID_TEXT];
	struct wr out;

	if (w->told && u->state == w->state &&
	    strcmp(u->reason, w->reason) == 0)
		return ERR_OK;
	w->told = true;
	w->state = u->state;
	strcpy(w->reason, u->reason);
	uuid_text(&u->row.uuid, uuid);
	wr_fixed(&out, line, sizeof(line));
	if (w->json) {
		wr_u8(&out, '{');
		cjson_put_member(&out, "uuid", uuid);
		cjson_put_member(&out, "state", store_state_name(u->state));
		cjson_put_member(&out, "reason", u->reason);
		cjson_put_member(&out, "updated", u->updated);
		wr_str(&out, "}\n");
	} else
		wr_fmt(&out, "%s  %s%s%s\n", u->updated,
		    store_state_name(u->state),
		    u->reason[0] == '\0' ? "" : "  ", u->reason);
	return cli_print(&out, e);
}

/* The end is by the store, since another OTP may open the window anew. */
static enum err_code
look(struct vigil *w, struct store_unit *u, time_t *opened, struct err *e)
{
	bool found;

	if (store_unit(w->store, &w->uuid, &found, u, e) != ERR_OK)
		return e->code;
	if (!found)
		return seek_unknown(w->store, &w->uuid, e);
	/* One that a set-up used up has no window any more. */
	*opened = u->otp[0] != '\0' ? onetime_seconds(u->opened) : 0;
	return tell(w, u, e);
}

/* The server ends the window of a machine with another one-time password, or
 * with none, and no newer one was made since. */
static bool
was_shut(const struct store_unit *u)
{
	bool any = u->otp[0] != '\0' || u->row.otp[0] != '\0';

	return any && strcmp(u->updated, u->opened) >= 0 &&
	    (strcmp(u->reason, reason_get(REASON_OTP_MISMATCH)->code) == 0 ||
		strcmp(u->reason, reason_get(REASON_OTP_MISSING)->code) == 0);
}

/* Whoever says how to recover wants that at his own limit too; else a limit
 * is the console's patience, and the machine's window goes on. */
static enum err_code
out_of_patience(
    struct vigil *w, const struct store_unit *u, bool *over, struct err *e)
{
	const char *state = store_state_name(u->state);
	char end[STAMP_LEN];

	*over = w->recover[0] != '\0';
	if (*over) {
		w->end = time(NULL);
		return ERR_OK;
	}
	if (was_shut(u))
		return err_set(e, ERR_RETRY,
		    "still %s; its window was closed (%s), until its agent "
		    "opens another",
		    state, u->reason);
	if (u->otp[0] == '\0') /* nobody counts one */
		return err_set(
		    e, ERR_RETRY, "still %s when --timeout was over", state);
	stamp_utc(end, w->end);
	return err_set(
	    e, ERR_RETRY, "still %s; its window is open until %s", state, end);
}

static enum err_code
poll_it(struct vigil *w, time_t limit, struct store_unit *u, bool *over,
    struct err *e)
{
	const struct timespec nap = { 0, POLL_MS * 1000000L };
	time_t start = time(NULL), window = 0, opened = 0, now;

	*over = false;
	if (onetime_window(w->store, &window, e) != ERR_OK)
		return e->code;
	for (;;) {
		if (look(w, u, &opened, e) != ERR_OK)
			return e->code;
		/* Who is set up by a key is not asked for a password. */
		if (u->state == STORE_PROVISIONED &&
		    (u->otp[0] == '\0' || u->row.pid[0] != '\0'))
			return ERR_OK;
		w->end = (opened != 0 ? opened : start) + window;
		now = time(NULL);
		if (now >= w->end)
			break;
		if (limit != 0 && now >= start + limit)
			return out_of_patience(w, u, over, e);
		nanosleep(&nap, NULL);
	}
	*over = true;
	return ERR_OK;
}

static enum err_code
reopen(struct vigil *w, const struct store_unit *u, struct err *e)
{
	char otp[ONETIME_LEN + 1];
	time_t window = 0;
	struct wr out;

	wr_grow(&out, 4096);
	if (onetime_window(w->store, &window, e) == ERR_OK &&
	    onetime_make(w->store, u, otp, e) == ERR_OK) {
		onetime_put(&out, u, otp, time(NULL) + window, w->json);
		cli_print(&out, e);
	}
	wr_free(&out);
	secret_wipe(otp, sizeof(otp));
	return e->code;
}

/* One that is provisioned, and was not reset after all, works on. */
static enum err_code
give_up(struct vigil *w, const struct store_unit *u, struct err *e)
{
	bool works = u->state == STORE_PROVISIONED;
	const struct history_event ev = { .state =
					      works ? u->state : STORE_FAILED,
		.reason = reason_get(REASON_WINDOW_OVER),
		.detail = "given up" };

	return (works ? history_note : history_add)(w->store, &w->uuid, &ev, e);
}

static enum err_code
recover(struct vigil *w, const struct store_unit *u, struct err *e)
{
	const struct reason *why = reason_get(REASON_WINDOW_OVER);
	const char *how = w->recover;
	char end[STAMP_LEN];

	stamp_utc(end, w->end);
	if (strcmp(how, "reopen") == 0) {
		if (reopen(w, u, e) == ERR_OK)
			err_refuse(e, ERR_RETRY, why,
			    "still %s at %s; the window is opened anew by the "
			    "one-time password above",
			    store_state_name(u->state), end);
		return e->code;
	}
	if ((strcmp(how, "give-up") == 0
		    ? give_up(w, u, e)
		    : alarm_raise(w->store, &w->uuid, why, u->address,
			  "not set up within its window", e)) == ERR_OK)
		err_refuse(e, ERR_PEER, why, "still %s at %s; %s",
		    store_state_name(u->state), end,
		    strcmp(how, "give-up") == 0 ? "given up"
						: "an alarm was raised");
	return e->code;
}

/* As the option says, else as the server tells for the unit's tenant, else an
 * alarm. */
static enum err_code
find_recover(struct vigil *w, const struct store_unit *u, struct err *e)
{
	if (w->recover[0] == '\0')
		told_get(w->store, "recover", u->tenant, w->recover,
		    sizeof(w->recover), e);
	if (w->recover[0] == '\0')
		strcpy(w->recover, "alarm");
	return e->code;
}

static enum err_code
read_recover(struct vigil *w, const struct cli_args *a, struct err *e)
{
	const char *s = cli_value(a, "--recover", NULL);

	if (s == NULL)
		return ERR_OK;
	if (strcmp(s, "reopen") != 0 && strcmp(s, "alarm") != 0 &&
	    strcmp(s, "give-up") != 0)
		return err_set(e, ERR_USAGE,
		    "--recover: '%s' is none of reopen, alarm, give-up", s);
	strcpy(w->recover, s);
	return ERR_OK;
}

static enum err_code
wait_for(struct vigil *w, time_t limit, struct err *e)
{
	struct store_unit u;
	bool over;

	memset(&u, 0, sizeof(u));
	if (poll_it(w, limit, &u, &over, e) == ERR_OK && over &&
	    find_recover(w, &u, e) == ERR_OK)
		recover(w, &u, e);
	store_unit_wipe(&u);
	return e->code;
}

static enum err_code
run_wait(const struct cli_args *a, struct err *e)
{
	struct vigil w = { .json = a->json };
	unsigned long limit = 0;

	if (cli_number(a, "--timeout", 1, 918000, 0, &limit, e) == ERR_OK &&
	    read_recover(&w, a, e) == ERR_OK &&
	    store_open(a->pos[0], &w.store, e) == ERR_OK &&
	    seek_uuid(w.store, a->pos[1], &w.uuid, e) == ERR_OK &&
	    wait_for(&w, (time_t)limit, e) != ERR_OK)
		err_in(e, "%s", a->pos[1]);
	store_close(w.store);
	return e->code;
}

static const struct cli_opt opts[] = {
	{ "--timeout", CLI_VALUE, "SECS",
	    "wait so long at most; the window goes on" },
	{ "--recover", CLI_VALUE, "WHAT",
	    "reopen, alarm or give-up when it closes (as configured)" },
	{ 0 },
};

const struct cli_verb vigil_verbs[] = {
	{ "wait", "STATE UUID [--timeout SECS] [--recover WHAT]",
	    "wait until a machine is set up, or its window closes", opts, 2, 2,
	    run_wait },
	{ 0 },
};
