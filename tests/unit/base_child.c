/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/child.h"
#include "base/sandbox.h"

static void
find(const char *name, char out[static CHILD_PATH])
{
	struct err e;

	err_clear(&e);
	assert_int_equal(child_find(name, "a package", out, &e), ERR_OK);
}

/* Runs sh -c script, whose standard input is in. */
static enum err_code
sh(struct child *c, const char *script, int in, unsigned seconds, struct err *e)
{
	const char *argv[] = { "sh", "-c", script, NULL };
	char path[CHILD_PATH];
	struct child_spec s = {
		.path = path, .argv = argv, .in = in, .out = -1, .most = 65536
	};

	err_clear(e);
	find("sh", path);
	assert_int_equal(child_start(c, &s, e), ERR_OK);
	return child_wait(c, 1, seconds, e);
}

static void
assert_got(const struct child *c, const char *want)
{
	assert_int_equal(c->got.len, strlen(want));
	assert_memory_equal(c->got.buf, want, strlen(want));
}

static void
a_program_is_found_in_absolute_folders_only(void **state)
{
	char path[CHILD_PATH], was[4096];
	struct err e;

	(void)state;
	strncpy(was, getenv("PATH"), sizeof(was) - 1);
	was[sizeof(was) - 1] = '\0';
	setenv("PATH", "::/nowhere:/bin:", 1);
	find("sh", path);
	assert_string_equal(path, "/bin/sh");
	err_clear(&e);
	assert_int_equal(chdir("/bin"), 0);
	setenv("PATH", ".:", 1);
	assert_int_equal(child_find("sh", "dash", path, &e), ERR_PEER);
	assert_non_null(strstr(e.msg, "sh is not installed"));
	assert_non_null(strstr(e.msg, "dash"));
	setenv("PATH", was, 1);
}

static void
what_it_writes_and_how_it_ends_is_told(void **state)
{
	struct child c;
	struct err e;

	(void)state;
	assert_int_equal(
	    sh(&c, "echo data; echo words >&2; echo more >&2; exit 4", -1, 20,
		&e),
	    ERR_OK);
	assert_got(&c, "data\n");
	assert_string_equal(c.said, "words");
	assert_int_equal(c.status, 4);
	child_free(&c);
	assert_int_equal(sh(&c, "kill -9 $$", -1, 20, &e), ERR_OK);
	assert_int_equal(c.status, 128 + 9);
	child_free(&c);
}

static void
it_reads_the_descriptor_it_is_given(void **state)
{
	int fd = memfd_create("child", MFD_CLOEXEC);
	struct child c;
	struct err e;

	(void)state;
	assert_int_equal(write(fd, "given", 5), 5);
	lseek(fd, 0, SEEK_SET);
	assert_int_equal(sh(&c, "cat", fd, 20, &e), ERR_OK);
	assert_got(&c, "given");
	child_free(&c);
	close(fd);
}

static void
it_inherits_neither_environment_nor_descriptors(void **state)
{
	/* Not close-on-exec: it would be inherited. */
	int fd = open("/dev/null", O_RDONLY);
	struct child c;
	struct err e;

	(void)state;
	setenv("AMTFORGE_CANARY", "known", 1);
	assert_int_equal(fcntl(fd, F_DUPFD, 20) >= 20, 1);
	assert_int_equal(
	    sh(&c,
		"env | grep CANARY; for f in /proc/self/fd/[2-9][0-9]; do "
		"[ -e $f ] && echo $f; done; echo end",
		-1, 20, &e),
	    ERR_OK);
	assert_got(&c, "end\n");
	child_free(&c);
}

static void
two_form_a_pipeline_and_run_at_once(void **state)
{
	const char *first[] = { "sh", "-c", "echo one; sleep 0.2", NULL };
	const char *second[] = { "cat", NULL };
	char sh_path[CHILD_PATH], cat_path[CHILD_PATH];
	struct child c[2] = { 0 };
	struct child_spec s = { .in = -1, .most = 100 };
	struct err e;
	int fd[2];

	(void)state;
	err_clear(&e);
	find("sh", sh_path);
	find("cat", cat_path);
	assert_int_equal(pipe2(fd, O_CLOEXEC), 0);
	s.path = sh_path;
	s.argv = first;
	s.out = fd[1];
	assert_int_equal(child_start(&c[0], &s, &e), ERR_OK);
	s.path = cat_path;
	s.argv = second;
	s.in = fd[0];
	s.out = -1;
	assert_int_equal(child_start(&c[1], &s, &e), ERR_OK);
	close(fd[0]);
	close(fd[1]);
	assert_int_equal(child_wait(c, 2, 20, &e), ERR_OK);
	assert_got(&c[1], "one\n");
	child_free(&c[0]);
	child_free(&c[1]);
}

static void
one_that_does_not_end_is_killed(void **state)
{
	struct child c;
	struct err e;

	(void)state;
	assert_int_equal(sh(&c, "sleep 60", -1, 1, &e), ERR_PEER);
	assert_non_null(strstr(e.msg, "sh does not end"));
	/* Nor one that closes what it writes to. */
	assert_int_equal(
	    sh(&c, "exec >&- 2>&-; exec sleep 60", -1, 1, &e), ERR_PEER);
}

static void
one_that_writes_without_end_is_stopped(void **state)
{
	struct child c;
	struct err e;

	(void)state;
	assert_int_equal(sh(&c, "yes", -1, 20, &e), ERR_PEER);
	assert_non_null(strstr(e.msg, "sh writes more than it should"));
}

/* What a child that is watched said, one line behind the other. */
struct said {
	char all[400];
	int ticks, most; /* ends it then; 0: never */
};

static bool
hear(void *arg, const char *line)
{
	struct said *s = arg;

	if (line == NULL)
		return s->all[0] == '\0' || ++s->ticks != s->most;
	snprintf(s->all + strlen(s->all), sizeof(s->all) - strlen(s->all),
	    "%.150s|", line);
	return true;
}

static enum err_code
watched(struct child *c, const char *script, unsigned seconds, struct said *s,
    struct err *e)
{
	const char *argv[] = { "sh", "-c", script, NULL };
	char path[CHILD_PATH];
	struct child_spec spec = {
		.path = path, .argv = argv, .in = -1, .out = -1, .group = true
	};

	err_clear(e);
	find("sh", path);
	assert_int_equal(child_start(c, &spec, e), ERR_OK);
	return child_watch(c, seconds, hear, s, e);
}

static void
lines_are_heard_as_they_come(void **state)
{
	struct said s = { 0 };
	struct child c;
	struct err e;

	(void)state;
	assert_int_equal(
	    watched(&c, "printf 'one\\rtwo\\n\\n\\033x'; sleep .05; exit 3", 20,
		&s, &e),
	    ERR_OK);
	assert_int_equal(c.status, 3);
	assert_string_equal(s.all, "one|two|?x|");
	child_free(&c);
	/* A line without an end is cut. */
	s = (struct said){ 0 };
	assert_int_equal(
	    watched(&c, "yes | tr -d '\\n' | head -c 9999 >&2", 20, &s, &e),
	    ERR_OK);
	assert_int_equal(strlen(s.all), 151);
	child_free(&c);
}

/* Is it gone, or dead and not reaped by whoever it was left to? */
static bool
is_dead(pid_t pid)
{
	char path[64], line[256] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if ((f = fopen(path, "r")) == NULL)
		return true;
	if (fgets(line, sizeof(line), f) == NULL)
		line[0] = '\0';
	fclose(f);
	return line[0] == '\0' || strstr(line, ") Z ") != NULL;
}

static void
assert_dies(const char *pid)
{
	for (int i = 0; i < 1500 && !is_dead(atoi(pid)); i++)
		usleep(20000);
	assert_true(atoi(pid) > 1);
	assert_true(is_dead(atoi(pid)));
}

static void
its_whole_group_ends_with_it(void **state)
{
	struct said s = { 0 };
	struct child c;
	struct err e;

	(void)state;
	assert_int_equal(watched(&c, "sleep 60 & echo $!", 20, &s, &e), ERR_OK);
	assert_dies(s.all);
	child_free(&c);
	/* A second may be over before its first word. */
	s = (struct said){ 0 };
	assert_int_equal(
	    watched(&c, "sleep 60 & echo $!; wait", 1, &s, &e), ERR_PEER);
	assert_non_null(strstr(e.msg, "sh does not end within 1 seconds"));
	child_free(&c);
	if (s.all[0] == '\0') {
		assert_int_equal(
		    watched(&c, "sleep 60 & echo $!; wait", 20, &s, &e),
		    ERR_PEER);
		child_free(&c);
	}
	assert_dies(s.all);
}

static void
who_watches_may_end_it(void **state)
{
	struct said s = { .most = 2 };
	struct child c;
	struct err e;

	(void)state;
	assert_int_equal(
	    watched(&c, "echo $$; sleep 60", 20, &s, &e), ERR_RETRY);
	assert_int_equal(s.ticks, 2);
	child_free(&c);
	assert_dies(s.all);
}

static void
it_runs_in_a_program_that_holds_keys(void **state)
{
	struct child c;
	struct err e;

	(void)state;
	sandbox_keys();
	assert_int_equal(sh(&c, "umask", -1, 20, &e), ERR_OK);
	assert_got(&c, "0077\n");
	child_free(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_is_found_in_absolute_folders_only),
		cmocka_unit_test(what_it_writes_and_how_it_ends_is_told),
		cmocka_unit_test(it_reads_the_descriptor_it_is_given),
		cmocka_unit_test(
		    it_inherits_neither_environment_nor_descriptors),
		cmocka_unit_test(two_form_a_pipeline_and_run_at_once),
		cmocka_unit_test(one_that_does_not_end_is_killed),
		cmocka_unit_test(one_that_writes_without_end_is_stopped),
		cmocka_unit_test(lines_are_heard_as_they_come),
		cmocka_unit_test(its_whole_group_ends_with_it),
		cmocka_unit_test(who_watches_may_end_it),
		cmocka_unit_test(it_runs_in_a_program_that_holds_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
