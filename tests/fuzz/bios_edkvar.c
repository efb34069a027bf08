/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the variables of a store of EDK2 or $VSS: those that the writer
 * can make are the bytes that it makes of what was read. */
#include "tests/fuzz.h"
#include "tests/storeadd.h"
#include "tests/vendor.h"

/* As ASCII, if each character is. */
static bool
name_of(const struct varstore_var *v, struct varstore_name *out)
{
	size_t n = v->name_len / 2;

	memset(out, 0, sizeof(*out));
	if (v->name_len % 2 != 0 || n < 2 || n > VARSTORE_NAME)
		return false;
	for (size_t i = 0; i < n; i++) {
		uint16_t c = get_u16le(v->name + 2 * i);

		if (c > 0xFF || (c == 0) != (i + 1 == n))
			return false;
		out->name[i] = (char)c;
	}
	out->guid = v->guid;
	return true;
}

static void
write_again(const struct varstore *s, const struct varstore_var *v)
{
	const uint8_t *p = s->img + v->off;
	struct varstore_add add = {
		.attrs = v->attrs, .data = v->data, .len = v->len
	};
	struct wr w;

	if (v->state != EDKVAR_ADDED || !name_of(v, &add.name) || p[3] != 0)
		return;
	for (size_t i = 8; s->auth && i < 36; i++)
		if (p[i] != 0)
			return;
	wr_grow(&w, STORE_VOLUME);
	edkvar_write(s, &add, &w);
	must(!w.failed && w.len == v->size);
	must(edkvar_need(s, &add.name, add.len) == v->size);
	must(memcmp(w.buf, p, w.len) == 0);
	wr_free(&w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	static uint8_t p[STORE_VOLUME];
	size_t at = 0, first = STORE_FIRST;
	struct varstore_var v;
	struct varstore s;

	if (len == 0)
		return 0;
	if (in[0] % 3 == 2) {
		vendor_vss_make(p);
		first = STORE_AT + 16;
	} else
		store_make(p, in[0] % 3);
	len = len - 1 < STORE_SIZE - 28 ? len - 1 : STORE_SIZE - 28;
	memcpy(p + first, in + 1, len);
	s = store_open(p, sizeof(p));
	must(s.format == VARSTORE_EDK2 || s.format == VARSTORE_VSS);
	storeadd_walk(&s);
	while (varstore_next(&s, &at, &v))
		write_again(&s, &v);
	if (s.why == NULL)
		storeadd_try(p, sizeof(p), &s, len % 300);
	return 0;
}
