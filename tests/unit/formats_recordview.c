/* SPDX-License-Identifier: Apache-2.0 */
/* The one file that a BIOS embeds, over the vectors. */
#include "tests/unit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "tests/reader.h"

#include "amtforge-record-reader.c"

#define VECTORS "tests/vectors/formats_record"

static uint8_t *
load(const char *name, size_t *n)
{
	char path[512];
	uint8_t *p = NULL;
	struct err e = { 0 };

	snprintf(path, sizeof(path), VECTORS "/%s", name);
	assert_int_equal(file_read(path, RECORDVIEW_MAX, &p, n, &e), ERR_OK);
	return p;
}

static void
it_takes_the_good_vectors_and_no_bad_one(void **state)
{
	size_t n, good = 0, bad = 0;
	struct recordview v;
	struct dirent *d;
	DIR *dir = opendir(VECTORS);

	(void)state;
	assert_non_null(dir);
	while ((d = readdir(dir)) != NULL) {
		uint8_t *p;
		bool is_good = strncmp(d->d_name, "good-", 5) == 0;

		if (!is_good && strncmp(d->d_name, "bad-", 4) != 0)
			continue;
		p = load(d->d_name, &n);
		if (recordview_open(&v, p, n) != is_good)
			fail_msg("%s: %s", d->d_name, v.why);
		assert_int_equal(v.why == NULL, is_good);
		assert_true(v.at <= n);
		good += is_good;
		bad += !is_good;
		free(p);
	}
	closedir(dir);
	assert_true(good >= 3 && bad >= 11);
}

static void
getters_hand_out_what_is_there(void **state)
{
	size_t n;
	uint8_t *p = load("good-psk.bin", &n);
	char out[33], small[8];
	struct recordview_entry e;
	struct recordview_hash h;
	struct recordview v;

	(void)state;
	assert_true(recordview_open(&v, p, n));
	assert_int_equal(
	    recordview_text(&v, RECORDVIEW_PPS, out, sizeof(out)), 32);
	assert_int_equal(strlen(out), 32);
	/* no room: nothing, and a text that ends */
	assert_int_equal(
	    recordview_text(&v, RECORDVIEW_PPS, small, sizeof(small)), 0);
	assert_string_equal(small, "");
	assert_int_equal(
	    recordview_text(&v, RECORDVIEW_OTP, out, sizeof(out)), 0);
	assert_int_equal(recordview_number(&v, RECORDVIEW_SERVER_PORT, 7), 7);
	assert_true(recordview_find(&v, RECORDVIEW_UUID, &e));
	assert_int_equal(e.n, 16);
	assert_false(recordview_find(&v, RECORDVIEW_KEY, &e));
	assert_false(recordview_hash(&v, RECORDVIEW_HASHES, &h));
	free(p);
}

static void
a_length_is_told_by_a_sound_header_only(void **state)
{
	size_t n;
	uint8_t *p = load("good-everything.bin", &n), *room = malloc(8192);

	(void)state;
	assert_non_null(room);
	memset(room, 0xFF, 8192);
	assert_int_equal(recordview_length(room, 8192), 0);
	memcpy(room, p, n);
	assert_int_equal(recordview_length(room, 8192), n);
	assert_int_equal(recordview_length(room, n), n);
	assert_int_equal(recordview_length(room, n - 1), 0);
	for (size_t i = 0; i < 8 * RECORDVIEW_HEADER; i++) {
		room[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(recordview_length(room, 8192), 0);
		room[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	free(room);
	free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_takes_the_good_vectors_and_no_bad_one),
		cmocka_unit_test(getters_hand_out_what_is_there),
		cmocka_unit_test(a_length_is_told_by_a_sound_header_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
