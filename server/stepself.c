/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/reason.h"
#include "server/stepself.h"
#include "server/stepset.h"

#define CLOCK_TOLERANCE 10 /* seconds */

enum err_code
stepself_take_general(
    struct session *s, const struct wsman_response *r, struct err *e)
{
	if (!step_copy(s->realm, sizeof(s->realm), r->body, "DigestRealm"))
		return step_bad(e, "DigestRealm");
	step_keep(&s->kept, r->body);
	return stepset_wants_network(s) ? step_whole(&s->kept, e) : ERR_OK;
}

enum err_code
stepself_take_software(
    struct session *s, const struct wsman_response *r, struct err *e)
{
	const struct node *i = r->items == NULL ? NULL : r->items->child;
	const char *id;

	(void)e;
	for (; i != NULL; i = i->next) {
		id = node_text(i, "InstanceID");
		if (id != NULL && strcmp(id, "AMT") == 0)
			step_copy(
			    s->version, sizeof(s->version), i, "VersionString");
	}
	return ERR_OK;
}

enum err_code
stepself_take_uuid(
    struct session *s, const struct wsman_response *r, struct err *e)
{
	char is[UUID_TEXT], want[UUID_TEXT];
	struct uuid u;
	uint8_t raw[UUID_LEN];
	size_t n = sizeof(raw);

	if (!node_b64(r->body, "UUID", raw, &n) || n != UUID_LEN)
		return step_bad(e, "UUID");
	memcpy(u.b, raw, UUID_LEN);
	if (uuid_equal(&u, &s->plan.uuid))
		return ERR_OK;
	uuid_text(&u, is);
	uuid_text(&s->plan.uuid, want);
	return err_refuse(e, ERR_PERM, reason_get(REASON_DEVICE_UUID_DIFFERS),
	    "the hello said %s, the device says %s", want, is);
}

void
stepself_fill_mebx(struct session *s, struct step_input *in)
{
	step_add(in, "Password", s->plan.mebx_password, NULL);
}

void
stepself_fill_admin(struct session *s, struct step_input *in)
{
	session_digest(in->digest, "admin", s->realm, s->plan.admin_password);
	step_add(in, "Username", "admin", NULL);
	step_add(in, "DigestPassword", in->digest, NULL);
}

enum err_code
stepself_take_time(
    struct session *s, const struct wsman_response *r, struct err *e)
{
	char text[16];

	if (!step_copy(text, sizeof(text), r->body, "Ta0") ||
	    strspn(text, "0123456789") != strlen(text))
		return step_bad(e, "Ta0");
	s->clock = strtoll(text, NULL, 10);
	return ERR_OK;
}

bool
stepself_wants_time(const struct session *s)
{
	return s->plan.policy == NULL || s->plan.policy->time;
}

bool
stepself_clock_is_off(const struct session *s)
{
	return stepself_wants_time(s) &&
	    llabs(s->clock - s->now) > CLOCK_TOLERANCE;
}

void
stepself_fill_time(struct session *s, struct step_input *in)
{
	snprintf(in->text[0], sizeof(in->text[0]), "%lld", (long long)s->clock);
	snprintf(in->text[1], sizeof(in->text[1]), "%lld", (long long)s->now);
	step_add(in, "Ta0", in->text[0], NULL);
	step_add(in, "Tm1", in->text[1], NULL);
	step_add(in, "Tm2", in->text[1], NULL);
}

bool
stepself_wants_psk(const struct session *s)
{
	return s->plan.psk.pid[0] != '\0';
}

void
stepself_fill_psk(struct session *s, struct step_input *in)
{
	step_add(in, "PID", s->plan.psk.pid, NULL);
	step_add(in, "PPS", s->plan.psk.pps, NULL);
}
