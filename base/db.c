/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/db.h"
#include "base/file.h"

#define DB_BUSY_MS 20000

struct db_stmt {
	struct db *db;
	sqlite3_stmt *s;
	char *sql;
	struct db_stmt *next;
};

struct db {
	sqlite3 *h;
	char *path;
	struct db_stmt *stmts;
};

static enum err_code
db_err(struct db *db, int rc, struct err *e)
{
	const char *words, *hint = "";
	enum err_code code;

	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_NOMEM:
		code = ERR_RETRY;
		break;
	case SQLITE_CONSTRAINT:
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		code = ERR_DATA;
		break;
	case SQLITE_PERM:
	case SQLITE_READONLY:
	case SQLITE_AUTH:
	case SQLITE_CANTOPEN:
		code = ERR_PERM;
		hint = " (the file and its folder must be writable)";
		break;
	case SQLITE_IOERR:
	case SQLITE_FULL:
	case SQLITE_TOOBIG:
		code = ERR_IO;
		break;
	default:
		code = ERR_BUG;
		break;
	}
	words = db->h != NULL ? sqlite3_errmsg(db->h) : sqlite3_errstr(rc);
	errno = (rc & 0xff) == SQLITE_FULL ? ENOSPC
	    : (rc & 0xff) == SQLITE_IOERR && db->h != NULL
	    ? sqlite3_system_errno(db->h)
	    : 0;
	if (errno != 0)
		return err_sys(e, code, "%s: %s", db->path, words);
	return err_set(e, code, "%s: %s%s", db->path, words, hint);
}

enum err_code
db_exec(struct db *db, const char *sql, struct err *e)
{
	int rc = sqlite3_exec(db->h, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? ERR_OK : db_err(db, rc, e);
}

static enum err_code
pragma_get(struct db *db, const char *sql, int64_t *out, struct err *e)
{
	struct db_stmt *s;
	bool row;

	*out = 0;
	if (db_prepare(db, sql, &s, e) != ERR_OK ||
	    db_step(s, &row, e) != ERR_OK)
		return e->code;
	if (row)
		*out = db_int(s, 0);
	db_reset(s);
	return ERR_OK;
}

static enum err_code
pragma_set(struct db *db, const char *name, int64_t value, struct err *e)
{
	char sql[80];

	snprintf(sql, sizeof(sql), "PRAGMA %s = %lld", name, (long long)value);
	return db_exec(db, sql, e);
}

static enum err_code
open_handle(const char *path, struct db **out, struct err *e)
{
	struct db *db = calloc(1, sizeof(*db));
	char file[4096 + 2];
	int rc;

	*out = NULL;
	/* SQLite has a reading of its own of names like file:x and :memory:. */
	if ((size_t)snprintf(file, sizeof(file), "%s%s",
		path[0] == '/' ? "" : "./", path) >= sizeof(file)) {
		free(db);
		return err_set(e, ERR_USAGE, "%.64s...: path too long", path);
	}
	if (db == NULL)
		return err_mem(e);
	if ((db->path = strdup(path)) == NULL) {
		free(db);
		return err_mem(e);
	}
	rc = sqlite3_open_v2(file, &db->h, SQLITE_OPEN_READWRITE, NULL);
	if (rc != SQLITE_OK) {
		db_err(db, rc, e);
		db_close(db);
		return e->code;
	}
	sqlite3_extended_result_codes(db->h, 1);
	sqlite3_busy_timeout(db->h, DB_BUSY_MS);
	*out = db;
	return ERR_OK;
}

/* Steps from the file's version up to the program's; a second process that
 * came first is seen, since the version is read inside the transaction. */
static enum err_code
migrate(struct db *db, const struct db_schema *schema, struct err *e)
{
	int64_t version;

	if (db_begin(db, e) != ERR_OK)
		return e->code;
	if (pragma_get(db, "PRAGMA user_version", &version, e) != ERR_OK)
		goto out;
	for (int64_t v = version; v < schema->version; v++)
		if (db_exec(db, schema->ddl[v], e) != ERR_OK)
			goto out;
	if (pragma_set(db, "application_id", schema->app_id, e) != ERR_OK ||
	    pragma_set(db, "user_version", schema->version, e) != ERR_OK)
		goto out;
out:
	return db_end(db, e);
}

/* Built beside its path in one piece, so that a killed program leaves no half
 * database there. */
enum err_code
db_create(const char *path, const struct db_schema *schema, struct db **out,
    struct err *e)
{
	char tmp[4096];
	struct db *db = NULL;
	int fd;

	*out = NULL;
	if (file_exists(path))
		return err_set(e, ERR_CREATE, "%s: exists already", path);
	if ((size_t)snprintf(tmp, sizeof(tmp), "%s-wal", path) >= sizeof(tmp))
		return err_set(e, ERR_USAGE, "%.64s...: path too long", path);
	/* SQLite would play it back into the new file. */
	if (file_exists(tmp))
		return err_set(e, ERR_CREATE,
		    "%s: is left of a database that was here; move it away",
		    tmp);
	if ((size_t)snprintf(tmp, sizeof(tmp), "%s.XXXXXX", path) >=
	    sizeof(tmp))
		return err_set(e, ERR_USAGE, "%.64s...: path too long", path);
	if ((fd = mkostemp(tmp, O_CLOEXEC)) == -1) /* 0600, O_EXCL */
		return err_sys(e, ERR_CREATE, "%s", path);
	close(fd);
	if (open_handle(tmp, &db, e) == ERR_OK)
		migrate(db, schema, e);
	db_close(db);
	if (e->code == ERR_OK && link(tmp, path) == -1)
		err_sys(e, ERR_CREATE, "%s", path);
	unlink(tmp);
	if (e->code != ERR_OK || file_sync_dir(path, e) != ERR_OK)
		return e->code;
	return db_open(path, schema, out, e);
}

static enum err_code
check_kind(struct db *db, const struct db_schema *schema, int64_t *version,
    struct err *e)
{
	int64_t id;

	if (pragma_get(db, "PRAGMA application_id", &id, e) != ERR_OK ||
	    pragma_get(db, "PRAGMA user_version", version, e) != ERR_OK)
		return e->code;
	if ((uint32_t)id != schema->app_id)
		return err_set(e, ERR_DATA,
		    "%s: a database, but of another program, or damaged",
		    db->path);
	if (*version < 1)
		return err_set(e, ERR_DATA, "%s: damaged: schema version %lld",
		    db->path, (long long)*version);
	if (*version > schema->version)
		return err_set(e, ERR_DATA,
		    "%s: schema version %lld, this program knows up to %d: it "
		    "was written by a newer one",
		    db->path, (long long)*version, schema->version);
	return ERR_OK;
}

enum err_code
db_open(const char *path, const struct db_schema *schema, struct db **out,
    struct err *e)
{
	struct db *db = NULL;
	int64_t version;

	*out = NULL;
	if (access(path, F_OK) == -1)
		return err_sys(e, ERR_NOINPUT, "%s", path);
	if (open_handle(path, &db, e) != ERR_OK)
		return e->code;
	if (check_kind(db, schema, &version, e) != ERR_OK ||
	    db_exec(db,
		"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
		"PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;"
		"PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY",
		e) != ERR_OK)
		goto out;
	if (version < schema->version)
		migrate(db, schema, e);
out:
	if (e->code != ERR_OK)
		db_close(db);
	else
		*out = db;
	return e->code;
}

void
db_close(struct db *db)
{
	struct db_stmt *s, *next;

	if (db == NULL)
		return;
	for (s = db->stmts; s != NULL; s = next) {
		next = s->next;
		sqlite3_finalize(s->s);
		free(s->sql);
		free(s);
	}
	sqlite3_close(db->h);
	free(db->path);
	free(db);
}

enum err_code
db_begin(struct db *db, struct err *e)
{
	return db_exec(db, "BEGIN IMMEDIATE", e);
}

enum err_code
db_commit(struct db *db, struct err *e)
{
	return db_exec(db, "COMMIT", e);
}

void
db_rollback(struct db *db)
{
	for (struct db_stmt *s = db->stmts; s != NULL; s = s->next)
		db_reset(s);
	if (sqlite3_get_autocommit(db->h) == 0)
		sqlite3_exec(db->h, "ROLLBACK", NULL, NULL, NULL);
}

enum err_code
db_end(struct db *db, struct err *e)
{
	if (e->code != ERR_OK || db_commit(db, e) != ERR_OK)
		db_rollback(db);
	return e->code;
}

static struct db_stmt *
cached(struct db *db, const char *sql)
{
	struct db_stmt *s = db->stmts;

	while (s != NULL && strcmp(s->sql, sql) != 0)
		s = s->next;
	return s;
}

enum err_code
db_prepare(struct db *db, const char *sql, struct db_stmt **out, struct err *e)
{
	struct db_stmt *s = cached(db, sql);
	int rc;

	*out = s;
	if (s != NULL) {
		db_reset(s);
		sqlite3_clear_bindings(s->s);
		return ERR_OK;
	}
	if ((s = calloc(1, sizeof(*s))) == NULL ||
	    (s->sql = strdup(sql)) == NULL) {
		free(s);
		return err_mem(e);
	}
	rc = sqlite3_prepare_v3(
	    db->h, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->s, NULL);
	if (rc != SQLITE_OK) {
		free(s->sql);
		free(s);
		/* The statement is ours; it is the tables that are not. */
		if (rc == SQLITE_ERROR)
			return err_set(e, ERR_DATA, "%s: damaged: %s", db->path,
			    sqlite3_errmsg(db->h));
		return db_err(db, rc, e);
	}
	s->db = db;
	s->next = db->stmts;
	db->stmts = s;
	*out = s;
	return ERR_OK;
}

void
db_bind_text(struct db_stmt *s, int i, const char *text)
{
	sqlite3_bind_text(s->s, i, text, -1, SQLITE_STATIC);
}

void
db_bind_int(struct db_stmt *s, int i, int64_t n)
{
	sqlite3_bind_int64(s->s, i, n);
}

void
db_bind_blob(struct db_stmt *s, int i, const void *p, size_t n)
{
	sqlite3_bind_blob64(s->s, i, p, n, SQLITE_STATIC);
}

enum err_code
db_step(struct db_stmt *s, bool *row, struct err *e)
{
	int rc = sqlite3_step(s->s);

	*row = rc == SQLITE_ROW;
	if (rc == SQLITE_ROW)
		return ERR_OK;
	if (rc != SQLITE_DONE)
		db_err(s->db, rc, e);
	db_reset(s);
	return e->code;
}

enum err_code
db_run(struct db_stmt *s, struct err *e)
{
	bool row;

	if (db_step(s, &row, e) == ERR_OK)
		db_reset(s);
	return e->code;
}

void
db_reset(struct db_stmt *s)
{
	sqlite3_reset(s->s);
}

const char *
db_text(struct db_stmt *s, int i)
{
	const char *text = (const char *)sqlite3_column_text(s->s, i);

	return text != NULL ? text : "";
}

int64_t
db_int(struct db_stmt *s, int i)
{
	return sqlite3_column_int64(s->s, i);
}

const void *
db_blob(struct db_stmt *s, int i, size_t *n)
{
	const void *p = sqlite3_column_blob(s->s, i);

	*n = (size_t)sqlite3_column_bytes(s->s, i);
	return p;
}

int64_t
db_changes(struct db *db)
{
	return sqlite3_changes64(db->h);
}

enum err_code
db_check(struct db *db, struct err *e)
{
	struct db_stmt *s;
	bool row;

	if (db_prepare(db, "PRAGMA integrity_check(1)", &s, e) != ERR_OK ||
	    db_step(s, &row, e) != ERR_OK)
		return e->code;
	if (!row || strcmp(db_text(s, 0), "ok") != 0)
		err_set(e, ERR_DATA, "%s: damaged: %s", db->path,
		    row ? db_text(s, 0) : "no answer");
	db_reset(s);
	if (e->code != ERR_OK ||
	    db_prepare(db, "PRAGMA foreign_key_check", &s, e) != ERR_OK ||
	    db_step(s, &row, e) != ERR_OK)
		return e->code;
	if (row)
		err_set(e, ERR_DATA, "%s: damaged: a row of %s has no parent",
		    db->path, db_text(s, 0));
	db_reset(s);
	return e->code;
}
