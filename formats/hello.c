/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "formats/hello.h"

#define HEAD 24
#define PSK_SIZE (HEAD + PSK_PID_LEN)

static size_t
hash_len(uint8_t type)
{
	return hashlist_hash_len((enum hash_type)type);
}

static void
read_pid(struct rd *r, struct hello *h)
{
	char pid[PSK_PID_LEN + 1] = { 0 };
	const char *why;

	rd_copy(r, pid, PSK_PID_LEN);
	/* parsing folds case; the wire has upper case only */
	if (r->why == NULL &&
	    (!psk_pid_parse(h->pid, pid, &why) || strcmp(h->pid, pid) != 0))
		rd_fail(r, "not a PID");
}

static void
read_hash(struct rd *r, struct hello_hash *h)
{
	size_t len;

	h->type = rd_u8(r);
	len = rd_u8(r);
	if (r->why == NULL && (len == 0 || len != hash_len(h->type)))
		rd_fail(r, "type and length of a hash do not agree");
	else
		rd_copy(r, h->hash, len);
}

bool
hello_read(struct rd *r, struct hello *h)
{
	memset(h, 0, sizeof(*h));
	h->admin_set = rd_u16le(r);
	if (h->admin_set > 1)
		rd_fail(r, "admin flag is not 0 or 1");
	h->version = rd_u16le(r);
	h->retry = rd_u32le(r);
	rd_copy(r, h->uuid.b, UUID_LEN);
	if (h->version == HELLO_PSK)
		read_pid(r, h);
	else if (h->version == HELLO_PKI) {
		h->n = rd_count(r, rd_u8(r), 2 + 20);
		for (size_t i = 0; r->why == NULL && i < h->n; i++)
			read_hash(r, &h->hash[i]);
	} else
		rd_fail(r, "unknown version");
	return rd_end(r);
}

size_t
hello_size(const uint8_t *p, size_t n)
{
	size_t size = HEAD + 1, count;

	if (n < 4)
		return 0;
	/* of an unknown version the head is enough to refuse it */
	if (get_u16le(p + 2) != HELLO_PKI)
		return get_u16le(p + 2) == HELLO_PSK ? PSK_SIZE : HEAD;
	if (n < size)
		return 0;
	for (count = p[HEAD]; count > 0; count--) {
		if (n < size + 2)
			return 0;
		size += 2;
		if (p[size - 1] != hash_len(p[size - 2]))
			break; /* enough to refuse it */
		size += p[size - 1];
	}
	return size;
}

void
hello_write(struct wr *w, const struct hello *h)
{
	wr_u16le(w, h->admin_set);
	wr_u16le(w, h->version);
	wr_u32le(w, h->retry);
	wr_bytes(w, h->uuid.b, UUID_LEN);
	if (h->version == HELLO_PSK) {
		wr_bytes(w, h->pid, PSK_PID_LEN);
		return;
	}
	wr_u8(w, (uint8_t)h->n);
	for (size_t i = 0; i < h->n; i++) {
		size_t len = hash_len(h->hash[i].type);

		wr_u8(w, h->hash[i].type);
		wr_u8(w, (uint8_t)len);
		wr_bytes(w, h->hash[i].hash, len);
	}
}
