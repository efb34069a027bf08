/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A unit's record as a Setup.bin file of one data record, for firmware that
 * keeps one and hands it to MEBx as if it came from a USB key. The entries are
 * those that a one-touch key of the order has. Pure.
 */
#ifndef BIOS_SETUPBLOB_H
#define BIOS_SETUPBLOB_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "formats/record.h"

struct setupblob_how {
	uint8_t major, minor; /* 0: what machines of that AMT version read */
	uint8_t smb;          /* 2/16 for small business; sources differ */
};

/* REASON_KEY_UNFIT for a record that no such file can hold, or that the
 * linter finds an error in. */
enum err_code setupblob_write(const struct setupblob_how *,
    const struct record *, struct wr *, struct err *);

#endif
