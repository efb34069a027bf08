/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/rand.h"
#include "base/stamp.h"
#include "base/text.h"
#include "factory/credential.h"
#include "formats/csv.h"
#include "factory/issue.h"
#include "factory/keypass.h"
#include "factory/unit.h"
#include "formats/reason.h"

#define CSV_MAX (256u * 1024 * 1024)
#define COUNT_MAX 10000000
/* Units of one transaction. Few where each costs a key pair, since a killed
 * run loses those that are not committed. */
#define GROUP_MAX 256
#define GROUP_KEYS 16

/* What is asked for one unit, and what it got. */
struct want {
	unsigned line; /* of the CSV; 0: counted */
	struct unit unit;
	bool done; /* is in the ledger as of this transaction */
};

struct issue {
	const struct cli_args *a;
	struct ledger *l;
	struct order *o;
	const char *path; /* of the CSV, or NULL */
	bool raw;         /* --uuid-order raw */
	size_t room;      /* of a group */
	size_t n;
	struct want *want;
	uint64_t made, failed;
	struct cli_bar bar;
};

#define ROW_FORMAT "%-36s  %-24s %-9s %s%s\n"

void
issue_heading(const struct cli_args *a)
{
	if (!a->json)
		printf(ROW_FORMAT, "UUID", "SERIAL", "STATE",
		    "PID OR CERTIFICATE", "");
}

enum err_code
issue_print(
    const struct cli_args *a, const struct row *r, bool reveal, struct err *e)
{
	char line[ROW_MAX], uuid[UUID_TEXT];
	struct wr w;

	uuid_text(&r->uuid, uuid);
	if (!a->json) {
		printf(ROW_FORMAT, uuid, r->serial, r->state,
		    r->pid[0] != '\0'       ? r->pid
			: r->cert_sha256[0] ? r->cert_sha256
					    : "(makes its own key)",
		    r->key_shared ? "  SHARED" : "");
		return ERR_OK;
	}
	wr_fixed(&w, line, sizeof(line));
	row_write(&w, r, reveal);
	wr_u8(&w, '\n');
	if (w.failed)
		err_refuse(e, ERR_DATA, reason_get(REASON_LEDGER_DAMAGED),
		    "unit %s: values that no row can hold", uuid);
	else
		fwrite(line, 1, w.len, stdout);
	secret_wipe(line, sizeof(line));
	return e->code;
}

/* Rows of the CSV. */

/* "02-00-00-00-00-01;..." to "02:00:00:00:00:01,...". */
static bool
take_macs(char out[static 256], const char *in)
{
	size_t n = 0;

	for (; *in != '\0'; in++) {
		size_t at = n % 18; /* within "xx:xx:xx:xx:xx:xx," */
		char c = *in;

		if (c == ' ' && at == 0 && n > 0)
			continue;
		if (at == 17)
			c = c == ',' || c == ';' ? ',' : '\0';
		else if (at % 3 == 2)
			c = c == ':' || c == '-' ? ':' : '\0';
		else if (c >= 'A' && c <= 'F')
			c = (char)(c - 'A' + 'a');
		else if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
			c = '\0';
		if (c == '\0' || n == 255)
			return false;
		out[n++] = c;
	}
	out[n] = '\0';
	return n == 0 || n % 18 == 17;
}

static enum err_code
judge_uuid(
    const struct issue *s, struct uuid *uuid, const char *text, struct err *e)
{
	if (!(s->raw ? uuid_parse_raw : uuid_parse)(uuid, text))
		return err_refuse(e, ERR_DATA,
		    reason_get(REASON_UUID_MALFORMED), "%.64s is not a UUID",
		    text);
	if (uuid_is_placeholder(uuid))
		return err_refuse(e, ERR_DATA,
		    reason_get(REASON_UUID_PLACEHOLDER),
		    "UUID %.64s is a placeholder that many boards share", text);
	return ERR_OK;
}

static enum err_code
take_row(const struct issue *s, const struct csv_row *row, size_t columns,
    struct unit *u, struct err *e)
{
	const char *serial = row->field[0];
	const char *sku = columns > 3 ? row->field[3] : "";

	if (row->n != columns)
		return err_refuse(e, ERR_DATA, reason_get(REASON_CSV_MALFORMED),
		    "%zu fields, the header has %zu", row->n, columns);
	if (serial[0] == '\0' || strlen(serial) >= sizeof(u->serial) ||
	    !text_printable(serial, strlen(serial)))
		return err_refuse(e, ERR_DATA, reason_get(REASON_CSV_MALFORMED),
		    "serial must be 1 to 63 printable ASCII characters");
	if (strlen(sku) >= sizeof(u->sku) || !text_printable(sku, strlen(sku)))
		return err_refuse(e, ERR_DATA, reason_get(REASON_CSV_MALFORMED),
		    "sku must be at most 63 printable ASCII characters");
	if (columns > 2 && !take_macs(u->macs, row->field[2]))
		return err_refuse(e, ERR_DATA, reason_get(REASON_CSV_MALFORMED),
		    "mac must be 02:00:00:00:00:01, or several with ; between");
	memcpy(u->serial, serial, strlen(serial) + 1);
	memcpy(u->sku, sku, strlen(sku) + 1);
	return judge_uuid(s, &u->uuid, row->field[1], e);
}

static enum err_code
take_header(struct csv *c, size_t *columns, struct err *e)
{
	static const char *const names[] = { "serial", "uuid", "mac", "sku" };
	struct csv_row row;
	bool more, good;

	if (csv_next(c, &row, &more, e) != ERR_OK)
		return e->code;
	good = more && row.n >= 2 && row.n <= 4;
	for (size_t i = 0; good && i < row.n; i++)
		good = strcmp(row.field[i], names[i]) == 0;
	if (!good)
		return err_refuse(e, ERR_DATA, reason_get(REASON_CSV_MALFORMED),
		    "%s:1: the first line must be serial,uuid or "
		    "serial,uuid,mac or serial,uuid,mac,sku",
		    c->path);
	*columns = row.n;
	return ERR_OK;
}

/* A unit of the group failed: named, and the others go on. */
static void
fail(struct issue *s, const struct want *w, struct err *e)
{
	if (w->line > 0)
		err_in(e, "%s:%u", s->path, w->line);
	s->failed++;
	cli_report(s->a, e);
}

/* Making. */

/* What takes long and needs no ledger, ahead of the transaction. */
static enum err_code
make_ahead(struct issue *s, struct unit *u, struct err *e)
{
	const struct profile *p = &s->o->profile;
	char uuid[UUID_TEXT];

	snprintf(u->state, sizeof(u->state), "issued");
	if (p->mebx && credential_password(u->mebx, e) != ERR_OK)
		return e->code;
	if (p->otp && credential_password(u->otp, e) != ERR_OK)
		return e->code;
	if (!p->pki || !p->factory_key || p->key_shared)
		return ERR_OK;
	uuid_text(&u->uuid, uuid);
	return credential_key(
	    p->key_type, uuid, u->key, &u->key_len, u->cert, &u->cert_len, e);
}

/* In which fields the unit that the statement stands on is another than the
 * one that is wanted. */
static enum err_code
differs(const struct issue *s, const struct want *w, const char *uuid,
    struct db_stmt *q, struct err *e)
{
	const struct unit *u = &w->unit;
	const struct field {
		const char *name, *want, *has;
		bool asked;
	} all[] = {
		{ "order", s->o->id, db_text(q, 2), true },
		{ "serial", u->serial, db_text(q, 1), true },
		{ "UUID", uuid, db_text(q, 0), w->line > 0 },
		{ "mac", u->macs, db_text(q, 3), u->macs[0] != '\0' },
		{ "sku", u->sku, db_text(q, 4), u->sku[0] != '\0' },
	};
	char why[1024] = "";
	size_t n = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].asked && strcmp(all[i].want, all[i].has) != 0 &&
		    n < sizeof(why))
			n += (size_t)snprintf(why + n, sizeof(why) - n,
			    "%s%s %s, not %s", n == 0 ? "" : "; ", all[i].name,
			    all[i].has, all[i].want);
	if (n == 0)
		return ERR_OK;
	return err_refuse(e, ERR_DATA, reason_get(REASON_UNIT_DIFFERS),
	    "serial %s, UUID %s: the unit was issued already with %s",
	    u->serial, w->line > 0 ? uuid : db_text(q, 0), why);
}

/* Finds a unit of that UUID or serial. A counted one is known by its serial
 * alone and takes the UUID it was given. */
static enum err_code
find(struct issue *s, struct want *w, bool *there, struct err *e)
{
	char uuid[UUID_TEXT];
	struct db_stmt *q;
	const struct unit *u = &w->unit;

	uuid_text(&u->uuid, uuid);
	*there = false;
	if (db_prepare(ledger_db(s->l),
		"SELECT uuid, serial, order_id, macs, sku FROM units"
		" WHERE uuid = ?1 OR serial = ?2 ORDER BY uuid = ?1 DESC",
		&q, e) != ERR_OK)
		return e->code;
	db_bind_text(q, 1, uuid);
	db_bind_text(q, 2, u->serial);
	if (db_step(q, there, e) != ERR_OK || !*there)
		return e->code;
	if (differs(s, w, uuid, q, e) == ERR_OK)
		uuid_parse(&w->unit.uuid, db_text(q, 0));
	db_reset(q);
	return e->code;
}

/* A row that is refused; all other failures end the run. */
static bool
is_row_error(const struct err *e)
{
	return e->code == ERR_DATA && e->reason != NULL &&
	    e->reason != reason_get(REASON_LEDGER_DAMAGED);
}

static enum err_code
make_one(struct issue *s, struct want *w, struct err *e)
{
	char shared[PASSWD_MAX + 1] = "";
	struct unit *u = &w->unit;
	bool there;

	if (find(s, w, &there, e) != ERR_OK || there)
		return e->code;
	if (s->o->closed)
		return err_refuse(e, ERR_DATA, reason_get(REASON_ORDER_CLOSED),
		    "order %s is closed: serial %s is not issued", s->o->id,
		    u->serial);
	if (s->o->quantity > 0 && s->o->issued >= s->o->quantity)
		return err_refuse(e, ERR_DATA, reason_get(REASON_ORDER_FULL),
		    "order %s has its %llu unit%s: serial %s is not issued",
		    s->o->id, (unsigned long long)s->o->quantity,
		    text_plural(s->o->quantity), u->serial);
	/* A key that gives all machines one password was made already. */
	if (s->o->profile.mebx &&
	    keypass_get(s->l, s->o->id, shared, e) != ERR_OK)
		return e->code;
	if (shared[0] != '\0')
		memcpy(u->mebx, shared, sizeof(shared));
	secret_wipe(shared, sizeof(shared));
	stamp_now(u->issued);
	if (!s->o->profile.pki && !s->o->profile.key_shared &&
	    credential_psk(s->l, &u->psk, e) != ERR_OK)
		return e->code;
	if (unit_insert(s->l, s->o, u, e) == ERR_OK)
		s->o->issued++;
	return e->code;
}

/* The group's transaction; another process may have been here since. */
static enum err_code
make_group(struct issue *s, struct err *e)
{
	struct order *now = NULL;
	uint64_t before;
	char why[40];

	if (order_load(s->l, s->o->id, &now, e) != ERR_OK)
		return e->code;
	order_free(s->o);
	s->o = now;
	before = now->issued;
	for (size_t i = 0; i < s->n; i++) {
		struct want *w = &s->want[i];

		w->done = make_one(s, w, e) == ERR_OK;
		if (!w->done && !is_row_error(e))
			return e->code;
		if (!w->done)
			fail(s, w, e);
	}
	if (now->issued == before)
		return ERR_OK;
	snprintf(why, sizeof(why), "%llu unit%s",
	    (unsigned long long)(now->issued - before),
	    text_plural(now->issued - before));
	return ledger_audit(s->l, "unit issue", now->id, why, e);
}

static enum err_code
print_group(struct issue *s, struct err *e)
{
	struct uuid uuid;
	struct unit *u;
	struct row r;

	for (size_t i = 0; i < s->n && e->code == ERR_OK; i++) {
		if (!s->want[i].done)
			continue;
		/* As the ledger has it, also where it was there before. */
		u = &s->want[i].unit;
		uuid = u->uuid;
		if (unit_load(s->l, &uuid, u, e) != ERR_OK)
			break;
		unit_row(s->o, u, &r);
		if (s->made++ == 0)
			issue_heading(s->a);
		issue_print(s->a, &r, false, e);
		row_wipe(&r);
	}
	/* A reader of the pipe gets what is durable, group by group. */
	if (fflush(stdout) == EOF)
		err_sys(e, ERR_IO, "standard output");
	return e->code;
}

static enum err_code
flush_group(struct issue *s, struct err *e)
{
	struct db *db = ledger_db(s->l);

	for (size_t i = 0; i < s->n; i++) {
		bool there = false;
		struct err row;

		err_clear(&row); /* found differing: told in the transaction */
		if (find(s, &s->want[i], &there, &row) == ERR_OK && !there &&
		    make_ahead(s, &s->want[i].unit, e) != ERR_OK)
			goto out;
	}
	if (s->n == 0 || db_begin(db, e) != ERR_OK)
		goto out;
	if (make_group(s, e) != ERR_OK || db_commit(db, e) != ERR_OK) {
		db_rollback(db);
		goto out;
	}
	print_group(s, e);
	cli_bar_step(&s->bar, s->n);
out:
	secret_wipe(s->want, s->n * sizeof(*s->want));
	s->n = 0;
	return e->code;
}

static enum err_code
add(struct issue *s, const struct want *w, struct err *e)
{
	s->want[s->n++] = *w;
	return s->n < s->room ? ERR_OK : flush_group(s, e);
}

static size_t
count_lines(const struct csv *c)
{
	size_t n = 0;

	for (const char *p = c->p; p < c->end; p++)
		n += *p == '\n';
	return n;
}

static enum err_code
issue_csv(struct issue *s, struct err *e)
{
	uint8_t *text = NULL;
	struct csv_row row;
	struct csv c;
	size_t n, columns = 0;
	bool more;

	if (file_read(s->path, CSV_MAX, &text, &n, e) != ERR_OK)
		return e->code;
	csv_init(&c, s->path, text, n);
	if (take_header(&c, &columns, e) != ERR_OK)
		goto out;
	cli_bar_start(&s->bar, "units", count_lines(&c));
	for (;;) {
		struct want w = { 0 };

		if (csv_next(&c, &row, &more, e) != ERR_OK) {
			s->failed++;
			cli_report(s->a, e);
			continue;
		}
		if (!more)
			break;
		w.line = row.line;
		if (take_row(s, &row, columns, &w.unit, e) != ERR_OK)
			fail(s, &w, e);
		else if (add(s, &w, e) != ERR_OK)
			goto out;
	}
	flush_group(s, e);
out:
	cli_bar_end(&s->bar);
	free(text);
	return e->code;
}

static enum err_code
issue_count(struct issue *s, unsigned long count, struct err *e)
{
	uint8_t random[UUID_LEN];

	cli_bar_start(&s->bar, "units", count);
	for (unsigned long i = 1; i <= count && e->code == ERR_OK; i++) {
		struct want w = { 0 };

		if (rand_bytes(random, sizeof(random), e) != ERR_OK)
			break;
		uuid_random(&w.unit.uuid, random);
		snprintf(w.unit.serial, sizeof(w.unit.serial), "%.48s-%06u",
		    s->o->id, (unsigned)i % (COUNT_MAX + 1));
		add(s, &w, e);
	}
	if (e->code == ERR_OK)
		flush_group(s, e);
	cli_bar_end(&s->bar);
	return e->code;
}

static enum err_code
issue_what(struct issue *s, struct err *e)
{
	const char *order = cli_value(s->a, "--uuid-order", "text");
	unsigned long count;

	s->path = cli_value(s->a, "--units", NULL);
	s->raw = strcmp(order, "raw") == 0;
	if (!s->raw && strcmp(order, "text") != 0)
		return err_set(e, ERR_USAGE, "--uuid-order is text or raw");
	if (cli_number(s->a, "--count", 1, COUNT_MAX, 0, &count, e) != ERR_OK)
		return e->code;
	if ((s->path == NULL) == (count == 0))
		return err_set(
		    e, ERR_USAGE, "one of --units and --count is needed");
	if (ledger_open_args(s->a, &s->l, e) != ERR_OK ||
	    order_load(s->l, s->a->pos[1], &s->o, e) != ERR_OK)
		return e->code;
	s->room = s->o->profile.factory_key ? GROUP_KEYS : GROUP_MAX;
	return s->path != NULL ? issue_csv(s, e) : issue_count(s, count, e);
}

enum err_code
issue_run(const struct cli_args *a, struct err *e)
{
	struct issue s = { .a = a };

	if ((s.want = calloc(GROUP_MAX, sizeof(*s.want))) == NULL)
		return err_mem(e);
	issue_what(&s, e);
	if (e->code == ERR_OK && s.failed > 0)
		err_set(e, ERR_SOME, "%llu of %llu unit%s %s not issued",
		    (unsigned long long)s.failed,
		    (unsigned long long)(s.failed + s.made),
		    text_plural(s.failed + s.made),
		    s.failed == 1 ? "was" : "were");
	secret_wipe(s.want, GROUP_MAX * sizeof(*s.want));
	free(s.want);
	order_free(s.o);
	ledger_close(s.l);
	return e->code;
}
