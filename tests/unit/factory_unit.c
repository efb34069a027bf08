/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/x509.h"
#include "factory/credential.h"
#include "factory/unit.h"
#include "formats/reason.h"
#include "tests/onefolder.h"

/* A ledger in a fresh folder. */
static char path[80];
static struct ledger *l;
static struct err e;
/* Too large for a stack. */
static struct unit u, other, back;
static struct record r;
static struct row row;

static int
fresh(void **state)
{
	err_clear(&e);
	assert_int_equal(folder_new(state), 0);
	snprintf(path, sizeof(path), "%s/L", dir);
	assert_int_equal(ledger_init(path, NULL, &e), ERR_OK);
	assert_int_equal(ledger_open(path, NULL, &l, &e), ERR_OK);
	return 0;
}

static int
gone(void **state)
{
	ledger_close(l);
	return folder_free(state);
}

static struct order *
an_order(const struct profile *p)
{
	struct order *o = NULL;

	assert_int_equal(order_open(l, "A", p, 0, &e), ERR_OK);
	assert_int_equal(order_load(l, "A", &o, &e), ERR_OK);
	return o;
}

static const struct profile psk = { .customer = "c",
	.amt_major = 3,
	.enabled = true,
	.talk = true,
	.mebx = true };
static const struct profile pki = { .customer = "c",
	.amt_major = 16,
	.pki = true,
	.factory_key = true,
	.key_type = CRYPTO_EC256,
	.otp = true };

static void
a_unit(struct unit *to, unsigned char id)
{
	*to = (struct unit){ .uuid = { { 1, 2, 3, id } } };
	snprintf(to->serial, sizeof(to->serial), "S%u", id);
	strcpy(to->state, "issued");
	strcpy(to->issued, "2026-01-31T12:00:00Z");
}

static void
add(const struct order *o, const struct unit *one)
{
	assert_int_equal(unit_insert(l, o, one, &e), ERR_OK);
}

static void
a_psk_unit_comes_back_whole(void **state)
{
	struct order *o = an_order(&psk);

	(void)state;
	a_unit(&u, 4);
	assert_int_equal(credential_psk(l, &u.psk, &e), ERR_OK);
	assert_int_equal(credential_password(u.mebx, &e), ERR_OK);
	add(o, &u);
	assert_int_equal(unit_load(l, &u.uuid, &back, &e), ERR_OK);
	assert_string_equal(back.psk.pid, u.psk.pid);
	assert_string_equal(back.psk.pps, u.psk.pps);
	assert_string_equal(back.mebx, u.mebx);
	assert_string_equal(back.order, "A");
	unit_row(o, &back, &row);
	assert_string_equal(row.key_storage, "host-readable");
	assert_string_equal(row.pps, u.psk.pps);
	assert_string_equal(row.cert_sha256, "");
	unit_record(o, &back, &r);
	assert_string_equal(r.psk.pps, u.psk.pps);
	assert_string_equal(r.mebx_current, "admin");
	assert_string_equal(r.mebx_new, u.mebx);
	assert_true(r.enabled && r.talk && !r.pki);
	assert_int_equal(r.sequence, 1);
	assert_int_equal(r.key_len, 0);
	order_free(o);
}

static void
a_factory_key_belongs_to_its_certificate(void **state)
{
	struct order *o = an_order(&pki);
	struct crypto_key *key;
	struct x509 *cert;
	char cn[64];

	(void)state;
	a_unit(&u, 5);
	assert_int_equal(credential_key(CRYPTO_EC256, "the-cn", u.key,
			     &u.key_len, u.cert, &u.cert_len, &e),
	    ERR_OK);
	strcpy(u.otp, "otp");
	add(o, &u);
	assert_int_equal(unit_load(l, &u.uuid, &back, &e), ERR_OK);
	unit_record(o, &back, &r);
	assert_string_equal(r.otp, "otp");
	assert_string_equal(r.mebx_current, "");
	assert_int_equal(
	    crypto_key_from_der(r.key, r.key_len, &key, &e), ERR_OK);
	assert_int_equal(x509_from_der(r.cert, r.cert_len, &cert, &e), ERR_OK);
	assert_true(x509_matches_key(cert, key));
	assert_true(x509_cn(cert, cn, sizeof(cn)));
	assert_string_equal(cn, "the-cn");
	crypto_key_free(key);
	x509_free(cert);
	order_free(o);
}

static void
a_shared_key_is_in_each_unit(void **state)
{
	struct profile p = pki;
	struct order *o;

	(void)state;
	a_unit(&u, 6);
	a_unit(&other, 7);
	p.key_shared = true;
	p.otp = false;
	o = an_order(&p);
	assert_true(o->key_len > 0);
	add(o, &u);
	add(o, &other);
	assert_int_equal(unit_load(l, &other.uuid, &back, &e), ERR_OK);
	assert_int_equal(back.key_len, o->key_len);
	assert_memory_equal(back.key, o->key, o->key_len);
	unit_row(o, &back, &row);
	assert_true(row.key_shared);
	assert_int_equal(strlen(row.cert_sha256), 64);
	order_free(o);
}

static enum err_code
count_and_mark(void *arg, const struct unit *one, struct err *why)
{
	size_t *n = arg;

	assert_int_equal(one->uuid.b[3], *n);
	(*n)++;
	/* The ledger may be written to meanwhile. */
	return unit_mark(l, &one->uuid, "written", "test", why);
}

static void
each_unit_comes_in_the_order_of_issue(void **state)
{
	struct order *o = an_order(&psk);
	size_t n = 0;

	(void)state;
	for (unsigned char i = 0; i < 20; i++) {
		a_unit(&u, i);
		credential_psk(l, &u.psk, &e);
		add(o, &u);
	}
	assert_int_equal(unit_each(l, o, count_and_mark, &n, &e), ERR_OK);
	assert_int_equal(n, 20);
	order_free(o);
}

static void
the_database_refuses_what_was_issued(void **state)
{
	struct order *o = an_order(&psk);

	(void)state;
	a_unit(&u, 1);
	credential_psk(l, &u.psk, &e);
	add(o, &u);
	a_unit(&other, 2);
	other.psk = u.psk;
	assert_int_equal(unit_insert(l, o, &other, &e), ERR_DATA);
	assert_non_null(strstr(e.msg, "units.pid"));
	err_clear(&e);
	a_unit(&other, 2);
	strcpy(other.serial, u.serial);
	assert_int_equal(unit_insert(l, o, &other, &e), ERR_DATA);
	assert_non_null(strstr(e.msg, "units.serial"));
	err_clear(&e);
	a_unit(&other, 1);
	strcpy(other.serial, "T");
	assert_int_equal(unit_insert(l, o, &other, &e), ERR_DATA);
	assert_non_null(strstr(e.msg, "units.uuid"));
	order_free(o);
}

static void
manifests_are_numbered_without_a_gap(void **state)
{
	struct order *o = an_order(&psk);
	char sha256[65];
	uint32_t n;

	(void)state;
	order_manifest_last(l, "A", &n, sha256, &e);
	assert_int_equal(n, 0);
	assert_string_equal(sha256, "");
	assert_int_equal(order_manifest_add(l, "A", 1, "aa", &e), ERR_OK);
	assert_int_equal(order_manifest_add(l, "A", 2, "bb", &e), ERR_OK);
	order_manifest_last(l, "A", &n, sha256, &e);
	assert_int_equal(n, 2);
	assert_string_equal(sha256, "bb");
	assert_int_equal(order_manifest_add(l, "A", 2, "cc", &e), ERR_DATA);
	order_free(o);
}

static void
a_sealed_value_opens_only_in_its_place(void **state)
{
	uint8_t sealed[3 + CRYPTO_SEAL_MORE];
	char out[8] = "";
	size_t n;

	(void)state;
	assert_int_equal(
	    ledger_seal(l, "units.pps", "u1", "abc", 3, sealed, &e), ERR_OK);
	assert_int_equal(ledger_unseal(l, "units.pps", "u1", sealed,
			     sizeof(sealed), out, sizeof(out), &n, &e),
	    ERR_OK);
	assert_int_equal(n, 3);
	assert_memory_equal(out, "abc", 3);
	assert_int_equal(ledger_unseal(l, "units.pps", "u2", sealed,
			     sizeof(sealed), out, sizeof(out), &n, &e),
	    ERR_DATA);
	assert_ptr_equal(e.reason, reason_get(REASON_LEDGER_DAMAGED));
	err_clear(&e);
	assert_int_equal(ledger_unseal(l, "units.otp", "u1", sealed,
			     sizeof(sealed), out, sizeof(out), &n, &e),
	    ERR_DATA);
	err_clear(&e);
	assert_int_equal(ledger_unseal(l, "units.pps", "u1", sealed,
			     sizeof(sealed), out, 2, &n, &e),
	    ERR_DATA);
}

static void
a_unit_is_found_without_its_secrets(void **state)
{
	struct order *o = an_order(&psk);
	struct unit_brief b;
	uint64_t n;

	(void)state;
	a_unit(&u, 4);
	add(o, &u);
	a_unit(&other, 5);
	add(o, &other);
	assert_int_equal(unit_by_uuid(l, &u.uuid, &b, &e), ERR_OK);
	assert_true(b.there);
	assert_string_equal(b.serial, "S4");
	assert_string_equal(b.order, "A");
	assert_string_equal(b.state, "issued");
	assert_int_equal(unit_by_serial(l, "S5", &b, &e), ERR_OK);
	assert_true(b.there && uuid_equal(&b.uuid, &other.uuid));
	assert_int_equal(unit_by_serial(l, "S6", &b, &e), ERR_OK);
	assert_false(b.there);
	unit_mark(l, &u.uuid, "written", "test", &e);
	assert_int_equal(unit_count(l, "A", "", &n, &e), ERR_OK);
	assert_int_equal(n, 2);
	assert_int_equal(unit_count(l, "A", "written", &n, &e), ERR_OK);
	assert_int_equal(n, 1);
	assert_int_equal(unit_count(l, "B", "", &n, &e), ERR_OK);
	assert_int_equal(n, 0);
	order_free(o);
}

static void
a_unit_that_changed_meanwhile_is_not_marked(void **state)
{
	struct order *o = an_order(&psk);

	(void)state;
	a_unit(&u, 4);
	assert_int_equal(credential_password(u.mebx, &e), ERR_OK);
	add(o, &u);
	assert_int_equal(unit_load(l, &u.uuid, &back, &e), ERR_OK);
	assert_int_equal(unit_load(l, &u.uuid, &other, &e), ERR_OK);
	assert_int_equal(
	    unit_mark_same(l, &back, "written", "test", &e), ERR_OK);
	assert_string_equal(back.state, "written");
	assert_int_equal(
	    unit_mark_same(l, &other, "written", "test", &e), ERR_RETRY);
	assert_non_null(strstr(e.msg, "was issued and has become written"));
	err_clear(&e);
	/* The copy that was marked is that of the ledger. */
	assert_int_equal(
	    unit_mark_same(l, &back, "verified", "test", &e), ERR_OK);
	assert_int_equal(unit_load(l, &u.uuid, &other, &e), ERR_OK);
	assert_memory_equal(&back, &other, sizeof(back));
	back.mebx[0] ^= 1;
	assert_int_equal(
	    unit_mark_same(l, &back, "written", "test", &e), ERR_RETRY);
	assert_non_null(strstr(e.msg, "credentials in the ledger"));
	order_free(o);
}

int
main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, fresh, gone)
	const struct CMUnitTest tests[] = {
		CASE(a_psk_unit_comes_back_whole),
		CASE(a_factory_key_belongs_to_its_certificate),
		CASE(a_shared_key_is_in_each_unit),
		CASE(each_unit_comes_in_the_order_of_issue),
		CASE(the_database_refuses_what_was_issued),
		CASE(manifests_are_numbered_without_a_gap),
		CASE(a_sealed_value_opens_only_in_its_place),
		CASE(a_unit_is_found_without_its_secrets),
		CASE(a_unit_that_changed_meanwhile_is_not_marked),
	};

	crypto_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
