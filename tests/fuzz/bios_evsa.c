/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the entries of an EVSA store; what is not its own entry's is
 * never read, and each value's entry can be made again from what was read. */
#include "bios/evsa.h"
#include "tests/fuzz.h"
#include "tests/storeadd.h"
#include "tests/vendor.h"

/* Ids are not told, so they are taken from the entry. */
static void
make_again(const struct varstore *s, const struct varstore_var *v)
{
	static uint8_t out[STORE_VOLUME], rest[STORE_VOLUME];
	const uint8_t *p = s->img + v->off;
	size_t n = get_u16le(p + 2);

	if (n != v->size || (get_u32le(p + 8) & 0x10000000) != 0)
		return;
	memcpy(rest, p + 4, 4);
	put_u32le(rest + 4, v->attrs);
	memcpy(rest + 8, v->data, v->len);
	must(vendor_evsa_entry(out, v->state, rest, 8 + v->len) == v->size);
	must(memcmp(out, p, 1) == 0 && memcmp(out + 2, p + 2, n - 2) == 0);
	must((out[1] == p[1]) ==
	    (v->why == NULL || strstr(v->why, "checksum") == NULL));
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	static uint8_t p[STORE_VOLUME];
	struct varstore_var v;
	struct varstore s;
	size_t at = 0;

	len = len < 0x800 - 20 ? len : 0x800 - 20;
	vendor_evsa_make(p, 0x800);
	if (len > 0)
		memcpy(p + STORE_AT + 20, in, len);
	s = store_open(p, sizeof(p));
	must(s.format == VARSTORE_EVSA && s.why != NULL);
	storeadd_walk(&s);
	while (varstore_next(&s, &at, &v))
		make_again(&s, &v);
	return 0;
}
