/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/secret.h"
#include "device/attempt.h"
#include "device/stateparts.h"

struct attempt {
	struct state was; /* dir is the state's own */
};

struct attempt *
attempt_new(const struct state *s)
{
	struct attempt *a = malloc(sizeof(*a));

	if (a == NULL)
		return NULL;
	a->was = *s;
	if (stateparts_copy(&a->was))
		return a;
	secret_wipe(a, sizeof(*a));
	free(a);
	return NULL;
}

void
attempt_end(struct attempt *a, struct state *s, bool kept)
{
	if (a == NULL)
		return;
	stateparts_free(kept ? &a->was : s);
	if (!kept)
		*s = a->was;
	secret_wipe(a, sizeof(*a));
	free(a);
}
