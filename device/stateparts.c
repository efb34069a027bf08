/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "device/stateparts.h"

#define BLOBS (6 + STATE_PAIRS + STATE_CERTS)

/* All that a state owns beside its folder's name and its switches. */
static void
blobs_of(struct state *s, struct state_blob *out[static BLOBS])
{
	struct state_blob *const one[] = { &s->pin, &s->key, &s->cert,
		&s->onetouch, &s->roots, &s->roots_before };
	size_t n = sizeof(one) / sizeof(one[0]);

	for (size_t i = 0; i < n; i++)
		out[i] = one[i];
	for (size_t i = 0; i < STATE_PAIRS; i++)
		out[n++] = &s->pair[i];
	for (size_t i = 0; i < STATE_CERTS; i++)
		out[n++] = &s->certs[i];
}

void
stateparts_free(struct state *s)
{
	struct state_blob *b[BLOBS];

	blobs_of(s, b);
	for (size_t i = 0; i < BLOBS; i++)
		state_blob_free(b[i]);
	switches_free(&s->switches);
}

bool
stateparts_copy(struct state *s)
{
	const struct switches *from = s->switches;
	struct state_blob *b[BLOBS], was;
	bool good = true;

	s->switches = NULL;
	blobs_of(s, b);
	for (size_t i = 0; i < BLOBS; i++) {
		was = *b[i];
		*b[i] = (struct state_blob){ NULL, 0 };
		if (!good || was.n == 0)
			continue;
		if ((good = (b[i]->p = malloc(was.n)) != NULL)) {
			memcpy(b[i]->p, was.p, was.n);
			b[i]->n = was.n;
		}
	}
	if (good && from != NULL && (good = switches_own(&s->switches) != NULL))
		*s->switches = *from;
	if (!good)
		stateparts_free(s);
	return good;
}
