/* SPDX-License-Identifier: Apache-2.0 */
/* A changed descriptor never crashes the reader, and what it tells of a
 * sound one keeps its bounds. */
#include "bios/descriptor.h"
#include "tests/mutate.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

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
	must(d.chips == 1 || d.chips == 2);
	must(d.flash == d.chip[0] + d.chip[1]);
	must(d.slots == 8 || d.slots == 16);
	for (size_t i = 0; i < DESCRIPTOR_REGIONS; i++) {
		const struct descriptor_region *r = &d.region[i];

		must(!r->used || (i < d.slots && r->base <= r->limit));
		must(r->limit < 0x8000000);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	static uint8_t p[DESCRIPTOR_SIZE];
	struct err e;

	err_clear(&e);
	try(in, len);
	must(descriptor_make(p,
		 &(struct descriptor_sizes){
		     .flash = 0x800000, .me = 0x1000, .bios = 0x1000 },
		 &e) == ERR_OK);
	mutate(p, 0x100, in, len); /* where all that is read lies */
	try(p, sizeof(p));
	return 0;
}
