/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "export/pagetext.h"
#include "formats/cjson.h"

void
pagetext_codes(const struct page *p, struct pagetext_codes *c)
{
	char uuid[UUID_TEXT];
	struct wr w;

	memset(c, 0, sizeof(*c));
	uuid_text(&p->rec->uuid, uuid);
	/* c is zeroed: both end. */
	if (strlen(p->rec->serial) < sizeof(c->bar))
		memcpy(c->bar, p->rec->serial, strlen(p->rec->serial));
	else
		memcpy(c->bar, uuid, strlen(uuid));
	wr_fixed(&w, c->qr, sizeof(c->qr) - 1);
	wr_str(&w, "{\"uuid\":");
	cjson_put_string(&w, uuid);
	cjson_put_member(&w, "serial", p->rec->serial);
	cjson_put_member(&w, "pid", p->rec->psk.pid);
	wr_str(&w, "}");
}

static void
put_text(struct wr *w, const char *text)
{
	if (text[0] == '\0')
		return;
	for (; *text != '\0'; text++)
		if (*text != ' ')
			wr_u8(w, (uint8_t)*text);
	wr_u8(w, '\n');
}

void
pagetext_hashes(const struct page *p, size_t from, size_t to, struct wr *w)
{
	char hex[TEXT_HEX_SIZE(HASHLIST_HASH)];

	for (size_t i = from; i < to; i++) {
		const struct hash_entry *h = &p->rec->hashes.e[i];

		text_hex(hex, h->hash, hashlist_hash_len(h->type));
		put_text(w, hex);
	}
}

void
pagetext_put(const struct page *p, struct wr *w)
{
	const struct record *r = p->rec;
	char uuid[UUID_TEXT], pid[PSK_PID_TEXT], pps[PSK_PPS_TEXT];

	uuid_text(&r->uuid, uuid);
	put_text(w, r->serial);
	put_text(w, uuid);
	if (p->keyed || !page_needs_key(r))
		put_text(w, r->mebx_new);
	put_text(w, r->server_fqdn);
	put_text(w, r->pki_dns_suffix);
	put_text(w, r->otp);
	if (r->psk.pid[0] == '\0')
		return;
	psk_pid_text(pid, r->psk.pid);
	psk_pps_text(pps, r->psk.pps);
	put_text(w, pid);
	put_text(w, pps);
	secret_wipe(pps, sizeof(pps));
}
