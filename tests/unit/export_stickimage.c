/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "export/stickimage.h"

static char path[64];
static struct stick *stick;

/* Three sectors and a bit, each of its number. */
static int
start(void **unused)
{
	uint8_t sector[STICK_SECTOR];
	struct err e = { 0 };
	int fd;

	(void)unused;
	strcpy(path, "/tmp/amtforge-stickimage.XXXXXX");
	if ((fd = mkstemp(path)) == -1)
		return -1;
	for (int i = 0; i < 4; i++) {
		memset(sector, i, sizeof(sector));
		if (write(fd, sector, i < 3 ? sizeof(sector) : 7) < 7)
			return -1;
	}
	close(fd);
	return (int)stickimage_open(path, &stick, &e);
}

static int
end(void **unused)
{
	(void)unused;
	stick_close(stick);
	return unlink(path);
}

static void
whole_sectors_are_read_at_their_place(void **unused)
{
	uint8_t got[2 * STICK_SECTOR];
	struct err e = { 0 };

	(void)unused;
	assert_int_equal(stick->info.sectors, 3);
	assert_int_equal(stick_read(stick, 1, got, sizeof(got), &e), ERR_OK);
	assert_int_equal(got[0], 1);
	assert_int_equal(got[STICK_SECTOR - 1], 1);
	assert_int_equal(got[STICK_SECTOR], 2);
}

static void
what_is_behind_the_end_or_was_cut_off_is_told(void **unused)
{
	uint8_t got[2 * STICK_SECTOR];
	struct err e = { 0 };

	(void)unused;
	assert_int_equal(stick_read(stick, 3, got, sizeof(got), &e), ERR_IO);
	err_clear(&e);
	assert_int_equal(truncate(path, STICK_SECTOR + 9), 0);
	assert_int_equal(stick_read(stick, 0, got, sizeof(got), &e), ERR_IO);
	assert_non_null(strstr(e.msg, "sector 1: the file became shorter"));
}

static void
an_image_is_not_written_and_says_so_before(void **unused)
{
	const struct stick_allow all = { true, true };
	uint8_t ones[STICK_SECTOR];
	struct err e = { 0 };

	(void)unused;
	assert_int_equal(stick_may_use(&stick->info, &all, &e), ERR_PERM);
	err_clear(&e);
	memset(ones, 0xff, sizeof(ones));
	assert_int_equal(
	    stick_write(stick, 1, ones, sizeof(ones), &e), ERR_PERM);
	err_clear(&e);
	assert_int_equal(stick_read(stick, 1, ones, sizeof(ones), &e), ERR_OK);
	assert_int_equal(ones[0], 1);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, start, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(whole_sectors_are_read_at_their_place),
		CASE(what_is_behind_the_end_or_was_cut_off_is_told),
		CASE(an_image_is_not_written_and_says_so_before),
	};

	return cmocka_run_group_tests_name("tests", tests, NULL, NULL);
}
