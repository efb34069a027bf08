/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of one-touch make: files, keys that hold them, machines. */
#ifndef TESTS_ONEFILE_H
#define TESTS_ONEFILE_H

#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "formats/reason.h"
#include "formats/record.h"
#include "tests/onekey.h"

#define PASSWORD "Str0ng!Pass"
#define PID "0000037M" /* Intel's example */
#define PPS "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ"

/* A file that is being made. */
struct file {
	struct setupbin head;
	struct setupbin_record rec[4];
	uint32_t n;
	uint8_t b[8192];
	size_t len;
};

static inline struct file *
file_new(uint8_t major, uint16_t flags)
{
	struct file *f = test_calloc(1, sizeof(*f));

	setupbin_init(&f->head, major, 0);
	f->head.flags = flags;
	return f;
}

static inline struct setupbin_record *
add_record(struct file *f)
{
	struct setupbin_record *rec = &f->rec[f->n++];

	rec->type = 1;
	rec->flags = SETUPBIN_VALID;
	rec->number = f->n;
	f->head.count = f->n;
	return rec;
}

static inline void
add(struct setupbin_record *rec, uint16_t module, uint16_t id,
    const void *value, size_t n)
{
	assert_true(
	    setupbin_add(rec, SETUPBIN_ENTRIES_MAX, module, id, value, n));
}

static inline void
add_text(
    struct setupbin_record *rec, uint16_t module, uint16_t id, const char *text)
{
	add(rec, module, id, text, strlen(text));
}

static inline void
add_u8(struct setupbin_record *rec, uint16_t module, uint16_t id, uint8_t value)
{
	add(rec, module, id, &value, 1);
}

/* SHA-256 (or SHA-1) of this byte throughout. */
static inline void
add_root(struct setupbin_record *rec, uint8_t type, uint8_t fill)
{
	size_t n = hashlist_hash_len((enum hash_type)type);
	uint8_t value[64] = { type };

	memset(value + 1, fill, n);
	value[1 + n] = 4;
	memcpy(value + 2 + n, "Root", 4);
	add(rec, 2, 8, value, n + 6);
}

static inline void
add_passwords(struct setupbin_record *rec)
{
	add_text(rec, 1, 1, "admin");
	add_text(rec, 1, 2, PASSWORD);
}

static inline void
add_psk(struct setupbin_record *rec)
{
	add_passwords(rec);
	add_text(rec, 2, 1, PID);
	add_text(rec, 2, 2, PPS);
}

static inline void
write_out(struct file *f)
{
	struct wr w;

	wr_fixed(&w, f->b, sizeof(f->b));
	setupbin_write(&w, &f->head);
	for (uint32_t i = 0; i < f->n; i++)
		setupbin_record_write(&w, &f->head, &f->rec[i]);
	assert_false(w.failed);
	f->len = w.len;
}

/* A key with this file; f is freed. */
static inline struct onekey *
key_of(struct file *f)
{
	struct onekey *k = test_calloc(1, sizeof(*k));

	write_out(f);
	onekey_init(k, f->b, f->len);
	test_free(f);
	return k;
}

/* Three consumable records with a PSK. */
static inline struct onekey *
psk_key(void)
{
	struct file *f = file_new(2, 0);

	for (int i = 0; i < 3; i++)
		add_psk(add_record(f));
	return key_of(f);
}

static inline struct record *
machine(uint8_t amt_major)
{
	struct record *r = test_calloc(1, sizeof(*r));

	r->sequence = 7;
	r->amt_major = amt_major;
	r->enabled = r->pki = true;
	r->hashes.n = 2;
	for (uint8_t i = 0; i < 2; i++) {
		struct hash_entry *h = &r->hashes.e[i];

		h->type = HASH_SHA256;
		memset(h->hash, 0x10 + i, 32);
		h->active = h->oem = true;
	}
	return r;
}

static inline void
refused(const struct err *e, const char *code, const char *words)
{
	if (e->reason == NULL || strcmp(e->reason->code, code) != 0 ||
	    strstr(e->msg, words) == NULL)
		fail_msg("%s: %s, not %s: %s",
		    e->reason != NULL ? e->reason->code : "-", e->msg, code,
		    words);
}

#endif
