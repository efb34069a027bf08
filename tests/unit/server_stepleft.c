/* SPDX-License-Identifier: Apache-2.0 */
/* A server that is killed after each step in turn and comes back at once: the
 * real dialogue against the device's real answers, in one process. */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/x509.h"
#include "server/session.h"
#include "tests/oneamt.h"

static struct crypto_key *ca_key;
static struct x509 *ca;
static struct policy policy;

/* The device's keys: more than it holds at a time, and not a new one for each,
 * since one takes long to find, and now and then very long. */
static struct crypto_key *ring[8];

static enum err_code
next_key(void *arg, struct secret *out, struct err *e)
{
	(void)arg;
	return crypto_key_der(ring[keys_made++ % 8], out, e);
}

static int
open_device(void **unused)
{
	(void)unused;
	open_amt(3);
	host.key = next_key;
	return 0;
}

static int
close_device(void **unused)
{
	(void)unused;
	close_amt();
	return 0;
}

static int
open_all(void **unused)
{
	const struct x509_make root = { .cn = "ca", .days = 99, .ca = true };
	struct err e = { 0 };

	(void)unused;
	policy_plain(&policy, true);
	policy.nhashes = 1;
	policy.hash[0].type = HASH_SHA256;
	policy.hash[0].hash[3] = 9;
	strcpy(policy.hash[0].name, "added");
	for (int i = 0; i < 8; i++)
		assert_int_equal(
		    crypto_key_new(CRYPTO_RSA2048, &ring[i], &e), ERR_OK);
	assert_int_equal(crypto_key_new(CRYPTO_EC256, &ca_key, &e), ERR_OK);
	assert_int_equal(x509_new(&root, ca_key, NULL, NULL, &ca, &e), ERR_OK);
	return 0;
}

static int
close_all(void **unused)
{
	(void)unused;
	for (int i = 0; i < 8; i++)
		crypto_key_free(ring[i]);
	x509_free(ca);
	crypto_key_free(ca_key);
	return 0;
}

static enum err_code
certify(void *arg, const struct uuid *u, const void *pub, size_t n,
    struct wr *out, struct err *e)
{
	const struct x509_make make = { .cn = "pc", .days = 99 };
	struct x509 *cert = NULL;
	const uint8_t *der;

	(void)arg;
	(void)u;
	assert_int_equal(
	    x509_new_for_public(&make, pub, n, ca, ca_key, &cert, e), ERR_OK);
	der = x509_der(cert, &n);
	wr_bytes(out, der, n);
	x509_free(cert);
	return ERR_OK;
}

static enum session_whose
judge(void *arg, const struct uuid *u, const struct x509 *cert)
{
	char cn[64];

	(void)arg;
	(void)u;
	if (!x509_signed_by(cert, ca))
		return SESSION_OTHERS;
	return x509_cn(cert, cn, sizeof(cn)) && strcmp(cn, "pc") == 0
	    ? SESSION_WANTED
	    : SESSION_OURS;
}

/* One request, answered. */
static enum err_code
exchange(struct session *s, bool taken, struct err *e)
{
	struct wr q;

	wr_grow(&q, 0x40000);
	session_request(s, NOW, &q);
	assert_true(answer_bytes(q.buf, q.len));
	if (taken)
		session_answer(s, status, text.buf, text.len, e);
	wr_free(&q);
	return e->code;
}

/* A server's life: so many answers are heard, and one more request may be
 * carried out before it dies. True: it is done. */
static bool
live(bool again, int answers, bool one_more)
{
	const struct session_plan plan = { .uuid = factory.uuid,
		.admin_password = "P@ssw0rd1",
		.mebx_password = "M&bx<Pw1>",
		.certify = certify,
		.judge = judge,
		.again = again,
		.policy = &policy };
	struct session *s = calloc(1, sizeof(*s));
	struct err e = { 0 };
	bool done;

	assert_non_null(s);
	session_init(s, &plan);
	for (int i = 0; i < answers && s->step != SESSION_DONE; i++)
		if (exchange(s, true, &e) != ERR_OK)
			fail_msg("%s", e.msg);
	done = s->step == SESSION_DONE;
	if (done)
		assert_true(s->cert_len > 0);
	else if (one_more)
		exchange(s, false, &e);
	session_wipe(s);
	free(s);
	return done;
}

static size_t
count(const struct state_blob *b, size_t n)
{
	size_t used = 0;

	while (n-- > 0)
		used += b[n].n > 0;
	return used;
}

static void
assert_one_of_each(void)
{
	assert_int_equal(state.phase, STATE_POST);
	assert_int_equal(count(state.pair, STATE_PAIRS), 1);
	assert_int_equal(count(state.certs, STATE_CERTS), 1);
	assert_true(state.credential >= 0);
	assert_true(state.certs[state.credential].n > 0);
	assert_true(state.tls_enabled[0]);
}

/* Its word is lost with it, before the device carried it out or after. */
static void
a_server_killed_after_each_step_leaves_nothing_behind(void **unused)
{
	bool done = false;
	int n;

	for (n = 1; !done; n++) {
		for (int more = 0; more < 2 && !done; more++) {
			open_device(unused);
			done = live(false, n, more != 0);
			if (!done && state.phase != STATE_POST)
				assert_true(live(true, 99, false));
			assert_one_of_each();
			close_device(unused);
		}
		assert_true(n < 90);
	}
	assert_true(n > 20);
}

static void
twenty_kills_in_a_row_use_up_no_handle(void **unused)
{
	(void)unused;
	for (int i = 0; i < 20; i++)
		assert_false(live(i > 0, 8 + i % 10, true));
	assert_in_range(count(state.pair, STATE_PAIRS), 0, 2);
	assert_true(live(true, 99, false));
	assert_one_of_each();
	assert_in_range(keys_made, 1, 20);
}

/* Kills that no row told of, as of another server: found out when the device
 * says that it is full. */
static void
keys_that_others_left_go_when_there_is_no_room(void **unused)
{
	struct err e = { 0 };
	struct crypto_key *key = NULL;
	struct secret der = { 0 };

	(void)unused;
	for (size_t i = 0; i < STATE_PAIRS; i++) {
		assert_int_equal(
		    crypto_key_new(CRYPTO_RSA2048, &key, &e), ERR_OK);
		assert_int_equal(crypto_key_der(key, &der, &e), ERR_OK);
		assert_int_equal(
		    state_blob_set(&state.pair[i], der.p, der.len, &e), ERR_OK);
		secret_free(&der);
		crypto_key_free(key);
	}
	assert_true(live(false, 99, false));
	assert_one_of_each();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_server_killed_after_each_step_leaves_nothing_behind),
		cmocka_unit_test_setup_teardown(
		    twenty_kills_in_a_row_use_up_no_handle, open_device,
		    close_device),
		cmocka_unit_test_setup_teardown(
		    keys_that_others_left_go_when_there_is_no_room, open_device,
		    close_device),
	};

	crypto_init();
	return cmocka_run_group_tests(tests, open_all, close_all);
}
