/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include "formats/domain.h"

#define LABEL_63 \
	"abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz_012345678"

static void
want(bool match, enum domain_rule rule, const char *cn, const char *suffix)
{
	const char *why = NULL;

	assert_int_equal(domain_match(rule, cn, suffix, &why), match);
	if (match)
		assert_null(why);
	else
		assert_non_null(why);
}

static void
a_suffix_is_a_label_aligned_tail(void **state)
{
	(void)state;
	want(true, DOMAIN_FULL, "prov.example.com", "example.com");
	want(true, DOMAIN_FULL, "example.com", "example.com");
	want(true, DOMAIN_FULL, "PROV.Example.COM", "example.com.");
	want(false, DOMAIN_FULL, "prov.example.com", "ample.com");
	want(false, DOMAIN_FULL, "prov.example.com", "corp.example.com");
	want(false, DOMAIN_FULL, "", "example.com");
	want(false, DOMAIN_FULL, "prov.example.com", "");
	want(false, DOMAIN_FULL, "prov..example.com", "example.com");
	want(false, DOMAIN_FULL, "prov.example.com", ".example.com");
	want(false, DOMAIN_FULL, "prov example.com", "example.com");
	want(true, DOMAIN_FULL, LABEL_63 ".example.com", "example.com");
	want(false, DOMAIN_FULL, LABEL_63 "x.example.com", "example.com");
	want(false, DOMAIN_FULL,
	    LABEL_63 "." LABEL_63 "." LABEL_63 "." LABEL_63 ".com", "com");
}

static void
a_wildcard_stands_for_its_domain(void **state)
{
	(void)state;
	want(true, DOMAIN_FULL, "*.corp.example.com", "corp.example.com");
	want(true, DOMAIN_FULL, "*.corp.example.com", "example.com");
	want(false, DOMAIN_FULL, "*.example.com", "corp.example.com");
	want(false, DOMAIN_FULL, "*", "example.com");
	want(false, DOMAIN_FULL, "*.", "example.com");
}

static void
com_and_net_take_two_labels_under_their_rule(void **state)
{
	(void)state;
	want(true, DOMAIN_COM_NET, "prov.example.com", "corp.example.com");
	want(true, DOMAIN_COM_NET, "prov.example.net", "a.b.example.net");
	want(false, DOMAIN_COM_NET, "prov.example.org", "corp.example.org");
	want(false, DOMAIN_COM_NET, "prov.other.com", "corp.example.com");
}

static void
the_table_knows_how_many_labels_a_country_takes(void **state)
{
	(void)state;
	want(true, DOMAIN_TLD_TABLE, "p.example.co.uk", "a.example.co.uk");
	want(false, DOMAIN_FULL, "p.example.co.uk", "a.example.co.uk");
	want(false, DOMAIN_TLD_TABLE, "p.example.co.uk", "b.other.co.uk");
	want(false, DOMAIN_FULL, "p.example.co.uk", "b.other.co.uk");
	want(true, DOMAIN_TLD_TABLE, "p.example.de", "a.example.de");
	want(false, DOMAIN_TLD_TABLE, "p.example.info", "a.example.info");
	want(false, DOMAIN_TLD_TABLE, "p.ample.com", "p.example.com");
	want(false, DOMAIN_TLD_TABLE, "com", "example.com");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_suffix_is_a_label_aligned_tail),
		cmocka_unit_test(a_wildcard_stands_for_its_domain),
		cmocka_unit_test(com_and_net_take_two_labels_under_their_rule),
		cmocka_unit_test(
		    the_table_knows_how_many_labels_a_country_takes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
