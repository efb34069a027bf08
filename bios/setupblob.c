/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "bios/setupblob.h"
#include "formats/hashlist.h"
#include "formats/reason.h"
#include "formats/setupbin.h"
#include "formats/setuplint.h"
#include "formats/setupvar.h"

#define HASHES 3 /* that one file can add */

/* A record that is being filled. */
struct blob {
	const struct record *r;
	struct setupbin head;
	struct setupbin_record out;
	uint8_t smb;
	bool full;
};

static size_t
pick(const struct hashlist *list, const struct hash_entry **out)
{
	const struct hash_entry *only = hashlist_only(list);
	size_t n = 0;

	if (only != NULL)
		out[n++] = only;
	for (size_t i = 0; only == NULL && i < list->n; i++)
		if (n < HASHES && list->e[i].active)
			out[n++] = &list->e[i];
	return n;
}

/* Intel's pages say 2.0 for AMT 3, 2.1 for 4, 3.0 for 6; that 4.0 is read from
 * 7 on is inferred from the files that Intel's own tools make. A hash other
 * than SHA-1 needs 3.0. */
static void
choose_version(const struct setupblob_how *how, struct blob *b)
{
	const struct record *r = b->r;
	const struct hash_entry *h[HASHES];
	size_t n = r->pki ? pick(&r->hashes, h) : 0;
	uint8_t major = r->amt_major <= 5 ? 2 : r->amt_major == 6 ? 3 : 4;
	uint8_t minor = r->amt_major == 4 || r->amt_major == 5;

	for (size_t i = 0; i < n; i++)
		if (h[i]->type != HASH_SHA1 && major < 3) {
			major = 3;
			minor = 0;
		}
	if (how->major != 0) {
		major = how->major;
		minor = how->minor;
	}
	setupbin_init(&b->head, major, minor);
	b->head.count = 1;
}

/* Leaves out what the file version does not know. */
static void
put(struct blob *b, uint16_t module, uint16_t id, const void *p, size_t n)
{
	const struct setupvar *v = setupvar_find(module, id);

	if (v != NULL &&
	    (b->head.major < v->from_major ||
		(b->head.major == v->from_major &&
		    b->head.minor < v->from_minor)))
		return;
	if (!setupbin_add(&b->out, SETUPBIN_ENTRIES_SAFE, module, id, p, n))
		b->full = true;
}

static void
put_text(struct blob *b, uint16_t module, uint16_t id, const char *s)
{
	if (s[0] != '\0')
		put(b, module, id, s, strlen(s));
}

static void
put_u8(struct blob *b, uint16_t module, uint16_t id, uint8_t v)
{
	put(b, module, id, &v, 1);
}

static void
put_hashes(struct blob *b)
{
	const struct hash_entry *h[HASHES];
	uint8_t value[2 + HASHLIST_HASH + HASHLIST_NAME];
	size_t n = pick(&b->r->hashes, h);
	struct wr w;

	/* 2/5: remote configuration on. 2/7: hashes added by the user count;
	 * it must stand before the first of them. */
	put_u8(b, 2, 5, 1);
	put_u8(b, 2, 7, 1);
	for (size_t i = 0; i < n; i++) {
		wr_fixed(&w, value, sizeof(value));
		hashlist_entry_write(&w, h[i]);
		b->full = b->full || w.failed;
		put(b, 2, 8, value, w.len);
	}
}

static void
put_server(struct blob *b)
{
	static const uint8_t none[4];
	const struct record *r = b->r;
	uint8_t ip[4], port[2];

	for (size_t i = 0; i < sizeof(ip); i++) /* the octets reversed */
		ip[i] = r->server_ip[sizeof(ip) - 1 - i];
	if (r->mode == RECORD_SMB)
		put_u8(b, 2, 16, b->smb);
	if (memcmp(ip, none, sizeof(ip)) != 0)
		put(b, 2, 17, ip, sizeof(ip));
	put_u16le(port, r->server_port);
	if (r->server_port != 0)
		put(b, 2, 18, port, sizeof(port));
	/* A version without 2/28 knows no other way than to start. */
	if (!r->talk || b->head.major >= 3)
		put_u8(b, 2, 28, r->talk);
}

static void
fill(struct blob *b)
{
	const struct record *r = b->r;

	b->out.type = 1;
	b->out.flags = SETUPBIN_VALID;
	b->out.number = 1;
	put_text(b, 1, 1, r->mebx_current);
	put_text(b, 1, 2, r->mebx_new);
	put_u8(b, 1, 3, r->enabled);
	if (!r->pki) {
		put_text(b, 2, 1, r->psk.pid);
		put_text(b, 2, 2, r->psk.pps);
	}
	put_text(b, 2, 3, r->pki_dns_suffix);
	put_text(b, 2, 4, r->server_fqdn);
	if (r->pki)
		put_hashes(b);
	put_server(b);
}

static enum err_code
unfit(struct err *e, const char *why)
{
	return err_refuse(
	    e, ERR_DATA, reason_get(REASON_KEY_UNFIT), "Setup.bin: %s", why);
}

static enum err_code
judge(const struct record *r, struct err *e)
{
	if (r->mebx_current[0] == '\0')
		return unfit(e,
		    "the record has no MEBx password, which every record of "
		    "one begins with; the profile needs mebx = \"random\"");
	if (!r->pki && r->amt_major >= 11)
		return unfit(e,
		    "AMT 11 and later do nothing with a PSK; it left with 11");
	return ERR_OK;
}

static void
keep_first(void *arg, const struct setuplint_found *f)
{
	struct setuplint_found *first = arg;

	/* Which version a machine reads is the map's to say. */
	if (f->error && f->id != FINDING_AMT_FILE_NEWER &&
	    first->id == FINDING_LAST)
		*first = *f;
}

static enum err_code
lint(const struct record *r, const uint8_t *p, size_t n, struct err *e)
{
	const struct setuplint_opts opts = {
		.amt_major = r->amt_major, .writing = true, .shared_psk = true
	};
	struct setuplint_found first = { .id = FINDING_LAST };
	const struct setuplint_sink sink = { keep_first, &first };
	struct setuplint_sum sum;

	if (setuplint_run(p, n, &opts, &sink, &sum, e) != ERR_OK ||
	    first.id == FINDING_LAST)
		return e->code;
	return err_refuse(e, ERR_DATA, reason_get(REASON_KEY_UNFIT),
	    "Setup.bin: %u/%u: %s: %s", first.module, first.var,
	    finding_get(first.id)->reason.code,
	    finding_get(first.id)->reason.rule);
}

static enum err_code
write_file(struct blob *b, struct wr *out, struct err *e)
{
	uint8_t file[2 * SETUPBIN_CHUNK];
	struct wr w;

	wr_fixed(&w, file, sizeof(file));
	setupbin_write(&w, &b->head);
	setupbin_record_write(&w, &b->head, &b->out);
	if (w.failed)
		unfit(e, "a value of the record is unsound");
	else if (lint(b->r, file, w.len, e) == ERR_OK)
		wr_bytes(out, file, w.len);
	secret_wipe(file, sizeof(file));
	return e->code;
}

enum err_code
setupblob_write(const struct setupblob_how *how, const struct record *r,
    struct wr *out, struct err *e)
{
	/* A Setup.bin record has room for 8 KiB: not for this stack. */
	struct blob *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return err_mem(e);
	b->r = r;
	b->smb = how->smb;
	if (judge(r, e) == ERR_OK) {
		choose_version(how, b);
		fill(b);
		if (b->full)
			unfit(e,
			    "server names, hashes and passwords are more than "
			    "the 484 bytes that a record holds");
		else
			write_file(b, out, e);
	}
	secret_wipe(b, sizeof(*b));
	free(b);
	return e->code;
}
