/* SPDX-License-Identifier: Apache-2.0 */
#include "base/stamp.h"
#include "server/pids.h"

/* The worst that holds: another unit's, then what was replaced here; NULL, as
 * 0, where there is none. Each index is asked by itself: a table that is made
 * for the answer costs more than the answer. */
enum err_code
pids_find(struct store *s, const char *pid, const struct uuid *uuid,
    enum pids_whose *whose, struct err *e)
{
	char text[UUID_TEXT];
	struct db_stmt *q;
	bool row;

	*whose = PIDS_FREE;
	if (db_prepare(store_db(s),
		"SELECT max(iif(uuid = ?2, 1, iif(tenant = coalesce((SELECT"
		" tenant FROM units WHERE uuid = ?2), tenant), 2, 3)))"
		" FROM units WHERE (pid = ?1 OR now_pid = ?1 OR next_pid = ?1"
		" OR uuid = (SELECT uuid FROM pids WHERE pid = ?1))"
		" AND (uuid <> ?2 OR EXISTS"
		" (SELECT 1 FROM pids WHERE pid = ?1 AND uuid = ?2))",
		&q, e) != ERR_OK)
		return e->code;
	uuid_text(uuid, text);
	db_bind_text(q, 1, pid);
	db_bind_text(q, 2, text);
	if (db_step(q, &row, e) == ERR_OK && row) {
		*whose = (enum pids_whose)db_int(q, 0);
		db_reset(q);
	}
	return e->code;
}

enum err_code
pids_allow(struct store *s, const struct uuid *uuid, struct err *e)
{
	char text[UUID_TEXT];
	struct db_stmt *q;

	if (db_prepare(store_db(s), "DELETE FROM pids WHERE uuid = ?1", &q,
		e) != ERR_OK)
		return e->code;
	uuid_text(uuid, text);
	db_bind_text(q, 1, text);
	return db_run(q, e);
}

enum err_code
pids_ended(struct store *s, const struct uuid *uuid, struct err *e)
{
	char now[24], text[UUID_TEXT];
	struct db_stmt *q;

	/* A machine that was reset in full came with the factory's again. */
	if (db_prepare(store_db(s),
		"INSERT INTO pids SELECT coalesce(now_pid, pid), uuid, ?2"
		" FROM units WHERE uuid = ?1"
		" AND coalesce(now_pid, pid) <> next_pid"
		" UNION ALL SELECT pid, uuid, ?2 FROM units WHERE uuid = ?1"
		" AND pid NOT NULL AND coalesce(now_pid, pid) <> next_pid"
		" ON CONFLICT DO NOTHING",
		&q, e) != ERR_OK)
		return e->code;
	stamp_now(now);
	uuid_text(uuid, text);
	db_bind_text(q, 1, text);
	db_bind_text(q, 2, now);
	return db_run(q, e);
}
