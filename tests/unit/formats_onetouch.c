/* SPDX-License-Identifier: Apache-2.0 */
/* Finding a record and taking it. */
#include "tests/unit.h"

#include <string.h>

#include "formats/onetouch.h"
#include "tests/onefile.h"

#define AMT_MAX 4

static void
opens(struct onetouch *o, struct onekey *k)
{
	struct err e = { 0 };

	if (onetouch_open(o, &k->disk, AMT_MAX, &e) != ERR_OK)
		fail_msg("%s", e.msg);
}

static void
does_not_open(struct onekey *k, const char *code, const char *words)
{
	struct onetouch *o = test_calloc(1, sizeof(*o));
	struct err e = { 0 };

	onetouch_open(o, &k->disk, AMT_MAX, &e);
	refused(&e, code, words);
	assert_int_equal(k->writes, 0);
	test_free(o);
}

/* How many bytes of the disks differ. */
static unsigned
differing(const struct onekey *a, const struct onekey *b)
{
	unsigned n = 0;

	for (size_t i = 0; i < ONEKEY_BYTES; i++)
		n += a->b[i] != b->b[i];
	return n;
}

/* Takes the next record as machines do; returns its index. */
static uint32_t
takes(struct onekey *k)
{
	struct onetouch *o = test_calloc(1, sizeof(*o));
	struct err e = { 0 };
	uint32_t next;

	opens(o, k);
	if (onetouch_take(o, &e) != ERR_OK)
		fail_msg("%s", e.msg);
	next = o->next;
	onetouch_wipe(o);
	test_free(o);
	return next;
}

static void
a_record_is_taken_by_two_bytes_and_the_next_machine_takes_the_next(void **state)
{
	struct onekey *k = psk_key(), *was = test_calloc(1, sizeof(*was));

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		uint8_t *file = k->b + ONEKEY_DATA * FAT_SECTOR;

		*was = *k;
		k->writes = 0;
		assert_int_equal(takes(k), i);
		assert_int_equal(k->writes, 2);
		assert_int_equal(differing(k, was), 2);
		assert_int_equal(file[SETUPBIN_CONSUMED_AT], i + 1);
		assert_int_equal(file[512 * (i + 1) + SETUPBIN_FLAGS_AT], 0);
	}
	k->writes = 0;
	does_not_open(k, "key-used-up", "no unused record left of 3");
	test_free(was);
	test_free(k);
}

static void
the_flag_goes_before_the_counter_and_a_torn_pair_heals(void **state)
{
	struct onekey *k = psk_key(), *was = test_calloc(1, sizeof(*was));
	struct onetouch *o = test_calloc(1, sizeof(*o));
	struct err e = { 0 };

	(void)state;
	*was = *k;
	opens(o, k);
	k->tear = 2;
	assert_int_equal(onetouch_take(o, &e), ERR_IO);
	refused(&e, "key-write-lost", "the file's counter cannot be written");
	assert_int_equal(differing(k, was), 1);
	assert_int_equal(
	    k->b[ONEKEY_DATA * FAT_SECTOR + 512 + SETUPBIN_FLAGS_AT], 0);
	k->tear = 0;
	assert_int_equal(takes(k), 1);
	assert_int_equal(
	    k->b[ONEKEY_DATA * FAT_SECTOR + SETUPBIN_CONSUMED_AT], 2);
	assert_int_equal(takes(k), 2);
	k->writes = 0;
	does_not_open(k, "key-used-up", "");
	test_free(o);
	test_free(was);
	test_free(k);
}

static void
a_disk_that_fails_or_lies_is_not_believed(void **state)
{
	static const struct {
		unsigned fail, lose;
		const char *words;
	} t[] = { { 1, 0, "record 1 is not used: its flag cannot be written" },
		{ 0, 1, "its flag does not read back as it was written" },
		{ 2, 0, "the file's counter cannot be written" },
		{ 0, 2, "the file's counter does not read back" } };

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct onetouch *o = test_calloc(1, sizeof(*o));
		struct onekey *k = psk_key();
		struct err e = { 0 };

		opens(o, k);
		k->fail = t[i].fail;
		k->lose = t[i].lose;
		assert_int_equal(onetouch_take(o, &e), ERR_IO);
		refused(&e, "key-write-lost", t[i].words);
		assert_true(k->writes == t[i].fail + t[i].lose);
		test_free(o);
		test_free(k);
	}
}

static void
a_key_that_was_changed_since_the_question_is_not_written(void **state)
{
	static const size_t at[] = { SETUPBIN_CONSUMED_AT, 512 + 40 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct onetouch *o = test_calloc(1, sizeof(*o));
		struct onekey *k = psk_key();
		struct err e = { 0 };

		opens(o, k);
		k->b[ONEKEY_DATA * FAT_SECTOR + at[i]] ^= 1;
		assert_int_equal(onetouch_take(o, &e), ERR_IO);
		refused(&e, "key-changed", "not as it was found");
		assert_int_equal(k->writes, 0);
		test_free(o);
		test_free(k);
	}
}

static void
a_file_that_is_not_consumed_is_never_written(void **state)
{
	struct file *f = file_new(3, SETUPBIN_KEEP);
	struct onetouch *o = test_calloc(1, sizeof(*o));
	struct err e = { 0 };
	struct onekey *k;

	(void)state;
	add_record(f)->flags = 0; /* not valid: the second one serves */
	add_passwords(add_record(f));
	f->head.consumed = 2; /* does not count here */
	k = key_of(f);
	k->disk.write = NULL;
	for (int i = 0; i < 3; i++) {
		opens(o, k);
		assert_true(o->keep);
		assert_int_equal(o->next, 1);
		assert_int_equal(onetouch_take(o, &e), ERR_OK);
	}
	test_free(o);
	test_free(k);
}

static void
a_read_only_key_is_refused_before_the_question(void **state)
{
	struct onekey *k = psk_key();

	(void)state;
	k->disk.write = NULL;
	does_not_open(k, "key-write-protected", "the key is read-only");
	test_free(k);
}

static void
what_is_no_key_is_told_plainly(void **state)
{
	struct onekey *k = psk_key();
	uint8_t *root = k->b + ONEKEY_ROOT * FAT_SECTOR;

	(void)state;
	root[0] = 0xe5; /* deleted */
	does_not_open(k, "key-no-file", "");
	root[0] = 'S';
	k->bad = ONEKEY_DATA;
	does_not_open(k, "key-unreadable", "a sector cannot be read");
	k->bad = ONEKEY_DATA + 1;
	does_not_open(k, "key-unreadable", "a sector cannot be read");
	k->bad = ONEKEY_FAT;
	does_not_open(k, "key-unreadable", "");
	k->bad = ONEKEY_ROOT;
	does_not_open(k, "key-unreadable", "");
	k->bad = 0;
	k->b[510] = 0;
	does_not_open(k, "key-unreadable", "no FAT volume");
	test_free(k);
}

static void
a_file_in_pieces_is_refused(void **state)
{
	struct onekey *k = psk_key();
	uint8_t *fat = k->b + ONEKEY_FAT * FAT_SECTOR;

	(void)state;
	onekey_link(fat, 4, 7);
	onekey_link(fat, 7, 0xfff);
	does_not_open(k, "key-fragmented", "in pieces");
	test_free(k);
}

static void
a_folder_that_other_machines_may_not_like_is_a_hint(void **state)
{
	struct onetouch *o = test_calloc(1, sizeof(*o));
	struct onekey *k = psk_key();
	uint8_t *root = k->b + ONEKEY_ROOT * FAT_SECTOR;

	(void)state;
	opens(o, k);
	assert_null(o->hint);
	onekey_entry(k, 1, "OTHER   TXT", 0);
	opens(o, k);
	assert_non_null(strstr(o->hint, "not the only entry"));
	memcpy(root + 32, root, 32);
	memcpy(root, "OTHER   TXT", 11);
	opens(o, k);
	assert_non_null(strstr(o->hint, "not the first entry"));
	test_free(o);
	test_free(k);
}

static void
the_version_of_the_file_must_be_known(void **state)
{
	static const uint8_t amt[] = { 2, 3, 5, 6, 7, 16 };
	static const uint8_t most[] = { 1, 2, 2, 3, 4, 4 };
	struct onetouch *o = test_calloc(1, sizeof(*o));

	(void)state;
	for (size_t i = 0; i < sizeof(amt); i++)
		assert_int_equal(onetouch_major_max(amt[i]), most[i]);
	for (uint8_t major = 1; major <= 4; major++) {
		struct file *f = file_new(major, 0);
		struct onekey *k;

		add_psk(add_record(f));
		k = key_of(f);
		for (uint8_t max = 1; max <= 4; max++) {
			struct err e = { 0 };

			onetouch_open(o, &k->disk, max, &e);
			if (max >= major)
				assert_int_equal(e.code, ERR_OK);
			else
				refused(&e, "key-newer",
				    "file newer than this firmware");
		}
		k->b[ONEKEY_DATA * FAT_SECTOR] ^= 1;
		does_not_open(k, "key-newer", "up to 4.x");
		test_free(k);
	}
	test_free(o);
}

/* Bytes of the file that are changed, and what is said. */
static void
a_malformed_file_is_refused(void **state)
{
	static const struct {
		size_t at;
		uint8_t v;
		const char *code;
	} t[] = { { 0x18, 3, "setupbin-malformed" }, { 0x18, 9, "key-newer" },
		{ 0x10, 0, "setupbin-malformed" },
		{ 0x10, 9, "setupbin-malformed" },
		{ 0x11, 1, "setupbin-malformed" },
		{ 0x1c, 4, "setupbin-malformed" },
		{ 0x1f, 0xff, "setupbin-malformed" },
		{ 0x20, 4, "setupbin-malformed" },
		{ 0x24, 0, "setupbin-malformed" },
		{ 0x24, 2, "setupbin-malformed" },
		{ 0x25, 1, "setupbin-malformed" },
		{ 512, 2, "setupbin-malformed" },
		{ 512 + 0x10, 2, "setupbin-malformed" },
		{ 512 + 0x12, 23, "setupbin-malformed" },
		{ 512 + 29, 0xff, "setupbin-malformed" } };

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct onekey *k = psk_key();

		k->b[ONEKEY_DATA * FAT_SECTOR + t[i].at] = t[i].v;
		does_not_open(k, t[i].code, "SETUP.BIN: ");
		test_free(k);
	}
}

static void
a_file_that_ends_early_is_refused_and_bytes_behind_it_are_not(void **state)
{
	struct onekey *k = psk_key();
	uint8_t *size = k->b + ONEKEY_ROOT * FAT_SECTOR + 28;

	(void)state;
	for (uint32_t n = 0; n < 4 * 512; n += 171) {
		put_u32le(size, n);
		does_not_open(k, "setupbin-malformed",
		    n < 512 ? "shorter than a header"
			    : "fewer records than the header counts");
	}
	put_u32le(size, 4 * 512 + 100);
	onekey_link(k->b + ONEKEY_FAT * FAT_SECTOR, 5, 6);
	onekey_link(k->b + ONEKEY_FAT * FAT_SECTOR, 6, 0xfff);
	assert_int_equal(takes(k), 0);
	test_free(k);
}

static void
an_invalid_record_is_stepped_over_whatever_it_holds(void **state)
{
	struct onekey *k = psk_key();
	uint8_t *first = k->b + (ONEKEY_DATA + 1) * FAT_SECTOR;

	(void)state;
	memset(first, 0xff, 512);
	first[SETUPBIN_FLAGS_AT] = 0xfe;
	memset(first + 512, 0, 4); /* type 0, though its flag says valid */
	assert_int_equal(takes(k), 2);
	test_free(k);
}

static void
records_of_several_chunks_and_scrambled_ones_are_taken(void **state)
{
	struct onetouch *o = test_calloc(1, sizeof(*o));
	struct record *r = machine(9);
	struct file *f = file_new(4, 0);
	struct err e = { 0 };
	struct onekey *k, *was = test_calloc(1, sizeof(*was));
	char fqdn[256] = "";

	(void)state;
	memset(fqdn, 'a', 255);
	f->head.head_chunks = 2;
	f->head.record_chunks = 3;
	for (int i = 0; i < 2; i++) {
		struct setupbin_record *rec = add_record(f);

		rec->flags |= SETUPBIN_SCRAMBLED;
		add_passwords(rec);
		add_text(rec, 2, 3, fqdn);
		add_text(rec, 2, 4, fqdn);
	}
	k = key_of(f);
	for (uint32_t i = 0; i < 2; i++) {
		*was = *k;
		opens(o, k);
		assert_int_equal(o->left, 2 - i);
		assert_int_equal(onetouch_take(o, &e), ERR_OK);
		assert_int_equal(differing(k, was), 2);
		/* valid is gone, scrambled is not */
		assert_int_equal(k->b[(ONEKEY_DATA + 2 + 3 * i) * FAT_SECTOR +
				     SETUPBIN_FLAGS_AT],
		    SETUPBIN_SCRAMBLED);
	}
	assert_int_equal(onetouch_apply(o, r, &e), ERR_OK);
	assert_string_equal(r->server_fqdn, fqdn);
	test_free(was);
	test_free(k);
	test_free(r);
	test_free(o);
}

static void
a_board_that_has_no_record_gets_the_lowest_amt_that_knows_the_file(
    void **unused)
{
	static const uint8_t table[][3] = { { 1, 0, 3 }, { 2, 0, 3 },
		{ 2, 1, 4 }, { 3, 0, 6 }, { 4, 0, 7 } };
	struct record *rec = test_malloc(sizeof(*rec));
	struct uuid uuid = { { 1, 2, 3 } };
	struct setupbin head;
	struct err e = { 0 };
	struct wr w;

	(void)unused;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		setupbin_init(&head, table[i][0], table[i][1]);
		memset(rec, 0xff, sizeof(*rec));
		assert_int_equal(onetouch_blank(&uuid, &head, rec, &e), ERR_OK);
		assert_int_equal(rec->amt_major, table[i][2]);
		assert_int_equal(rec->amt_minor, 0);
		assert_true(uuid_equal(&rec->uuid, &uuid));
		assert_true(rec->enabled && rec->talk && rec->pki);
		assert_int_equal(rec->mode, RECORD_ENTERPRISE);
		assert_int_equal(rec->hashes.n, 0);
		assert_string_equal(rec->mebx_new, "");
		assert_string_equal(rec->psk.pid, "");
		wr_grow(&w, RECORD_MAX);
		record_write(&w, rec);
		assert_false(w.failed);
		wr_free(&w);
	}
	memset(&uuid, 0xff, sizeof(uuid));
	assert_int_equal(onetouch_blank(&uuid, &head, rec, &e), ERR_DATA);
	assert_string_equal(e.reason->code, "uuid-placeholder");
	test_free(rec);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_record_is_taken_by_two_bytes_and_the_next_machine_takes_the_next),
		cmocka_unit_test(
		    the_flag_goes_before_the_counter_and_a_torn_pair_heals),
		cmocka_unit_test(a_disk_that_fails_or_lies_is_not_believed),
		cmocka_unit_test(
		    a_key_that_was_changed_since_the_question_is_not_written),
		cmocka_unit_test(a_file_that_is_not_consumed_is_never_written),
		cmocka_unit_test(
		    a_read_only_key_is_refused_before_the_question),
		cmocka_unit_test(what_is_no_key_is_told_plainly),
		cmocka_unit_test(a_file_in_pieces_is_refused),
		cmocka_unit_test(
		    a_folder_that_other_machines_may_not_like_is_a_hint),
		cmocka_unit_test(the_version_of_the_file_must_be_known),
		cmocka_unit_test(a_malformed_file_is_refused),
		cmocka_unit_test(
		    a_file_that_ends_early_is_refused_and_bytes_behind_it_are_not),
		cmocka_unit_test(
		    an_invalid_record_is_stepped_over_whatever_it_holds),
		cmocka_unit_test(
		    records_of_several_chunks_and_scrambled_ones_are_taken),
		cmocka_unit_test(
		    a_board_that_has_no_record_gets_the_lowest_amt_that_knows_the_file),
	};

	return cmocka_run_group_tests_name("tests", tests, NULL, NULL);
}
