/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "factory/station.h"
#include "formats/reason.h"

#define UUID1 "00112233-4455-6677-8899-aabbccddeeff"
#define UUID2 "10112233-4455-6677-8899-aabbccddeeff"
#define WAIT 1000

static struct station s;
static struct err e;

static void
begin(bool program, bool read)
{
	const struct station_how how = {
		.program = program, .read = read, .wait_ms = WAIT
	};

	station_init(&s, &how);
	err_clear(&e);
}

static enum station_heard
line_at(const char *text, uint64_t now)
{
	err_clear(&e);
	return station_line(&s, text, strlen(text), now, &e);
}

static enum station_heard
line(const char *text)
{
	return line_at(text, 0);
}

static void
assert_refused(enum reason_id id, const char *words)
{
	assert_ptr_equal(e.reason, reason_get(id));
	if (strstr(e.msg, words) == NULL)
		fail_msg("%s, not %s", e.msg, words);
}

static void
serial_and_uuid_make_a_board(void **state)
{
	char uuid[UUID_TEXT];

	(void)state;
	begin(true, true);
	assert_int_equal(line("SN1"), STATION_HALF);
	assert_int_equal(line(""), STATION_BLANK);
	assert_int_equal(line(UUID1), STATION_BOARD);
	assert_string_equal(s.scan.serial, "SN1");
	uuid_text(&s.scan.uuid, uuid);
	assert_string_equal(uuid, UUID1);
	assert_int_equal(s.act, STATION_LOOK);
	begin(true, true);
	assert_int_equal(line("SN1 " UUID1), STATION_BOARD);
	assert_string_equal(s.scan.serial, "SN1");
	/* A serial, and then its label with both. */
	begin(true, true);
	assert_int_equal(line("SN1"), STATION_HALF);
	assert_int_equal(line("SN1 " UUID1), STATION_BOARD);
	assert_int_equal(s.failed, 0);
}

static void
a_serial_that_is_scanned_twice_is_waited_for(void **state)
{
	(void)state;
	begin(true, true);
	assert_int_equal(line("SN1"), STATION_HALF);
	assert_int_equal(line("SN1"), STATION_TWICE);
	assert_int_equal(line(UUID1), STATION_BOARD);
	assert_int_equal(s.failed, 0);
}

static void
another_serial_gives_up_the_first(void **state)
{
	(void)state;
	begin(true, true);
	line("SN1");
	assert_int_equal(line("SN2"), STATION_REFUSED);
	assert_refused(REASON_SCAN_MALFORMED, "serial SN1: another serial");
	assert_int_equal(s.failed, 1);
	assert_int_equal(line(UUID1), STATION_BOARD);
	assert_string_equal(s.scan.serial, "SN2");
}

static void
a_code_of_another_board_gives_up_both(void **state)
{
	(void)state;
	begin(true, true);
	line("SN1");
	assert_int_equal(line("SN2 " UUID1), STATION_REFUSED);
	assert_refused(REASON_SCAN_MALFORMED, "serial SN1: a code of another");
	assert_int_equal(line(UUID1), STATION_REFUSED);
}

static void
a_uuid_comes_behind_its_serial(void **state)
{
	(void)state;
	begin(true, true);
	assert_int_equal(line(UUID1), STATION_REFUSED);
	assert_refused(REASON_SCAN_MALFORMED, "a UUID without a serial");
	assert_int_equal(s.act, STATION_SCAN);
	assert_int_equal(line("SN\0331"), STATION_REFUSED);
	assert_int_equal(s.failed, 2);
}

static void
a_uuid_comes_in_time(void **state)
{
	(void)state;
	begin(true, true);
	assert_int_equal(station_left(&s, 5), -1);
	line_at("SN1", 100);
	assert_int_equal(station_left(&s, 100), WAIT);
	assert_int_equal(station_clock(&s, 99 + WAIT, &e), STATION_BLANK);
	assert_int_equal(station_clock(&s, 100 + WAIT, &e), STATION_REFUSED);
	assert_refused(REASON_SCAN_MALFORMED, "did not come in time");
	assert_int_equal(station_left(&s, 5000), -1);
	/* Also where nobody asked the clock. */
	line_at("SN1", 100);
	assert_int_equal(line_at(UUID1, 100 + WAIT), STATION_REFUSED);
	assert_refused(REASON_SCAN_MALFORMED, "did not come in time");
	line_at("SN1", 100);
	err_clear(&e);
	assert_int_equal(station_end(&s, &e), STATION_REFUSED);
	assert_refused(REASON_SCAN_MALFORMED, "ended before its UUID");
	assert_int_equal(station_end(&s, &e), STATION_BLANK);
}

static struct unit_brief
brief(const char *serial, const char *uuid, const char *state)
{
	struct unit_brief b = { .there = true, .order = "A" };

	uuid_parse(&b.uuid, uuid);
	snprintf(b.serial, sizeof(b.serial), "%s", serial);
	snprintf(b.state, sizeof(b.state), "%s", state);
	return b;
}

static enum err_code
judge(const struct unit_brief *by_uuid, const struct unit_brief *by_serial)
{
	err_clear(&e);
	return station_judge(&s, "A", by_uuid, by_serial, &e);
}

static void
the_state_of_a_unit_decides(void **state)
{
	static const struct {
		const char *state;
		enum reason_id reason;
	} rows[] = {
		{ "issued", REASON_NONE },
		{ "written", REASON_NONE },
		{ "returned", REASON_NONE },
		{ "verified", REASON_SCAN_REPEATED },
		{ "shipped", REASON_SCAN_REPEATED },
		{ "a new one", REASON_SCAN_REPEATED },
		{ "scrapped", REASON_SCAN_SCRAPPED },
	};

	(void)state;
	begin(true, true);
	line("SN1 " UUID1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct unit_brief b = brief("SN1", UUID1, rows[i].state);

		assert_int_equal(judge(&b, &b),
		    rows[i].reason == REASON_NONE ? ERR_OK : ERR_DATA);
		if (rows[i].reason != REASON_NONE)
			assert_ptr_equal(e.reason, reason_get(rows[i].reason));
	}
}

static void
serial_and_uuid_are_of_one_unit_of_the_order(void **state)
{
	const struct unit_brief none = { 0 };
	struct unit_brief one = brief("SN1", UUID1, "issued");
	struct unit_brief two = brief("SN2", UUID2, "issued");

	(void)state;
	begin(true, true);
	line("SN1 " UUID2);
	assert_int_equal(judge(&two, &one), ERR_DATA);
	assert_refused(REASON_SCAN_MISMATCH, "serial SN1 has UUID " UUID1);
	assert_int_equal(judge(&none, &one), ERR_DATA);
	assert_refused(REASON_SCAN_MISMATCH, "serial SN1 has UUID " UUID1);
	assert_int_equal(judge(&two, &none), ERR_DATA);
	assert_refused(REASON_SCAN_MISMATCH, "that of serial SN2");
	assert_int_equal(judge(&none, &none), ERR_DATA);
	assert_refused(REASON_SCAN_UNKNOWN, "no unit");
	strcpy(one.order, "B");
	assert_int_equal(judge(&one, &one), ERR_DATA);
	assert_refused(REASON_SCAN_UNKNOWN, "of order B, not A");
}

static void
a_serial_that_cannot_be_done_is_refused_before_its_uuid(void **state)
{
	const struct unit_brief none = { 0 };
	const struct unit_brief one = brief("SN1", UUID1, "issued");
	const struct unit_brief done = brief("SN1", UUID1, "verified");

	(void)state;
	begin(true, true);
	line("SN1");
	assert_int_equal(station_judge_half(&s, "A", &one, &e), STATION_HALF);
	assert_int_equal(
	    station_judge_half(&s, "B", &one, &e), STATION_REFUSED);
	assert_refused(REASON_SCAN_UNKNOWN, "of order A, not B");
	/* Its UUID counts for nothing, once and in time. */
	assert_int_equal(line(UUID1), STATION_BLANK);
	assert_int_equal(line(UUID1), STATION_REFUSED);
	line("SN1");
	assert_int_equal(
	    station_judge_half(&s, "A", &none, &e), STATION_REFUSED);
	assert_refused(REASON_SCAN_UNKNOWN, "serial SN1: no unit");
	assert_int_equal(line_at(UUID1, WAIT + 1), STATION_REFUSED);
	line("SN1");
	err_clear(&e);
	assert_int_equal(
	    station_judge_half(&s, "A", &done, &e), STATION_REFUSED);
	assert_refused(REASON_SCAN_REPEATED, "is verified already");
	/* Another board instead of it. */
	assert_int_equal(line("SN2"), STATION_HALF);
	assert_int_equal(line(UUID2), STATION_BOARD);
	assert_int_equal(s.failed, 5);
}

static void
a_uuid_in_the_other_order_of_bytes_is_told(void **state)
{
	const struct unit_brief none = { 0 };
	struct unit_brief one = brief("SN1", UUID1, "issued");

	(void)state;
	begin(true, true);
	line("SN1 33221100-5544-7766-8899-aabbccddeeff");
	assert_int_equal(judge(&none, &one), ERR_DATA);
	assert_refused(REASON_SCAN_MISMATCH, "--uuid-order");
}

/* Does what is to be done; "!" behind a letter: it fails. */
static void
assert_acts(
    bool program, bool read, const char *acts, enum station_result result)
{
	static const char letters[] = "sLMPWRCVT";

	begin(program, read);
	line("SN1 " UUID1);
	for (; *acts != '\0'; acts++) {
		assert_int_equal(letters[s.act], *acts);
		err_clear(&e);
		if (acts[1] == '!') {
			err_set(&e, ERR_IO, "no");
			acts++;
		}
		station_did(&s, &e);
	}
	assert_int_equal(s.act, STATION_TELL);
	assert_int_equal(station_result(&s), result);
	assert_int_equal(s.why.code != ERR_OK, result == STATION_FAIL);
	station_told(&s);
	assert_int_equal(s.passed, result == STATION_PASS);
	assert_int_equal(s.done, result == STATION_DONE);
	assert_int_equal(s.failed, result == STATION_FAIL);
	assert_int_equal(s.act, STATION_SCAN);
	assert_int_equal(line(UUID1), STATION_REFUSED); /* it is forgotten */
}

static void
a_board_goes_its_way(void **state)
{
	(void)state;
	assert_acts(true, true, "LMPWRCV", STATION_PASS);
	assert_acts(true, false, "LMPW", STATION_DONE);
	assert_acts(false, true, "LMRCWV", STATION_PASS);
	assert_acts(false, false, "LMW", STATION_DONE);
}

static void
what_fails_is_told_at_once(void **state)
{
	(void)state;
	assert_acts(true, true, "L!", STATION_FAIL);
	assert_acts(true, true, "LM!", STATION_FAIL);
	assert_acts(true, true, "LMP!", STATION_FAIL);
	assert_acts(true, true, "LMPW!", STATION_FAIL);
	assert_acts(true, true, "LMPWR!", STATION_FAIL);
	assert_acts(true, true, "LMPWRC!", STATION_FAIL);
	assert_acts(true, true, "LMPWRCV!", STATION_FAIL);
	assert_acts(false, true, "LMRC!", STATION_FAIL);
}

static void
one_board_is_at_work_at_a_time(void **state)
{
	(void)state;
	begin(true, true);
	line("SN1 " UUID1);
	assert_int_equal(line("SN2 " UUID2), STATION_REFUSED);
	assert_int_equal(e.code, ERR_BUG);
	assert_string_equal(s.scan.serial, "SN1");
	assert_int_equal(station_left(&s, 9999), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(serial_and_uuid_make_a_board),
		cmocka_unit_test(a_serial_that_is_scanned_twice_is_waited_for),
		cmocka_unit_test(another_serial_gives_up_the_first),
		cmocka_unit_test(a_code_of_another_board_gives_up_both),
		cmocka_unit_test(a_uuid_comes_behind_its_serial),
		cmocka_unit_test(a_uuid_comes_in_time),
		cmocka_unit_test(the_state_of_a_unit_decides),
		cmocka_unit_test(serial_and_uuid_are_of_one_unit_of_the_order),
		cmocka_unit_test(
		    a_serial_that_cannot_be_done_is_refused_before_its_uuid),
		cmocka_unit_test(a_uuid_in_the_other_order_of_bytes_is_told),
		cmocka_unit_test(a_board_goes_its_way),
		cmocka_unit_test(what_fails_is_told_at_once),
		cmocka_unit_test(one_board_is_at_work_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
