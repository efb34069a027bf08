/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/onefolder.h"

static unsigned
mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 0777;
}

static size_t
files_in(const char *path)
{
	DIR *d = opendir(path);
	size_t n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 2;
}

static void
check_text(const char *path, const char *want)
{
	struct err e = { 0 };
	uint8_t *p;
	size_t n;

	assert_int_equal(file_read(path, 1000, &p, &n, &e), 0);
	assert_int_equal(n, strlen(want));
	assert_string_equal((char *)p, want);
	free(p);
}

static void
an_existing_target_is_kept_unless_replacing_is_asked(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(file_write("a", FILE_NEW, "one", 3, &e), 0);
	assert_int_equal(mode_of("a"), 0644);
	assert_int_equal(file_write("a", FILE_NEW, "two", 3, &e), ERR_CREATE);
	assert_non_null(strstr(e.msg, "a: exists already"));
	check_text("a", "one");
	err_clear(&e);
	assert_int_equal(file_write("a", FILE_REPLACE, "two", 3, &e), 0);
	check_text("a", "two");
	assert_int_equal(files_in("."), 1); /* no temporary is left */
	unlink("a");
}

static void
a_dangling_link_is_an_existing_target(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(symlink("elsewhere", "link"), 0);
	assert_int_equal(file_write("link", FILE_NEW, "x", 1, &e), ERR_CREATE);
	assert_false(file_exists("elsewhere"));
	unlink("link");
}

static void
a_secret_file_is_for_its_owner_alone(void **state)
{
	struct secret s = { 0 }, back = { 0 };
	struct err e = { 0 };

	(void)state;
	umask(0);
	assert_int_equal(secret_set(&s, "key", 3, &e), 0);
	assert_int_equal(file_create_secret("k", &s, &e), 0);
	assert_int_equal(mode_of("k"), 0600);
	assert_int_equal(file_create_secret("k", &s, &e), ERR_CREATE);
	err_clear(&e);
	assert_int_equal(
	    file_write("k", FILE_SECRET | FILE_REPLACE, "new", 3, &e), 0);
	assert_int_equal(mode_of("k"), 0600);
	assert_int_equal(file_read_secret("k", 3, &back, &e), 0);
	assert_string_equal((char *)back.p, "new");
	secret_free(&s);
	secret_free(&back);
	umask(022);
	unlink("k");
}

/* What is no regular file, or one that tells no size. */
static void
a_file_without_a_size_is_read_to_its_end(void **state)
{
	struct err e = { 0 };
	uint8_t *p;
	size_t n;

	(void)state;
	assert_int_equal(file_read("/proc/self/status", 65536, &p, &n, &e), 0);
	assert_true(n > 100 && strlen((char *)p) == n);
	free(p);
	assert_int_equal(file_read("/dev/null", 9, &p, &n, &e), 0);
	assert_int_equal(n, 0);
	assert_string_equal((char *)p, "");
	free(p);
}

static void
what_cannot_be_read_is_told_apart(void **state)
{
	struct err e = { 0 };
	uint8_t *p;
	size_t n;

	(void)state;
	assert_int_equal(file_read("none", 9, &p, &n, &e), ERR_NOINPUT);
	err_clear(&e);
	assert_int_equal(file_read(".", 9, &p, &n, &e), ERR_NOINPUT);
	err_clear(&e);
	assert_int_equal(file_write("ten", FILE_NEW, "0123456789", 10, &e), 0);
	assert_int_equal(file_read("ten", 9, &p, &n, &e), ERR_DATA);
	assert_non_null(strstr(e.msg, "larger than 9 bytes"));
	assert_null(p);
	err_clear(&e);
	assert_int_equal(file_read("/dev/zero", 100000, &p, &n, &e), ERR_DATA);
	unlink("ten");
}

static void
a_failed_write_leaves_nothing(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(mkdir("d", 0755), 0);
	assert_int_equal(file_write("d", FILE_REPLACE, "x", 1, &e), ERR_CREATE);
	err_clear(&e);
	assert_int_equal(
	    file_write("no/where", FILE_NEW, "x", 1, &e), ERR_CREATE);
	assert_int_equal(files_in("."), 1);
	rmdir("d");
}

/* As root it would take the place of /dev/null. */
static void
what_is_no_file_is_never_replaced(void **state)
{
	struct err e = { 0 };
	struct stat st;

	(void)state;
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(symlink("fifo", "link"), 0);
	assert_int_equal(
	    file_write("fifo", FILE_REPLACE, "x", 1, &e), ERR_CREATE);
	assert_non_null(strstr(e.msg, "not a regular file"));
	err_clear(&e);
	assert_int_equal(
	    file_write("link", FILE_REPLACE, "x", 1, &e), ERR_CREATE);
	assert_int_equal(lstat("fifo", &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	assert_int_equal(lstat("link", &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(files_in("."), 2);
	unlink("fifo");
	unlink("link");
}

static void
an_output_in_pieces_is_there_when_committed(void **state)
{
	struct file_out *out, *spool;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(file_out_spool("pieces", &spool, &e), 0);
	assert_int_equal(files_in("."), 0); /* it has no name */
	assert_int_equal(file_out_write(spool, "behind", 6, &e), 0);
	assert_int_equal(file_out_new("pieces", FILE_NEW, &out, &e), 0);
	assert_int_equal(file_out_write(out, "before ", 7, &e), 0);
	assert_int_equal(file_out_copy(out, spool, &e), 0);
	assert_false(file_exists("pieces"));
	assert_int_equal(file_out_commit(out, &e), 0);
	file_out_free(out);
	file_out_free(spool);
	check_text("pieces", "before behind");
	assert_int_equal(mode_of("pieces"), 0644);
	assert_int_equal(file_out_new("pieces", FILE_REPLACE, &out, &e), 0);
	assert_int_equal(file_out_write(out, "other", 5, &e), 0);
	file_out_free(out); /* given up */
	check_text("pieces", "before behind");
	assert_int_equal(files_in("."), 1);
	unlink("pieces");
}

static void
a_mapping_shows_the_file(void **state)
{
	const uint8_t *p = NULL;
	struct err e = { 0 };
	size_t n;

	(void)state;
	assert_int_equal(file_write("m", FILE_NEW, "hello", 5, &e), 0);
	assert_int_equal(file_map("m", &p, &n, &e), 0);
	assert_int_equal(n, 5);
	assert_memory_equal(p, "hello", 5);
	file_unmap(p, n);
	assert_int_equal(file_write("m", FILE_REPLACE, "", 0, &e), 0);
	assert_int_equal(file_map("m", &p, &n, &e), ERR_DATA);
	err_clear(&e);
	assert_int_equal(file_map("none", &p, &n, &e), ERR_NOINPUT);
	err_clear(&e);
	assert_int_equal(file_map(".", &p, &n, &e), ERR_NOINPUT);
	/* A FIFO that nobody writes to is not waited for. */
	err_clear(&e);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	alarm(60);
	assert_int_equal(file_map("fifo", &p, &n, &e), ERR_NOINPUT);
	alarm(0);
	unlink("fifo");
	unlink("m");
}

static void
a_folder_is_made_once(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(file_mkdir("new", 0700, &e), 0);
	assert_int_equal(mode_of("new"), 0700);
	assert_int_equal(file_mkdir("new", 0700, &e), 0);
	assert_int_equal(file_write("f", FILE_NEW, "x", 1, &e), 0);
	assert_int_equal(file_mkdir("f", 0700, &e), ERR_CREATE);
	err_clear(&e);
	assert_int_equal(file_mkdir("a/b", 0700, &e), ERR_CREATE);
	unlink("f");
	rmdir("new");
}

static void
paths_are_joined_within_their_room(void **state)
{
	struct err e = { 0 };
	char out[12];

	(void)state;
	assert_int_equal(file_join(out, sizeof(out), "abc", "def", &e), 0);
	assert_string_equal(out, "abc/def");
	assert_int_equal(
	    file_join(out, sizeof(out), "abcdef", "ghijk", &e), ERR_USAGE);
	err_clear(&e);
	assert_int_equal(
	    file_beside(out, sizeof(out), "x/y.cfg", "r.pem", &e), 0);
	assert_string_equal(out, "x/r.pem");
	assert_int_equal(
	    file_beside(out, sizeof(out), "y.cfg", "r.pem", &e), 0);
	assert_string_equal(out, "r.pem");
	assert_int_equal(
	    file_beside(out, sizeof(out), "x/y.cfg", "/r.pem", &e), 0);
	assert_string_equal(out, "/r.pem");
}

static void
a_file_with_holes_is_written_whole(void **state)
{
	struct file_out *o = NULL;
	struct err e = { 0 };
	struct stat st;
	uint8_t *p = NULL;
	size_t n = 0;

	(void)state;
	assert_int_equal(
	    file_out_new("holes", FILE_NEW | FILE_SECRET, &o, &e), ERR_OK);
	assert_int_equal(file_out_size(o, 4 << 20, &e), ERR_OK);
	assert_int_equal(file_out_write_at(o, 2 << 20, "two", 3, &e), ERR_OK);
	assert_int_equal(file_out_write_at(o, 512, "one", 3, &e), ERR_OK);
	assert_false(file_exists("holes"));
	assert_int_equal(file_out_commit(o, &e), ERR_OK);
	file_out_free(o);
	assert_int_equal(stat("holes", &st), 0);
	assert_int_equal(st.st_size, 4 << 20);
	assert_true(st.st_blocks * 512 <= 1 << 20);
	assert_int_equal(mode_of("holes"), 0600);
	assert_int_equal(file_read("holes", 4 << 20, &p, &n, &e), ERR_OK);
	assert_memory_equal(p + 512, "one", 3);
	assert_memory_equal(p + (2 << 20), "two", 3);
	memset(p + 512, 0, 3);
	memset(p + (2 << 20), 0, 3);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(p[i], 0);
	free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    an_existing_target_is_kept_unless_replacing_is_asked),
		cmocka_unit_test(a_dangling_link_is_an_existing_target),
		cmocka_unit_test(a_secret_file_is_for_its_owner_alone),
		cmocka_unit_test(a_file_without_a_size_is_read_to_its_end),
		cmocka_unit_test(what_cannot_be_read_is_told_apart),
		cmocka_unit_test(a_failed_write_leaves_nothing),
		cmocka_unit_test(what_is_no_file_is_never_replaced),
		cmocka_unit_test(an_output_in_pieces_is_there_when_committed),
		cmocka_unit_test(a_mapping_shows_the_file),
		cmocka_unit_test(a_folder_is_made_once),
		cmocka_unit_test(paths_are_joined_within_their_room),
		cmocka_unit_test(a_file_with_holes_is_written_whole),
	};

	return cmocka_run_group_tests(tests, folder_enter, folder_leave);
}
