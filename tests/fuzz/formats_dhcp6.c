/* SPDX-License-Identifier: Apache-2.0 */
/* A message that is read is written to the same bytes. */
#include <string.h>

#include "formats/dhcp.h"
#include "formats/dhcp6.h"
#include "tests/fuzz.h"

/* Names and servers are bounded and sound. */
static void
look(const struct dhcp6 *d)
{
	char names[DHCP6_NAMES][DHCP6_NAME];
	uint8_t dns[DHCP6_DNS][16];
	size_t k = dhcp6_names(d, names);

	must(k <= DHCP6_NAMES && dhcp6_dns(d, dns) <= DHCP6_DNS);
	while (k-- > 0)
		must(dhcp_is_name(names[k]));
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static uint8_t out[65536];
	struct dhcp6 x;
	struct wr w;
	struct rd r;

	rd_init(&r, p, n);
	if (n > sizeof(out) || !dhcp6_read(&r, &x))
		return 0;
	wr_fixed(&w, out, sizeof(out));
	dhcp6_write(&w, &x);
	must(!w.failed && w.len == n && (n == 0 || memcmp(out, p, n) == 0));
	look(&x);
	return 0;
}
