/* SPDX-License-Identifier: Apache-2.0 */
/* A changed layout or boot table never crashes, what it names lies inside,
 * and a BPDT of version 2, written again, is the same bytes. */
#include "bios/ifwi.h"
#include "tests/mutate.h"
#include "tests/region.h"

static void
same_table(const struct ifwi_bpdt *b)
{
	uint8_t out[0x18 + 12 * IFWI_BPDT_ENTRIES];
	const uint8_t *was = b->img + b->off;
	struct ifwi_entry e;
	struct wr w;

	wr_fixed(&w, out, sizeof(out));
	wr_u32le(&w, b->recovery ? 0x00AA55AA : 0x000055AA);
	wr_u16le(&w, (uint16_t)b->n);
	wr_u8(&w, b->version);
	wr_u8(&w, b->flags);
	wr_bytes(&w, was + 8, 4);
	wr_u32le(&w, b->ifwi_version);
	for (size_t i = 0; i < 4; i++)
		wr_u16le(&w, b->tool[i]);
	for (size_t i = 0; i < b->n; i++) {
		ifwi_bpdt_entry(b, i, &e);
		wr_u16le(&w, e.type);
		wr_u16le(&w, e.flags);
		if (e.len > 0) {
			must(e.from >= b->base && e.from < b->end &&
			    e.len <= b->end - e.from);
			wr_u32le(&w, (uint32_t)(e.from - b->base));
			wr_u32le(&w, (uint32_t)e.len);
		} else
			wr_bytes(&w, was + w.len, 8);
	}
	must(!w.failed);
	must(b->n == 0 || memcmp(out, was, w.len) == 0);
}

static void
boot(const uint8_t *p, size_t from, size_t end)
{
	struct ifwi_part whole = { from, end - from }, gap;
	size_t at = 0, last = from;
	struct ifwi_bpdt b;

	while (ifwi_gap(p, &whole, &at, &gap)) {
		must(gap.len > 0 && gap.from >= last && gap.from < end &&
		    gap.len <= end - gap.from);
		last = gap.from + gap.len;
	}
	if (!ifwi_bpdt_read(p, from, from, end, &b))
		return;
	must(b.n <= IFWI_BPDT_ENTRIES);
	must(b.why == NULL || (b.at >= from && b.at < end));
	same_table(&b);
}

static void
try(const uint8_t *p, size_t n)
{
	struct ifwi l;

	boot(p, 0, n);
	if (!ifwi_read(p, 0, n, &l))
		return;
	must(l.len <= n && l.n <= IFWI_PARTS);
	must(l.why == NULL || l.at < l.len);
	for (size_t i = 0; i < IFWI_PARTS; i++) {
		const struct ifwi_part *part = &l.part[i];

		must(part->len == 0 ||
		    (part->from < n && part->len <= n - part->from));
		if (part->len > 0)
			boot(p, part->from, part->from + part->len);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	static uint8_t p[REGION_SIZE];

	try(in, len);
	if (len < 1)
		return 0;
	region_make(p, (in[0] & 1) != 0 ? REGION_I17 : REGION_I16);
	mutate(p, 0x60, in + 1, (len - 1) / 2 & ~(size_t)3);
	mutate(p + REGION_BOOT, 0x80, in + 1, len - 1);
	if ((in[0] & 2) != 0) {
		put_u32le(p + 0x14, 0);
		put_u32le(p + 0x14, digest_crc32(p + 0x10, 0x48));
	}
	if ((in[0] & 4) != 0 && get_u16le(p + REGION_BOOT + 4) < 64)
		region_bpdt_seal(p + REGION_BOOT);
	try(p, sizeof(p));
	return 0;
}
