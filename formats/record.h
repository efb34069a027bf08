/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The OEM provisioning record (OPR1): what the factory puts into an image and
 * the device boots from. Documented for BIOS engineers in amtforge-record(5).
 * All integers little-endian.
 *
 *   0x00 8  magic "AMTFORG1"        0x08 u16 version 1   0x0A u16 header 0x48
 *   0x0C u32 total length           0x10 u32 flags       0x14 u32 sequence
 *   0x18 u16 payload type 1 (TLV)   0x1A 2 zero          0x1C u32 payload len
 *   0x20 32 SHA-256 of the payload  0x40 u32 CRC-32 of 0x00..0x3F
 *   0x44 4  zero                    0x48 payload
 *
 * Payload: entries in the public Setup.bin layout:
 * u16 module, u16 variable, u16 length, u16 zero, value, zero padding to 4.
 * Ascending (module, variable), repeats only of 2/8. Modules 1 and 2 are
 * Setup.bin's; module 0x4146 is ours:
 *   1 OTP (str)  2 flags of hash i: u8[n], bit 0 active, 1 only, 2 OEM
 *   3 device key, PKCS#8 DER  4 device certificate, DER
 *   5 profile: u8 AMT major, u8 AMT minor  6 serial (str)  7 order (str)
 *   8 unit UUID (16, SMBIOS order)  9 enabled u8
 * Unknown variables of our module are refused; of 1 and 2 kept as raw bytes.
 */
#ifndef FORMATS_RECORD_H
#define FORMATS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "formats/hashlist.h"
#include "formats/psk.h"
#include "formats/uuid.h"

#define RECORD_HEADER 0x48
#define RECORD_MAX 0x8000
#define RECORD_SECRETS 0x1u /* flags: holds secret bytes */

#define RECORD_STR 256
#define RECORD_KEY 2048
#define RECORD_CERT 2048
#define RECORD_EXTRA 512

enum record_mode {
	RECORD_ENTERPRISE = 0,
	RECORD_SMB = 1
};

/* A text is absent when empty; a length is 0 when its bytes are absent. The
 * struct holds secrets: record_wipe() it. */
struct record {
	uint32_t sequence; /* the newest valid record of an image counts */
	struct uuid uuid;
	char serial[64];
	char order[64];
	uint8_t amt_major, amt_minor;
	bool enabled;           /* module 0x4146 / 9 */
	bool talk;              /* 2/28: 1 active (talk), 0 halt (listen) */
	enum record_mode mode;  /* 2/16 */
	bool pki;               /* 2/5: remote configuration by PKI enabled */
	struct psk psk;         /* 2/1, 2/2 */
	struct hashlist hashes; /* 2/8 and 0x4146/2 */
	char mebx_current[33];  /* 1/1 */
	char mebx_new[33];      /* 1/2 */
	char pki_dns_suffix[RECORD_STR]; /* 2/3 */
	char server_fqdn[RECORD_STR];    /* 2/4 */
	uint8_t server_ip[4];            /* 2/17, network order; 0 absent */
	uint16_t server_port;            /* 2/18; 0 absent */
	char otp[33];                    /* 0x4146/1 */
	uint8_t key[RECORD_KEY];         /* 0x4146/3 */
	size_t key_len;
	uint8_t cert[RECORD_CERT]; /* 0x4146/4 */
	size_t cert_len;
	uint8_t extra[RECORD_EXTRA]; /* unknown 1/x, 2/x entries, raw TLVs */
	size_t extra_len;
};

/* To the end of the window; wiped on failure. */
bool record_read(struct rd *, struct record *);
/* Fails the writer where the reader would refuse what is written. */
void record_write(struct wr *, const struct record *);
void record_wipe(struct record *);

#endif
