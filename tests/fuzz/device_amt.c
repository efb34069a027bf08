/* SPDX-License-Identifier: Apache-2.0 */
/* A dialogue in one process: the input is requests, each 16-bit length and
 * bytes, to one device. Every answer is well-formed, and none commits before
 * a MEBx password is set. */
#include <stdlib.h>
#include <string.h>

#include "base/xml.h"
#include "device/amthosted.h"
#include "tests/fuzz.h"

static enum err_code
fill(void *arg, void *p, size_t n, struct err *e)
{
	(void)arg;
	(void)e;
	memset(p, 7, n);
	return ERR_OK;
}

static enum err_code
make_key(void *arg, struct crypto_key **out, struct err *e)
{
	(void)arg;
	/* a small one, for speed */
	return crypto_key_new(CRYPTO_EC256, out, e);
}

static int64_t
now(void *arg)
{
	(void)arg;
	return 1700000000;
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
request(struct amt *a, const uint8_t *p, size_t n)
{
	struct xml *in = NULL, *out = NULL;
	struct err e = { 0 };
	struct wr w;
	int status;

	if (xml_read(p, n, &in, &e) != ERR_OK)
		return;
	wr_grow(&w, 1 << 20);
	status = amt_answer(a, xml_root(in), &w);
	must(status == 200 || status == 400 || status == 500);
	must(!w.failed && xml_read(w.buf, w.len, &out, &e) == ERR_OK);
	xml_free(in);
	xml_free(out);
	wr_free(&w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const struct amt_host host = { .random = fill,
		.key = make_key,
		.now = now,
		.save = save,
		.judge = judge,
		.chain_max = 4,
		.host_setup = 1 };
	struct record *factory = calloc(1, sizeof(*factory));
	struct state *state = calloc(1, sizeof(*state));
	struct amt_item *item = calloc(1, sizeof(*item));
	struct amt *a = calloc(1, sizeof(*a));
	struct rd r;

	must(factory != NULL && state != NULL && item != NULL && a != NULL);
	a->item = item;
	strcpy(state->realm, "Digest:A4070000000000000000000000000000");
	strcpy(factory->otp, "Otp12345");
	factory->hashes.n = 2;
	factory->hashes.e[0].type = factory->hashes.e[1].type = HASH_SHA384;
	state->phase = n % 2 == 0 ? STATE_IN : STATE_PRE;
	state->enabled = 1;
	state->credential = -1;
	a->factory = factory;
	a->state = state;
	a->host = &host;
	a->suffix = a->dhcp_suffix = "";
	rd_init(&r, p, n);
	while (rd_left(&r) > 2) {
		size_t len = rd_u16be(&r);

		if (len > rd_left(&r))
			len = rd_left(&r);
		request(a, rd_bytes(&r, len), len);
	}
	amthosted_free(a);
	state_free(state);
	free(state);
	free(factory);
	free(item);
	free(a);
	return 0;
}
