/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <string.h>

#include "base/text.h"
#include "formats/pthi.h"

static uint8_t in[PTHI_MAX], out[PTHI_MAX];
static struct pthi m;

/* The published messages: request or answer, and their bytes. */
#define STATE_ASKED "010100001100000400000000"
#define STATE_TOLD "0101000011008004080000000000000001000000"
#define OTP_SET "010100002a0000040b00000009004f7470213132333435"
#define UUID_TOLD \
	"010100005c00800414000000000000004b529b93d413181de4871c697a6b7a2b"

static size_t
bytes(const char *hex)
{
	size_t n = strlen(hex) / 2;

	assert_true(text_unhex(in, n, hex, 2 * n));
	return n;
}

static const char *
read_it(size_t n)
{
	struct rd r;

	rd_init(&r, in, n);
	return pthi_read(&r, &m) ? NULL : r.why;
}

static void
written_is(const char *hex)
{
	struct wr w;

	wr_fixed(&w, out, sizeof(out));
	pthi_write(&w, &m);
	assert_false(w.failed);
	assert_int_equal(w.len, bytes(hex));
	assert_memory_equal(out, in, w.len);
}

static void
the_published_messages_are_written(void **state)
{
	struct uuid u;

	(void)state;
	m = (struct pthi){ .minor = 1, .op = PTHI_PROVISIONING_STATE };
	written_is(STATE_ASKED);
	m.answer = true;
	m.body.number = 1;
	written_is(STATE_TOLD);
	m = (struct pthi){ .minor = 1, .op = PTHI_SET_OTP };
	pthi_ansi_set(&m.body.text, "Otp!12345");
	written_is(OTP_SET);
	assert_true(uuid_parse(&u, "939b524b-13d4-1d18-e487-1c697a6b7a2b"));
	m = (struct pthi){ .minor = 1, .op = PTHI_UUID, .answer = true };
	m.body.uuid = u;
	written_is(UUID_TOLD);
}

static void
the_published_messages_are_read(void **state)
{
	char text[33];

	(void)state;
	assert_null(read_it(bytes(STATE_ASKED)));
	assert_int_equal(m.op, PTHI_PROVISIONING_STATE);
	assert_false(m.answer);
	assert_null(read_it(bytes(STATE_TOLD)));
	assert_true(m.answer);
	assert_int_equal(m.body.number, 1);
	assert_null(read_it(bytes(OTP_SET)));
	assert_true(pthi_ansi_get(&m.body.text, text, sizeof(text)));
	assert_string_equal(text, "Otp!12345");
	assert_null(read_it(bytes(UUID_TOLD)));
	assert_int_equal(m.body.uuid.b[0], 0x4b);
	assert_int_equal(pthi_size(in, 12), 32);
	assert_int_equal(pthi_size(in, 11), 0);
}

static void
each_length_but_its_own_is_refused(void **state)
{
	static const char *const hex[] = { STATE_ASKED, STATE_TOLD, OTP_SET,
		UUID_TOLD };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		size_t n = bytes(hex[i]);

		for (size_t k = 0; k < n; k++)
			assert_non_null(read_it(k));
		in[n] = 0;
		assert_non_null(read_it(n + 1));
		assert_null(read_it(n));
	}
}

static void
a_header_that_strict_clients_refuse_is_refused(void **state)
{
	static const struct {
		size_t at;
		uint8_t v;
		const char *why;
	} t[] = { { 0, 0, "the major version is not 1" },
		{ 0, 2, "the major version is not 1" },
		{ 1, 0, "the minor version is 0" },
		{ 2, 1, "the reserved field is not 0" },
		{ 3, 1, "the reserved field is not 0" },
		{ 8, 7, "the length is not that of the message" },
		{ 9, 1, "the length is not that of the message" } };

	(void)state;
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		size_t n = bytes(STATE_TOLD);

		in[t[i].at] = t[i].v;
		assert_string_equal(read_it(n), t[i].why);
	}
	bytes(STATE_TOLD);
	in[1] = 9; /* a later minor version */
	assert_null(read_it(20));
}

static void
a_counted_nul_is_not_part_of_a_text(void **state)
{
	struct pthi_ansi a = { 5, "abcd" };
	char text[8], small[4];

	(void)state;
	assert_true(pthi_ansi_get(&a, text, sizeof(text)));
	assert_string_equal(text, "abcd");
	assert_false(pthi_ansi_get(&a, small, sizeof(small)));
	a.n = 6; /* two of them */
	a.s[5] = '\0';
	assert_false(pthi_ansi_get(&a, text, sizeof(text)));
	a = (struct pthi_ansi){ 3, "a\0b" };
	assert_false(pthi_ansi_get(&a, text, sizeof(text)));
	a = (struct pthi_ansi){ 0, "" };
	assert_true(pthi_ansi_get(&a, text, sizeof(text)));
	assert_string_equal(text, "");
}

static void
an_answer_without_success_has_no_body(void **state)
{
	(void)state;
	assert_null(read_it(bytes("010100005c0080040400000002000000")));
	assert_int_equal(m.status, PTHI_NOT_READY);
	written_is("010100005c0080040400000002000000");
	/* What some firmware sends all the same is kept. */
	assert_null(read_it(bytes("010100005c00800406000000020000000102")));
	assert_int_equal(m.rest_len, 2);
}

static void
a_request_is_known_by_its_header(void **state)
{
	uint32_t op = 0;

	(void)state;
	/* An OTP whose length lies: no body, but a command. */
	assert_true(
	    pthi_request(in, bytes("010100002a00000404000000ffff4f74"), &op));
	assert_int_equal(op, PTHI_SET_OTP);
	assert_non_null(read_it(16));
	assert_false(pthi_request(in, bytes(STATE_TOLD), &op));
	assert_false(pthi_request(in, bytes("0101000011000004"), &op));
}

static void
the_client_that_enables_has_its_raw_bytes(void **state)
{
	static const struct {
		const char *hex;
		struct pthi_wd m;
	} t[] = { { "05025110", { PTHI_WD_ASK, 0 } },
		{ "05025210", { PTHI_WD_CHANGE, 0 } },
		{ "0503531000", { PTHI_WD_SET, 0 } },
		{ "0503531001", { PTHI_WD_SET, 1 } } };
	static const char *const bad[] = { "05025111", "05025410", "04025110",
		"0502511000", "05035310", "05035110", "0502531001", "0500",
		"05", "" };
	struct pthi_wd wd;
	struct wr w;
	struct rd r;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		size_t n = bytes(t[i].hex);

		rd_init(&r, in, n);
		assert_true(pthi_wd_read(&r, &wd));
		assert_int_equal(wd.what, t[i].m.what);
		assert_int_equal(wd.state, t[i].m.state);
		wr_fixed(&w, out, sizeof(out));
		pthi_wd_write(&w, &wd);
		assert_int_equal(w.len, n);
		assert_memory_equal(out, in, n);
		assert_int_equal(pthi_wd_size(in, 2), n);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		rd_init(&r, in, bytes(bad[i]));
		assert_false(pthi_wd_read(&r, &wd));
	}
}

/* To the end of the message, whatever it is; more than is kept is not lost. */
static void
what_a_feature_tells_is_kept_as_it_is(void **state)
{
	static const uint8_t head[] = { 1, 1, 0, 0, 0x49, 0, 0x80, 4, 0, 0, 0,
		0, 0, 0, 0, 0, 5, 0, 0, 0 };

	(void)state;
	assert_null(read_it(bytes("0101000049008004080000000000000005000000")));
	assert_int_equal(m.body.features.n, 0);
	assert_null(
	    read_it(bytes("01010000490080040b0000000000000005000000010203")));
	assert_int_equal(m.body.features.id, 5);
	assert_int_equal(m.body.features.n, 3);
	written_is("01010000490080040b0000000000000005000000010203");
	memset(in, 7, sizeof(in));
	memcpy(in, head, sizeof(head));
	put_u32le(in + 8, 8 + PTHI_FEATURES_MAX + 1);
	assert_null(read_it(sizeof(head) + PTHI_FEATURES_MAX + 1));
	assert_int_equal(m.body.features.n, 0);
	assert_int_equal(m.rest_len, PTHI_FEATURES_MAX + 1);
	m = (struct pthi){ .minor = 1, .op = PTHI_CIRA_LOG };
	m.body.version = 1;
	written_is("010100008e0000040100000001");
	m = (struct pthi){ .minor = 1, .op = PTHI_TCPIP };
	written_is("010100000600000400000000");
}

static void
statuses_and_commands_have_names(void **state)
{
	(void)state;
	assert_string_equal(pthi_status_name(0x31), "certificate not ready");
	assert_string_equal(pthi_status_name(0x809), "data missing");
	assert_string_equal(pthi_status_name(0x7777), "unknown");
	assert_string_equal(pthi_name(PTHI_UUID), "GetUUID");
	assert_string_equal(pthi_name(PTHI_AMT_STATE), "GetAMTState");
	assert_null(pthi_name(0x040000ff));
}

static void
what_is_too_much_fails_the_writer(void **state)
{
	struct wr w;

	(void)state;
	m = (struct pthi){
		.minor = 1, .op = PTHI_HASH_HANDLES, .answer = true
	};
	m.body.handles.n = PTHI_HANDLES + 1;
	wr_fixed(&w, out, sizeof(out));
	pthi_write(&w, &m);
	assert_true(w.failed);
	m.body.handles.n = PTHI_HANDLES;
	wr_fixed(&w, out, 64);
	pthi_write(&w, &m);
	assert_true(w.failed);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_published_messages_are_written),
		cmocka_unit_test(the_published_messages_are_read),
		cmocka_unit_test(each_length_but_its_own_is_refused),
		cmocka_unit_test(
		    a_header_that_strict_clients_refuse_is_refused),
		cmocka_unit_test(a_counted_nul_is_not_part_of_a_text),
		cmocka_unit_test(an_answer_without_success_has_no_body),
		cmocka_unit_test(a_request_is_known_by_its_header),
		cmocka_unit_test(the_client_that_enables_has_its_raw_bytes),
		cmocka_unit_test(what_a_feature_tells_is_kept_as_it_is),
		cmocka_unit_test(statuses_and_commands_have_names),
		cmocka_unit_test(what_is_too_much_fails_the_writer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
