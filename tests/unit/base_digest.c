/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <string.h>

#include <openssl/evp.h>
#include <zlib.h>

#include "base/digest.h"
#include "base/text.h"

/* The judges: OpenSSL and zlib, over every length around the block sizes. */
#define LENGTHS 400
static uint8_t bytes[LENGTHS];

static int
fill(void **state)
{
	uint32_t x = 1;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++) {
		x = x * 1664525 + 1013904223;
		bytes[i] = (uint8_t)(x >> 24);
	}
	return 0;
}

static void
check(const EVP_MD *md, size_t n, const uint8_t *ours, size_t len)
{
	uint8_t theirs[EVP_MAX_MD_SIZE];

	assert_int_equal(EVP_Digest(bytes, n, theirs, NULL, md, NULL), 1);
	assert_memory_equal(ours, theirs, len);
}

static void
every_length_hashes_as_openssl_does(void **state)
{
	uint8_t out[DIGEST_MAX];

	(void)state;
	for (size_t n = 0; n < LENGTHS; n++) {
		digest_sha1(bytes, n, out);
		check(EVP_sha1(), n, out, SHA1_LEN);
		digest_sha256(bytes, n, out);
		check(EVP_sha256(), n, out, SHA256_LEN);
		digest_sha384(bytes, n, out);
		check(EVP_sha384(), n, out, SHA384_LEN);
	}
}

static void
pieces_hash_as_the_whole(void **state)
{
	uint8_t out[DIGEST_MAX];

	(void)state;
	for (size_t cut = 0; cut < LENGTHS; cut++) {
		struct digest_sha256 d;
		struct digest_sha384 d3;

		digest_sha256_init(&d);
		digest_sha256_add(&d, bytes, cut);
		digest_sha256_add(&d, bytes + cut, 0);
		digest_sha256_add(&d, bytes + cut, LENGTHS - cut);
		digest_sha256_end(&d, out);
		check(EVP_sha256(), LENGTHS, out, SHA256_LEN);
		digest_sha384_init(&d3);
		digest_sha384_add(&d3, bytes, cut);
		digest_sha384_add(&d3, bytes + cut, 0);
		digest_sha384_add(&d3, bytes + cut, LENGTHS - cut);
		digest_sha384_end(&d3, out);
		check(EVP_sha384(), LENGTHS, out, SHA384_LEN);
	}
}

static void
the_vectors_of_fips_180_hold(void **state)
{
	char hex[TEXT_HEX_SIZE(DIGEST_MAX)];
	uint8_t out[DIGEST_MAX];

	(void)state;
	digest_sha1("abc", 3, out);
	text_hex(hex, out, SHA1_LEN);
	assert_string_equal(hex, "a9993e364706816aba3e25717850c26c9cd0d89d");
	digest_sha256("abc", 3, out);
	text_hex(hex, out, SHA256_LEN);
	assert_string_equal(hex,
	    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	digest_sha384("abc", 3, out);
	text_hex(hex, out, SHA384_LEN);
	assert_string_equal(hex,
	    "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
	    "8086072ba1e7cc2358baeca134c825a7");
}

static void
crc32_is_zlibs(void **state)
{
	(void)state;
	assert_int_equal(digest_crc32("123456789", 9), 0xcbf43926);
	for (size_t n = 0; n < LENGTHS; n++)
		assert_int_equal(digest_crc32(bytes, n),
		    crc32(
			0, n == 0 ? (const uint8_t *)"" : bytes, (unsigned)n));
}

static void
crc32_goes_on_in_pieces(void **state)
{
	(void)state;
	for (size_t cut = 0; cut <= LENGTHS; cut++)
		assert_int_equal(digest_crc32_more(digest_crc32(bytes, cut),
				     bytes + cut, LENGTHS - cut),
		    digest_crc32(bytes, LENGTHS));
}

/* Check values of the catalogue of parametrised CRC algorithms: CRC-8/SMBUS,
 * CRC-16/IBM-3740 (called CCITT-FALSE) and CRC-16/XMODEM. */
static void
short_crcs_give_the_published_check_values(void **state)
{
	(void)state;
	assert_int_equal(digest_crc8(0, "123456789", 9), 0xF4);
	assert_int_equal(digest_crc16(0xFFFF, "123456789", 9), 0x29B1);
	assert_int_equal(digest_crc16(0, "123456789", 9), 0x31C3);
	assert_int_equal(digest_crc8(1, "", 0), 1);
	assert_int_equal(digest_crc16(0xFFFF, "", 0), 0xFFFF);
	/* By hand: 1 ^ 0x80 = 0x81, divided by 0x107. */
	assert_int_equal(digest_crc8(1, "\x80", 1), 0x8E);
}

static void
short_crcs_and_sums_go_on_in_pieces(void **state)
{
	(void)state;
	for (size_t cut = 0; cut <= LENGTHS; cut++) {
		const uint8_t *rest = bytes + cut;
		size_t n = LENGTHS - cut;

		assert_int_equal(
		    digest_crc8(digest_crc8(1, bytes, cut), rest, n),
		    digest_crc8(1, bytes, LENGTHS));
		assert_int_equal(
		    digest_crc16(digest_crc16(0xFFFF, bytes, cut), rest, n),
		    digest_crc16(0xFFFF, bytes, LENGTHS));
		assert_int_equal(
		    (digest_sum8(bytes, cut) + digest_sum8(rest, n)) & 0xFF,
		    digest_sum8(bytes, LENGTHS));
		if (cut % 2 == 0)
			assert_int_equal(
			    (digest_sum16(bytes, cut) + digest_sum16(rest, n)) &
				0xFFFF,
			    digest_sum16(bytes, LENGTHS));
	}
}

/* A CRC of first bit first, with its own value behind, is 0. */
static void
short_crcs_of_what_they_end_are_zero(void **state)
{
	uint8_t p[LENGTHS + 2];

	(void)state;
	for (size_t n = 0; n < LENGTHS; n++) {
		uint16_t crc = digest_crc16(0xFFFF, bytes, n);

		memcpy(p, bytes, n);
		p[n] = digest_crc8(1, bytes, n);
		assert_int_equal(digest_crc8(1, p, n + 1), 0);
		p[n] = (uint8_t)(crc >> 8);
		p[n + 1] = (uint8_t)crc;
		assert_int_equal(digest_crc16(0xFFFF, p, n + 2), 0);
	}
}

static void
sums_wrap(void **state)
{
	(void)state;
	assert_int_equal(digest_sum8("\xFF\x02", 2), 1);
	assert_int_equal(digest_sum16("\xFF\xFF\x02\x00", 4), 1);
	assert_int_equal(digest_sum16("\x01\x02\x03", 3), 0x0204);
	assert_int_equal(digest_sum8("", 0), 0);
	assert_int_equal(digest_sum16("", 0), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_length_hashes_as_openssl_does),
		cmocka_unit_test(pieces_hash_as_the_whole),
		cmocka_unit_test(the_vectors_of_fips_180_hold),
		cmocka_unit_test(crc32_is_zlibs),
		cmocka_unit_test(crc32_goes_on_in_pieces),
		cmocka_unit_test(short_crcs_give_the_published_check_values),
		cmocka_unit_test(short_crcs_and_sums_go_on_in_pieces),
		cmocka_unit_test(short_crcs_of_what_they_end_are_zero),
		cmocka_unit_test(sums_wrap),
	};

	return cmocka_run_group_tests(tests, fill, NULL);
}
