/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sandbox.h"

/* fn in a child, since what it gives up does not come back. */
static void
in_child(bool (*fn)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(fn() ? 0 : 1);
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

static bool
keys(void)
{
	struct rlimit core;

	sandbox_keys();
	return umask(0) == 077 && getrlimit(RLIMIT_CORE, &core) == 0 &&
	    core.rlim_max == 0 && prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 &&
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
}

static bool
standard(void)
{
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	close(STDERR_FILENO);
	sandbox_keys();
	return dup(STDIN_FILENO) > STDERR_FILENO &&
	    write(STDOUT_FILENO, "x", 1) == -1;
}

static bool
daemon_calls(void)
{
	char name[] = "true", *const argv[] = { name, NULL };
	struct err e;

	err_clear(&e);
	if (sandbox_daemon(&e) != ERR_OK)
		return false;
	if (execv("/bin/true", argv) != -1 || errno != EPERM)
		return false;
#ifndef __SANITIZE_ADDRESS__ /* there the search for leaks traces us */
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != -1 || errno != EPERM)
		return false;
#endif
	if (mount("none", "/mnt", "tmpfs", 0, NULL) != -1 || errno != EPERM)
		return false;
	return access("/", R_OK) == 0; /* and all else goes on */
}

static void
a_holder_of_keys_leaves_no_traces(void **state)
{
	(void)state;
	in_child(keys);
}

static void
no_file_becomes_standard_output(void **state)
{
	(void)state;
	in_child(standard);
}

static void
a_daemon_cannot_exec_trace_or_mount(void **state)
{
	(void)state;
	in_child(daemon_calls);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_holder_of_keys_leaves_no_traces),
		cmocka_unit_test(no_file_becomes_standard_output),
		cmocka_unit_test(a_daemon_cannot_exec_trace_or_mount),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
