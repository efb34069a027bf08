/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/facts.h"
#include "formats/cjson.h"

#define FACTS_MAX 65536
#define TEXT_MAX 512

void
facts_begin(struct facts *f, bool json)
{
	wr_grow(&f->w, FACTS_MAX);
	f->json = json;
	if (json)
		wr_u8(&f->w, '{');
}

static void
name(struct facts *f, const char *key)
{
	if (f->w.len > 1)
		wr_u8(&f->w, ',');
	cjson_put_string(&f->w, key);
	wr_u8(&f->w, ':');
}

static void
line(struct facts *f, const char *key, const char *value)
{
	wr_fmt(&f->w, "%-16s %.480s\n", key, value);
}

void
facts_bytes(struct facts *f, const char *key, const void *p, size_t n)
{
	char clean[TEXT_MAX + 1];
	size_t i;

	if (n > TEXT_MAX)
		n = TEXT_MAX;
	memcpy(clean, p, n);
	for (i = 0; i < n && clean[i] != '\0'; i++)
		if (clean[i] < 0x20 || clean[i] > 0x7e)
			clean[i] = '?';
	clean[i] = '\0';
	if (i == 0)
		return;
	if (f->json)
		cjson_put_member(&f->w, key, clean);
	else
		line(f, key, clean);
}

void
facts_text(struct facts *f, const char *key, const char *value)
{
	facts_bytes(f, key, value, strlen(value));
}

void
facts_number(struct facts *f, const char *key, uint64_t v)
{
	char text[24];

	if (f->json) {
		name(f, key);
		cjson_put_uint(&f->w, v);
	} else {
		snprintf(text, sizeof(text), "%" PRIu64, v);
		line(f, key, text);
	}
}

void
facts_bool(struct facts *f, const char *key, bool v)
{
	if (f->json) {
		name(f, key);
		cjson_put_bool(&f->w, v);
	} else {
		line(f, key, v ? "yes" : "no");
	}
}

void
facts_null(struct facts *f, const char *key)
{
	if (!f->json)
		return;
	name(f, key);
	wr_str(&f->w, "null");
}

void
facts_word(struct facts *f, const char *key, const char *const *names, size_t n,
    uint32_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu32, value);
	facts_text(f, key, value < n ? names[value] : text);
}

enum err_code
facts_end(struct facts *f, struct err *e)
{
	if (f->json)
		wr_str(&f->w, "}\n");
	return cli_print(&f->w, e);
}
