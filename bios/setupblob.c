/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"
#include "bios/setupblob.h"
#include "formats/generation.h"
#include "formats/hashlist.h"
#include "formats/reason.h"
#include "formats/setupbin.h"
#include "formats/setupfill.h"
#include "formats/setuplint.h"

/* A record that is being filled. */
struct blob {
	const struct record *r;
	struct setupbin head;
	struct setupbin_record out;
};

static void
choose_version(const struct setupblob_how *how, struct blob *b)
{
	const struct record *r = b->r;
	uint8_t major = how->major, minor = how->minor;

	if (major == 0)
		setupfill_version(generation_of(r->amt_major, r->amt_minor),
		    r->pki ? &r->hashes : NULL, &major, &minor);
	setupbin_init(&b->head, major, minor);
	b->head.count = 1;
}

static bool
fill(struct blob *b, uint8_t smb)
{
	const struct record *r = b->r;
	const struct setupfill s = { .current = r->mebx_current,
		.mebx = r->mebx_new,
		.enabled = r->enabled,
		.pki = r->pki,
		.talk = r->talk,
		.psk = &r->psk,
		.hashes = &r->hashes,
		.suffix = r->pki_dns_suffix,
		.fqdn = r->server_fqdn,
		.server_ip = r->server_ip,
		.server_port = r->server_port,
		.smb = r->mode == RECORD_SMB ? smb : 0 };

	b->out.type = 1;
	b->out.flags = SETUPBIN_VALID;
	b->out.number = 1;
	return setupfill_entries(&s, &b->head, &b->out, NULL, NULL);
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
	if (!r->pki && !generation_of(r->amt_major, r->amt_minor)->psk)
		return unfit(e,
		    "AMT 11 and later do nothing with a PSK; it left with 11");
	return ERR_OK;
}

/* Which version a machine reads is the map's to say. */
static enum err_code
lint(const struct record *r, const uint8_t *p, size_t n, struct err *e)
{
	const struct setuplint_opts opts = { .amt_major = r->amt_major,
		.writing = true,
		.shared_psk = true,
		.newer = true };
	const struct setuplint_found *f;
	struct setuplint_sum sum;

	if (setuplint_run(p, n, &opts, NULL, &sum, e) != ERR_OK ||
	    sum.errors == 0)
		return e->code;
	f = &sum.first;
	return err_refuse(e, ERR_DATA, reason_get(REASON_KEY_UNFIT),
	    "Setup.bin: %u/%u: %s: %s", f->module, f->var,
	    finding_get(f->id)->reason.code, finding_get(f->id)->reason.rule);
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
	if (judge(r, e) == ERR_OK) {
		choose_version(how, b);
		if (!fill(b, how->smb))
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
