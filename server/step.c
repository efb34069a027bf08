/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "formats/reason.h"
#include "server/step.h"

void
step_add(
    struct step_input *in, const char *name, const char *value, const char *epr)
{
	in->f[in->n++] = (struct wsman_field){ name, value, epr };
}

enum err_code
step_bad(struct err *e, const char *what)
{
	return err_refuse(e, ERR_PEER, reason_get(REASON_STEP_FAILED),
	    "the answer has no usable %s", what);
}

bool
step_copy(char *out, size_t room, const struct node *n, const char *path)
{
	const char *s = node_text(n, path);
	size_t len = s == NULL ? 0 : strlen(s);

	if (len == 0 || len >= room || !text_printable(s, len))
		return false;
	memcpy(out, s, len + 1);
	return true;
}
