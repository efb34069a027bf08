/* SPDX-License-Identifier: Apache-2.0 */
#include "device/keypool.h"

enum err_code
keypool_fill_insecure(struct keypool *p, size_t n, struct err *e)
{
	struct crypto_key *key = NULL;

	while (p->n < n && p->n < KEYPOOL_MAX) {
		if (crypto_key_new(CRYPTO_RSA2048, &key, e) != ERR_OK)
			break;
		if (crypto_key_der(key, &p->der[p->n], e) == ERR_OK)
			p->n++;
		crypto_key_free(key);
		if (e->code != ERR_OK)
			break;
	}
	return e->code;
}

enum err_code
keypool_take(struct keypool *p, struct crypto_key **out, struct err *e)
{
	const struct secret *der;

	if (p->n == 0)
		return crypto_key_new(CRYPTO_RSA2048, out, e);
	der = &p->der[p->next++ % p->n];
	return crypto_key_from_der(der->p, der->len, out, e);
}

void
keypool_free(struct keypool *p)
{
	for (size_t i = 0; i < p->n; i++)
		secret_free(&p->der[i]);
	p->n = 0;
}
