/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/digest.h"
#include "base/text.h"
#include "formats/hashlist.h"

static const struct {
	const char *name;
	size_t len;
} types[] = {
	[HASH_SHA1] = { "sha1", SHA1_LEN },
	[HASH_SHA256] = { "sha256", SHA256_LEN },
	[HASH_SHA384] = { "sha384", SHA384_LEN },
};

static bool
known(enum hash_type type)
{
	return type == HASH_SHA1 || type == HASH_SHA256 || type == HASH_SHA384;
}

size_t
hashlist_hash_len(enum hash_type type)
{
	return known(type) ? types[type].len : 0;
}

const char *
hashlist_type_name(enum hash_type type)
{
	return known(type) ? types[type].name : "unknown";
}

bool
hashlist_type_parse(const char *name, enum hash_type *out)
{
	for (enum hash_type t = HASH_SHA1; t <= HASH_SHA384; t++)
		if (strcmp(types[t].name, name) == 0) {
			*out = t;
			return true;
		}
	return false;
}

void
hashlist_of_der(
    struct hash_entry *e, enum hash_type type, const void *der, size_t n)
{
	memset(e, 0, sizeof(*e));
	e->type = type;
	e->active = true;
	switch (type) {
	case HASH_SHA1:
		digest_sha1(der, n, e->hash);
		break;
	case HASH_SHA256:
		digest_sha256(der, n, e->hash);
		break;
	case HASH_SHA384:
		digest_sha384(der, n, e->hash);
		break;
	}
}

static bool
same(const struct hash_entry *a, enum hash_type type, const uint8_t *hash)
{
	return a->type == type &&
	    memcmp(a->hash, hash, hashlist_hash_len(type)) == 0;
}

const struct hash_entry *
hashlist_only(const struct hashlist *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->e[i].only)
			return &l->e[i];
	return NULL;
}

static const char *
check_entry(const struct hashlist *l, size_t at)
{
	const struct hash_entry *e = &l->e[at];
	size_t len = strlen(e->name);

	if (!known(e->type))
		return "unknown hash algorithm";
	if (len > HASHLIST_NAME || !text_printable(e->name, len))
		return "a name is not printable ASCII";
	if (e->only && !e->active)
		return "the only hash is not active";
	if (e->only && hashlist_only(l) != e)
		return "two hashes are marked as the only one";
	for (size_t i = 0; i < at; i++)
		if (same(&l->e[i], e->type, e->hash))
			return "the same hash twice";
	return NULL;
}

const char *
hashlist_check(const struct hashlist *l, size_t most)
{
	if (l->n > HASHLIST_MAX || l->n > most)
		return "more hashes than this AMT version holds";
	for (size_t i = 0; i < l->n; i++) {
		const char *why = check_entry(l, i);

		if (why != NULL)
			return why;
	}
	return NULL;
}

/* Setup.bin 2/8: u8 type, hash, u8 length of the name, name. */
void
hashlist_entry_write(struct wr *w, const struct hash_entry *e)
{
	size_t n = strlen(e->name);

	wr_u8(w, (uint8_t)e->type);
	wr_bytes(w, e->hash, hashlist_hash_len(e->type));
	wr_u8(w, (uint8_t)n);
	wr_bytes(w, e->name, n);
}

void
hashlist_entry_read(struct rd *r, struct hash_entry *e)
{
	size_t n;

	memset(e, 0, sizeof(*e));
	e->type = (enum hash_type)rd_u8(r);
	if (!known(e->type)) {
		rd_fail(r, "unknown hash algorithm");
		return;
	}
	rd_copy(r, e->hash, types[e->type].len);
	n = rd_u8(r);
	if (n > HASHLIST_NAME) {
		rd_fail(r, "name of a hash is too long");
		return;
	}
	rd_copy(r, e->name, n);
	if (!text_printable(e->name, n))
		rd_fail(r, "name of a hash is not printable");
}
