/* SPDX-License-Identifier: Apache-2.0 */
/* amtforge image scrub. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/text.h"
#include "bios/scrub.h"
#include "factory/ledger.h"
#include "factory/mapfile.h"
#include "factory/unit.h"
#include "factory/verbs.h"
#include "formats/cjson.h"
#include "formats/reason.h"
#include "formats/recordview.h"

#define REPORT_MAX 1024

struct job {
	const struct cli_args *args;
	const char *in, *out;
	uint8_t *base; /* the board's image, as it is */
	size_t n;
	struct secret copy;
	struct image *img; /* of the copy */
	struct imgmap *map;
	struct scrub scrub;
	struct ledger *l; /* NULL: none was named */
	struct uuid uuid;
	bool named; /* a record in the image is of that unit */
	size_t changed;
};

static enum err_code
open_ledger(struct job *j, struct err *e)
{
	const struct cli_args *a = j->args;
	const char *key = cli_value(a, "--key-file", NULL);

	if (a->n == 3)
		return ERR_OK;
	if (a->n == 4)
		return err_set(e, ERR_USAGE,
		    "LEDGER and UUID come together: %s of which unit?",
		    a->pos[3]);
	if (!uuid_parse(&j->uuid, a->pos[4]))
		return err_set(e, ERR_USAGE, "%.64s is not a UUID", a->pos[4]);
	if (ledger_spare(a->pos[3], key, j->out, e) != ERR_OK)
		return e->code;
	return ledger_open(a->pos[3], key, &j->l, e);
}

/* The ledger's secrets of the unit are looked for too. */
static enum err_code
ask_ledger(struct job *j, struct err *e)
{
	struct order *o = NULL;
	struct record *rec = calloc(1, sizeof(*rec));
	struct unit *u = calloc(1, sizeof(*u));

	if (rec == NULL || u == NULL)
		err_mem(e);
	else if (unit_load(j->l, &j->uuid, u, e) == ERR_OK &&
	    order_load(j->l, u->order, &o, e) == ERR_OK) {
		unit_record(o, u, rec);
		scrub_know(&j->scrub, rec);
	}
	order_free(o);
	if (rec != NULL)
		record_wipe(rec);
	if (u != NULL)
		unit_wipe(u);
	free(rec);
	free(u);
	return e->code;
}

/* Whoever names the wrong unit would search for the wrong secrets, and the
 * ledger would keep an audit row of a board that was not there. */
static enum err_code
judge_unit(struct job *j, struct err *e)
{
	char is[UUID_TEXT], asked[UUID_TEXT];
	struct recordview_entry id;
	struct recordview v;
	struct uuid uuid;
	size_t at = 0, len;

	for (; scrub_next_record(j->copy.p, j->n, &at, &len); at++) {
		if (!recordview_open(&v, j->copy.p + at,
			recordview_length(j->copy.p + at, j->n - at)) ||
		    !recordview_find(&v, RECORDVIEW_UUID, &id))
			continue;
		memcpy(uuid.b, id.value, UUID_LEN);
		j->named = true;
		if (uuid_equal(&uuid, &j->uuid))
			continue;
		uuid_text(&uuid, is);
		uuid_text(&j->uuid, asked);
		err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_DIFFERS),
		    "%s: offset 0x%zx: the record of unit %s, not of %s: name "
		    "that unit, or, where several had this board, none",
		    j->in, at, is, asked);
		return err_at(e, at);
	}
	return ERR_OK;
}

static enum err_code
copy_in(struct job *j, struct err *e)
{
	if (file_load(j->in, IMAGE_MAX, &j->base, &j->n, e) != ERR_OK)
		return e->code;
	if (secret_new(&j->copy, j->n, e) != ERR_OK ||
	    secret_set(&j->copy, j->base, j->n, e) != ERR_OK)
		return e->code;
	if (image_read(j->copy.p, j->n, j->img, e) != ERR_OK ||
	    map_matches(j->map, j->img, e) != ERR_OK ||
	    scrub_begin(&j->scrub, j->img, j->map, j->copy.p, e) != ERR_OK)
		return err_in(e, "%s", j->in);
	return ERR_OK;
}

/* What is in the file now is what was proved. */
static enum err_code
read_back(struct job *j, struct err *e)
{
	uint8_t *p = NULL;
	size_t n = 0;

	if (file_load(j->out, IMAGE_MAX, &p, &n, e) != ERR_OK)
		return e->code;
	if (n != j->n || memcmp(p, j->copy.p, n) != 0)
		err_set(e, ERR_IO, "reads back differently");
	else
		scrub_prove(&j->scrub, p, n, e);
	secret_wipe(p, n);
	free(p);
	return e->code == ERR_OK ? ERR_OK : err_in(e, "%s", j->out);
}

static enum err_code
put_out(struct job *j, struct err *e)
{
	int how = FILE_SECRET |
	    (cli_flag(j->args, "--force") ? FILE_REPLACE : FILE_NEW);

	for (size_t i = 0; i < j->n; i++)
		j->changed += j->base[i] != j->copy.p[i];
	if (file_write(j->out, how, j->copy.p, j->n, e) != ERR_OK)
		return e->code;
	return read_back(j, e);
}

/* What is not as it may have been, or not searched. */
static void
warn_map(const struct job *j)
{
	const struct scrub *s = &j->scrub;

	if (s->placed == 0 && s->records + s->setups > 0)
		log_warn(
		    "%s: there is a record or a Setup.bin, but nothing at any "
		    "place of this map: what another map has written beside "
		    "it is neither known nor searched; scrub with the map "
		    "that the board was written by",
		    j->in);
	if (s->guessed > 0)
		log_warn(
		    "%s: %zu %s erased, since the map does not say what a base "
		    "has there (expect; holds of a checksum)",
		    j->in, s->guessed,
		    s->guessed == 1 ? "place of the map is"
				    : "places of the map are");
	if (s->absent > 0)
		log_warn("%s: %zu of the map's settings have no place in this "
			 "image and are not searched",
		    j->in, s->absent);
}

/* What was not searched, for who relies on the proof. */
static void
warn(const struct job *j)
{
	const struct scrub *s = &j->scrub;

	if (s->packed > 0)
		log_warn("%s: %zu packed %s (compressed or encrypted) cannot "
			 "be searched",
		    j->in, s->packed, s->packed == 1 ? "section" : "sections");
	if (s->unsound > 0)
		log_warn("%s: broken firmware volumes: %zu; packed sections in "
			 "them are not counted",
		    j->in, s->unsound);
	if (s->damaged > 0)
		log_warn("%s: %zu damaged record%s: what lay behind the damage "
			 "could not be learned%s",
		    j->in, s->damaged, text_plural(s->damaged),
		    j->l == NULL ? "; name LEDGER and UUID" : "");
	if (s->needles->skipped > 0)
		log_warn(
		    "%s: secrets of less than %d characters, or of few "
		    "different ones, are removed with their record, but not "
		    "searched for: they occur by chance",
		    j->in, NEEDLE_LEAST);
	if (s->needles->secrets == 0)
		log_warn("%s: no secret was found to search for%s", j->in,
		    j->l == NULL ? "; LEDGER and UUID name those of the unit"
				 : "");
	warn_map(j);
}

static bool
found_any(const struct job *j)
{
	const struct scrub *s = &j->scrub;

	return s->records + s->setups + s->variables + j->changed > 0;
}

static void
tell_text(const struct job *j, struct wr *w)
{
	const struct scrub *s = &j->scrub;

	if (!found_any(j))
		wr_fmt(w, "nothing of a unit was found, nothing is changed");
	else
		wr_fmt(w,
		    "%zu record%s, %zu Setup.bin file%s and %zu variable%s "
		    "removed, %zu byte%s changed",
		    s->records, text_plural(s->records), s->setups,
		    text_plural(s->setups), s->variables,
		    text_plural(s->variables), j->changed,
		    text_plural(j->changed));
	if (s->needles->secrets > 0)
		wr_fmt(w,
		    "; of %zu secret%s no %d bytes in a row of a PPS or a "
		    "key, no %d of a password are left",
		    s->needles->secrets, text_plural(s->needles->secrets),
		    NEEDLE_RUN, NEEDLE_PROVED);
	wr_str(w, "\n");
}

static enum err_code
tell(const struct job *j, struct err *e)
{
	const struct scrub *s = &j->scrub;
	struct wr w;

	wr_grow(&w, REPORT_MAX);
	if (j->args->json)
		wr_fmt(&w,
		    "{\"found\":%s,\"records\":%zu,\"setup_bins\":%zu,"
		    "\"variables\":%zu,\"changed\":%zu,\"secrets\":%zu,"
		    "\"skipped\":%zu,\"packed\":%zu,\"damaged\":%zu,\"map_"
		    "places\":%zu,"
		    "\"erased_unknown\":%zu}\n",
		    found_any(j) ? "true" : "false", s->records, s->setups,
		    s->variables, j->changed, s->needles->secrets,
		    s->needles->skipped, s->packed, s->damaged, s->placed,
		    s->guessed);
	else
		tell_text(j, &w);
	return cli_print(&w, e);
}

static enum err_code
scrub(struct job *j, struct err *e)
{
	char uuid[UUID_TEXT];

	if (copy_in(j, e) != ERR_OK)
		return e->code;
	if (j->l != NULL &&
	    (judge_unit(j, e) != ERR_OK || ask_ledger(j, e) != ERR_OK))
		return e->code;
	if (scrub_run(&j->scrub, e) != ERR_OK)
		return err_in(e, "%s", j->in);
	if (put_out(j, e) != ERR_OK)
		return e->code;
	if (j->l != NULL) {
		uuid_text(&j->uuid, uuid);
		if (ledger_audit(j->l, "image scrub", uuid,
			j->named ? "" : "no record in the image names the unit",
			e) != ERR_OK)
			return e->code;
	}
	warn(j);
	return tell(j, e);
}

static enum err_code
check_names(const struct job *j, struct err *e)
{
	if (strcmp(j->in, "-") == 0 || strcmp(j->out, "-") == 0)
		return err_set(e, ERR_USAGE, "IMG and OUT are files");
	if (file_same(j->in, j->out))
		return err_set(e, ERR_USAGE,
		    "%s: OUT is the board's image itself; what cannot be "
		    "scrubbed must stay as it is",
		    j->out);
	if (!cli_flag(j->args, "--force") && file_exists(j->out))
		return err_set(
		    e, ERR_CREATE, "%s: exists (--force replaces it)", j->out);
	return ERR_OK;
}

static void
job_free(struct job *j)
{
	scrub_free(&j->scrub);
	secret_free(&j->copy);
	if (j->base != NULL)
		secret_wipe(j->base, j->n);
	free(j->base);
	ledger_close(j->l);
	free(j->img);
	free(j->map);
	free(j);
}

static enum err_code
run_scrub(const struct cli_args *a, struct err *e)
{
	struct job *j = calloc(1, sizeof(*j));

	if (j == NULL)
		return err_mem(e);
	j->args = a;
	j->in = a->pos[0];
	j->out = a->pos[2];
	j->img = calloc(1, sizeof(*j->img));
	j->map = calloc(1, sizeof(*j->map));
	if (j->img == NULL || j->map == NULL)
		err_mem(e);
	else if (check_names(j, e) == ERR_OK &&
	    mapfile_read(a->pos[1], j->map, e) == ERR_OK &&
	    open_ledger(j, e) == ERR_OK)
		scrub(j, e);
	job_free(j);
	return e->code;
}

static const struct cli_opt scrub_opts[] = {
	{ "--force", CLI_FLAG, NULL, "replace OUT" },
	LEDGER_OPT_KEY,
	{ 0 },
};

const struct cli_verb scrubfile_verbs[] = {
	{ "image scrub", "IMG MAP OUT [LEDGER UUID]",
	    "remove a unit's secrets from a returned board's image", scrub_opts,
	    3, 5, run_scrub },
	{ 0 },
};
