/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates and keys from files, PEM or DER: what is read is written and
 * read again to the same bytes, and what is asked of it has an answer. */
#include <string.h>

#include "base/crypto.h"
#include "base/x509.h"
#include "tests/fuzz.h"

static void
look(const struct x509 *x)
{
	struct x509 *again = NULL;
	const uint8_t *der, *same;
	char text[256] = "";
	const char *kind;
	struct err e = { 0 };
	struct wr w;
	size_t n, k;
	int bits;

	der = x509_der(x, &n);
	wr_grow(&w, 1 << 20);
	must(der != NULL && x509_pem(x, &w) && !w.failed);
	must(x509_read(w.buf, w.len, &again, &e) == ERR_OK);
	same = x509_der(again, &k);
	must(k == n && memcmp(der, same, n) == 0);
	must(!x509_cn(x, text, sizeof(text)) || text[0] != '\0');
	must(memchr(text, '\0', sizeof(text)) != NULL);
	(void)x509_subject(x, text, sizeof(text));
	must(memchr(text, '\0', sizeof(text)) != NULL);
	x509_key_kind(x, &kind, &bits);
	must(kind != NULL);
	(void)x509_is_ca(x);
	(void)x509_not_before(x);
	(void)x509_not_after(x);
	must(!x509_self_signed(x) || x509_signed_by(x, again));
	x509_free(again);
	wr_free(&w);
}

static void
chain(const uint8_t *p, size_t n)
{
	struct x509_chain c = { .n = 0 };
	struct err e = { 0 };

	if (x509_chain_read(p, n, NULL, &c, &e) == ERR_OK)
		for (size_t i = 0; i < c.n; i++)
			look(c.cert[i]);
	else
		must(c.n == 0 && e.msg[0] != '\0');
	x509_chain_free(&c);
}

static void
key(const uint8_t *p, size_t n)
{
	struct crypto_key *k = NULL, *again = NULL;
	struct secret der = { 0 }, same = { 0 };
	struct err e = { 0 };

	if (crypto_key_read(p, n, NULL, &k, &e) != ERR_OK) {
		must(k == NULL && e.msg[0] != '\0');
		return;
	}
	if (crypto_key_der(k, &der, &e) == ERR_OK) {
		must(crypto_key_from_der(der.p, der.len, &again, &e) == ERR_OK);
		must(crypto_key_der(again, &same, &e) == ERR_OK);
		must(
		    same.len == der.len && memcmp(same.p, der.p, der.len) == 0);
	}
	secret_free(&der);
	secret_free(&same);
	crypto_key_free(again);
	crypto_key_free(k);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct x509 *x = NULL;
	struct err e = { 0 };

	if (x509_read(p, n, &x, &e) == ERR_OK)
		look(x);
	else
		must(x == NULL && e.msg[0] != '\0');
	x509_free(x);
	chain(p, n);
	key(p, n);
	return 0;
}
