/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "bios/image.h"
#include "formats/reason.h"
#include "tests/store.h"

#define SIZE 0x80000
#define ME_SIZE 0x3000

/* A whole image: our descriptor, ME, a volume as BIOS. Freed by the test. */
static uint8_t *
whole(void)
{
	static uint8_t bios[STORE_VOLUME], me[ME_SIZE];
	struct image_parts parts = { .me = { me, sizeof(me) },
		.bios = { bios, sizeof(bios) } };
	uint8_t *out = malloc(SIZE);
	struct err e;

	err_clear(&e);
	store_make(bios, true);
	memset(me, 0x5A, sizeof(me));
	assert_non_null(out);
	assert_int_equal(image_compose(&parts, out, SIZE, &e), ERR_OK);
	return out;
}

/* The project's variable with a record of that sequence; its offset. */
static size_t
put_record(uint8_t *p, size_t n, uint32_t sequence)
{
	struct record *rec = calloc(1, sizeof(*rec));
	struct varstore_add add = { .attrs = IMAGE_OEM_ATTRS };
	struct varstore s = store_open(p, n);
	struct wr data, entry;
	struct err e;

	assert_non_null(rec);
	err_clear(&e);
	rec->sequence = sequence;
	rec->uuid.b[0] = 0x17;
	rec->amt_major = 3;
	strcpy(rec->serial, "S-1");
	wr_grow(&data, RECORD_MAX);
	record_write(&data, rec);
	assert_false(data.failed);
	image_oem_name(&add.name);
	add.data = data.buf;
	add.len = data.len;
	wr_grow(&entry, 0x10000);
	assert_int_equal(varstore_entry(&s, &add, &entry, &e), ERR_OK);
	memcpy(p + s.free, entry.buf, entry.len);
	wr_free(&entry);
	wr_free(&data);
	record_wipe(rec);
	free(rec);
	return s.free;
}

static void
refused(const uint8_t *p, size_t n, enum reason_id reason)
{
	struct record *rec = calloc(1, sizeof(*rec));
	struct err e;

	assert_non_null(rec);
	err_clear(&e);
	assert_int_equal(image_record(p, n, rec, &e), ERR_DATA);
	assert_ptr_equal(e.reason, reason_get(reason));
	free(rec);
}

static uint32_t
sequence_of(const uint8_t *p, size_t n)
{
	struct record *rec = calloc(1, sizeof(*rec));
	struct err e;
	uint32_t sequence;

	assert_non_null(rec);
	err_clear(&e);
	assert_int_equal(image_record(p, n, rec, &e), ERR_OK);
	sequence = rec->sequence;
	assert_string_equal(rec->serial, "S-1");
	record_wipe(rec);
	free(rec);
	return sequence;
}

static void
parts_lie_where_the_descriptor_says(void **state)
{
	uint8_t *p = whole();
	static struct image img;
	struct err e;

	(void)state;
	err_clear(&e);
	assert_int_equal(image_read(p, SIZE, &img, &e), ERR_OK);
	assert_int_equal(img.kind, IMAGE_WHOLE);
	assert_int_equal(img.desc.region[REGION_ME].base, 0x1000);
	assert_int_equal(p[0x1000], 0x5A);
	assert_int_equal(p[0xFFF + ME_SIZE], 0x5A);
	assert_int_equal(p[0x1000 + ME_SIZE], 0xFF);
	assert_int_equal(img.nvolumes, 1);
	assert_int_equal(img.volume[0].off, SIZE - STORE_VOLUME);
	assert_int_equal(img.nstores, 1);
	assert_null(img.store[0].why);
	free(p);
}

static void
a_small_bios_is_put_at_the_end_of_its_region(void **state)
{
	static uint8_t desc[DESCRIPTOR_SIZE], bios[STORE_VOLUME], out[SIZE];
	struct image_parts parts = { .descriptor = { desc, sizeof(desc) },
		.bios = { bios, sizeof(bios) } };
	struct err e;

	(void)state;
	err_clear(&e);
	store_make(bios, false);
	descriptor_make(desc,
	    &(struct descriptor_sizes){
		.flash = SIZE, .me = 0, .bios = 0x10000 },
	    &e);
	assert_int_equal(image_compose(&parts, out, SIZE, &e), ERR_OK);
	assert_memory_equal(out + SIZE - STORE_VOLUME, bios, sizeof(bios));
	assert_memory_equal(out, desc, sizeof(desc));
	for (size_t i = DESCRIPTOR_SIZE; i < SIZE - STORE_VOLUME; i++)
		assert_int_equal(out[i], 0xFF);
}

static void
parts_that_do_not_fit_are_refused(void **state)
{
	static uint8_t desc[DESCRIPTOR_SIZE], part[0x20000], out[SIZE];
	static const struct {
		size_t desc_me, desc_bios; /* regions of the descriptor */
		size_t me, bios;           /* parts; 0: not given */
		uint32_t flreg1;           /* 0: as made */
		size_t size;
		const char *says;
	} rows[] = {
		{ 0x1000, 0x4000, 0x2000, 0x4000, 0, SIZE,
		    "region me at 0x1000..0x1fff has room for 0x1000" },
		{ 0x1000, 0x4000, 0, 0x5000, 0, SIZE,
		    "region bios at 0x7c000..0x7ffff has room for 0x4000" },
		{ 0, 0x4000, 0x1000, 0x4000, 0, SIZE, "no region me" },
		{ 0, 0x4000, 0, 0x4000, 0, SIZE / 2,
		    "flash of 0x80000 bytes, not 0x40000" },
		{ 0x1000, 0x4000, 0, 0x4000, 0x007F0001, SIZE,
		    "regions bios and me overlap at 0x1000" },
		{ 0, 0x4000, 0, 0x4000, 0x00800001, SIZE,
		    "region bios ends at 0x80fff" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct image_parts parts = { .descriptor = { desc,
						 sizeof(desc) },
			.me = { rows[i].me > 0 ? part : NULL, rows[i].me },
			.bios = { part, rows[i].bios } };
		struct err e;

		err_clear(&e);
		assert_int_equal(descriptor_make(desc,
				     &(struct descriptor_sizes){ .flash = SIZE,
					 .me = rows[i].desc_me,
					 .bios = rows[i].desc_bios },
				     &e),
		    ERR_OK);
		if (rows[i].flreg1 != 0)
			put_u32le(desc + 0x44, rows[i].flreg1);
		assert_int_equal(
		    image_compose(&parts, out, rows[i].size, &e), ERR_DATA);
		assert_ptr_equal(e.reason, reason_get(REASON_IMAGE_COMPOSE));
		if (strstr(e.msg, rows[i].says) == NULL)
			fail_msg("%s lacks %s", e.msg, rows[i].says);
	}
}

static void
an_image_cut_short_is_refused_at_its_end(void **state)
{
	uint8_t *p = whole();
	static struct image img;
	struct err e;

	(void)state;
	for (size_t n = 0x1001; n < SIZE; n += 0x6FFF) {
		err_clear(&e);
		assert_int_equal(image_read(p, n, &img, &e), ERR_DATA);
		assert_ptr_equal(e.reason, reason_get(REASON_IMAGE_UNKNOWN));
		assert_int_equal(e.offset, n);
	}
	free(p);
}

static void
bare_regions_are_known_by_their_content(void **state)
{
	static uint8_t me[0x2000];
	uint8_t *p = whole();
	static struct image img;
	struct err e;

	(void)state;
	err_clear(&e);
	assert_int_equal(image_read(p, 0x1000, &img, &e), ERR_OK);
	assert_int_equal(img.kind, IMAGE_DESCRIPTOR);
	assert_int_equal(
	    image_read(p + SIZE - STORE_VOLUME, STORE_VOLUME, &img, &e),
	    ERR_OK);
	assert_int_equal(img.kind, IMAGE_BIOS);
	assert_int_equal(img.nstores, 1);
	assert_int_equal(img.desc.region[REGION_BIOS].limit, STORE_VOLUME - 1);
	memcpy(me + 0x10, "$FPT", 4);
	assert_int_equal(image_read(me, sizeof(me), &img, &e), ERR_OK);
	assert_int_equal(img.kind, IMAGE_ME);
	assert_true(img.desc.region[REGION_ME].used);
	memset(me, 0, sizeof(me));
	assert_int_equal(image_read(me, sizeof(me), &img, &e), ERR_DATA);
	err_clear(&e);
	assert_int_equal(image_read(me, 0, &img, &e), ERR_DATA);
	free(p);
}

static void
the_newest_record_that_is_whole_wins(void **state)
{
	static uint8_t p[STORE_VOLUME];
	size_t newest;

	(void)state;
	store_make(p, true);
	refused(p, sizeof(p), REASON_IMAGE_NO_RECORD);
	put_record(p, sizeof(p), 5);
	assert_int_equal(sequence_of(p, sizeof(p)), 5);
	put_record(p, sizeof(p), 4);
	assert_int_equal(sequence_of(p, sizeof(p)), 5);
	newest = put_record(p, sizeof(p), 6);
	assert_int_equal(sequence_of(p, sizeof(p)), 6);
	/* Torn, deleted, or damaged: the one before it counts again. */
	p[newest + 2] = 0x7F;
	assert_int_equal(sequence_of(p, sizeof(p)), 5);
	p[newest + 2] = 0x3C;
	assert_int_equal(sequence_of(p, sizeof(p)), 5);
	p[newest + 2] = 0x3F;
	p[newest + 60 + 26 + 0x48] ^= 1;
	assert_int_equal(sequence_of(p, sizeof(p)), 5);
}

static void
a_record_being_replaced_is_still_read(void **state)
{
	static uint8_t p[STORE_VOLUME];
	size_t at;

	(void)state;
	store_make(p, true);
	at = put_record(p, sizeof(p), 9);
	p[at + 2] = EDKVAR_REPLACED;
	assert_int_equal(sequence_of(p, sizeof(p)), 9);
}

static void
a_damaged_record_alone_is_told_with_its_offset(void **state)
{
	static uint8_t p[STORE_VOLUME];
	struct record *rec = calloc(1, sizeof(*rec));
	struct err e;
	size_t at;

	(void)state;
	assert_non_null(rec);
	err_clear(&e);
	store_make(p, true);
	at = put_record(p, sizeof(p), 1);
	p[at + 60 + 26] ^= 1; /* of the magic */
	assert_int_equal(image_record(p, sizeof(p), rec, &e), ERR_DATA);
	assert_ptr_equal(e.reason, reason_get(REASON_RECORD_MALFORMED));
	assert_int_equal(e.offset, at + 60 + 26);
	free(rec);
}

static void
why_there_is_no_record_is_told_apart(void **state)
{
	static uint8_t p[STORE_VOLUME];
	static uint8_t me[0x100];

	(void)state;
	store_make(p, true);
	p[STORE_AT + 21] = 0xFF;
	refused(p, sizeof(p), REASON_IMAGE_STORE_BROKEN);
	memcpy(me, "$FPT", 4);
	refused(me, sizeof(me), REASON_IMAGE_NO_STORE);
	memset(me, 0, sizeof(me));
	refused(me, sizeof(me), REASON_IMAGE_UNKNOWN);
}

static void
of_two_stores_both_are_searched(void **state)
{
	static uint8_t p[2 * STORE_VOLUME];

	(void)state;
	store_make(p, true);
	store_make(p + STORE_VOLUME, false);
	put_record(p + STORE_VOLUME, STORE_VOLUME, 3);
	assert_int_equal(sequence_of(p, sizeof(p)), 3);
	put_record(p, STORE_VOLUME, 4);
	assert_int_equal(sequence_of(p, sizeof(p)), 4);
}

static void
too_many_volumes_or_stores_are_refused(void **state)
{
	size_t n = (IMAGE_STORES + 1) * STORE_VOLUME;
	uint8_t *p = malloc(n);
	static struct image img;
	struct err e;

	(void)state;
	assert_non_null(p);
	err_clear(&e);
	for (size_t i = 0; i <= IMAGE_STORES; i++)
		store_make(p + i * STORE_VOLUME, true);
	assert_int_equal(image_read(p, n - STORE_VOLUME, &img, &e), ERR_OK);
	assert_int_equal(image_read(p, n, &img, &e), ERR_DATA);
	assert_int_equal(e.offset, IMAGE_STORES * STORE_VOLUME);
	free(p);
}

static void
what_is_larger_than_any_flash_is_not_looked_at(void **state)
{
	static struct image img;
	struct err e;

	(void)state;
	err_clear(&e);
	assert_int_equal(
	    image_read((const uint8_t *)"", (size_t)IMAGE_MAX + 1, &img, &e),
	    ERR_DATA);
	assert_int_equal(e.offset, IMAGE_MAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_lie_where_the_descriptor_says),
		cmocka_unit_test(a_small_bios_is_put_at_the_end_of_its_region),
		cmocka_unit_test(parts_that_do_not_fit_are_refused),
		cmocka_unit_test(an_image_cut_short_is_refused_at_its_end),
		cmocka_unit_test(bare_regions_are_known_by_their_content),
		cmocka_unit_test(the_newest_record_that_is_whole_wins),
		cmocka_unit_test(a_record_being_replaced_is_still_read),
		cmocka_unit_test(
		    a_damaged_record_alone_is_told_with_its_offset),
		cmocka_unit_test(why_there_is_no_record_is_told_apart),
		cmocka_unit_test(of_two_stores_both_are_searched),
		cmocka_unit_test(too_many_volumes_or_stores_are_refused),
		cmocka_unit_test(
		    what_is_larger_than_any_flash_is_not_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
