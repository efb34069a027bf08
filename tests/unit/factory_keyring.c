/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/keyfile.h"
#include "base/seal.h"
#include "factory/credential.h"
#include "factory/keyfill.h"
#include "factory/keypass.h"
#include "factory/keyback.h"
#include "factory/keyring.h"
#include "factory/unit.h"
#include "formats/reason.h"
#include "formats/setupbin.h"
#include "tests/onefolder.h"

#define RECORD(k) (SETUPBIN_CHUNK * (size_t)(k)) /* from 1 */

/* A ledger in a fresh folder, and the last key that was made of it. */
static char path[80];
static struct ledger *l;
static struct err e;
static struct order *o;
static struct keyring_key k;
static uint8_t file[512 * SETUPBIN_CHUNK], used[sizeof(file)];
static size_t len;
static struct keyback_result res;
static struct keyring_record seen[511];
static size_t nseen;

static const struct profile psk = { .customer = "c",
	.amt_major = 9,
	.enabled = true,
	.talk = true,
	.mebx = true };

static void
open_ledger(void)
{
	assert_int_equal(ledger_open(path, NULL, &l, &e), ERR_OK);
}

static int
fresh(void **state)
{
	err_clear(&e);
	l = NULL;
	o = NULL;
	assert_int_equal(folder_new(state), 0);
	snprintf(path, sizeof(path), "%s/L", dir);
	return 0;
}

static int
fresh_ledger(void **state)
{
	fresh(state);
	assert_int_equal(ledger_init(path, NULL, &e), ERR_OK);
	open_ledger();
	return 0;
}

static int
gone(void **state)
{
	order_free(o);
	ledger_close(l);
	return folder_free(state);
}

/* Order id with n units; o is it. */
static void
an_order(const char *id, const struct profile *p, int n)
{
	struct unit u;

	order_free(o);
	assert_int_equal(order_open(l, id, p, 0, &e), ERR_OK);
	assert_int_equal(order_load(l, id, &o, &e), ERR_OK);
	db_begin(ledger_db(l), &e);
	for (int i = 1; i <= n; i++) {
		memset(&u, 0, sizeof(u));
		u.uuid.b[0] = (uint8_t)id[0];
		u.uuid.b[1] = (uint8_t)i;
		u.uuid.b[2] = (uint8_t)(i >> 8);
		snprintf(u.serial, sizeof(u.serial), "%s%d", id, i);
		strcpy(u.state, "issued");
		strcpy(u.issued, "2026-01-31T12:00:00Z");
		if (!p->pki && !p->key_shared)
			credential_psk(l, &u.psk, &e);
		credential_password(u.mebx, &e);
		assert_int_equal(unit_insert(l, o, &u, &e), ERR_OK);
		unit_wipe(&u);
	}
	db_commit(ledger_db(l), &e);
	assert_int_equal(e.code, ERR_OK);
}

static enum err_code
keep(void *arg, const void *p, size_t n, struct err *why)
{
	(void)arg;
	(void)why;
	assert_true(n <= sizeof(file) - len);
	memcpy(file + len, p, n);
	len += n;
	return ERR_OK;
}

/* What the ledger gives for k into file. */
static void
write_key(void)
{
	len = 0;
	assert_int_equal(keyfill_write(l, o, &k, keep, NULL, &e), ERR_OK);
	assert_int_equal(len, RECORD(k.records + 1));
}

/* A new key of the order, at most n records; k and file are it. */
static void
a_key(uint32_t n)
{
	memset(&k, 0, sizeof(k));
	keyfill_default(&o->profile, &k.major, &k.minor);
	k.asked = n;
	snprintf(k.out, sizeof(k.out), "/keys/%u", n);
	if (keyring_single(&o->profile))
		strcpy(k.mebx, "P@ssw0rdP@ssw0rd");
	assert_int_equal(db_begin(ledger_db(l), &e), ERR_OK);
	assert_int_equal(keyring_add(l, o, &k, &e), ERR_OK);
	write_key();
	assert_int_equal(keyring_done(l, &k, &e), ERR_OK);
	assert_int_equal(db_commit(ledger_db(l), &e), ERR_OK);
	memcpy(used, file, len);
}

/* As a BIOS does, in used. */
static void
consume(uint32_t record)
{
	uint8_t *flags = used + RECORD(record) + SETUPBIN_FLAGS_AT;

	put_u32le(flags, get_u32le(flags) & ~SETUPBIN_VALID);
	put_u32le(used + SETUPBIN_CONSUMED_AT,
	    get_u32le(used + SETUPBIN_CONSUMED_AT) + 1);
}

static enum err_code
hear(void *arg, const struct keyring_record *r, struct err *why)
{
	(void)arg;
	(void)why;
	assert_true(nseen < sizeof(seen) / sizeof(seen[0]));
	seen[nseen++] = *r;
	return ERR_OK;
}

static enum err_code
back(void)
{
	nseen = 0;
	err_clear(&e);
	return keyback_reconcile(l, used, len, hear, NULL, &res, &e);
}

static void
counts(uint32_t unused, uint32_t applied, uint32_t differs, uint32_t unknown)
{
	assert_int_equal(res.unused, unused);
	assert_int_equal(res.applied, applied);
	assert_int_equal(res.differs, differs);
	assert_int_equal(res.unknown, unknown);
	assert_int_equal(res.records, unused + applied + differs + unknown);
	assert_int_equal(nseen, res.records);
}

/* As the ledger has it. */
static void
kept(uint32_t unused, uint32_t applied, uint32_t differs)
{
	struct keyring_key now;

	assert_int_equal(keyring_load(l, k.id, &now, &e), ERR_OK);
	assert_int_equal(now.unused, unused);
	assert_int_equal(now.applied, applied);
	assert_int_equal(now.differs, differs);
	keyring_wipe(&now);
}

static int64_t
number(const char *sql)
{
	struct db_stmt *s;
	int64_t n;
	bool row;

	assert_int_equal(db_prepare(ledger_db(l), sql, &s, &e), ERR_OK);
	assert_int_equal(db_step(s, &row, &e), ERR_OK);
	assert_true(row);
	n = db_int(s, 0);
	db_reset(s);
	return n;
}

/* The value of an entry of a record in file. */
static size_t
entry(uint32_t record, uint16_t module, uint16_t id, char out[static 64])
{
	static struct setupbin_record rec;
	struct setupbin_entry one;
	struct setupbin head;
	size_t at = 0, n = 0;
	struct rd r;

	memset(out, 0, 64);
	rd_init(&r, file, len);
	assert_true(setupbin_read(&r, &head));
	for (uint32_t i = 0; i < record; i++)
		assert_true(setupbin_record_read(&r, &head, &rec));
	while (setupbin_next(&rec, &at, &one))
		if (one.module == module && one.id == id) {
			assert_true(one.n < 64);
			memcpy(out, one.value, one.n);
			n = one.n;
		}
	return n;
}

static enum err_code
check_unit(void *arg, const struct keyring_record *r, struct err *why)
{
	struct uuid uuid;
	struct unit u;
	char value[64];

	(void)arg;
	assert_true(uuid_parse(&uuid, r->uuid));
	assert_int_equal(unit_load(l, &uuid, &u, why), ERR_OK);
	assert_string_equal(r->serial, u.serial);
	assert_string_equal(r->pid, u.psk.pid);
	entry(r->record, 1, 1, value);
	assert_string_equal(value, "admin");
	entry(r->record, 1, 2, value);
	assert_string_equal(value, u.mebx);
	entry(r->record, 2, 1, value);
	assert_string_equal(value, u.psk.pid);
	entry(r->record, 2, 2, value);
	assert_string_equal(value, u.psk.pps);
	unit_wipe(&u);
	return ERR_OK;
}

static void
each_record_is_its_units(void **state)
{
	(void)state;
	an_order("A", &psk, 7);
	a_key(5);
	assert_int_equal(k.records, 5);
	assert_string_equal(k.id, "A-key1");
	assert_int_equal(keyring_each(l, k.id, check_unit, NULL, &e), ERR_OK);
	a_key(5);
	assert_int_equal(k.records, 2);
	assert_string_equal(k.id, "A-key2");
	assert_int_equal(keyring_each(l, k.id, check_unit, NULL, &e), ERR_OK);
	assert_int_equal(
	    number("SELECT count(DISTINCT pid) FROM key_records"), 7);
}

static void
no_unit_is_on_two_keys(void **state)
{
	(void)state;
	an_order("A", &psk, 3);
	a_key(0);
	memset(&k, 0, sizeof(k));
	k.major = 2;
	db_begin(ledger_db(l), &e);
	assert_int_equal(keyring_add(l, o, &k, &e), ERR_DATA);
	assert_ptr_equal(e.reason, reason_get(REASON_KEY_EMPTY));
	db_rollback(ledger_db(l));
	err_clear(&e);
	/* Nor by whoever goes past keyring_add(). */
	assert_int_not_equal(
	    db_exec(ledger_db(l),
		"INSERT INTO key_records SELECT key_id, record + 9, uuid, pid,"
		" state, own FROM key_records",
		&e),
	    ERR_OK);
	err_clear(&e);
	assert_int_not_equal(
	    db_exec(ledger_db(l),
		"UPDATE key_records SET pid = (SELECT pid FROM key_records"
		" WHERE record = 1)",
		&e),
	    ERR_OK);
}

static void
the_ledger_gives_the_same_bytes_again(void **state)
{
	struct keyring_key again;

	(void)state;
	an_order("A", &psk, 300);
	a_key(0);
	strcpy(again.sha256, "");
	assert_int_equal(keyring_load(l, "A-key1", &again, &e), ERR_OK);
	assert_string_equal(again.sha256, k.sha256);
	k = again;
	write_key();
	assert_memory_equal(file, used, len);
	assert_string_equal(again.sha256, k.sha256);
}

static void
a_key_that_comes_back_is_known_by_its_digest(void **state)
{
	(void)state;
	an_order("A", &psk, 4);
	a_key(0);
	assert_int_equal(back(), ERR_OK);
	assert_true(res.whole && !res.keeps && !res.torn);
	assert_string_equal(res.key, "A-key1");
	assert_string_equal(res.order, "A");
	counts(4, 0, 0, 0);
	consume(1);
	consume(2);
	/* some BIOSes may mark the type too */
	put_u32le(used + RECORD(2), 0);
	assert_int_equal(back(), ERR_OK);
	assert_true(res.whole && !res.torn);
	counts(2, 2, 0, 0);
	assert_int_equal(seen[0].state, KEYRING_APPLIED);
	assert_int_equal(seen[2].state, KEYRING_UNUSED);
	assert_string_equal(seen[1].serial, "A2");
	assert_int_equal(seen[1].record, 2);
	kept(2, 2, 0);
	assert_int_equal(number("SELECT count(*) FROM audit WHERE what ="
				" 'setupbin reconcile' AND object = 'A-key1'"),
	    2);
	/* bytes behind the last record are not the key's */
	memset(used + len, 0, SETUPBIN_CHUNK);
	len += SETUPBIN_CHUNK;
	assert_int_equal(back(), ERR_OK);
	counts(2, 2, 0, 0);
}

static void
a_record_never_goes_back_to_unused(void **state)
{
	(void)state;
	an_order("A", &psk, 4);
	a_key(0);
	consume(1);
	consume(2);
	assert_int_equal(back(), ERR_OK);
	assert_int_equal(res.copies, 0);
	memcpy(used, file, len);
	consume(1);
	assert_int_equal(back(), ERR_OK);
	assert_int_equal(res.copies, 1);
	counts(2, 2, 0, 0);
	assert_false(seen[0].copy);
	assert_true(seen[1].copy);
	kept(2, 2, 0);
}

static void
a_counter_that_was_not_written_is_told(void **state)
{
	(void)state;
	an_order("A", &psk, 3);
	a_key(0);
	consume(1);
	put_u32le(used + SETUPBIN_CONSUMED_AT, 0);
	assert_int_equal(back(), ERR_OK);
	assert_true(res.whole && res.torn);
	counts(2, 1, 0, 0);
}

static void
a_changed_record_differs_and_a_foreign_one_is_unknown(void **state)
{
	(void)state;
	an_order("A", &psk, 5);
	a_key(0);
	used[RECORD(1) + 24 + 8] ^= 1; /* the current password */
	used[RECORD(2) + 29] = 0xff;   /* nothing that can be read */
	used[RECORD(3) + 29] = 0xff;   /* nor this, and it was taken */
	consume(3);
	used[RECORD(4) + 24 + 8] ^= 1; /* taken, whatever it was */
	consume(4);
	assert_int_equal(back(), ERR_OK);
	assert_false(res.whole);
	counts(1, 1, 1, 2);
	assert_int_equal(seen[0].state, KEYRING_DIFFERS);
	assert_int_equal(seen[1].state, KEYRING_UNKNOWN);
	assert_string_equal(seen[1].pid, "");
	assert_int_equal(seen[3].state, KEYRING_APPLIED);
	assert_int_equal(seen[4].state, KEYRING_UNUSED);
	kept(3, 1, 1);
	/* The whole key shows what is not so any more. */
	memcpy(used, file, len);
	assert_int_equal(back(), ERR_OK);
	assert_true(res.whole);
	assert_int_equal(res.copies, 1);
	kept(3, 1, 1);
}

static void
records_of_another_key_are_not_this_ones(void **state)
{
	static uint8_t first[3 * SETUPBIN_CHUNK];

	(void)state;
	an_order("A", &psk, 6);
	a_key(2);
	memcpy(first, file, sizeof(first));
	a_key(4);
	memcpy(used + RECORD(2), first + RECORD(2), RECORD(1));
	/* one of its own, but twice */
	memcpy(used + RECORD(4), used + RECORD(1), RECORD(1));
	put_u32le(used + RECORD(4) + 0x14, 4);
	assert_int_equal(back(), ERR_OK);
	assert_string_equal(res.key, "A-key2");
	assert_int_equal(seen[0].state, KEYRING_DIFFERS); /* with its twin */
	assert_int_equal(seen[1].state, KEYRING_UNKNOWN);
	assert_int_equal(seen[2].state, KEYRING_UNUSED);
	assert_int_equal(seen[3].state, KEYRING_DIFFERS);
	assert_string_equal(seen[3].serial, "A3");
}

static void
what_is_no_key_of_the_ledger_is_refused(void **state)
{
	(void)state;
	an_order("B", &psk, 2);
	a_key(0);
	put_u32le(used + 0x1c, 3);
	assert_int_equal(back(), ERR_DATA);
	assert_ptr_equal(e.reason, reason_get(REASON_SETUPBIN_MALFORMED));
	assert_int_equal(nseen, 0);
	memset(used, 0, len);
	assert_int_equal(back(), ERR_DATA);
	assert_ptr_equal(e.reason, reason_get(REASON_SETUPBIN_MALFORMED));
	memcpy(used, file, len);
	len = 100;
	assert_int_equal(back(), ERR_DATA);
	err_clear(&e);
	/* the same key in a ledger that did not make it */
	len = RECORD(3);
	ledger_close(l);
	snprintf(path, sizeof(path), "%s/M", dir);
	assert_int_equal(ledger_init(path, NULL, &e), ERR_OK);
	open_ledger();
	assert_int_equal(back(), ERR_DATA);
	assert_ptr_equal(e.reason, reason_get(REASON_KEY_UNKNOWN));
	err_clear(&e);
	assert_int_equal(number("SELECT count(*) FROM audit"), 1);
}

/* Every byte flipped in turn: what is durable only grows. */
static void
damage_never_unsettles_the_ledger(void **state)
{
	static const uint8_t masks[] = { 0x01, 0x10, 0xff };
	uint32_t x = 2463534242; /* the seed of a fixed sequence */
	size_t size;

	(void)state;
	an_order("A", &psk, 3);
	a_key(0);
	size = len;
	consume(1);
	assert_int_equal(back(), ERR_OK);
	memcpy(file, used, len);
	for (int i = 0; i < 1500; i++) {
		len = size;
		memcpy(used, file, len);
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		/* The filled part of a record is its first half. */
		used[x / 8 % len & ~(size_t)0x80] ^= masks[x % 3];
		if (x % 7 == 0)
			len = x / 16 % len;
		back();
		assert_true(e.code == ERR_OK || e.code == ERR_DATA);
		assert_int_equal(number("SELECT count(*) FROM key_records WHERE"
					" record = 1 AND state ="
					" 'possibly-applied'"),
		    1);
	}
}

static void
a_key_for_all_machines_keeps_its_record(void **state)
{
	struct profile p = psk;
	char value[64];

	(void)state;
	p.amt_major = 16;
	p.pki = true;
	p.hashes.n = 1;
	p.hashes.e[0] = (struct hash_entry){ .type = HASH_SHA256,
		.hash = { 1, 2, 3 },
		.name = "root",
		.active = true };
	strcpy(p.hash_list, "list-1");
	an_order("P", &p, 3);
	a_key(0);
	assert_int_equal(k.records, 1);
	assert_int_equal(entry(1, 2, 8, value), 2 + 32 + 4);
	assert_int_equal(value[0], HASH_SHA256);
	assert_memory_equal(value + 33, "\4root", 5);
	entry(1, 1, 2, value);
	assert_string_equal(value, k.mebx);
	assert_int_equal(entry(1, 2, 1, value), 0);
	assert_int_equal(entry(1, 2, 28, value), 1);
	assert_int_equal(value[0], 1);
	assert_int_equal(back(), ERR_OK);
	assert_true(res.whole && res.keeps);
	counts(1, 0, 0, 0);
	assert_string_equal(seen[0].uuid, "");
	used[RECORD(1) + 24 + 8] ^= 1;
	assert_int_equal(back(), ERR_DATA); /* nothing to know it by */
	assert_ptr_equal(e.reason, reason_get(REASON_KEY_UNKNOWN));
	err_clear(&e);
}

static void
units_take_the_password_of_a_key_for_all(void **state)
{
	static struct profile p;
	char has[PASSWD_MAX + 1];
	const struct uuid two = { { 'S', 2 } }, three = { { 'S', 3 } };
	static struct unit u;
	uint64_t n;

	(void)state;
	p = psk;
	p.key_shared = true;
	an_order("S", &p, 3);
	assert_int_equal(keypass_get(l, "S", has, &e), ERR_OK);
	assert_string_equal(has, "");
	a_key(0);
	assert_int_equal(keypass_get(l, "S", has, &e), ERR_OK);
	assert_string_equal(has, k.mebx);
	unit_mark(l, &two, "written", "has an image", &e);
	assert_int_equal(keypass_adopt(l, o, &k, &n, &e), ERR_OK);
	assert_int_equal(n, 2);
	assert_int_equal(unit_load(l, &two, &u, &e), ERR_OK);
	assert_string_not_equal(u.mebx, k.mebx);
	assert_int_equal(unit_load(l, &three, &u, &e), ERR_OK);
	assert_string_equal(u.mebx, k.mebx);
	assert_int_equal(keypass_adopt(l, o, &k, &n, &e), ERR_OK);
	assert_int_equal(n, 0);
	/* With a manifest out, a change is refused; none is none. */
	order_manifest_add(l, "S", 1, "aa", &e);
	assert_int_equal(keypass_adopt(l, o, &k, &n, &e), ERR_OK);
	strcpy(k.mebx, "An0ther!An0ther!");
	assert_int_equal(keypass_adopt(l, o, &k, &n, &e), ERR_DATA);
	assert_ptr_equal(e.reason, reason_get(REASON_KEY_MANIFEST));
	unit_wipe(&u);
}

/* What a profile cannot have on a key. */
static void
judged(const struct profile *p, uint8_t major, uint8_t minor, const char *words)
{
	static struct order one;
	struct profile_notes notes = { 0 };

	memset(&one, 0, sizeof(one));
	strcpy(one.id, "X");
	one.profile = *p;
	memset(&k, 0, sizeof(k));
	k.major = major;
	k.minor = minor;
	err_clear(&e);
	keyfill_judge(&one, &k, &notes, &e);
	assert_int_equal(e.code, words == NULL ? ERR_OK : ERR_DATA);
	if (words != NULL) {
		assert_ptr_equal(e.reason, reason_get(REASON_KEY_UNFIT));
		assert_non_null(strstr(e.msg, words));
	}
	err_clear(&e);
}

static void
what_no_key_can_say_is_refused(void **state)
{
	struct profile p = psk;

	(void)state;
	judged(&p, 1, 0, NULL);
	judged(&p, 4, 0, NULL);
	p.amt_major = 11;
	judged(&p, 4, 0, "AMT 11 does nothing with a PSK");
	p = psk;
	p.mebx = false;
	judged(&p, 2, 0, "mebx = \"random\"");
	p = psk;
	p.key_shared = true;
	judged(&p, 1, 0, "needs a file of version 2.0");
	judged(&p, 2, 0, NULL);
	p = psk;
	p.pki = true;
	p.hashes.n = 1;
	p.hashes.e[0] = (struct hash_entry){
		.type = HASH_SHA256, .name = "root", .active = true
	};
	judged(&p, 2, 1, "needs a file of version 3.0");
	judged(&p, 3, 0, NULL);
	p.hashes.e[0].type = HASH_SHA1;
	judged(&p, 2, 0, NULL);
	p.amt_major = 15;
	judged(&p, 4, 0, NULL);
	p.amt_major = 16;
	judged(&p, 4, 0, "SHA-1, which AMT 16 does not take");
	p = psk;
	memset(p.server_fqdn, 'x', 200);
	judged(&p, 2, 0, NULL);
	memset(p.pki_dns_suffix, 'x', 200);
	judged(&p, 2, 0, "more than the 484 bytes");
}

/* A ledger as the first version of the program made it. */
static const char step_1[] =
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value BLOB NOT NULL);"
    "CREATE TABLE orders (id TEXT PRIMARY KEY, profile TEXT NOT NULL,"
    " profile_sha256 TEXT NOT NULL, quantity INTEGER NOT NULL,"
    " closed INTEGER NOT NULL DEFAULT 0, opened TEXT NOT NULL,"
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

/* Its order and unit, with sealed secrets, by SQL alone. */
static void
fill_old(struct db *db, const struct secret *key)
{
	static const char uuid[] = "04030201-0000-0000-0000-000000000000";
	static const char pps[] = "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ";
	uint8_t s1[32 + CRYPTO_SEAL_MORE], s2[8 + CRYPTO_SEAL_MORE];
	static char json[PROFILE_JSON_MAX];
	struct db_stmt *s;
	struct wr w;

	wr_fixed(&w, json, sizeof(json) - 1);
	profile_store(&w, &psk);
	json[w.len] = '\0';
	assert_int_equal(
	    seal_check_put(db, key, "amtforge ledger", &e), ERR_OK);
	db_prepare(db,
	    "INSERT INTO orders VALUES ('A', ?1, '', 0, 0, '',"
	    " NULL, NULL, NULL, NULL)",
	    &s, &e);
	db_bind_text(s, 1, json);
	assert_int_equal(db_run(s, &e), ERR_OK);
	seal_put(key, "units.pps", uuid, pps, 32, s1, &e);
	seal_put(key, "units.mebx", uuid, "P@ssw0rd", 8, s2, &e);
	db_prepare(db,
	    "INSERT INTO units VALUES (1, ?1, 'S1', 'A', 'issued',"
	    " '', '', '2026-01-31T12:00:00Z', '0000037M', ?2, ?3,"
	    " NULL, NULL, NULL)",
	    &s, &e);
	db_bind_text(s, 1, uuid);
	db_bind_blob(s, 2, s1, sizeof(s1));
	db_bind_blob(s, 3, s2, sizeof(s2));
	assert_int_equal(db_run(s, &e), ERR_OK);
}

static void
an_older_ledger_is_brought_up_when_it_is_opened(void **state)
{
	const char *const ddl[] = { step_1 };
	const struct db_schema old = { 0x414d5446, 1, ddl };
	struct secret key = { 0 };
	char keyfile[90], value[64];
	struct db *db;

	(void)state;
	snprintf(keyfile, sizeof(keyfile), "%s.key", path);
	assert_int_equal(keyfile_make(keyfile, &e), ERR_OK);
	assert_int_equal(keyfile_read(keyfile, &key, &e), ERR_OK);
	assert_int_equal(db_create(path, &old, &db, &e), ERR_OK);
	fill_old(db, &key);
	db_close(db);
	secret_free(&key);
	open_ledger();
	assert_int_equal(number("PRAGMA user_version"), 2);
	assert_int_equal(order_load(l, "A", &o, &e), ERR_OK);
	a_key(0);
	assert_int_equal(k.records, 1);
	entry(1, 2, 1, value);
	assert_string_equal(value, "0000037M");
	entry(1, 1, 2, value);
	assert_string_equal(value, "P@ssw0rd");
	consume(1);
	assert_int_equal(back(), ERR_OK);
	counts(0, 1, 0, 0);
	assert_string_equal(seen[0].serial, "S1");
	/* It is a step, not a sight: the next one to open finds it there. */
	ledger_close(l);
	open_ledger();
	kept(0, 1, 0);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, fresh_ledger, gone)
	const struct CMUnitTest tests[] = {
		CASE(each_record_is_its_units),
		CASE(no_unit_is_on_two_keys),
		CASE(the_ledger_gives_the_same_bytes_again),
		CASE(a_key_that_comes_back_is_known_by_its_digest),
		CASE(a_record_never_goes_back_to_unused),
		CASE(a_counter_that_was_not_written_is_told),
		CASE(a_changed_record_differs_and_a_foreign_one_is_unknown),
		CASE(records_of_another_key_are_not_this_ones),
		CASE(what_is_no_key_of_the_ledger_is_refused),
		CASE(damage_never_unsettles_the_ledger),
		CASE(a_key_for_all_machines_keeps_its_record),
		CASE(units_take_the_password_of_a_key_for_all),
		CASE(what_no_key_can_say_is_refused),
		cmocka_unit_test_setup_teardown(
		    an_older_ledger_is_brought_up_when_it_is_opened, fresh,
		    gone),
	};

	crypto_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
