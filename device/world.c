/* SPDX-License-Identifier: Apache-2.0 */
#include <time.h>

#include "base/rand.h"
#include "device/judge.h"
#include "device/world.h"

static enum err_code
world_random(void *arg, void *p, size_t n, struct err *e)
{
	(void)arg;
	return rand_bytes(p, n, e);
}

static enum err_code
world_key(void *arg, struct secret *out, struct err *e)
{
	const struct machine *m = arg;
	struct crypto_key *key = NULL;

	if (keypool_take(m->common->keys, &key, e) == ERR_OK)
		keypool_der(m->common->keys, key, out, e);
	crypto_key_free(key);
	return e->code;
}

static enum err_code
world_key_read(void *arg, const void *der, size_t n, struct crypto_key **out,
    struct err *e)
{
	const struct machine *m = arg;

	return keypool_read(m->common->keys, der, n, out, e);
}

static int64_t
world_now(void *arg)
{
	(void)arg;
	return time(NULL);
}

static enum err_code
world_save(void *arg, const struct state *s, struct err *e)
{
	(void)arg;
	return state_save(s, e);
}

static enum err_code
world_judge(void *arg, const struct x509_chain *chain, struct state_record *r,
    struct err *e)
{
	enum tls_alert alert;

	return judge_server(arg, chain, r, &alert, e);
}

void
world_of(struct machine *m, struct amt_host *out)
{
	*out = (struct amt_host){ .arg = m,
		.random = world_random,
		.key = world_key,
		.key_read = world_key_read,
		.now = world_now,
		.save = world_save,
		.judge = world_judge,
		.chain_max = m->common->settings->pkich.chain_max,
		.host_setup = m->common->settings->host_setup };
}
