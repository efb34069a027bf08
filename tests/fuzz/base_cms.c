/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures and envelopes by anybody: bytes as they are, or changes to sound
 * ones (tests/mutate.h), by the first byte. Every verdict goes with its error;
 * nothing but the signed text is ever good, and by its signer alone; what an
 * envelope opens to is what was sealed.
 */
#include <string.h>
#include <time.h>

#include "base/cms.h"
#include "tests/mutate.h"

#define TEXT "{\"format\":\"amtforge-manifest\"}"
#define OTHER "{\"format\":\"amtforge-manifesT\"}"
#define SIGNED 1u  /* else an envelope */
#define CHANGED 2u /* a sound one, with changes */

static struct {
	struct crypto_key *root_key, *key[2]; /* EC, RSA */
	struct x509_chain roots, signer, to;
	uint8_t *sound[2];
	size_t n[2];
	time_t now;
} stage;

static void
cert(struct x509_chain *chain, const char *cn, bool ca,
    const struct crypto_key *key)
{
	const struct x509_make make = { .cn = cn, .days = 100, .ca = ca };
	const struct x509 *by = ca ? NULL : stage.roots.cert[0];
	struct err e = { 0 };

	must(x509_new(&make, key, by, stage.root_key, &chain->cert[chain->n],
		 &e) == ERR_OK);
	chain->n++;
}

static void
set_stage(void)
{
	struct err e = { 0 };

	crypto_init();
	must(crypto_key_new(CRYPTO_EC256, &stage.root_key, &e) == ERR_OK);
	must(crypto_key_new(CRYPTO_EC256, &stage.key[0], &e) == ERR_OK);
	must(crypto_key_new(CRYPTO_RSA2048, &stage.key[1], &e) == ERR_OK);
	cert(&stage.roots, "root", true, stage.root_key);
	cert(&stage.signer, "signer", false, stage.key[0]);
	cert(&stage.to, "ec", false, stage.key[0]);
	cert(&stage.to, "rsa", false, stage.key[1]);
	must(cms_encrypt(TEXT, strlen(TEXT), &stage.to, &stage.sound[0],
		 &stage.n[0], &e) == ERR_OK);
	must(cms_sign(TEXT, strlen(TEXT), stage.key[0], &stage.signer,
		 &stage.sound[1], &stage.n[1], &e) == ERR_OK);
	stage.now = time(NULL);
}

static void
is_signer(const struct x509 *x)
{
	const uint8_t *a, *b;
	size_t n, k;

	a = x509_der(x, &n);
	b = x509_der(stage.signer.cert[0], &k);
	must(n == k && memcmp(a, b, n) == 0);
}

static bool
verifies(const char *text, const uint8_t *p, size_t n)
{
	enum cms_verdict verdict = CMS_GOOD;
	struct x509 *signer = NULL;
	struct err e = { 0 };
	enum err_code code;

	code = cms_verify(text, strlen(text), p, n, &stage.roots, stage.now,
	    &verdict, &signer, &e);
	must(code == e.code && (code == ERR_OK) == (verdict == CMS_GOOD));
	must((code == ERR_OK) == (e.msg[0] == '\0'));
	if (verdict == CMS_GOOD)
		is_signer(signer);
	else
		must(signer == NULL || verdict == CMS_UNTRUSTED ||
		    verdict == CMS_EXPIRED);
	x509_free(signer);
	return verdict == CMS_GOOD;
}

static bool
opens(size_t i, bool named, const uint8_t *p, size_t n)
{
	enum cms_verdict verdict = CMS_GOOD;
	struct err e = { 0 };
	enum err_code code;
	struct wr w;

	wr_grow(&w, 1 << 20);
	code = cms_decrypt(p, n, stage.key[i], named ? stage.to.cert[i] : NULL,
	    &w, &verdict, &e);
	must(code == e.code && (code == ERR_OK) == (verdict == CMS_GOOD));
	must((code == ERR_OK) == (e.msg[0] == '\0'));
	if (verdict == CMS_GOOD)
		must(w.len == strlen(TEXT) && memcmp(w.buf, TEXT, w.len) == 0);
	else
		must(w.len == 0);
	wr_free(&w);
	return verdict == CMS_GOOD;
}

static void
judge(bool is_signed, bool sound, const uint8_t *p, size_t n)
{
	if (is_signed) {
		must(verifies(TEXT, p, n) || !sound);
		must(!verifies(OTHER, p, n));
		return;
	}
	for (size_t i = 0; i < 4; i++)
		must(opens(i & 1, (i & 2) != 0, p, n) || !sound);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	uint8_t *copy;
	bool is_signed;

	if (stage.now == 0)
		set_stage();
	if (n == 0)
		return 0;
	is_signed = (p[0] & SIGNED) != 0;
	if ((p[0] & CHANGED) == 0) {
		judge(is_signed, false, p + 1, n - 1);
		return 0;
	}
	must((copy = malloc(stage.n[is_signed])) != NULL);
	memcpy(copy, stage.sound[is_signed], stage.n[is_signed]);
	mutate(copy, stage.n[is_signed], p + 1, n - 1);
	judge(is_signed, n < 5, copy, stage.n[is_signed]);
	free(copy);
	return 0;
}
