/* SPDX-License-Identifier: Apache-2.0 */
#include "device/age.h"

static enum tls_version
version_of(enum generation_tls v)
{
	static const enum tls_version all[] = { TLS_1_0, TLS_1_1, TLS_1_2,
		TLS_1_3 };

	return all[v];
}

struct tls_age
age_of(const struct settings *s, const struct generation *g)
{
	struct tls_age age = { .exchange = g->rsa_exchange
		    ? TLS_EXCHANGE_RSA_FIRST
		    : TLS_EXCHANGE_ANY };

	if (!s->insecure_legacy_tls)
		return age;
	if (g->rsa_exchange)
		age.exchange = TLS_EXCHANGE_RSA;
	age.min = version_of(g->tls_min);
	age.max = version_of(g->tls_max);
	age.insecure_old = g->tls_min < GENERATION_TLS_1_2;
	return age;
}

struct tls_age
age_psk(const struct settings *s)
{
	return age_of(s, generation_of(3, 0));
}
