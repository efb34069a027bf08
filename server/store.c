/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/stamp.h"
#include "formats/reason.h"
#include "server/pids.h"
#include "server/store.h"
#include "server/vault.h"

struct each {
	store_fn *fn;
	void *arg;
};

struct store {
	struct vault *vault;
	struct db *db;
	bool open; /* a transaction is */
};

static const char *const states[] = { "known", "hello", "setup", "provisioned",
	"failed", "refused" };

const char *
store_state_name(enum store_state state)
{
	return states[state];
}

struct db *
store_db(struct store *s)
{
	return s->db;
}

enum err_code
store_init(const char *dir, struct err *e)
{
	return vault_init(dir, e);
}

bool
store_there(const char *dir)
{
	return vault_there(dir);
}

enum err_code
store_place(const char *dir, struct err *e)
{
	return vault_place(dir, e);
}

enum err_code
store_open(const char *dir, struct store **out, struct err *e)
{
	struct store *s = calloc(1, sizeof(*s));

	*out = NULL;
	if (s == NULL)
		return err_mem(e);
	if (vault_open(dir, &s->vault, e) != ERR_OK) {
		free(s);
		return e->code;
	}
	s->db = vault_db(s->vault);
	*out = s;
	return ERR_OK;
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	vault_close(s->vault);
	free(s);
}

enum err_code
store_ca(
    struct store *s, struct x509 **cert, struct crypto_key **key, struct err *e)
{
	return vault_ca(s->vault, cert, key, e);
}

/* Transactions. */

enum err_code
store_begin(struct store *s, struct err *e)
{
	if (db_begin(s->db, e) == ERR_OK)
		s->open = true;
	return e->code;
}

enum err_code
store_commit(struct store *s, struct err *e)
{
	if (db_commit(s->db, e) == ERR_OK)
		s->open = false;
	return e->code;
}

void
store_rollback(struct store *s)
{
	db_rollback(s->db);
	s->open = false;
}

/* A transaction of our own where the caller has none open. */
enum err_code
store_join(struct store *s, bool *own, struct err *e)
{
	*own = !s->open;
	return *own ? store_begin(s, e) : ERR_OK;
}

enum err_code
store_leave(struct store *s, bool own, struct err *e)
{
	if (own && e->code == ERR_OK)
		store_commit(s, e);
	if (own && e->code != ERR_OK)
		store_rollback(s);
	return e->code;
}

enum err_code
store_audit(struct store *s, const char *what, const char *object,
    const char *why, struct err *e)
{
	char now[24];
	struct db_stmt *q;

	if (db_prepare(s->db,
		"INSERT INTO audit (time, what, object, why)"
		" VALUES (?1, ?2, ?3, ?4)",
		&q, e) != ERR_OK)
		return e->code;
	stamp_now(now);
	db_bind_text(q, 1, now);
	db_bind_text(q, 2, what);
	db_bind_text(q, 3, object);
	db_bind_text(q, 4, why);
	return db_run(q, e);
}

/* Reading units. */

#define UNIT_COLUMNS                                                  \
	"SELECT n, uuid, row, state, reason, fqdn, version, address," \
	" seen_cert, updated, now, next, tls_cert, tenant, otp,"      \
	" opened, record, handed FROM units "

static void
take_text(struct db_stmt *q, int i, char *out, size_t room)
{
	snprintf(out, room, "%s", db_text(q, i));
}

static enum err_code
take_row(
    struct store *s, struct db_stmt *q, struct store_unit *u, struct err *e)
{
	uint8_t text[ROW_MAX];
	struct rd r;
	const void *p;
	size_t n;

	p = db_blob(q, 2, &n);
	if (vault_unseal(s->vault, "units.row", db_text(q, 1), p, n, text,
		sizeof(text), &n, e) == ERR_OK) {
		rd_init(&r, text, n);
		if (!row_read(&r, &u->row))
			err_set(
			    e, ERR_DATA, "row of %s: %s", db_text(q, 1), r.why);
	}
	secret_wipe(text, sizeof(text));
	return e->code;
}

static enum err_code
take_secrets(struct store *s, struct db_stmt *q, int i, const char *column,
    struct store_secrets *out, struct err *e)
{
	const void *p;
	size_t n;

	if ((p = db_blob(q, i, &n)) == NULL)
		return ERR_OK;
	if (vault_unseal(s->vault, column, db_text(q, 1), p, n, out,
		sizeof(*out), &n, e) == ERR_OK &&
	    n != sizeof(*out))
		err_set(e, ERR_DATA, "%s of %s: length %zu", column,
		    db_text(q, 1), n);
	return e->code;
}

static enum err_code
take_otp(
    struct store *s, struct db_stmt *q, struct store_unit *u, struct err *e)
{
	const void *p;
	size_t n;

	if ((p = db_blob(q, 14, &n)) == NULL)
		return ERR_OK;
	if (vault_unseal(s->vault, "units.otp", db_text(q, 1), p, n, u->otp,
		sizeof(u->otp) - 1, &n, e) == ERR_OK)
		u->otp[n] = '\0';
	return e->code;
}

static enum err_code
take_unit(
    struct store *s, struct db_stmt *q, struct store_unit *u, struct err *e)
{
	const char *state = db_text(q, 3);
	const void *p;
	size_t n;

	memset(u, 0, sizeof(*u));
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(states[i], state) == 0)
			u->state = (enum store_state)i;
	take_text(q, 4, u->reason, sizeof(u->reason));
	take_text(q, 5, u->fqdn, sizeof(u->fqdn));
	take_text(q, 6, u->version, sizeof(u->version));
	take_text(q, 7, u->address, sizeof(u->address));
	take_text(q, 8, u->seen_cert, sizeof(u->seen_cert));
	take_text(q, 9, u->updated, sizeof(u->updated));
	p = db_blob(q, 12, &n);
	if (p != NULL && n <= sizeof(u->tls_cert)) {
		memcpy(u->tls_cert, p, n);
		u->tls_cert_len = n;
	}
	take_text(q, 13, u->tenant, sizeof(u->tenant));
	take_text(q, 15, u->opened, sizeof(u->opened));
	take_text(q, 16, u->record, sizeof(u->record));
	take_text(q, 17, u->handed, sizeof(u->handed));
	if (take_row(s, q, u, e) == ERR_OK &&
	    take_secrets(s, q, 10, "units.now", &u->now, e) == ERR_OK &&
	    take_secrets(s, q, 11, "units.next", &u->next, e) == ERR_OK)
		take_otp(s, q, u, e);
	if (e->code != ERR_OK)
		store_unit_wipe(u);
	return e->code;
}

void
store_unit_wipe(struct store_unit *u)
{
	secret_wipe(u, sizeof(*u));
}

enum err_code
store_unit(struct store *s, const struct uuid *uuid, bool *found,
    struct store_unit *u, struct err *e)
{
	char text[UUID_TEXT];
	struct db_stmt *q;

	*found = false;
	if (db_prepare(s->db, UNIT_COLUMNS "WHERE uuid = ?1", &q, e) != ERR_OK)
		return e->code;
	uuid_text(uuid, text);
	db_bind_text(q, 1, text);
	if (db_step(q, found, e) != ERR_OK || !*found)
		return e->code;
	take_unit(s, q, u, e);
	db_reset(q);
	return e->code;
}

/* One at a time, so that fn may write. */
#define UNITS_WHERE(what) UNIT_COLUMNS "WHERE n > ?1" what " ORDER BY n LIMIT 1"
static enum err_code
each(struct store *s, const char *sql, const char *state, unsigned most,
    struct each *to, struct err *e)
{
	struct store_unit u;
	struct db_stmt *q;
	int64_t n = 0;
	bool row;

	memset(&u, 0, sizeof(u));
	while (most-- > 0) {
		if (db_prepare(s->db, sql, &q, e) != ERR_OK)
			break;
		db_bind_int(q, 1, n);
		if (state != NULL)
			db_bind_text(q, 2, state);
		if (db_step(q, &row, e) != ERR_OK || !row)
			break;
		n = db_int(q, 0);
		take_unit(s, q, &u, e);
		db_reset(q);
		if (e->code != ERR_OK || to->fn(to->arg, &u, e) != ERR_OK)
			break;
	}
	store_unit_wipe(&u);
	return e->code;
}

enum err_code
store_each(struct store *s, store_fn *fn, void *arg, struct err *e)
{
	struct each to = { fn, arg };

	return each(s, UNITS_WHERE(""), NULL, UINT_MAX, &to, e);
}

enum err_code
store_each_in(struct store *s, enum store_state state, store_fn *fn, void *arg,
    struct err *e)
{
	struct each to = { fn, arg };

	return each(
	    s, UNITS_WHERE(" AND state = ?2"), states[state], UINT_MAX, &to, e);
}

enum err_code
store_each_unread(
    struct store *s, unsigned most, store_fn *fn, void *arg, struct err *e)
{
	struct each to = { fn, arg };

	return each(s,
	    UNITS_WHERE(" AND state = 'provisioned' AND record = ''"
			" AND by <> ''"),
	    NULL, most, &to, e);
}

enum err_code
store_unread_again(struct store *s, struct err *e)
{
	return db_exec(
	    s->db, "UPDATE units SET record = '' WHERE record = 'gone'", e);
}

enum err_code
store_each_due(struct store *s, store_fn *fn, void *arg, struct err *e)
{
	struct each to = { fn, arg };

	return each(
	    s, UNITS_WHERE(" AND handed = 'due'"), NULL, UINT_MAX, &to, e);
}

/* What set-up gives. */

enum err_code
store_next(struct store *s, const struct uuid *uuid,
    const struct store_secrets *next, struct err *e)
{
	uint8_t sealed[sizeof(*next) + CRYPTO_SEAL_MORE];
	char text[UUID_TEXT];
	struct db_stmt *q;

	uuid_text(uuid, text);
	if (vault_seal(s->vault, "units.next", text, next, sizeof(*next),
		sealed, e) != ERR_OK ||
	    db_prepare(s->db,
		"UPDATE units SET next = ?2, next_pid = ?3 WHERE uuid = ?1", &q,
		e) != ERR_OK)
		return e->code;
	db_bind_text(q, 1, text);
	db_bind_blob(q, 2, sealed, sizeof(sealed));
	db_bind_text(q, 3, next->psk.pid[0] != '\0' ? next->psk.pid : NULL);
	return db_run(q, e);
}

static enum err_code
get_next(
    struct store *s, const char *uuid, struct store_secrets *out, struct err *e)
{
	struct db_stmt *q;
	bool found;

	memset(out, 0, sizeof(*out));
	if (db_prepare(s->db, "SELECT n, uuid, next FROM units WHERE uuid = ?1",
		&q, e) != ERR_OK)
		return e->code;
	db_bind_text(q, 1, uuid);
	if (db_step(q, &found, e) != ERR_OK)
		return e->code;
	if (!found)
		return err_set(e, ERR_BUG, "%s: settled, but unknown", uuid);
	take_secrets(s, q, 2, "units.next", out, e);
	db_reset(q);
	return e->code;
}

/* A seal is bound to its column, so next is sealed anew. */
enum err_code
store_settle(struct store *s, const struct uuid *uuid, const void *cert,
    size_t n, bool hand, struct err *e)
{
	uint8_t sealed[sizeof(struct store_secrets) + CRYPTO_SEAL_MORE];
	char text[UUID_TEXT];
	struct store_secrets next;
	struct db_stmt *q;

	uuid_text(uuid, text);
	if (get_next(s, text, &next, e) == ERR_OK &&
	    vault_seal(s->vault, "units.now", text, &next, sizeof(next), sealed,
		e) == ERR_OK &&
	    pids_ended(s, uuid, e) == ERR_OK &&
	    db_prepare(s->db,
		"UPDATE units SET now = ?2, now_pid = next_pid, next = NULL,"
		" next_pid = NULL, tls_cert = iif(?5, tls_cert, ?3),"
		/* By PSK none is shown: it is of the time before. */
		" seen_cert = iif(now_pid IS NULL AND pid IS NULL, seen_cert,"
		" ''), otp = NULL, record = '', handed = iif(?4, 'due', '')"
		" WHERE uuid = ?1",
		&q, e) == ERR_OK) {
		db_bind_text(q, 1, text);
		db_bind_blob(q, 2, sealed, sizeof(sealed));
		db_bind_blob(q, 3, n > 0 ? cert : NULL, n);
		db_bind_int(q, 4, hand);
		db_bind_int(q, 5, cert == NULL);
		db_run(q, e);
	}
	secret_wipe(&next, sizeof(next));
	return e->code;
}

enum err_code
store_set(struct store *s, const struct uuid *uuid, enum store_column column,
    const char *value, struct err *e)
{
	static const char *const sql[] = {
		"UPDATE units SET by = ?2 WHERE uuid = ?1",
		"UPDATE units SET record = ?2 WHERE uuid = ?1",
		"UPDATE units SET handed = ?2 WHERE uuid = ?1",
		("UPDATE units SET seen_cert = ?2 WHERE uuid = ?1 AND"
		 " seen_cert = ''"),
	};
	char text[UUID_TEXT];
	struct db_stmt *q;

	if (db_prepare(s->db, sql[column], &q, e) != ERR_OK)
		return e->code;
	uuid_text(uuid, text);
	db_bind_text(q, 1, text);
	db_bind_text(q, 2, value);
	return db_run(q, e);
}

enum err_code
store_by(struct store *s, const struct uuid *uuid, char out[static STORE_BY],
    struct err *e)
{
	char text[UUID_TEXT];
	struct db_stmt *q;
	bool row;

	out[0] = '\0';
	if (db_prepare(s->db, "SELECT by FROM units WHERE uuid = ?1", &q, e) !=
	    ERR_OK)
		return e->code;
	uuid_text(uuid, text);
	db_bind_text(q, 1, text);
	if (db_step(q, &row, e) == ERR_OK && row) {
		take_text(q, 0, out, STORE_BY);
		db_reset(q);
	}
	return e->code;
}

enum err_code
store_otp(
    struct store *s, const struct uuid *uuid, const char *otp, struct err *e)
{
	uint8_t sealed[STORE_PASSWORD + CRYPTO_SEAL_MORE];
	char text[UUID_TEXT], now[24];
	size_t n = strlen(otp);
	struct db_stmt *q;

	uuid_text(uuid, text);
	if (n >= STORE_PASSWORD)
		return err_set(e, ERR_BUG, "one-time password too long");
	if (vault_seal(s->vault, "units.otp", text, otp, n, sealed, e) !=
		ERR_OK ||
	    db_prepare(s->db,
		"UPDATE units SET otp = ?2, opened = ?3 WHERE uuid = ?1", &q,
		e) != ERR_OK)
		return e->code;
	stamp_now(now);
	db_bind_text(q, 1, text);
	db_bind_blob(q, 2, sealed, n + CRYPTO_SEAL_MORE);
	db_bind_text(q, 3, now);
	return db_run(q, e);
}

enum err_code
store_otp_drop(
    struct store *s, const struct uuid *uuid, bool *was, struct err *e)
{
	char text[UUID_TEXT];
	struct db_stmt *q;

	*was = false;
	if (db_prepare(s->db,
		"UPDATE units SET otp = NULL, opened = '' WHERE uuid = ?1"
		" AND otp NOT NULL",
		&q, e) != ERR_OK)
		return e->code;
	uuid_text(uuid, text);
	db_bind_text(q, 1, text);
	if (db_run(q, e) == ERR_OK)
		*was = db_changes(s->db) > 0;
	return e->code;
}

enum err_code
store_seal(struct store *s, const char *column, const char *row, const void *p,
    size_t n, uint8_t *out, struct err *e)
{
	return vault_seal(s->vault, column, row, p, n, out, e);
}

enum err_code
store_unseal(struct store *s, const char *column, const char *row,
    const void *p, size_t n, void *out, size_t room, size_t *len, struct err *e)
{
	return vault_unseal(s->vault, column, row, p, n, out, room, len, e);
}

/* Import. */

static enum err_code
put_row(struct store *s, const char *sql, int64_t batch, const struct row *row,
    struct err *e)
{
	uint8_t sealed[ROW_MAX + CRYPTO_SEAL_MORE];
	char uuid[UUID_TEXT], now[24];
	struct db_stmt *q;
	struct wr w;

	wr_grow(&w, ROW_MAX);
	row_write(&w, row, true);
	uuid_text(&row->uuid, uuid);
	if (w.failed)
		err_set(e, ERR_DATA, "%s: row too long", uuid);
	else if (vault_seal(s->vault, "units.row", uuid, w.buf, w.len, sealed,
		     e) == ERR_OK &&
	    db_prepare(s->db, sql, &q, e) == ERR_OK) {
		stamp_now(now);
		db_bind_text(q, 1, uuid);
		db_bind_int(q, 2, batch);
		db_bind_blob(q, 3, sealed, w.len + CRYPTO_SEAL_MORE);
		db_bind_text(q, 4, row->pid[0] != '\0' ? row->pid : NULL);
		db_bind_text(q, 5, now);
		db_run(q, e);
	}
	wr_free(&w);
	return e->code;
}

/* What another manifest may say anew of a unit: how far the factory is with
 * it, and a certificate that was pinned since. A pin stays. */
static enum err_code
merge(struct store *s, int64_t batch, struct row *old, const struct row *row,
    enum store_added *how, struct err *e)
{
	char key[ROW_KEY], uuid[UUID_TEXT];
	struct row new = *row;

	*how = STORE_SAME;
	if (new.cert_sha256[0] == '\0')
		strcpy(new.cert_sha256, old->cert_sha256);
	if (row_differs(old, &new, key))
		*how = STORE_RENEWED;
	strcpy(old->state, new.state);
	if (old->cert_sha256[0] == '\0')
		strcpy(old->cert_sha256, new.cert_sha256);
	if (row_differs(old, &new, key)) {
		uuid_text(&row->uuid, uuid);
		err_refuse(e, ERR_DATA, reason_get(REASON_MANIFEST_CONFLICT),
		    "unit %s: its %s is another than was imported before", uuid,
		    key);
	} else if (*how == STORE_RENEWED)
		put_row(s,
		    "UPDATE units SET batch = ?2, row = ?3, pid = ?4,"
		    " updated = ?5 WHERE uuid = ?1",
		    batch, &new, e);
	row_wipe(&new);
	return e->code;
}

enum err_code
store_add(struct store *s, int64_t batch, const struct row *row,
    enum store_added *how, struct err *e)
{
	struct store_unit u;
	bool found;

	if (store_unit(s, &row->uuid, &found, &u, e) != ERR_OK)
		return e->code;
	if (found) {
		merge(s, batch, &u.row, row, how, e);
		store_unit_wipe(&u);
		return e->code;
	}
	*how = STORE_NEW;
	return put_row(s,
	    "INSERT INTO units (uuid, batch, row, pid, updated, tenant)"
	    " SELECT ?1, ?2, ?3, ?4, ?5, tenant FROM batches WHERE n = ?2",
	    batch, row, e);
}

enum err_code
store_forget(
    struct store *s, const struct uuid *uuid, const char *was, struct err *e)
{
	char text[UUID_TEXT], why[128];
	struct db_stmt *q;
	bool own;

	uuid_text(uuid, text);
	snprintf(why, sizeof(why), "certificate seen first: %s",
	    was[0] == '\0' ? "none" : was);
	if (store_join(s, &own, e) != ERR_OK)
		return e->code;
	if (db_prepare(s->db,
		"UPDATE units SET seen_cert = '', tls_cert = NULL"
		" WHERE uuid = ?1",
		&q, e) == ERR_OK) {
		db_bind_text(q, 1, text);
		if (db_run(q, e) == ERR_OK)
			store_audit(
			    s, "insecure-forget-certificate", text, why, e);
	}
	return store_leave(s, own, e);
}
