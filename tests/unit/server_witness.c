/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/xml.h"
#include "formats/hashlist.h"
#include "formats/reason.h"
#include "server/stepdone.h"
#include "server/witness.h"

#define FROM 1700000000 /* 2023-11-14T22:13:20Z */
#define TO (FROM + 20)

static struct x509_chain chain;

static int
open_chain(void **state)
{
	struct x509_make root = { .cn = "root", .days = 9, .ca = true };
	struct x509_make leaf = { .cn = "Setup.example.com", .days = 9 };
	struct crypto_key *key = NULL;
	struct err e;

	(void)state;
	err_clear(&e);
	assert_int_equal(crypto_key_new(CRYPTO_EC256, &key, &e), ERR_OK);
	assert_int_equal(
	    x509_new(&root, key, NULL, NULL, &chain.cert[1], &e), ERR_OK);
	assert_int_equal(
	    x509_new(&leaf, key, chain.cert[1], key, &chain.cert[0], &e),
	    ERR_OK);
	chain.n = 2;
	crypto_key_free(key);
	return 0;
}

static int
close_chain(void **state)
{
	(void)state;
	x509_chain_free(&chain);
	return 0;
}

/* The record that a device has of a set-up with our chain. */
static struct session_record
ours(enum hash_type type)
{
	struct session_record r = { .present = true,
		.fqdn = "setup.example.com",
		.hash_type = (int)type,
		.created = "2023-11-14T22:13:30Z" };
	struct hash_entry h;
	const uint8_t *der;
	size_t n;

	der = x509_der(chain.cert[1], &n);
	hashlist_of_der(&h, type, der, n);
	r.hash_len = hashlist_hash_len(type);
	memcpy(r.hash, h.hash, r.hash_len);
	return r;
}

static const struct reason *
judged(const struct x509_chain *c, const struct session_record *r)
{
	char by[STORE_BY];
	struct err e;

	err_clear(&e);
	witness_make(by, c, FROM);
	witness_close(by, TO);
	witness_judge(by, r, &e);
	assert_true((e.code == ERR_OK) == (e.reason == NULL));
	return e.reason;
}

static void
our_own_set_up_is_told_alike_by_any_hash(void **state)
{
	struct session_record r;

	(void)state;
	for (int t = HASH_SHA1; t <= HASH_SHA384; t++) {
		r = ours((enum hash_type)t);
		assert_null(judged(&chain, &r));
		r.hash_len = 64; /* its slot, zeroes behind */
		assert_null(judged(&chain, &r));
		r.hash[0] ^= 1;
		assert_ptr_equal(
		    judged(&chain, &r), reason_get(REASON_RECORD_DIFFERS));
	}
}

static void
another_server_time_or_way_differs(void **state)
{
	const struct reason *differs = reason_get(REASON_RECORD_DIFFERS);
	struct session_record r = ours(HASH_SHA256);

	(void)state;
	strcpy(r.fqdn, "rogue.example.com");
	assert_ptr_equal(judged(&chain, &r), differs);
	r = ours(HASH_SHA256);
	strcpy(r.created, "2023-11-14T23:13:30Z");
	assert_ptr_equal(judged(&chain, &r), differs);
	strcpy(r.created, "2023-11-13T22:13:30Z");
	assert_ptr_equal(judged(&chain, &r), differs);
	/* CIM: the same moment as ours, told two hours east of it */
	strcpy(r.created, "20231115001330.000000+120");
	assert_null(judged(&chain, &r));
	strcpy(r.created, "20231114221330.000000+120");
	assert_ptr_equal(judged(&chain, &r), differs);
	r = ours(HASH_SHA256);
	r.host_based = true;
	assert_ptr_equal(judged(&chain, &r), differs);
	r = ours(HASH_SHA256); /* by a certificate, and not by our key */
	assert_ptr_equal(judged(NULL, &r), differs);
}

static void
what_is_not_told_is_not_compared(void **state)
{
	struct session_record r = { .present = true };

	(void)state;
	assert_null(judged(&chain, &r));
	assert_null(judged(NULL, &r));
	strcpy(r.created, "yesterday");
	r.hash_type = 3; /* SHA-512 by some sources */
	r.hash_len = 64;
	memset(r.hash, 7, 64);
	assert_null(judged(&chain, &r));
	r = (struct session_record){ .present = false, .host_based = true };
	assert_null(judged(&chain, &r));
}

/* Its clock tells what it told before: nothing that we know of. */
static void
a_clock_that_was_left_alone_is_no_witness(void **state)
{
	struct session_record r = ours(HASH_SHA256);
	char by[STORE_BY];
	struct err e;

	(void)state;
	err_clear(&e);
	strcpy(r.created, "2001-09-09T01:46:45Z");
	witness_make(by, &chain, 0);
	witness_close(by, TO);
	assert_int_equal(witness_judge(by, &r, &e), ERR_OK);
	strcpy(r.fqdn, "rogue.example.com");
	assert_int_equal(witness_judge(by, &r, &e), ERR_PERM);
	err_clear(&e);
	r = ours(HASH_SHA256);
	r.hash[0] ^= 1;
	assert_int_equal(witness_judge(by, &r, &e), ERR_PERM);
}

static void
both_times_are_told(void **state)
{
	struct session_record r = ours(HASH_SHA256);
	char by[STORE_BY];
	struct err e;

	(void)state;
	err_clear(&e);
	strcpy(r.created, "2001-09-09T01:46:45Z");
	witness_make(by, &chain, FROM);
	witness_close(by, TO);
	assert_int_equal(witness_judge(by, &r, &e), ERR_PERM);
	assert_string_equal(e.msg,
	    "the device says set up at 2001-09-09T01:46:45Z, here it was at "
	    "2023-11-14T22:13:40Z");
}

/* DSP0230 has an element inside; a few write the time alone. */
static void
the_time_of_a_record_is_read_in_each_form(void **state)
{
	static const char *const forms[] = { "2023-11-14T22:13:20Z",
		"<D:Datetime xmlns:D='urn:d'> "
		"2023-11-14T22:13:20Z</D:Datetime>",
		"<CIM_DateTime>2023-11-14T22:13:20Z</CIM_DateTime>" };
	static struct session s;
	struct wsman_response res;
	struct xml *x = NULL;
	const char *why;
	struct err e = { 0 };
	char text[512];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		snprintf(text, sizeof(text),
		    "<Envelope><Body><PullResponse><Items>"
		    "<IPS_TLSProvisioningRecord><CreationTimeStamp>%s"
		    "</CreationTimeStamp></IPS_TLSProvisioningRecord>"
		    "</Items></PullResponse></Body></Envelope>",
		    forms[i]);
		assert_int_equal(xml_read(text, strlen(text), &x, &e), ERR_OK);
		assert_true(wsman_read_response(xml_root(x), &res, &why));
		memset(&s, 0, sizeof(s));
		assert_int_equal(stepdone_take_record(&s, &res, &e), ERR_OK);
		assert_string_equal(s.record.created, forms[0]);
		xml_free(x);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_own_set_up_is_told_alike_by_any_hash),
		cmocka_unit_test(another_server_time_or_way_differs),
		cmocka_unit_test(what_is_not_told_is_not_compared),
		cmocka_unit_test(a_clock_that_was_left_alone_is_no_witness),
		cmocka_unit_test(both_times_are_told),
		cmocka_unit_test(the_time_of_a_record_is_read_in_each_form),
	};

	return cmocka_run_group_tests(tests, open_chain, close_chain);
}
