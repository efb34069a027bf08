/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "formats/reason.h"
#include "server/stepdone.h"

#define POST_PROVISIONING "2"

enum err_code
stepdone_take_check(
    struct session *s, const struct wsman_response *r, struct err *e)
{
	step_copy(s->state, sizeof(s->state), r->body, "ProvisioningState");
	if (strcmp(s->state, POST_PROVISIONING) == 0)
		return ERR_OK;
	return err_refuse(e, ERR_PEER, reason_get(REASON_STEP_FAILED),
	    "ProvisioningState is not 2 (post)");
}

bool
stepdone_wants_record(const struct session *s)
{
	return s->plan.kind == SESSION_PROBE;
}

bool
stepdone_wants_admin_record(const struct session *s)
{
	return s->plan.kind == SESSION_PROBE && !s->record.present;
}

/* A date and time of CIM is an element of its own, Datetime or CIM_DateTime
 * (DSP0230); who writes it bare is understood, too. */
static void
take_time(char *out, size_t room, const struct node *i)
{
	const struct node *t = node_child(i, "CreationTimeStamp");

	step_copy(out, room, t != NULL && t->child != NULL ? t->child : t, "");
}

/* The log holds one record at most; what it lacks stays empty. */
enum err_code
stepdone_take_record(
    struct session *s, const struct wsman_response *r, struct err *e)
{
	const struct node *i = r->items == NULL ? NULL : r->items->child;
	struct session_record *out = &s->record;
	const char *type;

	(void)e;
	if (i == NULL || out->present)
		return ERR_OK;
	out->present = true;
	out->host_based = s->step == SESSION_RECORD_ADMIN;
	step_copy(out->fqdn, sizeof(out->fqdn), i,
	    out->host_based ? "CertificateCN" : "ProvServerFQDN");
	take_time(out->created, sizeof(out->created), i);
	step_copy(out->server_ip, sizeof(out->server_ip), i, "ProvServerIP");
	type = node_text(i, "SelectedHashType");
	out->hash_type = type == NULL ? 0 : (int)strtol(type, NULL, 10);
	out->hash_len = sizeof(out->hash);
	if (!node_b64(i, "SelectedHashData", out->hash, &out->hash_len))
		out->hash_len = 0;
	return ERR_OK;
}

bool
stepdone_wants_remove(const struct session *s)
{
	return s->plan.kind == SESSION_UNDO ||
	    s->plan.kind == SESSION_UNDO_PARTLY;
}

void
stepdone_fill_remove(struct session *s, struct step_input *in)
{
	if (s->plan.kind == SESSION_UNDO)
		step_add(in, "ProvisioningMode", "1", NULL); /* enterprise */
}
