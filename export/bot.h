/* SPDX-License-Identifier: Apache-2.0 */
/*
 * USB Mass Storage Bulk-Only Transport 1.0 with the few SCSI commands that a
 * stick needs, over a pipe of the caller: two bulk endpoints and control
 * requests. No memory is allocated and nothing is waited for but through the
 * pipe, so that a simulated stick in memory fits as well as a real one.
 *
 *   CBW 31 bytes: "USBC", tag u32, data length u32, flags (80h: in), LUN,
 *                 length of the command 1..16, command; little-endian
 *   CSW 13 bytes: "USBS", tag u32, residue u32, status: 0 good, 1 failed
 *                 (REQUEST SENSE tells why), 2 phase error
 *
 * A stalled endpoint is cleared and the CSW read again. What breaks the
 * protocol (a phase error, a CSW that is not the one asked for, noise on the
 * wire) is followed by reset recovery, and the command is tried once more. What
 * the stick says is not trusted: lengths, tags and residues are checked.
 * Source: USB-IF, Universal Serial Bus Mass Storage Class, Bulk-Only Transport
 * 1.0; SCSI command bytes as in the Linux and OpenBSD drivers' public headers.
 */
#ifndef EXPORT_BOT_H
#define EXPORT_BOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define BOT_SECTOR 512
/* Of one READ or WRITE: some sticks reset themselves on more. */
#define BOT_TRANSFER_MAX 65536

enum bot_io {
	BOT_OK,
	BOT_STALL,    /* the endpoint is halted */
	BOT_TIMEOUT,  /* no answer in time */
	BOT_OVERFLOW, /* more came than was asked for */
	BOT_GONE,     /* unplugged */
	BOT_BROKEN    /* anything else */
};

struct bot_pipe {
	/* *moved is how many bytes went over, also where it did not end well.
	 * in: into p; else out of it. */
	enum bot_io (*bulk)(
	    void *arg, bool in, uint8_t *p, size_t n, size_t *moved);
	enum bot_io (*clear_halt)(void *arg, bool in);
	/* Class request to the interface: FEh in of one byte (Get Max LUN), or
	 * FFh out of none (Bulk-Only Mass Storage Reset). */
	enum bot_io (*request)(
	    void *arg, uint8_t request, uint8_t *p, size_t n);
	void (*wait)(void *arg, unsigned ms);
	void *arg;
};

struct bot {
	const struct bot_pipe *pipe; /* borrowed */
	uint32_t tag;
	uint8_t key, asc, ascq; /* of the last sense data */
	bool no_sync; /* SYNCHRONIZE CACHE is not known to the stick */
	/* what bot_open() found */
	char vendor[9], product[17], revision[5];
	uint64_t sectors;
	bool read_only;
	/* for bot_write(): a bounce buffer, so that the caller's is const */
	uint8_t data[BOT_TRANSFER_MAX];
};

/* Finds out what the stick is and waits, for some seconds, until it is ready.
 * Refuses what is no single disk of 512-byte sectors of at most 2 TiB. */
enum err_code bot_open(struct bot *, const struct bot_pipe *, struct err *);
/* Whole sectors, any number; each command moves at most 64 KiB. */
enum err_code bot_read(
    struct bot *, uint64_t lba, void *, size_t n, struct err *);
enum err_code bot_write(
    struct bot *, uint64_t lba, const void *, size_t n, struct err *);
/* What the stick holds in its own cache is on its medium. */
enum err_code bot_sync(struct bot *, struct err *);
/* Sense data in words: "medium error: write error". Never NULL. */
const char *bot_sense_words(uint8_t key, uint8_t asc, uint8_t ascq);

#endif
