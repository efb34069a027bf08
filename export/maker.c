/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cms.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/sealed.h"
#include "base/text.h"
#include "export/maker.h"
#include "formats/reason.h"

#define HEADER_MAX ((size_t)1 << 20)

struct maker {
	struct maker_how how;
	struct x509_chain sent; /* signer and intermediates, no root */
	struct file_out *spool; /* chunks, as they will stand in the archive */
	struct wr rows;         /* of the chunk that is being filled */
	uint32_t nrows;
};

static void
hash_hex(char out[static 65], const void *p, size_t n)
{
	uint8_t sum[SHA256_LEN];

	digest_sha256(p, n, sum);
	text_hex(out, sum, sizeof(sum));
}

/* The header's words about who sends and who receives. */
static enum err_code
name_parties(const struct maker_how *how, struct err *e)
{
	struct manifest *m = how->m;

	if (how->signer->n == 0 ||
	    !x509_matches_key(how->signer->cert[0], how->key))
		return err_set(e, ERR_DATA,
		    "the signer's certificate does not fit the signer's key");
	if (!x509_cn(how->signer->cert[0], m->oem, sizeof(m->oem)))
		return err_set(
		    e, ERR_DATA, "the signer's certificate has no CN");
	if (how->to->n > MANIFEST_RECIPIENTS)
		return err_set(e, ERR_USAGE, "more than %d recipients",
		    MANIFEST_RECIPIENTS);
	for (size_t i = 0; i < how->to->n; i++) {
		struct manifest_recipient *to = &m->recipient[i];
		uint8_t sum[SHA256_LEN];

		if (!x509_cn(how->to->cert[i], to->name, sizeof(to->name)))
			return err_set(e, ERR_DATA,
			    "recipient %zu: the certificate has no CN", i + 1);
		x509_sha256(how->to->cert[i], sum);
		text_hex(to->cert_sha256, sum, sizeof(sum));
	}
	m->nrecipients = how->to->n;
	return ERR_OK;
}

/* A root inside the signature would prove nothing. */
static void
leave_root(const struct x509_chain *signer, struct x509_chain *sent)
{
	for (size_t i = 0; i < signer->n; i++)
		if (i == 0 || !x509_self_signed(signer->cert[i]))
			sent->cert[sent->n++] = signer->cert[i];
}

enum err_code
maker_new(const struct maker_how *how, struct maker **out, struct err *e)
{
	struct maker *m = calloc(1, sizeof(*m));

	*out = NULL;
	if (m == NULL)
		return err_mem(e);
	m->how = *how;
	wr_grow(&m->rows, (size_t)MANIFEST_CHUNK_ROWS * (ROW_MAX + 1));
	leave_root(how->signer, &m->sent);
	if (name_parties(how, e) == ERR_OK)
		file_out_spool(how->path, &m->spool, e);
	if (e->code != ERR_OK)
		maker_free(m);
	else
		*out = m;
	return e->code;
}

void
maker_free(struct maker *m)
{
	if (m == NULL)
		return;
	file_out_free(m->spool);
	wr_free(&m->rows);
	free(m);
}

/* One archive member. */
static enum err_code
put_member(struct file_out *out, const char *name, const void *p, size_t n,
    struct err *e)
{
	static const uint8_t zero[USTAR_BLOCK];
	uint8_t header[USTAR_BLOCK];

	if (!ustar_header(header, name, n))
		return err_set(e, ERR_DATA, "%s: too large", name);
	if (file_out_write(out, header, sizeof(header), e) == ERR_OK &&
	    file_out_write(out, p, n, e) == ERR_OK)
		file_out_write(out, zero,
		    (USTAR_BLOCK - n % USTAR_BLOCK) % USTAR_BLOCK, e);
	return e->code;
}

static enum err_code
flush(struct maker *m, struct err *e)
{
	struct manifest *head = m->how.m;
	struct manifest_chunk *c = &head->chunk[head->nchunks];
	uint8_t *der = NULL;
	size_t n;

	if (head->nchunks == MANIFEST_CHUNKS)
		return err_set(e, ERR_DATA, "more than %d units",
		    MANIFEST_CHUNKS * MANIFEST_CHUNK_ROWS);
	manifest_chunk_name(c->name, head->nchunks);
	if (m->rows.failed)
		err_mem(e);
	else if (sealed_make(m->rows.buf, m->rows.len, m->how.to, &der, &n,
		     e) == ERR_OK) {
		hash_hex(c->sha256, der, n);
		c->size = n;
		c->rows = m->nrows;
		put_member(m->spool, c->name, der, n, e);
	}
	free(der);
	wr_reset(&m->rows);
	m->nrows = 0;
	head->nchunks++;
	return e->code;
}

enum err_code
maker_row(struct maker *m, const struct row *row, struct err *e)
{
	row_write(&m->rows, row, true);
	wr_u8(&m->rows, '\n');
	m->how.m->units++;
	return ++m->nrows == MANIFEST_CHUNK_ROWS ? flush(m, e) : ERR_OK;
}

/* Header, signature, chunks, end. */
static enum err_code
put_archive(struct maker *m, const struct wr *json, struct err *e)
{
	static const uint8_t end[2 * USTAR_BLOCK];
	struct file_out *out = NULL;
	uint8_t *sig = NULL;
	size_t n;

	if (cms_sign(json->buf, json->len, m->how.key, &m->sent, &sig, &n, e) ==
		ERR_OK &&
	    file_out_new(m->how.path, m->how.file_how, &out, e) == ERR_OK &&
	    put_member(out, MANIFEST_JSON, json->buf, json->len, e) == ERR_OK &&
	    put_member(out, MANIFEST_P7S, sig, n, e) == ERR_OK &&
	    file_out_copy(out, m->spool, e) == ERR_OK &&
	    file_out_write(out, end, sizeof(end), e) == ERR_OK)
		file_out_commit(out, e);
	file_out_free(out);
	free(sig);
	return e->code;
}

enum err_code
maker_finish(struct maker *m, char sha256[static 65], struct err *e)
{
	struct wr json;

	if (m->how.m->units == 0)
		return err_refuse(
		    e, ERR_DATA, reason_get(REASON_MANIFEST_EMPTY), "no units");
	if (m->nrows > 0 && flush(m, e) != ERR_OK)
		return e->code;
	wr_grow(&json, HEADER_MAX);
	manifest_write(&json, m->how.m);
	if (json.failed)
		err_mem(e);
	else {
		hash_hex(sha256, json.buf, json.len);
		put_archive(m, &json, e);
	}
	wr_free(&json);
	return e->code;
}
