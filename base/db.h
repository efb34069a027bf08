/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The door to SQLite: a small prepared-statement layer. Databases are opened
 * in WAL mode with synchronous=FULL, foreign keys on, a busy timeout, and a
 * schema version in user_version; a file of another application or of a newer
 * version is refused. Columns of secrets are sealed by the caller
 * (crypto_seal) before they come here.
 */
#ifndef BASE_DB_H
#define BASE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct db;
struct db_stmt;

struct db_schema {
	uint32_t app_id;        /* SQLite application_id */
	int version;            /* user_version */
	const char *const *ddl; /* ddl[0..version-1]: each step up from v-1 */
};

/* Makes a new file (0600; ERR_CREATE if it exists) at the newest version. */
enum err_code db_create(
    const char *path, const struct db_schema *, struct db **, struct err *);
/* Opens an existing one and brings it to the newest version. */
enum err_code db_open(
    const char *path, const struct db_schema *, struct db **, struct err *);
void db_close(struct db *); /* NULL is fine */

enum err_code db_exec(struct db *, const char *sql, struct err *);
enum err_code db_begin(struct db *, struct err *); /* BEGIN IMMEDIATE */
enum err_code db_commit(struct db *, struct err *);
void db_rollback(struct db *);
/* Commits; rolls back instead, or then, if e tells of a failure. */
enum err_code db_end(struct db *, struct err *e);

/* The statement is cached in the db by its text and owned by it; it is reset
 * and unbound. Placeholders are ?1, ?2, ... Bound memory must live until the
 * statement is stepped; text may be NULL. */
enum err_code db_prepare(
    struct db *, const char *sql, struct db_stmt **, struct err *);
void db_bind_text(struct db_stmt *, int i, const char *);
void db_bind_int(struct db_stmt *, int i, int64_t);
void db_bind_blob(struct db_stmt *, int i, const void *, size_t);
/* *row says whether a row came. A broken UNIQUE or CHECK is ERR_DATA. */
enum err_code db_step(struct db_stmt *, bool *row, struct err *);
/* For statements without rows: steps once and resets. */
enum err_code db_run(struct db_stmt *, struct err *);
void db_reset(struct db_stmt *);
/* Column i from 0; valid until the next step or reset. NULL is "", also
 * where a damaged file breaks its NOT NULL. */
const char *db_text(struct db_stmt *, int i);
int64_t db_int(struct db_stmt *, int i);
const void *db_blob(struct db_stmt *, int i, size_t *n);
int64_t db_changes(struct db *);
/* PRAGMA integrity_check and foreign_key_check. */
enum err_code db_check(struct db *, struct err *);

#endif
