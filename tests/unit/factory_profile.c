/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "factory/profile.h"

static char stored[PROFILE_JSON_MAX];

/* What is loaded is written to the same bytes. */
static void
round_trip(const struct profile *p)
{
	static char again[PROFILE_JSON_MAX];
	struct profile loaded;
	struct wr w;
	struct rd r;

	wr_fixed(&w, stored, sizeof(stored) - 1);
	profile_store(&w, p);
	assert_false(w.failed);
	stored[w.len] = '\0';
	rd_init(&r, stored, w.len);
	assert_true(profile_load(&r, &loaded));
	wr_fixed(&w, again, sizeof(again));
	profile_store(&w, &loaded);
	assert_int_equal(w.len, strlen(stored));
	assert_memory_equal(again, stored, w.len);
}

static void
both_samples_are_read_and_stored(void **state)
{
	struct profile_notes notes;
	struct profile p;
	struct err e;

	(void)state;
	err_clear(&e);
	assert_int_equal(
	    profile_read("configs/profile-psk.cfg", &p, &notes, &e), ERR_OK);
	assert_false(p.pki);
	assert_true(p.enabled && p.talk && p.mebx);
	assert_int_equal(p.amt_major, 3);
	assert_int_equal(notes.n, 0);
	round_trip(&p);
	assert_int_equal(
	    profile_read("configs/profile-pki.cfg", &p, &notes, &e), ERR_OK);
	assert_true(p.pki && p.enabled && p.talk && !p.factory_key);
	assert_int_equal(p.mode, RECORD_ENTERPRISE);
	assert_int_equal(p.key_type, CRYPTO_RSA2048);
	assert_string_equal(p.pki_dns_suffix, "");
	assert_string_equal(p.server_fqdn, "");
	assert_int_equal(p.hashes.n, 1);
	assert_true(p.hashes.e[0].active && p.hashes.e[0].oem);
	assert_int_equal(strncmp(p.hash_list, "list-", 5), 0);
	round_trip(&p);
}

static void
every_field_survives_the_store(void **state)
{
	struct profile p = { .customer = "A \"B\" \\ C",
		.amt_major = 16,
		.amt_minor = 1,
		.mode = RECORD_SMB,
		.pki = true,
		.factory_key = true,
		.key_type = CRYPTO_EC384,
		.otp = true,
		.key_shared = true,
		.hash_list = "list-x",
		.pki_dns_suffix = "example.com",
		.server_fqdn = "amt.example.com",
		.server_ip = { 192, 0, 2, 10 },
		.server_port = 9971 };

	(void)state;
	p.hashes.n = 2;
	for (size_t i = 0; i < 2; i++) {
		p.hashes.e[i].type = i == 0 ? HASH_SHA1 : HASH_SHA384;
		memset(p.hashes.e[i].hash, (int)i + 7, 20);
		p.hashes.e[i].only = i == 1;
		strcpy(p.hashes.e[i].name, "n");
	}
	round_trip(&p);
	assert_non_null(strstr(stored, "\"server_address\":\"192.0.2.10\""));
	assert_non_null(strstr(stored, "\"key_type\":\"ec384\""));
	assert_non_null(strstr(stored, "\"otp\":\"random\""));
}

static void
a_damaged_store_is_not_loaded(void **state)
{
	struct profile p = { .customer = "c", .amt_major = 3 };
	struct rd r;
	size_t n;

	(void)state;
	round_trip(&p);
	n = strlen(stored);
	for (size_t i = 0; i < n; i++) {
		rd_init(&r, stored, i);
		assert_false(profile_load(&r, &p));
	}
	memcpy(strstr(stored, "\"amt\":\"3.0\""), "\"amt\":\"3,0\"", 11);
	rd_init(&r, stored, n);
	assert_false(profile_load(&r, &p));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_samples_are_read_and_stored),
		cmocka_unit_test(every_field_survives_the_store),
		cmocka_unit_test(a_damaged_store_is_not_loaded),
	};

	crypto_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
