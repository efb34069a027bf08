/* SPDX-License-Identifier: Apache-2.0 */
/* A table that is read is written again; what that reads as is the same. And
 * a rule that is well formed makes a label or says why not. */
#include <stdint.h>
#include <string.h>

#include "server/naming.h"
#include "tests/fuzz.h"

static void
tables(const uint8_t *p, size_t n)
{
	struct naming_table *t, *again;
	struct wr w, v;
	struct err e;

	err_clear(&e);
	if (naming_table_read("fuzz", p, n, &t, &e) != ERR_OK) {
		must(t == NULL && e.reason != NULL);
		return;
	}
	wr_grow(&w, (size_t)1 << 24);
	wr_grow(&v, (size_t)1 << 24);
	naming_table_write(&w, t);
	must(naming_table_read("fuzz", w.buf, w.len, &again, &e) == ERR_OK);
	naming_table_write(&v, again);
	must(v.len == w.len && memcmp(v.buf, w.buf, w.len) == 0);
	wr_free(&w);
	wr_free(&v);
	naming_table_free(t);
	naming_table_free(again);
}

static void
rules(const uint8_t *p, size_t n)
{
	struct row row = { .serial = "SN-12345",
		.order = "A",
		.sku = "x y",
		.macs = "02:00:00:00:00:01" };
	char rule[NAMING_RULE], out[NAMING_LABEL];
	const char *why;
	struct err e;

	if (n >= sizeof(rule))
		n = sizeof(rule) - 1;
	memcpy(rule, p, n);
	rule[n] = '\0';
	if (!naming_rule_check(rule, &why)) {
		must(why != NULL);
		return;
	}
	err_clear(&e);
	if (naming_rule(rule, &row, out, &e) == ERR_OK)
		must(naming_is_label(out));
	else
		must(e.reason != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	tables(p, n);
	rules(p, n);
	return 0;
}
