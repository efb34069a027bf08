/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/digest.h"
#include "base/text.h"
#include "formats/batch.h"
#include "formats/reason.h"

void
batch_rules(const struct reason *rules[static BATCH_RULES])
{
	static const enum reason_id ids[BATCH_RULES] = { REASON_NONE,
		REASON_MANIFEST_MALFORMED, REASON_MANIFEST_SIGNATURE,
		REASON_MANIFEST_UNTRUSTED, REASON_MANIFEST_EXPIRED,
		REASON_MANIFEST_RECIPIENT, REASON_MANIFEST_CHUNK };

	for (size_t i = 0; i < BATCH_RULES; i++)
		rules[i] = reason_get(ids[i]);
}

static void
hash_hex(char out[static 65], const void *p, size_t n)
{
	uint8_t sum[SHA256_LEN];

	digest_sha256(p, n, sum);
	text_hex(out, sum, sizeof(sum));
}

static size_t
offset(const struct batch *b, const uint8_t *member)
{
	return (size_t)(member - b->base);
}

/* The next member, which must have this name. */
static enum err_code
member(struct rd *r, const char *name, struct ustar_member *m, struct err *e)
{
	const struct reason *why = reason_get(REASON_MANIFEST_MALFORMED);
	size_t at = rd_off(r);

	if (!ustar_next(r, m)) {
		if (r->why != NULL)
			return rd_err(r, why, e);
		err_refuse(e, ERR_DATA, why,
		    "offset 0x%zx: the archive ends before %s", at, name);
		return err_at(e, at);
	}
	if (strcmp(m->name, name) != 0) {
		err_refuse(e, ERR_DATA, why,
		    "offset 0x%zx: member %s where %s belongs", at, m->name,
		    name);
		return err_at(e, at);
	}
	return ERR_OK;
}

static enum err_code
read_header(struct batch *b, struct rd *r, struct err *e)
{
	struct ustar_member m;
	struct rd json;

	if (member(r, MANIFEST_JSON, &m, e) != ERR_OK)
		return e->code;
	b->json = m.data;
	b->njson = m.n;
	hash_hex(b->sha256, m.data, m.n);
	rd_init(&json, m.data, m.n);
	if (!manifest_read(&json, &b->m)) {
		rd_err(&json, reason_get(REASON_MANIFEST_MALFORMED), e);
		e->offset = offset(b, m.data) + json.at;
		return err_in(e, "%s", MANIFEST_JSON);
	}
	if (b->m.units == 0)
		return err_refuse(e, ERR_DATA,
		    reason_get(REASON_MANIFEST_EMPTY), "holds no units");
	if (member(r, MANIFEST_P7S, &m, e) != ERR_OK)
		return e->code;
	b->sig = m.data;
	b->nsig = m.n;
	return ERR_OK;
}

static enum err_code
read_chunk(struct batch *b, size_t i, struct rd *r, struct err *e)
{
	const struct manifest_chunk *c = &b->m.chunk[i];
	const struct reason *why = reason_get(REASON_MANIFEST_CHUNK);
	struct ustar_member m;
	char sum[65];

	if (member(r, c->name, &m, e) != ERR_OK)
		return e->code;
	b->chunk[i] = m.data;
	hash_hex(sum, m.data, m.n);
	if (m.n != c->size)
		err_refuse(e, ERR_DATA, why,
		    "%s: %zu bytes, the header says %llu", c->name, m.n,
		    (unsigned long long)c->size);
	else if (strcmp(sum, c->sha256) != 0)
		err_refuse(e, ERR_DATA, why,
		    "%s: SHA-256 is %s, the header says %s", c->name, sum,
		    c->sha256);
	return e->code == ERR_OK ? ERR_OK : err_at(e, offset(b, m.data));
}

/* Only the two end blocks are left. */
static enum err_code
read_end(struct rd *r, struct err *e)
{
	const struct reason *why = reason_get(REASON_MANIFEST_MALFORMED);
	struct ustar_member m;
	size_t at = rd_off(r);

	if (ustar_next(r, &m)) {
		err_refuse(e, ERR_DATA, why,
		    "offset 0x%zx: member %s is not in the header", at, m.name);
		return err_at(e, at);
	}
	if (r->why == NULL && rd_left(r) > 0)
		rd_fail(r, "bytes behind the end of the archive");
	return rd_end(r) ? ERR_OK : rd_err(r, why, e);
}

enum err_code
batch_read(struct batch *b, const void *p, size_t n,
    const struct batch_doors *doors, struct err *e)
{
	struct rd r;

	memset(b, 0, sizeof(*b));
	b->base = p;
	rd_init(&r, p, n);
	if (read_header(b, &r, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < b->m.nchunks; i++)
		if (read_chunk(b, i, &r, e) != ERR_OK)
			return e->code;
	if (read_end(&r, e) != ERR_OK)
		return e->code;
	if (doors->verify(doors->arg, b->json, b->njson, b->sig, b->nsig, e) !=
	    ERR_OK) {
		err_at(e, offset(b, b->sig));
		return err_in(e, "%s", MANIFEST_P7S);
	}
	return ERR_OK;
}

struct each {
	const struct batch *b;
	batch_row_fn *fn;
	void *arg;
	struct err *e;
};

/* A row must be of the order, and its hash list in the header. */
static bool
take_row(void *arg, const struct row *row, size_t index)
{
	struct each *x = arg;
	const struct manifest *m = &x->b->m;
	const struct reason *why = reason_get(REASON_MANIFEST_CHUNK);

	if (strcmp(row->order, m->order) != 0)
		err_refuse(x->e, ERR_DATA, why, "is of order %s", row->order);
	else if (row->hash_list[0] != '\0' &&
	    manifest_list_find(m, row->hash_list) == NULL)
		err_refuse(x->e, ERR_DATA, why,
		    "its hash list %s is not in the header", row->hash_list);
	else
		x->fn(x->arg, row, x->e);
	if (x->e->code != ERR_OK)
		err_in(x->e, "row %zu", index + 1);
	return x->e->code == ERR_OK;
}

static enum err_code
chunk_open(const struct batch *b, const struct batch_doors *doors, size_t i,
    struct wr *out, struct err *e)
{
	const struct manifest_chunk *c = &b->m.chunk[i];

	wr_grow(out, (size_t)MANIFEST_CHUNK_ROWS * (ROW_MAX + 1));
	return doors->open(doors->arg, b->chunk[i], (size_t)c->size, out, e);
}

static enum err_code
chunk_failed(const struct batch *b, size_t i, struct err *e)
{
	err_at(e, offset(b, b->chunk[i]));
	return err_in(e, "%s", b->m.chunk[i].name);
}

static enum err_code
chunk_rows(const struct batch_doors *doors, size_t i, struct each *x)
{
	const struct manifest_chunk *c = &x->b->m.chunk[i];
	struct err *e = x->e;
	struct wr out;
	struct rd r;

	if (chunk_open(x->b, doors, i, &out, e) == ERR_OK) {
		rd_init(&r, out.buf, out.len);
		if (!manifest_rows(&r, c->rows, take_row, x) &&
		    e->code == ERR_OK)
			err_refuse(e, ERR_DATA,
			    reason_get(REASON_MANIFEST_CHUNK),
			    "decrypted, offset 0x%zx: %s", r.at, r.why);
	}
	wr_free(&out);
	return e->code == ERR_OK ? ERR_OK : chunk_failed(x->b, i, e);
}

enum err_code
batch_opens(
    const struct batch *b, const struct batch_doors *doors, struct err *e)
{
	struct wr out;

	if (b->m.nchunks == 0)
		return ERR_OK;
	if (chunk_open(b, doors, 0, &out, e) != ERR_OK)
		chunk_failed(b, 0, e);
	wr_free(&out);
	return e->code;
}

enum err_code
batch_rows(const struct batch *b, const struct batch_doors *doors,
    batch_row_fn *fn, void *arg, struct err *e)
{
	struct each x = { b, fn, arg, e };

	for (size_t i = 0; i < b->m.nchunks; i++)
		if (chunk_rows(doors, i, &x) != ERR_OK)
			return e->code;
	return ERR_OK;
}
