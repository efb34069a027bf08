/* SPDX-License-Identifier: Apache-2.0 */
/* What a state keeps of the certificate hashes, whatever is there: a byte for
 * how many the record has, then the blob. The record's stay, each entry has its
 * own handle, and what is written again is read as the same. */
#include <string.h>

#include "device/roots.h"
#include "tests/fuzz.h"

static struct record rec;

static void
same(const struct hash_entry *a, const struct hash_entry *b)
{
	must(a->type == b->type && a->active == b->active);
	must(memcmp(a->hash, b->hash, hashlist_hash_len(a->type)) == 0);
	must(memchr(a->name, '\0', sizeof(a->name)) != NULL);
	must(strcmp(a->name, b->name) == 0);
}

static size_t
look(const struct state *s, struct hashlist *list)
{
	struct hash_entry e;
	size_t n = 0, handle, last = 0;

	roots_in_force(&rec, s, list);
	must(list->n >= rec.hashes.n && list->n <= HASHLIST_MAX);
	for (size_t i = 0; i < rec.hashes.n; i++)
		must(list->e[i].hash[0] == i + 1);
	for (; roots_nth(&rec, s, n, &handle, &e); n++) {
		must(n == 0 || handle > last);
		last = handle;
		if (n < list->n)
			same(&e, &list->e[n]);
	}
	must(n >= list->n);
	return n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct hashlist before, after;
	struct state *s = calloc(1, sizeof(*s));
	struct hash_entry e;
	struct err why = { 0 };
	size_t many, handle;

	must(s != NULL);
	rec.hashes.n = n > 0 ? p[0] % (HASHLIST_MAX + 1) : 0;
	for (size_t i = 0; i < rec.hashes.n; i++)
		rec.hashes.e[i] = (struct hash_entry){ .type = HASH_SHA256,
			.hash = { (uint8_t)(i + 1) },
			.active = true };
	s->phase = STATE_POST;
	if (n > 1)
		must(state_blob_set(&s->roots, p + 1, n - 1, &why) == ERR_OK);
	many = look(s, &before);
	if (many > 0 && roots_nth(&rec, s, many - 1, &handle, &e) &&
	    roots_set_active(&rec, s, handle, e.active) == ROOTS_OK) {
		must(look(s, &after) == many && after.n == before.n);
		for (size_t i = 0; i < after.n; i++)
			same(&after.e[i], &before.e[i]);
	}
	state_free(s);
	free(s);
	return 0;
}
