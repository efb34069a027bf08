/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/keyfile.h"
#include "base/log.h"
#include "base/sealed.h"
#include "base/text.h"
#include "formats/batch.h"
#include "formats/cjson.h"
#include "formats/reason.h"
#include "server/store.h"
#include "server/tenant.h"
#include "server/verbs.h"

struct import {
	struct store *store;
	struct sealed sealed;
	struct batch *b;
	const char *tenant; /* "" the default */
	int64_t n;          /* of the batch in the store */
	uint64_t added[STORE_SAME + 1];
	bool already;
	struct cli_bar bar;
};

/* *n: the batch's number, 0 if it was not imported. */
static enum err_code
find_batch(struct store *s, const char *sha256, int64_t *n, struct err *e)
{
	struct db_stmt *q;
	bool row;

	*n = 0;
	if (db_prepare(store_db(s), "SELECT n FROM batches WHERE sha256 = ?1",
		&q, e) != ERR_OK)
		return e->code;
	db_bind_text(q, 1, sha256);
	if (db_step(q, &row, e) == ERR_OK && row) {
		*n = db_int(q, 0);
		db_reset(q);
	}
	return e->code;
}

static enum err_code
add_batch(struct import *x, struct err *e)
{
	const struct manifest *m = &x->b->m;
	struct db_stmt *q;

	if (db_prepare(store_db(x->store),
		"INSERT INTO batches (sha256, batch, order_id, sequence,"
		" units, signer, imported, tenant) VALUES (?1, ?2, ?3,"
		" ?4, ?5, ?6, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'), ?7)",
		&q, e) != ERR_OK)
		return e->code;
	db_bind_text(q, 1, x->b->sha256);
	db_bind_text(q, 2, m->batch);
	db_bind_text(q, 3, m->order);
	db_bind_int(q, 4, m->sequence);
	db_bind_int(q, 5, (int64_t)m->units);
	db_bind_text(q, 6, x->sealed.signer);
	db_bind_text(q, 7, x->tenant);
	if (db_run(q, e) != ERR_OK)
		return e->code;
	return find_batch(x->store, x->b->sha256, &x->n, e);
}

/* Again is no fault, for another tenant it is. */
static enum err_code
check_again(struct import *x, int64_t n, struct err *e)
{
	struct db_stmt *q;
	bool row;

	if (db_prepare(store_db(x->store),
		"SELECT tenant FROM batches WHERE n = ?1", &q, e) != ERR_OK)
		return e->code;
	db_bind_int(q, 1, n);
	if (db_step(q, &row, e) != ERR_OK || !row)
		return e->code;
	if (strcmp(db_text(q, 0), x->tenant) != 0)
		err_refuse(e, ERR_DATA, reason_get(REASON_MANIFEST_CONFLICT),
		    "this manifest was imported for tenant \"%s\" before, not "
		    "\"%s\"",
		    db_text(q, 0), x->tenant);
	db_reset(q);
	return e->code;
}

/* A gap is no fault: batches may be imported in any order. */
static enum err_code
check_previous(struct import *x, const char *path, struct err *e)
{
	int64_t n;

	if (x->b->m.previous[0] == '\0' ||
	    find_batch(x->store, x->b->m.previous, &n, e) != ERR_OK || n != 0)
		return e->code;
	log_warn("%s: manifest %u of order %s; the one before it was not "
		 "imported here",
	    path, x->b->m.sequence, x->b->m.order);
	return ERR_OK;
}

/* A unit stays with the tenant for whom its first manifest was imported. */
static enum err_code
check_tenant(struct import *x, const struct row *row, struct err *e)
{
	char uuid[UUID_TEXT];
	struct db_stmt *q;
	bool there;

	if (db_prepare(store_db(x->store),
		"SELECT tenant FROM units WHERE uuid = ?1 AND tenant <> ?2", &q,
		e) != ERR_OK)
		return e->code;
	uuid_text(&row->uuid, uuid);
	db_bind_text(q, 1, uuid);
	db_bind_text(q, 2, x->tenant);
	if (db_step(q, &there, e) != ERR_OK || !there)
		return e->code;
	err_refuse(e, ERR_DATA, reason_get(REASON_MANIFEST_CONFLICT),
	    "unit %s: it was imported for tenant \"%s\" before, not \"%s\"",
	    uuid, db_text(q, 0), x->tenant);
	db_reset(q);
	return e->code;
}

static enum err_code
take_row(void *arg, const struct row *row, struct err *e)
{
	struct import *x = arg;
	enum store_added how;

	if (check_tenant(x, row, e) != ERR_OK ||
	    store_add(x->store, x->n, row, &how, e) != ERR_OK)
		return e->code;
	x->added[how]++;
	cli_bar_step(&x->bar, 1);
	return ERR_OK;
}

/* All rows in one transaction: all or none. */
static enum err_code
take_all(struct import *x, const struct batch_doors *doors, const char *path,
    struct err *e)
{
	int64_t n;

	if (store_begin(x->store, e) != ERR_OK ||
	    find_batch(x->store, x->b->sha256, &n, e) != ERR_OK)
		return e->code;
	if (n != 0) {
		/* A wrong key is told, though nothing is needed of it. */
		if (batch_opens(x->b, doors, e) != ERR_OK)
			return e->code;
		x->already = true;
		x->added[STORE_SAME] = x->b->m.units;
		return check_again(x, n, e);
	}
	if (check_previous(x, path, e) != ERR_OK || add_batch(x, e) != ERR_OK)
		return e->code;
	cli_bar_start(&x->bar, "importing", x->b->m.units);
	batch_rows(x->b, doors, take_row, x, e);
	cli_bar_end(&x->bar);
	if (e->code == ERR_OK && x->sealed.expired) {
		log_warn("%s: accepted although the certificate of its signer "
			 "has expired: %s",
		    path, x->sealed.signer);
		store_audit(x->store, "import --insecure-expired-signer",
		    x->b->sha256, x->sealed.signer, e);
	}
	return e->code == ERR_OK ? store_commit(x->store, e) : e->code;
}

static enum err_code
tell(const struct import *x, const struct cli_args *a, struct err *e)
{
	const struct manifest *m = &x->b->m;
	char text[2048];
	struct wr w;

	wr_fixed(&w, text, sizeof(text));
	if (a->json) {
		wr_fmt(&w, "{\"batch\":\"%s\",\"order\":", m->batch);
		cjson_put_string(&w, m->order);
		wr_fmt(&w, ",\"sequence\":%u,\"sha256\":\"%s\",\"signer\":",
		    m->sequence, x->b->sha256);
		cjson_put_string(&w, x->sealed.signer);
		if (x->tenant[0] != '\0') {
			wr_str(&w, ",\"tenant\":");
			cjson_put_string(&w, x->tenant);
		}
		wr_fmt(&w,
		    ",\"already\":%s,\"units\":%llu,\"new\":%llu,"
		    "\"renewed\":%llu}\n",
		    x->already ? "true" : "false", (unsigned long long)m->units,
		    (unsigned long long)x->added[STORE_NEW],
		    (unsigned long long)x->added[STORE_RENEWED]);
	} else if (x->already)
		wr_fmt(&w, "already imported: order %s, manifest %u\n",
		    m->order, m->sequence);
	else
		wr_fmt(&w,
		    "imported order %s, manifest %u: %llu unit%s, %llu new, "
		    "%llu renewed\n",
		    m->order, m->sequence, (unsigned long long)m->units,
		    text_plural(m->units),
		    (unsigned long long)x->added[STORE_NEW],
		    (unsigned long long)x->added[STORE_RENEWED]);
	return file_write("-", FILE_NEW, text, w.len, e);
}

static enum err_code
run_import(const struct cli_args *a, struct err *e)
{
	const char *path = a->pos[1];
	struct import x = { .tenant = cli_value(a, "--tenant", "") };
	const struct batch_doors doors = { sealed_verify, sealed_open,
		&x.sealed };
	const uint8_t *p = NULL;
	size_t n = 0;

	if (x.tenant[0] != '\0' && !tenant_name_ok(x.tenant))
		return err_set(e, ERR_USAGE,
		    "--tenant: a tenant's name has letters, digits, and - . _ "
		    "behind the first");
	if ((x.b = calloc(1, sizeof(*x.b))) == NULL)
		return err_mem(e);
	if (sealed_options(&x.sealed, a, true, e) == ERR_OK &&
	    store_open(a->pos[0], &x.store, e) == ERR_OK &&
	    file_map(path, &p, &n, e) == ERR_OK) {
		batch_rules(x.sealed.rule);
		if (batch_read(x.b, p, n, &doors, e) != ERR_OK ||
		    take_all(&x, &doors, path, e) != ERR_OK)
			err_in(e, "%s", path);
		else
			tell(&x, a, e);
	}
	store_close(x.store);
	file_unmap(p, n);
	sealed_wipe(&x.sealed);
	free(x.b);
	return e->code;
}

static enum err_code
run_init(const struct cli_args *a, struct err *e)
{
	return store_init(a->pos[0], e);
}

static const struct cli_opt no_opts[] = { { 0 } };
static const struct cli_opt import_opts[] = {
	{ "--tenant", CLI_VALUE, "NAME",
	    "whose machines they are, as the configuration names it" },
	SEALED_OPTS,
	{ 0 },
};

const struct cli_verb import_verbs[] = {
	{ "init", "STATE", "make the folder that holds the server's state",
	    no_opts, 1, 1, run_init },
	{ "import",
	    "STATE FILE [--tenant NAME] --trust ROOT.pem --key K [--cert C]",
	    "verify a manifest and take its units in, all or none", import_opts,
	    2, 2, run_import },
	{ 0 },
};
