/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "factory/keyunits.h"
#include "factory/unit.h"
#include "formats/reason.h"

enum err_code
keyunits_read(const struct cli_args *a, struct keyunits *u, struct err *e)
{
	const char *text;

	u->n = 0;
	for (int i = 0; (text = cli_nth(a, "--unit", i)) != NULL; i++) {
		struct uuid *id = &u->uuid[u->n];

		if (!uuid_parse(id, text))
			return err_set(
			    e, ERR_USAGE, "--unit: %.64s is not a UUID", text);
		for (size_t k = 0; k < u->n; k++)
			if (uuid_equal(&u->uuid[k], id))
				return err_set(e, ERR_USAGE,
				    "--unit: %s is named twice", text);
		u->n++;
	}
	return ERR_OK;
}

/* The record that a unit has already, if it has one, is in *was. */
static enum err_code
judge(struct ledger *l, const struct unit *u, const char *order,
    struct keyring_record *was, char key[static KEYRING_ID], struct err *e)
{
	char uuid[UUID_TEXT];
	bool there;

	uuid_text(&u->uuid, uuid);
	was->record = 0;
	if (strcmp(u->order, order) != 0)
		return err_refuse(e, ERR_DATA, reason_get(REASON_UNIT_UNKNOWN),
		    "unit %s is of order %s, not %s", uuid, u->order, order);
	if (strcmp(u->state, "scrapped") == 0 ||
	    strcmp(u->state, "returned") == 0)
		return err_refuse(e, ERR_DATA, reason_get(REASON_KEY_UNIT),
		    "unit %s is %s", uuid, u->state);
	if (keyring_of_unit(l, &u->uuid, key, was, &there, e) != ERR_OK ||
	    !there || was->state == KEYRING_APPLIED)
		return e->code;
	return err_refuse(e, ERR_DATA, reason_get(REASON_KEY_UNIT),
	    "unit %s has record %u of key %s, and that record is not known as "
	    "taken: %s",
	    uuid, was->record, key, keyring_state_name(was->state));
}

static enum err_code
insert(struct ledger *l, const struct keyring_key *k, uint32_t record,
    const struct unit *u, struct err *e)
{
	char uuid[UUID_TEXT];
	struct db_stmt *s;

	uuid_text(&u->uuid, uuid);
	if (db_prepare(ledger_db(l),
		"INSERT INTO key_records (key_id, record, uuid, pid, state)"
		" VALUES (?1, ?2, ?3, ?4, 'unused')",
		&s, e) != ERR_OK)
		return e->code;
	db_bind_text(s, 1, k->id);
	db_bind_int(s, 2, record);
	db_bind_text(s, 3, uuid);
	db_bind_text(s, 4, u->psk.pid);
	return db_run(s, e);
}

/* One unit's record, and the audit row that tells of the one before. */
static enum err_code
give(struct ledger *l, struct keyring_key *k, const struct unit *u,
    struct err *e)
{
	char old[KEYRING_ID] = "", uuid[UUID_TEXT], why[3 * KEYRING_ID];
	uint32_t record = k->records + 1;
	struct keyring_record was;

	if (judge(l, u, k->order, &was, old, e) != ERR_OK ||
	    insert(l, k, record, u, e) != ERR_OK)
		return e->code;
	k->records = k->unused = record;
	if (was.record == 0)
		return ERR_OK;
	uuid_text(&u->uuid, uuid);
	snprintf(why, sizeof(why),
	    "key %s record %u; record %u of key %s is possibly applied", k->id,
	    record, was.record, old);
	return ledger_audit(l, "setupbin unit again", uuid, why, e);
}

enum err_code
keyunits_give(struct ledger *l, const struct keyunits *units,
    struct keyring_key *k, struct err *e)
{
	struct unit *u = calloc(1, sizeof(*u));

	if (u == NULL)
		return err_mem(e);
	k->records = k->unused = 0;
	for (size_t i = 0; i < units->n && e->code == ERR_OK; i++)
		if (unit_load(l, &units->uuid[i], u, e) == ERR_OK)
			give(l, k, u, e);
	unit_wipe(u);
	free(u);
	return e->code != ERR_OK ? e->code : keyring_own(l, k, e);
}

struct compare {
	const struct keyunits *units;
	bool same;
};

static enum err_code
compare(void *arg, const struct keyring_record *r, struct err *e)
{
	struct compare *c = arg;
	struct uuid uuid;

	(void)e;
	c->same = c->same && r->record <= c->units->n &&
	    uuid_parse(&uuid, r->uuid) &&
	    uuid_equal(&uuid, &c->units->uuid[r->record - 1]);
	return ERR_OK;
}

enum err_code
keyunits_same(struct ledger *l, const struct keyunits *units,
    const struct keyring_key *k, bool *same, struct err *e)
{
	struct compare c = { units, k->named == units->n };

	if (c.same && units->n > 0)
		keyring_each(l, k->id, compare, &c, e);
	*same = c.same;
	return e->code;
}
