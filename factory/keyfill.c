/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/secret.h"
#include "base/text.h"
#include "factory/keyfill.h"
#include "formats/generation.h"
#include "formats/hashlist.h"
#include "formats/reason.h"
#include "formats/setupfill.h"
#include "formats/setuplint.h"
#include "formats/setupvar.h"

#define PIECE (128 * SETUPBIN_CHUNK) /* of a file that is written */

/* A record that is being filled. */
struct fill {
	const struct keyring_key *k;
	struct setupbin_record *rec;
	const struct keyring_record *row;
	struct profile_notes *notes; /* NULL: nobody wants them */
};

#define UNFIT(e, ...) \
	err_refuse(e, ERR_DATA, reason_get(REASON_KEY_UNFIT), __VA_ARGS__)

/* Versions. */

bool
keyfill_version(const char *text, uint8_t *major, uint8_t *minor)
{
	static const struct version {
		const char *text;
		uint8_t major, minor;
	} all[] = {
		{ "1", 1, 0 },
		{ "1.0", 1, 0 },
		{ "2", 2, 0 },
		{ "2.0", 2, 0 },
		{ "2.1", 2, 1 },
		{ "3", 3, 0 },
		{ "3.0", 3, 0 },
		{ "4", 4, 0 },
		{ "4.0", 4, 0 },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (strcmp(text, all[i].text) == 0) {
			*major = all[i].major;
			*minor = all[i].minor;
			return true;
		}
	return false;
}

static const struct generation *
generation(const struct profile *p)
{
	return generation_of(p->amt_major, p->amt_minor);
}

/* A hash other than SHA-1, which files have from 3.0 on; or NULL. */
static const struct hash_entry *
needs_3(const struct profile *p)
{
	return p->pki ? setupfill_needs_3(&p->hashes) : NULL;
}

void
keyfill_default(const struct profile *p, uint8_t *major, uint8_t *minor)
{
	setupfill_version(
	    generation(p), p->pki ? &p->hashes : NULL, major, minor);
}

/* Entries. */

static void
note_left(void *arg, const struct setupvar *v)
{
	const struct fill *f = arg;

	profile_note(f->notes,
	    "a file of version %u.%u has no \"%s\": it is left out",
	    f->k->major, f->k->minor, v->name);
}

/* A new password follows "admin" by rule; where the machine has the one that
 * it is to have, none does. */
static void
set_passwords(struct setupfill *s, const struct fill *f, const struct unit *u)
{
	const char *current = f->k->current;

	s->mebx = u != NULL ? u->mebx : f->k->mebx;
	if (current[0] == '\0' && f->row->own) {
		s->current = s->mebx;
		s->mebx = "";
	} else
		s->current = current[0] != '\0' ? current : KEYFILL_FACTORY;
}

static void
fill_head(
    const struct order *o, const struct keyring_key *k, struct setupbin *head)
{
	setupbin_init(head, k->major, k->minor);
	if (keyring_single(&o->profile))
		head->flags = SETUPBIN_KEEP;
	head->count = k->records;
}

static bool
fill(struct fill *f, const struct order *o, const struct unit *u)
{
	const struct profile *p = &o->profile;
	struct setupfill s = { .enabled = p->enabled,
		.pki = p->pki,
		.talk = p->talk,
		.psk = u != NULL ? &u->psk : &o->psk,
		.hashes = &p->hashes,
		.suffix = p->pki_dns_suffix,
		.fqdn = p->server_fqdn,
		.server_ip = p->server_ip,
		.server_port = p->server_port,
		.smb = f->k->smb };
	struct setupbin head;

	set_passwords(&s, f, u);
	fill_head(o, f->k, &head);
	return setupfill_entries(&s, &head, f->rec, note_left, f);
}

static enum err_code
fill_record(
    const struct order *o, struct fill *f, const struct unit *u, struct err *e)
{
	struct setupbin_record *rec = f->rec;

	rec->type = 1;
	rec->flags = SETUPBIN_VALID;
	if (f->k->scrambled)
		rec->flags |= SETUPBIN_SCRAMBLED;
	rec->number = f->row->record;
	rec->len = 0;
	if (fill(f, o, u))
		return ERR_OK;
	return UNFIT(e,
	    "order %s: server names, hashes and passwords are more than the "
	    "%d bytes that a record holds",
	    o->id, SETUPBIN_ENTRIES_SAFE);
}

enum err_code
keyfill_record(const struct order *o, const struct keyring_key *k,
    const struct unit *u, const struct keyring_record *row,
    struct setupbin_record *rec, struct err *e)
{
	struct fill f = { .k = k, .rec = rec, .row = row };

	return fill_record(o, &f, u, e);
}

/* Judging. */

static enum err_code
judge_hashes(const struct order *o, const struct keyring_key *k,
    struct profile_notes *notes, struct err *e)
{
	const struct profile *p = &o->profile;
	const struct generation *g = generation(p);
	const struct hash_entry *h[SETUPFILL_HASHES];
	size_t n = setupfill_hashes(&p->hashes, h);

	for (size_t i = 0; i < n; i++) {
		bool gone = h[i]->type == HASH_SHA1 &&
		    (g->hashes & GENERATION_HASH(HASH_SHA1)) == 0;

		if (gone && !g->differs_by_chipset)
			return UNFIT(e,
			    "order %s: hash %s is SHA-1, which AMT %u does not "
			    "take from a key; the profile says hash = "
			    "\"sha256\"",
			    o->id, h[i]->name, p->amt_major);
		if (gone)
			profile_note(notes,
			    "hash %s is SHA-1: some machines of AMT 15 do not "
			    "take it from a key",
			    h[i]->name);
		if (h[i]->type != HASH_SHA1 && k->major < 3)
			return UNFIT(e,
			    "order %s: hash %s is %s, which needs a file of "
			    "version 3.0, and this one is %u.%u; a profile for "
			    "machines before AMT 6 says hash = \"sha1\"",
			    o->id, h[i]->name, hashlist_type_name(h[i]->type),
			    k->major, k->minor);
	}
	if (hashlist_only(&p->hashes) != NULL)
		profile_note(notes,
		    "the key carries only %s; that no other root is accepted "
		    "it cannot say",
		    h[0]->name);
	else if (n == SETUPFILL_HASHES && p->hashes.n > n)
		profile_note(notes,
		    "a key adds three hashes: %s, %s and %s are taken, the "
		    "profile's other %zu are not",
		    h[0]->name, h[1]->name, h[2]->name, p->hashes.n - n);
	profile_note(notes,
	    "hashes that a key adds do not last: un-provisioning deletes them. "
	    "Lasting ones are in the flash image");
	return ERR_OK;
}

static enum err_code
judge_kind(const struct order *o, const struct keyring_key *k,
    struct profile_notes *notes, struct err *e)
{
	const struct profile *p = &o->profile;

	if (!p->pki && !generation(p)->psk)
		return UNFIT(e,
		    "order %s: AMT %u does nothing with a PSK on a key; PSK "
		    "set-up left with 11",
		    o->id, p->amt_major);
	if (!p->mebx)
		return UNFIT(e,
		    "order %s: its profile leaves the MEBx password at the "
		    "factory's, which a key has to replace; it needs mebx = "
		    "\"random\"",
		    o->id);
	if (keyring_single(p) && k->major < 2)
		return UNFIT(e,
		    "order %s: a record for all machines needs a file of "
		    "version 2.0 or later",
		    o->id);
	if (k->smb != 0)
		profile_note(notes,
		    "small-business mode is written as 2/16 = %u; one public "
		    "source has it so, another as %u (--smb-value)",
		    k->smb, k->smb == 1 ? 2 : 1);
	if (p->pki && (p->otp || p->factory_key))
		profile_note(notes,
		    "a key carries no one-time password and no device key: "
		    "those are in the flash image only");
	return p->pki ? judge_hashes(o, k, notes, e) : ERR_OK;
}

static void
note_newer(const struct profile *p, const struct keyring_key *k,
    struct profile_notes *notes)
{
	const struct hash_entry *h = needs_3(p);
	uint8_t major, minor;

	setupfill_version(generation(p), NULL, &major, &minor);
	if (k->major < major || (k->major == major && k->minor <= minor))
		return;
	if (major < 3 && h != NULL && k->major == 3)
		profile_note(notes,
		    "Setup.bin with a %s hash is version 3.0, which AMT 6 and "
		    "later read; machines of AMT %u.%u will do nothing with "
		    "this key. A profile for them says hash = \"sha1\"",
		    h->type == HASH_SHA256 ? "SHA-256" : "SHA-384",
		    p->amt_major, p->amt_minor);
	else
		profile_note(notes,
		    "AMT %u.%u is thought to read files up to version %u.%u; "
		    "a machine does nothing with a newer one, as this %u.%u is",
		    p->amt_major, p->amt_minor, major, minor, k->major,
		    k->minor);
}

enum err_code
keyfill_judge(const struct order *o, const struct keyring_key *k,
    struct profile_notes *notes, struct err *e)
{
	struct setupbin_record *rec = calloc(1, sizeof(*rec));
	struct unit *u = calloc(1, sizeof(*u));
	struct keyring_key *like = calloc(1, sizeof(*like));
	const struct keyring_record row = { .record = 1 };
	struct fill f = { .k = like, .rec = rec, .row = &row, .notes = notes };

	if (rec == NULL || u == NULL || like == NULL) {
		err_mem(e);
		goto out;
	}
	if (judge_kind(o, k, notes, e) != ERR_OK)
		goto out;
	note_newer(&o->profile, k, notes);
	/* A record as they will be, with secrets as long as theirs. */
	*like = *k;
	memset(u->mebx, 'x', PASSWD_LEN);
	if (like->mebx[0] == '\0')
		memset(like->mebx, 'x', PASSWD_LEN);
	memset(u->psk.pid, 'x', PSK_PID_LEN);
	memset(u->psk.pps, 'x', PSK_PPS_LEN);
	fill_record(o, &f, keyring_single(&o->profile) ? NULL : u, e);
out:
	if (like != NULL)
		keyring_wipe(like);
	if (rec != NULL)
		secret_wipe(rec, sizeof(*rec));
	free(like);
	free(rec);
	free(u);
	return e->code;
}

/* Writing. */

struct writing {
	struct ledger *l;
	const struct order *o;
	struct keyring_key *k;
	keyfill_sink *sink;
	void *arg;
	struct setupbin head;
	struct setupbin_record *rec;
	struct unit *unit;
	struct wr w;
	struct digest_sha256 digest;
};

static enum err_code
flush(struct writing *x, struct err *e)
{
	if (x->w.failed)
		return err_set(e, ERR_BUG,
		    "key %s: not a file that can be "
		    "written",
		    x->k->id);
	digest_sha256_add(&x->digest, x->w.buf, x->w.len);
	if (x->w.len > 0)
		x->sink(x->arg, x->w.buf, x->w.len, e);
	wr_reset(&x->w);
	return e->code;
}

static enum err_code
write_record(void *arg, const struct keyring_record *r, struct err *e)
{
	struct writing *x = arg;
	const struct unit *u;

	if (keyring_unit(x->l, r, x->unit, &u, e) != ERR_OK ||
	    keyfill_record(x->o, x->k, u, r, x->rec, e) != ERR_OK)
		return e->code;
	setupbin_record_write(&x->w, &x->head, x->rec);
	return x->w.len + SETUPBIN_CHUNK > PIECE ? flush(x, e) : ERR_OK;
}

enum err_code
keyfill_write(struct ledger *l, const struct order *o, struct keyring_key *k,
    keyfill_sink *sink, void *arg, struct err *e)
{
	struct writing x = { .l = l, .o = o, .k = k, .sink = sink, .arg = arg };
	uint8_t digest[SHA256_LEN];

	x.rec = calloc(1, sizeof(*x.rec));
	x.unit = calloc(1, sizeof(*x.unit));
	wr_grow(&x.w, PIECE);
	digest_sha256_init(&x.digest);
	if (x.rec == NULL || x.unit == NULL) {
		err_mem(e);
		goto out;
	}
	fill_head(o, k, &x.head);
	setupbin_write(&x.w, &x.head);
	if (keyring_each(l, k->id, write_record, &x, e) == ERR_OK &&
	    flush(&x, e) == ERR_OK) {
		digest_sha256_end(&x.digest, digest);
		text_hex(k->sha256, digest, sizeof(digest));
	}
out:
	wr_free(&x.w);
	if (x.rec != NULL)
		secret_wipe(x.rec, sizeof(*x.rec));
	if (x.unit != NULL)
		unit_wipe(x.unit);
	free(x.rec);
	free(x.unit);
	return e->code;
}

/* Linting. */

enum err_code
keyfill_lint(const struct order *o, const void *p, size_t n, struct err *e)
{
	const struct setuplint_opts opts = { .amt_major = o->profile.amt_major,
		.writing = true,
		.shared_psk = o->profile.key_shared,
		/* that a hash makes it newer was told already */
		.newer = needs_3(&o->profile) != NULL };
	uint8_t file[2 * SETUPBIN_CHUNK];
	const struct setuplint_found *f;
	struct setuplint_sum sum;
	char where[16] = "";

	if (n < sizeof(file))
		return err_set(e, ERR_BUG, "a key without a record");
	memcpy(file, p, sizeof(file));
	put_u32le(file + 0x1c, 1); /* as if it were the only record */
	setuplint_run(file, sizeof(file), &opts, NULL, &sum, e);
	secret_wipe(file, sizeof(file));
	if (e->code != ERR_OK || sum.errors == 0)
		return e->code;
	f = &sum.first;
	if (f->module != 0)
		snprintf(where, sizeof(where), "%u/%u: ", f->module, f->var);
	return UNFIT(e, "order %s: its key would not do: %s%s: %s", o->id,
	    where, finding_get(f->id)->reason.code,
	    finding_get(f->id)->reason.rule);
}
