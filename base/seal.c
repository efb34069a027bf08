/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/seal.h"

static enum err_code
context(
    char *out, size_t room, const char *column, const char *row, struct err *e)
{
	int n = snprintf(out, room, "%s/%s", column, row);

	if (n < 0 || (size_t)n >= room)
		return err_set(e, ERR_DATA, "%s: row name too long", column);
	return ERR_OK;
}

enum err_code
seal_put(const struct secret *key, const char *column, const char *row,
    const void *p, size_t n, uint8_t *out, struct err *e)
{
	char place[160];

	if (context(place, sizeof(place), column, row, e) != ERR_OK)
		return e->code;
	return crypto_seal(key, place, p, n, out, e);
}

enum err_code
seal_get(const struct secret *key, const char *column, const char *row,
    const void *p, size_t n, void *out, size_t room, size_t *len, struct err *e)
{
	char place[160];

	if (context(place, sizeof(place), column, row, e) != ERR_OK)
		return e->code;
	if (n < CRYPTO_SEAL_MORE || n - CRYPTO_SEAL_MORE > room)
		err_set(e, ERR_DATA, "length %zu", n);
	else
		crypto_open(key, place, p, n, out, e);
	if (e->code == ERR_OK && len != NULL)
		*len = n - CRYPTO_SEAL_MORE;
	return e->code;
}

enum err_code
seal_check_put(
    struct db *db, const struct secret *key, const char *text, struct err *e)
{
	uint8_t value[SEAL_TEXT + CRYPTO_SEAL_MORE];
	size_t n = strlen(text) + 1;
	struct db_stmt *q;

	if (n > SEAL_TEXT)
		return err_set(e, ERR_BUG, "key check: text too long");
	if (seal_put(key, "meta.value", "key_check", text, n, value, e) !=
		ERR_OK ||
	    db_prepare(db, "INSERT INTO meta VALUES ('key_check', ?1)", &q,
		e) != ERR_OK)
		return e->code;
	db_bind_blob(q, 1, value, n + CRYPTO_SEAL_MORE);
	return db_run(q, e);
}

enum err_code
seal_check_get(
    struct db *db, const struct secret *key, bool *there, struct err *e)
{
	char text[SEAL_TEXT];
	struct db_stmt *q;
	const void *p;
	size_t n;

	if (db_prepare(db, "SELECT value FROM meta WHERE name = 'key_check'",
		&q, e) != ERR_OK ||
	    db_step(q, there, e) != ERR_OK || !*there)
		return e->code;
	p = db_blob(q, 0, &n);
	seal_get(
	    key, "meta.value", "key_check", p, n, text, sizeof(text), NULL, e);
	db_reset(q);
	return e->code;
}
