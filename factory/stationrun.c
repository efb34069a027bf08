/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/file.h"
#include "base/log.h"
#include "base/secret.h"
#include "bios/carry.h"
#include "factory/stationrun.h"
#include "factory/unit.h"
#include "formats/reason.h"

#define VIEW_MAX 65536

/* ---- the base ---- */

enum err_code
stationrun_open(struct stationrun *r, const struct imgmap *map, struct err *e)
{
	err_clear(&r->ending);
	r->copy = malloc(r->n);
	r->img = calloc(1, sizeof(*r->img));
	r->again = calloc(1, sizeof(*r->again));
	r->planner = calloc(1, sizeof(*r->planner));
	r->rec = calloc(1, sizeof(*r->rec));
	r->plan = calloc(1, sizeof(*r->plan));
	r->unit = calloc(1, sizeof(*r->unit));
	if (r->copy == NULL || r->img == NULL || r->again == NULL ||
	    r->planner == NULL || r->rec == NULL || r->plan == NULL ||
	    r->unit == NULL)
		return err_mem(e);
	memcpy(r->copy, r->bytes, r->n);
	if (crypto_sha256_of(r->bytes, r->n, r->sha256, e) != ERR_OK)
		return e->code;
	if (image_read(r->bytes, r->n, r->img, e) != ERR_OK ||
	    plan_begin(r->planner, r->img, map, e) != ERR_OK)
		return err_in(e, "%s", r->base);
	return ERR_OK;
}

static void
forget_unit(struct stationrun *r)
{
	unit_wipe(r->unit);
	wr_free(&r->delta_file);
	memset(&r->d, 0, sizeof(r->d)); /* they borrow what was freed */
	memset(&r->d_again, 0, sizeof(r->d_again));
	plan_free(r->plan);
	memset(r->plan, 0, sizeof(*r->plan));
	r->known = false;
}

void
stationrun_close(struct stationrun *r)
{
	if (r->plan != NULL && r->unit != NULL)
		forget_unit(r);
	free(r->plan);
	free(r->unit);
	free(r->rec);
	free(r->planner);
	free(r->img);
	free(r->again);
	free(r->copy);
	free(r->bytes);
}

static bool
leaves_images(const struct stationrun *r)
{
	return r->program == NULL && r->read == NULL;
}

/* ---- what is shown ---- */

static void
show(struct stationrun *r, struct wr *w)
{
	cli_progress("");
	cli_print(w, &r->ending); /* flushes; the first failure is kept */
	cli_progress("");
}

/* Done is what needs this station no more. Where it leaves images, that is what
 * has one. Where it programs boards, only what was verified or has left: a unit
 * is "written" also when somebody made a file for it. */
static enum err_code
take_count(struct stationrun *r, struct err *e)
{
	const char *id = r->order->id;
	uint64_t all, written, verified, shipped, scrapped;

	if (unit_count(r->ledger, id, "", &all, e) != ERR_OK ||
	    unit_count(r->ledger, id, "written", &written, e) != ERR_OK ||
	    unit_count(r->ledger, id, "verified", &verified, e) != ERR_OK ||
	    unit_count(r->ledger, id, "shipped", &shipped, e) != ERR_OK ||
	    unit_count(r->ledger, id, "scrapped", &scrapped, e) != ERR_OK)
		return e->code;
	r->count.written = leaves_images(r) ? 0 : written;
	r->count.done = verified + shipped + (leaves_images(r) ? written : 0);
	r->count.left = all - scrapped - r->count.done;
	return ERR_OK;
}

/* The counts stay what they were where the ledger does not answer. */
static void
refresh_count(struct stationrun *r)
{
	struct err e;

	err_clear(&e);
	take_count(r, &e);
}

enum err_code
stationrun_ready(struct stationrun *r, struct err *e)
{
	struct wr w;

	if (take_count(r, e) != ERR_OK)
		return e->code;
	wr_grow(&w, VIEW_MAX);
	stationview_ready(&r->view, &w, &r->count);
	show(r, &w);
	if (r->ending.code != ERR_OK)
		*e = r->ending;
	return e->code;
}

void
stationrun_end(struct stationrun *r)
{
	struct wr w;

	wr_grow(&w, VIEW_MAX);
	stationview_end(&r->view, &w, &r->station, &r->count);
	show(r, &w);
}

/* Rule and what to do; an object has them already. */
static void
explain(struct stationrun *r, struct err *e)
{
	if (!r->view.json)
		cli_report(r->args, e);
	err_clear(e);
}

void
stationrun_refused(struct stationrun *r, struct err *e)
{
	struct wr w;

	wr_grow(&w, VIEW_MAX);
	stationview_refused(&r->view, &w, e, &r->count);
	show(r, &w);
	explain(r, e);
}

/* ---- the unit ---- */

enum station_heard
stationrun_half(struct stationrun *r, struct err *e)
{
	struct unit_brief u;
	struct err no;

	/* A ledger that does not answer now may with the UUID. */
	err_clear(&no);
	if (unit_by_serial(r->ledger, r->station.scan.serial, &u, &no) !=
	    ERR_OK)
		return STATION_HALF;
	return station_judge_half(&r->station, r->order->id, &u, e);
}

/* Our own label has the PID too. */
static enum err_code
judge_label(const struct stationrun *r, struct err *e)
{
	const char *pid = r->station.scan.pid;

	if (pid[0] == '\0' || strcmp(pid, r->unit->psk.pid) == 0)
		return ERR_OK;
	return err_refuse(e, ERR_DATA, reason_get(REASON_SCAN_MISMATCH),
	    "the label has PID %s, but the unit has %s", pid,
	    r->unit->psk.pid[0] != '\0' ? r->unit->psk.pid : "none");
}

static enum err_code
look(struct stationrun *r, struct err *e)
{
	struct station *s = &r->station;
	struct unit_brief by_uuid, by_serial;
	struct wr w;

	wr_grow(&w, VIEW_MAX);
	stationview_scan(&r->view, &w, s);
	show(r, &w);
	if (r->ending.code != ERR_OK) { /* nobody would see what comes of it */
		*e = r->ending;
		return e->code;
	}
	if (unit_by_uuid(r->ledger, &s->scan.uuid, &by_uuid, e) == ERR_OK &&
	    unit_by_serial(r->ledger, s->scan.serial, &by_serial, e) ==
		ERR_OK &&
	    station_judge(s, r->order->id, &by_uuid, &by_serial, e) == ERR_OK &&
	    unit_load(r->ledger, &s->scan.uuid, r->unit, e) == ERR_OK &&
	    judge_label(r, e) == ERR_OK)
		r->known = true;
	return e->code;
}

static const char *
why_written(const struct stationrun *r)
{
	if (r->program != NULL)
		return "station: programmed";
	return r->read != NULL
	    ? "station: found on the board, which was programmed elsewhere"
	    : "station: its image was left for a programmer";
}

/* The trail has each time that a board got the unit's secrets, also where its
 * state stays what it was. */
static enum err_code
mark_written(struct stationrun *r, struct err *e)
{
	bool again = strcmp(r->unit->state, "written") == 0;
	char uuid[UUID_TEXT];

	uuid_text(&r->unit->uuid, uuid);
	if (unit_mark_same(r->ledger, r->unit, "written", why_written(r), e) ==
		ERR_OK &&
	    again)
		ledger_audit(
		    r->ledger, "unit written", uuid, why_written(r), e);
	return e->code;
}

static enum err_code
mark_verified(struct stationrun *r, struct err *e)
{
	return unit_mark_same(r->ledger, r->unit, "verified",
	    r->changed_only ? "station: read back, its own ranges are the same"
			    : "station: read back, the whole image is the "
			      "same",
	    e);
}

/* ---- its image ---- */

static bool
uses(const struct stationrun *r, enum command_place what)
{
	return r->program != NULL && r->program->command.uses[what];
}

/* A layout for flashrom(8): one region, "unit", that spans the ranges. */
static enum err_code
put_layout(struct stationrun *r, struct err *e)
{
	const struct plan *p = r->plan;
	size_t end = 0, from = p->n > 0 ? p->w[0].off : 0;
	char line[64];

	if (p->n > 0)
		end = p->w[p->n - 1].off + p->w[p->n - 1].len - 1;
	snprintf(line, sizeof(line), "%08zx:%08zx unit\n", from, end);
	return workdir_put(&r->work, WORKDIR_LAYOUT, line, strlen(line), e);
}

/* Into delta_file; read again and held against the plan. */
static enum err_code
make_delta(struct stationrun *r, struct err *e)
{
	struct wr *w = &r->delta_file;
	struct rd again;

	r->d.image = r->n;
	memcpy(r->d.base, r->sha256, sizeof(r->d.base));
	r->d.uuid = r->unit->uuid;
	if (plandelta_make(r->plan, r->bytes, &r->d, e) != ERR_OK)
		return e->code;
	wr_grow(w, DELTA_MAX);
	delta_write(w, &r->d);
	if (w->failed)
		return err_set(e, ERR_DATA,
		    "more than %d bytes change: too many for a delta",
		    DELTA_MAX);
	rd_init(&again, w->buf, w->len);
	if (!delta_read(&again, &r->d_again) ||
	    !plandelta_same(r->plan, &r->d_again))
		return err_set(e, ERR_BUG, "the delta is not the plan");
	return ERR_OK;
}

/* It may have come from elsewhere, open to others. */
static enum err_code
close_to_others(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;

	if (fd == -1 || fstat(fd, &st) == -1 ||
	    ((st.st_mode & 077) != 0 && fchmod(fd, 0600) == -1))
		err_sys(e, ERR_IO, "%s", path);
	if (fd != -1)
		close(fd);
	return e->code;
}

static bool
same_file(const char *path, const uint8_t *want, size_t len)
{
	uint8_t *p = NULL;
	struct err e;
	size_t n = 0;
	bool same;

	err_clear(&e);
	same = file_load(path, len, &p, &n, &e) == ERR_OK && n == len &&
	    memcmp(p, want, n) == 0;
	if (p != NULL)
		secret_wipe(p, n);
	free(p);
	return same;
}

/* For a programmer that somebody else runs. */
static enum err_code
put_out(struct stationrun *r, struct err *e)
{
	const uint8_t *p = r->delta ? r->delta_file.buf : r->copy;
	size_t n = r->delta ? r->delta_file.len : r->n;
	int how = FILE_SECRET | (r->force ? FILE_REPLACE : FILE_NEW);
	char name[UUID_TEXT + 6], path[4096];

	uuid_text(&r->unit->uuid, name);
	strcat(name, r->delta ? ".delta" : ".bin");
	if (file_join(path, sizeof(path), r->out, name, e) != ERR_OK)
		return e->code;
	if (same_file(path, p, n))
		return close_to_others(path, e);
	if (!r->force && file_exists(path))
		return err_set(e, ERR_CREATE,
		    "%s: exists with other bytes (--force replaces it)", path);
	return file_write(path, how, p, n, e);
}

/* The files that somebody asked for. */
static enum err_code
put_files(struct stationrun *r, struct err *e)
{
	if ((r->delta || uses(r, COMMAND_DELTA)) && make_delta(r, e) != ERR_OK)
		return e->code;
	if (uses(r, COMMAND_IMAGE) &&
	    workdir_put(&r->work, WORKDIR_IMAGE, r->copy, r->n, e) != ERR_OK)
		return e->code;
	if (uses(r, COMMAND_DELTA) &&
	    workdir_put(&r->work, WORKDIR_DELTA, r->delta_file.buf,
		r->delta_file.len, e) != ERR_OK)
		return e->code;
	if (uses(r, COMMAND_LAYOUT) && put_layout(r, e) != ERR_OK)
		return e->code;
	if (leaves_images(r))
		put_out(r, e);
	return e->code;
}

static enum err_code
make(struct stationrun *r, struct err *e)
{
	unit_record(r->order, r->unit, r->rec);
	if (plan_make(r->planner, r->rec, r->plan, e) == ERR_OK &&
	    plan_apply(r->plan, r->copy, r->n, e) == ERR_OK)
		carry_made(r->planner, r->copy, r->rec, r->again, e);
	record_wipe(r->rec);
	if (e->code == ERR_OK)
		put_files(r, e);
	return e->code;
}

/* ---- the board ---- */

struct ticking {
	struct stationrun *run;
	const char *what;
};

static bool
tick(void *arg, const char *line, unsigned seconds)
{
	const struct ticking *t = arg;
	char words[CHILD_SAID + 80];

	snprintf(words, sizeof(words), "%s: %s, %u s  %s",
	    t->run->station.scan.serial, t->what, seconds, line);
	words[78] = '\0'; /* a terminal's line */
	cli_progress(words);
	return !t->run->stop(t->run->stop_arg);
}

/* Paths of a run's values. */
struct paths {
	char image[PATH_MAX], delta[PATH_MAX], layout[PATH_MAX],
	    readback[PATH_MAX], uuid[UUID_TEXT];
	const char *value[COMMAND_PLACES];
};

static enum err_code
fill_paths(const struct stationrun *r, struct paths *p, struct err *e)
{
	if (workdir_path(&r->work, WORKDIR_IMAGE, p->image, e) != ERR_OK ||
	    workdir_path(&r->work, WORKDIR_DELTA, p->delta, e) != ERR_OK ||
	    workdir_path(&r->work, WORKDIR_LAYOUT, p->layout, e) != ERR_OK ||
	    workdir_path(&r->work, WORKDIR_READBACK, p->readback, e) != ERR_OK)
		return e->code;
	uuid_text(&r->unit->uuid, p->uuid);
	p->value[COMMAND_IMAGE] = p->image;
	p->value[COMMAND_DELTA] = p->delta;
	p->value[COMMAND_LAYOUT] = p->layout;
	p->value[COMMAND_BASE] = r->base;
	p->value[COMMAND_READBACK] = p->readback;
	p->value[COMMAND_UUID] = p->uuid;
	p->value[COMMAND_SERIAL] = r->unit->serial;
	return ERR_OK;
}

static enum err_code
run(struct stationrun *r, bool read, struct err *e)
{
	struct ticking t = { r, read ? "reading back" : "programming" };
	struct programmer_run one = {
		.in = r->work.lock, .tick = tick, .arg = &t
	};
	struct stationview_ran ran = { .read = read };
	struct paths *p = calloc(1, sizeof(*p));
	struct wr w;

	if (p == NULL)
		return err_mem(e);
	one.value = p->value;
	if (fill_paths(r, p, e) == ERR_OK)
		programmer_run(read ? r->read : r->program, &one, e);
	free(p);
	ran.seconds = one.seconds;
	ran.said = one.said;
	wr_grow(&w, VIEW_MAX);
	stationview_ran(&r->view, &w, &r->station, &ran, e);
	show(r, &w);
	return e->code;
}

/* The image is gone before the board is read back, so that what is compared
 * cannot be a copy of it. */
static enum err_code
program(struct stationrun *r, struct err *e)
{
	char uuid[UUID_TEXT];
	struct err left;

	/* From here on the board may hold the unit's secrets, whatever becomes
	 * of the command or of the station. */
	uuid_text(&r->unit->uuid, uuid);
	if (ledger_audit(r->ledger, "station program", uuid, r->program->path,
		e) != ERR_OK)
		return e->code;
	run(r, false, e);
	err_clear(&left);
	if (workdir_clear(&r->work, &left) != ERR_OK && e->code == ERR_OK)
		*e = left;
	return e->code;
}

static const char *
region_at(const struct image *img, size_t off)
{
	const struct descriptor_region *g = img->desc.region;

	for (size_t i = 0; i < DESCRIPTOR_REGIONS; i++)
		if (g[i].used && off >= g[i].base && off <= g[i].limit)
			return descriptor_region_name(i);
	return "outside of any region";
}

static enum err_code
compare(struct stationrun *r, struct err *e)
{
	const struct plan *p = r->plan;
	size_t bytes = 0;
	struct wr w;

	if (!r->changed_only) {
		bytes = r->n;
		workdir_same(
		    &r->work, WORKDIR_READBACK, r->copy, r->n, 0, r->n, e);
	}
	for (size_t i = 0; r->changed_only && e->code == ERR_OK && i < p->n;
	     i++) {
		bytes += p->w[i].len;
		workdir_same(&r->work, WORKDIR_READBACK, r->copy, r->n,
		    p->w[i].off, p->w[i].off + p->w[i].len, e);
	}
	if (e->code != ERR_OK && e->offset != ERR_NO_OFFSET)
		err_in(e, "offset 0x%zx, region %s", e->offset,
		    region_at(r->img, e->offset));
	wr_grow(&w, VIEW_MAX);
	stationview_compared(&r->view, &w, &r->station, bytes, e);
	show(r, &w);
	return e->code;
}

/* ---- one board ---- */

/* A failure is remembered, whatever it was: the board may hold the unit's
 * secrets now. */
static void
note_failure(struct stationrun *r)
{
	const struct err *why = &r->station.why;
	char uuid[UUID_TEXT];
	struct err e;

	if (why->code == ERR_OK || !r->known)
		return;
	err_clear(&e);
	uuid_text(&r->unit->uuid, uuid);
	if (ledger_audit(r->ledger, "station fail", uuid, why->msg, &e) !=
	    ERR_OK)
		cli_report(r->args, &e);
}

/* Nothing of the unit stays, in files or in memory. */
static void
clean(struct stationrun *r)
{
	struct err e;

	err_clear(&e);
	if (r->known)
		plan_revert(r->plan, r->img, r->copy, r->n, &e);
	workdir_clear(&r->work, &e);
	forget_unit(r);
	if (e.code != ERR_OK && r->ending.code == ERR_OK)
		r->ending = e;
}

static void
tell(struct stationrun *r)
{
	struct err why = r->station.why;
	struct wr w;

	note_failure(r);
	clean(r);
	refresh_count(r);
	wr_grow(&w, VIEW_MAX);
	stationview_board(&r->view, &w, &r->station, &r->count);
	show(r, &w);
	explain(r, &why);
	station_told(&r->station);
}

static void
act(struct stationrun *r, struct err *e)
{
	switch (r->station.act) {
	case STATION_LOOK:
		look(r, e);
		break;
	case STATION_MAKE:
		make(r, e);
		break;
	case STATION_PROGRAM:
		program(r, e);
		break;
	case STATION_WRITTEN:
		mark_written(r, e);
		break;
	case STATION_READ:
		run(r, true, e);
		break;
	case STATION_COMPARE:
		compare(r, e);
		break;
	case STATION_VERIFIED:
		mark_verified(r, e);
		break;
	case STATION_SCAN:
	case STATION_TELL:
		break;
	}
}

void
stationrun_board(struct stationrun *r)
{
	struct err e;

	err_clear(&e);
	while (
	    r->station.act != STATION_SCAN && r->station.act != STATION_TELL) {
		act(r, &e);
		station_did(&r->station, &e);
	}
	if (r->station.act == STATION_TELL)
		tell(r);
}
