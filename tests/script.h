/* SPDX-License-Identifier: Apache-2.0 */
/* A device's side of the set-up dialogue as a script, for tests that want to
 * spoil one step of it. */
#ifndef TESTS_SCRIPT_H
#define TESTS_SCRIPT_H

#include "tests/unit.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit.h"

#include "formats/uuid.h"
#include "formats/wsman.h"

#define SCRIPT_REALM "Digest:A4070000000000000000000000000000"
#define SCRIPT_CERT "Intel(r) AMT Certificate: Handle: 1"
#define SCRIPT_KEY "Intel(r) AMT Key: Handle: 0"
#define SCRIPT_WIRED "Intel(r) AMT 802.3 TLS Settings"

static const struct uuid script_unit = { { 0x4b, 0x52, 0x9b, 0x93, 0xd4, 0x13,
    0x18, 0x1d, 0xe4, 0x87, 0x1c, 0x69, 0x7a, 0x6b, 0x7a, 0x2b } };

/* A device's side, as a script: what it answers, and what it was told. */
struct script {
	const char *state, *otp, *uuid, *ta0;
	const char *spoil; /* this method or class gets return_value */
	int return_value;
	int requests, certified;
	char told[512]; /* the steps, in order */
	char mebx[64], digest[64], pid[16], pps[40], tm1[16], enabled[8],
	    blob[64];
	bool post;
	bool stays; /* in set-up, as it says, after CommitChanges */
};

static inline void
script_tell(char *out, size_t room, const struct node *n, const char *path)
{
	const char *s = node_text(n, path);

	assert_non_null(s);
	snprintf(out, room, "%s", s);
}

static inline void
script_answer_get(struct script *d, const struct wsman_request *q, struct wr *w)
{
	const struct wsman_field general[] = { { "DigestRealm", SCRIPT_REALM,
	    NULL } };
	const struct wsman_field redirect[] = { { "EnabledState", "32768",
						    NULL },
		{ "Name", "redirection", NULL } };
	const struct wsman_field service[] = { { "ProvisioningServerOTP",
						   d->otp, NULL },
		{ "ProvisioningState", d->post && !d->stays ? "2" : d->state,
		    NULL } };

	if (strcmp(q->class, "AMT_GeneralSettings") == 0)
		wsman_write_get(w, q, 1, general, 1);
	else if (strcmp(q->class, "AMT_RedirectionService") == 0)
		wsman_write_get(w, q, 1, redirect, 2);
	else
		wsman_write_get(w, q, 1, service, 2);
}

static inline void
script_answer_pull(const struct wsman_request *q, struct wr *w)
{
	const struct wsman_field record[] = { { "ProvServerFQDN",
						  "setup.example.com", NULL },
		{ "SelectedHashType", "2", NULL },
		{ "SelectedHashData", "AQIDBA==", NULL },
		{ "CreationTimeStamp", "2023-11-14T22:13:20Z", NULL } };
	const struct wsman_field bios[] = { { "InstanceID", "BIOS", NULL } };
	const struct wsman_field amt[] = { { "InstanceID", "AMT", NULL },
		{ "VersionString", "3.0.1", NULL } };
	const struct wsman_field key[] = { { "InstanceID", SCRIPT_KEY, NULL },
		{ "DERKey", "AQIDBA==", NULL } };
	const struct wsman_field scheme[] = { { "InstanceID", "S0", NULL },
		{ "Description", "Desktop: ON in S0", NULL } };
	const struct wsman_field lms[] = {
		{ "InstanceID", "Intel(r) AMT LMS TLS Settings", NULL },
		{ "Enabled", "false", NULL }
	};
	const struct wsman_field wired[] = { { "InstanceID", SCRIPT_WIRED,
						 NULL },
		{ "ElementName", "x & y", NULL }, { "Enabled", "false", NULL },
		{ "MutualAuthentication", "true", NULL },
		{ "AcceptNonSecureConnections", "false", NULL } };

	wsman_pull_begin(w, q, 1, NULL);
	if (strcmp(q->class, "CIM_SoftwareIdentity") == 0) {
		wsman_pull_item(w, q->class, bios, 1);
		wsman_pull_item(w, q->class, amt, 2);
	} else if (strcmp(q->class, "AMT_SystemPowerScheme") == 0) {
		wsman_pull_item(w, q->class, scheme, 2);
	} else if (strcmp(q->class, "AMT_PublicPrivateKeyPair") == 0) {
		wsman_pull_item(w, q->class, key, 2);
	} else if (strcmp(q->class, "IPS_TLSProvisioningRecord") == 0) {
		wsman_pull_item(w, q->class, record, 4);
	} else if (strcmp(q->class, "AMT_TLSSettingData") == 0) {
		wsman_pull_item(w, q->class, wired, 5);
		wsman_pull_item(w, q->class, lms, 2);
	}
	wsman_pull_end(w, NULL);
}

static inline void
script_note_input(struct script *d, const struct wsman_request *q)
{
	const struct node *b = q->body;

	if (strcmp(q->method, "SetMEBxPassword") == 0)
		script_tell(d->mebx, sizeof(d->mebx), b, "Password");
	if (strcmp(q->method, "SetAdminAclEntryEx") == 0)
		script_tell(d->digest, sizeof(d->digest), b, "DigestPassword");
	if (strcmp(q->method, "SetTLSPSK") == 0)
		script_tell(d->pid, sizeof(d->pid), b, "PID");
	if (strcmp(q->method, "SetTLSPSK") == 0)
		script_tell(d->pps, sizeof(d->pps), b, "PPS");
	if (strcmp(q->method, "SetHighAccuracyTimeSynch") == 0)
		script_tell(d->tm1, sizeof(d->tm1), b, "Tm1");
	if (strcmp(q->method, "AddCertificate") == 0)
		script_tell(d->blob, sizeof(d->blob), b, "CertificateBlob");
}

static inline void
script_answer_invoke(
    struct script *d, const struct wsman_request *q, struct wr *w)
{
	struct wsman_field f[1] = { { NULL, NULL, NULL } };
	bool spoilt = d->spoil != NULL && strcmp(d->spoil, q->method) == 0;

	script_note_input(d, q);
	if (strcmp(q->method, "GetUuid") == 0)
		f[0] = (struct wsman_field){ "UUID", d->uuid, NULL };
	if (strcmp(q->method, "GetLowAccuracyTimeSynch") == 0)
		f[0] = (struct wsman_field){ "Ta0", d->ta0, NULL };
	if (strcmp(q->method, "GenerateKeyPair") == 0)
		f[0] = (struct wsman_field){ "KeyPair", SCRIPT_KEY,
			"AMT_PublicPrivateKeyPair" };
	if (strcmp(q->method, "AddCertificate") == 0)
		f[0] = (struct wsman_field){ "CreatedCertificate", SCRIPT_CERT,
			"AMT_PublicKeyCertificate" };
	wsman_write_invoke(w, q, 1, spoilt ? d->return_value : 0, f,
	    !spoilt && f[0].name != NULL ? 1 : 0);
	if (!spoilt && strcmp(q->method, "CommitChanges") == 0)
		d->post = true;
	if (!spoilt && strcmp(q->method, "Unprovision") == 0)
		d->post = false;
}

static inline void
script_answer(struct script *d, const struct wsman_request *q, struct wr *w)
{
	const struct wsman_field created = { "Name", "x", NULL };
	size_t n = strlen(d->told);

	d->requests++;
	if (q->op != WSMAN_ENUMERATE)
		snprintf(d->told + n, sizeof(d->told) - n, "%s ",
		    q->method != NULL ? q->method : q->class + 4);
	if (q->op != WSMAN_INVOKE && d->spoil != NULL &&
	    strcmp(d->spoil, q->class) == 0) {
		wsman_write_fault(w, q, 1, WSMAN_FAULT_DENIED, NULL, "not you");
		return;
	}
	switch (q->op) {
	case WSMAN_GET:
		script_answer_get(d, q, w);
		break;
	case WSMAN_ENUMERATE:
		wsman_write_enumerate(w, q, 1, "C0");
		break;
	case WSMAN_PULL:
		script_answer_pull(q, w);
		break;
	case WSMAN_PUT:
		if (strcmp(q->class, "AMT_TLSSettingData") != 0) {
			wsman_write_get(w, q, 1, NULL, 0);
			break;
		}
		script_tell(d->enabled, sizeof(d->enabled), q->body, "Enabled");
		assert_string_equal(q->sel_value, SCRIPT_WIRED);
		assert_string_equal(
		    node_text(q->body, "MutualAuthentication"), "false");
		assert_string_equal(node_text(q->body, "ElementName"), "x & y");
		wsman_write_get(w, q, 1, NULL, 0);
		break;
	case WSMAN_CREATE:
		if (strcmp(q->class, "AMT_TLSCredentialContext") != 0) {
			wsman_write_created(w, q, 1, &created, 1);
			break;
		}
		assert_string_equal(node_text(q->body,
					"ElementInContext/ReferenceParameters/"
					"SelectorSet/Selector"),
		    SCRIPT_CERT);
		wsman_write_created(w, q, 1, &created, 1);
		break;
	default:
		script_answer_invoke(d, q, w);
	}
}

static inline struct script
script_good(void)
{
	return (struct script){ .state = "1",
		.otp = "AAAAAAAAAAAAAAAAAAAAAA==",
		.uuid = "S1Kbk9QTGB3khxxpemt6Kw==",
		.ta0 = "1699999995" };
}

#endif
