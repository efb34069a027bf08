/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/stepkvm.h"

/* EnabledState and RequestedState of AMT_RedirectionService (types of Open AMT
 * go-wsman-messages): 32768, and one more for IDE-R, two more for SOL. */
#define REDIRECT_STATE 32768
#define REDIRECT_IDER 1
#define REDIRECT_SOL 2
#define KVM_SINCE 6 /* AMT version; MeshCentral asks from there on */

static bool
has_kvm(const struct session *s)
{
	return atoi(s->version) >= KVM_SINCE && !s->no_kvm;
}

/* Models without it, such as those of Standard Manageability, do not know its
 * classes. */
bool
stepkvm_has_none(struct session *s, const struct wsman_response *r)
{
	bool none =
	    (s->step == SESSION_KVM_SET || s->step == SESSION_KVM_READ) &&
	    wsman_is_fault(r, WSMAN_FAULT_DESTINATION);

	s->no_kvm |= none;
	return none;
}

bool
stepkvm_wants_redirect(const struct session *s)
{
	const struct policy *p = s->plan.policy;

	return p != NULL &&
	    (p->sol != POLICY_LEAVE || p->ider != POLICY_LEAVE ||
		p->kvm == POLICY_ON);
}

enum err_code
stepkvm_take_instance(
    struct session *s, const struct wsman_response *r, struct err *e)
{
	step_keep(&s->kept, r->body);
	return s->kept.n > 0 ? step_whole(&s->kept, e)
			     : step_bad(e, "instance");
}

/* What it shall be, from what it is. */
static int
redirect_state(const struct session *s)
{
	const struct policy *p = s->plan.policy;
	const char *text = step_kept(&s->kept, "EnabledState");
	int bits = text == NULL ? 0 : atoi(text) & 3;

	if (p->sol != POLICY_LEAVE)
		bits = (bits & ~REDIRECT_SOL) |
		    (p->sol == POLICY_ON ? REDIRECT_SOL : 0);
	if (p->ider != POLICY_LEAVE)
		bits = (bits & ~REDIRECT_IDER) |
		    (p->ider == POLICY_ON ? REDIRECT_IDER : 0);
	return REDIRECT_STATE | bits;
}

void
stepkvm_fill_state(struct session *s, struct step_input *in)
{
	snprintf(in->text[0], sizeof(in->text[0]), "%d", redirect_state(s));
	step_add(in, "RequestedState", in->text[0], NULL);
}

/* Its port is open for as long as anything goes through it: KVM does too. */
void
stepkvm_fill_redirect(struct session *s, struct step_input *in)
{
	bool any = redirect_state(s) != REDIRECT_STATE ||
	    s->plan.policy->kvm == POLICY_ON;
	const struct step_ours ours[] = {
		{ "EnabledState", in->text[0], false },
		{ "ListenerEnabled", any ? "true" : "false", true },
	};

	snprintf(in->text[0], sizeof(in->text[0]), "%d", redirect_state(s));
	in->sel_name = "Name";
	in->sel_value = step_kept(&s->kept, "Name");
	if (in->sel_value == NULL)
		in->sel_name = NULL;
	step_put(in, &s->kept, ours, sizeof(ours) / sizeof(ours[0]));
}

/* A machine without KVM has nothing to switch off, or on. */
bool
stepkvm_wants_kvm(const struct session *s)
{
	return s->plan.policy != NULL && s->plan.policy->kvm != POLICY_LEAVE &&
	    has_kvm(s);
}

void
stepkvm_fill_kvm(struct session *s, struct step_input *in)
{
	bool on = s->plan.policy->kvm == POLICY_ON;

	step_add(in, "RequestedState", on ? "2" : "3", NULL);
}

bool
stepkvm_wants_settings(const struct session *s)
{
	const struct policy *p = s->plan.policy;

	return p != NULL && has_kvm(s) &&
	    (p->kvm_consent != POLICY_LEAVE || p->kvm_timeout >= 0);
}

void
stepkvm_fill_settings(struct session *s, struct step_input *in)
{
	const struct policy *p = s->plan.policy;
	const struct step_ours ours[] = {
		{ "OptInPolicy", step_switch(p->kvm_consent), true },
		{ "SessionTimeout", p->kvm_timeout < 0 ? NULL : in->text[0],
		    true },
	};

	snprintf(in->text[0], sizeof(in->text[0]), "%d", p->kvm_timeout);
	in->sel_name = "InstanceID";
	in->sel_value = step_kept(&s->kept, "InstanceID");
	if (in->sel_value == NULL)
		in->sel_name = NULL;
	step_put(in, &s->kept, ours, sizeof(ours) / sizeof(ours[0]));
}
