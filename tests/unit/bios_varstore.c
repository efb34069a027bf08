/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <string.h>

#include "tests/storeadd.h"
#include "tests/vendor.h"

static const char *const both[] = { "plain", "authenticated" };

static void
added_variables_are_read_back(void **state)
{
	static uint8_t p[STORE_VOLUME];
	char name[VARSTORE_NAME];
	struct varstore_var v;

	(void)state;
	for (int auth = 0; auth < 2; auth++) {
		struct varstore s;
		size_t at = 0;

		print_message("%s store\n", both[auth]);
		store_make(p, auth);
		assert_true(store_put(p, sizeof(p), "One", "12345", 5) > 0);
		assert_true(store_put(p, sizeof(p), "Two", "", 0) > 0);
		s = store_open(p, sizeof(p));
		assert_null(s.why);
		assert_int_equal(s.auth, auth);
		assert_true(varstore_next(&s, &at, &v));
		assert_int_equal(v.off, STORE_FIRST);
		assert_int_equal(v.size, (auth ? 60 : 32) + 8 + 5);
		assert_int_equal(v.attrs, 3);
		assert_memory_equal(v.data, "12345", 5);
		varstore_text(&v, name);
		assert_string_equal(name, "One");
		assert_true(varstore_next(&s, &at, &v));
		assert_int_equal(v.off % 4, 0);
		assert_int_equal(v.len, 0);
		assert_false(varstore_next(&s, &at, &v));
		assert_int_equal(s.free % 4, 0);
	}
}

static void
store_takes_variables_to_its_last_byte_and_no_more(void **state)
{
	static uint8_t data[STORE_SIZE];
	static uint8_t p[STORE_VOLUME];
	size_t room = STORE_AT + STORE_SIZE - STORE_FIRST - 60 - 4;
	struct varstore s;

	(void)state;
	store_make(p, true);
	assert_int_equal(store_put(p, sizeof(p), "X", data, room + 1), 0);
	assert_true(store_put(p, sizeof(p), "X", data, room) > 0);
	s = store_open(p, sizeof(p));
	assert_null(s.why);
	assert_int_equal(s.free, s.end);
	assert_int_equal(store_put(p, sizeof(p), "Y", data, 0), 0);
}

static void
a_full_store_says_how_much_is_free(void **state)
{
	static uint8_t data[STORE_SIZE];
	static uint8_t p[STORE_VOLUME];
	struct varstore_add add = {
		.name = { .name = "Big" }, .data = data, .len = sizeof(data)
	};
	struct varstore s;
	struct err e;
	struct wr w;

	(void)state;
	store_make(p, true);
	s = store_open(p, sizeof(p));
	err_clear(&e);
	wr_grow(&w, 0x10000);
	assert_int_equal(varstore_entry(&s, &add, &w, &e), ERR_DATA);
	assert_ptr_equal(e.reason, reason_get(REASON_IMAGE_STORE_FULL));
	assert_non_null(strstr(e.msg, "needs 4164 bytes, but 4068 are free"));
	assert_int_equal(e.offset, STORE_FIRST);
	assert_int_equal(w.len, 0);
	wr_free(&w);
}

static void
only_added_and_replaced_variables_are_live(void **state)
{
	static const struct {
		uint8_t state;
		bool live;
		const char *name;
	} rows[] = { { 0x3F, true, "added" }, { 0x3E, true, "being replaced" },
		{ 0x3C, false, "deleted" }, { 0x3D, false, "deleted" },
		{ 0x7F, false, "header only" }, { 0x00, false, "unknown" } };
	struct varstore_name want = { .name = "V" };
	static uint8_t p[STORE_VOLUME];
	struct varstore_var v;

	(void)state;
	uuid_parse(&want.guid, "00112233-4455-6677-8899-aabbccddeeff");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct varstore s;
		size_t at = 0;

		store_make(p, true);
		store_put(p, sizeof(p), "V", "1", 1);
		p[STORE_FIRST + 2] = rows[i].state;
		s = store_open(p, sizeof(p));
		assert_null(s.why);
		assert_int_equal(
		    varstore_find(&s, &want, &at, &v), rows[i].live);
		at = 0;
		assert_true(varstore_next(&s, &at, &v));
		assert_string_equal(v.life, rows[i].name);
	}
}

static void
a_name_is_found_by_guid_and_every_character(void **state)
{
	struct varstore_name want = { .name = "Name" };
	static uint8_t p[STORE_VOLUME];
	struct varstore_var v;
	struct varstore s;
	size_t at = 0;

	(void)state;
	store_make(p, true);
	store_put(p, sizeof(p), "Nam", "1", 1);
	store_put(p, sizeof(p), "Names", "2", 1);
	store_put(p, sizeof(p), "Name", "3", 1);
	s = store_open(p, sizeof(p));
	assert_false(varstore_find(&s, &want, &at, &v)); /* another GUID */
	uuid_parse(&want.guid, "00112233-4455-6677-8899-aabbccddeeff");
	at = 0;
	assert_true(varstore_find(&s, &want, &at, &v));
	assert_int_equal(v.data[0], '3');
	assert_false(varstore_find(&s, &want, &at, &v));
}

static void
a_header_cut_off_while_written_is_stepped_over(void **state)
{
	static uint8_t p[STORE_VOLUME];
	struct varstore_var v;
	struct varstore s;
	size_t at = 0;

	(void)state;
	store_make(p, true);
	put_u16le(p + STORE_FIRST, 0x55AA);
	assert_true(store_put(p, sizeof(p), "V", "1", 1) > 0);
	s = store_open(p, sizeof(p));
	assert_null(s.why);
	assert_true(varstore_next(&s, &at, &v));
	assert_string_equal(v.life, "torn");
	assert_true(varstore_next(&s, &at, &v));
	assert_int_equal(v.off, STORE_FIRST + 60);
}

/* One broken byte, or a few, each with the refusal it must give. */
static const struct broken {
	const char *what;
	size_t at;
	uint8_t value;
	enum reason_id reason;
	size_t said;
} broken[] = {
	{ "checksum", 0x32, 0x55, REASON_IMAGE_STORE_BROKEN, 0 },
	{ "volume length", 0x22, 0xFF, REASON_IMAGE_STORE_BROKEN, 0 },
	{ "header length", 0x30, 0x10, REASON_IMAGE_STORE_BROKEN, 0 },
	{ "format", STORE_AT, 0x01, REASON_IMAGE_NO_STORE, STORE_AT },
	{ "store size", STORE_AT + 18, 1, REASON_IMAGE_STORE_BROKEN,
	    STORE_AT + 16 },
	{ "not formatted", STORE_AT + 20, 0xFF, REASON_IMAGE_STORE_BROKEN,
	    STORE_AT + 20 },
	{ "not healthy", STORE_AT + 21, 0xFF, REASON_IMAGE_STORE_BROKEN,
	    STORE_AT + 21 },
	{ "behind the end", STORE_AT + STORE_SIZE - 1, 0xFE,
	    REASON_IMAGE_STORE_BROKEN, STORE_AT + STORE_SIZE - 1 },
	{ "variable size", STORE_FIRST + 0x2A, 1, REASON_IMAGE_STORE_BROKEN,
	    STORE_FIRST },
	{ "write queued", STORE_QUEUE, 0xFE, REASON_IMAGE_FTW_PENDING,
	    STORE_QUEUE },
	{ "write in the middle", STORE_QUEUE + 500, 0, REASON_IMAGE_FTW_PENDING,
	    STORE_QUEUE + 500 },
	{ "block damaged", STORE_FTW + 24, 0xE1, REASON_IMAGE_STORE_BROKEN,
	    STORE_FTW },
	{ "block moved", STORE_FTW + 20, 0xFC, REASON_IMAGE_FTW_PENDING,
	    STORE_FTW + 20 },
};

static void
every_broken_store_is_refused_with_its_offset(void **state)
{
	static uint8_t p[STORE_VOLUME];

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		const struct broken *b = &broken[i];
		struct varstore s;
		struct err e;

		print_message("%s\n", b->what);
		store_make(p, true);
		store_put(p, sizeof(p), "V", "1", 1);
		p[b->at] = b->value;
		s = store_open(p, sizeof(p));
		err_clear(&e);
		assert_int_equal(varstore_refuse(&s, &e), ERR_DATA);
		assert_ptr_equal(e.reason, reason_get(b->reason));
		assert_int_equal(e.offset, b->said);
		assert_int_equal(store_put(p, sizeof(p), "W", "1", 1), 0);
	}
}

static void
finished_writes_in_the_queue_are_no_obstacle(void **state)
{
	static uint8_t p[STORE_VOLUME];
	uint8_t *q = p + STORE_QUEUE;

	(void)state;
	store_make(p, true);
	for (int i = 0; i < 2; i++, q += 80 + 7) {
		q[0] = 0xF8; /* allocated, records allocated, complete */
		put_u64le(q + 24, 1);
		put_u64le(q + 32, 7);
		memset(q + 40, 0xAA, 47);
	}
	assert_null(store_open(p, sizeof(p)).why);
	q[0] = 0xFC; /* a third one, not complete */
	assert_non_null(store_open(p, sizeof(p)).why);
}

static void
queue_that_claims_to_be_endless_is_pending(void **state)
{
	static uint8_t p[STORE_VOLUME];

	(void)state;
	store_make(p, true);
	p[STORE_QUEUE] = 0xF8;
	put_u64le(p + STORE_QUEUE + 24, UINT64_MAX);
	put_u64le(p + STORE_QUEUE + 32, UINT64_MAX - 40);
	assert_int_equal(
	    store_open(p, sizeof(p)).reason, REASON_IMAGE_FTW_PENDING);
}

static void
erased_volume_has_no_store(void **state)
{
	static uint8_t p[STORE_VOLUME];
	struct varstore s;

	(void)state;
	store_make(p, true);
	memset(p + STORE_AT, 0xFF, 28);
	s = store_open(p, sizeof(p));
	assert_int_equal(s.reason, REASON_IMAGE_NO_STORE);
	assert_string_equal(s.why, "the store is erased, not formatted");
}

static void
foreign_characters_of_a_name_are_shown_as_question_marks(void **state)
{
	static uint8_t p[STORE_VOLUME];
	char name[VARSTORE_NAME];
	struct varstore_var v;
	struct varstore s;
	size_t at = 0;

	(void)state;
	store_make(p, true);
	store_put(p, sizeof(p), "Abc", "1", 1);
	put_u16le(p + STORE_FIRST + 60, 0x20AC);
	put_u16le(p + STORE_FIRST + 62, 0x1B);
	s = store_open(p, sizeof(p));
	assert_true(varstore_next(&s, &at, &v));
	varstore_text(&v, name);
	assert_string_equal(name, "\?\?c");
}

/* ---- properties ---- */

#define ROUNDS 400
#define KINDS 7

static uint32_t
next_random(uint32_t *x)
{
	*x = *x * 1664525 + 1013904223;
	return *x >> 8;
}

/* A store of that kind with a few variables of random sizes and states. */
static void
random_store(uint8_t *p, unsigned kind, uint32_t *x)
{
	static const uint8_t states[] = { 0x3F, 0x3F, 0x3E, 0x3C, 0x7F };
	static const char data[200] = "value";
	bool auth = kind & 1, vss = kind >= 2 && kind < 6;
	size_t align = kind == 2 || kind == 3 ? 1 : 4, at, n;

	if (kind == 6)
		vendor_nvar_make(p);
	else if (vss)
		vendor_vss_make(p);
	else
		store_make(p, auth);
	at = kind == 6 ? VENDOR_BODY : vss ? STORE_AT + 16 : STORE_FIRST;
	for (n = 1 + next_random(x) % 8; n > 0; n--) {
		size_t was = at, len = next_random(x) % sizeof(data);
		struct vendor_entry v = { 0x02, 0, -1, "Name", data, len, NULL,
			0 };

		if (kind == 6) {
			v.attrs |= (next_random(x) & 0xC0) | 4;
			at += vendor_nvar_entry(p + at, &v);
			continue;
		}
		at += vendor_vss_var(p + at, auth, "Name", data, len);
		p[was + 2] = states[next_random(x) % sizeof(states)];
		at = (at + align - 1) & ~(align - 1);
	}
	if (kind == 6)
		vendor_nvar_table(p, next_random(x) % 4);
}

static void
what_is_added_leaves_all_else_as_it_was(void **state)
{
	static uint8_t p[STORE_VOLUME];
	uint32_t x = 20261126;
	size_t fit = 0;

	(void)state;
	print_message("seed %u\n", (unsigned)x);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct varstore s;

		random_store(p, i % KINDS, &x);
		s = store_open(p, sizeof(p));
		storeadd_walk(&s);
		if (s.why != NULL)
			continue;
		storeadd_try(p, sizeof(p), &s, next_random(&x) % 3000);
		fit++;
	}
	/* A $VSS store of one variable may fit two ways. */
	assert_true(fit > ROUNDS * 3 / 4);
}

/* A programmer that stops anywhere in an entry. */
static void
an_entry_cut_off_anywhere_leaves_the_others_as_they_were(void **state)
{
	static uint8_t p[STORE_VOLUME], q[STORE_VOLUME];
	uint32_t x = 4;

	(void)state;
	for (unsigned kind = 0; kind < KINDS; kind++) {
		size_t took, cut;
		struct varstore s;

		do {
			random_store(p, kind, &x);
			s = store_open(p, sizeof(p));
		} while (s.why != NULL);
		memcpy(q, p, sizeof(q));
		took = store_put(q, sizeof(q), "Added", "0123456789", 10);
		assert_true(took > 0);
		for (cut = 0; cut < took; cut++) {
			struct varstore_var a, b;
			struct varstore t;
			size_t ia = 0, ib = 0;

			memset(q + s.free + cut, 0xFF, took - cut);
			t = store_open(q, sizeof(q));
			storeadd_walk(&t);
			while (varstore_next(&s, &ia, &a)) {
				assert_true(varstore_next(&t, &ib, &b));
				assert_int_equal(a.off, b.off);
				assert_int_equal(a.size, b.size);
				assert_int_equal(a.live, b.live);
			}
			memcpy(q, p, sizeof(q));
			store_put(q, sizeof(q), "Added", "0123456789", 10);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(added_variables_are_read_back),
		cmocka_unit_test(
		    store_takes_variables_to_its_last_byte_and_no_more),
		cmocka_unit_test(a_full_store_says_how_much_is_free),
		cmocka_unit_test(only_added_and_replaced_variables_are_live),
		cmocka_unit_test(a_name_is_found_by_guid_and_every_character),
		cmocka_unit_test(
		    a_header_cut_off_while_written_is_stepped_over),
		cmocka_unit_test(every_broken_store_is_refused_with_its_offset),
		cmocka_unit_test(finished_writes_in_the_queue_are_no_obstacle),
		cmocka_unit_test(queue_that_claims_to_be_endless_is_pending),
		cmocka_unit_test(erased_volume_has_no_store),
		cmocka_unit_test(
		    foreign_characters_of_a_name_are_shown_as_question_marks),
		cmocka_unit_test(what_is_added_leaves_all_else_as_it_was),
		cmocka_unit_test(
		    an_entry_cut_off_anywhere_leaves_the_others_as_they_were),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
