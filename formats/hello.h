/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hello message, device to server, TCP 9971 (Intel AMT SDK, set-up mode
 * hello messages; MeshCentral's reader and the captures in it).
 * Little-endian. Version 2 carries a PID, version 3 a list of root hashes.
 *
 *   0 u16 admin credentials set (0, 1)   2 u16 version   4 u32 retry counter
 *   8 16  UUID, SMBIOS order
 *   v2: 24 8 PID      v3: 24 u8 count, then count x {u8 type, u8 len, hash}
 *
 * Everything in it is untrusted. The reader is strict: any count 0..255 that
 * fits the bytes, exact type and length pairs, nothing behind.
 */
#ifndef FORMATS_HELLO_H
#define FORMATS_HELLO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "formats/hashlist.h"
#include "formats/psk.h"
#include "formats/uuid.h"

#define HELLO_PORT 9971
#define HELLO_PSK 2
#define HELLO_PKI 3
#define HELLO_MAX (25 + 255 * 50)
#define HELLO_HASHES 255

struct hello_hash {
	uint8_t type; /* enum hash_type */
	uint8_t hash[HASHLIST_HASH];
};

struct hello {
	uint16_t admin_set;
	uint16_t version; /* HELLO_PSK or HELLO_PKI */
	uint32_t retry;
	struct uuid uuid;
	char pid[PSK_PID_LEN + 1]; /* version 2 */
	size_t n;                  /* version 3 */
	struct hello_hash hash[HELLO_HASHES];
};

bool hello_read(struct rd *, struct hello *); /* to the end of the window */
/* How many bytes the whole message has, as far as can be told from the first
 * n bytes: 0 while unknown. For streams that arrive in pieces. */
size_t hello_size(const uint8_t *, size_t n);
void hello_write(struct wr *, const struct hello *);

#endif
