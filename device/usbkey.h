/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A one-touch key at a machine's start, as its BIOS would take it: the key is
 * a file with the bytes of a stick, or the stick's device. Only a machine in
 * the factory's state responds; then a record is invalidated on the key
 * before it is used, each write is synced, and what comes of it is kept in
 * the machine's state. A cut in between burns the record and loses nothing
 * else.
 *
 * A Setup.bin in the image's variable is met the same way, as by a BIOS that
 * hands that to MEBx; what is used of it is kept in the state.
 */
#ifndef DEVICE_USBKEY_H
#define DEVICE_USBKEY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "device/settings.h"
#include "formats/psk.h"
#include "formats/record.h"

/* What a machine meets it with. */
struct usbkey_boot {
	const char *path; /* NULL: no key is in */
	/* The Setup.bin in the image, taken where no key is in; NULL: none. */
	const uint8_t *setup;
	size_t setup_len;
	const char *state_dir;
	const struct settings *settings;
	/* The image has no record: the caller's has the UUID and, if known, the
	 * AMT version, and the rest is as onetouch_blank() has it. */
	bool blank;
};

/* What came of a key. */
struct usbkey {
	uint32_t record; /* its number in the file, from 1; 0: none found */
	uint32_t left;   /* unused ones behind it */
	bool keep;       /* the file serves any number of machines */
	bool taken;      /* it is marked as used now */
	bool applied;
	bool psk_ignored;          /* this generation has no pre-shared keys */
	char pid[PSK_PID_LEN + 1]; /* that the machine has now, from the key */
	bool blank;                /* as in struct usbkey_boot */
	bool in_force;             /* a key's record, of now or before */
	const char *hint;          /* what a stricter BIOS may not like */
	struct err why;            /* if it was not applied */
};

/* What the machine of an image boots with: the image's record, or what a key
 * made of it, now or at an earlier start. What is
 * wrong with a key is no error: it is told, and the machine boots on. ERR_IO
 * where a record was taken and could not be kept. */
enum err_code usbkey_boot(
    const struct usbkey_boot *, struct record *, struct usbkey *, struct err *);

#endif
