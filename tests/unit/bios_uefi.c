/* SPDX-License-Identifier: Apache-2.0 */
/* The UEFI application in a firmware that fails as real ones do; OVMF runs it
 * in tests/interop/uefi.sh. */
#include "tests/unit.h"

#include <stdio.h>

#include "bios/uefi/loadopt.h"
#include "bios/uefi/plainfmt.h"
#include "tests/firmware.h"

/* Too large for a frame. */
static struct onekey was; /* a key before the machine had it */
static struct record rec; /* what the variable holds */

static void
stored(void)
{
	struct rd r;

	rd_init(&r, fw.var, fw.var_len);
	if (!record_read(&r, &rec))
		fail_msg("variable: %s", r.why);
	assert_int_equal(fw.var_attributes, 3);
}

/* Puts a record into the variable, as the factory does. */
static void
machine_has(struct record *its)
{
	struct wr w;

	wr_fixed(&w, fw.var, sizeof(fw.var));
	record_write(&w, its);
	assert_false(w.failed);
	fw.var_len = w.len;
	fw.var_attributes = 3;
	test_free(its);
}

static unsigned
bytes_changed(const struct onekey *k)
{
	unsigned n = 0;

	for (size_t i = 0; i < ONEKEY_BYTES; i++)
		n += k->b[i] != was.b[i];
	return n;
}

static void
a_yes_stores_the_record_and_restarts(void **state)
{
	struct onekey *k = psk_key();

	(void)state;
	was = *k;
	fw_init();
	fw_disk(3, k);
	fw_run();
	fw_says("USB key at port 3\n");
	fw_says("PID: 0000-037M\n");
	fw_says("PPS: (not shown)\n");
	assert_int_equal(fw.resets, 1);
	assert_int_equal(bytes_changed(k), 2);
	stored();
	assert_string_equal(rec.psk.pps, PPS);
	assert_string_equal(rec.mebx_new, PASSWORD);
	assert_string_equal(rec.serial, "SN-42");
	assert_int_equal(rec.uuid.b[0], 0x10);
	assert_int_equal(rec.uuid.b[15], 0x11);
	assert_int_equal(rec.amt_major, 3);
	assert_true(rec.enabled && rec.talk && !rec.pki);
	test_free(k);
}

/* Answers that are none, with what they leave. */
static void
nothing_happens(const char *typed, const char *early, const char *words)
{
	struct onekey *k = psk_key();

	was = *k;
	fw_init();
	fw_disk(1, k);
	fw.typed = typed;
	fw.early = early;
	assert_int_equal(fw_run(), EFI_NOT_FOUND);
	fw_says(words);
	fw_says("Nothing was changed.\n");
	assert_int_equal(fw.resets, 0);
	assert_int_equal(fw.var_len, 0);
	assert_int_equal(bytes_changed(k), 0);
	test_free(k);
}

static void
only_a_yes_is_a_yes(void **state)
{
	(void)state;
	nothing_happens("n", "", "N\n");
	nothing_happens("xq\033y", "", "N\n");
	/* typed before the question stood */
	nothing_happens("n", "y", "N\n");
}

static void
silence_in_a_bounded_wait_is_a_no(void **state)
{
	static const uint16_t words[] = u"one-touch.efi wait=30";
	struct onekey *k = psk_key();

	(void)state;
	fw_init();
	fw_disk(1, k);
	fw.image.options = words;
	fw.image.options_size = sizeof(words);
	fw.typed = "";
	assert_int_equal(fw_run(), EFI_NOT_FOUND);
	fw_says("(no answer)");
	assert_int_equal(k->writes, 0);
	/* nobody could answer */
	fw.st.in = NULL;
	assert_int_equal(fw_run(), EFI_NOT_FOUND);
	assert_int_equal(k->writes, 0);
	fw.st.out = NULL;
	assert_int_equal(efi_main(&fw.image, &fw.st), EFI_UNSUPPORTED);
	test_free(k);
}

static void
what_is_no_usb_disk_is_passed_over(void **state)
{
	struct onekey *k = psk_key();

	(void)state;
	fw_init();
	assert_int_equal(fw_run(), EFI_NOT_FOUND);
	fw_says("No USB key with SETUP.BIN was found.\n");
	fw_disk(1, k)->media.partition = true;
	fw_disk(2, k)->media.present = false;
	fw_disk(3, k)->path[12] = 1; /* no messaging node */
	fw_disk(4, k)->media.block_size = 4096;
	assert_int_equal(fw_run(), EFI_NOT_FOUND);
	fw_says("USB disk at port 4: its sectors have 4096 bytes");
	fw_says("No USB key with SETUP.BIN was found.\n");
	assert_int_equal(k->writes, 0);
	test_free(k);
}

static void
the_first_of_several_keys_is_taken(void **state)
{
	struct onekey *blank = test_calloc(1, sizeof(*blank));
	struct onekey *a = psk_key(), *b = psk_key();

	(void)state;
	fw_init();
	fw_disk(2, a);
	fw_disk(3, b);
	fw_disk(1, blank); /* slow: the firmware has it last */
	fw_run();
	fw_says("USB disk at port 1: ");
	fw_says("[key-unreadable]");
	fw_says("USB key at port 2\n");
	fw_says("There are 1 more USB disks");
	assert_int_equal(a->writes, 2);
	assert_int_equal(b->writes, 0);
	assert_int_equal(fw.resets, 1);
	test_free(blank);
	test_free(a);
	test_free(b);
}

/* Runs with the key; it is refused before a write, the variable stays. */
static void
refused_before(struct onekey *k, const char *words)
{
	size_t had = fw.var_len;

	if (fw.ndisks == 0)
		fw_disk(1, k);
	assert_int_equal(fw_run(), EFI_ABORTED);
	fw_says("Nothing was changed: ");
	fw_says(words);
	assert_int_equal(k->writes, 0);
	assert_int_equal(fw.var_len, had);
	assert_int_equal(fw.resets, 0);
}

static void
a_read_only_key_and_a_full_store_are_refused_before_the_question(void **state)
{
	struct onekey *k = psk_key();

	(void)state;
	fw_init();
	fw_disk(1, k)->media.read_only = true;
	refused_before(k, "[key-write-protected]");
	fw_init();
	fw.room = 600;
	refused_before(k, "the variable store is full");
	/* firmware that is too old to be asked */
	fw.rt.header.revision = 0x1000a;
	fw.typed = "y";
	fw_run();
	assert_int_equal(fw.resets, 1);
	test_free(k);
}

static void
a_board_without_a_uuid_of_its_own_is_refused(void **state)
{
	struct onekey *k = psk_key();

	(void)state;
	fw_init();
	fw_smbios(0);
	refused_before(k, "[uuid-malformed]");
	fw_init();
	fw.entry[5] ^= 1;
	refused_before(k, "[uuid-malformed]");
	fw_init();
	fw.st.ntables = 0;
	refused_before(k, "[uuid-malformed]");
	fw_init();
	memset(fw.smbios + 8, 0xfe, 16);
	refused_before(k, "[uuid-placeholder]");
	test_free(k);
}

static struct record *
machine_here(uint8_t amt_major)
{
	struct record *its = machine(amt_major);

	memset(its->uuid.b, 0x11, UUID_LEN);
	its->uuid.b[0] = 0x10;
	return its;
}

static void
a_variable_that_is_not_this_machines_is_left_alone(void **state)
{
	struct onekey *k = psk_key();
	struct record *other = machine(3);

	(void)state;
	fw_init();
	memset(other->uuid.b, 0x22, UUID_LEN);
	machine_has(other);
	refused_before(k, "is that of another board");
	fw_init();
	machine_has(machine_here(3));
	fw.var_attributes = 7;
	refused_before(k, "has the attributes 0x7, not 0x3");
	fw_init();
	machine_has(machine_here(3));
	fw.var[0x50] ^= 1;
	refused_before(k, "[record-malformed]");
	/* of AMT 2, which knows files of version 1 */
	fw_init();
	machine_has(machine_here(2));
	refused_before(k, "[key-newer]");
	test_free(k);
}

static void
a_machine_with_a_record_keeps_what_the_key_does_not_tell(void **state)
{
	struct onekey *k = psk_key();

	(void)state;
	fw_init();
	machine_has(machine_here(5));
	fw_disk(1, k);
	fw_run();
	assert_int_equal(fw.resets, 1);
	stored();
	assert_int_equal(rec.amt_major, 5);
	assert_int_equal(rec.sequence, 8);
	assert_int_equal(rec.hashes.n, 2);
	assert_string_equal(rec.psk.pid, PID);
	test_free(k);
	k = psk_key();
	fw_init();
	machine_has(machine_here(11));
	fw_disk(1, k);
	fw_run();
	fw_says("PID and PPS were left out");
	stored();
	assert_string_equal(rec.psk.pid, "");
	test_free(k);
}

/* After the Yes: the record is used up, the machine is as it was. */
static void
refused_after(const char *words)
{
	struct onekey *k = psk_key();

	was = *k;
	fw_disk(1, k);
	assert_int_equal(fw_run(), EFI_ABORTED);
	fw_says("Record 1 is marked as used.\n");
	fw_says("This machine was not set up: ");
	fw_says(words);
	assert_int_equal(bytes_changed(k), 2);
	assert_int_equal(fw.resets, 0);
	test_free(k);
}

static void
a_store_that_fails_or_lies_does_not_restart_the_machine(void **state)
{
	struct record *its;

	(void)state;
	fw_init();
	fw.set_status = EFI_OUT_OF_RESOURCES;
	refused_after("the variable store is full");
	fw_init();
	fw.set_status = EFI_WRITE_PROTECTED;
	refused_after("the variable store is write-protected");
	fw_init();
	fw.set_status = EFI_INVALID_PARAMETER;
	refused_after("takes no variable of this size");
	fw_init();
	fw.set_lies = true;
	refused_after("reads back differently");
	fw_init();
	its = machine_here(3);
	strcpy(its->mebx_new, "An0ther!One");
	machine_has(its);
	refused_after("[key-password]");
}

static void
pull(void)
{
	fw.disks[0].media.media_id++;
}

static void
a_key_that_fails_or_is_changed_does_not_set_up(void **state)
{
	struct onekey *k = psk_key();

	(void)state;
	fw_init();
	fw.at_question = pull;
	fw_disk(1, k);
	assert_int_equal(fw_run(), EFI_ABORTED);
	fw_says("[key-changed]");
	assert_int_equal(k->writes, 0);
	for (unsigned nth = 1; nth <= 2; nth++) {
		fw_init();
		fw_disk(1, k);
		k->writes = 0;
		k->lose = nth;
		assert_int_equal(fw_run(), EFI_ABORTED);
		fw_says("[key-write-lost]");
		assert_int_equal(fw.var_len, 0);
		assert_int_equal(fw.resets, 0);
		test_free(k);
		k = psk_key();
	}
	test_free(k);
}

/* Whichever call of the firmware fails: memory comes back wiped, the machine
 * restarts only after a record that reads back is stored, and a key is not
 * changed by more than its two bytes. */
static void
each_service_may_fail(void **state)
{
	bool failed = true;

	(void)state;
	for (unsigned nth = 1; failed; nth++) {
		struct onekey *k = psk_key();

		was = *k;
		fw_init();
		fw_disk(1, k);
		fw.fail = nth;
		fw_run();
		failed = fw.failed;
		if (fw.resets != 0)
			stored();
		else
			assert_true(failed);
		assert_true(bytes_changed(k) <= 2);
		test_free(k);
		assert_true(nth < 1000);
	}
}

static void
formats(const char *want, const char *fmt, ...)
{
	char ours[64], theirs[64];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = plainfmt(ours, sizeof(ours), fmt, ap);
	va_end(ap);
	va_start(ap, fmt);
	assert_int_equal(n, vsnprintf(theirs, sizeof(theirs), fmt, ap));
	va_end(ap);
	assert_string_equal(ours, theirs);
	assert_string_equal(ours, want);
}

static int
fits(char *out, size_t n, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = plainfmt(out, n, fmt, ap);
	va_end(ap);
	return len;
}

static void
text_is_formatted_as_by_a_c_library(void **state)
{
	char small[4] = "zzz";

	(void)state;
	formats("a%b", "a%%b");
	formats("-5 7 4294967295", "%d %u %u", -5, 7u, UINT32_MAX);
	formats("00ff ff   |  ab", "%04x %-5x|%4x", 255u, 255u, 0xabu);
	formats("18446744073709551615", "%llu", UINT64_MAX);
	formats("-9223372036854775808", "%lld", INT64_MIN);
	formats("deadbeef0", "%zx", (size_t)0xdeadbeef0);
	formats("abc ab   abc.", "%s %.2s %5s%c", "abc", "abc", "abc", '.');
	formats("abc ab", "%.*s %.*s", -1, "abc", 2, "abc");
	formats("8 9", "%hhu %hu", 8, 9);
	assert_int_equal(fits(small, sizeof(small), "%s", "abcdef"), 6);
	assert_string_equal(small, "abc");
	assert_int_equal(fits(small, 0, "%s", "x"), 1);
	assert_string_equal(small, "abc");
	assert_int_equal(fits(small, sizeof(small), "a%f", 1.0), -1);
	assert_int_equal(fits(small, sizeof(small), "%lu", 1ul), -1);
}

static unsigned
waits(const char *words)
{
	uint8_t wide[128] = { 0 };

	for (size_t i = 0; words[i] != '\0'; i++)
		wide[2 * i] = (uint8_t)words[i];
	return loadopt_wait(wide, 2 * strlen(words));
}

static void
load_options_have_one_word_that_counts(void **state)
{
	(void)state;
	assert_int_equal(loadopt_wait(NULL, 0), 0);
	assert_int_equal(waits(""), 0);
	assert_int_equal(waits("wait=5"), 5);
	assert_int_equal(waits("\\efi\\amtforge-onetouch.efi wait=90 x"), 90);
	assert_int_equal(waits("await=5 wait=5x wait"), 0);
	assert_int_equal(waits("wait=99999999"), LOADOPT_WAIT_MAX);
	assert_int_equal(loadopt_wait("w", 1), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_yes_stores_the_record_and_restarts),
		cmocka_unit_test(only_a_yes_is_a_yes),
		cmocka_unit_test(silence_in_a_bounded_wait_is_a_no),
		cmocka_unit_test(what_is_no_usb_disk_is_passed_over),
		cmocka_unit_test(the_first_of_several_keys_is_taken),
		cmocka_unit_test(
		    a_read_only_key_and_a_full_store_are_refused_before_the_question),
		cmocka_unit_test(a_board_without_a_uuid_of_its_own_is_refused),
		cmocka_unit_test(
		    a_variable_that_is_not_this_machines_is_left_alone),
		cmocka_unit_test(
		    a_machine_with_a_record_keeps_what_the_key_does_not_tell),
		cmocka_unit_test(
		    a_store_that_fails_or_lies_does_not_restart_the_machine),
		cmocka_unit_test(
		    a_key_that_fails_or_is_changed_does_not_set_up),
		cmocka_unit_test(each_service_may_fail),
		cmocka_unit_test(text_is_formatted_as_by_a_c_library),
		cmocka_unit_test(load_options_have_one_word_that_counts),
	};

	return cmocka_run_group_tests_name("tests", tests, NULL, NULL);
}
