/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/file.h"
#include "base/filegroup.h"
#include "base/secret.h"
#include "base/text.h"
#include "bios/carry.h"
#include "bios/plan.h"
#include "bios/plandelta.h"
#include "factory/imagewrite.h"
#include "factory/keypass.h"
#include "factory/mapfile.h"
#include "factory/unit.h"
#include "formats/reason.h"

#define SENT 1024

/* A unit whose file is on its way to the disk. */
struct sent {
	struct uuid uuid;
	bool made; /* false: it was there with these bytes */
	bool mark; /* the ledger is to say that it is written */
	bool durable;
};

struct writer {
	const struct cli_args *args;
	const struct order *order;
	struct ledger *ledger;
	const char *base, *dir;
	bool force, delta;
	/* The base, read once, and the only image in memory: a unit's bytes
	 * are in it while it is written, and the base's again behind that. */
	uint8_t *image;
	size_t n;
	uint8_t sha[32]; /* of the base */
	struct image img, again;
	struct planner planner;
	struct filegroup *out;
	/* Work space for one unit; holds secrets. */
	struct record rec;
	struct plan plan;
	struct delta d, d_again;
	struct wr was;  /* the base's bytes where the plan's are */
	struct wr file; /* a delta */
	/* The group at hand. */
	struct sent sent[SENT];
	struct uuid mark[SENT];
	size_t nsent;
	size_t proved, written, left, failed;
	size_t nother; /* deltas of another base are there */
	uint8_t other[32];
	struct cli_bar bar;
};

static void
name_of(const struct writer *w, const struct uuid *id, char out[static 64])
{
	uuid_text(id, out);
	strcat(out, w->delta ? ".delta" : ".bin");
}

/* What a killed run may have left a temporary of. */
static bool
is_output(const char *name)
{
	char uuid[UUID_TEXT];
	struct uuid id;

	if (strlen(name) < UUID_TEXT ||
	    (strcmp(name + UUID_TEXT - 1, ".bin") != 0 &&
		strcmp(name + UUID_TEXT - 1, ".delta") != 0))
		return false;
	memcpy(uuid, name, UUID_TEXT - 1);
	uuid[UUID_TEXT - 1] = '\0';
	return uuid_parse(&id, uuid);
}

static void
report(struct writer *w, const struct uuid *id, struct err *one)
{
	char uuid[UUID_TEXT];

	uuid_text(id, uuid);
	err_in(one, "unit %s", uuid);
	w->failed++;
	cli_report(w->args, one);
}

/* ---- a group: files, and then the ledger ---- */

static void
on_durable(void *arg, uint64_t tag, struct err *one)
{
	struct writer *w = arg;
	struct sent *s = &w->sent[tag];

	s->durable = one->code == ERR_OK;
	if (!s->durable)
		report(w, &s->uuid, one);
}

static void
on_refused(void *arg, struct err *one)
{
	struct writer *w = arg;

	w->failed++;
	cli_report(w->args, one);
}

/* The ledger says "written" of files that no cut can take away any more. */
static enum err_code
commit(struct writer *w, struct err *e)
{
	struct unit_marks marks = { .id = w->mark,
		.state = "written",
		.why = w->delta ? "image write --delta" : "image write",
		.image = true,
		.refused = on_refused,
		.arg = w };

	filegroup_commit(w->out, e);
	for (size_t i = 0; i < w->nsent; i++) {
		const struct sent *s = &w->sent[i];

		if (!s->durable || (!s->made && e->code != ERR_OK))
			continue;
		*(s->made ? &w->written : &w->left) += 1;
		if (s->mark)
			w->mark[marks.n++] = s->uuid;
	}
	w->nsent = 0;
	if (e->code == ERR_OK)
		unit_mark_many(w->ledger, &marks, e);
	return e->code;
}

/* Is what is there a delta of another base? All of a folder are, then, and that
 * is told once, in the end. */
static bool
is_others(struct writer *w, const char *name)
{
	char path[PATH_MAX];
	uint8_t *p = NULL;
	bool is = false;
	struct err no;
	struct rd r;
	size_t n;

	err_clear(&no);
	if (!w->delta ||
	    file_join(path, sizeof(path), w->dir, name, &no) != ERR_OK ||
	    file_load(path, DELTA_MAX, &p, &n, &no) != ERR_OK)
		return false;
	rd_init(&r, p, n);
	if (delta_read(&r, &w->d_again) &&
	    memcmp(w->d_again.base, w->sha, sizeof(w->sha)) != 0) {
		memcpy(w->other, w->d_again.base, sizeof(w->other));
		w->nother++;
		is = true;
	}
	memset(&w->d_again, 0, sizeof(w->d_again)); /* it borrows the file */
	secret_wipe(p, n);
	free(p);
	return is;
}

static bool
is_base(const struct writer *w, const char *name)
{
	char path[PATH_MAX];
	struct err no;

	err_clear(&no);
	return file_join(path, sizeof(path), w->dir, name, &no) == ERR_OK &&
	    file_same(path, w->base);
}

/* The file changes no board: a unit that is verified stays so. */
static enum err_code
send(struct writer *w, const struct unit *u, const uint8_t *p, size_t n,
    struct err *e)
{
	struct sent *s = &w->sent[w->nsent];
	enum filegroup_there there;
	char name[64];
	int how = FILE_SECRET;

	name_of(w, &u->uuid, name);
	if (filegroup_look(w->out, name, p, n, &there, e) != ERR_OK)
		return e->code;
	s->uuid = u->uuid;
	s->made = there != FILEGROUP_SAME;
	s->mark = strcmp(u->state, "issued") == 0 ||
	    strcmp(u->state, "returned") == 0;
	s->durable = !s->made;
	if (there == FILEGROUP_OTHER && is_base(w, name))
		return err_set(e, ERR_USAGE,
		    "%s/%s: is the base, and would be replaced", w->dir, name);
	if (there == FILEGROUP_OTHER && !w->force && is_others(w, name))
		return ERR_OK;
	if (there == FILEGROUP_OTHER && !w->force)
		return err_set(e, ERR_CREATE,
		    "%s/%s: exists with other bytes (--force replaces it)",
		    w->dir, name);
	if (there == FILEGROUP_OTHER)
		how |= FILE_REPLACE;
	if (s->made &&
	    filegroup_put(w->out, name, how, p, n, w->nsent, e) != ERR_OK)
		return e->code;
	w->nsent++;
	return ERR_OK;
}

/* ---- one unit ---- */

/* Puts the plan's bytes into the image; take_out() undoes it. */
static enum err_code
put_in(struct writer *w, struct err *e)
{
	struct span all = { w->image, w->n }, at;

	wr_reset(&w->was);
	for (size_t i = 0; i < w->plan.n; i++) {
		if (!span_cut(all, w->plan.w[i].off, w->plan.w[i].len, &at))
			return err_set(e, ERR_BUG, "a write outside the image");
		wr_bytes(&w->was, at.p, at.n);
	}
	if (w->was.failed)
		return err_mem(e);
	return plan_apply(&w->plan, w->image, w->n, e);
}

static void
take_out(struct writer *w)
{
	struct span all = { w->image, w->n }, at;
	size_t from = 0;

	for (size_t i = 0; i < w->plan.n; i++) {
		if (from + w->plan.w[i].len > w->was.len ||
		    !span_cut(all, w->plan.w[i].off, w->plan.w[i].len, &at))
			return;
		memcpy(at.p, w->was.buf + from, at.n);
		from += at.n;
	}
}

static enum err_code
differs(struct err *e, const char *what)
{
	return err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_DIFFERS),
	    "the image that was made, read again: %s", what);
}

/*
 * That nothing else has changed needs no look. put_in() and take_out() are the
 * only writers to the only copy, both within ranges of the plan, which the
 * planner has held against what may not be written; and a byte that either
 * had left astray would be there in the end, when the copy must have the base's
 * digest again.
 */
static enum err_code
prove(struct writer *w, struct err *e)
{
	return carry_made(&w->planner, w->image, &w->rec, &w->again, e);
}

static enum err_code
send_image(struct writer *w, const struct unit *u, struct err *e)
{
	if (put_in(w, e) == ERR_OK && prove(w, e) == ERR_OK)
		send(w, u, w->image, w->n, e);
	take_out(w);
	return e->code;
}

/* A delta is read again and held against the plan. Plans of one run differ in
 * a unit's own values, so the first that is tried shows for all that the image
 * they make is sound; reading each would cost more than writing it. */
static enum err_code
send_delta(struct writer *w, const struct unit *u, struct err *e)
{
	struct rd r;

	if (w->proved == 0) {
		if (put_in(w, e) == ERR_OK)
			prove(w, e);
		take_out(w);
	}
	w->d.image = w->n;
	memcpy(w->d.base, w->sha, sizeof(w->d.base));
	w->d.uuid = u->uuid;
	if (e->code != ERR_OK ||
	    plandelta_make(&w->plan, w->image, &w->d, e) != ERR_OK)
		return e->code;
	wr_reset(&w->file);
	delta_write(&w->file, &w->d);
	if (w->file.failed)
		return err_set(e, ERR_DATA,
		    "more than %d bytes change: too many for a delta",
		    DELTA_MAX);
	rd_init(&r, w->file.buf, w->file.len);
	if (!delta_read(&r, &w->d_again) ||
	    !plandelta_same(&w->plan, &w->d_again) ||
	    delta_judge(&w->d_again, w->n, w->sha, e) != ERR_OK)
		return differs(e, "the delta is not the plan");
	return send(w, u, w->file.buf, w->file.len, e);
}

static enum err_code
make(struct writer *w, const struct unit *u, struct err *e)
{
	unit_record(w->order, u, &w->rec);
	if (plan_make(&w->planner, &w->rec, &w->plan, e) == ERR_OK &&
	    (w->delta ? send_delta : send_image)(w, u, e) == ERR_OK)
		w->proved++;
	plan_free(&w->plan);
	wr_reset(&w->file);
	record_wipe(&w->rec);
	return e->code;
}

static enum err_code
each_unit(void *arg, const struct unit *u, struct err *e)
{
	struct writer *w = arg;
	struct err one;

	err_clear(&one);
	if (unit_may_image(u, &one) != ERR_OK || make(w, u, &one) != ERR_OK) {
		/* No room for the first is the base's or the map's fault; bytes
		 * that came out wrong, and bugs, are nobody's unit's. */
		if (((one.reason == reason_get(REASON_IMAGE_STORE_FULL) ||
			 one.reason == reason_get(REASON_MAP_UNSOUND)) &&
			w->proved == 0) ||
		    one.reason == reason_get(REASON_IMAGE_DIFFERS) ||
		    one.code == ERR_BUG) {
			char uuid[UUID_TEXT];

			uuid_text(&u->uuid, uuid);
			*e = one;
			err_in(e, "unit %s", uuid);
			return err_in(e, "%s", w->base);
		}
		report(w, &u->uuid, &one);
	}
	cli_bar_step(&w->bar, 1);
	if (w->nsent == SENT || filegroup_full(w->out))
		commit(w, e);
	return e->code;
}

/* ---- the order ---- */

static void
tell_others(struct writer *w)
{
	char there[TEXT_HEX_SIZE(32)], ours[TEXT_HEX_SIZE(32)];
	struct err e;

	if (w->nother == 0)
		return;
	w->failed += w->nother;
	text_hex(there, w->other, sizeof(w->other));
	text_hex(ours, w->sha, sizeof(w->sha));
	err_clear(&e);
	err_set(&e, ERR_CREATE,
	    "%s: %zu deltas of another base are there, of SHA-256 %s; this "
	    "base has %s (--force replaces them)",
	    w->dir, w->nother, there, ours);
	cli_report(w->args, &e);
}

static void
tell(const struct writer *w)
{
	if (w->args->json)
		printf("{\"written\":%zu,\"left\":%zu,\"failed\":%zu}\n",
		    w->written, w->left, w->failed);
	else
		printf("%zu written, %zu left as they were, %zu failed\n",
		    w->written, w->left, w->failed);
}

/* prove() says what hangs on this. */
static enum err_code
is_base_again(const struct writer *w, struct err *e)
{
	uint8_t now[32];

	if (e->code != ERR_OK ||
	    crypto_sha256_of(w->image, w->n, now, e) != ERR_OK)
		return e->code;
	if (memcmp(now, w->sha, sizeof(now)) != 0)
		return err_set(e, ERR_BUG,
		    "bytes outside the plans have changed: use none of the "
		    "files of this run");
	return ERR_OK;
}

static enum err_code
write_all(struct writer *w, struct err *e)
{
	struct err last = { 0 };
	int64_t before, now;

	if (keypass_count(w->ledger, w->order->id, &before, e) != ERR_OK)
		return e->code;
	cli_bar_start(
	    &w->bar, w->delta ? "deltas" : "images", w->order->issued);
	unit_each(w->ledger, w->order, each_unit, w, e);
	cli_bar_end(&w->bar);
	/* Also when a read of the ledger failed: these files exist. */
	if (commit(w, &last) != ERR_OK && e->code == ERR_OK)
		*e = last;
	is_base_again(w, e);
	/* Until they are marked, units take a key's password. */
	if (e->code == ERR_OK &&
	    keypass_count(w->ledger, w->order->id, &now, e) == ERR_OK &&
	    now != before)
		err_set(e, ERR_RETRY,
		    "a key of order %s was made meanwhile, and these images "
		    "may have other passwords than it: write them again with "
		    "--force",
		    w->order->id);
	if (e->code != ERR_OK)
		return e->code;
	tell_others(w);
	tell(w);
	return w->failed > 0 ? ERR_SOME : ERR_OK;
}

static enum err_code
write_order(struct writer *w, struct err *e)
{
	enum err_code code = ERR_OK;

	wr_grow(&w->was, w->n);
	wr_grow(&w->file, DELTA_MAX);
	if (crypto_sha256_of(w->image, w->n, w->sha, e) == ERR_OK &&
	    filegroup_open(w->dir, on_durable, w, &w->out, e) == ERR_OK &&
	    filegroup_clear(w->out, is_output, e) == ERR_OK)
		code = write_all(w, e);
	filegroup_free(w->out);
	wr_free(&w->was);
	wr_free(&w->file);
	return e->code != ERR_OK ? e->code : code;
}

static enum err_code
with_base(struct writer *w, const struct imgmap *map, struct err *e)
{
	if (file_load(w->base, IMAGE_MAX, &w->image, &w->n, e) != ERR_OK)
		return e->code;
	if (image_read(w->image, w->n, &w->img, e) == ERR_OK &&
	    plan_begin(&w->planner, &w->img, map, e) == ERR_OK)
		return write_order(w, e);
	return err_in(e, "%s", w->base);
}

enum err_code
imagewrite_run(const struct cli_args *a, struct err *e)
{
	struct writer *w = calloc(1, sizeof(*w));
	enum err_code code = ERR_OK;
	const char *mapfile;
	struct order *o = NULL;
	struct mapfile *map = NULL;

	if (w == NULL)
		return err_mem(e);
	w->args = a;
	w->force = cli_flag(a, "--force");
	w->delta = cli_flag(a, "--delta");
	if (cli_need(a, "--base", &w->base, e) == ERR_OK &&
	    cli_need(a, "--map", &mapfile, e) == ERR_OK &&
	    cli_need(a, "--out", &w->dir, e) == ERR_OK &&
	    mapfile_open(mapfile, &map, e) == ERR_OK &&
	    ledger_open_args(a, &w->ledger, e) == ERR_OK &&
	    order_load(w->ledger, a->pos[1], &o, e) == ERR_OK) {
		w->order = o;
		code = with_base(w, &map->map, e);
	}
	order_free(o);
	mapfile_free(map);
	ledger_close(w->ledger);
	free(w->image);
	free(w);
	return e->code != ERR_OK ? e->code : code;
}
