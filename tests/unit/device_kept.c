/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "device/kept.h"
#include "device/machine.h"

static void
same(const uint8_t *p, size_t n)
{
	struct kept *k = kept_new(p, n);
	uint8_t *out = malloc(n);

	assert_non_null(k);
	assert_non_null(out);
	memset(out, 0xee, n);
	kept_copy(k, out, n);
	assert_memory_equal(out, p, n);
	kept_free(k);
	free(out);
}

static void
bytes_come_back_as_they_were(void **unused)
{
	uint8_t p[300] = { 0 };

	(void)unused;
	same(p, sizeof(p));
	p[0] = 1;
	same(p, sizeof(p));
	p[299] = 2;
	same(p, sizeof(p));
	p[7] = 3; /* six zeroes between: not worth it */
	p[16] = 4;
	same(p, sizeof(p));
	memset(p, 0xff, sizeof(p));
	same(p, sizeof(p));
	same(p, 1);
}

static void
the_longest_comes_back(void **unused)
{
	uint8_t *p = calloc(1, KEPT_MAX);

	(void)unused;
	assert_non_null(p);
	same(p, KEPT_MAX);
	p[KEPT_MAX - 1] = 1;
	same(p, KEPT_MAX);
	memset(p, 1, KEPT_MAX);
	same(p, KEPT_MAX);
	free(p);
}

static void
whatever_is_in_between(void **unused)
{
	uint8_t p[512];

	(void)unused;
	srand(20);
	for (int i = 0; i < 5000; i++) {
		for (size_t at = 0; at < sizeof(p); at++)
			p[at] =
			    rand() % (1 + i % 16) == 0 ? (uint8_t)rand() : 0;
		same(p, sizeof(p));
	}
}

/* Of machines that share a scratch. */

static struct machine_scratch scratch;
static struct record rec[2];

static struct machine *
machine(struct machine_common *common, const struct record *r)
{
	const struct machine_place p = {
		.care = STATE_VOLATILE, .address = "", .suffix = "example.com"
	};
	struct machine *m = NULL;
	struct err e = { 0 };

	assert_int_equal(machine_new(common, r, &p, &m, &e), ERR_OK);
	return m;
}

static void
records_sleep_and_wake_as_they_were_and_are_wiped(void **unused)
{
	static struct settings settings;
	struct machine_common common = { .scratch = &scratch,
		.settings = &settings };
	static const struct record none;
	struct machine *m[2];
	struct err e = { 0 };

	(void)unused;
	assert_int_equal(settings_read(&settings, NULL, &e), ERR_OK);
	assert_int_equal(loop_new(&common.loop, &e), ERR_OK);
	machine_scratch_init(&scratch);
	strcpy(rec[0].psk.pps, "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ");
	strcpy(rec[0].otp, "Otp12345");
	memset(rec[0].key, 0xa5, 1200);
	rec[0].key_len = 1200;
	strcpy(rec[1].pki_dns_suffix, "preset.example");
	for (size_t i = 0; i < 2; i++)
		m[i] = machine(&common, &rec[i]);
	for (size_t i = 0; i < 7; i++)
		assert_memory_equal(
		    machine_factory(m[i % 2]), &rec[i % 2], sizeof(rec[0]));
	assert_string_equal(machine_suffix_nth(m[1], 0), "preset.example");
	assert_string_equal(machine_suffix_nth(m[0], 0), "example.com");
	assert_ptr_equal(scratch.awake, m[0]);
	machine_free(m[0]);
	assert_null(scratch.awake);
	assert_memory_equal(&scratch.factory, &none, sizeof(none));
	assert_memory_equal(machine_factory(m[1]), &rec[1], sizeof(rec[1]));
	machine_free(m[1]);
	machine_scratch_free(&scratch);
	loop_free(common.loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_come_back_as_they_were),
		cmocka_unit_test(the_longest_comes_back),
		cmocka_unit_test(whatever_is_in_between),
		cmocka_unit_test(
		    records_sleep_and_wake_as_they_were_and_are_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
