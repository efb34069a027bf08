/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/text.h"

static struct secret
key_of(uint8_t fill)
{
	uint8_t b[CRYPTO_KEY_LEN];
	struct secret s = { 0 };
	struct err e = { 0 };

	memset(b, fill, sizeof(b));
	assert_int_equal(secret_set(&s, b, sizeof(b), &e), ERR_OK);
	return s;
}

static void
what_is_sealed_opens_with_key_and_context_only(void **state)
{
	struct secret key = key_of(1), other = key_of(2);
	uint8_t box[5 + CRYPTO_SEAL_MORE], again[sizeof(box)], out[5];
	struct err e = { 0 };

	(void)state;
	assert_int_equal(
	    crypto_seal(&key, "unit/7/pps", "hello", 5, box, &e), 0);
	assert_int_equal(
	    crypto_seal(&key, "unit/7/pps", "hello", 5, again, &e), 0);
	assert_memory_not_equal(box, again, sizeof(box)); /* fresh nonce */
	assert_int_equal(
	    crypto_open(&key, "unit/7/pps", box, sizeof(box), out, &e), 0);
	assert_memory_equal(out, "hello", 5);
	assert_int_equal(
	    crypto_open(&key, "unit/8/pps", box, sizeof(box), out, &e),
	    ERR_PERM);
	assert_memory_not_equal(out, "hello", 5);
	err_clear(&e);
	assert_int_equal(
	    crypto_open(&other, "unit/7/pps", box, sizeof(box), out, &e),
	    ERR_PERM);
	secret_free(&key);
	secret_free(&other);
}

static void
every_flipped_byte_of_a_seal_is_noticed(void **state)
{
	struct secret key = key_of(1);
	uint8_t box[3 + CRYPTO_SEAL_MORE], out[3];
	struct err e = { 0 };

	(void)state;
	assert_int_equal(crypto_seal(&key, "c", "abc", 3, box, &e), 0);
	for (size_t i = 0; i < sizeof(box); i++) {
		box[i] ^= 0x10;
		err_clear(&e);
		assert_int_equal(
		    crypto_open(&key, "c", box, sizeof(box), out, &e),
		    ERR_PERM);
		box[i] ^= 0x10;
	}
	err_clear(&e);
	assert_int_equal(
	    crypto_open(&key, "c", box, CRYPTO_SEAL_MORE - 1, out, &e),
	    ERR_PERM);
	secret_free(&key);
}

static void
an_empty_value_can_be_sealed(void **state)
{
	struct secret key = key_of(1);
	uint8_t box[CRYPTO_SEAL_MORE], out[1];
	struct err e = { 0 };

	(void)state;
	assert_int_equal(crypto_seal(&key, "c", NULL, 0, box, &e), 0);
	assert_int_equal(crypto_open(&key, "c", box, sizeof(box), out, &e), 0);
	box[20] ^= 1;
	assert_int_equal(
	    crypto_open(&key, "c", box, sizeof(box), out, &e), ERR_PERM);
	secret_free(&key);
}

static void
every_type_of_key_survives_der_and_pem(void **state)
{
	const char *names[] = { "rsa2048", "rsa3072", "ec256", "ec384" };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct crypto_key *k = NULL, *d = NULL, *p = NULL;
		struct secret der = { 0 }, pem = { 0 }, again = { 0 };
		enum crypto_type type;
		struct err e = { 0 };

		assert_true(crypto_type_parse(names[i], &type));
		assert_string_equal(crypto_type_name(type), names[i]);
		assert_int_equal(crypto_key_new(type, &k, &e), 0);
		assert_int_equal(crypto_key_der(k, &der, &e), 0);
		assert_int_equal(crypto_key_pem(k, &pem, &e), 0);
		assert_int_equal(
		    crypto_key_from_der(der.p, der.len, &d, &e), 0);
		assert_int_equal(
		    crypto_key_read(pem.p, pem.len, NULL, &p, &e), 0);
		assert_int_equal(crypto_key_der(p, &again, &e), 0);
		assert_int_equal(again.len, der.len);
		assert_memory_equal(again.p, der.p, der.len);
		assert_memory_equal(pem.p, "-----BEGIN PRIVATE KEY-----", 27);
		crypto_key_free(k);
		crypto_key_free(d);
		crypto_key_free(p);
		secret_free(&der);
		secret_free(&pem);
		secret_free(&again);
	}
	assert_false(crypto_type_parse("rsa1024", &(enum crypto_type){ 0 }));
}

static void
a_public_half_is_pkcs1_for_rsa_and_spki_for_ec(void **state)
{
	struct crypto_key *k = NULL;
	struct err e = { 0 };
	struct wr w;

	(void)state;
	wr_grow(&w, 4096);
	assert_int_equal(crypto_key_new(CRYPTO_RSA2048, &k, &e), 0);
	assert_int_equal(crypto_key_public(k, &w, &e), 0);
	assert_int_equal(w.len, 270); /* SEQ{INTEGER 257, INTEGER 3} */
	assert_int_equal(w.buf[4], 0x02);
	crypto_key_free(k);
	wr_reset(&w);
	assert_int_equal(crypto_key_new(CRYPTO_EC256, &k, &e), 0);
	assert_int_equal(crypto_key_public(k, &w, &e), 0);
	assert_int_equal(w.len, 91);
	crypto_key_free(k);
	wr_free(&w);
}

/* What the openssl command writes: an encrypted PEM and a PFX. */
static void
check_encrypted(const char *dir, const char *name)
{
	struct secret right = { 0 }, wrong = { 0 };
	struct crypto_key *k = NULL;
	struct err e = { 0 };
	char path[64];
	uint8_t *p;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_int_equal(file_read(path, 8192, &p, &n, &e), 0);
	assert_int_equal(secret_set(&right, "geheim", 6, &e), 0);
	assert_int_equal(secret_set(&wrong, "falsch", 6, &e), 0);
	assert_int_equal(crypto_key_read(p, n, NULL, &k, &e), ERR_PERM);
	assert_non_null(strstr(e.msg, "no passphrase was given"));
	err_clear(&e);
	assert_int_equal(crypto_key_read(p, n, &wrong, &k, &e), ERR_PERM);
	assert_null(k);
	err_clear(&e);
	assert_int_equal(crypto_key_read(p, n, &right, &k, &e), 0);
	crypto_key_free(k);
	free(p);
	secret_free(&right);
	secret_free(&wrong);
}

static void
encrypted_pem_and_pfx_want_their_passphrase(void **state)
{
	char dir[] = "/tmp/amtforge-crypto.XXXXXX", cmd[1024];

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(cmd, sizeof(cmd),
	    "cd %s && openssl req -x509 -newkey ec -pkeyopt "
	    "ec_paramgen_curve:P-256 -subj /CN=a -passout pass:geheim "
	    "-keyout k.pem -out c.pem 2>/dev/null && openssl pkcs12 -export "
	    "-inkey k.pem -in c.pem -passin pass:geheim -passout pass:geheim "
	    "-out k.pfx",
	    dir);
	assert_int_equal(system(cmd), 0);
	check_encrypted(dir, "k.pem");
	check_encrypted(dir, "k.pfx");
	snprintf(cmd, sizeof(cmd), "rm -r %s", dir);
	assert_int_equal(system(cmd), 0);
}

static void
what_is_no_key_is_refused(void **state)
{
	const uint8_t der[] = { 0x30, 0x03, 0x02, 0x01, 0x00 };
	struct crypto_key *k = NULL;
	struct secret s = { 0 };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(crypto_key_read("junk", 4, NULL, &k, &e), ERR_DATA);
	err_clear(&e);
	assert_int_equal(
	    crypto_key_from_der(der, sizeof(der), &k, &e), ERR_DATA);
	err_clear(&e);
	assert_int_equal(crypto_key_new(CRYPTO_EC256, &k, &e), 0);
	assert_int_equal(crypto_key_der(k, &s, &e), 0);
	crypto_key_free(k);
	s.len++; /* the zero byte behind */
	assert_int_equal(crypto_key_from_der(s.p, s.len, &k, &e), ERR_DATA);
	assert_non_null(strstr(e.msg, "trailing"));
	secret_free(&s);
}

static void
md5_is_that_of_rfc_1321(void **state)
{
	uint8_t sum[16];
	char hex[TEXT_HEX_SIZE(16)];

	(void)state;
	crypto_md5("abc", 3, sum);
	text_hex(hex, sum, 16);
	assert_string_equal(hex, "900150983cd24fb0d6963f7d28e17f72");
}

static void
a_digest_in_pieces_is_that_of_the_whole(void **state)
{
	static uint8_t text[100000];
	uint8_t want[SHA256_LEN], got[SHA256_LEN];
	struct crypto_sha256 *h = NULL;
	struct err e = { 0 };

	(void)state;
	memset(text, 'a', sizeof(text));
	digest_sha256(text, sizeof(text), want);
	assert_int_equal(crypto_sha256_new(&h, &e), ERR_OK);
	for (size_t at = 0, n; at < sizeof(text); at += n) {
		n = at % 777 + 1;
		if (n > sizeof(text) - at)
			n = sizeof(text) - at;
		assert_int_equal(
		    crypto_sha256_add(h, text + at, n, &e), ERR_OK);
	}
	assert_int_equal(crypto_sha256_end(h, got, &e), ERR_OK);
	assert_memory_equal(got, want, sizeof(want));
	crypto_sha256_free(h);
	crypto_sha256_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    what_is_sealed_opens_with_key_and_context_only),
		cmocka_unit_test(every_flipped_byte_of_a_seal_is_noticed),
		cmocka_unit_test(an_empty_value_can_be_sealed),
		cmocka_unit_test(every_type_of_key_survives_der_and_pem),
		cmocka_unit_test(
		    a_public_half_is_pkcs1_for_rsa_and_spki_for_ec),
		cmocka_unit_test(encrypted_pem_and_pfx_want_their_passphrase),
		cmocka_unit_test(what_is_no_key_is_refused),
		cmocka_unit_test(md5_is_that_of_rfc_1321),
		cmocka_unit_test(a_digest_in_pieces_is_that_of_the_whole),
	};

	crypto_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
