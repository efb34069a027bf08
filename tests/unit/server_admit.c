/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <string.h>

#include "base/crypto.h"
#include "formats/reason.h"
#include "server/admit.h"
#include "server/pids.h"

static const struct psk pairs[2] = {
	{ "0000037M", "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ" },
	{ "12345674", "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ" },
};

static const struct reason *
refused(const struct hello *h, const struct admit *a)
{
	size_t index = 99;
	struct err e;

	err_clear(&e);
	assert_int_equal(admit_hello(h, a, &index, &e), ERR_PERM);
	assert_int_equal(index, 99);
	return e.reason;
}

static void
a_psk_hello_needs_a_known_unit_and_one_of_its_pids(void **state)
{
	static struct hello h = { .version = HELLO_PSK, .pid = "12345674" };
	struct admit a = { .known = true, .psk = pairs, .npsk = 2 };
	size_t index = 0;
	struct err e;

	(void)state;
	err_clear(&e);
	assert_int_equal(admit_hello(&h, &a, &index, &e), ERR_OK);
	assert_int_equal(index, 1);
	strcpy(h.pid, "ABCDEFG8");
	assert_ptr_equal(refused(&h, &a), reason_get(REASON_PID_UNKNOWN));
	a.pid = PIDS_OTHER;
	assert_ptr_equal(refused(&h, &a), reason_get(REASON_PID_OTHER_UNIT));
	a = (struct admit){ .pid = PIDS_OTHER };
	assert_ptr_equal(refused(&h, &a), reason_get(REASON_PID_OTHER_UNIT));
	a.pid = PIDS_TENANT;
	assert_ptr_equal(refused(&h, &a), reason_get(REASON_PID_OTHER_TENANT));
	a = (struct admit){ .known = false };
	assert_ptr_equal(refused(&h, &a), reason_get(REASON_UUID_UNKNOWN));
	a = (struct admit){ .known = true };
	assert_ptr_equal(refused(&h, &a), reason_get(REASON_MODE_MISMATCH));
}

static void
a_replaced_pid_is_refused_of_a_machine_that_is_set_up(void **state)
{
	static struct hello h = { .version = HELLO_PSK, .pid = "12345674" };
	struct admit a = { .known = true,
		.psk = pairs,
		.npsk = 2,
		.provisioned = true,
		.pid = PIDS_REPLACED };
	size_t index = 0;
	struct err e;

	(void)state;
	err_clear(&e);
	assert_ptr_equal(refused(&h, &a), reason_get(REASON_PID_REUSED));
	a.provisioned = false; /* reset, and somebody has looked */
	assert_int_equal(admit_hello(&h, &a, &index, &e), ERR_OK);
	assert_int_equal(index, 1);
	a.npsk = 0; /* of the pair before last nothing is kept but its name */
	assert_ptr_equal(refused(&h, &a), reason_get(REASON_PID_REUSED));
}

static void
a_certificate_hello_picks_the_chain_whose_root_it_announces(void **state)
{
	static struct hello h = { .version = HELLO_PKI, .n = 2 };
	struct x509_make make = { .cn = "root", .days = 1, .ca = true };
	struct x509_chain chain[2] = { { .n = 1 }, { .n = 1 } };
	const struct x509_chain *both[2] = { &chain[0], &chain[1] };
	struct admit a = { .known = true, .chain = both, .nchains = 2 };
	struct crypto_key *key = NULL;
	struct hash_entry entry;
	const uint8_t *der;
	size_t n, index = 0;
	struct err e;

	(void)state;
	err_clear(&e);
	assert_int_equal(crypto_key_new(CRYPTO_EC256, &key, &e), ERR_OK);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
		    x509_new(&make, key, NULL, NULL, &chain[i].cert[0], &e),
		    ERR_OK);
	h.hash[0].type = HASH_SHA256;
	h.hash[1].type = HASH_SHA1;
	assert_ptr_equal(
	    refused(&h, &a), reason_get(REASON_ROOT_NOT_ANNOUNCED));
	der = x509_der(chain[1].cert[0], &n);
	hashlist_of_der(&entry, HASH_SHA1, der, n);
	memcpy(h.hash[1].hash, entry.hash, 20);
	assert_int_equal(admit_hello(&h, &a, &index, &e), ERR_OK);
	assert_int_equal(index, 1);
	h.hash[1].type = HASH_SHA256; /* the right bytes, the wrong type */
	assert_ptr_equal(
	    refused(&h, &a), reason_get(REASON_ROOT_NOT_ANNOUNCED));
	der = x509_der(chain[0].cert[0], &n);
	hashlist_of_der(&entry, HASH_SHA384, der, n);
	h.hash[0].type = HASH_SHA384;
	memcpy(h.hash[0].hash, entry.hash, 48);
	assert_int_equal(admit_hello(&h, &a, &index, &e), ERR_OK);
	assert_int_equal(index, 0);
	a.psk = pairs;
	a.npsk = 1;
	assert_ptr_equal(refused(&h, &a), reason_get(REASON_MODE_MISMATCH));
	x509_chain_free(&chain[0]);
	x509_chain_free(&chain[1]);
	crypto_key_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_replaced_pid_is_refused_of_a_machine_that_is_set_up),
		cmocka_unit_test(
		    a_psk_hello_needs_a_known_unit_and_one_of_its_pids),
		cmocka_unit_test(
		    a_certificate_hello_picks_the_chain_whose_root_it_announces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
