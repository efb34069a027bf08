/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cli.h"
#include "base/file.h"

static const struct reason reason = { "too-odd", "It is even.", "Add one." };

static enum err_code
run_do(const struct cli_args *a, struct err *e)
{
	unsigned long n;

	if (cli_number(a, "--count", 1, 9, 5, &n, e) != ERR_OK)
		return e->code;
	printf("%d %s %s %lu %s %s\n", a->n, a->n > 0 ? a->pos[0] : "",
	    cli_flag(a, "--force") ? "force" : "", n,
	    cli_value(a, "--out", "none"),
	    cli_nth(a, "--to", 1) != NULL ? cli_nth(a, "--to", 1) : "");
	return ERR_OK;
}

static enum err_code
run_fail(const struct cli_args *a, struct err *e)
{
	(void)a;
	err_refuse(e, ERR_DATA, &reason, "in.csv:3: \"7\"\x01\xff is odd");
	return err_at(e, 12);
}

static enum err_code
run_some(const struct cli_args *a, struct err *e)
{
	err_set(e, ERR_IO, "one");
	cli_report(a, e);
	assert_int_equal(e->code, ERR_OK);
	return ERR_SOME;
}

/* The system's error with that number, at the making of a file if more is said.
 */
static enum err_code
run_system(const struct cli_args *a, struct err *e)
{
	errno = atoi(a->pos[0]);
	return err_sys(e, a->n > 1 ? ERR_CREATE : ERR_IO, "out/x");
}

static const struct cli_opt opts[] = {
	{ "--count", CLI_VALUE, "N", "how many" },
	{ "--out", CLI_VALUE, "FILE", "where" },
	{ "--to", CLI_MANY, "CERT", "for whom" },
	{ "--force", CLI_FLAG, NULL, "replace it" },
	{ 0 },
};
static const struct cli_verb one[] = {
	{ "unit do", "A [B] --count N",
	    "does what has to be done, with a text that is long enough to be "
	    "wrapped at the width of a terminal",
	    opts, 1, 2, run_do },
	{ 0 },
};
static const struct cli_verb two[] = {
	{ "fail", "", "fails", NULL, 0, 0, run_fail },
	{ "some", "", "fails in part", NULL, 0, 0, run_some },
	{ "system", "N [making]", "says errno", NULL, 1, 2, run_system },
	{ 0 },
};
static const struct cli_verb *const tables[] = { one, two, NULL };

static char out[4096], err[4096];

static void
slurp(int fd, char *to, size_t room)
{
	ssize_t n = pread(fd, to, room - 1, 0);

	assert_true(n >= 0);
	to[n] = '\0';
	close(fd);
}

/* Runs the program "prog" with these words in a child; its exit status. */
static int
run(const char *words)
{
	char copy[256], *argv[32] = { NULL };
	char o[] = "/tmp/cli.XXXXXX", d[] = "/tmp/cli.XXXXXX";
	char name[] = "prog";
	int n = 1, status, fd[2] = { mkstemp(o), mkstemp(d) };
	pid_t pid;

	argv[0] = name;
	snprintf(copy, sizeof(copy), "%s", words);
	for (char *p = strtok(copy, " "); p != NULL; p = strtok(NULL, " "))
		argv[n++] = p;
	fflush(stdout);
	fflush(stderr);
	if ((pid = fork()) == 0) {
		dup2(fd[0], STDOUT_FILENO);
		dup2(fd[1], STDERR_FILENO);
		_exit(cli_main("prog", "is a test.", tables, n, argv));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	slurp(fd[0], out, sizeof(out));
	slurp(fd[1], err, sizeof(err));
	unlink(o);
	unlink(d);
	return WEXITSTATUS(status);
}

static void
options_stand_anywhere_and_in_both_forms(void **state)
{
	(void)state;
	assert_int_equal(
	    run("unit do --count 3 x --force --out=f --to a --to b"), 0);
	assert_string_equal(out, "1 x force 3 f b\n");
	assert_int_equal(run("unit do x"), 0);
	assert_string_equal(out, "1 x  5 none \n");
	assert_int_equal(run("unit do -- --force"), 0);
	assert_string_equal(out, "1 --force  5 none \n");
	assert_int_equal(run("unit do -"), 0); /* a pipe is an argument */
}

static void
help_is_printed_from_the_table(void **state)
{
	(void)state;
	assert_int_equal(run("--help"), 0);
	assert_non_null(strstr(out, "unit do"));
	assert_non_null(strstr(out, "fails in part"));
	assert_string_equal(err, "");
	assert_int_equal(run("unit do --help"), 0);
	assert_non_null(strstr(out, "usage: prog unit do A [B] --count N"));
	assert_non_null(strstr(out, "--to CERT"));
	assert_int_equal(run("unit --help"), 0);
	assert_non_null(strstr(out, "unit do"));
	assert_null(strstr(out, "fails"));
	for (char *p = strtok(out, "\n"); p != NULL; p = strtok(NULL, "\n"))
		assert_true(strlen(p) < 80);
	assert_int_equal(run("--version"), 0);
	assert_string_equal(out, "prog " VERSION "\n");
}

static void
a_misspelt_word_is_told_its_nearest(void **state)
{
	(void)state;
	assert_int_equal(run("unit od x"), 2);
	assert_non_null(strstr(err, "did you mean unit do?"));
	assert_int_equal(run("fial"), 2);
	assert_non_null(strstr(err, "did you mean fail?"));
	assert_int_equal(run("quite-another-thing"), 2);
	assert_non_null(strstr(err, "see --help"));
	assert_int_equal(run("unit do x --cuont 3"), 2);
	assert_non_null(strstr(err, "did you mean --count?"));
	assert_string_equal(out, "");
	assert_int_equal(run("fial x"), 2);
	assert_non_null(strstr(err, "did you mean fail?"));
	assert_int_equal(run("uint do x"), 2);
	assert_non_null(strstr(err, "did you mean unit do?"));
}

static void
what_is_not_near_is_no_hint(void **state)
{
	(void)state;
	for (const char **n = (const char *[]){ "unit go-on x", "unit xy",
		 "pale", "unit do x --profile=1", "unit do x --cats 3",
		 "unit do x --at", "unit do x -f", NULL };
	     *n != NULL; n++) {
		assert_int_equal(run(*n), 2);
		assert_null(strstr(err, "did you mean"));
		assert_non_null(strstr(err, "see --help"));
	}
}

static void
wrong_usage_is_status_2(void **state)
{
	(void)state;
	assert_int_equal(run(""), 2);
	assert_int_equal(run("unit"), 2);
	assert_int_equal(run("unit do"), 2);
	assert_non_null(strstr(err, "too few arguments"));
	assert_int_equal(run("unit do a b c"), 2);
	assert_non_null(strstr(err, "one argument too many: c"));
	assert_int_equal(run("unit do a --count"), 2);
	assert_int_equal(run("unit do a --force=1"), 2);
	assert_int_equal(run("unit do a --force --force"), 2);
	for (const char **n =
		 (const char *[]){ "0", "10", "x", "-1", "", "3x", NULL };
	     *n != NULL; n++) {
		char words[64];

		snprintf(words, sizeof(words), "unit do a --count=%s", *n);
		assert_int_equal(run(words), 2);
	}
}

static void
a_refusal_has_its_rule_and_mend(void **state)
{
	(void)state;
	assert_int_equal(run("fail"), 65);
	/* A control character does not reach the terminal. */
	assert_string_equal(err,
	    "prog: in.csv:3: \"7\"?\xff is odd [too-odd]\n"
	    "  rule: It is even.\n  do: Add one.\n");
	assert_int_equal(run("fail --json"), 65);
	assert_string_equal(err, "");
	assert_string_equal(out,
	    "{\"error\":{\"code\":\"too-odd\",\"offset\":12,"
	    "\"rule\":\"It is even.\",\"mend\":\"Add one.\",\"message\":"
	    "\"in.csv:3: \\\"7\\\"\\u0001\\ufffd is odd\"}}\n");
	assert_int_equal(run("nonsense --json"), 2);
	assert_non_null(strstr(out, "{\"error\":{\"code\":\"usage\","));
}

static void
an_error_of_the_system_has_a_mend(void **state)
{
	static const struct {
		int number;
		const char *mend;
	} t[] = {
		{ EADDRINUSE, "choose another port" },
		{ EADDRNOTAVAIL, "ip address tells" },
		{ EACCES, "owner and mode" },
		{ EPERM, "as root" },
		{ ENOSPC, "df -h" },
		{ EDQUOT, "quota tells it" },
		{ EFBIG, "ulimit -f" },
		{ EROFS, "read-only" },
		{ EIO, "dmesg" },
		{ EMFILE, "ulimit -n" },
		{ ENFILE, "ulimit -n" },
	};
	char words[32];

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		snprintf(words, sizeof(words), "system %d", t[i].number);
		assert_int_equal(run(words), 74);
		assert_non_null(strstr(err, "prog: out/x: "));
		assert_non_null(strstr(err, "\n  do: "));
		assert_non_null(strstr(err, t[i].mend));
	}
	snprintf(words, sizeof(words), "system %d", ENOENT);
	assert_int_equal(run(words), 74);
	assert_null(strstr(err, "do: "));
	snprintf(words, sizeof(words), "system %d making", ENOENT);
	assert_int_equal(run(words), 73);
	assert_non_null(strstr(err, "make it first"));
	snprintf(words, sizeof(words), "system --json %d", ENOSPC);
	assert_int_equal(run(words), 74);
	assert_string_equal(err, "");
	assert_non_null(strstr(out,
	    "{\"error\":{\"code\":\"io\",\"offset\":null,\"rule\":\"\","
	    "\"mend\":\"The disk is full"));
}

static void
items_fail_one_by_one(void **state)
{
	(void)state;
	assert_int_equal(run("some"), 1);
	assert_string_equal(err, "prog: one\n");
}

static void
sizes_have_units(void **state)
{
	struct err e;
	size_t n;

	(void)state;
	err_clear(&e);
	assert_int_equal(cli_size("16M", &n, &e), ERR_OK);
	assert_int_equal(n, 16u << 20);
	assert_int_equal(cli_size("0x1000", &n, &e), ERR_OK);
	assert_int_equal(n, 4096);
	assert_int_equal(cli_size("8192K", &n, &e), ERR_OK);
	assert_int_equal(n, 8u << 20);
	for (const char **bad = (const char *[]){ "", "M", "0", "1T", "1MM",
		 "-1", "99999999999999999999", "99999999999999999G", NULL };
	     *bad != NULL; bad++) {
		assert_int_equal(cli_size(*bad, &n, &e), ERR_USAGE);
		err_clear(&e);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_stand_anywhere_and_in_both_forms),
		cmocka_unit_test(help_is_printed_from_the_table),
		cmocka_unit_test(a_misspelt_word_is_told_its_nearest),
		cmocka_unit_test(what_is_not_near_is_no_hint),
		cmocka_unit_test(wrong_usage_is_status_2),
		cmocka_unit_test(a_refusal_has_its_rule_and_mend),
		cmocka_unit_test(an_error_of_the_system_has_a_mend),
		cmocka_unit_test(items_fail_one_by_one),
		cmocka_unit_test(sizes_have_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
