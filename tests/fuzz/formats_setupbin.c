/* SPDX-License-Identifier: Apache-2.0 */
/* A file that is read is written to the same bytes; its entries, walked and
 * added one by one, make the same record. */
#include <string.h>

#include "formats/setupbin.h"
#include "formats/setupvar.h"
#include "tests/fuzz.h"

static void
rebuilt(const struct setupbin_record *rec)
{
	static struct setupbin_record again;
	const struct setupvar *var;
	struct setupbin_entry e;
	const char *why;
	size_t at = 0;

	again.len = 0;
	while (setupbin_next(rec, &at, &e)) {
		must(setupbin_add(&again, SETUPBIN_ENTRIES_MAX, e.module, e.id,
		    e.value, e.n));
		if ((var = setupvar_find(e.module, e.id)) != NULL)
			must(setupvar_check(var, e.value, e.n, &why) ==
			    (why == NULL));
	}
	must(at == rec->len && again.len == rec->len);
	must(memcmp(again.entries, rec->entries, rec->len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static uint8_t out[1 << 20];
	static struct setupbin_record rec;
	struct setupbin sb;
	struct rd r;
	struct wr w;

	rd_init(&r, p, n);
	wr_fixed(&w, out, sizeof(out));
	if (!setupbin_read(&r, &sb)) {
		must(r.why != NULL && r.at <= n);
		return 0;
	}
	setupbin_write(&w, &sb);
	for (uint32_t i = 0; i < sb.count; i++) {
		size_t before = w.len;

		must(before == setupbin_offset(&sb, i));
		if (!setupbin_record_read(&r, &sb, &rec)) {
			must(r.at <= n);
			break;
		}
		setupbin_record_write(&w, &sb, &rec);
		must(!w.failed);
		rebuilt(&rec);
	}
	must(!w.failed && w.len <= n && memcmp(out, p, w.len) == 0);
	return 0;
}
