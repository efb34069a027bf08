/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/file.h"
#include "base/secret.h"
#include "bios/plan.h"
#include "factory/imagewrite.h"
#include "factory/keypass.h"
#include "factory/mapfile.h"
#include "factory/unit.h"
#include "formats/reason.h"

struct writer {
	const struct cli_args *args;
	const struct order *order;
	const char *base, *dir;
	struct image img;
	struct planner planner;
	uint8_t *copy; /* of the base; the same as it between two units */
	size_t n;
	struct record *rec; /* work space */
	bool force;
	struct uuid *done; /* units to be marked as written */
	size_t ndone, room;
	size_t written, left, failed;
	struct cli_bar bar;
};

/* ---- the folder ---- */

/* What a killed run left behind: <uuid>.bin. and six characters. */
static bool
is_leftover(const char *name)
{
	char uuid[UUID_TEXT];
	struct uuid id;

	if (strlen(name) != UUID_TEXT - 1 + 5 + 6 ||
	    memcmp(name + UUID_TEXT - 1, ".bin.", 5) != 0)
		return false;
	memcpy(uuid, name, UUID_TEXT - 1);
	uuid[UUID_TEXT - 1] = '\0';
	return uuid_parse(&id, uuid);
}

/* Takes the folder for this run alone and clears leftovers, which hold
 * secrets. *out is closed by the caller. */
static enum err_code
open_dir(const char *path, DIR **out, struct err *e)
{
	struct dirent *d;

	if (file_mkdir(path, 0700, e) != ERR_OK)
		return e->code;
	if ((*out = opendir(path)) == NULL)
		return err_sys(e, ERR_CREATE, "%s", path);
	if (flock(dirfd(*out), LOCK_EX | LOCK_NB) == -1)
		return errno == EWOULDBLOCK
		    ? err_set(
			  e, ERR_RETRY, "%s: another run writes to it", path)
		    : err_sys(e, ERR_IO, "%s", path);
	while ((d = readdir(*out)) != NULL)
		if (is_leftover(d->d_name) &&
		    unlinkat(dirfd(*out), d->d_name, 0) == -1)
			return err_sys(e, ERR_IO, "%s/%s", path, d->d_name);
	return ERR_OK;
}

/* ---- one unit ---- */

static bool
same_file(const struct writer *w, const char *path)
{
	const uint8_t *p = NULL;
	struct err e;
	size_t n;
	bool same;

	err_clear(&e);
	same = file_map(path, &p, &n, &e) == ERR_OK && n == w->n &&
	    memcmp(p, w->copy, n) == 0;
	file_unmap(p, n);
	return same;
}

/* *made: it was not there with these bytes. */
static enum err_code
put_file(
    const struct writer *w, const struct unit *u, bool *made, struct err *e)
{
	char name[UUID_TEXT + 4], path[4096];
	int how = FILE_SECRET | (w->force ? FILE_REPLACE : FILE_NEW);

	uuid_text(&u->uuid, name);
	strcat(name, ".bin");
	if (file_join(path, sizeof(path), w->dir, name, e) != ERR_OK)
		return e->code;
	*made = !same_file(w, path);
	if (!*made)
		return ERR_OK;
	if (!w->force && file_exists(path))
		return err_set(e, ERR_CREATE,
		    "%s: exists with other bytes (--force replaces it)", path);
	return file_write(path, how, w->copy, w->n, e);
}

/* An image that was left needs no mark once it is verified or shipped. */
static enum err_code
note_done(struct writer *w, const struct unit *u, bool made, struct err *e)
{
	if (made)
		w->written++;
	else
		w->left++;
	if (!made && strcmp(u->state, "issued") != 0)
		return ERR_OK;
	if (w->ndone == w->room) {
		size_t room = w->room == 0 ? 64 : 2 * w->room;
		struct uuid *more = reallocarray(w->done, room, sizeof(*more));

		if (more == NULL)
			return err_mem(e);
		w->done = more;
		w->room = room;
	}
	w->done[w->ndone++] = u->uuid;
	return ERR_OK;
}

static enum err_code
make_image(struct writer *w, const struct unit *u, struct err *e)
{
	struct plan *plan = malloc(sizeof(*plan));
	bool made = false;

	if (plan == NULL)
		return err_mem(e);
	unit_record(w->order, u, w->rec);
	if (plan_make(&w->planner, w->rec, plan, e) == ERR_OK &&
	    plan_apply(plan, w->copy, w->n, e) == ERR_OK &&
	    put_file(w, u, &made, e) == ERR_OK)
		note_done(w, u, made, e);
	plan_revert(plan, w->planner.img, w->copy, w->n, e);
	plan_free(plan);
	free(plan);
	record_wipe(w->rec);
	return e->code;
}

static enum err_code
each_unit(void *arg, const struct unit *u, struct err *e)
{
	struct writer *w = arg;
	char uuid[UUID_TEXT];
	struct err one;

	err_clear(&one);
	/* A board that was scrapped gets no secrets again. */
	if (strcmp(u->state, "scrapped") != 0 &&
	    make_image(w, u, &one) != ERR_OK) {
		uuid_text(&u->uuid, uuid);
		err_in(&one, "unit %s", uuid);
		/* No room for the first is the base's fault. */
		if (one.reason == reason_get(REASON_IMAGE_STORE_FULL) &&
		    w->written + w->left == 0) {
			*e = one;
			return err_in(e, "%s", w->base);
		}
		w->failed++;
		cli_report(w->args, &one);
	}
	cli_bar_step(&w->bar, 1);
	return ERR_OK;
}

/* ---- the order ---- */

static void
mark_done(struct writer *w, struct ledger *l)
{
	struct err one;

	for (size_t i = 0; i < w->ndone; i++) {
		err_clear(&one);
		if (unit_mark(l, &w->done[i], "written", "image write", &one) ==
		    ERR_OK)
			continue;
		w->failed++;
		cli_report(w->args, &one);
	}
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

static enum err_code
write_all(struct writer *w, struct ledger *l, struct err *e)
{
	int64_t before, now;

	if (keypass_count(l, w->order->id, &before, e) != ERR_OK)
		return e->code;
	cli_bar_start(&w->bar, "images", w->order->issued);
	unit_each(l, w->order, each_unit, w, e);
	cli_bar_end(&w->bar);
	/* Also when a read of the ledger failed: these images exist. */
	mark_done(w, l);
	/* Until they are marked, units take a key's password. */
	if (e->code == ERR_OK &&
	    keypass_count(l, w->order->id, &now, e) == ERR_OK && now != before)
		err_set(e, ERR_RETRY,
		    "a key of order %s was made meanwhile, and these images "
		    "may have other passwords than it: write them again with "
		    "--force",
		    w->order->id);
	if (e->code != ERR_OK)
		return e->code;
	tell(w);
	return w->failed > 0 ? ERR_SOME : ERR_OK;
}

static enum err_code
write_order(struct writer *w, struct ledger *l, struct err *e)
{
	enum err_code code = ERR_OK;
	DIR *dir = NULL;

	w->copy = malloc(w->n);
	w->rec = calloc(1, sizeof(*w->rec));
	if (w->copy == NULL || w->rec == NULL)
		err_mem(e);
	else if (open_dir(w->dir, &dir, e) == ERR_OK) {
		memcpy(w->copy, w->planner.img->p, w->n);
		code = write_all(w, l, e);
	}
	if (dir != NULL)
		closedir(dir);
	free(w->copy);
	free(w->rec);
	free(w->done);
	return e->code != ERR_OK ? e->code : code;
}

static enum err_code
with_base(
    struct writer *w, struct ledger *l, const struct imgmap *map, struct err *e)
{
	enum err_code code = ERR_OK;
	const uint8_t *p = NULL;

	if (file_map(w->base, &p, &w->n, e) != ERR_OK)
		return e->code;
	if (image_read(p, w->n, &w->img, e) == ERR_OK &&
	    plan_begin(&w->planner, &w->img, map, e) == ERR_OK)
		code = write_order(w, l, e);
	else
		err_in(e, "%s", w->base);
	file_unmap(p, w->n);
	return e->code != ERR_OK ? e->code : code;
}

enum err_code
imagewrite_run(const struct cli_args *a, struct err *e)
{
	struct writer *w = calloc(1, sizeof(*w));
	enum err_code code = ERR_OK;
	const char *mapfile;
	struct ledger *l = NULL;
	struct order *o = NULL;
	struct imgmap map;

	if (w == NULL)
		return err_mem(e);
	w->args = a;
	w->force = cli_flag(a, "--force");
	if (cli_need(a, "--base", &w->base, e) == ERR_OK &&
	    cli_need(a, "--map", &mapfile, e) == ERR_OK &&
	    cli_need(a, "--out", &w->dir, e) == ERR_OK &&
	    mapfile_read(mapfile, &map, e) == ERR_OK &&
	    ledger_open_args(a, &l, e) == ERR_OK &&
	    order_load(l, a->pos[1], &o, e) == ERR_OK) {
		w->order = o;
		code = with_base(w, l, &map, e);
	}
	order_free(o);
	free(w);
	ledger_close(l);
	return e->code != ERR_OK ? e->code : code;
}
