/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "device/state.h"
#include "device/usbkey.h"
#include "tests/onefile.h"
#include "tests/onefolder.h"

static char path[80], machine_dir[80];
static struct settings settings;
static struct record *image, *rec;
static struct usbkey k;
static struct usbkey_boot in;

static int
start(void **unused)
{
	struct err e = { 0 };

	if (folder_new(unused) != 0)
		return -1;
	snprintf(path, sizeof(path), "%s/key.img", dir);
	snprintf(machine_dir, sizeof(machine_dir), "%s/machine", dir);
	image = machine(9);
	image->uuid.b[0] = 1;
	rec = test_malloc(sizeof(*rec));
	in = (struct usbkey_boot){ .state_dir = machine_dir,
		.settings = &settings };
	return (int)settings_read(&settings, NULL, &e);
}

static int
end(void **unused)
{
	test_free(image);
	test_free(rec);
	return folder_free(unused);
}

/* The key in ./key.img; frees it. */
static void
plug(struct onekey *key)
{
	struct err e = { 0 };

	assert_int_equal(
	    file_write(path, FILE_REPLACE, key->b, sizeof(key->b), &e), ERR_OK);
	test_free(key);
}

static struct onekey *
pulled(void)
{
	struct onekey *key = test_calloc(1, sizeof(*key));
	struct err e = { 0 };
	uint8_t *p = NULL;
	size_t n;

	assert_int_equal(file_read(path, ONEKEY_BYTES, &p, &n, &e), ERR_OK);
	memcpy(key->b, p, n);
	free(p);
	return key;
}

/* So many records are used. */
static void
used(unsigned n)
{
	struct onekey *key = pulled();
	const uint8_t *file = key->b + ONEKEY_DATA * FAT_SECTOR;

	assert_int_equal(file[SETUPBIN_CONSUMED_AT], n);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(
		    file[512 * (i + 1) + SETUPBIN_FLAGS_AT], i >= n);
	test_free(key);
}

static void
boot(bool with_key)
{
	struct err e = { 0 };

	in.path = with_key ? path : NULL;
	*rec = *image;
	if (usbkey_boot(&in, rec, &k, &e) != ERR_OK)
		fail_msg("%s", e.msg);
}

static void
told(const char *code)
{
	assert_false(k.applied);
	assert_non_null(k.why.reason);
	assert_string_equal(k.why.reason->code, code);
}

/* Changes the machine's state as this says. */
static void
with_state(void (*change)(struct state *))
{
	static const uint8_t random[16];
	static struct state s;
	struct err e = { 0 };

	assert_int_equal(state_open(&s, machine_dir, random, &e), ERR_OK);
	change(&s);
	assert_int_equal(state_save(&s, &e), ERR_OK);
	state_free(&s);
}

static void
a_record_is_taken_applied_and_kept(void **unused)
{
	(void)unused;
	plug(psk_key());
	boot(true);
	assert_true(k.applied && k.taken && !k.keep);
	assert_int_equal(k.record, 1);
	assert_int_equal(k.left, 2);
	assert_string_equal(k.pid, PID);
	assert_string_equal(rec->psk.pps, PPS);
	used(1);
	boot(false);
	assert_string_equal(rec->psk.pps, PPS);
	assert_int_equal(rec->sequence, image->sequence + 1);
}

static void
a_machine_that_met_a_key_leaves_the_next_alone(void **unused)
{
	(void)unused;
	plug(psk_key());
	boot(true);
	boot(true);
	told("key-not-factory");
	assert_int_equal(k.record, 0);
	assert_string_equal(rec->psk.pid, PID); /* still boots with its own */
	used(1);
}

static void
provision(struct state *s)
{
	s->phase = STATE_POST;
}

static void
keep_psk(struct state *s)
{
	strcpy(s->psk_kept.pid, PID);
	strcpy(s->psk_kept.pps, PPS);
}

static void
unprovision(struct state *s)
{
	state_reset(s, false);
}

static void
unprovision_in_part(struct state *s)
{
	state_reset(s, true);
}

static void
only_a_machine_in_the_factorys_state_responds(void **unused)
{
	(void)unused;
	plug(psk_key());
	with_state(provision);
	boot(true);
	told("key-not-factory");
	assert_non_null(strstr(k.why.msg, "already provisioned"));
	with_state(keep_psk);
	with_state(unprovision_in_part);
	boot(true);
	told("key-not-factory");
	used(0);
	with_state(unprovision);
	boot(true);
	assert_true(k.applied);
	used(1);
}

static void
a_full_un_provisioning_drops_what_the_key_set_and_a_partial_one_does_not(
    void **unused)
{
	(void)unused;
	plug(psk_key());
	boot(true);
	with_state(unprovision_in_part);
	boot(false);
	assert_string_equal(rec->psk.pid, PID);
	with_state(unprovision);
	boot(false);
	assert_memory_equal(rec, image, sizeof(*rec));
}

static void
the_newest_of_image_and_key_counts(void **unused)
{
	(void)unused;
	plug(psk_key());
	boot(true);
	image->sequence++; /* not older than the key's */
	boot(false);
	assert_memory_equal(rec, image, sizeof(*rec));
	image->sequence--;
}

static void
another_machine_on_the_old_folder_uses_no_record_up(void **unused)
{
	struct err e = { 0 };

	(void)unused;
	plug(psk_key());
	boot(true);
	used(1);
	image->uuid.b[0] ^= 1;
	*rec = *image;
	assert_int_equal(usbkey_boot(&in, rec, &k, &e), ERR_DATA);
	assert_string_equal(e.reason->code, "state-other");
	used(1);
}

static void
a_wrong_password_burns_the_record(void **unused)
{
	(void)unused;
	plug(psk_key());
	strcpy(image->mebx_new, "An0ther!Pass");
	boot(true);
	told("key-password");
	assert_true(k.taken);
	assert_memory_equal(rec, image, sizeof(*rec));
	used(1);
	boot(true);
	used(2);
}

static void
a_used_up_key_and_none_at_all_are_told(void **unused)
{
	struct file *f = file_new(2, 0);

	(void)unused;
	boot(true);
	assert_int_equal(k.why.code, ERR_NOINPUT);
	f->head.consumed = 1;
	add_record(f)->flags = 0;
	plug(key_of(f));
	boot(true);
	told("key-used-up");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	boot(true);
	assert_int_not_equal(k.why.code, ERR_OK);
}

static void
a_key_that_keeps_its_records_is_not_written(void **unused)
{
	struct file *f = file_new(2, SETUPBIN_KEEP);
	struct onekey *key, *after;

	(void)unused;
	add_psk(add_record(f));
	plug(key_of(f));
	key = pulled();
	boot(true);
	assert_true(k.applied && k.keep && !k.taken);
	after = pulled();
	assert_memory_equal(key->b, after->b, ONEKEY_BYTES);
	test_free(key);
	test_free(after);
}

static void
the_version_goes_by_the_amt_version_or_the_setting(void **unused)
{
	(void)unused;
	plug(psk_key()); /* of version 2 */
	image->amt_major = 2;
	boot(true);
	told("key-newer");
	settings.setupbin_major_max = 2;
	boot(true);
	assert_true(k.applied);
}

static void
amt_11_says_that_the_shared_key_is_ignored(void **unused)
{
	(void)unused;
	plug(psk_key());
	image->amt_major = 11;
	boot(true);
	assert_true(k.applied && k.psk_ignored);
	assert_string_equal(k.pid, "");
	assert_string_equal(rec->psk.pid, "");
	assert_string_equal(rec->mebx_new, PASSWORD);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, start, end)

static void
a_board_without_a_record_gets_its_first_from_the_key(void **unused)
{
	struct uuid uuid;

	(void)unused;
	plug(psk_key());
	uuid = image->uuid;
	memset(image, 0, sizeof(*image));
	image->uuid = uuid;
	in.blank = true;
	boot(false);
	assert_false(k.in_force);
	boot(true);
	assert_true(k.applied && k.in_force);
	assert_true(uuid_equal(&rec->uuid, &uuid));
	assert_true(rec->amt_major >= 3);
	assert_int_equal(rec->sequence, 1);
	assert_string_equal(rec->psk.pps, PPS);
	used(1);
	boot(false);
	assert_true(k.in_force && !k.applied);
	assert_string_equal(rec->psk.pps, PPS);
}

static void
a_board_without_a_record_has_the_amt_version_that_is_known(void **unused)
{
	(void)unused;
	plug(psk_key());
	memset(image->uuid.b, 7, sizeof(image->uuid.b));
	image->amt_major = 11;
	image->amt_minor = 8;
	in.blank = true;
	boot(true);
	assert_true(k.applied && k.psk_ignored);
	assert_int_equal(rec->amt_major, 11);
	assert_int_equal(rec->amt_minor, 8);
}

static void
a_uuid_that_many_boards_share_uses_no_record_up(void **unused)
{
	(void)unused;
	plug(psk_key());
	memset(image->uuid.b, 0xff, sizeof(image->uuid.b));
	in.blank = true;
	boot(true);
	told("uuid-placeholder");
	assert_false(k.taken || k.in_force);
	used(0);
}

/* The file of a key, as an image has it in a variable. */
static void
lay(struct onekey *key)
{
	const uint8_t *file = key->b + ONEKEY_DATA * FAT_SECTOR;

	in.setup_len = 4 * 512;
	in.setup = test_malloc(in.setup_len);
	memcpy((void *)(uintptr_t)in.setup, file, in.setup_len);
	test_free(key);
}

static void
an_images_setup_bin_is_taken_once_and_stays_used(void **unused)
{
	struct uuid uuid = image->uuid;

	(void)unused;
	lay(psk_key());
	memset(image, 0, sizeof(*image));
	image->uuid = uuid;
	in.blank = true;
	boot(false);
	assert_true(k.applied && k.taken && k.in_force);
	assert_int_equal(k.record, 1);
	assert_int_equal(k.left, 2);
	assert_string_equal(rec->psk.pps, PPS);
	boot(false); /* it lies there still, and is left alone */
	assert_true(k.in_force && !k.applied);
	assert_int_equal(k.record, 0);
	assert_int_equal(k.why.code, ERR_OK);
	/* back in the factory's state the next record is taken, to the last */
	for (unsigned i = 2; i <= 3; i++) {
		with_state(unprovision);
		boot(false);
		assert_int_equal(k.record, i);
	}
	with_state(unprovision);
	boot(false);
	told("key-used-up");
	assert_false(k.in_force);
	/* another file is another one */
	((uint8_t *)(uintptr_t)in.setup)[512 + SETUPBIN_FLAGS_AT] ^=
	    SETUPBIN_VALID;
	boot(false);
	assert_int_equal(k.record, 2);
	test_free((void *)(uintptr_t)in.setup);
}

static void
a_key_comes_before_the_images_setup_bin(void **unused)
{
	(void)unused;
	lay(psk_key());
	plug(psk_key());
	boot(true);
	assert_true(k.applied);
	used(1);
	with_state(unprovision);
	boot(false);
	assert_int_equal(k.record, 1);
	used(1);
	test_free((void *)(uintptr_t)in.setup);
}

static void
an_images_setup_bin_may_be_cut_anywhere(void **unused)
{
	size_t whole;

	(void)unused;
	lay(psk_key());
	whole = in.setup_len;
	for (in.setup_len = 1; in.setup_len < whole; in.setup_len += 97) {
		boot(false);
		assert_true(!k.applied && k.why.reason != NULL);
	}
	test_free((void *)(uintptr_t)in.setup);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_record_is_taken_applied_and_kept),
		CASE(a_machine_that_met_a_key_leaves_the_next_alone),
		CASE(only_a_machine_in_the_factorys_state_responds),
		CASE(
		    a_full_un_provisioning_drops_what_the_key_set_and_a_partial_one_does_not),
		CASE(the_newest_of_image_and_key_counts),
		CASE(a_wrong_password_burns_the_record),
		CASE(a_used_up_key_and_none_at_all_are_told),
		CASE(a_key_that_keeps_its_records_is_not_written),
		CASE(the_version_goes_by_the_amt_version_or_the_setting),
		CASE(amt_11_says_that_the_shared_key_is_ignored),
		CASE(a_board_without_a_record_gets_its_first_from_the_key),
		CASE(
		    a_board_without_a_record_has_the_amt_version_that_is_known),
		CASE(another_machine_on_the_old_folder_uses_no_record_up),
		CASE(a_uuid_that_many_boards_share_uses_no_record_up),
		CASE(an_images_setup_bin_is_taken_once_and_stays_used),
		CASE(a_key_comes_before_the_images_setup_bin),
		CASE(an_images_setup_bin_may_be_cut_anywhere),
	};

	return cmocka_run_group_tests_name("tests", tests, NULL, NULL);
}
