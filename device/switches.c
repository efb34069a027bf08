/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "device/switches.h"

static const struct switches factory = { .shared_fqdn = true,
	.ping = true,
	.rmcp_ping = true,
	.idle_wake = 65535,
	.redirect = 3,
	.kvm_consent = true,
	.kvm_timeout = 3 };

/* The numbers and flags, as lines of a state have them. */
static const struct {
	const char *key;
	int max;
} numbers[] = {
	{ "shared_fqdn", 1 },
	{ "ping", 1 },
	{ "rmcp_ping", 1 },
	{ "idle_wake", 65535 },
	{ "power", SWITCHES_PACKAGES - 1 },
	{ "redirect", 3 },
	{ "listener", 1 },
	{ "kvm", 1 },
	{ "kvm_consent", 1 },
	{ "kvm_timeout", 255 },
	{ "roots", 0xff },
};

#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

struct switches *
switches_own(struct switches **s)
{
	if (*s == NULL && (*s = malloc(sizeof(**s))) != NULL)
		**s = factory;
	return *s;
}

const struct switches *
switches_of(const struct switches *s)
{
	return s == NULL ? &factory : s;
}

void
switches_free(struct switches **s)
{
	free(*s);
	*s = NULL;
}

static int
get(const struct switches *s, size_t i)
{
	const int values[NUMBERS] = { s->shared_fqdn, s->ping, s->rmcp_ping,
		s->idle_wake, (int)s->power, (int)s->redirect, s->listener,
		s->kvm, s->kvm_consent, s->kvm_timeout, (int)s->roots };

	return values[i];
}

static void
set(struct switches *s, size_t i, int v)
{
	bool *const flags[NUMBERS] = { &s->shared_fqdn, &s->ping, &s->rmcp_ping,
		NULL, NULL, NULL, &s->listener, &s->kvm, &s->kvm_consent, NULL,
		NULL };
	int *const ints[NUMBERS] = {
		[3] = &s->idle_wake, [9] = &s->kvm_timeout
	};
	unsigned *const uints[NUMBERS] = {
		[4] = &s->power, [5] = &s->redirect, [10] = &s->roots
	};

	if (flags[i] != NULL)
		*flags[i] = v == 1;
	else if (ints[i] != NULL)
		*ints[i] = v;
	else
		*uints[i] = (unsigned)v;
}

void
switches_put(struct wr *w, const struct switches *s)
{
	if (s == NULL)
		return;
	if (s->host[0] != '\0')
		wr_fmt(w, "switch.host %s\n", s->host);
	if (s->domain[0] != '\0')
		wr_fmt(w, "switch.domain %s\n", s->domain);
	for (size_t i = 0; i < NUMBERS; i++)
		if (get(s, i) != get(&factory, i))
			wr_fmt(w, "switch.%s %d\n", numbers[i].key, get(s, i));
}

bool
switches_take(struct switches **s, const char *key, const char *value)
{
	char *end;
	long v;

	if (switches_own(s) == NULL)
		return false;
	if (strcmp(key, "host") == 0)
		return text_copy((*s)->host, sizeof((*s)->host), value);
	if (strcmp(key, "domain") == 0)
		return text_copy((*s)->domain, sizeof((*s)->domain), value);
	for (size_t i = 0; i < NUMBERS; i++) {
		if (strcmp(numbers[i].key, key) != 0)
			continue;
		v = strtol(value, &end, 10);
		if (end == value || *end != '\0' || v < 0 || v > numbers[i].max)
			return false;
		set(*s, i, (int)v);
		return true;
	}
	return false;
}
