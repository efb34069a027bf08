/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/file.h"
#include "base/text.h"
#include "factory/mapfile.h"
#include "factory/mapkey.h"
#include "factory/mapsetting.h"
#include "formats/reason.h"

/* ---- platform ---- */

static enum err_code
read_ifd(struct config_group *g, struct map_match *m, struct err *e)
{
	static const char *const versions[] = { "1", "1.5", "2", NULL };
	int v;

	if (config_word(g, "version", versions, -1, &v, e) == ERR_OK)
		m->version = (enum descriptor_version)v;
	return e->code;
}

static enum err_code
read_region(struct config_group *g, struct map_match *m, struct err *e)
{
	if (mapkey_region(g, &m->region, e) == ERR_OK)
		mapkey_size(g, "size", 1, &m->size, e);
	return e->code;
}

static enum err_code
read_volume(struct config_group *g, struct map_match *m, struct err *e)
{
	if (mapkey_guid(g, &m->guid, e) == ERR_OK)
		mapkey_size(g, "size", 0, &m->size, e);
	return e->code;
}

static enum err_code
read_sha256(struct config_group *g, struct map_match *m, struct err *e)
{
	const char *hex;

	if (mapkey_within(g, &m->region, m->part, e) != ERR_OK ||
	    mapkey_size(g, "offset", 0, &m->offset, e) != ERR_OK ||
	    mapkey_size(g, "size", m->part[0] == '\0', &m->size, e) != ERR_OK ||
	    mapkey_need(g, "value", &hex, e) != ERR_OK)
		return e->code;
	if (!text_unhex(m->sha256, sizeof(m->sha256), hex, strlen(hex)))
		return mapkey_unsound(
		    g, "value", e, "value is not 64 hex digits");
	return ERR_OK;
}

static enum err_code
read_match(struct config_group *g, struct map_match *m, struct err *e)
{
	/* In the order of enum map_kind. */
	static const char *const kinds[] = { "ifd", "region", "volume",
		"sha256", NULL };
	static enum err_code (*const read[])(struct config_group *,
	    struct map_match *,
	    struct err *) = { read_ifd, read_region, read_volume, read_sha256 };
	static const char *const keys[] = { "kind", "version", "region", "part",
		"offset", "size", "guid", "value", NULL };
	int kind;

	if (mapkey_known(g, keys, e) != ERR_OK ||
	    config_word(g, "kind", kinds, -1, &kind, e) != ERR_OK)
		return e->code;
	m->kind = (enum map_kind)kind;
	return read[kind](g, m, e);
}

static enum err_code
read_platform(struct config_group *root, struct imgmap *map, struct err *e)
{
	struct config_group *g, *item;

	if (config_sub(root, "platform", &g, e) != ERR_OK)
		return e->code;
	if (g == NULL)
		return mapkey_unsound(root, NULL, e, "platform is missing");
	if (mapkey_name(g, map->name, sizeof(map->name), e) != ERR_OK ||
	    config_list(g, "match", &map->nmatch, e) != ERR_OK)
		return e->code;
	if (map->nmatch < 1 || map->nmatch > MAP_MATCHES)
		return mapkey_unsound(g, "match", e,
		    "a map has 1 to %d rules of match, not %zu", MAP_MATCHES,
		    map->nmatch);
	for (size_t i = 0; i < map->nmatch; i++)
		if (config_item(g, "match", i, &item, e) != ERR_OK ||
		    read_match(item, &map->match[i], e) != ERR_OK)
			return e->code;
	return ERR_OK;
}

/* ---- forbid ---- */

static enum err_code
read_forbid(struct config_group *root, struct imgmap *map, struct err *e)
{
	struct config_group *g;

	if (config_list(root, "forbid", &map->nforbid, e) != ERR_OK)
		return e->code;
	if (map->nforbid > MAP_FORBIDS)
		return mapkey_unsound(root, "forbid", e,
		    "a map forbids at most %d ranges, not %zu", MAP_FORBIDS,
		    map->nforbid);
	for (size_t i = 0; i < map->nforbid; i++) {
		struct map_forbid *f = &map->forbid[i];

		if (config_item(root, "forbid", i, &g, e) != ERR_OK ||
		    mapkey_within(g, &f->region, f->part, e) != ERR_OK ||
		    mapkey_size(g, "from", 0, &f->from, e) != ERR_OK ||
		    mapkey_size(g, "len", 0, &f->len, e) != ERR_OK)
			return e->code;
	}
	return ERR_OK;
}

/* ---- settings ---- */

static bool
same_variable(const struct map_setting *a, const struct map_setting *b)
{
	return map_is_variable(a) && a->target == b->target &&
	    a->store == b->store && uuid_equal(&a->var.guid, &b->var.guid) &&
	    strcmp(a->var.name, b->var.name) == 0;
}

static enum err_code
read_setting(struct config_group *settings, const char *label,
    struct imgmap *map, struct err *e)
{
	struct map_setting *s = &map->setting[map->nsetting];
	struct config_group *g;

	if (config_sub(settings, label, &g, e) != ERR_OK ||
	    mapsetting_read(g, label, s, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < map->nsetting; i++)
		if (same_variable(&map->setting[i], s))
			return mapkey_unsound(g, "name", e,
			    "settings %s and %s are one variable",
			    map->setting[i].label, label);
		else if (s->add && map->setting[i].add)
			return mapkey_unsound(g, "add", e,
			    "settings %s and %s: a map adds one partition",
			    map->setting[i].label, label);
	map->nsetting++;
	return ERR_OK;
}

static enum err_code
read_settings(struct config_group *root, struct imgmap *map, struct err *e)
{
	struct config_group *g;
	const char *label;

	if (config_sub(root, "settings", &g, e) != ERR_OK)
		return e->code;
	if (g == NULL || config_key(g, 0) == NULL)
		return mapkey_unsound(
		    root, NULL, e, "settings is missing, or has none");
	for (size_t i = 0; (label = config_key(g, i)) != NULL; i++) {
		if (map->nsetting == MAP_SETTINGS)
			return mapkey_unsound(g, label, e,
			    "a map has at most %d settings", MAP_SETTINGS);
		if (read_setting(g, label, map, e) != ERR_OK)
			return e->code;
	}
	return ERR_OK;
}

/* ---- fixups ---- */

static enum err_code
judge_fixup(struct config_group *g, const struct map_fixup *f, struct err *e)
{
	size_t n = map_fix_len(f->fix), end = f->from + f->len;
	bool inside = f->at >= f->from && f->at + n <= end;
	bool apart = f->at >= end || f->at + n <= f->from;

	if (!inside && !apart)
		return mapkey_unsound(g, "at", e,
		    "the checksum lies neither within its range nor outside");
	if (f->fix == MAP_SUM16 &&
	    (f->len % 2 != 0 || (inside && (f->at - f->from) % 2 != 0)))
		return mapkey_unsound(g, "len", e,
		    "sum16 is of whole words: len is even, and at lies on one");
	return ERR_OK;
}

static enum err_code
read_fixup(struct config_group *g, struct map_fixup *f, struct err *e)
{
	static const char *const keys[] = { "kind", "region", "part", "from",
		"len", "at", "holds", "consent", NULL };
	int kind;

	if (mapkey_known(g, keys, e) != ERR_OK ||
	    config_word(g, "kind", map_fix_names, -1, &kind, e) != ERR_OK)
		return e->code;
	f->line = mapkey_line(g);
	f->fix = (enum map_fix)kind;
	if (mapkey_within(g, &f->region, f->part, e) != ERR_OK ||
	    mapkey_size(g, "from", 0, &f->from, e) != ERR_OK ||
	    mapkey_size(g, "len", 1, &f->len, e) != ERR_OK ||
	    mapkey_size(g, "at", 0, &f->at, e) != ERR_OK ||
	    config_bool(g, "holds", false, &f->holds, e) != ERR_OK ||
	    config_bool(g, "consent", false, &f->consent, e) != ERR_OK)
		return e->code;
	return judge_fixup(g, f, e);
}

static enum err_code
read_fixups(struct config_group *root, struct imgmap *map, struct err *e)
{
	struct config_group *g;

	if (config_list(root, "fixups", &map->nfixup, e) != ERR_OK)
		return e->code;
	if (map->nfixup > MAP_FIXUPS)
		return mapkey_unsound(root, "fixups", e,
		    "a map has at most %d fixups, not %zu", MAP_FIXUPS,
		    map->nfixup);
	for (size_t i = 0; i < map->nfixup; i++)
		if (config_item(root, "fixups", i, &g, e) != ERR_OK ||
		    read_fixup(g, &map->fixup[i], e) != ERR_OK)
			return e->code;
	return ERR_OK;
}

/* ---- the file ---- */

enum err_code
mapfile_parse(const char *name, const void *text, size_t n, struct imgmap *map,
    struct err *e)
{
	static const char *const keys[] = { "platform", "settings", "forbid",
		"fixups", NULL };
	struct config *c = NULL;
	struct config_group *root;

	memset(map, 0, sizeof(*map));
	snprintf(map->file, sizeof(map->file), "%s", name);
	if (config_parse(name, text, n, &c, e) == ERR_OK) {
		root = config_root(c);
		if (mapkey_known(root, keys, e) == ERR_OK &&
		    read_platform(root, map, e) == ERR_OK &&
		    read_forbid(root, map, e) == ERR_OK &&
		    read_settings(root, map, e) == ERR_OK &&
		    read_fixups(root, map, e) == ERR_OK)
			config_end(c, e);
	}
	config_close(c);
	if (e->code == ERR_CONFIG && e->reason == NULL)
		e->reason = reason_get(REASON_MAP_UNSOUND);
	return e->code;
}

enum err_code
mapfile_open(const char *path, struct mapfile **out, struct err *e)
{
	struct mapfile *m = calloc(1, sizeof(*m));
	uint8_t *text = NULL;

	*out = NULL;
	if (m == NULL)
		return err_mem(e);
	if (file_read(path, MAPFILE_MAX, &text, &m->n, e) == ERR_OK &&
	    mapfile_parse(path, text, m->n, &m->map, e) == ERR_OK) {
		digest_sha256(text, m->n, m->sha256);
		m->text = (char *)text;
		*out = m;
		return ERR_OK;
	}
	free(text);
	free(m);
	return e->code;
}

void
mapfile_free(struct mapfile *m)
{
	if (m != NULL)
		free(m->text);
	free(m);
}

enum err_code
mapfile_read(const char *path, struct imgmap *map, struct err *e)
{
	struct mapfile *m;

	if (mapfile_open(path, &m, e) == ERR_OK)
		*map = m->map;
	mapfile_free(m);
	return e->code;
}
