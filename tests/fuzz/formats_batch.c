/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole manifests, their doors open: any signature is good, and a chunk is its
 * own plaintext. So that the structure is reached, the fuzzer's bytes are a
 * list of chunks (u16le length, bytes) that is packed into an archive with a
 * header that fits; a first byte of 0 means an archive as it is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/text.h"
#include "formats/batch.h"
#include "formats/reason.h"
#include "tests/fuzz.h"

static enum err_code
verify(void *arg, const void *json, size_t n, const uint8_t *sig, size_t nsig,
    struct err *e)
{
	must(arg == NULL && json != NULL && sig != NULL);
	(void)n;
	return nsig == 3 ? err_refuse(e, ERR_PERM,
			       reason_get(REASON_MANIFEST_UNTRUSTED), "three")
			 : ERR_OK;
}

static enum err_code
copy(void *arg, const uint8_t *p, size_t n, struct wr *out, struct err *e)
{
	must(arg == NULL);
	wr_bytes(out, p, n);
	return out->failed ? err_mem(e) : ERR_OK;
}

static enum err_code
count(void *arg, const struct row *row, struct err *e)
{
	(void)row;
	++*(uint64_t *)arg;
	return row->serial[0] == '!' ? err_set(e, ERR_DATA, "no") : ERR_OK;
}

static void
read_it(const uint8_t *p, size_t n)
{
	static const struct batch_doors doors = { verify, copy, NULL };
	struct batch *b = malloc(sizeof(*b));
	uint64_t rows = 0;
	struct err e;

	must(b != NULL);
	err_clear(&e);
	if (batch_read(b, p, n, &doors, &e) == ERR_OK &&
	    batch_rows(b, &doors, count, &rows, &e) == ERR_OK)
		must(rows == b->m.units && rows > 0);
	else
		must(e.msg[0] != '\0' &&
		    (e.offset == ERR_NO_OFFSET || e.offset <= n));
	free(b);
}

/* One header for the chunks that are there. */
static void
put_header(struct wr *out, const struct ustar_member *m, size_t n)
{
	struct manifest *head = calloc(1, sizeof(*head));
	uint8_t sum[SHA256_LEN];
	struct wr w;

	must(head != NULL);
	strcpy(head->batch, "3b1f8c52-6a77-4e0f-9c1d-2f6f3a7d1e01");
	strcpy(head->order, "A");
	strcpy(head->list[0].name, "L");
	head->nlists = 1;
	for (size_t i = 0; i < n; i++) {
		struct manifest_chunk *c = &head->chunk[head->nchunks];

		manifest_chunk_name(c->name, head->nchunks++);
		digest_sha256(m[i].data, m[i].n, sum);
		text_hex(c->sha256, sum, sizeof(sum));
		c->size = m[i].n;
		for (size_t k = 0; k < m[i].n; k++)
			c->rows += m[i].data[k] == '\n';
		head->units += c->rows;
	}
	wr_grow(&w, 1 << 20);
	manifest_write(&w, head);
	ustar_write(out, MANIFEST_JSON, w.buf, w.len);
	wr_free(&w);
	free(head);
}

static void
pack(const uint8_t *p, size_t n)
{
	struct ustar_member m[8];
	size_t many = 0;
	struct wr out;
	struct rd r;

	rd_init(&r, p, n);
	while (many < 8 && rd_left(&r) > 2) {
		m[many].n = rd_u16le(&r) % (rd_left(&r) + 1);
		m[many].data = rd_bytes(&r, m[many].n);
		many++;
	}
	wr_grow(&out, 1 << 22);
	put_header(&out, m, many);
	ustar_write(&out, MANIFEST_P7S, p, n % 8);
	for (size_t i = 0; i < many; i++) {
		manifest_chunk_name(m[i].name, i);
		ustar_write(&out, m[i].name, m[i].data, m[i].n);
	}
	ustar_finish(&out);
	read_it(out.buf, out.len);
	wr_free(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	if (n > 0 && p[0] == 0)
		read_it(p + 1, n - 1);
	else if (n > 0)
		pack(p + 1, n - 1);
	return 0;
}
