/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <string.h>

#include "base/text.h"
#include "formats/hello.h"

#define UUID_HEX "4b529b93d413181de4871c697a6b7a2b"
#define SHA1_HEX "05fd43e81420ca191eb85cec916527b7f1192bef"
#define SHA256_HEX \
	"b567c0cbb2e85c295e6ade930e5bb349a4b9bee9489caa7d6b679dd46e82a711"

static const char psk_hex[] = "0000020000000000" UUID_HEX "303030303033374d";
static const char pki_hex[] = "0000030004000000" UUID_HEX "02"
			      "0114" SHA1_HEX "0220" SHA256_HEX;

static size_t
bytes(uint8_t out[static HELLO_MAX], const char *hex)
{
	size_t n = strlen(hex) / 2;

	assert_true(text_unhex(out, n, hex, 2 * n));
	return n;
}

static const char *
why_not(const uint8_t *p, size_t n)
{
	static struct hello h;
	struct rd r;

	rd_init(&r, p, n);
	return hello_read(&r, &h) ? "read" : r.why;
}

static void
both_published_messages_are_read_and_written_again(void **state)
{
	static const char *const hex[] = { psk_hex, pki_hex };
	static uint8_t in[HELLO_MAX], out[HELLO_MAX];
	static struct hello h;
	struct wr w;
	struct rd r;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		size_t n = bytes(in, hex[i]);

		rd_init(&r, in, n);
		assert_true(hello_read(&r, &h));
		wr_fixed(&w, out, sizeof(out));
		hello_write(&w, &h);
		assert_int_equal(w.len, n);
		assert_memory_equal(out, in, n);
	}
}

static void
fields_are_where_the_layout_says(void **state)
{
	static struct hello h;
	static uint8_t in[HELLO_MAX];
	struct uuid u;
	struct rd r;

	(void)state;
	assert_true(uuid_parse(&u, "939b524b-13d4-1d18-e487-1c697a6b7a2b"));
	rd_init(&r, in, bytes(in, psk_hex));
	assert_true(hello_read(&r, &h));
	assert_int_equal(h.version, HELLO_PSK);
	assert_int_equal(h.admin_set, 0);
	assert_string_equal(h.pid, "0000037M");
	assert_true(uuid_equal(&h.uuid, &u));
	rd_init(&r, in, bytes(in, pki_hex));
	assert_true(hello_read(&r, &h));
	assert_int_equal(h.version, HELLO_PKI);
	assert_int_equal(h.retry, 4);
	assert_int_equal(h.n, 2);
	assert_int_equal(h.hash[0].type, HASH_SHA1);
	assert_int_equal(h.hash[1].type, HASH_SHA256);
	assert_int_equal(h.hash[1].hash[31], 0x11);
}

static void
any_count_that_fits_is_read(void **state)
{
	static uint8_t in[HELLO_MAX];
	size_t head;

	(void)state;
	head = bytes(in, pki_hex) - 2 - 20 - 2 - 32;
	in[24] = 0;
	assert_string_equal(why_not(in, head), "read");
	in[24] = 255;
	for (size_t i = 0; i < 255; i++) {
		in[head + 50 * i] = HASH_SHA384;
		in[head + 50 * i + 1] = 48;
	}
	assert_string_equal(why_not(in, HELLO_MAX), "read");
	assert_int_equal(hello_size(in, HELLO_MAX), HELLO_MAX);
	assert_string_equal(why_not(in, HELLO_MAX - 1), "truncated");
}

static void
each_message_has_one_length(void **state)
{
	static const char *const hex[] = { psk_hex, pki_hex };
	static uint8_t in[HELLO_MAX];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		size_t n = bytes(in, hex[i]);

		for (size_t k = 0; k < n; k++)
			assert_string_not_equal(why_not(in, k), "read");
		assert_string_equal(why_not(in, n + 1), "trailing bytes");
	}
}

static void
other_values_are_refused(void **state)
{
	static const struct {
		const char *hex;
		size_t at;
		uint8_t v;
		const char *why;
	} t[] = { { psk_hex, 0, 2, "admin flag is not 0 or 1" },
		{ psk_hex, 1, 1, "admin flag is not 0 or 1" },
		{ psk_hex, 2, 1, "unknown version" },
		{ psk_hex, 2, 4, "unknown version" },
		{ psk_hex, 3, 1, "unknown version" },
		{ psk_hex, 31, 'N', "not a PID" },
		{ psk_hex, 31, 'm', "not a PID" },
		{ psk_hex, 24, 0, "not a PID" },
		{ pki_hex, 24, 1, "trailing bytes" },
		{ pki_hex, 24, 3, "count larger than what follows" },
		{ pki_hex, 24, 255, "count larger than what follows" },
		{ pki_hex, 25, 0, "type and length of a hash do not agree" },
		{ pki_hex, 25, 2, "type and length of a hash do not agree" },
		{ pki_hex, 26, 0, "type and length of a hash do not agree" },
		{ pki_hex, 48, 64, "type and length of a hash do not agree" } };
	static uint8_t in[HELLO_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		size_t n = bytes(in, t[i].hex);

		in[t[i].at] = t[i].v;
		assert_string_equal(why_not(in, n), t[i].why);
	}
}

static void
a_stream_learns_the_size_from_its_first_bytes(void **state)
{
	static uint8_t in[HELLO_MAX];

	(void)state;
	bytes(in, psk_hex);
	assert_int_equal(hello_size(in, 3), 0);
	assert_int_equal(hello_size(in, 4), 32);
	bytes(in, pki_hex);
	assert_int_equal(hello_size(in, 24), 0);
	assert_int_equal(hello_size(in, 48), 0);
	assert_int_equal(hello_size(in, 49), 81);
	assert_int_equal(hello_size(in, 81), 81);
	in[24] = 0;
	assert_int_equal(hello_size(in, 25), 25);
}

static void
a_stream_of_nonsense_is_told_at_once(void **state)
{
	static uint8_t in[HELLO_MAX];
	size_t n = bytes(in, pki_hex), size;

	(void)state;
	in[26] = 255; /* no need to wait for 255 bytes of "hash" */
	size = hello_size(in, n);
	assert_int_equal(size, 27);
	assert_string_not_equal(why_not(in, size), "read");
	assert_int_equal(hello_size((const uint8_t *)"GET / HTTP", 10), 24);
	assert_string_not_equal(
	    why_not((const uint8_t *)"GET / HTTP", 10), "read");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    both_published_messages_are_read_and_written_again),
		cmocka_unit_test(fields_are_where_the_layout_says),
		cmocka_unit_test(any_count_that_fits_is_read),
		cmocka_unit_test(each_message_has_one_length),
		cmocka_unit_test(other_values_are_refused),
		cmocka_unit_test(a_stream_learns_the_size_from_its_first_bytes),
		cmocka_unit_test(a_stream_of_nonsense_is_told_at_once),
	};

	return cmocka_run_group_tests_name("tests", tests, NULL, NULL);
}
