/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "formats/cjson.h"
#include "formats/manifest.h"

void
manifest_chunk_name(char out[static 32], size_t index)
{
	snprintf(out, 32, "devices-%05zu.cms", index + 1);
}

static void
put_key(struct wr *w, const char *key, const char *value)
{
	wr_str(w, key);
	cjson_put_string(w, value);
}

static void
put_list(struct wr *w, const struct manifest_list *l)
{
	put_key(w, "{\"name\":", l->name);
	wr_str(w, ",\"hashes\":[");
	for (size_t i = 0; i < l->hashes.n; i++) {
		const struct hash_entry *h = &l->hashes.e[i];
		char hex[TEXT_HEX_SIZE(HASHLIST_HASH)];

		text_hex(hex, h->hash, hashlist_hash_len(h->type));
		put_key(w, i == 0 ? "{\"type\":" : ",{\"type\":",
		    hashlist_type_name(h->type));
		put_key(w, ",\"hash\":", hex);
		put_key(w, ",\"name\":", h->name);
		wr_str(w, ",\"active\":");
		cjson_put_bool(w, h->active);
		wr_str(w, ",\"only\":");
		cjson_put_bool(w, h->only);
		wr_u8(w, '}');
	}
	wr_str(w, "]}");
}

static void
put_chunk(struct wr *w, const struct manifest_chunk *c)
{
	put_key(w, "{\"name\":", c->name);
	wr_str(w, ",\"rows\":");
	cjson_put_uint(w, c->rows);
	wr_str(w, ",\"size\":");
	cjson_put_uint(w, c->size);
	put_key(w, ",\"sha256\":", c->sha256);
	wr_u8(w, '}');
}

void
manifest_write(struct wr *w, const struct manifest *m)
{
	wr_str(w, "{\"format\":\"amtforge-manifest\",\"version\":1");
	put_key(w, ",\"batch\":", m->batch);
	put_key(w, ",\"order\":", m->order);
	put_key(w, ",\"oem\":", m->oem);
	put_key(w, ",\"customer\":", m->customer);
	put_key(w, ",\"created\":", m->created);
	wr_str(w, ",\"sequence\":");
	cjson_put_uint(w, m->sequence);
	put_key(w, ",\"previous\":", m->previous);
	wr_str(w, ",\"units\":");
	cjson_put_uint(w, m->units);
	wr_str(w, ",\"key_shared\":");
	cjson_put_bool(w, m->key_shared);
	wr_str(w, ",\"recipients\":[");
	for (size_t i = 0; i < m->nrecipients; i++) {
		put_key(w, i == 0 ? "{\"name\":" : ",{\"name\":",
		    m->recipient[i].name);
		put_key(w, ",\"cert_sha256\":", m->recipient[i].cert_sha256);
		wr_u8(w, '}');
	}
	wr_str(w, "],\"hash_lists\":[");
	for (size_t i = 0; i < m->nlists; i++) {
		wr_str(w, i == 0 ? "" : ",");
		put_list(w, &m->list[i]);
	}
	wr_str(w, "],\"chunks\":[");
	for (size_t i = 0; i < m->nchunks; i++) {
		wr_str(w, i == 0 ? "" : ",");
		put_chunk(w, &m->chunk[i]);
	}
	wr_str(w, "]}");
}

static void
get_key(struct rd *r, const char *key, char *out, size_t room)
{
	cjson_want(r, key);
	cjson_get_string(r, out, room);
}

/* n bytes as lower-case hex, or (where none is true) nothing. */
static void
get_hex(struct rd *r, const char *key, char *out, size_t n, bool none)
{
	uint8_t raw[HASHLIST_HASH];
	char back[TEXT_HEX_SIZE(HASHLIST_HASH)];

	get_key(r, key, out, TEXT_HEX_SIZE(n));
	if (r->why != NULL || (none && out[0] == '\0'))
		return;
	if (!text_unhex(raw, n, out, strlen(out))) {
		rd_fail(r, "digest is not hex of its length");
		return;
	}
	text_hex(back, raw, n);
	if (strcmp(back, out) != 0)
		rd_fail(r, "hex digits are lower case");
}

static uint64_t
get_uint(struct rd *r, const char *key, uint64_t max)
{
	uint64_t v;

	cjson_want(r, key);
	if ((v = cjson_get_uint(r)) > max)
		rd_fail(r, "number too large");
	return v;
}

/* Between items of an array: true if another one follows. */
static bool
more(struct rd *r, size_t i, size_t max)
{
	if (r->why != NULL || cjson_have(r, "]"))
		return false;
	if (i > 0)
		cjson_want(r, ",");
	if (i == max)
		rd_fail(r, "more items than this version holds");
	return r->why == NULL;
}

static void
get_hash(struct rd *r, struct hash_entry *h)
{
	char type[8], hex[TEXT_HEX_SIZE(HASHLIST_HASH)];
	size_t n = 0;

	get_key(r, "{\"type\":", type, sizeof(type));
	if (r->why == NULL && !hashlist_type_parse(type, &h->type))
		rd_fail(r, "unknown hash type");
	if (r->why == NULL)
		n = hashlist_hash_len(h->type);
	get_hex(r, ",\"hash\":", hex, n, false);
	if (r->why == NULL)
		text_unhex(h->hash, n, hex, strlen(hex));
	get_key(r, ",\"name\":", h->name, sizeof(h->name));
	cjson_want(r, ",\"active\":");
	h->active = cjson_get_bool(r);
	cjson_want(r, ",\"only\":");
	h->only = cjson_get_bool(r);
	h->oem = true; /* what a factory installs is a default */
	cjson_want(r, "}");
}

static void
get_list(struct rd *r, struct manifest_list *l)
{
	const char *why;

	get_key(r, "{\"name\":", l->name, sizeof(l->name));
	cjson_want(r, ",\"hashes\":[");
	while (more(r, l->hashes.n, HASHLIST_MAX))
		get_hash(r, &l->hashes.e[l->hashes.n++]);
	cjson_want(r, "}");
	if (r->why == NULL &&
	    (why = hashlist_check(&l->hashes, HASHLIST_MAX)) != NULL)
		rd_fail(r, why);
}

static void
get_chunk(struct rd *r, struct manifest_chunk *c, size_t index)
{
	char want[sizeof(c->name)];

	manifest_chunk_name(want, index);
	get_key(r, "{\"name\":", c->name, sizeof(c->name));
	if (r->why == NULL && strcmp(c->name, want) != 0)
		rd_fail(r, "chunks are not numbered in order");
	c->rows = (uint32_t)get_uint(r, ",\"rows\":", MANIFEST_CHUNK_ROWS);
	if (r->why == NULL && c->rows == 0)
		rd_fail(r, "a chunk without rows");
	c->size = get_uint(r, ",\"size\":", UINT32_MAX);
	get_hex(r, ",\"sha256\":", c->sha256, 32, false);
	cjson_want(r, "}");
}

static void
get_header(struct rd *r, struct manifest *m)
{
	struct uuid batch;
	char back[UUID_TEXT];

	cjson_want(r, "{\"format\":\"amtforge-manifest\",\"version\":1");
	get_key(r, ",\"batch\":", m->batch, sizeof(m->batch));
	if (r->why == NULL && !uuid_parse(&batch, m->batch))
		rd_fail(r, "batch is not a UUID");
	if (r->why == NULL) {
		uuid_text(&batch, back);
		if (strcmp(back, m->batch) != 0)
			rd_fail(r, "batch is not in its canonical form");
	}
	get_key(r, ",\"order\":", m->order, sizeof(m->order));
	get_key(r, ",\"oem\":", m->oem, sizeof(m->oem));
	get_key(r, ",\"customer\":", m->customer, sizeof(m->customer));
	get_key(r, ",\"created\":", m->created, sizeof(m->created));
	if (r->why == NULL && !row_is_time(m->created))
		rd_fail(r, "created is not a time in UTC");
	m->sequence = (uint32_t)get_uint(r, ",\"sequence\":", UINT32_MAX);
	get_hex(r, ",\"previous\":", m->previous, 32, true);
	m->units = get_uint(
	    r, ",\"units\":", (uint64_t)MANIFEST_CHUNKS * MANIFEST_CHUNK_ROWS);
	cjson_want(r, ",\"key_shared\":");
	m->key_shared = cjson_get_bool(r);
}

bool
manifest_read(struct rd *r, struct manifest *m)
{
	uint64_t rows = 0;

	memset(m, 0, sizeof(*m));
	get_header(r, m);
	cjson_want(r, ",\"recipients\":[");
	while (more(r, m->nrecipients, MANIFEST_RECIPIENTS)) {
		struct manifest_recipient *to = &m->recipient[m->nrecipients++];

		get_key(r, "{\"name\":", to->name, sizeof(to->name));
		get_hex(r, ",\"cert_sha256\":", to->cert_sha256, 32, false);
		cjson_want(r, "}");
	}
	cjson_want(r, ",\"hash_lists\":[");
	while (more(r, m->nlists, MANIFEST_LISTS)) {
		struct manifest_list *l = &m->list[m->nlists];

		get_list(r, l);
		if (r->why == NULL && manifest_list_find(m, l->name) != NULL)
			rd_fail(r, "two hash lists of one name");
		m->nlists++;
	}
	cjson_want(r, ",\"chunks\":[");
	while (more(r, m->nchunks, MANIFEST_CHUNKS)) {
		get_chunk(r, &m->chunk[m->nchunks], m->nchunks);
		rows += m->chunk[m->nchunks++].rows;
	}
	cjson_want(r, "}");
	if (r->why == NULL && rows != m->units)
		rd_fail(r, "chunks do not hold the units that are counted");
	return rd_end(r);
}

const struct manifest_list *
manifest_list_find(const struct manifest *m, const char *name)
{
	for (size_t i = 0; i < m->nlists; i++)
		if (strcmp(m->list[i].name, name) == 0)
			return &m->list[i];
	return NULL;
}

bool
manifest_rows(struct rd *r, uint32_t rows,
    bool (*fn)(void *arg, const struct row *, size_t index), void *arg)
{
	struct row row;
	size_t i = 0;

	for (; r->why == NULL && rd_left(r) > 0; i++) {
		const uint8_t *end = memchr(r->p, '\n', rd_left(r));
		struct rd line;

		if (end == NULL || end - r->p > ROW_MAX) {
			rd_fail(r, "a row without an end");
			break;
		}
		if (i == rows) {
			rd_fail(r, "more rows than the header counts");
			break;
		}
		line = rd_sub(r, (size_t)(end - r->p));
		rd_skip(r, 1);
		if (row_read(&line, &row) && !fn(arg, &row, i))
			rd_fail(r, "row refused");
	}
	row_wipe(&row);
	if (r->why == NULL && i != rows)
		rd_fail(r, "fewer rows than the header counts");
	return rd_end(r);
}
