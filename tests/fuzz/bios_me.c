/* SPDX-License-Identifier: Apache-2.0 */
/* A changed region never crashes; guards lie inside it, nothing that is not
 * understood may be written, and what is said to be free is. */
#include "bios/me.h"
#include "tests/mutate.h"
#include "tests/region.h"

static void
guards(const struct me *m)
{
	static struct guard g;
	struct err e;
	size_t at;

	memset(&g, 0, sizeof(g));
	me_guards(m, &g);
	for (size_t i = 0; i < g.n; i++)
		must(g.r[i].off >= m->base && g.r[i].off <= m->end &&
		    g.r[i].len <= m->end - g.r[i].off);
	err_clear(&e);
	if (m->present && me_fault(m, &at) != NULL) {
		must(at >= m->base && at < m->end);
		must(guard_check(&g, m->base, 1, &e) != ERR_OK);
		err_clear(&e);
		must(guard_check(&g, m->end - 1, 1, &e) != ERR_OK);
	}
}

static void
try(const uint8_t *p, size_t base, size_t end, bool verify)
{
	size_t at = 0, from, to, last = 0;
	struct me_signatures s;
	struct me_part part;
	struct me m;

	me_read(p, base, end, &m);
	must(m.present == (base < end));
	must(me_layout_name(m.layout) != NULL);
	for (size_t i = 0; m.has_fpt && i < m.fpt.n; i++) {
		me_part(&m, i, &part);
		must(me_kind_name(part.kind) != NULL);
	}
	while (me_gap(&m, &at, &from, &to)) {
		must(from >= base && from >= last && to > from && to <= end);
		last = to;
	}
	guards(&m);
	if (!verify)
		return;
	me_verify(&m, &s);
	must(s.verified == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	static uint8_t p[0x100 + REGION_SIZE];
	enum region_form form;

	/* RSA takes much longer than all else: of some inputs only. */
	try(in, 0, len, len % 16 == 0);
	if (len < 1)
		return 0;
	form = (enum region_form)(in[0] % REGION_FORMS);
	region_make(p + 0x100, form);
	mutate(p + 0x100, 0x100, in + 1, (len - 1) / 2 & ~(size_t)3);
	mutate(p + 0x100 + region_base(form), REGION_SIZE - REGION_DATA, in + 1,
	    len - 1);
	if ((in[0] & 0x80) != 0 &&
	    get_u32le(p + 0x100 + region_fpt(form) + 4) < 100)
		region_seal(p + 0x100, form);
	try(p, 0x100, sizeof(p), len % 16 == 1);
	return 0;
}
