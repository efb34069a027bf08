/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked for by hand, of a machine that is set up. */
#include "tests/oneworld.h"

#include "server/request.h"

static void
ask(struct world *w, enum request_what what)
{
	struct request r = { .uuid = script_unit, .what = what };
	struct err e;

	err_clear(&e);
	w->told = 0;
	assert_int_equal(request_add(w->store, &r, &e), ERR_OK);
}

static void
an_unprovisioning_whose_answer_cannot_be_read_is_asked_again(void **state)
{
	struct world *w = &world;

	(void)state;
	for (size_t i = 0; i < UNREADABLE; i += 3) {
		open_world(w, true, "");
		say_hello(w);
		turn(w, 90000);
		assert_provisioned(w);
		w->garble = "Unprovision";
		w->garbage = unreadable[i];
		ask(w, REQUEST_UNDO);
		turn(w, 90000);
		assert_null(w->garble);
		assert_string_equal(w->state_told, "known");
		assert_string_equal(w->detail, "un-provisioned before");
		close_world(w);
	}
}

/* It has let us in, and then it does not: nothing was done. */
static void
an_unprovisioning_that_no_password_opens_is_none(void **state)
{
	struct world *w = &world;

	(void)state;
	open_world(w, true, "");
	say_hello(w);
	turn(w, 90000);
	assert_provisioned(w);
	w->halt = "GetUuid";
	ask(w, REQUEST_UNDO);
	turn(w, 90000);
	assert_int_equal(w->told, 0);
	w->halt = NULL;
	w->deaf = true;
	turn(w, 90000);
	assert_string_equal(w->reason, "login-refused");
	assert_non_null(strstr(w->detail, "not un-provisioned at 127.0.0.1"));
	assert_null(strstr(w->detail, "perhaps"));
	load(w);
	assert_int_equal(w->unit.state, STORE_PROVISIONED);
	w->deaf = false;
	close_world(w);
}

static void
an_unprovisioning_that_is_refused_stays_refused(void **state)
{
	struct world *w = &world;

	(void)state;
	open_world(w, true, "");
	say_hello(w);
	turn(w, 90000);
	w->script.spoil = "Unprovision";
	w->script.return_value = 2076;
	ask(w, REQUEST_UNDO);
	turn(w, 90000);
	assert_string_equal(w->reason, "step-failed");
	assert_non_null(strstr(w->detail, "not un-provisioned at 127.0.0.1"));
	assert_null(strstr(w->detail, "perhaps"));
	/* What is to be done holds for a machine that is set up, too. */
	assert_null(strstr(
	    reason_get(REASON_STEP_FAILED)->mend, "the device is not set up"));
	load(w);
	assert_int_equal(w->unit.state, STORE_PROVISIONED);
	close_world(w);
}

/* Not by what the set-up behind it would find: that it is set up. */
static void
a_new_set_up_whose_unprovisioning_is_refused_is_told_by_that(void **state)
{
	struct world *w = &world;

	(void)state;
	open_world(w, true, "");
	say_hello(w);
	turn(w, 90000);
	w->script.spoil = "PartialUnprovision";
	w->script.return_value = 36;
	ask(w, REQUEST_SET_UP);
	turn(w, 90000);
	assert_string_equal(w->reason, "step-failed");
	assert_non_null(strstr(w->detail, "not un-provisioned at 127.0.0.1"));
	assert_non_null(strstr(w->detail, "ReturnValue 36"));
	load(w);
	assert_int_equal(w->unit.state, STORE_PROVISIONED);
	close_world(w);
}

/* It is set up where it said hello while it was asked for somewhere else. */
static void
a_hello_is_heard_though_the_request_it_met_is_cancelled(void **state)
{
	struct request r = { .uuid = script_unit, .what = REQUEST_SET_UP };
	struct world *w = &world;
	struct err e;
	bool gone;

	(void)state;
	err_clear(&e);
	open_world(w, true, "");
	strcpy(r.address, "127.0.0.99");
	assert_int_equal(request_add(w->store, &r, &e), ERR_OK);
	while (r.detail[0] == '\0') { /* it rests after its first try */
		turn(w, 10);
		assert_int_equal(request_get(w->store, r.n, &r, &e), ERR_OK);
	}
	say_hello(w);
	assert_int_equal(request_cancel(w->store, r.n, &gone, &e), ERR_OK);
	assert_true(gone);
	turn(w, 90000);
	assert_string_equal(w->state_told, "provisioned");
	assert_provisioned(w);
	close_world(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    an_unprovisioning_whose_answer_cannot_be_read_is_asked_again),
		cmocka_unit_test(
		    an_unprovisioning_that_no_password_opens_is_none),
		cmocka_unit_test(
		    an_unprovisioning_that_is_refused_stays_refused),
		cmocka_unit_test(
		    a_new_set_up_whose_unprovisioning_is_refused_is_told_by_that),
		cmocka_unit_test(
		    a_hello_is_heard_though_the_request_it_met_is_cancelled),
	};

	crypto_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
