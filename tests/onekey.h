/* SPDX-License-Identifier: Apache-2.0 */
/* A one-touch key in memory: a small FAT12 disk that holds one file, laid out
 * by hand, so that it is not our own writer that is believed. */
#ifndef TESTS_ONEKEY_H
#define TESTS_ONEKEY_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "formats/fat.h"
#include "formats/setupbin.h"

#define ONEKEY_SECTORS 64
#define ONEKEY_BYTES (ONEKEY_SECTORS * FAT_SECTOR)
#define ONEKEY_FAT 1
#define ONEKEY_ROOT 2
#define ONEKEY_DATA 3 /* cluster 2 */

/* The disk, and how it fails: an ordinal counts from 1, 0 is never. */
struct onekey {
	uint8_t b[ONEKEY_BYTES];
	unsigned writes; /* that were asked for */
	unsigned fail;   /* the write that fails */
	unsigned lose;   /* the write that is not kept, and not told */
	unsigned tear;   /* the write at which the power goes: never again */
	uint64_t bad;    /* the sector that cannot be read; 0 none */
	struct fat_disk disk;
};

static inline bool
onekey_read(void *arg, uint64_t lba, void *sector)
{
	const struct onekey *k = arg;

	if (lba >= ONEKEY_SECTORS || (lba != 0 && lba == k->bad))
		return false;
	memcpy(sector, k->b + lba * FAT_SECTOR, FAT_SECTOR);
	return true;
}

static inline bool
onekey_write(void *arg, uint64_t lba, const void *sector)
{
	struct onekey *k = arg;

	k->writes++;
	if (lba >= ONEKEY_SECTORS || k->writes == k->fail ||
	    (k->tear != 0 && k->writes >= k->tear))
		return false;
	if (k->writes != k->lose)
		memcpy(k->b + lba * FAT_SECTOR, sector, FAT_SECTOR);
	return true;
}

static inline void
onekey_link(uint8_t *fat, uint32_t cluster, uint32_t next)
{
	uint8_t *p = fat + cluster + cluster / 2;

	if (cluster % 2 == 0) {
		p[0] = (uint8_t)next;
		p[1] = (uint8_t)((p[1] & 0xf0) | next >> 8);
	} else {
		p[0] = (uint8_t)((p[0] & 0x0f) | (next & 0x0f) << 4);
		p[1] = (uint8_t)(next >> 4);
	}
}

/* The file's entry in the root folder, at this slot. */
static inline void
onekey_entry(struct onekey *k, unsigned slot, const char *name, size_t n)
{
	uint8_t *p = k->b + ONEKEY_ROOT * FAT_SECTOR + 32 * slot;

	memcpy(p, name, 11);
	p[11] = 0x20;
	put_u16le(p + 26, 2);
	put_u32le(p + 28, (uint32_t)n);
}

static inline void
onekey_init(struct onekey *k, const void *file, size_t n)
{
	static const uint8_t boot[] = { 0xeb, 0x3c, 0x90, 'T', 'E', 'S', 'T',
		' ', ' ', ' ', ' ', 0x00, 0x02, 1, 1, 0, 1, 16, 0,
		ONEKEY_SECTORS, 0, 0xf8, 1, 0 };
	size_t clusters = (n + FAT_SECTOR - 1) / FAT_SECTOR;
	uint8_t *fat = k->b + ONEKEY_FAT * FAT_SECTOR;

	memset(k, 0, sizeof(*k));
	memcpy(k->b, boot, sizeof(boot));
	k->b[510] = 0x55;
	k->b[511] = 0xaa;
	onekey_link(fat, 0, 0xff8);
	onekey_link(fat, 1, 0xfff);
	for (uint32_t c = 2; c < 2 + clusters; c++)
		onekey_link(fat, c, c == 1 + clusters ? 0xfff : c + 1);
	onekey_entry(k, 0, SETUPBIN_NAME, n);
	if (n != 0)
		memcpy(k->b + ONEKEY_DATA * FAT_SECTOR, file, n);
	k->disk = (struct fat_disk){ .read = onekey_read,
		.write = onekey_write,
		.arg = k,
		.sectors = ONEKEY_SECTORS };
}

#endif
