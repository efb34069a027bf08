/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "device/tally.h"

/* Without memory a set-up is counted and not timed. */
static void
took(struct tally *t, uint64_t ms)
{
	size_t room = t->room == 0 ? 64 : 2 * t->room;
	uint32_t *more;

	if (t->n == t->room) {
		more = realloc(t->took_ms, room * sizeof(*more));
		if (more == NULL)
			return;
		t->took_ms = more;
		t->room = room;
	}
	t->took_ms[t->n++] = ms < UINT32_MAX ? (uint32_t)ms : UINT32_MAX;
}

static void
count_fault(struct tally *t, const char *words)
{
	for (int i = 0; i < FAULT_KINDS; i++)
		t->faults[i] +=
		    strcmp(fault_name((enum fault_kind)i), words) == 0;
}

void
tally_event(
    struct tally *t, struct machine *m, const struct machine_event *event)
{
	const struct {
		const char *name;
		size_t *n;
	} counts[] = {
		{ "hello", &t->hellos },
		{ "hello-failed", &t->hellos_failed },
		{ "session", &t->sessions },
		{ "refused", &t->refused },
		{ "handshake-failed", &t->handshakes_failed },
		{ "provisioned", &t->provisioned },
		{ "failed", &t->failed },
	};

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		*counts[i].n += strcmp(event->name, counts[i].name) == 0;
	if (strcmp(event->name, "fault") == 0)
		count_fault(t, event->words);
	if (strcmp(event->name, "hello") == 0 && m->hello_ms == 0)
		m->hello_ms = clock_ms();
	if (strcmp(event->name, "provisioned") == 0 && m->hello_ms != 0) {
		took(t, clock_ms() - m->hello_ms);
		m->hello_ms = 0;
	}
}

static int
by_time(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

uint32_t
tally_quantile(struct tally *t, double q)
{
	size_t i;

	if (t->n == 0)
		return 0;
	qsort(t->took_ms, t->n, sizeof(*t->took_ms), by_time);
	i = (size_t)(q * (double)t->n);
	return t->took_ms[i < t->n ? i : t->n - 1];
}

void
tally_free(struct tally *t)
{
	free(t->took_ms);
	*t = (struct tally){ 0 };
}
