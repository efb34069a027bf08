/* SPDX-License-Identifier: Apache-2.0 */
/* Each finding lies in the file; sums are right; what has no unreadable
 * finding is read by the strict reader, and what has none of the layout's
 * faults is not refused for another. The first bytes are the options. */
#include <string.h>

#include "formats/setuplint.h"
#include "tests/fuzz.h"

struct seen {
	size_t n;
	uint64_t errors, warnings;
};

static void
note(void *arg, const struct setuplint_found *f)
{
	struct seen *s = arg;

	must(f->id < FINDING_LAST && f->off <= s->n);
	must(finding_get(f->id)->reason.code != NULL);
	s->errors += f->error;
	s->warnings += !f->error;
}

static bool
strict(const uint8_t *p, size_t n)
{
	static struct setupbin_record rec;
	struct setupbin sb;
	struct rd r;

	rd_init(&r, p, n);
	setupbin_read(&r, &sb);
	for (uint32_t i = 0; r.why == NULL && i < sb.count; i++)
		setupbin_record_read(&r, &sb, &rec);
	return r.why == NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct setuplint_opts opts = { 0 };
	struct seen seen = { 0 };
	const struct setuplint_sink sink = { note, &seen };
	struct setuplint_sum sum;
	struct err e = { 0 };
	bool ok = strict(p, n);

	for (unsigned i = 0; i < 24; i++) {
		opts.amt_major = (uint8_t)i;
		opts.writing = i % 2 != 0;
		opts.shared_psk = i % 3 != 0;
		memset(&seen, 0, sizeof(seen));
		seen.n = n;
		must(setuplint_run(p, n, &opts, &sink, &sum, &e) == ERR_OK);
		must(seen.errors == sum.errors);
		must(seen.warnings == sum.warnings);
		must(sum.unreadable <= sum.errors);
		must(ok || sum.unreadable != 0);
		if (i == 3 && n > 8192)
			break;
	}
	return 0;
}
