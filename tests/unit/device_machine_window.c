/* SPDX-License-Identifier: Apache-2.0 */
/* While a machine is open, and when it is not. */
#include "base/clock.h"
#include "tests/onemachine.h"

#include "device/period.h"

static void
turned_away(const char *why)
{
	machine_up(true);
	visit(true, NULL);
	assert_string_equal(events, why);
	assert_int_equal(status, 0);
	assert_int_equal(hello_count, 0);
}

static void
a_machine_in_listen_mode_is_closed_and_silent(void **unused)
{
	(void)unused;
	rec.talk = false;
	turned_away("silent ");
}

static void
a_disabled_machine_is_closed_and_silent(void **unused)
{
	(void)unused;
	rec.enabled = false;
	turned_away("silent ");
}

static void
the_period_for_set_up_ends(void **unused)
{
	(void)unused;
	settings.bare_metal_ms = 50;
	machine_up(false);
	stop_at = "window-closed";
	run(60000);
	assert_non_null(strstr(events, "window-closed "));
	visit(true, NULL);
	assert_int_equal(status, 0);
}

static enum tls_alert
stopping(void *arg, void *conn_arg, const struct x509_chain *peer)
{
	(void)arg;
	(void)conn_arg;
	(void)peer;
	if (m->open)
		assert_int_equal(period_stop(m), AMT_OK);
	return TLS_ALERT_NONE;
}

/* Its chain comes after the stop, on a connection that was there before. */
static void
who_is_in_the_handshake_when_it_is_stopped_gets_no_further(void **unused)
{
	const struct tls_config c = {
		.judge = stopping, .chain = &chain, .key = leaf_key
	};
	struct http_peer *p;

	(void)unused;
	machine_up(false);
	p = peer_new(&c, NULL);
	ask(p, "AMT_GeneralSettings", NULL, NULL, 0);
	http_peer_free(p);
	assert_non_null(strstr(events, "stopped "));
	assert_null(strstr(events, "session "));
	assert_int_equal(status, 0);
	assert_int_equal(m->requests, 0);
}

static void
who_only_connects_does_not_silence_it(void **unused)
{
	const struct conn_peer peer = { .local = "127.0.0.1",
		.peer = "127.0.0.1" };
	struct machine_session *v;

	(void)unused;
	machine_up(true);
	assert_non_null(v = visit_new(m, &peer));
	run_hellos(2);
	visit_free(v);
	assert_non_null(v = visit_host(m, &peer, false));
	run_hellos(4);
	visit_free(v);
}

static bool
plain_is_taken(void)
{
	const struct conn_peer peer = { .local = "127.0.0.1",
		.peer = "127.0.0.1" };
	struct conn_end end = { 0 };
	bool taken = machine_accept_plain(m, &peer, &end);

	if (taken)
		visit_free(end.arg);
	return taken;
}

static void
without_tls_it_answers_only_once_it_is_set_up_and_may(void **unused)
{
	(void)unused;
	machine_up(false);
	assert_true(m->open);
	assert_false(plain_is_taken());
	m->state->phase = STATE_POST;
	assert_true(plain_is_taken());
	m->state->tls_enabled[0] = true;
	assert_false(plain_is_taken());
	m->state->tls_plain[0] = true;
	assert_true(plain_is_taken());
}

/* The first time its certificate is made before. */
static void
start_by_agent(void)
{
	enum amt_status answered = period_start_host(m);

	stop_at = NULL;
	if (answered != AMT_CERT_NOT_READY)
		assert_int_equal(answered, AMT_OK);
	for (int i = 0; i < 18000 && !m->open; i++)
		run(5);
	assert_true(m->open);
	assert_int_equal(m->state->window.granted_ms, 6 * 3600000u);
}

static void
up_time_is_counted_over_restarts_and_the_next_window_is_an_agents(void **unused)
{
	(void)unused;
	settings.time_scale = 10000; /* an hour is 360 ms */
	settings.bare_metal_ms = 200 * 3600000u;
	machine_up(false);
	run(300);
	machine_free(m);
	settings.time_scale = 1000000;
	machine_up(false);
	assert_true(m->state->window.spent_ms >= 2000000u);
	stop_at = "window-closed";
	run(60000);
	assert_non_null(strstr(events, "window-closed "));
	machine_free(m);
	machine_up(false);
	assert_non_null(strstr(events, "silent "));
	assert_int_equal(m->state->phase, STATE_IN);
	settings.time_scale = 1;
	start_by_agent();
	stop_at = "stopped";
	assert_int_equal(period_stop(m), AMT_OK);
	assert_int_equal(period_stop(m), AMT_BAD_MODE);
	assert_false(m->open);
	machine_free(m);
	machine_up(false);
	assert_false(m->open);
}

/* As if its power had gone: what was not kept is lost. */
static void
power_cuts_do_not_keep_it_open(void **unused)
{
	int n = 0;

	(void)unused;
	settings.bare_metal_ms = 3600000u;
	for (; n < 6; n++) {
		stop_at = "window-closed";
		machine_up(false);
		run(20);
		if (strstr(events, "window-closed ") != NULL)
			break;
		m->state->care = STATE_VOLATILE; /* nothing at its end */
		machine_free(m);
	}
	assert_int_equal(n, 4); /* each took a quarter of the hour */
}

static void
a_clean_end_keeps_what_was_spent(void **unused)
{
	uint64_t before, began, passed, most;

	(void)unused;
	settings.time_scale = 100;
	before = clock_ms();
	machine_up(false);
	began = clock_ms();
	run(100); /* or a little less: the loop's own clock is coarse */
	passed = clock_ms() - began;
	machine_free(m);
	most = clock_ms() - before;
	machine_up(false);
	assert_true(m->state->window.spent_ms >= passed * 100);
	assert_true(m->state->window.spent_ms <= most * 100);
}

static void
the_record_tells_that_a_host_started_it(void **unused)
{
	(void)unused;
	rec.talk = false;
	machine_up(false);
	assert_false(m->state->window.by_host);
	start_by_agent();
	machine_free(m);
	machine_up(false);
	assert_true(m->state->window.by_host);
	state_reset(m->state, true);
	machine_reset(m);
	assert_true(m->open);
	assert_false(m->state->window.by_host);
}

static void
an_agent_starts_what_listens_or_was_disabled(void **unused)
{
	(void)unused;
	rec.enabled = rec.talk = false;
	machine_up(true);
	assert_int_equal(period_start_host(m), AMT_NOT_PERMITTED);
	assert_int_equal(machine_enable(m, true), AMT_OK);
	assert_false(m->open);
	machine_suffix(m, "");
	assert_int_equal(period_start_host(m), AMT_NOT_READY);
	assert_int_equal(machine_host_suffix(m, "a/b"), AMT_BAD_DOMAIN);
	assert_int_equal(machine_host_suffix(m, "host.example"), AMT_OK);
	machine_suffix(m, "dhcp.example");
	assert_string_equal(machine_suffix_nth(m, 0), "host.example");
	start_by_agent();
	run_hellos(1);
	machine_free(m);
	machine_up(false); /* the window goes on */
	assert_true(m->open);
	assert_string_equal(machine_suffix_nth(m, 0), "host.example");
	state_reset(m->state, false);
	machine_reset(m);
	assert_false(m->open);
	assert_string_equal(machine_suffix_nth(m, 0), "example.com");
	assert_int_equal(machine_host_suffix(m, "host.example"), AMT_OK);
	state_reset(m->state, true);
	machine_reset(m);
	assert_true(m->open);
	m->state->phase = STATE_POST;
	assert_int_equal(period_start_host(m), AMT_BAD_STATE);
	assert_int_equal(machine_host_suffix(m, ""), AMT_BAD_STATE);
	assert_int_equal(machine_enable(m, false), AMT_BAD_STATE);
}

static void
what_a_key_set_counts_until_a_full_un_provisioning(void **unused)
{
	const struct machine_place p = { .state_dir = dir,
		.address = "",
		.server = { "127.0.0.1", 9 },
		.image_server = { "127.0.0.2", 10 },
		.suffix = "example.com" };
	struct record *keys_own = test_malloc(sizeof(*keys_own));
	static struct state s;
	struct err e = { 0 };

	(void)unused;
	*keys_own = rec;
	keys_own->sequence++;
	strcpy(keys_own->psk.pid, PID);
	strcpy(keys_own->psk.pps, PPS);
	strcpy(keys_own->pki_dns_suffix, "key.example");
	assert_int_equal(state_open(&s, dir, (const uint8_t[16]){ 1 }, &e), 0);
	assert_int_equal(state_onetouch_set(&s, keys_own, &e), ERR_OK);
	assert_int_equal(state_save(&s, &e), ERR_OK);
	state_free(&s);
	test_free(keys_own);
	assert_int_equal(machine_new(&common, &rec, &p, &m, &e), ERR_OK);
	machine_start(m);
	assert_string_equal(m->psk.pid, PID);
	assert_string_equal(machine_suffix_nth(m, 0), "key.example");
	state_reset(m->state, true);
	machine_reset(m);
	assert_string_equal(m->psk.pid, PID);
	assert_string_equal(m->server.address, "127.0.0.1");
	state_reset(m->state, false);
	machine_reset(m);
	assert_string_equal(m->psk.pid, "");
	assert_string_equal(machine_suffix_nth(m, 0), "example.com");
	assert_string_equal(m->server.address, "127.0.0.2");
	assert_int_equal(m->server.port, 10);
}

static void
a_blank_board_is_silent_again_after_a_full_un_provisioning(void **unused)
{
	const struct machine_place p = { .state_dir = dir,
		.address = "",
		.server = { "127.0.0.1", 9 },
		.blank = true,
		.suffix = "" };
	struct record *r = test_calloc(2, sizeof(*r));
	static struct state s;
	struct err e = { 0 };

	(void)unused;
	r[0].uuid = rec.uuid;
	r[1] = rec;
	r[1].sequence = 1;
	strcpy(r[1].psk.pid, PID);
	strcpy(r[1].psk.pps, PPS);
	assert_int_equal(state_open(&s, dir, (const uint8_t[16]){ 1 }, &e), 0);
	assert_int_equal(state_onetouch_set(&s, &r[1], &e), ERR_OK);
	assert_int_equal(state_save(&s, &e), ERR_OK);
	state_free(&s);
	assert_int_equal(machine_new(&common, &r[0], &p, &m, &e), ERR_OK);
	machine_start(m);
	assert_true(m->open);
	state_reset(m->state, true);
	machine_reset(m);
	assert_true(m->open);
	state_reset(m->state, false);
	machine_reset(m);
	assert_false(m->open);
	assert_int_equal(m->state->phase, STATE_PRE);
	assert_string_equal(m->psk.pid, "");
	test_free(r);
}

static void
what_cannot_be_saved_neither_starts_nor_stops_it(void **unused)
{
	(void)unused;
	rec.talk = false;
	machine_up(true);
	start_by_agent();
	folder_away(dir);
	assert_int_equal(period_stop(m), AMT_FLASH_LIMIT);
	assert_int_equal(machine_enable(m, false), AMT_FLASH_LIMIT);
	assert_true(m->open);
	assert_int_equal(m->state->phase, STATE_IN);
	assert_int_equal(m->state->window.phase, WINDOW_OPEN);
	folder_back(dir);
	assert_int_equal(period_stop(m), AMT_OK);
	folder_away(dir);
	assert_int_equal(period_start_host(m), AMT_FLASH_LIMIT);
	assert_false(m->open);
	assert_int_equal(m->state->phase, STATE_PRE);
	assert_int_equal(m->state->window.phase, WINDOW_STOPPED);
	folder_back(dir);
	start_by_agent();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_machine_in_listen_mode_is_closed_and_silent),
		CASE(a_disabled_machine_is_closed_and_silent),
		CASE(the_period_for_set_up_ends),
		CASE(
		    who_is_in_the_handshake_when_it_is_stopped_gets_no_further),
		CASE(who_only_connects_does_not_silence_it),
		CASE(without_tls_it_answers_only_once_it_is_set_up_and_may),
		CASE(
		    up_time_is_counted_over_restarts_and_the_next_window_is_an_agents),
		CASE(power_cuts_do_not_keep_it_open),
		CASE(a_clean_end_keeps_what_was_spent),
		CASE(the_record_tells_that_a_host_started_it),
		CASE(an_agent_starts_what_listens_or_was_disabled),
		CASE(what_cannot_be_saved_neither_starts_nor_stops_it),
		CASE(what_a_key_set_counts_until_a_full_un_provisioning),
		CASE(
		    a_blank_board_is_silent_again_after_a_full_un_provisioning),
	};

	return cmocka_run_group_tests(tests, start_all, end_all);
}
