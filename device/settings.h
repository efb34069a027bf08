/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a device behaves where public sources leave room or disagree: the file
 * configs/device.cfg, with a comment for each key. Everything has a default.
 */
#ifndef DEVICE_SETTINGS_H
#define DEVICE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "device/window.h"
#include "formats/pkich.h"

#define SETTINGS_STEPS 16
#define SETTINGS_SUITES 256
#define SETTINGS_FEATURE 64

/* So many hellos, each so long after the one before. */
struct settings_step {
	unsigned count;
	unsigned long every_ms;
};

enum settings_challenge {
	SETTINGS_CHALLENGE_AUTO, /* in a PSK session, and after set-up */
	SETTINGS_CHALLENGE_ALWAYS,
	SETTINGS_CHALLENGE_NEVER /* not while being set up */
};

struct settings {
	size_t nsteps;
	struct settings_step step[SETTINGS_STEPS];
	/* How long a window is, in up-time: the first of a device in talk
	 * mode (or WINDOW_FOR_EVER), any later one. */
	uint64_t bare_metal_ms, window_ms;
	unsigned long host_wait_ms; /* for a host's address, on a wire */
	unsigned time_scale;      /* schedule and windows run so much faster */
	unsigned long idle_ms;    /* of a session */
	unsigned long request_ms; /* from a request's first byte to its last */
	size_t connections;       /* to one machine at once */
	size_t announced_max;     /* 0: by the AMT version */
	size_t insecure_key_pool; /* keys for all machines; 0: each its own */
	bool insecure_legacy_tls; /* what the AMT version spoke */
	bool insecure_volatile_state; /* states end with the process */
	bool insecure_digest_without_qop;
	struct pkich_choice pkich;   /* star: insecure_star_cn */
	unsigned setupbin_major_max; /* 0: by the AMT version */
	uint32_t mei_unknown_status; /* of a command that is not known */
	/* The host's start for one certificate: whether it is known (-1: by
	 * the AMT version), outlives a restart, and brings suffixes. */
	int host_start;
	int host_setup; /* may the host set it up? likewise */
	bool host_start_kept, host_start_suffixes;
	uint32_t host_reset_reason;
	uint8_t feature[SETTINGS_FEATURE]; /* what GetFeaturesState answers */
	size_t feature_len;
	enum settings_challenge challenge;
	char psk_suites[SETTINGS_SUITES];
};

/* path NULL: the defaults. */
enum err_code settings_read(struct settings *, const char *path, struct err *);

#endif
