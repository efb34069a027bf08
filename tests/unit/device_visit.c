/* SPDX-License-Identifier: Apache-2.0 */
/* What a client hears that is no server: requests that are none, or not all of
 * one. */
#include "tests/onemachine.h"

/* What a client sends once, and what it is told until the end. */
static struct {
	struct conn *c; /* NULL: closed */
	const char *says;
	char told[1024];
} one;

static void
one_ready(void *arg, struct conn *c)
{
	(void)arg;
	conn_send(c, one.says, strlen(one.says));
}

static size_t
one_data(void *arg, struct conn *c, const uint8_t *p, size_t n)
{
	size_t at = strlen(one.told);

	(void)arg;
	(void)c;
	snprintf(one.told + at, sizeof(one.told) - at, "%.*s", (int)n,
	    (const char *)p);
	return n;
}

static void
one_closed(void *arg, struct conn *c, const struct err *e)
{
	(void)arg;
	(void)c;
	(void)e;
	one.c = NULL;
	loop_stop(common.loop);
}

static void
say(const char *words)
{
	static const struct conn_handler h = { one_ready, one_data,
		one_closed };
	const struct tls_config tc = {
		.judge = trusting, .chain = &chain, .key = leaf_key
	};
	const struct conn_way way = { NULL, "127.0.0.1", listener_port(port) };
	struct conn_end us = { .h = &h };
	struct err e = { 0 };

	memset(&one, 0, sizeof(one));
	one.says = words;
	assert_int_equal(tls_new(&tc, &us.tls, &e), ERR_OK);
	assert_int_equal(conn_open(common.loop, &way, &us, &one.c, &e), ERR_OK);
	for (int i = 0; i < 60 && one.c != NULL; i++)
		run(1000);
	assert_null(one.c);
	tls_free(us.tls);
}

static void
who_does_not_end_a_request_is_told_so(void **unused)
{
	(void)unused;
	settings.request_ms = 50;
	machine_up(false);
	say("POST /wsman HTTP/1.1\r\nHost: m\r\nContent-Le");
	assert_non_null(strstr(one.told, "HTTP/1.1 408 Request Timeout\r\n"));
	assert_non_null(strstr(one.told, "the rest of a request did not come"));
	assert_non_null(strstr(events, "malformed "));
}

static void
what_is_no_request_is_told_with_its_reason(void **unused)
{
	(void)unused;
	machine_up(false);
	say("POST /wsman HTTP/1.1\r\nHost: m\r\nContent-Length: 7\r\n\r\n"
	    "<a></b>");
	assert_non_null(strstr(one.told, "HTTP/1.1 400 Bad Request\r\n"));
	assert_non_null(strstr(one.told, "XML line 1: mismatched tag"));
	assert_non_null(strstr(events, "malformed "));
	assert_int_equal(m->requests, 0);
}

#define WAITS                                                      \
	"POST /wsman HTTP/1.1\r\nHost: m\r\nContent-Length: 3\r\n" \
	"Expect: 100-continue\r\n\r\n"

static void
who_must_log_in_is_asked_to_before_it_sends_a_body(void **unused)
{
	(void)unused;
	settings.challenge = SETTINGS_CHALLENGE_ALWAYS;
	machine_up(false);
	say(WAITS);
	assert_non_null(strstr(one.told, "HTTP/1.1 401 Unauthorized\r\n"));
	assert_null(strstr(one.told, "HTTP/1.1 100 "));
	settings.challenge = SETTINGS_CHALLENGE_NEVER;
	settings.request_ms = 50;
	say(WAITS);
	assert_non_null(strstr(one.told, "HTTP/1.1 100 Continue\r\n"));
	assert_null(strstr(one.told, "HTTP/1.1 401 "));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(who_does_not_end_a_request_is_told_so),
		CASE(what_is_no_request_is_told_with_its_reason),
		CASE(who_must_log_in_is_asked_to_before_it_sends_a_body),
	};

	crypto_init();
	return cmocka_run_group_tests(tests, start_all, end_all);
}
