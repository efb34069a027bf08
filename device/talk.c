/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "device/talk.h"
#include "formats/generation.h"
#include "formats/hello.h"

#define RETRY_MAX 14

uint32_t
talk_count(const struct settings *s)
{
	uint32_t n = 0;

	for (size_t i = 0; i < s->nsteps; i++)
		n += s->step[i].count;
	return n;
}

bool
talk_wait(const struct settings *s, uint32_t n, unsigned long *ms)
{
	if (n + 1 >= talk_count(s))
		return false;
	for (size_t i = 0; i < s->nsteps; i++) {
		if (n < s->step[i].count) {
			*ms = s->step[i].every_ms;
			return true;
		}
		n -= s->step[i].count;
	}
	return false;
}

static void
announce(struct hello *h, const struct hashlist *list, size_t most)
{
	const struct hash_entry *only = hashlist_only(list);

	for (size_t i = 0; i < list->n && h->n < most; i++) {
		const struct hash_entry *entry = &list->e[i];

		if (!entry->active || (only != NULL && entry != only))
			continue;
		h->hash[h->n].type = (uint8_t)entry->type;
		memcpy(h->hash[h->n].hash, entry->hash,
		    hashlist_hash_len(entry->type));
		h->n++;
	}
}

void
talk_hello(struct wr *w, const struct talk_who *who, uint32_t n,
    const struct settings *s)
{
	const struct record *r = who->record;
	struct hello *h = calloc(1, sizeof(*h));

	if (h == NULL) {
		w->failed = true;
		return;
	}
	h->admin_set = 1; /* as in every public capture */
	h->retry = n < RETRY_MAX ? n : RETRY_MAX;
	h->uuid = r->uuid;
	h->version = who->psk->pid[0] != '\0' ? HELLO_PSK : HELLO_PKI;
	memcpy(h->pid, who->psk->pid, sizeof(h->pid));
	announce(h, who->hashes,
	    s->announced_max > 0
		? s->announced_max
		: generation_of(r->amt_major, r->amt_minor)->announced);
	hello_write(w, h);
	free(h);
}
