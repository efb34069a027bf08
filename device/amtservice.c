/* SPDX-License-Identifier: Apache-2.0 */
#include "device/amtservice.h"

/* Properties and their numbers: types of Open AMT go-wsman-messages. Enabled
 * state 5: not applicable; 12 likewise of what was requested. */
static bool
service(size_t i, struct amt_item *it, const char *class, const char *name)
{
	if (i > 0)
		return false;
	amt_put(it, "CreationClassName", class);
	amt_put(it, "ElementName", name);
	amt_put_num(it, "EnabledState", 5);
	amt_put(it, "Name", name);
	amt_put_num(it, "RequestedState", 12);
	amt_put(it, "SystemCreationClassName", "CIM_ComputerSystem");
	amt_put(it, "SystemName", "Intel(r) AMT");
	return true;
}

/* AllowHttpQopAuthOnly 1: a digest must name qop "auth" (auth.h). */
bool
amtservice_authorization(struct amt *a, size_t i, struct amt_item *it)
{
	if (i == 0)
		amt_put_num(it, "AllowHttpQopAuthOnly", a->any_qop ? 0 : 1);
	return service(i, it, "AMT_AuthorizationService",
	    "Intel(r) AMT Authorization Service");
}

bool
amtservice_time(struct amt *a, size_t i, struct amt_item *it)
{
	(void)a;
	return service(i, it, "AMT_TimeSynchronizationService",
	    "Intel(r) AMT Time Synchronization Service");
}

bool
amtservice_keys(struct amt *a, size_t i, struct amt_item *it)
{
	(void)a;
	return service(i, it, "AMT_PublicKeyManagementService",
	    "Intel(r) AMT Public Key Management Service");
}

enum amt_status
amtservice_admin(struct amt *a, const struct node *in, struct amt_item *out)
{
	(void)a;
	(void)in;
	amt_put(out, "Username", "admin");
	return AMT_OK;
}

/* Of the local and of the network's administrator: they are one here. */
enum amt_status
amtservice_admin_status(
    struct amt *a, const struct node *in, struct amt_item *out)
{
	(void)in;
	amt_put_bool(out, "IsDefault", a->state->ha1[0] == '\0');
	return AMT_OK;
}

enum amt_status
amtservice_users(struct amt *a, const struct node *in, struct amt_item *out)
{
	(void)a;
	(void)in;
	amt_put_num(out, "TotalCount", 0);
	amt_put_num(out, "HandlesCount", 0);
	return AMT_OK;
}
