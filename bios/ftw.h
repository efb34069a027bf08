/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The working block of the fault tolerant write (EDK2 SystemNvDataGuid.h,
 * FaultTolerantWrite.h, FtwMisc.c): the firmware's journal for rewriting flash
 * blocks. What it has queued and not finished, the firmware does or undoes at
 * its next start, over whatever lies there. Pure.
 *
 *   block: signature GUID, u32 CRC-32 of this header with the CRC and the
 *   state byte as FF, u8 state (bit 0 valid, bit 1 invalid), 3 FF, u64 bytes
 *   of queue (where UINTN had 32 bits: u32, 28 bytes of header), queue
 *   queued write: u8 bits (0 allocated, 1 records allocated, 2 complete),
 *   GUID at 4, u64 records at 24, u64 private bytes at 32; 40 bytes, then its
 *   records with the private bytes each
 *   record: u8 bits (1 spare complete, 2 destination complete), u64 block at
 *   8, u64 offset at 16, u64 length at 24; 40 bytes
 *
 * A bit is set by clearing it. Where the spare area lies no header says;
 * EDK2's own layout has it behind the working block, up to the volume's end.
 */
#ifndef BIOS_FTW_H
#define BIOS_FTW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "formats/reason.h"

enum ftw_state {
	FTW_EMPTY,    /* nothing was ever queued */
	FTW_COMPLETE, /* all that was queued is done */
	FTW_PREPARED, /* queued, not in the spare area yet: will be dropped */
	FTW_PENDING,  /* in the spare area: will be replayed */
	FTW_MOVING,   /* the block itself is being rewritten */
	FTW_BROKEN    /* not understood */
};

struct ftw {
	size_t off, end; /* header to the end of the queue */
	size_t header;   /* 32, older 28 */
	enum ftw_state state;
	size_t writes; /* complete ones in the queue */
	/* What forbids writing; NULL if the queue is empty or complete. */
	const char *why;
	enum reason_id reason;
	size_t at;
};

/* The first working block at or behind from, before end. */
bool ftw_next(const uint8_t *img, size_t from, size_t end, struct ftw *);
const char *ftw_state_name(enum ftw_state);

#endif
