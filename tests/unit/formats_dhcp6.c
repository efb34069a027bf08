/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <string.h>

#include "formats/dhcp6.h"

static char names[DHCP6_NAMES][DHCP6_NAME];

static bool
reads(const void *p, size_t n, struct dhcp6 *d)
{
	struct rd r;

	rd_init(&r, p, n);
	return dhcp6_read(&r, d);
}

#define READS(text, d) reads(text, sizeof(text) - 1, d)

static void
a_reply_names_up_to_five_suffixes(void **state)
{
	struct dhcp6 d;

	(void)state;
	assert_true(READS("\7\1\2\3\0\1\0\2xy\0\30\0\40\4corp\7example\0"
			  "\1a\0\1b\0\1c\0\1d\0\1e\0\1f\0",
	    &d));
	assert_int_equal(d.type, DHCP6_REPLY);
	assert_int_equal(d.xid, 0x010203);
	assert_int_equal(dhcp6_names(&d, names), 5);
	assert_string_equal(names[0], "corp.example");
	assert_string_equal(names[4], "d");
}

static void
a_compressed_or_unsound_name_spoils_the_list(void **state)
{
	struct dhcp6 d;

	(void)state;
	assert_true(READS("\7\0\0\1\0\30\0\5\1a\0\300\0", &d));
	assert_int_equal(dhcp6_names(&d, names), 0);
	assert_true(READS("\7\0\0\1\0\30\0\4\1a\0\0", &d)); /* the root */
	assert_int_equal(dhcp6_names(&d, names), 0);
	assert_true(READS("\7\0\0\1\0\30\0\2\1a", &d)); /* no end */
	assert_int_equal(dhcp6_names(&d, names), 0);
	assert_true(READS("\7\0\0\1\0\30\0\4\2a.\0", &d));
	assert_int_equal(dhcp6_names(&d, names), 0);
	assert_true(READS("\7\0\0\1\0\30\0\5\3a.b\0", &d));
	assert_int_equal(dhcp6_names(&d, names), 0);
	assert_true(READS("\7\0\0\1\0\30\0\3\1\0\0", &d));
	assert_int_equal(dhcp6_names(&d, names), 0);
	assert_true(READS("\7\0\0\1", &d));
	assert_int_equal(dhcp6_names(&d, names), 0);
}

static void
servers_of_the_dns_come_along(void **state)
{
	uint8_t dns[DHCP6_DNS][16];
	struct dhcp6 d;

	(void)state;
	assert_true(
	    READS("\7\0\0\1\0\27\0\20\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2", &d));
	assert_int_equal(dhcp6_dns(&d, dns), 1);
	assert_int_equal(dns[0][0], 0xfd);
	assert_int_equal(dns[0][15], 2);
	assert_true(READS("\7\0\0\1\0\27\0\3abc", &d));
	assert_int_equal(dhcp6_dns(&d, dns), 0);
}

static void
relayed_and_cut_messages_are_refused(void **state)
{
	struct dhcp6 d;

	(void)state;
	assert_false(READS("\14\0\0\1", &d));
	assert_false(READS("\0\0\0\1", &d));
	assert_false(READS("\7\0\0", &d));
	assert_false(READS("\7\0\0\1\0\30\0\5\1a\0", &d));
	assert_false(READS("\7\0\0\1\0\30\0", &d));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reply_names_up_to_five_suffixes),
		cmocka_unit_test(a_compressed_or_unsound_name_spoils_the_list),
		cmocka_unit_test(servers_of_the_dns_come_along),
		cmocka_unit_test(relayed_and_cut_messages_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
