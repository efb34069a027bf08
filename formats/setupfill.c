/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/bytes.h"
#include "formats/setupfill.h"

struct filling {
	const struct setupbin *head;
	struct setupbin_record *rec;
	setupfill_left *left;
	void *arg;
	bool full;
};

size_t
setupfill_hashes(const struct hashlist *list,
    const struct hash_entry *out[static SETUPFILL_HASHES])
{
	const struct hash_entry *only = hashlist_only(list);
	size_t n = 0;

	if (only != NULL)
		out[n++] = only;
	for (size_t i = 0; only == NULL && i < list->n; i++)
		if (n < SETUPFILL_HASHES && list->e[i].active)
			out[n++] = &list->e[i];
	return n;
}

const struct hash_entry *
setupfill_needs_3(const struct hashlist *list)
{
	const struct hash_entry *h[SETUPFILL_HASHES];
	size_t n = setupfill_hashes(list, h);

	for (size_t i = 0; i < n; i++)
		if (h[i]->type != HASH_SHA1)
			return h[i];
	return NULL;
}

void
setupfill_version(const struct generation *g, const struct hashlist *hashes,
    uint8_t *major, uint8_t *minor)
{
	*major = g->setupbin_major;
	*minor = g->setupbin_minor;
	if (*major < 3 && hashes != NULL && setupfill_needs_3(hashes) != NULL) {
		*major = 3;
		*minor = 0;
	}
}

static void
put(struct filling *f, uint16_t module, uint16_t id, const void *p, size_t n)
{
	const struct setupvar *v = setupvar_find(module, id);
	const struct setupbin *h = f->head;

	if (v != NULL &&
	    (h->major < v->from_major ||
		(h->major == v->from_major && h->minor < v->from_minor))) {
		if (f->left != NULL)
			f->left(f->arg, v);
	} else if (!setupbin_add(
		       f->rec, SETUPBIN_ENTRIES_SAFE, module, id, p, n))
		f->full = true;
}

static void
put_text(struct filling *f, uint16_t module, uint16_t id, const char *s)
{
	if (s[0] != '\0')
		put(f, module, id, s, strlen(s));
}

static void
put_u8(struct filling *f, uint16_t module, uint16_t id, uint8_t v)
{
	put(f, module, id, &v, 1);
}

static void
put_hashes(struct filling *f, const struct hashlist *list)
{
	const struct hash_entry *h[SETUPFILL_HASHES];
	uint8_t value[2 + HASHLIST_HASH + HASHLIST_NAME];
	size_t n = setupfill_hashes(list, h);
	struct wr w;

	/* 2/5: remote configuration on. 2/7: hashes added by the user count;
	 * it must stand before the first of them. */
	put_u8(f, 2, 5, 1);
	put_u8(f, 2, 7, 1);
	for (size_t i = 0; i < n; i++) {
		wr_fixed(&w, value, sizeof(value));
		hashlist_entry_write(&w, h[i]);
		f->full = f->full || w.failed;
		put(f, 2, 8, value, w.len);
	}
}

static void
put_server(struct filling *f, const struct setupfill *s)
{
	static const uint8_t none[4];
	uint8_t ip[4], port[2];

	for (size_t i = 0; i < sizeof(ip); i++) /* the octets reversed */
		ip[i] = s->server_ip[sizeof(ip) - 1 - i];
	if (s->smb != 0)
		put_u8(f, 2, 16, s->smb);
	if (memcmp(ip, none, sizeof(ip)) != 0)
		put(f, 2, 17, ip, sizeof(ip));
	put_u16le(port, s->server_port);
	if (s->server_port != 0)
		put(f, 2, 18, port, sizeof(port));
	/* A version without 2/28 knows no other way than to start. */
	if (!s->talk || f->head->major >= 3)
		put_u8(f, 2, 28, s->talk);
}

bool
setupfill_entries(const struct setupfill *s, const struct setupbin *head,
    struct setupbin_record *rec, setupfill_left *left, void *arg)
{
	struct filling f = { head, rec, left, arg, false };

	put_text(&f, 1, 1, s->current);
	put_text(&f, 1, 2, s->mebx);
	put_u8(&f, 1, 3, s->enabled);
	if (!s->pki) {
		put_text(&f, 2, 1, s->psk->pid);
		put_text(&f, 2, 2, s->psk->pps);
	}
	put_text(&f, 2, 3, s->suffix);
	put_text(&f, 2, 4, s->fqdn);
	if (s->pki)
		put_hashes(&f, s->hashes);
	put_server(&f, s);
	return !f.full;
}
