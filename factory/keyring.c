/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/stamp.h"
#include "base/text.h"
#include "factory/keyfill.h"
#include "factory/keyring.h"
#include "factory/unit.h"
#include "formats/reason.h"

#define KEY_COLUMNS                                                         \
	"SELECT id, order_id, number, out, version, scrambled, smb, asked," \
	" records, sha256, created, returned, current, mebx, written,"      \
	" (SELECT count(*) FROM key_records WHERE key_id = id"              \
	"  AND state = 'differs'),"                                         \
	" (SELECT count(*) FROM key_records WHERE key_id = id"              \
	"  AND state = 'possibly-applied'), named,"                         \
	" (SELECT count(*) FROM key_records WHERE key_id = id AND own)"     \
	" FROM keys"

static const char *const state_names[] = { "unused", "differs",
	"possibly-applied", "unknown" };

const char *
keyring_state_name(enum keyring_state state)
{
	return state_names[state];
}

static enum keyring_state
state_of(const char *name)
{
	for (int i = 0; i < KEYRING_UNKNOWN; i++)
		if (strcmp(name, state_names[i]) == 0)
			return (enum keyring_state)i;
	return KEYRING_UNKNOWN;
}

bool
keyring_single(const struct profile *p)
{
	return p->pki || p->key_shared;
}

void
keyring_wipe(struct keyring_key *k)
{
	secret_wipe(k, sizeof(*k));
}

/* Keys. */

static enum err_code
open_password(struct ledger *l, struct db_stmt *s, int i, const char *column,
    const char *key, char out[static PASSWD_MAX + 1], struct err *e)
{
	const void *p;
	size_t n;

	memset(out, 0, PASSWD_MAX + 1);
	if ((p = db_blob(s, i, &n)) == NULL)
		return ERR_OK;
	return ledger_unseal(l, column, key, p, n, out, PASSWD_MAX, NULL, e);
}

/* The row a statement of KEY_COLUMNS stands on. */
static enum err_code
read_key(
    struct ledger *l, struct db_stmt *s, struct keyring_key *k, struct err *e)
{
	memset(k, 0, sizeof(*k));
	snprintf(k->id, sizeof(k->id), "%s", db_text(s, 0));
	snprintf(k->order, sizeof(k->order), "%s", db_text(s, 1));
	k->number = (uint32_t)db_int(s, 2);
	snprintf(k->out, sizeof(k->out), "%s", db_text(s, 3));
	if (!keyfill_version(db_text(s, 4), &k->major, &k->minor))
		return err_refuse(e, ERR_DATA,
		    reason_get(REASON_LEDGER_DAMAGED),
		    "key %s: no version of Setup.bin", k->id);
	k->scrambled = db_int(s, 5) != 0;
	k->smb = (uint8_t)db_int(s, 6);
	k->asked = (uint32_t)db_int(s, 7);
	k->records = (uint32_t)db_int(s, 8);
	snprintf(k->sha256, sizeof(k->sha256), "%s", db_text(s, 9));
	snprintf(k->created, sizeof(k->created), "%s", db_text(s, 10));
	snprintf(k->returned, sizeof(k->returned), "%s", db_text(s, 11));
	snprintf(k->written, sizeof(k->written), "%s", db_text(s, 14));
	k->differs = (uint32_t)db_int(s, 15);
	k->applied = (uint32_t)db_int(s, 16);
	k->named = (uint32_t)db_int(s, 17);
	k->own = (uint32_t)db_int(s, 18);
	k->unused = k->records - k->differs - k->applied;
	if (open_password(l, s, 12, "keys.current", k->id, k->current, e) ==
	    ERR_OK)
		open_password(l, s, 13, "keys.mebx", k->id, k->mebx, e);
	return e->code;
}

/* At most one row of a statement that is bound. */
static enum err_code
one_key(struct ledger *l, struct db_stmt *s, struct keyring_key *k, bool *there,
    struct err *e)
{
	if (db_step(s, there, e) != ERR_OK || !*there)
		return e->code;
	if (read_key(l, s, k, e) != ERR_OK)
		keyring_wipe(k);
	db_reset(s);
	return e->code;
}

enum err_code
keyring_load(
    struct ledger *l, const char *id, struct keyring_key *k, struct err *e)
{
	struct db_stmt *s;
	bool there;

	if (db_prepare(ledger_db(l), KEY_COLUMNS " WHERE id = ?1", &s, e) !=
	    ERR_OK)
		return e->code;
	db_bind_text(s, 1, id);
	if (one_key(l, s, k, &there, e) == ERR_OK && !there)
		err_refuse(e, ERR_DATA, reason_get(REASON_KEY_UNKNOWN),
		    "no key %.80s in this ledger", id);
	return e->code;
}

enum err_code
keyring_find(struct ledger *l, const char *order, const char *out,
    struct keyring_key *k, bool *there, struct err *e)
{
	struct db_stmt *s;

	*there = false;
	if (db_prepare(ledger_db(l),
		KEY_COLUMNS " WHERE order_id = ?1 AND out = ?2"
			    " ORDER BY number DESC LIMIT 1",
		&s, e) != ERR_OK)
		return e->code;
	db_bind_text(s, 1, order);
	db_bind_text(s, 2, out);
	return one_key(l, s, k, there, e);
}

enum err_code
keyring_of_digest(struct ledger *l, const char *sha256, struct keyring_key *k,
    bool *there, struct err *e)
{
	struct db_stmt *s;

	*there = false;
	if (db_prepare(ledger_db(l),
		KEY_COLUMNS " WHERE sha256 = ?1 ORDER BY number DESC LIMIT 1",
		&s, e) != ERR_OK)
		return e->code;
	db_bind_text(s, 1, sha256);
	return one_key(l, s, k, there, e);
}

enum err_code
keyring_each_key(struct ledger *l, const char *order, keyring_key_fn *fn,
    void *arg, struct err *e)
{
	struct keyring_key *k = calloc(1, sizeof(*k));
	struct db_stmt *s;
	bool there = true;

	if (k == NULL)
		return err_mem(e);
	while (e->code == ERR_OK) {
		/* k is the last one: order and number of the row before. */
		if (db_prepare(ledger_db(l),
			KEY_COLUMNS " WHERE (order_id, number) > (?1, ?2)"
				    " AND (?3 IS NULL OR order_id = ?3)"
				    " ORDER BY order_id, number LIMIT 1",
			&s, e) != ERR_OK)
			break;
		db_bind_text(s, 1, k->order);
		db_bind_int(s, 2, k->number);
		db_bind_text(s, 3, order);
		if (one_key(l, s, k, &there, e) != ERR_OK || !there)
			break;
		fn(arg, k, e);
	}
	keyring_wipe(k);
	free(k);
	return e->code;
}

/* Adding. */

static enum err_code
next_number(struct ledger *l, struct keyring_key *k, struct err *e)
{
	struct db_stmt *s;
	bool row;

	if (db_prepare(ledger_db(l),
		"SELECT coalesce(max(number), 0) + 1 FROM keys"
		" WHERE order_id = ?1",
		&s, e) != ERR_OK)
		return e->code;
	db_bind_text(s, 1, k->order);
	if (db_step(s, &row, e) != ERR_OK)
		return e->code;
	k->number = (uint32_t)db_int(s, 0);
	db_reset(s);
	snprintf(k->id, sizeof(k->id), "%.48s-key%u", k->order, k->number);
	return ERR_OK;
}

/* Seals a password, if there is one, and binds it as column i. */
static enum err_code
bind_password(struct ledger *l, struct db_stmt *s, int i, const char *column,
    const char *row, const char *password,
    uint8_t out[static PASSWD_MAX + CRYPTO_SEAL_MORE], struct err *e)
{
	size_t n = strlen(password);

	if (n > 0 && ledger_seal(l, column, row, password, n, out, e) == ERR_OK)
		db_bind_blob(s, i, out, n + CRYPTO_SEAL_MORE);
	return e->code;
}

static enum err_code
insert_key(struct ledger *l, const struct keyring_key *k, struct err *e)
{
	uint8_t current[PASSWD_MAX + CRYPTO_SEAL_MORE];
	uint8_t mebx[PASSWD_MAX + CRYPTO_SEAL_MORE];
	char version[8];
	struct db_stmt *s;

	snprintf(version, sizeof(version), "%u.%u", k->major, k->minor);
	if (db_prepare(ledger_db(l),
		"INSERT INTO keys (id, order_id, number, out, version,"
		" scrambled, smb, asked, records, sha256, created, current,"
		" mebx, named) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, '',"
		" ?9, ?10, ?11, ?12)",
		&s, e) != ERR_OK)
		return e->code;
	db_bind_text(s, 1, k->id);
	db_bind_text(s, 2, k->order);
	db_bind_int(s, 3, k->number);
	db_bind_text(s, 4, k->out);
	db_bind_text(s, 5, version);
	db_bind_int(s, 6, k->scrambled);
	db_bind_int(s, 7, k->smb);
	db_bind_int(s, 8, k->asked);
	db_bind_text(s, 9, k->created);
	db_bind_int(s, 12, k->named);
	if (bind_password(l, s, 10, "keys.current", k->id, k->current, current,
		e) == ERR_OK &&
	    bind_password(l, s, 11, "keys.mebx", k->id, k->mebx, mebx, e) ==
		ERR_OK)
		db_run(s, e);
	return e->code;
}

static const char add_units[] =
    "INSERT INTO key_records (key_id, record, uuid, pid, state)"
    " SELECT ?1, row_number() OVER (ORDER BY n), uuid, pid, 'unused'"
    " FROM (SELECT n, uuid, pid FROM units u WHERE order_id = ?2"
    " AND pid NOT NULL AND state NOT IN ('scrapped', 'returned')"
    " AND NOT EXISTS (SELECT 1 FROM key_records r WHERE r.uuid = u.uuid)"
    " ORDER BY n LIMIT ?3)";
static const char add_single[] =
    "INSERT INTO key_records (key_id, record, pid, state)"
    " SELECT ?1, 1, pid, 'unused' FROM orders WHERE id = ?2";

/* By the audit rows and not the state: one that was shipped without an image
 * has the factory's password yet. */
enum err_code
keyring_own(struct ledger *l, struct keyring_key *k, struct err *e)
{
	struct db_stmt *s;

	if (db_prepare(ledger_db(l),
		"UPDATE key_records SET own = 1 WHERE key_id = ?1 AND uuid IN"
		" (SELECT object FROM audit WHERE what = 'unit written')",
		&s, e) != ERR_OK)
		return e->code;
	db_bind_text(s, 1, k->id);
	if (db_run(s, e) == ERR_OK)
		k->own = (uint32_t)db_changes(ledger_db(l));
	return e->code;
}

enum err_code
keyring_add(struct ledger *l, const struct order *o, struct keyring_key *k,
    struct err *e)
{
	bool single = keyring_single(&o->profile);
	struct db_stmt *s;

	snprintf(k->order, sizeof(k->order), "%s", o->id);
	stamp_now(k->created);
	k->own = 0;
	if (next_number(l, k, e) != ERR_OK || insert_key(l, k, e) != ERR_OK ||
	    k->named > 0 ||
	    db_prepare(ledger_db(l), single ? add_single : add_units, &s, e) !=
		ERR_OK)
		return e->code;
	db_bind_text(s, 1, k->id);
	db_bind_text(s, 2, o->id);
	if (!single)
		db_bind_int(s, 3, k->asked > 0 ? (int64_t)k->asked : -1);
	if (db_run(s, e) != ERR_OK)
		return e->code;
	k->records = k->unused = (uint32_t)db_changes(ledger_db(l));
	if (k->records > 0)
		return keyring_own(l, k, e);
	return err_refuse(e, ERR_DATA, reason_get(REASON_KEY_EMPTY),
	    "order %s: of its %llu unit%s none is left that is on no key",
	    o->id, (unsigned long long)o->issued, text_plural(o->issued));
}

enum err_code
keyring_done(struct ledger *l, const struct keyring_key *k, struct err *e)
{
	struct db_stmt *s;

	if (db_prepare(ledger_db(l),
		"UPDATE keys SET records = ?1, sha256 = ?2 WHERE id = ?3", &s,
		e) != ERR_OK)
		return e->code;
	db_bind_int(s, 1, k->records);
	db_bind_text(s, 2, k->sha256);
	db_bind_text(s, 3, k->id);
	if (db_run(s, e) == ERR_OK)
		ledger_audit(l, "setupbin make", k->id, k->sha256, e);
	return e->code;
}

enum err_code
keyring_written(struct ledger *l, struct keyring_key *k, struct err *e)
{
	struct db_stmt *s;

	if (k->written[0] != '\0')
		return ERR_OK;
	stamp_now(k->written);
	if (db_prepare(ledger_db(l),
		"UPDATE keys SET written = ?1 WHERE id = ?2 AND written = ''",
		&s, e) != ERR_OK)
		return e->code;
	db_bind_text(s, 1, k->written);
	db_bind_text(s, 2, k->id);
	return db_run(s, e);
}

/* Records. */

enum err_code
keyring_next(struct ledger *l, const char *key, uint32_t last,
    struct keyring_record *r, bool *there, struct err *e)
{
	struct db_stmt *s;

	if (db_prepare(ledger_db(l),
		"SELECT record, uuid, r.pid, r.state, serial, own"
		" FROM key_records r"
		" LEFT JOIN units USING (uuid) WHERE key_id = ?1"
		" AND record > ?2 ORDER BY record LIMIT 1",
		&s, e) != ERR_OK)
		return e->code;
	db_bind_text(s, 1, key);
	db_bind_int(s, 2, last);
	if (db_step(s, there, e) != ERR_OK || !*there)
		return e->code;
	memset(r, 0, sizeof(*r));
	r->record = (uint32_t)db_int(s, 0);
	snprintf(r->uuid, sizeof(r->uuid), "%s", db_text(s, 1));
	snprintf(r->pid, sizeof(r->pid), "%s", db_text(s, 2));
	r->state = state_of(db_text(s, 3));
	snprintf(r->serial, sizeof(r->serial), "%s", db_text(s, 4));
	r->own = db_int(s, 5) != 0;
	db_reset(s);
	if (r->record > last)
		return ERR_OK;
	return err_refuse(e, ERR_DATA, reason_get(REASON_LEDGER_DAMAGED),
	    "key %s: record %u stands behind record %u", key, r->record, last);
}

enum err_code
keyring_each(
    struct ledger *l, const char *key, keyring_fn *fn, void *arg, struct err *e)
{
	struct keyring_record r = { 0 };
	bool there;

	while (keyring_next(l, key, r.record, &r, &there, e) == ERR_OK && there)
		if (fn(arg, &r, e) != ERR_OK)
			break;
	return e->code;
}

enum err_code
keyring_of_unit(struct ledger *l, const struct uuid *id,
    char key[static KEYRING_ID], struct keyring_record *r, bool *there,
    struct err *e)
{
	char uuid[UUID_TEXT];
	struct db_stmt *s;
	uint32_t record;

	uuid_text(id, uuid);
	*there = false;
	if (db_prepare(ledger_db(l),
		"SELECT key_id, record FROM key_records JOIN keys ON"
		" id = key_id WHERE uuid = ?1 ORDER BY number DESC LIMIT 1",
		&s, e) != ERR_OK)
		return e->code;
	db_bind_text(s, 1, uuid);
	if (db_step(s, there, e) != ERR_OK || !*there)
		return e->code;
	snprintf(key, KEYRING_ID, "%s", db_text(s, 0));
	record = (uint32_t)db_int(s, 1);
	db_reset(s);
	return keyring_next(l, key, record - 1, r, there, e);
}

enum err_code
keyring_unit(struct ledger *l, const struct keyring_record *r,
    struct unit *room, const struct unit **out, struct err *e)
{
	struct uuid uuid;

	*out = NULL;
	if (r->uuid[0] == '\0')
		return ERR_OK;
	*out = room;
	if (!uuid_parse(&uuid, r->uuid))
		return err_refuse(e, ERR_DATA,
		    reason_get(REASON_LEDGER_DAMAGED), "record %u: not a UUID",
		    r->record);
	return unit_load(l, &uuid, room, e);
}
