/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes with files, sections and a volume in them, changed at will: the walk
 * ends, each item lies in what holds it, and the header of a file, written
 * again from what was read, is the same bytes. */
#include <string.h>

#include "bios/image.h"
#include "tests/mutate.h"
#include "tests/volumes.h"

#define SIZE 0x2000

static void
same_header(const uint8_t *p, const struct ffs_file *f)
{
	uint8_t out[32] = { 0 };
	size_t n = f->large ? 32 : 24;

	if (f->state == FFS_BEGUN)
		return;
	memcpy(out, f->guid.b, UUID_LEN);
	out[0x10] = f->head_sum;
	out[0x11] = f->body_sum;
	out[0x12] = f->type;
	out[0x13] = f->attrs;
	if (f->large) {
		/* what a large file has in the small field counts nowhere */
		memcpy(out + 0x14, p + f->off + 0x14, 3);
		put_u64le(out + 24, f->end - f->off);
	} else
		put_u32le(out + 0x14, (uint32_t)(f->end - f->off));
	out[0x17] = f->raw_state;
	must(memcmp(out, p + f->off, n) == 0);
}

static void
same_section(const uint8_t *p, const struct ffs_section *s)
{
	uint8_t out[8];
	size_t size = s->end - s->off;
	bool large =
	    p[s->off] == 0xFF && p[s->off + 1] == 0xFF && p[s->off + 2] == 0xFF;

	put_u32le(out, large ? 0xFFFFFF : (uint32_t)size);
	out[3] = s->type;
	put_u32le(out + 4, (uint32_t)size);
	must(memcmp(out, p + s->off, large && size >= 8 ? 8 : 4) == 0);
	must(s->body >= s->off + 4 && s->body <= s->end);
}

static void
look(const uint8_t *p, size_t n, const struct volume *v)
{
	size_t from[FFS_DEPTH + 1], end[FFS_DEPTH + 1];
	char text[FFS_NAME];
	struct ffs_walk w;
	struct ffs_item it;
	size_t items = 0;

	from[0] = v->off;
	end[0] = v->off + v->len;
	must(end[0] <= n && v->first <= end[0]);
	for (ffs_begin(&w, p, v); ffs_next(&w, &it);) {
		must(it.depth < FFS_DEPTH && it.end > it.off);
		must(it.off >= from[it.depth] && it.end <= end[it.depth]);
		from[it.depth + 1] = it.off;
		end[it.depth + 1] = it.end;
		from[it.depth] =
		    it.kind == FFS_VOLUME && it.v.why != NULL ? it.off : it.end;
		must((it.kind == FFS_STRAY) <= (it.why != NULL));
		if (it.kind == FFS_FILE) {
			same_header(p, &it.f);
			ffs_name(p, &it.f, text);
		}
		if (it.kind == FFS_SECTION) {
			same_section(p, &it.s);
			ffs_text(p, &it.s, text);
			must(ffs_packing_name(&it.s) != NULL);
		}
		must(++items < 100000);
	}
}

static void
try(const uint8_t *p, size_t n)
{
	struct volume_info info;
	struct volume v;

	for (size_t from = 0; volume_next(p, from, n, &v); from = v.off + 1) {
		must(v.off >= from && v.off + v.len <= n);
		if (v.why == NULL)
			volume_info(p, &v, &info);
		look(p, n, &v);
	}
}

/* A volume in a section of a file, files around it. */
static void
sample(uint8_t *p, const char *guid, uint8_t erased)
{
	static uint8_t in[0x200], body[0x400];
	struct volumes v = volumes_make(in, sizeof(in), VOLUMES_FFS2, erased);
	size_t n = 0;

	volumes_file(&v, 1, 0x07, 0, "\x0e\0\0\x15h\0i\0\0\0", 10);
	volumes_section(body, &n, 0x01, "\4\0\0\0\0\5\0\0\x19x", 10);
	volumes_section(body, &n, 0x17, in, sizeof(in));
	v = volumes_make(p, SIZE, guid, erased);
	volumes_file(&v, 2, FFS_RAW, 0x40, "hello", 5);
	volumes_file(&v, 3, 0x0B, 0, body, n);
	volumes_large(&v, 4, "large", 5);
	volumes_file(&v, 5, FFS_PAD, 0, "", 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	static uint8_t p[SIZE];
	uint8_t how = len > 0 ? in[0] : 0;

	try(in, len);
	sample(p, how & 1 ? VOLUMES_FFS3 : VOLUMES_FFS2, how & 2 ? 0 : 0xFF);
	try(p, SIZE);
	mutate(p + 0x48, 0x400, in, len);
	try(p, SIZE);
	mutate(p, 0x48, in, len);
	if (get_u16le(p + 0x30) <= 0x400)
		volumes_sum(p);
	try(p, SIZE);
	return 0;
}
