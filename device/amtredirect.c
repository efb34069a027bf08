/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "device/amtredirect.h"

/* States of AMT_RedirectionService and CIM_KVMRedirectionSAP: types of Open
 * AMT go-wsman-messages. */
#define STATE_BASE 32768
#define STATE_ALL 32771
#define KVM_ON 2
#define KVM_OFF 3
#define KVM_OFFLINE 6 /* enabled, and nobody is connected */
#define KVM_SINCE 6   /* AMT version: clients ask from there on */

bool
amtredirect_service(struct amt *a, size_t i, struct amt_item *it)
{
	const struct switches *s = switches_of(a->state->switches);

	if (i > 0)
		return false;
	amt_put(it, "CreationClassName", "AMT_RedirectionService");
	amt_put(it, "ElementName", "Intel(r) AMT Redirection Service");
	amt_put_num(it, "EnabledState", STATE_BASE + (int64_t)s->redirect);
	amt_put_bool(it, "ListenerEnabled", s->listener);
	amt_put(it, "Name", "Intel(r) AMT Redirection Service");
	amt_put(it, "SystemCreationClassName", "CIM_ComputerSystem");
	amt_put(it, "SystemName", "Intel(r) AMT");
	return true;
}

enum amt_status
amtredirect_state(struct amt *a, const struct node *in, struct amt_item *out)
{
	struct switches *own;
	int64_t v = -1;

	(void)out;
	if (!amt_take_num(in, "RequestedState", STATE_BASE, STATE_ALL, &v) ||
	    v < 0)
		return AMT_BAD_PARAMETER;
	if ((own = switches_own(&a->state->switches)) == NULL)
		return AMT_INTERNAL;
	own->redirect = (unsigned)(v - STATE_BASE);
	return amt_keep(a);
}

enum amt_status
amtredirect_put(struct amt *a, const struct node *in, struct amt_item *out)
{
	struct switches now = *switches_of(a->state->switches), *own;
	int64_t v = STATE_BASE + (int64_t)now.redirect;

	(void)out;
	if (!amt_take_bool(in, "ListenerEnabled", &now.listener) ||
	    !amt_take_num(in, "EnabledState", STATE_BASE, STATE_ALL, &v))
		return AMT_BAD_PARAMETER;
	now.redirect = (unsigned)(v - STATE_BASE);
	if ((own = switches_own(&a->state->switches)) == NULL)
		return AMT_INTERNAL;
	*own = now;
	return amt_keep(a);
}

bool
amtredirect_kvm(struct amt *a, size_t i, struct amt_item *it)
{
	const struct switches *s = switches_of(a->state->switches);

	if (i > 0 || a->factory->amt_major < KVM_SINCE)
		return false;
	amt_put(it, "CreationClassName", "CIM_KVMRedirectionSAP");
	amt_put(it, "ElementName", "KVM Redirection Service Access Point");
	amt_put_num(it, "EnabledState", s->kvm ? KVM_OFFLINE : KVM_OFF);
	amt_put_num(it, "KVMProtocol", 4);
	amt_put(it, "Name", "KVM Redirection Service Access Point");
	amt_put_num(it, "RequestedState", s->kvm ? KVM_ON : KVM_OFF);
	amt_put(it, "SystemCreationClassName", "CIM_ComputerSystem");
	amt_put(it, "SystemName", "ManagedSystem");
	return true;
}

enum amt_status
amtredirect_kvm_state(
    struct amt *a, const struct node *in, struct amt_item *out)
{
	struct switches *own;
	int64_t v = -1;

	(void)out;
	if (a->factory->amt_major < KVM_SINCE)
		return AMT_NOT_FOUND;
	if (!amt_take_num(in, "RequestedState", KVM_ON, KVM_OFF, &v) || v < 0)
		return AMT_BAD_PARAMETER;
	if ((own = switches_own(&a->state->switches)) == NULL)
		return AMT_INTERNAL;
	own->kvm = v == KVM_ON;
	return amt_keep(a);
}

bool
amtredirect_settings(struct amt *a, size_t i, struct amt_item *it)
{
	const struct switches *s = switches_of(a->state->switches);

	if (i > 0 || a->factory->amt_major < KVM_SINCE)
		return false;
	amt_put(it, "ElementName", "Intel(r) KVM Redirection Settings");
	amt_put_bool(it, "EnabledByMEBx", true);
	amt_put(it, "InstanceID", "Intel(r) KVM Redirection Settings");
	amt_put_bool(it, "Is5900PortEnabled", false);
	amt_put_bool(it, "OptInPolicy", s->kvm_consent);
	amt_put_num(it, "SessionTimeout", s->kvm_timeout);
	return true;
}

/* The port of bare VNC and its password are not offered. */
enum amt_status
amtredirect_put_settings(
    struct amt *a, const struct node *in, struct amt_item *out)
{
	struct switches now = *switches_of(a->state->switches), *own;
	int64_t minutes = now.kvm_timeout;
	bool vnc = false;

	(void)out;
	if (!amt_take_bool(in, "OptInPolicy", &now.kvm_consent) ||
	    !amt_take_num(in, "SessionTimeout", 0, 255, &minutes) ||
	    !amt_take_bool(in, "Is5900PortEnabled", &vnc) || vnc)
		return AMT_BAD_PARAMETER;
	now.kvm_timeout = (int)minutes;
	if ((own = switches_own(&a->state->switches)) == NULL)
		return AMT_INTERNAL;
	*own = now;
	return amt_keep(a);
}
