/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cms.h"
#include "base/file.h"

#define TEXT "{\"format\":\"amtforge-manifest\"}"
#define DAY 86400

/* One signer below a root, two recipients (RSA and EC), and a stranger of
 * each kind; all in files of dir, too, for the openssl command. */
static struct {
	char dir[32];
	struct crypto_key *root_key, *key, *rsa_key, *ec_key, *other_rsa,
	    *other_ec;
	struct x509_chain roots, signer, to, others;
} t;

static void
save(const char *name, int how, const void *p, size_t n)
{
	struct err e = { 0 };
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", t.dir, name);
	if (file_write(path, how | FILE_REPLACE, p, n, &e) != ERR_OK)
		fail_msg("%s", e.msg);
}

static struct crypto_key *
new_key(enum crypto_type type, const char *name)
{
	struct crypto_key *k = NULL;
	struct secret pem = { 0 };
	struct err e = { 0 };

	assert_int_equal(crypto_key_new(type, &k, &e), 0);
	assert_int_equal(crypto_key_pem(k, &pem, &e), 0);
	save(name, FILE_SECRET, pem.p, pem.len);
	secret_free(&pem);
	return k;
}

static void
new_cert(struct x509_chain *chain, const char *name, bool ca,
    const struct crypto_key *key, const struct x509_chain *by)
{
	struct x509_make make = { .cn = name, .days = 100, .ca = ca };
	struct err e = { 0 };
	struct wr w;

	assert_int_equal(x509_new(&make, key, by ? by->cert[0] : NULL,
			     t.root_key, &chain->cert[chain->n], &e),
	    0);
	wr_grow(&w, 65536);
	assert_true(x509_pem(chain->cert[chain->n++], &w));
	save(name, 0, w.buf, w.len);
	wr_free(&w);
}

static int
set_up(void **state)
{
	(void)state;
	strcpy(t.dir, "/tmp/amtforge-cms.XXXXXX");
	assert_non_null(mkdtemp(t.dir));
	t.root_key = new_key(CRYPTO_EC384, "root.key");
	t.key = new_key(CRYPTO_EC256, "signer.key");
	t.rsa_key = new_key(CRYPTO_RSA2048, "rsa.key");
	t.ec_key = new_key(CRYPTO_EC256, "ec.key");
	t.other_rsa = new_key(CRYPTO_RSA2048, "other-rsa.key");
	t.other_ec = new_key(CRYPTO_EC256, "other-ec.key");
	new_cert(&t.roots, "root.pem", true, t.root_key, NULL);
	new_cert(&t.signer, "signer.pem", false, t.key, &t.roots);
	new_cert(&t.to, "rsa.pem", false, t.rsa_key, NULL);
	new_cert(&t.to, "ec.pem", false, t.ec_key, NULL);
	new_cert(&t.others, "other-rsa.pem", false, t.other_rsa, NULL);
	new_cert(&t.others, "other-ec.pem", false, t.other_ec, NULL);
	save("text", 0, TEXT, strlen(TEXT));
	return 0;
}

/* Runs an openssl command in the folder; its exit status. */
static int
openssl(const char *args)
{
	char cmd[1024];

	snprintf(
	    cmd, sizeof(cmd), "cd %s && openssl %s 2>openssl.err", t.dir, args);
	return system(cmd);
}

static int
tear_down(void **state)
{
	struct crypto_key *keys[] = { t.root_key, t.key, t.rsa_key, t.ec_key,
		t.other_rsa, t.other_ec };
	char cmd[64];

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		crypto_key_free(keys[i]);
	x509_chain_free(&t.roots);
	x509_chain_free(&t.signer);
	x509_chain_free(&t.to);
	x509_chain_free(&t.others);
	snprintf(cmd, sizeof(cmd), "rm -r %s", t.dir);
	return system(cmd);
}

static void
load(const char *name, uint8_t **p, size_t *n)
{
	struct err e = { 0 };
	char path[64];

	snprintf(path, sizeof(path), "%s/%s", t.dir, name);
	assert_int_equal(file_read(path, 1 << 20, p, n, &e), 0);
}

static enum cms_verdict
check(const char *text, const uint8_t *der, size_t n,
    const struct x509_chain *roots, time_t at)
{
	enum cms_verdict verdict = CMS_GOOD;
	struct x509 *who = NULL;
	struct err e = { 0 };
	enum err_code code;

	code = cms_verify(
	    text, strlen(text), der, n, roots, at, &verdict, &who, &e);
	assert_int_equal(code, e.code);
	assert_true((code == ERR_OK) == (verdict == CMS_GOOD));
	if (verdict == CMS_GOOD || verdict == CMS_EXPIRED)
		assert_non_null(who);
	else if (verdict != CMS_UNTRUSTED)
		assert_null(who);
	x509_free(who);
	return verdict;
}

static void
a_signature_is_judged_by_content_root_and_time(void **state)
{
	time_t now = time(NULL);
	struct err e = { 0 };
	uint8_t *der;
	size_t n;

	(void)state;
	assert_int_equal(
	    cms_sign(TEXT, strlen(TEXT), t.key, &t.signer, &der, &n, &e), 0);
	assert_int_equal(check(TEXT, der, n, &t.roots, now), CMS_GOOD);
	assert_int_equal(check(TEXT, der, n, &t.signer, now), CMS_GOOD);
	assert_int_equal(
	    check(TEXT " ", der, n, &t.roots, now), CMS_BAD_SIGNATURE);
	assert_int_equal(check(TEXT, der, n, &t.others, now), CMS_UNTRUSTED);
	assert_int_equal(
	    check(TEXT, der, n, &t.roots, now + 101 * DAY), CMS_EXPIRED);
	assert_int_equal(
	    check(TEXT, der, n, &t.roots, now - 2 * DAY), CMS_EXPIRED);
	assert_int_equal(check(TEXT, der, n, &t.others, now + 101 * DAY),
	    CMS_UNTRUSTED); /* trust first */
	assert_int_equal(check(TEXT, der, n - 1, &t.roots, now), CMS_MALFORMED);
	assert_int_equal(check(TEXT, der, 0, &t.roots, now), CMS_MALFORMED);
	free(der);
}

static void
no_flipped_byte_makes_another_text_good(void **state)
{
	time_t now = time(NULL);
	struct err e = { 0 };
	uint8_t *der;
	size_t n;

	(void)state;
	assert_int_equal(
	    cms_sign(TEXT, strlen(TEXT), t.key, &t.signer, &der, &n, &e), 0);
	for (size_t i = 0; i < n; i++) {
		der[i] ^= 0x20;
		assert_int_not_equal(
		    check("{}", der, n, &t.roots, now), CMS_GOOD);
		der[i] ^= 0x20;
	}
	der[n - 1] ^= 1; /* in the signature's value */
	assert_int_equal(check(TEXT, der, n, &t.roots, now), CMS_BAD_SIGNATURE);
	free(der);
}

static void
a_signer_without_digital_signature_is_untrusted(void **state)
{
	struct err e = { 0 };
	uint8_t *der;
	size_t n;

	(void)state; /* the root itself: keyCertSign and cRLSign only */
	assert_int_equal(
	    cms_sign(TEXT, strlen(TEXT), t.root_key, &t.roots, &der, &n, &e),
	    0);
	assert_int_equal(
	    check(TEXT, der, n, &t.roots, time(NULL)), CMS_UNTRUSTED);
	free(der);
}

static void
openssl_verifies_what_we_sign(void **state)
{
	struct err e = { 0 };
	uint8_t *der;
	size_t n;

	(void)state;
	assert_int_equal(
	    cms_sign(TEXT, strlen(TEXT), t.key, &t.signer, &der, &n, &e), 0);
	save("ours.p7s", 0, der, n);
	free(der);
	assert_int_equal(openssl("cms -verify -binary -inform DER -in ours.p7s "
				 "-content text -CAfile root.pem -purpose any "
				 "-out /dev/null"),
	    0);
	save("changed", 0, "{}", 2);
	assert_int_not_equal(
	    openssl("cms -verify -binary -inform DER -in ours.p7s -content "
		    "changed -CAfile root.pem -purpose any -out /dev/null"),
	    0);
}

static void
we_verify_what_openssl_signs(void **state)
{
	static const struct {
		const char *option;
		enum cms_verdict want;
	} rows[] = { { "-md sha384", CMS_GOOD }, { "-md sha1", CMS_MALFORMED },
		{ "-nodetach", CMS_MALFORMED }, { "-noattr", CMS_MALFORMED },
		{ "-nocerts", CMS_UNTRUSTED } };
	char args[256];
	uint8_t *der;
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		snprintf(args, sizeof(args),
		    "cms -sign -binary -outform DER -in text -signer "
		    "signer.pem -inkey signer.key %s -out their.p7s",
		    rows[i].option);
		assert_int_equal(openssl(args), 0);
		load("their.p7s", &der, &n);
		assert_int_equal(
		    check(TEXT, der, n, &t.roots, time(NULL)), rows[i].want);
		free(der);
	}
}

static enum cms_verdict
open_with(const uint8_t *der, size_t n, const struct crypto_key *key,
    const struct x509 *cert)
{
	enum cms_verdict verdict = CMS_GOOD;
	struct err e = { 0 };
	enum err_code code;
	struct wr w;

	wr_grow(&w, 1 << 20);
	code = cms_decrypt(der, n, key, cert, &w, &verdict, &e);
	assert_true((code == ERR_OK) == (verdict == CMS_GOOD));
	if (verdict == CMS_GOOD) {
		assert_int_equal(w.len, strlen(TEXT));
		assert_memory_equal(w.buf, TEXT, w.len);
	} else
		assert_int_equal(w.len, 0);
	wr_free(&w);
	return verdict;
}

static void
check_recipients(const uint8_t *der, size_t n)
{
	struct x509 **to = t.to.cert, **other = t.others.cert;

	assert_int_equal(open_with(der, n, t.rsa_key, to[0]), CMS_GOOD);
	assert_int_equal(open_with(der, n, t.ec_key, to[1]), CMS_GOOD);
	assert_int_equal(open_with(der, n, t.rsa_key, NULL), CMS_GOOD);
	assert_int_equal(open_with(der, n, t.ec_key, NULL), CMS_GOOD);
	assert_int_equal(
	    open_with(der, n, t.other_rsa, other[0]), CMS_NOT_RECIPIENT);
	assert_int_equal(
	    open_with(der, n, t.other_ec, other[1]), CMS_NOT_RECIPIENT);
	assert_int_equal(
	    open_with(der, n, t.other_ec, NULL), CMS_NOT_RECIPIENT);
}

static void
every_recipient_opens_and_nobody_else(void **state)
{
	struct err e = { 0 };
	uint8_t *der;
	size_t n;

	(void)state;
	assert_int_equal(
	    cms_encrypt(TEXT, strlen(TEXT), &t.to, &der, &n, &e), 0);
	check_recipients(der, n);
	assert_int_equal(
	    open_with(der, n, t.other_rsa, NULL), CMS_NOT_RECIPIENT);
	free(der);
}

static void
the_right_key_is_found_among_others_of_its_kind(void **state)
{
	struct x509_chain four = { { t.others.cert[0], t.to.cert[0],
				       t.others.cert[1], t.to.cert[1] },
		4 };
	struct err e = { 0 };
	uint8_t *der;
	size_t n;

	(void)state;
	assert_int_equal(
	    cms_encrypt(TEXT, strlen(TEXT), &four, &der, &n, &e), 0);
	assert_int_equal(open_with(der, n, t.rsa_key, NULL), CMS_GOOD);
	assert_int_equal(open_with(der, n, t.ec_key, NULL), CMS_GOOD);
	assert_int_equal(open_with(der, n, t.rsa_key, t.to.cert[0]), CMS_GOOD);
	free(der);
}

static void
a_changed_byte_is_told_from_a_foreign_recipient(void **state)
{
	struct err e = { 0 };
	uint8_t *der, *at;
	size_t n, i;

	(void)state;
	assert_int_equal(
	    cms_encrypt(TEXT, strlen(TEXT), &t.to, &der, &n, &e), 0);
	der[n - 1] ^= 1; /* the tag comes last */
	assert_int_equal(
	    open_with(der, n, t.rsa_key, t.to.cert[0]), CMS_BAD_TAG);
	assert_int_equal(
	    open_with(der, n, t.ec_key, t.to.cert[1]), CMS_BAD_TAG);
	assert_int_equal(open_with(der, n, t.rsa_key, NULL), CMS_BAD_TAG);
	assert_int_equal(open_with(der, n, t.other_rsa, t.others.cert[0]),
	    CMS_NOT_RECIPIENT);
	der[n - 1] ^= 1;
	der[n - 18 - 5] ^= 1; /* ciphertext before it */
	assert_int_equal(
	    open_with(der, n, t.ec_key, t.to.cert[1]), CMS_BAD_TAG);
	der[n - 18 - 5] ^= 1;
	/* The RSA recipient's encrypted key: OCTET STRING of 256 bytes. */
	at = memmem(der, n, "\x04\x82\x01\x00", 4);
	assert_non_null(at);
	i = (size_t)(at - der);
	der[i + 100] ^= 1;
	assert_int_equal(
	    open_with(der, n, t.rsa_key, t.to.cert[0]), CMS_BAD_TAG);
	assert_int_equal(open_with(der, n, t.ec_key, t.to.cert[1]), CMS_GOOD);
	assert_int_equal(open_with(der, n - 1, t.ec_key, NULL), CMS_MALFORMED);
	free(der);
}

/* The envelope with that many bytes of its tag, all else sound. */
static size_t
cut_tag(uint8_t *der, size_t n, size_t keep)
{
	static const size_t holders[] = { 0, 17, 21 };

	for (size_t i = 0; i < 3; i++) {
		uint8_t *at = der + holders[i];
		size_t len = ((size_t)at[2] << 8 | at[3]) - (16 - keep);

		assert_int_equal(at[1], 0x82);
		at[2] = (uint8_t)(len >> 8);
		at[3] = (uint8_t)len;
	}
	der[n - 17] = (uint8_t)keep;
	return n - (16 - keep);
}

static void
a_short_tag_opens_nothing(void **state)
{
	struct err e = { 0 };
	uint8_t *der;
	size_t n;

	(void)state;
	assert_int_equal(
	    cms_encrypt(TEXT, strlen(TEXT), &t.to, &der, &n, &e), 0);
	n = cut_tag(der, n, 12); /* the least of RFC 5084, 3.2 */
	assert_int_equal(open_with(der, n, t.ec_key, t.to.cert[1]), CMS_GOOD);
	free(der);
	assert_int_equal(
	    cms_encrypt(TEXT, strlen(TEXT), &t.to, &der, &n, &e), 0);
	n = cut_tag(der, n, 1);
	assert_int_equal(
	    open_with(der, n, t.ec_key, t.to.cert[1]), CMS_MALFORMED);
	assert_int_equal(
	    open_with(der, n, t.rsa_key, t.to.cert[0]), CMS_MALFORMED);
	free(der);
}

/* Where the envelope names this mode of AES, the last number of its OID. */
static uint8_t *
aes_mode(uint8_t *der, size_t n, uint8_t mode)
{
	const uint8_t oid[] = { 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1,
		mode };
	uint8_t *at = memmem(der, n, oid, sizeof(oid));

	assert_non_null(at);
	return at + sizeof(oid) - 1;
}

/* Of AES's modes only GCM, by three lengths of key. */
static void
a_cipher_without_a_tag_opens_nothing(void **state)
{
	struct err e = { 0 };
	uint8_t *der, *mode;
	size_t n;

	(void)state;
	assert_int_equal(
	    cms_encrypt(TEXT, strlen(TEXT), &t.to, &der, &n, &e), 0);
	mode = aes_mode(der, n, 46);
	for (unsigned i = 0; i < 128; i++) {
		enum cms_verdict want = i == 46 ? CMS_GOOD
		    : i == 6 || i == 26         ? CMS_BAD_TAG
						: CMS_MALFORMED;

		*mode = (uint8_t)i;
		assert_int_equal(
		    open_with(der, n, t.ec_key, t.to.cert[1]), want);
		assert_int_equal(
		    open_with(der, n, t.rsa_key, t.to.cert[0]), want);
	}
	free(der);
}

/* Of AES's modes only the three key wraps of RFC 3394 are unwrapped. */
static void
another_key_wrap_is_not_tried(void **state)
{
	struct err e = { 0 };
	uint8_t *der, *mode;
	size_t n;

	(void)state;
	assert_int_equal(
	    cms_encrypt(TEXT, strlen(TEXT), &t.to, &der, &n, &e), 0);
	mode = aes_mode(der, n, 45);
	for (unsigned i = 0; i < 128; i++) {
		*mode = (uint8_t)i;
		assert_int_equal(open_with(der, n, t.ec_key, t.to.cert[1]),
		    i == 45                 ? CMS_GOOD
			: i == 5 || i == 25 ? CMS_BAD_TAG
					    : CMS_NOT_RECIPIENT);
		assert_int_equal(
		    open_with(der, n, t.rsa_key, t.to.cert[0]), CMS_GOOD);
	}
	free(der);
}

static void
openssl_decrypts_what_we_encrypt(void **state)
{
	struct err e = { 0 };
	uint8_t *der;
	size_t n;

	(void)state;
	assert_int_equal(
	    cms_encrypt(TEXT, strlen(TEXT), &t.to, &der, &n, &e), 0);
	save("ours.cms", 0, der, n);
	free(der);
	assert_int_equal(
	    openssl("cms -decrypt -binary -inform DER -in ours.cms "
		    "-recip rsa.pem -inkey rsa.key -out a"),
	    0);
	assert_int_equal(
	    openssl("cms -decrypt -binary -inform DER -in ours.cms "
		    "-recip ec.pem -inkey ec.key -out b"),
	    0);
	load("a", &der, &n);
	assert_int_equal(n, strlen(TEXT));
	assert_memory_equal(der, TEXT, n);
	free(der);
	load("b", &der, &n);
	assert_int_equal(n, strlen(TEXT));
	assert_memory_equal(der, TEXT, n);
	free(der);
	assert_int_equal(openssl("cms -cmsout -print -inform DER -in ours.cms "
				 "| grep -q aes-256-gcm"),
	    0);
}

static void
we_decrypt_what_openssl_encrypts(void **state)
{
	uint8_t *der;
	size_t n;

	(void)state; /* RSA here is PKCS#1 v1.5, openssl's default */
	assert_int_equal(openssl("cms -encrypt -binary -aes-256-gcm -outform "
				 "DER -in text -out their.cms rsa.pem ec.pem"),
	    0);
	load("their.cms", &der, &n);
	check_recipients(der, n);
	free(der);
	assert_int_equal(openssl("cms -encrypt -binary -aes-256-cbc -outform "
				 "DER -in text -out cbc.cms rsa.pem"),
	    0);
	load("cbc.cms", &der, &n); /* EnvelopedData: nothing authenticates */
	assert_int_equal(
	    open_with(der, n, t.rsa_key, t.to.cert[0]), CMS_MALFORMED);
	free(der);
}

static void
without_signer_or_recipient_nothing_is_made(void **state)
{
	struct x509_chain none = { 0 };
	struct err e = { 0 };
	uint8_t *der;
	size_t n;

	(void)state;
	assert_int_equal(
	    cms_sign(TEXT, 1, t.key, &none, &der, &n, &e), ERR_DATA);
	err_clear(&e);
	assert_int_equal(cms_encrypt(TEXT, 1, &none, &der, &n, &e), ERR_DATA);
	err_clear(&e);
	assert_int_equal(/* the certificate is another key's */
	    cms_sign(TEXT, 1, t.ec_key, &t.signer, &der, &n, &e), ERR_DATA);
	assert_null(der);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_signature_is_judged_by_content_root_and_time),
		cmocka_unit_test(no_flipped_byte_makes_another_text_good),
		cmocka_unit_test(
		    a_signer_without_digital_signature_is_untrusted),
		cmocka_unit_test(openssl_verifies_what_we_sign),
		cmocka_unit_test(we_verify_what_openssl_signs),
		cmocka_unit_test(every_recipient_opens_and_nobody_else),
		cmocka_unit_test(
		    the_right_key_is_found_among_others_of_its_kind),
		cmocka_unit_test(
		    a_changed_byte_is_told_from_a_foreign_recipient),
		cmocka_unit_test(a_short_tag_opens_nothing),
		cmocka_unit_test(a_cipher_without_a_tag_opens_nothing),
		cmocka_unit_test(another_key_wrap_is_not_tried),
		cmocka_unit_test(openssl_decrypts_what_we_encrypt),
		cmocka_unit_test(we_decrypt_what_openssl_encrypts),
		cmocka_unit_test(without_signer_or_recipient_nothing_is_made),
	};

	crypto_init();
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
