/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cli.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/secret.h"
#include "base/text.h"
#include "bios/carry.h"
#include "factory/keypass.h"
#include "factory/planjob.h"
#include "factory/planview.h"
#include "factory/verbs.h"
#include "formats/cjson.h"
#include "formats/reason.h"

static enum err_code
uuid_arg(const char *text, struct uuid *out, struct err *e)
{
	if (!uuid_parse(out, text))
		return err_set(e, ERR_USAGE, "%.64s is not a UUID", text);
	return ERR_OK;
}

static int
how_of(const struct cli_args *a)
{
	return cli_flag(a, "--force") ? FILE_REPLACE : FILE_NEW;
}

static bool
is_pipe(const char *path)
{
	return path != NULL && strcmp(path, "-") == 0;
}

/* ---- image plan ---- */

static enum err_code
put_plan(const struct planjob *j, const char *out, struct err *e)
{
	struct wr doc, view;

	wr_grow(&doc, PLANDOC_MAX);
	wr_grow(&view, PLANDOC_MAX);
	plandoc_write(&doc, &j->doc);
	planview_write(&view, &j->doc);
	if (doc.failed || view.failed)
		err_refuse(e, ERR_CONFIG, reason_get(REASON_MAP_UNSOUND),
		    "map %s: not UTF-8, or too large for a plan",
		    j->map->map.name);
	else if (out == NULL ||
	    file_write(out, how_of(j->a), doc.buf, doc.len, e) == ERR_OK) {
		/* To a pipe it went already. */
		if (!is_pipe(out))
			cli_print(j->a->json ? &doc : &view, e);
	}
	wr_free(&doc);
	wr_free(&view);
	return e->code;
}

static enum err_code
run_plan(const struct cli_args *a, struct err *e)
{
	const char *out = cli_value(a, "--out", NULL);
	const char *const in[] = { a->pos[0], a->pos[1], a->pos[2] };
	struct planjob *j;
	struct uuid uuid;

	if (uuid_arg(a->pos[3], &uuid, e) != ERR_OK ||
	    planjob_names(in, 3, out, e) != ERR_OK ||
	    planjob_new(a, &j, e) != ERR_OK)
		return e->code;
	if (planjob_image(j, a->pos[0], e) == ERR_OK &&
	    mapfile_open(a->pos[1], &j->map, e) == ERR_OK &&
	    planjob_ledger(j, a->pos[2], out, e) == ERR_OK &&
	    planjob_unit(j, &uuid, e) == ERR_OK &&
	    planjob_may_write(j, e) == ERR_OK && planjob_derive(j, e) == ERR_OK)
		put_plan(j, out, e);
	planjob_free(j);
	return e->code;
}

/* ---- image apply ---- */

static enum err_code
read_plan(const char *path, struct plandoc *d, struct err *e)
{
	uint8_t *text = NULL;
	size_t n;

	if (file_read(path, PLANDOC_MAX, &text, &n, e) == ERR_OK &&
	    plandoc_read(text, n, d, e) != ERR_OK)
		err_in(e, "%s", path);
	free(text);
	return e->code;
}

static enum err_code
same_base(const struct planjob *j, const struct plandoc *d, struct err *e)
{
	char have[TEXT_HEX_SIZE(SHA256_LEN)], want[TEXT_HEX_SIZE(SHA256_LEN)];

	if (memcmp(j->sha256, d->sha256, SHA256_LEN) == 0)
		return ERR_OK;
	text_hex(have, j->sha256, SHA256_LEN);
	text_hex(want, d->sha256, SHA256_LEN);
	return err_refuse(e, ERR_DATA, reason_get(REASON_PLAN_DIFFERS),
	    "%s: SHA-256 %s, but the plan is for a base of %s", j->path, have,
	    want);
}

/* The plan's own map: what was reviewed is what is applied. */
static enum err_code
take_map(struct planjob *j, const struct plandoc *d, struct err *e)
{
	if ((j->map = calloc(1, sizeof(*j->map))) == NULL ||
	    (j->map->text = strdup(d->map_text)) == NULL)
		return err_mem(e);
	j->map->n = strlen(d->map_text);
	memcpy(j->map->sha256, d->map_sha256, SHA256_LEN);
	return mapfile_parse(
	    "the plan's map", j->map->text, j->map->n, &j->map->map, e);
}

static enum err_code
read_back(const struct planjob *j, int fd, struct err *e)
{
	uint8_t *copy = malloc(j->n + 1);
	size_t n = 0;
	ssize_t got = 0;

	if (copy == NULL)
		return err_mem(e);
	while (n <= j->n &&
	    (got = pread(fd, copy + n, j->n + 1 - n, (off_t)n)) > 0)
		n += (size_t)got;
	if (got == -1)
		err_sys(e, ERR_IO, "reading back");
	else if (planjob_verify(j, copy, n, e) != ERR_OK)
		err_in(e, "what was written");
	secret_wipe(copy, j->n + 1);
	free(copy);
	return e->code;
}

/* Nothing is at path before it was read back and verified. */
static enum err_code
put_image(
    const struct planjob *j, const uint8_t *p, const char *path, struct err *e)
{
	struct file_out *o = NULL;

	if (file_out_new(path, how_of(j->a) | FILE_SECRET, &o, e) == ERR_OK &&
	    file_out_write(o, p, j->n, e) == ERR_OK &&
	    (is_pipe(path) || read_back(j, file_out_fd(o), e) == ERR_OK))
		file_out_commit(o, e);
	file_out_free(o);
	return e->code;
}

static enum err_code
write_image(struct planjob *j, const char *path, struct err *e)
{
	uint8_t *copy = malloc(j->n == 0 ? 1 : j->n);

	if (copy == NULL)
		return err_mem(e);
	memcpy(copy, j->bytes, j->n);
	if (plan_apply(&j->plan, copy, j->n, e) == ERR_OK &&
	    planjob_verify(j, copy, j->n, e) == ERR_OK)
		put_image(j, copy, path, e);
	secret_wipe(copy, j->n);
	free(copy);
	return e->code;
}

static enum err_code
tell_applied(const struct planjob *j, const char *out, struct err *e)
{
	char uuid[UUID_TEXT];
	struct wr w;

	if (is_pipe(out))
		return ERR_OK; /* the image is the data there */
	uuid_text(&j->rec.uuid, uuid);
	wr_grow(&w, 4096);
	if (j->a->json)
		wr_fmt(&w,
		    "{\"uuid\":\"%s\",\"writes\":%zu,\"clears_only\":%s,"
		    "\"verified\":true}\n",
		    uuid, j->plan.n, j->plan.clears_only ? "true" : "false");
	else
		wr_fmt(&w,
		    "unit %s: %zu range%s written, read back and verified\n",
		    uuid, j->plan.n, text_plural(j->plan.n));
	return cli_print(&w, e);
}

/* Until it is marked, a unit takes a key's password. */
static enum err_code
write_and_mark(struct planjob *j, const char *out, struct err *e)
{
	int64_t before, now;

	if (keypass_count(j->l, j->o->id, &before, e) != ERR_OK ||
	    write_image(j, out, e) != ERR_OK ||
	    unit_mark_image(j->l, &j->u, "image apply", e) != ERR_OK)
		return e->code;
	if (keypass_count(j->l, j->o->id, &now, e) == ERR_OK && now != before)
		err_set(e, ERR_RETRY,
		    "a key of order %s was made meanwhile, and the image may "
		    "have another password than it: plan and apply again",
		    j->o->id);
	return e->code;
}

static enum err_code
run_apply(const struct cli_args *a, struct err *e)
{
	const char *const in[] = { a->pos[0], a->pos[1], a->pos[2] };
	const char *out = a->pos[3];
	struct plandoc *given = calloc(1, sizeof(*given));
	struct planjob *j = NULL;

	if (given == NULL)
		return err_mem(e);
	if (planjob_names(in, 3, out, e) == ERR_OK &&
	    planjob_new(a, &j, e) == ERR_OK &&
	    read_plan(a->pos[1], given, e) == ERR_OK &&
	    planjob_image(j, a->pos[0], e) == ERR_OK &&
	    same_base(j, given, e) == ERR_OK &&
	    take_map(j, given, e) == ERR_OK &&
	    planjob_ledger(j, a->pos[2], out, e) == ERR_OK &&
	    planjob_unit(j, &given->uuid, e) == ERR_OK &&
	    planjob_may_write(j, e) == ERR_OK &&
	    planjob_derive(j, e) == ERR_OK &&
	    plandoc_same(given, &j->doc, e) == ERR_OK &&
	    write_and_mark(j, out, e) == ERR_OK)
		tell_applied(j, out, e);
	planjob_free(j);
	plandoc_free(given);
	free(given);
	return e->code;
}

/* ---- image undo ---- */

static enum err_code
judge_undone(const struct plandoc *d, const uint8_t *p, size_t n,
    const char *path, struct err *e)
{
	uint8_t sha256[SHA256_LEN];
	char have[TEXT_HEX_SIZE(SHA256_LEN)], want[TEXT_HEX_SIZE(SHA256_LEN)];

	if (crypto_sha256_of(p, n, sha256, e) != ERR_OK)
		return e->code;
	if (memcmp(sha256, d->sha256, SHA256_LEN) == 0)
		return ERR_OK;
	text_hex(have, sha256, SHA256_LEN);
	text_hex(want, d->sha256, SHA256_LEN);
	return err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_DIFFERS),
	    "%s: bytes that the plan does not name have changed: without the "
	    "planned ones it has SHA-256 %s, the base had %s",
	    path, have, want);
}

static enum err_code
judge_written(const struct plandoc *d, const uint8_t *p, size_t n,
    const char *path, struct err *e)
{
	uint8_t sha256[SHA256_LEN];

	if (crypto_sha256_of(p, n, sha256, e) != ERR_OK)
		return e->code;
	if (memcmp(sha256, d->sha256, SHA256_LEN) != 0)
		return ERR_OK;
	return err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_DIFFERS),
	    "%s: is the base itself: nothing of the plan is in it", path);
}

/* Ranges that have other bytes than the plan gave them: a firmware may have
 * changed them since. Of secrets nothing is known here. */
static size_t
count_changed(const struct plandoc *d, const uint8_t *p, size_t n)
{
	size_t other = 0;

	for (size_t i = 0; i < d->n; i++) {
		const struct plandoc_write *w = &d->w[i];

		other += !w->secret && w->off <= n && w->len <= n - w->off &&
		    memcmp(p + w->off, d->bytes.buf + w->new, w->len) != 0;
	}
	return other;
}

static enum err_code
undo(const struct cli_args *a, const struct plandoc *d, uint8_t *p, size_t n,
    struct err *e)
{
	size_t other = count_changed(d, p, n);
	int how = how_of(a);

	if (n != d->size)
		return err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_DIFFERS),
		    "%s: has %zu bytes, but the base had %zu", a->pos[0], n,
		    d->size);
	if (judge_written(d, p, n, a->pos[0], e) != ERR_OK ||
	    plandoc_revert(d, p, n, e) != ERR_OK ||
	    judge_undone(d, p, n, a->pos[0], e) != ERR_OK ||
	    file_write(a->pos[2], how, p, n, e) != ERR_OK)
		return e->code;
	if (is_pipe(a->pos[2]))
		return ERR_OK;
	if (a->json)
		printf("{\"undone\":%zu,\"changed\":%zu}\n", d->n, other);
	else {
		printf("%zu range%s undone: the base again, bit by bit\n", d->n,
		    text_plural(d->n));
		if (other > 0)
			printf("%zu of them had other bytes than were "
			       "planned\n",
			    other);
	}
	return ERR_OK;
}

static enum err_code
run_undo(const struct cli_args *a, struct err *e)
{
	const char *const in[] = { a->pos[0], a->pos[1] };
	struct plandoc *d = calloc(1, sizeof(*d));
	uint8_t *p = NULL;
	size_t n = 0;

	if (d == NULL)
		return err_mem(e);
	if (planjob_names(in, 2, a->pos[2], e) == ERR_OK &&
	    read_plan(a->pos[1], d, e) == ERR_OK &&
	    file_read(a->pos[0], IMAGE_MAX, &p, &n, e) == ERR_OK)
		undo(a, d, p, n, e);
	if (p != NULL)
		secret_wipe(p, n);
	free(p);
	plandoc_free(d);
	free(d);
	return e->code;
}

/* ---- image check ---- */

static void
put_place(struct wr *w, const struct planjob *j, size_t i)
{
	const struct map_setting *s = &j->map->map.setting[i];
	const struct varstore *store;

	if (map_is_variable(s)) {
		store = &j->img.store[j->planner.store[i]];
		wr_fmt(w,
		    j->a->json ? "\"offset\":%zu,\"size\":%zu"
			       : "  0x%08zx  %7zu free  ",
		    store->free, varstore_room(store));
	} else
		wr_fmt(w,
		    j->a->json ? "\"offset\":%zu,\"size\":%zu"
			       : "  0x%08zx  %7zu bytes ",
		    j->planner.at[i].off, j->planner.at[i].len);
}

/* Those of files too, which no map names. */
static void
put_fixups(struct wr *w, const struct planjob *j)
{
	if (j->a->json)
		wr_str(w, "],\"fixups\":[");
	for (size_t i = 0; i < j->planner.nfix; i++) {
		const struct plan_fix *f = &j->planner.fix[i];

		if (j->a->json)
			wr_fmt(w,
			    "%s{\"kind\":\"%s\",\"offset\":%zu,\"size\":%zu}",
			    i == 0 ? "" : ",", map_fix_names[f->fix], f->at,
			    map_fix_len(f->fix));
		else
			wr_fmt(w, "  0x%08zx  %7zu bytes  %s\n", f->at,
			    map_fix_len(f->fix), f->why);
	}
}

static enum err_code
tell_fit(const struct planjob *j, struct err *e)
{
	const struct imgmap *map = &j->map->map;
	struct wr w;

	wr_grow(&w, 0x10000);
	if (j->a->json) {
		wr_str(&w, "{\"fit\":true,\"map\":");
		cjson_put_string(&w, map->name);
		wr_str(&w, ",\"settings\":[");
	} else
		wr_fmt(&w, "map %s may write this base:\n", map->name);
	for (size_t i = 0; i < map->nsetting; i++) {
		const struct map_setting *s = &map->setting[i];

		if (j->a->json)
			wr_fmt(&w, "%s{\"setting\":\"%s\",\"target\":\"%s\",",
			    i == 0 ? "" : ",", s->label,
			    map_target_names[s->target]);
		put_place(&w, j, i);
		if (j->a->json)
			wr_u8(&w, '}');
		else
			wr_fmt(&w, " %s: %s\n", map_target_names[s->target],
			    s->label);
	}
	put_fixups(&w, j);
	if (j->a->json)
		wr_str(&w, "]}\n");
	return cli_print(&w, e);
}

static enum err_code
check_base(struct planjob *j, struct err *e)
{
	if (plan_begin(&j->planner, &j->img, &j->map->map, e) != ERR_OK)
		return err_in(e, "%s", j->path);
	return tell_fit(j, e);
}

/* Digests of a region are the base's: what was written may be in them. */
static enum err_code
same_platform(const struct planjob *j, struct err *e)
{
	struct imgmap *map = malloc(sizeof(*map));

	if (map == NULL)
		return err_mem(e);
	*map = j->map->map;
	map->nmatch = 0;
	for (size_t i = 0; i < j->map->map.nmatch; i++) {
		const struct map_match *m = &j->map->map.match[i];

		if (m->kind != MAP_SHA256 || m->part[0] != '\0')
			map->match[map->nmatch++] = *m;
	}
	map_matches(map, &j->img, e);
	free(map);
	return e->code;
}

static enum err_code
check_unit(struct planjob *j, struct err *e)
{
	const struct cli_args *a = j->a;
	char text[UUID_TEXT];
	struct uuid uuid;

	if (uuid_arg(a->pos[3], &uuid, e) != ERR_OK ||
	    planjob_ledger(j, a->pos[2], NULL, e) != ERR_OK ||
	    planjob_unit(j, &uuid, e) != ERR_OK)
		return e->code;
	if (same_platform(j, e) != ERR_OK ||
	    descriptor_need_me(&j->img, e) != ERR_OK ||
	    carry_check(&j->img, &j->map->map, &j->rec, e) != ERR_OK)
		return err_in(e, "%s", j->path);
	uuid_text(&uuid, text);
	if (a->json)
		printf("{\"uuid\":\"%s\",\"carries\":true}\n", text);
	else
		printf(
		    "unit %s: the image carries what the ledger says\n", text);
	return ERR_OK;
}

static enum err_code
run_check(const struct cli_args *a, struct err *e)
{
	struct planjob *j;

	if (a->n == 3)
		return err_set(
		    e, ERR_USAGE, "LEDGER and UUID go together: %s", a->pos[2]);
	if (planjob_names(a->pos, (size_t)a->n < 3 ? 2 : 3, NULL, e) !=
		ERR_OK ||
	    planjob_new(a, &j, e) != ERR_OK)
		return e->code;
	if (planjob_image(j, a->pos[0], e) == ERR_OK &&
	    mapfile_open(a->pos[1], &j->map, e) == ERR_OK) {
		if (a->n == 2)
			check_base(j, e);
		else
			check_unit(j, e);
	}
	planjob_free(j);
	return e->code;
}

/* ---- the table ---- */

static const struct cli_opt plan_opts[] = {
	{ "--out", CLI_VALUE, "FILE", "the plan as a file, for image apply" },
	{ "--force", CLI_FLAG, NULL, "replace FILE" },
	LEDGER_OPT_KEY,
	{ 0 },
};
static const struct cli_opt apply_opts[] = {
	{ "--force", CLI_FLAG, NULL, "replace OUT" },
	LEDGER_OPT_KEY,
	{ 0 },
};
static const struct cli_opt undo_opts[] = {
	{ "--force", CLI_FLAG, NULL, "replace BACK" },
	{ 0 },
};
static const struct cli_opt check_opts[] = {
	LEDGER_OPT_KEY,
	{ 0 },
};

const struct cli_verb planfile_verbs[] = {
	{ "image plan", "IMG MAP LEDGER UUID [--out FILE]",
	    "tell what would change in an image for a unit", plan_opts, 4, 4,
	    run_plan },
	{ "image apply", "IMG PLAN LEDGER OUT",
	    "write the image that a plan makes, and verify it", apply_opts, 4,
	    4, run_apply },
	{ "image undo", "OUT PLAN BACK",
	    "take a plan back: the base again, bit by bit", undo_opts, 3, 3,
	    run_undo },
	{ "image check", "IMG MAP [LEDGER UUID]",
	    "tell whether a map may write an image, or whether it carries "
	    "what the ledger says",
	    check_opts, 2, 4, run_check },
	{ 0 },
};
