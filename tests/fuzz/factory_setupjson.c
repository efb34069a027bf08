/* SPDX-License-Identifier: Apache-2.0 */
/* JSON from anywhere is refused, or makes a file; if a strict reader takes
 * the file (what is left are values that the linter refuses), its JSON makes
 * the same file again. */
#include <string.h>

#include "factory/setupjson.h"
#include "formats/setuplint.h"
#include "tests/fuzz.h"

static void
note(void *arg, const struct setuplint_found *f)
{
	/* The layout is the writer's own: no fault of it is left. */
	(void)arg;
	must((unsigned)f->id >= SETUPBIN_FAULTS);
}

static void
hear(const char *line)
{
	must(strlen(line) < 256);
}

/* We know what we write. */
static void
never(const char *line)
{
	must(line == NULL);
}

static void
decode(const struct wr *file, struct wr *json)
{
	static struct setupbin_record rec;
	static struct setupjson j;
	struct setupbin sb;
	struct rd r;

	memset(&j, 0, sizeof(j));
	rd_init(&r, file->buf, file->len);
	must(setupbin_read(&r, &sb));
	setupjson_begin(json, &sb);
	for (uint32_t i = 0; i < sb.count; i++) {
		must(setupbin_record_read(&r, &sb, &rec));
		setupjson_record(json, &j, &rec);
	}
	setupjson_end(json, &j, &sb);
	must(rd_end(&r) && !json->failed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const struct setuplint_sink sink = { note, NULL };
	const struct setuplint_opts opts = { .writing = true };
	struct setuplint_sum sum;
	struct wr file, json, again;
	struct err e = { 0 };

	wr_grow(&file, 1 << 22);
	wr_grow(&json, 1 << 24);
	wr_grow(&again, 1 << 22);
	if (setupjson_encode(p, n, &file, hear, &e) == ERR_OK) {
		must(setuplint_run(
			 file.buf, file.len, &opts, &sink, &sum, &e) == ERR_OK);
		if (sum.unreadable == 0) {
			decode(&file, &json);
			must(setupjson_encode(json.buf, json.len, &again, never,
				 &e) == ERR_OK);
			must(again.len == file.len &&
			    memcmp(again.buf, file.buf, file.len) == 0);
		}
	} else
		must(e.code == ERR_DATA || e.code == ERR_RETRY);
	wr_free(&file);
	wr_free(&json);
	wr_free(&again);
	return 0;
}
