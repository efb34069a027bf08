/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/bytes.h"
#include "bios/mecfg.h"

static bool
is_printable(const char *name)
{
	for (; *name != '\0'; name++)
		if (*name <= ' ' || *name > '~' || *name == '/')
			return false;
	return true;
}

/* ---- one record ---- */

static void
read_name(struct rd *r, struct mecfg_rec *rec)
{
	size_t len;

	rd_copy(r, rec->name, MECFG_NAME);
	len = strlen(rec->name);
	for (size_t i = len; i < MECFG_NAME; i++)
		if (rec->name[i] != '\0')
			rd_fail(r, "bytes behind the end of a name");
	if (len == 0 || !is_printable(rec->name))
		rd_fail(r, "a name that is none");
}

static void
read_by_path(struct rd *r, struct mecfg_rec *rec)
{
	read_name(r, rec);
	rd_fill(r, 0, 2);
	rec->access = rd_u16le(r);
	rec->deploy = rd_u16le(r);
	rec->size = rd_u16le(r);
	rec->uid = rd_u16le(r);
	rec->gid = rd_u16le(r);
	rec->offset = rd_u32le(r);
	rec->up = strcmp(rec->name, "..") == 0;
}

static void
read_by_id(struct rd *r, struct mecfg_rec *rec)
{
	rec->id = rd_u32le(r);
	rec->offset = rd_u32le(r);
	rec->size = rd_u16le(r);
	rec->flags = rd_u16le(r);
}

static void
read_record(struct rd *r, const struct mecfg *c, struct mecfg_rec *rec)
{
	memset(rec, 0, sizeof(*rec));
	rec->off = rd_off(r);
	if (c->each == MECFG_PATHS)
		read_by_path(r, rec);
	else
		read_by_id(r, rec);
	/* What has no data need not say where. */
	if (rec->size > 0 && !rec->up && (rec->access & MECFG_DIRECTORY) == 0 &&
	    (rec->offset < 4 + c->count * c->each || rec->offset > c->n ||
		rec->size > c->n - rec->offset))
		rd_fail(r, "data outside the list's");
}

/* ---- directories ---- */

/* The record's path; a directory stays for those that follow. */
static const char *
walk_path(struct mecfg_walk *w, struct mecfg_rec *rec)
{
	size_t dir = strlen(w->dir), len = strlen(rec->name);

	if (rec->up) {
		char *slash = strrchr(w->dir, '/');

		if (slash == NULL)
			return "a directory ends that did not begin";
		memcpy(rec->path, w->dir, dir + 1);
		*slash = '\0';
		return NULL;
	}
	if (dir + 1 + len >= MECFG_PATH)
		return "directories too deep";
	memcpy(rec->path, w->dir, dir);
	rec->path[dir] = '/';
	memcpy(rec->path + dir + 1, rec->name, len + 1);
	if ((rec->access & MECFG_DIRECTORY) != 0)
		memcpy(w->dir, rec->path, dir + len + 2);
	return NULL;
}

/* ---- the list ---- */

static void
read_list(struct mecfg *c)
{
	struct mecfg_walk w = { 0 };
	struct mecfg_rec rec;
	struct rd r;

	rd_init(&r, c->p, c->n);
	c->count = rd_u32le(&r);
	if (c->count > MECFG_MAX)
		rd_fail(&r, "more records than any list has");
	c->count = rd_count(&r, c->count, c->each);
	for (size_t i = 0; r.why == NULL && i < c->count; i++) {
		size_t off = rd_off(&r);
		const char *why;

		read_record(&r, c, &rec);
		if (c->each != MECFG_PATHS || r.why != NULL)
			continue;
		why = walk_path(&w, &rec);
		if (why != NULL) {
			rd_fail(&r, why);
			r.at = off;
		}
	}
	c->why = r.why;
	c->at = r.at;
}

bool
mecfg_read(const uint8_t *p, size_t n, size_t each, struct mecfg *c)
{
	struct mecfg first;

	memset(c, 0, sizeof(*c));
	c->p = p;
	c->n = n;
	c->each = each != 0 ? each : MECFG_PATHS;
	read_list(c);
	if (c->why == NULL || each != 0)
		return c->why == NULL;
	first = *c;
	c->each = MECFG_IDS;
	read_list(c);
	/* The fault that came later tells more. */
	if (c->why != NULL && first.at > c->at)
		*c = first;
	return c->why == NULL;
}

bool
mecfg_next(const struct mecfg *c, struct mecfg_walk *w, struct mecfg_rec *rec)
{
	struct rd r;

	if (w->i >= c->count || c->why != NULL)
		return false;
	rd_init(&r, c->p, c->n);
	rd_skip(&r, 4 + w->i++ * c->each);
	read_record(&r, c, rec);
	if (c->each == MECFG_PATHS)
		walk_path(w, rec);
	return r.why == NULL;
}
