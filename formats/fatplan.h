/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lays out a new disk with one FAT volume that holds one file and nothing
 * else: the file is root entry 0 with no long name, no label stands before
 * it, and its clusters are consecutive, as BIOSes and their guides ask of a
 * USB key. Equal wishes give equal bytes. Pure: what is not zero is handed
 * out, and the caller writes it and the file. Sources: Microsoft's FAT
 * specification; mkfs.fat, whose geometry this is; HP's, Dell's and Intel's
 * guides of 2007-2010 for the FAT16 form with clusters of 1 KiB.
 *
 *   layout        volume                            file from
 *   16            63 MiB at sector 2048, type 0x0E  cluster 2, LBA 2586
 *   32            33 MiB at sector 2048, type 0x0C  cluster 3, LBA 3121
 *   superfloppy   63 MiB from sector 0, FAT16       cluster 2, LBA 538
 */
#ifndef FORMATS_FATPLAN_H
#define FORMATS_FATPLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fatplan_layout {
	FATPLAN_16,         /* MBR, one FAT16 partition, 1 KiB clusters */
	FATPLAN_32,         /* MBR, one FAT32 partition */
	FATPLAN_SUPERFLOPPY /* FAT16, no MBR */
};

struct fatplan_make {
	enum fatplan_layout layout;
	char name[12];       /* 8.3, as on disk */
	uint32_t size;       /* bytes of the file */
	uint32_t serial;     /* of the volume */
	uint16_t date, time; /* of the file, as FAT has them */
};

struct fatplan {
	struct fatplan_make make;
	uint64_t sectors; /* of the whole image */
	uint64_t start;   /* LBA of the boot sector */
	uint64_t file;    /* LBA of the file's first byte; consecutive */
	uint32_t total;   /* sectors of the volume */
	uint32_t reserved, fat_sectors, root_entries;
	uint32_t cluster_sectors, clusters;
	uint32_t first; /* cluster of the file */
	uint32_t used;  /* clusters of the file */
};

/* The most bytes that a file may have. */
uint32_t fatplan_room(enum fatplan_layout);
/* False if the file does not fit the layout, or its name is none. */
bool fatplan_of(
    struct fatplan *, const struct fatplan_make *, const char **why);
/* Gives out what is not zero and not the file, in whole sectors, by rising
 * offset, all of it before the file; stops where put returns false, and then
 * returns false. */
bool fatplan_emit(const struct fatplan *,
    bool (*put)(void *arg, uint64_t off, const void *, size_t), void *arg);
/* "2008-02-29" as FAT has it: days that there are, from 1980 to 2107. */
bool fatplan_date(const char *text, uint16_t *);

#endif
