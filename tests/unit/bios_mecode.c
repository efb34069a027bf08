/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "bios/mecode.h"
#include "tests/region.h"

#define MAN_MAX 0x800

static uint8_t p[REGION_SIZE];

/* Signs the manifest at m with a new key of so many bits. */
static void
sign(uint8_t *m, int bits, const char *md, bool pss)
{
	size_t len = (size_t)bits / 8, n = len;
	size_t head = get_u32le(m + 4) * 4, size = get_u32le(m + 0x18) * 4;
	EVP_PKEY *key = EVP_RSA_gen((unsigned)bits);
	EVP_MD_CTX *c = EVP_MD_CTX_new();
	EVP_PKEY_CTX *how = NULL;
	BIGNUM *mod = NULL;
	uint8_t sig[512];

	assert_non_null(key);
	assert_int_equal(
	    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &mod), 1);
	assert_int_equal(BN_bn2lebinpad(mod, m + 0x80, (int)len), (int)len);
	put_u32le(m + 0x80 + len, 65537);
	assert_int_equal(
	    EVP_DigestSignInit(c, &how, EVP_get_digestbyname(md), NULL, key),
	    1);
	if (pss)
		assert_int_equal(
		    EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING),
		    1);
	assert_int_equal(EVP_DigestSignUpdate(c, m, 0x80), 1);
	assert_int_equal(EVP_DigestSignUpdate(c, m + head, size - head), 1);
	assert_int_equal(EVP_DigestSignFinal(c, sig, &n), 1);
	for (size_t i = 0; i < len; i++)
		m[0x80 + len + 4 + i] = sig[len - 1 - i];
	BN_free(mod);
	EVP_MD_CTX_free(c);
	EVP_PKEY_free(key);
}

/* R2: 3072 bits, header 0xE1 dwords. */
static void
wide(uint8_t *m)
{
	region_manifest(m, "$MN2");
	memset(m + 0x80, 0x33, MAN_MAX - 0x80);
	m[0x80 + 383] |= 0x80;
	put_u32le(m + 4, 0xE1);
	put_u32le(m + 0x18, 0x400 / 4);
	put_u32le(m + 0x78, 0x60);
}

static enum mecode_verdict
verdict(const uint8_t *m, struct mecode_man *man)
{
	assert_true(mecode_man_read(m, 0, MAN_MAX, man));
	assert_int_equal(man->verdict, MECODE_UNCHECKED);
	mecode_man_verify(man);
	return man->verdict;
}

static void
a_manifest_tells_what_it_is(void **state)
{
	struct mecode_man m;

	(void)state;
	memset(p, 0xFF, MAN_MAX);
	region_manifest(p, "$MN2");
	assert_true(mecode_man_read(p, 0, MAN_MAX, &m));
	assert_null(m.why);
	assert_string_equal(m.tag, "$MN2");
	assert_int_equal(m.size, 0x2C0);
	assert_int_equal(m.header, 0x284);
	assert_int_equal(m.date, 0x20120910);
	assert_int_equal(m.version[0], 8);
	assert_int_equal(m.version[3], 1513);
	assert_int_equal(m.key, 2048);
	region_manifest(p, "$MAN");
	assert_true(mecode_man_read(p, 0, MAN_MAX, &m));
	assert_string_equal(m.tag, "$MAN");
	assert_false(mecode_man_read(p, 0, 0x7F, &m));
	assert_false(mecode_man_read(p, 4, MAN_MAX, &m));
}

static void
a_signature_holds_until_a_covered_bit_changes(void **state)
{
	struct mecode_man m;

	(void)state;
	memset(p, 0xFF, MAN_MAX);
	region_manifest(p, "$MN2");
	sign(p, 2048, "SHA256", false);
	assert_int_equal(verdict(p, &m), MECODE_VERIFIED);
	assert_string_equal(m.scheme, "rsa-2048 pkcs1-v1.5 sha-256");
	for (size_t at = 0; at < 0x2C0; at += at < 0x80 ? 1 : 7) {
		enum mecode_verdict v;

		p[at] ^= 0x20;
		if (mecode_man_read(p, 0, MAN_MAX, &m)) {
			mecode_man_verify(&m);
			v = m.verdict;
			assert_true(v == MECODE_WRONG ||
			    (v == MECODE_UNKNOWN && m.why != NULL));
			assert_null(m.scheme);
		} else
			assert_true(at >= 0x1C && at < 0x20);
		p[at] ^= 0x20;
	}
	/* What is behind it is not covered. */
	p[0x2C0] ^= 1;
	assert_int_equal(verdict(p, &m), MECODE_VERIFIED);
}

static void
wide_keys_sign_by_pss_with_either_digest(void **state)
{
	struct mecode_man m;

	(void)state;
	wide(p);
	sign(p, 3072, "SHA384", true);
	assert_int_equal(verdict(p, &m), MECODE_VERIFIED);
	assert_string_equal(m.scheme, "rsa-3072 pss sha-384");
	wide(p);
	sign(p, 3072, "SHA256", true);
	assert_int_equal(verdict(p, &m), MECODE_VERIFIED);
	assert_string_equal(m.scheme, "rsa-3072 pss sha-256");
}

static void
what_no_known_way_proves_is_not_called_wrong(void **state)
{
	struct mecode_man m;

	(void)state;
	wide(p);
	assert_int_equal(verdict(p, &m), MECODE_UNKNOWN);
	assert_int_equal(m.at, 0x80 + 384 + 4);
	region_manifest(p, "$MAN");
	sign(p, 2048, "SHA1", false);
	assert_int_equal(verdict(p, &m), MECODE_UNKNOWN);
	assert_non_null(strstr(m.why, "another kind of digest"));
	region_manifest(p, "$MN2");
	memset(p + 0x80, 0, 256);
	assert_int_equal(verdict(p, &m), MECODE_UNKNOWN);
	assert_non_null(strstr(m.why, "no key"));
	region_manifest(p, "$MN2");
	assert_int_equal(verdict(p, &m), MECODE_WRONG);
	/* A key that proves nothing is no unknown way. */
	put_u32le(p + 0x180, 1);
	assert_int_equal(verdict(p, &m), MECODE_WRONG);
}

static void
sizes_that_lie_are_told(void **state)
{
	static const struct {
		size_t at;
		uint32_t value;
	} rows[] = { { 0x18, 0x10000000 }, { 0x18, 0x10 }, { 0x18, 0x201 },
		{ 4, 0xFFFFFFFF }, { 4, 0xA0 }, { 4, 0 }, { 0x78, 0xFFFFFFFF },
		{ 0x78, 0x41 }, { 0x78, 0 }, { 0x7C, 2 }, { 0, 5 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct mecode_man m;

		region_manifest(p, "$MN2");
		put_u32le(p + rows[i].at, rows[i].value);
		assert_true(mecode_man_read(p, 0, MAN_MAX, &m));
		assert_non_null(m.why);
		mecode_man_verify(&m);
		assert_int_equal(m.verdict, MECODE_UNKNOWN);
	}
}

static void
directories_list_modules_and_manifest(void **state)
{
	(void)state;
	for (uint8_t version = 1; version <= 2; version++) {
		struct mecode_entry e;
		struct mecode_dir d;
		struct mecode_man m;

		region_dir(p, "FTPR", version);
		assert_true(mecode_dir_read(p, 0, 0x600, &d));
		assert_null(d.why);
		assert_int_equal(d.n, 2);
		assert_string_equal(d.name, "FTPR");
		assert_true(d.sum_known && d.sum_ok);
		mecode_dir_entry(&d, 0, &e);
		assert_string_equal(e.name, "FTPR.man");
		assert_true(e.space && !e.huffman);
		assert_int_equal(e.from, 0x80);
		mecode_dir_entry(&d, 1, &e);
		assert_string_equal(e.name, "kernel");
		assert_true(e.space && e.huffman);
		assert_int_equal(e.offset, 0x400);
		assert_true(mecode_dir_man(&d, &m));
		assert_int_equal(m.off, 0x80);
	}
}

static void
every_byte_of_a_directory_is_covered(void **state)
{
	(void)state;
	for (uint8_t version = 1; version <= 2; version++) {
		size_t len = (version == 1 ? 0x10u : 0x14u) + 2 * 0x18;

		region_dir(p, "FTPR", version);
		for (size_t at = 4; at < len; at++) {
			struct mecode_dir d;

			p[at] ^= 0x10;
			assert_true(mecode_dir_read(p, 0, 0x600, &d));
			assert_non_null(d.why);
			assert_false(d.sum_ok);
			p[at] ^= 0x10;
		}
	}
}

static void
directories_that_lie_are_told(void **state)
{
	struct mecode_entry e;
	struct mecode_dir d;
	struct mecode_man m;

	(void)state;
	region_dir(p, "FTPR", 2);
	put_u32le(p + 4, 300);
	assert_true(mecode_dir_read(p, 0, REGION_SIZE, &d));
	assert_int_equal(d.n, 0);
	assert_non_null(d.why);
	assert_false(mecode_dir_man(&d, &m));
	put_u32le(p + 4, 65);
	assert_true(mecode_dir_read(p, 0, 0x600, &d));
	assert_int_equal(d.n, 0);
	region_dir(p, "FTPR", 2);
	put_u32le(p + 0x14 + 16, 0x581);
	assert_true(mecode_dir_read(p, 0, 0x600, &d));
	mecode_dir_entry(&d, 0, &e);
	assert_non_null(e.why);
	assert_false(e.space);
	assert_false(mecode_dir_man(&d, &m));
	assert_false(mecode_dir_read(p, 0, 0x13, &d));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_manifest_tells_what_it_is),
		cmocka_unit_test(a_signature_holds_until_a_covered_bit_changes),
		cmocka_unit_test(wide_keys_sign_by_pss_with_either_digest),
		cmocka_unit_test(what_no_known_way_proves_is_not_called_wrong),
		cmocka_unit_test(sizes_that_lie_are_told),
		cmocka_unit_test(directories_list_modules_and_manifest),
		cmocka_unit_test(every_byte_of_a_directory_is_covered),
		cmocka_unit_test(directories_that_lie_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
