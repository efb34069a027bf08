/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "factory/mapkey.h"
#include "formats/reason.h"

enum err_code
mapkey_unsound(struct config_group *g, const char *key, struct err *e,
    const char *fmt, ...)
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

unsigned
mapkey_line(struct config_group *g)
{
	char where[512];
	const char *colon;

	config_where(g, NULL, where, sizeof(where));
	colon = strrchr(where, ':');
	return colon == NULL ? 0 : (unsigned)strtoul(colon + 1, NULL, 10);
}

enum err_code
mapkey_known(struct config_group *g, const char *const *keys, struct err *e)
{
	const char *key;

	for (size_t i = 0; (key = config_key(g, i)) != NULL; i++) {
		size_t k = 0;

		while (keys[k] != NULL && strcmp(keys[k], key) != 0)
			k++;
		if (keys[k] == NULL)
			return mapkey_unsound(g, key, e, "unknown key %s", key);
	}
	return ERR_OK;
}

enum err_code
mapkey_need(
    struct config_group *g, const char *key, const char **out, struct err *e)
{
	if (config_string(g, key, NULL, out, e) != ERR_OK)
		return e->code;
	if (*out == NULL)
		return mapkey_unsound(g, NULL, e, "%s is missing", key);
	return ERR_OK;
}

enum err_code
mapkey_name(struct config_group *g, char *out, size_t room, struct err *e)
{
	const char *s;

	if (mapkey_need(g, "name", &s, e) != ERR_OK)
		return e->code;
	if (*s == '\0' || strlen(s) >= room || !text_printable(s, strlen(s)))
		return mapkey_unsound(g, "name", e,
		    "name has 1 to %zu printable ASCII characters", room - 1);
	memcpy(out, s, strlen(s) + 1);
	return ERR_OK;
}

enum err_code
mapkey_guid(struct config_group *g, struct uuid *out, struct err *e)
{
	const char *s;

	if (mapkey_need(g, "guid", &s, e) != ERR_OK)
		return e->code;
	if (!uuid_parse(out, s))
		return mapkey_unsound(
		    g, "guid", e, "\"%.64s\" is not a GUID", s);
	return ERR_OK;
}

enum err_code
mapkey_size(struct config_group *g, const char *key, size_t least, size_t *out,
    struct err *e)
{
	long long n;

	if (config_int(g, key, 0, IMAGE_MAX, 0, &n, e) != ERR_OK)
		return e->code;
	if ((size_t)n < least)
		return mapkey_unsound(g, NULL, e, "%s is missing or 0", key);
	*out = (size_t)n;
	return ERR_OK;
}

static enum err_code
find_region(
    struct config_group *g, const char *name, size_t *out, struct err *e)
{
	if ((*out = descriptor_region_find(name)) == DESCRIPTOR_REGIONS)
		return mapkey_unsound(
		    g, "region", e, "no region is named \"%.64s\"", name);
	return ERR_OK;
}

enum err_code
mapkey_region(struct config_group *g, size_t *out, struct err *e)
{
	const char *s;

	if (mapkey_need(g, "region", &s, e) != ERR_OK)
		return e->code;
	return find_region(g, s, out, e);
}

enum err_code
mapkey_part(struct config_group *g, char out[static MAP_PART], struct err *e)
{
	const char *s;

	out[0] = '\0';
	if (config_string(g, "part", NULL, &s, e) != ERR_OK || s == NULL)
		return e->code;
	if (*s == '\0' || strlen(s) >= MAP_PART ||
	    !text_printable(s, strlen(s)))
		return mapkey_unsound(g, "part", e,
		    "part is the name of a $FPT partition: 1 to 4 characters");
	memcpy(out, s, strlen(s) + 1);
	return ERR_OK;
}

enum err_code
mapkey_within(struct config_group *g, size_t *region,
    char part[static MAP_PART], struct err *e)
{
	const char *s;

	*region = REGION_ME;
	if (mapkey_part(g, part, e) != ERR_OK ||
	    config_string(g, "region", NULL, &s, e) != ERR_OK)
		return e->code;
	if (s == NULL && part[0] == '\0')
		return mapkey_unsound(g, NULL, e, "region or part is missing");
	if (s != NULL && find_region(g, s, region, e) != ERR_OK)
		return e->code;
	if (part[0] != '\0' && *region != REGION_ME)
		return mapkey_unsound(g, "region", e,
		    "$FPT partitions are in region me, not %s", s);
	return ERR_OK;
}

enum err_code
mapkey_bytes(struct config_group *g, const char *key,
    uint8_t out[static MAP_BYTES], size_t *n, struct err *e)
{
	const char *s;

	*n = 0;
	if (config_string(g, key, NULL, &s, e) != ERR_OK || s == NULL)
		return e->code;
	*n = strlen(s) / 2;
	if (*n == 0 || *n > MAP_BYTES || !text_unhex(out, *n, s, strlen(s))) {
		*n = 0;
		return mapkey_unsound(g, key, e,
		    "%s is hex digits of 1 to %d bytes", key, MAP_BYTES);
	}
	return ERR_OK;
}
