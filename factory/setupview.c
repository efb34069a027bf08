/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "factory/setupview.h"
#include "formats/hashlist.h"
#include "formats/psk.h"
#include "formats/setupvar.h"

/* What a number means (MeshCommander's words). */
static const struct word {
	uint16_t module, id;
	uint32_t value;
	const char *word;
} words[] = {
	{ 1, 3, 0, "none" },
	{ 1, 3, 1, "Intel AMT" },
	{ 1, 4, 0, "disabled" },
	{ 1, 4, 1, "enabled" },
	{ 1, 4, 2, "password protected" },
	{ 1, 5, 0, "always" },
	{ 1, 5, 1, "never" },
	{ 1, 5, 2, "restricted" },
	{ 2, 5, 0, "off" },
	{ 2, 5, 1, "on" },
	{ 2, 6, 0, "off" },
	{ 2, 6, 1, "on" },
	{ 2, 7, 0, "disabled" },
	{ 2, 7, 1, "enabled" },
	{ 2, 7, 2, "delete" },
	{ 2, 10, 0, "none" },
	{ 2, 10, 1, "SOL" },
	{ 2, 10, 2, "IDER" },
	{ 2, 10, 3, "SOL and IDER" },
	{ 2, 10, 4, "none, user and password allowed" },
	{ 2, 10, 5, "SOL, user and password allowed" },
	{ 2, 10, 6, "IDER, user and password allowed" },
	{ 2, 10, 7, "SOL and IDER, user and password allowed" },
	{ 2, 13, 1, "disabled" },
	{ 2, 13, 2, "enabled" },
	{ 2, 14, 0, "disabled" },
	{ 2, 14, 1, "enabled" },
	{ 2, 16, 0, "enterprise" },
	{ 2, 16, 1, "small business, or enterprise: sources disagree" },
	{ 2, 16, 2, "small business" },
	{ 2, 23, 0, "dedicated" },
	{ 2, 23, 1, "shared" },
	{ 2, 24, 0, "disabled" },
	{ 2, 24, 1, "enabled" },
	{ 2, 25, 0, "disabled" },
	{ 2, 25, 1, "enabled" },
	{ 2, 26, 0, "none" },
	{ 2, 26, 1, "KVM" },
	{ 2, 26, 255, "all" },
	{ 2, 27, 0, "disabled" },
	{ 2, 27, 1, "enabled" },
	{ 2, 28, 0, "halt" },
	{ 2, 28, 1, "activate" },
	{ 2, 29, 0, "automated" },
	{ 2, 29, 1, "manual" },
	{ 2, 34, 1, "reactive" },
	{ 2, 34, 2, "proactive" },
	{ 2, 34, 4, "one-time session" },
};

static void
put_hex(struct wr *w, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		wr_fmt(w, "%02x", p[i]);
}

static void
put_number(struct wr *w, const struct setupbin_entry *e)
{
	uint32_t v = e->n == 1 ? e->value[0]
	    : e->n == 2        ? get_u16le(e->value)
			       : get_u32le(e->value);

	wr_fmt(w, "%lu", (unsigned long)v);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].module == e->module && words[i].id == e->id &&
		    words[i].value == v)
			wr_fmt(w, " (%s)", words[i].word);
}

static void
put_hash(struct wr *w, const struct setupbin_entry *e)
{
	struct rd r;
	size_t h;
	enum hash_type type;

	rd_init(&r, e->value, e->n);
	type = (enum hash_type)rd_u8(&r);
	h = hashlist_hash_len(type);
	wr_fmt(w, "%s ", hashlist_type_name(type));
	put_hex(w, e->value + 1, h);
	wr_str(w, " ");
	wr_bytes(w, e->value + 2 + h, e->n - 2 - h);
}

/* In groups, as people read and type it. */
static void
put_psk(struct wr *w, const struct setupbin_entry *e)
{
	for (size_t i = 0; i < e->n; i++) {
		if (i > 0 && i % 4 == 0)
			wr_str(w, "-");
		wr_bytes(w, e->value + i, 1);
	}
}

static void
put_value(
    struct wr *w, const struct setupvar *var, const struct setupbin_entry *e)
{
	const uint8_t *v = e->value;

	if (var == NULL || setupvar_judge(var, v, e->n) != SETUPVAR_OK) {
		put_hex(w, v, e->n);
		return;
	}
	switch (var->type) {
	case SETUPVAR_TEXT:
		wr_bytes(w, v, e->n);
		break;
	case SETUPVAR_UINT:
		put_number(w, e);
		break;
	case SETUPVAR_IPV4:
		wr_fmt(w, "%u.%u.%u.%u", v[3], v[2], v[1], v[0]);
		break;
	case SETUPVAR_HASH:
		put_hash(w, e);
		break;
	case SETUPVAR_PID:
	case SETUPVAR_PPS:
		put_psk(w, e);
		break;
	case SETUPVAR_GUID: /* as the bytes lie there: texts differ */
	case SETUPVAR_BYTES:
		put_hex(w, v, e->n);
		break;
	}
}

void
setupview_head(struct wr *w, const struct setupbin *sb)
{
	wr_fmt(w, "version %u.%u, %s, %lu record%s, %lu consumed\n", sb->major,
	    sb->minor,
	    (sb->flags & SETUPBIN_KEEP) != 0 ? "records are not consumed"
					     : "each record for one machine",
	    (unsigned long)sb->count, text_plural(sb->count),
	    (unsigned long)sb->consumed);
}

void
setupview_record(
    struct wr *w, const struct setupbin_record *rec, uint32_t i, bool reveal)
{
	struct setupbin_entry e;

	wr_fmt(w, "record %lu: %s%s\n", (unsigned long)i + 1,
	    (rec->flags & SETUPBIN_VALID) != 0 ? "valid" : "consumed",
	    (rec->flags & SETUPBIN_SCRAMBLED) != 0 ? ", scrambled" : "");
	for (size_t at = 0; setupbin_next(rec, &at, &e);) {
		const struct setupvar *var = setupvar_find(e.module, e.id);

		wr_fmt(w, "  %u/%-4u %-39s", e.module, e.id,
		    var != NULL ? var->name : "(unknown)");
		if (var != NULL && var->secret && !reveal)
			wr_str(w, "(hidden)");
		else
			put_value(w, var, &e);
		wr_str(w, "\n");
	}
}
