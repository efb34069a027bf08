/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/keyfile.h"
#include "base/seal.h"
#include "formats/reason.h"
#include "server/vault.h"

#define KEY_CHECK "amtforge store"
#define PATH_MAX_LEN 1024
#define CA_DAYS 7300

struct vault {
	struct db *db;
	struct secret key;
	char dir[PATH_MAX_LEN];
};

/* Step 1. Times are RFC 3339 UTC; a BLOB is sealed, but for tls_cert. */
static const char schema_1[] =
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL);"
    "CREATE TABLE batches (n INTEGER PRIMARY KEY,"
    " sha256 TEXT NOT NULL UNIQUE, batch TEXT NOT NULL,"
    " order_id TEXT NOT NULL, sequence INTEGER NOT NULL,"
    " units INTEGER NOT NULL, signer TEXT NOT NULL,"
    " imported TEXT NOT NULL);"
    "CREATE TABLE units (n INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE,"
    " batch INTEGER NOT NULL REFERENCES batches(n), row BLOB NOT NULL,"
    " pid TEXT, now_pid TEXT, next_pid TEXT,"
    " state TEXT NOT NULL DEFAULT 'known',"
    " reason TEXT NOT NULL DEFAULT '', fqdn TEXT NOT NULL DEFAULT '',"
    " version TEXT NOT NULL DEFAULT '', address TEXT NOT NULL DEFAULT '',"
    " seen_cert TEXT NOT NULL DEFAULT '', updated TEXT NOT NULL,"
    " now BLOB, next BLOB, tls_cert BLOB);"
    "CREATE INDEX units_pid ON units (pid) WHERE pid NOT NULL;"
    "CREATE INDEX units_now ON units (now_pid) WHERE now_pid NOT NULL;"
    "CREATE INDEX units_next ON units (next_pid) WHERE next_pid NOT NULL;"
    "CREATE TABLE events (n INTEGER PRIMARY KEY, uuid TEXT NOT NULL,"
    " time TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,"
    " address TEXT NOT NULL, detail TEXT NOT NULL);"
    "CREATE INDEX events_uuid ON events (uuid, n);"
    "CREATE TABLE strangers (n INTEGER PRIMARY KEY, uuid TEXT NOT NULL,"
    " time TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL,"
    " address TEXT NOT NULL, detail TEXT NOT NULL);"
    "CREATE INDEX strangers_uuid ON strangers (uuid, n);"
    "CREATE TABLE audit (n INTEGER PRIMARY KEY, time TEXT NOT NULL,"
    " what TEXT NOT NULL, object TEXT NOT NULL, why TEXT NOT NULL);"
    "CREATE TRIGGER audit_stays BEFORE DELETE ON audit BEGIN"
    " SELECT RAISE(ABORT, 'the audit table can only be added to'); END;"
    "CREATE TRIGGER audit_as_written BEFORE UPDATE ON audit BEGIN"
    " SELECT RAISE(ABORT, 'the audit table can only be added to'); END;";

/* Step 2. otp is sealed: one that `otp` made counts before the manifest's;
 * opened: when, the start of the machine's window. by: what the last set-up
 * was done with and when, and record: how the device's own record of it
 * compared, "" while that is due. handed: "due", "done" or "failed". pids:
 * those that set-up has replaced. requests: what a command asks of the server
 * that runs; sent: the machine may have done it. alarms: one for each unit
 * and reason, counted. */
static const char schema_2[] =
    "ALTER TABLE batches ADD COLUMN tenant TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE units ADD COLUMN tenant TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE units ADD COLUMN otp BLOB;"
    "ALTER TABLE units ADD COLUMN opened TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE units ADD COLUMN by TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE units ADD COLUMN record TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE units ADD COLUMN handed TEXT NOT NULL DEFAULT '';"
    "CREATE INDEX units_record ON units (n)"
    " WHERE state = 'provisioned' AND record = '' AND by <> '';"
    "CREATE INDEX units_handed ON units (n) WHERE handed = 'due';"
    "CREATE INDEX units_fqdn ON units (fqdn) WHERE fqdn <> '';"
    "CREATE TABLE pids (pid TEXT PRIMARY KEY, uuid TEXT NOT NULL,"
    " ended TEXT NOT NULL);"
    "CREATE INDEX pids_uuid ON pids (uuid);"
    "CREATE TABLE requests (n INTEGER PRIMARY KEY AUTOINCREMENT,"
    " uuid TEXT NOT NULL, what TEXT NOT NULL, address TEXT NOT NULL,"
    " made TEXT NOT NULL, sent INTEGER NOT NULL DEFAULT 0,"
    " ended TEXT NOT NULL DEFAULT '', state TEXT NOT NULL DEFAULT '',"
    " reason TEXT NOT NULL DEFAULT '', detail TEXT NOT NULL DEFAULT '',"
    " code INTEGER NOT NULL DEFAULT 0);"
    "CREATE INDEX requests_open ON requests (n) WHERE ended = '';"
    "CREATE TABLE alarms (n INTEGER PRIMARY KEY, uuid TEXT NOT NULL,"
    " reason TEXT NOT NULL, tenant TEXT NOT NULL, known INTEGER NOT NULL,"
    " count INTEGER NOT NULL, first TEXT NOT NULL, time TEXT NOT NULL,"
    " address TEXT NOT NULL, detail TEXT NOT NULL, UNIQUE (uuid, reason));"
    "CREATE INDEX alarms_strangers ON alarms (n) WHERE known = 0;";

/* login: the password that a request brings, sealed, until it has ended.
 * Alarms of strangers are bounded by reason. */
static const char schema_3[] =
    "ALTER TABLE requests ADD COLUMN login BLOB;"
    "DROP INDEX alarms_strangers;"
    "CREATE INDEX alarms_strangers ON alarms (reason, n) WHERE known = 0;";

static const char *const ddl[] = { schema_1, schema_2, schema_3 };
static const struct db_schema schema = { 0x414d5453, 3, ddl }; /* "AMTS" */

struct db *
vault_db(struct vault *v)
{
	return v->db;
}

enum err_code
vault_seal(struct vault *v, const char *column, const char *row, const void *p,
    size_t n, uint8_t *out, struct err *e)
{
	return seal_put(&v->key, column, row, p, n, out, e);
}

enum err_code
vault_unseal(struct vault *v, const char *column, const char *row,
    const void *p, size_t n, void *out, size_t room, size_t *len, struct err *e)
{
	if (seal_get(&v->key, column, row, p, n, out, room, len, e) == ERR_OK)
		return ERR_OK;
	return err_in(e, "%s: %s of %s does not open with store.key", v->dir,
	    column, row);
}

/* Making and opening. */

static enum err_code
ca_make(const char *key_path, const char *cert_path, struct err *e)
{
	const struct x509_make how = { .cn = "amtforge device CA",
		.o = "amtforge",
		.days = CA_DAYS,
		.ca = true };
	struct crypto_key *key = NULL;
	struct x509 *cert = NULL;
	struct secret pem = { 0 };
	struct wr w;

	wr_grow(&w, 65536);
	if (!file_exists(key_path) &&
	    crypto_key_new(CRYPTO_RSA2048, &key, e) == ERR_OK &&
	    crypto_key_pem(key, &pem, e) == ERR_OK)
		file_create_secret(key_path, &pem, e);
	secret_free(&pem);
	if (e->code == ERR_OK && key == NULL &&
	    file_read_secret(key_path, 65536, &pem, e) == ERR_OK)
		crypto_key_read(pem.p, pem.len, NULL, &key, e);
	if (e->code == ERR_OK &&
	    x509_new(&how, key, NULL, NULL, &cert, e) == ERR_OK) {
		if (x509_pem(cert, &w))
			file_write(cert_path, FILE_NEW, w.buf, w.len, e);
		else
			err_mem(e);
	}
	secret_free(&pem);
	wr_free(&w);
	crypto_key_free(key);
	x509_free(cert);
	return e->code;
}

/* The parts in their order; what an interrupted init made is kept. */
static enum err_code
parts_make(const char *dir, struct err *e)
{
	char key[PATH_MAX_LEN], cert[PATH_MAX_LEN];

	if (file_join(key, sizeof(key), dir, "store.key", e) != ERR_OK ||
	    (!file_exists(key) && keyfile_make(key, e) != ERR_OK))
		return e->code;
	if (file_join(key, sizeof(key), dir, "device-ca.key", e) != ERR_OK ||
	    file_join(cert, sizeof(cert), dir, "device-ca.pem", e) != ERR_OK ||
	    file_exists(cert))
		return e->code;
	return ca_make(key, cert, e);
}

static enum err_code
check_key(struct vault *v, bool *there, struct err *e)
{
	if (seal_check_get(v->db, &v->key, there, e) == ERR_OK)
		return ERR_OK;
	if (e->code == ERR_PERM || e->code == ERR_DATA)
		e->reason = reason_get(REASON_STORE_KEY);
	return err_in(e, "%s: store.key is not this store's", v->dir);
}

/* Whoever gives the arguments in another order gives a file or a UUID here. */
static enum err_code
no_state(const char *dir, const char *db, struct err *e)
{
	struct stat st;

	if (stat(dir, &st) == -1)
		return err_set(e, ERR_NOINPUT,
		    "%s: no such folder; the state comes first, and "
		    "amtforge-server init makes it",
		    dir);
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ERR_NOINPUT,
		    "%s: a file; the state comes first, and is the folder that "
		    "amtforge-server init made",
		    dir);
	return err_set(e, ERR_NOINPUT,
	    "%s: not there (amtforge-server init makes it)", db);
}

/* What may not be looked at is not said to be missing. */
static bool
is_missing(const char *path)
{
	struct stat st;

	return lstat(path, &st) == -1 && errno != EACCES;
}

bool
vault_there(const char *dir)
{
	char db[PATH_MAX_LEN];
	struct err none = { 0 };

	return file_join(db, sizeof(db), dir, "store.db", &none) == ERR_OK &&
	    !is_missing(db);
}

/* The folder's database and key, made if they are not there. */
static enum err_code
open_parts(const char *dir, bool make, struct vault **out, struct err *e)
{
	char path[PATH_MAX_LEN];
	struct vault *v = calloc(1, sizeof(*v));

	*out = v;
	if (v == NULL)
		return err_mem(e);
	if (file_join(v->dir, sizeof(v->dir), dir, "store.db", e) != ERR_OK)
		return e->code;
	if (is_missing(v->dir)) {
		if (!make)
			return no_state(dir, v->dir, e);
		if (parts_make(dir, e) != ERR_OK ||
		    db_create(v->dir, &schema, &v->db, e) != ERR_OK)
			return e->code;
	} else if (db_open(v->dir, &schema, &v->db, e) != ERR_OK)
		return err_in(e, "the state %s does not open", dir);
	snprintf(v->dir, sizeof(v->dir), "%s", dir);
	if (file_join(path, sizeof(path), dir, "store.key", e) != ERR_OK)
		return e->code;
	if (!file_exists(path))
		return err_refuse(e, ERR_NOINPUT, reason_get(REASON_STORE_KEY),
		    "%s: not there: without it nothing in store.db can be "
		    "read; put it back from where it is kept",
		    path);
	if (keyfile_read(path, &v->key, e) == ERR_DATA)
		e->reason = reason_get(REASON_STORE_KEY);
	return e->code;
}

/* Parts that an interrupted init left, under their names or with a suffix; and
 * what the root of a file system has. */
static bool
is_ours(const char *name)
{
	return name[0] == '.' || strncmp(name, "store.", 6) == 0 ||
	    strncmp(name, "device-ca.", 10) == 0 ||
	    strcmp(name, "lost+found") == 0;
}

/* A folder of something else, such as a home, is none for secrets. */
static enum err_code
check_empty(const char *dir, struct err *e)
{
	bool there = vault_there(dir); /* that is told otherwise */
	struct dirent *one;
	DIR *d;

	if ((d = opendir(dir)) == NULL)
		return err_sys(e, ERR_CREATE, "%s", dir);
	while (!there && e->code == ERR_OK && (one = readdir(d)) != NULL)
		if (!is_ours(one->d_name))
			err_set(e, ERR_CREATE,
			    "%s: has %.80s in it; the state wants a folder "
			    "that is empty or not there",
			    dir, one->d_name);
	closedir(d);
	return e->code;
}

enum err_code
vault_place(const char *dir, struct err *e)
{
	struct stat st;

	if (stat(dir, &st) == -1)
		return ERR_OK;
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ERR_CREATE,
		    "%s: not a folder; the state wants one that is empty or "
		    "not there",
		    dir);
	return check_empty(dir, e);
}

enum err_code
vault_init(const char *dir, struct err *e)
{
	struct vault *v = NULL;
	bool there;

	if (vault_place(dir, e) == ERR_OK &&
	    file_mkdir(dir, 0700, e) == ERR_OK &&
	    open_parts(dir, true, &v, e) == ERR_OK &&
	    check_key(v, &there, e) == ERR_OK) {
		if (there)
			err_set(
			    e, ERR_CREATE, "%s: holds a store already", dir);
		else
			seal_check_put(v->db, &v->key, KEY_CHECK, e);
	}
	vault_close(v);
	return e->code;
}

enum err_code
vault_open(const char *dir, struct vault **out, struct err *e)
{
	bool there;

	if (open_parts(dir, false, out, e) == ERR_OK &&
	    check_key(*out, &there, e) == ERR_OK && !there)
		err_set(e, ERR_DATA,
		    "%s: its init was interrupted; run it again", dir);
	if (e->code != ERR_OK) {
		vault_close(*out);
		*out = NULL;
	}
	return e->code;
}

void
vault_close(struct vault *v)
{
	if (v == NULL)
		return;
	db_close(v->db);
	secret_free(&v->key);
	free(v);
}

/* A file of the device CA, read whole. */
static enum err_code
ca_read(const struct vault *v, const char *name, char path[static PATH_MAX_LEN],
    struct secret *pem, struct err *e)
{
	if (file_join(path, PATH_MAX_LEN, v->dir, name, e) != ERR_OK ||
	    file_read_secret(path, 65536, pem, e) == ERR_OK)
		return e->code;
	if (e->code == ERR_NOINPUT && e->sys == ENOENT) {
		err_clear(e);
		err_refuse(e, ERR_NOINPUT, reason_get(REASON_STORE_KEY),
		    "%s: not there: without it no machine gets a certificate "
		    "that others can verify; put it back from where it is kept",
		    path);
	}
	return e->code;
}

static enum err_code
ca_damaged(const char *path, struct err *e)
{
	if (e->code == ERR_DATA || e->code == ERR_PERM)
		e->reason = reason_get(REASON_STORE_KEY);
	return err_in(e, "%s", path);
}

enum err_code
vault_ca(
    struct vault *v, struct x509 **cert, struct crypto_key **key, struct err *e)
{
	char key_path[PATH_MAX_LEN], cert_path[PATH_MAX_LEN];
	struct secret pem = { 0 };

	*cert = NULL;
	*key = NULL;
	if (ca_read(v, "device-ca.key", key_path, &pem, e) == ERR_OK &&
	    crypto_key_read(pem.p, pem.len, NULL, key, e) != ERR_OK)
		ca_damaged(key_path, e);
	secret_free(&pem);
	if (e->code == ERR_OK &&
	    ca_read(v, "device-ca.pem", cert_path, &pem, e) == ERR_OK &&
	    x509_read(pem.p, pem.len, cert, e) != ERR_OK)
		ca_damaged(cert_path, e);
	secret_free(&pem);
	if (e->code == ERR_OK && !x509_matches_key(*cert, *key))
		err_refuse(e, ERR_PERM, reason_get(REASON_STORE_KEY),
		    "%s is not the key of %s", key_path, cert_path);
	if (e->code != ERR_OK) {
		x509_free(*cert);
		crypto_key_free(*key);
		*cert = NULL;
		*key = NULL;
	}
	return e->code;
}
