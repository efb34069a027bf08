/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "bios/container.h"
#include "factory/mapkey.h"
#include "factory/mapsetting.h"
#include "formats/setupbin.h"

#define ATTRS_RUNTIME 0x7 /* NV+BS+RT */
#define OEM_SECTION 0x100
#define SETUP_FILE (2 * SETUPBIN_CHUNK)

typedef enum err_code read_fn(
    struct config_group *, struct map_setting *, struct err *);

/* ---- what it holds ---- */

static enum err_code
read_value(struct config_group *g, struct map_setting *s, struct err *e)
{
	int v;

	for (v = 0; map_value_names[v] != NULL; v++)
		if (strcmp(s->label, map_value_names[v]) == 0)
			break;
	if (map_value_names[v] == NULL)
		v = -1; /* then the key must be there */
	if (config_word(g, "value", map_value_names, v, &v, e) != ERR_OK)
		return e->code;
	s->value = (enum map_value)v;
	if (config_bool(g, "secret", false, &s->secret, e) != ERR_OK ||
	    s->value != MAP_CONSTANT)
		return e->code;
	if (mapkey_bytes(g, "bytes", s->constant, &s->nconstant, e) != ERR_OK)
		return e->code;
	if (s->nconstant == 0)
		return mapkey_unsound(g, NULL, e, "bytes is missing");
	/* A plan would tell it, or nobody could make it again. */
	if (s->secret)
		return mapkey_unsound(g, "secret", e,
		    "a constant is in the map for all to read: no secret");
	return ERR_OK;
}

/* ---- where it lives ---- */

static enum err_code
read_region(struct config_group *g, struct map_setting *s, struct err *e)
{
	if (mapkey_region(g, &s->region, e) == ERR_OK &&
	    mapkey_size(g, "offset", 0, &s->offset, e) == ERR_OK)
		config_bool(g, "consent", false, &s->consent, e);
	return e->code;
}

static enum err_code
read_fpt(struct config_group *g, struct map_setting *s, struct err *e)
{
	if (mapkey_part(g, s->part, e) != ERR_OK ||
	    config_bool(g, "add", false, &s->add, e) != ERR_OK)
		return e->code;
	if (s->part[0] == '\0')
		return mapkey_unsound(g, NULL, e, "part is missing");
	if (s->add && strlen(s->part) != MAP_PART - 1)
		return mapkey_unsound(g, "part", e,
		    "the name of a new partition has 4 characters");
	return s->add ? ERR_OK : mapkey_size(g, "offset", 0, &s->offset, e);
}

static enum err_code
read_variable(struct config_group *g, struct map_setting *s, struct err *e)
{
	long long attrs, store;

	if (mapkey_guid(g, &s->var.guid, e) != ERR_OK ||
	    mapkey_name(g, s->var.name, sizeof(s->var.name), e) != ERR_OK ||
	    mapkey_size(g, "max_size", 0, &s->max, e) != ERR_OK ||
	    config_int(g, "attrs", 0, 0xFF, IMAGE_OEM_ATTRS, &attrs, e) !=
		ERR_OK ||
	    config_int(g, "store", 0, IMAGE_STORES - 1, -1, &store, e) !=
		ERR_OK)
		return e->code;
	/* RT would hand secrets to the running system; the others need a
	 * signature. */
	if (attrs != IMAGE_OEM_ATTRS &&
	    (map_is_secret(s) || attrs != ATTRS_RUNTIME))
		return mapkey_unsound(g, "attrs", e,
		    "attrs 0x%llx is not supported, only 0x%x (NV+BS)%s", attrs,
		    IMAGE_OEM_ATTRS,
		    map_is_secret(s) ? "" : " or 0x7 (NV+BS+RT)");
	s->attrs = (uint32_t)attrs;
	s->store = (int)store;
	return ERR_OK;
}

static enum err_code
need_consent(struct config_group *g, struct map_setting *s, const char *risk,
    struct err *e)
{
	if (config_bool(g, "consent", false, &s->consent, e) != ERR_OK ||
	    s->consent)
		return e->code;
	return mapkey_unsound(g, NULL, e, "target %s needs consent = true: %s",
	    map_target_names[s->target], risk);
}

static enum err_code
read_ffs(struct config_group *g, struct map_setting *s, struct err *e)
{
	if (need_consent(g, s,
		"a file of the BIOS may be covered by a hash that nothing "
		"here can see, and an update replaces it",
		e) == ERR_OK &&
	    mapkey_guid(g, &s->var.guid, e) == ERR_OK)
		mapkey_size(g, "offset", 0, &s->offset, e);
	return e->code;
}

static enum err_code
read_pdr(struct config_group *g, struct map_setting *s, struct err *e)
{
	return mapkey_size(g, "offset", 0, &s->offset, e);
}

static enum err_code
read_oem(struct config_group *g, struct map_setting *s, struct err *e)
{
	if (need_consent(g, s,
		"other software may use the section, and a manifest of the "
		"OEM may hold the descriptor's hash",
		e) == ERR_OK)
		mapkey_size(g, "offset", 0, &s->offset, e);
	return e->code;
}

static enum err_code
read_target(struct config_group *g, struct map_setting *s, struct err *e)
{
	/* In the order of enum map_target. */
	static read_fn *const read[] = { read_region, read_fpt, read_variable,
		read_variable, read_ffs, read_pdr, read_oem };
	int t;

	if (config_word(g, "target", map_target_names, -1, &t, e) != ERR_OK)
		return e->code;
	s->target = (enum map_target)t;
	return read[t](g, s, e);
}

/* ---- how it is written ---- */

/* Room of the value; in a variable it may take what it needs. */
static enum err_code
read_room(struct config_group *g, struct map_setting *s, struct err *e)
{
	return mapkey_size(g, "size", map_is_variable(s) ? 0 : 1, &s->size, e);
}

static enum err_code
read_fill(struct config_group *g, struct map_setting *s, uint8_t fallback,
    struct err *e)
{
	long long fill;

	if (config_int(g, "fill", 0, 0xFF, fallback, &fill, e) == ERR_OK)
		s->fill = (uint8_t)fill;
	return e->code;
}

/* 1, 2 or 4 bytes of a word. */
static enum err_code
read_word_size(struct config_group *g, struct map_setting *s, struct err *e)
{
	long long n;

	if (config_int(g, "size", 1, 4, 1, &n, e) != ERR_OK)
		return e->code;
	if (n == 3)
		return mapkey_unsound(g, "size", e, "size is 1, 2 or 4");
	s->size = (size_t)n;
	return ERR_OK;
}

static enum err_code
read_words(
    struct config_group *g, struct map_setting *s, unsigned bits, struct err *e)
{
	static const char *const onoff[] = { "off", "on" },
				 *const starts[] = { "listen", "talk" },
				 *const modes[] = { "enterprise", "smb" };
	const char *const *names = s->value == MAP_START ? starts
	    : s->value == MAP_MODE                       ? modes
							 : onoff;
	long long max = bits >= 32 ? 0xFFFFFFFF : (1LL << bits) - 1, v;
	struct config_group *words;

	if (config_sub(g, "values", &words, e) != ERR_OK || words == NULL)
		return e->code;
	s->words = true;
	for (size_t i = 0; i < MAP_WORDS; i++) {
		if (config_int(words, names[i], 0, max, -1, &v, e) != ERR_OK)
			return e->code;
		if (v == -1)
			return mapkey_unsound(
			    words, NULL, e, "%s is missing", names[i]);
		s->word[i] = (uint32_t)v;
	}
	return ERR_OK;
}

static enum err_code
read_int(struct config_group *g, struct map_setting *s, struct err *e)
{
	(void)g;
	s->size = s->encoding == MAP_U8                            ? 1
	    : s->encoding == MAP_U16LE || s->encoding == MAP_U16BE ? 2
								   : 4;
	return e->code;
}

static enum err_code
read_enum(struct config_group *g, struct map_setting *s, struct err *e)
{
	if (read_word_size(g, s, e) != ERR_OK ||
	    read_words(g, s, (unsigned)(8 * s->size), e) != ERR_OK)
		return e->code;
	return s->words ? ERR_OK
			: mapkey_unsound(g, NULL, e, "values is missing");
}

static enum err_code
read_bits(struct config_group *g, struct map_setting *s, struct err *e)
{
	long long bit, width;

	if (read_word_size(g, s, e) != ERR_OK ||
	    config_int(g, "bit", 0, 31, -1, &bit, e) != ERR_OK ||
	    config_int(g, "width", 1, 32, 1, &width, e) != ERR_OK)
		return e->code;
	if (bit == -1)
		return mapkey_unsound(g, NULL, e, "bit is missing");
	if ((size_t)(bit + width) > 8 * s->size)
		return mapkey_unsound(g, "bit", e,
		    "bits %lld to %lld are not in a word of %zu bytes", bit,
		    bit + width - 1, s->size);
	if (map_is_variable(s))
		return mapkey_unsound(g, "encoding", e,
		    "bits are a part of what is there; a variable is written "
		    "whole");
	s->bit = (unsigned)bit;
	s->width = (unsigned)width;
	return read_words(g, s, s->width, e);
}

static enum err_code
read_text(struct config_group *g, struct map_setting *s, struct err *e)
{
	if (read_room(g, s, e) == ERR_OK)
		read_fill(g, s, 0, e);
	if (e->code == ERR_OK && s->encoding == MAP_UTF16 && s->size % 2 != 0)
		mapkey_unsound(
		    g, "size", e, "utf-16 has an even number of bytes");
	return e->code;
}

static enum err_code
read_raw(struct config_group *g, struct map_setting *s, struct err *e)
{
	switch (s->value) {
	case MAP_PID:
		s->size = PSK_PID_LEN;
		break;
	case MAP_PPS:
		s->size = PSK_PPS_LEN;
		break;
	case MAP_SERVER_ADDRESS:
		s->size = 4;
		break;
	case MAP_UUID:
		s->size = UUID_LEN;
		break;
	default:
		s->size = s->nconstant;
	}
	return read_fill(g, s, 0xFF, e);
}

static enum err_code
read_tags(struct config_group *g, struct map_setting *s, struct err *e)
{
	static const char *const types[] = { "sha1", "sha256", "sha384" };
	struct config_group *tags;
	long long tag;

	if (config_sub(g, "tags", &tags, e) != ERR_OK || tags == NULL)
		return e->code;
	s->tagged = true;
	for (size_t i = 0; i < MAP_HASH_TYPES; i++) {
		if (config_int(tags, types[i], 0, 0xFF, -1, &tag, e) != ERR_OK)
			return e->code;
		s->has_tag[i] = tag != -1;
		s->tag[i] = (uint8_t)tag;
	}
	return ERR_OK;
}

static enum err_code
read_hashes(struct config_group *g, struct map_setting *s, struct err *e)
{
	if (mapkey_size(g, "stride", 1, &s->stride, e) != ERR_OK ||
	    mapkey_size(g, "count", 1, &s->count, e) != ERR_OK ||
	    read_tags(g, s, e) != ERR_OK || read_fill(g, s, 0xFF, e) != ERR_OK)
		return e->code;
	if (s->count > MAP_HASHES || s->stride > 0x400)
		return mapkey_unsound(g, NULL, e,
		    "an array has at most %d entries of 1024 bytes",
		    MAP_HASHES);
	s->size = s->stride * s->count;
	return ERR_OK;
}

static enum err_code
read_opr1(struct config_group *g, struct map_setting *s, struct err *e)
{
	if (read_room(g, s, e) == ERR_OK)
		read_fill(g, s, 0xFF, e);
	return e->code;
}

static enum err_code
read_setup(struct config_group *g, struct map_setting *s, struct err *e)
{
	static const char *const versions[] = { "2.0", "2.1", "3.0", "4.0",
		NULL };
	long long smb;
	const char *v;
	int i;

	if (read_opr1(g, s, e) != ERR_OK ||
	    config_int(g, "smb_value", 1, 2, 1, &smb, e) != ERR_OK ||
	    config_string(g, "version", NULL, &v, e) != ERR_OK)
		return e->code;
	s->smb = (uint8_t)smb;
	if (v == NULL)
		return ERR_OK; /* by the order's AMT version */
	if (config_word(g, "version", versions, -1, &i, e) != ERR_OK)
		return e->code;
	s->major = (uint8_t)(versions[i][0] - '0');
	s->minor = (uint8_t)(versions[i][2] - '0');
	return ERR_OK;
}

static enum err_code
read_encoding(struct config_group *g, struct map_setting *s, struct err *e)
{
	/* In the order of enum map_encoding. */
	static read_fn *const read[] = { read_int, read_int, read_int, read_int,
		read_int, read_enum, read_bits, read_text, read_text, read_raw,
		read_hashes, read_opr1, read_setup };
	int v;

	if (config_word(g, "encoding", map_encoding_names, -1, &v, e) != ERR_OK)
		return e->code;
	s->encoding = (enum map_encoding)v;
	if (!map_encodes(s->encoding, s->value))
		return mapkey_unsound(g, "encoding", e,
		    "encoding %s cannot hold %s", map_encoding_names[v],
		    map_value_names[s->value]);
	return read[v](g, s, e);
}

/* ---- what must be there ---- */

static enum err_code
read_expect(struct config_group *g, struct map_setting *s, struct err *e)
{
	if (map_is_variable(s) || s->add)
		return ERR_OK; /* then the key is not known */
	if (mapkey_bytes(g, "expect", s->expect, &s->nexpect, e) != ERR_OK ||
	    s->nexpect <= 1 || s->nexpect == s->size)
		return e->code;
	return mapkey_unsound(g, "expect", e,
	    "expect is 1 byte, which is meant for all, or as many as the "
	    "setting has: %zu",
	    s->size);
}

/* ---- what can never be ---- */

/* The least bytes that the value takes in that encoding, if a unit has it. */
static size_t
least_room(const struct map_setting *s)
{
	static const size_t chars[MAP_VALUES] = {
		[MAP_PID] = PSK_PID_LEN,
		[MAP_PPS] = PSK_PPS_LEN,
		[MAP_UUID] = UUID_TEXT - 1,
		[MAP_SERVER_ADDRESS] = sizeof("0.0.0.0") - 1,
	};

	switch (s->encoding) {
	case MAP_ASCII:
		return chars[s->value];
	case MAP_UTF16:
		return 2 * chars[s->value];
	case MAP_OPR1:
		return RECORD_HEADER;
	case MAP_SETUPFILE:
		return SETUP_FILE;
	default:
		return 0;
	}
}

/* Devices look for records at such places only, and a base is searched for
 * them there. */
static bool
in_window(const struct map_setting *s)
{
	return s->target == MAP_AT_PDR ||
	    (s->target == MAP_AT_REGION && s->region == REGION_PDR) ||
	    (s->target == MAP_AT_FPT && !s->add &&
		strcmp(s->part, CONTAINER_PART) == 0);
}

static enum err_code
judge(struct config_group *g, const struct map_setting *s, struct err *e)
{
	if (s->target == MAP_AT_OEM && s->offset + s->size > OEM_SECTION)
		return mapkey_unsound(g, NULL, e,
		    "the OEM section of a descriptor has 256 bytes");
	if (s->size != 0 && s->size < least_room(s))
		return mapkey_unsound(g, "size", e,
		    "setting %s: size %zu never holds %s as %s, which takes "
		    "%zu bytes at least",
		    s->label, s->size, map_value_names[s->value],
		    map_encoding_names[s->encoding], least_room(s));
	if (s->value == MAP_OEM_RECORD && in_window(s) &&
	    s->offset % CONTAINER_ALIGN != 0)
		return mapkey_unsound(g, "offset", e,
		    "setting %s: a device finds a record only at multiples of "
		    "0x%x there, not at 0x%zx",
		    s->label, CONTAINER_ALIGN, s->offset);
	return ERR_OK;
}

enum err_code
mapsetting_read(struct config_group *g, const char *label,
    struct map_setting *s, struct err *e)
{
	static const char *const keys[] = { "value", "target", "encoding",
		"expect", "secret", "bytes", "region", "offset", "part", "add",
		"guid", "name", "attrs", "max_size", "store", "consent", "size",
		"fill", "values", "bit", "width", "stride", "count", "tags",
		"version", "smb_value", NULL };

	memset(s, 0, sizeof(*s));
	s->store = -1;
	s->line = mapkey_line(g);
	if (strlen(label) >= MAP_LABEL)
		return mapkey_unsound(g, NULL, e,
		    "a setting's name has at most %d characters",
		    MAP_LABEL - 1);
	strcpy(s->label, label);
	if (mapkey_known(g, keys, e) != ERR_OK ||
	    read_value(g, s, e) != ERR_OK || read_target(g, s, e) != ERR_OK ||
	    read_encoding(g, s, e) != ERR_OK || read_expect(g, s, e) != ERR_OK)
		return e->code;
	return judge(g, s, e);
}
