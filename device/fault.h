/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What machines of a fleet do wrong, so that a server's patience can be tried:
 * rules from the command line, and what they deal to one machine. Without I/O.
 *
 *   drop=N         closes the connection behind the answer to request N, once
 *   cut=N          the same, and the answer is not sent: was it done or not?
 *   otp            its one-time password is another than the factory's
 *   cert           its certificate, or its pre-shared key, is another one
 *   late=SECONDS   its first hello comes so much later
 *   duplicate      each hello is sent twice
 *   fragment       each hello comes in pieces of a few bytes
 *   slow[=N]       answers trickle: N bytes a second
 *   silent         takes connections and never says a word on them
 *
 * each for a share of the machines: drop=3:0.1 or drop=3:10%.
 */
#ifndef DEVICE_FAULT_H
#define DEVICE_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "formats/record.h"
#include "formats/uuid.h"

enum fault_kind {
	FAULT_DROP,
	FAULT_CUT,
	FAULT_OTP,
	FAULT_CERT,
	FAULT_LATE,
	FAULT_DUPLICATE,
	FAULT_FRAGMENT,
	FAULT_SLOW,
	FAULT_SILENT,
	FAULT_KINDS
};

#define FAULT_RULES 32
#define FAULT_TEXT 160

struct fault_plan {
	uint64_t seed;
	uint32_t spread_ms; /* first hellos are spread over so long */
	size_t n;
	struct {
		enum fault_kind kind;
		uint32_t value;
		double share;
	} rule[FAULT_RULES];
};

/* One machine's. All zero: nothing is wrong with it. */
struct fault {
	uint16_t kinds; /* a bit for each */
	uint16_t drop, cut, slow;
	uint32_t start_ms; /* of the first hello, after its start */
	uint32_t late_s;
	/* What was done of it. */
	uint16_t steps, sent;
	bool again;
};

/* Reads one rule behind those that are there. ERR_USAGE with the words. */
enum err_code fault_rule(struct fault_plan *, const char *text, struct err *);
void fault_deal(const struct fault_plan *, const struct uuid *, struct fault *);
bool fault_has(const struct fault *, enum fault_kind);
const char *fault_name(enum fault_kind);
/* "drop=3 slow=2000"; "" if there is none. */
void fault_text(const struct fault *, char out[static FAULT_TEXT]);
/* What is wrong from the start is so in the machine's record. */
void fault_alter(const struct fault *, struct record *);
/* A request was answered, or is about to be: counts it, and says whether the
 * connection ends here. *answered: the answer still goes out. */
bool fault_ends(struct fault *, bool *answered);

#endif
