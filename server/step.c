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

/* LMS StatusCodeDefinitions.h: a ReturnValue is a PTHI status. */
const char *
step_value_name(int v)
{
	static const struct {
		int v;
		const char *name;
	} names[] = {
		{ 0x01, "internal error" },
		{ 0x02, "not ready" },
		{ 0x03, "invalid mode" },
		{ 0x04, "invalid length" },
		{ 0x10, "not permitted" },
		{ 0x17, "limit reached" },
		{ 0x19, "authentication failed" },
		{ 0x1b, "invalid IP address" },
		{ 0x1c, "invalid domain name" },
		{ 0x20, "invalid provisioning state" },
		{ 0x22, "invalid time" },
		{ 0x23, "invalid index" },
		{ 0x24, "invalid parameter" },
		{ 0x26, "flash write limit" },
		{ 0x2a, "invalid PID" },
		{ 0x2b, "invalid PPS" },
		{ 0x2f, "random seed in progress" },
		{ 0x30, "random seed not ready" },
		{ 0x31, "certificate not ready" },
		{ 0x805, "invalid handle" },
		{ 0x806, "invalid password" },
		{ 0x809, "data missing" },
		{ 0x80a, "duplicate" },
		{ 0x80f, "invalid certificate" },
		{ 0x814, "not found" },
		{ 0x815, "invalid credentials" },
		{ 0x81c, "blocking component" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].v == v)
			return names[i].name;
	return "unknown";
}
