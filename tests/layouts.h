/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random small images with a map and a record, from a seed: a descriptor with
 * regions in any order, variable stores with entries, a $FPT, and settings of
 * every target that fits, some of them wrong on purpose.
 */
#ifndef TESTS_LAYOUTS_H
#define TESTS_LAYOUTS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "bios/plan.h"
#include "formats/record.h"
#include "tests/store.h"

#define LAYOUT_MAX 0x20000
#define LAYOUT_ME 0x3000 /* of the ME region */

struct layout {
	uint64_t state;
	uint8_t p[LAYOUT_MAX];
	size_t n;
	bool whole, has_me, has_pdr;
	size_t bios, me, pdr; /* where each begins */
	size_t nbios;         /* volumes in BIOS */
	struct imgmap map;
	struct record rec;
};

/* xorshift64* */
static inline uint32_t
layout_rand(struct layout *l, uint32_t below)
{
	l->state ^= l->state >> 12;
	l->state ^= l->state << 25;
	l->state ^= l->state >> 27;
	return (uint32_t)((l->state * 0x2545F4914F6CDD1D) >> 33) % below;
}

static inline bool
layout_maybe(struct layout *l, uint32_t percent)
{
	return layout_rand(l, 100) < percent;
}

static inline void
layout_noise(struct layout *l, size_t off, size_t n)
{
	for (size_t i = 0; i < n; i += 4)
		put_u32le(l->p + off + i, layout_rand(l, 0x7FFFFFFF) << 1);
}

/* ---- the image ---- */

static inline void
layout_bios(struct layout *l)
{
	uint8_t data[64];
	char name[4] = "V00";

	for (size_t v = 0; v < l->nbios; v++) {
		uint8_t *vol = l->p + l->bios + v * STORE_VOLUME;

		store_make(vol, layout_maybe(l, 60));
		memset(data, (int)layout_rand(l, 256), sizeof(data));
		for (uint32_t i = layout_rand(l, 6); i > 0; i--) {
			name[1] = (char)('0' + layout_rand(l, 10));
			name[2] = (char)('0' + layout_rand(l, 10));
			store_put(vol, STORE_VOLUME, name, data,
			    1 + layout_rand(l, 60));
		}
		if (layout_maybe(l, 2)) /* a write that is pending */
			vol[STORE_QUEUE] = 0xFE;
	}
}

/* A $FPT 2.0 with one data partition that is somebody's, and one of code. */
static inline void
layout_fpt(struct layout *l)
{
	static const char *const names[] = { "FOVD", "FTPR" };
	uint8_t *p = l->p + l->me, sum = 0;

	memset(p, 0xFF, LAYOUT_ME);
	memset(p, 0, 0x30);
	memcpy(p + 0x10, "$FPT", 4);
	put_u32le(p + 0x14, 2);
	p[0x18] = 0x20;
	p[0x19] = 0x10;
	p[0x1A] = 0x30;
	for (size_t i = 0; i < 2; i++) {
		uint8_t *entry = p + 0x30 + 0x20 * i;

		memset(entry, 0, 0x20);
		memcpy(entry, names[i], 4);
		memset(entry + 4, 0xFF, 4);
		put_u32le(entry + 8, (uint32_t)(0x1000 * (i + 1)));
		put_u32le(entry + 12, 0x400);
		put_u32le(entry + 28, i == 0);
	}
	for (size_t i = 0; i < 0x30; i++)
		sum = (uint8_t)(sum + p[i]);
	p[0x1B] = (uint8_t)(0 - sum);
	if (layout_maybe(l, 50))
		layout_noise(l, l->me + 0x1000, 0x400);
	layout_noise(l, l->me + 0x2000, 0x400);
}

static inline uint32_t
layout_flreg(size_t from, size_t len)
{
	return (uint32_t)(from >> 12 | ((from + len - 1) >> 12) << 16);
}

static inline void
layout_descriptor(struct layout *l)
{
	const struct descriptor_sizes sizes = { .flash = 0x80000,
		.bios = 0x1000 };
	struct err e;

	err_clear(&e);
	descriptor_make(l->p, &sizes, &e);
	put_u32le(l->p + 0x44, layout_flreg(l->bios, l->nbios * STORE_VOLUME));
	if (l->has_me)
		put_u32le(l->p + 0x48, layout_flreg(l->me, LAYOUT_ME));
	if (l->has_pdr)
		put_u32le(l->p + 0x50, layout_flreg(l->pdr, 0x2000));
}

static inline void
layout_image(struct layout *l)
{
	size_t at = 0;
	bool me_first = layout_maybe(l, 50);

	l->whole = layout_maybe(l, 80);
	l->nbios = 1 + layout_maybe(l, 15);
	l->has_me = l->whole && layout_maybe(l, 60);
	l->has_pdr = l->whole && layout_maybe(l, 60);
	if (l->whole)
		at = DESCRIPTOR_SIZE;
	if (l->has_me && me_first) {
		l->me = at;
		at += LAYOUT_ME;
	}
	l->bios = at;
	at += l->nbios * STORE_VOLUME;
	if (l->has_pdr) {
		l->pdr = at;
		at += 0x2000;
	}
	if (l->has_me && !me_first) {
		l->me = at;
		at += LAYOUT_ME;
	}
	l->n = at;
	memset(l->p, 0xFF, at);
	layout_bios(l);
	if (l->has_me)
		layout_fpt(l);
	if (l->has_pdr && layout_maybe(l, 40))
		layout_noise(l, l->pdr, 0x2000);
	if (l->whole)
		layout_descriptor(l);
}

/* ---- the map ---- */

static inline void
layout_encoding(struct layout *l, struct map_setting *s)
{
	s->value = (enum map_value)layout_rand(l, MAP_VALUES);
	do
		s->encoding =
		    (enum map_encoding)layout_rand(l, MAP_SETUPFILE + 1);
	while (!map_encodes(s->encoding, s->value));
	s->fill = layout_maybe(l, 50) ? 0xFF : 0;
	switch (s->encoding) {
	case MAP_U8:
		s->size = 1;
		break;
	case MAP_U16LE:
	case MAP_U16BE:
		s->size = 2;
		break;
	case MAP_U32LE:
	case MAP_U32BE:
		s->size = 4;
		break;
	case MAP_ENUM:
	case MAP_BITS:
		s->size = 1u << layout_rand(l, 3);
		s->bit = layout_rand(l, 8);
		s->width = 1;
		s->words = s->encoding == MAP_ENUM;
		s->word[0] = layout_rand(l, 256);
		s->word[1] = layout_rand(l, 256);
		break;
	case MAP_RAW:
		s->nconstant = 1 + layout_rand(l, 16);
		memset(s->constant, (int)layout_rand(l, 256), s->nconstant);
		s->size = s->value == MAP_PID  ? PSK_PID_LEN
		    : s->value == MAP_PPS      ? PSK_PPS_LEN
		    : s->value == MAP_UUID     ? UUID_LEN
		    : s->value == MAP_CONSTANT ? s->nconstant
					       : 4;
		break;
	case MAP_HASH_ARRAY:
		s->stride = 20 + layout_rand(l, 40);
		s->count = 1 + layout_rand(l, 6);
		s->tagged = s->has_tag[0] = s->has_tag[1] = layout_maybe(l, 50);
		s->size = s->stride * s->count;
		break;
	default:
		s->size = s->encoding < MAP_OPR1 ? 2 * layout_rand(l, 80) + 2
		    : layout_maybe(l, 90)        ? 0x800
						 : 0x20;
	}
	s->secret = layout_maybe(l, 20);
	s->smb = 1;
}

static inline void
layout_target(struct layout *l, struct map_setting *s, size_t i)
{
	static const char *const parts[] = { "FOVD", "FTPR", "NONE" };

	s->store = l->nbios == 1 && layout_maybe(l, 80)
	    ? -1
	    : (int)layout_rand(l, (uint32_t)l->nbios + layout_maybe(l, 3));
	s->attrs = IMAGE_OEM_ATTRS;
	uuid_parse(&s->var.guid, IMAGE_OEM_GUID);
	snprintf(s->var.name, sizeof(s->var.name), "Var%zu", i);
	s->offset = layout_rand(l, 0x800);
	s->target = MAP_AT_VAR;
	if (s->encoding == MAP_BITS || layout_maybe(l, l->whole ? 50 : 5)) {
		s->target = MAP_AT_REGION;
		s->region =
		    layout_maybe(l, 70) ? REGION_PDR : layout_rand(l, 5);
		if (layout_maybe(l, 20))
			s->target = MAP_AT_PDR;
		else if (l->has_me && layout_maybe(l, 30)) {
			s->target = MAP_AT_FPT;
			s->offset %= 0x300;
			strcpy(s->part,
			    parts[layout_maybe(l, 10) ? layout_rand(l, 3) : 0]);
			s->nexpect = layout_maybe(l, 80);
			s->expect[0] = 0xFF;
		} else if (l->whole && layout_maybe(l, 30)) {
			s->target = MAP_AT_OEM;
			s->offset %= 0xA0;
			s->consent = true;
			s->nexpect = 1;
			s->expect[0] = 0xFF;
		}
	} else if (layout_maybe(l, 50))
		s->size = s->encoding >= MAP_ASCII && s->encoding != MAP_RAW &&
			s->encoding != MAP_HASH_ARRAY
		    ? 0
		    : s->size;
	if (l->has_me && !l->map.setting[0].add && layout_maybe(l, 5)) {
		s->target = MAP_AT_FPT;
		strcpy(s->part, "AMTO");
		s->add = i == 0;
		s->offset = 0;
	}
}

static inline void
layout_fixup(struct layout *l, struct map_fixup *f)
{
	f->fix = (enum map_fix)layout_rand(l, MAP_SHA256_OF + 1);
	f->region = l->has_pdr ? REGION_PDR : REGION_BIOS;
	f->from = 2 * layout_rand(l, 0x100);
	f->len = 2 + 2 * layout_rand(l, 0x500);
	f->at = 0x1000 + 2 * layout_rand(l, 0x300);
	if (layout_maybe(l, 30))
		f->at = f->from + f->len;
	f->holds = layout_maybe(l, 3);
}

static inline void
layout_map(struct layout *l)
{
	struct imgmap *m = &l->map;

	memset(m, 0, sizeof(*m));
	strcpy(m->name, "random");
	m->nmatch = 1;
	m->match[0].kind = MAP_VOLUME;
	uuid_parse(&m->match[0].guid, VOLUME_NV_GUID);
	m->nsetting = 1 + layout_rand(l, 4);
	for (size_t i = 0; i < m->nsetting; i++) {
		snprintf(m->setting[i].label, MAP_LABEL, "s%zu", i);
		layout_encoding(l, &m->setting[i]);
		layout_target(l, &m->setting[i], i);
	}
	m->nfixup = l->has_pdr || layout_maybe(l, 5) ? layout_rand(l, 3) : 0;
	for (size_t i = 0; i < m->nfixup; i++)
		layout_fixup(l, &m->fixup[i]);
	if (layout_maybe(l, 20)) {
		m->nforbid = 1;
		m->forbid[0].region =
		    layout_maybe(l, 50) ? REGION_PDR : REGION_BIOS;
		m->forbid[0].from = layout_rand(l, 0x1000);
		m->forbid[0].len = 1 + layout_rand(l, 0x100);
	}
}

/* ---- the record ---- */

static inline void
layout_text(struct layout *l, char *out, uint32_t most)
{
	uint32_t n = layout_rand(l, most);

	for (uint32_t i = 0; i < n; i++)
		out[i] = (char)('a' + layout_rand(l, 26));
	out[n] = '\0';
}

static inline void
layout_record(struct layout *l)
{
	struct record *r = &l->rec;

	memset(r, 0, sizeof(*r));
	r->sequence = 1;
	r->amt_major = (uint8_t)(3 + layout_rand(l, 10));
	r->enabled = layout_maybe(l, 90);
	r->talk = layout_maybe(l, 50);
	r->mode = layout_maybe(l, 50) ? RECORD_SMB : RECORD_ENTERPRISE;
	r->pki = layout_maybe(l, 50);
	layout_text(l, r->serial, 40);
	layout_text(l, r->order, 20);
	layout_text(l, r->server_fqdn, 60);
	layout_text(l, r->pki_dns_suffix, 60);
	for (size_t i = 0; i < UUID_LEN; i++)
		r->uuid.b[i] = (uint8_t)layout_rand(l, 256);
	if (layout_maybe(l, 50))
		r->server_port = (uint16_t)layout_rand(l, 0x10000);
	if (layout_maybe(l, 80)) {
		strcpy(r->mebx_current, "admin");
		strcpy(r->mebx_new, "Passw0rd!abcdefg");
	}
	if (!r->pki) {
		strcpy(r->psk.pid, "0000000C");
		strcpy(r->psk.pps, "00000000000000000000000000000000");
		return;
	}
	r->hashes.n = layout_rand(l, 5);
	for (size_t i = 0; i < r->hashes.n; i++) {
		struct hash_entry *h = &r->hashes.e[i];

		h->type = layout_maybe(l, 50) ? HASH_SHA1 : HASH_SHA256;
		memset(h->hash, (int)(i + 1), hashlist_hash_len(h->type));
		snprintf(h->name, sizeof(h->name), "root %zu", i);
		h->active = layout_maybe(l, 80);
	}
}

static inline void
layout_make(struct layout *l, uint64_t seed)
{
	l->state = seed * 0x9E3779B97F4A7C15 + 1;
	layout_image(l);
	layout_map(l);
	layout_record(l);
}

#endif
