/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/setupbin.h"

#define FILE_MAX (4 * SETUPBIN_RECORD_MAX)

static uint8_t x[FILE_MAX];
static size_t n;
static struct setupbin sb;
static struct setupbin_record rec;

static void
entry(uint16_t module, uint16_t id, const char *text)
{
	assert_true(setupbin_add(
	    &rec, SETUPBIN_ENTRIES_MAX, module, id, text, strlen(text)));
}

/* Version 4.0, two records, the second scrambled if so. */
static void
make(uint32_t flags)
{
	struct wr w;

	setupbin_init(&sb, 4, 0);
	sb.count = 2;
	memset(&rec, 0, sizeof(rec));
	rec.type = 1;
	rec.flags = SETUPBIN_VALID;
	entry(1, 1, "admin");
	entry(2, 13, "\2");
	wr_fixed(&w, x, sizeof(x));
	setupbin_write(&w, &sb);
	rec.number = 1;
	setupbin_record_write(&w, &sb, &rec);
	rec.number = 2;
	rec.flags |= flags;
	setupbin_record_write(&w, &sb, &rec);
	assert_false(w.failed);
	n = w.len;
}

static bool
reads(const char **why, size_t *at)
{
	static struct setupbin_record got;
	struct setupbin head;
	struct rd r;

	rd_init(&r, x, n);
	setupbin_read(&r, &head);
	for (uint32_t i = 0; r.why == NULL && i < head.count; i++)
		setupbin_record_read(&r, &head, &got);
	rd_end(&r);
	*why = r.why;
	*at = r.at;
	return r.why == NULL;
}

static void
refused(size_t at, enum setupbin_fault f)
{
	const char *why;
	size_t got;

	if (reads(&why, &got))
		fail_msg("read: %s", setupbin_why(f));
	assert_string_equal(why, setupbin_why(f));
	assert_int_equal(got, at);
}

static void
a_record_has_these_bytes(void **state)
{
	static const uint8_t want[] = { 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 1, 0, 24, 0, 1, 0, 0, 0, 1, 0, 1, 0, 5, 0, 0, 0, 'a',
		'd', 'm', 'i', 'n', 0, 0, 0, 2, 0, 13, 0, 1, 0, 0, 0, 2, 0, 0,
		0, 0, 0 };

	(void)state;
	make(0);
	assert_int_equal(n, 3 * SETUPBIN_CHUNK);
	assert_memory_equal(x + SETUPBIN_CHUNK, want, sizeof(want));
}

static void
scrambling_adds_to_all_behind_the_header(void **state)
{
	(void)state;
	make(SETUPBIN_SCRAMBLED);
	for (size_t i = 0; i < SETUPBIN_CHUNK; i++) {
		uint8_t plain = x[SETUPBIN_CHUNK + i];

		if (i == 4 || i == 0x14) /* flags and number */
			continue;
		if (i >= SETUPBIN_HEAD)
			plain = (uint8_t)(plain + 0x11);
		assert_int_equal(x[2 * SETUPBIN_CHUNK + i], plain);
	}
}

static void
scrambled_records_read_as_plain_ones(void **state)
{
	struct setupbin_record *plain = malloc(sizeof(*plain));
	struct setupbin head;
	struct rd r;

	(void)state;
	assert_non_null(plain);
	make(SETUPBIN_SCRAMBLED);
	rd_init(&r, x, n);
	assert_true(setupbin_read(&r, &head));
	assert_true(setupbin_record_read(&r, &head, plain));
	assert_true(setupbin_record_read(&r, &head, &rec));
	assert_true(rd_end(&r));
	assert_int_equal(rec.len, plain->len);
	assert_memory_equal(rec.entries, plain->entries, rec.len);
	free(plain);
}

/* One byte of the file changed: which fault, and where it is told. */
static void
each_rule_of_the_layout_is_held(void **state)
{
	static const struct {
		size_t at;
		uint8_t v;
		enum setupbin_fault f;
		size_t told;
	} t[] = {
		{ 0x00, 0xab, SETUPBIN_GUID, 0 },
		{ 0x10, 0, SETUPBIN_HEAD_CHUNKS, 0x10 },
		{ 0x10, 4, SETUPBIN_HEAD_CHUNKS, 0x10 },
		{ 0x12, 41, SETUPBIN_HEAD_BYTES, 0x12 },
		{ 0x12, 45, SETUPBIN_HEAD_BYTES, 0x12 },
		{ 0x13, 3, SETUPBIN_HEAD_BYTES, 0x12 },
		{ 0x12, 44, SETUPBIN_MODULES_OPEN, 0x2a },
		{ 0x14, 1, SETUPBIN_HEAD_NUMBER, 0x14 },
		{ 0x18, 3, SETUPBIN_MAJOR, 0x18 },
		{ 0x18, 5, SETUPBIN_MAJOR, 0x18 },
		{ 0x1a, 2, SETUPBIN_HEAD_FLAGS, 0x1a },
		{ 0x20, 3, SETUPBIN_CONSUMED, 0x20 },
		{ 0x24, 0, SETUPBIN_CHUNKS, 0x24 },
		{ 0x24, 17, SETUPBIN_CHUNKS, 0x24 },
		{ 0x27, 1, SETUPBIN_HEAD_RESERVED, 0x26 },
		{ 0x2e, 1, SETUPBIN_HEAD_PADDING, 0x2e },
		{ 0x1ff, 1, SETUPBIN_HEAD_PADDING, 0x1ff },
		{ 0x200, 0, SETUPBIN_TYPE, 0x200 },
		{ 0x200, 2, SETUPBIN_TYPE, 0x200 },
		{ 0x204, 5, SETUPBIN_FLAGS, 0x204 },
		{ 0x20b, 1, SETUPBIN_RESERVED, 0x20b },
		{ 0x20c, 1, SETUPBIN_RESERVED, 0x20c },
		{ 0x210, 2, SETUPBIN_RECORD_CHUNKS, 0x210 },
		{ 0x212, 23, SETUPBIN_RECORD_HEAD, 0x212 },
		{ 0x21d, 2, SETUPBIN_ENTRY_PAST, 0x218 },
		{ 0x21f, 1, SETUPBIN_ENTRY_RESERVED, 0x21e },
		{ 0x227, 1, SETUPBIN_ENTRY_PADDING, 0x227 },
		{ 0x228, 0, SETUPBIN_END_MARK, 0x22a },
		{ 0x238, 1, SETUPBIN_BEHIND_END, 0x238 },
		{ 0x3ff, 1, SETUPBIN_BEHIND_END, 0x3ff },
		{ 0x5ff, 1, SETUPBIN_BEHIND_END, 0x5ff },
	};
	const char *why;
	size_t at;

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		make(0);
		x[t[i].at] = t[i].v;
		refused(t[i].told, t[i].f);
	}
	make(0);
	assert_true(reads(&why, &at));
}

static void
a_scrambled_record_needs_version_4(void **state)
{
	struct wr w;

	(void)state;
	make(SETUPBIN_SCRAMBLED);
	memcpy(x, setupbin_guid(3), 16);
	x[0x18] = 3;
	refused(0x404, SETUPBIN_SCRAMBLED_EARLY);
	sb.major = 3;
	wr_fixed(&w, x, sizeof(x));
	setupbin_record_write(&w, &sb, &rec);
	assert_true(w.failed);
}

static void
every_prefix_is_refused_and_so_is_a_byte_more(void **state)
{
	size_t all, at;
	const char *why;

	(void)state;
	make(0);
	all = n;
	for (n = 0; n < all; n++)
		assert_false(reads(&why, &at));
	n = all + 1;
	assert_false(reads(&why, &at));
	assert_string_equal(why, "trailing bytes");
}

static void
a_consumed_record_may_have_type_0(void **state)
{
	const char *why;
	size_t at;

	(void)state;
	make(0);
	x[0x200] = x[0x204] = 0;
	assert_true(reads(&why, &at));
}

static void
an_empty_module_list_of_full_length_is_read_and_kept(void **state)
{
	static uint8_t again[SETUPBIN_CHUNK];
	struct setupbin head;
	struct rd r;
	struct wr w;

	(void)state;
	make(0);
	memset(x + 0x28, 0, 4);
	rd_init(&r, x, n);
	assert_true(setupbin_read(&r, &head));
	assert_int_equal(head.nmodules, 0);
	assert_int_equal(head.head_bytes, 46);
	wr_fixed(&w, again, sizeof(again));
	setupbin_write(&w, &head);
	assert_false(w.failed);
	assert_memory_equal(again, x, SETUPBIN_CHUNK);
}

static void
large_headers_and_records_come_back(void **state)
{
	static uint8_t again[FILE_MAX];
	static const uint8_t modules[2 * 300] = { 9, 0, 8, 0 };
	uint8_t list[sizeof(modules)];
	struct setupbin head;
	struct rd r;
	struct wr w;

	(void)state;
	for (size_t i = 0; i < sizeof(list); i++)
		list[i] = i % 2 == 0 ? (uint8_t)(i % 200 + 1) : 0;
	setupbin_init(&sb, 3, 7);
	sb.head_chunks = 2;
	sb.modules = list;
	sb.nmodules = 300;
	sb.head_bytes = 0x28 + 602;
	sb.record_chunks = SETUPBIN_CHUNKS_MAX;
	sb.count = sb.consumed = 1;
	memset(&rec, 0, sizeof(rec));
	memset(again, 'a', 8000);
	assert_true(
	    setupbin_add(&rec, SETUPBIN_ENTRIES_MAX, 7, 0xffff, again, 8000));
	wr_fixed(&w, x, sizeof(x));
	setupbin_write(&w, &sb);
	setupbin_record_write(&w, &sb, &rec);
	assert_false(w.failed);
	n = w.len;
	assert_int_equal(n, 1024 + SETUPBIN_RECORD_MAX);
	assert_int_equal(n, setupbin_offset(&sb, 1));
	rd_init(&r, x, n);
	assert_true(setupbin_read(&r, &head));
	assert_int_equal(head.nmodules, 300);
	assert_true(setupbin_record_read(&r, &head, &rec));
	assert_true(rd_end(&r));
	wr_fixed(&w, again, sizeof(again));
	setupbin_write(&w, &head);
	setupbin_record_write(&w, &head, &rec);
	assert_false(w.failed);
	assert_int_equal(w.len, n);
	assert_memory_equal(again, x, n);
}

static void
offsets_of_huge_counts_do_not_wrap(void **state)
{
	(void)state;
	setupbin_init(&sb, 4, 0);
	sb.record_chunks = 16;
	assert_true(setupbin_offset(&sb, UINT32_MAX) ==
	    512 + UINT64_C(8192) * UINT32_MAX);
}

static void
entries_are_added_as_far_as_they_fit(void **state)
{
	static uint8_t value[SETUPBIN_ENTRIES];

	(void)state;
	rec.len = 0;
	assert_true(
	    setupbin_add(&rec, SETUPBIN_ENTRIES_SAFE, 2, 3, value, 468));
	assert_false(setupbin_add(&rec, SETUPBIN_ENTRIES_SAFE, 2, 4, value, 1));
	assert_true(setupbin_add(&rec, SETUPBIN_ENTRIES_SAFE, 2, 4, value, 0));
	assert_int_equal(rec.len, 484);
	assert_false(setupbin_add(&rec, SETUPBIN_ENTRIES_SAFE, 2, 4, value, 0));
	assert_false(setupbin_add(&rec, SETUPBIN_ENTRIES, 0, 4, value, 0));
	rec.len = 0;
	assert_false(
	    setupbin_add(&rec, SIZE_MAX, 1, 1, value, SETUPBIN_ENTRIES_MAX));
	assert_int_equal(rec.len, 0);
}

static void
a_full_record_needs_no_end_mark(void **state)
{
	struct setupbin_entry e;
	const char *why;
	size_t at, where = 0;
	struct wr w;

	(void)state;
	make(0);
	rec.len = 0;
	rec.flags = SETUPBIN_VALID;
	assert_true(setupbin_add(&rec, SETUPBIN_ENTRIES, 2, 3, x, 480));
	wr_fixed(&w, x, sizeof(x));
	sb.count = 1;
	setupbin_write(&w, &sb);
	setupbin_record_write(&w, &sb, &rec);
	assert_false(w.failed);
	n = w.len;
	assert_true(reads(&why, &at));
	assert_true(setupbin_next(&rec, &where, &e));
	assert_int_equal(e.n, 480);
	assert_int_equal(e.off, SETUPBIN_HEAD);
	assert_false(setupbin_next(&rec, &where, &e));
}

static void
nothing_is_written_that_would_not_be_read(void **state)
{
	struct wr w;

	(void)state;
	for (int i = 0; i < 13; i++) {
		make(0);
		switch (i) {
		case 0:
			sb.major = 0;
			break;
		case 1:
			sb.major = 5;
			break;
		case 2:
			sb.head_chunks = 0;
			break;
		case 3:
			sb.head_bytes = 44;
			break;
		case 4:
			sb.head_bytes = 514;
			break;
		case 5:
			sb.flags = 2;
			break;
		case 6:
			sb.consumed = 3;
			break;
		case 7:
			sb.record_chunks = 0;
			break;
		case 8:
			sb.modules = (const uint8_t *)"\0\0\1";
			break;
		case 9:
			rec.type = 0;
			break;
		case 10:
			rec.flags = 4;
			break;
		case 11:
			rec.len -= 4;
			break;
		case 12:
			rec.entries[0] = 0;
			break;
		}
		wr_fixed(&w, x, sizeof(x));
		setupbin_write(&w, &sb);
		setupbin_record_write(&w, &sb, &rec);
		if (!w.failed)
			fail_msg("change %d was written", i);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_has_these_bytes),
		cmocka_unit_test(scrambling_adds_to_all_behind_the_header),
		cmocka_unit_test(scrambled_records_read_as_plain_ones),
		cmocka_unit_test(each_rule_of_the_layout_is_held),
		cmocka_unit_test(a_scrambled_record_needs_version_4),
		cmocka_unit_test(every_prefix_is_refused_and_so_is_a_byte_more),
		cmocka_unit_test(a_consumed_record_may_have_type_0),
		cmocka_unit_test(
		    an_empty_module_list_of_full_length_is_read_and_kept),
		cmocka_unit_test(large_headers_and_records_come_back),
		cmocka_unit_test(offsets_of_huge_counts_do_not_wrap),
		cmocka_unit_test(entries_are_added_as_far_as_they_fit),
		cmocka_unit_test(a_full_record_needs_no_end_mark),
		cmocka_unit_test(nothing_is_written_that_would_not_be_read),
	};

	return cmocka_run_group_tests_name("tests", tests, NULL, NULL);
}
