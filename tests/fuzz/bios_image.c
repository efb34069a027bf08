/* SPDX-License-Identifier: Apache-2.0 */
/* A changed image never crashes: reading, finding the record, writing one,
 * composing. What was written is read back, and only clears bits. */
#include <string.h>

#include "bios/plan.h"
#include "tests/mutate.h"
#include "tests/store.h"

#define SIZE 0x10000

static const struct record one = {
	.sequence = 7, .amt_major = 3, .talk = true, .serial = "S-1"
};

/* The image is left with the record in it if that may be written. */
static void
write_record(uint8_t *p, size_t n)
{
	static struct imgmap map;
	static struct image img;
	static struct planner at;
	static struct plan plan;
	static struct record got;
	static uint8_t old[SIZE];
	struct map_setting *s = &map.setting[0];
	struct err e;

	err_clear(&e);
	strcpy(map.name, "fuzz");
	map.nmatch = map.nsetting = 1;
	map.match[0].kind = MAP_VOLUME;
	uuid_parse(&map.match[0].guid, VOLUME_NV_GUID);
	s->target = MAP_AT_VAR;
	s->encoding = MAP_OPR1;
	s->store = -1;
	s->attrs = 3;
	image_oem_name(&s->var);
	memcpy(old, p, n);
	if (image_read(p, n, &img, &e) != ERR_OK ||
	    plan_begin(&at, &img, &map, &e) != ERR_OK) {
		must(e.reason != NULL);
		return;
	}
	if (plan_make(&at, &one, &plan, &e) == ERR_OK) {
		must(plan.clears_only);
		must(plan_apply(&plan, p, n, &e) == ERR_OK);
		for (size_t i = 0; i < n; i++)
			must((p[i] & ~old[i]) == 0);
		must(image_record(p, n, &got, &e) == ERR_OK);
		must(strcmp(got.serial, one.serial) == 0);
	}
	plan_free(&plan);
}

static void
try(const uint8_t *p, size_t n)
{
	static struct record rec;
	struct err e;

	err_clear(&e);
	if (image_record(p, n, &rec, &e) != ERR_OK)
		must(e.reason != NULL);
	record_wipe(&rec);
}

/* A descriptor that lays out SIZE bytes, a store as their BIOS. */
static void
sample(uint8_t *p)
{
	struct err e;

	err_clear(&e);
	memset(p, 0xFF, SIZE);
	must(descriptor_make(p,
		 &(struct descriptor_sizes){
		     .flash = 0x80000, .me = 0x1000, .bios = STORE_VOLUME },
		 &e) == ERR_OK);
	put_u32le(p + 0x44, 0x000B0008);
	store_make(p + 0x8000, true);
}

static void
compose(const uint8_t *in, size_t len)
{
	static uint8_t desc[DESCRIPTOR_SIZE], out[0x80000];
	struct image_parts parts = { .descriptor = { desc, sizeof(desc) },
		.me = { in, len },
		.pdr = { in, len },
		.bios = { in, len } };
	struct err e;

	err_clear(&e);
	must(descriptor_make(desc,
		 &(struct descriptor_sizes){
		     .flash = sizeof(out), .me = 0x1000, .bios = 0x1000 },
		 &e) == ERR_OK);
	mutate(desc + 0x14, 0x50, in, len);
	if (image_compose(&parts, out, sizeof(out), &e) != ERR_OK)
		must(e.reason != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	static uint8_t p[SIZE];

	try(in, len);
	sample(p);
	mutate(p, 0x100, in, len / 2 & ~(size_t)3);
	write_record(p, SIZE);
	mutate(p + 0x8000, 0x400, in, len);
	try(p, SIZE);
	if (len > 0 && in[0] == 0)
		compose(in, len);
	return 0;
}
