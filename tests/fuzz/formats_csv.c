/* SPDX-License-Identifier: Apache-2.0 */
/* Every row ends, lines only grow, and fields stay in their bounds. */
#include <stdint.h>
#include <string.h>

#include "formats/csv.h"
#include "tests/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	unsigned last = 0;
	bool more = true;
	struct csv_row row;
	struct csv c;
	struct err e;

	csv_init(&c, "fuzz", p, n);
	while (more) {
		const char *was = c.p;

		err_clear(&e);
		csv_next(&c, &row, &more, &e);
		must(c.p <= c.end && (c.p > was || !more));
		if (!more || e.code != ERR_OK)
			continue;
		must(row.line > last && row.n >= 1 && row.n <= CSV_FIELDS);
		last = row.line;
		for (size_t i = 0; i < row.n; i++)
			must(strlen(row.field[i]) < CSV_FIELD);
	}
	return 0;
}
