/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "base/httpread.h"

#define BODY 64

struct got {
	enum httpread_verdict verdict;
	struct httpread r;
	char body[BODY + 1];
	size_t used;
	const char *why;
};

static struct got
read_n(const char *text, size_t n)
{
	struct got g = { .why = "" };
	struct wr body;

	wr_grow(&body, BODY);
	g.verdict = httpread_answer(text, n, &g.r, &body, &g.used, &g.why);
	snprintf(g.body, sizeof(g.body), "%.*s", (int)body.len,
	    body.len == 0 ? "" : (const char *)body.buf);
	wr_free(&body);
	return g;
}

static struct got
read_text(const char *text)
{
	return read_n(text, strlen(text));
}

#define HEAD "HTTP/1.1 200 OK\r\n"

static void
an_answer_is_there_when_its_last_byte_is(void **state)
{
	static const char *const texts[] = {
		HEAD "Content-Length: 5\r\n\r\nhello",
		HEAD "Transfer-Encoding: chunked\r\n\r\n"
		     "2;a=b\r\nhe\r\n0003\r\nllo\r\n0000\r\nX: y\r\n\r\n",
		"HTTP/1.1 200\nTransfer-Encoding: Chunked\n\n5\nhello\n0\n\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		size_t n = strlen(texts[i]);
		struct got g = read_text(texts[i]);

		assert_int_equal(g.verdict, HTTPREAD_DONE);
		assert_int_equal(g.r.status, 200);
		assert_string_equal(g.body, "hello");
		assert_int_equal(g.used, n);
		assert_false(g.r.close);
		for (size_t k = 0; k < n; k++)
			assert_int_equal(
			    read_n(texts[i], k).verdict, HTTPREAD_MORE);
	}
}

static void
what_follows_an_answer_is_left(void **state)
{
	struct got g = read_text(HEAD "Content-Length: 2\r\n\r\nokHTTP/1.1");

	(void)state;
	assert_int_equal(g.verdict, HTTPREAD_DONE);
	assert_string_equal(g.body, "ok");
	assert_int_equal(g.used, strlen(HEAD) + 23);
}

static void
a_body_without_a_length_goes_to_the_end(void **state)
{
	struct got g =
	    read_text("HTTP/1.0 400 Bad\r\nServer:  AMT 9 \r\n\r\nx");

	(void)state;
	assert_int_equal(g.verdict, HTTPREAD_TO_END);
	assert_int_equal(g.r.status, 400);
	assert_true(g.r.close);
	assert_string_equal(g.r.server, "AMT 9");
	assert_int_equal(g.used, 37);
	g = read_text("HTTP/1.1 100 Continue\r\n\r\nHTTP");
	assert_int_equal(g.verdict, HTTPREAD_DONE);
	assert_int_equal(g.used, 25);
}

static void
challenges_are_kept_in_their_order(void **state)
{
	static const char *const want[] = { "Basic realm=\"b\"",
		"digest realm=\"r\", nonce=\"1\"",
		"Digest realm=\"s\", nonce=\"2\"" };
	const char *is;

	struct got g =
	    read_text("HTTP/1.1 401 Unauthorized\r\n"
		      "WWW-Authenticate: Basic realm=\"b\"\r\n"
		      "www-authenticate: digest realm=\"r\", nonce=\"1\"\r\n"
		      "WWW-Authenticate: Digest realm=\"s\", nonce=\"2\"\r\n"
		      "Connection: Close\r\nContent-Length: 0\r\n\r\n");

	(void)state;
	assert_int_equal(g.verdict, HTTPREAD_DONE);
	is = g.r.challenges;
	for (size_t i = 0; i < 3; i++, is += strlen(is) + 1)
		assert_string_equal(is, want[i]);
	assert_string_equal(is, "");
	assert_true(g.r.close);
}

static void
a_challenge_that_does_not_fit_is_left_out(void **state)
{
	static char text[8192];
	struct got g;

	(void)state;
	snprintf(text, sizeof(text),
	    "HTTP/1.1 401 X\r\nWWW-Authenticate: A %01500d\r\n"
	    "WWW-Authenticate: B %0600d\r\nWWW-Authenticate: C %0530d\r\n"
	    "WWW-Authenticate:\r\nWWW-Authenticate: D\r\n"
	    "Content-Length: 0\r\n\r\n",
	    0, 0, 0);
	g = read_text(text);
	assert_int_equal(g.verdict, HTTPREAD_DONE);
	assert_int_equal(strlen(g.r.challenges), 1502);
	assert_int_equal(strlen(g.r.challenges + 1503), 532);
	assert_string_equal(g.r.challenges + 1503 + 533, "D");
	assert_string_equal(g.r.challenges + 1503 + 533 + 2, "");
}

static void
what_is_no_answer_is_refused(void **state)
{
	static const char *const texts[] = {
		"SSH-2.0-x",
		"HTTP/2.0 200 OK\r\n\r\n",
		"HTTP/1.1 20 OK\r\n\r\n",
		"HTTP/1.1 2000 OK\r\n\r\n",
		HEAD "no colon\r\n\r\n",
		HEAD "Name : space\r\n\r\n",
		HEAD "A: b\r\n folded\r\n\r\n",
		HEAD "Content-Length: -1\r\n\r\n",
		HEAD "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
		HEAD "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
		HEAD "Transfer-Encoding: gzip\r\n\r\n",
		HEAD "Transfer-Encoding: chunked\r\n\r\nz\r\n",
		HEAD "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct got g = read_text(texts[i]);

		assert_int_equal(g.verdict, HTTPREAD_BAD);
		assert_true(g.why[0] != '\0');
	}
}

static void
what_is_longer_than_is_taken_is_told_apart(void **state)
{
	static const char *const texts[] = {
		HEAD "Content-Length: 65\r\n\r\n",
		HEAD "Transfer-Encoding: chunked\r\n\r\n41\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct got g = read_text(texts[i]);

		assert_int_equal(g.verdict, HTTPREAD_LONG);
		assert_string_equal(g.why, "the answer is too long");
	}
}

static void
a_head_without_an_end_is_refused_at_its_bound(void **state)
{
	static char text[HTTPREAD_HEAD_MAX + 2];

	(void)state;
	memset(text, 'a', sizeof(text));
	memcpy(text, HEAD, strlen(HEAD));
	assert_int_equal(
	    read_n(text, HTTPREAD_HEAD_MAX).verdict, HTTPREAD_MORE);
	assert_int_equal(
	    read_n(text, HTTPREAD_HEAD_MAX + 1).verdict, HTTPREAD_LONG);
}

/* What is no text has its bound too, however it comes. */
static void
chunks_without_an_end_are_refused_at_their_bound(void **state)
{
	static const char *const more[] = { "1;aaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
					    "aaaaaaaaaaaaaaaaaaaaa\r\nx\r\n",
		"X: y\r\n" };
	static const char *const begin[] = { "", "0\r\n" };
	static char text[2 * HTTPREAD_HEAD_MAX];
	struct got g;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		size_t n = (size_t)snprintf(text, sizeof(text), "%s%s",
		    HEAD "Transfer-Encoding: chunked\r\n\r\n", begin[i]);

		while (n + strlen(more[i]) < sizeof(text))
			n += (size_t)snprintf(
			    text + n, sizeof(text) - n, "%s", more[i]);
		g = read_n(text, n);
		assert_int_equal(g.verdict, HTTPREAD_LONG);
		assert_int_equal(read_n(text, 1000).verdict, HTTPREAD_MORE);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_there_when_its_last_byte_is),
		cmocka_unit_test(what_follows_an_answer_is_left),
		cmocka_unit_test(a_body_without_a_length_goes_to_the_end),
		cmocka_unit_test(challenges_are_kept_in_their_order),
		cmocka_unit_test(a_challenge_that_does_not_fit_is_left_out),
		cmocka_unit_test(what_is_no_answer_is_refused),
		cmocka_unit_test(what_is_longer_than_is_taken_is_told_apart),
		cmocka_unit_test(a_head_without_an_end_is_refused_at_its_bound),
		cmocka_unit_test(
		    chunks_without_an_end_are_refused_at_their_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
