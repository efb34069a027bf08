/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/loss.h"

#define PASSWORDS (STATE_STEP_ADMIN | STATE_STEP_MEBX)
/* Servers set it only where it is off: again is not said of it. */
#define AT_WILL STATE_STEP_CLOCK

struct loss {
	struct {
		struct state_record who;
		unsigned steps; /* 0: nobody's */
	} of[LOSS_SERVERS];
	size_t next;
};

bool
loss_same_server(const struct state_record *a, const struct state_record *b)
{
	return a->psk == b->psk && strcmp(a->fqdn, b->fqdn) == 0 &&
	    a->hash_type == b->hash_type && strcmp(a->hash, b->hash) == 0;
}

static size_t
find(const struct loss *l, const struct state_record *who)
{
	size_t i = 0;

	while (i < LOSS_SERVERS &&
	    (l->of[i].steps == 0 || !loss_same_server(&l->of[i].who, who)))
		i++;
	return i;
}

void
loss_add(struct loss **l, const struct state_record *who, unsigned steps)
{
	size_t i;

	if (*l == NULL && (*l = calloc(1, sizeof(**l))) == NULL)
		return;
	if ((i = find(*l, who)) == LOSS_SERVERS) {
		i = (*l)->next;
		(*l)->next = (i + 1) % LOSS_SERVERS;
		(*l)->of[i].who = *who;
		(*l)->of[i].steps = 0;
	}
	(*l)->of[i].steps |= steps;
}

bool
loss_matters(struct loss *l, const struct state_record *who, unsigned steps)
{
	size_t i;

	if (l == NULL || (i = find(l, who)) == LOSS_SERVERS ||
	    (l->of[i].steps & ~steps & ~(unsigned)AT_WILL) == 0)
		return false;
	l->of[i].steps &= PASSWORDS;
	return true;
}

void
loss_free(struct loss **l)
{
	free(*l);
	*l = NULL;
}

void
loss_text(char out[static LOSS_TEXT], unsigned steps)
{
	static const struct {
		enum state_step step;
		const char *name;
	} names[] = {
		{ STATE_STEP_MEBX, "SetMEBxPassword" },
		{ STATE_STEP_ADMIN, "SetAdminAclEntryEx" },
		{ STATE_STEP_PSK, "SetTLSPSK" },
		{ STATE_STEP_HASHES, "AMT_ProvisioningCertificateHash" },
		{ STATE_STEP_KEYS, "keys and certificates" },
		{ STATE_STEP_TLS, "AMT_TLSSettingData" },
		{ STATE_STEP_CLOCK, "the clock" },
		{ STATE_STEP_SETTINGS, "settings" },
	};
	const char *sep = "";
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if ((steps & names[i].step) == 0 || n >= LOSS_TEXT)
			continue;
		n += (size_t)snprintf(
		    out + n, LOSS_TEXT - n, "%s%s", sep, names[i].name);
		sep = ", ";
	}
}
