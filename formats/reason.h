/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one documented list of refusals: code, rule, mend. amtforge-reasons(7)
 * is checked against it. Both ends, the factory and the importer use it; the
 * code of a refusal is what programs branch on and never changes its meaning.
 */
#ifndef FORMATS_REASON_H
#define FORMATS_REASON_H

#include <stddef.h>

#include "base/err.h"

/* enum REASON_PID_UNKNOWN and the code "pid-unknown" come from one row of a
 * table of formats/reasontable.h; add a row there and a name here, in step. */
enum reason_id {
	REASON_NONE,
	/* bytes */
	REASON_HELLO_MALFORMED,
	REASON_RECORD_MALFORMED,
	REASON_PID_MALFORMED,
	REASON_PPS_MALFORMED,
	REASON_HASHLIST_UNSOUND,
	REASON_UUID_MALFORMED,
	REASON_UUID_PLACEHOLDER,
	REASON_CSV_MALFORMED,
	/* ledger and orders */
	REASON_UNIT_DIFFERS, /* same UUID or serial with other values */
	REASON_UNIT_UNKNOWN,
	REASON_ORDER_UNKNOWN,
	REASON_ORDER_CLOSED,
	REASON_ORDER_EXISTS,
	REASON_ORDER_FULL,
	REASON_LEDGER_KEY, /* the key does not open this ledger */
	REASON_LEDGER_DAMAGED,
	REASON_PROFILE_UNSOUND,
	REASON_CERT_WEAK,
	/* images */
	REASON_IMAGE_UNKNOWN,  /* not understood */
	REASON_IMAGE_NO_STORE, /* no variable store */
	REASON_IMAGE_STORE_FULL,
	REASON_IMAGE_LIVE_RECORD, /* the base holds a record already */
	REASON_IMAGE_STORE_BROKEN,
	REASON_IMAGE_FTW_PENDING,
	REASON_IMAGE_NO_MATCH, /* the map does not match this image */
	REASON_IMAGE_NO_RECORD,
	REASON_MAP_UNSOUND,
	REASON_IMAGE_COMPOSE, /* parts do not fit the regions */
	REASON_IMAGE_SIGNED,
	REASON_IMAGE_PROTECTED, /* a hash covers it */
	REASON_IMAGE_FORBIDDEN, /* by the map, or nobody knows whose it is */
	REASON_IMAGE_EXPECT,    /* other bytes than the map expects */
	REASON_IMAGE_ME_OFF,    /* strapped off */
	REASON_IMAGE_TARGET,    /* what the map names is not in the image */
	REASON_PLAN_UNSOUND,
	REASON_PLAN_DIFFERS,  /* from what the ledger and the image make now */
	REASON_IMAGE_DIFFERS, /* from what the plan or the ledger says */
	REASON_SCRUB_LEFT,    /* secret bytes where scrub may not write */
	REASON_DELTA_MALFORMED,
	REASON_DELTA_BASE, /* made for another base */
	/* the station */
	REASON_SCAN_MALFORMED,
	REASON_SCAN_UNKNOWN,  /* no such unit in the order */
	REASON_SCAN_MISMATCH, /* serial and UUID are of two units */
	REASON_SCAN_REPEATED, /* that unit is done */
	REASON_SCAN_SCRAPPED,
	REASON_STATION_COMMAND,
	REASON_STATION_READBACK,
	/* manifest */
	REASON_MANIFEST_MALFORMED,
	REASON_MANIFEST_SIGNATURE,
	REASON_MANIFEST_UNTRUSTED,
	REASON_MANIFEST_EXPIRED,
	REASON_MANIFEST_CHUNK, /* a chunk's digest differs */
	REASON_MANIFEST_RECIPIENT,
	REASON_MANIFEST_CONFLICT, /* a row differs from one imported before */
	REASON_MANIFEST_EMPTY,
	/* the server about a hello or a device */
	REASON_UUID_UNKNOWN,
	REASON_PID_UNKNOWN,
	REASON_PID_OTHER_UNIT, /* the PID is another UUID's */
	REASON_ROOT_NOT_ANNOUNCED,
	REASON_DEVICE_CERT_DIFFERS, /* not the pinned certificate */
	REASON_DEVICE_CERT_UNPINNED,
	REASON_PSK_REJECTED, /* the PPS differs */
	REASON_DEVICE_REFUSED_ROOT,
	REASON_DEVICE_REFUSED_MARK,
	REASON_DEVICE_REFUSED_DOMAIN,
	REASON_DEVICE_REFUSED_CHAIN,
	REASON_DEVICE_REFUSED,      /* another alert */
	REASON_DEVICE_UUID_DIFFERS, /* the device says another UUID inside TLS
				     */
	REASON_DEVICE_GONE,
	REASON_LOGIN_REFUSED,
	REASON_LOGIN_UNSUPPORTED,
	REASON_STEP_FAILED,   /* a WS-Man step returned an error */
	REASON_MODE_MISMATCH, /* PSK hello for a PKI unit, or the reverse */
	REASON_OTP_MISMATCH,
	REASON_OTP_MISSING,
	REASON_PID_REUSED,
	REASON_PID_OTHER_TENANT,
	REASON_ROOT_OTHER_TENANT,
	REASON_TENANT_UNKNOWN,
	REASON_NAME_MISSING,
	REASON_NAME_INVALID,
	REASON_NAME_TWICE,
	REASON_NAME_TABLE,
	REASON_RECORD_DIFFERS,
	REASON_DEVICE_TAKEN,
	REASON_WINDOW_OVER,
	REASON_HAND_OVER_FAILED,
	REASON_SERVER_ABSENT,
	REASON_SERVER_BUSY,
	REASON_STORE_KEY,
	REASON_LEGACY_TLS,
	/* the device about a server */
	REASON_CHAIN_MISSING,
	REASON_CHAIN_INVALID,
	REASON_CHAIN_TOO_LONG,
	REASON_ROOT_NOT_LISTED,
	REASON_ROOT_NOT_ONLY, /* listed, but another is marked as the only one
			       */
	REASON_NO_SERVER_AUTH,
	REASON_NO_AMT_MARK,
	REASON_SUFFIX_MISMATCH,
	REASON_SUFFIX_UNKNOWN,
	REASON_FQDN_MISMATCH,
	REASON_LEAF_NOT_PINNED, /* another than the host named */
	REASON_KEY_SIZE,
	REASON_PSK_IDENTITY,
	REASON_DEVICE_DISABLED,
	REASON_HASH_ALGORITHM,
	REASON_SIGNATURE_ALGORITHM,
	REASON_TLS_VERSION,
	REASON_INTERFACE_UNFIT,
	REASON_CAPTURE_DENIED,
	REASON_DHCP_SILENT,
	REASON_SERVER_UNRESOLVED,
	REASON_FILES_LIMIT,
	/* the agent about a machine */
	REASON_MEI_ABSENT,
	REASON_MEI_ACCESS,
	REASON_MEI_CLIENT,
	REASON_MEI_MALFORMED,
	REASON_MEI_STATUS,
	REASON_AMT_STATE,
	REASON_ACTIVATION_FAILED,
	/* Setup.bin files and keys in the ledger */
	REASON_SETUPBIN_MALFORMED,
	REASON_SETUPBIN_JSON,
	REASON_KEY_UNFIT,    /* the profile does not fit what was asked */
	REASON_KEY_EMPTY,    /* no unit is left for it */
	REASON_KEY_DIFFERS,  /* made before, with other options */
	REASON_KEY_MANIFEST, /* the customer has other passwords */
	REASON_KEY_SHARED,   /* one PSK for all, and not asked for */
	REASON_KEY_USED,     /* machines have records of it */
	REASON_KEY_WRITTEN,  /* its file was there, and is gone */
	REASON_KEY_UNIT,     /* named, and cannot have a record */
	REASON_KEY_UNKNOWN,
	REASON_PASSWORD_UNSOUND,
	/* a machine about a one-touch key */
	REASON_KEY_UNREADABLE,
	REASON_KEY_NO_FILE,
	REASON_KEY_FRAGMENTED,
	REASON_KEY_NEWER,
	REASON_KEY_USED_UP,
	REASON_KEY_WRITE_PROTECTED,
	REASON_KEY_WRITE_LOST,
	REASON_KEY_CHANGED,
	REASON_KEY_PASSWORD,
	REASON_KEY_ENTRIES,
	REASON_KEY_VALUE,
	REASON_KEY_NOT_FACTORY,
	/* a machine's set-up screen */
	REASON_MEBX_PASSWORD,
	REASON_MEBX_VALUE,
	REASON_MEBX_STATE, /* set up already, or not yet */
	REASON_STATE_BUSY,
	REASON_STATE_OTHER, /* another machine's */
	/* sticks and their writer */
	REASON_KEY_IMAGE_ROOM,
	REASON_STICK_ABSENT,
	REASON_STICK_UNFIT,
	REASON_STICK_HELD,
	REASON_STICK_READ_ONLY,
	REASON_STICK_SIZE,
	REASON_STICK_SMALL,
	REASON_STICK_FOREIGN,
	REASON_STICK_CHANGED,
	REASON_STICK_ACCESS,
	REASON_STICK_GONE,
	REASON_STICK_HANGS,
	REASON_STICK_FAILED,
	REASON_STICK_DIFFERS,
	REASON_STICK_NO_KEY,
	REASON_STICK_IMAGE,
	/* worksheets */
	REASON_WORKSHEET_EMPTY,
	REASON_WORKSHEET_UNREAD, /* what is read back differs */
	REASON_LAST
};

const struct reason *reason_get(enum reason_id);    /* never NULL */
const struct reason *reason_find(const char *code); /* or NULL */

#endif
