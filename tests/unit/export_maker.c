/* SPDX-License-Identifier: Apache-2.0 */
/* Maker and reader against each other, with the doors of base/sealed.h. */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/file.h"
#include "base/sealed.h"
#include "export/maker.h"
#include "formats/batch.h"
#include "formats/reason.h"

struct place {
	struct crypto_key *key;
	struct x509_chain cert; /* signs and receives */
	struct manifest *m;
	struct batch *b;
	struct sealed sealed;
	char path[64];
	struct err e;
};

static int
setup(void **state)
{
	const struct x509_make how = { .cn = "Both ends", .days = 2 };
	struct place *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	err_clear(&p->e);
	assert_int_equal(crypto_key_new(CRYPTO_RSA2048, &p->key, &p->e), 0);
	assert_int_equal(
	    x509_new(&how, p->key, NULL, NULL, &p->cert.cert[0], &p->e), 0);
	p->cert.n = 1;
	p->m = calloc(1, sizeof(*p->m));
	p->b = calloc(1, sizeof(*p->b));
	assert_true(p->m != NULL && p->b != NULL);
	strcpy(p->m->batch, "3b1f8c52-6a77-4e0f-9c1d-2f6f3a7d1e01");
	strcpy(p->m->order, "A");
	strcpy(p->m->created, "2026-01-31T12:00:00Z");
	p->m->sequence = 1;
	p->sealed.roots = p->cert;
	p->sealed.key = p->key;
	batch_rules(p->sealed.rule);
	snprintf(
	    p->path, sizeof(p->path), "/tmp/amtforge-maker.%d", (int)getpid());
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct place *p = *state;

	unlink(p->path);
	x509_chain_free(&p->cert);
	crypto_key_free(p->key);
	free(p->m);
	free(p->b);
	free(p);
	return 0;
}

static void
row_of(struct row *r, uint32_t i)
{
	memset(r, 0, sizeof(*r));
	memcpy(r->uuid.b, &i, sizeof(i));
	snprintf(r->serial, sizeof(r->serial), "S%u", i);
	strcpy(r->order, "A");
	strcpy(r->otp, "one-time");
}

static void
make(struct place *p, uint32_t units, char sha256[static 65])
{
	const struct maker_how how = { .path = p->path,
		.key = p->key,
		.signer = &p->cert,
		.to = &p->cert,
		.m = p->m };
	struct maker *maker;
	struct row r;

	assert_int_equal(maker_new(&how, &maker, &p->e), ERR_OK);
	for (uint32_t i = 0; i < units; i++) {
		row_of(&r, i);
		assert_int_equal(maker_row(maker, &r, &p->e), ERR_OK);
		assert_false(file_exists(p->path));
	}
	maker_finish(maker, sha256, &p->e);
	maker_free(maker);
}

static enum err_code
next_row(void *arg, const struct row *row, struct err *e)
{
	uint32_t *i = arg;
	char key[ROW_KEY];
	struct row want;

	(void)e;
	row_of(&want, (*i)++);
	assert_false(row_differs(row, &want, key));
	return ERR_OK;
}

static void
rows_come_back_in_order_over_several_chunks(void **state)
{
	struct place *p = *state;
	const struct batch_doors doors = { sealed_verify, sealed_open,
		&p->sealed };
	const uint8_t *file;
	char sha256[65];
	uint32_t i = 0;
	size_t n;

	make(p, 2 * MANIFEST_CHUNK_ROWS + 1, sha256);
	assert_int_equal(p->e.code, ERR_OK);
	assert_int_equal(file_map(p->path, &file, &n, &p->e), ERR_OK);
	assert_int_equal(batch_read(p->b, file, n, &doors, &p->e), ERR_OK);
	assert_string_equal(p->b->sha256, sha256);
	assert_string_equal(p->b->m.oem, "Both ends");
	assert_int_equal(p->b->m.nchunks, 3);
	assert_int_equal(p->b->m.chunk[2].rows, 1);
	assert_int_equal(batch_rows(p->b, &doors, next_row, &i, &p->e), ERR_OK);
	assert_int_equal(i, 2 * MANIFEST_CHUNK_ROWS + 1);
	file_unmap(file, n);
}

static enum err_code
refuse_third(void *arg, const struct row *row, struct err *e)
{
	uint32_t *i = arg;

	(void)row;
	return ++*i == 3 ? err_set(e, ERR_RETRY, "enough") : ERR_OK;
}

static void
a_callers_refusal_of_a_row_stops_the_reading(void **state)
{
	struct place *p = *state;
	const struct batch_doors doors = { sealed_verify, sealed_open,
		&p->sealed };
	const uint8_t *file;
	char sha256[65];
	uint32_t i = 0;
	size_t n;

	make(p, 5, sha256);
	assert_int_equal(file_map(p->path, &file, &n, &p->e), ERR_OK);
	assert_int_equal(batch_read(p->b, file, n, &doors, &p->e), ERR_OK);
	assert_int_equal(
	    batch_rows(p->b, &doors, refuse_third, &i, &p->e), ERR_RETRY);
	assert_int_equal(i, 3);
	assert_string_equal(p->e.msg, "devices-00001.cms: row 3: enough");
	file_unmap(file, n);
}

static void
a_batch_without_units_makes_no_file(void **state)
{
	struct place *p = *state;
	char sha256[65];

	make(p, 0, sha256);
	assert_string_equal(p->e.reason->code, "manifest-empty");
	assert_false(file_exists(p->path));
}

static void
a_maker_that_is_given_up_leaves_nothing(void **state)
{
	struct place *p = *state;
	const struct maker_how how = { .path = p->path,
		.key = p->key,
		.signer = &p->cert,
		.to = &p->cert,
		.m = p->m };
	struct maker *maker;
	struct row r;

	assert_int_equal(maker_new(&how, &maker, &p->e), ERR_OK);
	row_of(&r, 1);
	assert_int_equal(maker_row(maker, &r, &p->e), ERR_OK);
	maker_free(maker);
	assert_false(file_exists(p->path));
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(rows_come_back_in_order_over_several_chunks),
		CASE(a_callers_refusal_of_a_row_stops_the_reading),
		CASE(a_batch_without_units_makes_no_file),
		CASE(a_maker_that_is_given_up_leaves_nothing),
	};

	crypto_init();
	return cmocka_run_group_tests_name("maker", tests, NULL, NULL);
}
