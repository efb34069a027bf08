/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/near.h"
#include "formats/reason.h"
#include "server/seek.h"

#define NAMES_MAX 256
/* Of 32 digits: more that differ is another UUID, not a misspelt one. */
#define UUID_SLIPS 4

/* Names in the store. */

/* Tries each text that the statement gives; the nearest is copied, since rows
 * do not stay. *same: it is there as it was typed. */
static enum err_code
try_each(struct store *s, const char *sql, struct near *near,
    char name[static NAMES_MAX], bool *same, struct err *e)
{
	struct db_stmt *q;
	bool row;

	*same = false;
	if (db_prepare(store_db(s), sql, &q, e) != ERR_OK)
		return e->code;
	while (db_step(q, &row, e) == ERR_OK && row && !*same) {
		const char *text = db_text(q, 0);
		size_t d = near->d;

		*same = strcmp(text, near->want) == 0;
		near_try(near, near->want, text, text);
		if (near->d < d)
			snprintf(name, NAMES_MAX, "%s", text);
	}
	db_reset(q);
	if (near->name != NULL)
		near->name = name;
	return e->code;
}

struct kind {
	const char *what, *sql, *see; /* see: the command that lists them */
	enum reason_id why;
};

static enum err_code
seek_name(
    struct store *s, const struct kind *k, const char *text, struct err *e)
{
	struct near near = { text, NULL, SIZE_MAX };
	char name[NAMES_MAX];
	bool same;

	if (try_each(s, k->sql, &near, name, &same, e) != ERR_OK || same)
		return e->code;
	return near_refuse(&near, reason_get(k->why), k->what, k->see, e);
}

enum err_code
seek_tenant(struct store *s, const char *name, struct err *e)
{
	/* A configured tenant may have no unit yet: server/told.h. */
	static const struct kind tenant = { "tenant",
		"SELECT tenant FROM batches UNION SELECT substr(name, 14) FROM"
		" meta WHERE name GLOB 'told_recover_*'",
		"amtforge-server list --summary", REASON_TENANT_UNKNOWN };

	return name[0] == '\0' ? ERR_OK : seek_name(s, &tenant, name, e);
}

enum err_code
seek_order(struct store *s, const char *id, struct err *e)
{
	static const struct kind order = { "order",
		"SELECT DISTINCT order_id FROM batches",
		"amtforge-server list --json", REASON_ORDER_UNKNOWN };

	return seek_name(s, &order, id, e);
}

/* Units. */

/* Other tools print the first three groups of a UUID the other way round, as
 * SMBIOS stores them. */
static void
turned(const struct uuid *in, struct uuid *out)
{
	static const uint8_t from[8] = { 3, 2, 1, 0, 5, 4, 7, 6 };

	*out = *in;
	for (size_t i = 0; i < sizeof(from); i++)
		out->b[i] = in->b[from[i]];
}

struct search {
	const char *text;
	const struct uuid *turned; /* NULL: look for a serial number */
	char found[UUID_TEXT];
};

static enum err_code
look_at(void *arg, const struct store_unit *u, struct err *e)
{
	struct search *w = arg;

	(void)e;
	if (w->found[0] == '\0' && w->turned == NULL &&
	    strcmp(u->row.serial, w->text) == 0)
		uuid_text(&u->row.uuid, w->found);
	return ERR_OK;
}

enum err_code
seek_uuid(struct store *s, const char *text, struct uuid *uuid, struct err *e)
{
	const struct reason *why = reason_get(REASON_UUID_MALFORMED);
	struct search w = { .text = text };

	if (uuid_parse(uuid, text))
		return ERR_OK;
	if (store_each(s, look_at, &w, e) != ERR_OK)
		return e->code;
	if (w.found[0] != '\0')
		return err_refuse(e, ERR_DATA, why,
		    "\"%.80s\" is a serial number; its unit has UUID %s", text,
		    w.found);
	return err_refuse(e, ERR_DATA, why,
	    "\"%.80s\" is no UUID, nor a serial number of any unit", text);
}

enum err_code
seek_unknown(struct store *s, const struct uuid *uuid, struct err *e)
{
	const struct reason *why = reason_get(REASON_UUID_UNKNOWN);
	char text[UUID_TEXT], name[NAMES_MAX];
	struct near near = { text, NULL, UUID_SLIPS + 1 };
	struct store_unit u;
	struct uuid back;
	bool there;

	uuid_text(uuid, text);
	turned(uuid, &back);
	if (store_unit(s, &back, &there, &u, e) != ERR_OK)
		return e->code;
	if (there) {
		store_unit_wipe(&u);
		uuid_text(&back, text);
		return err_refuse(e, ERR_DATA, why,
		    "in no manifest that was imported, but %s is: the same "
		    "bytes, in SMBIOS's order",
		    text);
	}
	if (try_each(s, "SELECT uuid FROM units", &near, name, &there, e) !=
	    ERR_OK)
		return e->code;
	if (near.name != NULL)
		return err_refuse(e, ERR_DATA, why,
		    "in no manifest that was imported (did you mean %s?)",
		    near.name);
	return err_refuse(e, ERR_DATA, why, "in no manifest that was imported");
}

enum err_code
seek_unit(
    struct store *s, const char *text, struct store_unit *u, struct err *e)
{
	struct uuid uuid;
	bool found;

	if (seek_uuid(s, text, &uuid, e) != ERR_OK ||
	    store_unit(s, &uuid, &found, u, e) != ERR_OK)
		return e->code;
	if (found || seek_unknown(s, &uuid, e) == ERR_OK)
		return ERR_OK;
	return err_in(e, "%s", text);
}

/* Words. */

enum err_code
seek_state(const char *word, enum store_state *state, struct err *e)
{
	struct near near = { word, NULL, SIZE_MAX };

	for (int i = STORE_KNOWN; i <= STORE_REFUSED; i++) {
		*state = (enum store_state)i;
		if (strcmp(store_state_name(*state), word) == 0)
			return ERR_OK;
		near_try(&near, word, store_state_name(*state),
		    store_state_name(*state));
	}
	if (near.name != NULL)
		return err_set(e, ERR_USAGE,
		    "--state: no state \"%.40s\" (did you mean %s?)", word,
		    near.name);
	return err_set(e, ERR_USAGE,
	    "--state: no state \"%.40s\"; a unit is known, hello, setup, "
	    "provisioned, failed or refused",
	    word);
}

/* Digits and one letter: how many seconds, 0 if it is none. */
static time_t
ago(const char *text)
{
	static const char units[] = "smhd";
	static const time_t seconds[] = { 1, 60, 3600, 86400 };
	size_t digits = strspn(text, "0123456789");
	const char *unit;

	if (digits == 0 || digits > 6 || strlen(text) != digits + 1 ||
	    (unit = strchr(units, text[digits])) == NULL)
		return 0;
	return (time_t)strtol(text, NULL, 10) * seconds[unit - units];
}

/* Has its month such a day? strptime() takes 31 of each, and timegm() goes on
 * into the next month. */
static bool
day_is(const struct tm *tm)
{
	struct tm day = { .tm_year = tm->tm_year,
		.tm_mon = tm->tm_mon,
		.tm_mday = tm->tm_mday };

	timegm(&day);
	return day.tm_mday == tm->tm_mday;
}

enum err_code
seek_time(const char *text, char out[static STAMP_LEN], struct err *e)
{
	static const char *const forms[] = { "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d" };
	const char *end;
	struct tm tm;

	if (ago(text) > 0) {
		stamp_utc(out, time(NULL) - ago(text));
		return ERR_OK;
	}
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		tm = (struct tm){ 0 };
		end = strptime(text, forms[i], &tm);
		if (end == NULL || *end != '\0')
			continue;
		if (!day_is(&tm))
			return err_set(e, ERR_USAGE,
			    "--since: \"%.40s\": that month has no day %d",
			    text, tm.tm_mday);
		stamp_utc(out, timegm(&tm));
		return ERR_OK;
	}
	return err_set(e, ERR_USAGE,
	    "--since: \"%.40s\" is no time; write 2026-01-31, "
	    "2026-01-31T12:00:00Z or how long ago: 45m, 6h, 7d",
	    text);
}
