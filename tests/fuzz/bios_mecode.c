/* SPDX-License-Identifier: Apache-2.0 */
/* A changed manifest or directory never crashes and none is verified, since
 * nobody has the key; a directory, written again, is the same bytes. */
#include "bios/mecode.h"
#include "tests/mutate.h"
#include "tests/region.h"

static void
manifest(struct mecode_man *m, bool verify)
{
	if (!verify)
		return;
	mecode_man_verify(m);
	must(m->verdict == MECODE_WRONG || m->verdict == MECODE_UNKNOWN);
	must(m->verdict == MECODE_WRONG || m->why != NULL);
	must(m->scheme == NULL);
}

static void
directory(const struct mecode_dir *d, bool verify)
{
	const uint8_t *was = d->img + d->off;
	struct mecode_entry e;
	struct mecode_man m;

	must(d->n <= MECODE_ENTRIES);
	must(d->why == NULL || (d->at >= d->off && d->at < d->end));
	for (size_t i = 0; i < d->n; i++) {
		uint8_t out[MECODE_ENTRY];
		struct wr w;

		mecode_dir_entry(d, i, &e);
		wr_fixed(&w, out, sizeof(out));
		wr_bytes(&w, was + d->header_len + i * MECODE_ENTRY, 12);
		wr_u32le(&w,
		    e.offset | (e.huffman ? 1u << 25 : 0) |
			(get_u32le(d->img + e.at + 12) & 0xFC000000));
		wr_u32le(&w, e.len);
		wr_u32le(&w, e.reserved);
		must(!w.failed && memcmp(out, d->img + e.at, w.len) == 0);
		must(strlen(e.name) < MECODE_NAME);
		must(!e.space || (e.from >= d->off && e.from <= d->end));
		must(!e.space || e.huffman || e.len <= d->end - e.from);
	}
	if (mecode_dir_man(d, &m))
		manifest(&m, verify);
}

static void
try(const uint8_t *p, size_t n, bool verify)
{
	struct mecode_dir d;
	struct mecode_man m;

	if (mecode_man_read(p, 0, n, &m))
		manifest(&m, verify);
	if (mecode_dir_read(p, 0, n, &d))
		directory(&d, verify);
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	static uint8_t p[0x600];
	/* RSA takes much longer than all else: of some inputs only. */
	bool verify = len % 16 == 0;

	try(in, len, verify);
	if (len < 1)
		return 0;
	region_dir(p, "FTPR", (in[0] & 1) != 0 ? 2 : 1);
	mutate(p, sizeof(p), in + 1, len - 1);
	if ((in[0] & 2) != 0)
		mutate(p, 0x80, in + 1, len - 1);
	try(p, sizeof(p), verify);
	region_manifest(p, "$MN2");
	mutate(p, (in[0] & 2) != 0 ? 0x80 : 0x2C0, in + 1, len - 1);
	try(p, sizeof(p), verify);
	return 0;
}
