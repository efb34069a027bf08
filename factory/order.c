/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/log.h"
#include "base/stamp.h"
#include "base/text.h"
#include "factory/credential.h"
#include "factory/order.h"
#include "factory/verbs.h"
#include "formats/cjson.h"
#include "formats/reason.h"

void
order_free(struct order *o)
{
	if (o == NULL)
		return;
	secret_wipe(o, sizeof(*o));
	free(o);
}

static bool
is_id(const char *id)
{
	size_t n = strlen(id);

	return n > 0 && n <= 48 && id[0] != '.' && id[0] != '-' &&
	    strspn(id,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789._-") == n;
}

/* One order's row into o; the columns are those of order_load(). */
static enum err_code
read_row(struct ledger *l, struct db_stmt *s, struct order *o, struct err *e)
{
	const char *profile = db_text(s, 1);
	struct rd r;
	const void *p;
	size_t n;

	snprintf(o->id, sizeof(o->id), "%s", db_text(s, 0));
	rd_init(&r, profile, strlen(profile));
	if (!profile_load(&r, &o->profile)) {
		rd_err(&r, reason_get(REASON_LEDGER_DAMAGED), e);
		return err_in(e, "profile of order %s", o->id);
	}
	snprintf(
	    o->profile_sha256, sizeof(o->profile_sha256), "%s", db_text(s, 2));
	o->quantity = (uint64_t)db_int(s, 3);
	o->closed = db_int(s, 4) != 0;
	snprintf(o->opened, sizeof(o->opened), "%s", db_text(s, 5));
	o->issued = (uint64_t)db_int(s, 10);
	snprintf(o->psk.pid, sizeof(o->psk.pid), "%s", db_text(s, 6));
	if ((p = db_blob(s, 7, &n)) != NULL &&
	    ledger_unseal(l, "orders.pps", o->id, p, n, o->psk.pps, PSK_PPS_LEN,
		NULL, e) != ERR_OK)
		return e->code;
	if ((p = db_blob(s, 8, &n)) != NULL &&
	    ledger_unseal(l, "orders.key", o->id, p, n, o->key, sizeof(o->key),
		&o->key_len, e) != ERR_OK)
		return e->code;
	if ((p = db_blob(s, 9, &n)) != NULL && n <= sizeof(o->cert)) {
		memcpy(o->cert, p, n);
		o->cert_len = n;
	}
	return ERR_OK;
}

enum err_code
order_load(struct ledger *l, const char *id, struct order **out, struct err *e)
{
	struct order *o;
	struct db_stmt *s;
	bool row;

	*out = NULL;
	if (db_prepare(ledger_db(l),
		"SELECT id, profile, profile_sha256, quantity, closed, opened,"
		" pid, pps, key, cert,"
		" (SELECT count(*) FROM units WHERE order_id = id)"
		" FROM orders WHERE id = ?1",
		&s, e) != ERR_OK)
		return e->code;
	db_bind_text(s, 1, id);
	if (db_step(s, &row, e) != ERR_OK)
		return e->code;
	if (!row)
		return err_refuse(e, ERR_DATA, reason_get(REASON_ORDER_UNKNOWN),
		    "no order %.64s", id);
	if ((o = calloc(1, sizeof(*o))) == NULL)
		err_mem(e);
	else if (read_row(l, s, o, e) == ERR_OK)
		*out = o;
	else
		order_free(o);
	db_reset(s);
	return e->code;
}

static enum err_code
seal_shared(struct ledger *l, const struct order *o, uint8_t *pps, uint8_t *key,
    struct err *e)
{
	if (o->psk.pid[0] != '\0' &&
	    ledger_seal(l, "orders.pps", o->id, o->psk.pps, PSK_PPS_LEN, pps,
		e) != ERR_OK)
		return e->code;
	if (o->key_len > 0)
		ledger_seal(l, "orders.key", o->id, o->key, o->key_len, key, e);
	return e->code;
}

static enum err_code
insert(struct ledger *l, const struct order *o, const char *json, struct err *e)
{
	uint8_t pps[PSK_PPS_LEN + CRYPTO_SEAL_MORE];
	uint8_t key[RECORD_KEY + CRYPTO_SEAL_MORE];
	struct db_stmt *s;

	if (seal_shared(l, o, pps, key, e) != ERR_OK ||
	    db_prepare(ledger_db(l),
		"INSERT INTO orders (id, profile, profile_sha256, quantity,"
		" opened, pid, pps, key, cert)"
		" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
		&s, e) != ERR_OK)
		return e->code;
	db_bind_text(s, 1, o->id);
	db_bind_text(s, 2, json);
	db_bind_text(s, 3, o->profile_sha256);
	db_bind_int(s, 4, (int64_t)o->quantity);
	db_bind_text(s, 5, o->opened);
	if (o->psk.pid[0] != '\0') {
		db_bind_text(s, 6, o->psk.pid);
		db_bind_blob(s, 7, pps, sizeof(pps));
	}
	if (o->key_len > 0) {
		db_bind_blob(s, 8, key, o->key_len + CRYPTO_SEAL_MORE);
		db_bind_blob(s, 9, o->cert, o->cert_len);
	}
	return db_run(s, e);
}

static enum err_code
exists(struct ledger *l, const char *id, bool *there, struct err *e)
{
	struct db_stmt *s;

	if (db_prepare(ledger_db(l), "SELECT 1 FROM orders WHERE id = ?1", &s,
		e) != ERR_OK)
		return e->code;
	db_bind_text(s, 1, id);
	if (db_step(s, there, e) == ERR_OK)
		db_reset(s);
	return e->code;
}

/* Everything of order_open() that is one transaction. */
static enum err_code
open_in(struct ledger *l, struct order *o, const char *json, struct err *e)
{
	bool there;

	if (exists(l, o->id, &there, e) != ERR_OK)
		return e->code;
	if (there)
		return err_refuse(e, ERR_CREATE,
		    reason_get(REASON_ORDER_EXISTS), "order %s exists already",
		    o->id);
	if (o->profile.key_shared && !o->profile.pki &&
	    credential_psk(l, &o->psk, e) != ERR_OK)
		return e->code;
	if (insert(l, o, json, e) != ERR_OK ||
	    ledger_audit(l, "order open", o->id, o->profile_sha256, e) !=
		ERR_OK)
		return e->code;
	if (o->profile.key_shared)
		ledger_audit(l, "order insecure_shared_key", o->id,
		    "one credential for all units", e);
	return e->code;
}

/* The stored form of the profile as a text, and its digest. */
static enum err_code
store_profile(struct order *o, char **json, struct err *e)
{
	uint8_t digest[SHA256_LEN], *p;
	struct wr w;
	size_t n;

	wr_grow(&w, PROFILE_JSON_MAX);
	profile_store(&w, &o->profile);
	wr_u8(&w, 0);
	if (!wr_take(&w, &p, &n))
		return err_set(e, ERR_BUG, "profile too long to store");
	digest_sha256(p, n - 1, digest);
	text_hex(o->profile_sha256, digest, sizeof(digest));
	*json = (char *)p;
	return ERR_OK;
}

enum err_code
order_open(struct ledger *l, const char *id, const struct profile *p,
    uint64_t quantity, struct err *e)
{
	struct order *o = calloc(1, sizeof(*o));
	char *json = NULL;

	if (o == NULL)
		return err_mem(e);
	if (!is_id(id)) {
		err_set(e, ERR_USAGE,
		    "order id %.64s: letters, digits, '.', '_' and '-', at "
		    "most 48",
		    id);
		goto out;
	}
	snprintf(o->id, sizeof(o->id), "%s", id);
	o->profile = *p;
	o->quantity = quantity;
	stamp_now(o->opened);
	if (store_profile(o, &json, e) != ERR_OK)
		goto out;
	/* Outside the transaction: it takes long. */
	if (p->key_shared && p->pki &&
	    credential_key(p->key_type, id, o->key, &o->key_len, o->cert,
		&o->cert_len, e) != ERR_OK)
		goto out;
	if (db_begin(ledger_db(l), e) == ERR_OK)
		open_in(l, o, json, e);
	db_end(ledger_db(l), e);
out:
	free(json);
	order_free(o);
	return e->code;
}

static enum err_code
close_order(struct ledger *l, const char *id, struct err *e)
{
	struct db *db = ledger_db(l);
	struct db_stmt *s;

	if (db_begin(db, e) != ERR_OK)
		return e->code;
	if (db_prepare(db,
		"UPDATE orders SET closed = 1 WHERE id = ?1 AND closed = 0", &s,
		e) != ERR_OK)
		goto out;
	db_bind_text(s, 1, id);
	if (db_run(s, e) != ERR_OK)
		goto out;
	/* Closing a closed order again changes nothing. */
	if (db_changes(db) > 0)
		ledger_audit(l, "order close", id, "", e);
out:
	return db_end(db, e);
}

enum err_code
order_manifest_last(struct ledger *l, const char *id, uint32_t *sequence,
    char sha256[static 65], struct err *e)
{
	struct db_stmt *s;
	bool row;

	*sequence = 0;
	sha256[0] = '\0';
	if (db_prepare(ledger_db(l),
		"SELECT sequence, sha256 FROM manifests WHERE order_id = ?1"
		" ORDER BY sequence DESC LIMIT 1",
		&s, e) != ERR_OK)
		return e->code;
	db_bind_text(s, 1, id);
	if (db_step(s, &row, e) != ERR_OK || !row)
		return e->code;
	*sequence = (uint32_t)db_int(s, 0);
	snprintf(sha256, 65, "%s", db_text(s, 1));
	db_reset(s);
	return ERR_OK;
}

enum err_code
order_manifest_add(struct ledger *l, const char *id, uint32_t sequence,
    const char *sha256, struct err *e)
{
	char now[24];
	struct db_stmt *s;

	stamp_now(now);
	if (db_prepare(ledger_db(l),
		"INSERT INTO manifests VALUES (?1, ?2, ?3, ?4)", &s,
		e) != ERR_OK)
		return e->code;
	db_bind_text(s, 1, id);
	db_bind_int(s, 2, sequence);
	db_bind_text(s, 3, sha256);
	db_bind_text(s, 4, now);
	if (db_run(s, e) == ERR_DATA)
		err_in(e, "manifest %u of order %s was made by another process",
		    sequence, id);
	return e->code;
}

/* The verbs. */

static enum err_code
run_open(const struct cli_args *a, struct err *e)
{
	struct profile *p = calloc(1, sizeof(*p));
	struct profile_notes notes;
	struct ledger *l = NULL;
	unsigned long quantity;
	const char *id;

	if (p == NULL)
		return err_mem(e);
	if (cli_need(a, "--id", &id, e) != ERR_OK ||
	    cli_number(a, "--quantity", 1, 100000000, 0, &quantity, e) !=
		ERR_OK ||
	    profile_read(a->pos[1], p, &notes, e) != ERR_OK ||
	    ledger_open_args(a, &l, e) != ERR_OK)
		goto out;
	for (size_t i = 0; i < notes.n; i++)
		log_warn("%s: %s", a->pos[1], notes.text[i]);
	order_open(l, id, p, quantity, e);
out:
	ledger_close(l);
	free(p);
	return e->code;
}

static enum err_code
show_json(const struct order *o, struct err *e)
{
	struct wr w;

	wr_grow(&w, PROFILE_JSON_MAX + 1024);
	wr_str(&w, "{\"order\":");
	cjson_put_string(&w, o->id);
	wr_fmt(&w, ",\"state\":\"%s\",\"quantity\":%llu,\"issued\":%llu,",
	    o->closed ? "closed" : "open", (unsigned long long)o->quantity,
	    (unsigned long long)o->issued);
	wr_fmt(&w, "\"opened\":\"%s\",\"profile_sha256\":\"%s\",\"profile\":",
	    o->opened, o->profile_sha256);
	profile_store(&w, &o->profile);
	wr_str(&w, "}\n");
	return cli_print(&w, e);
}

static void
show_words(const struct order *o)
{
	const struct profile *p = &o->profile;
	char amt[8], limit[32] = "";

	profile_amt(p, amt);
	if (o->quantity > 0)
		snprintf(limit, sizeof(limit), " of %llu",
		    (unsigned long long)o->quantity);
	printf("%-20s %-6s %s for %s: AMT %s %s %s, %llu%s unit%s issued%s\n",
	    o->id, o->closed ? "closed" : "open", o->opened, p->customer, amt,
	    profile_mode_name(p->mode), p->pki ? "pki" : "psk",
	    (unsigned long long)o->issued, limit,
	    text_plural(o->quantity > 0 ? o->quantity : o->issued),
	    p->key_shared ? ", INSECURE SHARED KEY" : "");
}

static enum err_code
show(const struct cli_args *a, struct ledger *l, const char *id, struct err *e)
{
	struct order *o;

	if (order_load(l, id, &o, e) != ERR_OK)
		return e->code;
	if (a->json)
		show_json(o, e);
	else
		show_words(o);
	order_free(o);
	return e->code;
}

static enum err_code
run_show(const struct cli_args *a, struct err *e)
{
	struct ledger *l = NULL;
	char id[ORDER_ID];
	struct db_stmt *s;
	bool row = true;

	if (ledger_open_args(a, &l, e) != ERR_OK)
		return e->code;
	if (a->n > 1)
		show(a, l, a->pos[1], e);
	else if (db_prepare(ledger_db(l), "SELECT id FROM orders ORDER BY id",
		     &s, e) == ERR_OK)
		while (
		    e->code == ERR_OK && db_step(s, &row, e) == ERR_OK && row) {
			snprintf(id, sizeof(id), "%s", db_text(s, 0));
			show(a, l, id, e);
		}
	ledger_close(l);
	return e->code;
}

static enum err_code
run_close(const struct cli_args *a, struct err *e)
{
	struct ledger *l = NULL;
	struct order *o = NULL;

	if (ledger_open_args(a, &l, e) != ERR_OK)
		return e->code;
	if (order_load(l, a->pos[1], &o, e) == ERR_OK)
		close_order(l, o->id, e);
	order_free(o);
	ledger_close(l);
	return e->code;
}

static const struct cli_opt open_opts[] = {
	{ "--id", CLI_VALUE, "ID",
	    "the order's name: letters, digits, '.', '_', '-'" },
	{ "--quantity", CLI_VALUE, "N",
	    "issue at most N units (default: no limit)" },
	LEDGER_OPT_KEY,
	{ 0 },
};
static const struct cli_opt key_opts[] = { LEDGER_OPT_KEY, { 0 } };

const struct cli_verb order_verbs[] = {
	{ "order open", "LEDGER PROFILE.cfg --id ID [--quantity N]",
	    "open an order under the profile as it is now", open_opts, 2, 2,
	    run_open },
	{ "order show", "LEDGER [ID]", "show one order, or all", key_opts, 1, 2,
	    run_show },
	{ "order close", "LEDGER ID", "let an order issue no more units",
	    key_opts, 2, 2, run_close },
	{ 0 },
};
