/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <string.h>

#include "bios/nvar.h"
#include "tests/vendor.h"

static uint8_t vol[VENDOR_VOLUME];

/* Lays entries one behind the other; where the last one ended. */
static size_t
lay(const struct vendor_entry *v, size_t n)
{
	size_t at = VENDOR_BODY;

	vendor_nvar_make(vol);
	vendor_nvar_table(vol, 3);
	for (size_t i = 0; i < n; i++)
		at += vendor_nvar_entry(vol + at, &v[i]);
	return at;
}

static struct varstore_name
named(uint8_t guid, const char *name)
{
	struct varstore_name out;

	memset(&out, 0, sizeof(out));
	memset(out.guid.b, guid, UUID_LEN);
	memcpy(out.name, name, strlen(name) + 1);
	return out;
}

static void
entries_of_all_kinds_are_read(void **state)
{
	static const struct vendor_entry rows[] = {
		{ 0x83, 0, 1, "Ascii", "abc", 3, NULL, 0 },
		{ 0x80, 0, 2, "Wide", "de", 2, NULL, 0 },
		{ 0x86, 0, -1, "Inline", "", 0, NULL, 0 },
		{ 0x02, 0, 0, "Gone", "f", 1, NULL, 0 },
		{ 0xC2, 0, 0, "Auth", "g", 1, NULL, 0 },
	};
	static const struct {
		const char *name, *life;
		uint8_t guid;
		uint32_t attrs;
		size_t len;
		bool live;
	} want[] = { { "Ascii", "added", 0x21, 7, 3, true },
		{ "Wide", "added", 0x22, 3, 2, true },
		{ "Inline", "added", 0x11, 3, 0, true },
		{ "Gone", "deleted", 0x20, 3, 1, false },
		{ "Auth", "added", 0x20, 0x13, 1, true } };
	size_t end = lay(rows, 5), at = 0;
	struct varstore s = store_open(vol, sizeof(vol));
	char name[VARSTORE_NAME];
	struct varstore_var v;

	(void)state;
	assert_int_equal(s.format, VARSTORE_NVAR);
	assert_null(s.why);
	assert_int_equal(s.off, VENDOR_BODY);
	assert_int_equal(s.end, VENDOR_BODY_END);
	assert_int_equal(s.free, end);
	assert_int_equal(s.room, VENDOR_BODY_END - 3 * 16);
	assert_int_equal(s.vol_end, VENDOR_VOLUME);
	for (size_t i = 0; i < 5; i++) {
		assert_true(varstore_next(&s, &at, &v));
		varstore_text(&v, name);
		assert_string_equal(name, want[i].name);
		assert_string_equal(v.life, want[i].life);
		assert_int_equal(v.guid.b[7], want[i].guid);
		assert_int_equal(v.attrs, want[i].attrs);
		assert_int_equal(v.len, want[i].len);
		assert_int_equal(v.live, want[i].live);
		assert_null(v.why);
	}
	assert_false(varstore_next(&s, &at, &v));
}

static void
a_value_is_the_last_one_of_its_chain(void **state)
{
	const struct vendor_entry rows[] = {
		{ 0x82, 10 + 1 + 6 + 3, 0, "Chain", "old", 3, NULL, 0 },
		{ 0x88, 10 + 3 + 17, 0, NULL, "mid", 3, NULL, 0 },
		{ 0x82, 0, 0, "Other", "x", 1, NULL, 0 },
		{ 0x88, 0, 0, NULL, "newest", 6, NULL, 0 },
	};
	struct varstore_name want = named(0x20, "Chain");
	struct varstore_var v;
	struct varstore s;
	size_t at = 0;

	(void)state;
	lay(rows, 4);
	/* mid points over Other to newest */
	put_u32le(vol + VENDOR_BODY + 20 + 6, 31 | 0x88000000);
	s = store_open(vol, sizeof(vol));
	assert_null(s.why);
	assert_true(varstore_find(&s, &want, &at, &v));
	assert_null(v.why);
	assert_int_equal(v.len, 6);
	assert_memory_equal(v.data, "newest", 6);
	at = 0; /* the walk shows each entry's own bytes */
	assert_true(varstore_next(&s, &at, &v));
	assert_string_equal(v.life, "added, its value replaced");
	assert_memory_equal(v.data, "old", 3);
	assert_int_equal(v.next, VENDOR_BODY + 20);
	assert_true(varstore_next(&s, &at, &v));
	assert_int_equal(v.name_len, 0);
	assert_false(v.live);
	assert_memory_equal(v.data, "mid", 3);
}

static void
a_chain_that_leads_nowhere_has_no_value(void **state)
{
	static const uint32_t nowhere[] = { 1, 19, 21, 0x100, 0xFFFFFE };
	struct varstore_name want = named(0x20, "Chain");
	struct varstore_var v;

	(void)state;
	for (size_t i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++) {
		const struct vendor_entry rows[] = {
			{ 0x82, nowhere[i], 0, "Chain", "old", 3, NULL, 0 },
			{ 0x88, 0, 0, NULL, "new", 3, NULL, 0 }
		};
		struct varstore s;
		size_t at = 0;

		lay(rows, 2);
		s = store_open(vol, sizeof(vol));
		assert_true(varstore_find(&s, &want, &at, &v));
		assert_int_equal(v.len, 0);
		assert_non_null(v.why);
	}
}

static void
an_extended_header_is_no_value_and_its_checksum_is_not_judged(void **state)
{
	static const struct vendor_entry rows[] = {
		{ 0x92, 0, 0, "E", "abc", 3, "\x21\1\2\3\4\5\6\7\x08\x99\x0c\0",
		    12 },
		{ 0x98, 0, 0, NULL, "xy", 2, "\x10\x03\0", 3 },
	};
	struct varstore s;
	struct varstore_var v;
	size_t at = 0, ext;
	bool sum;

	(void)state;
	lay(rows, 2);
	s = store_open(vol, sizeof(vol));
	assert_null(s.why);
	assert_true(varstore_next(&s, &at, &v));
	assert_int_equal(v.len, 3);
	assert_int_equal(v.attrs, 3 | VARSTORE_TIME);
	assert_true(nvar_extended(&s, &v, &ext, &sum));
	assert_int_equal(ext, VENDOR_BODY + 10 + 1 + 2 + 3);
	assert_true(sum);
	assert_true(varstore_next(&s, &at, &v));
	assert_int_equal(v.len, 2);
	assert_true(nvar_extended(&s, &v, &ext, &sum));
	assert_false(sum);
}

static void
default_values_are_a_store_in_a_variable(void **state)
{
	uint8_t in[64];
	struct vendor_entry a = { 0x82, 0, 0, "Setup", "123", 3, NULL, 0 };
	struct vendor_entry std = { 0x82, 0, 0, "StdDefaults", in, sizeof(in),
		NULL, 0 };
	struct varstore_name want = named(0x44, "Setup");
	struct varstore s, inner, none;
	struct varstore_var v;
	struct err e;
	size_t at = 0;

	(void)state;
	memset(in, 0xFF, sizeof(in));
	vendor_nvar_entry(in, &a);
	memset(in + 48, 0x44, 16); /* its own table */
	lay(&std, 1);
	s = store_open(vol, sizeof(vol));
	assert_null(s.why);
	assert_true(varstore_next(&s, &at, &v));
	assert_true(varstore_inner(&s, &v, &inner));
	at = 0;
	assert_true(varstore_find(&inner, &want, &at, &v));
	assert_memory_equal(v.data, "123", 3);
	assert_false(varstore_inner(&inner, &v, &none));
	err_clear(&e);
	assert_int_equal(varstore_refuse(&inner, &e), ERR_DATA);
	assert_non_null(strstr(e.msg, "only read"));
}

static size_t
add(const char *name, uint32_t attrs, const void *data, size_t len,
    struct err *e)
{
	struct varstore s = store_open(vol, sizeof(vol));
	struct varstore_add a = { .attrs = attrs, .data = data, .len = len };
	struct wr w;
	size_t took;

	err_clear(e);
	a.name = named(0x77, name);
	wr_grow(&w, 0x20000);
	if (varstore_entry(&s, &a, &w, e) == ERR_OK)
		memcpy(vol + s.free, w.buf, w.len);
	took = w.len;
	wr_free(&w);
	return took;
}

static void
an_added_entry_is_as_documented_and_read_back(void **state)
{
	static const uint8_t want[] = { 'N', 'V', 'A', 'R', 10 + 16 + 4 + 2, 0,
		0xFF, 0xFF, 0xFF, 0x87, 0x77, 0x77, 0x77, 0x77, 0x77, 0x77,
		0x77, 0x77, 0x77, 0x77, 0x77, 0x77, 0x77, 0x77, 0x77, 0x77, 'N',
		'e', 'w', 0, 1, 2 };
	static const struct vendor_entry rows[] = { { 0x83, 0, 1, "Odd", "a", 1,
	    NULL, 0 } };
	struct varstore_name name = named(0x77, "New");
	size_t end = lay(rows, 1), at = 0;
	struct varstore_var v;
	struct varstore s;
	struct err e;

	(void)state;
	assert_int_equal(add("New", 7, "\1\2", 2, &e), sizeof(want));
	assert_memory_equal(vol + end, want, sizeof(want));
	s = store_open(vol, sizeof(vol));
	assert_null(s.why);
	assert_true(varstore_find(&s, &name, &at, &v));
	assert_int_equal(v.attrs, 7);
	assert_memory_equal(v.data, "\1\2", 2);
}

static void
entries_are_added_up_to_the_table_and_no_further(void **state)
{
	static uint8_t data[VENDOR_FILE_SIZE];
	static uint8_t was[VENDOR_VOLUME];
	size_t end, room;
	struct err e;

	(void)state;
	end = lay(NULL, 0);
	room = VENDOR_BODY_END - 48 - end - 10 - 16 - 2;
	memcpy(was, vol, sizeof(vol));
	assert_int_equal(add("X", 3, data, room + 1, &e), 0);
	assert_ptr_equal(e.reason, reason_get(REASON_IMAGE_STORE_FULL));
	assert_int_equal(e.offset, end);
	assert_memory_equal(was, vol, sizeof(vol));
	assert_true(add("X", 3, data, room, &e) > 0);
	assert_null(store_open(vol, sizeof(vol)).why);
	assert_memory_equal(was + VENDOR_BODY_END - 48,
	    vol + VENDOR_BODY_END - 48, VENDOR_VOLUME - VENDOR_BODY_END + 48);
	assert_int_equal(add("Y", 3, data, 0, &e), 0);
	assert_ptr_equal(e.reason, reason_get(REASON_IMAGE_STORE_FULL));
}

static void
what_an_entry_cannot_hold_is_refused(void **state)
{
	static uint8_t data[0x10000];
	struct err e;

	(void)state;
	lay(NULL, 0);
	assert_int_equal(add("X", 0x13, data, 1, &e), 0);
	assert_ptr_equal(e.reason, reason_get(REASON_IMAGE_TARGET));
	assert_non_null(strstr(e.msg, "attributes 3 or 7, not 0x13"));
	assert_int_equal(add("X", 3, data, 0xFFFF - 28, &e), 0);
	assert_ptr_equal(e.reason, reason_get(REASON_IMAGE_TARGET));
	assert_non_null(strstr(e.msg, "65535 bytes"));
}

/* One change that makes the store unfit for adding, and where that is said. */
static const struct {
	const char *what;
	size_t at;
	uint8_t value;
	size_t said;
} broken[] = {
	{ "entry too short", VENDOR_BODY + 4, 9, VENDOR_BODY },
	{ "entry too long", VENDOR_BODY + 5, 0x20, VENDOR_BODY },
	{ "name without end", VENDOR_BODY + 14, 'x', VENDOR_BODY },
	{ "index beyond the table", VENDOR_BODY + 10, 3, VENDOR_BODY },
	{ "room used", VENDOR_BODY + 100, 0, VENDOR_BODY + 100 },
	{ "room used before the table", VENDOR_BODY_END - 65, 0,
	    VENDOR_BODY_END - 65 },
	{ "a GUID more", VENDOR_BODY_END - 60, 0, 0 },
	{ "wrong checksum of the body", VENDOR_FILE + 19, 0x40,
	    VENDOR_FILE + 17 },
	{ "another type", VENDOR_FILE + 18, 0x02, VENDOR_FILE },
	{ "file deleted", VENDOR_FILE + 23, 0xE8, VENDOR_FILE },
};

static void
every_broken_store_is_refused_with_its_offset(void **state)
{
	static const struct vendor_entry rows[] = { { 0x83, 0, 1, "Nam", "x", 1,
	    NULL, 0 } };
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		struct varstore s;

		print_message("%s\n", broken[i].what);
		lay(rows, 1);
		/* the name is the entry's end but for the value */
		if (broken[i].value == 'x')
			vol[VENDOR_BODY + 15] = 'y';
		vol[broken[i].at] = broken[i].value;
		vendor_file_sum(vol + VENDOR_FILE);
		s = store_open(vol, sizeof(vol));
		if (broken[i].said == 0) { /* counts as a GUID: less room */
			assert_null(s.why);
			assert_int_equal(s.room, VENDOR_BODY_END - 64);
			continue;
		}
		err_clear(&e);
		assert_int_equal(varstore_refuse(&s, &e), ERR_DATA);
		assert_ptr_equal(
		    e.reason, reason_get(REASON_IMAGE_STORE_BROKEN));
		assert_int_equal(e.offset, broken[i].said);
		assert_int_equal(add("New", 3, "1", 1, &e), 0);
	}
}

static void
a_store_under_a_checksum_is_read_and_not_added_to(void **state)
{
	uint8_t *f = vol + VENDOR_FILE, sum = 0;
	struct varstore s;
	struct err e;

	(void)state;
	lay(NULL, 0);
	f[19] = 0x40;
	for (size_t i = VENDOR_BODY; i < VENDOR_BODY_END; i++)
		sum = (uint8_t)(sum + vol[i]);
	f[17] = (uint8_t)(0 - sum);
	vendor_file_sum(f);
	s = store_open(vol, sizeof(vol));
	assert_int_equal(s.format, VARSTORE_NVAR);
	assert_non_null(strstr(s.why, "a checksum over it"));
	assert_int_equal(add("New", 3, "1", 1, &e), 0);
}

static void
a_file_of_another_guid_is_no_store(void **state)
{
	(void)state;
	lay(NULL, 0);
	vol[VENDOR_FILE] ^= 1;
	vendor_file_sum(vol + VENDOR_FILE);
	assert_null(store_open(vol, sizeof(vol)).img);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_of_all_kinds_are_read),
		cmocka_unit_test(a_value_is_the_last_one_of_its_chain),
		cmocka_unit_test(a_chain_that_leads_nowhere_has_no_value),
		cmocka_unit_test(
		    an_extended_header_is_no_value_and_its_checksum_is_not_judged),
		cmocka_unit_test(default_values_are_a_store_in_a_variable),
		cmocka_unit_test(an_added_entry_is_as_documented_and_read_back),
		cmocka_unit_test(
		    entries_are_added_up_to_the_table_and_no_further),
		cmocka_unit_test(what_an_entry_cannot_hold_is_refused),
		cmocka_unit_test(every_broken_store_is_refused_with_its_offset),
		cmocka_unit_test(
		    a_store_under_a_checksum_is_read_and_not_added_to),
		cmocka_unit_test(a_file_of_another_guid_is_no_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
