/* SPDX-License-Identifier: Apache-2.0 */
/* A list of settings that is read gives the same records again. */
#include <string.h>

#include "base/bytes.h"
#include "bios/mecfg.h"
#include "tests/mutate.h"

static void
put_record(struct wr *w, const struct mecfg *c, const struct mecfg_rec *rec)
{
	if (c->each == MECFG_IDS) {
		wr_u32le(w, rec->id);
		wr_u32le(w, rec->offset);
		wr_u16le(w, rec->size);
		wr_u16le(w, rec->flags);
		return;
	}
	wr_bytes(w, rec->name, strlen(rec->name));
	wr_fill(w, 0, MECFG_NAME - strlen(rec->name) + 2);
	wr_u16le(w, rec->access);
	wr_u16le(w, rec->deploy);
	wr_u16le(w, rec->size);
	wr_u16le(w, rec->uid);
	wr_u16le(w, rec->gid);
	wr_u32le(w, rec->offset);
}

static void
try(const uint8_t *p, size_t n, size_t each)
{
	struct mecfg_walk walk = { 0 };
	struct mecfg_rec rec;
	struct mecfg c;
	size_t seen = 0;
	struct wr w;

	if (!mecfg_read(p, n, each, &c)) {
		must(c.why != NULL && c.at <= n);
		return;
	}
	wr_grow(&w, 4 + MECFG_MAX * MECFG_PATHS);
	wr_u32le(&w, (uint32_t)c.count);
	for (; mecfg_next(&c, &walk, &rec); seen++) {
		must(rec.off == w.len);
		must(strlen(rec.path) < MECFG_PATH);
		must((rec.path[0] == '/') == (c.each == MECFG_PATHS));
		put_record(&w, &c, &rec);
	}
	must(seen == c.count && !w.failed);
	must(w.len <= n && memcmp(w.buf, p, w.len) == 0);
	wr_free(&w);
}

/* Two directories, a file in each, and the way back. */
static void
changed(const uint8_t *in, size_t len)
{
	static const char *const names[] = { "home", "mca", "eom", "..", "x" };
	uint8_t p[4 + 5 * MECFG_PATHS + 8] = { 5 };

	for (size_t i = 0; i < 5; i++) {
		uint8_t *r = p + 4 + i * MECFG_PATHS;

		memcpy(r, names[i], strlen(names[i]));
		put_u16le(r + 14, i < 2 || i == 3 ? MECFG_DIRECTORY : 0);
		put_u16le(r + 18, i == 2 ? 8 : 0);
		put_u32le(r + 24, 4 + 5 * MECFG_PATHS);
	}
	mutate(p, sizeof(p), in, len);
	try(p, sizeof(p), 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
	try(in, len, 0);
	try(in, len, MECFG_PATHS);
	try(in, len, MECFG_IDS);
	changed(in, len);
	return 0;
}
