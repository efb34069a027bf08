/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/secret.h"
#include "formats/pthi.h"

#define MAJOR 1
#define VPN_SHORT 390
#define VPN_LONG 393
#define NO_LIST 73

const uint8_t pthi_guid[PTHI_GUID] = { 0x28, 0x00, 0xf8, 0x12, 0xb7, 0xb4, 0x2d,
	0x4b, 0xac, 0xa8, 0x46, 0xe0, 0xff, 0x65, 0x81, 0x4c };
const uint8_t pthi_guid_wd[PTHI_GUID] = { 0x6f, 0x9a, 0xb7, 0x05, 0x28, 0x46,
	0x7f, 0x4d, 0x89, 0x9d, 0xa9, 0x15, 0x14, 0xcb, 0x32, 0xab };

/* One way along a layout serves both directions: exactly one of them is
 * there, so a layout is written down once. */
struct way {
	struct rd *r;
	struct wr *w;
};

static void
u8(struct way *way, uint8_t *v)
{
	if (way->r != NULL)
		*v = rd_u8(way->r);
	else
		wr_u8(way->w, *v);
}

static void
u16(struct way *way, uint16_t *v)
{
	if (way->r != NULL)
		*v = rd_u16le(way->r);
	else
		wr_u16le(way->w, *v);
}

static void
u32(struct way *way, uint32_t *v)
{
	if (way->r != NULL)
		*v = rd_u32le(way->r);
	else
		wr_u32le(way->w, *v);
}

static void
bytes(struct way *way, void *p, size_t n)
{
	if (way->r != NULL)
		rd_copy(way->r, p, n);
	else
		wr_bytes(way->w, p, n);
}

static void
fail(struct way *way, const char *why)
{
	if (way->r != NULL)
		rd_fail(way->r, why);
	else
		way->w->failed = true;
}

static void
ansi(struct way *way, struct pthi_ansi *a)
{
	u16(way, &a->n);
	if (a->n > sizeof(a->s)) {
		fail(way, "text too long");
		a->n = 0;
	}
	bytes(way, a->s, a->n);
}

/* Bodies. */

static void
number(struct way *way, union pthi_body *b)
{
	u32(way, &b->number);
}

static void
text(struct way *way, union pthi_body *b)
{
	ansi(way, &b->text);
}

static void
mode(struct way *way, union pthi_body *b)
{
	u32(way, &b->mode.mode);
	u32(way, &b->mode.legacy);
}

static void
version(struct way *way, struct pthi_version *v)
{
	u16(way, &v->what_len);
	bytes(way, v->what, sizeof(v->what));
	u16(way, &v->text_len);
	bytes(way, v->text, sizeof(v->text));
	if (v->what_len > sizeof(v->what) || v->text_len > sizeof(v->text))
		fail(way, "text too long");
}

static void
versions(struct way *way, union pthi_body *b)
{
	struct pthi_versions *v = &b->versions;

	bytes(way, v->bios, sizeof(v->bios));
	u32(way, &v->n);
	if (v->n > PTHI_VERSIONS) {
		fail(way, "too many versions");
		v->n = 0;
	}
	for (uint32_t i = 0; i < v->n; i++)
		version(way, &v->v[i]);
}

static void
security(struct way *way, union pthi_body *b)
{
	struct pthi_security *s = &b->security;
	uint32_t *const each[] = { &s->enterprise, &s->tls, &s->hw_crypto,
		&s->provisioning_state, &s->interface, &s->sol, &s->ider,
		&s->fw_update, &s->link };

	for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++)
		u32(way, each[i]);
	for (size_t i = 0; i < 8; i++)
		u32(way, &s->reserved[i]);
}

static void
macs(struct way *way, union pthi_body *b)
{
	bytes(way, b->macs.dedicated, 6);
	bytes(way, b->macs.host, 6);
}

static void
handles(struct way *way, union pthi_body *b)
{
	struct pthi_handles *h = &b->handles;

	u32(way, &h->n);
	if (h->n > PTHI_HANDLES) {
		fail(way, "too many handles");
		h->n = 0;
	}
	for (uint32_t i = 0; i < h->n; i++)
		u32(way, &h->handle[i]);
}

/* Algorithm 3 is SHA-384 in today's SDK and rpc-go, and SHA-512 in older
 * headers (Intel LMS, MicroLMS); the field has room for either. */
static void
hash(struct way *way, union pthi_body *b)
{
	struct pthi_hash *h = &b->hash;

	u32(way, &h->is_default);
	u32(way, &h->is_active);
	bytes(way, h->hash, sizeof(h->hash));
	u8(way, &h->algorithm);
	ansi(way, &h->name);
}

static void
pid(struct way *way, union pthi_body *b)
{
	bytes(way, b->pid, sizeof(b->pid));
}

static void
enterprise(struct way *way, union pthi_body *b)
{
	u8(way, &b->enterprise.flags);
	bytes(way, b->enterprise.address, sizeof(b->enterprise.address));
	u8(way, &b->enterprise.access);
}

static void
remote(struct way *way, union pthi_body *b)
{
	struct pthi_remote_access *r = &b->remote;

	u32(way, &r->network);
	u32(way, &r->remote);
	u32(way, &r->trigger);
	ansi(way, &r->server);
}

static void
lan(struct way *way, union pthi_body *b)
{
	struct pthi_lan *l = &b->lan;

	u32(way, &l->enabled);
	u32(way, &l->ipv4);
	u32(way, &l->dhcp);
	u8(way, &l->dhcp_mode);
	u8(way, &l->link);
	bytes(way, l->mac, sizeof(l->mac));
}

static void
reset(struct way *way, union pthi_body *b)
{
	u32(way, &b->reset.reason);
	u32(way, &b->reset.time);
}

static void
config_server(struct way *way, union pthi_body *b)
{
	u16(way, &b->server.port);
	bytes(way, b->server.address, sizeof(b->server.address));
	ansi(way, &b->server.fqdn);
}

/* The older form is 42 bytes shorter. Which one it is shows in where the
 * length of the name agrees with what is left. */
static bool
old_audit(const struct rd *r)
{
	struct rd at = *r;
	size_t newer = 46 + 14, n = rd_left(r);

	if (n < newer + 2)
		return true;
	rd_skip(&at, newer);
	return rd_u16le(&at) > rd_left(&at);
}

static void
audit(struct way *way, union pthi_body *b)
{
	struct pthi_audit *a = &b->audit;
	uint16_t *const date[] = { &a->year, &a->month, &a->dow, &a->day,
		&a->hour, &a->minute, &a->second };

	u8(way, &a->tls_mode);
	u32(way, &a->secure_dns);
	u32(way, &a->host_initiated);
	u32(way, &a->hash_type);
	bytes(way, a->hash, sizeof(a->hash));
	bytes(way, a->serials, sizeof(a->serials));
	u32(way, &a->more_serials);
	u32(way, &a->is_default);
	u32(way, &a->is_time_valid);
	if (way->r != NULL)
		a->old_address = old_audit(way->r);
	bytes(way, a->address, a->old_address ? 4 : sizeof(a->address));
	for (size_t i = 0; i < sizeof(date) / sizeof(date[0]); i++)
		u16(way, date[i]);
	ansi(way, &a->fqdn);
}

static void
fqdn(struct way *way, union pthi_body *b)
{
	struct pthi_fqdn *f = &b->fqdn;

	u32(way, &f->shared);
	u32(way, &f->ddns);
	u32(way, &f->interval);
	u32(way, &f->ttl);
	u32(way, &f->host_len);
	ansi(way, &f->fqdn);
}

static void
host_fqdn(struct way *way, union pthi_body *b)
{
	u16(way, &b->host_fqdn.n);
	if (b->host_fqdn.n > sizeof(b->host_fqdn.s))
		fail(way, "text too long");
	bytes(way, b->host_fqdn.s, sizeof(b->host_fqdn.s));
}

static void
uuid(struct way *way, union pthi_body *b)
{
	bytes(way, b->uuid.b, UUID_LEN);
}

/* Its 40 bytes are reserved; clients send zeroes. */
static void
account_request(struct way *way, union pthi_body *b)
{
	(void)b;
	if (way->r != NULL)
		rd_fill(way->r, 0, 40);
	else
		wr_fill(way->w, 0, 40);
}

static void
account(struct way *way, union pthi_body *b)
{
	struct pthi_account *a = &b->account;

	bytes(way, a->user, sizeof(a->user));
	bytes(way, a->password, sizeof(a->password));
	if (way->r != NULL)
		a->padded = rd_left(way->r) > 0;
	if (a->padded && way->r != NULL)
		rd_fill(way->r, 0, 2);
	else if (a->padded)
		wr_fill(way->w, 0, 2);
}

static void
host_based(struct way *way, union pthi_body *b)
{
	struct pthi_host_based *h = &b->host_based;
	uint8_t vpn = (uint8_t)h->vpn;

	if (way->r != NULL) {
		size_t n = rd_left(way->r);

		h->short_vpn = n == VPN_SHORT;
		h->has_list = n != NO_LIST;
		if (n != VPN_SHORT && n != VPN_LONG && n != NO_LIST)
			rd_fail(way->r, "none of its lengths");
	}
	u8(way, &h->algorithm);
	bytes(way, h->hash, sizeof(h->hash));
	if (h->short_vpn) {
		u8(way, &vpn);
		h->vpn = vpn;
	} else {
		u32(way, &h->vpn);
	}
	u32(way, &h->suffixes);
	if (h->has_list)
		bytes(way, h->list, sizeof(h->list));
}

static void
certificate(struct way *way, union pthi_body *b)
{
	u8(way, &b->certificate.algorithm);
	bytes(way, b->certificate.hash, sizeof(b->certificate.hash));
}

static void
features(struct way *way, union pthi_body *b)
{
	struct pthi_features *f = &b->features;

	u32(way, &f->id);
	if (way->r != NULL && rd_left(way->r) <= sizeof(f->data))
		f->n = (uint16_t)rd_left(way->r);
	if (f->n > sizeof(f->data)) {
		fail(way, "too much data");
		f->n = 0;
	}
	bytes(way, f->data, f->n);
}

static void
version_asked(struct way *way, union pthi_body *b)
{
	u8(way, &b->version);
}

static void
amt_state(struct way *way, union pthi_body *b)
{
	struct pthi_amt_state *s = &b->state;

	bytes(way, s->id.b, UUID_LEN);
	u32(way, &s->length);
	u8(way, &s->link);
	u8(way, &s->sku);
	u8(way, &s->crypto_fuse);
	u8(way, &s->flash_protection);
	u8(way, &s->reset_reason);
}

/* The table. */

typedef void body_fn(struct way *, union pthi_body *);

struct layout {
	enum pthi_op op;
	const char *name;
	body_fn *request, *answer; /* NULL: no body */
};

static const struct layout layouts[] = {
	/* Of GetTcpipParameters no layout is public; of GetCiraLog that of the
	 * request is (rpc-go). */
	{ PTHI_TCPIP, "GetTcpipParameters", NULL, NULL },
	{ PTHI_PROVISIONING_MODE, "GetProvisioningMode", NULL, mode },
	{ PTHI_UNPROVISION, "Unprovision", number, NULL },
	{ PTHI_PROVISIONING_STATE, "GetProvisioningState", NULL, number },
	{ PTHI_CODE_VERSIONS, "GetCodeVersions", NULL, versions },
	{ PTHI_SECURITY_PARAMETERS, "GetSecurityParameters", NULL, security },
	{ PTHI_MAC_ADDRESSES, "GetMACAddresses", NULL, macs },
	{ PTHI_GENERATE_RNG, "GenerateRngKey", NULL, NULL },
	{ PTHI_START, "StartConfiguration", NULL, NULL },
	{ PTHI_SET_OTP, "SetProvisioningServerOTP", text, NULL },
	{ PTHI_TLS_MODE, "GetProvisioningTLSMode", NULL, number },
	{ PTHI_HASH_HANDLES, "EnumerateHashHandles", NULL, handles },
	{ PTHI_HASH_ENTRY, "GetCertificateHashEntry", number, hash },
	{ PTHI_RNG_STATUS, "GetRngSeedStatus", NULL, number },
	{ PTHI_SET_SUFFIX, "SetDNSSuffix", text, NULL },
	{ PTHI_ZTC, "GetZeroTouchEnabled", NULL, number },
	{ PTHI_SUFFIX, "GetPKIFQDNSuffix", NULL, text },
	{ PTHI_SET_ZTC, "SetZeroTouchEnabled", number, NULL },
	{ PTHI_PID, "GetPID", NULL, pid },
	{ PTHI_SUFFIX_LIST, "GetDNSSuffixList", NULL, text },
	{ PTHI_SET_ENTERPRISE_ACCESS, "SetEnterpriseAccess", enterprise, NULL },
	{ PTHI_OPEN_USER, "OpenUserInitiatedConnection", NULL, NULL },
	{ PTHI_CLOSE_USER, "CloseUserInitiatedConnection", NULL, NULL },
	{ PTHI_REMOTE_ACCESS, "GetRemoteAccessConnectionStatus", NULL, remote },
	{ PTHI_POWER_POLICY, "GetCurrentPowerPolicy", NULL, text },
	{ PTHI_LAN, "GetLANInterfaceSettings", number, lan },
	{ PTHI_FEATURES, "GetFeaturesState", number, features },
	{ PTHI_RESET_REASON, "GetLastHostResetReason", NULL, reset },
	{ PTHI_CONFIG_SERVER, "GetConfigServerData", NULL, config_server },
	{ PTHI_AUDIT_RECORD, "GetMESetupAuditRecord", NULL, audit },
	{ PTHI_FQDN, "GetFQDN", NULL, fqdn },
	{ PTHI_SET_HOST_FQDN, "SetHostFQDN", host_fqdn, NULL },
	{ PTHI_UUID, "GetUUID", NULL, uuid },
	{ PTHI_STOP, "StopConfiguration", NULL, NULL },
	{ PTHI_START_EX, "StartConfigurationEx", number, NULL },
	{ PTHI_ACCOUNT, "GetLocalSystemAccount", account_request, account },
	{ PTHI_CONTROL_MODE, "GetControlMode", NULL, number },
	{ PTHI_EHBC, "GetEHBCState", NULL, number },
	{ PTHI_DISABLE, "DisableAndClearAMT", NULL, NULL },
	{ PTHI_START_HOST_BASED, "StartConfigurationHBased", host_based,
	    certificate },
	{ PTHI_CIRA_LOG, "GetCiraLog", version_asked, NULL },
	{ PTHI_AMT_STATE, "GetAMTState", uuid, amt_state },
};

static const struct layout *
layout_of(uint32_t op)
{
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
		if (layouts[i].op == op)
			return &layouts[i];
	return NULL;
}

const char *
pthi_name(uint32_t op)
{
	const struct layout *l = layout_of(op);

	return l == NULL ? NULL : l->name;
}

static body_fn *
body_of(const struct pthi *m)
{
	const struct layout *l = layout_of(m->op);

	if (l == NULL || (m->answer && m->status != PTHI_SUCCESS))
		return NULL;
	return m->answer ? l->answer : l->request;
}

/* Messages. */

size_t
pthi_size(const void *p, size_t n)
{
	struct rd r;

	if (n < PTHI_HEADER)
		return 0;
	rd_init(&r, p, n);
	rd_skip(&r, 8);
	return (size_t)PTHI_HEADER + rd_u32le(&r);
}

static void
read_header(struct rd *r, struct pthi *m)
{
	uint32_t command;

	if (rd_u8(r) != MAJOR)
		rd_fail(r, "the major version is not 1");
	m->minor = rd_u8(r);
	if (m->minor < 1)
		rd_fail(r, "the minor version is 0");
	if (rd_u16le(r) != 0)
		rd_fail(r, "the reserved field is not 0");
	command = rd_u32le(r);
	m->op = command & ~PTHI_ANSWER;
	m->answer = (command & PTHI_ANSWER) != 0;
	if (rd_u32le(r) != rd_left(r))
		rd_fail(r, "the length is not that of the message");
}

bool
pthi_request(const void *p, size_t n, uint32_t *op)
{
	struct pthi m = { 0 };
	struct rd r;

	rd_init(&r, p, n);
	read_header(&r, &m);
	*op = m.op;
	return r.why == NULL && !m.answer;
}

bool
pthi_read(struct rd *r, struct pthi *m)
{
	struct way way = { r, NULL };
	body_fn *body;

	memset(m, 0, sizeof(*m));
	read_header(r, m);
	if (m->answer)
		m->status = rd_u32le(r);
	if ((body = body_of(m)) != NULL)
		body(&way, &m->body);
	if (m->answer || layout_of(m->op) == NULL) {
		m->rest_len = rd_left(r);
		m->rest = rd_bytes(r, m->rest_len);
	}
	if (rd_end(r))
		return true;
	pthi_wipe(m);
	return false;
}

void
pthi_write(struct wr *w, const struct pthi *m)
{
	struct way way = { NULL, w };
	union pthi_body copy = m->body;
	body_fn *body = body_of(m);
	size_t at;

	wr_u8(w, MAJOR);
	wr_u8(w, m->minor);
	wr_u16le(w, 0);
	wr_u32le(w, m->op | (m->answer ? PTHI_ANSWER : 0));
	at = wr_hole(w, 4);
	if (m->answer)
		wr_u32le(w, m->status);
	if (body != NULL)
		body(&way, &copy);
	if (m->rest_len > 0)
		wr_bytes(w, m->rest, m->rest_len);
	if (!w->failed)
		wr_patch_u32le(w, at, (uint32_t)(w->len - at - 4));
	secret_wipe(&copy, sizeof(copy));
}

void
pthi_wipe(struct pthi *m)
{
	secret_wipe(m, sizeof(*m));
}

const char *
pthi_status_name(uint32_t v)
{
	static const struct {
		uint32_t v;
		const char *name;
	} names[] = {
		{ PTHI_SUCCESS, "success" },
		{ PTHI_INTERNAL, "internal error" },
		{ PTHI_NOT_READY, "not ready" },
		{ PTHI_INVALID_MODE, "invalid mode" },
		{ PTHI_BAD_LENGTH, "invalid length" },
		{ PTHI_NOT_PERMITTED, "not permitted" },
		{ PTHI_MAX_LIMIT, "limit reached" },
		{ PTHI_AUTHENTICATION, "authentication failed" },
		{ PTHI_BAD_IP, "invalid IP address" },
		{ PTHI_BAD_DOMAIN, "invalid domain name" },
		{ PTHI_BAD_STATE, "invalid provisioning state" },
		{ PTHI_BAD_TIME, "invalid time" },
		{ PTHI_BAD_INDEX, "invalid index" },
		{ PTHI_BAD_PARAMETER, "invalid parameter" },
		{ PTHI_FLASH_LIMIT, "flash write limit" },
		{ PTHI_BAD_PID, "invalid PID" },
		{ PTHI_BAD_PPS, "invalid PPS" },
		{ PTHI_RNG_IN_PROGRESS, "random seed in progress" },
		{ PTHI_RNG_NOT_READY, "random seed not ready" },
		{ PTHI_CERTIFICATE_NOT_READY, "certificate not ready" },
		{ PTHI_BAD_HANDLE, "invalid handle" },
		{ PTHI_BAD_PASSWORD, "invalid password" },
		{ PTHI_DATA_MISSING, "data missing" },
		{ PTHI_DUPLICATE, "duplicate" },
		{ PTHI_BAD_CERTIFICATE, "invalid certificate" },
		{ PTHI_NOT_FOUND, "not found" },
		{ PTHI_BAD_CREDENTIALS, "invalid credentials" },
		{ PTHI_BLOCKED, "blocking component" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].v == v)
			return names[i].name;
	return "unknown";
}

bool
pthi_ansi_get(const struct pthi_ansi *a, char *out, size_t room)
{
	size_t n = a->n;

	if (n > 0 && a->s[n - 1] == '\0')
		n--;
	if (n >= room || memchr(a->s, '\0', n) != NULL)
		return false;
	memcpy(out, a->s, n);
	out[n] = '\0';
	return true;
}

void
pthi_ansi_set(struct pthi_ansi *a, const char *s)
{
	size_t n = strlen(s);

	if (n > sizeof(a->s))
		n = sizeof(a->s);
	a->n = (uint16_t)n;
	memcpy(a->s, s, n);
}

/* The client WD. */

#define WD_COMMAND 5
#define WD_VERSION 0x10

size_t
pthi_wd_size(const void *p, size_t n)
{
	struct rd r;

	if (n < 2)
		return 0;
	rd_init(&r, p, n);
	rd_skip(&r, 1);
	return 2u + rd_u8(&r);
}

bool
pthi_wd_read(struct rd *r, struct pthi_wd *m)
{
	uint8_t length, what;

	memset(m, 0, sizeof(*m));
	if (rd_u8(r) != WD_COMMAND)
		rd_fail(r, "unknown command");
	length = rd_u8(r);
	if (length != rd_left(r))
		rd_fail(r, "the length is not that of the message");
	what = rd_u8(r);
	if (what < PTHI_WD_ASK || what > PTHI_WD_SET)
		rd_fail(r, "unknown command");
	m->what = (enum pthi_wd_what)what;
	if (rd_u8(r) != WD_VERSION)
		rd_fail(r, "unknown version");
	if (m->what == PTHI_WD_SET)
		m->state = rd_u8(r);
	return rd_end(r);
}

void
pthi_wd_write(struct wr *w, const struct pthi_wd *m)
{
	bool set = m->what == PTHI_WD_SET;

	wr_u8(w, WD_COMMAND);
	wr_u8(w, set ? 3 : 2);
	wr_u8(w, (uint8_t)m->what);
	wr_u8(w, WD_VERSION);
	if (set)
		wr_u8(w, m->state);
}
