/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles freestanding: a BIOS runs it. It calls only this tree and memcpy,
 * memcmp, memset, strlen. */
#include <string.h>

#include "base/secret.h"
#include "formats/generation.h"
#include "formats/onetouch.h"
#include "formats/passwd.h"
#include "formats/reason.h"
#include "formats/setupvar.h"

#define MAJOR_AT 0x18
#define HEAD_CHUNKS_AT 0x10

uint8_t
onetouch_major_max(uint8_t amt_major)
{
	return generation_of(amt_major, UINT8_MAX)->setupbin_major;
}

/* 1.0 is of AMT 2, whose set-up we do not speak. */
static uint8_t
lowest_amt(const struct setupbin *head)
{
	uint8_t minor = head->major == 2 && head->minor > 0;
	uint8_t amt = generation_reading(head->major, minor)->major;

	return amt < 3 ? 3 : amt;
}

enum err_code
onetouch_blank(const struct uuid *uuid, const struct setupbin *head,
    struct record *rec, struct err *e)
{
	if (uuid_is_placeholder(uuid))
		return err_refuse(e, ERR_DATA,
		    reason_get(REASON_UUID_PLACEHOLDER),
		    "this board's UUID (SMBIOS type 1) is one that many "
		    "boards share");
	memset(rec, 0, sizeof(*rec));
	rec->uuid = *uuid;
	rec->amt_major = lowest_amt(head);
	rec->enabled = true;
	rec->talk = true;
	rec->mode = RECORD_ENTERPRISE;
	rec->pki = true;
	return ERR_OK;
}

void
onetouch_wipe(struct onetouch *o)
{
	secret_wipe(o, sizeof(*o));
}

/* Finding. */

static enum err_code
unreadable(const char *why, struct err *e)
{
	return err_refuse(
	    e, ERR_DATA, reason_get(REASON_KEY_UNREADABLE), "%s", why);
}

static enum err_code
malformed(const char *why, struct err *e)
{
	return err_refuse(e, ERR_DATA, reason_get(REASON_SETUPBIN_MALFORMED),
	    "SETUP.BIN: %s", why);
}

static enum err_code
find_file(struct onetouch *o, const struct fat_disk *disk, struct err *e)
{
	const char *why = NULL;
	bool whole = false;

	if (!fat_open(&o->fat, disk, &why))
		return unreadable(why, e);
	if (!fat_find(&o->fat, SETUPBIN_NAME, &o->file, &why) &&
	    why == fat_absent)
		return err_refuse(e, ERR_DATA, reason_get(REASON_KEY_NO_FILE),
		    "no SETUP.BIN in the root folder");
	if (why != NULL)
		return unreadable(why, e);
	if (!fat_contiguous(&o->fat, &o->file, &whole, &why))
		return unreadable(why, e);
	if (!whole)
		return err_refuse(e, ERR_DATA,
		    reason_get(REASON_KEY_FRAGMENTED),
		    "SETUP.BIN lies in pieces");
	if (!o->file.first)
		o->hint = "SETUP.BIN is not the first entry of its folder: "
			  "some machines do not find it";
	else if (o->file.long_name)
		o->hint = "SETUP.BIN has a long name too: some machines do not "
			  "find it";
	else if (!o->file.only)
		o->hint = "SETUP.BIN is not the only entry of its folder: some "
			  "machines want that";
	return ERR_OK;
}

/* The file's i-th sector, which it has. */
static enum err_code
copy_sector(struct onetouch *o, uint32_t i, uint8_t *out, struct err *e)
{
	if (((uint64_t)i + 1) * FAT_SECTOR > o->file.size)
		return unreadable("the file ends too early", e);
	memcpy(out, o->bytes + (size_t)i * FAT_SECTOR, FAT_SECTOR);
	return ERR_OK;
}

/* n sectors of the file from the i-th on into raw[at sectors]. */
static enum err_code
load(struct onetouch *o, uint32_t i, uint32_t at, uint32_t n, struct err *e)
{
	const struct fat_disk *disk = o->fat.disk;
	const char *why = "";
	uint64_t lba;

	for (uint32_t s = at; s < at + n && o->bytes != NULL; s++)
		if (copy_sector(o, i + s, o->raw + (size_t)s * FAT_SECTOR, e) !=
		    ERR_OK)
			return e->code;
	if (o->bytes != NULL)
		return ERR_OK;
	for (uint32_t s = at; s < at + n; s++) {
		if (!fat_lba(&o->fat, &o->file, i + s, &lba, &why))
			return unreadable(why, e);
		if (!disk->read(
			disk->arg, lba, o->raw + (size_t)s * FAT_SECTOR))
			return unreadable("a sector cannot be read", e);
	}
	return ERR_OK;
}

/* Keeps raw's first sector, the file's i-th. */
static enum err_code
keep_sector(
    struct onetouch *o, uint32_t i, struct onetouch_sector *s, struct err *e)
{
	const char *why = "";

	if (o->bytes == NULL && !fat_lba(&o->fat, &o->file, i, &s->lba, &why))
		return unreadable(why, e);
	memcpy(s->b, o->raw, FAT_SECTOR);
	return ERR_OK;
}

/* A newer file must be refused by its version, whatever else it holds. */
static enum err_code
check_version(const struct onetouch *o, struct err *e)
{
	for (uint8_t major = 1; major <= o->major_max; major++) {
		const uint8_t *guid = setupbin_guid(major);

		if (guid != NULL && memcmp(o->raw, guid, 16) == 0) {
			if (o->raw[MAJOR_AT] <= o->major_max)
				return ERR_OK;
			break;
		}
	}
	return err_refuse(e, ERR_DATA, reason_get(REASON_KEY_NEWER),
	    "SETUP.BIN: file newer than this firmware, which knows versions "
	    "up to %u.x",
	    (unsigned)o->major_max);
}

/* Do all records lie in the file? What stands behind them does not count. */
static bool
fits(const struct onetouch *o)
{
	uint64_t need = (uint64_t)o->head.count * o->head.record_chunks +
	    o->head.head_chunks;

	return need <= o->file.size / SETUPBIN_CHUNK;
}

static enum err_code
read_head(struct onetouch *o, struct err *e)
{
	uint32_t chunks;
	struct rd r;

	if (o->file.size < SETUPBIN_CHUNK)
		return malformed("shorter than a header", e);
	if (load(o, 0, 0, 1, e) != ERR_OK ||
	    keep_sector(o, 0, &o->counter, e) != ERR_OK ||
	    check_version(o, e) != ERR_OK)
		return e->code;
	chunks = get_u16le(o->raw + HEAD_CHUNKS_AT);
	if (chunks == 0 || chunks > SETUPBIN_CHUNKS_MAX ||
	    chunks > o->file.size / SETUPBIN_CHUNK)
		return malformed("chunks of the header", e);
	if (load(o, 0, 1, chunks - 1, e) != ERR_OK)
		return e->code;
	rd_init(&r, o->raw, (size_t)chunks * SETUPBIN_CHUNK);
	if (!setupbin_read(&r, &o->head))
		return malformed(r.why, e);
	o->head.modules = NULL; /* raw is used again */
	o->head.nmodules = 0;
	if (!fits(o))
		return malformed("fewer records than the header counts", e);
	return ERR_OK;
}

static enum err_code
read_record(struct onetouch *o, uint32_t first, struct err *e)
{
	struct rd r;

	if (keep_sector(o, first, &o->flag, e) != ERR_OK ||
	    load(o, first, 1, o->head.record_chunks - 1u, e) != ERR_OK)
		return e->code;
	rd_init(&r, o->raw, (size_t)o->head.record_chunks * SETUPBIN_CHUNK);
	if (setupbin_record_read(&r, &o->head, &o->record))
		return ERR_OK;
	return err_refuse(e, ERR_DATA, reason_get(REASON_SETUPBIN_MALFORMED),
	    "SETUP.BIN: record %u: %s", (unsigned)o->next + 1, r.why);
}

/* An invalid record is stepped over whatever it holds: so a pair of writes
 * that was cut in two does not stop the key. */
static enum err_code
find_record(struct onetouch *o, struct err *e)
{
	const struct setupbin *head = &o->head;
	uint32_t used = head->consumed > o->used ? head->consumed : o->used;

	for (o->next = o->keep ? 0 : used; o->next < head->count; o->next++) {
		uint32_t first =
		    head->head_chunks + o->next * head->record_chunks;

		if (load(o, first, 0, 1, e) != ERR_OK)
			return e->code;
		if (get_u32le(o->raw) != 0 &&
		    (get_u32le(o->raw + SETUPBIN_FLAGS_AT) & SETUPBIN_VALID)) {
			o->left = head->count - o->next;
			return read_record(o, first, e);
		}
	}
	return err_refuse(e, ERR_DATA, reason_get(REASON_KEY_USED_UP),
	    "no unused record left of %u", (unsigned)head->count);
}

static enum err_code
find_next(struct onetouch *o, struct err *e)
{
	if (read_head(o, e) != ERR_OK)
		return e->code;
	o->keep = (o->head.flags & SETUPBIN_KEEP) != 0;
	return find_record(o, e);
}

enum err_code
onetouch_open(struct onetouch *o, const struct fat_disk *disk,
    uint8_t major_max, struct err *e)
{
	memset(o, 0, sizeof(*o));
	o->major_max = major_max;
	if (find_file(o, disk, e) != ERR_OK || find_next(o, e) != ERR_OK)
		return e->code;
	if (!o->keep && disk->write == NULL)
		return err_refuse(e, ERR_PERM,
		    reason_get(REASON_KEY_WRITE_PROTECTED),
		    "record %u cannot be marked as used: the key is read-only",
		    (unsigned)o->next + 1);
	return ERR_OK;
}

enum err_code
onetouch_open_file(struct onetouch *o, const struct onetouch_file *f,
    uint8_t major_max, struct err *e)
{
	memset(o, 0, sizeof(*o));
	o->major_max = major_max;
	o->bytes = f->p;
	o->used = f->used;
	if (f->n > UINT32_MAX)
		return malformed("larger than any file on FAT", e);
	o->file.size = (uint32_t)f->n;
	return find_next(o, e);
}

/* Taking. */

/* raw's first sector is room for it. */
static bool
stands(struct onetouch *o, const struct onetouch_sector *s)
{
	const struct fat_disk *disk = o->fat.disk;

	return disk->read(disk->arg, s->lba, o->raw) &&
	    memcmp(o->raw, s->b, FAT_SECTOR) == 0;
}

static enum err_code
put_sector(struct onetouch *o, const struct onetouch_sector *s,
    const char *what, struct err *e)
{
	const struct fat_disk *disk = o->fat.disk;
	const char *why = NULL;

	if (!disk->write(disk->arg, s->lba, s->b))
		why = "cannot be written";
	else if (!stands(o, s))
		why = "does not read back as it was written";
	if (why == NULL)
		return ERR_OK;
	return err_refuse(e, ERR_IO, reason_get(REASON_KEY_WRITE_LOST),
	    "record %u is not used: %s %s", (unsigned)o->next + 1, what, why);
}

enum err_code
onetouch_take(struct onetouch *o, struct err *e)
{
	uint8_t *flags = o->flag.b + SETUPBIN_FLAGS_AT;

	if (o->bytes != NULL)
		return ERR_OK; /* the caller remembers */
	/* The question may have taken a while. */
	if (!stands(o, &o->flag) || !stands(o, &o->counter))
		return err_refuse(e, ERR_IO, reason_get(REASON_KEY_CHANGED),
		    "the key is not as it was found");
	if (o->keep)
		return ERR_OK;
	put_u32le(flags, get_u32le(flags) & ~SETUPBIN_VALID);
	put_u32le(o->counter.b + SETUPBIN_CONSUMED_AT, o->next + 1);
	if (put_sector(o, &o->flag, "its flag", e) != ERR_OK)
		return e->code;
	return put_sector(o, &o->counter, "the file's counter", e);
}

/* Applying. */

#define VAR(module, id) ((uint32_t)(module) << 16 | (id))

static bool
find_entry(const struct setupbin_record *from, uint32_t var,
    struct setupbin_entry *out)
{
	size_t at = 0;

	while (setupbin_next(from, &at, out))
		if (VAR(out->module, out->id) == var)
			return true;
	return false;
}

static bool
has(const struct setupbin_record *from, uint32_t var)
{
	struct setupbin_entry entry;

	return find_entry(from, var, &entry);
}

/* room includes the NUL. */
static bool
take_text(char *out, size_t room, const struct setupbin_entry *entry)
{
	if (entry->n >= room)
		return false;
	memset(out, 0, room);
	memcpy(out, entry->value, entry->n);
	return true;
}

static bool
knows_password(const struct setupbin_record *from, const struct record *rec)
{
	char given[sizeof(rec->mebx_new)] = "";
	char mine[sizeof(rec->mebx_new)] = "admin";
	struct setupbin_entry entry;
	bool same;

	if (rec->mebx_new[0] != '\0')
		memcpy(mine, rec->mebx_new, sizeof(mine));
	same = find_entry(from, VAR(1, 1), &entry) &&
	    take_text(given, sizeof(given), &entry) &&
	    secret_equal(given, mine, sizeof(mine));
	secret_wipe(given, sizeof(given));
	secret_wipe(mine, sizeof(mine));
	return same;
}

/* As the linter of such files has them. */
static const char *
breach_at(const struct setupbin_record *from, const struct setupbin_entry *at)
{
	static const char *const whys[] = {
		[SETUPVAR_IN_ORDER] = NULL,
		[SETUPVAR_ORDER_PASSWORD] = "the passwords are not the first",
		[SETUPVAR_ORDER_SELECTION] =
		    "the feature selection behind an entry of module 2",
		[SETUPVAR_ORDER_HASH] =
		    "a root is added before the rule for such roots",
		[SETUPVAR_ORDER_ACTIVATE] =
		    "the server is told after the start",
	};
	uint32_t var = VAR(at->module, at->id);
	struct setupbin_entry first;

	if (var != VAR(2, 8) && find_entry(from, var, &first) &&
	    first.off < at->off)
		return "a variable is there twice";
	return whys[setupvar_order(from, at)];
}

static const char *
breach(const struct setupbin_record *from, const struct record *rec)
{
	struct setupbin_entry entry;
	const char *why;
	size_t at = 0;

	while (setupbin_next(from, &at, &entry))
		if ((why = breach_at(from, &entry)) != NULL)
			return why;
	if (has(from, VAR(2, 1)) != has(from, VAR(2, 2)))
		return "PID and PPS do not come together";
	if (rec->mebx_new[0] == '\0' && !has(from, VAR(1, 2)))
		return "the password admin is not replaced by a new one";
	return NULL;
}

/* One record that is being applied. */
struct apply {
	struct record *rec;
	const struct setupbin_record *from;
	unsigned number; /* of the record in its file */
	bool no_psk, no_user_roots;
};

static const char *
apply_password(struct record *rec, const struct setupbin_entry *entry)
{
	const char *why = NULL;

	if (!take_text(rec->mebx_new, sizeof(rec->mebx_new), entry))
		return "a password has 8 to 32 characters";
	passwd_check(rec->mebx_new, &why);
	return why;
}

/* A key as text must stand there as it is kept: in capitals, no dashes. */
static const char *
apply_psk(const struct apply *a, const struct setupbin_entry *entry)
{
	bool pid = entry->id == 1, good;
	char text[PSK_PPS_LEN + 1], out[PSK_PPS_LEN + 1] = "";
	char *to = pid ? a->rec->psk.pid : a->rec->psk.pps;
	size_t n = pid ? PSK_PID_LEN : PSK_PPS_LEN;
	const char *why = "";

	good = entry->n == n && take_text(text, sizeof(text), entry) &&
	    (pid ? psk_pid_parse(out, text, &why)
		 : psk_pps_parse(out, text, &why)) &&
	    memcmp(out, text, n + 1) == 0;
	if (good && !a->no_psk)
		memcpy(to, out, n + 1);
	secret_wipe(text, sizeof(text));
	secret_wipe(out, sizeof(out));
	return good ? NULL : "a PID or PPS is not one";
}

static void
set_active(struct hashlist *l, bool oem, bool active)
{
	for (size_t i = 0; i < l->n; i++) {
		if (l->e[i].oem != oem)
			continue;
		l->e[i].active = active;
		l->e[i].only = l->e[i].only && active;
	}
}

static void
drop_user_roots(struct hashlist *l)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		if (l->e[i].oem)
			l->e[n++] = l->e[i];
	memset(&l->e[n], 0, (l->n - n) * sizeof(l->e[0]));
	l->n = n;
}

/* 0: no such roots are used; 1: they are; 2: those that are there go. */
static void
apply_user_roots(struct apply *a, uint8_t what)
{
	a->no_user_roots = what == 0;
	if (what == 2)
		drop_user_roots(&a->rec->hashes);
	else
		set_active(&a->rec->hashes, false, what == 1);
}

static const char *
add_root(const struct generation *g, struct hashlist *l,
    const struct hash_entry *root)
{
	size_t users = 0;

	for (size_t i = 0; i < l->n; i++) {
		users += !l->e[i].oem;
		if (l->e[i].type == root->type &&
		    memcmp(l->e[i].hash, root->hash,
			hashlist_hash_len(root->type)) == 0) {
			l->e[i].active |= root->active;
			return NULL;
		}
	}
	if (users >= g->own_hashes || l->n == HASHLIST_MAX)
		return "no room for one more root";
	l->e[l->n++] = *root;
	return NULL;
}

static const char *
apply_root(const struct apply *a, const struct setupbin_entry *entry)
{
	const struct generation *g =
	    generation_of(a->rec->amt_major, a->rec->amt_minor);
	struct hash_entry root;
	struct rd r;

	rd_init(&r, entry->value, entry->n);
	hashlist_entry_read(&r, &root);
	if (!rd_end(&r))
		return r.why;
	/* What some chip sets take, a key may bring; the device judges. */
	if ((g->hashes & GENERATION_HASH(root.type)) == 0 &&
	    root.type == HASH_SHA1 && !g->differs_by_chipset)
		return "this AMT takes no SHA-1 root";
	root.active = !a->no_user_roots;
	return add_root(g, &a->rec->hashes, &root);
}

/* What stands for itself stays as it is, in ascending order, one a variable:
 * as record_write() wants it. */
static const char *
keep_raw(struct record *rec, const struct setupbin_entry *entry)
{
	uint8_t out[RECORD_EXTRA];
	const char *why = NULL;
	bool done = false;
	struct wr w;
	struct rd r;

	rd_init(&r, rec->extra, rec->extra_len);
	wr_fixed(&w, out, sizeof(out));
	while (rd_left(&r) > 0 || !done) {
		struct rd ahead = r;
		uint32_t var = UINT32_MAX;
		size_t n;

		if (rd_left(&r) > 0) {
			var = (uint32_t)rd_u16le(&ahead) << 16;
			var |= rd_u16le(&ahead);
			n = rd_u16le(&ahead);
			rd_skip(&ahead, 2 + n + (4 - n % 4) % 4);
		}
		if (ahead.why != NULL)
			break;
		if (!done && var >= VAR(entry->module, entry->id)) {
			wr_u16le(&w, entry->module);
			wr_u16le(&w, entry->id);
			wr_u16le(&w, (uint16_t)entry->n);
			wr_u16le(&w, 0);
			wr_bytes(&w, entry->value, entry->n);
			wr_fill(&w, 0, (4 - entry->n % 4) % 4);
			done = true;
		}
		if (var != VAR(entry->module, entry->id) && ahead.p != r.p)
			wr_bytes(&w, r.p, (size_t)(ahead.p - r.p));
		r = ahead;
	}
	if (w.failed || !done) {
		why = "no room for one more variable";
	} else {
		memcpy(rec->extra, out, w.len);
		rec->extra_len = w.len;
	}
	secret_wipe(out, sizeof(out));
	return why;
}

static const char *
apply_known(struct apply *a, const struct setupbin_entry *entry)
{
	struct record *rec = a->rec;
	const uint8_t *v = entry->value;

	switch (VAR(entry->module, entry->id)) {
	case VAR(1, 1):
		break;
	case VAR(1, 2):
		return apply_password(rec, entry);
	case VAR(1, 3):
		rec->enabled = v[0] == 1;
		break;
	case VAR(2, 1):
	case VAR(2, 2):
		return apply_psk(a, entry);
	case VAR(2, 3):
		if (!take_text(rec->pki_dns_suffix, RECORD_STR, entry))
			return "a DNS suffix is too long";
		break;
	case VAR(2, 4):
		if (!take_text(rec->server_fqdn, RECORD_STR, entry))
			return "a server's name is too long";
		break;
	case VAR(2, 5):
		rec->pki = v[0] == 1;
		break;
	case VAR(2, 6):
		set_active(&rec->hashes, true, v[0] == 1);
		break;
	case VAR(2, 7):
		apply_user_roots(a, v[0]);
		break;
	case VAR(2, 8):
		return apply_root(a, entry);
	case VAR(2, 16):
		/* MeshCommander's labels say 0 enterprise and 1 small business,
		 * a comment in it 1 and 2. 1 is read as in the labels; 2 has
		 * one meaning only. */
		rec->mode = v[0] == 0 ? RECORD_ENTERPRISE : RECORD_SMB;
		break;
	case VAR(2, 17):
		for (size_t i = 0; i < 4; i++)
			rec->server_ip[i] = v[3 - i];
		break;
	case VAR(2, 18):
		rec->server_port = get_u16le(v);
		break;
	case VAR(2, 28):
		rec->talk = v[0] == 1;
		break;
	default:
		return keep_raw(rec, entry);
	}
	return NULL;
}

static const char *
apply_entry(struct apply *a, const struct setupbin_entry *entry)
{
	const struct setupvar *var = setupvar_find(entry->module, entry->id);
	const char *why = NULL;

	if (var != NULL && !setupvar_check(var, entry->value, entry->n, &why))
		return why;
	if (var != NULL)
		return apply_known(a, entry);
	if ((entry->module != 1 && entry->module != 2) || entry->id == 0)
		return "a variable of no module of this machine";
	return keep_raw(a->rec, entry);
}

static enum err_code
apply_all(struct apply *a, struct err *e)
{
	struct setupbin_entry entry;
	const char *why;
	size_t at = 0;

	while (setupbin_next(a->from, &at, &entry))
		if ((why = apply_entry(a, &entry)) != NULL)
			return err_refuse(e, ERR_DATA,
			    reason_get(REASON_KEY_VALUE),
			    "record %u: variable %u/%u: %s", a->number,
			    (unsigned)entry.module, (unsigned)entry.id, why);
	if (has(a->from, VAR(2, 1)) && !a->no_psk && !has(a->from, VAR(2, 5)))
		a->rec->pki = false;
	if (a->rec->sequence == UINT32_MAX)
		return err_refuse(e, ERR_DATA, reason_get(REASON_KEY_VALUE),
		    "record %u: the machine's own cannot be changed any more",
		    a->number);
	a->rec->sequence++;
	return ERR_OK;
}

bool
onetouch_has_psk(const struct onetouch *o)
{
	return has(&o->record, VAR(2, 1));
}

enum err_code
onetouch_apply(struct onetouch *o, struct record *rec, struct err *e)
{
	struct apply a = { .rec = &o->work,
		.from = &o->record,
		.number = o->next + 1,
		.no_psk = !generation_of(rec->amt_major, rec->amt_minor)->psk };
	const char *why = breach(&o->record, rec);

	if (!knows_password(&o->record, rec))
		return err_refuse(e, ERR_PERM, reason_get(REASON_KEY_PASSWORD),
		    "record %u: its current MEBx password is not this "
		    "machine's",
		    a.number);
	if (why != NULL)
		return err_refuse(e, ERR_DATA, reason_get(REASON_KEY_ENTRIES),
		    "record %u: %s", a.number, why);
	o->work = *rec;
	if (apply_all(&a, e) != ERR_OK)
		return e->code;
	*rec = o->work;
	o->psk_ignored = a.no_psk && onetouch_has_psk(o);
	return ERR_OK;
}
