/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <signal.h>
#include <unistd.h>

#include "base/loop.h"

/* Counts what happens, and ends the loop after each. */
struct count {
	struct loop *loop;
	int n;
	struct err e;
};

static void
happened(void *arg)
{
	struct count *c = arg;

	c->n++;
	loop_stop(c->loop);
}

static void
up(struct count *c)
{
	assert_int_equal(loop_new(&c->loop, &c->e), ERR_OK);
}

static void
run(struct count *c)
{
	assert_int_equal(loop_run(c->loop, &c->e), ERR_OK);
}

static void
a_timer_fires_once_for_each_setting(void **state)
{
	struct count c = { 0 };
	struct loop_timer *t;

	(void)state;
	up(&c);
	assert_int_equal(
	    loop_timer_new(c.loop, happened, &c, &t, &c.e), ERR_OK);
	loop_timer_set(t, 1);
	run(&c);
	loop_timer_set(t, 1);
	run(&c);
	assert_int_equal(c.n, 2);
	loop_timer_free(t);
	loop_free(c.loop);
}

static void
a_watch_tells_for_as_long_as_something_is_there(void **state)
{
	struct count c = { 0 };
	struct loop_watch *w;
	char byte;
	int fd[2];

	(void)state;
	up(&c);
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(
	    loop_watch_new(c.loop, fd[0], happened, &c, &w, &c.e), ERR_OK);
	assert_int_equal(write(fd[1], "a", 1), 1);
	run(&c);
	run(&c); /* it was not read */
	assert_int_equal(read(fd[0], &byte, 1), 1);
	assert_int_equal(c.n, 2);
	loop_watch_free(w);
	close(fd[0]);
	close(fd[1]);
	loop_free(c.loop);
}

static void
a_signal_is_told_and_one_to_end_ends(void **state)
{
	struct count c = { 0 };
	struct loop_watch *w;

	(void)state;
	up(&c);
	assert_int_equal(
	    loop_watch_signal(c.loop, SIGUSR1, happened, &c, &w, &c.e), ERR_OK);
	assert_int_equal(loop_stop_on_signals(c.loop, &c.e), ERR_OK);
	raise(SIGUSR1);
	run(&c);
	assert_int_equal(c.n, 1);
	raise(SIGTERM);
	run(&c);
	assert_int_equal(c.n, 1);
	loop_watch_free(w);
	loop_free(c.loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_timer_fires_once_for_each_setting),
		cmocka_unit_test(
		    a_watch_tells_for_as_long_as_something_is_there),
		cmocka_unit_test(a_signal_is_told_and_one_to_end_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
