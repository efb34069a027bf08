/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a device remembers beside its image, which is never written: one file
 * "state" of lines "key value" in a folder of its own, 0700, the file 0600
 * and written whole. What a set-up session changes is kept in memory until
 * CommitChanges and saved with it in one step, so that a device that loses
 * power in the middle starts over from its factory values.
 *
 * The many machines of a fleet do with less: their folders are made when there
 * is something to keep, and a save is not synced (enum state_care).
 */
#ifndef DEVICE_STATE_H
#define DEVICE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "device/auth.h"
#include "device/switches.h"
#include "device/window.h"
#include "formats/psk.h"
#include "formats/record.h"
#include "formats/uuid.h"

#define STATE_BLOB 2048
#define STATE_PAIRS 4
#define STATE_CERTS 8
#define STATE_PATH 4096
#define STATE_OTP 33
#define STATE_SERIAL 16
#define STATE_SERIALS 3 /* as many have room in the audit record */

/* ProvisioningState of AMT_SetupAndConfigurationService. */
enum state_phase {
	STATE_PRE = 0,
	STATE_IN = 1,
	STATE_POST = 2
};

enum state_said {
	STATE_UNSAID = 0,
	STATE_OFF = 1,
	STATE_ON = 2
};

/* Who set it up. */
enum state_by {
	STATE_BY_SERVER, /* over the network, or by hand: manual */
	STATE_BY_CLIENT, /* its host alone */
	STATE_BY_ADMIN   /* its host, with a server's chain and signature */
};

/* CurrentControlMode of IPS_HostBasedSetupService. */
enum state_control {
	STATE_CONTROL_NONE = 0,
	STATE_CONTROL_CLIENT = 1,
	STATE_CONTROL_ADMIN = 2
};

/* What a set-up session has set. */
enum state_step {
	STATE_STEP_MEBX = 1,
	STATE_STEP_ADMIN = 2,
	STATE_STEP_PSK = 4,
	STATE_STEP_HASHES = 8,
	STATE_STEP_KEYS = 16, /* and certificates */
	STATE_STEP_TLS = 32,
	STATE_STEP_CLOCK = 64,
	STATE_STEP_SETTINGS = 128
};

struct state_blob {
	uint8_t *p; /* owned; wiped */
	size_t n;
};

/* The read-only configuration record (class IPS_TLSProvisioningRecord). */
struct state_record {
	bool present;
	enum state_by by;
	bool psk;    /* by pre-shared key: no certificate fields */
	bool manual; /* in its set-up screen: no server fields either */
	char fqdn[256];
	int hash_type; /* enum hash_type */
	char hash[97]; /* hex */
	bool hash_is_default;
	/* Of the server's authorities, from its own on: big-endian, zero bytes
	 * in front. How firmware fills them is not public. */
	uint8_t serials[STATE_SERIALS * STATE_SERIAL];
	bool more_serials; /* the chain had more of them */
	bool secure_dns;   /* the suffix was set in the device, not by DHCP */
	bool by_host;      /* a program on its host started it */
	bool time_valid;
	char server_ip[46];
	uint64_t created; /* seconds since 1970 */
};

/* How much a state is worth. */
enum state_care {
	STATE_DURABLE,  /* each save is on the disk when it returns */
	STATE_LOOSE,    /* outlives the process, not a power cut */
	STATE_VOLATILE, /* memory only: for load tests of a server */
};

struct state {
	char *dir; /* owned; NULL where it is volatile */
	enum state_care care;
	bool unsaved; /* to be saved at the end: it was put off */
	bool bound;   /* to this machine; else it is nobody's yet */
	struct uuid uuid;
	enum state_phase phase;
	uint32_t retry; /* of the next hello */
	/* Whom the host started the window for (pin.h); empty: anyone who is
	 * on the list of hashes. */
	struct state_blob pin;
	struct window window;
	int enabled;             /* as the host set it; -1: it did not */
	char suffix[RECORD_STR]; /* as the host set it, or "" */
	enum state_said ztc;     /* as the host set it */
	char host_fqdn[RECORD_STR];
	char otp[STATE_OTP]; /* as the host set it; gone with a commit */
	char realm[AUTH_REALM];
	/* The device's own key and self-signed certificate, DER. */
	struct state_blob key, cert;
	/* Of a set-up that was undone in part. */
	struct psk psk_kept;
	char mebx_kept[33];
	/* The record that a one-touch key made of the image's, OPR1. */
	struct state_blob onetouch;
	/* What was changed of the certificate hashes (roots.h): in force, and
	 * as it was before a set-up that has not ended. */
	struct state_blob roots, roots_before;
	bool roots_pending; /* roots is of that set-up */
	/* Records that were used of the Setup.bin in the image, by its SHA-256:
	 * the image is never written, so this outlives un-provisioning. */
	uint8_t setup_sha256[32];
	uint32_t setup_used;
	unsigned steps; /* enum state_step, of a set-up that has not ended */
	/* Made or changed by a set-up session; saved in STATE_POST only. */
	bool client;        /* in client control mode */
	char ha1[AUTH_HA1]; /* admin; "" while it is the factory's */
	bool mebx_set;      /* or kept of an earlier one */
	char mebx[33];      /* that this set-up gave, or "" */
	struct psk psk;     /* will replace the factory's; "" if not */
	struct state_blob pair[STATE_PAIRS]; /* by handle, PKCS#8 DER */
	struct state_blob certs[STATE_CERTS];
	int credential; /* handle of the TLS certificate, -1 none */
	bool tls_enabled[2], tls_mutual[2]; /* wired, local */
	bool tls_plain[2];         /* connections without TLS are taken too */
	struct switches *switches; /* owned; NULL: the factory's */
	int64_t clock;             /* seconds to add to the host's */
	struct state_record record;
};

/* Reads the folder's state, or starts one (made 0700) with this random for
 * the realm. ERR_DATA with the line if the file is not understood. */
enum err_code state_open(struct state *, const char *dir,
    const uint8_t random[static 16], struct err *);
enum err_code state_save(const struct state *, struct err *);
/* Reads the folder's state, or starts one in memory: nothing is made before
 * the first save. dir may be NULL where care is STATE_VOLATILE. */
enum err_code state_begin(struct state *, const char *dir, enum state_care,
    const uint8_t random[static 16], struct err *);
/* Of counters that a machine can do without: where a save at once would be too
 * dear for the many of a fleet, the next save has them, or the end. */
enum err_code state_save_soon(struct state *, struct err *);
/* Back to the factory: in memory; keeps realm, own key and certificate, and
 * with partial the pre-shared key, the MEBx password and what a one-touch key
 * set. Roots that came from a key do not survive a full one (Open AMT docs). */
void state_reset(struct state *, bool partial);
/* Drops what set-up sessions changed since it was last saved: a set-up that
 * did not end leaves no trace. Nothing to do in STATE_POST. */
void state_undo(struct state *);
/* Drops key pairs and certificates of set-up sessions. */
void state_drop_keys(struct state *);
void state_free(struct state *); /* wipes */

/* Has it never been set up, nor met a one-touch key, since it was last in
 * the factory's state? *why says what stands against it. */
bool state_is_factory(const struct state *, const char **why);
/* Keeps what a one-touch key made, in memory. */
enum err_code state_onetouch_set(
    struct state *, const struct record *, struct err *);
/* What a one-touch key made, of whatever image. The caller wipes it. */
bool state_kept(const struct state *, struct record *out);
/* What a one-touch key made of this image, if it is the image's machine and
 * its sequence is the newer one: the newest record counts. The caller wipes
 * it. */
bool state_onetouch(
    const struct state *, const struct record *image, struct record *out);

/* The MEBx password that a set-up gave; "": it is the factory's. */
const char *state_mebx(const struct state *);
enum state_control state_control(const struct state *);
/* Whether AMT is on, remote configuration without a touch, and the one-time
 * password: what the host set, else the factory. */
bool state_enabled(const struct state *, const struct record *factory);
bool state_ztc(const struct state *, const struct record *factory);
const char *state_otp(const struct state *, const struct record *factory);

enum err_code state_blob_set(
    struct state_blob *, const void *, size_t, struct err *);
void state_blob_free(struct state_blob *);

#endif
