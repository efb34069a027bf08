/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list of settings for a CSME: intel.cfg and fitc.cfg of an MFS, and what a
 * FITC partition holds. Read only. Pure; bytes are borrowed.
 *
 *   u32 count, count records, data
 *   record of 0x1C (CSME 11, 12): name[12], u16 0, u16 access ([8:0] rwx,
 *     9 HMAC, 10 encrypted, 11 anti-replay, 12 directory), u16 deploy (0 OEM
 *     may override, 1 MCA may set in manufacturing mode), u16 size, u16 uid,
 *     u16 gid, u32 offset of the data from the start; ".." ends a directory
 *   record of 0x0C (13 and later): u32 id, u32 offset, u16 size, u16 flags
 *     (0 OEM)
 *
 * Source: MEAnalyzer, "Intel ME: Flash File System Explained" (Black Hat
 * Europe 2017). What the settings mean is not public, but for names.
 */
#ifndef BIOS_MECFG_H
#define BIOS_MECFG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MECFG_PATHS 0x1C /* record sizes */
#define MECFG_IDS 0x0C
#define MECFG_MAX 8192 /* records; the longest lists seen have hundreds */
#define MECFG_NAME 12
#define MECFG_PATH 256

#define MECFG_HMAC (1u << 9)
#define MECFG_ENCRYPTED (1u << 10)
#define MECFG_ANTI_REPLAY (1u << 11)
#define MECFG_DIRECTORY (1u << 12)
#define MECFG_DEPLOY_OEM (1u << 0)
#define MECFG_DEPLOY_MCA (1u << 1)

struct mecfg {
	const uint8_t *p; /* borrowed */
	size_t n;
	size_t each; /* MECFG_PATHS or MECFG_IDS */
	size_t count;
	const char *why; /* what is broken, or NULL */
	size_t at;
};

struct mecfg_rec {
	size_t off; /* of the record */
	/* by path */
	char name[MECFG_NAME + 1];
	char path[MECFG_PATH]; /* with all directories, from "/" on */
	bool up;               /* "..": ends a directory */
	uint16_t access, deploy, uid, gid;
	/* by id */
	uint32_t id;
	uint16_t flags;
	/* both */
	uint32_t offset;
	uint16_t size;
};

/* each: the record size, or 0 to take the one that holds for every record.
 * False where none does; why and at then say what. */
bool mecfg_read(const uint8_t *, size_t n, size_t each, struct mecfg *);

/* From an all-zero walk: the next record of a list that was read. */
struct mecfg_walk {
	size_t i;
	char dir[MECFG_PATH];
};
bool mecfg_next(const struct mecfg *, struct mecfg_walk *, struct mecfg_rec *);

#endif
