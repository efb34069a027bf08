/* SPDX-License-Identifier: Apache-2.0 */
/* A message that is read is written to the same bytes. */
#include <string.h>

#include "formats/dhcp.h"
#include "tests/fuzz.h"

/* What is taken out of it fits and is sound. */
static void
look(const struct dhcp *d)
{
	struct dhcp_facts f;
	uint8_t value[300];
	size_t k;

	dhcp_facts(d, &f);
	must(f.ndns <= DHCP_DNS);
	must(f.domain[0] == 0 || dhcp_is_name(f.domain));
	for (unsigned code = 0; code < 256; code++)
		if (dhcp_option(d, (uint8_t)code, value, sizeof(value), &k))
			must(k <= sizeof(value));
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static uint8_t out[65536];
	struct dhcp x;
	struct wr w;
	struct rd r;

	rd_init(&r, p, n);
	if (n > sizeof(out) || !dhcp_read(&r, &x))
		return 0;
	wr_fixed(&w, out, sizeof(out));
	dhcp_write(&w, &x);
	must(!w.failed && w.len == n && (n == 0 || memcmp(out, p, n) == 0));
	look(&x);
	return 0;
}
