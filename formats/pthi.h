/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PTHI: what a program on the host and the firmware say to each other over
 * the client AMTHI of the host interface (MEI). Facts: the Apache-licensed
 * clients MicroLMS, rpc-go, Intel LMS and MeshCentral, and the Linux sample
 * mei-amt-version. Little-endian.
 *
 *   0 u8 major 1   1 u8 minor 1   2 u16 reserved 0
 *   4 u32 command: bits 0-22 operation, bit 23 answer, bits 24-31 class
 *   8 u32 length of what follows these 12 bytes
 *  12 u32 status (answers only, and counted in length), then the body
 *
 * Strict clients want all of that exactly; so does the reader. A body that is
 * too long is refused in a request; an answer may bring more than its command
 * knows (newer firmware), and that is kept in `rest`.
 *
 * A struct pthi may hold a one-time password or an account: pthi_wipe() it.
 */
#ifndef FORMATS_PTHI_H
#define FORMATS_PTHI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "formats/uuid.h"

#define PTHI_HEADER 12
#define PTHI_MAX 4096 /* a message; as the drivers of ME 7 and later say */
#define PTHI_ANSWER 0x800000u
#define PTHI_ANSI 320
#define PTHI_HANDLES 64 /* clients hold 23 (MicroLMS) or 33 (rpc-go) */
#define PTHI_VERSIONS 50
#define PTHI_FEATURES_MAX 256

/* Class and operation, as the command word holds them. */
enum pthi_op {
	PTHI_TCPIP = 0x04000006,
	PTHI_PROVISIONING_MODE = 0x04000008,
	PTHI_UNPROVISION = 0x04000010,
	PTHI_PROVISIONING_STATE = 0x04000011,
	PTHI_CODE_VERSIONS = 0x0400001a,
	PTHI_SECURITY_PARAMETERS = 0x0400001b,
	PTHI_MAC_ADDRESSES = 0x04000025,
	PTHI_GENERATE_RNG = 0x04000028,
	PTHI_START = 0x04000029,
	PTHI_SET_OTP = 0x0400002a,
	PTHI_TLS_MODE = 0x0400002b,
	PTHI_HASH_HANDLES = 0x0400002c,
	PTHI_HASH_ENTRY = 0x0400002d,
	PTHI_RNG_STATUS = 0x0400002e,
	PTHI_SET_SUFFIX = 0x0400002f,
	PTHI_ZTC = 0x04000030,
	PTHI_SUFFIX = 0x04000036,
	PTHI_SET_ZTC = 0x0400003a,
	PTHI_PID = 0x0400003b,
	PTHI_SUFFIX_LIST = 0x0400003e,
	PTHI_SET_ENTERPRISE_ACCESS = 0x0400003f,
	PTHI_OPEN_USER = 0x04000044,
	PTHI_CLOSE_USER = 0x04000045,
	PTHI_REMOTE_ACCESS = 0x04000046,
	PTHI_POWER_POLICY = 0x04000047,
	PTHI_LAN = 0x04000048,
	PTHI_FEATURES = 0x04000049,
	PTHI_RESET_REASON = 0x0400004a,
	PTHI_CONFIG_SERVER = 0x0400004e,
	PTHI_AUDIT_RECORD = 0x04000050,
	PTHI_FQDN = 0x04000056,
	PTHI_SET_HOST_FQDN = 0x0400005b,
	PTHI_UUID = 0x0400005c,
	PTHI_STOP = 0x0400005e,
	PTHI_START_EX = 0x04000062,
	PTHI_ACCOUNT = 0x04000067,
	PTHI_CONTROL_MODE = 0x0400006b,
	PTHI_EHBC = 0x04000084,
	PTHI_DISABLE = 0x04000088,
	PTHI_START_HOST_BASED = 0x0400008b,
	PTHI_CIRA_LOG = 0x0400008e,
	PTHI_AMT_STATE = 0x01000001
};

/* Also the values of ReturnValue in WS-Management (Intel LMS,
 * StatusCodeDefinitions.h). */
enum pthi_status {
	PTHI_SUCCESS = 0,
	PTHI_INTERNAL = 1,
	PTHI_NOT_READY = 2,
	PTHI_INVALID_MODE = 3,
	PTHI_BAD_LENGTH = 4,
	PTHI_NOT_PERMITTED = 0x10,
	PTHI_MAX_LIMIT = 0x17,
	PTHI_AUTHENTICATION = 0x19,
	PTHI_BAD_IP = 0x1b,
	PTHI_BAD_DOMAIN = 0x1c,
	PTHI_BAD_STATE = 0x20,
	PTHI_BAD_TIME = 0x22,
	PTHI_BAD_INDEX = 0x23,
	PTHI_BAD_PARAMETER = 0x24,
	PTHI_FLASH_LIMIT = 0x26,
	PTHI_BAD_PID = 0x2a,
	PTHI_BAD_PPS = 0x2b,
	PTHI_RNG_IN_PROGRESS = 0x2f,
	PTHI_RNG_NOT_READY = 0x30,
	PTHI_CERTIFICATE_NOT_READY = 0x31,
	PTHI_BAD_HANDLE = 0x805,
	PTHI_BAD_PASSWORD = 0x806,
	PTHI_DATA_MISSING = 0x809,
	PTHI_DUPLICATE = 0x80a,
	PTHI_BAD_CERTIFICATE = 0x80f,
	PTHI_NOT_FOUND = 0x814,
	PTHI_BAD_CREDENTIALS = 0x815,
	PTHI_BLOCKED = 0x81c
};

/* An "ANSI string": u16 length and bytes; some writers count a NUL. */
struct pthi_ansi {
	uint16_t n;
	char s[PTHI_ANSI];
};

struct pthi_version {
	uint16_t what_len, text_len;
	char what[20], text[20];
};

/* GetCodeVersions. */
struct pthi_versions {
	char bios[65];
	uint32_t n;
	struct pthi_version v[PTHI_VERSIONS];
};

/* GetSecurityParameters: AMT_BOOLEANs, each a u32. */
struct pthi_security {
	uint32_t enterprise, tls, hw_crypto, provisioning_state, interface;
	uint32_t sol, ider, fw_update, link;
	uint32_t reserved[8]; /* the first is KVM in later versions */
};

struct pthi_handles {
	uint32_t n;
	uint32_t handle[PTHI_HANDLES];
};

struct pthi_hash {
	uint32_t is_default, is_active;
	uint8_t hash[64];
	uint8_t algorithm; /* 0 MD5, 1 SHA-1, 2 SHA-256, 3: see pthi.c */
	struct pthi_ansi name;
};

struct pthi_remote_access {
	uint32_t network; /* 0 direct, 1 VPN, 2 outside the enterprise */
	uint32_t remote;  /* 0 not connected, 1 connecting, 2 connected */
	uint32_t trigger; /* 0 user, 1 alert, 2 provisioning, 3 periodic */
	struct pthi_ansi server;
};

struct pthi_lan {
	uint32_t enabled;
	uint32_t ipv4; /* 192.168.0.1 is 0xc0a80001 */
	uint32_t dhcp;
	uint8_t dhcp_mode; /* 1 active, 2 passive */
	uint8_t link;
	uint8_t mac[6];
};

struct pthi_config_server {
	uint16_t port;
	char address[46]; /* text, ends in NUL */
	struct pthi_ansi fqdn;
};

/* GetMESetupAuditRecord. */
struct pthi_audit {
	uint8_t tls_mode;
	uint32_t secure_dns, host_initiated, hash_type;
	uint8_t hash[64];
	uint8_t serials[48];
	uint32_t more_serials, is_default, is_time_valid;
	bool old_address; /* address is four bytes, in older versions */
	char address[46];
	uint16_t year, month, dow, day, hour, minute, second;
	struct pthi_ansi fqdn;
};

struct pthi_fqdn {
	uint32_t shared, ddns, interval, ttl, host_len;
	struct pthi_ansi fqdn;
};

/* GetLocalSystemAccount. Readers differ in whether two zero bytes pad it. */
struct pthi_account {
	char user[33], password[33];
	bool padded;
};

/* StartConfigurationHBased. Three forms: 73 bytes without a list (MeshCentral),
 * 390 (rpc-go: one byte says VPN) and 393 (the SDK). */
struct pthi_host_based {
	uint8_t algorithm;
	uint8_t hash[64];
	uint32_t vpn;
	bool short_vpn, has_list;
	uint32_t suffixes; /* a count, or the length of the list */
	char list[320];
};

/* GetFeaturesState's answer. What the bytes mean is not public. */
struct pthi_features {
	uint32_t id;
	uint16_t n; /* to the end of the message */
	uint8_t data[PTHI_FEATURES_MAX];
};

/* GetAMTState: both ways begin with the UUID of what is asked for. */
struct pthi_amt_state {
	struct uuid id;
	uint32_t length; /* 5 */
	uint8_t link, sku, crypto_fuse, flash_protection, reset_reason;
};

union pthi_body {
	uint32_t number; /* a mode, a state, a handle, an index, a flag */
	struct {
		uint32_t mode, legacy;
	} mode;
	struct pthi_versions versions;
	struct pthi_security security;
	struct {
		uint8_t dedicated[6], host[6];
	} macs;
	struct pthi_handles handles;
	struct pthi_hash hash;
	struct pthi_ansi text;
	uint8_t pid[8];
	struct {
		uint8_t flags, address[16], access;
	} enterprise;
	struct pthi_remote_access remote;
	struct pthi_lan lan;
	struct {
		uint32_t reason, time;
	} reset;
	struct pthi_config_server server;
	struct pthi_audit audit;
	struct pthi_fqdn fqdn;
	struct {
		uint16_t n;
		char s[256];
	} host_fqdn;
	struct uuid uuid;
	struct pthi_account account;
	struct pthi_host_based host_based;
	struct {
		uint8_t algorithm, hash[64];
	} certificate;
	struct pthi_features features;
	uint8_t version;
	struct pthi_amt_state state;
};

struct pthi {
	uint8_t minor; /* of the protocol: 1, or more */
	uint32_t op;   /* enum pthi_op, or one that is not known */
	bool answer;
	uint32_t status; /* of an answer; the body is there if it is 0 */
	union pthi_body body;
	const uint8_t *rest; /* borrowed from what was read */
	size_t rest_len;
};

/* The size of the message that begins here, 0 while its header is not whole.
 * It may be any number: bound it. */
size_t pthi_size(const void *, size_t n);
/* To the end of the window. Of an operation that is not known, and of an
 * answer whose status is not 0, all is in `rest`. */
bool pthi_read(struct rd *, struct pthi *);
void pthi_write(struct wr *, const struct pthi *);
void pthi_wipe(struct pthi *);
/* Has it the header of a request? Then *op is its operation, also where the
 * body is not as it should be. */
bool pthi_request(const void *, size_t n, uint32_t *op);

const char *pthi_name(uint32_t op);     /* "GetUUID"; NULL if not known */
const char *pthi_status_name(uint32_t); /* "not ready"; never NULL */

/* Without a NUL that the writer counted; false where one is within, or it
 * does not fit. */
bool pthi_ansi_get(const struct pthi_ansi *, char *out, size_t room);
void pthi_ansi_set(struct pthi_ansi *, const char *); /* cut to fit */

/* Clients of the host interface, as bytes of their GUIDs. */
#define PTHI_GUID 16
extern const uint8_t pthi_guid[PTHI_GUID]; /* AMTHI */
extern const uint8_t pthi_guid_wd[PTHI_GUID];

/*
 * The client WD, by which a host enables AMT where the OEM left it disabled
 * (rpc-go, MicroLMS). Raw bytes: u8 5, u8 length of what follows, u8 what,
 * u8 0x10, and for SetAmtOperationalState u8 0 or 1.
 */
enum pthi_wd_what {
	PTHI_WD_ASK = 0x51,    /* IsChangeToAMTEnabled */
	PTHI_WD_CHANGE = 0x52, /* ChangeToAMT */
	PTHI_WD_SET = 0x53     /* SetAmtOperationalState */
};

struct pthi_wd {
	enum pthi_wd_what what;
	uint8_t state; /* PTHI_WD_SET */
};

/* Bits of the one byte that answers PTHI_WD_ASK, as rpc-go reads them. */
#define PTHI_WD_ALLOWED 0x01u
#define PTHI_WD_ENABLED 0x02u
#define PTHI_WD_CAN_SET 0x80u /* PTHI_WD_SET is known */

size_t pthi_wd_size(const void *, size_t n); /* as pthi_size() */
bool pthi_wd_read(struct rd *, struct pthi_wd *);
void pthi_wd_write(struct wr *, const struct pthi_wd *);

#endif
