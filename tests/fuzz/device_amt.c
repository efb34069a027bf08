/* SPDX-License-Identifier: Apache-2.0 */
/* A dialogue in one process: the input is requests, each 16-bit length and
 * bytes, to one device. Every answer is well-formed, and none commits before
 * a MEBx password is set. */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz.h"
#include "tests/oneamt.h"

static enum err_code
make_key(void *arg, struct secret *out, struct err *e)
{
	struct crypto_key *key = NULL;

	(void)arg;
	/* a small one, for speed */
	if (crypto_key_new(CRYPTO_EC256, &key, e) == ERR_OK)
		crypto_key_der(key, out, e);
	crypto_key_free(key);
	return e->code;
}

static enum err_code
save(void *arg, const struct state *s, struct err *e)
{
	(void)arg;
	(void)e;
	must(s->phase != STATE_POST || s->ha1[0] != '\0');
	must(s->phase != STATE_POST || s->mebx_set ||
	    s->record.by != STATE_BY_SERVER);
	return ERR_OK;
}

/* Whether the proof is one is asked all the same. */
static enum err_code
judge(void *arg, const struct x509_chain *c, struct state_record *r,
    struct err *e)
{
	(void)arg;
	must(c->n > 0);
	strcpy(r->fqdn, "prov.example.com");
	return c->n % 2 == 1 ? ERR_OK : err_set(e, ERR_PERM, "no");
}

static void
request(const uint8_t *p, size_t n)
{
	struct xml *in = NULL;
	struct err e = { 0 };

	if (xml_read(p, n, &in, &e) != ERR_OK)
		return;
	must(answer(xml_root(in)));
	must(status == 200 || status == 400 || status == 500);
	xml_free(in);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct rd r;

	open_amt(0);
	host.key = make_key;
	host.save = save;
	host.judge = judge;
	host.chain_max = 4;
	host.host_setup = 1;
	strcpy(factory.otp, "Otp12345");
	factory.hashes.n = 2;
	factory.hashes.e[0].type = factory.hashes.e[1].type = HASH_SHA384;
	state.phase = n % 2 == 0 ? STATE_IN : STATE_PRE;
	state.enabled = 1;
	rd_init(&r, p, n);
	while (rd_left(&r) > 2) {
		size_t len = rd_u16be(&r);

		if (len > rd_left(&r))
			len = rd_left(&r);
		request(rd_bytes(&r, len), len);
	}
	close_amt();
	return 0;
}
