/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "bios/encode.h"
#include "formats/reason.h"

static struct record rec;
static struct map_setting set;
static uint8_t got[4096];
static size_t len;

static void
a_record(void)
{
	memset(&rec, 0, sizeof(rec));
	rec.sequence = 1;
	rec.amt_major = 6;
	rec.enabled = rec.talk = true;
	rec.mode = RECORD_SMB;
	rec.server_port = 0x1234;
	memcpy(rec.server_ip, "\x0a\x14\x1e\x28", 4);
	uuid_parse(&rec.uuid, "00112233-4455-6677-8899-aabbccddeeff");
	strcpy(rec.serial, "S-1");
	strcpy(rec.server_fqdn, "a.example");
	strcpy(rec.psk.pid, "0000000C");
	strcpy(rec.mebx_current, "admin");
	strcpy(rec.mebx_new, "Passw0rd!");
}

static enum err_code
encode(enum map_value value, enum map_encoding encoding, size_t size,
    struct err *e)
{
	struct wr w;

	err_clear(e);
	strcpy(set.label, "x");
	set.value = value;
	set.encoding = encoding;
	set.size = size;
	wr_fixed(&w, got, sizeof(got));
	encode_value(&set, &rec, &w, e);
	len = w.len;
	return e->code;
}

static void
gives(enum map_value value, enum map_encoding encoding, size_t size,
    const void *want, size_t n)
{
	struct err e;

	assert_true(map_encodes(encoding, value));
	if (encode(value, encoding, size, &e) != ERR_OK)
		fail_msg("%s", e.msg);
	assert_int_equal(len, n);
	assert_memory_equal(got, want, n);
}

static void
refuses(enum map_value value, enum map_encoding encoding, size_t size,
    const char *says)
{
	struct err e;

	assert_int_equal(encode(value, encoding, size, &e), ERR_DATA);
	assert_ptr_equal(e.reason, reason_get(REASON_MAP_UNSOUND));
	if (strstr(e.msg, says) == NULL)
		fail_msg("%s lacks %s", e.msg, says);
}

static void
numbers_have_the_order_and_width_that_is_named(void **state)
{
	(void)state;
	a_record();
	memset(&set, 0, sizeof(set));
	gives(MAP_START, MAP_U8, 1, "\x01", 1);
	gives(MAP_SERVER_PORT, MAP_U16LE, 2, "\x34\x12", 2);
	gives(MAP_SERVER_PORT, MAP_U16BE, 2, "\x12\x34", 2);
	gives(MAP_SERVER_PORT, MAP_U32LE, 4, "\x34\x12\0\0", 4);
	gives(MAP_SERVER_PORT, MAP_U32BE, 4, "\0\0\x12\x34", 4);
	gives(MAP_SERVER_ADDRESS, MAP_U32BE, 4, "\x0a\x14\x1e\x28", 4);
	gives(MAP_SERVER_ADDRESS, MAP_U32LE, 4, "\x28\x1e\x14\x0a", 4);
	gives(MAP_SERVER_ADDRESS, MAP_RAW, 4, "\x0a\x14\x1e\x28", 4);
	assert_false(map_encodes(MAP_U8, MAP_SERVER_PORT));
	assert_false(map_encodes(MAP_U16LE, MAP_SERVER_ADDRESS));
	assert_false(map_encodes(MAP_OPR1, MAP_PPS));
	assert_false(map_encodes(MAP_ASCII, MAP_START));
}

static void
choices_are_the_maps_words(void **state)
{
	(void)state;
	a_record();
	memset(&set, 0, sizeof(set));
	set.words = true;
	set.word[0] = 0x5555;
	set.word[1] = 0xAAAA0102;
	gives(MAP_START, MAP_ENUM, 4, "\x02\x01\xaa\xaa", 4);
	rec.talk = false;
	gives(MAP_START, MAP_ENUM, 2, "\x55\x55", 2);
}

static void
bits_stand_in_their_place_and_no_other(void **state)
{
	(void)state;
	a_record();
	memset(&set, 0, sizeof(set));
	set.bit = 9;
	set.width = 1;
	gives(MAP_ENABLED, MAP_BITS, 2, "\0\x02", 2);
	assert_int_equal(encode_mask(&set), 0x200);
	set.width = 3;
	set.words = true;
	set.word[1] = 5;
	gives(MAP_ENABLED, MAP_BITS, 2, "\0\x0a", 2);
	assert_int_equal(encode_mask(&set), 0xE00);
	set.word[1] = 0xFFFF; /* what is wider is cut to its bits */
	gives(MAP_ENABLED, MAP_BITS, 4, "\0\x0e\0\0", 4);
	set.bit = 0;
	set.width = 32;
	assert_int_equal(encode_mask(&set), 0xFFFFFFFF);
}

static void
texts_are_padded_and_never_cut(void **state)
{
	(void)state;
	a_record();
	memset(&set, 0, sizeof(set));
	gives(MAP_SERIAL, MAP_ASCII, 5, "S-1\0\0", 5);
	set.fill = 0xFF;
	gives(MAP_SERIAL, MAP_UTF16, 8, "S\0-\0001\0\xff\xff", 8);
	gives(MAP_SERIAL, MAP_ASCII, 3, "S-1", 3);
	gives(MAP_SERIAL, MAP_ASCII, 0, "S-1", 3); /* as long as it is */
	refuses(MAP_SERIAL, MAP_ASCII, 2, "longer than its 2 bytes");
	refuses(MAP_SERIAL, MAP_UTF16, 4, "longer than its 4 bytes");
	gives(MAP_SERVER_ADDRESS, MAP_ASCII, 12, "10.20.30.40\xff", 12);
	gives(MAP_UUID, MAP_ASCII, 36, "00112233-4455-6677-8899-aabbccddeeff",
	    36);
	gives(MAP_UUID, MAP_RAW, 16,
	    "\x33\x22\x11\0\x55\x44\x77\x66\x88\x99\xaa\xbb\xcc\xdd\xee\xff",
	    16);
	gives(MAP_PID, MAP_RAW, 8, "0000000C", 8);
	refuses(MAP_PID, MAP_RAW, 9, "does not have its 9 bytes");
}

static void
what_the_unit_has_not_is_fill(void **state)
{
	(void)state;
	a_record();
	memset(&set, 0, sizeof(set));
	set.fill = 0xFF;
	gives(MAP_PPS, MAP_ASCII, 4, "\xff\xff\xff\xff", 4);
	assert_false(encode_has(&set, &rec));
	gives(MAP_PPS, MAP_RAW, 4, "\xff\xff\xff\xff", 4);
	memset(rec.server_ip, 0, 4);
	gives(MAP_SERVER_ADDRESS, MAP_ASCII, 2, "\xff\xff", 2);
	gives(MAP_SERVER_ADDRESS, MAP_U32LE, 4, "\0\0\0\0", 4);
	gives(MAP_HASHES_OF, MAP_HASH_ARRAY, 0, "", 0);
	set.value = MAP_ENABLED;
	assert_true(encode_has(&set, &rec));
}

static void
two_hashes(void)
{
	a_record();
	memset(&set, 0, sizeof(set));
	set.fill = 0xEE;
	set.stride = 22;
	set.count = 3;
	rec.hashes.n = 2;
	for (size_t i = 0; i < 2; i++) {
		struct hash_entry *h = &rec.hashes.e[i];

		h->type = HASH_SHA1;
		memset(h->hash, 0x11 * (int)(i + 1), 20);
		h->active = true;
		strcpy(h->name, i == 0 ? "one" : "two");
	}
}

static void
hashes_fill_an_array_of_entries(void **state)
{
	uint8_t want[66];

	(void)state;
	two_hashes();
	memset(want, 0xEE, sizeof(want));
	memset(want, 0x11, 20);
	memset(want + 22, 0x22, 20);
	gives(MAP_HASHES_OF, MAP_HASH_ARRAY, 66, want, 66);
	rec.hashes.e[0].active = false; /* is not listed */
	memset(want, 0x22, 20);
	memset(want + 22, 0xEE, 22);
	gives(MAP_HASHES_OF, MAP_HASH_ARRAY, 66, want, 66);
	rec.hashes.e[0].active = rec.hashes.e[0].only = true;
	memset(want, 0x11, 20); /* alone */
	gives(MAP_HASHES_OF, MAP_HASH_ARRAY, 66, want, 66);
}

static void
a_tag_tells_the_type_of_a_hash(void **state)
{
	uint8_t want[66];

	(void)state;
	two_hashes();
	set.tagged = set.has_tag[0] = true;
	set.tag[0] = 0x77;
	memset(want, 0xEE, sizeof(want));
	want[0] = want[22] = 0x77;
	memset(want + 1, 0x11, 20);
	memset(want + 23, 0x22, 20);
	gives(MAP_HASHES_OF, MAP_HASH_ARRAY, 66, want, 66);
	rec.hashes.e[1].type = HASH_SHA256;
	refuses(MAP_HASHES_OF, MAP_HASH_ARRAY, 66,
	    "hash two is sha256, for which the map has no tag");
	set.has_tag[1] = true;
	refuses(MAP_HASHES_OF, MAP_HASH_ARRAY, 66,
	    "hash two is longer than an entry of 22 bytes");
	set.tagged = false;
	refuses(MAP_HASHES_OF, MAP_HASH_ARRAY, 66, "one and two are of two");
	rec.hashes.e[1].type = HASH_SHA1;
	set.count = 1;
	refuses(MAP_HASHES_OF, MAP_HASH_ARRAY, 22, "more hashes than its 1");
}

static void
the_record_is_padded_to_its_room(void **state)
{
	static struct record back;
	struct err e;
	struct rd r;
	size_t n;

	(void)state;
	a_record();
	memset(&set, 0, sizeof(set));
	set.fill = 0xFF;
	memset(rec.psk.pps, '0', PSK_PPS_LEN);
	assert_int_equal(encode(MAP_OEM_RECORD, MAP_OPR1, 0, &e), ERR_OK);
	n = len;
	rd_init(&r, got, n);
	assert_true(record_read(&r, &back));
	assert_string_equal(back.mebx_new, "Passw0rd!");
	assert_int_equal(encode(MAP_OEM_RECORD, MAP_OPR1, n + 7, &e), ERR_OK);
	assert_int_equal(len, n + 7);
	assert_int_equal(got[n], 0xFF);
	assert_int_equal(got[n + 6], 0xFF);
	refuses(MAP_OEM_RECORD, MAP_OPR1, n - 1, "longer than its");
}

static void
no_message_tells_a_secret(void **state)
{
	struct err e;

	(void)state;
	a_record();
	memset(&set, 0, sizeof(set));
	assert_int_equal(encode(MAP_MEBX_PASSWORD, MAP_ASCII, 3, &e), ERR_DATA);
	assert_null(strstr(e.msg, "Passw0rd!"));
	assert_null(strstr(e.msg, "9 bytes")); /* nor how long it is */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    numbers_have_the_order_and_width_that_is_named),
		cmocka_unit_test(choices_are_the_maps_words),
		cmocka_unit_test(bits_stand_in_their_place_and_no_other),
		cmocka_unit_test(texts_are_padded_and_never_cut),
		cmocka_unit_test(what_the_unit_has_not_is_fill),
		cmocka_unit_test(hashes_fill_an_array_of_entries),
		cmocka_unit_test(a_tag_tells_the_type_of_a_hash),
		cmocka_unit_test(the_record_is_padded_to_its_room),
		cmocka_unit_test(no_message_tells_a_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
