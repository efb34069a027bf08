/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host interface of a machine: what it answers a program on its own host
 * (formats/pthi.h), from its record, state and settings. No I/O of its own:
 * what has to happen goes through struct hostif_acts, so that a dialogue runs,
 * and is fuzzed, in one process. hostfacts.c answers questions, hostif.c what
 * changes something.
 *
 * A host may do what its owner may do to his own machine anyway, and no more:
 * it learns no secret and does not undo a set-up.
 */
#ifndef DEVICE_HOSTIF_H
#define DEVICE_HOSTIF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "device/machine.h"
#include "formats/pthi.h"

/* What the world has to do; machine_*() in the product. */
struct hostif_acts {
	enum amt_status (*start)(struct machine *);
	/* For one server; takes the blob over (pin.h). */
	enum amt_status (*start_pinned)(struct machine *, struct state_blob *);
	/* The hash of the machine's certificate. */
	enum err_code (*hash)(struct machine *, enum hash_type,
	    uint8_t out[static 48], struct err *);
	enum amt_status (*stop)(struct machine *);
	enum amt_status (*suffix)(struct machine *, const char *);
	enum amt_status (*enable)(struct machine *, bool);
	/* What the host set up by itself. */
	enum amt_status (*unprovision)(struct machine *);
};

struct hostif {
	struct machine *machine;        /* borrowed */
	const struct hostif_acts *acts; /* borrowed */
	bool vpn; /* the host says that it is inside by VPN */
};

enum hostif_client {
	HOSTIF_AMT, /* AMTHI: PTHI messages */
	HOSTIF_WD   /* enables AMT */
};

/* What the driver's ioctl tells of each client. */
#define HOSTIF_MESSAGE_MAX PTHI_MAX
#define HOSTIF_PROTOCOL 1

/* One whole message; the answer is appended. False: it is no message of that
 * client, whose firmware would drop the connection. */
bool hostif_answer(
    struct hostif *, enum hostif_client, const uint8_t *, size_t, struct wr *);
void hostif_wipe(struct hostif *);

/* For hostfacts.c: fills the body of an answer. */
typedef enum amt_status hostif_fn(
    struct hostif *, const union pthi_body *in, union pthi_body *out);

#endif
