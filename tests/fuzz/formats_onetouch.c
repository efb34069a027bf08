/* SPDX-License-Identifier: Apache-2.0 */
/* A machine in front of any disk: it writes two sectors at most, of the file
 * only, and of them the flag and the counter only; a record is not taken
 * twice; what it applies can be kept. The first byte of the input says how:
 * bit 0 read-only, bit 1 the rest is the file, else it changes a sound disk;
 * the upper four are the AMT version. */
#include <string.h>

#include "formats/onetouch.h"
#include "tests/mutate.h"
#include "tests/onekey.h"

static size_t
sound(uint8_t *file, size_t room)
{
	static struct setupbin_record rec;
	static const uint8_t on = 1, address[] = { 1, 2, 3, 4 };
	struct setupbin head;
	struct wr w;

	setupbin_init(&head, 3, 0);
	head.count = 2;
	memset(&rec, 0, sizeof(rec));
	rec.type = 1;
	rec.flags = SETUPBIN_VALID;
	setupbin_add(&rec, 484, 1, 1, "admin", 5);
	setupbin_add(&rec, 484, 1, 2, "Str0ng!Pass", 11);
	setupbin_add(&rec, 484, 2, 1, "0000037M", 8);
	setupbin_add(&rec, 484, 2, 2, "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ", 32);
	setupbin_add(&rec, 484, 2, 7, &on, 1);
	setupbin_add(&rec, 484, 2, 8, "\1aaaaaaaaaaaaaaaaaaaa\1a", 23);
	setupbin_add(&rec, 484, 2, 17, address, 4);
	setupbin_add(&rec, 484, 2, 25, &on, 1);
	setupbin_add(&rec, 484, 2, 28, &on, 1);
	wr_fixed(&w, file, room);
	setupbin_write(&w, &head);
	for (rec.number = 1; rec.number <= 2; rec.number++)
		setupbin_record_write(&w, &head, &rec);
	must(!w.failed);
	return w.len;
}

static void
make_disk(struct onekey *k, const uint8_t *p, size_t n, bool is_file)
{
	static uint8_t file[4096];
	size_t len;

	if (is_file) {
		len = n < sizeof(file) ? n : sizeof(file);
		memcpy(file, p, len);
	} else {
		len = sound(file, sizeof(file));
	}
	onekey_init(k, file, len);
	if (!is_file)
		mutate(k->b, sizeof(k->b), p, n);
}

/* A sector's bytes outside [at, at + 4) are as they were. */
static void
only_here(const uint8_t *was, const uint8_t *is, size_t at)
{
	must(memcmp(was, is, at) == 0);
	must(memcmp(was + at + 4, is + at + 4, FAT_SECTOR - at - 4) == 0);
}

static void
check_writes(
    struct onetouch *o, const struct onekey *was, const struct onekey *k)
{
	const uint64_t flag = o->flag.lba, counter = o->counter.lba;
	const char *why;
	uint64_t lba;

	must(fat_lba(&o->fat, &o->file, 0, &lba, &why) && lba == counter);
	must(fat_lba(&o->fat, &o->file,
		 o->head.head_chunks + o->next * o->head.record_chunks, &lba,
		 &why) &&
	    lba == flag);
	for (lba = 0; lba < ONEKEY_SECTORS; lba++) {
		const uint8_t *a = was->b + lba * FAT_SECTOR;
		const uint8_t *b = k->b + lba * FAT_SECTOR;

		if (lba == flag && flag != counter)
			only_here(a, b, SETUPBIN_FLAGS_AT);
		else if (lba == counter && flag != counter)
			only_here(a, b, SETUPBIN_CONSUMED_AT);
		else
			must(memcmp(a, b, FAT_SECTOR) == 0);
	}
}

static void
applied(struct onetouch *o, uint8_t amt_major)
{
	static uint8_t out[RECORD_MAX];
	static struct record rec;
	struct err e = { 0 };
	struct wr w;

	memset(&rec, 0, sizeof(rec));
	rec.amt_major = amt_major;
	if (onetouch_apply(o, &rec, &e) != ERR_OK)
		must(e.reason != NULL && rec.sequence == 0);
	wr_fixed(&w, out, sizeof(out));
	record_write(&w, &rec);
	must(!w.failed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct onekey k, was;
	static struct onetouch o;
	uint32_t last = 0;

	if (n == 0)
		return 0;
	make_disk(&k, p + 1, n - 1, (p[0] & 2) != 0);
	if (p[0] & 1)
		k.disk.write = NULL;
	was = k;
	for (int i = 0; i < 3; i++) {
		struct err e = { 0 };

		if (onetouch_open(&o, &k.disk, 4, &e) != ERR_OK) {
			must(e.reason != NULL);
			must(memcmp(was.b, k.b, sizeof(k.b)) == 0);
			return 0;
		}
		must(o.keep || i == 0 || o.next > last);
		last = o.next;
		if (onetouch_take(&o, &e) == ERR_OK)
			applied(&o, p[0] >> 4);
		must(k.writes == was.writes + (o.keep ? 0 : 2));
		check_writes(&o, &was, &k);
		was = k;
	}
	return 0;
}
