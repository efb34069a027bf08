/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/secret.h"

/* What is freed is wiped: its length stands in front, in as many bytes as
 * keep the alignment of malloc(). */
#define FRONT 16

static void *
wiping_malloc(size_t n)
{
	uint8_t *p;

	if (n > SIZE_MAX - FRONT || (p = malloc(n + FRONT)) == NULL)
		return NULL;
	memcpy(p, &n, sizeof(n));
	return p + FRONT;
}

static void
wiping_free(void *at)
{
	uint8_t *p = at;
	size_t n;

	if (p == NULL)
		return;
	p -= FRONT;
	memcpy(&n, p, sizeof(n));
	secret_wipe(p, n + FRONT);
	free(p);
}

/* jansson's own words quote the text. */
static const char *
why_of(const json_error_t *err)
{
	switch (json_error_code(err)) {
	case json_error_premature_end_of_input:
		return "ends too early";
	case json_error_end_of_input_expected:
		return "something follows the end";
	case json_error_invalid_utf8:
		return "not UTF-8";
	case json_error_duplicate_key:
		return "a key twice in one object";
	case json_error_numeric_overflow:
		return "a number that is too large";
	case json_error_stack_overflow:
		return "nested too deep";
	case json_error_null_character:
	case json_error_null_byte_in_key:
		return "a NUL in a text";
	default:
		return "not JSON";
	}
}

enum err_code
json_doc_parse(const void *p, size_t n, struct json_doc **out, struct err *e)
{
	json_error_t err;
	json_t *j;

	json_set_alloc_funcs(wiping_malloc, wiping_free);
	j = json_loadb(n == 0 ? "" : p, n, JSON_REJECT_DUPLICATES, &err);
	*out = (struct json_doc *)j;
	if (j != NULL)
		return ERR_OK;
	if (json_error_code(&err) == json_error_out_of_memory)
		return err_mem(e);
	err_set(e, ERR_DATA, "line %d, column %d: %s", err.line, err.column,
	    why_of(&err));
	err_at(e, (size_t)err.position);
	secret_wipe(&err, sizeof(err));
	return e->code;
}

void
json_doc_free(struct json_doc *d)
{
	json_decref((json_t *)d);
}

enum json_kind
json_doc_kind(const struct json_doc *d)
{
	const json_t *j = (const json_t *)d;

	if (json_is_object(j))
		return JSON_KIND_OBJECT;
	if (json_is_array(j))
		return JSON_KIND_ARRAY;
	if (json_is_string(j))
		return JSON_KIND_TEXT;
	if (json_is_integer(j))
		return JSON_KIND_INT;
	return json_is_real(j) ? JSON_KIND_REAL : JSON_KIND_OTHER;
}

const struct json_doc *
json_doc_get(const struct json_doc *d, const char *key)
{
	return (const struct json_doc *)json_object_get((const json_t *)d, key);
}

const char *
json_doc_key(const struct json_doc *d, const char *before)
{
	json_t *j;
	void *at;

	memcpy(&j, &d, sizeof(j)); /* jansson's iterators take no const */
	at = before == NULL
	    ? json_object_iter(j)
	    : json_object_iter_next(j, json_object_key_to_iter(before));
	return json_object_iter_key(at);
}

size_t
json_doc_count(const struct json_doc *d)
{
	return json_array_size((const json_t *)d);
}

const struct json_doc *
json_doc_at(const struct json_doc *d, size_t i)
{
	return (const struct json_doc *)json_array_get((const json_t *)d, i);
}

bool
json_doc_uint(const struct json_doc *d, uint64_t max, uint64_t *out)
{
	const json_t *j = (const json_t *)d;
	json_int_t v;

	if (!json_is_integer(j) || (v = json_integer_value(j)) < 0 ||
	    (uint64_t)v > max)
		return false;
	*out = (uint64_t)v;
	return true;
}

bool
json_doc_bool(const struct json_doc *d, bool *out)
{
	const json_t *j = (const json_t *)d;

	if (!json_is_boolean(j))
		return false;
	*out = json_is_true(j);
	return true;
}

const char *
json_doc_text(const struct json_doc *d, size_t *n)
{
	const json_t *j = (const json_t *)d;

	*n = json_string_length(j);
	return json_string_value(j);
}
