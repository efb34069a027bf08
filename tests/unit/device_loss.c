/* SPDX-License-Identifier: Apache-2.0 */
/* What a server lost of its set-up is known of that server alone. */
#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "device/loss.h"

#define BOTH (STATE_STEP_ADMIN | STATE_STEP_MEBX)

static struct loss *l;

static int
end(void **unused)
{
	(void)unused;
	loss_free(&l);
	return 0;
}

static struct state_record
server(int i)
{
	struct state_record r = { .hash_type = 2, .hash = "ab" };

	snprintf(r.fqdn, sizeof(r.fqdn), "s%d.example.com", i);
	return r;
}

static void
all_that_was_set_is_wanted_again(void **unused)
{
	const struct state_record a = server(1);

	(void)unused;
	assert_false(loss_matters(l, &a, 0));
	loss_add(&l, &a, STATE_STEP_ADMIN);
	loss_add(&l, &a, STATE_STEP_MEBX);
	assert_true(loss_matters(l, &a, STATE_STEP_MEBX));
	assert_true(loss_matters(l, &a, STATE_STEP_ADMIN | STATE_STEP_TLS));
	assert_false(loss_matters(l, &a, BOTH));
}

/* It may be of another mind by now about TLS, and about the clock each time. */
static void
but_passwords_are_told_once(void **unused)
{
	const struct state_record a = server(1);

	(void)unused;
	loss_add(&l, &a, BOTH | STATE_STEP_TLS | STATE_STEP_CLOCK);
	assert_true(loss_matters(l, &a, BOTH));
	assert_false(loss_matters(l, &a, BOTH));
	assert_true(loss_matters(l, &a, STATE_STEP_ADMIN | STATE_STEP_TLS));
}

static void
a_server_is_known_by_name_and_root(void **unused)
{
	const struct state_record a = server(1);
	struct state_record b = a;

	(void)unused;
	loss_add(&l, &a, BOTH);
	strcpy(b.server_ip, "192.0.2.7");
	assert_true(loss_matters(l, &b, 0));
	strcpy(b.hash, "ac");
	assert_false(loss_matters(l, &b, 0));
	b = a;
	b.psk = true;
	assert_false(loss_matters(l, &b, 0));
	b = server(2);
	assert_false(loss_matters(l, &b, 0));
	loss_add(&l, &b, STATE_STEP_ADMIN);
	assert_true(loss_matters(l, &a, STATE_STEP_ADMIN));
	assert_false(loss_matters(l, &b, STATE_STEP_ADMIN));
}

static void
the_last_ones_are_known(void **unused)
{
	struct state_record who;

	(void)unused;
	for (int i = 0; i <= LOSS_SERVERS; i++) {
		who = server(i);
		loss_add(&l, &who, BOTH);
	}
	for (int i = 0; i <= LOSS_SERVERS; i++) {
		who = server(i);
		assert_int_equal(loss_matters(l, &who, 0), i > 0);
	}
}

static void
it_is_told_in_words_that_fit(void **unused)
{
	char text[LOSS_TEXT];

	(void)unused;
	loss_text(text, STATE_STEP_TLS | STATE_STEP_ADMIN);
	assert_string_equal(text, "SetAdminAclEntryEx, AMT_TLSSettingData");
	loss_text(text, ~0u);
	assert_non_null(strstr(text, ", settings"));
	loss_text(text, 0);
	assert_string_equal(text, "");
}

#define CASE(f) cmocka_unit_test_teardown(f, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(all_that_was_set_is_wanted_again),
		CASE(but_passwords_are_told_once),
		CASE(a_server_is_known_by_name_and_root),
		CASE(the_last_ones_are_known),
		CASE(it_is_told_in_words_that_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
