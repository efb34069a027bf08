/* SPDX-License-Identifier: Apache-2.0 */
/* The verb that prints what a technician types. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "export/page.h"
#include "export/pagetext.h"
#include "export/readback.h"
#include "factory/keypass.h"
#include "factory/unit.h"
#include "factory/verbs.h"
#include "formats/reason.h"

struct job {
	struct ledger *ledger;
	const struct order *order;
	struct uuid *uuid; /* of the units, in the order of their pages */
	size_t n, room;
	char keypass[PASSWD_MAX + 1]; /* of the order's keys, or "" */
	bool unkeyed;             /* a page waits for a key that is not made */
	size_t hashes;            /* entries that are on each unit's page */
	size_t end[HASHLIST_MAX]; /* pages behind them: where each ends */
	size_t more;              /* how many */
	struct sheet *sheet;
	struct file_out *spool; /* has no name: what is not proven leaves
				 * nothing behind */
	struct readback readback;
	struct unit *unit; /* work space; hold secrets */
	struct record *rec;
};

/* ---- which units ---- */

static enum err_code
add_unit(struct job *j, const struct uuid *uuid, struct err *e)
{
	if (j->n == j->room) {
		size_t room = j->room == 0 ? 64 : 2 * j->room;
		struct uuid *more = reallocarray(j->uuid, room, sizeof(*more));

		if (more == NULL)
			return err_mem(e);
		j->uuid = more;
		j->room = room;
	}
	j->uuid[j->n++] = *uuid;
	return ERR_OK;
}

static enum err_code
each_unit(void *arg, const struct unit *u, struct err *e)
{
	if (strcmp(u->state, "scrapped") == 0)
		return ERR_OK;
	return add_unit(arg, &u->uuid, e);
}

/* One that was asked for by name is not left out silently. */
static enum err_code
add_named(struct job *j, const char *text, struct err *e)
{
	struct uuid uuid;

	if (!uuid_parse(&uuid, text))
		return err_set(e, ERR_USAGE, "%.64s is not a UUID", text);
	for (size_t i = 0; i < j->n; i++)
		if (uuid_equal(&j->uuid[i], &uuid))
			return ERR_OK;
	if (unit_load(j->ledger, &uuid, j->unit, e) != ERR_OK)
		return e->code;
	if (strcmp(j->unit->order, j->order->id) != 0)
		err_refuse(e, ERR_DATA, reason_get(REASON_UNIT_UNKNOWN),
		    "unit %s is of order %s, not %s", text, j->unit->order,
		    j->order->id);
	else if (strcmp(j->unit->state, "scrapped") == 0)
		err_set(e, ERR_DATA,
		    "unit %s is scrapped: its secrets are not told again",
		    text);
	else
		add_unit(j, &uuid, e);
	unit_wipe(j->unit);
	return e->code;
}

static enum err_code
choose(struct job *j, const struct cli_args *a, struct err *e)
{
	const char *text;

	for (int i = 0; (text = cli_nth(a, "--unit", i)) != NULL; i++)
		if (add_named(j, text, e) != ERR_OK)
			return e->code;
	if (cli_nth(a, "--unit", 0) == NULL &&
	    unit_each(j->ledger, j->order, each_unit, j, e) != ERR_OK)
		return e->code;
	if (j->n == 0)
		return err_refuse(e, ERR_DATA,
		    reason_get(REASON_WORKSHEET_EMPTY),
		    "order %s has no units to print", j->order->id);
	return ERR_OK;
}

/* ---- drawing ---- */

/* The i-th unit's page; its secrets stay in the work space until wipe(). */
static enum err_code
load(struct job *j, size_t i, struct page *p, struct err *e)
{
	*p = (struct page){ .rec = j->rec,
		.customer = j->order->profile.customer,
		.key_shared = j->order->profile.key_shared,
		.n = i + 1,
		.of = j->n };
	if (unit_load(j->ledger, &j->uuid[i], j->unit, e) == ERR_OK)
		unit_record(j->order, j->unit, j->rec);
	p->keyed =
	    j->keypass[0] != '\0' && strcmp(j->keypass, j->unit->mebx) == 0;
	if (e->code == ERR_OK && !p->keyed && page_needs_key(j->rec))
		j->unkeyed = true;
	return e->code;
}

static void
wipe(struct job *j)
{
	unit_wipe(j->unit);
	record_wipe(j->rec);
}

static enum err_code
write_spool(void *arg, const void *p, size_t n, struct err *e)
{
	return file_out_write(arg, p, n, e);
}

static enum err_code
draw(struct job *j, struct err *e)
{
	struct page p;
	size_t at;

	for (size_t i = 0; i < j->n && e->code == ERR_OK; i++) {
		if (load(j, i, &p, e) == ERR_OK &&
		    page_draw(j->sheet, &p, &j->hashes, e) != ERR_OK)
			err_in(e, "unit %s", j->unit->serial);
		/* The last one's hash list is that of all. */
		at = j->hashes;
		while (e->code == ERR_OK && i + 1 == j->n &&
		    at < j->rec->hashes.n && j->more < HASHLIST_MAX)
			j->end[j->more++] = at = page_hashes(j->sheet, &p, at);
		wipe(j);
	}
	if (e->code == ERR_OK)
		sheet_end(j->sheet, e);
	return e->code;
}

/* ---- reading back ---- */

/* What the page holds, units first, then the pages of hashes. */
static enum err_code
want_page(struct job *j, size_t at, struct readback_want *w, struct err *e)
{
	size_t more = at < j->n ? 0 : at - j->n;
	struct pagetext_codes codes;
	struct page p;

	wr_grow(&w->texts, 1 << 16);
	if (load(j, at < j->n ? at : 0, &p, e) != ERR_OK)
		return e->code;
	if (at < j->n) {
		pagetext_codes(&p, &codes);
		memcpy(w->bar, codes.bar, sizeof(codes.bar));
		memcpy(w->qr, codes.qr, sizeof(codes.qr));
		memcpy(w->unit, j->unit->serial, sizeof(w->unit));
		pagetext_put(&p, &w->texts);
		pagetext_hashes(&p, 0, j->hashes, &w->texts);
	} else {
		snprintf(w->unit, sizeof(w->unit), "none, hashes of all");
		pagetext_hashes(&p, more == 0 ? j->hashes : j->end[more - 1],
		    j->end[more], &w->texts);
	}
	wipe(j);
	return w->texts.failed ? err_mem(e) : ERR_OK;
}

static enum err_code
read_back(struct job *j, struct err *e)
{
	size_t pages = j->n + j->more, n;
	struct readback_want *want = calloc(READBACK_PAGES, sizeof(*want));
	struct cli_bar bar;

	if (want == NULL)
		return err_mem(e);
	cli_bar_start(&bar, "worksheets", pages);
	for (size_t at = 0; at < pages && e->code == ERR_OK; at += n) {
		n = pages - at < READBACK_PAGES ? pages - at : READBACK_PAGES;
		memset(want, 0, n * sizeof(*want));
		for (size_t i = 0; i < n && e->code == ERR_OK; i++)
			want_page(j, at + i, &want[i], e);
		if (e->code == ERR_OK)
			readback_check(&j->readback, at + 1, want, n, e);
		for (size_t i = 0; i < n; i++)
			wr_free(&want[i].texts);
		cli_bar_step(&bar, n);
	}
	cli_bar_end(&bar);
	free(want);
	return e->code;
}

/* ---- the verb ---- */

/* What a person who reads the audit wants to know: how many, or which. */
static enum err_code
audit(struct job *j, const struct cli_args *a, struct err *e)
{
	char uuid[UUID_TEXT];
	struct wr w;

	wr_grow(&w, 1 << 16);
	wr_fmt(&w, "%zu unit%s", j->n, text_plural(j->n));
	for (size_t i = 0; cli_nth(a, "--unit", 0) != NULL && i < j->n; i++) {
		uuid_text(&j->uuid[i], uuid);
		wr_fmt(&w, " %s", uuid);
	}
	wr_u8(&w, '\0');
	if (w.failed)
		err_mem(e);
	else
		ledger_audit(j->ledger, "worksheet", j->order->id,
		    (const char *)w.buf, e);
	wr_free(&w);
	return e->code;
}

static enum err_code
make(struct job *j, const struct cli_args *a, enum sheet_paper paper,
    const char *path, struct err *e)
{
	char title[128];

	snprintf(title, sizeof(title), "Worksheets of order %s", j->order->id);
	if (readback_init(&j->readback, e) != ERR_OK ||
	    keypass_get(j->ledger, j->order->id, j->keypass, e) != ERR_OK ||
	    choose(j, a, e) != ERR_OK ||
	    file_out_spool(path, &j->spool, e) != ERR_OK ||
	    sheet_new(&j->sheet, paper, title, j->order->opened, write_spool,
		j->spool, e) != ERR_OK)
		return e->code;
	j->readback.fd = file_out_fd(j->spool);
	j->readback.width = sheet_width(j->sheet);
	j->readback.label_top = page_label_top(j->sheet);
	j->readback.label_height = PAGE_LABEL_HEIGHT;
	if (draw(j, e) == ERR_OK)
		read_back(j, e);
	return e->code;
}

static void
tell(const struct cli_args *a, const struct job *j, const char *path)
{
	bool out = strcmp(path, "-") == 0;

	log_warn("%s: secrets of %zu unit%s in clear; it is for its owner "
		 "alone, delete it when it is printed",
	    out ? "standard output" : path, j->n, text_plural(j->n));
	if (j->unkeyed)
		log_warn("order %s: the screen does not take its hashes, a USB "
			 "key does, and none was made: make it first (setupbin "
			 "make), then these pages",
		    j->order->id);
	if (a->json && !out)
		printf("{\"units\":%zu,\"pages\":%zu}\n", j->n, j->n + j->more);
}

static enum err_code
with_order(struct job *j, const struct cli_args *a, enum sheet_paper paper,
    const char *path, struct err *e)
{
	int how = FILE_SECRET | (cli_flag(a, "--force") ? FILE_REPLACE : 0);
	struct file_out *out = NULL;

	j->unit = calloc(1, sizeof(*j->unit));
	j->rec = calloc(1, sizeof(*j->rec));
	if (j->unit == NULL || j->rec == NULL)
		err_mem(e);
	else if (file_out_new(path, how, &out, e) == ERR_OK &&
	    make(j, a, paper, path, e) == ERR_OK &&
	    /* The audit row is durable before the secrets are out. */
	    audit(j, a, e) == ERR_OK &&
	    file_out_copy(out, j->spool, e) == ERR_OK &&
	    file_out_commit(out, e) == ERR_OK)
		tell(a, j, path);
	secret_wipe(j->keypass, sizeof(j->keypass));
	sheet_free(j->sheet);
	file_out_free(j->spool);
	file_out_free(out);
	free(j->uuid);
	free(j->unit);
	free(j->rec);
	return e->code;
}

static enum err_code
paper_arg(const struct cli_args *a, enum sheet_paper *paper, struct err *e)
{
	const char *text = cli_value(a, "--paper", "a4");

	if (strcmp(text, "a4") == 0)
		*paper = SHEET_A4;
	else if (strcmp(text, "letter") == 0)
		*paper = SHEET_LETTER;
	else
		return err_set(
		    e, ERR_USAGE, "--paper %.32s: a4 or letter is known", text);
	return ERR_OK;
}

static enum err_code
worksheet_run(const struct cli_args *a, struct err *e)
{
	enum sheet_paper paper = SHEET_A4;
	struct ledger *l = NULL;
	struct order *o = NULL;
	struct job j = { 0 };
	const char *path;

	if (cli_need(a, "--out", &path, e) == ERR_OK &&
	    paper_arg(a, &paper, e) == ERR_OK &&
	    ledger_open_args(a, &l, e) == ERR_OK &&
	    order_load(l, a->pos[1], &o, e) == ERR_OK) {
		j.ledger = l;
		j.order = o;
		with_order(&j, a, paper, path, e);
	}
	order_free(o);
	ledger_close(l);
	return e->code;
}

static const struct cli_opt worksheet_opts[] = {
	{ "--out", CLI_VALUE, "FILE.pdf|-",
	    "the PDF, for its owner alone; it holds secrets in clear" },
	{ "--unit", CLI_MANY, "UUID", "only this unit; may be repeated" },
	{ "--paper", CLI_VALUE, "SIZE", "a4 (default) or letter" },
	{ "--force", CLI_FLAG, NULL, "replace a file that exists" },
	LEDGER_OPT_KEY,
	{ 0 },
};

const struct cli_verb worksheet_verbs[] = {
	{ "worksheet",
	    "LEDGER ORDER --out FILE.pdf|- [--unit UUID]... [--paper "
	    "a4|letter] [--force]",
	    "print, a page a unit, what a technician types into the set-up "
	    "screen",
	    worksheet_opts, 2, 2, worksheet_run },
	{ 0 },
};
