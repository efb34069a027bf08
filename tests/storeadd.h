/* SPDX-License-Identifier: Apache-2.0 */
/* What holds for every variable store, however broken, for fuzzers: a walk
 * stays in it, and what is added to one that is fit is read back, while all
 * other entries stay as they were and only bits of the free room are
 * cleared. */
#ifndef TESTS_STOREADD_H
#define TESTS_STOREADD_H

#include <stdlib.h>

#include "tests/mutate.h"
#include "tests/store.h"

static inline size_t
storeadd_walk(const struct varstore *s)
{
	char name[VARSTORE_NAME];
	struct varstore_var v, w;
	struct varstore in;
	size_t at = 0, n = 0, last = 0;

	must(s->vol <= s->off && s->off <= s->first && s->first <= s->free);
	must(s->free <= s->room && s->room <= s->end && s->end <= s->vol_end);
	for (; varstore_next(s, &at, &v); n++) {
		must(v.off >= s->first && (n == 0 || v.off > last));
		must(v.size > 0 && v.off + v.size <= s->end);
		must(v.data >= s->img + v.off);
		must(v.data + v.len <= s->img + v.off + v.size);
		must(v.life != NULL);
		must(!v.live || v.name_len > 0 || s->format == VARSTORE_EDK2 ||
		    s->format == VARSTORE_VSS);
		varstore_text(&v, name);
		last = v.off;
		w = v;
		if (varstore_value(s, &w))
			must(w.data + w.len <= s->img + s->end);
		else
			must(w.len == 0 && w.why != NULL);
		if (s->vol_end != 0 && varstore_inner(s, &v, &in) &&
		    in.end - in.off < s->end - s->off)
			storeadd_walk(&in);
	}
	return n;
}

static inline void
storeadd_compare(const struct varstore *s, const struct varstore *t)
{
	size_t ia = 0, ib = 0;
	struct varstore_var a, b;

	while (varstore_next(s, &ia, &a)) {
		must(varstore_next(t, &ib, &b));
		must(a.off == b.off && a.size == b.size && a.state == b.state);
		must(a.len == b.len && a.name_len == b.name_len);
		must(uuid_equal(&a.guid, &b.guid) && a.live == b.live);
	}
	must(varstore_next(t, &ib, &b));
}

/* s is the first store in the volume p of n bytes. */
static inline void
storeadd_try(const uint8_t *p, size_t n, const struct varstore *s, size_t len)
{
	uint8_t *out = malloc(n), *data = calloc(1, len + 1);
	struct varstore_name name = { .name = "Added" };
	struct varstore_var b;
	struct varstore t;
	size_t at = 0, took, old = 0;

	must(out != NULL && data != NULL);
	uuid_parse(&name.guid, "00112233-4455-6677-8899-aabbccddeeff");
	memcpy(out, p, n);
	memset(data, 0xA5, len);
	took = store_put(out, n, "Added", data, len);
	if (took > 0) {
		must(took == varstore_need(s, &name, len));
		must(took <= varstore_room(s));
		t = store_open(out, n);
		/* Its odd end may leave it open where a next one would go. */
		must(t.why == NULL || s->align == 0);
		must(storeadd_walk(&t) == storeadd_walk(s) + 1);
		storeadd_compare(s, &t);
		while (varstore_find(&t, &name, &at, &b))
			old = b.off;
		must(old == s->free && b.live);
		must(b.len == len && b.attrs == 3);
		must(memcmp(b.data, data, len) == 0);
		for (size_t i = 0; i < n; i++) {
			must((out[i] & ~p[i]) == 0);
			must((i >= s->free && i < s->free + took) ||
			    out[i] == p[i]);
		}
	}
	free(out);
	free(data);
}

#endif
