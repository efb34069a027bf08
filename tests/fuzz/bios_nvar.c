/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the body of an NVAR file: entries that the writer can make are
 * the bytes that it makes of what was read; adding keeps the others. */
#include "bios/nvar.h"
#include "tests/fuzz.h"
#include "tests/storeadd.h"
#include "tests/vendor.h"

static void
write_again(const struct varstore *s, const struct varstore_var *v)
{
	struct varstore_add add = {
		.attrs = v->attrs, .data = v->data, .len = v->len
	};
	struct wr w;
	struct err e;

	if ((v->state | 1) != 0x87 || v->next != 0 || v->name_len == 0 ||
	    v->name_len > VARSTORE_NAME)
		return;
	err_clear(&e);
	add.name.guid = v->guid;
	memcpy(add.name.name, v->name, v->name_len);
	if (nvar_check(s, &add, &e) != ERR_OK)
		return;
	wr_grow(&w, 0x10000);
	nvar_write(&add, &w);
	must(!w.failed && w.len == v->size);
	must(memcmp(w.buf, s->img + v->off, w.len) == 0);
	wr_free(&w);
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	static uint8_t p[VENDOR_VOLUME];
	struct varstore_var v;
	struct varstore s;
	size_t at = 0;

	if (len > VENDOR_BODY_END - VENDOR_BODY)
		len = VENDOR_BODY_END - VENDOR_BODY;
	vendor_nvar_make(p);
	if (len > 0)
		memcpy(p + VENDOR_BODY, in, len);
	vendor_nvar_table(p, len % 4);
	s = store_open(p, sizeof(p));
	must(s.format == VARSTORE_NVAR);
	storeadd_walk(&s);
	while (varstore_next(&s, &at, &v))
		write_again(&s, &v);
	if (s.why == NULL)
		storeadd_try(p, sizeof(p), &s, len % 300);
	return 0;
}
