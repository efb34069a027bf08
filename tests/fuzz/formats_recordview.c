/* SPDX-License-Identifier: Apache-2.0 */
/* The one file that a BIOS embeds takes what record_read() takes, hands out
 * what that hands out, and walks any bytes without a finding. */
#include <stdlib.h>
#include <string.h>

#include "tests/dressed.h"
#include "tests/fuzz.h"
#include "tests/reader.h"

#include "amtforge-record-reader.c"

static void
text(const struct recordview *v, uint32_t var, const char *want)
{
	char out[RECORD_STR];

	must(recordview_text(v, var, out, sizeof(out)) == strlen(want));
	must(strcmp(out, want) == 0);
}

static void
texts(const struct recordview *v, const struct record *rec)
{
	text(v, RECORDVIEW_MEBX_CURRENT, rec->mebx_current);
	text(v, RECORDVIEW_MEBX_NEW, rec->mebx_new);
	text(v, RECORDVIEW_PID, rec->psk.pid);
	text(v, RECORDVIEW_PPS, rec->psk.pps);
	text(v, RECORDVIEW_PKI_DNS_SUFFIX, rec->pki_dns_suffix);
	text(v, RECORDVIEW_SERVER_FQDN, rec->server_fqdn);
	text(v, RECORDVIEW_OTP, rec->otp);
	text(v, RECORDVIEW_SERIAL, rec->serial);
	text(v, RECORDVIEW_ORDER, rec->order);
}

static void
hashes(const struct recordview *v, const struct hashlist *l)
{
	struct recordview_hash h;

	for (size_t i = 0; i < l->n; i++) {
		const struct hash_entry *e = &l->e[i];

		must(recordview_hash(v, i, &h));
		must(h.algorithm == (uint8_t)e->type);
		must(h.n == hashlist_hash_len(e->type));
		must(memcmp(h.hash, e->hash, h.n) == 0);
		must(h.name_len == strlen(e->name));
		must(memcmp(h.name, e->name, h.name_len) == 0);
		must(((h.marks & RECORDVIEW_MARK_ACTIVE) != 0) == e->active);
		must(((h.marks & RECORDVIEW_MARK_ONLY) != 0) == e->only);
		must(((h.marks & RECORDVIEW_MARK_OEM) != 0) == e->oem);
	}
	must(!recordview_hash(v, l->n, &h));
}

static void
same(const struct recordview *v, const struct record *rec)
{
	struct recordview_entry e;

	must(v->sequence == rec->sequence);
	must(recordview_number(v, RECORDVIEW_PKI, 9) == rec->pki);
	must(recordview_number(v, RECORDVIEW_TALK, 9) == rec->talk);
	must(recordview_number(v, RECORDVIEW_ENABLED, 9) == rec->enabled);
	must((recordview_number(v, RECORDVIEW_MODE, 9) == 1) ==
	    (rec->mode == RECORD_SMB));
	must(recordview_number(v, RECORDVIEW_SERVER_PORT, 0) ==
	    rec->server_port);
	must(recordview_find(v, RECORDVIEW_UUID, &e) && e.n == UUID_LEN &&
	    memcmp(e.value, rec->uuid.b, UUID_LEN) == 0);
	must(recordview_find(v, RECORDVIEW_KEY, &e) == (rec->key_len != 0));
	must(rec->key_len == 0 || e.n == rec->key_len);
	texts(v, rec);
	hashes(v, &rec->hashes);
}

static void
agree(const uint8_t *p, size_t n)
{
	static struct record rec;
	struct recordview v;
	struct rd r;
	size_t length = recordview_length(p, n);

	must(length <= n);
	rd_init(&r, p, n);
	if (record_read(&r, &rec) != recordview_open(&v, p, n))
		abort();
	if (v.why != NULL) {
		must(strcmp(v.why, r.why) == 0 && v.at == r.at && v.at <= n);
		return;
	}
	must(recordview_present(p, n) && length == n);
	same(&v, &rec);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static uint8_t x[RECORD_MAX];
	size_t len = dressed(p, n, x);

	agree(p, n);
	if (len != 0)
		agree(x, len);
	return 0;
}
