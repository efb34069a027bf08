/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A unit's row, the same everywhere: `unit issue` prints it, the manifest
 * carries it, the server imports it. One JSON object a line with flat keys in
 * this order; a key without a value is left out:
 *
 *   uuid serial order state mode amt sku macs pid cert_sha256 key_storage
 *   key_shared hash_list issued [ pps mebx_password admin_password otp ]
 *
 * Those in brackets are secret: written only inside the encrypted chunks and
 * with --reveal. UUIDs and hex are lower case; issued is RFC 3339 UTC; macs
 * is one string, commas between; key_shared is true only for a key that
 * serves many machines (insecure_shared_key).
 */
#ifndef FORMATS_ROW_H
#define FORMATS_ROW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "formats/psk.h"
#include "formats/uuid.h"

#define ROW_MAX 4096 /* bytes of a line */
#define ROW_KEY 24   /* bytes of a key's name, with the NUL */

struct row {
	struct uuid uuid;
	char serial[64];
	char order[64];
	char state[16]; /* issued, written, verified, shipped, ... */
	char mode[16];  /* enterprise, smb */
	char amt[8];    /* "3.0" */
	char sku[64];
	char macs[256]; /* "02:00:00:00:00:01,..." */
	char pid[PSK_PID_LEN + 1];
	char cert_sha256[65]; /* the pinned device certificate, hex */
	char key_storage[24]; /* "host-readable", "device" */
	bool key_shared;
	char hash_list[65]; /* name of a list in manifest.json */
	char issued[24];    /* 2026-01-31T12:00:00Z */
	/* secret */
	char pps[PSK_PPS_LEN + 1];
	char mebx_password[33];
	char admin_password[33];
	char otp[33];
};

/* Without the line feed. */
void row_write(struct wr *, const struct row *, bool reveal);
/* One object, to the end of the window. Strict about order and form. */
bool row_read(struct rd *, struct row *);
/* True if they differ; key names the first column that does. */
bool row_differs(
    const struct row *, const struct row *, char key[static ROW_KEY]);
void row_wipe(struct row *);
/* RFC 3339 in UTC with whole seconds: 2026-01-31T12:00:00Z. */
bool row_is_time(const char *);

#endif
