/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates of strangers: what is read of them is bounded, and judged by
 * the rules of every AMT version without a surprise. */
#include <assert.h>
#include <string.h>

#include "base/x509fact.h"
#include "formats/pkich.h"
#include "tests/fuzz.h"

static void
sound(const struct certfact *f)
{
	assert(memchr(f->cn, 0, sizeof(f->cn)) != NULL);
	assert(memchr(f->subject, 0, sizeof(f->subject)) != NULL);
	assert(memchr(f->issuer, 0, sizeof(f->issuer)) != NULL);
	assert(memchr(f->eku, 0, sizeof(f->eku)) != NULL);
	assert(f->nou <= CERTFACT_LIST && f->nsan <= CERTFACT_LIST);
	assert(f->cn_state == CERTFACT_CN_GOOD || f->cn[0] == '\0');
}

static void
judge(const struct certfact *f, size_t n)
{
	const struct generation *g;
	struct pkich_verdict v;
	struct hashlist list = { .n = 1 };
	struct pkich_policy p = { .suffix = { "example.com" },
		.nsuffixes = 1,
		.fqdn = "",
		.hashes = &list };

	pkich_defaults(&p.choice);
	p.choice.san = true;
	hashlist_of_der(
	    &list.e[0], HASH_SHA256, f[n - 1].der, f[n - 1].der_len);
	for (size_t i = 0; (g = generation_nth(i)) != NULL; i++) {
		p.generation = g;
		pkich_judge(&p, f, n, 0, &v);
		assert(
		    (v.reason == REASON_NONE) == (v.alert == PKICH_ALERT_NONE));
		assert((v.reason == REASON_NONE) == (v.detail[0] == '\0'));
		assert(v.at < n && v.nnotes <= PKICH_NOTES);
	}
}

/* u16 length of the first certificate, the first, the second. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct x509_chain chain = { 0 };
	struct certfact *f;
	struct err e = { 0 };
	size_t first;

	if (n < 2 || n > 65536)
		return 0;
	first = (size_t)data[0] << 8 | data[1];
	if (first > n - 2)
		first = n - 2;
	if (x509_from_der(data + 2, first, &chain.cert[0], &e) != ERR_OK)
		return 0;
	chain.n = 1;
	err_clear(&e);
	if (x509_from_der(
		data + 2 + first, n - 2 - first, &chain.cert[1], &e) == ERR_OK)
		chain.n = 2;
	if ((f = x509fact_read(&chain)) != NULL) {
		for (size_t i = 0; i < chain.n; i++)
			sound(&f[i]);
		judge(f, chain.n);
	}
	x509fact_free(f);
	x509_chain_free(&chain);
	return 0;
}
