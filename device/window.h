/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The time in which a device may be set up, counted in up-time: what was
 * spent of it outlives a restart. Public sources give 24 hours from the first
 * enabling on (Intel Technology Journal 12/4: the OEM's bare-metal timer) and
 * 6 hours from any later start on (the white paper, the SDK); a server may
 * extend it. No clock, no I/O: who counts the time tells it.
 */
#ifndef DEVICE_WINDOW_H
#define DEVICE_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

enum window_phase {
	WINDOW_NEW,     /* never opened: its first one is the long one */
	WINDOW_OPEN,    /* goes on with the next start */
	WINDOW_OVER,    /* spent: opened again by an agent, MEBx or a key */
	WINDOW_STOPPED, /* by an agent; likewise */
	WINDOW_AGAIN,   /* was used: the next start opens a short one */
	WINDOW_PARTIAL  /* likewise, of whatever start mode */
};

#define WINDOW_HOURS_MAX 255 /* SDK: all extensions together */
#define WINDOW_FOR_EVER UINT64_MAX

struct window {
	enum window_phase phase;
	uint64_t granted_ms; /* WINDOW_FOR_EVER: never over */
	uint64_t spent_ms;
	/* Kept as spent beforehand, until what was is known: a machine that
	 * loses its power again and again does not stay open for ever. */
	uint64_t ahead_ms;
	bool by_host; /* a program on its host started it */
};

/* What is kept of the time spent. */
uint64_t window_kept(const struct window *);

void window_open(struct window *, uint64_t ms);
/* 0 unless it is open. */
uint64_t window_left(const struct window *);
/* So much up-time went by; true if that ended it. */
bool window_spend(struct window *, uint64_t ms);
/* More hours; false if all would be more than 255. */
bool window_extend(struct window *, unsigned hours);
void window_end(struct window *);
/* The next start may open it once more: after MEBx or a one-touch key. One
 * that is open, or was never, stays what it is. */
void window_renew(struct window *);

#endif
