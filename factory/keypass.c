/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/crypto.h"
#include "base/text.h"
#include "factory/keypass.h"
#include "factory/unit.h"
#include "formats/reason.h"

enum err_code
keypass_get(struct ledger *l, const char *order,
    char out[static PASSWD_MAX + 1], struct err *e)
{
	struct db_stmt *s;
	const void *p;
	size_t n;
	bool row;

	memset(out, 0, PASSWD_MAX + 1);
	if (db_prepare(ledger_db(l),
		"SELECT id, mebx FROM keys WHERE order_id = ?1"
		" AND mebx NOT NULL ORDER BY number DESC LIMIT 1",
		&s, e) != ERR_OK)
		return e->code;
	db_bind_text(s, 1, order);
	if (db_step(s, &row, e) != ERR_OK || !row)
		return e->code;
	p = db_blob(s, 1, &n);
	ledger_unseal(
	    l, "keys.mebx", db_text(s, 0), p, n, out, PASSWD_MAX, NULL, e);
	db_reset(s);
	return e->code;
}

enum err_code
keypass_count(struct ledger *l, const char *order, int64_t *n, struct err *e)
{
	struct db_stmt *s;
	bool row;

	*n = 0;
	if (db_prepare(ledger_db(l),
		"SELECT count(*) FROM keys WHERE order_id = ?1"
		" AND mebx NOT NULL",
		&s, e) != ERR_OK)
		return e->code;
	db_bind_text(s, 1, order);
	if (db_step(s, &row, e) != ERR_OK)
		return e->code;
	*n = db_int(s, 0);
	db_reset(s);
	return ERR_OK;
}

struct adopt {
	struct ledger *l;
	const struct keyring_key *k;
	uint64_t n;
};

static enum err_code
adopt_one(void *arg, const struct unit *u, struct err *e)
{
	uint8_t sealed[PASSWD_MAX + CRYPTO_SEAL_MORE];
	struct adopt *a = arg;
	size_t n = strlen(a->k->mebx);
	char uuid[UUID_TEXT];
	struct db_stmt *s;

	if (strcmp(u->state, "issued") != 0 || strcmp(u->mebx, a->k->mebx) == 0)
		return ERR_OK;
	a->n++;
	uuid_text(&u->uuid, uuid);
	if (db_prepare(ledger_db(a->l),
		"UPDATE units SET mebx = ?1 WHERE uuid = ?2", &s,
		e) == ERR_OK &&
	    ledger_seal(a->l, "units.mebx", uuid, a->k->mebx, n, sealed, e) ==
		ERR_OK) {
		db_bind_blob(s, 1, sealed, n + CRYPTO_SEAL_MORE);
		db_bind_text(s, 2, uuid);
		db_run(s, e);
	}
	return e->code;
}

enum err_code
keypass_adopt(struct ledger *l, const struct order *o,
    const struct keyring_key *k, uint64_t *n, struct err *e)
{
	struct adopt a = { .l = l, .k = k };
	char sha256[65], why[160];
	uint32_t manifests;

	*n = 0;
	if (order_manifest_last(l, o->id, &manifests, sha256, e) != ERR_OK ||
	    unit_each(l, o, adopt_one, &a, e) != ERR_OK || a.n == 0)
		return e->code;
	if (manifests > 0)
		return err_refuse(e, ERR_DATA, reason_get(REASON_KEY_MANIFEST),
		    "order %s: manifest %u tells other MEBx passwords of %llu "
		    "of its units than the one that the key would give them",
		    o->id, manifests, (unsigned long long)a.n);
	*n = a.n;
	snprintf(why, sizeof(why), "%llu unit%s with that of key %.80s",
	    (unsigned long long)a.n, text_plural(a.n), k->id);
	return ledger_audit(l, "unit mebx", o->id, why, e);
}
