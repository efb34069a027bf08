/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/passphrase.h"

static void
it_is_the_first_line_of_its_file(void **state)
{
	char path[] = "/tmp/cli.XXXXXX";
	struct cli_args a = { .nset = 1 };
	struct secret s = { 0 };
	struct err e;

	(void)state;
	err_clear(&e);
	close(mkstemp(path));
	file_write(path, FILE_REPLACE, "open sesame\r\nmore\n", 18, &e);
	a.set[0].name = "--pass-file";
	a.set[0].value = path;
	assert_int_equal(passphrase_get(&a, "key", &s, &e), ERR_OK);
	assert_int_equal(s.len, 11);
	assert_memory_equal(s.p, "open sesame", 11);
	secret_free(&s);
	unlink(path);
}

static void
without_a_terminal_it_needs_its_file(void **state)
{
	pid_t pid;
	int status;

	(void)state;
	fflush(stdout);
	if ((pid = fork()) == 0) {
		struct cli_args a = { 0 };
		struct secret s = { 0 };
		struct err e;

		setsid(); /* no controlling terminal */
		err_clear(&e);
		_exit(passphrase_get(&a, "key", &s, &e) == ERR_NOINPUT &&
			    strstr(e.msg, "--pass-file") != NULL
			? 0
			: 1);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_the_first_line_of_its_file),
		cmocka_unit_test(without_a_terminal_it_needs_its_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
