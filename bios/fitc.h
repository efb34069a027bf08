/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The FITC partition of CSME 15 and later, and an entry of an MFS backup: the
 * OEM's settings with two checksums. Read only. Pure; bytes are borrowed.
 *
 *   0x00 u32 revision, 1
 *   0x04 u32 CRC-32 of bytes 0..0xB, itself being 0
 *   0x08 u32 length
 *   0x0C u32 CRC-32 of the length bytes at 0x10: a list of bios/mecfg.h
 *
 * Source: MEAnalyzer.
 */
#ifndef BIOS_FITC_H
#define BIOS_FITC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FITC_HEAD 0x10

struct fitc {
	uint32_t revision, head_crc, length, data_crc; /* as stored */
	bool head_ok, data_ok;
	const uint8_t *data; /* length bytes; borrowed */
	const char *why;     /* what is broken, or NULL */
	size_t at;
};

/* False where it is none: another revision, or too long. A wrong checksum is
 * told by head_ok and data_ok alone. */
bool fitc_read(const uint8_t *, size_t n, struct fitc *);

#endif
