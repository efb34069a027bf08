/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "server/told.h"

/* told_NAME, told_NAME_TENANT */
#define KEY "'told_' || ?1 || iif(?2 = '', '', '_' || ?2)"

enum err_code
told_set(struct store *s, const char *name, const char *tenant,
    const char *value, struct err *e)
{
	struct db_stmt *q;

	if (db_prepare(store_db(s),
		"INSERT INTO meta (name, value) VALUES (" KEY ", ?3)"
		" ON CONFLICT (name) DO UPDATE SET value = excluded.value",
		&q, e) != ERR_OK)
		return e->code;
	db_bind_text(q, 1, name);
	db_bind_text(q, 2, tenant);
	db_bind_text(q, 3, value);
	return db_run(q, e);
}

enum err_code
told_get(struct store *s, const char *name, const char *tenant, char *out,
    size_t room, struct err *e)
{
	struct db_stmt *q;
	bool row;

	out[0] = '\0';
	if (db_prepare(store_db(s),
		"SELECT value FROM meta WHERE name IN (" KEY ", 'told_' || ?1)"
		" ORDER BY length(name) DESC LIMIT 1",
		&q, e) != ERR_OK)
		return e->code;
	db_bind_text(q, 1, name);
	db_bind_text(q, 2, tenant);
	if (db_step(q, &row, e) == ERR_OK && row) {
		snprintf(out, room, "%s", db_text(q, 0));
		db_reset(q);
	}
	return e->code;
}
