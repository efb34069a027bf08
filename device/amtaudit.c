/* SPDX-License-Identifier: Apache-2.0 */
#include "device/amtaudit.h"
#include "device/amtfacts.h"

#define NAME "Intel(r) AMT: RecordLog 1"

/* OverwritePolicy 2: the next record takes the place of this one; LogState 4:
 * not applicable (both CIM_RecordLog). */
bool
amtaudit_log(struct amt *a, size_t i, struct amt_item *it)
{
	if (i > 0)
		return false;
	amt_put_num(
	    it, "CurrentNumberOfRecords", a->state->record.present ? 1 : 0);
	amt_put(it, "ElementName", "Intel(r) AMT Provisioning Record Log");
	amt_put(it, "InstanceID", NAME);
	amt_put_num(it, "LogState", 4);
	amt_put_num(it, "MaxNumberOfRecords", 1);
	amt_put_num(it, "OverwritePolicy", 2);
	return true;
}

/* Whoever may do so is the administrator, and the next set-up makes a new
 * record. */
enum amt_status
amtaudit_clear(struct amt *a, const struct node *in, struct amt_item *out)
{
	(void)in;
	(void)out;
	if (a->state->phase != STATE_POST)
		return AMT_BAD_STATE;
	a->state->record = (struct state_record){ 0 };
	return amt_keep(a);
}

/* GetProvisioningAuditRecord, and V2 of it. Before set-up is over: internal
 * error (readme of the SDK 5.1). What sets the two apart, and what their fields
 * are called, is not public: as those of the record's class. */
enum amt_status
amtaudit_get(struct amt *a, const struct node *in, struct amt_item *out)
{
	(void)in;
	if (a->state->phase != STATE_POST)
		return AMT_INTERNAL;
	return amtfacts_record(a, 0, out) ? AMT_OK : AMT_DATA_MISSING;
}
