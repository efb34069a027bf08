/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/linger.h"

#define STEP_MS 20

/* A socket that lingers, and its peer, which goes on speaking. */
struct talk {
	struct loop *loop;
	struct loop_timer *step;
	int fd, peer;
	size_t each; /* bytes it says at a time */
	bool reset;  /* it was told that nobody listens */
	struct err e;
};

static void
connect_pair(int *fd, int *peer)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);
	int ll = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(ll, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(ll, 1), 0);
	assert_int_equal(getsockname(ll, (struct sockaddr *)&at, &len), 0);
	*peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(*peer, (struct sockaddr *)&at, sizeof(at)), 0);
	*fd = accept(ll, NULL, NULL);
	assert_true(*fd >= 0);
	close(ll);
	assert_int_equal(fcntl(*fd, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(fcntl(*peer, F_SETFL, O_NONBLOCK), 0);
}

static void
speak(void *arg)
{
	static const char words[8192];
	struct talk *t = arg;
	ssize_t n = send(t->peer, words, t->each, MSG_NOSIGNAL);

	t->reset = n < 0 && errno != EAGAIN;
	if (t->reset)
		loop_stop(t->loop);
	else
		loop_timer_set(t->step, n > 0 && t->each > 1 ? 0 : STEP_MS);
}

static void
open_talk(struct talk *t)
{
	connect_pair(&t->fd, &t->peer);
	assert_int_equal(loop_new(&t->loop, &t->e), ERR_OK);
	assert_int_equal(
	    loop_timer_new(t->loop, speak, t, &t->step, &t->e), ERR_OK);
	loop_timer_set(t->step, 0);
}

static void
close_talk(struct talk *t)
{
	close(t->peer);
	loop_timer_free(t->step);
	loop_free(t->loop);
}

/* What it says late is no cause for a reset. */
static void
the_last_word_is_read_by_who_speaks_on(void **state)
{
	struct talk t = { .each = 1 };
	char got[16];

	(void)state;
	open_talk(&t);
	assert_int_equal(fcntl(t.peer, F_SETFL, 0), 0); /* waits for it */
	assert_int_equal(send(t.peer, "unread", 6, 0), 6);
	assert_int_equal(send(t.fd, "alert", 5, 0), 5);
	linger_start(t.loop, t.fd);
	for (int i = 0; i < 10; i++)
		assert_int_equal(send(t.peer, "late", 4, MSG_NOSIGNAL), 4);
	assert_int_equal(*loop_lingering(t.loop), 1);
	assert_int_equal(recv(t.peer, got, sizeof(got), 0), 5);
	assert_memory_equal(got, "alert", 5);
	assert_int_equal(recv(t.peer, got, sizeof(got), 0), 0);
	close_talk(&t);
}

static void
who_speaks_for_ever_is_left(void **state)
{
	static const size_t each[] = { 8192, 1 }; /* at once, or a drip */

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct talk t = { .each = each[i] };

		open_talk(&t);
		linger_start(t.loop, t.fd);
		assert_int_equal(loop_run(t.loop, &t.e), ERR_OK);
		assert_true(t.reset);
		assert_int_equal(*loop_lingering(t.loop), 0);
		close_talk(&t);
	}
}

static void
only_so_many_linger_at_a_time(void **state)
{
	struct loop *loop;
	int pair[2], peer[LINGER_MOST + 1];
	struct err e;

	(void)state;
	err_clear(&e);
	assert_int_equal(loop_new(&loop, &e), ERR_OK);
	for (int i = 0; i <= LINGER_MOST; i++) {
		assert_int_equal(
		    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair),
		    0);
		peer[i] = pair[1];
		linger_start(loop, pair[0]);
		assert_int_equal(send(peer[i], "x", 1, MSG_NOSIGNAL),
		    i < LINGER_MOST ? 1 : -1);
	}
	assert_int_equal(*loop_lingering(loop), LINGER_MOST);
	loop_hang_up(loop);
	assert_int_equal(*loop_lingering(loop), 0);
	for (int i = 0; i <= LINGER_MOST; i++) {
		assert_int_equal(send(peer[i], "x", 1, MSG_NOSIGNAL), -1);
		close(peer[i]);
	}
	loop_free(loop);
}

static void
one_that_has_closed_does_not_linger(void **state)
{
	struct talk t = { .each = 1 };
	struct pollfd end = { .events = POLLRDHUP };

	(void)state;
	open_talk(&t);
	assert_int_equal(send(t.peer, "unread", 6, 0), 6);
	assert_int_equal(shutdown(t.peer, SHUT_WR), 0);
	end.fd = t.fd;
	assert_int_equal(poll(&end, 1, 90000), 1);
	linger_start(t.loop, t.fd);
	assert_int_equal(*loop_lingering(t.loop), 0);
	close_talk(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_last_word_is_read_by_who_speaks_on),
		cmocka_unit_test(who_speaks_for_ever_is_left),
		cmocka_unit_test(only_so_many_linger_at_a_time),
		cmocka_unit_test(one_that_has_closed_does_not_linger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
