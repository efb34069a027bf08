/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"
#include "formats/reason.h"
#include "server/history.h"
#include "server/pids.h"
#include "server/store.h"

#define UUID_1 "3b1f8c52-6a77-4e0f-9c1d-2f6f3a7d1e01"
#define UUID_2 "3b1f8c52-6a77-4e0f-9c1d-2f6f3a7d1e02"

struct place {
	char dir[64];
	struct store *s;
	struct err e;
};

static void
must(struct place *p, enum err_code rc)
{
	if (rc != ERR_OK)
		print_error("%s\n", p->e.msg);
	assert_int_equal(rc, ERR_OK);
}

static int
setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));

	strcpy(p->dir, "/tmp/amtforge-store.XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	err_clear(&p->e);
	must(p, store_init(p->dir, &p->e));
	must(p, store_open(p->dir, &p->s, &p->e));
	must(p,
	    db_exec(store_db(p->s),
		"INSERT INTO batches (n, sha256, batch, order_id, sequence,"
		" units, signer, imported)"
		" VALUES (1, 'x', 'b', 'o', 1, 1, 's', 't')",
		&p->e));
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	static const char *const names[] = { "store.db", "store.key",
		"device-ca.key", "device-ca.pem" };
	struct place *p = *state;
	char path[128];

	store_close(p->s);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", p->dir, names[i]);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(rmdir(p->dir), 0); /* and nothing else was there */
	free(p);
	return 0;
}

static struct row
a_row(const char *uuid)
{
	struct row r = { .serial = "S1",
		.order = "A",
		.state = "issued",
		.mode = "enterprise",
		.amt = "3.0",
		.pid = "0000000C",
		.pps = "00000000000000000000000000000000",
		.mebx_password = "P@ssw0rd" };

	assert_true(uuid_parse(&r.uuid, uuid));
	return r;
}

static enum store_added
add(struct place *p, const struct row *r)
{
	enum store_added how = STORE_NEW;

	must(p, store_add(p->s, 1, r, &how, &p->e));
	return how;
}

static struct store_unit
load(struct place *p, const struct uuid *uuid)
{
	static struct store_unit u;
	bool found;

	must(p, store_unit(p->s, uuid, &found, &u, &p->e));
	assert_true(found);
	return u;
}

static void
a_row_comes_back_as_it_was_imported(void **state)
{
	struct place *p = *state;
	struct row r = a_row(UUID_1);
	static struct store_unit u;
	char key[ROW_KEY];

	assert_int_equal(add(p, &r), STORE_NEW);
	u = load(p, &r.uuid);
	assert_false(row_differs(&u.row, &r, key));
	assert_int_equal(u.state, STORE_KNOWN);
	assert_int_equal(add(p, &r), STORE_SAME);
}

static void
a_pin_may_be_added_and_stays(void **state)
{
	struct place *p = *state;
	struct row r = a_row(UUID_1), pinned;

	add(p, &r);
	pinned = r;
	memset(pinned.cert_sha256, 'a', 64);
	assert_int_equal(add(p, &pinned), STORE_RENEWED);
	assert_int_equal(add(p, &r), STORE_SAME);
	assert_string_equal(
	    load(p, &r.uuid).row.cert_sha256, pinned.cert_sha256);
}

static void
other_values_of_a_unit_are_refused_by_key(void **state)
{
	struct place *p = *state;
	struct row r = a_row(UUID_1);
	enum store_added how;

	add(p, &r);
	strcpy(r.mebx_password, "P@ssw0rd2");
	assert_int_equal(store_add(p->s, 1, &r, &how, &p->e), ERR_DATA);
	assert_string_equal(p->e.reason->code, "manifest-conflict");
	assert_non_null(strstr(p->e.msg, UUID_1));
	assert_non_null(strstr(p->e.msg, "mebx_password"));
	assert_null(strstr(p->e.msg, "P@ss"));
}

static void
secrets_of_a_setup_move_from_next_to_now(void **state)
{
	struct place *p = *state;
	struct store_secrets next = { .admin_password = "Adm1n!xx",
		.mebx_password = "M3bx!xxx",
		.psk.pid = "1111111J" };
	struct row r = a_row(UUID_1);
	static struct store_unit u;
	enum pids_whose whose;
	struct uuid other;
	bool was;

	add(p, &r);
	must(p, store_next(p->s, &r.uuid, &next, &p->e));
	u = load(p, &r.uuid);
	assert_memory_equal(&u.next, &next, sizeof(next));
	assert_string_equal(u.now.admin_password, "");
	must(p, store_otp(p->s, &r.uuid, "another", &p->e));
	must(p, store_otp_drop(p->s, &r.uuid, &was, &p->e));
	assert_true(was);
	u = load(p, &r.uuid);
	assert_string_equal(u.otp, "");
	assert_string_equal(u.opened, "");
	must(p, store_otp_drop(p->s, &r.uuid, &was, &p->e));
	assert_false(was);
	must(p, store_otp(p->s, &r.uuid, "one time", &p->e));
	u = load(p, &r.uuid);
	assert_string_equal(u.otp, "one time");
	must(p, store_settle(p->s, &r.uuid, "der", 3, true, &p->e));
	u = load(p, &r.uuid);
	assert_memory_equal(&u.now, &next, sizeof(next));
	assert_string_equal(u.next.admin_password, "");
	assert_string_equal(u.otp, ""); /* used up */
	assert_string_equal(u.handed, "due");
	assert_int_equal(u.tls_cert_len, 3);
	assert_true(uuid_parse(&other, UUID_2));
	must(p, pids_find(p->s, "1111111J", &other, &whose, &p->e));
	assert_int_equal(whose, PIDS_OTHER);
	must(p, pids_find(p->s, "1111111J", &r.uuid, &whose, &p->e));
	assert_int_equal(whose, PIDS_FREE);
	must(p, pids_find(p->s, "0000000C", &r.uuid, &whose, &p->e));
	assert_int_equal(whose, PIDS_REPLACED);
	must(p, pids_allow(p->s, &r.uuid, &p->e));
	must(p, pids_find(p->s, "0000000C", &r.uuid, &whose, &p->e));
	assert_int_equal(whose, PIDS_FREE);
}

struct seen {
	size_t n;
	char reason[32], state[16];
};

static enum err_code
count(void *arg, const struct history_past *past, struct err *e)
{
	struct seen *seen = arg;

	(void)e;
	if (seen->n++ == 0) {
		snprintf(
		    seen->reason, sizeof(seen->reason), "%s", past->reason);
		snprintf(seen->state, sizeof(seen->state), "%s", past->state);
	}
	return ERR_OK;
}

static void
events_change_the_row_and_are_kept_to_a_bound(void **state)
{
	struct place *p = *state;
	struct row r = a_row(UUID_1);
	struct history_event v = { .state = STORE_HELLO,
		.address = "127.0.0.9" };
	static struct store_unit u;
	struct seen seen = { 0 };

	add(p, &r);
	must(p, store_begin(p->s, &p->e));
	for (int i = 0; i < STORE_EVENTS + 10; i++)
		must(p, history_add(p->s, &r.uuid, &v, &p->e));
	v = (struct history_event){ .state = STORE_REFUSED,
		.reason = reason_get(REASON_PSK_REJECTED),
		.detail = "both" };
	must(p, history_add(p->s, &r.uuid, &v, &p->e));
	must(p, store_commit(p->s, &p->e));
	u = load(p, &r.uuid);
	assert_int_equal(u.state, STORE_REFUSED);
	assert_string_equal(u.reason, "psk-rejected");
	assert_string_equal(u.address, "127.0.0.9");
	must(p, history_each(p->s, &r.uuid, false, count, &seen, &p->e));
	assert_int_equal(seen.n, STORE_EVENTS);
	assert_string_equal(seen.reason, "psk-rejected");
}

static void
strangers_are_remembered_as_refused(void **state)
{
	struct place *p = *state;
	struct history_event v = { .state = STORE_HELLO,
		.reason = reason_get(REASON_UUID_UNKNOWN) };
	struct seen seen = { 0 };
	static struct store_unit u;
	struct uuid uuid;
	bool found;

	assert_true(uuid_parse(&uuid, UUID_2));
	must(p, history_add(p->s, &uuid, &v, &p->e));
	must(p, store_unit(p->s, &uuid, &found, &u, &p->e));
	assert_false(found);
	must(p, history_each(p->s, &uuid, true, count, &seen, &p->e));
	assert_int_equal(seen.n, 1);
	assert_string_equal(seen.state, "refused");
}

static enum err_code
forward(void *arg, const struct store_unit *u, struct err *e)
{
	const struct history_event v = { .state = STORE_SETUP };

	return history_add(arg, &u->row.uuid, &v, e);
}

static enum err_code
tally(void *arg, const struct store_unit *u, struct err *e)
{
	(void)u;
	(void)e;
	++*(size_t *)arg;
	return ERR_OK;
}

static void
units_can_be_changed_while_they_are_walked(void **state)
{
	struct place *p = *state;
	struct row a = a_row(UUID_1), b = a_row(UUID_2);
	size_t n = 0;

	add(p, &a);
	add(p, &b);
	must(p, store_each(p->s, forward, p->s, &p->e));
	must(p, store_each_in(p->s, STORE_SETUP, tally, &n, &p->e));
	assert_int_equal(n, 2);
}

static void
the_folder_is_private_and_made_once(void **state)
{
	struct place *p = *state;
	struct crypto_key *key;
	struct x509 *ca;
	struct stat st;
	char path[128];

	snprintf(path, sizeof(path), "%s/store.key", p->dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	must(p, store_ca(p->s, &ca, &key, &p->e));
	assert_true(x509_matches_key(ca, key));
	assert_true(x509_is_ca(ca));
	x509_free(ca);
	crypto_key_free(key);
	assert_int_equal(store_init(p->dir, &p->e), ERR_CREATE);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(a_row_comes_back_as_it_was_imported),
		CASE(a_pin_may_be_added_and_stays),
		CASE(other_values_of_a_unit_are_refused_by_key),
		CASE(secrets_of_a_setup_move_from_next_to_now),
		CASE(events_change_the_row_and_are_kept_to_a_bound),
		CASE(strangers_are_remembered_as_refused),
		CASE(units_can_be_changed_while_they_are_walked),
		CASE(the_folder_is_private_and_made_once),
	};

	crypto_init();
	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
