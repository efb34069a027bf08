/* SPDX-License-Identifier: Apache-2.0 */
#include "device/window.h"

#define HOUR_MS 3600000u

void
window_open(struct window *w, uint64_t ms)
{
	*w = (struct window){ WINDOW_OPEN, ms, 0, w->ahead_ms, false };
}

uint64_t
window_kept(const struct window *w)
{
	uint64_t left = window_left(w);

	return w->spent_ms + (w->ahead_ms < left ? w->ahead_ms : left);
}

uint64_t
window_left(const struct window *w)
{
	if (w->phase != WINDOW_OPEN)
		return 0;
	if (w->granted_ms == WINDOW_FOR_EVER)
		return WINDOW_FOR_EVER;
	return w->granted_ms > w->spent_ms ? w->granted_ms - w->spent_ms : 0;
}

bool
window_spend(struct window *w, uint64_t ms)
{
	uint64_t left = window_left(w);

	if (w->phase != WINDOW_OPEN || left == WINDOW_FOR_EVER)
		return false;
	w->spent_ms += ms < left ? ms : left;
	if (ms < left)
		return false;
	w->phase = WINDOW_OVER;
	return true;
}

bool
window_extend(struct window *w, unsigned hours)
{
	uint64_t more = (uint64_t)hours * HOUR_MS;
	const uint64_t most = (uint64_t)WINDOW_HOURS_MAX * HOUR_MS;

	if (w->phase != WINDOW_OPEN || w->granted_ms == WINDOW_FOR_EVER)
		return true;
	if (w->granted_ms > most || more > most - w->granted_ms)
		return false;
	w->granted_ms += more;
	return true;
}

void
window_end(struct window *w)
{
	w->phase = WINDOW_OVER;
}

void
window_renew(struct window *w)
{
	if (w->phase == WINDOW_OVER || w->phase == WINDOW_STOPPED)
		w->phase = WINDOW_AGAIN;
}
