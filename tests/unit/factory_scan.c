/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <string.h>

#include "factory/scan.h"
#include "formats/reason.h"

#define TEXT "00112233-4455-6677-8899-aabbccddeeff"
#define BARE "00112233445566778899AABBCCDDEEFF"

static struct scan s;
static struct err e;

static enum err_code
scan_n(const void *p, size_t n, bool raw)
{
	err_clear(&e);
	return scan_read(p, n, raw, &s, &e);
}

static enum err_code
scan(const char *line)
{
	return scan_n(line, strlen(line), false);
}

static void
assert_scan(const char *line, const char *serial, const char *uuid)
{
	char text[UUID_TEXT];

	if (scan(line) != ERR_OK)
		fail_msg("%s: %s", line, e.msg);
	if (strcmp(s.serial, serial) != 0)
		fail_msg("%s: serial %s, not %s", line, s.serial, serial);
	assert_int_equal(s.has_uuid, uuid != NULL);
	if (uuid == NULL)
		return;
	uuid_text(&s.uuid, text);
	assert_string_equal(text, uuid);
}

static void
assert_bad(const char *line, const char *why)
{
	assert_int_equal(scan(line), ERR_DATA);
	assert_ptr_equal(e.reason, reason_get(REASON_SCAN_MALFORMED));
	if (strstr(e.msg, why) == NULL)
		fail_msg("%s: %s, not %s", line, e.msg, why);
	assert_int_equal(s.serial[0], '\0');
	assert_false(s.has_uuid);
}

static void
a_serial_is_what_unit_issue_takes(void **state)
{
	char most[65];

	(void)state;
	assert_scan("SN-1", "SN-1", NULL);
	assert_scan("  SN 1, rev B \r\n", "SN 1, rev B", NULL);
	assert_scan("", "", NULL);
	assert_scan(" \t \r", "", NULL);
	memset(most, 'x', 64);
	most[63] = '\0';
	assert_scan(most, most, NULL);
	most[63] = 'x';
	most[64] = '\0';
	assert_bad(most, "at character 64: a serial number has at most 63");
	assert_int_equal(e.offset, 63);
}

static void
a_uuid_is_known_in_each_form(void **state)
{
	(void)state;
	assert_scan(TEXT, "", TEXT);
	assert_scan("00112233-4455-6677-8899-AABBCCDDEEFF", "", TEXT);
	assert_scan(BARE, "", TEXT);
	/* Not quite one is a serial. */
	assert_scan("00112233445566778899AABBCCDDEEF",
	    "00112233445566778899AABBCCDDEEF", NULL);
	assert_scan("0011-22334455-6677-8899-AABBCCDDEEFF",
	    "0011-22334455-6677-8899-AABBCCDDEEFF", NULL);
}

static void
one_code_holds_both_in_either_order(void **state)
{
	(void)state;
	assert_scan("SN1\t" TEXT, "SN1", TEXT);
	assert_scan("SN1," BARE, "SN1", TEXT);
	assert_scan(TEXT ";SN1", "SN1", TEXT);
	assert_scan(BARE " SN1 ", "SN1", TEXT);
	assert_scan("SN 1, x , " TEXT, "SN 1, x", TEXT);
	assert_scan(TEXT " , SN 1, x", "SN 1, x", TEXT);
	assert_bad(TEXT " " BARE, "two UUIDs");
	assert_bad(TEXT " x " TEXT, "two UUIDs");
	assert_bad("SN1\tSN2", "a tab, and no UUID");
}

static void
the_bytes_of_smbios_are_read_on_demand(void **state)
{
	char text[UUID_TEXT];

	(void)state;
	assert_int_equal(
	    scan_n("33221100554477668899aabbccddeeff", 32, true), ERR_OK);
	uuid_text(&s.uuid, text);
	assert_string_equal(text, TEXT);
	/* What we print ourselves is text in any case. */
	assert_int_equal(scan_n("{\"uuid\":\"" TEXT "\"}", 47, true), ERR_OK);
	uuid_text(&s.uuid, text);
	assert_string_equal(text, TEXT);
}

static void
our_own_label_is_read(void **state)
{
	(void)state;
	assert_scan("{\"uuid\":\"" TEXT "\",\"serial\":\"A \\\"1\\\"\","
		    "\"pid\":\"0000037M\"}",
	    "A \"1\"", TEXT);
	assert_scan(
	    "]Q1{\"uuid\":\"" TEXT "\",\"serial\":\"A1\"}\r", "A1", TEXT);
	assert_scan("{\"uuid\":\"" TEXT "\"}", "", TEXT);
	assert_bad("{\"uuid\":\"" TEXT "\"", "at character 47");
	assert_bad("{\"uuid\":\"" TEXT "\"} x", "at character 48");
	assert_bad("{\"serial\":\"A1\"}", "a key is missing");
	assert_bad("{\"uuid\":\"A1\"}", "no UUID");
	assert_bad(
	    "{\"uuid\":\"" TEXT "\",\"serial\":\"\"}", "no serial number");
	assert_bad("{\"uuid\":\"" TEXT "\",\"serial\":\"a\\u0007\"}",
	    "no serial number");
}

static void
a_symbology_identifier_is_left_out(void **state)
{
	(void)state;
	assert_scan("]C1SN1", "SN1", NULL);
	assert_scan("]d2" TEXT, "", TEXT);
	assert_scan("]C1", "]C1", NULL);
	assert_scan("]11SN1", "]11SN1", NULL);
}

static void
what_is_not_printable_is_refused_and_not_echoed(void **state)
{
	(void)state;
	assert_bad("SN\0331", "at character 3: not a printable");
	assert_null(strchr(e.msg, '\033'));
	assert_bad("S\xc3\xa9", "at character 2");
	assert_int_equal(scan_n("SN\0001", 4, false), ERR_DATA);
	assert_int_equal(e.offset, 2);
}

static void
a_line_has_a_bound(void **state)
{
	char line[SCAN_MAX + 1];

	(void)state;
	memset(line, ' ', sizeof(line));
	line[0] = 'A';
	assert_int_equal(scan_n(line, SCAN_MAX, false), ERR_OK);
	assert_string_equal(s.serial, "A");
	assert_int_equal(scan_n(line, SCAN_MAX + 1, false), ERR_DATA);
	assert_non_null(strstr(e.msg, "more than 512"));
}

static void
what_is_written_is_read_again(void **state)
{
	static const char *const lines[] = { "SN1", TEXT, "SN 1," TEXT,
		"{\"uuid\":\"" TEXT "\",\"serial\":\",a \"}" };
	uint8_t out[SCAN_MAX];
	struct scan was;
	struct wr w;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_int_equal(scan(lines[i]), ERR_OK);
		was = s;
		wr_fixed(&w, out, sizeof(out));
		scan_write(&w, &s);
		assert_false(w.failed);
		assert_int_equal(scan_n(out, w.len, true), ERR_OK);
		assert_memory_equal(&s, &was, sizeof(s));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_serial_is_what_unit_issue_takes),
		cmocka_unit_test(a_uuid_is_known_in_each_form),
		cmocka_unit_test(one_code_holds_both_in_either_order),
		cmocka_unit_test(the_bytes_of_smbios_are_read_on_demand),
		cmocka_unit_test(our_own_label_is_read),
		cmocka_unit_test(a_symbology_identifier_is_left_out),
		cmocka_unit_test(
		    what_is_not_printable_is_refused_and_not_echoed),
		cmocka_unit_test(a_line_has_a_bound),
		cmocka_unit_test(what_is_written_is_read_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
