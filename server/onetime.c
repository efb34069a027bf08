/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/rand.h"
#include "base/secret.h"
#include "base/stamp.h"
#include "formats/cjson.h"
#include "formats/reason.h"
#include "server/history.h"
#include "server/onetime.h"
#include "server/seek.h"
#include "server/told.h"
#include "server/verbs.h"

#define WITHDRAW "--withdraw"
#define INPUT_MAX ((size_t)64 << 20)

/* Letters that nobody takes for others; 64 of them, so no bias. About 120
 * bits: guessing is not a way in. */
#define LETTERS \
	"abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789#%+-=@_"

enum err_code
onetime_make(struct store *s, const struct store_unit *u,
    char otp[static ONETIME_LEN + 1], struct err *e)
{
	const struct history_event ev = { .state = u->state,
		.detail = "a one-time password was made" };
	const struct uuid *id = &u->row.uuid;
	char uuid[UUID_TEXT];
	uint8_t r[ONETIME_LEN];
	bool own;

	_Static_assert(sizeof(LETTERS) == 65, "six bits a letter");
	if (rand_bytes(r, sizeof(r), e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < ONETIME_LEN; i++)
		otp[i] = LETTERS[r[i] & 63];
	otp[ONETIME_LEN] = '\0';
	secret_wipe(r, sizeof(r));
	uuid_text(id, uuid);
	if (store_join(s, &own, e) != ERR_OK)
		return e->code;
	if (store_otp(s, id, otp, e) == ERR_OK &&
	    history_note(s, id, &ev, e) == ERR_OK)
		store_audit(s, "otp", uuid, "", e);
	return store_leave(s, own, e);
}

enum err_code
onetime_withdraw(struct store *s, const struct store_unit *u, struct err *e)
{
	const struct history_event ev = { .state = u->state,
		.detail = "the one-time password was withdrawn" };
	const struct uuid *id = &u->row.uuid;
	char uuid[UUID_TEXT];
	bool own, was;

	uuid_text(id, uuid);
	if (store_join(s, &own, e) != ERR_OK)
		return e->code;
	if (store_otp_drop(s, id, &was, e) == ERR_OK && !was) {
		if (u->opened[0] == '\0')
			err_set(
			    e, ERR_DATA, "no one-time password of it waits");
		else
			err_set(e, ERR_DATA,
			    "the one-time password that was made at %s is used "
			    "up: a set-up had it",
			    u->opened);
	}
	if (e->code == ERR_OK && history_note(s, id, &ev, e) == ERR_OK)
		store_audit(s, "otp withdraw", uuid, "", e);
	return store_leave(s, own, e);
}

time_t
onetime_seconds(const char *stamp)
{
	struct tm tm = { 0 };

	return strptime(stamp, "%Y-%m-%dT%H:%M:%SZ", &tm) == NULL ? 0
								  : timegm(&tm);
}

enum err_code
onetime_window(struct store *s, time_t *seconds, struct err *e)
{
	char text[16];
	long hours;

	if (told_get(s, "window_hours", "", text, sizeof(text), e) != ERR_OK)
		return e->code;
	hours = strtol(text, NULL, 10);
	*seconds = 3600 * (hours > 0 ? hours : 6);
	return ERR_OK;
}

void
onetime_put(struct wr *w, const struct store_unit *u, const char *otp,
    time_t until, bool json)
{
	char uuid[UUID_TEXT], end[STAMP_LEN];

	if (!json) {
		wr_fmt(w, "%s\n", otp);
		return;
	}
	uuid_text(&u->row.uuid, uuid);
	stamp_utc(end, until);
	wr_u8(w, '{');
	cjson_put_member(w, "uuid", uuid);
	cjson_put_member(w, "otp", otp);
	cjson_put_member(w, "until", end);
	wr_str(w, "}\n");
}

/* The verb. */

/* A machine, as it was named; state: what its agent says, or "". */
struct named {
	struct uuid uuid;
	char state[8];
};

/* What the machine's agent says counts. What the store has is no proof: it may
 * have been reset by hand since, and waits for its password. */
static enum err_code
check_state(const struct named *n, const struct store_unit *u, struct err *e)
{
	const struct reason *why = reason_get(REASON_AMT_STATE);
	char uuid[UUID_TEXT];

	if (strcmp(n->state, "post") == 0)
		return err_refuse(e, ERR_PERM, why,
		    "it is set up already, as its agent says (state post), "
		    "and here the unit is %s",
		    store_state_name(u->state));
	uuid_text(&n->uuid, uuid);
	if (u->row.pid[0] != '\0')
		log_warn("%s is set up by its key (PID %s): a one-time "
			 "password is for machines with certificates, "
			 "and is not asked of it",
		    uuid, u->row.pid);
	else if (u->state == STORE_PROVISIONED && n->state[0] == '\0')
		log_warn("%s is provisioned: un-provision it first, here or "
			 "at the machine, then its agent brings this password; "
			 "a set-up without it is refused (otp-missing) [%s]",
		    uuid, why->code);
	return ERR_OK;
}

static enum err_code
give_new(struct store *s, const struct named *n, const struct store_unit *u,
    bool json, struct wr *w, struct err *e)
{
	char otp[ONETIME_LEN + 1];
	time_t window = 0;

	if (check_state(n, u, e) == ERR_OK &&
	    onetime_window(s, &window, e) == ERR_OK &&
	    onetime_make(s, u, otp, e) == ERR_OK)
		onetime_put(w, u, otp, time(NULL) + window, json);
	secret_wipe(otp, sizeof(otp));
	return e->code;
}

/* What its manifest brings is not ours to take. */
static enum err_code
take_back(struct store *s, const struct store_unit *u, bool json, struct wr *w,
    struct err *e)
{
	char uuid[UUID_TEXT];

	if (onetime_withdraw(s, u, e) != ERR_OK)
		return e->code;
	uuid_text(&u->row.uuid, uuid);
	if (u->row.otp[0] != '\0')
		log_warn("%s: the one-time password of its manifest is wanted "
			 "again",
		    uuid);
	if (json) {
		wr_u8(w, '{');
		cjson_put_member(w, "uuid", uuid);
		cjson_put_member(w, "withdrawn", u->opened);
		wr_str(w, "}\n");
	} else
		wr_fmt(w, "%s: withdrawn, made %s\n", uuid, u->opened);
	return ERR_OK;
}

static enum err_code
give(struct store *s, const struct named *n, const struct cli_args *a,
    struct err *e)
{
	char text[UUID_TEXT];
	struct store_unit u;
	bool found;
	struct wr w;

	if (store_unit(s, &n->uuid, &found, &u, e) != ERR_OK)
		return e->code;
	uuid_text(&n->uuid, text);
	if (!found) {
		seek_unknown(s, &n->uuid, e);
		return err_in(e, "%s", text);
	}
	wr_grow(&w, 4096);
	if ((cli_flag(a, WITHDRAW)
		    ? take_back(s, &u, a->json, &w, e)
		    : give_new(s, n, &u, a->json, &w, e)) != ERR_OK)
		err_in(e, "%s", text);
	else
		cli_print(&w, e);
	wr_free(&w);
	store_unit_wipe(&u);
	return e->code;
}

/* A line of the agent's `info --json`, or a UUID alone. */
static enum err_code
read_line(
    struct store *s, const char *line, size_t n, struct named *m, struct err *e)
{
	const struct reason *why = reason_get(REASON_UUID_MALFORMED);
	struct json_doc *doc = NULL;
	const char *text = NULL, *state;
	char plain[128];
	size_t len = 0;

	*m = (struct named){ .state = "" };
	if (n > 0 && line[0] != '{') {
		snprintf(plain, sizeof(plain), "%.*s", (int)n, line);
		return n < sizeof(plain)
		    ? seek_uuid(s, plain, &m->uuid, e)
		    : err_refuse(e, ERR_DATA, why, "no UUID and no object");
	}
	if (json_doc_parse(line, n, &doc, e) == ERR_OK) {
		text = json_doc_text(json_doc_get(doc, "uuid"), &len);
		state = json_doc_text(json_doc_get(doc, "state"), &len);
		if (state != NULL)
			snprintf(m->state, sizeof(m->state), "%s", state);
		if (text == NULL)
			err_refuse(
			    e, ERR_DATA, why, "the object has no \"uuid\"");
		else
			seek_uuid(s, text, &m->uuid, e);
	}
	json_doc_free(doc);
	return e->code;
}

/* One machine a line; an object may also be spread over lines, alone. */
static enum err_code
give_each(struct store *s, const char *p, size_t n, const struct cli_args *a,
    struct err *e)
{
	size_t lines = 0, failed = 0, len;
	struct named m;

	if (n > 1 && p[0] == '{' && (p[1] == '\n' || p[1] == '\r')) {
		if (read_line(s, p, n, &m, e) == ERR_OK)
			give(s, &m, a, e);
		return e->code == ERR_OK ? e->code : err_in(e, "input");
	}
	for (const char *at = p, *end = p + n; at < end; at += len + 1) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));

		len = (size_t)((nl != NULL ? nl : end) - at);
		if (strspn(at, " \t\r\n") >= len)
			continue;
		lines++;
		if (read_line(s, at, at[len - 1] == '\r' ? len - 1 : len, &m,
			e) == ERR_OK &&
		    give(s, &m, a, e) == ERR_OK)
			continue;
		err_in(e, "input: machine %zu", lines);
		if (lines == 1 &&
		    strspn(at + len, " \t\r\n") == (size_t)(end - at) - len)
			return e->code; /* the only one */
		failed++;
		cli_report(a, e);
	}
	if (lines == 0)
		return err_set(e, ERR_DATA, "input: empty");
	return failed == 0 ? ERR_OK : ERR_SOME;
}

static enum err_code
run_otp(const struct cli_args *a, struct err *e)
{
	struct store *s = NULL;
	struct named m = { .state = "" };
	uint8_t *p = NULL;
	size_t n = 0;
	enum err_code rc = ERR_OK;

	if (store_open(a->pos[0], &s, e) != ERR_OK)
		return e->code;
	if (strcmp(a->pos[1], "-") != 0) {
		if ((rc = seek_uuid(s, a->pos[1], &m.uuid, e)) == ERR_OK)
			rc = give(s, &m, a, e);
	} else if ((rc = file_read("-", INPUT_MAX, &p, &n, e)) == ERR_OK)
		rc = give_each(s, (const char *)p, n, a, e);
	free(p);
	store_close(s);
	return rc;
}

static const struct cli_opt opts[] = {
	{ WITHDRAW, CLI_FLAG, NULL,
	    "take the one that waits back, in place of making one" },
	{ 0 },
};

const struct cli_verb onetime_verbs[] = {
	{ "otp", "STATE UUID|- [--withdraw]",
	    "make a one-time password for a delayed set-up", opts, 2, 2,
	    run_otp },
	{ 0 },
};
