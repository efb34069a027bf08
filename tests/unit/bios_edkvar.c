/* SPDX-License-Identifier: Apache-2.0 */
/* $VSS: EDK2's own stores are in bios_varstore.c. */
#include "tests/unit.h"

#include <string.h>

#include "tests/vendor.h"

#define FIRST (STORE_AT + 16)

static uint8_t vol[STORE_VOLUME];

/* Names whose lengths and values end at any byte. */
static size_t
lay(bool auth, size_t align)
{
	size_t at = FIRST;

	vendor_vss_make(vol);
	at += vendor_vss_var(vol + at, auth, "One", "a", 1);
	at = (at + align - 1) & ~(align - 1);
	at += vendor_vss_var(vol + at, auth, "Second", "bc", 2);
	at = (at + align - 1) & ~(align - 1);
	at += vendor_vss_var(vol + at, auth, "3", "def", 3);
	return at;
}

static struct varstore_name
wanted(const char *text)
{
	struct varstore_name out;

	memset(&out, 0, sizeof(out));
	memset(out.guid.b, 0x33, UUID_LEN);
	memcpy(out.name, text, strlen(text) + 1);
	return out;
}

static void
each_layout_is_told_by_its_variables(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct varstore_name want = wanted("3");
		size_t end = lay(i & 1, i & 2 ? 4 : 1), at = 0;
		struct varstore s = store_open(vol, sizeof(vol));
		struct varstore_var v;

		assert_int_equal(s.format, VARSTORE_VSS);
		assert_null(s.why);
		assert_int_equal(s.auth, i & 1);
		assert_int_equal(s.first, FIRST);
		assert_int_equal(s.free, i & 2 ? (end + 3) & ~3ul : end);
		assert_true(varstore_find(&s, &want, &at, &v));
		assert_int_equal(v.len, 3);
		assert_memory_equal(v.data, "def", 3);
	}
}

static void
an_added_variable_is_read_back_in_each_layout(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		size_t at = 0, n = 0;
		struct varstore_var v;
		struct varstore s;

		lay(i & 1, i & 2 ? 4 : 1);
		assert_true(store_put(vol, sizeof(vol), "New", "12345", 5) > 0);
		assert_true(store_put(vol, sizeof(vol), "New2", "6", 1) > 0);
		s = store_open(vol, sizeof(vol));
		assert_null(s.why);
		assert_int_equal(s.auth, i & 1);
		while (varstore_next(&s, &at, &v)) {
			assert_true(v.live);
			n++;
		}
		assert_int_equal(n, 5);
	}
}

static void
an_empty_store_does_not_tell_its_layout(void **state)
{
	struct varstore s;

	(void)state;
	vendor_vss_make(vol);
	s = store_open(vol, sizeof(vol));
	assert_int_equal(s.reason, REASON_IMAGE_NO_STORE);
	assert_non_null(strstr(s.why, "an empty store"));
	assert_int_equal(s.at, FIRST);
	assert_int_equal(store_put(vol, sizeof(vol), "New", "1", 1), 0);
}

/* One variable that ends at an odd byte: the next one is there, or aligned. */
static void
a_store_that_fits_two_ways_is_not_added_to(void **state)
{
	struct varstore s;

	(void)state;
	vendor_vss_make(vol);
	vendor_vss_var(vol + FIRST, false, "One", "a", 1);
	s = store_open(vol, sizeof(vol));
	assert_int_equal(s.reason, REASON_IMAGE_NO_STORE);
	assert_non_null(strstr(s.why, "more than one layout"));
}

/* Whose variables all end at a multiple of 4 takes one more, and another if
 * that did too. */
static void
where_alignment_makes_no_difference_one_is_added(void **state)
{
	struct varstore_add add = {
		.name = { .name = "New" }, .attrs = 3, .data = "1", .len = 1
	};
	struct varstore s;
	struct err e;
	struct wr w;

	(void)state;
	vendor_vss_make(vol);
	vendor_vss_var(vol + FIRST, true, "One", "abcd", 4);
	s = store_open(vol, sizeof(vol));
	assert_null(s.why);
	assert_int_equal(s.align, 0);
	err_clear(&e);
	wr_grow(&w, 1000);
	assert_int_equal(varstore_entry(&s, &add, &w, &e), ERR_OK);
	s.free += w.len;
	assert_int_equal(varstore_entry(&s, &add, &w, &e), ERR_DATA);
	assert_ptr_equal(e.reason, reason_get(REASON_IMAGE_NO_STORE));
	assert_non_null(strstr(e.msg, "aligned to 4 bytes"));
	wr_free(&w);
}

static void
what_is_broken_is_told_with_its_offset(void **state)
{
	static const struct {
		const char *what;
		size_t at;
		uint8_t value;
		enum reason_id reason;
		size_t said;
	} rows[] = { { "size", STORE_AT + 7, 1, REASON_IMAGE_STORE_BROKEN,
			 STORE_AT + 4 },
		{ "formatted", STORE_AT + 8, 0xFE, REASON_IMAGE_STORE_BROKEN,
		    STORE_AT + 8 },
		{ "healthy", STORE_AT + 9, 0xFF, REASON_IMAGE_STORE_BROKEN,
		    STORE_AT + 9 },
		{ "Apple", FIRST + 7, 0x80, REASON_IMAGE_NO_STORE, FIRST },
		{ "name", FIRST + 8 + 24 + 6, 'x', REASON_IMAGE_STORE_BROKEN,
		    FIRST },
		{ "room", STORE_AT + STORE_SIZE - 1, 0,
		    REASON_IMAGE_STORE_BROKEN, STORE_AT + STORE_SIZE - 1 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct varstore s;

		print_message("%s\n", rows[i].what);
		lay(false, 1);
		vol[rows[i].at] = rows[i].value;
		s = store_open(vol, sizeof(vol));
		assert_int_equal(s.format, VARSTORE_VSS);
		assert_non_null(s.why);
		assert_int_equal(s.reason, rows[i].reason);
		assert_int_equal(s.at, rows[i].said);
	}
}

/* DDCF3617-3275-4164-98B6-FE85707FFE7D: EDK2's header, any layout. */
static void
a_store_of_the_third_guid_is_told_by_its_variables(void **state)
{
	(void)state;
	for (int auth = 0; auth < 2; auth++) {
		struct varstore s;
		size_t at = 0;
		struct varstore_var v;

		store_make(vol, false);
		vol[STORE_AT] = 0x17;
		at = STORE_FIRST;
		at += vendor_vss_var(vol + at, auth, "One", "a", 1);
		at = (at + 3) & ~(size_t)3;
		vendor_vss_var(vol + at, auth, "Two", "b", 1);
		s = store_open(vol, sizeof(vol));
		assert_int_equal(s.format, VARSTORE_EDK2);
		assert_null(s.why);
		assert_int_equal(s.auth, auth);
		assert_int_equal(s.align, 4);
		at = 0;
		assert_true(varstore_next(&s, &at, &v));
		assert_true(varstore_next(&s, &at, &v));
		assert_int_equal(v.data[0], 'b');
	}
}

static void
apples_stores_are_told_and_not_read(void **state)
{
	struct varstore_var v;
	struct varstore s;
	size_t at = 0;

	(void)state;
	lay(false, 1);
	memcpy(vol + STORE_AT, "$SVS", 4);
	s = store_open(vol, sizeof(vol));
	assert_int_equal(s.format, VARSTORE_NONE);
	assert_int_equal(s.end, STORE_AT + STORE_SIZE);
	assert_non_null(strstr(s.why, "Apple"));
	assert_false(varstore_next(&s, &at, &v));
}

/* Two in one volume, with something else between. */
static void
all_stores_of_a_volume_are_found_in_its_order(void **state)
{
	struct varstore s[3];
	struct volume v;

	(void)state;
	lay(true, 1);
	memcpy(vol + 0x1800, "something else", 14);
	memmove(vol + 0x2C00, vol + STORE_FTW, 0x20);
	memset(vol + 0x2000, 0xFF, 0x20);
	memcpy(vol + 0x1820, vol + STORE_AT, 0x700);
	put_u32le(vol + 0x1820 + 4, 0x700);
	assert_true(volume_next(vol, 0, sizeof(vol), &v));
	assert_int_equal(varstore_read(vol, &v, s, 3), 2);
	assert_int_equal(s[0].off, STORE_AT);
	assert_null(s[0].why);
	assert_int_equal(s[1].off, 0x1820);
	assert_int_equal(s[1].end, 0x1F20);
	assert_null(s[1].why);
	vol[0x2C20] = 0xFE; /* a pending write keeps both from being written */
	assert_int_equal(varstore_read(vol, &v, s, 1), 2);
	assert_int_equal(varstore_read(vol, &v, s, 3), 2);
	for (int i = 0; i < 2; i++)
		assert_int_equal(s[i].reason, REASON_IMAGE_FTW_PENDING);
}

static void
copies_in_the_spare_area_are_no_stores(void **state)
{
	struct varstore s[3];
	struct volume v;

	(void)state;
	store_make(vol, true);
	store_put(vol, sizeof(vol), "V", "1", 1);
	memcpy(vol + 0x3000, vol, 0x400); /* behind the working block */
	assert_true(volume_next(vol, 0, sizeof(vol), &v));
	assert_int_equal(varstore_read(vol, &v, s, 3), 1);
	memset(vol + STORE_FTW, 0xFF, 32); /* and without one */
	assert_int_equal(varstore_read(vol, &v, s, 3), 1);
	assert_null(s[0].why);
}

static void
a_volume_whose_erased_bytes_are_0_is_not_added_to(void **state)
{
	struct varstore s;

	(void)state;
	store_make(vol, true);
	vol[0x2D] &= 0xF7; /* bit 11 of the attributes */
	store_sum(vol);
	s = store_open(vol, sizeof(vol));
	assert_int_equal(s.reason, REASON_IMAGE_STORE_BROKEN);
	assert_int_equal(s.at, 0x2C);
	assert_int_equal(store_put(vol, sizeof(vol), "V", "1", 1), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_layout_is_told_by_its_variables),
		cmocka_unit_test(an_added_variable_is_read_back_in_each_layout),
		cmocka_unit_test(an_empty_store_does_not_tell_its_layout),
		cmocka_unit_test(a_store_that_fits_two_ways_is_not_added_to),
		cmocka_unit_test(
		    where_alignment_makes_no_difference_one_is_added),
		cmocka_unit_test(what_is_broken_is_told_with_its_offset),
		cmocka_unit_test(
		    a_store_of_the_third_guid_is_told_by_its_variables),
		cmocka_unit_test(apples_stores_are_told_and_not_read),
		cmocka_unit_test(all_stores_of_a_volume_are_found_in_its_order),
		cmocka_unit_test(copies_in_the_spare_area_are_no_stores),
		cmocka_unit_test(
		    a_volume_whose_erased_bytes_are_0_is_not_added_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
