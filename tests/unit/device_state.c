/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "device/stateowner.h"
#include "formats/reason.h"
#include "tests/onefolder.h"

static char inner[80], path[96];
static struct state a, b;
static const uint8_t random16[16] = { 0xa4, 0x07 };

static int
start(void **unused)
{
	struct err e = { 0 };

	if (folder_new(unused) != 0)
		return -1;
	snprintf(inner, sizeof(inner), "%s/machine", dir);
	snprintf(path, sizeof(path), "%s/state", inner);
	return (int)state_open(&a, inner, random16, &e);
}

static int
end(void **unused)
{
	state_free(&a);
	state_free(&b);
	return folder_free(unused);
}

static void
reopen(void)
{
	struct err e = { 0 };

	assert_int_equal(
	    state_open(&b, inner, (const uint8_t[16]){ 9 }, &e), ERR_OK);
}

static void
a_new_state_is_its_owners_alone_and_keeps_its_realm(void **unused)
{
	struct stat st;

	(void)unused;
	assert_string_equal(a.realm, "Digest:A4070000000000000000000000000000");
	assert_int_equal(stat(inner, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	reopen();
	assert_string_equal(b.realm, a.realm);
	assert_int_equal(b.credential, -1);
}

static void
whom_the_host_named_is_kept_while_its_window_is_open(void **unused)
{
	uint8_t pin[33] = { 2, 1 };
	struct err e = { 0 };

	(void)unused;
	state_blob_set(&a.pin, pin, sizeof(pin), &e);
	assert_int_equal(state_save(&a, &e), ERR_OK);
	reopen();
	assert_int_equal(b.pin.n, 0);
	state_free(&b);
	window_open(&a.window, 1000);
	assert_int_equal(state_save(&a, &e), ERR_OK);
	reopen();
	assert_int_equal(b.pin.n, sizeof(pin));
	assert_memory_equal(b.pin.p, pin, sizeof(pin));
	state_free(&b);
	pin[0] = 1; /* SHA-1, which nobody may name */
	state_blob_set(&a.pin, pin, sizeof(pin), &e);
	assert_int_equal(state_save(&a, &e), ERR_OK);
	assert_int_equal(state_open(&b, inner, random16, &e), ERR_DATA);
	state_reset(&a, true);
	assert_int_equal(a.pin.n, 0);
}

static void
fill_set_up(void)
{
	struct err e = { 0 };

	strcpy(a.ha1, "00360e4baa903393fa8cc352d0e30083");
	strcpy(a.psk.pid, "0000037M");
	strcpy(a.psk.pps, "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ");
	state_blob_set(&a.key, "own", 3, &e);
	state_blob_set(&a.cert, "self", 4, &e);
	state_blob_set(&a.pair[1], "pair", 4, &e);
	state_blob_set(&a.certs[7], "issued", 6, &e);
	a.credential = 7;
	a.mebx_set = a.tls_enabled[0] = a.tls_mutual[1] = true;
	a.clock = -5;
	a.record = (struct state_record){ .present = true,
		.serials = { [15] = 7, [47] = 0xfe },
		.more_serials = true,
		.fqdn = "prov.example.com",
		.hash_type = 2,
		.hash = "00ff",
		.hash_is_default = true,
		.secure_dns = true,
		.time_valid = true,
		.server_ip = "127.0.0.1",
		.created = 1700000000 };
}

static void
a_committed_set_up_survives_a_restart(void **unused)
{
	struct err e = { 0 };

	(void)unused;
	fill_set_up();
	a.phase = STATE_POST;
	a.retry = 3;
	assert_int_equal(state_save(&a, &e), ERR_OK);
	reopen();
	assert_int_equal(b.phase, STATE_POST);
	assert_int_equal(b.retry, 3);
	assert_string_equal(b.ha1, a.ha1);
	assert_memory_equal(&b.psk, &a.psk, sizeof(a.psk));
	assert_memory_equal(b.key.p, "own", 3);
	assert_memory_equal(b.pair[1].p, "pair", 4);
	assert_memory_equal(b.certs[7].p, "issued", 6);
	assert_int_equal(b.certs[7].n, 6);
	assert_int_equal(b.credential, 7);
	assert_true(b.tls_enabled[0] && !b.tls_enabled[1]);
	assert_true(!b.tls_mutual[0] && b.tls_mutual[1]);
	assert_int_equal(b.clock, -5);
	assert_string_equal(b.record.fqdn, "prov.example.com");
	assert_string_equal(b.record.hash, "00ff");
	assert_string_equal(b.record.server_ip, "127.0.0.1");
	assert_int_equal(b.record.created, 1700000000);
	assert_true(b.record.hash_is_default && b.record.secure_dns);
	assert_memory_equal(
	    b.record.serials, a.record.serials, sizeof(a.record.serials));
	assert_true(b.record.more_serials);
}

static void
a_set_up_that_was_not_committed_leaves_no_trace(void **unused)
{
	struct err e = { 0 };
	uint8_t *p = NULL;
	size_t n = 0;

	(void)unused;
	fill_set_up();
	a.phase = STATE_IN;
	assert_int_equal(state_save(&a, &e), ERR_OK);
	reopen();
	assert_int_equal(b.phase, STATE_PRE);
	assert_string_equal(b.ha1, "");
	assert_string_equal(b.psk.pid, "");
	assert_int_equal(b.pair[1].n, 0);
	assert_false(b.record.present || b.mebx_set);
	assert_memory_equal(b.key.p, "own", 3); /* the device's own stays */
	assert_int_equal(file_read(path, 65536, &p, &n, &e), ERR_OK);
	assert_null(memmem(p, n, "NKLD", 4));
	free(p);
}

static void
a_mebx_password_outlives_un_provisioning_in_part(void **unused)
{
	struct err e = { 0 };
	const char *why;

	(void)unused;
	fill_set_up();
	strcpy(a.mebx, " Strong#1 ");
	a.phase = STATE_POST;
	state_reset(&a, true);
	assert_int_equal(state_save(&a, &e), ERR_OK);
	reopen();
	assert_int_equal(b.phase, STATE_PRE);
	assert_string_equal(b.mebx, "");
	assert_string_equal(state_mebx(&b), " Strong#1 ");
	assert_true(b.mebx_set);
	memset(&b.psk_kept, 0, sizeof(b.psk_kept));
	assert_false(state_is_factory(&b, &why));
	state_reset(&b, false);
	assert_string_equal(state_mebx(&b), "");
	assert_false(b.mebx_set);
	assert_true(state_is_factory(&b, &why));
}

static void
every_cut_of_a_state_file_is_refused(void **unused)
{
	struct err e = { 0 };
	uint8_t *p = NULL;
	size_t n = 0;

	(void)unused;
	fill_set_up();
	a.phase = STATE_POST;
	assert_int_equal(state_save(&a, &e), ERR_OK);
	assert_int_equal(file_read(path, 65536, &p, &n, &e), ERR_OK);
	for (size_t cut = 0; cut < n; cut++) {
		err_clear(&e);
		assert_int_equal(
		    file_write(path, FILE_REPLACE | FILE_SECRET, p, cut, &e),
		    ERR_OK);
		assert_int_equal(state_open(&b, inner, random16, &e), ERR_DATA);
		assert_non_null(strstr(e.msg, "line"));
	}
	free(p);
}

static void
the_record_of_a_key_is_kept_whole(void **unused)
{
	struct record *r = calloc(3, sizeof(*r)), *out = r + 1;
	struct err e = { 0 };

	(void)unused;
	r->uuid.b[3] = 7;
	r->sequence = 2;
	r->key_len = RECORD_KEY;
	memset(r->key, 0x5a, RECORD_KEY);
	assert_int_equal(state_onetouch_set(&a, r, &e), ERR_OK);
	assert_int_equal(state_save(&a, &e), ERR_OK);
	reopen();
	r[2].uuid = r->uuid;
	r[2].sequence = 1;
	assert_true(state_onetouch(&b, &r[2], out));
	assert_memory_equal(out, r, sizeof(*r));
	r[2].sequence = 2;
	assert_false(state_onetouch(&b, &r[2], out));
	free(r);
}

/* What stands behind it would not be read, and be gone with the next save. */
static void
a_byte_zero_behind_the_end_is_refused(void **unused)
{
	struct err e = { 0 };
	uint8_t *p = NULL, more[4096];
	size_t n = 0;

	(void)unused;
	assert_int_equal(state_save(&a, &e), ERR_OK);
	assert_int_equal(file_read(path, sizeof(more) - 8, &p, &n, &e), ERR_OK);
	memcpy(more, p, n);
	memcpy(more + n, "\0otp x\n", 8);
	free(p);
	assert_int_equal(
	    file_write(path, FILE_REPLACE | FILE_SECRET, more, n + 8, &e),
	    ERR_OK);
	assert_int_equal(state_open(&b, inner, random16, &e), ERR_DATA);
}

static void
a_record_that_is_damaged_is_refused(void **unused)
{
	struct record *r = calloc(1, sizeof(*r));
	struct err e = { 0 };
	uint8_t *p = NULL, *at;
	size_t n = 0;

	(void)unused;
	assert_int_equal(state_onetouch_set(&a, r, &e), ERR_OK);
	assert_int_equal(state_save(&a, &e), ERR_OK);
	assert_int_equal(file_read(path, 65536, &p, &n, &e), ERR_OK);
	at = memmem(p, n, "onetouch ", 9);
	assert_non_null(at);
	at[40] ^= 1;
	assert_int_equal(
	    file_write(path, FILE_REPLACE | FILE_SECRET, p, n, &e), ERR_OK);
	assert_int_equal(state_open(&b, inner, random16, &e), ERR_DATA);
	free(p);
	free(r);
}

static void
a_fleets_state_makes_nothing_before_it_is_saved(void **unused)
{
	struct err e = { 0 };
	char other[96];

	(void)unused;
	snprintf(other, sizeof(other), "%s/other", dir);
	assert_int_equal(
	    state_begin(&b, other, STATE_LOOSE, random16, &e), ERR_OK);
	b.retry = 7;
	assert_int_equal(state_save_soon(&b, &e), ERR_OK);
	assert_true(b.unsaved);
	assert_false(file_exists(other));
	assert_int_equal(state_save(&b, &e), ERR_OK);
	state_free(&b);
	assert_int_equal(
	    state_begin(&b, other, STATE_LOOSE, (const uint8_t[16]){ 9 }, &e),
	    ERR_OK);
	assert_int_equal(b.retry, 7);
	assert_string_equal(b.realm, a.realm);
}

static void
a_durable_state_puts_nothing_off(void **unused)
{
	struct err e = { 0 };

	(void)unused;
	a.retry = 9;
	assert_int_equal(state_save_soon(&a, &e), ERR_OK);
	reopen();
	assert_int_equal(b.retry, 9);
}

static void
a_volatile_state_touches_no_disk(void **unused)
{
	struct err e = { 0 };

	(void)unused;
	assert_int_equal(
	    state_begin(&b, NULL, STATE_VOLATILE, random16, &e), ERR_OK);
	assert_string_equal(b.realm, a.realm);
	assert_int_equal(state_save(&b, &e), ERR_OK);
	assert_int_equal(state_save_soon(&b, &e), ERR_OK);
}

static void
a_state_is_of_one_machine(void **unused)
{
	const struct uuid mine = { { 1, 2, 3 } }, other = { { 1, 2, 4 } };
	struct err e = { 0 };

	(void)unused;
	assert_int_equal(stateowner_bind(&a, &mine, &e), ERR_OK);
	assert_true(a.unsaved);
	assert_int_equal(state_save(&a, &e), ERR_OK);
	reopen();
	assert_int_equal(stateowner_bind(&b, &mine, &e), ERR_OK);
	assert_false(b.unsaved);
	assert_int_equal(stateowner_bind(&b, &other, &e), ERR_DATA);
	assert_ptr_equal(e.reason, reason_get(REASON_STATE_OTHER));
	assert_non_null(strstr(e.msg, inner));
	assert_non_null(strstr(e.msg, "00030201-0000-0000"));
	assert_non_null(strstr(e.msg, "00040201-0000-0000"));
}

/* One that was saved before states named their machine. */
static void
what_a_key_left_says_whose_an_older_state_is(void **unused)
{
	struct record *r = calloc(1, sizeof(*r));
	const struct uuid other = { { 9 } };
	struct err e = { 0 };

	(void)unused;
	assert_non_null(r);
	r->uuid.b[0] = 8;
	r->amt_major = 3;
	assert_int_equal(state_onetouch_set(&a, r, &e), ERR_OK);
	assert_int_equal(state_save(&a, &e), ERR_OK);
	reopen();
	assert_int_equal(stateowner_bind(&b, &other, &e), ERR_DATA);
	assert_false(b.bound);
	err_clear(&e);
	assert_int_equal(stateowner_bind(&b, &r->uuid, &e), ERR_OK);
	assert_true(b.bound && b.unsaved);
	free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_state_is_of_one_machine, start, end),
		cmocka_unit_test_setup_teardown(
		    what_a_key_left_says_whose_an_older_state_is, start, end),
		cmocka_unit_test_setup_teardown(
		    a_new_state_is_its_owners_alone_and_keeps_its_realm, start,
		    end),
		cmocka_unit_test_setup_teardown(
		    whom_the_host_named_is_kept_while_its_window_is_open, start,
		    end),
		cmocka_unit_test_setup_teardown(
		    a_committed_set_up_survives_a_restart, start, end),
		cmocka_unit_test_setup_teardown(
		    a_set_up_that_was_not_committed_leaves_no_trace, start,
		    end),
		cmocka_unit_test_setup_teardown(
		    a_mebx_password_outlives_un_provisioning_in_part, start,
		    end),
		cmocka_unit_test_setup_teardown(
		    every_cut_of_a_state_file_is_refused, start, end),
		cmocka_unit_test_setup_teardown(
		    the_record_of_a_key_is_kept_whole, start, end),
		cmocka_unit_test_setup_teardown(
		    a_byte_zero_behind_the_end_is_refused, start, end),
		cmocka_unit_test_setup_teardown(
		    a_record_that_is_damaged_is_refused, start, end),
		cmocka_unit_test_setup_teardown(
		    a_fleets_state_makes_nothing_before_it_is_saved, start,
		    end),
		cmocka_unit_test_setup_teardown(
		    a_durable_state_puts_nothing_off, start, end),
		cmocka_unit_test_setup_teardown(
		    a_volatile_state_touches_no_disk, start, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
