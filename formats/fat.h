/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FAT12, FAT16 and FAT32 volumes, in the first FAT partition of an MBR or on
 * the whole disk ("superfloppy"), as far as a USB key for one-touch needs
 * them: find a file of the root folder by its 8.3 name and follow its cluster
 * chain. Sectors are 512 bytes. formats/fatplan.h lays out new volumes.
 * Source: Microsoft's FAT specification (public), mkfs.fat as the judge.
 *
 * Pure and freestanding: a disk is two functions of its caller, so that the
 * same file reads an image, a stick and, in a BIOS, a BlockIO protocol.
 */
#ifndef FORMATS_FAT_H
#define FORMATS_FAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FAT_SECTOR 512

/* false: the sector could not be read or written; the reader says so. */
struct fat_disk {
	bool (*read)(void *arg, uint64_t lba, void *sector);
	/* NULL: read-only. Not used by fat_*, but by who changes a file. */
	bool (*write)(void *arg, uint64_t lba, const void *sector);
	void *arg;
	uint64_t sectors;
};

enum fat_kind {
	FAT_12 = 12,
	FAT_16 = 16,
	FAT_32 = 32
};

struct fat {
	const struct fat_disk *disk; /* borrowed */
	enum fat_kind kind;
	bool partitioned;
	bool alone;               /* no other partition is on the disk */
	uint64_t start;           /* LBA of the boot sector */
	uint64_t fat, root, data; /* LBAs; root: FAT12 and FAT16 */
	uint32_t fat_sectors;     /* of one FAT */
	uint32_t root_entries;    /* FAT12 and FAT16 */
	uint32_t root_cluster;    /* FAT32 */
	uint32_t cluster_sectors, clusters;
	uint8_t fats;
	uint64_t cached; /* LBA of sector[]; UINT64_MAX none */
	uint8_t sector[FAT_SECTOR];
};

struct fat_file {
	uint32_t cluster; /* first; 0 of an empty file */
	uint32_t size;    /* bytes */
	uint32_t slot;    /* of its entry in the root folder, from 0; long-name,
			   * label and deleted entries count */
	bool first;       /* no used entry stands before it, one of its own
			   * long name neither */
	bool only;        /* no other file, folder or label is there */
	bool long_name;   /* its entry has a long-name entry before it */
	uint8_t attributes;
	/* Where a walk stands: the cluster of index `at`. */
	uint32_t walk, at;
};

/* *why says what a disk is not, for a person: "no FAT volume", ... Where the
 * first sector is a sound boot sector it is the volume's; else the first
 * partition of a FAT type is taken. Nothing outside the disk is ever read, and
 * only the FAT in use (the first) is looked at. */
bool fat_open(struct fat *, const struct fat_disk *, const char **why);
/* What fat_find() says, by this very pointer, where all could be read and
 * there is no such file. */
extern const char fat_absent[];
/* name: 11 characters of an 8.3 name, as on disk. False too where its entry
 * cannot be: a first cluster or a size that the volume does not have. */
bool fat_find(struct fat *, const char name[static 11], struct fat_file *,
    const char **why);
/* The LBA of the file's i-th sector. Follows the chain, and never for ever;
 * sequential calls are fast. False with *why where the chain is broken. */
bool fat_lba(struct fat *, struct fat_file *, uint32_t i, uint64_t *lba,
    const char **why);
/* Are the file's clusters consecutive? */
bool fat_contiguous(struct fat *, struct fat_file *, bool *, const char **why);
/* The first sector behind all clusters in use; where none is, behind FATs and
 * root folder. Clusters marked bad are not in use. */
bool fat_used(struct fat *, uint64_t *lba, const char **why);

#endif
