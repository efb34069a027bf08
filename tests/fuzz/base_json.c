/* SPDX-License-Identifier: Apache-2.0 */
/* Of a document that parses every value can be reached, each key once. */
#include <string.h>

#include "base/json.h"
#include "tests/fuzz.h"

static void
walk(const struct json_doc *d)
{
	const char *text;
	uint64_t v = 0;
	bool b;
	size_t n;

	text = json_doc_text(d, &n);
	must((text != NULL) == (json_doc_kind(d) == JSON_KIND_TEXT));
	must(text == NULL || text[n] == '\0');
	if (json_doc_uint(d, 100, &v))
		must(json_doc_kind(d) == JSON_KIND_INT && v <= 100);
	if (json_doc_bool(d, &b))
		must(json_doc_kind(d) == JSON_KIND_OTHER);
	for (size_t i = 0; i < json_doc_count(d); i++)
		walk(json_doc_at(d, i));
	must(json_doc_at(d, json_doc_count(d)) == NULL);
	for (const char *k = NULL; (k = json_doc_key(d, k)) != NULL;) {
		must(json_doc_get(d, k) != NULL);
		walk(json_doc_get(d, k));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct json_doc *d = NULL;
	struct err e = { 0 };

	if (json_doc_parse(p, n, &d, &e) == ERR_OK)
		walk(d);
	else
		must(d == NULL && e.msg[0] != '\0');
	json_doc_free(d);
	return 0;
}
