/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <string.h>

#include "formats/dhcp.h"

static uint8_t bytes[DHCP_MAX];

/* A message with these options, which end with 255 by themselves. */
static struct dhcp
with(const void *options, size_t n)
{
	struct dhcp d = { .op = 2, .xid = 0x01020304 }, got;
	struct wr w;
	struct rd r;

	d.options = options;
	d.n = n;
	wr_fixed(&w, bytes, sizeof(bytes));
	dhcp_write(&w, &d);
	assert_false(w.failed);
	rd_init(&r, bytes, w.len);
	assert_true(dhcp_read(&r, &got));
	return got;
}

static bool
refused(const void *options, size_t n)
{
	struct dhcp d = { .op = 2 }, got;
	struct wr w;
	struct rd r;

	d.options = options;
	d.n = n;
	wr_fixed(&w, bytes, sizeof(bytes));
	dhcp_write(&w, &d);
	rd_init(&r, bytes, w.len);
	return !dhcp_read(&r, &got);
}

#define WITH(text) with(text, sizeof(text) - 1)
#define REFUSED(text) refused(text, sizeof(text) - 1)

static void
an_acknowledgement_says_what_a_device_wants_to_know(void **state)
{
	const struct dhcp d = WITH("\x35\1\5\x36\4\12\115\0\2\x33\4\0\0\16\20"
				   "\1\4\377\377\377\0\3\4\12\115\0\1"
				   "\6\10\12\115\0\2\12\115\0\3"
				   "\17\14corp.example\377");
	struct dhcp_facts f;

	(void)state;
	dhcp_facts(&d, &f);
	assert_int_equal(f.type, DHCP_ACK);
	assert_memory_equal(f.server, "\12\115\0\2", 4);
	assert_int_equal(f.lease, 3600);
	assert_int_equal(f.ndns, 2);
	assert_memory_equal(f.dns[1], "\12\115\0\3", 4);
	assert_memory_equal(f.router, "\12\115\0\1", 4);
	assert_string_equal(f.domain, "corp.example");
	assert_int_equal(f.t1, 0);
}

static void
pieces_of_an_option_are_one(void **state)
{
	const struct dhcp d = WITH("\17\5corp.\x35\1\2\17\7example\377");
	struct dhcp_facts f;

	(void)state;
	dhcp_facts(&d, &f);
	assert_string_equal(f.domain, "corp.example");
}

static void
options_go_on_in_the_name_fields(void **state)
{
	struct dhcp d = { .op = 2 }, got;
	struct dhcp_facts f;
	struct wr w;
	struct rd r;

	(void)state;
	d.options = (const uint8_t *)"\x34\1\3\17\2a.\377";
	d.n = 8;
	memcpy(d.file, "\17\3b.c\377", 6);
	memcpy(d.sname, "\0\17\2.d\377\17\1x", 9);
	wr_fixed(&w, bytes, sizeof(bytes));
	dhcp_write(&w, &d);
	rd_init(&r, bytes, w.len);
	assert_true(dhcp_read(&r, &got));
	dhcp_facts(&got, &f);
	assert_string_equal(f.domain, "a.b.c.d");
	got.file[1] = 200; /* leaves the field */
	wr_reset(&w);
	dhcp_write(&w, &got);
	rd_init(&r, bytes, w.len);
	assert_false(dhcp_read(&r, &d));
}

static void
what_leaves_the_message_is_refused(void **state)
{
	(void)state;
	assert_true(REFUSED(""));
	assert_true(REFUSED("\17\4abcd"));        /* no end */
	assert_true(REFUSED("\17\5abcd"));        /* too long */
	assert_true(REFUSED("\17"));              /* no length */
	assert_true(REFUSED("\x34\1\4\377"));     /* no such overload */
	assert_false(REFUSED("\0\0\377\17\377")); /* behind the end: ignored */
}

static void
what_is_no_name_is_not_taken(void **state)
{
	static const char *const bad[] = { "a b", "a..b", ".a", "a.", "", "a/b",
		"caf\303\251",
		"a123456789012345678901234567890123456789012345678901234567"
		"8901234.b" };
	struct dhcp_facts f;
	struct dhcp d;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(dhcp_is_name(bad[i]));
	assert_true(dhcp_is_name("_tcp.corp-1.example"));
	d = WITH("\17\15corp.example\0\377");
	dhcp_facts(&d, &f);
	assert_string_equal(f.domain, "corp.example");
	d = WITH("\17\15corp.example.\377");
	dhcp_facts(&d, &f);
	assert_string_equal(f.domain, "corp.example");
	d = WITH("\17\14corp\0example\377");
	dhcp_facts(&d, &f);
	assert_string_equal(f.domain, "");
	d = WITH("\17\14corp example\6\3\1\2\3\x33\2\1\2\377");
	dhcp_facts(&d, &f);
	assert_string_equal(f.domain, "");
	assert_int_equal(f.ndns, 0);
	assert_int_equal(f.lease, 0);
}

static void
a_clients_message_is_read_again(void **state)
{
	const struct dhcp_ask ask = { .type = DHCP_REQUEST,
		.xid = 0xdeadbeef,
		.secs = 3,
		.mac = { 2, 1, 2, 3, 4, 5 },
		.requested = { 10, 77, 0, 100 },
		.server = { 10, 77, 0, 2 },
		.id = "\1abc",
		.nid = 4 };
	struct dhcp_facts f;
	uint8_t value[32];
	struct dhcp d;
	struct wr w;
	struct rd r;
	size_t n;

	(void)state;
	wr_fixed(&w, bytes, sizeof(bytes));
	dhcp_ask_write(&w, &ask);
	assert_true(!w.failed && w.len >= 300);
	rd_init(&r, bytes, w.len);
	assert_true(dhcp_read(&r, &d));
	dhcp_facts(&d, &f);
	assert_int_equal(d.op, 1);
	assert_int_equal(d.xid, 0xdeadbeef);
	assert_memory_equal(d.chaddr, ask.mac, 6);
	assert_int_equal(f.type, DHCP_REQUEST);
	assert_memory_equal(f.requested, ask.requested, 4);
	assert_memory_equal(f.server, ask.server, 4);
	assert_true(dhcp_option(&d, 61, value, sizeof(value), &n));
	assert_int_equal(n, 4);
	assert_true(dhcp_option(&d, 55, value, sizeof(value), &n));
	assert_non_null(memchr(value, 15, n));
	assert_false(dhcp_option(&d, 61, value, 3, &n));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    an_acknowledgement_says_what_a_device_wants_to_know),
		cmocka_unit_test(pieces_of_an_option_are_one),
		cmocka_unit_test(options_go_on_in_the_name_fields),
		cmocka_unit_test(what_leaves_the_message_is_refused),
		cmocka_unit_test(what_is_no_name_is_not_taken),
		cmocka_unit_test(a_clients_message_is_read_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
