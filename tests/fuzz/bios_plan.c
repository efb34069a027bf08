/* SPDX-License-Identifier: Apache-2.0 */
/* Plans for random layouts whose bytes are changed or cut off: the image is
 * refused or understood, only planned ranges change, and they come back. */
#include <string.h>

#include "bios/carry.h"
#include "tests/layouts.h"
#include "tests/mutate.h"

static struct {
	struct layout l;
	struct image img, again;
	struct planner at;
	struct plan plan;
	uint8_t out[LAYOUT_MAX];
} t;

static void
apply(size_t n)
{
	size_t w = 0;
	bool sets = false;
	struct err e;

	err_clear(&e);
	memcpy(t.out, t.l.p, n);
	must(plan_apply(&t.plan, t.out, n, &e) == ERR_OK);
	for (size_t i = 0; i < n; i++) {
		if (t.out[i] == t.l.p[i])
			continue;
		while (w < t.plan.n && i >= t.plan.w[w].off + t.plan.w[w].len)
			w++;
		must(w < t.plan.n && i >= t.plan.w[w].off);
		sets |= (t.out[i] & ~t.l.p[i]) != 0;
	}
	must(t.plan.clears_only == !sets);
	/* Understood again, or refused, but without a finding. */
	if (image_read(t.out, n, &t.again, &e) == ERR_OK)
		carry_check(&t.again, &t.l.map, &t.l.rec, &e);
	err_clear(&e);
	must(plan_revert(&t.plan, &t.img, t.out, n, &e) == ERR_OK);
	must(memcmp(t.out, t.l.p, n) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	struct err e;
	size_t n;

	if (len < 8)
		return 0;
	err_clear(&e);
	layout_make(&t.l, get_u32le(in));
	n = t.l.n;
	if ((in[4] & 1) != 0)
		n = get_u32le(in + 4) % (n + 1);
	if (n > 0)
		mutate(t.l.p, n, in + 8, len - 8);
	if (image_read(t.l.p, n, &t.img, &e) != ERR_OK ||
	    plan_begin(&t.at, &t.img, &t.l.map, &e) != ERR_OK) {
		must(e.reason != NULL);
		return 0;
	}
	if (plan_make(&t.at, &t.l.rec, &t.plan, &e) == ERR_OK)
		apply(n);
	else
		must(e.reason != NULL);
	plan_free(&t.plan);
	return 0;
}
