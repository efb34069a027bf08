/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "device/amtpower.h"
#include "device/hostfacts.h"
#include "device/roots.h"

#define MODE_NONE 0
#define MODE_ENTERPRISE 1
#define MODE_SMB 2
#define TLS_NOT_READY 0
#define TLS_PSK 1
#define TLS_PKI 2
#define LAN_WIRED 0
#define LAN_WIRELESS 1
#define DHCP_PASSIVE 2
#define HOST_OUTSIDE 2
#define HOST_VPN 1

static bool
is_off(const struct hostif *h)
{
	return !machine_enabled(h->machine);
}

/* Without a wire of its own it is on its host's network, as told. */
static bool
has_link(const struct hostif *h)
{
	return h->machine->lan == NULL || h->machine->lan->link;
}

static uint32_t
phase(const struct hostif *h)
{
	return h->machine->state->phase;
}

/* Who it is. */

enum amt_status
hostfacts_uuid(
    struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	(void)in;
	out->uuid = machine_factory(h->machine)->uuid;
	return AMT_OK;
}

static void
put_version(struct pthi_versions *v, const char *what, const char *is)
{
	struct pthi_version *at = &v->v[v->n++];

	at->what_len = (uint16_t)strlen(what);
	memcpy(at->what, what, at->what_len);
	at->text_len = (uint16_t)strlen(is);
	memcpy(at->text, is, at->text_len);
}

/* Of the entries of real firmware those that say something here. The BIOS is
 * nobody's: what stands for it is this program. */
enum amt_status
hostfacts_versions(
    struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	struct pthi_versions *v = &out->versions;
	char version[16];

	(void)in;
	amt_version(machine_factory(h->machine), version);
	snprintf(v->bios, sizeof(v->bios), "amtforge %s", VERSION);
	put_version(v, "Flash", version);
	put_version(v, "Netstack", version);
	put_version(v, "AMTApps", version);
	put_version(v, "AMT", version);
	put_version(v, "VendorID", "8086");
	put_version(v, "Build Number", "0");
	put_version(v, "Recovery Version", version);
	put_version(v, "Recovery Build Num", "0");
	put_version(v, "Legacy Mode", "False");
	return AMT_OK;
}

/* What a set-up named it, else what its host says of itself. */
enum amt_status
hostfacts_fqdn(
    struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	const struct machine *m = h->machine;
	const struct switches *s = switches_of(m->state->switches);
	const char *suffix = machine_suffix_nth(m, 0);
	const char *domain = suffix != NULL ? suffix : "";
	char name[SWITCHES_HOST + RECORD_STR];

	(void)in;
	if (s->domain[0] != '\0')
		domain = s->domain;
	if (s->host[0] != '\0')
		snprintf(name, sizeof(name), "%s%s%s", s->host,
		    domain[0] != '\0' ? "." : "", domain);
	else
		snprintf(name, sizeof(name), "%s", m->state->host_fqdn);
	out->fqdn.shared = s->shared_fqdn;
	out->fqdn.interval = 1440; /* the schema's defaults for DDNS */
	out->fqdn.ttl = 900;
	out->fqdn.host_len = (uint32_t)strcspn(name, ".");
	pthi_ansi_set(&out->fqdn.fqdn, name);
	return AMT_OK;
}

/* How far it is. */

enum amt_status
hostfacts_mode(
    struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	(void)in;
	out->mode.mode = is_off(h)                            ? MODE_NONE
	    : machine_factory(h->machine)->mode == RECORD_SMB ? MODE_SMB
							      : MODE_ENTERPRISE;
	return AMT_OK;
}

enum amt_status
hostfacts_provisioning(
    struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	(void)in;
	out->number = phase(h);
	return AMT_OK;
}

enum amt_status
hostfacts_control(
    struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	(void)in;
	out->number = state_control(h->machine->state);
	return AMT_OK;
}

enum amt_status
hostfacts_ehbc(
    struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	(void)h;
	(void)in;
	out->number = 0; /* the OEM's switch for embedded machines is off */
	return AMT_OK;
}

enum amt_status
hostfacts_security(
    struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	const struct machine *m = h->machine;
	struct pthi_security *s = &out->security;

	(void)in;
	s->enterprise = machine_factory(m)->mode == RECORD_ENTERPRISE;
	s->tls = phase(h) == STATE_POST ? m->state->tls_enabled[0] : m->open;
	s->provisioning_state = phase(h);
	s->interface = m->open || phase(h) == STATE_POST;
	s->link = has_link(h);
	return AMT_OK;
}

/* "The unique ID of AMT": sixteen bytes that end in 1. */
enum amt_status
hostfacts_amt_state(
    struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	static const struct uuid amt = { { [UUID_LEN - 1] = 1 } };

	(void)h;
	if (!uuid_equal(&in->uuid, &amt))
		return AMT_BAD_PARAMETER;
	out->state.id = amt;
	out->state.length = 5;
	out->state.link = has_link(h);
	return AMT_OK;
}

/* Random numbers come from the system, which is always ready. */
enum amt_status
hostfacts_rng(struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	(void)h;
	(void)in;
	out->number = 0;
	return AMT_OK;
}

/* How it will be set up. */

enum amt_status
hostfacts_tls_mode(
    struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	const struct machine *m = h->machine;

	(void)in;
	out->number = TLS_NOT_READY;
	if (m->psk.pid[0] != '\0')
		out->number = TLS_PSK;
	else if (state_ztc(m->state, machine_factory(m)))
		out->number = TLS_PKI;
	return AMT_OK;
}

enum amt_status
hostfacts_ztc(struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	const struct machine *m = h->machine;

	(void)in;
	out->number = state_ztc(m->state, machine_factory(m));
	return AMT_OK;
}

enum amt_status
hostfacts_pid(struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	const struct psk *psk = &h->machine->psk;

	(void)in;
	if (psk->pid[0] == '\0')
		return AMT_NOT_FOUND;
	memcpy(out->pid, psk->pid, sizeof(out->pid));
	return AMT_OK;
}

/* What was set in the device, "" if nothing was. A preset one counts before
 * the host's, so that a host that reads back sees that its own was in vain. */
enum amt_status
hostfacts_suffix(
    struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	const char *preset = machine_factory(h->machine)->pki_dns_suffix;

	(void)in;
	pthi_ansi_set(
	    &out->text, preset[0] != '\0' ? preset : h->machine->state->suffix);
	return AMT_OK;
}

static void
put_suffix(struct pthi_ansi *list, const char *suffix)
{
	size_t n = strlen(suffix) + 1;

	if (n == 1 || n > sizeof(list->s) - list->n)
		return;
	memcpy(list->s + list->n, suffix, n);
	list->n = (uint16_t)(list->n + n);
}

/* What the network says; each ends in NUL. */
enum amt_status
hostfacts_suffix_list(
    struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	const struct machine_lan *lan = h->machine->lan;

	(void)in;
	if (lan == NULL)
		put_suffix(&out->text, h->machine->dhcp_suffix);
	for (size_t i = 0; lan != NULL && i < lan->nsuffix; i++)
		put_suffix(&out->text, lan->suffix[i]);
	return AMT_OK;
}

enum amt_status
hostfacts_handles(
    struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	struct hashlist list;

	(void)in;
	roots_in_force(machine_factory(h->machine), h->machine->state, &list);
	out->handles.n = (uint32_t)list.n;
	for (uint32_t i = 0; i < out->handles.n; i++)
		out->handles.handle[i] = i;
	return AMT_OK;
}

/* Where one is marked as the only one, the others are not in use. */
enum amt_status
hostfacts_hash(
    struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	const struct hash_entry *only, *at;
	struct hashlist list;

	roots_in_force(machine_factory(h->machine), h->machine->state, &list);
	if (in->number >= list.n)
		return AMT_BAD_HANDLE;
	only = hashlist_only(&list);
	at = &list.e[in->number];
	out->hash.is_default = at->oem;
	out->hash.is_active = at->active && (only == NULL || only == at);
	out->hash.algorithm = (uint8_t)at->type;
	memcpy(out->hash.hash, at->hash, hashlist_hash_len(at->type));
	pthi_ansi_set(&out->hash.name, at->name);
	return AMT_OK;
}

enum amt_status
hostfacts_server(
    struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	const struct machine *m = h->machine;

	(void)in;
	out->server.port = m->server.port;
	snprintf(out->server.address, sizeof(out->server.address), "%s",
	    m->server.address);
	pthi_ansi_set(&out->server.fqdn, machine_factory(m)->server_fqdn);
	return AMT_OK;
}

/* Who set it up. The numbers of the TLS mode are those of
 * GetProvisioningTLSMode; the schema's class has them the other way round. */
enum amt_status
hostfacts_audit(
    struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	const struct state_record *r = &h->machine->state->record;
	time_t created = (time_t)r->created;
	struct pthi_audit *a = &out->audit;
	struct tm tm;

	(void)in;
	if (phase(h) != STATE_POST || !r->present)
		return AMT_NOT_READY;
	if (r->by != STATE_BY_SERVER) /* records of other kinds */
		return AMT_NOT_FOUND;
	a->tls_mode = r->psk ? TLS_PSK : TLS_PKI;
	a->secure_dns = r->secure_dns;
	a->host_initiated = r->by_host;
	a->hash_type = (uint32_t)r->hash_type;
	text_unhex(a->hash, strlen(r->hash) / 2, r->hash, strlen(r->hash));
	memcpy(a->serials, r->serials, sizeof(a->serials));
	a->more_serials = r->more_serials;
	a->is_default = r->hash_is_default;
	a->is_time_valid = r->time_valid;
	snprintf(a->address, sizeof(a->address), "%s", r->server_ip);
	if (gmtime_r(&created, &tm) != NULL) {
		a->year = (uint16_t)(tm.tm_year + 1900);
		a->month = (uint16_t)(tm.tm_mon + 1);
		a->dow = (uint16_t)tm.tm_wday;
		a->day = (uint16_t)tm.tm_mday;
		a->hour = (uint16_t)tm.tm_hour;
		a->minute = (uint16_t)tm.tm_min;
		a->second = (uint16_t)tm.tm_sec;
	}
	pthi_ansi_set(&a->fqdn, r->fqdn);
	return AMT_OK;
}

/* Its network. */

/* That of the interface it shares with its host. Without one it has one that is
 * locally administered and its own: of its UUID. */
static void
put_mac(const struct hostif *h, uint8_t mac[static 6])
{
	const struct machine *m = h->machine;

	memset(mac, 0, 6);
	if (m->lan != NULL) {
		memcpy(mac, m->lan->mac, 6);
		return;
	}
	for (size_t i = 0; i < UUID_LEN; i++)
		mac[5 - i % 6] ^= machine_factory(m)->uuid.b[UUID_LEN - 1 - i];
	mac[0] = (uint8_t)((mac[0] & 0xfcu) | 0x02u);
}

enum amt_status
hostfacts_macs(
    struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	(void)in;
	put_mac(h, out->macs.dedicated);
	put_mac(h, out->macs.host);
	return AMT_OK;
}

enum amt_status
hostfacts_lan(struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	struct in_addr at;

	if (in->number > LAN_WIRELESS)
		return AMT_BAD_INDEX;
	if (in->number == LAN_WIRELESS) /* there is none: all is zero */
		return AMT_OK;
	out->lan.enabled = !is_off(h);
	out->lan.dhcp = 1;
	out->lan.dhcp_mode = DHCP_PASSIVE; /* the host's lease is used */
	out->lan.link = has_link(h);
	if (inet_pton(AF_INET, h->machine->address, &at) == 1)
		out->lan.ipv4 = ntohl(at.s_addr);
	put_mac(h, out->lan.mac);
	return AMT_OK;
}

enum amt_status
hostfacts_power(
    struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	(void)in;
	pthi_ansi_set(&out->text, amtpower_name(h->machine->state));
	return AMT_OK;
}

/* There is no remote access in this device; what the host said of where it is
 * comes back. */
enum amt_status
hostfacts_remote(
    struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	(void)in;
	out->remote.network = h->vpn ? HOST_VPN : 0;
	return AMT_OK;
}

/* Which features there are and what is told of each is not public: the same is
 * told of all, and that is a setting. */
enum amt_status
hostfacts_features(
    struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	const struct settings *s = h->machine->common->settings;

	out->features.id = in->number;
	out->features.n = (uint16_t)s->feature_len;
	memcpy(out->features.data, s->feature, s->feature_len);
	return AMT_OK;
}

/* Nothing here resets its host, so that there is no time to tell. */
enum amt_status
hostfacts_reset(
    struct hostif *h, const union pthi_body *in, union pthi_body *out)
{
	(void)in;
	out->reset.reason = h->machine->common->settings->host_reset_reason;
	out->reset.time = 0;
	return AMT_OK;
}
