/* SPDX-License-Identifier: Apache-2.0 */
/* amtforge-agent info: what the firmware says of itself. */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "agent/facts.h"
#include "agent/firmware.h"
#include "agent/verbs.h"
#include "base/log.h"
#include "base/text.h"
#include "formats/hashlist.h"
#include "formats/reason.h"

#define N(list) (sizeof(list) / sizeof((list)[0]))

static const char *const states[] = { "pre", "in", "post" };
static const char *const modes[] = { "none", "enterprise", "smb",
	"remote-assistance" };
static const char *const tls_modes[] = { "none", "psk", "pki" };
static const char *const control_modes[] = { "none", "client", "admin" };
static const char *const networks[] = { "direct", "vpn", "outside" };
static const char *const remotes[] = { "none", "connecting", "connected" };
static const char *const dhcp_modes[] = { "none", "active", "passive" };

/* One question and what its answer tells. */
struct ask {
	struct firmware *fw;
	struct facts facts;
	struct pthi m; /* the last answer */
	struct err *e;
};

/* An answer that cannot be understood leaves its fact unknown, and the others
 * are told: only who and of which version it is must be right. */
static bool
gave(struct ask *a, const char *key, bool known)
{
	if (known || a->e->reason != reason_get(REASON_MEI_MALFORMED))
		return known;
	log_warn("%s: %s is not told", a->e->msg, key);
	err_clear(a->e);
	facts_null(&a->facts, key);
	return false;
}

/* key: the first fact that its answer tells. */
static bool
knows(struct ask *a, enum pthi_op op, const char *key)
{
	return a->e->code == ERR_OK &&
	    gave(a, key, firmware_knows(a->fw, op, &a->m, a->e));
}

static void
number_of(struct ask *a, enum pthi_op op, const char *key,
    const char *const *names, size_t n)
{
	if (knows(a, op, key))
		facts_word(&a->facts, key, names, n, a->m.body.number);
}

static void
ansi_of(struct ask *a, enum pthi_op op, const char *key)
{
	if (knows(a, op, key))
		facts_bytes(&a->facts, key, a->m.body.text.s, a->m.body.text.n);
}

/* Texts that each end in NUL, as one. */
static void
list_of(struct ask *a, enum pthi_op op, const char *key)
{
	struct pthi_ansi *list = &a->m.body.text;

	if (!knows(a, op, key))
		return;
	while (list->n > 0 && list->s[list->n - 1] == '\0')
		list->n--;
	for (size_t i = 0; i < list->n; i++)
		if (list->s[i] == '\0')
			list->s[i] = ' ';
	facts_bytes(&a->facts, key, list->s, list->n);
}

/* "Build Number" is build_number. */
static void
put_version(struct ask *a, const struct pthi_version *v)
{
	char key[10 + sizeof(v->what)] = "version_";
	size_t at = strlen(key);

	if (v->what_len == 3 && memcmp(v->what, "AMT", 3) == 0)
		facts_bytes(&a->facts, "amt", v->text, v->text_len);
	for (size_t i = 0; i < v->what_len && v->what[i] != '\0'; i++)
		key[at++] = isalnum((unsigned char)v->what[i])
		    ? (char)tolower((unsigned char)v->what[i])
		    : '_';
	key[at] = '\0';
	facts_bytes(&a->facts, key, v->text, v->text_len);
}

static void
put_versions(struct ask *a)
{
	const struct pthi_versions *v = &a->m.body.versions;

	if (!firmware_knows(a->fw, PTHI_CODE_VERSIONS, &a->m, a->e))
		return;
	facts_bytes(&a->facts, "bios", v->bios, sizeof(v->bios));
	for (uint32_t i = 0; i < v->n; i++)
		put_version(a, &v->v[i]);
}

static void
put_mac(struct ask *a, const char *key, const uint8_t mac[static 6])
{
	static const uint8_t none[6] = { 0 };
	char text[18];

	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0],
	    mac[1], mac[2], mac[3], mac[4], mac[5]);
	if (memcmp(mac, none, sizeof(none)) != 0)
		facts_text(&a->facts, key, text);
}

static void
put_identity(struct ask *a)
{
	char uuid[UUID_TEXT];

	if (firmware_get(a->fw, PTHI_UUID, &a->m, a->e) != ERR_OK)
		return;
	uuid_text(&a->m.body.uuid, uuid);
	facts_text(&a->facts, "uuid", uuid);
	put_versions(a);
}

static void
put_switch(struct ask *a)
{
	struct firmware_switch s;

	if (a->e->code != ERR_OK ||
	    !gave(a, "enabled",
		firmware_switch(a->fw, &s, a->e) == ERR_OK && s.known))
		return;
	facts_bool(&a->facts, "enabled", s.enabled);
	if (!s.enabled)
		facts_bool(&a->facts, "may_enable", s.allowed);
}

static void
put_set_up(struct ask *a)
{
	put_switch(a);
	number_of(a, PTHI_PROVISIONING_STATE, "state", states, N(states));
	if (knows(a, PTHI_PROVISIONING_MODE, "mode"))
		facts_word(
		    &a->facts, "mode", modes, N(modes), a->m.body.mode.mode);
	number_of(a, PTHI_TLS_MODE, "tls_mode", tls_modes, N(tls_modes));
	number_of(a, PTHI_CONTROL_MODE, "control_mode", control_modes,
	    N(control_modes));
	if (knows(a, PTHI_ZTC, "ztc"))
		facts_bool(&a->facts, "ztc", a->m.body.number != 0);
	if (knows(a, PTHI_EHBC, "ehbc"))
		facts_bool(&a->facts, "ehbc", a->m.body.number != 0);
	if (knows(a, PTHI_SECURITY_PARAMETERS, "interface_open"))
		facts_bool(&a->facts, "interface_open",
		    a->m.body.security.interface != 0);
	ansi_of(a, PTHI_SUFFIX, "suffix");
	list_of(a, PTHI_SUFFIX_LIST, "dhcp_suffix");
	if (knows(a, PTHI_PID, "pid"))
		facts_bytes(&a->facts, "pid", a->m.body.pid, 8);
	if (knows(a, PTHI_HASH_HANDLES, "hashes"))
		facts_number(&a->facts, "hashes", a->m.body.handles.n);
}

static void
put_lan(struct ask *a)
{
	const struct pthi_lan *lan = &a->m.body.lan;
	struct in_addr at;
	char text[INET_ADDRSTRLEN];

	a->m = (struct pthi){ .op = PTHI_LAN }; /* 0: the wired one */
	if (a->e->code != ERR_OK ||
	    !gave(a, "lan_enabled",
		firmware_ask(a->fw, &a->m, a->e) == ERR_OK &&
		    a->m.status == PTHI_SUCCESS))
		return;
	facts_bool(&a->facts, "lan_enabled", lan->enabled != 0);
	facts_bool(&a->facts, "lan_link", lan->link != 0);
	facts_bool(&a->facts, "lan_dhcp", lan->dhcp != 0);
	facts_word(&a->facts, "lan_dhcp_mode", dhcp_modes, N(dhcp_modes),
	    lan->dhcp_mode);
	at.s_addr = htonl(lan->ipv4);
	if (lan->ipv4 != 0 &&
	    inet_ntop(AF_INET, &at, text, sizeof(text)) != NULL)
		facts_text(&a->facts, "lan_address", text);
	put_mac(a, "lan_mac", lan->mac);
}

static void
put_network(struct ask *a)
{
	const struct pthi_fqdn *name = &a->m.body.fqdn;
	const struct pthi_remote_access *r = &a->m.body.remote;

	if (knows(a, PTHI_MAC_ADDRESSES, "mac")) {
		put_mac(a, "mac", a->m.body.macs.dedicated);
		put_mac(a, "host_mac", a->m.body.macs.host);
	}
	put_lan(a);
	if (knows(a, PTHI_FQDN, "fqdn"))
		facts_bytes(&a->facts, "fqdn", name->fqdn.s, name->fqdn.n);
	if (knows(a, PTHI_REMOTE_ACCESS, "network")) {
		facts_word(
		    &a->facts, "network", networks, N(networks), r->network);
		facts_word(
		    &a->facts, "remote_access", remotes, N(remotes), r->remote);
		facts_bytes(&a->facts, "mps", r->server.s, r->server.n);
	}
	ansi_of(a, PTHI_POWER_POLICY, "power_policy");
}

static void
put_server(struct ask *a)
{
	const struct pthi_config_server *s = &a->m.body.server;

	if (!knows(a, PTHI_CONFIG_SERVER, "server_fqdn"))
		return;
	facts_bytes(&a->facts, "server_fqdn", s->fqdn.s, s->fqdn.n);
	facts_bytes(
	    &a->facts, "server_address", s->address, sizeof(s->address));
	if (s->port != 0)
		facts_number(&a->facts, "server_port", s->port);
}

static void
put_audit(struct ask *a)
{
	const struct pthi_audit *r = &a->m.body.audit;
	char text[TEXT_HEX_SIZE(HASHLIST_HASH)];
	size_t n;

	if (!knows(a, PTHI_AUDIT_RECORD, "set_up_by"))
		return;
	facts_bytes(&a->facts, "set_up_by", r->fqdn.s, r->fqdn.n);
	if (!r->old_address)
		facts_bytes(
		    &a->facts, "set_up_from", r->address, sizeof(r->address));
	snprintf(text, sizeof(text), "%04u-%02u-%02uT%02u:%02u:%02uZ", r->year,
	    r->month, r->day, r->hour, r->minute, r->second);
	if (r->year != 0)
		facts_text(&a->facts, "set_up_at", text);
	if ((n = hashlist_hash_len((enum hash_type)r->hash_type)) > 0) {
		text_hex(text, r->hash, n);
		facts_text(&a->facts, "set_up_root", text);
	}
}

static enum err_code
info(const struct cli_args *args, struct err *e)
{
	struct firmware fw = { 0 };
	struct ask a = { .fw = &fw, .e = e };

	facts_begin(&a.facts, args->json);
	if (firmware_open(&fw, args, e) == ERR_OK) {
		put_identity(&a);
		put_set_up(&a);
		put_network(&a);
		put_server(&a);
		put_audit(&a);
	}
	firmware_close(&fw);
	if (e->code == ERR_OK)
		facts_end(&a.facts, e);
	wr_free(&a.facts.w);
	return e->code;
}

static const struct cli_opt opts[] = { VERBS_MEI, VERBS_END };

const struct cli_verb info_verbs[] = {
	{ "info", "[--mei PATH] [--json]",
	    "what this machine's firmware says of itself", opts, 0, 0, info },
	{ NULL, NULL, NULL, NULL, 0, 0, NULL },
};
