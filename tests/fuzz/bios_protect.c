/* SPDX-License-Identifier: Apache-2.0 */
/* A BIOS region with a FIT, manifests and a hash file, changed at will: what
 * is told lies in the region, a row of the FIT written again is the same
 * bytes, and each range that is told is guarded. */
#include <string.h>

#include "bios/fit.h"
#include "bios/protect.h"
#include "tests/mutate.h"
#include "tests/volumes.h"

#define SIZE 0x4000
#define POLICY 0x3000
#define TABLE 0x3F00
#define ADDRESS(off) (0xFFFFFFFFU - SIZE + 1 + (uint32_t)(off))

static void
rows(const struct image *img)
{
	struct fit_row row;
	struct fit f;
	size_t i = 0;

	fit_read(img, &f);
	while (fit_next(&f, &i, &row)) {
		const uint8_t *p = img->p + row.at;
		uint8_t out[16] = { 0 };

		must(row.at + 16 <= img->n);
		must(!row.mapped || row.off < img->n);
		put_u64le(out, row.address);
		put_u32le(out + 8, row.size);
		out[11] = p[11]; /* reserved */
		put_u16le(out + 12, row.version);
		out[14] = row.type | (p[14] & 0x80);
		out[15] = p[15];
		must(memcmp(out, p, 16) == 0);
	}
}

static void
try(const uint8_t *p, size_t n)
{
	static struct protect prot;
	static struct image img;
	static struct guard g;
	struct err e;

	err_clear(&e);
	if (image_read(p, n, &img, &e) != ERR_OK)
		return;
	rows(&img);
	protect_read(&img, &prot);
	memset(&g, 0, sizeof(g));
	protect_guards(&img, &g);
	for (size_t i = 0; i < prot.nfound; i++)
		must(prot.found[i].off < n && prot.found[i].end <= n);
	for (size_t i = 0; i < prot.nrange; i++) {
		const struct protect_range *r = &prot.range[i];

		must(r->off < r->end && r->end <= n);
		err_clear(&e);
		must(guard_check(&g, r->off, 1, &e) != ERR_OK);
		err_clear(&e);
		must(guard_check(&g, r->end - 1, 1, &e) != ERR_OK);
	}
}

/* Header and boot block of a policy, old or new, with two segments. */
static void
policy(uint8_t *p, bool old)
{
	struct wr w;

	wr_fixed(&w, p, 0x400);
	wr_str(&w, "__ACBP__");
	wr_u8(&w, old ? 0x10 : 0x21);
	wr_u8(&w, 0);
	wr_u16le(&w, old ? 0 : 20);
	wr_fill(&w, 0, old ? 4 : 8);
	wr_str(&w, "__IBBS__");
	wr_u8(&w, 0x10);
	if (!old) {
		wr_u8(&w, 0);
		wr_u16le(&w, 12 + 48 + 4 + 4 + 4 + 36 + 4 + 3 + 1 + 24);
	}
	wr_fill(&w, 0, old ? 47 : 48);
	wr_u32le(&w, 0x10);
	wr_u32le(&w, 0);
	if (!old) {
		wr_u16le(&w, 40);
		wr_u16le(&w, 1);
	}
	wr_u16le(&w, 0x0B);
	wr_u16le(&w, 32);
	wr_fill(&w, 0x33, 32);
	if (!old) {
		wr_u32le(&w, 0x10);
		wr_fill(&w, 0, 3);
	}
	wr_u8(&w, 2);
	for (uint32_t i = 0; i < 2; i++) {
		wr_u32le(&w, i << 16);
		wr_u32le(&w, ADDRESS(0x1000 * i));
		wr_u32le(&w, 0x800);
	}
	wr_str(&w, "__PMDA__");
	wr_u8(&w, 0x10);
	if (!old) {
		wr_u8(&w, 0);
		wr_u16le(&w, 12 + 12 + 52);
		wr_u16le(&w, 0);
	}
	wr_u16le(&w, 0);
	wr_u32le(&w, old ? 1 : 3);
	wr_u32le(&w, 1);
	if (!old)
		wr_u32le(&w, 0);
	wr_u32le(&w, ADDRESS(0));
	wr_u32le(&w, 0x800);
	wr_fill(&w, 0x0B, old ? 32 : 40);
	wr_str(&w, "__PMSG__");
	must(!w.failed);
}

static void
sample(uint8_t *p, bool old)
{
	static const struct uuid ami = { { 0x44, 0x1f, 0xc9, 0xcb, 0xbc, 0xa4,
	    0x5b, 0x4a, 0x86, 0x96, 0x70, 0x34, 0x51, 0xd0, 0xb0, 0x53 } };
	uint8_t body[84] = { 84, 0, 0, 0x19 };
	struct volumes v;
	size_t off;

	memset(p, 0xFF, SIZE);
	put_u32le(body + 36, ADDRESS(0x1000));
	put_u32le(body + 40, 0x100);
	v = volumes_make(p, 0x2000, VOLUMES_FFS2, 0xFF);
	off = volumes_file(&v, 1, 0x02, 0, body, sizeof(body));
	memcpy(p + off, ami.b, UUID_LEN);
	volumes_seal(&v, off, 24, 24 + sizeof(body));
	policy(p + POLICY, old);
	memset(p + TABLE, 0, 48);
	memcpy(p + TABLE, "_FIT_   \3", 9);
	for (size_t i = 1; i < 3; i++) {
		put_u64le(p + TABLE + 16 * i, ADDRESS(POLICY));
		put_u32le(p + TABLE + 16 * i + 8, 0x400);
		p[TABLE + 16 * i + 14] = (uint8_t)(FIT_KEY_MANIFEST + i - 1);
	}
	put_u64le(p + SIZE - 0x40, ADDRESS(TABLE));
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	static uint8_t p[SIZE];

	sample(p, len > 0 && (in[0] & 1) != 0);
	mutate(p + POLICY, 0x140, in, len / 2 & ~(size_t)3);
	try(p, SIZE);
	mutate(p + TABLE, SIZE - TABLE, in, len);
	try(p, SIZE);
	mutate(p, 0x100, in, len);
	if (get_u16le(p + 0x30) <= 0x400)
		volumes_sum(p);
	try(p, SIZE);
	return 0;
}
