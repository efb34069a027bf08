/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "device/amthosted.h"
#include "device/attempt.h"
#include "device/hostfacts.h"
#include "device/hostif.h"
#include "device/pin.h"
#include "formats/dhcp.h"
#include "formats/generation.h"

#define OTP_LEAST 8
#define OTP_MOST 32

/* Of GetTcpipParameters no layout is public, of GetCiraLog none of its answer:
 * what cannot be answered truly is answered as what is not known. */
static enum amt_status
unknown(struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	(void)in;
	(void)out;
	return (
	    enum amt_status)h->machine->common->settings->mei_unknown_status;
}

/* What was changed is saved, or was never done. */
static enum amt_status
saved(struct hostif *h, struct attempt *t)
{
	const struct amt_host *host = h->machine->amt->host;
	struct err e = { 0 };
	bool done;

	done = host->save(host->arg, h->machine->state, &e) == ERR_OK;
	attempt_end(t, h->machine->state, done);
	return done ? AMT_OK : AMT_FLASH_LIMIT;
}

static bool
is_off(const struct machine *m)
{
	return !machine_enabled(m);
}

/* The SDK: never once set up, and while being set up only after the period is
 * over. A pre-shared key leaves nothing to prove (Intel LMS refuses both). */
static enum amt_status
set_otp(struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	struct machine *m = h->machine;
	enum amt_status status = AMT_BAD_PARAMETER;
	char otp[OTP_MOST + 1];
	struct attempt *t;
	size_t n;

	(void)out;
	if (is_off(m) || m->psk.pid[0] != '\0')
		return AMT_BAD_MODE;
	if (m->state->phase == STATE_POST || m->open || m->making)
		return AMT_BAD_STATE;
	if (!pthi_ansi_get(&in->text, otp, sizeof(otp)))
		return AMT_BAD_PARAMETER;
	n = strlen(otp);
	if (n >= OTP_LEAST && text_printable(otp, n)) {
		status = AMT_INTERNAL;
		if ((t = attempt_new(m->state)) != NULL) {
			memcpy(m->state->otp, otp, n + 1);
			status = saved(h, t);
		}
	}
	secret_wipe(otp, sizeof(otp));
	return status;
}

/* A preset suffix goes on counting before it: the host reads back what does. */
static enum amt_status
set_suffix(struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	struct machine *m = h->machine;
	char suffix[RECORD_STR];

	(void)out;
	if (is_off(m))
		return AMT_BAD_MODE;
	if (m->open || m->making)
		return AMT_BAD_STATE;
	if (!pthi_ansi_get(&in->text, suffix, sizeof(suffix)) ||
	    (suffix[0] != '\0' && !dhcp_is_name(suffix)))
		return AMT_BAD_DOMAIN;
	return h->acts->suffix(m, suffix);
}

static enum amt_status
set_ztc(struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	struct machine *m = h->machine;
	struct attempt *t;

	(void)out;
	if (in->number > 1)
		return AMT_BAD_PARAMETER;
	if (is_off(m))
		return AMT_BAD_MODE;
	if (m->state->phase != STATE_PRE)
		return AMT_BAD_STATE;
	if ((t = attempt_new(m->state)) == NULL)
		return AMT_INTERNAL;
	m->state->ztc = in->number == 1 ? STATE_ON : STATE_OFF;
	return saved(h, t);
}

static enum amt_status
start(struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	(void)in;
	(void)out;
	return h->acts->start(h->machine);
}

/* Whether the interface speaks IPv6 too is the host's network's affair. */
static enum amt_status
start_ex(struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	if (in->number > 1)
		return AMT_BAD_PARAMETER;
	return start(h, in, out);
}

static bool
knows_pinned_start(const struct machine *m)
{
	const struct record *f = machine_factory(m);
	int said = m->common->settings->host_start;

	return said < 0 ? generation_of(f->amt_major, f->amt_minor)->host_start
			: said > 0;
}

/* From now on only the server whose certificate has that hash gets in, and the
 * program on the host knows by which certificate it will know this machine. */
static enum amt_status
start_host_based(
    struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	struct machine *m = h->machine;
	struct state_blob pin = { NULL, 0 };
	struct err e = { 0 };
	enum amt_status status;

	if (!knows_pinned_start(m))
		return unknown(h, in, out);
	status = pin_of(
	    &in->host_based, m->common->settings->host_start_suffixes, &pin);
	if (status == AMT_OK)
		status = h->acts->start_pinned(m, &pin);
	state_blob_free(&pin);
	if (status != AMT_OK)
		return status;
	h->vpn = in->host_based.vpn != 0;
	out->certificate.algorithm = in->host_based.algorithm;
	return h->acts->hash(m, (enum hash_type)in->host_based.algorithm,
		   out->certificate.hash, &e) == ERR_OK
	    ? AMT_OK
	    : AMT_INTERNAL;
}

static enum amt_status
stop(struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	(void)in;
	(void)out;
	return h->acts->stop(h->machine);
}

/* A host undoes only what a host set up by itself (client control mode). */
static enum amt_status
unprovision(struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	(void)in;
	(void)out;
	return h->acts->unprovision(h->machine);
}

/* What the host has set goes with it. */
static enum amt_status
disable(struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	struct machine *m = h->machine;
	enum amt_status status;
	struct attempt *t;

	(void)in;
	(void)out;
	if (m->state->phase == STATE_POST)
		return AMT_NOT_PERMITTED;
	if ((status = h->acts->enable(m, false)) != AMT_OK)
		return status;
	if ((t = attempt_new(m->state)) == NULL)
		return AMT_INTERNAL;
	secret_wipe(m->state->otp, sizeof(m->state->otp));
	m->state->host_fqdn[0] = '\0';
	m->state->ztc = STATE_UNSAID;
	status = h->acts->suffix(m, "");
	attempt_end(t, m->state, status == AMT_OK);
	return status;
}

static enum amt_status
set_host_fqdn(struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	struct state *s = h->machine->state;
	size_t n = in->host_fqdn.n;
	char name[RECORD_STR];
	struct attempt *t;

	(void)out;
	while (n > 0 && in->host_fqdn.s[n - 1] == '\0')
		n--;
	if (n >= sizeof(name))
		return AMT_BAD_DOMAIN;
	memcpy(name, in->host_fqdn.s, n);
	name[n] = '\0';
	if (strlen(name) != n || (n > 0 && !dhcp_is_name(name)))
		return AMT_BAD_DOMAIN;
	if ((t = attempt_new(s)) == NULL)
		return AMT_INTERNAL;
	memcpy(s->host_fqdn, name, n + 1);
	return saved(h, t);
}

static enum amt_status
set_access(struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	(void)out;
	h->vpn = in->enterprise.access != 0;
	return AMT_OK;
}

/* No server for remote access can be set in this device. */
static enum amt_status
no_remote(struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	(void)h;
	(void)in;
	(void)out;
	return AMT_NOT_PERMITTED;
}

/* A user for WS-Management from this very host, on the port without TLS:
 * another password after each start (amthosted.h). */
static enum amt_status
account(struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	const char *password;

	(void)in;
	if (is_off(h->machine))
		return AMT_BAD_MODE;
	if ((password = amthosted_account(h->machine->amt)) == NULL)
		return AMT_INTERNAL;
	strcpy(out->account.user, AMTHOSTED_USER);
	strcpy(out->account.password, password);
	out->account.padded = true; /* MeshCentral wants it; others take it */
	return AMT_OK;
}

/* The table. What is not in it this firmware does not know. */
static const struct {
	enum pthi_op op;
	hostif_fn *fn;
} table[] = {
	{ PTHI_PROVISIONING_MODE, hostfacts_mode },
	{ PTHI_UNPROVISION, unprovision },
	{ PTHI_PROVISIONING_STATE, hostfacts_provisioning },
	{ PTHI_CODE_VERSIONS, hostfacts_versions },
	{ PTHI_SECURITY_PARAMETERS, hostfacts_security },
	{ PTHI_MAC_ADDRESSES, hostfacts_macs },
	{ PTHI_GENERATE_RNG, hostfacts_rng },
	{ PTHI_START, start },
	{ PTHI_SET_OTP, set_otp },
	{ PTHI_TLS_MODE, hostfacts_tls_mode },
	{ PTHI_HASH_HANDLES, hostfacts_handles },
	{ PTHI_HASH_ENTRY, hostfacts_hash },
	{ PTHI_RNG_STATUS, hostfacts_rng },
	{ PTHI_SET_SUFFIX, set_suffix },
	{ PTHI_ZTC, hostfacts_ztc },
	{ PTHI_SUFFIX, hostfacts_suffix },
	{ PTHI_SET_ZTC, set_ztc },
	{ PTHI_PID, hostfacts_pid },
	{ PTHI_SUFFIX_LIST, hostfacts_suffix_list },
	{ PTHI_SET_ENTERPRISE_ACCESS, set_access },
	{ PTHI_OPEN_USER, no_remote },
	{ PTHI_CLOSE_USER, no_remote },
	{ PTHI_REMOTE_ACCESS, hostfacts_remote },
	{ PTHI_POWER_POLICY, hostfacts_power },
	{ PTHI_LAN, hostfacts_lan },
	{ PTHI_FEATURES, hostfacts_features },
	{ PTHI_RESET_REASON, hostfacts_reset },
	{ PTHI_CONFIG_SERVER, hostfacts_server },
	{ PTHI_AUDIT_RECORD, hostfacts_audit },
	{ PTHI_FQDN, hostfacts_fqdn },
	{ PTHI_SET_HOST_FQDN, set_host_fqdn },
	{ PTHI_UUID, hostfacts_uuid },
	{ PTHI_STOP, stop },
	{ PTHI_START_EX, start_ex },
	{ PTHI_ACCOUNT, account },
	{ PTHI_CONTROL_MODE, hostfacts_control },
	{ PTHI_EHBC, hostfacts_ehbc },
	{ PTHI_DISABLE, disable },
	{ PTHI_START_HOST_BASED, start_host_based },
	{ PTHI_TCPIP, unknown },
	{ PTHI_CIRA_LOG, unknown },
	{ PTHI_AMT_STATE, hostfacts_amt_state },
};

static hostif_fn *
find(uint32_t op)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].op == op)
			return table[i].fn;
	return NULL;
}

static bool
answer_amt(struct hostif *h, const uint8_t *p, size_t n, struct wr *w)
{
	struct pthi in, out = { .minor = 1, .answer = true };
	hostif_fn *fn;
	struct rd r;

	if (!pthi_request(p, n, &out.op))
		return false;
	rd_init(&r, p, n);
	fn = find(out.op);
	if (fn == NULL)
		out.status = h->machine->common->settings->mei_unknown_status;
	else if (!pthi_read(&r, &in))
		out.status = PTHI_BAD_LENGTH;
	else
		out.status = fn(h, &in.body, &out.body);
	pthi_write(w, &out);
	pthi_wipe(&in);
	pthi_wipe(&out);
	return true;
}

/* Each answer is one byte: of the first question the bits of PTHI_WD_*, else
 * 0 for done. The layouts of the answers are inferred: only rpc-go's reading of
 * the first one is public. */
static bool
answer_wd(struct hostif *h, const uint8_t *p, size_t n, struct wr *w)
{
	struct machine *m = h->machine;
	unsigned answer = 0;
	struct pthi_wd in;
	struct rd r;

	rd_init(&r, p, n);
	if (!pthi_wd_read(&r, &in) || in.state > 1)
		return false;
	if (in.what == PTHI_WD_ASK) {
		answer = PTHI_WD_CAN_SET;
		if (m->state->phase != STATE_POST)
			answer |= PTHI_WD_ALLOWED;
		if (!is_off(m))
			answer |= PTHI_WD_ENABLED;
	} else {
		bool on = in.what == PTHI_WD_CHANGE || in.state == 1;

		answer = h->acts->enable(m, on) != AMT_OK;
	}
	wr_u8(w, (uint8_t)answer);
	return true;
}

bool
hostif_answer(struct hostif *h, enum hostif_client client, const uint8_t *p,
    size_t n, struct wr *w)
{
	return client == HOSTIF_WD ? answer_wd(h, p, n, w)
				   : answer_amt(h, p, n, w);
}

void
hostif_wipe(struct hostif *h)
{
	secret_wipe(h, sizeof(*h));
}
