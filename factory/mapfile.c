/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/config.h"
#include "base/text.h"
#include "factory/mapfile.h"
#include "formats/reason.h"

static enum err_code unsound(struct config_group *, const char *key,
    struct err *, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static enum err_code
unsound(struct config_group *g, const char *key, struct err *e, const char *fmt,
    ...)
{
	char where[512], what[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	config_where(g, key, where, sizeof(where));
	err_refuse(e, ERR_CONFIG, reason_get(REASON_MAP_UNSOUND), "%s", what);
	return err_in(e, "%s", where);
}

/* A string that must be there. */
static enum err_code
need(struct config_group *g, const char *key, const char **out, struct err *e)
{
	if (config_string(g, key, NULL, out, e) != ERR_OK)
		return e->code;
	if (*out == NULL)
		return unsound(g, NULL, e, "%s is missing", key);
	return ERR_OK;
}

static enum err_code
need_name(struct config_group *g, char *out, size_t room, struct err *e)
{
	const char *s;

	if (need(g, "name", &s, e) != ERR_OK)
		return e->code;
	if (*s == '\0' || strlen(s) >= room || !text_printable(s, strlen(s)))
		return unsound(g, "name", e,
		    "name has 1 to %zu printable ASCII characters", room - 1);
	memcpy(out, s, strlen(s) + 1);
	return ERR_OK;
}

static enum err_code
need_guid(struct config_group *g, struct uuid *out, struct err *e)
{
	const char *s;

	if (need(g, "guid", &s, e) != ERR_OK)
		return e->code;
	if (!uuid_parse(out, s))
		return unsound(g, "guid", e, "\"%s\" is not a GUID", s);
	return ERR_OK;
}

/* least 0: the key may be left out. */
static enum err_code
get_size(struct config_group *g, const char *key, size_t least, size_t *out,
    struct err *e)
{
	long long n;

	if (config_int(g, key, 0, IMAGE_MAX, 0, &n, e) != ERR_OK)
		return e->code;
	if ((size_t)n < least)
		return unsound(g, NULL, e, "%s is missing or 0", key);
	*out = (size_t)n;
	return ERR_OK;
}

static enum err_code
need_region(struct config_group *g, size_t *out, struct err *e)
{
	const char *s;

	if (need(g, "region", &s, e) != ERR_OK)
		return e->code;
	if ((*out = descriptor_region_find(s)) == DESCRIPTOR_REGIONS)
		return unsound(g, "region", e, "no region is named \"%s\"", s);
	return ERR_OK;
}

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
	if (need_region(g, &m->region, e) == ERR_OK)
		get_size(g, "size", 1, &m->size, e);
	return e->code;
}

static enum err_code
read_volume(struct config_group *g, struct map_match *m, struct err *e)
{
	if (need_guid(g, &m->guid, e) == ERR_OK)
		get_size(g, "size", 0, &m->size, e);
	return e->code;
}

static enum err_code
read_sha256(struct config_group *g, struct map_match *m, struct err *e)
{
	const char *hex;

	if (need_region(g, &m->region, e) != ERR_OK ||
	    get_size(g, "offset", 0, &m->offset, e) != ERR_OK ||
	    get_size(g, "size", 1, &m->size, e) != ERR_OK ||
	    need(g, "value", &hex, e) != ERR_OK)
		return e->code;
	if (!text_unhex(m->sha256, sizeof(m->sha256), hex, strlen(hex)))
		return unsound(g, "value", e, "value is not 64 hex digits");
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
	int kind;

	if (config_word(g, "kind", kinds, -1, &kind, e) != ERR_OK)
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
		return unsound(root, NULL, e, "platform is missing");
	if (need_name(g, map->name, sizeof(map->name), e) != ERR_OK ||
	    config_list(g, "match", &map->nmatch, e) != ERR_OK)
		return e->code;
	if (map->nmatch < 1 || map->nmatch > MAP_MATCHES)
		return unsound(g, "match", e,
		    "a map has 1 to %d rules of match, not %zu", MAP_MATCHES,
		    map->nmatch);
	for (size_t i = 0; i < map->nmatch; i++)
		if (config_item(g, "match", i, &item, e) != ERR_OK ||
		    read_match(item, &map->match[i], e) != ERR_OK)
			return e->code;
	return ERR_OK;
}

/* The only value that this release can put there. */
static enum err_code
only(struct config_group *g, const char *key, const char *word, struct err *e)
{
	const char *s;

	if (need(g, key, &s, e) != ERR_OK)
		return e->code;
	if (strcmp(s, word) != 0)
		return unsound(g, key, e,
		    "%s \"%s\" is not supported, only \"%s\"", key, s, word);
	return ERR_OK;
}

static enum err_code
read_settings(struct config_group *root, struct imgmap *map, struct err *e)
{
	struct config_group *g, *rec = NULL;
	long long attrs;

	if (config_sub(root, "settings", &g, e) != ERR_OK ||
	    (g != NULL && config_sub(g, "oem_record", &rec, e) != ERR_OK))
		return e->code;
	if (rec == NULL)
		return unsound(root, NULL, e, "settings.oem_record is missing");
	if (only(rec, "target", "uefi-var", e) != ERR_OK ||
	    only(rec, "encoding", "opr1", e) != ERR_OK ||
	    need_guid(rec, &map->var.guid, e) != ERR_OK ||
	    need_name(rec, map->var.name, sizeof(map->var.name), e) != ERR_OK ||
	    get_size(rec, "max_size", 0, &map->max, e) != ERR_OK ||
	    config_int(rec, "attrs", 0, 0xFF, IMAGE_OEM_ATTRS, &attrs, e) !=
		ERR_OK)
		return e->code;
	/* RT would hand the secrets to the running system; the others need
	 * a signature. */
	if (attrs != IMAGE_OEM_ATTRS)
		return unsound(rec, "attrs", e,
		    "attrs 0x%llx is not supported, only 0x%x (NV+BS)", attrs,
		    IMAGE_OEM_ATTRS);
	map->attrs = IMAGE_OEM_ATTRS;
	return ERR_OK;
}

enum err_code
mapfile_read(const char *path, struct imgmap *map, struct err *e)
{
	struct config *c = NULL;

	memset(map, 0, sizeof(*map));
	if (config_open(path, &c, e) == ERR_OK &&
	    read_platform(config_root(c), map, e) == ERR_OK &&
	    read_settings(config_root(c), map, e) == ERR_OK)
		config_end(c, e);
	config_close(c);
	return e->code;
}
