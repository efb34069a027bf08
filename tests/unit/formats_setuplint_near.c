/* SPDX-License-Identifier: Apache-2.0 */
/* What is no Setup.bin, but what people take for one, is named. */
#include "tests/unit.h"

#include <string.h>

#include "formats/setuplint.h"

static uint8_t x[1 << 16];
static struct setuplint_found last;
static size_t told;

static void
note(void *arg, const struct setuplint_found *f)
{
	(void)arg;
	last = *f;
	told++;
}

/* The only finding of these bytes; its detail. */
static const char *
only(const uint8_t *p, size_t n, enum finding_id id)
{
	const struct setuplint_opts opts = { 0 };
	const struct setuplint_sink sink = { note, NULL };
	struct setuplint_sum sum;
	struct err e = { 0 };

	told = 0;
	assert_int_equal(setuplint_run(p, n, &opts, &sink, &sum, &e), ERR_OK);
	assert_int_equal(told, 1);
	assert_string_equal(
	    finding_get(last.id)->reason.code, finding_get(id)->reason.code);
	assert_int_equal(last.off, 0);
	assert_int_equal(sum.errors, 1);
	assert_int_equal(sum.unreadable, 1);
	return last.detail;
}

static void
a_disk_of_any_size_is_one(void **state)
{
	(void)state;
	memset(x, 0, sizeof(x));
	x[510] = 0x55;
	x[511] = 0xaa;
	for (size_t n = 512; n <= sizeof(x); n += 1000)
		assert_string_equal(only(x, n, FINDING_DISK_IMAGE),
		    "no SETUP.BIN was found on it");
	/* a partition that lies behind the end */
	x[446 + 4] = 0x0e;
	x[446 + 8] = 1;
	x[446 + 14] = 1;
	only(x, sizeof(x), FINDING_DISK_IMAGE);
	x[446 + 11] = 0xff;
	only(x, sizeof(x), FINDING_DISK_IMAGE);
}

static void
json_begins_with_a_brace_behind_blanks(void **state)
{
	static const uint8_t text[] = " \t\r\n{}", list[] = "[]";
	static const uint8_t nul[] = { ' ', 0, '{' }, word[] = "records";

	(void)state;
	assert_null(only(text, sizeof(text) - 1, FINDING_JSON_TEXT));
	assert_null(only(text + 4, 1, FINDING_JSON_TEXT));
	only(list, sizeof(list) - 1, FINDING_JSON_TEXT);
	told = 0;
	for (size_t n = 0; n < 5; n++) {
		const struct setuplint_opts opts = { 0 };
		const struct setuplint_sink sink = { note, NULL };
		struct setuplint_sum sum;
		struct err e = { 0 };

		setuplint_run(
		    n < 4 ? text : word, n < 4 ? n : 7, &opts, &sink, &sum, &e);
		assert_int_equal(last.id, SETUPBIN_TRUNCATED);
	}
	assert_int_equal(told, 5);
	told = 0;
	only(text + 4, 2, FINDING_JSON_TEXT);
	setuplint_run(nul, sizeof(nul), &(struct setuplint_opts){ 0 },
	    &(struct setuplint_sink){ note, NULL },
	    &(struct setuplint_sum){ 0 }, &(struct err){ 0 });
	assert_int_equal(last.id, SETUPBIN_TRUNCATED);
}

static void
a_setup_bin_that_ends_its_first_sector_so_is_none(void **state)
{
	struct setupbin sb;
	struct wr w;

	(void)state;
	setupbin_init(&sb, 4, 0);
	wr_fixed(&w, x, sizeof(x));
	setupbin_write(&w, &sb);
	assert_false(w.failed);
	x[510] = 0x55;
	x[511] = 0xaa;
	told = 0;
	setuplint_run(x, w.len, &(struct setuplint_opts){ 0 },
	    &(struct setuplint_sink){ note, NULL },
	    &(struct setuplint_sum){ 0 }, &(struct err){ 0 });
	assert_true(told > 1);
	assert_int_not_equal(last.id, FINDING_DISK_IMAGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_disk_of_any_size_is_one),
		cmocka_unit_test(json_begins_with_a_brace_behind_blanks),
		cmocka_unit_test(
		    a_setup_bin_that_ends_its_first_sector_so_is_none),
	};

	return cmocka_run_group_tests_name("tests", tests, NULL, NULL);
}
