/* SPDX-License-Identifier: Apache-2.0 */
/* The resolver against a DNS server of a few lines. */
#include "tests/unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/dns.h"

static struct loop *loop;
static struct loop_timer *late;
static struct loop_watch *watch;
static struct dns *dns;
static int server, asked;
static bool silent;
static int lost; /* so many questions for IPv4 are not heard */
static struct dns_answer got;
static int answers;

/* "two.example" has two addresses, "six.example" one of IPv6; no other name
 * is known. The question is sent back with what is known behind it. */
static void
on_question(void *arg)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	uint8_t q[600];
	ssize_t n = recvfrom(server, q, 512, 0, (struct sockaddr *)&from, &len);
	bool two, six, a, aaaa;

	(void)arg;
	assert_true(n > 12);
	asked++;
	if (silent)
		return;
	two = strncasecmp((char *)q + 13, "two", 3) == 0;
	six = strncasecmp((char *)q + 13, "six", 3) == 0;
	a = q[n - 3] == 1;
	aaaa = q[n - 3] == 28;
	if (a && lost > 0) {
		lost--;
		return;
	}
	q[2] = 0x81;
	q[3] = two || six ? 0x80 : 0x83; /* or: no such name */
	for (int i = 0; two && a && i < 2; i++) {
		memcpy(q + n, "\300\14\0\1\0\1\0\0\0\1\0\4\300\0\2", 15);
		q[n + 15] = (uint8_t)(i + 1);
		n += 16;
		q[7]++;
	}
	if (six && aaaa) {
		memcpy(q + n, "\300\14\0\34\0\1\0\0\0\1\0\20\xfd\0\0\0", 16);
		memset(q + n + 16, 0, 12);
		q[n + 27] = 7;
		n += 28;
		q[7]++;
	}
	assert_int_equal(
	    sendto(server, q, (size_t)n, 0, (struct sockaddr *)&from, len), n);
}

static void
on_answer(void *arg, const struct dns_answer *a)
{
	got = *a;
	answers++;
	if (arg != NULL)
		loop_stop(loop);
}

static void
on_late(void *arg)
{
	(void)arg;
	loop_stop(loop);
}

static void
ask(const char *name)
{
	struct dns_query *q = NULL;
	struct err e = { 0 };
	int before = answers;

	assert_int_equal(dns_ask(dns, name, on_answer, &got, &q, &e), ERR_OK);
	assert_int_equal(answers, before);
	loop_timer_set(late, 90000);
	assert_int_equal(loop_run(loop, &e), ERR_OK);
	assert_int_equal(answers, before + 1);
}

static int
start(void **state)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	char text[1][ADDR_LEN];
	struct err e = { 0 };

	(void)state;
	answers = asked = lost = 0;
	silent = false;
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(bind(server, (struct sockaddr *)&at, len), 0);
	assert_int_equal(getsockname(server, (struct sockaddr *)&at, &len), 0);
	snprintf(text[0], sizeof(text[0]), "127.0.0.1:%u", ntohs(at.sin_port));
	assert_int_equal(loop_new(&loop, &e), ERR_OK);
	assert_int_equal(
	    loop_timer_new(loop, on_late, NULL, &late, &e), ERR_OK);
	assert_int_equal(
	    loop_watch_new(loop, server, on_question, NULL, &watch, &e),
	    ERR_OK);
	assert_int_equal(dns_new(loop, &dns, &e), ERR_OK);
	assert_int_equal(
	    dns_servers(dns, (const char(*)[ADDR_LEN])text, 1, &e), ERR_OK);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	dns_free(dns);
	loop_watch_free(watch);
	loop_timer_free(late);
	loop_free(loop);
	close(server);
	return 0;
}

static void
a_name_has_its_addresses(void **state)
{
	(void)state;
	ask("two.example");
	assert_int_equal(got.n, 2);
	assert_string_equal(got.address[0], "192.0.2.1");
	assert_string_equal(got.address[1], "192.0.2.2");
	ask("six.example");
	assert_int_equal(got.n, 1);
	assert_string_equal(got.address[0], "fd00::7");
}

static void
nothing_is_kept_between_two_questions(void **state)
{
	int before;

	(void)state;
	ask("two.example");
	before = asked;
	ask("two.example");
	assert_true(asked > before);
}

static void
a_name_that_is_not_there_says_so(void **state)
{
	(void)state;
	ask("none.example");
	assert_int_equal(got.n, 0);
	assert_non_null(strstr(got.why, "no such name"));
	ask("192.0.2.9"); /* answered at once, and called back later */
	assert_int_equal(got.n, 1);
	assert_string_equal(got.address[0], "192.0.2.9");
}

static void
silence_ends(void **state)
{
	(void)state;
	silent = true;
	ask("two.example");
	assert_int_equal(got.n, 0);
	assert_true(asked >= 2);
	silent = false;
	ask("two.example");
	assert_int_equal(got.n, 2);
}

static void
half_of_a_question_may_be_lost(void **state)
{
	(void)state;
	lost = 2;
	ask("two.example");
	assert_int_equal(got.n, 2);
	lost = 99;
	ask("two.example");
	assert_int_equal(got.n, 0);
	assert_non_null(strstr(got.why, "no answer from the DNS"));
	lost = 0;
}

static void
a_question_is_cancelled_and_one_is_left_open(void **state)
{
	struct dns_query *q = NULL;
	struct err e = { 0 };

	(void)state;
	silent = true;
	assert_int_equal(
	    dns_ask(dns, "two.example", on_answer, NULL, &q, &e), ERR_OK);
	dns_cancel(q);
	assert_int_equal(
	    dns_ask(dns, "192.0.2.1", on_answer, NULL, &q, &e), ERR_OK);
	dns_cancel(q);
	loop_timer_set(late, 50);
	loop_run(loop, &e);
	assert_int_equal(
	    dns_ask(dns, "two.example", on_answer, NULL, &q, &e), ERR_OK);
	assert_int_equal(answers, 0);
}

static void
a_server_is_a_numeric_address(void **state)
{
	static const char name[1][ADDR_LEN] = { "here" };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(dns_servers(dns, name, 1, &e), ERR_DATA);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, start, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_name_has_its_addresses),
		CASE(nothing_is_kept_between_two_questions),
		CASE(a_name_that_is_not_there_says_so),
		CASE(silence_ends),
		CASE(half_of_a_question_may_be_lost),
		CASE(a_question_is_cancelled_and_one_is_left_open),
		CASE(a_server_is_a_numeric_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
