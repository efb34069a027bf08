/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <string.h>

#include "formats/reason.h"
#include "tests/region.h"

static uint8_t p[REGION_SIZE];

static void
open_table(enum region_form form, struct fpt *f)
{
	size_t base = region_base(form);
	size_t end = region_is_ifwi(form) ? REGION_BOOT : REGION_SIZE;

	assert_true(fpt_read(p, region_fpt(form), base, end, f));
}

static void
every_version_is_read(void **state)
{
	static const struct {
		uint8_t version;
		enum fpt_sum sum;
		const char *name;
	} want[REGION_FORMS] = { { 0x10, FPT_SUM8, "checksum-8" },
		{ 0x20, FPT_SUM8_LONG, "checksum-8" },
		{ 0x20, FPT_SUM8, "checksum-8" }, { 0x21, FPT_CRC32, "crc-32" },
		{ 0x21, FPT_CRC32, "crc-32" }, { 0x21, FPT_CRC32, "crc-32" } };

	(void)state;
	for (int i = 0; i < REGION_FORMS; i++) {
		struct fpt_entry e;
		struct fpt f;

		region_make(p, (enum region_form)i);
		open_table((enum region_form)i, &f);
		assert_null(f.why);
		assert_int_equal(f.version, want[i].version);
		assert_int_equal(f.sum, want[i].sum);
		assert_string_equal(fpt_sum_name(f.sum), want[i].name);
		assert_true(f.sum_ok);
		assert_int_equal(f.n, 4);
		assert_int_equal(f.backup != 0, i == REGION_21);
		assert_int_equal(f.backup_ok, i == REGION_21);
		fpt_entry(&f, 0, &e);
		assert_string_equal(e.name, "FOVD");
		assert_string_equal(e.owner, "");
		assert_string_equal(fpt_type_name(e.type), "generic");
		assert_true(e.space);
		/* From the vector where there is one, else from $FPT. */
		assert_int_equal(
		    e.from, region_base((enum region_form)i) + 0x400);
		fpt_entry(&f, 2, &e);
		assert_int_equal(e.type, FPT_GLUT);
		assert_false(e.space);
		assert_null(e.why);
		assert_true(fpt_find(&f, "FTPR", &e));
		assert_int_equal(e.len, 0x2000);
		assert_false(fpt_find(&f, "NVCL", &e));
		assert_int_equal(fpt_overlap(&f, 0), f.n);
	}
}

/* The checksum-8 covers the header and, in its long form, the vector; the
 * CRC-32 the entries too. */
static void
each_covered_byte_counts(void **state)
{
	(void)state;
	for (int i = 0; i < REGION_FORMS; i++) {
		enum region_form form = (enum region_form)i;
		size_t from = form == REGION_20 ? 0 : region_fpt(form);
		size_t end = region_fpt(form) + FPT_HEADER;
		struct fpt f;

		region_make(p, form);
		open_table(form, &f);
		if (f.sum == FPT_CRC32)
			end = fpt_table_end(&f);
		for (size_t at = from; at < end; at++) {
			if (at == f.off)
				at += 4; /* the name of it all */
			p[at] ^= 0x40;
			open_table(form, &f);
			assert_false(f.sum_ok);
			assert_non_null(f.why);
			p[at] ^= 0x40;
		}
		p[end] ^= 0x40;
		open_table(form, &f);
		assert_true(f.sum_ok);
	}
}

static void
what_is_not_known_is_told_with_its_offset(void **state)
{
	static const struct {
		size_t at; /* in the header */
		uint8_t value;
		const char *why;
	} rows[] = { { 8, 0x22, "version is not known" },
		{ 8, 0x11, "version is not known" },
		{ 10, 0x40, "header length is not known" },
		{ 9, 0x20, "entry version is not known" },
		{ 7, 0x01, "more entries than there is room for" },
		{ 4, 127, "more entries than there is room for" } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fpt f;

		region_make(p, REGION_20);
		p[0x10 + rows[i].at] = rows[i].value;
		open_table(REGION_20, &f);
		assert_non_null(f.why);
		assert_non_null(strstr(f.why, rows[i].why));
		assert_true(f.at >= 0x14 && f.at <= 0x1A);
		assert_true(f.n <= FPT_ENTRIES);
	}
}

static void
a_table_is_read_only_where_it_is(void **state)
{
	struct fpt f;

	(void)state;
	region_make(p, REGION_20);
	assert_false(fpt_read(p, 0, 0, REGION_SIZE, &f));
	assert_false(fpt_read(p, 0x10, 0, 0x2F, &f));
	assert_false(fpt_read(p, 0x10, 0x20, REGION_SIZE, &f));
	/* The window ends in the entries. */
	assert_true(fpt_read(p, 0x10, 0, 0x60, &f));
	assert_int_equal(f.n, 0);
	assert_non_null(f.why);
}

static void
partitions_out_of_the_region_have_no_space(void **state)
{
	struct fpt_entry e;
	struct fpt f;

	(void)state;
	region_make(p, REGION_20);
	put_u32le(p + 0x30 + 0x2C, REGION_SIZE - 0x1FFF);
	put_u32le(p + 0x30 + 0x60 + 8, 0xFFFFF000);
	open_table(REGION_20, &f);
	assert_null(f.why); /* its checksum does not cover entries */
	for (size_t i = 0; i < f.n; i++) {
		fpt_entry(&f, i, &e);
		assert_int_equal(e.why != NULL, i == 1 || i == 3);
		assert_int_equal(e.space, i == 0);
	}
}

static void
partitions_that_share_bytes_or_are_invalid_are_told(void **state)
{
	struct fpt_entry e;
	struct fpt f;

	(void)state;
	region_make(p, REGION_21);
	put_u32le(p + 0x30 + 0x20 + 12, 0x2001);
	region_seal(p, REGION_21);
	open_table(REGION_21, &f);
	assert_int_equal(fpt_overlap(&f, 1), 3);
	p[0x30 + 0x60 + 0x1F] = 0xFF;
	region_seal(p, REGION_21);
	open_table(REGION_21, &f);
	assert_int_equal(fpt_overlap(&f, 1), f.n);
	fpt_entry(&f, 3, &e);
	assert_true(e.invalid);
	assert_false(fpt_find(&f, "FTPR", &e));
}

static void
names_that_do_not_print_are_digits(void **state)
{
	static const uint8_t tag[4] = { 0xE0, 0x15, 0x00, 0x20 };
	struct fpt_entry e;
	struct fpt f;

	(void)state;
	region_make(p, REGION_20);
	memcpy(p + 0x30, tag, 4);
	memcpy(p + 0x34, "KRID", 4);
	open_table(REGION_20, &f);
	fpt_entry(&f, 0, &e);
	assert_string_equal(e.name, "e0150020");
	assert_string_equal(e.owner, "KRID");
	region_make(p, REGION_21);
	open_table(REGION_21, &f);
	fpt_entry(&f, 1, &e);
	assert_string_equal(e.name, "MFS");
}

static void
a_backup_that_is_missing_or_differs_is_told(void **state)
{
	struct fpt f;

	(void)state;
	region_make(p, REGION_21);
	p[0x1010 + 0x30] ^= 1;
	open_table(REGION_21, &f);
	assert_int_equal(f.backup, 0x1010);
	assert_false(f.backup_ok);
	assert_int_equal(f.at, 0x1010);
	region_make(p, REGION_21);
	memset(p + 0x1010, 0xFF, 4);
	open_table(REGION_21, &f);
	assert_int_equal(f.backup, 0);
	assert_non_null(f.why);
	/* Nor is it looked for where nothing says that it is there. */
	region_make(p, REGION_I17);
	open_table(REGION_I17, &f);
	assert_int_equal(f.backup, 0);
	assert_null(f.why);
}

static void
add(const struct fpt *f, size_t size, struct fpt_add *a)
{
	struct err e;

	err_clear(&e);
	if (fpt_add(f, "AMTO", size, a, &e) != ERR_OK)
		fail_msg("%s", e.msg);
}

static void
a_partition_is_added_in_erased_space(void **state)
{
	static uint8_t was[REGION_SIZE];

	(void)state;
	for (int i = 0; i < REGION_FORMS; i++) {
		enum region_form form = (enum region_form)i;
		struct fpt_entry e;
		struct fpt_add a;
		struct fpt f;
		size_t changed = 0;

		region_make(p, form);
		memcpy(was, p, sizeof(was));
		open_table(form, &f);
		add(&f, 0x1801, &a);
		assert_int_equal(a.n, form == REGION_21 ? 6 : 3);
		assert_int_equal(a.len, 0x2000);
		assert_int_equal(a.from, region_base(form) + 0x6000);
		for (size_t k = 0; k < a.n; k++) {
			memcpy(p + a.p[k].off, a.p[k].bytes, a.p[k].len);
			changed += a.p[k].len;
		}
		open_table(form, &f);
		assert_null(f.why);
		assert_true(f.sum_ok);
		assert_int_equal(f.n, 5);
		assert_true(fpt_find(&f, "AMTO", &e));
		assert_int_equal(e.from, a.from);
		assert_int_equal(e.len, a.len);
		assert_int_equal(e.type, FPT_DATA);
		for (size_t k = 0; k < REGION_SIZE; k++)
			if (was[k] != p[k])
				changed--;
		assert_true(changed <= 6 * FPT_ENTRY);
		/* It is not added a second time. */
		{
			struct err err;

			err_clear(&err);
			assert_int_equal(
			    fpt_add(&f, "AMTO", 0x1000, &a, &err), ERR_DATA);
			assert_ptr_equal(
			    err.reason, reason_get(REASON_IMAGE_TARGET));
			err_clear(&err);
			assert_int_equal(
			    fpt_add(&f, "AMT2", 0x2000, &a, &err), ERR_OK);
			assert_int_equal(a.from, region_base(form) + 0x8000);
		}
	}
}

static void
no_add(enum region_form form, const char *name, size_t size, const char *says)
{
	struct fpt_add a;
	struct fpt f;
	struct err e;

	err_clear(&e);
	open_table(form, &f);
	assert_int_equal(fpt_add(&f, name, size, &a, &e), ERR_DATA);
	assert_ptr_equal(e.reason, reason_get(REASON_IMAGE_TARGET));
	if (strstr(e.msg, says) == NULL)
		fail_msg("%s lacks %s", e.msg, says);
}

static void
where_there_is_no_room_none_is_added(void **state)
{
	(void)state;
	region_make(p, REGION_20);
	no_add(REGION_20, "AMT", 0x1000, "four characters");
	no_add(REGION_20, "FTPR", 0x1000, "is there");
	no_add(REGION_20, "AMTO", 0, "size");
	no_add(REGION_20, "AMTO", REGION_SIZE + 1, "size");
	no_add(REGION_20, "AMTO", REGION_SIZE - 0x5000, "have its size");
	/* A byte in each block that is erased. */
	for (size_t at = 0x1000; at < REGION_SIZE; at += 0x1000)
		p[at + 0x777] = 0;
	no_add(REGION_20, "AMTO", 0x1000, "have its size");
	/* No place behind the last entry; nor in the backup. */
	region_make(p, REGION_20);
	p[0x30 + 4 * FPT_ENTRY + 31] = 0xFE;
	no_add(REGION_20, "AMTO", 0x1000, "behind the last entry");
	region_make(p, REGION_21);
	p[0x1030 + 4 * FPT_ENTRY] = 0;
	no_add(REGION_21, "AMTO", 0x1000, "behind the last entry");
	/* A partition begins right behind the table. */
	region_make(p, REGION_20);
	put_u32le(p + 0x38, 0x30 + 4 * FPT_ENTRY);
	no_add(REGION_20, "AMTO", 0x1000, "behind the last entry");
	/* A table that is not sound is left alone. */
	region_make(p, REGION_20);
	p[0x1B]++;
	no_add(REGION_20, "AMTO", 0x1000, "checksum is wrong");
}

static void
an_added_partition_fits_between_others(void **state)
{
	struct fpt_add a;
	struct fpt f;

	(void)state;
	region_make(p, REGION_20);
	region_entry(p + 0x10, "LAST", 0x8800, 0x800, 1);
	region_seal(p, REGION_20);
	open_table(REGION_20, &f);
	add(&f, 0x2000, &a);
	assert_int_equal(a.from, 0x6000);
	add(&f, 0x3000, &a);
	assert_int_equal(a.from, 0x9000);
	/* The last block of the region is one. */
	memset(p + 0x1000, 0, REGION_SIZE - 0x2000);
	add(&f, 0x1000, &a);
	assert_int_equal(a.from, REGION_SIZE - 0x1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_version_is_read),
		cmocka_unit_test(each_covered_byte_counts),
		cmocka_unit_test(what_is_not_known_is_told_with_its_offset),
		cmocka_unit_test(a_table_is_read_only_where_it_is),
		cmocka_unit_test(partitions_out_of_the_region_have_no_space),
		cmocka_unit_test(
		    partitions_that_share_bytes_or_are_invalid_are_told),
		cmocka_unit_test(names_that_do_not_print_are_digits),
		cmocka_unit_test(a_backup_that_is_missing_or_differs_is_told),
		cmocka_unit_test(a_partition_is_added_in_erased_space),
		cmocka_unit_test(where_there_is_no_room_none_is_added),
		cmocka_unit_test(an_added_partition_fits_between_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
