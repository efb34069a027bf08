/* SPDX-License-Identifier: Apache-2.0 */
/* What the entries of a record do to a machine. */
#include "tests/unit.h"

#include <string.h>

#include "formats/generation.h"
#include "formats/onetouch.h"
#include "tests/onefile.h"

static struct onetouch *
with(struct setupbin_record **rec)
{
	struct onetouch *o = test_calloc(1, sizeof(*o));

	*rec = &o->record;
	return o;
}

/* Frees o; r is unchanged where it fails, and always can be written. */
static void
apply(struct onetouch *o, struct record *r, struct err *e)
{
	struct record *was = test_calloc(1, sizeof(*was));
	uint8_t *out = test_calloc(1, RECORD_MAX);
	struct wr w;

	*was = *r;
	if (onetouch_apply(o, r, e) != ERR_OK)
		assert_memory_equal(was, r, sizeof(*r));
	else
		assert_int_equal(r->sequence, was->sequence + 1);
	wr_fixed(&w, out, RECORD_MAX);
	record_write(&w, r);
	assert_false(w.failed);
	test_free(out);
	test_free(was);
	test_free(o);
}

static void
applies(struct onetouch *o, struct record *r)
{
	struct err e = { 0 };

	apply(o, r, &e);
	if (e.code != ERR_OK)
		fail_msg("%s", e.msg);
}

static void
is_not_applied(
    struct onetouch *o, struct record *r, const char *code, const char *words)
{
	struct err e = { 0 };

	apply(o, r, &e);
	refused(&e, code, words);
	assert_null(strstr(e.msg, PASSWORD));
	test_free(r);
}

static void
each_variable_reaches_its_place(void **state)
{
	static const uint8_t address[] = { 0x11, 2, 0, 192 },
			     port[] = { 0xf3, 0x26 };
	struct setupbin_record *rec;
	struct onetouch *o = with(&rec);
	struct record *r = machine(9);

	(void)state;
	add_passwords(rec);
	add_u8(rec, 1, 3, 0);
	add_text(rec, 2, 3, "example.com");
	add_text(rec, 2, 4, "amt.example.com");
	add_u8(rec, 2, 5, 0);
	add_u8(rec, 2, 16, 1);
	add(rec, 2, 17, address, 4);
	add(rec, 2, 18, port, 2);
	add_u8(rec, 2, 28, 1);
	applies(o, r);
	assert_string_equal(r->mebx_new, PASSWORD);
	assert_string_equal(r->pki_dns_suffix, "example.com");
	assert_string_equal(r->server_fqdn, "amt.example.com");
	assert_false(r->enabled);
	assert_false(r->pki);
	assert_true(r->talk);
	assert_int_equal(r->mode, RECORD_SMB);
	assert_memory_equal(r->server_ip, "\xc0\0\2\x11", 4);
	assert_int_equal(r->server_port, 9971);
	assert_int_equal(r->extra_len, 0);
	o = with(&rec);
	add_text(rec, 1, 1, PASSWORD);
	add_u8(rec, 1, 3, 1);
	add_u8(rec, 2, 5, 1);
	add_u8(rec, 2, 16, 0);
	add_u8(rec, 2, 28, 0);
	applies(o, r);
	assert_string_equal(r->mebx_new, PASSWORD);
	assert_true(r->enabled && r->pki && !r->talk);
	assert_int_equal(r->mode, RECORD_ENTERPRISE);
	o = with(&rec);
	add_text(rec, 1, 1, PASSWORD);
	add_u8(rec, 2, 16, 2); /* as a comment of MeshCommander numbers it */
	applies(o, r);
	assert_int_equal(r->mode, RECORD_SMB);
	assert_string_equal(r->server_fqdn, "amt.example.com");
	test_free(r);
}

static void
the_password_must_be_the_machines(void **state)
{
	static const char *const wrong[] = { NULL, "Admin", "admi", "admin1",
		PASSWORD, "0123456789abcdef0123456789abcdef" };
	struct setupbin_record *rec;
	struct onetouch *o;
	struct record *r;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		o = with(&rec);
		if (wrong[i] != NULL)
			add_text(rec, 1, 1, wrong[i]);
		add_text(rec, 1, 2, "An0ther!Pass");
		is_not_applied(o, machine(9), "key-password", "record 1: ");
	}
	/* once it was changed, admin is wrong, too */
	r = machine(9);
	strcpy(r->mebx_new, "An0ther!Pass");
	o = with(&rec);
	add_passwords(rec);
	is_not_applied(o, r, "key-password", "");
}

static void
a_new_password_must_be_strong_and_replace_admin(void **state)
{
	struct setupbin_record *rec;
	struct onetouch *o = with(&rec);

	(void)state;
	add_text(rec, 1, 1, "admin");
	is_not_applied(
	    o, machine(9), "key-entries", "the password admin is not replaced");
	o = with(&rec);
	add_text(rec, 1, 1, "admin");
	add_text(rec, 1, 2, "Location_1");
	is_not_applied(o, machine(9), "key-value", "variable 1/2: a password");
	o = with(&rec);
	add_text(rec, 1, 1, "admin");
	add_text(rec, 1, 2, "Sh0rt!");
	is_not_applied(o, machine(9), "key-value", "variable 1/2: ");
}

static void
a_shared_key_turns_pki_off_unless_the_record_says_on(void **state)
{
	struct setupbin_record *rec;
	struct onetouch *o = with(&rec);
	struct record *r = machine(9);

	(void)state;
	add_psk(rec);
	applies(o, r);
	assert_string_equal(r->psk.pid, PID);
	assert_string_equal(r->psk.pps, PPS);
	assert_false(r->pki);
	test_free(r);
	r = machine(9);
	o = with(&rec);
	add_psk(rec);
	add_u8(rec, 2, 5, 1);
	applies(o, r);
	assert_string_equal(r->psk.pid, PID);
	assert_true(r->pki);
	test_free(r);
}

static void
a_shared_key_is_checked_and_comes_whole(void **state)
{
	struct setupbin_record *rec;
	struct onetouch *o;

	(void)state;
	for (uint16_t id = 1; id <= 2; id++) {
		o = with(&rec);
		add_passwords(rec);
		add_text(rec, 2, id, id == 1 ? PID : PPS);
		is_not_applied(
		    o, machine(9), "key-entries", "do not come together");
	}
	o = with(&rec);
	add_passwords(rec);
	add_text(rec, 2, 1, "0000037N");
	add_text(rec, 2, 2, PPS);
	is_not_applied(o, machine(9), "key-value", "variable 2/1: ");
	o = with(&rec);
	add_passwords(rec);
	add_text(rec, 2, 1, PID);
	add_text(rec, 2, 2, "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XK");
	is_not_applied(o, machine(9), "key-value", "variable 2/2: ");
	o = with(&rec);
	add_passwords(rec);
	add_text(rec, 2, 1, "0000037m");
	add_text(rec, 2, 2, PPS);
	is_not_applied(o, machine(9), "key-value", "variable 2/1: ");
}

static void
amt_from_11_on_ignores_shared_keys(void **state)
{
	struct onetouch *o = test_calloc(1, sizeof(*o));
	struct record *r = machine(11);
	struct err e = { 0 };

	(void)state;
	add_psk(&o->record);
	assert_int_equal(onetouch_apply(o, r, &e), ERR_OK);
	assert_true(o->psk_ignored);
	assert_string_equal(r->psk.pid, "");
	assert_string_equal(r->mebx_new, PASSWORD);
	assert_true(r->pki);
	strcpy(r->mebx_new, "");
	r->amt_major = 10;
	assert_int_equal(onetouch_apply(o, r, &e), ERR_OK);
	assert_false(o->psk_ignored);
	test_free(r);
	test_free(o);
}

static void
roots_are_added_as_the_users(void **state)
{
	struct setupbin_record *rec;
	struct onetouch *o = with(&rec);
	struct record *r = machine(9);

	(void)state;
	add_passwords(rec);
	add_root(rec, HASH_SHA256, 0x20);
	add_root(rec, HASH_SHA1, 0x21);
	add_root(rec, HASH_SHA256, 0x20); /* again: is there already */
	add_root(rec, HASH_SHA256, 0x11); /* so is a factory's */
	r->hashes.e[1].active = false;
	applies(o, r);
	assert_int_equal(r->hashes.n, 4);
	assert_true(r->hashes.e[1].active && r->hashes.e[1].oem);
	assert_int_equal(r->hashes.e[2].hash[0], 0x20);
	assert_true(r->hashes.e[2].active && !r->hashes.e[2].oem);
	assert_string_equal(r->hashes.e[2].name, "Root");
	assert_int_equal(r->hashes.e[3].type, HASH_SHA1);
	test_free(r);
}

static void
pre_installed_roots_go_off_and_on(void **state)
{
	struct setupbin_record *rec;
	struct onetouch *o = with(&rec);
	struct record *r = machine(9);

	(void)state;
	r->hashes.e[0].only = true;
	add_passwords(rec);
	add_u8(rec, 2, 6, 0);
	add_root(rec, HASH_SHA256, 0x20);
	applies(o, r);
	assert_false(r->hashes.e[0].active || r->hashes.e[1].active);
	assert_true(r->hashes.e[2].active);
	o = with(&rec);
	add_text(rec, 1, 1, PASSWORD);
	add_u8(rec, 2, 6, 1);
	applies(o, r);
	assert_true(r->hashes.e[0].active && r->hashes.e[1].active);
	test_free(r);
}

static void
user_roots_go_off_on_and_away(void **state)
{
	struct setupbin_record *rec;
	struct onetouch *o = with(&rec);
	struct record *r = machine(9);

	(void)state;
	add_passwords(rec);
	add_u8(rec, 2, 7, 1);
	for (uint8_t i = 0; i < generation_of(9, 0)->own_hashes; i++)
		add_root(rec, HASH_SHA256, 0x20 + i);
	applies(o, r);
	assert_int_equal(r->hashes.n, 5);
	o = with(&rec);
	add_text(rec, 1, 1, PASSWORD);
	add_u8(rec, 2, 7, 0);
	applies(o, r);
	assert_int_equal(r->hashes.n, 5);
	for (size_t i = 0; i < 5; i++)
		assert_true(r->hashes.e[i].active == r->hashes.e[i].oem);
	o = with(&rec);
	add_text(rec, 1, 1, PASSWORD);
	add_u8(rec, 2, 7, 2);
	add_root(rec, HASH_SHA256, 0x30);
	applies(o, r);
	assert_int_equal(r->hashes.n, 3);
	assert_int_equal(r->hashes.e[2].hash[0], 0x30);
	assert_true(r->hashes.e[2].active);
	test_free(r);
}

static void
more_roots_than_a_machine_holds_are_refused(void **state)
{
	struct setupbin_record *rec;
	struct onetouch *o = with(&rec);
	struct record *r = machine(9);

	(void)state;
	add_passwords(rec);
	for (uint8_t i = 0; i <= generation_of(9, 0)->own_hashes; i++)
		add_root(rec, HASH_SHA256, 0x20 + i);
	is_not_applied(o, r, "key-value", "no room for one more root");
	r = machine(9);
	r->hashes.n = HASHLIST_MAX;
	for (uint8_t i = 0; i < HASHLIST_MAX; i++) {
		r->hashes.e[i] = r->hashes.e[0];
		r->hashes.e[i].hash[0] = i;
	}
	o = with(&rec);
	add_passwords(rec);
	add_root(rec, HASH_SHA256, 0x20);
	is_not_applied(o, r, "key-value", "no room for one more root");
}

static void
a_sha1_root_is_refused_from_amt_16_on(void **state)
{
	struct setupbin_record *rec;
	struct onetouch *o = with(&rec);
	struct record *r = machine(15);

	(void)state;
	add_passwords(rec);
	add_root(rec, HASH_SHA1, 0x20);
	applies(o, r);
	assert_int_equal(r->hashes.n, 3);
	test_free(r);
	o = with(&rec);
	add_passwords(rec);
	add_root(rec, HASH_SHA1, 0x20);
	is_not_applied(
	    o, machine(16), "key-value", "this AMT takes no SHA-1 root");
}

static void
other_variables_are_kept_in_order_and_replaced(void **state)
{
	/* 1/4, 2/10, 2/25, 2/99 */
	static const uint8_t want[] = "\1\0\4\0\1\0\0\0\1\0\0\0"
				      "\2\0\12\0\1\0\0\0\7\0\0\0"
				      "\2\0\31\0\1\0\0\0\1\0\0\0"
				      "\2\0\x63\0\3\0\0\0new";
	struct setupbin_record *rec;
	struct onetouch *o = with(&rec);
	struct record *r = machine(9);

	(void)state;
	add_passwords(rec);
	add_u8(rec, 2, 10, 3);
	add_text(rec, 2, 99, "older");
	applies(o, r);
	o = with(&rec);
	add_text(rec, 1, 1, PASSWORD);
	add_text(rec, 2, 99, "new");
	add_u8(rec, 1, 4, 1); /* no rule says that it comes before module 2 */
	add_u8(rec, 2, 25, 1);
	add_u8(rec, 2, 10, 7);
	applies(o, r);
	assert_int_equal(r->extra_len, sizeof(want));
	assert_memory_equal(r->extra, want, sizeof(want));
	test_free(r);
}

static void
what_the_machine_cannot_hold_is_refused(void **state)
{
	static const struct {
		uint16_t module, id;
		const char *value;
		size_t n;
		const char *words;
	} t[] = { { 1, 3, "\2", 1, "variable 1/3: " },
		{ 2, 5, "\1\0", 2, "variable 2/5: " },
		{ 2, 8, "\11aaaaaaaaaaaaaaaaaaaaa", 22, "variable 2/8: " },
		{ 2, 13, "\0", 1, "variable 2/13: " },
		{ 2, 16, "\3", 1, "variable 2/16: " },
		{ 2, 17, "\1\2\3", 3, "variable 2/17: " },
		{ 2, 18, "\0\0", 2, "variable 2/18: " },
		{ 2, 0, "a", 1, "variable 2/0: " },
		{ 3, 1, "a", 1, "variable 3/1: " },
		{ 0x4146, 1, "otp", 3, "of no module of this machine" } };

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct setupbin_record *rec;
		struct onetouch *o = with(&rec);

		add_passwords(rec);
		add(rec, t[i].module, t[i].id, t[i].value, t[i].n);
		is_not_applied(o, machine(9), "key-value", t[i].words);
	}
}

static void
kept_variables_are_bounded(void **state)
{
	uint8_t value[RECORD_EXTRA] = { 0 };
	struct setupbin_record *rec;
	struct onetouch *o = with(&rec);
	struct record *r = machine(9);

	(void)state;
	add_passwords(rec);
	add(rec, 2, 99, value, RECORD_EXTRA - 8);
	applies(o, r);
	assert_int_equal(r->extra_len, RECORD_EXTRA);
	o = with(&rec);
	add_text(rec, 1, 1, PASSWORD);
	add_u8(rec, 2, 10, 1);
	is_not_applied(o, r, "key-value", "no room for one more variable");
	o = with(&rec);
	add_passwords(rec);
	add(rec, 2, 99, value, RECORD_EXTRA - 7);
	is_not_applied(o, machine(9), "key-value", "no room");
}

static void
the_order_of_entries_is_kept_to(void **state)
{
	static const struct {
		const char *order; /* pairs of digits: module, id */
		const char *words;
	} t[] = { { "1211", "the passwords are not the first" },
		{ "131112", "the passwords are not the first" },
		{ "141112", "the passwords are not the first" },
		{ "111312", "the passwords are not the first" },
		{ "11122313", "the feature selection behind" },
		{ "231112", "the passwords are not the first" },
		{ "1112282726", "a root is added before the rule" },
		{ "11122S23", "the server is told after the start" },
		{ "11122S24", "the server is told after the start" },
		{ "11122S2I", "the server is told after the start" },
		{ "11122323", "a variable is there twice" },
		{ "111112", "a variable is there twice" } };

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct setupbin_record *rec;
		struct onetouch *o = with(&rec);

		for (const char *p = t[i].order; *p != '\0'; p += 2) {
			uint16_t module = (uint16_t)(p[0] - '0');
			uint16_t id = (uint16_t)(p[1] - '0');

			if (p[1] == 'S')
				add_u8(rec, 2, 28, 1);
			else if (p[1] == 'I')
				add(rec, 2, 17, "\1\2\3\4", 4);
			else if (module == 2 && id == 8)
				add_root(rec, HASH_SHA256, 0x20);
			else if (module == 2 && id < 5)
				add_text(rec, 2, id, "a.example");
			else if (module == 2 || id >= 3)
				add_u8(rec, module, id, 1);
			else
				add_text(
				    rec, 1, id, id == 1 ? "admin" : PASSWORD);
		}
		is_not_applied(o, machine(9), "key-entries", t[i].words);
	}
}

static void
the_last_sequence_is_not_passed(void **state)
{
	struct setupbin_record *rec;
	struct onetouch *o = with(&rec);
	struct record *r = machine(9);

	(void)state;
	r->sequence = UINT32_MAX;
	add_passwords(rec);
	is_not_applied(o, r, "key-value", "cannot be changed any more");
}

/* The refusal of opening or of applying, or "" and the record taken. */
static void
meets(const char *name, char out[static 64])
{
	static uint8_t file[16384];
	struct onekey *k = test_calloc(1, sizeof(*k));
	struct onetouch *o = test_calloc(1, sizeof(*o));
	struct record *r = machine(9);
	struct err e = { 0 };
	char path[128];
	size_t n;
	FILE *f;

	snprintf(
	    path, sizeof(path), "tests/vectors/formats_setupbin/%s.bin", name);
	f = fopen(path, "rb");
	assert_non_null(f);
	n = fread(file, 1, sizeof(file), f);
	fclose(f);
	onekey_init(k, file, n);
	if (onetouch_open(o, &k->disk, 4, &e) == ERR_OK &&
	    onetouch_take(o, &e) == ERR_OK)
		onetouch_apply(o, r, &e);
	if (e.code == ERR_OK)
		snprintf(out, 64, "%u", (unsigned)o->next);
	else
		snprintf(out, 64, "%s", e.reason->code);
	test_free(k);
	test_free(o);
	test_free(r);
}

static void
the_vectors_do_what_they_should(void **state)
{
	static const char *const t[][2] = {
		{ "good-T1-v1-psk-1rec", "0" },
		{ "good-T2-v1-psk-3rec-1consumed", "1" },
		{ "good-T3-v2-0-pki-sha1", "0" },
		{ "good-T4-v2-1-net", "0" },
		{ "good-T5-v3-two-certs", "0" },
		{ "good-T6-v4-scrambled-min", "0" },
		{ "good-T7-v4-scrambled-types", "0" },
		{ "good-T8-v4-484-bytes", "0" },
		{ "good-T9-v4-full-488", "0" },
		{ "good-M1-meshcentral-acm", "0" },
		{ "good-M2-meshcentral-baremetal", "0" },
		{ "good-N07-unknown-var-2-99", "0" },
		{ "good-N08-unknown-module-9",
		    "key-password" }, /* it is 1/1's place */
		{ "good-N15-all-consumed", "key-used-up" },
		{ "bad-N01-bad-guid", "key-newer" },
		{ "bad-N02-major-guid-mismatch", "setupbin-malformed" },
		{ "bad-N03-truncated-1000", "setupbin-malformed" },
		{ "bad-N04-trailing-512", "0" }, /* clusters are larger */
		{ "bad-N05-count-2-one-present", "setupbin-malformed" },
		{ "bad-N06-consumed-gt-count", "setupbin-malformed" },
		{ "bad-N09-length-ffff", "setupbin-malformed" },
		{ "bad-N10-chunkcount-0", "setupbin-malformed" },
		{ "bad-N11-header-only", "setupbin-malformed" },
		{ "bad-N12-empty", "setupbin-malformed" },
		{ "bad-N13-rechdr-23", "setupbin-malformed" },
		{ "bad-N14-type0", "key-used-up" },
		{ "bad-N16-cert-hash-alg-9", "key-value" },
		{ "bad-N17-cert-name-len-200", "key-value" },
		{ "bad-N18-hdr-chunks-0", "setupbin-malformed" },
		{ "bad-N19-huge-record-count", "setupbin-malformed" },
	};
	char out[64];

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		meets(t[i][0], out);
		if (strcmp(out, t[i][1]) != 0)
			fail_msg("%s: %s, not %s", t[i][0], out, t[i][1]);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_variable_reaches_its_place),
		cmocka_unit_test(the_password_must_be_the_machines),
		cmocka_unit_test(
		    a_new_password_must_be_strong_and_replace_admin),
		cmocka_unit_test(
		    a_shared_key_turns_pki_off_unless_the_record_says_on),
		cmocka_unit_test(a_shared_key_is_checked_and_comes_whole),
		cmocka_unit_test(amt_from_11_on_ignores_shared_keys),
		cmocka_unit_test(roots_are_added_as_the_users),
		cmocka_unit_test(pre_installed_roots_go_off_and_on),
		cmocka_unit_test(user_roots_go_off_on_and_away),
		cmocka_unit_test(more_roots_than_a_machine_holds_are_refused),
		cmocka_unit_test(a_sha1_root_is_refused_from_amt_16_on),
		cmocka_unit_test(
		    other_variables_are_kept_in_order_and_replaced),
		cmocka_unit_test(what_the_machine_cannot_hold_is_refused),
		cmocka_unit_test(kept_variables_are_bounded),
		cmocka_unit_test(the_order_of_entries_is_kept_to),
		cmocka_unit_test(the_last_sequence_is_not_passed),
		cmocka_unit_test(the_vectors_do_what_they_should),
	};

	return cmocka_run_group_tests_name("tests", tests, NULL, NULL);
}
