/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/filegroup.h"
#include "tests/onefolder.h"

struct told {
	size_t n;
	uint64_t tag[300];
	enum err_code code[300];
};

static void
tell(void *arg, uint64_t tag, struct err *e)
{
	struct told *t = arg;

	t->tag[t->n] = tag;
	t->code[t->n++] = e->code;
}

static struct filegroup *
open_group(const char *path, struct told *t)
{
	struct filegroup *g;
	struct err e = { 0 };

	memset(t, 0, sizeof(*t));
	assert_int_equal(filegroup_open(path, tell, t, &g, &e), ERR_OK);
	return g;
}

static void
put(struct filegroup *g, const char *name, int how, const char *text)
{
	struct err e = { 0 };

	assert_int_equal(filegroup_put(g, name, how, text, strlen(text),
			     (uint64_t)name[0], &e),
	    ERR_OK);
}

static void
commit(struct filegroup *g)
{
	struct err e = { 0 };

	assert_int_equal(filegroup_commit(g, &e), ERR_OK);
}

static enum filegroup_there
look(struct filegroup *g, const char *name, const char *text)
{
	enum filegroup_there there;
	struct err e = { 0 };

	assert_int_equal(
	    filegroup_look(g, name, text, strlen(text), &there, &e), ERR_OK);
	return there;
}

static void
names_in(const char *path, const char *want)
{
	char cmd[128], got[256] = "";
	FILE *f;

	snprintf(cmd, sizeof(cmd), "ls -A %s | tr '\\n' ' '", path);
	f = popen(cmd, "r");
	assert_non_null(f);
	if (fgets(got, sizeof(got), f) == NULL)
		got[0] = 0;
	pclose(f);
	assert_string_equal(got, want);
}

static unsigned
mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 0777;
}

static void
files_are_there_behind_the_commit_and_not_before(void **state)
{
	struct told t;
	struct filegroup *g = open_group("a", &t);

	(void)state;
	assert_int_equal(mode_of("a"), 0700);
	assert_int_equal(look(g, "one", "1"), FILEGROUP_ABSENT);
	put(g, "one", FILE_SECRET, "1");
	put(g, "two", 0, "22");
	names_in("a", "");
	assert_int_equal(t.n, 0);
	commit(g);
	names_in("a", "one two ");
	assert_int_equal(t.n, 2);
	assert_int_equal(t.tag[0], 'o');
	assert_int_equal(t.tag[1], 't');
	assert_int_equal(t.code[0] | t.code[1], ERR_OK);
	assert_int_equal(mode_of("a/one"), 0600);
	assert_int_equal(mode_of("a/two"), 0644);
	assert_int_equal(look(g, "one", "1"), FILEGROUP_SAME);
	assert_int_equal(look(g, "one", "2"), FILEGROUP_OTHER);
	assert_int_equal(look(g, "one", "12"), FILEGROUP_OTHER);
	assert_int_equal(look(g, "one", ""), FILEGROUP_OTHER);
	commit(g); /* of nothing */
	assert_int_equal(t.n, 2);
	filegroup_free(g);
}

static void
what_is_not_committed_leaves_nothing(void **state)
{
	struct told t;
	struct filegroup *g = open_group("b", &t);

	(void)state;
	put(g, "new", FILE_SECRET, "x");
	put(g, "old", FILE_SECRET | FILE_REPLACE, "y");
	filegroup_free(g);
	names_in("b", "");
	assert_int_equal(t.n, 0);
}

static void
one_that_cannot_take_its_name_is_told_and_the_others_go_on(void **state)
{
	struct told t;
	struct filegroup *g = open_group("c", &t);
	struct err e = { 0 };

	(void)state;
	put(g, "a", FILE_SECRET, "mine");
	put(g, "b", FILE_SECRET | FILE_REPLACE, "mine");
	put(g, "c", FILE_SECRET, "mine");
	put(g, "d", FILE_SECRET | FILE_REPLACE, "mine");
	/* Somebody else is quicker. */
	assert_int_equal(file_write("c/a", FILE_NEW, "theirs", 6, &e), ERR_OK);
	assert_int_equal(mkdir("c/b", 0700), 0);
	assert_int_equal(mkfifo("c/d", 0600), 0);
	commit(g);
	assert_int_equal(t.n, 4);
	assert_int_equal(t.code[0], ERR_CREATE);
	assert_int_equal(t.code[1], ERR_CREATE);
	assert_int_equal(t.code[2], ERR_OK);
	assert_int_equal(t.code[3], ERR_CREATE);
	assert_int_equal(look(g, "a", "theirs"), FILEGROUP_SAME);
	assert_int_equal(look(g, "b", ""), FILEGROUP_OTHER);
	assert_int_equal(look(g, "c", "mine"), FILEGROUP_SAME);
	assert_int_equal(look(g, "d", ""), FILEGROUP_OTHER);
	names_in("c", "a b c d ");
	filegroup_free(g);
}

static void
a_link_is_replaced_and_not_followed(void **state)
{
	struct told t;
	struct filegroup *g = open_group("d", &t);
	struct err e = { 0 };

	(void)state;
	assert_int_equal(file_write("target", FILE_NEW, "t", 1, &e), ERR_OK);
	assert_int_equal(symlink("../target", "d/x"), 0);
	assert_int_equal(look(g, "x", "t"), FILEGROUP_OTHER);
	put(g, "x", FILE_SECRET | FILE_REPLACE, "new");
	commit(g);
	assert_int_equal(t.code[0], ERR_OK);
	assert_int_equal(look(g, "x", "new"), FILEGROUP_SAME);
	assert_int_equal(mode_of("d/x"), 0600);
	assert_int_equal(mode_of("target"), 0644);
	filegroup_free(g);
}

static bool
is_delta(const char *name)
{
	return strcmp(name, "u.delta") == 0;
}

static void
only_temporaries_of_our_own_names_are_cleared(void **state)
{
	struct told t;
	struct filegroup *g = open_group("e", &t);
	const char *name[] = { "e/u.delta.a1b2c3", "e/u.delta", "e/u.delta.ab",
		"e/other.a1b2c3", "e/u.delta.a1b2c3d", "e/.a1b2c3" };
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(
		    file_write(name[i], FILE_NEW, "x", 1, &e), ERR_OK);
	assert_int_equal(filegroup_clear(g, is_delta, &e), ERR_OK);
	names_in("e",
	    ".a1b2c3 other.a1b2c3 u.delta u.delta.a1b2c3d "
	    "u.delta.ab ");
	filegroup_free(g);
}

static void
a_group_is_full_after_so_many_files_or_bytes(void **state)
{
	struct told t;
	struct filegroup *g = open_group("f", &t);
	size_t n = 0, large = 9 << 20;
	struct err e = { 0 };
	char name[16];
	uint8_t *p;

	(void)state;
	while (!filegroup_full(g)) {
		snprintf(name, sizeof(name), "%zu", n);
		assert_int_equal(
		    filegroup_put(g, name, FILE_SECRET, "x", 1, n, &e), 0);
		n++;
	}
	assert_true(n >= 64 && n <= 300);
	assert_int_equal(
	    filegroup_put(g, "more", FILE_SECRET, "x", 1, 0, &e), ERR_BUG);
	err_clear(&e);
	commit(g);
	assert_int_equal(t.n, n);
	for (size_t i = 0; i < n; i++)
		assert_true(t.tag[i] == i && t.code[i] == ERR_OK);
	p = calloc(1, large);
	assert_non_null(p);
	for (n = 0; !filegroup_full(g); n++) {
		snprintf(name, sizeof(name), "l%zu", n);
		assert_int_equal(
		    filegroup_put(g, name, FILE_SECRET, p, large, n, &e), 0);
	}
	assert_in_range(n, 2, 16);
	free(p);
	filegroup_free(g);
}

static void
a_folder_has_one_writer(void **state)
{
	struct told t;
	struct filegroup *g = open_group("g", &t), *second;
	struct err e = { 0 };

	(void)state;
	assert_int_equal(filegroup_open("g", tell, &t, &second, &e), ERR_RETRY);
	assert_null(second);
	filegroup_free(g);
	g = open_group("g", &t);
	filegroup_free(g);
	err_clear(&e);
	assert_int_equal(file_write("file", FILE_NEW, "x", 1, &e), ERR_OK);
	assert_int_equal(
	    filegroup_open("file", tell, &t, &second, &e), ERR_CREATE);
}

static void
a_killed_process_leaves_files_that_are_whole(void **state)
{
	int pipe_fd[2], status;
	struct told t;
	struct filegroup *g;
	struct err e = { 0 };
	pid_t pid;
	char c;

	(void)state;
	assert_int_equal(pipe(pipe_fd), 0);
	assert_int_equal(mkdir("h", 0700), 0);
	assert_int_equal(file_write("h/old", FILE_NEW, "old", 3, &e), ERR_OK);
	if ((pid = fork()) == 0) {
		g = open_group("h", &t);
		put(g, "new", FILE_SECRET, "secret");
		put(g, "old", FILE_SECRET | FILE_REPLACE, "secret");
		if (write(pipe_fd[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(pipe_fd[0], &c, 1), 1);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	g = open_group("h", &t);
	assert_int_equal(look(g, "new", ""), FILEGROUP_ABSENT);
	assert_int_equal(look(g, "old", "old"), FILEGROUP_SAME);
	filegroup_free(g);
	close(pipe_fd[0]);
	close(pipe_fd[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    files_are_there_behind_the_commit_and_not_before),
		cmocka_unit_test(what_is_not_committed_leaves_nothing),
		cmocka_unit_test(
		    one_that_cannot_take_its_name_is_told_and_the_others_go_on),
		cmocka_unit_test(a_link_is_replaced_and_not_followed),
		cmocka_unit_test(only_temporaries_of_our_own_names_are_cleared),
		cmocka_unit_test(a_group_is_full_after_so_many_files_or_bytes),
		cmocka_unit_test(a_folder_has_one_writer),
		cmocka_unit_test(a_killed_process_leaves_files_that_are_whole),
	};

	return cmocka_run_group_tests_name(
	    "tests", tests, folder_enter, folder_leave);
}
