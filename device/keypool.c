/* SPDX-License-Identifier: Apache-2.0 */
#include "base/secret.h"
#include "device/keypool.h"

enum err_code
keypool_fill_insecure(struct keypool *p, size_t n, struct err *e)
{
	struct crypto_key **key;

	while (e->code == ERR_OK && p->n < n && p->n < KEYPOOL_MAX) {
		key = &p->key[p->n];
		if (crypto_key_new(CRYPTO_RSA2048, key, e) == ERR_OK &&
		    crypto_key_der(*key, &p->der[p->n], e) == ERR_OK) {
			p->n++;
		} else {
			crypto_key_free(*key);
			*key = NULL;
		}
	}
	return e->code;
}

static enum err_code
share(const struct keypool *p, size_t i, struct crypto_key **out, struct err *e)
{
	*out = crypto_key_share(p->key[i]);
	return *out != NULL ? ERR_OK : err_mem(e);
}

enum err_code
keypool_take(struct keypool *p, struct crypto_key **out, struct err *e)
{
	if (p->n == 0)
		return crypto_key_new(CRYPTO_RSA2048, out, e);
	return share(p, p->next++ % p->n, out, e);
}

enum err_code
keypool_der(const struct keypool *p, const struct crypto_key *key,
    struct secret *out, struct err *e)
{
	for (size_t i = 0; i < p->n; i++)
		if (crypto_key_pkey(p->key[i]) == crypto_key_pkey(key))
			return secret_set(out, p->der[i].p, p->der[i].len, e);
	return crypto_key_der(key, out, e);
}

enum err_code
keypool_read(const struct keypool *p, const void *der, size_t n,
    struct crypto_key **out, struct err *e)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->der[i].len == n && secret_equal(p->der[i].p, der, n))
			return share(p, i, out, e);
	return crypto_key_from_der(der, n, out, e);
}

void
keypool_free(struct keypool *p)
{
	for (size_t i = 0; i < p->n; i++) {
		crypto_key_free(p->key[i]);
		secret_free(&p->der[i]);
	}
	p->n = 0;
}
