/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "factory/plandoc.h"
#include "formats/reason.h"

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define UUID "00112233-4455-6677-8899-aabbccddeeff"
#define HEAD(size)                                                          \
	"{\"plan\":1,\"uuid\":\"" UUID "\",\"order\":\"A17\",\"record\":1," \
	"\"base\":{\"size\":" size ",\"sha256\":\"" EMPTY "\"},"            \
	"\"map\":{\"name\":\"m\",\"sha256\":\"" EMPTY "\",\"text\":\"\"},"  \
	"\"clears_only\":true,\"writes\":["
#define ONE                                                             \
	"{\"offset\":1,\"length\":2,\"old\":\"0102\",\"new\":\"0304\"," \
	"\"why\":\"a: \\\"b\\\"\"}"
#define TWO                                                                 \
	"{\"offset\":4,\"length\":8,\"old_fill\":255,\"secret\":{\"unit\":" \
	"\"" UUID "\",\"record\":1},\"why\":\"c\"}"
#define TAIL "]}\n"

static struct plandoc doc, other;

static void
what_is_written_is_read_again_to_the_same_bytes(void **state)
{
	static const char *const texts[] = { HEAD("64") ONE "," TWO TAIL,
		HEAD("64") TAIL, HEAD("3") ONE TAIL };
	struct err e;
	struct wr w;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		err_clear(&e);
		if (plandoc_read(texts[i], strlen(texts[i]), &doc, &e) !=
		    ERR_OK)
			fail_msg("%s", e.msg);
		wr_grow(&w, PLANDOC_MAX);
		plandoc_write(&w, &doc);
		assert_int_equal(w.len, strlen(texts[i]));
		assert_memory_equal(w.buf, texts[i], w.len);
		wr_free(&w);
		plandoc_free(&doc);
	}
}

static void
what_no_plan_is_is_refused(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "", "ends too early" },
		{ "[]", "not a plan" },
		{ "{\"plan\":2}", "of version 2" },
		{ HEAD("64") ONE TAIL " ", "not as image plan writes it" },
		{ HEAD("64") " " ONE TAIL, "not as image plan writes it" },
		{ HEAD("64") TWO "," ONE TAIL, "write 2:" }, /* order */
		{ HEAD("64") ONE "," ONE TAIL, "write 2:" }, /* overlap */
		{ HEAD("2") ONE TAIL, "write 1:" }, /* outside the base */
		{ HEAD("64") "{\"offset\":1,\"length\":0,\"old\":\"\","
			     "\"new\":\"\",\"why\":\"a\"}" TAIL,
		    "write 1:" },
		{ HEAD("64") "{\"offset\":1,\"length\":2,\"old\":\"0101\","
			     "\"new\":\"0304\",\"why\":\"a\"}" TAIL,
		    "write 1:" }, /* is a fill */
		{ HEAD("64") "{\"offset\":1,\"length\":2,\"old\":\"01AB\","
			     "\"new\":\"0304\",\"why\":\"a\"}" TAIL,
		    "byte 342:" }, /* upper case */
		{ HEAD(
		      "64") "{\"offset\":1,\"length\":2,\"old\":\"01ab\","
			    "\"new\":\"0304\",\"secret\":1,\"why\":\"a\"}" TAIL,
		    "byte " },
		{ HEAD("999999999") TAIL, "base:" },
	};
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		err_clear(&e);
		assert_int_equal(
		    plandoc_read(rows[i].text, strlen(rows[i].text), &doc, &e),
		    ERR_DATA);
		assert_ptr_equal(e.reason, reason_get(REASON_PLAN_UNSOUND));
		if (strstr(e.msg, rows[i].says) == NULL)
			fail_msg("%zu: %s lacks %s", i, e.msg, rows[i].says);
		plandoc_free(&doc);
	}
}

static void
a_map_whose_text_was_changed_is_refused(void **state)
{
	char text[] = HEAD("64") TAIL;
	struct err e;

	(void)state;
	strstr(text, EMPTY "\",\"text")[0] = 'f';
	err_clear(&e);
	plandoc_read(text, strlen(text), &doc, &e);
	assert_non_null(strstr(e.msg, "map: its text has another SHA-256"));
	plandoc_free(&doc);
}

static void
undoing_puts_the_old_bytes_back(void **state)
{
	static const char text[] = HEAD("64") ONE "," TWO TAIL;
	uint8_t img[64];
	struct err e;

	(void)state;
	err_clear(&e);
	assert_int_equal(plandoc_read(text, strlen(text), &doc, &e), ERR_OK);
	memset(img, 0x77, sizeof(img));
	assert_int_equal(plandoc_revert(&doc, img, sizeof(img), &e), ERR_OK);
	assert_memory_equal(img,
	    "\x77\x01\x02\x77\xff\xff\xff\xff\xff\xff\xff"
	    "\xff\x77",
	    13);
	/* An image that is too short is not written. */
	assert_int_equal(plandoc_revert(&doc, img, 8, &e), ERR_DATA);
	plandoc_free(&doc);
}

static void
the_first_difference_of_two_plans_is_named(void **state)
{
	static const char text[] = HEAD("64") ONE "," TWO TAIL;
	static const struct {
		const char *was, *is, *says;
	} rows[] = {
		{ "A17", "A18", "order A18, the ledger A17" },
		{ "\"record\":1,", "\"record\":2,", "record" },
		{ "\"size\":64", "\"size\":65", "another base" },
		{ "\"name\":\"m\"", "\"name\":\"n\"", "another map" },
		{ "\"offset\":1", "\"offset\":0", "write 1: the plan has 0x0" },
		{ "0102", "0103", "write 1 at 0x1: the plan has other old" },
		{ "0304", "0305", "write 1 at 0x1: the plan has other new" },
		{ "\"c\"", "\"d\"", "write 2 at 0x4: the plan has other rea" },
		{ "true", "false", "\"clears_only\": false" },
	};
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *at = strstr(text, rows[i].was);
		char changed[1024];

		assert_non_null(at);
		snprintf(changed, sizeof(changed), "%.*s%s%s", (int)(at - text),
		    text, rows[i].is, at + strlen(rows[i].was));
		if (i == 1) /* the secret's too */
			strstr(changed, "\"record\":1}")[9] = '2';
		err_clear(&e);
		assert_int_equal(
		    plandoc_read(text, strlen(text), &other, &e), ERR_OK);
		if (plandoc_read(changed, strlen(changed), &doc, &e) != ERR_OK)
			fail_msg("%zu: %s", i, e.msg);
		assert_int_equal(plandoc_same(&doc, &other, &e), ERR_DATA);
		assert_ptr_equal(e.reason, reason_get(REASON_PLAN_DIFFERS));
		if (strstr(e.msg, rows[i].says) == NULL)
			fail_msg("%zu: %s lacks %s", i, e.msg, rows[i].says);
		err_clear(&e);
		assert_int_equal(plandoc_same(&other, &other, &e), ERR_OK);
		plandoc_free(&doc);
		plandoc_free(&other);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    what_is_written_is_read_again_to_the_same_bytes),
		cmocka_unit_test(what_no_plan_is_is_refused),
		cmocka_unit_test(a_map_whose_text_was_changed_is_refused),
		cmocka_unit_test(undoing_puts_the_old_bytes_back),
		cmocka_unit_test(the_first_difference_of_two_plans_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
