/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"
#include "device/attempt.h"
#include "device/hellos.h"
#include "device/identity.h"
#include "device/period.h"
#include "device/visit.h"

/* Spent up-time is kept so often, and at an end if more than that is new. */
#define SAVE_MS 900000u
#define UNSAVED_MS 60000u

static void
save_soon(struct machine *m)
{
	struct err e = { 0 };

	m->unsaved_ms = 0;
	if (state_save_soon(m->state, &e) != ERR_OK)
		machine_tell_failure(m, &e);
}

/* True if the window is over by now. */
static bool
count(struct machine *m)
{
	uint64_t now = clock_ms();
	uint64_t ms = (now - m->counted) * m->common->settings->time_scale;

	m->counted = now;
	m->unsaved_ms += ms;
	return window_spend(&m->state->window, ms);
}

static void
watch_window(struct machine *m)
{
	uint64_t left = window_left(&m->state->window);

	if (left == WINDOW_FOR_EVER)
		loop_timer_stop(m->window);
	else
		loop_timer_set(m->window,
		    machine_real_ms(m, left < SAVE_MS ? left : SAVE_MS) + 1);
}

void
period_shut(struct machine *m)
{
	m->open = false;
	hellos_stop(m);
	loop_timer_stop(m->window);
}

/* The state stays "in": an agent may then give another one-time password. */
static void
window_over(struct machine *m)
{
	window_end(&m->state->window);
	state_blob_free(&m->state->pin);
	period_shut(m);
	visit_undo(m, "the period for set-up is over");
	machine_save(m);
	machine_tell(m,
	    &(struct machine_event){ .name = "window-closed",
		.words = "the period for set-up is over",
		.retry = -1 });
	visit_end_all(m);
}

static void
on_window(void *arg)
{
	struct machine *m = arg;

	if (!m->open)
		return;
	visit_expire(m);
	if (count(m)) {
		window_over(m);
		return;
	}
	if (m->unsaved_ms >= SAVE_MS)
		save_soon(m);
	watch_window(m);
}

void
period_extend(struct machine *m, unsigned hours)
{
	if (!m->open)
		return;
	if (count(m) || hours == 0) {
		window_over(m);
		return;
	}
	machine_save(m);
	watch_window(m);
}

/* Why no set-up can take place, or NULL. */
static const char *
unfit(const struct machine *m, enum amt_status *status)
{
	*status = AMT_NOT_PERMITTED;
	if (m->blank && m->image == NULL)
		return "blank: no record, and no key was applied";
	if (!machine_enabled(m))
		return "disabled";
	*status = AMT_BAD_MODE;
	if (machine_factory(m)->mode != RECORD_ENTERPRISE)
		return "SMB mode: set up by hand";
	if (m->psk.pid[0] == '\0' && !state_ztc(m->state, machine_factory(m)))
		return "neither a pre-shared key nor PKI is set";
	return NULL;
}

/* Why a device stays silent at a start, or NULL. One that its host enabled is
 * then as one in listen mode. */
static const char *
silence(const struct machine *m)
{
	enum amt_status status;
	const char *why = unfit(m, &status);

	if (why != NULL)
		return why;
	switch (m->state->window.phase) {
	case WINDOW_OVER:
		return "the period for set-up is over: waits for its agent";
	case WINDOW_STOPPED:
		return "set-up was stopped: waits for its agent";
	case WINDOW_NEW:
	case WINDOW_AGAIN:
		if (!machine_factory(m)->talk || !machine_factory(m)->enabled)
			return "listen mode: waits for an agent on its host";
		break;
	case WINDOW_OPEN:
	case WINDOW_PARTIAL:
		break;
	}
	return NULL;
}

/* In memory only. */
static void
open_state(struct machine *m)
{
	const struct settings *s = m->common->settings;
	struct window *w = &m->state->window;

	if (w->phase != WINDOW_OPEN)
		window_open(w,
		    w->phase == WINDOW_NEW && machine_factory(m)->talk &&
			    machine_factory(m)->enabled
			? s->bare_metal_ms
			: s->window_ms);
	if (m->state->care == STATE_DURABLE)
		w->ahead_ms = SAVE_MS;
	m->state->phase = STATE_IN;
	m->state->mebx_set |= machine_factory(m)->mebx_new[0] != '\0';
}

static void
open_up(struct machine *m)
{
	m->open = true;
	m->counted = clock_ms();
	watch_window(m);
	/* Who is pinned knows where this is: its host told it. */
	if (m->state->pin.n > 0)
		hellos_stop(m);
	else
		hellos_begin(m);
}

static const char *
way(const struct machine *m)
{
	if (m->state->pin.n > 0)
		return "waits for the server that its host named";
	return m->psk.pid[0] != '\0' ? "talks, PSK" : "talks, PKI";
}

static void
tell_faults(struct machine *m)
{
	char faults[FAULT_TEXT];

	fault_text(&m->fault, faults);
	if (faults[0] != '\0')
		machine_tell_words(m, "faulty", faults);
}

void
period_start(struct machine *m)
{
	const char *why;

	if (m->state->pin.n > 0 && !m->common->settings->host_start_kept) {
		state_blob_free(&m->state->pin);
		m->state->window.phase = WINDOW_STOPPED;
		machine_save(m);
	}
	if ((why = silence(m)) != NULL) {
		if (m->state->window.phase == WINDOW_OVER)
			m->state->phase = STATE_IN;
		machine_tell_words(m, "silent", why);
		tell_faults(m);
		return;
	}
	open_state(m);
	open_up(m);
	if (m->state->window.ahead_ms > 0)
		machine_save(m);
	machine_tell_words(m, "started", way(m));
	tell_faults(m);
}

/* What is begun for it counts once it is saved. */
static enum amt_status
save_for_host(struct machine *m, struct attempt *t)
{
	struct window *w = &m->state->window;

	if (window_left(w) < m->common->settings->window_ms)
		window_open(w, m->common->settings->window_ms);
	w->by_host = true;
	open_state(m);
	return machine_saved(m, t);
}

static void
open_for_host(struct machine *m)
{
	m->unsaved_ms = 0;
	open_up(m);
	machine_tell_words(m, "started", way(m));
}

/* The attempt to open it, with what was spent until now. */
static struct attempt *
begin_for_host(struct machine *m)
{
	if (m->open)
		count(m);
	return attempt_new(m->state);
}

/* For anyone. */
static enum amt_status
start_at_once(struct machine *m)
{
	struct attempt *t = begin_for_host(m);
	enum amt_status status;

	if (t == NULL)
		return AMT_INTERNAL;
	state_blob_free(&m->state->pin);
	if ((status = save_for_host(m, t)) == AMT_OK)
		open_for_host(m);
	return status;
}

static void
on_make(void *arg)
{
	struct machine *m = arg;
	struct err e = { 0 };

	m->making = false;
	if (!identity_ready(m) && identity_make(m, &e) != ERR_OK)
		machine_tell_failure(m, &e);
	else
		start_at_once(m);
}

static enum amt_status
fit_to_start(const struct machine *m)
{
	enum amt_status status;

	if (m->state->phase == STATE_POST)
		return AMT_BAD_STATE;
	if (unfit(m, &status) != NULL)
		return status;
	return m->psk.pid[0] == '\0' && machine_suffix_nth(m, 0) == NULL
	    ? AMT_NOT_READY
	    : AMT_OK;
}

static void
making_stop(struct machine *m)
{
	if (m->making)
		loop_timer_stop(m->make);
	m->making = false;
}

/* Can it be started for that one? His suffixes count for it. */
static enum amt_status
fit_for(struct machine *m, struct state_blob *pin)
{
	struct state_blob before = m->state->pin;
	enum amt_status status;
	struct err e = { 0 };

	m->state->pin = *pin;
	status = m->psk.pid[0] != '\0' ? AMT_BAD_MODE : fit_to_start(m);
	if (status == AMT_OK && !identity_ready(m) &&
	    identity_make(m, &e) != ERR_OK) {
		machine_tell_failure(m, &e);
		status = AMT_INTERNAL;
	}
	*pin = m->state->pin; /* a copy, after a save that failed */
	m->state->pin = before;
	return status;
}

enum amt_status
period_start_pinned(struct machine *m, struct state_blob *pin)
{
	enum amt_status status = fit_for(m, pin);
	struct err e = { 0 };
	struct attempt *t;

	if (status != AMT_OK)
		return status;
	if ((t = begin_for_host(m)) == NULL)
		return AMT_INTERNAL;
	if (state_blob_set(&m->state->pin, pin->p, pin->n, &e) != ERR_OK) {
		attempt_end(t, m->state, false);
		return AMT_INTERNAL;
	}
	if ((status = save_for_host(m, t)) != AMT_OK)
		return status;
	state_blob_free(pin);
	making_stop(m);
	visit_undo(m, "its host starts it for a server");
	visit_end_all(m);
	open_for_host(m);
	return AMT_OK;
}

enum amt_status
period_start_host(struct machine *m)
{
	struct err e = { 0 };
	enum amt_status status = fit_to_start(m);

	if (status != AMT_OK)
		return status;
	if (!machine_online(m))
		return AMT_NOT_READY;
	if (identity_ready(m))
		return start_at_once(m);
	if (m->make == NULL &&
	    loop_timer_new(m->common->loop, on_make, m, &m->make, &e) != ERR_OK)
		return AMT_NOT_READY;
	m->making = true;
	loop_timer_set(m->make, 0);
	return AMT_CERT_NOT_READY;
}

enum amt_status
period_stop(struct machine *m)
{
	enum amt_status status;
	struct attempt *t;

	if (m->state->phase != STATE_IN && !m->making)
		return AMT_BAD_MODE; /* 3, as MeshCentral knows it */
	if ((t = attempt_new(m->state)) == NULL)
		return AMT_INTERNAL;
	state_blob_free(&m->state->pin);
	m->state->phase = STATE_PRE;
	m->state->window.phase = WINDOW_STOPPED;
	if ((status = machine_saved(m, t)) != AMT_OK)
		return status;
	making_stop(m);
	period_shut(m);
	visit_undo(m, "an agent on its host stopped it");
	machine_tell_words(m, "stopped", "by an agent on its host");
	visit_end_all(m);
	return AMT_OK;
}

/* At the end: what is kept is what was spent, of the many of a fleet as far as
 * it is worth a file. */
void
period_keep(struct machine *m)
{
	bool ahead = m->state->window.ahead_ms > 0;

	m->state->window.ahead_ms = 0;
	if (m->open && !count(m) && (ahead || m->unsaved_ms >= UNSAVED_MS))
		m->state->unsaved = true;
}

enum err_code
period_new(struct machine *m, struct err *e)
{
	return loop_timer_new(m->common->loop, on_window, m, &m->window, e);
}

void
period_free(struct machine *m)
{
	loop_timer_free(m->window);
	loop_timer_free(m->make);
}
