/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <string.h>

#include "device/talk.h"
#include "formats/hello.h"

static struct settings settings;
static struct record rec;
static struct hello h;

static int
start(void **state)
{
	struct err e = { 0 };

	(void)state;
	memset(&rec, 0, sizeof(rec));
	assert_true(
	    uuid_parse(&rec.uuid, "939b524b-13d4-1d18-e487-1c697a6b7a2b"));
	return settings_read(&settings, NULL, &e);
}

static void
read_back(const struct psk *psk, uint32_t n)
{
	struct rd r;
	struct wr w;

	wr_grow(&w, HELLO_MAX);
	talk_hello(
	    &w, &(struct talk_who){ &rec, &rec.hashes, psk }, n, &settings);
	assert_false(w.failed);
	rd_init(&r, w.buf, w.len);
	assert_true(hello_read(&r, &h));
	wr_free(&w);
}

static void
hash_add(bool active, bool only)
{
	struct hash_entry *entry = &rec.hashes.e[rec.hashes.n];

	hashlist_of_der(entry, HASH_SHA256, &rec.hashes.n, 1);
	entry->active = active;
	entry->only = only;
	rec.hashes.n++;
}

static void
the_default_schedule_is_fifteen_hellos(void **state)
{
	unsigned long ms, sum = 0;
	uint32_t n = 0;

	(void)state;
	assert_int_equal(talk_count(&settings), 15);
	while (talk_wait(&settings, n, &ms)) {
		assert_int_equal(ms, n < 5 ? 60000 : n < 10 ? 600000 : 3600000);
		sum += ms;
		n++;
	}
	assert_int_equal(n, 14);
	assert_int_equal(sum, 5 * 60000 + 5 * 600000 + 4 * 3600000);
}

/* The vector built from the SDK's layout, with retry 0. */
static void
a_machine_with_a_key_sends_version_two_with_its_pid(void **state)
{
	static const uint8_t want[] = { 1, 0, 2, 0, 0, 0, 0, 0, 0x4b, 0x52,
		0x9b, 0x93, 0xd4, 0x13, 0x18, 0x1d, 0xe4, 0x87, 0x1c, 0x69,
		0x7a, 0x6b, 0x7a, 0x2b, '0', '0', '0', '0', '0', '3', '7',
		'M' };
	const struct psk psk = { .pid = "0000037M" };
	struct wr w;

	(void)state;
	hash_add(true, false);
	wr_grow(&w, HELLO_MAX);
	talk_hello(
	    &w, &(struct talk_who){ &rec, &rec.hashes, &psk }, 0, &settings);
	assert_int_equal(w.len, sizeof(want));
	assert_memory_equal(w.buf, want, sizeof(want));
	wr_free(&w);
}

static void
only_active_hashes_are_announced(void **state)
{
	const struct psk none = { .pid = "" };

	(void)state;
	hash_add(true, false);
	hash_add(false, false);
	hash_add(true, false);
	read_back(&none, 4);
	assert_int_equal(h.version, HELLO_PKI);
	assert_int_equal(h.retry, 4);
	assert_int_equal(h.n, 2);
	assert_memory_equal(h.hash[1].hash, rec.hashes.e[2].hash, 32);
}

static void
a_root_marked_as_the_only_one_is_announced_alone(void **state)
{
	const struct psk none = { .pid = "" };

	(void)state;
	hash_add(true, false);
	hash_add(true, true);
	read_back(&none, 0);
	assert_int_equal(h.n, 1);
	assert_memory_equal(h.hash[0].hash, rec.hashes.e[1].hash, 32);
}

static void
hashes_and_counter_have_their_limits(void **state)
{
	const struct psk none = { .pid = "" };

	(void)state;
	for (int i = 0; i < 30; i++)
		hash_add(true, false);
	read_back(&none, 99);
	assert_int_equal(h.n, 23);
	assert_int_equal(h.retry, 14);
}

static void
the_sample_settings_are_the_defaults(void **state)
{
	struct settings sample, plain;
	struct err e = { 0 };

	(void)state;
	memset(&sample, 0, sizeof(sample));
	memset(&plain, 0, sizeof(plain));
	assert_int_equal(settings_read(&plain, NULL, &e), ERR_OK);
	assert_int_equal(
	    settings_read(&sample, "configs/device.cfg", &e), ERR_OK);
	assert_memory_equal(&sample, &plain, sizeof(plain));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
		    the_default_schedule_is_fifteen_hellos, start),
		cmocka_unit_test_setup(
		    a_machine_with_a_key_sends_version_two_with_its_pid, start),
		cmocka_unit_test_setup(only_active_hashes_are_announced, start),
		cmocka_unit_test_setup(
		    a_root_marked_as_the_only_one_is_announced_alone, start),
		cmocka_unit_test_setup(
		    hashes_and_counter_have_their_limits, start),
		cmocka_unit_test_setup(
		    the_sample_settings_are_the_defaults, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
