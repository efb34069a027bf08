/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <arpa/inet.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/conn.h"
#include "formats/reason.h"
#include "server/listen.h"

struct heard {
	struct loop *loop;
	struct loop_timer *timer;
	int n;     /* reports */
	int until; /* stops the loop then */
	bool good; /* the last one was a hello */
	struct hello h;
	struct err e;
	int sender;   /* its socket, where one is watched; else 0 */
	ssize_t rest; /* what that had to read at the report */
};

static void
on_hello(
    void *arg, const char *from, const struct hello *h, const struct err *bad)
{
	struct heard *t = arg;

	assert_string_equal(from, "127.0.0.1");
	t->good = h != NULL;
	if (h != NULL)
		t->h = *h;
	t->e = *bad;
	if (t->sender != 0 &&
	    poll(&(struct pollfd){ t->sender, POLLIN, 0 }, 1, 5000) == 1)
		t->rest = recv(t->sender, &(char){ 0 }, 1, MSG_DONTWAIT);
	if (++t->n == t->until)
		loop_stop(t->loop);
}

static void
on_late(void *arg)
{
	struct heard *t = arg;

	loop_stop(t->loop);
}

static struct listen *
open_listener(struct heard *t, unsigned most, unsigned long limit_ms)
{
	struct listen_how how = { .addr = "127.0.0.1",
		.port = 0,
		.most = most,
		.limit_ms = limit_ms,
		.hello = on_hello,
		.arg = t };
	struct listen *in = NULL;
	struct err e;

	memset(t, 0, sizeof(*t));
	err_clear(&e);
	assert_int_equal(loop_new(&t->loop, &e), ERR_OK);
	assert_int_equal(
	    loop_timer_new(t->loop, on_late, t, &t->timer, &e), ERR_OK);
	assert_int_equal(listen_new(t->loop, &how, &in, &e), ERR_OK);
	t->until = 1;
	return in;
}

static void
wait_for(struct heard *t, unsigned long ms)
{
	struct err e;

	err_clear(&e);
	loop_timer_set(t->timer, ms);
	assert_int_equal(loop_run(t->loop, &e), ERR_OK);
}

static void
close_listener(struct heard *t, struct listen *in)
{
	listen_free(in);
	loop_timer_free(t->timer);
	loop_free(t->loop);
}

/* A sender: bytes in pieces, a turn of the loop apart, then maybe a close. */
struct sender {
	const uint8_t *p;
	size_t n, piece;
	bool leaves;
	const char *from;
	bool ended;
	struct loop_timer *next;
	struct conn *conn;
};

static void
send_next(void *arg)
{
	struct sender *s = arg;
	size_t n = s->n < s->piece ? s->n : s->piece;

	conn_send(s->conn, s->p, n);
	s->p += n;
	s->n -= n;
	if (s->n > 0)
		loop_timer_set(s->next, 1);
	else if (s->leaves)
		conn_finish(s->conn);
}

static void
send_open(void *arg, struct conn *conn)
{
	struct sender *s = arg;

	s->conn = conn;
	send_next(s);
}

static void
send_closed(void *arg, struct conn *conn, const struct err *e)
{
	struct sender *s = arg;

	(void)conn;
	(void)e;
	s->ended = true;
	loop_timer_stop(s->next);
}

static void
send_bytes(struct heard *t, struct listen *in, struct sender *s)
{
	static const struct conn_handler h = { send_open, NULL, send_closed };
	const struct conn_way way = { s->from, "127.0.0.1", listen_port(in) };
	const struct conn_end end = { &h, s, NULL, NULL };
	struct err e;

	err_clear(&e);
	assert_int_equal(
	    loop_timer_new(t->loop, send_next, s, &s->next, &e), ERR_OK);
	assert_int_equal(conn_open(t->loop, &way, &end, &s->conn, &e), ERR_OK);
}

static size_t
big_hello(uint8_t *buf, size_t room)
{
	static struct hello h = { .version = HELLO_PKI, .retry = 4, .n = 30 };
	struct wr w;

	for (size_t i = 0; i < h.n; i++) {
		h.hash[i].type = HASH_SHA256;
		memset(h.hash[i].hash, (int)i, 32);
	}
	wr_fixed(&w, buf, room);
	hello_write(&w, &h);
	assert_false(w.failed);
	return w.len;
}

static void
a_hello_in_pieces_is_put_together(void **state)
{
	uint8_t buf[2048];
	static struct heard t;
	struct sender s = { .p = buf, .piece = 7 };

	struct listen *in = open_listener(&t, 10, 60000);

	(void)state;
	s.n = big_hello(buf, sizeof(buf));
	send_bytes(&t, in, &s);
	wait_for(&t, 60000);
	assert_int_equal(t.n, 1);
	assert_true(t.good);
	assert_int_equal(t.h.n, 30);
	assert_int_equal(t.h.hash[29].hash[31], 29);
	loop_timer_free(s.next);
	close_listener(&t, in);
}

/* A set-up that it begins must not overtake the close. */
static void
a_hello_is_closed_before_it_is_reported(void **state)
{
	uint8_t buf[2048];
	static struct heard t;
	struct listen *in = open_listener(&t, 10, 60000);
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons(listen_port(in)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	ssize_t n = (ssize_t)big_hello(buf, sizeof(buf));

	(void)state;
	t.rest = -1;
	t.sender = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(connect(t.sender, (const void *)&to, sizeof(to)), 0);
	assert_int_equal(send(t.sender, buf, (size_t)n, 0), n);
	wait_for(&t, 60000);
	assert_int_equal(t.n, 1);
	assert_int_equal(t.rest, 0);
	close(t.sender);
	close_listener(&t, in);
}

static void
a_truncated_hello_is_reported_at_the_close(void **state)
{
	uint8_t buf[2048];
	static struct heard t;
	struct sender s = { .p = buf, .piece = 2048, .leaves = true };

	struct listen *in = open_listener(&t, 10, 60000);

	(void)state;
	s.n = big_hello(buf, sizeof(buf)) - 1;
	send_bytes(&t, in, &s);
	wait_for(&t, 60000);
	assert_int_equal(t.n, 1);
	assert_false(t.good);
	assert_ptr_equal(t.e.reason, reason_get(REASON_HELLO_MALFORMED));
	loop_timer_free(s.next);
	close_listener(&t, in);
}

static void
bytes_behind_a_hello_are_refused(void **state)
{
	uint8_t buf[2048];
	static struct heard t;
	struct sender s = { .p = buf, .piece = 2048 };

	struct listen *in = open_listener(&t, 10, 60000);

	(void)state;
	s.n = big_hello(buf, sizeof(buf));
	buf[s.n++] = 0;
	send_bytes(&t, in, &s);
	wait_for(&t, 60000);
	assert_int_equal(t.n, 1);
	assert_false(t.good);
	loop_timer_free(s.next);
	close_listener(&t, in);
}

static void
a_caller_that_takes_too_long_is_cut_off(void **state)
{
	uint8_t buf[2048];
	static struct heard t;
	struct sender s = { .p = buf, .piece = 1 };

	struct listen *in = open_listener(&t, 10, 50);

	(void)state;
	s.n = big_hello(buf, sizeof(buf));
	send_bytes(&t, in, &s);
	wait_for(&t, 60000);
	assert_int_equal(t.n, 1);
	assert_false(t.good);
	assert_true(s.n > 0);
	loop_timer_free(s.next);
	close_listener(&t, in);
}

static void
open_silent(struct heard *t, struct listen *in, struct sender *s, size_t n,
    const char *from)
{
	for (size_t i = 0; i < n; i++) {
		s[i] = (struct sender){ .from = from, .piece = 1 };
		send_bytes(t, in, &s[i]);
		wait_for(t, 5);
	}
}

static size_t
ended(const struct sender *s, size_t n)
{
	size_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += s[i].ended;
	return sum;
}

static void
a_flood_of_silent_callers_shuts_nobody_out(void **state)
{
	uint8_t buf[2048];
	struct sender idle[20], honest = { .p = buf, .piece = 400 };
	static struct heard t;
	struct listen *in = open_listener(&t, 4, 60000);

	(void)state;
	honest.n = big_hello(buf, sizeof(buf));
	open_silent(&t, in, idle, 20, NULL);
	for (int i = 0; i < 1800 && ended(idle, 20) < 16; i++)
		wait_for(&t, 50);
	wait_for(&t, 50);
	assert_int_equal(ended(idle, 20), 16); /* the oldest ones */
	assert_int_equal(ended(idle + 16, 4), 0);
	send_bytes(&t, in, &honest);
	wait_for(&t, 60000);
	assert_int_equal(t.n, 1);
	assert_true(t.good);
	loop_timer_free(honest.next);
	for (int i = 0; i < 20; i++)
		loop_timer_free(idle[i].next);
	close_listener(&t, in);
}

/* One byte at a time is not silent; but its address pays for its flood. */
static void
a_slow_one_of_another_address_outlives_a_flood(void **state)
{
	uint8_t buf[2048];
	struct sender idle[12], slow = { .p = buf, .piece = 10 };
	static struct heard t;
	struct listen *in = open_listener(&t, 3, 60000);

	(void)state;
	slow.n = big_hello(buf, sizeof(buf));
	send_bytes(&t, in, &slow);
	open_silent(&t, in, idle, 12, "127.0.0.2");
	wait_for(&t, 60000);
	assert_int_equal(t.n, 1);
	assert_true(t.good);
	assert_true(ended(idle, 12) >= 9);
	loop_timer_free(slow.next);
	for (int i = 0; i < 12; i++)
		loop_timer_free(idle[i].next);
	close_listener(&t, in);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hello_in_pieces_is_put_together),
		cmocka_unit_test(a_hello_is_closed_before_it_is_reported),
		cmocka_unit_test(a_truncated_hello_is_reported_at_the_close),
		cmocka_unit_test(bytes_behind_a_hello_are_refused),
		cmocka_unit_test(a_caller_that_takes_too_long_is_cut_off),
		cmocka_unit_test(a_flood_of_silent_callers_shuts_nobody_out),
		cmocka_unit_test(
		    a_slow_one_of_another_address_outlives_a_flood),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
