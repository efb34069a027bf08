/* SPDX-License-Identifier: Apache-2.0 */
/* Hellos, of the machine and of others in its name, while it is set up. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/alarm.h"
#include "server/request.h"
#include "tests/oneworld.h"

/* A set-up that rests after a step that was not answered. */
static void
rest_in_the_middle(struct world *w)
{
	open_world(w, true, "");
	w->conf.request_ms = 500;
	w->mute = "SetAdminAclEntryEx";
	say_hello(w);
	turn(w, 1000); /* now it rests */
	assert_int_equal(w->told, 0);
	w->mute = NULL;
	w->conf.request_ms = 60000;
}

/* A hello from everywhere, of the same machine and PID. */
static void
forge_hellos(struct world *w)
{
	char from[32];

	for (int i = 2; i < 40; i++) {
		snprintf(from, sizeof(from), "127.0.0.%d", i);
		say_hello_from(w, from);
	}
}

static void
forged_hellos_do_not_delay_a_set_up_that_rests(void **state)
{
	struct world *w = &world;

	(void)state;
	rest_in_the_middle(w);
	forge_hellos(w);
	turn(w, 90000);
	assert_provisioned(w);
	assert_string_equal(w->unit.address, "127.0.0.1");
	assert_int_equal(w->told, 1);
	close_world(w);
}

static void
forged_hellos_do_not_end_a_probe(void **state)
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
	store_rollback(w->store);
	jobs_free(w->jobs);
	w->halt = NULL;
	w->script.post = true;
	open_jobs(w);
	assert_int_equal(jobs_settle(w->jobs, &e), ERR_OK);
	forge_hellos(w);
	turn(w, 90000);
	assert_provisioned(w);
	assert_string_equal(w->unit.address, "127.0.0.1");
	close_world(w);
}

/* A stranger's hello is refused; the machine's, of the same moment, is heard.
 */
static void
a_hello_is_heard_beside_a_forged_one_that_is_refused(void **state)
{
	struct world *w = &world;

	(void)state;
	open_world(w, true, "");
	say_pid_from(w, "12345674", "127.0.0.66");
	say_hello(w);
	turn(w, 90000);
	assert_string_equal(w->reason, "pid-unknown");
	w->told = 0;
	turn(w, 90000);
	assert_provisioned(w);
	close_world(w);
}

static void
count_alarms(struct world *w, int *rows, int *count)
{
	struct db_stmt *q;
	struct err e;
	bool row;

	err_clear(&e);
	assert_int_equal(db_prepare(store_db(w->store),
			     "SELECT count(*), coalesce(sum(count), 0) FROM "
			     "alarms",
			     &q, &e),
	    ERR_OK);
	assert_int_equal(db_step(q, &row, &e), ERR_OK);
	*rows = (int)db_int(q, 0);
	*count = (int)db_int(q, 1);
	db_reset(q);
}

/* Its set-up has begun, and stands. */
static void
stand_in_the_middle(struct world *w)
{
	open_world(w, true, "");
	w->halt = w->mute = "CommitChanges";
	say_hello(w);
	turn(w, 90000);
	w->halt = w->mute = NULL;
	assert_int_equal(w->told, 0);
	assert_int_equal(w->connections, 1);
}

/* One row, counted, and not told each time; where it is made no difference. */
static void
a_misused_pid_is_an_alarm_while_a_set_up_is_under_way(void **state)
{
	static const char *const from[] = { "127.0.0.66", "127.0.0.1" };
	struct world *w = &world;
	int rows, count;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		stand_in_the_middle(w);
		for (int k = 0; k < 60; k++)
			say_pid_from(w, "12345674", from[i]);
		turn(w, 90000);
		assert_string_equal(w->state_told, "refused");
		assert_string_equal(w->reason, "pid-unknown");
		count_alarms(w, &rows, &count);
		assert_int_equal(rows, 1);
		assert_int_equal(count, w->told);
		assert_in_range(count, 8, 20);
		load(w);
		assert_int_equal(w->unit.state, STORE_SETUP); /* as it was */
		assert_int_equal(w->connections, 1);
		close_world(w);
	}
}

/* Nor does it end one that rests, as this one may by then. */
static void
a_set_up_goes_on_after_an_alarm_beside_it(void **state)
{
	struct world *w = &world;
	int rows, count;

	(void)state;
	rest_in_the_middle(w);
	w->conf.tries = 10;
	say_pid_from(w, "12345674", "127.0.0.1");
	for (int i = 0; i < 10 && w->unit.state != STORE_PROVISIONED; i++) {
		turn(w, 9000);
		load(w);
	}
	assert_int_equal(w->unit.state, STORE_PROVISIONED);
	count_alarms(w, &rows, &count);
	assert_int_equal(rows, 1);
	assert_int_equal(count, 1);
	close_world(w);
}

static void
the_pid_that_it_is_given_is_no_alarm(void **state)
{
	struct world *w = &world;
	int rows, count;
	char pid[PSK_PID_LEN + 1];

	(void)state;
	stand_in_the_middle(w);
	load(w);
	strcpy(pid, w->unit.next.psk.pid);
	assert_int_equal(strlen(pid), PSK_PID_LEN);
	say_pid_from(w, pid, "127.0.0.1");
	say_pid_from(w, pid, "127.0.0.66");
	say_pid_from(w, PID, "127.0.0.66");
	turn(w, 50);
	count_alarms(w, &rows, &count);
	assert_int_equal(rows, 0);
	assert_int_equal(w->told, 0);
	close_world(w);
}

/* A PID that is nobody's is an alarm, whoever says it; a machine that merely
 * is in no manifest is none. */
static void
a_pid_of_no_known_machine_is_an_alarm(void **state)
{
	static struct hello h;
	struct world *w = &world;
	int rows, count;

	(void)state;
	open_world(w, true, "");
	h.uuid = script_unit;
	h.uuid.b[0] ^= 1;
	h.version = HELLO_PKI;
	jobs_hello(w->jobs, "127.0.0.66", &h);
	turn(w, 90000);
	assert_string_equal(w->reason, "uuid-unknown");
	count_alarms(w, &rows, &count);
	assert_int_equal(rows, 0);
	h.version = HELLO_PSK;
	strcpy(h.pid, "12345674");
	w->told = 0;
	jobs_hello(w->jobs, "127.0.0.66", &h);
	turn(w, 90000);
	assert_string_equal(w->reason, "uuid-unknown");
	assert_non_null(strstr(w->detail, "12345674"));
	count_alarms(w, &rows, &count);
	assert_int_equal(rows, 1);
	assert_int_equal(count, 1);
	close_world(w);
}

static void
raise_of_stranger(struct world *w, unsigned n, enum reason_id why)
{
	struct uuid u = script_unit;
	struct err e;

	err_clear(&e);
	u.b[0] ^= 1;
	u.b[1] = (uint8_t)n;
	u.b[2] = (uint8_t)(n >> 8);
	assert_int_equal(
	    alarm_raise(w->store, &u, reason_get(why), "127.0.0.66", "why", &e),
	    ERR_OK);
}

/* The one of another reason, which came first, stays. */
static void
invented_machines_push_out_only_one_another(void **state)
{
	struct world *w = &world;
	int rows, count;
	struct err e;

	(void)state;
	err_clear(&e);
	open_world(w, true, "");
	assert_int_equal(store_begin(w->store, &e), ERR_OK);
	raise_of_stranger(w, 0, REASON_PID_OTHER_UNIT);
	for (unsigned n = 0; n < ALARM_STRANGERS + 100; n++)
		raise_of_stranger(w, n, REASON_UUID_UNKNOWN);
	raise_of_stranger(w, 0, REASON_PID_OTHER_UNIT);
	assert_int_equal(store_commit(w->store, &e), ERR_OK);
	count_alarms(w, &rows, &count);
	assert_int_equal(rows, ALARM_STRANGERS + 1);
	assert_int_equal(count, ALARM_STRANGERS + 2);
	close_world(w);
}

/* Connections there are made, and never answered. */
static int
silent_at(const char *addr, uint16_t port)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(inet_pton(AF_INET, addr, &at.sin_addr), 1);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 64), 0);
	return fd;
}

/* They were first, and are more than places are kept. */
static void
addresses_where_nothing_answers_make_room(void **state)
{
	struct world *w = &world;
	char addr[32];
	int fd[6];

	(void)state;
	open_world(w, true, "");
	w->conf.request_ms = 500;
	w->conf.tries = 50;
	for (int i = 0; i < 6; i++) {
		snprintf(addr, sizeof(addr), "127.0.0.%d", 11 + i);
		fd[i] = silent_at(addr, w->conf.device_port);
		say_hello_from(w, addr);
	}
	for (int i = 0; i < 60 && w->told == 0; i++) {
		say_hello(w);
		turn(w, 500);
	}
	assert_provisioned(w);
	assert_string_equal(w->unit.address, "127.0.0.1");
	close_world(w);
	for (int i = 0; i < 6; i++)
		close(fd[i]);
}

static void
a_set_up_that_takes_too_long_is_ended_and_tried_again(void **state)
{
	struct world *w = &world;

	(void)state;
	open_world(w, true, "");
	w->conf.request_ms = 60000;
	w->conf.setup_ms = 1000;
	w->mute = "SetAdminAclEntryEx";
	say_hello(w);
	turn(w, 90000);
	assert_string_equal(w->state_told, "failed");
	assert_string_equal(w->reason, "device-gone");
	assert_non_null(strstr(w->detail, "setup_seconds"));
	assert_non_null(strstr(
	    reason_get(REASON_DEVICE_GONE)->mend, "raise it in server.cfg"));
	assert_int_equal(w->connections, 2);
	w->mute = NULL;
	w->told = 0;
	w->conf.setup_ms = 60000;
	say_hello(w);
	turn(w, 90000);
	assert_provisioned(w);
	close_world(w);
}

/* RFC 9110, 15.6.4: for a while. */
static void
a_machine_that_is_busy_is_asked_again(void **state)
{
	struct request undo = { .uuid = script_unit, .what = REQUEST_UNDO };
	struct world *w = &world;
	struct err e;

	(void)state;
	err_clear(&e);
	open_world(w, true, "");
	w->garble = "SetMEBxPassword";
	w->garbage = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n";
	say_hello(w);
	turn(w, 90000);
	assert_provisioned(w);
	assert_int_equal(w->connections, 2);
	w->garble = "GetUuid";
	w->told = 0;
	assert_int_equal(request_add(w->store, &undo, &e), ERR_OK);
	turn(w, 90000);
	assert_string_equal(w->state_told, "known");
	close_world(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_machine_that_is_busy_is_asked_again),
		cmocka_unit_test(
		    forged_hellos_do_not_delay_a_set_up_that_rests),
		cmocka_unit_test(forged_hellos_do_not_end_a_probe),
		cmocka_unit_test(
		    a_hello_is_heard_beside_a_forged_one_that_is_refused),
		cmocka_unit_test(
		    a_misused_pid_is_an_alarm_while_a_set_up_is_under_way),
		cmocka_unit_test(a_set_up_goes_on_after_an_alarm_beside_it),
		cmocka_unit_test(the_pid_that_it_is_given_is_no_alarm),
		cmocka_unit_test(a_pid_of_no_known_machine_is_an_alarm),
		cmocka_unit_test(invented_machines_push_out_only_one_another),
		cmocka_unit_test(addresses_where_nothing_answers_make_room),
		cmocka_unit_test(
		    a_set_up_that_takes_too_long_is_ended_and_tried_again),
	};

	crypto_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
