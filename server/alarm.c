/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/stamp.h"
#include "formats/cjson.h"
#include "formats/reason.h"
#include "server/alarm.h"
#include "server/seek.h"
#include "server/verbs.h"

#define LINE_MAX_LEN 4096

/* What a machine that only stands wrong would not do. One that is in no
 * manifest does, where it has a PID: that is nobody's. */
bool
alarm_wanted(const struct reason *why, bool psk)
{
	static const enum reason_id alarming[] = { REASON_PID_UNKNOWN,
		REASON_PID_OTHER_UNIT, REASON_PID_OTHER_TENANT,
		REASON_ROOT_OTHER_TENANT, REASON_PID_REUSED,
		REASON_OTP_MISMATCH, REASON_OTP_MISSING,
		REASON_DEVICE_CERT_DIFFERS, REASON_DEVICE_UUID_DIFFERS,
		REASON_PSK_REJECTED, REASON_RECORD_DIFFERS, REASON_DEVICE_TAKEN,
		REASON_WINDOW_OVER, REASON_HAND_OVER_FAILED };

	for (size_t i = 0; i < sizeof(alarming) / sizeof(alarming[0]); i++)
		if (why == reason_get(alarming[i]))
			return true;
	return psk && why == reason_get(REASON_UUID_UNKNOWN);
}

static enum err_code
put(struct store *s, const char *uuid, const struct reason *why,
    const char *address, const char *detail, struct err *e)
{
	char now[STAMP_LEN];
	struct db_stmt *q;

	if (db_prepare(store_db(s),
		"INSERT INTO alarms (uuid, reason, tenant, known, count,"
		" first, time, address, detail) SELECT ?1, ?2,"
		" coalesce((SELECT tenant FROM units WHERE uuid = ?1), ''),"
		" EXISTS (SELECT 1 FROM units WHERE uuid = ?1), 1, ?3, ?3,"
		" ?4, ?5 WHERE true ON CONFLICT (uuid, reason) DO UPDATE SET"
		" count = count + 1, time = ?3, address = ?4, detail = ?5,"
		" tenant = excluded.tenant, known = excluded.known",
		&q, e) != ERR_OK)
		return e->code;
	stamp_now(now);
	db_bind_text(q, 1, uuid);
	db_bind_text(q, 2, why->code);
	db_bind_text(q, 3, now);
	db_bind_text(q, 4, address);
	db_bind_text(q, 5, detail);
	return db_run(q, e);
}

enum err_code
alarm_raise(struct store *s, const struct uuid *uuid, const struct reason *why,
    const char *address, const char *detail, struct err *e)
{
	char text[UUID_TEXT];
	struct db_stmt *q;
	bool own;

	uuid_text(uuid, text);
	if (store_join(s, &own, e) != ERR_OK)
		return e->code;
	if (put(s, text, why, address, detail, e) == ERR_OK &&
	    db_prepare(store_db(s),
		"DELETE FROM alarms WHERE known = 0 AND reason = ?2 AND n <="
		" (SELECT n FROM alarms WHERE known = 0 AND reason = ?2"
		" ORDER BY n DESC LIMIT 1 OFFSET ?1)",
		&q, e) == ERR_OK) {
		db_bind_int(q, 1, ALARM_STRANGERS);
		db_bind_text(q, 2, why->code);
		db_run(q, e);
	}
	return store_leave(s, own, e);
}

/* The verb. */

static void
put_alarm(struct wr *w, struct db_stmt *q, bool json)
{
	static const char *const names[] = { "time", "uuid", "reason",
		"address", "tenant", "first", "detail" };
	const struct reason *why = reason_find(db_text(q, 2));

	if (!json) {
		wr_fmt(w, "%s  %s  %-16s %s  (%lld)\n", db_text(q, 0),
		    db_text(q, 1), db_text(q, 2), db_text(q, 3),
		    (long long)db_int(q, 7));
		wr_fmt(w, "  found: %s\n", db_text(q, 6));
		wr_fmt(w, "  do: %s\n", why != NULL ? why->mend : "");
		return;
	}
	for (int i = 0; i < 7; i++) {
		wr_str(w, i == 0 ? "{" : ",");
		cjson_put_string(w, names[i]);
		wr_u8(w, ':');
		cjson_put_string(w, db_text(q, i));
	}
	wr_fmt(w, ",\"count\":%lld}\n", (long long)db_int(q, 7));
}

static enum err_code
list(struct store *s, const char *uuid, bool json, bool *any, struct err *e)
{
	char line[LINE_MAX_LEN];
	struct db_stmt *q;
	struct wr w;
	bool row;

	if (db_prepare(store_db(s),
		"SELECT time, uuid, reason, address, tenant, first, detail,"
		" count FROM alarms WHERE ?1 IS NULL OR uuid = ?1"
		" ORDER BY time DESC, n DESC",
		&q, e) != ERR_OK)
		return e->code;
	db_bind_text(q, 1, uuid);
	*any = false;
	while (db_step(q, &row, e) == ERR_OK && row) {
		*any = true;
		wr_fixed(&w, line, sizeof(line));
		put_alarm(&w, q, json);
		if (cli_print(&w, e) != ERR_OK)
			break;
	}
	db_reset(q);
	return e->code;
}

/* An alarm that was looked at; who did so leaves a row. */
static enum err_code
clear(struct store *s, const char *uuid, struct err *e)
{
	struct db_stmt *q;
	bool own;

	if (store_join(s, &own, e) != ERR_OK)
		return e->code;
	if (db_prepare(store_db(s),
		"DELETE FROM alarms WHERE ?1 IS NULL OR uuid = ?1", &q,
		e) == ERR_OK) {
		db_bind_text(q, 1, uuid);
		if (db_run(q, e) == ERR_OK)
			store_audit(
			    s, "alarms clear", uuid == NULL ? "" : uuid, "", e);
	}
	return store_leave(s, own, e);
}

/* Without an alarm only what `explain` knows too is no slip of the hand. */
static enum err_code
check_known(
    struct store *s, const struct uuid *u, const char *uuid, struct err *e)
{
	struct db_stmt *q;
	bool row, known;

	if (db_prepare(store_db(s),
		"SELECT EXISTS (SELECT 1 FROM units WHERE uuid = ?1)"
		" OR EXISTS (SELECT 1 FROM strangers WHERE uuid = ?1)",
		&q, e) != ERR_OK)
		return e->code;
	db_bind_text(q, 1, uuid);
	if (db_step(q, &row, e) != ERR_OK)
		return e->code;
	known = row && db_int(q, 0) != 0;
	db_reset(q);
	if (known || seek_unknown(s, u, e) == ERR_OK)
		return e->code;
	return err_in(e, "%s", uuid);
}

static enum err_code
alarms_of(struct store *s, const struct cli_args *a, struct err *e)
{
	char uuid[UUID_TEXT];
	struct uuid u;
	bool any;

	if (seek_uuid(s, a->pos[1], &u, e) != ERR_OK)
		return e->code;
	uuid_text(&u, uuid);
	if (list(s, uuid, a->json, &any, e) == ERR_OK &&
	    (any || check_known(s, &u, uuid, e) == ERR_OK) &&
	    cli_flag(a, "--clear"))
		clear(s, uuid, e);
	return e->code;
}

static enum err_code
run_alarms(const struct cli_args *a, struct err *e)
{
	struct store *s = NULL;
	bool any;

	if (store_open(a->pos[0], &s, e) == ERR_OK) {
		if (a->n > 1)
			alarms_of(s, a, e);
		else if (list(s, NULL, a->json, &any, e) == ERR_OK &&
		    cli_flag(a, "--clear"))
			clear(s, NULL, e);
	}
	store_close(s);
	return e->code;
}

static const struct cli_opt opts[] = {
	{ "--clear", CLI_FLAG, NULL,
	    "then take them off the list; leaves an audit row" },
	{ 0 },
};

const struct cli_verb alarm_verbs[] = {
	{ "alarms", "STATE [UUID] [--clear]",
	    "list what somebody should look at, newest first", opts, 1, 2,
	    run_alarms },
	{ 0 },
};
