/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/stamp.h"
#include "base/text.h"
#include "device/amtfacts.h"

#define COMMON "http://schemas.dmtf.org/wbem/wscim/1/common"

bool
amtfacts_software(struct amt *a, size_t i, struct amt_item *it)
{
	char version[16];

	if (i > 0)
		return false;
	amt_version(a->factory, version);
	amt_put(it, "InstanceID", "AMT");
	amt_put_bool(it, "IsEntity", true);
	amt_put(it, "VersionString", version);
	return true;
}

/* A date and time of CIM is an element of its own (DSP0230; MeshCentral reads
 * and writes those of AMT so). */
static void
put_head(struct amt_item *it, const struct state_record *r)
{
	char stamp[STAMP_LEN], text[STAMP_LEN + 100];

	stamp_utc(stamp, (time_t)r->created);
	snprintf(text, sizeof(text),
	    "<c:Datetime xmlns:c=\"" COMMON "\">%s</c:Datetime>", stamp);
	amt_put(it, "InstanceID", "Intel(r) AMT: RecordLog 1");
	amt_put_ref(it, "CreationTimeStamp", WSMAN_MARKUP, text);
}

static void
put_hash(struct amt_item *it, const struct state_record *r)
{
	uint8_t hash[48];
	size_t n = strlen(r->hash) / 2;

	if (n > sizeof(hash) || !text_unhex(hash, n, r->hash, 2 * n))
		n = 0;
	amt_put_num(it, "SelectedHashType", r->hash_type);
	amt_put_b64(it, "SelectedHashData", hash, n);
	amt_put_b64(it, "CaCertificateSerials", r->serials, sizeof(r->serials));
	amt_put_bool(it, "AdditionalCaSerialNums", r->more_serials);
	amt_put_bool(it, "HashIsOemDefault", r->hash_is_default);
}

/* What IT reads to find a rogue set-up. The TLS mode is 1 for PKI and 2 for
 * PSK as in LMS' AMT_SetupAuditRecord (PTHI numbers them the other way). */
bool
amtfacts_record(struct amt *a, size_t i, struct amt_item *it)
{
	const struct state_record *r = &a->state->record;

	if (i > 0 || !r->present || r->manual || r->by != STATE_BY_SERVER)
		return false;
	put_head(it, r);
	amt_put_num(it, "ProvisioningTLSMode", r->psk ? 2 : 1);
	amt_put_bool(it, "SecureDNS", r->secure_dns);
	amt_put_bool(it, "HostInitiated", r->by_host);
	amt_put(it, "ProvServerFQDN", r->fqdn);
	put_hash(it, r);
	amt_put_bool(it, "IsTimeValid", r->time_valid);
	amt_put(it, "ProvServerIP", r->server_ip);
	return true;
}

/* Of a machine that was set up in its own screen. */
bool
amtfacts_manual(struct amt *a, size_t i, struct amt_item *it)
{
	const struct state_record *r = &a->state->record;

	if (i > 0 || !r->present || !r->manual)
		return false;
	put_head(it, r);
	return true;
}

/* Of one that its host set up with a server's signature. EHBCState: the OEM's
 * switch for embedded machines is off. */
bool
amtfacts_admin(struct amt *a, size_t i, struct amt_item *it)
{
	const struct state_record *r = &a->state->record;

	if (i > 0 || !r->present || r->by != STATE_BY_ADMIN)
		return false;
	put_head(it, r);
	amt_put_bool(it, "SecureDNS", r->secure_dns);
	amt_put(it, "CertificateCN", r->fqdn);
	put_hash(it, r);
	amt_put_num(it, "EHBCState", 0);
	return true;
}

/* By its host alone; the certificate is one that it may bring. */
bool
amtfacts_client(struct amt *a, size_t i, struct amt_item *it)
{
	const struct state_record *r = &a->state->record;
	uint8_t hash[48];
	size_t n = strlen(r->hash) / 2;

	if (i > 0 || !r->present || r->by != STATE_BY_CLIENT)
		return false;
	if (n > sizeof(hash) || !text_unhex(hash, n, r->hash, 2 * n))
		n = 0;
	put_head(it, r);
	amt_put_num(it, "HashAlgorithm", r->hash_type);
	amt_put_b64(it, "ProvCertificateHash", hash, n);
	return true;
}
