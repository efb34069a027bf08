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
	uint8_t out[SHA256_LEN];

	(void)state;
	for (size_t cut = 0; cut < LENGTHS; cut++) {
		struct digest_sha256 d;

		digest_sha256_init(&d);
		digest_sha256_add(&d, bytes, cut);
		digest_sha256_add(&d, bytes + cut, 0);
		digest_sha256_add(&d, bytes + cut, LENGTHS - cut);
		digest_sha256_end(&d, out);
		check(EVP_sha256(), LENGTHS, out, SHA256_LEN);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_length_hashes_as_openssl_does),
		cmocka_unit_test(pieces_hash_as_the_whole),
		cmocka_unit_test(the_vectors_of_fips_180_hold),
		cmocka_unit_test(crc32_is_zlibs),
	};

	return cmocka_run_group_tests(tests, fill, NULL);
}
