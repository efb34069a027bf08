/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "device/mutual.h"

/* The chain as it was shown, with this root as its end. */
static bool
ends_in(const struct x509_chain *shown, struct x509 *root)
{
	struct x509_chain whole = *shown;
	size_t bad, n, m;
	const uint8_t *p = x509_der(root, &n), *q;
	struct err e;

	err_clear(&e);
	q = x509_der(shown->cert[shown->n - 1], &m);
	if (n != m || memcmp(p, q, n) != 0) {
		if (whole.n == X509_CHAIN_MAX)
			return false;
		whole.cert[whole.n++] = root;
	}
	/* The root alone is no console's. */
	return whole.n > 1 && x509_chain_verify(&whole, &bad, &e) == ERR_OK;
}

enum tls_alert
mutual_judge(const struct state *s, const struct x509_chain *shown)
{
	unsigned roots = switches_of(s->switches)->roots;
	struct x509 *root = NULL;
	bool good = false;
	struct err e;

	if (shown->n == 0)
		return TLS_ALERT_BAD_CERTIFICATE;
	for (size_t h = 0; h < STATE_CERTS && !good; h++) {
		err_clear(&e);
		if ((roots & (1u << h)) == 0 ||
		    x509_from_der(s->certs[h].p, s->certs[h].n, &root, &e) !=
			ERR_OK)
			continue;
		good = ends_in(shown, root);
		x509_free(root);
	}
	return good ? TLS_ALERT_NONE : TLS_ALERT_UNKNOWN_CA;
}
