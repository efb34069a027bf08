/* SPDX-License-Identifier: Apache-2.0 */
/* A machine whose host started set-up for one server. */
#include "tests/onemachine.h"

#include "device/identity.h"
#include "device/period.h"
#include "device/pin.h"

static struct pthi_host_based asked;

/* For the server's certificate, or another one. */
static enum amt_status
start_for(bool own, enum hash_type type)
{
	struct state_blob pin = { NULL, 0 };
	struct hash_entry hash;
	enum amt_status said;
	const uint8_t *der;
	size_t n;

	der = x509_der(chain.cert[own ? 0 : 1], &n);
	hashlist_of_der(&hash, type, der, n);
	asked.algorithm = (uint8_t)type;
	memcpy(asked.hash, hash.hash, sizeof(hash.hash));
	assert_int_equal(pin_of(&asked, true, &pin), AMT_OK);
	said = period_start_pinned(m, &pin);
	assert_true(said == AMT_OK ? pin.n == 0 : pin.n > 0);
	state_blob_free(&pin);
	return said;
}

static void
listening(void)
{
	rec.talk = false;
	memset(&asked, 0, sizeof(asked));
	machine_up(true);
	assert_false(m->open);
}

static void
only_the_server_that_the_host_named_gets_in(void **unused)
{
	(void)unused;
	listening();
	assert_int_equal(start_for(false, HASH_SHA256), AMT_OK);
	assert_int_equal(m->state->phase, STATE_IN);
	visit(true, "leaf-not-pinned");
	assert_int_equal(status, 0);
	visit(false, "chain-missing");
	for (enum hash_type t = HASH_SHA256; t <= HASH_SHA384; t++) {
		assert_int_equal(start_for(true, t), AMT_OK);
		visit(true, NULL);
		assert_int_equal(status, 200);
	}
	run(100);
	assert_int_equal(hello_count, 0); /* it knows where this is */
}

static void
the_other_rules_count_as_ever(void **unused)
{
	(void)unused;
	strcpy(rec.server_fqdn, "another.example.com");
	listening();
	assert_int_equal(start_for(true, HASH_SHA256), AMT_OK);
	visit(true, "fqdn-mismatch");
	assert_int_equal(status, 0);
}

static void
its_certificate_is_the_one_that_the_host_was_told(void **unused)
{
	uint8_t told[48], seen[32];
	struct err e = { 0 };
	struct x509 *own = NULL;

	(void)unused;
	listening();
	assert_int_equal(start_for(true, HASH_SHA256), AMT_OK);
	assert_int_equal(identity_hash(m, HASH_SHA256, told, &e), ERR_OK);
	assert_int_equal(
	    x509_from_der(m->state->cert.p, m->state->cert.n, &own, &e),
	    ERR_OK);
	x509_sha256(own, seen);
	x509_free(own);
	assert_memory_equal(told, seen, sizeof(seen));
	machine_free(m);
	machine_up(false);
	assert_int_equal(identity_hash(m, HASH_SHA256, told, &e), ERR_OK);
	assert_memory_equal(told, seen, sizeof(seen));
}

static void
a_stop_or_a_plain_start_ends_it(void **unused)
{
	(void)unused;
	listening();
	assert_int_equal(start_for(false, HASH_SHA256), AMT_OK);
	assert_int_equal(period_stop(m), AMT_OK);
	assert_int_equal(m->state->phase, STATE_PRE);
	assert_int_equal(m->state->pin.n, 0);
	visit(true, NULL);
	assert_int_equal(status, 0);
	assert_int_equal(start_for(false, HASH_SHA256), AMT_OK);
	assert_int_equal(period_start_host(m), AMT_OK);
	visit(true, NULL);
	assert_int_equal(status, 200);
	run_hellos(1);
	/* And the other way round. */
	assert_int_equal(start_for(false, HASH_SHA256), AMT_OK);
	visit(true, "leaf-not-pinned");
}

static void
a_restart_keeps_or_ends_it_as_the_setting_says(void **unused)
{
	(void)unused;
	listening();
	assert_int_equal(start_for(false, HASH_SHA256), AMT_OK);
	machine_free(m);
	machine_up(false);
	assert_true(m->open);
	visit(true, "leaf-not-pinned");
	machine_free(m);
	settings.host_start_kept = false;
	machine_up(false);
	assert_false(m->open);
	assert_int_equal(m->state->pin.n, 0);
	machine_free(m);
	settings.host_start_kept = true;
	machine_up(false);
	assert_false(m->open);
}

static void
its_end_and_an_un_provisioning_forget_it(void **unused)
{
	(void)unused;
	listening();
	assert_int_equal(start_for(true, HASH_SHA256), AMT_OK);
	period_extend(m, 0);
	assert_false(m->open);
	assert_int_equal(m->state->pin.n, 0);
	assert_int_equal(start_for(true, HASH_SHA256), AMT_OK);
	machine_committed(m);
	assert_int_equal(m->state->pin.n, 0);
	m->state->phase = STATE_POST;
	assert_int_equal(start_for(true, HASH_SHA256), AMT_BAD_STATE);
	assert_int_equal(m->state->pin.n, 0);
}

static void
suffixes_of_the_host_stand_in_for_dhcps(void **unused)
{
	(void)unused;
	listening();
	machine_suffix(m, "");
	assert_int_equal(start_for(true, HASH_SHA256), AMT_NOT_READY);
	asked.has_list = true;
	asked.suffixes = 2;
	memcpy(asked.list, "other.test\0example.com", 23);
	assert_int_equal(start_for(true, HASH_SHA256), AMT_OK);
	assert_string_equal(machine_suffix_nth(m, 0), "other.test");
	assert_string_equal(machine_suffix_nth(m, 1), "example.com");
	assert_null(machine_suffix_nth(m, 2));
	visit(true, NULL);
	assert_int_equal(status, 200);
	strcpy(m->state->suffix, "host.test");
	assert_string_equal(machine_suffix_nth(m, 0), "host.test");
	visit(true, "suffix-mismatch");
}

static void
only_what_is_set_up_by_certificates_can_be_started_so(void **unused)
{
	(void)unused;
	rec.enabled = false;
	listening();
	assert_int_equal(start_for(true, HASH_SHA256), AMT_NOT_PERMITTED);
	machine_free(m);
	rec.enabled = true;
	strcpy(rec.psk.pid, PID);
	strcpy(rec.psk.pps, PPS);
	machine_up(false);
	assert_int_equal(start_for(true, HASH_SHA256), AMT_BAD_MODE);
	assert_int_equal(m->state->pin.n, 0);
}

static void
what_cannot_be_saved_pins_nobody(void **unused)
{
	(void)unused;
	listening();
	folder_away(dir);
	assert_int_equal(start_for(true, HASH_SHA256), AMT_INTERNAL);
	assert_int_equal(m->state->pin.n, 0);
	assert_int_equal(m->state->cert.n, 0);
	folder_back(dir);
	assert_int_equal(start_for(true, HASH_SHA256), AMT_OK);
	assert_true(m->state->pin.n > 0);
	assert_int_equal(period_stop(m), AMT_OK);
	folder_away(dir);
	assert_int_equal(start_for(true, HASH_SHA256), AMT_FLASH_LIMIT);
	assert_false(m->open);
	assert_int_equal(m->state->pin.n, 0);
	folder_back(dir);
	assert_int_equal(start_for(true, HASH_SHA256), AMT_OK);
	assert_true(m->state->pin.n > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(only_the_server_that_the_host_named_gets_in),
		CASE(the_other_rules_count_as_ever),
		CASE(its_certificate_is_the_one_that_the_host_was_told),
		CASE(a_stop_or_a_plain_start_ends_it),
		CASE(a_restart_keeps_or_ends_it_as_the_setting_says),
		CASE(its_end_and_an_un_provisioning_forget_it),
		CASE(suffixes_of_the_host_stand_in_for_dhcps),
		CASE(only_what_is_set_up_by_certificates_can_be_started_so),
		CASE(what_cannot_be_saved_pins_nobody),
	};

	crypto_init();
	return cmocka_run_group_tests(tests, start_all, end_all);
}
