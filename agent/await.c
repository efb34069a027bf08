/* SPDX-License-Identifier: Apache-2.0 */
/* amtforge-agent wait: until this machine is set up, or is not going to be. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "agent/facts.h"
#include "agent/firmware.h"
#include "agent/verbs.h"
#include "base/clock.h"
#include "formats/reason.h"

#define STATE_PRE 0
#define STATE_IN 1
#define STATE_POST 2
#define POLL_MS 1000
/* A server may extend the window, by 24 hours at most a time. */
#define LONGEST 90000
/* A firmware that restarts is away for so long at most. */
#define AWAY_SECONDS 60

struct vigil {
	const struct cli_args *args;
	struct firmware fw;
	struct pthi m;
	uint64_t begun, seen; /* the last answer; clock_ms() */
	bool was_in;
};

/* False while it goes on. */
static bool
is_over(struct vigil *v, struct err *e)
{
	uint32_t state;

	if (firmware_get(&v->fw, PTHI_PROVISIONING_STATE, &v->m, e) != ERR_OK)
		return true;
	v->seen = clock_ms();
	state = v->m.body.number;
	if (state == STATE_POST)
		return true;
	if (state == STATE_PRE && v->was_in)
		err_refuse(e, ERR_PEER, reason_get(REASON_ACTIVATION_FAILED),
		    "set-up was stopped, or undone");
	else if (state == STATE_PRE)
		err_refuse(e, ERR_PERM, reason_get(REASON_AMT_STATE),
		    "set-up was not started");
	else if (firmware_knows(&v->fw, PTHI_SECURITY_PARAMETERS, &v->m, e) &&
	    v->m.body.security.interface == 0)
		err_refuse(e, ERR_PEER, reason_get(REASON_ACTIVATION_FAILED),
		    "the period for set-up is over: the machine has closed its "
		    "network interface");
	v->was_in = true;
	return e->code != ERR_OK;
}

/* What a firmware that restarts, and a driver that looks for it, refuse with.
 */
static bool
may_pass(const struct err *e)
{
	return e->code == ERR_RETRY ||
	    (e->code == ERR_PEER &&
		(e->reason == NULL ||
		    e->reason == reason_get(REASON_MEI_ABSENT)));
}

/* A connection that was lost is made again, for a while; then why it is lost is
 * in e. */
static bool
is_lost(struct vigil *v, struct err *e)
{
	bool over = clock_ms() - v->seen > 1000 * AWAY_SECONDS;

	if (e->code != ERR_OK && (over || !may_pass(e)))
		return true;
	err_clear(e);
	return firmware_reopen(&v->fw, e) != ERR_OK && (over || !may_pass(e));
}

static void
show(const struct vigil *v)
{
	char line[64];

	snprintf(line, sizeof(line), "in set-up for %u s",
	    (unsigned)((clock_ms() - v->begun) / 1000));
	cli_progress(line);
}

static enum err_code
watch(struct vigil *v, unsigned long seconds, struct err *e)
{
	const struct timespec pause = { POLL_MS / 1000,
		POLL_MS % 1000 * 1000000 };

	for (;;) {
		if (v->fw.mei != NULL && is_over(v, e) && e->code == ERR_OK)
			return ERR_OK;
		if ((v->fw.mei == NULL || e->code != ERR_OK) && is_lost(v, e))
			return e->code;
		if (clock_ms() - v->begun >= 1000 * seconds)
			return err_set(e, ERR_RETRY,
			    "not set up after %lu seconds; it goes on",
			    seconds);
		err_clear(e);
		show(v);
		nanosleep(&pause, NULL);
	}
}

static enum err_code
report(struct vigil *v, struct err *e)
{
	char uuid[UUID_TEXT];
	struct facts f;
	struct wr w;

	if (!v->args->json) {
		wr_grow(&w, 64);
		wr_str(&w, "SUCCESS\n");
		return cli_print(&w, e);
	}
	if (firmware_get(&v->fw, PTHI_UUID, &v->m, e) != ERR_OK)
		return e->code;
	uuid_text(&v->m.body.uuid, uuid);
	facts_begin(&f, true);
	facts_text(&f, "uuid", uuid);
	facts_text(&f, "state", "post");
	facts_text(&f, "result", "SUCCESS");
	return facts_end(&f, e);
}

static enum err_code
await(const struct cli_args *args, struct err *e)
{
	struct vigil v = { .args = args };
	unsigned long seconds;

	if (cli_number(args, "--timeout", 0, 1000000, LONGEST, &seconds, e) !=
	    ERR_OK)
		return e->code;
	v.begun = v.seen = clock_ms();
	if (firmware_open(&v.fw, args, e) == ERR_OK &&
	    watch(&v, seconds, e) == ERR_OK)
		report(&v, e);
	cli_progress("");
	firmware_close(&v.fw);
	return e->code;
}

static const struct cli_opt opts[] = { VERBS_MEI,
	{ "--timeout", CLI_VALUE, "SECONDS",
	    "give up waiting after so long (default: when the period is "
	    "over)" },
	VERBS_END };

const struct cli_verb await_verbs[] = {
	{ "wait", "[--timeout SECONDS] [--mei PATH]",
	    "until this machine is set up; else tell why it is not", opts, 0, 0,
	    await },
	{ NULL, NULL, NULL, NULL, 0, 0, NULL },
};
