/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "device/stateowner.h"
#include "formats/reason.h"

/* What a one-touch key left is older than the line that says so. */
static bool
owner(const struct state *s, struct uuid *out)
{
	struct record *kept;

	*out = s->uuid;
	if (s->bound || s->onetouch.n == 0)
		return s->bound;
	if ((kept = malloc(sizeof(*kept))) == NULL)
		return false;
	if (state_kept(s, kept))
		*out = kept->uuid;
	record_wipe(kept);
	free(kept);
	return true;
}

enum err_code
stateowner_bind(struct state *s, const struct uuid *uuid, struct err *e)
{
	char mine[UUID_TEXT], asked[UUID_TEXT];
	struct uuid of;

	if (owner(s, &of) && !uuid_equal(&of, uuid)) {
		uuid_text(&of, mine);
		uuid_text(uuid, asked);
		return err_refuse(e, ERR_DATA, reason_get(REASON_STATE_OTHER),
		    "%s: the state of machine %s, and this is machine %s",
		    s->dir != NULL ? s->dir : "state", mine, asked);
	}
	s->unsaved |= !s->bound;
	s->bound = true;
	s->uuid = *uuid;
	return ERR_OK;
}
