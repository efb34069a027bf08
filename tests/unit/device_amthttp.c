/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/amthttp.h"

static struct amthttp_request req;
static struct wr body;
static size_t used;
static int status;

static int
start(void **state)
{
	(void)state;
	wr_grow(&body, AMTHTTP_BODY_MAX);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	wr_free(&body);
	return 0;
}

static enum amthttp_verdict
take(const char *text)
{
	used = 0;
	status = 0;
	return amthttp_read(
	    (const uint8_t *)text, strlen(text), &req, &body, &used, &status);
}

static void
body_is(const char *want)
{
	assert_int_equal(body.len, strlen(want));
	if (*want != '\0')
		assert_memory_equal(body.buf, want, strlen(want));
}

static void
a_request_with_a_length_is_read(void **state)
{
	(void)state;
	assert_int_equal(take("POST /wsman HTTP/1.1\r\nHost: a\r\n"
			      "Content-Length: 5\r\n\r\nhelloPOST"),
	    AMTHTTP_DONE);
	assert_string_equal(req.method, "POST");
	assert_string_equal(req.path, "/wsman");
	assert_string_equal(req.authorization, "");
	assert_false(req.close);
	body_is("hello");
	assert_int_equal(used, 57);
}

static void
a_chunked_request_is_read(void **state)
{
	(void)state;
	assert_int_equal(
	    take("POST /wsman HTTP/1.1\r\nHost: a\r\n"
		 "transfer-encoding: Chunked\r\n"
		 "Connection: Close\r\n\r\n"
		 "0003\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: 1\r\n\r\n"),
	    AMTHTTP_DONE);
	body_is("abcde");
	assert_true(req.close);
}

static void
what_clients_of_other_ages_send_is_understood(void **state)
{
	struct amthttp_answer a = { .status = 200,
		.old = true,
		.version = "3.0.0",
		.body = (const uint8_t *)"abc",
		.n = 3 };
	struct wr w;

	(void)state;
	assert_int_equal(take("POST /wsman HTTP/1.1\r\nHost: a\r\n"
			      "Connection: keep-alive , Close\r\n\r\n"),
	    AMTHTTP_DONE);
	assert_true(req.close);
	assert_int_equal(take("POST /wsman HTTP/1.1\r\nHost: a\r\n"
			      "Connection: keep-alive, closed\r\n\r\n"),
	    AMTHTTP_DONE);
	assert_false(req.close);
	assert_int_equal(take("POST https://host:16993/wsman HTTP/1.0\r\n\r\n"),
	    AMTHTTP_DONE);
	assert_string_equal(req.path, "/wsman");
	assert_true(req.old && req.close);
	wr_grow(&w, 4096);
	amthttp_write(&w, &a);
	wr_u8(&w, '\0');
	assert_null(strstr((const char *)w.buf, "chunked"));
	assert_non_null(
	    strstr((const char *)w.buf, "Content-Length: 3\r\n\r\nabc"));
	wr_free(&w);
}

static void
a_client_that_waits_before_its_body_is_seen(void **state)
{
	(void)state;
	assert_int_equal(
	    take("POST /wsman HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
		 "Expect: 100-continue\r\n\r\n"),
	    AMTHTTP_MORE);
	assert_true(req.expects);
	assert_int_equal(
	    take("POST /wsman HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
		 "Expect: 100-continue\r\n"),
	    AMTHTTP_MORE);
	assert_false(req.expects);
	assert_int_equal(take("POST /wsman HTTP/1.0\r\nContent-Length: 3\r\n"
			      "Expect: 100-continue\r\n\r\n"),
	    AMTHTTP_MORE);
	assert_false(req.expects);
}

static void
every_prefix_of_a_request_asks_for_more(void **state)
{
	const char *whole = "POST /wsman HTTP/1.1\r\nHost: a\r\n"
			    "Authorization: Digest x\r\n"
			    "Transfer-Encoding: chunked\r\n\r\n"
			    "3\r\nabc\r\n0\r\n\r\n";
	char part[256];

	(void)state;
	for (size_t n = 0; n < strlen(whole); n++) {
		memcpy(part, whole, n);
		part[n] = '\0';
		assert_int_equal(take(part), AMTHTTP_MORE);
	}
	assert_int_equal(take(whole), AMTHTTP_DONE);
	assert_string_equal(req.authorization, "Digest x");
}

static void
requests_that_two_readers_could_split_differently_are_refused(void **state)
{
	static const char *const bad[] = {
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
		"Transfer-Encoding: chunked\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
		"Content-Length: 1\r\n\r\na",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\na",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\na",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 1\r\n\r\na",
		"POST / HTTP/1.1\r\nHost: a\r\nA: b\r\n Content-Length: "
		"1\r\n\r\na",
		"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
		"POST / HTTP/11\r\n\r\n",
		"POST / HTTP/1.1\nContent-Length: 1\r\n\r\na",
		"POST / HTTP/1.1\n\n",
		"POST / HTTP/1.1\r\nHost: a\r\nA: b\r\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nA: b\nContent-Length: "
		"1\r\n\r\na",
		"POST / HTTP/1.1\r\nHost: a\r\nA: b\rContent-Length: "
		"1\r\n\r\na",
		"\r\n\r\n\r\n\r\n\r\n\r\n\r\nPOST / HTTP/1.1\r\nHost: "
		"a\r\n\r\n",
		"POST /\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
		"chunked\r\n\r\n"
		"0x1\r\na\r\n0\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
		"chunked\r\n\r\n"
		"1\r\nab\r\n0\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
		"chunked\r\n\r\n"
		"1;e\n0\r\na\r\n0\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(take(bad[i]), AMTHTTP_BAD);
		assert_int_equal(status, 400);
	}
}

static void
what_does_not_hold_is_said(void **state)
{
	static const struct {
		const char *text, *why;
	} bad[] = {
		{ "POST / HTTP/1.1\r\nHost: a\r\nA: b\r\n c\r\n\r\n",
		    "folded" },
		{ "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
		  "Content-Length: 1\r\n\r\na",
		    "Content-Length twice" },
		{ "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
		  "Transfer-Encoding: chunked\r\n\r\na",
		    "beside" },
		{ "POST / HTTP/1.1\n\n", "CR LF" },
		{ "POST /\r\n\r\n", "no version" },
		{ "POST / HTTP/2.0\r\n\r\n", "not version 1" },
		{ "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
		  "gzip\r\n\r\n",
		    "chunked" },
		{ "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
		  "chunked\r\n\r\n"
		  "g\r\n",
		    "no number" },
		{ "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n",
		    "too long" },
	};
	struct amthttp_answer a = { .status = 400, .version = "3.0.0" };
	const char *page, *length;
	struct wr w;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(take(bad[i].text), AMTHTTP_BAD);
		assert_non_null(strstr(req.why, bad[i].why));
	}
	wr_grow(&w, 4096);
	a.why = req.why;
	amthttp_write(&w, &a);
	wr_u8(&w, '\0');
	assert_non_null(strstr((const char *)w.buf,
	    "<body>Bad Request: HTTP: the body is too long</body>"));
	page = strstr((const char *)w.buf, "\r\n\r\n") + 4;
	length = strstr((const char *)w.buf, "Content-Length: ") + 16;
	assert_int_equal(strtoul(length, NULL, 10), strlen(page));
	wr_free(&w);
}

static void
a_request_names_no_second_host(void **state)
{
	(void)state;
	assert_int_equal(
	    take("POST / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n"), AMTHTTP_BAD);
	assert_int_equal(status, 400);
	assert_string_equal(req.why, "HTTP: Host twice");
	assert_int_equal(
	    take("POST / HTTP/1.1\r\nHost:\r\n\r\n"), AMTHTTP_DONE);
	/* Against RFC 9112 3.2: a hand-written client may leave it out. */
	assert_int_equal(take("POST / HTTP/1.1\r\n\r\n"), AMTHTTP_DONE);
}

static void
who_asks_for_a_head_gets_no_page(void **state)
{
	struct amthttp_answer a = {
		.status = 405, .head = true, .version = "3.0.0"
	};
	static const char page[] = "<html><head><title>405</title></head>"
				   "<body>Method Not Allowed</body></html>\n";
	struct wr w;
	char *end;

	(void)state;
	wr_grow(&w, 4096);
	amthttp_write(&w, &a);
	wr_u8(&w, '\0');
	end = strstr((char *)w.buf, "Content-Length: ");
	assert_non_null(end);
	assert_int_equal(strtoul(end + 16, NULL, 10), sizeof(page) - 1);
	end = strstr((char *)w.buf, "\r\n\r\n");
	assert_non_null(end);
	assert_string_equal(end, "\r\n\r\n");
	wr_free(&w);
}

static void
what_is_not_known_is_told_apart(void **state)
{
	char head[256];

	(void)state;
	assert_int_equal(take("POST / HTTP/2.0\r\n\r\n"), AMTHTTP_BAD);
	assert_int_equal(status, 505);
	assert_int_equal(take("POST / HTTP/1.1\r\nHost: "
			      "a\r\nTransfer-Encoding: gzip\r\n\r\n"),
	    AMTHTTP_BAD);
	assert_int_equal(status, 501);
	snprintf(
	    head, sizeof(head), "POST /%0150d HTTP/1.1\r\nHost: a\r\n\r\n", 0);
	assert_int_equal(take(head), AMTHTTP_BAD);
	assert_int_equal(status, 414);
	assert_int_equal(
	    take("POST / HTTP/1.2\r\nHost: a\r\n\r\n"), AMTHTTP_DONE);
	assert_false(req.close);
}

static void
an_empty_line_before_a_request_is_passed_over(void **state)
{
	(void)state;
	assert_int_equal(take("\r\n"), AMTHTTP_MORE);
	assert_int_equal(take("\r\n\r\nPOST /wsman HTTP/1.1\r\nHost: a\r\n"
			      "Content-Length: 1\r\n\r\naPOST"),
	    AMTHTTP_DONE);
	body_is("a");
	assert_int_equal(used, 4 + 22 + 9 + 21 + 1);
}

static void
what_is_too_long_is_refused_before_it_came(void **state)
{
	char *head = calloc(1, AMTHTTP_HEAD_MAX + 64);

	(void)state;
	assert_int_equal(
	    take("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n"),
	    AMTHTTP_BAD);
	assert_int_equal(status, 413);
	assert_int_equal(take("POST / HTTP/1.1\r\nHost: "
			      "a\r\nTransfer-Encoding: chunked\r\n\r\n"
			      "10001\r\n"),
	    AMTHTTP_BAD);
	assert_int_equal(status, 413);
	memset(head, 'a', AMTHTTP_HEAD_MAX + 1);
	assert_int_equal(take(head), AMTHTTP_BAD);
	assert_int_equal(status, 413);
	free(head);
}

/* Of many times what goes between the chunks of a short body, or behind it. */
static enum amthttp_verdict
take_many(const char *last, const char *line, size_t times)
{
	enum amthttp_verdict v;
	struct wr w;

	wr_grow(&w, 1u << 20);
	wr_str(&w,
	    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
	wr_str(&w, last);
	for (size_t i = 0; i < times; i++)
		wr_str(&w, line);
	assert_false(w.failed);
	used = 0;
	status = 0;
	v = amthttp_read(w.buf, w.len, &req, &body, &used, &status);
	wr_free(&w);
	return v;
}

static void
what_stands_around_chunks_does_not_grow_for_ever(void **state)
{
	(void)state;
	assert_int_equal(take_many("", "1\r\na\r\n", 10000), AMTHTTP_MORE);
	assert_int_equal(take_many("",
			     "1;e=0123456789012345678901234567890123456789\r\n"
			     "a\r\n",
			     10000),
	    AMTHTTP_BAD);
	assert_int_equal(status, 413);
	assert_int_equal(
	    take_many("0\r\n", "Trailer: field\r\n", 10000), AMTHTTP_BAD);
	assert_int_equal(status, 413);
}

/* The captures' form: chunk sizes of four upper-case hex digits. */
static void
an_answer_has_the_firmwares_headers_and_chunks(void **state)
{
	const char *want = "HTTP/1.1 200 OK\r\n"
			   "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
			   "Server: Intel(R) Active Management Technology "
			   "3.0.0\r\n"
			   "X-Frame-Options: DENY\r\n"
			   "Content-Type: application/soap+xml; "
			   "charset=UTF-8\r\n"
			   "Transfer-Encoding: chunked\r\n\r\n"
			   "001A\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n";
	const struct amthttp_answer a = { .status = 200,
		.version = "3.0.0",
		.body = (const uint8_t *)"abcdefghijklmnopqrstuvwxyz",
		.n = 26 };
	struct wr w;

	(void)state;
	wr_grow(&w, 4096);
	amthttp_write(&w, &a);
	assert_int_equal(w.len, strlen(want));
	assert_memory_equal(w.buf, want, w.len);
	wr_free(&w);
}

static void
a_challenge_has_the_firmwares_form(void **state)
{
	const struct amthttp_answer a = { .status = 401,
		.version = "3.0.0",
		.close = true,
		.realm = "Digest:A4070000000000000000000000000000",
		.nonce = "bm9uY2Vub25jZW5vbmNlbm9uY2Vub25j" };
	struct wr w;

	(void)state;
	wr_grow(&w, 4096);
	amthttp_write(&w, &a);
	wr_u8(&w, 0);
	assert_non_null(strstr((char *)w.buf,
	    "WWW-Authenticate: Digest "
	    "realm=\"Digest:A4070000000000000000000000000000\", "
	    "nonce=\"bm9uY2Vub25jZW5vbmNlbm9uY2Vub25j\","
	    "stale=\"false\",qop=\"auth\"\r\n"));
	assert_non_null(strstr((char *)w.buf, "Connection: close\r\n"));
	assert_non_null(strstr((char *)w.buf, "Content-Type: text/html\r\n"));
	wr_free(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_with_a_length_is_read),
		cmocka_unit_test(a_chunked_request_is_read),
		cmocka_unit_test(what_clients_of_other_ages_send_is_understood),
		cmocka_unit_test(a_client_that_waits_before_its_body_is_seen),
		cmocka_unit_test(every_prefix_of_a_request_asks_for_more),
		cmocka_unit_test(
		    requests_that_two_readers_could_split_differently_are_refused),
		cmocka_unit_test(what_does_not_hold_is_said),
		cmocka_unit_test(a_request_names_no_second_host),
		cmocka_unit_test(who_asks_for_a_head_gets_no_page),
		cmocka_unit_test(what_is_not_known_is_told_apart),
		cmocka_unit_test(an_empty_line_before_a_request_is_passed_over),
		cmocka_unit_test(what_is_too_long_is_refused_before_it_came),
		cmocka_unit_test(
		    what_stands_around_chunks_does_not_grow_for_ever),
		cmocka_unit_test(
		    an_answer_has_the_firmwares_headers_and_chunks),
		cmocka_unit_test(a_challenge_has_the_firmwares_form),
	};

	return cmocka_run_group_tests(tests, start, end);
}
