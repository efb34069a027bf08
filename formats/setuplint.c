/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/secret.h"
#include "formats/fat.h"
#include "formats/generation.h"
#include "formats/hashlist.h"
#include "formats/passwd.h"
#include "formats/psk.h"
#include "formats/setuplint.h"
#include "formats/setupvar.h"

#define VARS_MAX 64
#define HASHES_MAX 3
#define RECORDS_MANY 1000
#define COUNT_AT 0x1c
#define MODULES_AT 0x28

struct lint {
	const uint8_t *p;
	size_t n;
	const struct setuplint_opts *opts;
	const struct setuplint_sink *sink;
	struct setuplint_sum *sum;
	struct setupbin sb;
	bool modules_told, consumed_told; /* faults of the header hide more */
	/* where we are */
	uint32_t record; /* counted from 1; 0 in the header */
	uint64_t base;
	/* the whole file so far */
	uint32_t walked, invalid;
	bool valid_seen, pid_seen;
	uint8_t used[0x10000 / 8], listed[0x10000 / 8]; /* modules, as bits */
	/* the record so far */
	size_t at[VARS_MAX]; /* of each known variable; 0: not there */
	size_t hash4, unusual;
	size_t hashes;
	uint32_t last;
	bool no_roots; /* 2/7 is sound, and not 1 */
	bool breach;   /* of an order that has a rule of its own */
	struct setupbin_record rec;
};

static void
found(struct lint *l, const struct setuplint_found *f)
{
	struct setuplint_found out = *f;
	enum finding_level level = finding_get(f->id)->level;

	out.error = level >= FINDING_ERROR ||
	    (level == FINDING_NOT_WRITTEN && l->opts->writing);
	if (f->id == FINDING_PSK_KEPT && l->opts->shared_psk)
		out.error = false;
	if (out.error && l->sum->errors++ == 0)
		l->sum->first = out;
	l->sum->warnings += !out.error;
	l->sum->unreadable += level == FINDING_UNREADABLE;
	if (l->sink != NULL)
		l->sink->tell(l->sink->arg, &out);
}

/* At an offset from the record (the header, the file). */
static void
at(struct lint *l, enum finding_id id, size_t off)
{
	found(l,
	    &(struct setuplint_found){
		.id = id, .off = l->base + off, .record = l->record });
}

/* In an entry of the record, which begins at an offset; with words. */
static void
in(struct lint *l, enum finding_id id, size_t off, const char *detail)
{
	const uint8_t *p = l->rec.entries + off - SETUPBIN_HEAD;

	found(l,
	    &(struct setuplint_found){ .id = id,
		.off = l->base + off,
		.record = l->record,
		.module = get_u16le(p),
		.var = get_u16le(p + 2),
		.detail = detail });
}

/* The finding has the number of the fault. */
static void
fault(void *arg, enum setupbin_fault f, size_t off)
{
	struct lint *l = arg;

	l->modules_told = l->modules_told || f == SETUPBIN_HEAD_BYTES ||
	    f == SETUPBIN_MODULES_OPEN;
	l->consumed_told = l->consumed_told || f == SETUPBIN_CONSUMED;
	at(l, (enum finding_id)f, off);
}

static void
no_fault(void *arg, enum setupbin_fault f, size_t off)
{
	(void)arg;
	(void)f;
	(void)off;
}

/* Whether it was there before. */
static bool
set_bit(uint8_t *bits, uint16_t id)
{
	uint8_t bit = (uint8_t)(1u << id % 8);
	bool before = (bits[id / 8] & bit) != 0;

	bits[id / 8] |= bit;
	return before;
}

/* Values. */

static size_t
index_of(const struct setupvar *var)
{
	return (size_t)(var - setupvar_nth(0));
}

/* Where variable module/id is in the record; 0 if it is not. */
static size_t
where(const struct lint *l, uint16_t module, uint16_t id)
{
	return l->at[index_of(setupvar_find(module, id))];
}

static bool
is_default(const struct setupbin_entry *e)
{
	return e->n == 5 && memcmp(e->value, "admin", 5) == 0;
}

static void
judge_password(struct lint *l, const struct setupbin_entry *e)
{
	char text[PASSWD_MAX + 1] = { 0 };
	enum passwd_level level;
	const char *why;

	memcpy(text, e->value, e->n);
	level = passwd_judge(text, &why);
	secret_wipe(text, sizeof(text));
	if (e->id == 1) {
		if (level == PASSWD_BAD && !is_default(e))
			in(l, FINDING_PASSWORD_CURRENT, e->off, why);
	} else if (level == PASSWD_BAD)
		in(l, FINDING_PASSWORD_RULE, e->off, why);
	else if (level == PASSWD_RISKY)
		in(l, FINDING_PASSWORD_RISKY, e->off, why);
}

static void
judge_psk(struct lint *l, const struct setupbin_entry *e)
{
	char text[PSK_PPS_LEN + 1] = { 0 }, out[PSK_PPS_LEN + 1];
	const char *why;

	memcpy(text, e->value, e->n);
	if (e->id == 1 && !psk_pid_parse(out, text, &why))
		in(l, FINDING_PID_CHECK, e->off, why);
	if (e->id == 2 && !psk_pps_parse(out, text, &why))
		in(l, FINDING_PPS_CHECK, e->off, why);
	secret_wipe(text, sizeof(text));
	secret_wipe(out, sizeof(out));
}

/* The newest of that number; the oldest where none is named. */
static const struct generation *
target(const struct lint *l)
{
	unsigned amt = l->opts->amt_major;

	return generation_of(amt, amt == 0 ? 0 : UINT8_MAX);
}

static void
judge_hash(struct lint *l, const struct setupbin_entry *e)
{
	enum hash_type type = (enum hash_type)e->value[0];
	const struct generation *g = target(l);

	if (e->n - 2 - hashlist_hash_len(type) > HASHLIST_NAME)
		in(l, FINDING_HASH_NAME, e->off, NULL);
	if (type != HASH_SHA1 && l->sb.major < 3)
		in(l, FINDING_HASH_NEWER, e->off, NULL);
	if (type == HASH_SHA1 && (g->hashes & GENERATION_HASH(type)) == 0)
		in(l,
		    g->differs_by_chipset ? FINDING_AMT_SHA1_SOME
					  : FINDING_AMT_SHA1,
		    e->off, NULL);
}

/* What is to be said of a value that is sound in itself. */
static void
judge_sound(
    struct lint *l, const struct setupvar *var, const struct setupbin_entry *e)
{
	if (var->module == 1 && var->id <= 2)
		judge_password(l, e);
	if (var->type == SETUPVAR_PID || var->type == SETUPVAR_PPS)
		judge_psk(l, e);
	if (var->type == SETUPVAR_HASH)
		judge_hash(l, e);
	if (var->module == 2 && var->id == 7)
		l->no_roots = e->value[0] != 1;
	if (var->module == 2 && var->id == 16)
		in(l, FINDING_MODE_CONFLICT, e->off, NULL);
	if (var->type == SETUPVAR_BYTES && var->id != 35)
		in(l, FINDING_LAYOUT_UNKNOWN, e->off, NULL);
	if (var->module == 2 && var->id == 29 && e->value[0] == 1 &&
	    target(l)->no_manual_item)
		in(l, FINDING_AMT_MANUAL, e->off, NULL);
}

static void
judge_value(
    struct lint *l, const struct setupvar *var, const struct setupbin_entry *e)
{
	enum finding_id id = FINDING_VALUE_LENGTH;

	switch (setupvar_judge(var, e->value, e->n)) {
	case SETUPVAR_OK:
		judge_sound(l, var, e);
		return;
	case SETUPVAR_LENGTH:
		break;
	case SETUPVAR_RANGE:
		id = FINDING_VALUE_RANGE;
		break;
	case SETUPVAR_CHARS:
		id = var->type == SETUPVAR_PID  ? FINDING_PID_CHECK
		    : var->type == SETUPVAR_PPS ? FINDING_PPS_CHECK
						: FINDING_VALUE_CHARS;
		break;
	case SETUPVAR_HASH_TYPE:
		id = FINDING_HASH_TYPE;
		break;
	case SETUPVAR_HASH_LENGTH:
		id = FINDING_HASH_LENGTH;
		break;
	}
	in(l, id, e->off, var->name);
}

static void
judge_version(
    struct lint *l, const struct setupvar *var, const struct setupbin_entry *e)
{
	if (l->sb.major > var->from_major ||
	    (l->sb.major == var->from_major && l->sb.minor >= var->from_minor))
		return;
	in(l,
	    var->inferred ? FINDING_VARIABLE_MAYBE_NEWER
			  : FINDING_VARIABLE_NEWER,
	    e->off, var->name);
}

/* Entries. */

/* Rules on what comes before an entry that is the first of its variable. */
static void
judge_order(struct lint *l, const struct setupbin_entry *e)
{
	static const enum finding_id ids[] = {
		[SETUPVAR_ORDER_PASSWORD] = FINDING_ORDER_PASSWORD,
		[SETUPVAR_ORDER_SELECTION] = FINDING_ORDER_SELECTION,
		[SETUPVAR_ORDER_HASH] = FINDING_ORDER_HASH,
		[SETUPVAR_ORDER_ACTIVATE] = FINDING_ORDER_ACTIVATE,
	};
	enum setupvar_order broken = setupvar_order(&l->rec, e);

	if (broken == SETUPVAR_IN_ORDER)
		return;
	l->breach = true;
	in(l, ids[broken], e->off, NULL);
}

static void
unknown(struct lint *l, const struct setupbin_entry *e)
{
	if (e->module != 1 && e->module != 2)
		in(l, FINDING_UNKNOWN_MODULE, e->off, NULL);
	else if (e->module == 2 && e->id == 9)
		in(l, FINDING_VARIABLE_9, e->off, NULL);
	else
		in(l, FINDING_UNKNOWN_VARIABLE, e->off, NULL);
}

static void
known(
    struct lint *l, const struct setupvar *var, const struct setupbin_entry *e)
{
	size_t *first = &l->at[index_of(var)];

	if (*first == 0) {
		*first = e->off;
		judge_order(l, e);
	} else if (!var->repeats)
		in(l, FINDING_REPEATED, e->off, var->name);
	if (var->type == SETUPVAR_HASH && ++l->hashes == HASHES_MAX + 1)
		l->hash4 = e->off;
	judge_version(l, var, e);
	judge_value(l, var, e);
}

static void
judge_entry(struct lint *l, const struct setupbin_entry *e)
{
	const struct setupvar *var = setupvar_find(e->module, e->id);
	uint32_t key = (uint32_t)e->module << 16 | e->id;

	set_bit(l->used, e->module);
	if (var == NULL)
		unknown(l, e);
	else
		known(l, var, e);
	if (key < l->last && l->unusual == 0)
		l->unusual = e->off;
	l->last = key;
}

/* Records. */

static void
judge_passwords(struct lint *l)
{
	size_t current = where(l, 1, 1), off;
	struct setupbin_entry e;

	if (current == 0) {
		at(l, FINDING_PASSWORD_NONE, SETUPBIN_HEAD);
		return;
	}
	off = current - SETUPBIN_HEAD;
	if (setupbin_next(&l->rec, &off, &e) && is_default(&e) &&
	    where(l, 1, 2) == 0)
		in(l, FINDING_PASSWORD_DEFAULT, current, NULL);
}

static void
judge_pair(struct lint *l)
{
	size_t pid = where(l, 2, 1), pps = where(l, 2, 2);
	size_t one = pid != 0 ? pid : pps;

	if (one == 0)
		return;
	l->pid_seen = l->pid_seen || pid != 0;
	if (pid == 0 || pps == 0)
		in(l, FINDING_PSK_HALF, one, NULL);
	if ((l->sb.flags & SETUPBIN_KEEP) != 0)
		in(l, FINDING_PSK_KEPT, one, NULL);
	if (!target(l)->psk)
		in(l, FINDING_AMT_PSK, one, NULL);
}

static void
judge_whole(struct lint *l)
{
	size_t room =
	    (size_t)l->sb.record_chunks * SETUPBIN_CHUNK - SETUPBIN_HEAD;

	if (l->rec.len > room - 4)
		at(l, FINDING_RECORD_FULL, SETUPBIN_HEAD + l->rec.len);
	if (l->rec.len == 0 && (l->rec.flags & SETUPBIN_VALID) != 0)
		at(l, FINDING_RECORD_EMPTY, SETUPBIN_HEAD);
	if (l->rec.len == 0)
		return;
	judge_passwords(l);
	judge_pair(l);
	if (where(l, 2, 8) != 0 && where(l, 2, 7) == 0)
		in(l, FINDING_HASH_UNANNOUNCED, where(l, 2, 8), NULL);
	if (where(l, 2, 8) != 0 && l->no_roots)
		in(l, FINDING_HASH_DISABLED, where(l, 2, 7), NULL);
	if (l->hash4 != 0)
		in(l, FINDING_HASHES_MANY, l->hash4, NULL);
	if (where(l, 2, 23) != 0 && where(l, 2, 11) == 0)
		in(l, FINDING_FQDN_ALONE, where(l, 2, 23), NULL);
	if (l->unusual != 0 && !l->breach)
		in(l, FINDING_ORDER_UNUSUAL, l->unusual, NULL);
}

/* Consumed records come first. */
static void
judge_place(struct lint *l)
{
	if (l->rec.number != l->record)
		at(l, FINDING_RECORD_NUMBER, 0x14);
	if ((l->rec.flags & SETUPBIN_VALID) != 0)
		l->valid_seen = true;
	else {
		l->invalid++;
		if (l->valid_seen)
			at(l, FINDING_CONSUMED_ORDER, SETUPBIN_FLAGS_AT);
	}
}

static void
judge_record(struct lint *l, const uint8_t *p)
{
	const struct setupbin_sink faults = { fault, l };
	struct setupbin_entry e;

	memset(l->at, 0, sizeof(l->at));
	l->hash4 = l->unusual = l->hashes = 0;
	l->last = 0;
	l->no_roots = l->breach = false;
	setupbin_record_judge(p, &l->sb, &l->rec, &faults);
	judge_place(l);
	for (size_t off = 0; setupbin_next(&l->rec, &off, &e);)
		judge_entry(l, &e);
	judge_whole(l);
}

/* The file. */

static void
judge_target(struct lint *l)
{
	const struct generation *g = target(l);
	unsigned v = l->sb.major, reads = g->setupbin_major;

	if (l->opts->amt_major == 0)
		return;
	if (v == 4 && reads == 3) /* which one reads 4.0 is inferred */
		at(l, FINDING_AMT_FILE_MAYBE_NEWER, 0x18);
	else if (v > reads && !l->opts->newer)
		at(l, FINDING_AMT_FILE_NEWER, 0x18);
	else if (v == 2 && reads == 2 && l->sb.minor > g->setupbin_minor)
		at(l, FINDING_AMT_MINOR_NEWER, 0x19);
	else if (v == 1 && reads > 1)
		at(l, FINDING_AMT_V1, 0x18);
}

static void
judge_head(struct lint *l)
{
	const struct setupbin *sb = &l->sb;
	bool keep = (sb->flags & SETUPBIN_KEEP) != 0;

	if (sb->minor > (sb->major == 2 ? 1 : 0))
		at(l, FINDING_MINOR_UNKNOWN, 0x19);
	if (sb->head_chunks > 1)
		at(l, FINDING_MULTI_CHUNK, 0x10);
	if (sb->record_chunks > 1)
		at(l, FINDING_MULTI_CHUNK, 0x24);
	if (keep && sb->major == 1)
		at(l, FINDING_KEPT_V1, 0x1a);
	if (!keep && sb->count > RECORDS_MANY)
		at(l, FINDING_MANY_RECORDS, COUNT_AT);
	if (sb->count == 0)
		at(l, FINDING_NO_RECORDS, COUNT_AT);
	judge_target(l);
}

/* Needs all records. */
static void
judge_modules(struct lint *l)
{
	bool wrong = l->sb.head_bytes != MODULES_AT + 2 * l->sb.nmodules + 2;

	for (size_t i = 0; i < l->sb.nmodules; i++)
		wrong |= set_bit(l->listed, get_u16le(l->sb.modules + 2 * i));
	if (wrong || memcmp(l->used, l->listed, sizeof(l->used)) != 0)
		at(l, FINDING_MODULE_LIST, MODULES_AT);
}

static void
judge_consumed(struct lint *l)
{
	if (!l->consumed_told && l->invalid != l->sb.consumed)
		at(l, FINDING_CONSUMED_MISMATCH, SETUPBIN_CONSUMED_AT);
	if ((l->sb.flags & SETUPBIN_KEEP) != 0 && l->invalid != 0)
		at(l, FINDING_KEPT_CONSUMED, 0x1a);
	if (l->sb.count != 0 && l->invalid == l->sb.count)
		at(l, FINDING_NOTHING_LEFT, SETUPBIN_CONSUMED_AT);
}

/* Size against what the header says. */
static void
judge_size(struct lint *l)
{
	uint64_t end = setupbin_offset(&l->sb, l->sb.count);
	size_t rest;

	if (l->n % SETUPBIN_CHUNK != 0)
		at(l, FINDING_FILE_SIZE, l->n);
	if (end > l->n)
		at(l, FINDING_RECORDS_MISSING, COUNT_AT);
	if (end >= l->n)
		return;
	rest = l->n - (size_t)end;
	if (rest % SETUPBIN_CHUNK == 0 && bytes_are(l->p, (size_t)end, l->n, 0))
		at(l, FINDING_TRAILING_ZEROES, (size_t)end);
	else
		at(l, FINDING_TRAILING_BYTES, (size_t)end);
}

/* PIDs that come twice. */

/* Slots of a table of open addressing; at most half are taken. */
#define SLOTS 0x8000u

struct pids {
	uint64_t lo, hi; /* this pass takes the hashes from lo to hi */
	size_t taken, twice;
	uint64_t hash[SLOTS];
	uint32_t record[SLOTS]; /* 0: free */
};

/* Bijective, so that equal hashes are equal PIDs (the finish of
 * MurmurHash3, public domain). */
static uint64_t
hash_of(const uint8_t *pid)
{
	uint64_t h = get_u64le(pid);

	h = (h ^ h >> 33) * UINT64_C(0xff51afd7ed558ccd);
	h = (h ^ h >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ h >> 33;
}

/* The record that has it already, or 0 and it is noted. */
static uint32_t
note(struct pids *t, uint64_t h, uint32_t record)
{
	size_t i = h % SLOTS;

	for (; t->record[i] != 0; i = (i + 1) % SLOTS)
		if (t->hash[i] == h)
			return t->record[i];
	if (t->taken == SLOTS / 2)
		return 0;
	t->hash[i] = h;
	t->record[i] = record;
	t->taken++;
	return 0;
}

static void
pids_record(struct lint *l, struct pids *t, bool tell)
{
	struct setupbin_entry e;

	for (size_t off = 0; setupbin_next(&l->rec, &off, &e);) {
		uint64_t h;
		uint32_t other;

		if (e.module != 2 || e.id != 1 || e.n != PSK_PID_LEN)
			continue;
		h = hash_of(e.value);
		if (h < t->lo || h > t->hi)
			continue;
		other = note(t, h, l->record);
		if (other == 0)
			continue;
		t->twice++;
		if (tell)
			found(l,
			    &(struct setuplint_found){
				.id = FINDING_PID_REPEATED,
				.off = l->base + e.off,
				.record = l->record,
				.module = 2,
				.var = 1,
				.other = other });
	}
}

static void
pids_pass(struct lint *l, struct pids *t, bool tell)
{
	const struct setupbin_sink none = { no_fault, NULL };

	memset(t->record, 0, sizeof(t->record));
	t->taken = t->twice = 0;
	for (uint32_t i = 0; i < l->walked; i++) {
		l->record = i + 1;
		l->base = setupbin_offset(&l->sb, i);
		setupbin_record_judge(l->p + l->base, &l->sb, &l->rec, &none);
		pids_record(l, t, tell);
		if (t->taken == SLOTS / 2)
			return;
	}
}

/* A range of hashes that overflows the table is halved: in the end it holds
 * one PID alone. */
static enum err_code
judge_pids(struct lint *l, struct err *e)
{
	uint64_t width = UINT64_MAX / (l->walked / (SLOTS / 4) + 1);
	struct pids *t;

	if (!l->pid_seen || l->walked < 2)
		return ERR_OK;
	if ((t = malloc(sizeof(*t))) == NULL)
		return err_mem(e);
	for (t->lo = 0;; t->lo = t->hi + 1) {
		t->hi = width > UINT64_MAX - t->lo ? UINT64_MAX : t->lo + width;
		pids_pass(l, t, false);
		while (t->taken == SLOTS / 2) {
			t->hi = t->lo + (t->hi - t->lo) / 2;
			pids_pass(l, t, false);
		}
		if (t->twice != 0)
			pids_pass(l, t, true);
		if (t->hi == UINT64_MAX)
			break;
	}
	secret_wipe(t, sizeof(*t));
	free(t);
	return ERR_OK;
}

/* Can records be found? A length of 0 is taken for 1, so that what follows
 * is looked at too. */
static bool
reach(struct lint *l)
{
	struct setupbin *sb = &l->sb;
	uint64_t start, n;

	if (l->n < SETUPBIN_CHUNK || setupbin_guid(sb->major) == NULL)
		return false;
	if (sb->head_chunks == 0)
		sb->head_chunks = 1;
	if (sb->record_chunks == 0)
		sb->record_chunks = 1;
	start = setupbin_offset(sb, 0);
	if (sb->record_chunks > SETUPBIN_CHUNKS_MAX || start > l->n)
		return false;
	n = (l->n - start) / (setupbin_offset(sb, 1) - start);
	l->walked = n < sb->count ? (uint32_t)n : sb->count;
	return true;
}

/* What is no Setup.bin, but near one. */

static bool
disk_read(void *arg, uint64_t lba, void *sector)
{
	const struct lint *l = arg;

	if (lba >= l->n / FAT_SECTOR)
		return false;
	memcpy(sector, l->p + (size_t)lba * FAT_SECTOR, FAT_SECTOR);
	return true;
}

/* A boot sector, or that of a partition table, with whatever behind it. */
static bool
is_disk(struct lint *l)
{
	const struct fat_disk disk = {
		.read = disk_read, .arg = l, .sectors = l->n / FAT_SECTOR
	};
	const char *detail = "no SETUP.BIN was found on it", *why;
	struct fat_file file;
	struct fat fat;

	if (l->n < FAT_SECTOR || l->p[510] != 0x55 || l->p[511] != 0xaa)
		return false;
	if (fat_open(&fat, &disk, &why) &&
	    fat_find(&fat, SETUPBIN_NAME, &file, &why))
		detail = "its SETUP.BIN is meant";
	found(l,
	    &(struct setuplint_found){
		.id = FINDING_DISK_IMAGE, .detail = detail });
	return true;
}

static bool
is_json(struct lint *l)
{
	size_t i = 0;

	while (
	    i < l->n && strchr(" \t\r\n", l->p[i]) != NULL && l->p[i] != '\0')
		i++;
	if (i == l->n || (l->p[i] != '{' && l->p[i] != '['))
		return false;
	at(l, FINDING_JSON_TEXT, 0);
	return true;
}

static bool
has_guid(const struct lint *l)
{
	for (unsigned v = 0; v <= UINT8_MAX && l->n >= 16; v++) {
		const uint8_t *guid = setupbin_guid((uint8_t)v);

		if (guid != NULL && memcmp(guid, l->p, 16) == 0)
			return true;
	}
	return false;
}

static enum err_code
run(struct lint *l, struct err *e)
{
	const struct setupbin_sink faults = { fault, l };

	if (!has_guid(l) && (is_disk(l) || is_json(l)))
		return ERR_OK;
	setupbin_judge(l->p, l->n, &l->sb, &faults);
	if (!reach(l))
		return ERR_OK;
	judge_head(l);
	judge_size(l);
	for (uint32_t i = 0; i < l->walked; i++) {
		l->record = i + 1;
		l->base = setupbin_offset(&l->sb, i);
		judge_record(l, l->p + l->base);
	}
	l->sum->records = l->walked;
	l->record = 0;
	l->base = 0;
	if (l->walked == l->sb.count && !l->modules_told)
		judge_modules(l);
	if (l->walked == l->sb.count)
		judge_consumed(l);
	return judge_pids(l, e);
}

enum err_code
setuplint_run(const uint8_t *p, size_t n, const struct setuplint_opts *opts,
    const struct setuplint_sink *sink, struct setuplint_sum *sum, struct err *e)
{
	struct lint *l = calloc(1, sizeof(*l));

	memset(sum, 0, sizeof(*sum));
	if (l == NULL)
		return err_mem(e);
	l->p = p;
	l->n = n;
	l->opts = opts;
	l->sink = sink;
	l->sum = sum;
	run(l, e);
	secret_wipe(l, sizeof(*l));
	free(l);
	return e->code;
}
