/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/keyfile.h"
#include "base/log.h"
#include "base/rand.h"
#include "base/sealed.h"
#include "base/stamp.h"
#include "base/text.h"
#include "export/maker.h"
#include "factory/issue.h"
#include "factory/keypass.h"
#include "factory/ledger.h"
#include "factory/order.h"
#include "factory/unit.h"
#include "factory/verbs.h"
#include "formats/batch.h"
#include "formats/cjson.h"

/* A manifest that is being made. */
struct make {
	const struct cli_args *a;
	const char *path;
	struct ledger *l;
	struct order *o;
	struct manifest *m;
	struct crypto_key *key;
	struct x509_chain signer, to;
	char sha256[65];
	struct maker *maker;
	int64_t keys; /* keypass_count() when the units were read */
	struct cli_bar bar;
};

/* A manifest that is being read; what it holds is in the file's mapping. */
struct reading {
	struct batch *b;
	struct sealed sealed;
	const uint8_t *p;
	size_t n;
};

static enum err_code
print(const struct wr *w, struct err *e)
{
	if (w->failed)
		return err_mem(e);
	return file_write("-", FILE_NEW, w->buf, w->len, e);
}

/* Reading. */

static enum err_code
reading_open(struct reading *r, const char *path, struct err *e)
{
	const struct batch_doors doors = { sealed_verify, sealed_open,
		&r->sealed };

	batch_rules(r->sealed.rule);
	if ((r->b = calloc(1, sizeof(*r->b))) == NULL)
		return err_mem(e);
	if (file_map(path, &r->p, &r->n, e) != ERR_OK)
		return e->code;
	if (batch_read(r->b, r->p, r->n, &doors, e) != ERR_OK)
		return err_in(e, "%s", path);
	if (r->sealed.expired)
		log_warn("%s: accepted although the certificate of its signer "
			 "has expired: %s",
		    path, r->sealed.signer);
	return ERR_OK;
}

static enum err_code
reading_rows(struct reading *r, const char *path, batch_row_fn *fn, void *arg,
    struct err *e)
{
	const struct batch_doors doors = { sealed_verify, sealed_open,
		&r->sealed };

	if (batch_rows(r->b, &doors, fn, arg, e) != ERR_OK)
		return err_in(e, "%s", path);
	return ERR_OK;
}

static void
reading_close(struct reading *r)
{
	file_unmap(r->p, r->n);
	sealed_wipe(&r->sealed);
	free(r->b);
}

/* Making. */

/* The header, but for what the maker fills. */
static enum err_code
make_header(struct make *x, struct err *e)
{
	const struct profile *p = &x->o->profile;
	uint8_t random[UUID_LEN];
	struct manifest *m = x->m;
	struct uuid batch;

	if (rand_bytes(random, sizeof(random), e) != ERR_OK ||
	    order_manifest_last(x->l, x->o->id, &m->sequence, m->previous, e) !=
		ERR_OK)
		return e->code;
	m->sequence++;
	uuid_random(&batch, random);
	uuid_text(&batch, m->batch);
	snprintf(m->order, sizeof(m->order), "%s", x->o->id);
	snprintf(m->customer, sizeof(m->customer), "%s", p->customer);
	stamp_now(m->created);
	m->key_shared = p->key_shared;
	if (p->hashes.n > 0) {
		snprintf(m->list[0].name, sizeof(m->list[0].name), "%s",
		    p->hash_list);
		m->list[0].hashes = p->hashes;
		m->nlists = 1;
	}
	return ERR_OK;
}

static enum err_code
make_unit(void *arg, const struct unit *u, struct err *e)
{
	struct make *x = arg;
	struct row row;

	unit_row(x->o, u, &row);
	maker_row(x->maker, &row, e);
	row_wipe(&row);
	cli_bar_step(&x->bar, 1);
	return e->code;
}

/* Into the ledger, in the transaction that is open. */
static enum err_code
record(struct make *x, struct err *e)
{
	if (order_manifest_add(x->l, x->o->id, x->m->sequence, x->sha256, e) ==
	    ERR_OK)
		ledger_audit(x->l, "manifest make", x->o->id, x->sha256, e);
	return e->code;
}

/* Is the file there the manifest that is due next? Then a run was killed
 * after it had made the file and before the ledger knew. */
static bool
made_before(struct make *x)
{
	struct reading r = { .sealed.insecure_expired = true };
	struct err e;
	bool due = false;

	err_clear(&e);
	r.sealed.roots = x->signer; /* lent */
	if (reading_open(&r, x->path, &e) == ERR_OK &&
	    strcmp(r.b->m.order, x->m->order) == 0 &&
	    r.b->m.sequence == x->m->sequence &&
	    strcmp(r.b->m.previous, x->m->previous) == 0) {
		*x->m = r.b->m;
		memcpy(x->sha256, r.b->sha256, sizeof(x->sha256));
		due = true;
	}
	memset(&r.sealed.roots, 0, sizeof(r.sealed.roots));
	reading_close(&r);
	return due;
}

/* The file first, then the ledger: a file that the ledger does not know is
 * made good by the next run, a gap in the numbers would not be. The ledger is
 * locked meanwhile, so that no two files have one number. */
static enum err_code
finish(struct make *x, bool there, struct err *e)
{
	char last[65];
	uint32_t sequence;
	int64_t keys;

	if (db_begin(ledger_db(x->l), e) != ERR_OK)
		return e->code;
	/* Units that are on no manifest yet take a key's password. */
	if (!there && keypass_count(x->l, x->o->id, &keys, e) == ERR_OK &&
	    keys != x->keys)
		err_set(e, ERR_RETRY,
		    "a key of order %s was made meanwhile, which gives its "
		    "units other passwords",
		    x->o->id);
	if (e->code == ERR_OK &&
	    order_manifest_last(x->l, x->o->id, &sequence, last, e) == ERR_OK &&
	    sequence + 1 != x->m->sequence)
		err_set(e, ERR_RETRY,
		    "manifest %u of order %s was made meanwhile", sequence,
		    x->o->id);
	if (e->code == ERR_OK && !there)
		maker_finish(x->maker, x->sha256, e);
	if (e->code == ERR_OK)
		record(x, e);
	return db_end(ledger_db(x->l), e);
}

static enum err_code
make_rows(struct make *x, int how, struct err *e)
{
	const struct maker_how maker = { .path = x->path,
		.file_how = how,
		.key = x->key,
		.signer = &x->signer,
		.to = &x->to,
		.m = x->m };

	/* One read transaction: the units as they are now. */
	if (maker_new(&maker, &x->maker, e) != ERR_OK ||
	    db_exec(ledger_db(x->l), "BEGIN", e) != ERR_OK)
		return e->code;
	cli_bar_start(&x->bar, "manifest", x->o->issued);
	if (keypass_count(x->l, x->o->id, &x->keys, e) == ERR_OK)
		unit_each(x->l, x->o, make_unit, x, e);
	cli_bar_end(&x->bar);
	db_rollback(ledger_db(x->l));
	return e->code;
}

static enum err_code
make(struct make *x, struct err *e)
{
	bool force = cli_flag(x->a, "--force");
	bool there = false;

	if (make_header(x, e) != ERR_OK)
		return e->code;
	if (!force && file_exists(x->path) && !(there = made_before(x)))
		return err_set(e, ERR_CREATE,
		    "%s: exists already (--force replaces it)", x->path);
	if (!there &&
	    make_rows(x, force ? FILE_REPLACE : FILE_NEW, e) != ERR_OK)
		return e->code;
	return finish(x, there, e);
}

static enum err_code
tell_made(const struct make *x, struct err *e)
{
	const struct manifest *m = x->m;
	char text[2048];
	struct wr w;

	wr_fixed(&w, text, sizeof(text));
	if (x->a->json) {
		wr_fmt(&w, "{\"batch\":\"%s\",\"order\":", m->batch);
		cjson_put_string(&w, m->order);
		wr_fmt(&w,
		    ",\"sequence\":%u,\"units\":%llu,\"sha256\":\"%s\"}\n",
		    m->sequence, (unsigned long long)m->units, x->sha256);
	} else
		wr_fmt(&w, "order %s, manifest %u: %llu unit%s, SHA-256 %s\n",
		    m->order, m->sequence, (unsigned long long)m->units,
		    text_plural(m->units), x->sha256);
	/* A pipe that took the manifest takes no words. */
	return strcmp(x->path, "-") == 0 ? ERR_OK : print(&w, e);
}

/* Of each certificate that is not valid now; so: what follows from it. */
static void
warn_dates(const char *option, const struct x509_chain *c, const char *so)
{
	const time_t now = time(NULL);
	char subject[256], when[STAMP_LEN];

	for (size_t i = 0; i < c->n; i++) {
		time_t from = x509_not_before(c->cert[i]);
		time_t to = x509_not_after(c->cert[i]);

		if (from <= now && now <= to)
			continue;
		if (!x509_subject(c->cert[i], subject, sizeof(subject)))
			subject[0] = '\0';
		stamp_utc(when, now < from ? from : to);
		log_warn("%s: the certificate of %s %s %s: %s", option, subject,
		    now < from ? "is not valid before" : "has expired at", when,
		    so);
	}
}

static void
warn_parties(const struct make *x)
{
	warn_dates("--sign-cert", &x->signer,
	    "an import refuses the manifest (manifest-expired), unless it says "
	    "--insecure-expired-signer");
	warn_dates("--to", &x->to,
	    "what is sealed to it opens, where its key is still there; ask for "
	    "the one that took its place");
}

static enum err_code
check_signer(const struct make *x, struct err *e)
{
	if (x->signer.n > 0 && x509_matches_key(x->signer.cert[0], x->key))
		return ERR_OK;
	return err_set(e, ERR_DATA,
	    "--sign-cert %s: the certificate does not fit the signer's key, "
	    "--sign-key %s",
	    cli_value(x->a, "--sign-cert", ""),
	    cli_value(x->a, "--sign-key", ""));
}

static enum err_code
run_make(const struct cli_args *a, struct err *e)
{
	struct make x = { .a = a };

	if ((x.m = calloc(1, sizeof(*x.m))) == NULL)
		return err_mem(e);
	if (cli_need(a, "--out", &x.path, e) == ERR_OK &&
	    keyfile_private(a, "--sign-key", &x.key, e) == ERR_OK &&
	    keyfile_chain(a, "--sign-cert", false, &x.signer, e) == ERR_OK &&
	    check_signer(&x, e) == ERR_OK &&
	    keyfile_chain(a, "--to", true, &x.to, e) == ERR_OK &&
	    ledger_open_args(a, &x.l, e) == ERR_OK &&
	    order_load(x.l, a->pos[1], &x.o, e) == ERR_OK &&
	    make(&x, e) == ERR_OK) {
		warn_parties(&x);
		tell_made(&x, e);
	}
	maker_free(x.maker);
	ledger_close(x.l);
	crypto_key_free(x.key);
	x509_chain_free(&x.signer);
	x509_chain_free(&x.to);
	order_free(x.o);
	free(x.m);
	return e->code;
}

/* Checking and listing. */

static enum err_code
no_row(void *arg, const struct row *row, struct err *e)
{
	(void)arg;
	(void)row;
	(void)e;
	return ERR_OK;
}

static enum err_code
tell_checked(const struct reading *r, bool opened, bool json, struct err *e)
{
	const struct manifest *m = &r->b->m;
	struct wr w;

	wr_grow(&w, (size_t)1 << 21);
	if (json) {
		wr_fmt(&w, "{\"sha256\":\"%s\",\"signer\":", r->b->sha256);
		cjson_put_string(&w, r->sealed.signer);
		wr_fmt(&w, ",\"expired\":%s,\"rows_checked\":%s,\"manifest\":",
		    r->sealed.expired ? "true" : "false",
		    opened ? "true" : "false");
		wr_bytes(&w, r->b->json, r->b->njson);
		wr_str(&w, "}\n");
	} else {
		wr_fmt(&w, "order %s, manifest %u of %s\n", m->order,
		    m->sequence, m->created);
		wr_fmt(&w, "signed by %s\n", r->sealed.signer);
		wr_fmt(&w, "SHA-256 %s\n", r->b->sha256);
		if (m->key_shared)
			wr_str(&w, "ONE KEY IS SHARED by its units\n");
		for (size_t i = 0; i < m->nrecipients; i++)
			wr_fmt(&w, "to %s, certificate %s\n",
			    m->recipient[i].name, m->recipient[i].cert_sha256);
		wr_fmt(&w, "%llu unit%s in %zu chunk%s, rows %s\n",
		    (unsigned long long)m->units, text_plural(m->units),
		    m->nchunks, text_plural(m->nchunks),
		    opened ? "checked"
			   : "not opened: that takes a recipient's --key");
	}
	print(&w, e);
	wr_free(&w);
	return e->code;
}

static enum err_code
run_check(const struct cli_args *a, struct err *e)
{
	bool open = cli_flag(a, "--key");
	struct reading r = { 0 };

	if (sealed_options(&r.sealed, a, open, e) == ERR_OK &&
	    reading_open(&r, a->pos[0], e) == ERR_OK &&
	    (!open || reading_rows(&r, a->pos[0], no_row, NULL, e) == ERR_OK))
		tell_checked(&r, open, a->json, e);
	reading_close(&r);
	return e->code;
}

struct listing {
	const struct cli_args *a;
	size_t n;
};

static enum err_code
list_row(void *arg, const struct row *row, struct err *e)
{
	struct listing *l = arg;
	const struct cli_args *a = l->a;
	bool reveal = cli_flag(a, "--reveal");

	if (l->n++ == 0)
		issue_heading(a);
	if (issue_print(a, row, reveal, e) != ERR_OK || !reveal || a->json)
		return e->code;
	if (row->pps[0] != '\0')
		printf("    pps %s\n", row->pps);
	if (row->mebx_password[0] != '\0')
		printf("    mebx_password %s\n", row->mebx_password);
	if (row->admin_password[0] != '\0')
		printf("    admin_password %s\n", row->admin_password);
	if (row->otp[0] != '\0')
		printf("    otp %s\n", row->otp);
	return ERR_OK;
}

static enum err_code
run_list(const struct cli_args *a, struct err *e)
{
	struct listing l = { .a = a };
	struct reading r = { 0 };

	if (sealed_options(&r.sealed, a, true, e) == ERR_OK &&
	    reading_open(&r, a->pos[0], e) == ERR_OK &&
	    reading_rows(&r, a->pos[0], list_row, &l, e) == ERR_OK &&
	    fflush(stdout) == EOF)
		err_sys(e, ERR_IO, "standard output");
	reading_close(&r);
	return e->code;
}

static const struct cli_opt make_opts[] = {
	{ "--sign-key", CLI_SECRET, "KEY", "private key of the signer" },
	{ "--sign-cert", CLI_VALUE, "CERT",
	    "certificate of the signer, with what is between it and its "
	    "root" },
	{ "--to", CLI_MANY, "CERT",
	    "certificate of a recipient; give it once for each" },
	{ "--out", CLI_VALUE, "FILE", "the manifest" },
	{ "--force", CLI_FLAG, NULL, "replace FILE" },
	KEYFILE_OPT_PASS,
	LEDGER_OPT_KEY,
	{ 0 },
};
static const struct cli_opt check_opts[] = {
	SEALED_OPTS,
	{ 0 },
};
static const struct cli_opt list_opts[] = {
	SEALED_OPTS,
	{ "--reveal", CLI_FLAG, NULL, "print the secrets too" },
	{ 0 },
};

const struct cli_verb manifestfile_verbs[] = {
	{ "manifest make",
	    "LEDGER ORDER --sign-key K --sign-cert C --to CERT... --out FILE",
	    "sign and encrypt an order's units for the customer", make_opts, 2,
	    2, run_make },
	{ "manifest check", "FILE --trust ROOT.pem [--key K]",
	    "verify a manifest: signer, digests and, with a key, its rows",
	    check_opts, 1, 1, run_check },
	{ "manifest list", "FILE --trust ROOT.pem --key K [--reveal]",
	    "verify a manifest and print its rows", list_opts, 1, 1, run_list },
	{ 0 },
};
