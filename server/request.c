/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/stamp.h"
#include "formats/reason.h"
#include "server/request.h"

#define KEPT 1000 /* that have ended */
#define LOGIN "requests.login"
/* Bits of the column sent. */
#define SENT 1
#define BEGUN 2

static const char *const names[] = { "setup", "unprovision",
	"unprovision-partial", "hand-over" };

enum err_code
request_add(struct store *s, struct request *r, struct err *e)
{
	uint8_t sealed[STORE_PASSWORD + CRYPTO_SEAL_MORE];
	char uuid[UUID_TEXT], now[STAMP_LEN];
	size_t n = strlen(r->login);
	struct db_stmt *q;
	bool row;

	uuid_text(&r->uuid, uuid);
	if (store_seal(s, LOGIN, uuid, r->login, n, sealed, e) != ERR_OK ||
	    db_prepare(store_db(s),
		"INSERT INTO requests (uuid, what, address, made, login)"
		" VALUES (?1, ?2, ?3, ?4, ?5) RETURNING n",
		&q, e) != ERR_OK)
		return e->code;
	stamp_now(now);
	db_bind_text(q, 1, uuid);
	db_bind_text(q, 2, names[r->what]);
	db_bind_text(q, 3, r->address);
	db_bind_text(q, 4, now);
	db_bind_blob(q, 5, n > 0 ? sealed : NULL, n + CRYPTO_SEAL_MORE);
	if (db_step(q, &row, e) == ERR_OK && row) {
		r->n = db_int(q, 0);
		db_step(q, &row, e);
	}
	db_reset(q);
	return e->code;
}

#define COLUMNS                                                             \
	"SELECT n, uuid, what, address, sent, state, reason, detail, code," \
	" made FROM requests "

static enum err_code
take(struct db_stmt *q, struct request *r, struct err *e)
{
	memset(r, 0, sizeof(*r));
	r->n = db_int(q, 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], db_text(q, 2)) == 0)
			r->what = (enum request_what)i;
	snprintf(r->address, sizeof(r->address), "%s", db_text(q, 3));
	r->sent = (db_int(q, 4) & SENT) != 0;
	r->begun = db_int(q, 4) != 0;
	snprintf(r->state, sizeof(r->state), "%s", db_text(q, 5));
	snprintf(r->reason, sizeof(r->reason), "%s", db_text(q, 6));
	snprintf(r->detail, sizeof(r->detail), "%s", db_text(q, 7));
	r->code = (enum err_code)db_int(q, 8);
	snprintf(r->made, sizeof(r->made), "%s", db_text(q, 9));
	if (!uuid_parse(&r->uuid, db_text(q, 1)))
		err_set(e, ERR_DATA, "request %lld: no UUID", (long long)r->n);
	return e->code;
}

enum err_code
request_next(
    struct store *s, int64_t n, bool *found, struct request *r, struct err *e)
{
	struct db_stmt *q;

	*found = false;
	if (db_prepare(store_db(s),
		COLUMNS "WHERE ended = '' AND n > ?1 ORDER BY n LIMIT 1", &q,
		e) != ERR_OK)
		return e->code;
	db_bind_int(q, 1, n);
	if (db_step(q, found, e) == ERR_OK && *found) {
		take(q, r, e);
		db_reset(q);
	}
	return e->code;
}

enum err_code
request_get(struct store *s, int64_t n, struct request *r, struct err *e)
{
	struct db_stmt *q;
	bool found;

	if (db_prepare(store_db(s), COLUMNS "WHERE n = ?1", &q, e) != ERR_OK)
		return e->code;
	db_bind_int(q, 1, n);
	if (db_step(q, &found, e) != ERR_OK)
		return e->code;
	if (!found)
		return err_set(
		    e, ERR_DATA, "request %lld is gone", (long long)n);
	take(q, r, e);
	db_reset(q);
	return e->code;
}

enum err_code
request_login(struct store *s, const struct request *r,
    char out[static STORE_PASSWORD], struct err *e)
{
	char uuid[UUID_TEXT];
	struct db_stmt *q;
	const void *p;
	size_t n = 0;
	bool row;

	out[0] = '\0';
	uuid_text(&r->uuid, uuid);
	if (db_prepare(store_db(s), "SELECT login FROM requests WHERE n = ?1",
		&q, e) != ERR_OK)
		return e->code;
	db_bind_int(q, 1, r->n);
	if (db_step(q, &row, e) != ERR_OK || !row)
		return e->code;
	if ((p = db_blob(q, 0, &n)) != NULL &&
	    store_unseal(
		s, LOGIN, uuid, p, n, out, STORE_PASSWORD - 1, &n, e) == ERR_OK)
		out[n] = '\0';
	db_reset(q);
	return e->code;
}

const char *
request_name(enum request_what what)
{
	return names[what];
}

static enum err_code
mark(struct store *s, int64_t n, int bit, struct err *e)
{
	struct db_stmt *q;

	if (db_prepare(store_db(s),
		"UPDATE requests SET sent = sent | ?2 WHERE n = ?1", &q,
		e) != ERR_OK)
		return e->code;
	db_bind_int(q, 1, n);
	db_bind_int(q, 2, bit);
	return db_run(q, e);
}

enum err_code
request_sent(struct store *s, int64_t n, struct err *e)
{
	return mark(s, n, SENT, e);
}

enum err_code
request_begun(struct store *s, int64_t n, struct err *e)
{
	return mark(s, n, BEGUN, e);
}

enum err_code
request_waits(struct store *s, int64_t n, bool *waits, struct err *e)
{
	struct db_stmt *q;

	*waits = false;
	if (db_prepare(store_db(s),
		"SELECT 1 FROM requests WHERE n = ?1 AND ended = ''", &q,
		e) != ERR_OK)
		return e->code;
	db_bind_int(q, 1, n);
	if (db_step(q, waits, e) == ERR_OK && *waits)
		db_reset(q);
	return e->code;
}

enum err_code
request_cancel(struct store *s, int64_t n, bool *gone, struct err *e)
{
	char now[STAMP_LEN];
	struct db_stmt *q;

	*gone = false;
	if (db_prepare(store_db(s),
		"UPDATE requests SET ended = ?2, state = 'cancelled',"
		" detail = 'it had not begun', code = ?3, login = NULL"
		" WHERE n = ?1 AND ended = '' AND sent = 0",
		&q, e) != ERR_OK)
		return e->code;
	stamp_now(now);
	db_bind_int(q, 1, n);
	db_bind_text(q, 2, now);
	db_bind_int(q, 3, ERR_RETRY);
	if (db_run(q, e) == ERR_OK)
		*gone = db_changes(store_db(s)) > 0;
	return e->code;
}

enum err_code
request_drop(struct store *s, int64_t n, bool *kept, struct err *e)
{
	struct db_stmt *q;

	*kept = true;
	if (db_prepare(store_db(s),
		"DELETE FROM requests WHERE n = ?1 AND (sent & 1) = 0"
		" AND ended = ''",
		&q, e) != ERR_OK)
		return e->code;
	db_bind_int(q, 1, n);
	if (db_run(q, e) == ERR_OK)
		*kept = db_changes(store_db(s)) == 0;
	return e->code;
}

enum err_code
request_note(struct store *s, int64_t n, const char *detail, struct err *e)
{
	struct db_stmt *q;

	if (db_prepare(store_db(s),
		"UPDATE requests SET detail = ?2 WHERE n = ?1 AND ended = ''",
		&q, e) != ERR_OK)
		return e->code;
	db_bind_int(q, 1, n);
	db_bind_text(q, 2, detail);
	return db_run(q, e);
}

enum err_code
request_end(struct store *s, int64_t n, enum store_state state,
    const struct err *why, struct err *e)
{
	char now[STAMP_LEN];
	struct db_stmt *q;

	if (db_prepare(store_db(s),
		"UPDATE requests SET ended = ?2, state = ?3, reason = ?4,"
		" detail = ?5, code = ?6, login = NULL WHERE n = ?1"
		" AND ended = ''",
		&q, e) != ERR_OK)
		return e->code;
	stamp_now(now);
	db_bind_int(q, 1, n);
	db_bind_text(q, 2, now);
	db_bind_text(q, 3, store_state_name(state));
	db_bind_text(q, 4, why->reason != NULL ? why->reason->code : "");
	db_bind_text(q, 5, why->msg);
	db_bind_int(q, 6, why->code);
	if (db_run(q, e) != ERR_OK ||
	    db_prepare(store_db(s),
		"DELETE FROM requests WHERE ended <> '' AND n <= ?1", &q,
		e) != ERR_OK)
		return e->code;
	db_bind_int(q, 1, n - KEPT);
	return db_run(q, e);
}
