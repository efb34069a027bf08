/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <string.h>

#include "formats/generation.h"
#include "formats/hashlist.h"

static const struct generation *
amt(unsigned major, unsigned minor)
{
	return generation_of(major, minor);
}

static void
a_version_takes_the_nearest_older_row(void **state)
{
	(void)state;
	assert_ptr_equal(amt(3, 2), amt(3, 0));
	assert_ptr_equal(amt(8, 1), amt(7, 0));
	assert_ptr_equal(amt(10, 255), amt(7, 0));
	assert_ptr_equal(amt(11, 8), amt(11, 0));
	assert_ptr_equal(amt(18, 0), amt(16, 0));
	assert_ptr_equal(amt(99, 0), amt(19, 0));
	assert_ptr_equal(amt(3, 300), amt(3, 0)); /* not 4.x */
	assert_ptr_equal(amt(0, 0), amt(2, 0));
	assert_ptr_equal(amt(1, 0), amt(2, 0));
}

static void
rows_stand_in_order_and_end(void **state)
{
	const struct generation *g, *before = generation_nth(0);
	char text[8];

	(void)state;
	for (size_t i = 1; (g = generation_nth(i)) != NULL; before = g, i++) {
		assert_true(before->major * 256 + before->minor <
		    g->major * 256 + g->minor);
		assert_true(before->tls_max <= g->tls_max);
		assert_true(before->rsa_max <= g->rsa_max);
		assert_true(g->tls_min <= g->tls_max);
		assert_int_equal(g->hashes & g->hashes_unsaid, 0);
		assert_true(g->oem_hashes + g->own_hashes <= HASHLIST_MAX);
		generation_text(g, text);
		assert_ptr_equal(amt(g->major, g->minor), g);
	}
	generation_text(amt(5, 1), text);
	assert_string_equal(text, "5.1");
	generation_text(amt(16, 0), text);
	assert_string_equal(text, "16.0");
}

/* SDK; MeshCommander has the same table. */
static void
the_domain_rule_follows_the_version(void **state)
{
	(void)state;
	assert_int_equal(amt(2, 5)->domain, DOMAIN_FULL);
	assert_int_equal(amt(2, 6)->domain, DOMAIN_COM_NET);
	assert_int_equal(amt(3, 0)->domain, DOMAIN_FULL);
	assert_int_equal(amt(4, 0)->domain, DOMAIN_FULL);
	assert_int_equal(amt(4, 1)->domain, DOMAIN_TLD_TABLE);
	assert_int_equal(amt(5, 0)->domain, DOMAIN_FULL);
	assert_int_equal(amt(5, 1)->domain, DOMAIN_TLD_TABLE);
	assert_int_equal(amt(11, 0)->domain, DOMAIN_TLD_TABLE);
}

/* MeshCentral asks 14 and later for it. */
static void
a_start_for_one_certificate_is_known_from_14_on(void **state)
{
	(void)state;
	assert_false(amt(13, 0)->host_start);
	for (unsigned v = 14; v < 20; v++)
		assert_true(amt(v, 0)->host_start);
}

static void
keys_and_hashes_follow_the_version(void **state)
{
	unsigned sha1 = GENERATION_HASH(HASH_SHA1);

	(void)state;
	assert_int_equal(amt(5, 1)->rsa_max, 2048);
	assert_int_equal(amt(6, 0)->rsa_max, 4096);
	assert_int_equal(amt(14, 0)->rsa_min, 1024);
	assert_int_equal(amt(16, 0)->rsa_min, 2048);
	assert_true((amt(14, 0)->hashes & sha1) != 0);
	assert_false((amt(15, 0)->hashes & sha1) != 0);
	assert_true(amt(15, 0)->differs_by_chipset);
	assert_false(amt(16, 0)->differs_by_chipset);
	assert_int_equal(amt(3, 0)->hashes, sha1);
	assert_int_equal(amt(6, 0)->hashes_unsaid, 0);
	assert_false(amt(15, 0)->ec);
	assert_true(amt(16, 0)->ec);
}

static void
tls_and_psk_follow_the_version(void **state)
{
	(void)state;
	assert_int_equal(amt(11, 8)->tls_min, GENERATION_TLS_1_0);
	assert_int_equal(amt(11, 8)->tls_max, GENERATION_TLS_1_1);
	assert_int_equal(amt(12, 0)->tls_min, GENERATION_TLS_1_1);
	assert_int_equal(amt(12, 0)->tls_max, GENERATION_TLS_1_2);
	assert_int_equal(amt(16, 0)->tls_min, GENERATION_TLS_1_2);
	assert_true(amt(10, 0)->psk);
	assert_false(amt(11, 0)->psk);
	assert_true(amt(3, 0)->rsa_exchange);
	assert_false(amt(12, 0)->rsa_exchange);
	assert_string_equal(generation_tls_name(GENERATION_TLS_1_1), "TLS 1.1");
}

static void
rooms_for_hashes_follow_the_version(void **state)
{
	(void)state;
	assert_int_equal(amt(6, 2)->oem_hashes, 20);
	assert_int_equal(amt(7, 0)->oem_hashes, 30);
	assert_int_equal(amt(7, 0)->own_hashes, 3);
	assert_int_equal(amt(16, 0)->announced, 23);
	assert_int_equal(amt(13, 0)->screen, GENERATION_SCREEN_ALL);
	assert_int_equal(amt(14, 0)->screen, GENERATION_SCREEN_SHA1);
	assert_int_equal(amt(16, 0)->screen, GENERATION_SCREEN_NONE);
}

static void
setup_bin_files_are_read_from_a_version_on(void **state)
{
	(void)state;
	assert_int_equal(generation_reading(1, 0)->major, 2);
	assert_int_equal(generation_reading(2, 0)->major, 3);
	assert_int_equal(generation_reading(2, 1)->major, 4);
	assert_int_equal(generation_reading(3, 0)->major, 6);
	assert_int_equal(generation_reading(4, 0)->major, 7);
	assert_int_equal(amt(3, 0)->setupbin_major, 2);
	assert_int_equal(amt(3, 0)->setupbin_minor, 0);
	assert_int_equal(amt(5, 1)->setupbin_minor, 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_version_takes_the_nearest_older_row),
		cmocka_unit_test(rows_stand_in_order_and_end),
		cmocka_unit_test(the_domain_rule_follows_the_version),
		cmocka_unit_test(
		    a_start_for_one_certificate_is_known_from_14_on),
		cmocka_unit_test(keys_and_hashes_follow_the_version),
		cmocka_unit_test(tls_and_psk_follow_the_version),
		cmocka_unit_test(rooms_for_hashes_follow_the_version),
		cmocka_unit_test(setup_bin_files_are_read_from_a_version_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
