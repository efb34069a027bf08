/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/secret.h"
#include "base/stamp.h"
#include "base/text.h"
#include "factory/keyback.h"
#include "factory/keyfill.h"
#include "factory/unit.h"
#include "formats/reason.h"
#include "formats/setupbin.h"

struct back {
	struct ledger *l;
	const uint8_t *file;
	struct setupbin head;
	struct keyring_key *k;
	struct order *o;
	struct setupbin_record *rec, *made; /* as read, as the ledger has it */
	struct unit *unit;
	struct keyring_record row; /* the ledger's, of the record at hand */
	struct keyback_result *res;
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

/* The record of the key that holds a PID; 0: none. */
static enum err_code
find_pid(struct ledger *l, const char *key, const char *pid, uint32_t *record,
    struct err *e)
{
	struct db_stmt *s;
	bool there;

	*record = 0;
	if (pid[0] == '\0' ||
	    db_prepare(ledger_db(l),
		"SELECT record FROM key_records WHERE pid = ?1"
		" AND key_id = ?2",
		&s, e) != ERR_OK)
		return e->code;
	db_bind_text(s, 1, pid);
	db_bind_text(s, 2, key);
	if (db_step(s, &there, e) != ERR_OK || !there)
		return e->code;
	*record = (uint32_t)db_int(s, 0);
	db_reset(s);
	return ERR_OK;
}

/* The nth key that holds a PID, "" behind the last; those with as many records
 * as the file first, and the newest of them. */
static enum err_code
nth_key(struct back *b, const char *pid, unsigned n,
    char key[static KEYRING_ID], struct err *e)
{
	struct db_stmt *s;
	bool there;

	key[0] = '\0';
	if (pid[0] == '\0' ||
	    db_prepare(ledger_db(b->l),
		"SELECT id FROM keys JOIN key_records ON key_id = id"
		" WHERE pid = ?1 ORDER BY records = ?2 DESC, number DESC"
		" LIMIT 1 OFFSET ?3",
		&s, e) != ERR_OK)
		return e->code;
	db_bind_text(s, 1, pid);
	db_bind_int(s, 2, b->head.count);
	db_bind_int(s, 3, n);
	if (db_step(s, &there, e) != ERR_OK || !there)
		return e->code;
	snprintf(key, KEYRING_ID, "%s", db_text(s, 0));
	db_reset(s);
	return ERR_OK;
}

/* How many records of the file have a PID of the key. */
static enum err_code
count_pids(struct back *b, const char *key, uint32_t *n, struct err *e)
{
	char pid[PSK_PID_LEN + 1];
	uint32_t record;

	*n = 0;
	for (uint32_t i = 0; i < b->head.count; i++) {
		if (!read_record(b, i))
			continue;
		record_pid(b, pid);
		if (find_pid(b->l, key, pid, &record, e) != ERR_OK)
			return e->code;
		*n += record != 0;
	}
	return ERR_OK;
}

/* A unit that was named again is on several keys, and so is a shared PSK: of
 * those that hold the first PID that is known, the one with the most of them.
 */
static enum err_code
best_key(struct back *b, char best[static KEYRING_ID], struct err *e)
{
	char key[KEYRING_ID] = "", pid[PSK_PID_LEN + 1];
	uint32_t hits, most = 0;

	best[0] = '\0';
	for (uint32_t i = 0; i < b->head.count && key[0] == '\0'; i++) {
		if (!read_record(b, i))
			continue;
		record_pid(b, pid);
		if (nth_key(b, pid, 0, key, e) != ERR_OK)
			return e->code;
	}
	for (unsigned n = 1; key[0] != '\0'; n++) {
		if (count_pids(b, key, &hits, e) != ERR_OK)
			return e->code;
		if (hits > most) {
			most = hits;
			memcpy(best, key, KEYRING_ID);
		}
		if (nth_key(b, pid, n, key, e) != ERR_OK)
			return e->code;
	}
	return ERR_OK;
}

/* Which key is it? By its digest, else by the PIDs. Two keys of one record are
 * equal where the unit was named again: then it is the newer. */
static enum err_code
identify(struct back *b, struct err *e)
{
	char sha256[65], key[KEYRING_ID];

	digest_made(b, sha256);
	if (keyring_of_digest(b->l, sha256, b->k, &b->res->whole, e) !=
		ERR_OK ||
	    b->res->whole || best_key(b, key, e) != ERR_OK)
		return e->code;
	if (key[0] != '\0')
		return keyring_load(b->l, key, b->k, e);
	return err_refuse(e, ERR_DATA, reason_get(REASON_KEY_UNKNOWN),
	    "no key of this ledger has this digest, or a PID of it in its "
	    "%u record%s",
	    b->head.count, text_plural(b->head.count));
}

/* Is the record that was read the one that the ledger would write? */
static enum err_code
compare(struct back *b, bool *same, struct err *e)
{
	const struct unit *u;

	if (keyring_unit(b->l, &b->row, b->unit, &u, e) != ERR_OK ||
	    keyfill_record(b->o, b->k, u, &b->row, b->made, e) != ERR_OK)
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
	char pid[PSK_PID_LEN + 1];
	uint32_t record = i + 1;
	bool there = true, same = true;

	*state = KEYRING_UNKNOWN;
	if (!b->res->whole) {
		if (!read_record(b, i))
			return ERR_OK;
		record_pid(b, pid);
		if (find_pid(b->l, b->k->id, pid, &record, e) != ERR_OK ||
		    record == 0)
			return e->code;
	}
	if (keyring_next(b->l, b->k->id, record - 1, &b->row, &there, e) !=
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
	db_bind_text(s, 1, keyring_state_name(state));
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
	const struct keyback_result *r = b->res;
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
	    "%u record%s: %u unused, %u possibly applied, %u differ, %u "
	    "unknown;"
	    " %u of a copy",
	    r->records, text_plural(r->records), r->unused, r->applied,
	    r->differs, r->unknown, r->copies);
	return ledger_audit(b->l, "setupbin reconcile", b->k->id, why, e);
}

/* Everything that is one transaction. */
static enum err_code
take(struct back *b, struct err *e)
{
	struct keyback_result *r = b->res;
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
keyback_reconcile(struct ledger *l, const uint8_t *file, size_t n,
    keyring_fn *fn, void *arg, struct keyback_result *res, struct err *e)
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
	if (db_begin(ledger_db(l), e) == ERR_OK)
		take(&b, e);
	if (db_end(ledger_db(l), e) == ERR_OK && fn != NULL)
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
