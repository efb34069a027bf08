/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/text.h"
#include "bios/map.h"
#include "bios/place.h"
#include "formats/reason.h"

const char *const map_value_names[] = { "oem_record", "setup_bin", "pid", "pps",
	"mebx_password", "otp", "hashes", "enabled", "start", "mode", "pki",
	"pki_dns_suffix", "server_fqdn", "server_address", "server_port",
	"uuid", "serial", "order", "constant", NULL };
const char *const map_target_names[] = { "region", "fpt", "uefi-var", "nvar",
	"ffs-raw", "pdr", "desc-oem", NULL };
const char *const map_encoding_names[] = { "u8", "u16le", "u16be", "u32le",
	"u32be", "enum", "bits", "ascii", "utf-16", "raw", "hashes", "opr1",
	"setup.bin", NULL };
const char *const map_fix_names[] = { "sum8", "sum16", "crc16", "crc32",
	"sha256", NULL };

bool
map_is_secret(const struct map_setting *s)
{
	switch (s->value) {
	case MAP_OEM_RECORD:
	case MAP_SETUP_BIN:
	case MAP_PPS:
	case MAP_MEBX_PASSWORD:
	case MAP_OTP:
		return true;
	default:
		return s->secret;
	}
}

bool
map_is_variable(const struct map_setting *s)
{
	return s->target == MAP_AT_VAR || s->target == MAP_AT_NVAR;
}

#define BIT(x) (1u << (x))
#define INTS                                                              \
	(BIT(MAP_U8) | BIT(MAP_U16LE) | BIT(MAP_U16BE) | BIT(MAP_U32LE) | \
	    BIT(MAP_U32BE))
#define CHOICE (INTS | BIT(MAP_ENUM) | BIT(MAP_BITS))
#define TEXTS (BIT(MAP_ASCII) | BIT(MAP_UTF16))

bool
map_encodes(enum map_encoding encoding, enum map_value value)
{
	static const unsigned can[MAP_VALUES] = {
		[MAP_OEM_RECORD] = BIT(MAP_OPR1),
		[MAP_SETUP_BIN] = BIT(MAP_SETUPFILE),
		[MAP_PID] = TEXTS | BIT(MAP_RAW),
		[MAP_PPS] = TEXTS | BIT(MAP_RAW),
		[MAP_MEBX_PASSWORD] = TEXTS,
		[MAP_OTP] = TEXTS,
		[MAP_HASHES_OF] = BIT(MAP_HASH_ARRAY),
		[MAP_ENABLED] = CHOICE,
		[MAP_START] = CHOICE,
		[MAP_MODE] = CHOICE,
		[MAP_PKI] = CHOICE,
		[MAP_PKI_DNS_SUFFIX] = TEXTS,
		[MAP_SERVER_FQDN] = TEXTS,
		[MAP_SERVER_ADDRESS] =
		    TEXTS | BIT(MAP_RAW) | BIT(MAP_U32LE) | BIT(MAP_U32BE),
		[MAP_SERVER_PORT] = INTS & ~BIT(MAP_U8),
		[MAP_UUID] = TEXTS | BIT(MAP_RAW),
		[MAP_SERIAL] = TEXTS,
		[MAP_ORDER] = TEXTS,
		[MAP_CONSTANT] = BIT(MAP_RAW),
	};

	return (can[value] & BIT(encoding)) != 0;
}

size_t
map_fix_len(enum map_fix fix)
{
	static const size_t len[] = { 1, 2, 2, 4, SHA256_LEN };

	return len[fix];
}

enum err_code
map_at(const struct imgmap *map, unsigned line, struct err *e)
{
	if (map->file[0] == '\0')
		return err_in(e, "map %s", map->name);
	return err_in(e, "%s:%u", map->file, line);
}

struct judge {
	const struct imgmap *map;
	const struct image *img;
	const struct map_match *m;
	size_t rule; /* for messages, from 1 */
};

static enum err_code
differs(const struct judge *j, struct err *e, const char *what,
    const char *want, const char *have)
{
	return err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_NO_MATCH),
	    "map %s, rule %zu: %s: wanted %s, the image has %s", j->map->name,
	    j->rule, what, want, have);
}

static enum err_code
match_ifd(const struct judge *j, struct err *e)
{
	const struct image *img = j->img;
	bool has = img->kind == IMAGE_WHOLE || img->kind == IMAGE_DESCRIPTOR;

	if (has && img->desc.version == j->m->version)
		return ERR_OK;
	return differs(j, e, "descriptor version",
	    descriptor_version_name(j->m->version),
	    has ? descriptor_version_name(img->desc.version) : "no descriptor");
}

static const struct descriptor_region *
region_of(const struct judge *j)
{
	const struct descriptor_region *r = &j->img->desc.region[j->m->region];

	return r->used && r->limit < j->img->n ? r : NULL;
}

static enum err_code
match_region(const struct judge *j, struct err *e)
{
	const struct descriptor_region *r = region_of(j);
	char what[32], want[24], have[24] = "none";

	if (r != NULL && r->limit - r->base + 1 == j->m->size)
		return ERR_OK;
	snprintf(what, sizeof(what), "size of region %s",
	    descriptor_region_name(j->m->region));
	snprintf(want, sizeof(want), "0x%zx", j->m->size);
	if (r != NULL)
		snprintf(have, sizeof(have), "0x%zx", r->limit - r->base + 1);
	return differs(j, e, what, want, have);
}

static enum err_code
match_volume(const struct judge *j, struct err *e)
{
	char guid[UUID_TEXT], want[96], have[64] = "none of that GUID";

	for (size_t i = 0; i < j->img->nvolumes; i++) {
		const struct volume *v = &j->img->volume[i];

		if (!uuid_equal(&v->guid, &j->m->guid))
			continue;
		if (j->m->size == 0 || j->m->size == v->len)
			return ERR_OK;
		snprintf(have, sizeof(have), "one of 0x%zx bytes at 0x%zx",
		    v->len, v->off);
	}
	uuid_text(&j->m->guid, guid);
	if (j->m->size == 0)
		snprintf(want, sizeof(want), "%s", guid);
	else
		snprintf(
		    want, sizeof(want), "%s of 0x%zx bytes", guid, j->m->size);
	return differs(j, e, "firmware volume", want, have);
}

static enum err_code
match_sha256(const struct judge *j, struct err *e)
{
	const struct map_match *m = j->m;
	const struct place range = { m->offset, m->size };
	const char *where =
	    m->part[0] != '\0' ? m->part : descriptor_region_name(m->region);
	uint8_t hash[SHA256_LEN];
	char what[96], want[TEXT_HEX_SIZE(SHA256_LEN)];
	char have[TEXT_HEX_SIZE(SHA256_LEN)] = "no such bytes";
	struct place at;
	struct err none;

	err_clear(&none);
	if (place_range(j->img, m->region, m->part, &range, &at, &none) ==
	    ERR_OK) {
		digest_sha256(j->img->p + at.off, at.len, hash);
		if (memcmp(hash, m->sha256, sizeof(hash)) == 0)
			return ERR_OK;
		text_hex(have, hash, sizeof(hash));
	}
	text_hex(want, m->sha256, SHA256_LEN);
	if (m->size == 0)
		snprintf(what, sizeof(what), "SHA-256 of %s from 0x%zx", where,
		    m->offset);
	else
		snprintf(what, sizeof(what),
		    "SHA-256 of 0x%zx bytes at 0x%zx of %s", m->size, m->offset,
		    where);
	return differs(j, e, what, want, have);
}

static enum err_code
match(const struct judge *j, struct err *e)
{
	switch (j->m->kind) {
	case MAP_IFD:
		return match_ifd(j, e);
	case MAP_REGION:
		return match_region(j, e);
	case MAP_VOLUME:
		return match_volume(j, e);
	case MAP_SHA256:
		return match_sha256(j, e);
	}
	return err_set(e, ERR_BUG, "map rule of unknown kind");
}

enum err_code
map_matches(const struct imgmap *map, const struct image *img, struct err *e)
{
	for (size_t i = 0; i < map->nmatch; i++) {
		struct judge j = { map, img, &map->match[i], i + 1 };

		if (match(&j, e) != ERR_OK)
			return e->code;
	}
	return ERR_OK;
}
