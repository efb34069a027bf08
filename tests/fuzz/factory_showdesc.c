/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever a descriptor says, and whatever is in an MFS, showing it ends, and
 * closes what it opened. */
#include <string.h>

#include "bios/descriptor.h"
#include "factory/showdesc.h"
#include "factory/showmefs.h"
#include "tests/mfsmake.h"
#include "tests/mutate.h"

#define FLASH 0x80000

static void
finish(struct tree *t)
{
	must(t->depth == 0 && !t->out.failed);
	for (size_t i = 0; i < t->ngaps; i++)
		must(t->gap[i].from <= t->gap[i].end);
	wr_free(&t->out);
	free(t->gap);
}

static void
show_descriptor(const uint8_t *p, size_t n, bool json)
{
	static struct container_list list;
	static struct image img;
	struct tree t;
	struct err e;

	err_clear(&e);
	if (image_read(p, n, &img, &e) != ERR_OK ||
	    !img.desc.region[REGION_DESCRIPTOR].used || img.desc.chips == 0)
		return;
	container_find(&img, &list);
	tree_begin(&t, json);
	showdesc_tree(&t, &img);
	for (size_t i = 3; i < DESCRIPTOR_REGIONS; i++)
		if (img.desc.region[i].used && img.desc.region[i].limit < n)
			showdesc_other(&t, &img, i, &list);
	finish(&t);
}

static void
show_partition(const uint8_t *p, size_t n, const char *name, bool json)
{
	struct tree t;

	tree_begin(&t, json);
	showmefs_tree(&t, p, 0, n, name);
	finish(&t);
}

static void
changed_descriptor(const uint8_t *in, size_t len, bool json)
{
	static uint8_t p[FLASH];
	struct descriptor_sizes s = { .flash = FLASH,
		.me = 0x1000,
		.gbe = 0x2000,
		.pdr = 0x1000,
		.bios = 0x1000 };
	struct err e;

	err_clear(&e);
	memset(p, 0xFF, sizeof(p));
	must(descriptor_make(p, &s, &e) == ERR_OK);
	mutate(p + 0x10, 0x150, in, len / 2);
	mutate(p, 0x6000, in + len / 2, len - len / 2);
	show_descriptor(p, sizeof(p), json);
}

static void
changed_mfs(const uint8_t *in, size_t len, bool json)
{
	static const uint8_t cfg[0x1C + 8] = { 1, 0, 0, 0, 'x' };
	static uint8_t p[MM_SIZE];
	static struct mm mm;

	mm_begin(&mm, p);
	mm_file(&mm, 6, cfg, sizeof(cfg));
	mm_file(&mm, 7, in, len < 4096 ? len : 4096);
	mm_end(&mm);
	mutate(p, sizeof(p), in, len);
	show_partition(p, sizeof(p), "MFS", json);
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	static const char *const names[] = { "MFS", "AFSP", "MFSB", "FITC" };
	bool json = len % 2 == 0;

	for (size_t i = 0; i < 4; i++)
		show_partition(in, len, names[i], json);
	show_descriptor(in, len, json);
	changed_descriptor(in, len, json);
	changed_mfs(in, len, json);
	return 0;
}
