/* SPDX-License-Identifier: Apache-2.0 */
/* A changed descriptor never crashes the reader; what it tells of a sound one
 * keeps its bounds, and gives the same words again. */
#include <string.h>

#include "base/bytes.h"
#include "bios/descriptor.h"
#include "tests/mutate.h"

static void
same_regions(const uint8_t *p, const struct descriptor *d)
{
	uint32_t mask = d->version == DESCRIPTOR_V2 ? 0x7FFF7FFF : 0x1FFF1FFF;

	for (size_t i = 0; i < DESCRIPTOR_REGIONS; i++) {
		const struct descriptor_region *r = &d->region[i];

		must(!r->used || (i < d->slots && r->base <= r->limit));
		must(r->limit < 0x8000000);
		if (r->used)
			must((get_u32le(p + d->frba + 4 * i) & mask) ==
			    (r->base >> 12 | (uint32_t)(r->limit >> 12) << 16));
	}
}

static void
same_masters(const uint8_t *p, const struct descriptor *d)
{
	for (size_t i = 0; i < DESCRIPTOR_MASTERS; i++) {
		const struct descriptor_master *m = &d->master[i];
		uint32_t r = 0, w = 0, v;

		for (size_t reg = 0; reg < d->slots; reg++) {
			r |= (uint32_t)descriptor_may_read(d, i, reg) << reg;
			w |= (uint32_t)descriptor_may_write(d, i, reg) << reg;
		}
		if (!m->used) {
			must(r == 0 && w == 0);
			continue;
		}
		v = d->version == DESCRIPTOR_V2
		    ? r >> 12 | w >> 12 << 4 | (r & 0xFFF) << 8 | w << 20
		    : m->requester | r << 16 | w << 24;
		must(v == get_u32le(p + d->fmba + 4 * i));
	}
}

static void
same_chips(const uint8_t *p, const struct descriptor *d)
{
	unsigned width = d->version == DESCRIPTOR_V1 ? 3 : 4;

	must(d->chips == 1 || d->chips == 2);
	must(d->flash == d->chip[0] + d->chip[1]);
	for (size_t i = 0; i < d->chips; i++) {
		uint32_t code =
		    get_u32le(p + d->fcba) >> (i * width) & ((1u << width) - 1);

		must(d->chip[i] == (code == 0xF ? 0 : 0x80000u << code));
	}
}

static void
straps_in_bounds(const uint8_t *p, size_t n, const struct descriptor *d)
{
	struct descriptor_me_strap s = descriptor_me_off(p, n, d);
	struct descriptor_gpr g;

	must(d->pch.off + 4 * d->pch.n <= DESCRIPTOR_SIZE);
	must(d->cpu.off + 4 * d->cpu.n <= DESCRIPTOR_SIZE);
	must(d->vscc + 8 * d->nvscc <= 0xEFC || d->nvscc == 0);
	must((s.name == NULL) == (s.me == DESCRIPTOR_ME_UNKNOWN));
	must(s.off + 4 <= DESCRIPTOR_SIZE);
	for (size_t i = 0; i < DESCRIPTOR_GPRS; i++)
		if (descriptor_gpr(p, n, d, i, &g))
			must(g.off + 4 <= DESCRIPTOR_SIZE &&
			    get_u32le(p + g.off) ==
				(g.base >> 12 | (uint32_t)g.no_read << 15 |
				    (uint32_t)(g.limit >> 12) << 16 |
				    (uint32_t)g.no_write << 31));
}

static void
try(const uint8_t *p, size_t n)
{
	struct descriptor d;
	struct err e;

	err_clear(&e);
	if (descriptor_read(p, n, &d, &e) != ERR_OK) {
		must(e.code == ERR_DATA && e.reason != NULL);
		must(e.offset < DESCRIPTOR_SIZE);
		return;
	}
	must(descriptor_present(p, n));
	must(d.slots == 8 || d.slots == 16);
	for (size_t i = 0; i < 4; i++)
		must(d.flmap[i] == get_u32le(p + d.sig + 4 + 4 * i));
	same_chips(p, &d);
	same_regions(p, &d);
	same_masters(p, &d);
	straps_in_bounds(p, n, &d);
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	static uint8_t p[DESCRIPTOR_SIZE];
	struct descriptor_sizes s = {
		.flash = 0x800000, .me = 0x1000, .bios = 0x1000
	};
	struct err e;

	err_clear(&e);
	try(in, len);
	for (int v2 = 0; v2 < 2; v2++) {
		s.flash = v2 ? 0x2000000 : 0x800000;
		must(descriptor_make(p, &s, &e) == ERR_OK);
		mutate(p, 0x150, in, len); /* where all that is read lies */
		try(p, sizeof(p));
		mutate(p, sizeof(p), in, len);
		try(p, sizeof(p));
	}
	return 0;
}
