/* SPDX-License-Identifier: Apache-2.0 */
/* What is found lies where was searched, and a search goes on. */
#include "bios/image.h"
#include "bios/stray.h"
#include "tests/mutate.h"
#include "tests/region.h"

static void
try(const uint8_t *p, size_t n)
{
	static struct image img;
	static struct guard g;
	size_t at = 0, last = 0;
	struct stray s;

	while (stray_next(p, &at, n, &s)) {
		must(at > last && at <= n);
		must(s.off < s.end && s.end <= n);
		last = at;
	}
	must(stray_descriptor(p, 0, n) <= n);
	memset(&img, 0, sizeof(img));
	memset(&g, 0, sizeof(g));
	img.p = p;
	img.n = n;
	stray_guards(&img, &g);
	for (size_t i = 0; i < g.n; i++)
		must(g.r[i].off < n && g.r[i].len <= n - g.r[i].off);
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	static uint8_t p[REGION_SIZE];

	try(in, len);
	if (len < 1)
		return 0;
	region_make(p, (enum region_form)(in[0] % REGION_FORMS));
	mutate(p, REGION_SIZE, in + 1, len - 1);
	try(p, REGION_SIZE);
	return 0;
}
