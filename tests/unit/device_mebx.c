/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/mebx.h"
#include "formats/reason.h"
#include "tests/onefolder.h"

#define STRONG "Str0ng!Pass"
#define PID "0000037M"
#define PPS "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ"
#define SHA1 "05fd43e81420ca191eb85cec916527b7f1192bef"

static char state_dir[80];
static struct record *image;
static struct mebx *m;
static struct err e;

static void
open_screen(void)
{
	err_clear(&e);
	assert_int_equal(mebx_open(&m, state_dir, image, false, &e), ERR_OK);
}

static void
again(void)
{
	mebx_free(m);
	m = NULL;
	open_screen();
}

static int
start(void **unused)
{
	if (folder_new(unused) != 0)
		return -1;
	snprintf(state_dir, sizeof(state_dir), "%s/machine", dir);
	image = test_calloc(1, sizeof(*image));
	image->uuid.b[0] = 1;
	image->amt_major = 6;
	image->enabled = image->talk = image->pki = true;
	image->sequence = 5;
	image->hashes.n = 2;
	for (size_t i = 0; i < 2; i++)
		image->hashes.e[i] = (struct hash_entry){ .type = HASH_SHA256,
			.hash = { (uint8_t)(i + 1) },
			.active = true,
			.oem = true };
	open_screen();
	return 0;
}

static int
end(void **unused)
{
	mebx_free(m);
	m = NULL;
	test_free(image);
	return folder_free(unused);
}

static void
inside(void)
{
	assert_true(mebx_login(m, "admin"));
	assert_int_equal(mebx_password(m, STRONG, &e), ERR_OK);
}

static void
refused(enum err_code code, const char *reason)
{
	assert_int_not_equal(code, ERR_OK);
	assert_non_null(e.reason);
	assert_string_equal(e.reason->code, reason);
	err_clear(&e);
}

static void
nothing_is_changed_before_a_log_in(void **unused)
{
	(void)unused;
	assert_false(mebx_login(m, "wrong"));
	assert_false(mebx_login(m, ""));
	assert_false(mebx_login(m, "adminadminadminadminadminadminadmin"));
	refused(mebx_psk(m, PID, PPS, &e), "mebx-password");
	refused(mebx_otp(m, "Otp-12345", &e), "mebx-password");
	refused(mebx_hash_only(m, 0, &e), "mebx-password");
	refused(mebx_unprovision(m, false, &e), "mebx-password");
	refused(mebx_activate(m, &e), "mebx-password");
}

static void
the_factory_s_password_is_replaced_first(void **unused)
{
	(void)unused;
	assert_true(mebx_login(m, "admin"));
	assert_true(mebx_must_change(m));
	refused(mebx_psk(m, PID, PPS, &e), "mebx-value");
	refused(mebx_password(m, "weak", &e), "password-unsound");
	refused(mebx_password(m, "Location_1", &e), "password-unsound");
	assert_int_equal(mebx_password(m, STRONG, &e), ERR_OK);
	assert_false(mebx_must_change(m));
	assert_int_equal(mebx_psk(m, PID, PPS, &e), ERR_OK);
}

static void
what_is_typed_counts_as_one_newer_record(void **unused)
{
	struct record *kept = test_calloc(1, sizeof(*kept));

	(void)unused;
	inside();
	assert_int_equal(mebx_psk(m, "0000-037m", PPS, &e), ERR_OK);
	assert_int_equal(mebx_fqdn(m, "prov.example.com", &e), ERR_OK);
	assert_int_equal(mebx_address(m, "192.0.2.17", &e), ERR_OK);
	assert_int_equal(mebx_port(m, "9972", &e), ERR_OK);
	assert_int_equal(mebx_otp(m, "Otp-12345", &e), ERR_OK);
	assert_int_equal(mebx_talk(m, false, &e), ERR_OK);
	assert_int_equal(mebx_save(m, &e), ERR_OK);
	again();
	assert_true(state_onetouch(m->state, image, kept));
	assert_int_equal(kept->sequence, 6);
	assert_string_equal(kept->psk.pid, PID);
	assert_string_equal(kept->psk.pps, PPS);
	assert_string_equal(kept->server_fqdn, "prov.example.com");
	assert_memory_equal(kept->server_ip, "\xc0\0\x2\x11", 4);
	assert_int_equal(kept->server_port, 9972);
	assert_string_equal(kept->otp, "Otp-12345");
	assert_false(kept->talk);
	assert_false(kept->pki); /* a shared key takes its place */
	record_wipe(kept);
	test_free(kept);
	assert_true(mebx_login(m, STRONG));
}

static void
an_empty_text_takes_a_value_away(void **unused)
{
	(void)unused;
	inside();
	assert_int_equal(mebx_fqdn(m, "prov.example.com", &e), ERR_OK);
	assert_int_equal(mebx_suffix(m, "example.com", &e), ERR_OK);
	assert_int_equal(mebx_psk(m, PID, PPS, &e), ERR_OK);
	assert_int_equal(mebx_fqdn(m, "", &e), ERR_OK);
	assert_int_equal(mebx_suffix(m, "", &e), ERR_OK);
	assert_int_equal(mebx_psk(m, "", "", &e), ERR_OK);
	assert_int_equal(mebx_address(m, "", &e), ERR_OK);
	assert_int_equal(mebx_port(m, "", &e), ERR_OK);
	assert_string_equal(m->rec->server_fqdn, "");
	assert_string_equal(m->rec->pki_dns_suffix, "");
	assert_string_equal(m->rec->psk.pps, "");
}

static void
wrong_values_change_nothing(void **unused)
{
	struct record *was = test_malloc(sizeof(*was));

	(void)unused;
	inside();
	*was = *m->rec;
	refused(mebx_psk(m, "0000037X", PPS, &e), "pid-malformed");
	refused(mebx_psk(m, PID, "NKLDG5DX", &e), "pps-malformed");
	refused(mebx_psk(m, PID, "", &e), "pps-malformed");
	refused(mebx_address(m, "0.0.0.0", &e), "mebx-value");
	refused(mebx_port(m, "0", &e), "mebx-value");
	refused(mebx_port(m, "-1", &e), "mebx-value");
	refused(mebx_fqdn(m, "caf\xc3\xa9.example", &e), "mebx-value");
	refused(mebx_otp(m, "7-short", &e), "password-unsound");
	refused(mebx_hash_add(m, "12", "", &e), "mebx-value");
	refused(mebx_hash_add(m, SHA1, "a name of more than 31 letters..", &e),
	    "mebx-value");
	refused(mebx_hash_only(m, 2, &e), "mebx-value");
	refused(mebx_hash_drop(m, 0, &e), "mebx-value");
	assert_memory_equal(m->rec, was, sizeof(*was));
	test_free(was);
}

static void
hashes_are_added_and_chosen(void **unused)
{
	const struct hashlist *l = &m->rec->hashes;

	(void)unused;
	inside();
	assert_int_equal(mebx_hash_add(m,
			     "05:fd:43:e8 1420CA19-1eb85cec "
			     "916527b7f1192bef",
			     "mine", &e),
	    ERR_OK);
	l = &m->rec->hashes;
	assert_int_equal(l->n, 3);
	assert_true(l->e[2].active && !l->e[2].oem);
	assert_int_equal(mebx_hash_active(m, 1, false, &e), ERR_OK);
	assert_int_equal(mebx_hash_only(m, 1, &e), ERR_OK);
	assert_ptr_equal(hashlist_only(l), &l->e[1]);
	assert_true(l->e[1].active);
	assert_int_equal(mebx_hash_only(m, 2, &e), ERR_OK);
	assert_ptr_equal(hashlist_only(l), &l->e[2]);
	assert_int_equal(mebx_hash_active(m, 2, false, &e), ERR_OK);
	assert_null(hashlist_only(l));
	assert_int_equal(mebx_hash_only(m, 0, &e), ERR_OK);
	assert_int_equal(mebx_hash_all(m, &e), ERR_OK);
	assert_null(hashlist_only(l));
	assert_int_equal(mebx_hash_drop(m, 2, &e), ERR_OK);
	assert_int_equal(l->n, 2);
}

static void
a_machine_set_up_by_hand_is_undone_by_hand(void **unused)
{
	char ha1[AUTH_HA1];

	(void)unused;
	inside();
	assert_int_equal(mebx_enable(m, false, &e), ERR_OK);
	refused(mebx_activate(m, &e), "device-disabled");
	refused(mebx_unprovision(m, true, &e), "mebx-state");
	assert_int_equal(mebx_enable(m, true, &e), ERR_OK);
	assert_int_equal(mebx_activate(m, &e), ERR_OK);
	again();
	assert_true(mebx_provisioned(m));
	assert_true(m->state->record.present && m->state->record.manual);
	auth_ha1(ha1, "admin", m->state->realm, STRONG);
	assert_string_equal(m->state->ha1, ha1);
	assert_true(mebx_login(m, STRONG));
	refused(mebx_psk(m, PID, PPS, &e), "mebx-state");
	assert_int_equal(mebx_password(m, "Other!Pass2", &e), ERR_OK);
	assert_int_equal(mebx_save(m, &e), ERR_OK);
	again();
	assert_false(mebx_login(m, STRONG));
	assert_true(mebx_login(m, "Other!Pass2"));
	assert_int_equal(mebx_unprovision(m, false, &e), ERR_OK);
	again();
	assert_false(mebx_provisioned(m));
	assert_true(mebx_login(m, "admin"));
	assert_int_equal(m->rec->sequence, 5);
}

static void
a_password_that_was_kept_opens_the_screen(void **unused)
{
	char ha1[AUTH_HA1];

	(void)unused;
	strcpy(m->state->mebx, "Server!Gave1");
	m->state->phase = STATE_POST;
	assert_true(mebx_login(m, "Server!Gave1"));
	assert_int_equal(mebx_unprovision(m, true, &e), ERR_OK);
	again();
	assert_false(mebx_provisioned(m));
	assert_false(mebx_login(m, "admin"));
	assert_true(mebx_login(m, "Server!Gave1"));
	assert_int_equal(mebx_password(m, "Other!Pass2", &e), ERR_OK);
	assert_int_equal(mebx_save(m, &e), ERR_OK);
	again();
	assert_true(mebx_login(m, "Other!Pass2"));
	assert_int_equal(mebx_password(m, "Third!Pass3", &e), ERR_OK);
	assert_int_equal(mebx_activate(m, &e), ERR_OK);
	assert_false(m->changed || m->password_changed);
	auth_ha1(ha1, "admin", m->state->realm, "Third!Pass3");
	assert_string_equal(m->state->ha1, ha1);
	assert_int_equal(mebx_unprovision(m, false, &e), ERR_OK);
	again();
	assert_true(mebx_login(m, "admin"));
}

/* The pair of an earlier set-up, which was undone in part, is the old one. */
static void
a_typed_key_counts_before_one_that_was_kept(void **unused)
{
	(void)unused;
	strcpy(m->state->psk_kept.pid, "0000000C");
	strcpy(m->state->psk_kept.pps, PPS);
	inside();
	assert_int_equal(mebx_fqdn(m, "prov.example.com", &e), ERR_OK);
	assert_int_equal(mebx_save(m, &e), ERR_OK);
	assert_string_equal(m->state->psk_kept.pid, "0000000C");
	assert_int_equal(mebx_psk(m, PID, PPS, &e), ERR_OK);
	assert_int_equal(mebx_save(m, &e), ERR_OK);
	assert_string_equal(m->state->psk_kept.pid, "");
}

static void
what_cannot_be_saved_is_typed_still(void **unused)
{
	(void)unused;
	strcpy(m->state->psk_kept.pid, "0000000C");
	inside();
	assert_int_equal(mebx_psk(m, PID, PPS, &e), ERR_OK);
	folder_away(state_dir);
	assert_int_not_equal(mebx_save(m, &e), ERR_OK);
	err_clear(&e);
	assert_int_equal(m->state->onetouch.n, 0);
	assert_string_equal(m->state->psk_kept.pid, "0000000C");
	folder_back(state_dir);
	assert_int_equal(mebx_save(m, &e), ERR_OK);
	assert_true(m->state->onetouch.n > 0);
	assert_string_equal(m->state->psk_kept.pid, "");
}

static void
two_screens_of_one_machine_are_one_too_many(void **unused)
{
	struct mebx *second = NULL;

	(void)unused;
	refused(mebx_open(&second, state_dir, image, false, &e), "state-busy");
	assert_null(second);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, start, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(nothing_is_changed_before_a_log_in),
		CASE(the_factory_s_password_is_replaced_first),
		CASE(what_is_typed_counts_as_one_newer_record),
		CASE(an_empty_text_takes_a_value_away),
		CASE(wrong_values_change_nothing),
		CASE(hashes_are_added_and_chosen),
		CASE(a_machine_set_up_by_hand_is_undone_by_hand),
		CASE(a_password_that_was_kept_opens_the_screen),
		CASE(a_typed_key_counts_before_one_that_was_kept),
		CASE(what_cannot_be_saved_is_typed_still),
		CASE(two_screens_of_one_machine_are_one_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
