/* SPDX-License-Identifier: Apache-2.0 */
#include <pwd.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/keyfile.h"
#include "base/seal.h"
#include "base/stamp.h"
#include "base/text.h"
#include "factory/ledger.h"
#include "factory/verbs.h"
#include "formats/reason.h"

#define KEY_CHECK "amtforge ledger"
#define SEALED_MAX 4096

struct ledger {
	struct db *db;
	struct secret key;
	char path[4096];
};

/* Step 1. Times are RFC 3339 UTC; what is sealed is a BLOB. */
static const char schema_1[] =
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL);"
    "CREATE TABLE orders (id TEXT PRIMARY KEY, profile TEXT NOT NULL,"
    " profile_sha256 TEXT NOT NULL, quantity INTEGER NOT NULL,"
    " closed INTEGER NOT NULL DEFAULT 0, opened TEXT NOT NULL,"
    /* the credential that all units share, where they do */
    " pid TEXT UNIQUE, pps BLOB, key BLOB, cert BLOB);"
    "CREATE TABLE units (n INTEGER PRIMARY KEY, uuid TEXT NOT NULL UNIQUE,"
    " serial TEXT NOT NULL UNIQUE,"
    " order_id TEXT NOT NULL REFERENCES orders(id), state TEXT NOT NULL,"
    " sku TEXT NOT NULL, macs TEXT NOT NULL, issued TEXT NOT NULL,"
    " pid TEXT UNIQUE, pps BLOB, mebx BLOB, otp BLOB, key BLOB, cert BLOB);"
    "CREATE INDEX units_order ON units (order_id, n);"
    "CREATE TABLE manifests (order_id TEXT NOT NULL REFERENCES orders(id),"
    " sequence INTEGER NOT NULL, sha256 TEXT NOT NULL, created TEXT NOT NULL,"
    " PRIMARY KEY (order_id, sequence));"
    "CREATE TABLE audit (n INTEGER PRIMARY KEY, time TEXT NOT NULL,"
    " who TEXT NOT NULL, what TEXT NOT NULL, object TEXT NOT NULL,"
    " why TEXT NOT NULL);"
    "CREATE TRIGGER audit_stays BEFORE DELETE ON audit BEGIN"
    " SELECT RAISE(ABORT, 'the audit table can only be added to'); END;"
    "CREATE TRIGGER audit_as_written BEFORE UPDATE ON audit BEGIN"
    " SELECT RAISE(ABORT, 'the audit table can only be added to'); END;";

/* Step 2: one-touch keys. A unit, and so its PID, has one record at most that
 * may still be used; those that are possibly applied stay on file. A record
 * that serves many machines has no unit. named: how many units were chosen by
 * name; own: the unit's image was written before. */
static const char schema_2[] =
    "CREATE TABLE keys (id TEXT PRIMARY KEY,"
    " order_id TEXT NOT NULL REFERENCES orders(id), number INTEGER NOT NULL,"
    " out TEXT NOT NULL, version TEXT NOT NULL, scrambled INTEGER NOT NULL,"
    " smb INTEGER NOT NULL, asked INTEGER NOT NULL,"
    " named INTEGER NOT NULL,"
    " records INTEGER NOT NULL, sha256 TEXT NOT NULL, created TEXT NOT NULL,"
    " written TEXT NOT NULL DEFAULT '',"
    " returned TEXT NOT NULL DEFAULT '', current BLOB, mebx BLOB,"
    " UNIQUE (order_id, number));"
    "CREATE INDEX keys_out ON keys (order_id, out);"
    "CREATE INDEX keys_sha256 ON keys (sha256);"
    "CREATE TABLE key_records (key_id TEXT NOT NULL REFERENCES keys(id),"
    " record INTEGER NOT NULL, uuid TEXT REFERENCES units(uuid),"
    " pid TEXT, state TEXT NOT NULL, own INTEGER NOT NULL DEFAULT 0,"
    " PRIMARY KEY (key_id, record)) WITHOUT ROWID;"
    "CREATE INDEX key_records_uuid ON key_records (uuid);"
    "CREATE INDEX key_records_pid ON key_records (pid);"
    "CREATE UNIQUE INDEX key_records_once ON key_records (pid)"
    " WHERE uuid NOT NULL AND state <> 'possibly-applied';"
    "CREATE UNIQUE INDEX key_units_once ON key_records (uuid)"
    " WHERE uuid NOT NULL AND state <> 'possibly-applied';";

static const char *const ddl[] = { schema_1, schema_2 };
static const struct db_schema schema = { 0x414d5446, 2, ddl }; /* "AMTF" */

/* Every sealed column, for the check. */
static const struct sealed {
	const char *column;
	const char *select;
} sealed[] = {
	{ "orders.pps", "SELECT id, pps FROM orders WHERE pps NOT NULL" },
	{ "orders.key", "SELECT id, key FROM orders WHERE key NOT NULL" },
	{ "units.pps", "SELECT uuid, pps FROM units WHERE pps NOT NULL" },
	{ "units.mebx", "SELECT uuid, mebx FROM units WHERE mebx NOT NULL" },
	{ "units.otp", "SELECT uuid, otp FROM units WHERE otp NOT NULL" },
	{ "units.key", "SELECT uuid, key FROM units WHERE key NOT NULL" },
	{ "keys.current",
	    "SELECT id, current FROM keys WHERE current NOT NULL" },
	{ "keys.mebx", "SELECT id, mebx FROM keys WHERE mebx NOT NULL" },
};

struct db *
ledger_db(struct ledger *l)
{
	return l->db;
}

enum err_code
ledger_seal(struct ledger *l, const char *column, const char *row,
    const void *p, size_t n, uint8_t *out, struct err *e)
{
	return seal_put(&l->key, column, row, p, n, out, e);
}

enum err_code
ledger_unseal(struct ledger *l, const char *column, const char *row,
    const void *p, size_t n, void *out, size_t room, size_t *len, struct err *e)
{
	struct err inner;

	err_clear(&inner);
	if (seal_get(&l->key, column, row, p, n, out, room, len, &inner) !=
	    ERR_OK)
		return err_refuse(e, ERR_DATA,
		    reason_get(REASON_LEDGER_DAMAGED),
		    "%s: %s of %s does not open", l->path, column, row);
	return ERR_OK;
}

/* The key file: 64 hex digits and a line feed, for the owner alone. */

static enum err_code
key_path(const char *path, const char *key_file, char *out, size_t room,
    struct err *e)
{
	int n = key_file != NULL ? snprintf(out, room, "%s", key_file)
				 : snprintf(out, room, "%s.key", path);

	if (path[0] == '\0')
		return err_set(e, ERR_USAGE, "the ledger's path is empty");
	if (n < 0 || (size_t)n >= room)
		return err_set(e, ERR_USAGE, "%.64s...: path too long", path);
	return ERR_OK;
}

static enum err_code
key_read(const char *path, struct secret *key, struct err *e)
{
	if (keyfile_read(path, key, e) == ERR_OK)
		return ERR_OK;
	if (e->code == ERR_DATA) {
		e->code = ERR_PERM;
		e->reason = reason_get(REASON_LEDGER_KEY);
	} else if (e->code == ERR_NOINPUT && e->sys == ENOENT) {
		err_clear(e);
		err_refuse(e, ERR_NOINPUT, reason_get(REASON_LEDGER_KEY),
		    "%s: not there; --key-file names it where it is kept "
		    "elsewhere",
		    path);
	}
	return err_in(e, "ledger key");
}

/* *there: whether the key check is; where it is the key must open it. */
static enum err_code
check_key(struct ledger *l, const char *key_file, bool *there, struct err *e)
{
	struct err inner;

	err_clear(&inner);
	if (seal_check_get(l->db, &l->key, there, &inner) == ERR_OK)
		return ERR_OK;
	if (inner.code != ERR_PERM && inner.code != ERR_DATA)
		return err_set(e, inner.code, "%s", inner.msg);
	return err_refuse(e, ERR_PERM, reason_get(REASON_LEDGER_KEY),
	    "%s: the key in %s is not this ledger's", l->path, key_file);
}

/* Everything but the key check. */
static enum err_code
ledger_load(const char *path, const char *key_file, bool create,
    struct ledger **out, struct err *e)
{
	struct ledger *l = calloc(1, sizeof(*l));

	*out = NULL;
	if (l == NULL)
		return err_mem(e);
	if ((size_t)snprintf(l->path, sizeof(l->path), "%s", path) >=
	    sizeof(l->path))
		err_set(e, ERR_USAGE, "%.64s...: path too long", path);
	else if (key_read(key_file, &l->key, e) == ERR_OK)
		(create ? db_create : db_open)(path, &schema, &l->db, e);
	if (e->code != ERR_OK)
		ledger_close(l);
	else
		*out = l;
	return e->code;
}

enum err_code
ledger_init(const char *path, const char *key_file, struct err *e)
{
	struct ledger *l = NULL;
	char key[4096];
	bool there = false;

	if (key_path(path, key_file, key, sizeof(key), e) != ERR_OK)
		return e->code;
	/* A key that is there is used: an interrupted init left it, or the
	 * user has one. */
	if (!file_exists(key) && file_exists(path))
		return err_set(e, ERR_CREATE, "%s: exists already", path);
	if (!file_exists(key) && keyfile_make(key, e) != ERR_OK)
		return e->code;
	if (ledger_load(path, key, !file_exists(path), &l, e) != ERR_OK ||
	    db_begin(l->db, e) != ERR_OK)
		goto out;
	if (check_key(l, key, &there, e) == ERR_OK && there)
		err_set(e, ERR_CREATE, "%s: exists already", path);
	if (e->code == ERR_OK &&
	    seal_check_put(l->db, &l->key, KEY_CHECK, e) == ERR_OK)
		ledger_audit(l, "ledger init", path, "", e);
	db_end(l->db, e);
out:
	ledger_close(l);
	return e->code;
}

enum err_code
ledger_open(
    const char *path, const char *key_file, struct ledger **out, struct err *e)
{
	struct ledger *l = NULL;
	char key[4096];
	bool there = false;

	*out = NULL;
	if (access(path, F_OK) == -1)
		return err_sys(e, ERR_NOINPUT, "%s", path);
	if (key_path(path, key_file, key, sizeof(key), e) != ERR_OK ||
	    ledger_load(path, key, false, &l, e) != ERR_OK)
		return e->code;
	if (check_key(l, key, &there, e) == ERR_OK && !there)
		err_set(e, ERR_DATA,
		    "%s: its init was interrupted; run ledger init again",
		    path);
	if (e->code != ERR_OK)
		ledger_close(l);
	else
		*out = l;
	return e->code;
}

/* Is out a name that SQLite has beside the ledger, there or not? Its folder is
 * compared, since a journal comes and goes. */
static bool
is_journal(const char *path, const char *out)
{
	static const char *const ends[] = { "-wal", "-shm", "-journal" };
	size_t n = strlen(out);

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t m = strlen(ends[i]);
		char stem[2048];

		if (n <= m || n - m >= sizeof(stem) ||
		    strcmp(out + n - m, ends[i]) != 0)
			continue;
		memcpy(stem, out, n - m);
		stem[n - m] = '\0';
		if (file_same(stem, path))
			return true;
	}
	return false;
}

enum err_code
ledger_spare(
    const char *path, const char *key_file, const char *out, struct err *e)
{
	char key[4096];

	if (out == NULL ||
	    key_path(path, key_file, key, sizeof(key), e) != ERR_OK)
		return e->code;
	if (file_same(out, path) || file_same(out, key) ||
	    is_journal(path, out))
		err_set(e, ERR_USAGE,
		    "--out %.200s: the ledger, or its key, would be replaced",
		    out);
	return e->code;
}

enum err_code
ledger_open_args(const struct cli_args *a, struct ledger **out, struct err *e)
{
	const char *key_file = cli_value(a, "--key-file", NULL);

	*out = NULL;
	if (ledger_spare(a->pos[0], key_file, cli_value(a, "--out", NULL), e) !=
	    ERR_OK)
		return e->code;
	return ledger_open(a->pos[0], key_file, out, e);
}

void
ledger_close(struct ledger *l)
{
	if (l == NULL)
		return;
	db_close(l->db);
	secret_free(&l->key);
	free(l);
}

enum err_code
ledger_audit(struct ledger *l, const char *what, const char *object,
    const char *why, struct err *e)
{
	const struct passwd *pw = getpwuid(getuid());
	char now[24], who[64];
	struct db_stmt *s;

	stamp_now(now);
	if (pw != NULL)
		snprintf(who, sizeof(who), "%s", pw->pw_name);
	else
		snprintf(who, sizeof(who), "uid %u", getuid());
	if (db_prepare(l->db,
		"INSERT INTO audit (time, who, what, object, why)"
		" VALUES (?1, ?2, ?3, ?4, ?5)",
		&s, e) != ERR_OK)
		return e->code;
	db_bind_text(s, 1, now);
	db_bind_text(s, 2, who);
	db_bind_text(s, 3, what);
	db_bind_text(s, 4, object);
	db_bind_text(s, 5, why);
	return db_run(s, e);
}

/* ledger check */

static enum err_code
open_column(
    struct ledger *l, const struct sealed *c, uint64_t *opened, struct err *e)
{
	uint8_t out[SEALED_MAX];
	struct db_stmt *s;
	const void *p;
	size_t n;
	bool row;

	if (db_prepare(l->db, c->select, &s, e) != ERR_OK)
		return e->code;
	while (db_step(s, &row, e) == ERR_OK && row) {
		p = db_blob(s, 1, &n);
		if (ledger_unseal(l, c->column, db_text(s, 0), p, n, out,
			sizeof(out), NULL, e) != ERR_OK) {
			db_reset(s);
			break;
		}
		(*opened)++;
	}
	secret_wipe(out, sizeof(out));
	return e->code;
}

static enum err_code
check_profiles(struct ledger *l, struct err *e)
{
	char hex[TEXT_HEX_SIZE(SHA256_LEN)];
	uint8_t digest[SHA256_LEN];
	struct db_stmt *s;
	bool row;

	if (db_prepare(l->db, "SELECT id, profile, profile_sha256 FROM orders",
		&s, e) != ERR_OK)
		return e->code;
	while (db_step(s, &row, e) == ERR_OK && row) {
		digest_sha256(db_text(s, 1), strlen(db_text(s, 1)), digest);
		text_hex(hex, digest, sizeof(digest));
		if (strcmp(hex, db_text(s, 2)) == 0)
			continue;
		err_refuse(e, ERR_DATA, reason_get(REASON_LEDGER_DAMAGED),
		    "%s: the profile of order %s is not as it was stored",
		    l->path, db_text(s, 0));
		db_reset(s);
		break;
	}
	return e->code;
}

/* What must hold of keys; each selects the first that breaks it. */
static const struct rule {
	const char *select, *what;
} key_rules[] = {
	/* Without all its records it could not be made again. */
	{ "SELECT id FROM keys WHERE records < 1 OR length(sha256) <> 64"
	  " OR records <> (SELECT count(*) FROM key_records"
	  " WHERE key_id = id AND record BETWEEN 1 AND records"
	  " AND state IN ('unused', 'differs', 'possibly-applied'))"
	  " OR records <> (SELECT count(*) FROM key_records"
	  " WHERE key_id = id) LIMIT 1",
	    "does not have the records that it was made with" },
	{ "SELECT key_id FROM key_records r JOIN units u USING (uuid)"
	  " JOIN keys k ON k.id = key_id WHERE r.pid IS NOT u.pid"
	  " OR u.order_id <> k.order_id LIMIT 1",
	    "has a record that is not its unit's" },
	{ "SELECT r.key_id FROM key_records r JOIN keys k ON k.id = r.key_id"
	  " JOIN key_records s ON s.uuid = r.uuid JOIN keys t ON"
	  " t.id = s.key_id WHERE t.number > k.number"
	  " AND r.state <> 'possibly-applied' LIMIT 1",
	    "has a usable record of a unit that got another one later" },
	/* The audit table can only be added to. */
	{ "WITH made AS (SELECT object AS id, why AS sha256 FROM audit"
	  " WHERE what = 'setupbin make')"
	  " SELECT id FROM (SELECT id, sha256 FROM made"
	  " EXCEPT SELECT id, sha256 FROM keys) UNION ALL"
	  " SELECT id FROM (SELECT id, sha256 FROM keys"
	  " EXCEPT SELECT id, sha256 FROM made) LIMIT 1",
	    "is not as the audit rows have it" },
};

static enum err_code
check_keys(struct ledger *l, const struct rule *rule, struct err *e)
{
	struct db_stmt *s;
	bool row;

	if (db_prepare(l->db, rule->select, &s, e) != ERR_OK ||
	    db_step(s, &row, e) != ERR_OK || !row)
		return e->code;
	err_refuse(e, ERR_DATA, reason_get(REASON_LEDGER_DAMAGED),
	    "%s: key %s %s", l->path, db_text(s, 0), rule->what);
	db_reset(s);
	return e->code;
}

static int64_t
count(struct ledger *l, const char *sql, struct err *e)
{
	struct db_stmt *s;
	int64_t n = 0;
	bool row;

	if (db_prepare(l->db, sql, &s, e) != ERR_OK ||
	    db_step(s, &row, e) != ERR_OK)
		return 0;
	if (row)
		n = db_int(s, 0);
	db_reset(s);
	return n;
}

/* What a sound ledger has. */
struct sums {
	long long orders, units, keys, audit;
	unsigned long long secrets;
};

static void
tell_sums(const struct sums *n, bool json)
{
	if (json)
		printf("{\"orders\":%lld,\"units\":%lld,\"keys\":%lld,"
		       "\"secrets\":%llu,\"audit\":%lld}\n",
		    n->orders, n->units, n->keys, n->secrets, n->audit);
	else
		printf("sound: %lld order%s, %lld unit%s, %lld key%s, "
		       "%llu secret%s open, %lld audit row%s\n",
		    n->orders, text_plural((uint64_t)n->orders), n->units,
		    text_plural((uint64_t)n->units), n->keys,
		    text_plural((uint64_t)n->keys), n->secrets,
		    text_plural(n->secrets), n->audit,
		    text_plural((uint64_t)n->audit));
}

static enum err_code
run_check(const struct cli_args *a, struct err *e)
{
	struct ledger *l = NULL;
	uint64_t opened = 0;
	struct sums n;

	if (ledger_open_args(a, &l, e) != ERR_OK)
		return e->code;
	if (db_check(l->db, e) == ERR_DATA)
		e->reason = reason_get(REASON_LEDGER_DAMAGED);
	if (e->code != ERR_OK || check_profiles(l, e) != ERR_OK)
		goto out;
	for (size_t i = 0; i < sizeof(key_rules) / sizeof(key_rules[0]); i++)
		if (check_keys(l, &key_rules[i], e) != ERR_OK)
			goto out;
	for (size_t i = 0; i < sizeof(sealed) / sizeof(sealed[0]); i++)
		if (open_column(l, &sealed[i], &opened, e) != ERR_OK)
			goto out;
	n.secrets = opened;
	n.orders = count(l, "SELECT count(*) FROM orders", e);
	n.units = count(l, "SELECT count(*) FROM units", e);
	n.keys = count(l, "SELECT count(*) FROM keys", e);
	n.audit = count(l, "SELECT count(*) FROM audit", e);
	if (e->code == ERR_OK)
		tell_sums(&n, a->json);
out:
	ledger_close(l);
	return e->code;
}

static enum err_code
run_init(const struct cli_args *a, struct err *e)
{
	return ledger_init(a->pos[0], cli_value(a, "--key-file", NULL), e);
}

static const struct cli_opt opts[] = { LEDGER_OPT_KEY, { 0 } };

const struct cli_verb ledger_verbs[] = {
	{ "ledger init", "LEDGER [--key-file FILE]",
	    "make a new ledger, and its key LEDGER.key where there is none",
	    opts, 1, 1, run_init },
	{ "ledger check", "LEDGER [--key-file FILE]",
	    "prove that a ledger is whole and that each secret in it opens",
	    opts, 1, 1, run_check },
	{ 0 },
};
