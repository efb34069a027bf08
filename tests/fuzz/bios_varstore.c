/* SPDX-License-Identifier: Apache-2.0 */
/* A changed store never crashes the reader or the writer. Into one that the
 * reader finds fit a variable can be added: it is read back, all others stay
 * as they were, and only bits of the free room were cleared. */
#include "tests/mutate.h"
#include "tests/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static size_t
walk(const struct varstore *s)
{
	char name[VARSTORE_NAME];
	struct varstore_var v;
	size_t at = 0, n = 0, last = s->off;

	for (; varstore_next(s, &at, &v); n++) {
		must(v.off > last && v.off + v.size <= s->end);
		must(v.data + v.len == s->img + v.off + v.size);
		must(v.life != NULL);
		varstore_text(&v, name);
		last = v.off;
	}
	return n;
}

static void
add_again(const uint8_t *p, const struct varstore *s, size_t len)
{
	static uint8_t out[STORE_VOLUME], data[STORE_SIZE];
	struct varstore_var a, b;
	struct varstore t;
	size_t ia = 0, ib = 0, took;

	memcpy(out, p, sizeof(out));
	memset(data, 0xA5, sizeof(data));
	took = store_put(out, sizeof(out), "Added", data, len);
	if (took == 0)
		return;
	must(took <= s->end - s->free);
	t = store_open(out, sizeof(out));
	must(t.why == NULL && walk(&t) == walk(s) + 1);
	while (varstore_next(s, &ia, &a)) {
		must(varstore_next(&t, &ib, &b));
		must(a.off == b.off && a.size == b.size && a.state == b.state);
	}
	must(varstore_next(&t, &ib, &b) && varstore_live(&b));
	must(b.off == s->free && b.len == len && b.attrs == 3);
	must(len == 0 || memcmp(b.data, data, len) == 0);
	for (size_t i = 0; i < sizeof(out); i++) {
		must((out[i] & ~p[i]) == 0);
		must((i >= b.off && i < b.off + took) || out[i] == p[i]);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	static uint8_t p[STORE_VOLUME];
	struct varstore s;

	if (len < 4)
		return 0;
	store_make(p, in[0] & 1);
	for (unsigned i = 0; i < (in[0] >> 1 & 3); i++)
		store_put(p, sizeof(p), "Name", in, len % 200);
	mutate(p, sizeof(p), in + 4, len - 4);
	if (in[0] & 8) /* more of them pass */
		store_sum(p);
	s = store_open(p, sizeof(p));
	if (s.img == NULL)
		return 0;
	must(s.off <= s.free && s.free <= s.end && s.end <= sizeof(p));
	walk(&s);
	if (s.why == NULL)
		add_again(p, &s, in[1] | (size_t)(in[2] & 0xF) << 8);
	return 0;
}
