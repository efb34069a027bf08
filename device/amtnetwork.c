/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "device/amtnetwork.h"

#define GENERAL "Intel(r) AMT: General Settings"

/* Property names: types of Open AMT go-wsman-messages. Those are here that
 * this device has something to say about. */
bool
amtnetwork_general(struct amt *a, size_t i, struct amt_item *it)
{
	const struct switches *s = switches_of(a->state->switches);

	if (i > 0)
		return false;
	amt_put_num(it, "AMTNetworkEnabled", 1);
	amt_put(it, "DigestRealm", a->state->realm);
	amt_put(it, "DomainName", s->domain[0] != '\0' ? s->domain : a->suffix);
	amt_put(it, "ElementName", GENERAL);
	amt_put(it, "HostName", s->host);
	amt_put_num(it, "IdleWakeTimeout", s->idle_wake);
	amt_put(it, "InstanceID", GENERAL);
	amt_put_bool(it, "NetworkInterfaceEnabled", true);
	amt_put_bool(it, "PingResponseEnabled", s->ping);
	amt_put_bool(it, "RmcpPingResponseEnabled", s->rmcp_ping);
	amt_put_bool(it, "SharedFQDN", s->shared_fqdn);
	return true;
}

/* Labels with dots between; dots: a domain may have them. */
static bool
is_name(const char *s, bool dots)
{
	size_t label = 0;

	for (; *s != '\0'; s++) {
		if (*s == '.' && dots && label > 0 && s[-1] != '-' &&
		    s[1] != '\0') {
			label = 0;
			continue;
		}
		if (!isalnum((unsigned char)*s) && (*s != '-' || label == 0))
			return false;
		if (++label > 63)
			return false;
	}
	return label == 0 || s[-1] != '-';
}

static bool
take_name(
    const struct node *in, const char *field, bool dots, char *out, size_t room)
{
	const char *v = node_text(in, field);

	if (v == NULL)
		return true;
	if (strlen(v) >= room || !is_name(v, dots))
		return false;
	strcpy(out, v);
	return true;
}

/* What cannot be written (the realm) may be in it, as it was read. */
enum amt_status
amtnetwork_put(struct amt *a, const struct node *in, struct amt_item *out)
{
	struct switches now = *switches_of(a->state->switches), *own;
	const char *realm = node_text(in, "DigestRealm");
	int64_t wake = now.idle_wake;

	(void)out;
	if ((realm != NULL && strcmp(realm, a->state->realm) != 0) ||
	    !take_name(in, "HostName", false, now.host, sizeof(now.host)) ||
	    !take_name(
		in, "DomainName", true, now.domain, sizeof(now.domain)) ||
	    !amt_take_bool(in, "SharedFQDN", &now.shared_fqdn) ||
	    !amt_take_bool(in, "PingResponseEnabled", &now.ping) ||
	    !amt_take_bool(in, "RmcpPingResponseEnabled", &now.rmcp_ping) ||
	    !amt_take_num(in, "IdleWakeTimeout", 0, 65535, &wake))
		return AMT_BAD_PARAMETER;
	now.idle_wake = (int)wake;
	if ((own = switches_own(&a->state->switches)) == NULL)
		return AMT_INTERNAL;
	*own = now;
	return amt_keep(a);
}
