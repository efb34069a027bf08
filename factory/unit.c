/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/text.h"
#include "base/x509.h"
#include "factory/unit.h"
#include "formats/reason.h"

/* o.*: what the order shares with all its units, NULL where it does not. */
#define UNIT_COLUMNS                                                      \
	"SELECT n, uuid, serial, order_id, state, sku, macs, issued,"     \
	" coalesce(u.pid, o.pid), u.pps, o.pps, mebx, otp, u.key, o.key," \
	" coalesce(u.cert, o.cert)"                                       \
	" FROM units u JOIN orders o ON order_id = id"

void
unit_wipe(struct unit *u)
{
	secret_wipe(u, sizeof(*u));
}

static void
copy_text(struct db_stmt *s, int i, char *out, size_t room)
{
	snprintf(out, room, "%s", db_text(s, i));
}

/* A sealed column into out, left empty where it is NULL. */
static enum err_code
open_blob(struct ledger *l, struct db_stmt *s, int i, const char *column,
    void *out, size_t room, size_t *len, struct err *e)
{
	/* An order's column is bound to the order, a unit's to the UUID. */
	const char *row = db_text(s, column[0] == 'o' ? 3 : 1);
	const void *p;
	size_t n;

	if ((p = db_blob(s, i, &n)) == NULL)
		return ERR_OK;
	return ledger_unseal(l, column, row, p, n, out, room, len, e);
}

static enum err_code
read_secrets(struct ledger *l, struct db_stmt *s, struct unit *u, struct err *e)
{
	if (open_blob(l, s, 9, "units.pps", u->psk.pps, PSK_PPS_LEN, NULL, e) !=
		ERR_OK ||
	    open_blob(l, s, 10, "orders.pps", u->psk.pps, PSK_PPS_LEN, NULL,
		e) != ERR_OK ||
	    open_blob(l, s, 11, "units.mebx", u->mebx, sizeof(u->mebx) - 1,
		NULL, e) != ERR_OK ||
	    open_blob(l, s, 12, "units.otp", u->otp, sizeof(u->otp) - 1, NULL,
		e) != ERR_OK ||
	    open_blob(l, s, 13, "units.key", u->key, sizeof(u->key),
		&u->key_len, e) != ERR_OK)
		return e->code;
	return open_blob(
	    l, s, 14, "orders.key", u->key, sizeof(u->key), &u->key_len, e);
}

/* The row a statement of UNIT_COLUMNS stands on. */
static enum err_code
read_row(struct ledger *l, struct db_stmt *s, struct unit *u, struct err *e)
{
	const void *cert;
	size_t n;

	memset(u, 0, sizeof(*u));
	if (!uuid_parse(&u->uuid, db_text(s, 1)))
		return err_refuse(e, ERR_DATA,
		    reason_get(REASON_LEDGER_DAMAGED), "row %lld: not a UUID",
		    (long long)db_int(s, 0));
	copy_text(s, 2, u->serial, sizeof(u->serial));
	copy_text(s, 3, u->order, sizeof(u->order));
	copy_text(s, 4, u->state, sizeof(u->state));
	copy_text(s, 5, u->sku, sizeof(u->sku));
	copy_text(s, 6, u->macs, sizeof(u->macs));
	copy_text(s, 7, u->issued, sizeof(u->issued));
	copy_text(s, 8, u->psk.pid, sizeof(u->psk.pid));
	cert = db_blob(s, 15, &n);
	if (cert != NULL && n <= sizeof(u->cert)) {
		memcpy(u->cert, cert, n);
		u->cert_len = n;
	}
	return read_secrets(l, s, u, e);
}

enum err_code
unit_load(
    struct ledger *l, const struct uuid *uuid, struct unit *u, struct err *e)
{
	char text[UUID_TEXT];
	struct db_stmt *s;
	bool row;

	memset(u, 0, sizeof(*u));
	uuid_text(uuid, text);
	if (db_prepare(ledger_db(l), UNIT_COLUMNS " WHERE uuid = ?1", &s, e) !=
	    ERR_OK)
		return e->code;
	db_bind_text(s, 1, text);
	if (db_step(s, &row, e) != ERR_OK)
		return e->code;
	if (!row)
		return err_refuse(e, ERR_DATA, reason_get(REASON_UNIT_UNKNOWN),
		    "no unit %s in this ledger", text);
	if (read_row(l, s, u, e) != ERR_OK)
		unit_wipe(u);
	db_reset(s);
	return e->code;
}

/* One row, or none, of what ?1 is bound to. */
static enum err_code
brief(struct ledger *l, const char *sql, const char *key, struct unit_brief *u,
    struct err *e)
{
	struct db_stmt *s;

	memset(u, 0, sizeof(*u));
	if (db_prepare(ledger_db(l), sql, &s, e) != ERR_OK)
		return e->code;
	db_bind_text(s, 1, key);
	if (db_step(s, &u->there, e) != ERR_OK || !u->there)
		return e->code;
	if (!uuid_parse(&u->uuid, db_text(s, 0)))
		err_refuse(e, ERR_DATA, reason_get(REASON_LEDGER_DAMAGED),
		    "unit %s: its UUID is none", key);
	copy_text(s, 1, u->serial, sizeof(u->serial));
	copy_text(s, 2, u->order, sizeof(u->order));
	copy_text(s, 3, u->state, sizeof(u->state));
	db_reset(s);
	return e->code;
}

enum err_code
unit_by_uuid(struct ledger *l, const struct uuid *uuid, struct unit_brief *u,
    struct err *e)
{
	char text[UUID_TEXT];

	uuid_text(uuid, text);
	return brief(l,
	    "SELECT uuid, serial, order_id, state FROM units WHERE uuid = ?1",
	    text, u, e);
}

enum err_code
unit_by_serial(
    struct ledger *l, const char *serial, struct unit_brief *u, struct err *e)
{
	return brief(l,
	    "SELECT uuid, serial, order_id, state FROM units"
	    " WHERE serial = ?1",
	    serial, u, e);
}

enum err_code
unit_count(struct ledger *l, const char *order, const char *state, uint64_t *n,
    struct err *e)
{
	struct db_stmt *s;
	bool row = false;

	*n = 0;
	if (db_prepare(ledger_db(l),
		"SELECT count(*) FROM units WHERE order_id = ?1"
		" AND (?2 = '' OR state = ?2)",
		&s, e) != ERR_OK)
		return e->code;
	db_bind_text(s, 1, order);
	db_bind_text(s, 2, state);
	if (db_step(s, &row, e) == ERR_OK && row) {
		*n = (uint64_t)db_int(s, 0);
		db_reset(s);
	}
	return e->code;
}

enum err_code
unit_each(struct ledger *l, const struct order *o, unit_fn *fn, void *arg,
    struct err *e)
{
	struct unit u;
	struct db_stmt *s;
	int64_t last = 0;
	bool row;

	while (e->code == ERR_OK) {
		if (db_prepare(ledger_db(l),
			UNIT_COLUMNS " WHERE order_id = ?1 AND n > ?2"
				     " ORDER BY n LIMIT 1",
			&s, e) != ERR_OK)
			break;
		db_bind_text(s, 1, o->id);
		db_bind_int(s, 2, last);
		if (db_step(s, &row, e) != ERR_OK || !row)
			break;
		if (db_int(s, 0) > last)
			read_row(l, s, &u, e);
		else /* would go on for ever */
			err_refuse(e, ERR_DATA,
			    reason_get(REASON_LEDGER_DAMAGED),
			    "row %lld of order %s stands behind row %lld",
			    (long long)db_int(s, 0), o->id, (long long)last);
		last = db_int(s, 0);
		db_reset(s);
		if (e->code == ERR_OK)
			fn(arg, &u, e);
	}
	unit_wipe(&u);
	return e->code;
}

/* Room for all sealed values of a unit. */
struct sealed {
	uint8_t pps[PSK_PPS_LEN + CRYPTO_SEAL_MORE];
	uint8_t mebx[33 + CRYPTO_SEAL_MORE];
	uint8_t otp[33 + CRYPTO_SEAL_MORE];
	uint8_t key[RECORD_KEY + CRYPTO_SEAL_MORE];
};

/* Seals n bytes, if there are any, and binds them as column i. */
static enum err_code
bind_sealed(struct ledger *l, struct db_stmt *s, int i, const char *column,
    const char *uuid, const void *p, size_t n, uint8_t *out, struct err *e)
{
	if (n == 0)
		return ERR_OK;
	if (ledger_seal(l, column, uuid, p, n, out, e) == ERR_OK)
		db_bind_blob(s, i, out, n + CRYPTO_SEAL_MORE);
	return e->code;
}

enum err_code
unit_insert(struct ledger *l, const struct order *o, const struct unit *u,
    struct err *e)
{
	bool own = !o->profile.key_shared;
	char uuid[UUID_TEXT];
	struct sealed to;
	struct db_stmt *s;

	uuid_text(&u->uuid, uuid);
	if (db_prepare(ledger_db(l),
		"INSERT INTO units (uuid, serial, order_id, state, sku, macs,"
		" issued, pid, pps, mebx, otp, key, cert)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,"
		" ?13)",
		&s, e) != ERR_OK)
		return e->code;
	db_bind_text(s, 1, uuid);
	db_bind_text(s, 2, u->serial);
	db_bind_text(s, 3, o->id);
	db_bind_text(s, 4, u->state);
	db_bind_text(s, 5, u->sku);
	db_bind_text(s, 6, u->macs);
	db_bind_text(s, 7, u->issued);
	if (own && u->psk.pid[0] != '\0')
		db_bind_text(s, 8, u->psk.pid);
	if (own && u->cert_len > 0)
		db_bind_blob(s, 13, u->cert, u->cert_len);
	if (bind_sealed(l, s, 9, "units.pps", uuid, u->psk.pps,
		own ? strlen(u->psk.pps) : 0, to.pps, e) == ERR_OK &&
	    bind_sealed(l, s, 10, "units.mebx", uuid, u->mebx, strlen(u->mebx),
		to.mebx, e) == ERR_OK &&
	    bind_sealed(l, s, 11, "units.otp", uuid, u->otp, strlen(u->otp),
		to.otp, e) == ERR_OK &&
	    bind_sealed(l, s, 12, "units.key", uuid, u->key,
		own ? u->key_len : 0, to.key, e) == ERR_OK)
		db_run(s, e);
	return e->code;
}

void
unit_row(const struct order *o, const struct unit *u, struct row *r)
{
	const struct profile *p = &o->profile;
	uint8_t digest[SHA256_LEN];

	memset(r, 0, sizeof(*r));
	r->uuid = u->uuid;
	memcpy(r->serial, u->serial, sizeof(r->serial));
	memcpy(r->order, u->order, sizeof(r->order));
	memcpy(r->state, u->state, sizeof(r->state));
	snprintf(r->mode, sizeof(r->mode), "%s", profile_mode_name(p->mode));
	profile_amt(p, r->amt);
	memcpy(r->sku, u->sku, sizeof(r->sku));
	memcpy(r->macs, u->macs, sizeof(r->macs));
	memcpy(r->pid, u->psk.pid, sizeof(r->pid));
	if (u->cert_len > 0) {
		digest_sha256(u->cert, u->cert_len, digest);
		text_hex(r->cert_sha256, digest, sizeof(digest));
	}
	/* Flash holds the PPS or the key; a device's own key stays inside. */
	snprintf(r->key_storage, sizeof(r->key_storage), "%s",
	    p->pki && !p->factory_key ? "device" : "host-readable");
	r->key_shared = p->key_shared;
	memcpy(r->hash_list, p->hash_list, sizeof(r->hash_list));
	memcpy(r->issued, u->issued, sizeof(r->issued));
	memcpy(r->pps, u->psk.pps, sizeof(r->pps));
	memcpy(r->mebx_password, u->mebx, sizeof(r->mebx_password));
	memcpy(r->otp, u->otp, sizeof(r->otp));
}

void
unit_record(const struct order *o, const struct unit *u, struct record *r)
{
	const struct profile *p = &o->profile;

	memset(r, 0, sizeof(*r));
	r->sequence = 1;
	r->uuid = u->uuid;
	memcpy(r->serial, u->serial, sizeof(r->serial));
	memcpy(r->order, u->order, sizeof(r->order));
	r->amt_major = p->amt_major;
	r->amt_minor = p->amt_minor;
	r->enabled = p->enabled;
	r->talk = p->talk;
	r->mode = p->mode;
	r->pki = p->pki;
	r->psk = u->psk;
	r->hashes = p->hashes;
	if (u->mebx[0] != '\0') {
		/* Setup.bin 1/1 and 1/2: the old one, then the new one. */
		snprintf(r->mebx_current, sizeof(r->mebx_current), "admin");
		memcpy(r->mebx_new, u->mebx, sizeof(r->mebx_new));
	}
	memcpy(r->pki_dns_suffix, p->pki_dns_suffix, RECORD_STR);
	memcpy(r->server_fqdn, p->server_fqdn, RECORD_STR);
	memcpy(r->server_ip, p->server_ip, sizeof(r->server_ip));
	r->server_port = p->server_port;
	memcpy(r->otp, u->otp, sizeof(r->otp));
	if (u->key_len > 0) {
		memcpy(r->key, u->key, u->key_len);
		r->key_len = u->key_len;
		memcpy(r->cert, u->cert, u->cert_len);
		r->cert_len = u->cert_len;
	}
}

/* States. */

static const struct move {
	const char *from, *to;
} moves[] = {
	{ "issued", "written" },
	{ "issued", "shipped" },
	{ "written", "verified" },
	{ "written", "shipped" },
	{ "verified", "written" },
	{ "verified", "shipped" },
	{ "shipped", "returned" },
	{ "returned", "written" },
	{ "issued", "scrapped" },
	{ "written", "scrapped" },
	{ "verified", "scrapped" },
	{ "shipped", "scrapped" },
	{ "returned", "scrapped" },
};

/* "shipped, written or scrapped": what may follow; "" if nothing may. */
static void
next_states(const char *from, char *out, size_t room)
{
	size_t n = sizeof(moves) / sizeof(moves[0]), left = 0, len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < n; i++)
		left += strcmp(from, moves[i].from) == 0;
	for (size_t i = 0, told = 0; i < n && len < room; i++) {
		if (strcmp(from, moves[i].from) != 0)
			continue;
		len += (size_t)snprintf(out + len, room - len, "%s%s",
		    told == 0              ? ""
			: told + 1 == left ? " or "
					   : ", ",
		    moves[i].to);
		told++;
	}
}

static enum err_code
judge_move(const char *from, const char *to, struct err *e)
{
	char next[64];
	bool known = false;

	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		known = known || strcmp(to, moves[i].to) == 0;
		if (strcmp(from, moves[i].from) == 0 &&
		    strcmp(to, moves[i].to) == 0)
			return ERR_OK;
	}
	if (!known)
		return err_set(e, ERR_USAGE,
		    "%.32s is not a state: written, verified, shipped, "
		    "returned or scrapped",
		    to);
	next_states(from, next, sizeof(next));
	return err_set(e, ERR_DATA, "a unit that is %s cannot become %s%s%s",
	    from, to, next[0] == '\0' ? ", nor anything else" : ": next comes ",
	    next);
}

/* Sets one column and leaves an audit row, in the caller's transaction. */
static enum err_code
set_state(struct ledger *l, const char *uuid, const char *state,
    const char *why, struct err *e)
{
	char what[32];
	struct db_stmt *s;

	snprintf(what, sizeof(what), "unit %s", state);
	if (db_prepare(ledger_db(l),
		"UPDATE units SET state = ?1 WHERE uuid = ?2", &s, e) != ERR_OK)
		return e->code;
	db_bind_text(s, 1, state);
	db_bind_text(s, 2, uuid);
	if (db_run(s, e) == ERR_OK)
		ledger_audit(l, what, uuid, why, e);
	return e->code;
}

/* Is the unit what somebody loaded a while ago, secrets included? */
static enum err_code
judge_same(const struct unit *now, const struct unit *was, struct err *e)
{
	if (strcmp(now->state, was->state) != 0)
		return err_set(e, ERR_RETRY,
		    "it was %s and has become %s meanwhile", was->state,
		    now->state);
	if (!secret_equal(now, was, sizeof(*now)))
		return err_set(e, ERR_RETRY,
		    "its credentials in the ledger have changed meanwhile");
	return ERR_OK;
}

/* was: NULL, or what it must still be. */
static enum err_code
move(struct ledger *l, const struct uuid *id, const struct unit *was,
    const char *state, const char *why, struct err *e)
{
	char uuid[UUID_TEXT];
	struct unit u;

	uuid_text(id, uuid);
	if (db_begin(ledger_db(l), e) != ERR_OK)
		return e->code;
	if (unit_load(l, id, &u, e) == ERR_OK &&
	    ((was != NULL && judge_same(&u, was, e) != ERR_OK) ||
		(strcmp(u.state, state) != 0 &&
		    (judge_move(u.state, state, e) != ERR_OK ||
			set_state(l, uuid, state, why, e) != ERR_OK))))
		err_in(e, "unit %s", uuid);
	db_end(ledger_db(l), e);
	unit_wipe(&u);
	return e->code;
}

enum err_code
unit_mark(struct ledger *l, const struct uuid *id, const char *state,
    const char *why, struct err *e)
{
	return move(l, id, NULL, state, why, e);
}

enum err_code
unit_mark_same(struct ledger *l, struct unit *u, const char *state,
    const char *why, struct err *e)
{
	if (move(l, &u->uuid, u, state, why, e) == ERR_OK) {
		memset(u->state, 0, sizeof(u->state)); /* is compared whole */
		snprintf(u->state, sizeof(u->state), "%s", state);
	}
	return e->code;
}

/* In the caller's transaction; reads no secret. */
static enum err_code
mark_one(struct ledger *l, const struct unit_marks *m, const struct uuid *id,
    struct err *e)
{
	char uuid[UUID_TEXT], was[sizeof(((struct unit *)NULL)->state)];
	struct db_stmt *s;
	bool row;

	uuid_text(id, uuid);
	if (db_prepare(ledger_db(l), "SELECT state FROM units WHERE uuid = ?1",
		&s, e) != ERR_OK)
		return e->code;
	db_bind_text(s, 1, uuid);
	if (db_step(s, &row, e) != ERR_OK)
		return e->code;
	if (!row)
		return err_refuse(e, ERR_DATA, reason_get(REASON_UNIT_UNKNOWN),
		    "no unit %s in this ledger", uuid);
	copy_text(s, 0, was, sizeof(was));
	db_reset(s);
	if (m->image && strcmp(was, "verified") == 0)
		return ERR_OK;
	if (strcmp(was, m->state) != 0 &&
	    judge_move(was, m->state, e) == ERR_OK)
		set_state(l, uuid, m->state, m->why, e);
	return err_in(e, "unit %s", uuid);
}

enum err_code
unit_mark_many(struct ledger *l, const struct unit_marks *m, struct err *e)
{
	struct err one;

	if (m->n == 0 || db_begin(ledger_db(l), e) != ERR_OK)
		return e->code;
	for (size_t i = 0; e->code == ERR_OK && i < m->n; i++) {
		err_clear(&one);
		if (mark_one(l, m, &m->id[i], &one) == ERR_DATA)
			m->refused(m->arg, &one);
		else if (one.code != ERR_OK)
			*e = one;
	}
	return db_end(ledger_db(l), e);
}

enum err_code
unit_may_image(const struct unit *u, struct err *e)
{
	if (strcmp(u->state, "scrapped") == 0)
		return err_set(e, ERR_PERM,
		    "is scrapped: no image gets its secrets again");
	if (strcmp(u->state, "shipped") == 0)
		return err_set(e, ERR_PERM,
		    "is shipped; mark it returned before its image is written "
		    "again");
	return ERR_OK;
}

static void
on_refused(void *arg, struct err *one)
{
	*(struct err *)arg = *one;
}

enum err_code
unit_mark_image(
    struct ledger *l, const struct unit *u, const char *why, struct err *e)
{
	struct err refused;
	const struct unit_marks m = { .id = &u->uuid,
		.n = 1,
		.state = "written",
		.why = why,
		.image = true,
		.refused = on_refused,
		.arg = &refused };

	err_clear(&refused);
	if (unit_mark_many(l, &m, e) == ERR_OK && refused.code != ERR_OK)
		*e = refused;
	return e->code;
}

/* Pins. */

/* May this certificate be pinned to the unit? */
static enum err_code
judge_pin(const struct order *o, const struct unit *u, const uint8_t *der,
    size_t n, bool force, struct err *e)
{
	bool same = u->cert_len == n && memcmp(u->cert, der, n) == 0;

	if (!o->profile.pki)
		return err_set(e, ERR_DATA,
		    "order %s is PSK: its units are known by their PPS, not by "
		    "a certificate",
		    o->id);
	if (n > sizeof(u->cert))
		return err_set(e, ERR_DATA,
		    "certificate of %zu bytes; at most %zu can be kept", n,
		    sizeof(u->cert));
	if (o->profile.factory_key && !same)
		return err_refuse(e, ERR_DATA, reason_get(REASON_UNIT_DIFFERS),
		    "another certificate than that of the key the factory "
		    "made");
	if (u->cert_len > 0 && !same && !force)
		return err_refuse(e, ERR_CREATE,
		    reason_get(REASON_UNIT_DIFFERS),
		    "another certificate is pinned already (--force replaces "
		    "it)");
	return ERR_OK;
}

static enum err_code
set_pin(
    struct ledger *l, const struct unit *u, const struct x509 *x, struct err *e)
{
	char uuid[UUID_TEXT], hex[TEXT_HEX_SIZE(SHA256_LEN)];
	uint8_t digest[SHA256_LEN];
	const uint8_t *der;
	struct db_stmt *s;
	size_t n;

	uuid_text(&u->uuid, uuid);
	der = x509_der(x, &n);
	x509_sha256(x, digest);
	text_hex(hex, digest, sizeof(digest));
	if (db_prepare(ledger_db(l),
		"UPDATE units SET cert = ?1 WHERE uuid = ?2", &s, e) != ERR_OK)
		return e->code;
	db_bind_blob(s, 1, der, n);
	db_bind_text(s, 2, uuid);
	if (db_run(s, e) == ERR_OK)
		ledger_audit(l, "unit pin", uuid, hex, e);
	return e->code;
}

enum err_code
unit_pin(struct ledger *l, const struct uuid *id, const struct x509 *x,
    bool force, struct err *e)
{
	struct order *o = NULL;
	struct unit u;
	const uint8_t *der;
	size_t n;

	der = x509_der(x, &n);
	if (db_begin(ledger_db(l), e) != ERR_OK)
		return e->code;
	if (unit_load(l, id, &u, e) == ERR_OK &&
	    order_load(l, u.order, &o, e) == ERR_OK &&
	    judge_pin(o, &u, der, n, force, e) == ERR_OK)
		set_pin(l, &u, x, e);
	db_end(ledger_db(l), e);
	order_free(o);
	unit_wipe(&u);
	return e->code;
}
