/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <string.h>

#include "bios/evsa.h"
#include "tests/vendor.h"

#define FIRST (STORE_AT + 20)

static uint8_t vol[STORE_VOLUME];

/* Store of 0x800 bytes: GUID 7, names 1 and 2, a value of each, an invalid
 * value, a value with its size in the extended header. Where they end. */
static size_t
lay(void)
{
	static const uint8_t value2[] = { 7, 0, 2, 0, 3, 0, 0, 0, 'x' };
	static const uint8_t gone[] = { 7, 0, 1, 0, 7, 0, 0, 0, 'o', 'l', 'd' };
	static const uint8_t large[] = { 7, 0, 2, 0, 7, 0, 0, 0x10, 5, 0, 0,
		0 };
	static const uint8_t value[] = { 7, 0, 1, 0, 7, 0, 0, 0, 'a', 'b' };
	uint8_t guid[18] = { 7, 0 };
	size_t at = FIRST;

	memset(guid + 2, 0x55, 16);
	vendor_evsa_make(vol, 0x800);
	at += vendor_evsa_entry(vol + at, 0xED, guid, sizeof(guid));
	at += vendor_evsa_entry(vol + at, 0xEE, "\1\0O\0n\0e\0\0\0", 10);
	at += vendor_evsa_entry(vol + at, 0xEF, value, sizeof(value));
	at += vendor_evsa_entry(vol + at, 0xE2, "\2\0T\0w\0o\0\0\0", 10);
	at += vendor_evsa_entry(vol + at, 0xE3, value2, sizeof(value2));
	at += vendor_evsa_entry(vol + at, 0x83, gone, sizeof(gone));
	at += vendor_evsa_entry(vol + at, 0xEF, large, sizeof(large));
	at += vendor_put(vol + at, "large", 5);
	return at;
}

static void
values_are_joined_with_their_guid_and_name(void **state)
{
	static const struct {
		const char *name, *data;
		bool live;
	} want[] = { { "One", "ab", true }, { "Two", "x", true },
		{ "One", "old", false }, { "Two", "large", true } };
	size_t end = lay(), at = 0;
	struct varstore s = store_open(vol, sizeof(vol));
	char name[VARSTORE_NAME];
	struct varstore_var v;

	(void)state;
	assert_int_equal(s.format, VARSTORE_EVSA);
	assert_int_equal(s.off, STORE_AT);
	assert_int_equal(s.end, STORE_AT + 0x800);
	assert_int_equal(s.free, end);
	for (size_t i = 0; i < 4; i++) {
		assert_true(varstore_next(&s, &at, &v));
		varstore_text(&v, name);
		assert_string_equal(name, want[i].name);
		assert_int_equal(v.guid.b[3], 0x55);
		assert_int_equal(v.len, strlen(want[i].data));
		assert_memory_equal(v.data, want[i].data, v.len);
		assert_int_equal(v.live, want[i].live);
		assert_null(v.why);
	}
	assert_false(varstore_next(&s, &at, &v));
}

static void
writing_is_refused_with_the_reason(void **state)
{
	struct varstore_add add = { .name = { .name = "New" }, .attrs = 3 };
	struct varstore s;
	struct err e;
	struct wr w;

	(void)state;
	lay();
	s = store_open(vol, sizeof(vol));
	err_clear(&e);
	wr_grow(&w, 100);
	assert_int_equal(varstore_entry(&s, &add, &w, &e), ERR_DATA);
	assert_ptr_equal(e.reason, reason_get(REASON_IMAGE_NO_STORE));
	assert_non_null(strstr(e.msg, "(EVSA) is only read"));
	assert_int_equal(w.len, 0);
	wr_free(&w);
}

static void
damage_is_told_with_its_offset(void **state)
{
	static const struct {
		const char *what;
		size_t at;
		uint8_t value;
		size_t said;
	} rows[] = { { "store entry", STORE_AT + 8, 1, STORE_AT },
		{ "checksum", FIRST + 10, 0x54, FIRST },
		{ "type", FIRST, 0x11, FIRST }, { "size", FIRST + 3, 9, FIRST },
		{ "name's checksum", FIRST + 22 + 6, 'x', FIRST + 22 },
		{ "room", STORE_AT + 0x7FF, 0, STORE_AT + 0x7FF } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct varstore s;

		print_message("%s\n", rows[i].what);
		lay();
		vol[rows[i].at] = rows[i].value;
		s = store_open(vol, sizeof(vol));
		assert_int_equal(s.reason, REASON_IMAGE_STORE_BROKEN);
		assert_int_equal(s.at, rows[i].said);
	}
}

static void
a_value_without_guid_or_name_says_so(void **state)
{
	static const uint8_t lost[] = { 8, 0, 1, 0, 7, 0, 0, 0, 'a' };
	struct varstore_var v;
	struct varstore s;
	size_t end = lay(), at = 0, n = 0;

	(void)state;
	vendor_evsa_entry(vol + end, 0xEF, lost, sizeof(lost));
	s = store_open(vol, sizeof(vol));
	while (varstore_next(&s, &at, &v))
		if (v.why != NULL) {
			assert_string_equal(v.why, "no entry has its GUID");
			n++;
		}
	assert_int_equal(n, 1);
	vol[FIRST + 22 + 4] = 9; /* name 1 is 9 now */
	vendor_evsa_sum(vol + FIRST + 22, 14);
	s = store_open(vol, sizeof(vol));
	at = 0;
	assert_true(varstore_next(&s, &at, &v));
	assert_string_equal(v.why, "no entry has its name");
	assert_false(v.live);
}

static void
endless_entries_end(void **state)
{
	static uint8_t p[0x10000];
	struct varstore_var v;
	struct volume vol2;
	struct varstore s;
	size_t at = 0;

	(void)state;
	vendor_evsa_make(vol, 0xF000);
	memset(p, 0xFF, sizeof(p));
	memcpy(p, vol, FIRST);
	put_u64le(p + 0x20, sizeof(p));
	store_sum(p);
	for (size_t i = FIRST; i + 6 < STORE_AT + 0xF000; i += 6)
		vendor_evsa_entry(p + i, 0xEE, "\1", 2);
	assert_true(volume_next(p, 0, sizeof(p), &vol2));
	assert_int_equal(varstore_read(p, &vol2, &s, 1), 1);
	assert_int_equal(s.format, VARSTORE_EVSA);
	assert_string_equal(
	    s.why, "more entries than a store is known to have");
	assert_false(varstore_next(&s, &at, &v));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_joined_with_their_guid_and_name),
		cmocka_unit_test(writing_is_refused_with_the_reason),
		cmocka_unit_test(damage_is_told_with_its_offset),
		cmocka_unit_test(a_value_without_guid_or_name_says_so),
		cmocka_unit_test(endless_entries_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
