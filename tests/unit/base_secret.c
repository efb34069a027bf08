/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/secret.h"

static void
a_secret_holds_its_bytes_and_a_zero_behind(void **state)
{
	struct secret s = { 0 };
	struct err e = { 0 };
	char long_one[5000];

	(void)state;
	assert_int_equal(secret_set(&s, "abc", 3, &e), 0);
	assert_int_equal(s.len, 3);
	assert_string_equal((char *)s.p, "abc");
	assert_int_equal(secret_set(&s, "z", 1, &e), 0);
	assert_memory_equal(s.p, "z\0\0", 3); /* nothing of the old one */
	memset(long_one, 'x', sizeof(long_one));
	assert_int_equal(secret_set(&s, long_one, sizeof(long_one), &e), 0);
	assert_int_equal(s.len, sizeof(long_one));
	assert_int_equal(s.p[s.len], 0);
	secret_free(&s);
	assert_null(s.p);
	secret_free(&s); /* an empty one is fine */
}

/* The flags of the mapping that holds p, as the kernel tells them. */
static bool
mapping_has(const void *p, const char *flag)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	bool here = false, has = false;
	char line[4096];
	uintptr_t from, to;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &from, &to) == 2)
			here = (uintptr_t)p >= from && (uintptr_t)p < to;
		if (here && strncmp(line, "VmFlags:", 8) == 0)
			has = strstr(line, flag) != NULL;
	}
	fclose(f);
	return has;
}

static void
a_secret_is_left_out_of_core_dumps(void **state)
{
	struct secret s = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(secret_set(&s, "abc", 3, &e), 0);
	assert_true(mapping_has(s.p, " dd"));
	secret_free(&s);
}

static void
a_forked_child_finds_it_wiped(void **state)
{
	struct secret s = { 0 };
	struct err e = { 0 };
	int status = 0;
	pid_t pid;

	(void)state;
	assert_int_equal(secret_set(&s, "abc", 3, &e), 0);
	if ((pid = fork()) == 0)
		_exit(s.p[0] | s.p[1] | s.p[2]);
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_memory_equal(s.p, "abc", 3);
	secret_free(&s);
}

static void
equal_compares_every_byte(void **state)
{
	uint8_t a[32] = { 0 }, b[32] = { 0 };

	(void)state;
	assert_true(secret_equal(a, b, 32));
	for (size_t i = 0; i < 32; i++) {
		b[i] = 0x80;
		assert_false(secret_equal(a, b, 32));
		b[i] = 0;
	}
	assert_true(secret_equal(a, b, 0));
}

static void
an_absurd_size_is_refused(void **state)
{
	struct secret s = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(secret_new(&s, SIZE_MAX - 1, &e), ERR_RETRY);
	assert_null(s.p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_secret_holds_its_bytes_and_a_zero_behind),
		cmocka_unit_test(a_secret_is_left_out_of_core_dumps),
		cmocka_unit_test(a_forked_child_finds_it_wiped),
		cmocka_unit_test(equal_compares_every_byte),
		cmocka_unit_test(an_absurd_size_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
