/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small whole image with every container: a variable store, a platform data
 * region, and a $FPT with room for a partition; and records to put there.
 */
#ifndef TESTS_BOARD_H
#define TESTS_BOARD_H

#include <stdlib.h>

#include "bios/container.h"
#include "bios/fpt.h"
#include "formats/recordview.h"
#include "tests/store.h"

#define BOARD_SIZE 0x80000
#define BOARD_ME 0x1000
#define BOARD_ME_SIZE 0x8000
#define BOARD_PDR (BOARD_ME + BOARD_ME_SIZE)
#define BOARD_PDR_SIZE 0x6000
#define BOARD_BIOS (BOARD_SIZE - STORE_VOLUME)

#define BOARD_PPS "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ"
#define BOARD_MEBX "Passw0rd!"
#define BOARD_OTP "one-time-0815"

/* $FPT 2.1 behind the vector: one data partition, then erased room. */
static inline void
board_me(uint8_t *p)
{
	uint8_t *fpt = p + 0x10, *entry = fpt + FPT_HEADER;

	memset(p, 0xFF, BOARD_ME_SIZE);
	memset(p, 0, 0x10 + FPT_HEADER);
	memcpy(fpt, "$FPT", 4);
	put_u32le(fpt + 4, 1);
	fpt[8] = 0x21;
	fpt[9] = 0x10;
	fpt[10] = 0x20;
	memset(entry, 0, FPT_ENTRY);
	memcpy(entry, "PSVN", 4);
	memset(entry + 4, 0xFF, 4);
	put_u32le(entry + 8, 0x1000);
	put_u32le(entry + 12, 0x1000);
	put_u32le(entry + 28, FPT_DATA);
	put_u32le(fpt + 0x14, digest_crc32(fpt, FPT_HEADER + FPT_ENTRY));
	memset(p + 0x1000, 0x5A, 0x1000);
}

/* p has BOARD_SIZE bytes. False where our own makers refuse. */
static inline bool
board_make(uint8_t *p)
{
	static const struct descriptor_sizes sizes = { .flash = BOARD_SIZE,
		.me = BOARD_ME_SIZE,
		.pdr = BOARD_PDR_SIZE,
		.bios = STORE_VOLUME };
	struct err e;

	err_clear(&e);
	memset(p, 0xFF, BOARD_SIZE);
	if (descriptor_make(p, &sizes, &e) != ERR_OK)
		return false;
	board_me(p + BOARD_ME);
	store_make(p + BOARD_BIOS, true);
	return true;
}

/* Adds the partition AMTO; its offset in the image, 0 if that is refused. */
static inline size_t
board_part(uint8_t *p)
{
	struct fpt fpt;
	struct fpt_add add;
	struct err e;

	err_clear(&e);
	if (!fpt_read(
		p, BOARD_ME + 0x10, BOARD_ME, BOARD_ME + BOARD_ME_SIZE, &fpt) ||
	    fpt_add(&fpt, CONTAINER_PART, 0x2000, &add, &e) != ERR_OK)
		return 0;
	for (size_t i = 0; i < add.n; i++)
		memcpy(p + add.p[i].off, add.p[i].bytes, add.p[i].len);
	return add.from;
}

/* A record with secrets of every kind but a key. */
static inline void
board_fill(struct record *rec, uint32_t sequence)
{
	memset(rec, 0, sizeof(*rec));
	rec->sequence = sequence;
	rec->uuid.b[0] = 0x17;
	rec->amt_major = 3;
	rec->enabled = rec->talk = true;
	strcpy(rec->serial, "S-1");
	strcpy(rec->psk.pid, "0000037M");
	strcpy(rec->psk.pps, BOARD_PPS);
	strcpy(rec->mebx_current, "admin");
	strcpy(rec->mebx_new, BOARD_MEBX);
	strcpy(rec->otp, BOARD_OTP);
}

/* Its bytes into w, which the caller frees. */
static inline void
board_record(struct wr *w, uint32_t sequence)
{
	struct record *rec = malloc(sizeof(*rec));

	wr_grow(w, RECORD_MAX);
	if (rec == NULL) {
		w->failed = true;
		return;
	}
	board_fill(rec, sequence);
	record_write(w, rec);
	record_wipe(rec);
	free(rec);
}

/* A record at off; its length. */
static inline size_t
board_put(uint8_t *p, size_t off, uint32_t sequence)
{
	struct wr w;
	size_t n;

	board_record(&w, sequence);
	n = w.failed ? 0 : w.len;
	if (n > 0)
		memcpy(p + off, w.buf, n);
	wr_free(&w);
	return n;
}

/* A variable of the project's GUID; its offset, 0 if that is refused. */
static inline size_t
board_variable(uint8_t *p, const char *name, const void *data, size_t len)
{
	struct varstore s = store_open(p + BOARD_BIOS, STORE_VOLUME);
	struct varstore_add add = { .attrs = 3, .data = data, .len = len };
	size_t at = 0;
	struct err e;
	struct wr w;

	err_clear(&e);
	uuid_parse(&add.name.guid, IMAGE_OEM_GUID);
	memcpy(add.name.name, name, strlen(name) + 1);
	wr_grow(&w, 0x10000);
	if (varstore_entry(&s, &add, &w, &e) == ERR_OK) {
		at = BOARD_BIOS + s.free;
		memcpy(p + at, w.buf, w.len);
	}
	wr_free(&w);
	return at;
}

/* The project's variable with a record. */
static inline size_t
board_oem(uint8_t *p, uint32_t sequence)
{
	struct wr w;
	size_t at;

	board_record(&w, sequence);
	at = board_variable(p, IMAGE_OEM_NAME, w.buf, w.len);
	wr_free(&w);
	return at;
}

#endif
