/* SPDX-License-Identifier: Apache-2.0 */
/* A table and an entry point are read inside their bytes; what is found is
 * fit to be stored. Nothing writes SMBIOS here. */
#include <string.h>

#include "base/text.h"
#include "bios/smbios.h"
#include "tests/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct smbios_system s;
	struct smbios_table t;
	struct rd r;

	rd_init(&r, p, n);
	if (smbios_system(&r, &s)) {
		must(r.why == NULL && rd_off(&r) <= n);
		must(strnlen(s.serial, sizeof(s.serial)) < sizeof(s.serial));
		must(text_printable(s.serial, strlen(s.serial)));
	}
	rd_init(&r, p, n);
	must(smbios_entry(&r, &t) == (r.why == NULL));
	return 0;
}
