/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hello of a device in talk mode: what it says and when. No I/O.
 */
#ifndef DEVICE_TALK_H
#define DEVICE_TALK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "device/settings.h"
#include "formats/psk.h"
#include "formats/record.h"

/* Whose hello; all borrowed. */
struct talk_who {
	const struct record *record;
	const struct hashlist *hashes; /* in force */
	const struct psk *psk;
};

/* How many hellos the schedule has. */
uint32_t talk_count(const struct settings *);
/* How long after hello number n (from 0) the next one follows; false: n was
 * the last, the device is silent until its next start. */
bool talk_wait(const struct settings *, uint32_t n, unsigned long *ms);
/* The message: version 2 with psk's PID if it has one, else version 3 with
 * the active hashes. The retry counter stays at 14, the highest the SDK
 * documents, if a schedule has more hellos. */
void talk_hello(
    struct wr *, const struct talk_who *, uint32_t n, const struct settings *);

#endif
