/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/stamp.h"
#include "server/pids.h"

/* The first row tells: another unit's, then what was replaced here. */
enum err_code
pids_find(struct store *s, const char *pid, const struct uuid *uuid,
    enum pids_whose *whose, struct err *e)
{
	char text[UUID_TEXT];
	struct db_stmt *q;
	bool row;

	*whose = PIDS_FREE;
	if (db_prepare(store_db(s),
		"WITH o(uuid) AS (SELECT uuid FROM units WHERE pid = ?1"
		" UNION ALL SELECT uuid FROM units WHERE now_pid = ?1"
		" UNION ALL SELECT uuid FROM units WHERE next_pid = ?1"
		" UNION ALL SELECT uuid FROM pids WHERE pid = ?1) "
		"SELECT iif(o.uuid = ?2, 1, iif(t.tenant = coalesce((SELECT"
		" tenant FROM units WHERE uuid = ?2), t.tenant), 2, 3))"
		" FROM o JOIN units t ON t.uuid = o.uuid WHERE o.uuid <> ?2"
		" OR EXISTS (SELECT 1 FROM pids WHERE pid = ?1 AND uuid = ?2)"
		" ORDER BY 1 DESC LIMIT 1",
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
pids_ended(struct store *s, const struct store_unit *u, struct err *e)
{
	const char *old =
	    u->now.psk.pid[0] != '\0' ? u->now.psk.pid : u->row.pid;
	char now[24], uuid[UUID_TEXT];
	struct db_stmt *q;

	if (u->next.psk.pid[0] == '\0' || old[0] == '\0' ||
	    strcmp(old, u->next.psk.pid) == 0)
		return ERR_OK;
	/* A machine that was reset in full came with the factory's again. */
	if (db_prepare(store_db(s),
		"INSERT INTO pids SELECT pid, ?3, ?4 FROM (SELECT ?1 AS pid"
		" UNION SELECT ?2) WHERE pid <> '' ON CONFLICT DO NOTHING",
		&q, e) != ERR_OK)
		return e->code;
	stamp_now(now);
	uuid_text(&u->row.uuid, uuid);
	db_bind_text(q, 1, old);
	db_bind_text(q, 2, u->row.pid);
	db_bind_text(q, 3, uuid);
	db_bind_text(q, 4, now);
	return db_run(q, e);
}
