/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <stdio.h>

#include "base/digest.h"
#include "base/text.h"
#include "factory/profile.h"
#include "factory/showrecord.h"

static void
hashes(struct tree *t, const struct hashlist *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct hash_entry *h = &l->e[i];

		tree_entry(t, "hashes", h->name);
		tree_text(t, "type", hashlist_type_name(h->type));
		tree_bytes(t, "hash", h->hash, hashlist_hash_len(h->type));
		tree_flag(t, "active", h->active);
		tree_flag(t, "only", h->only);
		tree_close(t);
	}
}

static void
server(struct tree *t, const struct record *r)
{
	char ip[INET_ADDRSTRLEN] = "";

	if (r->server_ip[0] != 0)
		inet_ntop(AF_INET, r->server_ip, ip, sizeof(ip));
	tree_text(t, "pki_dns_suffix", r->pki_dns_suffix);
	tree_text(t, "server_fqdn", r->server_fqdn);
	tree_text(t, "server_address", ip);
	if (r->server_port != 0)
		tree_uint(t, "server_port", r->server_port);
}

static void
certificate(struct tree *t, const struct record *r)
{
	uint8_t sha[SHA256_LEN];

	if (r->cert_len == 0)
		return;
	digest_sha256(r->cert, r->cert_len, sha);
	tree_bytes(t, "cert_sha256", sha, sizeof(sha));
}

void
showrecord_tree(struct tree *t, const struct record *r, size_t at)
{
	char amt[8];

	snprintf(amt, sizeof(amt), "%u.%u", r->amt_major, r->amt_minor);
	tree_object(t, "record");
	tree_hex(t, "offset", at);
	tree_uint(t, "sequence", r->sequence);
	tree_uuid(t, "uuid", &r->uuid);
	tree_text(t, "serial", r->serial);
	tree_text(t, "order", r->order);
	tree_text(t, "amt", amt);
	tree_flag(t, "enabled", r->enabled);
	tree_text(t, "mode", profile_mode_name(r->mode));
	tree_text(t, "start", r->talk ? "talk" : "listen");
	tree_text(t, "credential", r->pki ? "pki" : "psk");
	tree_text(t, "pid", r->psk.pid);
	certificate(t, r);
	tree_flag(t, "has_key", r->key_len > 0);
	tree_flag(t, "has_otp", r->otp[0] != '\0');
	tree_flag(t, "has_mebx_password", r->mebx_new[0] != '\0');
	server(t, r);
	hashes(t, &r->hashes);
	tree_close(t);
}
