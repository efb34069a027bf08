/* SPDX-License-Identifier: Apache-2.0 */
/* From a hello to a durable row. */
#include "tests/oneworld.h"

static void
a_hello_ends_in_a_durable_row_with_what_the_device_has(void **state)
{
	struct world *w = &world;

	(void)state;
	open_world(w, true, "");
	say_hello(w);
	say_hello(w); /* ignored: it is under way */
	turn(w, 90000);
	assert_provisioned(w);
	assert_string_equal(w->unit.now.psk.pid, w->script.pid);
	assert_string_equal(w->unit.version, "3.0.1");
	assert_int_equal(w->connections, 1);
	close_world(w);
}

static void
a_device_certificate_is_kept_at_first_use_and_wanted_again(void **state)
{
	struct world *w = &world;
	struct x509_make make = { .cn = "other", .days = 9 };
	struct tls_config conf = { .server = true };
	struct x509_chain other = { .n = 1 };
	uint8_t sha256[32];
	char hex[65];
	struct err e;

	(void)state;
	err_clear(&e);
	open_world(w, false, "");
	say_hello_by_certificate(w);
	turn(w, 90000);
	assert_provisioned(w);
	x509_sha256(w->chain.cert[0], sha256);
	text_hex(hex, sha256, 32);
	assert_string_equal(w->unit.seen_cert, hex);
	/* It starts over, but another one answers. */
	assert_int_equal(
	    x509_new(&make, w->key, NULL, NULL, &other.cert[0], &e), ERR_OK);
	tls_free(w->tls);
	conf.chain = &other;
	conf.key = w->key;
	assert_int_equal(tls_new(&conf, &w->tls, &e), ERR_OK);
	w->script = script_good();
	w->bytes = 0;
	say_hello_by_certificate(w);
	turn(w, 90000);
	assert_string_equal(w->reason, "device-cert-differs");
	assert_non_null(strstr(w->detail, "seen first was "));
	assert_int_equal(w->bytes, 0);
	load(w);
	assert_int_equal(w->unit.state, STORE_PROVISIONED); /* as before */
	x509_chain_free(&other);
	close_world(w);
}

/* From now on the device shows one of this name, signed by the store's CA. */
static void
show_issued(struct world *w, const char *cn)
{
	struct x509_make make = { .cn = cn, .days = 9 };
	struct tls_config conf = { .server = true };
	struct err e;

	err_clear(&e);
	x509_chain_free(&w->chain);
	assert_int_equal(
	    x509_new(&make, w->key, w->ca, w->ca_key, &w->chain.cert[0], &e),
	    ERR_OK);
	w->chain.n = 1;
	conf.chain = &w->chain;
	conf.key = w->key;
	tls_free(w->tls);
	assert_int_equal(tls_new(&conf, &w->tls, &e), ERR_OK);
	w->bytes = 0;
}

/* Another unit, with what the device shows as that which set-up gave it
 * (column tls_cert), or which was seen first (seen_cert). */
static void
add_other(struct world *w, const char *fqdn, bool given, char uuid[UUID_TEXT])
{
	struct row row = { .uuid = script_unit };
	uint8_t sha256[32];
	char hex[65];
	enum store_added added;
	struct db_stmt *q;
	const uint8_t *der;
	struct err e;
	size_t n;

	err_clear(&e);
	row.uuid.b[0] ^= 1;
	strcpy(row.serial, "2");
	strcpy(row.order, "O");
	assert_int_equal(store_add(w->store, 1, &row, &added, &e), ERR_OK);
	assert_int_equal(db_prepare(store_db(w->store),
			     "UPDATE units SET state = 'provisioned',"
			     " fqdn = ?2, tls_cert = iif(?5, ?3, NULL),"
			     " seen_cert = iif(?5, '', ?4) WHERE uuid = ?1",
			     &q, &e),
	    ERR_OK);
	uuid_text(&row.uuid, uuid);
	der = x509_der(w->chain.cert[0], &n);
	x509_sha256(w->chain.cert[0], sha256);
	text_hex(hex, sha256, 32);
	db_bind_text(q, 1, uuid);
	db_bind_text(q, 2, fqdn);
	db_bind_blob(q, 3, der, n);
	db_bind_text(q, 4, hex);
	db_bind_int(q, 5, given);
	assert_int_equal(db_run(q, &e), ERR_OK);
}

static void
assert_other(struct world *w, const char *uuid)
{
	w->told = 0;
	say_hello_by_certificate(w);
	turn(w, 90000);
	assert_int_equal(w->told, 1);
	assert_string_equal(w->state_told, "refused");
	assert_string_equal(w->reason, "device-uuid-differs");
	assert_non_null(strstr(w->detail, uuid));
	assert_int_equal(w->bytes, 0);
}

/* The other one's passwords are not for it. */
static void
a_machine_that_we_set_up_does_not_pass_for_another(void **state)
{
	static const char named[] = "4c4c4544-0039-4210-8052-b4c04f4e3732";
	struct world *w = &world;
	char uuid[UUID_TEXT];

	(void)state;
	open_world(w, false, "");
	show_issued(w, named);
	assert_other(w, named);
	show_issued(w, "pc2.example.com");
	add_other(w, "pc2.example.com", true, uuid);
	assert_other(w, uuid);
	close_world(w);
}

/* Machines may share what the factory gave them, and one that has begun anew
 * may show what it was given under an earlier name. */
static void
what_others_showed_first_or_an_old_name_is_no_proof(void **state)
{
	struct world *w = &world;
	char uuid[UUID_TEXT];

	(void)state;
	open_world(w, false, "");
	add_other(w, "pc2.example.com", false, uuid);
	say_hello_by_certificate(w);
	turn(w, 90000);
	assert_provisioned(w);
	close_world(w);
	open_world(w, false, "");
	show_issued(w, "pc2.example.com");
	say_hello_by_certificate(w);
	turn(w, 90000);
	assert_provisioned(w);
	close_world(w);
}

static int64_t
count(struct world *w, const char *select)
{
	struct db_stmt *q;
	struct err e;
	int64_t n;
	bool row;

	err_clear(&e);
	assert_int_equal(
	    db_prepare(store_db(w->store), select, &q, &e), ERR_OK);
	assert_int_equal(db_step(q, &row, &e), ERR_OK);
	n = db_int(q, 0);
	db_reset(q);
	return n;
}

static int64_t
alarms(struct world *w)
{
	return count(w, "SELECT count(*) FROM alarms");
}

/* A MEBx password that is the same for all machines is not for whoever says a
 * hello: what it is offered are the defaults of firmware. */
static void
who_has_not_proved_itself_hears_no_new_password(void **state)
{
	struct world *w = &world;

	(void)state;
	open_world(w, false, "");
	w->deaf = true;
	say_hello_by_certificate(w);
	turn(w, 90000);
	assert_string_equal(w->reason, "login-refused");
	assert_non_null(strstr(w->detail, "2 passwords tried"));
	assert_true(w->alarm_told); /* device-taken */
	assert_int_equal(alarms(w), 1);
	w->deaf = false;
	close_world(w);
}

/* It would be as long the next time. */
static void
an_answer_that_is_too_long_is_not_asked_for_again(void **state)
{
	struct world *w = &world;

	(void)state;
	open_world(w, true, "");
	w->huge = "GetUuid";
	say_hello(w);
	turn(w, 90000);
	assert_string_equal(w->state_told, "failed");
	assert_string_equal(w->reason, "step-failed");
	assert_non_null(strstr(w->detail, "GetUuid: "));
	assert_non_null(strstr(w->detail, "the answer is too long"));
	assert_int_equal(w->connections, 1);
	close_world(w);
}

/* No password was refused, so it need not be somebody else's machine. */
static void
who_asks_for_no_digest_is_not_said_to_be_taken(void **state)
{
	struct world *w = &world;

	(void)state;
	open_world(w, true, "");
	w->kerberos = true;
	say_hello(w);
	turn(w, 90000);
	assert_string_equal(w->state_told, "refused");
	assert_string_equal(w->reason, "login-unsupported");
	assert_non_null(strstr(w->detail, "asks for \"Negotiate\" only"));
	assert_int_equal(alarms(w), 0);
	w->kerberos = false;
	w->deaf = true;
	say_hello(w);
	turn(w, 90000);
	assert_string_equal(w->reason, "login-refused");
	assert_int_equal(alarms(w), 1);
	w->deaf = false;
	close_world(w);
}

static void
a_rogue_device_gets_no_byte_of_http(void **state)
{
	struct world *w = &world;

	(void)state;
	open_world(w, false,
	    "00000000000000000000000000000000"
	    "00000000000000000000000000000001");
	say_hello_by_certificate(w);
	turn(w, 90000);
	assert_string_equal(w->state_told, "refused");
	assert_string_equal(w->reason, "device-cert-differs");
	assert_non_null(strstr(w->detail, "the factory pinned 0000"));
	assert_int_equal(w->connections, 1);
	assert_int_equal(w->bytes, 0);
	close_world(w);
}

static void
an_unpinned_device_is_refused_where_the_policy_says_so(void **state)
{
	struct world *w = &world;

	(void)state;
	open_world(w, false, "");
	w->conf.top.pinned_only = true;
	say_hello_by_certificate(w);
	turn(w, 90000);
	assert_string_equal(w->reason, "device-cert-unpinned");
	assert_false(w->alarm_told);
	assert_int_equal(alarms(w), 0);
	assert_int_equal(w->bytes, 0);
	close_world(w);
}

static void
a_device_that_vanishes_is_tried_again_with_the_same_secrets(void **state)
{
	struct world *w = &world;

	(void)state;
	open_world(w, true, "");
	w->drop = "SetAdminAclEntryEx";
	say_hello(w);
	turn(w, 90000);
	assert_provisioned(w);
	assert_true(w->connections >= 2);
	close_world(w);
}

static void
a_device_that_stays_away_is_failed_and_may_say_hello_again(void **state)
{
	struct world *w = &world;
	uint16_t port;

	(void)state;
	open_world(w, true, "");
	port = w->conf.device_port;
	w->conf.device_port = 1; /* nobody is there */
	w->conf.tries = 1;
	say_hello(w);
	turn(w, 90000);
	assert_string_equal(w->state_told, "failed");
	assert_string_equal(w->reason, "device-gone");
	w->conf.device_port = port;
	w->told = 0;
	say_hello(w);
	turn(w, 90000);
	assert_provisioned(w);
	close_world(w);
}

/* Nobody answers where it said hello first; meanwhile it has moved. */
static void
a_device_that_comes_back_on_another_address_is_set_up_there(void **state)
{
	struct world *w = &world;

	(void)state;
	open_world(w, true, "");
	w->conf.tries = 50;
	say_hello_from(w, "127.0.0.77");
	say_hello(w);
	turn(w, 90000);
	assert_provisioned(w);
	assert_string_equal(w->unit.address, "127.0.0.1");
	close_world(w);
}

/* The same refusal a thousand times: told some times, and no more. */
static void
a_storm_of_refusals_is_not_written_down(void **state)
{
	struct world *w = &world;
	struct db_stmt *q;
	struct err e;
	bool row;

	(void)state;
	err_clear(&e);
	open_world(w, false, ""); /* by certificate: a PSK hello is refused */
	for (int i = 0; i < 1000; i++)
		say_hello(w);
	turn(w, 300);
	for (int i = 0; i < 1000; i++)
		say_hello(w);
	turn(w, 300);
	assert_in_range(w->told, 1, 10);
	assert_int_equal(db_prepare(store_db(w->store),
			     "SELECT count(*) FROM events", &q, &e),
	    ERR_OK);
	assert_int_equal(db_step(q, &row, &e), ERR_OK);
	assert_int_equal(db_int(q, 0), w->told);
	db_reset(q);
	close_world(w);
}

static void
a_lost_answer_to_commit_is_settled_by_asking(void **state)
{
	struct world *w = &world;

	(void)state;
	open_world(w, true, "");
	w->drop = "CommitChanges";
	w->drop_after = true;
	w->challenge = true;
	say_hello(w);
	turn(w, 90000);
	assert_provisioned(w);
	close_world(w);
}

static void
an_answer_to_commit_that_cannot_be_read_is_settled_by_asking(void **state)
{
	struct world *w = &world;

	(void)state;
	for (size_t i = 0; i < UNREADABLE; i++) {
		open_world(w, true, "");
		w->garble = "CommitChanges";
		w->garbage = unreadable[i];
		w->challenge = true;
		say_hello(w);
		turn(w, 90000);
		assert_null(w->garble);
		assert_provisioned(w);
		close_world(w);
	}
}

/* HTTP asks once more on a new connection: that the second one is refused says
 * nothing of the first. */
static void
a_commit_that_is_refused_when_it_is_repeated_is_settled_by_asking(void **state)
{
	struct world *w = &world;

	(void)state;
	open_world(w, false, "");
	w->drop = "CommitChanges";
	w->drop_after = w->drop_spoils = true;
	w->script.return_value = 32;
	say_hello_by_certificate(w);
	turn(w, 90000);
	assert_non_null(w->script.spoil);
	assert_provisioned(w);
	close_world(w);
}

/* It is told by what went wrong, not by how a machine in set-up meets who
 * takes it for one that is set up. */
static void
a_machine_that_hangs_up_over_commit_and_waits_is_told_as_that(void **state)
{
	struct world *w = &world;

	(void)state;
	for (int psk = 0; psk < 2; psk++) {
		open_world(w, psk != 0, "");
		w->drop = w->halt = "CommitChanges";
		w->drops = true;
		if (psk)
			say_hello(w);
		else
			say_hello_by_certificate(w);
		turn(w, 90000);
		assert_int_equal(w->told, 0);
		w->halt = NULL;
		/* From one that has no certificate of ours any other one is
		 * refused, unless it was seen: as this one was. */
		w->conf.top.plain.certificate = POLICY_CERT_STORE;
		turn(w, 90000);
		assert_string_equal(w->state_told, "setup");
		assert_string_equal(w->reason, "device-gone");
		assert_non_null(strstr(w->detail, "CommitChanges: "));
		assert_non_null(strstr(w->detail,
		    psk ? "it refuses the connection as one in set-up does"
			: "it says ProvisioningState 1 and waits in set-up"));
		assert_int_equal(count(w,
				     "SELECT count(*) FROM events WHERE "
				     "state = 'setup' AND reason = "
				     "'device-gone' AND detail LIKE "
				     "'CommitChanges: %'"),
		    2);
		w->drop = NULL;
		w->told = 0;
		policy_plain(&w->conf.top.plain, false);
		if (psk)
			say_hello(w);
		else
			say_hello_by_certificate(w);
		turn(w, 90000);
		assert_provisioned(w);
		close_world(w);
	}
}

static void
a_device_that_takes_its_new_key_at_once_is_met_with_it(void **state)
{
	struct world *w = &world;

	(void)state;
	open_world(w, true, "");
	w->changes_key = true;
	w->drop = "SetTLSPSK";
	w->drop_after = true;
	say_hello(w);
	turn(w, 90000);
	assert_provisioned(w);
	assert_string_equal(w->unit.now.psk.pid, w->script.pid);
	assert_string_equal(w->unit.now.psk.pps, w->script.pps);
	assert_int_equal(alarms(w), 0);
	close_world(w);
}

/* Neither the defaults of firmware nor any other one is tried before it. */
static void
a_device_that_asks_late_hears_its_new_password_alone(void **state)
{
	struct world *w = &world;

	(void)state;
	open_world(w, true, "");
	w->guard = true;
	say_hello(w);
	turn(w, 90000);
	assert_provisioned(w);
	assert_int_equal(w->connections, 1);
	assert_int_equal(w->denied, 1);
	close_world(w);
	/* It commits, hangs up and asks. */
	open_world(w, false, "");
	w->challenge = true;
	w->drop = "CommitChanges";
	w->drop_after = true;
	say_hello_by_certificate(w);
	turn(w, 90000);
	assert_provisioned(w);
	assert_int_equal(w->denied, 1);
	close_world(w);
}

static void
a_unit_that_committed_while_the_server_was_dead_is_settled(void **state)
{
	struct world *w = &world;
	struct err e;

	(void)state;
	err_clear(&e);
	open_world(w, true, "");
	w->challenge = true;
	w->halt = "CommitChanges";
	say_hello(w);
	turn(w, 90000);
	/* Here it dies; what was not committed is gone with it. */
	store_rollback(w->store);
	jobs_free(w->jobs);
	w->halt = NULL;
	load(w);
	assert_int_equal(w->unit.state, STORE_SETUP);
	assert_int_equal(w->told, 0);
	w->script.post = true;
	open_jobs(w);
	assert_int_equal(jobs_settle(w->jobs, &e), ERR_OK);
	turn(w, 90000);
	assert_provisioned(w);
	close_world(w);
}

static void
a_unit_that_did_not_commit_goes_on_with_its_next_hello(void **state)
{
	struct world *w = &world;
	struct err e;

	(void)state;
	err_clear(&e);
	open_world(w, true, "");
	w->conf.tries = 1;
	w->halt = "SetAdminAclEntryEx";
	say_hello(w);
	turn(w, 90000);
	jobs_free(w->jobs);
	w->halt = NULL;
	open_jobs(w);
	assert_int_equal(jobs_settle(w->jobs, &e), ERR_OK);
	say_hello(w);
	turn(w, 90000);
	assert_provisioned(w);
	close_world(w);
}

static void
a_step_that_fails_is_told_with_its_value(void **state)
{
	struct world *w = &world;

	(void)state;
	open_world(w, true, "");
	w->script.spoil = "CommitChanges";
	w->script.return_value = 2057;
	say_hello(w);
	turn(w, 90000);
	assert_string_equal(w->state_told, "failed");
	assert_string_equal(w->reason, "step-failed");
	assert_non_null(strstr(w->detail,
	    "AMT_SetupAndConfigurationService.CommitChanges: ReturnValue 2057 "
	    "(data missing)"));
	close_world(w);
}

static void
no_suite_in_common_and_a_strange_uuid_are_refused(void **state)
{
	static struct hello h;
	struct world *w = &world;

	(void)state;
	open_world(w, true, "");
	tls_free(w->psk);
	w->psk = NULL; /* the device speaks no PSK at all */
	say_hello(w);
	turn(w, 90000);
	assert_string_equal(w->reason, "tls-version");
	assert_non_null(strstr(w->detail, TLS_PSK_SUITES " (psk_suites"));
	assert_int_equal(w->bytes, 0);
	w->connections = 0;
	h.version = HELLO_PSK;
	strcpy(h.pid, PID);
	jobs_hello(w->jobs, "127.0.0.1", &h);
	turn(w, 90000);
	assert_string_equal(w->reason, "pid-other-unit");
	strcpy(h.pid, "12345674");
	jobs_hello(w->jobs, "127.0.0.1", &h);
	turn(w, 90000);
	assert_string_equal(w->reason, "uuid-unknown");
	assert_int_equal(w->connections, 0);
	close_world(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_hello_ends_in_a_durable_row_with_what_the_device_has),
		cmocka_unit_test(
		    a_device_certificate_is_kept_at_first_use_and_wanted_again),
		cmocka_unit_test(
		    a_machine_that_we_set_up_does_not_pass_for_another),
		cmocka_unit_test(
		    what_others_showed_first_or_an_old_name_is_no_proof),
		cmocka_unit_test(
		    who_has_not_proved_itself_hears_no_new_password),
		cmocka_unit_test(
		    an_answer_that_is_too_long_is_not_asked_for_again),
		cmocka_unit_test(
		    who_asks_for_no_digest_is_not_said_to_be_taken),
		cmocka_unit_test(a_rogue_device_gets_no_byte_of_http),
		cmocka_unit_test(
		    an_unpinned_device_is_refused_where_the_policy_says_so),
		cmocka_unit_test(
		    a_device_that_vanishes_is_tried_again_with_the_same_secrets),
		cmocka_unit_test(
		    a_device_that_stays_away_is_failed_and_may_say_hello_again),
		cmocka_unit_test(
		    a_device_that_comes_back_on_another_address_is_set_up_there),
		cmocka_unit_test(a_storm_of_refusals_is_not_written_down),
		cmocka_unit_test(a_lost_answer_to_commit_is_settled_by_asking),
		cmocka_unit_test(
		    an_answer_to_commit_that_cannot_be_read_is_settled_by_asking),
		cmocka_unit_test(
		    a_commit_that_is_refused_when_it_is_repeated_is_settled_by_asking),
		cmocka_unit_test(
		    a_device_that_asks_late_hears_its_new_password_alone),
		cmocka_unit_test(
		    a_machine_that_hangs_up_over_commit_and_waits_is_told_as_that),
		cmocka_unit_test(
		    a_device_that_takes_its_new_key_at_once_is_met_with_it),
		cmocka_unit_test(
		    a_unit_that_committed_while_the_server_was_dead_is_settled),
		cmocka_unit_test(
		    a_unit_that_did_not_commit_goes_on_with_its_next_hello),
		cmocka_unit_test(a_step_that_fails_is_told_with_its_value),
		cmocka_unit_test(
		    no_suite_in_common_and_a_strange_uuid_are_refused),
	};

	crypto_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
