/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/digest.h"
#include "base/stamp.h"
#include "base/text.h"
#include "factory/keyfill.h"
#include "factory/keyring.h"
#include "factory/unit.h"
#include "formats/reason.h"
#include "formats/setupbin.h"

#define KEY_COLUMNS                                                         \
	"SELECT id, order_id, number, out, version, scrambled, smb, asked," \
	" records, sha256, created, returned, current, mebx, written,"      \
	" (SELECT count(*) FROM key_records WHERE key_id = id"              \
	"  AND state = 'differs'),"                                         \
	" (SELECT count(*) FROM key_records WHERE key_id = id"              \
	"  AND state = 'possibly-applied')"                                 \
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
		" mebx) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, '', ?9,"
		" ?10, ?11)",
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

enum err_code
keyring_add(struct ledger *l, const struct order *o, struct keyring_key *k,
    struct err *e)
{
	bool single = keyring_single(&o->profile);
	struct db_stmt *s;

	snprintf(k->order, sizeof(k->order), "%s", o->id);
	stamp_now(k->created);
	if (next_number(l, k, e) != ERR_OK || insert_key(l, k, e) != ERR_OK ||
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
		return ERR_OK;
	return err_refuse(e, ERR_DATA, reason_get(REASON_KEY_EMPTY),
	    "order %s: of its %llu units none is left that is on no key", o->id,
	    (unsigned long long)o->issued);
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

/* The record behind last, with its unit where it has one. */
static enum err_code
next_record(struct ledger *l, const char *key, uint32_t last,
    struct keyring_record *r, bool *there, struct err *e)
{
	struct db_stmt *s;

	if (db_prepare(ledger_db(l),
		"SELECT record, uuid, r.pid, r.state, serial FROM key_records r"
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

	while (next_record(l, key, r.record, &r, &there, e) == ERR_OK && there)
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
		"SELECT key_id, record FROM key_records WHERE uuid = ?1", &s,
		e) != ERR_OK)
		return e->code;
	db_bind_text(s, 1, uuid);
	if (db_step(s, there, e) != ERR_OK || !*there)
		return e->code;
	snprintf(key, KEYRING_ID, "%s", db_text(s, 0));
	record = (uint32_t)db_int(s, 1);
	db_reset(s);
	return next_record(l, key, record - 1, r, there, e);
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

/* A key that came back. */

struct back {
	struct ledger *l;
	const uint8_t *file;
	struct setupbin head;
	struct keyring_key *k;
	struct order *o;
	struct setupbin_record *rec, *made; /* as read, as the ledger has it */
	struct unit *unit;
	struct keyring_record row; /* the ledger's, of the record at hand */
	struct keyring_result *res;
	uint8_t *seen; /* a state for each record, and COPY */
};

#define COPY 0x80

static size_t
record_size(const struct back *b)
{
	return (size_t)b->head.record_chunks * SETUPBIN_CHUNK;
}

static const uint8_t *
record_at(const struct back *b, uint32_t i)
{
	return b->file + (size_t)setupbin_offset(&b->head, i);
}

static bool
is_valid(const struct back *b, uint32_t i)
{
	return (get_u32le(record_at(b, i) + SETUPBIN_FLAGS_AT) &
		   SETUPBIN_VALID) != 0;
}

/* The digest of the file before any machine took a record of it. */
static void
digest_made(const struct back *b, char out[static 65])
{
	uint8_t chunk[SETUPBIN_CHUNK], digest[SHA256_LEN];
	const uint8_t *p = b->file;
	struct digest_sha256 d;

	digest_sha256_init(&d);
	memcpy(chunk, p, sizeof(chunk));
	put_u32le(chunk + SETUPBIN_CONSUMED_AT, 0);
	digest_sha256_add(&d, chunk, sizeof(chunk));
	digest_sha256_add(&d, p + sizeof(chunk),
	    (size_t)(record_at(b, 0) - p) - sizeof(chunk));
	for (uint32_t i = 0; i < b->head.count; i++) {
		p = record_at(b, i);
		memcpy(chunk, p, sizeof(chunk));
		/* A BIOS may mark it by the type as well. */
		put_u32le(chunk, 1);
		put_u32le(chunk + SETUPBIN_FLAGS_AT,
		    get_u32le(p + SETUPBIN_FLAGS_AT) | SETUPBIN_VALID);
		digest_sha256_add(&d, chunk, sizeof(chunk));
		digest_sha256_add(
		    &d, p + sizeof(chunk), record_size(b) - sizeof(chunk));
	}
	digest_sha256_end(&d, digest);
	text_hex(out, digest, sizeof(digest));
	secret_wipe(chunk, sizeof(chunk));
}

static bool
read_record(struct back *b, uint32_t i)
{
	struct rd r;

	rd_init(&r, record_at(b, i), record_size(b));
	return setupbin_record_read(&r, &b->head, b->rec) && rd_end(&r);
}

/* The PID of the record that was read, or "". */
static void
record_pid(const struct back *b, char out[static PSK_PID_LEN + 1])
{
	struct setupbin_entry entry;
	size_t at = 0;

	memset(out, 0, PSK_PID_LEN + 1);
	while (setupbin_next(b->rec, &at, &entry))
		if (entry.module == 2 && entry.id == 1 &&
		    entry.n == PSK_PID_LEN)
			memcpy(out, entry.value, PSK_PID_LEN);
}

/* The key and record that hold a PID. A shared one is on each key of its
 * order: the last is taken. */
static enum err_code
find_pid(struct ledger *l, const char *pid, char key[static KEYRING_ID],
    uint32_t *record, struct err *e)
{
	struct db_stmt *s;
	bool there;

	key[0] = '\0';
	*record = 0;
	if (pid[0] == '\0' ||
	    db_prepare(ledger_db(l),
		"SELECT key_id, record FROM key_records WHERE pid = ?1"
		" ORDER BY key_id DESC LIMIT 1",
		&s, e) != ERR_OK)
		return e->code;
	db_bind_text(s, 1, pid);
	if (db_step(s, &there, e) != ERR_OK || !there)
		return e->code;
	snprintf(key, KEYRING_ID, "%s", db_text(s, 0));
	*record = (uint32_t)db_int(s, 1);
	db_reset(s);
	return ERR_OK;
}

/* Which key is it? By its digest, else that of the first PID that is known. */
static enum err_code
identify(struct back *b, struct err *e)
{
	char sha256[65], key[KEYRING_ID] = "", pid[PSK_PID_LEN + 1];
	struct db_stmt *s;
	uint32_t record;

	digest_made(b, sha256);
	if (db_prepare(ledger_db(b->l),
		KEY_COLUMNS " WHERE sha256 = ?1 LIMIT 1", &s, e) != ERR_OK)
		return e->code;
	db_bind_text(s, 1, sha256);
	if (one_key(b->l, s, b->k, &b->res->whole, e) != ERR_OK ||
	    b->res->whole)
		return e->code;
	for (uint32_t i = 0; i < b->head.count && key[0] == '\0'; i++) {
		if (!read_record(b, i))
			continue;
		record_pid(b, pid);
		if (find_pid(b->l, pid, key, &record, e) != ERR_OK)
			return e->code;
	}
	if (key[0] != '\0')
		return keyring_load(b->l, key, b->k, e);
	return err_refuse(e, ERR_DATA, reason_get(REASON_KEY_UNKNOWN),
	    "no key of this ledger has this digest, or a PID of it in its "
	    "%u records",
	    b->head.count);
}

/* Is the record that was read the one that the ledger would write? */
static enum err_code
compare(struct back *b, bool *same, struct err *e)
{
	const struct unit *u;

	if (keyring_unit(b->l, &b->row, b->unit, &u, e) != ERR_OK ||
	    keyfill_record(b->o, b->k, u, b->row.record, b->made, e) != ERR_OK)
		return e->code;
	*same = b->rec->number == b->made->number &&
	    (b->rec->flags | SETUPBIN_VALID) == b->made->flags &&
	    b->rec->len == b->made->len &&
	    secret_equal(b->rec->entries, b->made->entries, b->made->len);
	return ERR_OK;
}

/* What record i shows; b->row becomes the ledger's row of it. */
static enum err_code
judge_record(
    struct back *b, uint32_t i, enum keyring_state *state, struct err *e)
{
	char key[KEYRING_ID], pid[PSK_PID_LEN + 1];
	uint32_t record = i + 1;
	bool there = true, same = true;

	*state = KEYRING_UNKNOWN;
	if (!b->res->whole) {
		if (!read_record(b, i))
			return ERR_OK;
		record_pid(b, pid);
		if (find_pid(b->l, pid, key, &record, e) != ERR_OK ||
		    strcmp(key, b->k->id) != 0)
			return e->code;
	}
	if (next_record(b->l, b->k->id, record - 1, &b->row, &there, e) !=
		ERR_OK ||
	    !there)
		return e->code;
	if (!b->res->whole && compare(b, &same, e) != ERR_OK)
		return e->code;
	/* What a machine took is taken, whatever it was. */
	*state = !is_valid(b, i) ? KEYRING_APPLIED
	    : same               ? KEYRING_UNUSED
				 : KEYRING_DIFFERS;
	return ERR_OK;
}

static enum err_code
store_state(struct back *b, enum keyring_state state, struct err *e)
{
	struct db_stmt *s;

	if (db_prepare(ledger_db(b->l),
		"UPDATE key_records SET state = ?1 WHERE key_id = ?2"
		" AND record = ?3",
		&s, e) != ERR_OK)
		return e->code;
	db_bind_text(s, 1, state_names[state]);
	db_bind_text(s, 2, b->k->id);
	db_bind_int(s, 3, b->row.record);
	return db_run(s, e);
}

static enum err_code
take_record(struct back *b, uint32_t i, struct err *e)
{
	enum keyring_state state, was;
	uint32_t twin;

	if (judge_record(b, i, &state, e) != ERR_OK)
		return e->code;
	if (state != KEYRING_UNKNOWN) {
		was = b->row.state;
		if (was == KEYRING_APPLIED && state != KEYRING_APPLIED) {
			b->seen[i] = COPY;
			b->res->copies++;
		}
		if (state < was)
			state = was;
		if (state != was && store_state(b, state, e) != ERR_OK)
			return e->code;
	}
	b->seen[i] |= (uint8_t)state;
	/* The same PID twice: what one shows holds for the other. */
	twin = state == KEYRING_UNKNOWN ? i : b->row.record - 1;
	if (twin < i && (b->seen[twin] & ~COPY) < state)
		b->seen[twin] = (uint8_t)((b->seen[twin] & COPY) | state);
	return ERR_OK;
}

static enum err_code
store_return(struct back *b, struct err *e)
{
	const struct keyring_result *r = b->res;
	char now[STAMP_LEN], why[200];
	struct db_stmt *s;

	stamp_now(now);
	if (db_prepare(ledger_db(b->l),
		"UPDATE keys SET returned = ?1 WHERE id = ?2", &s, e) != ERR_OK)
		return e->code;
	db_bind_text(s, 1, now);
	db_bind_text(s, 2, b->k->id);
	if (db_run(s, e) != ERR_OK)
		return e->code;
	snprintf(why, sizeof(why),
	    "%u records: %u unused, %u possibly applied, %u differ, %u unknown;"
	    " %u of a copy",
	    r->records, r->unused, r->applied, r->differs, r->unknown,
	    r->copies);
	return ledger_audit(b->l, "setupbin reconcile", b->k->id, why, e);
}

/* Everything that is one transaction. */
static enum err_code
take(struct back *b, struct err *e)
{
	struct keyring_result *r = b->res;
	uint32_t *const of[] = { [KEYRING_UNUSED] = &r->unused,
		[KEYRING_DIFFERS] = &r->differs,
		[KEYRING_APPLIED] = &r->applied,
		[KEYRING_UNKNOWN] = &r->unknown };
	uint32_t taken = 0;

	if (identify(b, e) != ERR_OK ||
	    order_load(b->l, b->k->order, &b->o, e) != ERR_OK)
		return e->code;
	snprintf(r->key, sizeof(r->key), "%s", b->k->id);
	snprintf(r->order, sizeof(r->order), "%s", b->k->order);
	r->keeps = (b->head.flags & SETUPBIN_KEEP) != 0;
	r->records = b->head.count;
	for (uint32_t i = 0; i < b->head.count; i++) {
		taken += !is_valid(b, i);
		if (take_record(b, i, e) != ERR_OK)
			return err_in(e, "record %u", i + 1);
	}
	for (uint32_t i = 0; i < b->head.count; i++)
		(*of[b->seen[i] & ~COPY])++;
	r->torn = taken != b->head.consumed;
	return store_return(b, e);
}

/* What is durable is told. */
static enum err_code
tell(struct back *b, keyring_fn *fn, void *arg, struct err *e)
{
	struct keyring_record r;
	enum keyring_state state;

	for (uint32_t i = 0; i < b->head.count && e->code == ERR_OK; i++) {
		if (judge_record(b, i, &state, e) != ERR_OK)
			break;
		memset(&r, 0, sizeof(r));
		if (state != KEYRING_UNKNOWN)
			r = b->row;
		r.record = i + 1;
		r.state = (enum keyring_state)(b->seen[i] & ~COPY);
		r.copy = (b->seen[i] & COPY) != 0;
		fn(arg, &r, e);
	}
	return e->code;
}

/* The header, and that all its records are there. */
static enum err_code
read_head(struct back *b, size_t n, struct err *e)
{
	struct rd r;

	rd_init(&r, b->file, n);
	if (setupbin_read(&r, &b->head) &&
	    rd_left(&r) / record_size(b) < b->head.count)
		rd_fail(&r, "the file ends before its last record");
	if (r.why == NULL)
		return ERR_OK;
	return rd_err(&r, reason_get(REASON_SETUPBIN_MALFORMED), e);
}

enum err_code
keyring_reconcile(struct ledger *l, const uint8_t *file, size_t n,
    keyring_fn *fn, void *arg, struct keyring_result *res, struct err *e)
{
	struct back b = { .l = l, .file = file, .res = res };

	memset(res, 0, sizeof(*res));
	if (read_head(&b, n, e) != ERR_OK)
		return e->code;
	b.k = calloc(1, sizeof(*b.k));
	b.rec = calloc(2, sizeof(*b.rec));
	b.unit = calloc(1, sizeof(*b.unit));
	b.seen = calloc((size_t)b.head.count + 1, 1);
	if (b.k == NULL || b.rec == NULL || b.unit == NULL || b.seen == NULL) {
		err_mem(e);
		goto out;
	}
	b.made = b.rec + 1;
	if (db_begin(ledger_db(l), e) == ERR_OK && take(&b, e) == ERR_OK)
		db_commit(ledger_db(l), e);
	if (e->code != ERR_OK)
		db_rollback(ledger_db(l));
	else if (fn != NULL)
		tell(&b, fn, arg, e);
out:
	if (b.k != NULL)
		keyring_wipe(b.k);
	if (b.rec != NULL)
		secret_wipe(b.rec, 2 * sizeof(*b.rec));
	if (b.unit != NULL)
		unit_wipe(b.unit);
	free(b.k);
	free(b.rec);
	free(b.unit);
	free(b.seen);
	order_free(b.o);
	return e->code;
}
