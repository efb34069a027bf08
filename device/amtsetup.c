/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "device/amthosted.h"
#include "device/amtsetup.h"
#include "device/loss.h"
#include "formats/passwd.h"

#define OTP_EMPTY 32           /* zero bytes of an idle device */
#define CLOCK_MAX 253402300799 /* end of the year 9999 */

bool
amtsetup_service(struct amt *a, size_t i, struct amt_item *it)
{
	const struct state *s = a->state;
	const struct record *f = a->factory;
	static const uint8_t none[OTP_EMPTY] = { 0 };
	const char *otp = state_otp(s, f);
	/* The host gave the password, or must not learn the factory's. */
	bool told = s->phase == STATE_IN && otp[0] != '\0' && !a->by_host;

	if (i > 0)
		return false;
	amt_put(it, "ConfigurationServerFQDN",
	    s->record.present ? s->record.fqdn : f->server_fqdn);
	amt_put(it, "CreationClassName", "AMT_SetupAndConfigurationService");
	amt_put(it, "DhcpDNSSuffix", a->dhcp_suffix);
	amt_put(
	    it, "ElementName", "Intel(r) AMT Setup and Configuration Service");
	amt_put_num(it, "EnabledState", 5);
	amt_put(it, "Name", "Intel(r) AMT Setup and Configuration Service");
	amt_put_num(it, "PasswordModel", 0);
	amt_put_num(it, "ProvisioningMode", f->mode == RECORD_SMB ? 2 : 1);
	amt_put_b64(it, "ProvisioningServerOTP",
	    told ? (const void *)otp : none, told ? strlen(otp) : OTP_EMPTY);
	amt_put_num(it, "ProvisioningState", s->phase);
	amt_put_num(it, "RequestedState", 12);
	amt_put(it, "SystemCreationClassName", "CIM_ComputerSystem");
	amt_put(it, "SystemName", "Intel(r) AMT");
	amt_put(it, "TrustedDNSSuffix",
	    f->pki_dns_suffix[0] != '\0' ? f->pki_dns_suffix : s->suffix);
	amt_put_bool(it, "ZeroTouchConfigurationEnabled", state_ztc(s, f));
	return true;
}

enum amt_status
amtsetup_commit(struct amt *a, const struct node *in, struct amt_item *out)
{
	struct state *s = a->state;
	bool again = s->phase == STATE_POST;
	struct err e = { 0 };

	(void)in;
	(void)out;
	if (!s->mebx_set || s->ha1[0] == '\0' ||
	    (!again && loss_matters(a->loss, &a->session, s->steps)))
		return AMT_DATA_MISSING;
	if (!again) {
		s->record = a->session;
		s->record.present = true;
		s->record.by_host = s->window.by_host;
		s->record.created = (uint64_t)amt_now(a);
	}
	s->phase = STATE_POST;
	if (a->host->save(a->host->arg, s, &e) != ERR_OK)
		return AMT_FLASH_LIMIT;
	secret_wipe(s->otp, sizeof(s->otp));
	if (!again)
		amthosted_renew(a);
	a->event = AMT_COMMITTED;
	return AMT_OK;
}

/* Password model 0, coupled: it is the administrator's too, until that is
 * set. The set-up screen asks for it. */
enum amt_status
amtsetup_mebx(struct amt *a, const struct node *in, struct amt_item *out)
{
	const char *password = node_raw(in, "Password");
	struct state *s = a->state;
	const char *why;

	(void)out;
	if (password == NULL || !passwd_check(password, &why))
		return AMT_BAD_PASSWORD;
	if (s->ha1[0] == '\0')
		auth_ha1(s->ha1, "admin", s->realm, password);
	memset(s->mebx, 0, sizeof(s->mebx));
	memcpy(s->mebx, password, strlen(password));
	s->mebx_set = true;
	return amt_keep(a);
}

/* Clients send the digest as 32 hex digits (MeshCentral) or as the base64 of
 * its 16 bytes (the schema's form; RPS). */
bool
amtsetup_take_digest(
    const struct node *in, const char *name, char ha1[static AUTH_HA1])
{
	const char *digest = node_text(in, name);
	uint8_t bytes[16];
	size_t n = sizeof(bytes);
	bool good = digest != NULL &&
	    ((strlen(digest) == 32 &&
		 text_unhex(bytes, sizeof(bytes), digest, 32)) ||
		(node_b64(in, name, bytes, &n) && n == sizeof(bytes)));

	if (good)
		text_hex(ha1, bytes, sizeof(bytes));
	secret_wipe(bytes, sizeof(bytes));
	return good;
}

enum amt_status
amtsetup_admin(struct amt *a, const struct node *in, struct amt_item *out)
{
	const char *user = node_text(in, "Username");

	(void)out;
	if (user == NULL || strcmp(user, "admin") != 0 ||
	    !amtsetup_take_digest(in, "DigestPassword", a->state->ha1))
		return AMT_BAD_PARAMETER;
	return amt_keep(a);
}

static bool
take_number(const struct node *in, const char *name, int64_t min, int64_t max,
    int64_t *out)
{
	const char *text = node_text(in, name);
	char *end;

	if (text == NULL || *text == '\0')
		return false;
	errno = 0;
	*out = strtoll(text, &end, 10);
	return errno == 0 && *end == '\0' && *out >= min && *out <= max;
}

/* 0 ends the period at once: Intel's PowerShell module does so after a
 * one-time password that differs. */
enum amt_status
amtsetup_extend(struct amt *a, const struct node *in, struct amt_item *out)
{
	int64_t hours;

	(void)out;
	if (a->state->phase != STATE_IN)
		return AMT_BAD_STATE;
	if (!take_number(in, "Duration", 0, 24, &hours))
		return AMT_BAD_PARAMETER;
	if (!window_extend(&a->state->window, (unsigned)hours))
		return AMT_MAX_LIMIT;
	a->hours = (unsigned)hours;
	a->event = AMT_WINDOW;
	return AMT_OK;
}

enum amt_status
amtsetup_psk(struct amt *a, const struct node *in, struct amt_item *out)
{
	const char *pid = node_text(in, "PID"), *pps = node_text(in, "PPS");
	enum amt_status status = AMT_OK;
	const char *why;
	struct psk psk;

	(void)out;
	memset(&psk, 0, sizeof(psk));
	if (pid == NULL || !psk_pid_parse(psk.pid, pid, &why))
		status = AMT_BAD_PID;
	else if (pps == NULL || !psk_pps_parse(psk.pps, pps, &why))
		status = AMT_BAD_PPS;
	else
		a->state->psk = psk;
	secret_wipe(&psk, sizeof(psk));
	return status == AMT_OK ? amt_keep(a) : status;
}

enum amt_status
amtsetup_uuid(struct amt *a, const struct node *in, struct amt_item *out)
{
	(void)in;
	amt_put_b64(out, "UUID", a->factory->uuid.b, UUID_LEN);
	return AMT_OK;
}

/* Nothing stands against an un-provisioning here, and no flash wears out. */
enum amt_status
amtsetup_nothing(struct amt *a, const struct node *in, struct amt_item *out)
{
	(void)a;
	(void)in;
	(void)out;
	return AMT_OK;
}

static enum amt_status
unprovision(struct amt *a, bool partial)
{
	struct err e = { 0 };

	state_reset(a->state, partial);
	if (a->host->save(a->host->arg, a->state, &e) != ERR_OK)
		return AMT_FLASH_LIMIT;
	a->event = AMT_UNPROVISIONED;
	return AMT_OK;
}

enum amt_status
amtsetup_unprovision(struct amt *a, const struct node *in, struct amt_item *out)
{
	int64_t mode;

	(void)out;
	if (!take_number(in, "ProvisioningMode", 0, 3, &mode))
		return AMT_BAD_PARAMETER;
	return unprovision(a, false);
}

enum amt_status
amtsetup_partial(struct amt *a, const struct node *in, struct amt_item *out)
{
	(void)in;
	(void)out;
	return unprovision(a, true);
}

enum amt_status
amtsetup_get_time(struct amt *a, const struct node *in, struct amt_item *out)
{
	(void)in;
	amt_put_num(out, "Ta0", amt_now(a));
	return AMT_OK;
}

/* Ta0 is what this device said, Tm1 when the server read it, Tm2 when it
 * sent this: the mean of both ways is the difference. */
enum amt_status
amtsetup_set_time(struct amt *a, const struct node *in, struct amt_item *out)
{
	int64_t ta0, tm1, tm2, by;

	(void)out;
	if (!take_number(in, "Ta0", 0, CLOCK_MAX, &ta0) ||
	    !take_number(in, "Tm1", 0, CLOCK_MAX, &tm1) ||
	    !take_number(in, "Tm2", 0, CLOCK_MAX, &tm2))
		return AMT_BAD_PARAMETER;
	by = ((tm1 - ta0) + (tm2 - amt_now(a))) / 2;
	if (amt_now(a) + by < 0 || amt_now(a) + by > CLOCK_MAX)
		return AMT_BAD_PARAMETER;
	a->state->clock += by;
	return amt_keep(a);
}
