/* SPDX-License-Identifier: Apache-2.0 */
/* A changed partition table never crashes; what was read of it, written again,
 * is the same bytes; a partition that is added leaves a sound table and was
 * put where nothing was. */
#include "tests/mutate.h"
#include "tests/region.h"

static void
same_header(const struct fpt *f, uint32_t count)
{
	uint8_t out[FPT_HEADER];
	struct wr w;

	wr_fixed(&w, out, sizeof(out));
	wr_str(&w, "$FPT");
	wr_u32le(&w, count);
	wr_u8(&w, f->version);
	wr_u8(&w, f->entry_version);
	wr_u8(&w, f->header_len);
	wr_u8(&w, f->flags8);
	wr_u16le(&w, f->cycle_life);
	wr_u16le(&w, f->cycle_limit);
	wr_u32le(&w, f->uma);
	wr_u32le(&w, f->flags);
	for (size_t i = 0; i < 4; i++)
		wr_u16le(&w, f->tool[i]);
	must(!w.failed && memcmp(out, f->img + f->off, sizeof(out)) == 0);
}

static void
same_entry(const struct fpt *f, const struct fpt_entry *e)
{
	uint8_t out[FPT_ENTRY];
	struct wr w;

	wr_fixed(&w, out, sizeof(out));
	wr_bytes(&w, e->tag, 4);
	wr_bytes(&w, f->img + e->at + 4, 4); /* the owner is kept as text */
	wr_u32le(&w, e->offset);
	wr_u32le(&w, e->size);
	wr_u32le(&w, e->start);
	wr_u32le(&w, e->max);
	wr_u32le(&w, e->scratch);
	wr_u32le(&w, e->flags);
	must(!w.failed && memcmp(out, f->img + e->at, sizeof(out)) == 0);
}

static void
read_all(const struct fpt *f)
{
	struct fpt_entry e;

	must(f->n <= FPT_ENTRIES && fpt_table_end(f) <= f->end);
	must(f->why == NULL || (f->at >= f->base && f->at < f->end));
	same_header(f, get_u32le(f->img + f->off + 4));
	for (size_t i = 0; i < f->n; i++) {
		fpt_entry(f, i, &e);
		same_entry(f, &e);
		must(!e.space ||
		    (e.len > 0 && e.from >= f->base && e.from < f->end &&
			e.len <= f->end - e.from));
		must(fpt_overlap(f, i) > i);
	}
}

static void
add(uint8_t *p, struct fpt *f, size_t size)
{
	struct fpt_entry e;
	struct fpt_add a;
	struct err err;

	err_clear(&err);
	if (fpt_add(f, "ZZZZ", size, &a, &err) != ERR_OK) {
		must(err.reason != NULL);
		return;
	}
	must(a.len >= size && a.len <= f->end - a.from && a.from >= f->base);
	for (size_t i = 0; i < a.len; i++)
		must(p[a.from + i] == 0xFF);
	for (size_t i = 0; i < f->n; i++) {
		fpt_entry(f, i, &e);
		must(!e.space || e.from >= a.from + a.len ||
		    a.from >= e.from + e.len);
	}
	for (size_t i = 0; i < a.n; i++)
		memcpy(p + a.p[i].off, a.p[i].bytes, a.p[i].len);
	must(fpt_read(p, f->off, f->base, f->end, f));
	must(f->why == NULL && f->sum_ok);
	must(fpt_find(f, "ZZZZ", &e) && e.from == a.from && e.len == a.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	static uint8_t p[REGION_SIZE];
	enum region_form form;
	struct fpt f;
	size_t end;

	if (fpt_read(in, 0, 0, len, &f))
		read_all(&f);
	if (len < 2)
		return 0;
	form = (enum region_form)(in[0] % REGION_FORMS);
	end = region_is_ifwi(form) ? REGION_BOOT : REGION_SIZE;
	region_make(p, form);
	mutate(p + region_base(form), 0x1100, in + 2, len - 2);
	if ((in[0] & 0x80) != 0 && get_u32le(p + region_fpt(form) + 4) < 100)
		region_seal(p, form);
	if (!fpt_read(p, region_fpt(form), region_base(form), end, &f))
		return 0;
	read_all(&f);
	add(p, &f, (size_t)in[1] << 8 | 1);
	return 0;
}
