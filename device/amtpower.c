/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "device/amtpower.h"

/* The SDK's names of a desktop's two packages, in words; what their GUIDs are
 * in firmware is not public: these are the project's own. */
static const struct {
	const char *id, *description, *guid;
} packages[SWITCHES_PACKAGES] = {
	{ "Intel(r) AMT:PowerScheme 0", "Desktop: ON in S0",
	    "6f1a6ac0-3f0c-4d9a-8f4e-0c4f3c6e0001" },
	{ "Intel(r) AMT:PowerScheme 1",
	    "Desktop: ON in S0, ME Wake in S3, S4-5",
	    "6f1a6ac0-3f0c-4d9a-8f4e-0c4f3c6e0002" },
};

bool
amtpower_scheme(struct amt *a, size_t i, struct amt_item *it)
{
	(void)a;
	if (i >= SWITCHES_PACKAGES)
		return false;
	amt_put(it, "Description", packages[i].description);
	amt_put(it, "ElementName", packages[i].description);
	amt_put(it, "InstanceID", packages[i].id);
	amt_put(it, "SchemeGUID", packages[i].guid);
	return true;
}

const char *
amtpower_name(const struct state *s)
{
	return packages[switches_of(s->switches)->power].description;
}

/* CIM_ElementSettingData: where clients look for the one that is current
 * (MeshCommander). IsCurrent 1: it is, 2: it is not. */
bool
amtpower_current(struct amt *a, size_t i, struct amt_item *it)
{
	const struct switches *s = switches_of(a->state->switches);

	if (i >= SWITCHES_PACKAGES)
		return false;
	amt_put_num(it, "IsCurrent", s->power == i ? 1 : 2);
	amt_put_num(it, "IsDefault", i == 0 ? 1 : 2);
	amt_put_ref(
	    it, "ManagedElement", "CIM_ComputerSystem/Name", "ManagedSystem");
	amt_put_ref(it, "SettingData", "AMT_SystemPowerScheme", packages[i].id);
	return true;
}

/* The selector names the package. */
enum amt_status
amtpower_set(struct amt *a, const struct node *in, struct amt_item *out)
{
	struct switches *own;

	(void)in;
	(void)out;
	for (unsigned i = 0; i < SWITCHES_PACKAGES; i++) {
		if (strcmp(a->selected, packages[i].id) != 0 &&
		    strcmp(a->selected, packages[i].guid) != 0)
			continue;
		if ((own = switches_own(&a->state->switches)) == NULL)
			return AMT_INTERNAL;
		own->power = i;
		return amt_keep(a);
	}
	return AMT_BAD_PARAMETER;
}
