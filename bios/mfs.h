/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MFS, the file system of a CSME (11 to 14 and AFS). Read only: at its first
 * start the ME makes protected files of what is here, with keys of its chip.
 * Pure; the bytes are borrowed.
 *
 * Pages of 0x2000 bytes: a twelfth system pages, one scratch, the rest data.
 *   u32 0xAA557887 (0: scratch), u32 page number, u32 erase count,
 *   u16 next erase, u16 first chunk (0: system), u8 CRC-8 (0x07 from 1) of
 *   bytes 0..0xF with the signature as if not scratch, u8 0
 * A chunk is 64 bytes and a CRC-16 (CCITT from 0xFFFF) of them and of the
 * chunk's index as u16; stored 0 means never written.
 *   system page: 121 u16 indexes, each XORed with a 14-bit CRC of the one
 *   before, up to one with a bit of 0xC000; 120 chunks. Later pages, and later
 *   chunks of a page, take the place of earlier ones.
 *   data page: 122 slots (0 used, FF free), chunks from the first on
 * Chunks below the first data chunk are the system area: u32 0x724F6201, u8
 * dictionary, u8 platform, u16, u32 volume size, u16 files; then u16 for each
 * file and each data chunk: 0 unused, FFFE erased, FFFF empty, 1..64 bytes of
 * the last chunk, else the next, files + data chunk.
 *
 * Sources: "Intel ME: Flash File System Explained" (Black Hat Europe 2017),
 * MEAnalyzer. The order of a 14-bit CRC's two bytes, low first, is inferred;
 * each chunk's own CRC proves its index.
 */
#ifndef BIOS_MFS_H
#define BIOS_MFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

#define MFS_PAGE 0x2000
#define MFS_PAGES 1024 /* more than chunk indexes reach */
#define MFS_CHUNK 64
#define MFS_FAULTS 16

/* Files whose numbers have a meaning. */
#define MFS_FILE_INTEL_CFG 6
#define MFS_FILE_FITC_CFG 7
#define MFS_FILE_HOME 8

enum mfs_file_state {
	MFS_UNUSED,
	MFS_ERASED,
	MFS_EMPTY,
	MFS_STORED,
	MFS_BROKEN
};

struct mfs_file {
	enum mfs_file_state state;
	uint32_t size;
	const char *why; /* of a broken one */
};

struct mfs_fault {
	size_t at; /* in the window */
	const char *what;
};

enum mfs_state {
	MFS_NO_VOLUME,
	MFS_UNCONFIGURED, /* no file that the ME's start would take */
	MFS_CONFIGURED,   /* as the image's maker built it */
	MFS_INITIALIZED   /* an ME has run from it */
};

struct mfs {
	const uint8_t *p; /* borrowed */
	size_t n;
	size_t npages, nsystem, ndata, nscratch, nerased, nother;
	size_t good_pages, good_chunks; /* by their CRC */
	size_t bad_pages, bad_chunks;
	size_t first_data; /* chunk */
	bool volume;       /* has a header */
	uint8_t dictionary, platform;
	uint16_t kind;
	uint32_t size;
	size_t nfiles;
	struct mfs_file *file; /* [nfiles]; owned */
	size_t nfaults;        /* all; the first are kept */
	struct mfs_fault fault[MFS_FAULTS];
	uint32_t *chunk; /* offset of each chunk's newest copy, or 0; owned */
	uint8_t *area;   /* system area; owned */
	size_t narea;
};

/* Is there at least one page of one? */
bool mfs_present(const uint8_t *, size_t n);
/* What is broken is told by the faults, not by failing: ERR_RETRY alone, for
 * memory. mfs_free() in any case. */
enum err_code mfs_read(const uint8_t *, size_t n, struct mfs *, struct err *);
void mfs_free(struct mfs *);
enum mfs_state mfs_state(const struct mfs *);
const char *mfs_state_name(enum mfs_state); /* "configured", ... */
/* "intel.cfg", ... of a file that has a meaning, or NULL. */
const char *mfs_file_name(size_t id);
const char *mfs_file_state_name(enum mfs_file_state);
/* Appends a stored file's bytes. False if it is none. */
bool mfs_load(const struct mfs *, size_t id, struct wr *);

#endif
