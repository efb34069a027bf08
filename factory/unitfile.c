/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of units. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/x509.h"
#include "factory/issue.h"
#include "factory/keyring.h"
#include "factory/unit.h"
#include "factory/verbs.h"
#include "formats/cjson.h"

#define CERT_MAX 65536

static enum err_code
uuid_arg(const char *text, struct uuid *out, struct err *e)
{
	if (!uuid_parse(out, text))
		return err_set(e, ERR_USAGE, "%.64s is not a UUID", text);
	return ERR_OK;
}

static enum err_code
read_cert(const char *path, struct x509 **x, struct err *e)
{
	uint8_t *bytes = NULL;
	size_t n;

	if (file_read(path, CERT_MAX, &bytes, &n, e) == ERR_OK &&
	    x509_read(bytes, n, x, e) != ERR_OK)
		err_in(e, "%s", path);
	free(bytes);
	return e->code;
}

static enum err_code
run_pin(const struct cli_args *a, struct err *e)
{
	struct ledger *l = NULL;
	struct x509 *x = NULL;
	struct uuid uuid;
	const char *cert;

	if (uuid_arg(a->pos[1], &uuid, e) == ERR_OK &&
	    cli_need(a, "--cert", &cert, e) == ERR_OK &&
	    read_cert(cert, &x, e) == ERR_OK &&
	    ledger_open_args(a, &l, e) == ERR_OK &&
	    unit_pin(l, &uuid, x, cli_flag(a, "--force"), e) != ERR_OK)
		err_in(e, "unit %s", a->pos[1]);
	else if (e->code == ERR_OK && x509_is_ca(x))
		log_warn(
		    "%s: a CA's certificate; a device's own is none", cert);
	ledger_close(l);
	x509_free(x);
	return e->code;
}

static enum err_code
run_mark(const struct cli_args *a, struct err *e)
{
	struct ledger *l = NULL;
	struct uuid uuid;
	const char *why;

	if (uuid_arg(a->pos[1], &uuid, e) == ERR_OK &&
	    cli_need(a, "--why", &why, e) == ERR_OK && why[0] == '\0')
		return err_set(e, ERR_USAGE, "--why is empty");
	if (e->code == ERR_OK && ledger_open_args(a, &l, e) == ERR_OK)
		unit_mark(l, &uuid, a->pos[2], why, e);
	ledger_close(l);
	return e->code;
}

static void
show_secret(const char *name, const char *value)
{
	if (value[0] != '\0')
		printf("%-14s %s\n", name, value);
}

/* What issue_print() prints, and where a one-touch key has the unit. */
static enum err_code
show_json(const struct row *r, bool reveal, const char *key,
    const struct keyring_record *at, struct err *e)
{
	struct wr w;

	wr_grow(&w, ROW_MAX + 512);
	row_write(&w, r, reveal);
	if (key[0] != '\0' && !w.failed) {
		w.len--; /* the brace */
		cjson_put_member(&w, "key", key);
		wr_fmt(&w, ",\"key_record\":%u", at->record);
		cjson_put_member(
		    &w, "key_state", keyring_state_name(at->state));
		wr_u8(&w, '}');
	}
	wr_u8(&w, '\n');
	return cli_print(&w, e);
}

static enum err_code
show(const struct cli_args *a, struct ledger *l, const struct order *o,
    const struct unit *u, struct err *e)
{
	bool reveal = cli_flag(a, "--reveal"), there;
	char key[KEYRING_ID] = "";
	struct keyring_record at;
	struct row r;

	if (keyring_of_unit(l, &u->uuid, key, &at, &there, e) != ERR_OK)
		return e->code;
	unit_row(o, u, &r);
	issue_heading(a);
	if (a->json)
		show_json(&r, reveal, key, &at, e);
	else
		issue_print(a, &r, reveal, e);
	if (there && !a->json)
		printf("%-14s %s, record %u, %s\n", "key", key, at.record,
		    keyring_state_name(at.state));
	if (reveal && !a->json) {
		show_secret("pps", r.pps);
		show_secret("mebx_password", r.mebx_password);
		show_secret("otp", r.otp);
	}
	row_wipe(&r);
	return e->code;
}

static enum err_code
run_show(const struct cli_args *a, struct err *e)
{
	struct ledger *l = NULL;
	struct order *o = NULL;
	struct unit u = { 0 };
	char text[UUID_TEXT];
	struct uuid uuid;

	if (uuid_arg(a->pos[1], &uuid, e) != ERR_OK)
		return e->code;
	uuid_text(&uuid, text);
	if (ledger_open_args(a, &l, e) == ERR_OK &&
	    unit_load(l, &uuid, &u, e) == ERR_OK &&
	    order_load(l, u.order, &o, e) == ERR_OK &&
	    /* The audit row is durable before the secret is out. */
	    (!cli_flag(a, "--reveal") ||
		ledger_audit(l, "unit reveal", text, "", e) == ERR_OK))
		show(a, l, o, &u, e);
	order_free(o);
	unit_wipe(&u);
	ledger_close(l);
	return e->code;
}

struct listing {
	const struct cli_args *a;
	const struct order *o;
};

static enum err_code
list_one(void *arg, const struct unit *u, struct err *e)
{
	const struct listing *p = arg;
	struct row r;

	unit_row(p->o, u, &r);
	issue_print(p->a, &r, false, e);
	row_wipe(&r);
	return e->code;
}

static enum err_code
run_list(const struct cli_args *a, struct err *e)
{
	struct listing p = { .a = a };
	struct ledger *l = NULL;
	struct order *o = NULL;

	if (ledger_open_args(a, &l, e) == ERR_OK &&
	    order_load(l, a->pos[1], &o, e) == ERR_OK) {
		p.o = o;
		issue_heading(a);
		unit_each(l, o, list_one, &p, e);
	}
	order_free(o);
	ledger_close(l);
	return e->code;
}

static const struct cli_opt issue_opts[] = {
	{ "--units", CLI_VALUE, "FILE|-",
	    "CSV with the header serial,uuid[,mac[,sku]]" },
	{ "--count", CLI_VALUE, "N",
	    "the order's first N units, with new UUIDs and serials "
	    "ORDER-000001 and on" },
	{ "--uuid-order", CLI_VALUE, "ORDER",
	    "how the CSV writes UUIDs: text (default), or raw, the bytes of "
	    "SMBIOS" },
	LEDGER_OPT_KEY,
	{ 0 },
};
static const struct cli_opt show_opts[] = {
	{ "--reveal", CLI_FLAG, NULL,
	    "show the unit's secrets too; leaves an audit row" },
	LEDGER_OPT_KEY,
	{ 0 },
};
static const struct cli_opt mark_opts[] = {
	{ "--why", CLI_VALUE, "TEXT", "the reason, for the audit row" },
	LEDGER_OPT_KEY,
	{ 0 },
};
static const struct cli_opt pin_opts[] = {
	{ "--cert", CLI_VALUE, "FILE", "the device's certificate, PEM or DER" },
	{ "--force", CLI_FLAG, NULL, "replace the one that is pinned" },
	LEDGER_OPT_KEY,
	{ 0 },
};
static const struct cli_opt list_opts[] = { LEDGER_OPT_KEY, { 0 } };

const struct cli_verb unitfile_verbs[] = {
	{ "unit issue",
	    "LEDGER ORDER --units FILE.csv|- [--uuid-order raw] | --count N",
	    "issue credentials to units; those that have theirs are printed "
	    "again",
	    issue_opts, 2, 2, issue_run },
	{ "unit show", "LEDGER UUID [--reveal]", "show one unit", show_opts, 2,
	    2, run_show },
	{ "unit list", "LEDGER ORDER", "list the units of an order", list_opts,
	    2, 2, run_list },
	{ "unit mark", "LEDGER UUID STATE --why TEXT",
	    "move a unit to written, verified, shipped, returned or scrapped",
	    mark_opts, 3, 3, run_mark },
	{ "unit pin", "LEDGER UUID --cert FILE [--force]",
	    "record the certificate of a device that made its own key",
	    pin_opts, 2, 2, run_pin },
	{ 0 },
};
