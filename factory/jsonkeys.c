/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/near.h"
#include "factory/jsonkeys.h"
#include "factory/setupjson.h"

#define TOLD_MAX 16

/* Ours, and those of MeshCentral's decoder and of the peer's script. */
static const char *const file_keys[] = { "fileType", "majorVersion",
	"minorVersion", "flags", "records", "dataRecordsConsumed",
	"dataRecordChunkCount", "recordChunkCount", "recordHeaderByteCount",
	"recordNumber", "ordered", "modules", "peer", NULL };
static const char *const record_keys[] = { "typeIdentifier", "flags",
	"variables", "recordNumber", "chunkCount", "headerByteCount", "number",
	NULL };
static const char *const variable_keys[] = { "module", "var", "num", "guid",
	"text", "hex", "name", "length", "type", "desc", NULL };

/* What was told: a tool that adds a key adds it to each of many records. */
struct told {
	void (*tell)(const char *line);
	size_t n;
	struct {
		const char *const *known;
		const char *key;
	} key[TOLD_MAX];
};

static bool
told_before(const struct told *t, const char *const *known, const char *key)
{
	for (size_t i = 0; i < t->n && i < TOLD_MAX; i++)
		if (t->key[i].known == known && strcmp(t->key[i].key, key) == 0)
			return true;
	return t->n > TOLD_MAX;
}

static const char *
nearest(const char *const *known, const char *key)
{
	const char *best = NULL;
	size_t least = SIZE_MAX;

	for (; *known != NULL; known++) {
		size_t d = near_distance(key, *known);

		if (d < least && near_word(key, *known)) {
			least = d;
			best = *known;
		}
	}
	return best;
}

static void
tell(struct told *t, const char *const *known, const char *key,
    const char *place)
{
	const char *near = nearest(known, key);
	char line[256];

	if (t->n == TOLD_MAX)
		snprintf(line, sizeof(line), "%smore unknown keys are ignored",
		    place);
	else {
		t->key[t->n].known = known;
		t->key[t->n].key = key;
		snprintf(line, sizeof(line),
		    "%sunknown key \"%.64s\" is ignored%s%s%s", place, key,
		    near != NULL ? " (did you mean " : "",
		    near != NULL ? near : "", near != NULL ? "?)" : "");
	}
	t->n++;
	t->tell(line);
}

static void
look(struct told *t, const struct json_doc *o, const char *const *known,
    const char *place)
{
	const char *key = NULL;

	while ((key = json_doc_key(o, key)) != NULL) {
		size_t i = 0;

		while (known[i] != NULL && strcmp(known[i], key) != 0)
			i++;
		if (known[i] == NULL && !told_before(t, known, key))
			tell(t, known, key, place);
	}
}

static void
look_record(struct told *t, const struct json_doc *record, size_t i)
{
	const struct json_doc *vars = json_doc_get(record, "variables");
	char place[64];

	snprintf(place, sizeof(place), "record %zu: ", i + 1);
	look(t, record, record_keys, place);
	for (size_t k = 0; k < json_doc_count(vars); k++) {
		snprintf(place, sizeof(place),
		    "record %zu, variable %zu: ", i + 1, k + 1);
		look(t, json_doc_at(vars, k), variable_keys, place);
	}
}

void
jsonkeys_look(const struct json_doc *root, void (*hear)(const char *line))
{
	const struct json_doc *records = json_doc_get(root, "records");
	struct told t = { .tell = hear };
	char line[80];

	if (json_doc_kind(root) != JSON_KIND_OBJECT)
		return;
	look(&t, root, file_keys, "");
	for (size_t i = 0; i < json_doc_count(records); i++)
		look_record(&t, json_doc_at(records, i), i);
	if (json_doc_get(root, "fileType") == NULL &&
	    json_doc_get(root, "majorVersion") == NULL) {
		snprintf(line, sizeof(line),
		    "no fileType is given: version %d.0 is written",
		    SETUPJSON_MAJOR);
		hear(line);
	}
}
