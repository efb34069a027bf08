/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <string.h>

#include "device/hostdhcp.h"

static const uint8_t mac[6] = { 2, 1, 2, 3, 4, 5 };
static struct hostdhcp h;
static struct machine_lan lan;

static enum hostdhcp_event
say4(bool request, uint32_t xid, const char *options, size_t n)
{
	struct dhcp d = { .op = request ? 1 : 2, .xid = xid };
	uint8_t bytes[DHCP_MAX];
	struct frame f = { .to_port =
			       request ? DHCP_SERVER_PORT : DHCP_CLIENT_PORT };
	struct wr w;

	memcpy(d.chaddr, mac, sizeof(mac));
	memcpy(f.dst, mac, sizeof(mac));
	memset(f.to, 0xff, 4);
	d.options = (const uint8_t *)options;
	d.n = n;
	wr_fixed(&w, bytes, sizeof(bytes));
	dhcp_write(&w, &d);
	f.data = bytes;
	f.n = w.len;
	return hostdhcp_take(&h, &f);
}

static enum hostdhcp_event
say6(bool request, const void *p, size_t n)
{
	struct frame f = { .v6 = true,
		.to_port = request ? DHCP6_SERVER_PORT : DHCP6_CLIENT_PORT,
		.data = p,
		.n = n };

	memcpy(request ? f.src : f.dst, mac, sizeof(mac));
	return hostdhcp_take(&h, &f);
}

#define SAY4(request, xid, text) say4(request, xid, text, sizeof(text) - 1)
#define SAY6(request, text) say6(request, text, sizeof(text) - 1)
#define REQUEST "\x35\1\3\x36\4\12\115\0\2\377"
#define ACK(domain, n) \
	"\x35\1\5\x36\4\12\115\0\2\6\4\12\115\0\2\17" n domain "\377"

static const char *
suffix(void)
{
	hostdhcp_put(&h, &lan);
	return lan.nsuffix > 0 ? lan.suffix[0] : "";
}

static void
the_answer_to_the_hosts_request_counts(void **state)
{
	(void)state;
	hostdhcp_init(&h, mac);
	assert_int_equal(SAY4(true, 7, REQUEST), HOSTDHCP_ASKS);
	assert_int_equal(
	    SAY4(false, 8, ACK("evil.example", "\14")), HOSTDHCP_NOTHING);
	assert_int_equal(
	    SAY4(false, 7, "\x35\1\2\17\4evil\377"), HOSTDHCP_NOTHING);
	assert_int_equal(
	    SAY4(false, 7, "\x35\1\5\x36\4\12\115\0\102\17\4evil\377"),
	    HOSTDHCP_NOTHING); /* of a server that the host did not choose */
	assert_string_equal(suffix(), "");
	assert_int_equal(
	    SAY4(false, 7, ACK("corp.example", "\14")), HOSTDHCP_LEARNT);
	assert_string_equal(suffix(), "corp.example");
	assert_int_equal(lan.ndns, 1);
	assert_string_equal(lan.dns[0], "10.77.0.2");
}

static void
the_first_answer_counts_and_none_after_it(void **state)
{
	(void)state;
	hostdhcp_init(&h, mac);
	SAY4(true, 7, REQUEST);
	SAY4(false, 7, ACK("corp.example", "\14"));
	assert_int_equal(
	    SAY4(false, 7, ACK("evil.example", "\14")), HOSTDHCP_NOTHING);
	/* Before the host's request for the offer it chose. */
	SAY4(true, 8, "\x35\1\1\377");
	assert_int_equal(
	    SAY4(false, 8, ACK("evil.example", "\14")), HOSTDHCP_NOTHING);
	SAY4(true, 8, "\x35\1\1\x50\0\377");
	assert_int_equal(
	    SAY4(false, 8, ACK("corp.example", "\14")), HOSTDHCP_LEARNT);
	/* Nobody was heard to ask. */
	hostdhcp_init(&h, mac);
	SAY4(false, 9, ACK("corp.example", "\14"));
	assert_int_equal(
	    SAY4(false, 9, ACK("evil.example", "\14")), HOSTDHCP_NOTHING);
	assert_string_equal(suffix(), "corp.example");
	SAY6(true, "\13\0\0\5");
	SAY6(false, "\7\0\0\5\0\30\0\3\1a\0");
	assert_int_equal(
	    SAY6(false, "\7\0\0\5\0\30\0\6\4evil\0"), HOSTDHCP_NOTHING);
}

/* Firmware of a host that boots, say, asks for an address only. */
static void
what_was_not_asked_for_stays_as_it_was(void **state)
{
	(void)state;
	hostdhcp_init(&h, mac);
	SAY4(true, 7, REQUEST);
	SAY4(false, 7, ACK("corp.example", "\14"));
	SAY4(true, 8, "\x35\1\3\x37\2\1\3\377");
	assert_int_equal(
	    SAY4(false, 8, "\x35\1\5\x36\4\12\115\0\2\377"), HOSTDHCP_LEARNT);
	assert_string_equal(suffix(), "corp.example");
	assert_int_equal(lan.ndns, 1);
	/* What is told all the same counts. */
	SAY4(true, 9, "\x35\1\3\x37\2\1\3\377");
	SAY4(false, 9, ACK("lab.example\0", "\14"));
	assert_string_equal(suffix(), "lab.example");
	/* So does silence about what was asked for. */
	SAY4(true, 10, "\x35\1\3\x37\2\6\17\377");
	SAY4(false, 10, "\x35\1\5\x36\4\12\115\0\2\377");
	assert_string_equal(suffix(), "");
	assert_int_equal(lan.ndns, 0);
}

/* CONFIRM, RELEASE and DECLINE are answered by a status. */
static void
an_answer_without_configuration_takes_none_away(void **state)
{
	(void)state;
	hostdhcp_init(&h, mac);
	SAY6(true, "\13\0\0\5");
	SAY6(false, "\7\0\0\5\0\30\0\3\1a\0");
	assert_string_equal(suffix(), "a");
	assert_int_equal(SAY6(true, "\4\0\0\6"), HOSTDHCP_ASKS);
	assert_int_equal(
	    SAY6(false, "\7\0\0\6\0\15\0\2\0\0"), HOSTDHCP_NOTHING);
	assert_string_equal(suffix(), "a");
}

static void
an_answer_is_enough_if_the_request_was_missed(void **state)
{
	(void)state;
	hostdhcp_init(&h, mac);
	assert_int_equal(
	    SAY4(false, 9, ACK("corp.example", "\14")), HOSTDHCP_LEARNT);
	assert_string_equal(suffix(), "corp.example");
}

static void
what_is_another_machines_is_not_looked_at(void **state)
{
	static const uint8_t other[6] = { 2, 9, 9, 9, 9, 9 };

	(void)state;
	hostdhcp_init(&h, other);
	assert_int_equal(SAY4(true, 7, REQUEST), HOSTDHCP_NOTHING);
	assert_int_equal(
	    SAY4(false, 7, ACK("corp.example", "\14")), HOSTDHCP_NOTHING);
	assert_int_equal(SAY6(true, "\13\0\0\1"), HOSTDHCP_NOTHING);
}

static void
option_24_counts_where_option_15_is_silent(void **state)
{
	(void)state;
	hostdhcp_init(&h, mac);
	assert_int_equal(SAY6(true, "\13\0\0\5"), HOSTDHCP_ASKS);
	assert_int_equal(
	    SAY6(false, "\7\0\0\6\0\30\0\6\4evil\0"), HOSTDHCP_NOTHING);
	assert_int_equal(SAY6(false,
			     "\7\0\0\5\0\30\0\13\1a\1x\0\1b\0\1B\0"
			     "\0\27\0\20\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2"),
	    HOSTDHCP_LEARNT);
	assert_string_equal(suffix(), "a.x");
	assert_int_equal(lan.nsuffix, 2);
	assert_string_equal(lan.suffix[1], "b");
	assert_string_equal(lan.dns[0], "fd00::2");
	assert_int_equal(
	    SAY4(false, 9, ACK("corp.example", "\14")), HOSTDHCP_LEARNT);
	assert_string_equal(suffix(), "corp.example");
	assert_int_equal(lan.nsuffix, 1);
	assert_int_equal(lan.ndns, 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_answer_to_the_hosts_request_counts),
		cmocka_unit_test(the_first_answer_counts_and_none_after_it),
		cmocka_unit_test(what_was_not_asked_for_stays_as_it_was),
		cmocka_unit_test(
		    an_answer_without_configuration_takes_none_away),
		cmocka_unit_test(an_answer_is_enough_if_the_request_was_missed),
		cmocka_unit_test(what_is_another_machines_is_not_looked_at),
		cmocka_unit_test(option_24_counts_where_option_15_is_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
