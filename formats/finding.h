/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one table of what can be found in a Setup.bin file: code, rule, mend,
 * how bad it is, and what a BIOS does about it. amtforge-setupbin(7) is
 * checked against it; a code never changes its meaning.
 *
 * What a BIOS does is told by public guides in a few cases only; a row says
 * where nobody has written it down.
 */
#ifndef FORMATS_FINDING_H
#define FORMATS_FINDING_H

#include <stddef.h>

#include "base/err.h"
#include "formats/setupbin.h"

enum finding_level {
	FINDING_WARNING,
	FINDING_NOT_WRITTEN, /* a warning; a writer refuses to make it */
	FINDING_ERROR,       /* a BIOS refuses it, or it does harm */
	FINDING_UNREADABLE   /* a strict reader refuses the file too */
};

/* The faults of the layout come first, with the same numbers. */
enum finding_id {
	FINDING_FAULTS = SETUPBIN_FAULTS,
	/* the file */
	FINDING_DISK_IMAGE = FINDING_FAULTS, /* these two alone */
	FINDING_JSON_TEXT,
	FINDING_FILE_SIZE,
	FINDING_RECORDS_MISSING,
	FINDING_TRAILING_BYTES,
	FINDING_TRAILING_ZEROES,
	FINDING_CONSUMED_MISMATCH,
	FINDING_CONSUMED_ORDER,
	FINDING_KEPT_CONSUMED,
	FINDING_NOTHING_LEFT,
	FINDING_NO_RECORDS,
	FINDING_MANY_RECORDS,
	FINDING_MODULE_LIST,
	FINDING_MINOR_UNKNOWN,
	FINDING_MULTI_CHUNK,
	FINDING_KEPT_V1,
	/* a record */
	FINDING_RECORD_NUMBER,
	FINDING_RECORD_FULL,
	FINDING_RECORD_EMPTY,
	FINDING_ORDER_PASSWORD,
	FINDING_ORDER_SELECTION,
	FINDING_ORDER_HASH,
	FINDING_ORDER_ACTIVATE,
	FINDING_ORDER_UNUSUAL,
	FINDING_REPEATED,
	FINDING_HASH_UNANNOUNCED,
	FINDING_HASH_DISABLED,
	FINDING_HASHES_MANY,
	FINDING_PSK_HALF,
	FINDING_PSK_KEPT,
	FINDING_PID_REPEATED,
	FINDING_PASSWORD_NONE,
	FINDING_PASSWORD_DEFAULT,
	/* an entry */
	FINDING_UNKNOWN_MODULE,
	FINDING_UNKNOWN_VARIABLE,
	FINDING_VARIABLE_9,
	FINDING_VARIABLE_NEWER,
	FINDING_VARIABLE_MAYBE_NEWER,
	FINDING_VALUE_LENGTH,
	FINDING_VALUE_RANGE,
	FINDING_VALUE_CHARS,
	FINDING_HASH_TYPE,
	FINDING_HASH_LENGTH,
	FINDING_HASH_NAME,
	FINDING_HASH_NEWER,
	FINDING_PID_CHECK,
	FINDING_PPS_CHECK,
	FINDING_PASSWORD_RULE,
	FINDING_PASSWORD_RISKY,
	FINDING_PASSWORD_CURRENT,
	FINDING_MODE_CONFLICT,
	FINDING_LAYOUT_UNKNOWN,
	FINDING_FQDN_ALONE,
	/* with a firmware generation given */
	FINDING_AMT_FILE_NEWER,
	FINDING_AMT_FILE_MAYBE_NEWER,
	FINDING_AMT_MINOR_NEWER,
	FINDING_AMT_V1,
	FINDING_AMT_PSK,
	FINDING_AMT_SHA1,
	FINDING_AMT_SHA1_SOME,
	FINDING_AMT_MANUAL,
	FINDING_LAST
};

struct finding {
	struct reason reason; /* code, rule, mend */
	enum finding_level level;
	const char *bios; /* what a BIOS does about it */
};

const struct finding *finding_get(enum finding_id);

#endif
