/* SPDX-License-Identifier: Apache-2.0 */
#include "base/stamp.h"
#include "server/history.h"

/* The units' history and the strangers': the same columns, other bounds. */
static const struct history {
	const char *insert, *trim, *select;
} histories[2] = {
#define INTO(table)                                                  \
	"INSERT INTO " table " (uuid, time, state, reason, address," \
	" detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
#define FROM(table)                                               \
	"SELECT time, state, reason, address, detail FROM " table \
	" WHERE uuid = ?1 ORDER BY n DESC LIMIT ?2"
	{ INTO("events"),
	    "DELETE FROM events WHERE uuid = ?1 AND n <= (SELECT n FROM"
	    " events WHERE uuid = ?1 ORDER BY n DESC LIMIT 1 OFFSET ?2)",
	    FROM("events") },
	{ INTO("strangers"),
	    "DELETE FROM strangers WHERE ?1 NOT NULL AND"
	    " n <= (SELECT max(n) FROM strangers) - ?2",
	    FROM("strangers") },
};

static enum err_code
put(struct store *s, bool stranger, const char *uuid,
    const struct history_event *v, struct err *e)
{
	const struct history *h = &histories[stranger];
	char now[24];
	struct db_stmt *q;

	if (db_prepare(store_db(s), h->insert, &q, e) != ERR_OK)
		return e->code;
	stamp_now(now);
	db_bind_text(q, 1, uuid);
	db_bind_text(q, 2, now);
	db_bind_text(
	    q, 3, store_state_name(stranger ? STORE_REFUSED : v->state));
	db_bind_text(q, 4, v->reason != NULL ? v->reason->code : "");
	db_bind_text(q, 5, v->address != NULL ? v->address : "");
	db_bind_text(q, 6, v->detail != NULL ? v->detail : "");
	if (db_run(q, e) != ERR_OK ||
	    db_prepare(store_db(s), h->trim, &q, e) != ERR_OK)
		return e->code;
	db_bind_text(q, 1, uuid);
	db_bind_int(q, 2, stranger ? STORE_STRANGERS : STORE_EVENTS);
	return db_run(q, e);
}

/* *known: whether there is a unit to change. */
static enum err_code
row_event(struct store *s, const char *uuid, const struct history_event *v,
    bool *known, struct err *e)
{
	char now[24];
	struct db_stmt *q;

	if (db_prepare(store_db(s),
		"UPDATE units SET state = ?2, reason = ?3, updated = ?4,"
		" address = coalesce(?5, address),"
		" version = coalesce(?6, version),"
		" fqdn = coalesce(?7, fqdn),"
		" seen_cert = iif(seen_cert = '', coalesce(?8, ''), seen_cert)"
		" WHERE uuid = ?1",
		&q, e) != ERR_OK)
		return e->code;
	stamp_now(now);
	db_bind_text(q, 1, uuid);
	db_bind_text(q, 2, store_state_name(v->state));
	db_bind_text(q, 3, v->reason != NULL ? v->reason->code : "");
	db_bind_text(q, 4, now);
	db_bind_text(q, 5, v->passing ? NULL : v->address);
	db_bind_text(q, 6, v->version);
	db_bind_text(q, 7, v->fqdn);
	db_bind_text(q, 8, v->seen_cert);
	if (db_run(q, e) == ERR_OK)
		*known = db_changes(store_db(s)) > 0;
	return e->code;
}

enum err_code
history_add(struct store *s, const struct uuid *uuid,
    const struct history_event *v, struct err *e)
{
	char text[UUID_TEXT];
	bool own, known = false;

	uuid_text(uuid, text);
	if (store_join(s, &own, e) != ERR_OK)
		return e->code;
	if (row_event(s, text, v, &known, e) == ERR_OK)
		put(s, !known, text, v, e);
	return store_leave(s, own, e);
}

enum err_code
history_note(struct store *s, const struct uuid *uuid,
    const struct history_event *v, struct err *e)
{
	char text[UUID_TEXT];
	bool own;

	uuid_text(uuid, text);
	if (store_join(s, &own, e) == ERR_OK)
		put(s, false, text, v, e);
	return store_leave(s, own, e);
}

enum err_code
history_each(struct store *s, const struct uuid *uuid, bool stranger,
    history_fn *fn, void *arg, struct err *e)
{
	char text[UUID_TEXT];
	struct db_stmt *q;
	bool row;

	if (db_prepare(store_db(s), histories[stranger].select, &q, e) !=
	    ERR_OK)
		return e->code;
	uuid_text(uuid, text);
	db_bind_text(q, 1, text);
	db_bind_int(q, 2, STORE_EVENTS);
	while (db_step(q, &row, e) == ERR_OK && row) {
		const struct history_past past = { db_text(q, 0), db_text(q, 1),
			db_text(q, 2), db_text(q, 3), db_text(q, 4) };

		if (fn(arg, &past, e) != ERR_OK)
			break;
	}
	db_reset(q);
	return e->code;
}
