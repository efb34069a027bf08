/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/text.h"
#include "bios/map.h"
#include "formats/reason.h"

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
	const struct descriptor_region *r = region_of(j);
	uint8_t hash[SHA256_LEN];
	char what[96], want[TEXT_HEX_SIZE(SHA256_LEN)];
	char have[TEXT_HEX_SIZE(SHA256_LEN)] = "no such bytes";

	if (r != NULL && j->m->offset <= r->limit - r->base &&
	    j->m->size <= r->limit - r->base + 1 - j->m->offset) {
		digest_sha256(
		    j->img->p + r->base + j->m->offset, j->m->size, hash);
		if (memcmp(hash, j->m->sha256, sizeof(hash)) == 0)
			return ERR_OK;
		text_hex(have, hash, sizeof(hash));
	}
	text_hex(want, j->m->sha256, SHA256_LEN);
	snprintf(what, sizeof(what), "SHA-256 of 0x%zx bytes at 0x%zx of %s",
	    j->m->size, j->m->offset, descriptor_region_name(j->m->region));
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
