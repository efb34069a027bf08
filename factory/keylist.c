/* SPDX-License-Identifier: Apache-2.0 */
/* The verb that lists keys, and the rows that every verb prints of them. */
#include <stdio.h>
#include <string.h>

#include "factory/keylist.h"
#include "factory/keyring.h"
#include "factory/order.h"
#include "factory/verbs.h"
#include "formats/cjson.h"
#include "formats/reason.h"

static void
put_record(
    struct wr *w, const char *key, const struct keyring_record *r, bool state)
{
	wr_str(w, "{");
	cjson_put_member(w, "key", key);
	wr_fmt(w, ",\"record\":%u", r->record);
	if (r->uuid[0] != '\0') {
		cjson_put_member(w, "serial", r->serial);
		cjson_put_member(w, "uuid", r->uuid);
	}
	if (r->pid[0] != '\0')
		cjson_put_member(w, "pid", r->pid);
	if (state)
		cjson_put_member(w, "state", keyring_state_name(r->state));
	wr_str(w, "}\n");
}

enum err_code
keylist_record(void *arg, const struct keyring_record *r, struct err *e)
{
	static const char format[] = "%-24s %6s  %-24s %-36s  %-8s%s%s\n";
	struct keylist_rows *p = arg;
	const char *state = p->state ? keyring_state_name(r->state) : "";
	char line[1024], number[16];
	struct wr w;

	if (!p->a->json) {
		if (!p->headed)
			printf(format, "KEY", "RECORD", "SERIAL", "UUID", "PID",
			    p->state ? "  " : "", p->state ? "STATE" : "");
		p->headed = true;
		snprintf(number, sizeof(number), "%u", r->record);
		printf(format, p->key, number,
		    r->uuid[0] != '\0' ? r->serial : "(every machine)", r->uuid,
		    r->pid, p->state ? "  " : "", state);
		return ERR_OK;
	}
	wr_fixed(&w, line, sizeof(line));
	put_record(&w, p->key, r, p->state);
	if (w.failed)
		return err_refuse(e, ERR_DATA,
		    reason_get(REASON_LEDGER_DAMAGED),
		    "key %s: record %u: values that no row can hold", p->key,
		    r->record);
	fwrite(line, 1, w.len, stdout);
	return ERR_OK;
}

struct listing {
	const struct cli_args *a;
	struct ledger *l;
	bool reveal, records, headed;
	struct keylist_rows rows;
};

/* JSON has no place for a name that is not UTF-8. */
static void
put_out(struct wr *w, const char *out)
{
	struct wr try;

	wr_grow(&try, 8 * KEYRING_PATH);
	cjson_put_string(&try, out);
	if (!try.failed)
		cjson_put_member(w, "out", out);
	wr_free(&try);
}

static enum err_code
list_json(const struct listing *p, const struct keyring_key *k, struct err *e)
{
	struct wr w;

	wr_grow(&w, 16 * KEYRING_PATH);
	wr_str(&w, "{");
	cjson_put_member(&w, "key", k->id);
	cjson_put_member(&w, "order", k->order);
	wr_fmt(&w, ",\"version\":\"%u.%u\"", k->major, k->minor);
	wr_fmt(&w, ",\"scrambled\":%s", k->scrambled ? "true" : "false");
	wr_fmt(&w, ",\"consumable\":%s", k->mebx[0] == '\0' ? "true" : "false");
	wr_fmt(&w,
	    ",\"records\":%u,\"unused\":%u,\"possibly_applied\":%u"
	    ",\"differs\":%u",
	    k->records, k->unused, k->applied, k->differs);
	cjson_put_member(&w, "sha256", k->sha256);
	cjson_put_member(&w, "created", k->created);
	if (k->written[0] != '\0')
		cjson_put_member(&w, "written", k->written);
	if (k->returned[0] != '\0')
		cjson_put_member(&w, "returned", k->returned);
	put_out(&w, k->out);
	if (p->reveal && k->mebx[0] != '\0')
		cjson_put_member(&w, "mebx_password", k->mebx);
	if (p->reveal && k->current[0] != '\0')
		cjson_put_member(&w, "current_password", k->current);
	wr_str(&w, "}\n");
	return cli_print(&w, e);
}

static void
list_words(struct listing *p, const struct keyring_key *k)
{
	if (!p->headed && !p->records)
		printf("%-24s %7s %7s %7s %7s  %-7s %-20s  %s\n", "KEY",
		    "RECORDS", "UNUSED", "APPLIED", "DIFFERS", "VERSION",
		    "CREATED", "FILE");
	p->headed = true;
	if (!p->records && k->mebx[0] != '\0')
		printf("%-24s %7s %7s %7s %7s  %u.%u     %-20s  %s\n", k->id,
		    "1", "(all)", "", "", k->major, k->minor, k->created,
		    k->out);
	else if (!p->records)
		printf("%-24s %7u %7u %7u %7u  %u.%u     %-20s  %s\n", k->id,
		    k->records, k->unused, k->applied, k->differs, k->major,
		    k->minor, k->created, k->out);
	if (p->reveal && k->mebx[0] != '\0')
		printf("    mebx_password %s\n", k->mebx);
	if (p->reveal && k->current[0] != '\0')
		printf("    current_password %s\n", k->current);
}

static enum err_code
list_key(void *arg, const struct keyring_key *k, struct err *e)
{
	bool secret = k->mebx[0] != '\0' || k->current[0] != '\0';
	struct listing *p = arg;

	/* The audit row is durable before the secret is out. */
	if (p->reveal && secret &&
	    ledger_audit(p->l, "setupbin reveal", k->id, "", e) != ERR_OK)
		return e->code;
	if (!p->a->json)
		list_words(p, k);
	else if (!p->records || (p->reveal && secret))
		list_json(p, k, e);
	p->rows.key = k->id;
	if (e->code == ERR_OK && p->records)
		keyring_each(p->l, k->id, keylist_record, &p->rows, e);
	return e->code;
}

static enum err_code
run_list(const struct cli_args *a, struct err *e)
{
	struct listing p = { .a = a,
		.reveal = cli_flag(a, "--reveal"),
		.records = cli_flag(a, "--records"),
		.rows = { .a = a, .state = true } };
	const char *order = a->n > 1 ? a->pos[1] : NULL;
	struct order *o = NULL;

	if (ledger_open_args(a, &p.l, e) == ERR_OK &&
	    (order == NULL || order_load(p.l, order, &o, e) == ERR_OK))
		keyring_each_key(p.l, order, list_key, &p, e);
	order_free(o);
	ledger_close(p.l);
	return e->code;
}

static const struct cli_opt list_opts[] = {
	{ "--records", CLI_FLAG, NULL, "list the keys' records instead" },
	{ "--reveal", CLI_FLAG, NULL,
	    "show the MEBx passwords of keys that serve all machines; leaves "
	    "an audit row" },
	LEDGER_OPT_KEY,
	{ 0 },
};

const struct cli_verb keylist_verbs[] = {
	{ "setupbin list", "LEDGER [ORDER] [--records] [--reveal]",
	    "list the keys that were made, and what came back of them",
	    list_opts, 1, 2, run_list },
	{ 0 },
};
