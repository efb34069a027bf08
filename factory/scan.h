/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a bar code scanner types: one line, which is a serial, a UUID, or both.
 *
 *   SERIAL                     as unit issue takes it: up to 63 characters of
 *                              printable ASCII, spaces and commas included
 *   UUID                       dashed or 32 digits, either case
 *   SERIAL UUID, UUID SERIAL   tabs, spaces, one comma or semicolon between
 *   {"uuid":...,"serial":...,"pid":...}   the label of our own worksheets
 *
 * Blanks around it, a carriage return and a symbology identifier (ISO/IEC
 * 15424: "]C1", "]d2", "]Q3") are left out. So a serial that looks like a UUID
 * or begins like an identifier cannot be scanned. Pure; the line is anybody's.
 */
#ifndef FACTORY_SCAN_H
#define FACTORY_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/err.h"
#include "formats/psk.h"
#include "formats/uuid.h"

#define SCAN_MAX 512   /* bytes of a line */
#define SCAN_SERIAL 64 /* with the NUL */

struct scan {
	bool has_uuid;
	char serial[SCAN_SERIAL]; /* "": none; without a UUID too: an empty
				   * line */
	struct uuid uuid;
	char pid[PSK_PID_LEN + 1]; /* of our own label; "": none */
};

/* raw: UUIDs are written as SMBIOS keeps their bytes; our own label's is not.
 * Refused: REASON_SCAN_MALFORMED, with the offset in the line. */
enum err_code scan_read(
    const void *, size_t n, bool raw, struct scan *, struct err *);
/* As our own label has it, or the serial alone; read to the same again. */
void scan_write(struct wr *, const struct scan *);

#endif
