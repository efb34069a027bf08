/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One-touch keys of an order. A key is recorded first and published then, both
 * from what the ledger holds, so a run that was killed is simply repeated: it
 * finds the key by its order and name and makes the same bytes. A consumable
 * key whose file was whole once and is gone was carried away: its records are
 * not written a second time, unless that is asked for by the key's name.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/log.h"
#include "base/passphrase.h"
#include "base/text.h"
#include "factory/credential.h"
#include "factory/keyfill.h"
#include "factory/keylist.h"
#include "factory/keypass.h"
#include "factory/keyring.h"
#include "factory/keyunits.h"
#include "factory/order.h"
#include "factory/verbs.h"
#include "formats/cjson.h"
#include "formats/passwd.h"
#include "formats/reason.h"
#include "formats/setupvar.h"

#define MANY 1000 /* records that a BIOS reads in about 15 s */
#define COUNT_MAX 10000000

struct make {
	const struct cli_args *a;
	struct ledger *l;
	struct order *o;
	struct keyring_key want, k; /* as asked, as the ledger has it */
	struct keyunits units;      /* that are named */
	bool mebx_given, force, pipe;
	bool lint; /* what is written is new, and nothing of it is yet */
	const char *again;
	struct file_out *out;
	struct cli_bar bar;
};

/* Options. */

static enum err_code
read_password(const struct cli_args *a, const char *option,
    char out[static PASSWD_MAX + 1], struct err *e)
{
	const char *path = cli_value(a, option, NULL);

	if (path != NULL &&
	    passphrase_line(path, reason_get(REASON_PASSWORD_UNSOUND), out,
		PASSWD_MAX + 1, e) != ERR_OK)
		err_in(e, "%s", option);
	return e->code;
}

static enum err_code
read_passwords(struct make *m, struct err *e)
{
	static const char new[] = "--mebx-file", old[] = "--current-file";
	struct keyring_key *k = &m->want;
	const char *why;

	m->mebx_given = cli_flag(m->a, new);
	if (m->mebx_given && !keyring_single(&m->o->profile))
		return err_set(e, ERR_USAGE,
		    "%s: each unit of order %s has an MEBx password of its own",
		    new, m->o->id);
	if (strcmp(cli_value(m->a, new, ""), "-") == 0 &&
	    strcmp(cli_value(m->a, old, ""), "-") == 0)
		return err_set(
		    e, ERR_USAGE, "%s and %s: one pipe only", new, old);
	if (read_password(m->a, new, k->mebx, e) != ERR_OK ||
	    read_password(m->a, old, k->current, e) != ERR_OK)
		return e->code;
	if (!m->mebx_given)
		return ERR_OK;
	switch (passwd_judge(k->mebx, &why)) {
	case PASSWD_BAD:
		err_refuse(e, ERR_DATA, reason_get(REASON_PASSWORD_UNSOUND),
		    "%s: %s", new, why);
		break;
	case PASSWD_RISKY:
		log_warn("%s: %s", new, why);
		break;
	case PASSWD_GOOD:
		break;
	}
	return e->code;
}

static enum err_code
read_version(struct make *m, struct err *e)
{
	struct keyring_key *k = &m->want;
	const char *version = cli_value(m->a, "--amt-file-version", NULL);
	unsigned long smb;

	if (version == NULL)
		keyfill_default(&m->o->profile, &k->major, &k->minor);
	else if (!keyfill_version(version, &k->major, &k->minor))
		return err_set(
		    e, ERR_USAGE, "--amt-file-version is 1, 2, 2.1, 3 or 4");
	k->scrambled = cli_flag(m->a, "--scramble");
	if (k->scrambled && k->major < 4)
		return err_set(e, ERR_USAGE,
		    "--scramble: a file of version %u.%u has no scrambled "
		    "records, 4.0 has",
		    k->major, k->minor);
	if (cli_number(m->a, "--smb-value", 1, 2, 1, &smb, e) == ERR_OK &&
	    m->o->profile.mode == RECORD_SMB)
		k->smb = (uint8_t)smb;
	return e->code;
}

/* An absolute name, so that a repeat from elsewhere finds the key. */
static enum err_code
read_out(struct make *m, struct err *e)
{
	char dir[KEYRING_PATH], *real;
	const char *out, *slash;

	if (cli_need(m->a, "--out", &out, e) != ERR_OK)
		return e->code;
	m->pipe = strcmp(out, "-") == 0;
	if (m->pipe) {
		strcpy(m->want.out, "-");
		return ERR_OK;
	}
	slash = strrchr(out, '/');
	if (strlen(out) >= sizeof(dir) || out[0] == '\0' ||
	    (slash != NULL && slash[1] == '\0'))
		return err_set(
		    e, ERR_USAGE, "--out %.64s: not a file's name", out);
	snprintf(dir, sizeof(dir), "%.*s/",
	    slash == NULL ? 1 : (int)(slash - out), slash == NULL ? "." : out);
	if ((real = realpath(dir, NULL)) == NULL)
		return err_sys(e, ERR_CREATE, "%s", out);
	file_join(m->want.out, sizeof(m->want.out), real,
	    slash == NULL ? out : slash + 1, e);
	free(real);
	return e->code;
}

static enum err_code
read_units(struct make *m, struct err *e)
{
	bool single = keyring_single(&m->o->profile);
	unsigned long count;

	if (cli_number(m->a, "--count", 1, COUNT_MAX, 0, &count, e) != ERR_OK ||
	    keyunits_read(m->a, &m->units, e) != ERR_OK)
		return e->code;
	m->want.asked = (uint32_t)count;
	m->want.named = (uint32_t)m->units.n;
	if (count > 0 && m->units.n > 0)
		err_set(e, ERR_USAGE,
		    "--count: the units that --unit names are all on the key");
	else if (single && (count > 0 || m->units.n > 0))
		err_set(e, ERR_USAGE,
		    "%s: one record serves all machines of order %s",
		    count > 0 ? "--count" : "--unit", m->o->id);
	return e->code;
}

static enum err_code
read_options(struct make *m, struct err *e)
{
	static const char *const others[] = { "--count", "--unit",
		"--amt-file-version", "--scramble", "--smb-value",
		"--mebx-file", "--current-file" };

	m->force = cli_flag(m->a, "--force");
	m->again = cli_value(m->a, "--again", NULL);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (m->again != NULL && cli_flag(m->a, others[i]))
			return err_set(e, ERR_USAGE,
			    "--again: the key is written as it was made; %s "
			    "has no place",
			    others[i]);
	if (read_out(m, e) != ERR_OK || read_units(m, e) != ERR_OK)
		return e->code;
	if (m->again != NULL || read_version(m, e) != ERR_OK)
		return e->code;
	return read_passwords(m, e);
}

/* One PSK for all machines is made only by who says so. */
static enum err_code
judge_shared(const struct make *m, struct err *e)
{
	const struct profile *p = &m->o->profile;
	bool said = cli_flag(m->a, "--insecure-shared-psk");
	bool shared = !p->pki && p->key_shared;

	if (said && !shared)
		return err_set(e, ERR_USAGE,
		    "--insecure-shared-psk: order %s has no PSK that its units "
		    "share",
		    m->o->id);
	if (!said && shared)
		return err_refuse(e, ERR_PERM, reason_get(REASON_KEY_SHARED),
		    "order %s: its units share one PSK, so every machine that "
		    "takes the key gets it",
		    m->o->id);
	if (shared)
		log_warn("--insecure-shared-psk: whoever has this key, or one "
			 "machine, can pose as every machine of order %s",
		    m->o->id);
	return ERR_OK;
}

static enum err_code
judge(const struct make *m, struct err *e)
{
	struct profile_notes notes = { 0 };

	if (judge_shared(m, e) != ERR_OK || m->again != NULL)
		return e->code;
	if (keyfill_judge(m->o, &m->want, &notes, e) != ERR_OK)
		return e->code;
	for (size_t i = 0; i < notes.n; i++)
		log_warn("%s", notes.text[i]);
	return ERR_OK;
}

/* The file. */

/* Without a file it is only digested. */
static enum err_code
sink(void *arg, const void *p, size_t n, struct err *e)
{
	struct make *m = arg;

	cli_bar_step(&m->bar, n / SETUPBIN_CHUNK);
	if (m->lint && keyfill_lint(m->o, p, n, e) != ERR_OK)
		return e->code;
	m->lint = false;
	return m->out == NULL ? ERR_OK : file_out_write(m->out, p, n, e);
}

static enum err_code
open_file(struct make *m, struct err *e)
{
	int how = FILE_SECRET | (m->force ? FILE_REPLACE : FILE_NEW);

	return file_out_new(m->want.out, how, &m->out, e);
}

static enum err_code
write_file(struct make *m, struct err *e)
{
	cli_bar_start(&m->bar, "key", m->k.records + (size_t)1);
	keyfill_write(m->l, m->o, &m->k, sink, m, e);
	cli_bar_end(&m->bar);
	return e->code;
}

/* Is the file there the key's? */
static bool
is_there(const struct make *m)
{
	char hex[TEXT_HEX_SIZE(SHA256_LEN)] = "";
	uint8_t digest[SHA256_LEN];
	const uint8_t *p;
	struct err e;
	size_t n;

	err_clear(&e);
	if (m->pipe || file_map(m->want.out, &p, &n, &e) != ERR_OK)
		return false;
	digest_sha256(p, n, digest);
	file_unmap(p, n);
	text_hex(hex, digest, sizeof(digest));
	return strcmp(hex, m->k.sha256) == 0;
}

/* A pipe gets its bytes here, when the key is durable: what is handed out and
 * not recorded would be handed out twice. Another run with the same name may
 * have been faster: then the file is there. */
static enum err_code
publish(struct make *m, struct err *e)
{
	if (m->pipe && m->out == NULL && open_file(m, e) == ERR_OK)
		write_file(m, e);
	if (e->code == ERR_OK && file_out_commit(m->out, e) == ERR_CREATE &&
	    is_there(m))
		err_clear(e);
	return e->code;
}

/* A new key. */

/* Which password the machines get: given, that of the order's keys, or new. */
static enum err_code
choose_password(struct make *m, struct err *e)
{
	char has[PASSWD_MAX + 1];

	if (!keyring_single(&m->o->profile))
		return ERR_OK;
	if (keypass_get(m->l, m->o->id, has, e) != ERR_OK)
		goto out;
	if (has[0] != '\0' && m->mebx_given && strcmp(has, m->k.mebx) != 0)
		err_refuse(e, ERR_DATA, reason_get(REASON_KEY_DIFFERS),
		    "order %s: an earlier key gives its machines another MEBx "
		    "password than --mebx-file",
		    m->o->id);
	else if (has[0] != '\0')
		memcpy(m->k.mebx, has, sizeof(has));
	else if (!m->mebx_given)
		credential_password(m->k.mebx, e);
out:
	secret_wipe(has, sizeof(has));
	return e->code;
}

static enum err_code
tell_units(const struct make *m, uint64_t n, struct err *e)
{
	if (n > 0)
		log_info("%llu unit%s of order %s %s the key's MEBx password "
			 "in place of another; make manifest and images after "
			 "this",
		    (unsigned long long)n, text_plural(n), m->o->id,
		    n == 1 ? "takes" : "take");
	if (m->o->profile.pki || !m->o->profile.key_shared)
		return ERR_OK;
	return ledger_audit(
	    m->l, "setupbin insecure-shared-psk", m->k.id, m->o->id, e);
}

/* Everything of a new key that is in the transaction. */
static enum err_code
make_new(struct make *m, struct err *e)
{
	uint64_t n = 0;

	/* A name that is taken is refused before anything is made. */
	if (!m->pipe && open_file(m, e) != ERR_OK)
		return e->code;
	m->k = m->want;
	m->lint = true;
	if (choose_password(m, e) != ERR_OK ||
	    keyring_add(m->l, m->o, &m->k, e) != ERR_OK ||
	    (m->units.n > 0 &&
		keyunits_give(m->l, &m->units, &m->k, e) != ERR_OK))
		return e->code;
	if (keyring_single(&m->o->profile) &&
	    keypass_adopt(m->l, m->o, &m->k, &n, e) != ERR_OK)
		return e->code;
	if (write_file(m, e) != ERR_OK ||
	    keyring_done(m->l, &m->k, e) != ERR_OK)
		return e->code;
	return tell_units(m, n, e);
}

/* A key that the ledger has. */

/* The factory's password is the same said or not, but where the machines would
 * be taken to have their own. */
static bool
same_current(const struct keyring_key *a, const struct keyring_key *b)
{
	const char *x = a->current, *y = b->current;

	if (a->own == 0) {
		x = x[0] != '\0' ? x : KEYFILL_FACTORY;
		y = y[0] != '\0' ? y : KEYFILL_FACTORY;
	}
	return strcmp(x, y) == 0;
}

static bool
same_options(const struct make *m, const struct keyring_key *k)
{
	const struct keyring_key *w = &m->want;

	return k->major == w->major && k->minor == w->minor &&
	    k->scrambled == w->scrambled && k->smb == w->smb &&
	    k->asked == w->asked && same_current(k, w) &&
	    (!m->mebx_given || strcmp(k->mebx, w->mebx) == 0);
}

static enum err_code
find_same(void *arg, const struct keyring_key *k, struct err *e)
{
	struct make *m = arg;

	(void)e;
	if (same_options(m, k))
		m->k = *k;
	return ERR_OK;
}

/* The key that is to be written, if it was made before. */
static enum err_code
find(struct make *m, bool *there, struct err *e)
{
	struct keyring_key *k = &m->k;
	bool same = false;

	*there = true;
	if (m->again != NULL) {
		if (keyring_load(m->l, m->again, k, e) == ERR_OK &&
		    strcmp(k->order, m->o->id) != 0)
			err_refuse(e, ERR_DATA, reason_get(REASON_KEY_UNKNOWN),
			    "key %s is of order %s, not of %s", k->id, k->order,
			    m->o->id);
		return e->code;
	}
	*there = false;
	/* The same record on another stick is the same key. */
	if (keyring_single(&m->o->profile)) {
		keyring_each_key(m->l, m->o->id, find_same, m, e);
		*there = k->id[0] != '\0';
		if (*there || e->code != ERR_OK)
			return e->code;
	}
	if (m->pipe ||
	    keyring_find(m->l, m->o->id, m->want.out, k, there, e) != ERR_OK ||
	    !*there || keyunits_same(m->l, &m->units, k, &same, e) != ERR_OK ||
	    (same && same_options(m, k)))
		return e->code;
	return err_refuse(e, ERR_CREATE, reason_get(REASON_KEY_DIFFERS),
	    "%s: key %s was made under this name, with other options",
	    m->want.out, k->id);
}

/* The same bytes again, where they are not there. */
static enum err_code
rewrite(struct make *m, struct err *e)
{
	char sha256[sizeof(m->k.sha256)];

	if (is_there(m))
		return ERR_OK;
	if (!m->force && !m->pipe && file_exists(m->want.out))
		return err_set(e, ERR_CREATE,
		    "%s: exists already, and is not key %s as it was made "
		    "(--force replaces it)",
		    m->want.out, m->k.id);
	if (!keyring_single(&m->o->profile) && m->k.unused < m->k.records)
		return err_refuse(e, ERR_DATA, reason_get(REASON_KEY_USED),
		    "key %s: %u of its %u records were seen as used, and a new "
		    "copy would offer them again",
		    m->k.id, m->k.records - m->k.unused, m->k.records);
	if (!keyring_single(&m->o->profile) && m->again == NULL &&
	    m->k.written[0] != '\0')
		return err_refuse(e, ERR_CREATE, reason_get(REASON_KEY_WRITTEN),
		    "%s: key %s was written there at %s, and is not there any "
		    "more",
		    m->want.out, m->k.id, m->k.written);
	memcpy(sha256, m->k.sha256, sizeof(sha256));
	if ((!m->pipe && open_file(m, e) != ERR_OK) ||
	    write_file(m, e) != ERR_OK)
		return e->code;
	if (strcmp(sha256, m->k.sha256) != 0)
		return err_refuse(e, ERR_DATA,
		    reason_get(REASON_LEDGER_DAMAGED),
		    "key %s cannot be made again as it was: the ledger gives "
		    "other bytes",
		    m->k.id);
	if (ledger_audit(m->l, "setupbin again", m->k.id, m->want.out, e) !=
		ERR_OK ||
	    publish(m, e) != ERR_OK)
		return e->code;
	if (!keyring_single(&m->o->profile))
		log_warn("key %s was made at %s and is written once more: the "
			 "same records, not new ones. Use one copy only",
		    m->k.id, m->k.created);
	return ERR_OK;
}

/* Telling. */

static void
tell_words(const struct make *m)
{
	const struct keyring_key *k = &m->k;

	if (k->records > MANY)
		log_warn("key %s has %u records: a BIOS reads about 70 in a "
			 "second before it starts; --count makes smaller keys",
		    k->id, k->records);
	log_info("key %s: %u record%s, file version %u.%u%s", k->id, k->records,
	    text_plural(k->records), k->major, k->minor,
	    m->pipe ? "; --again with its name writes it once more" : "");
	if (k->own > 0 && k->current[0] == '\0')
		log_info("the images of %u of its units were written: their "
			 "machines have their own MEBx password already, and "
			 "their records say so",
		    k->own);
	if (keyring_single(&m->o->profile))
		log_info("its record is not consumed: it serves every machine "
			 "of order %s",
		    m->o->id);
	else
		log_info("machines take its records in order: plug the key "
			 "into them in the order of these rows; record k is "
			 "for the machine with the UUID of row k");
}

static enum err_code
print_rows(struct make *m, struct err *e)
{
	struct keylist_rows rows = { .a = m->a, .key = m->k.id };

	/* A pipe that took the key takes no rows. */
	if (!m->pipe &&
	    keyring_each(m->l, m->k.id, keylist_record, &rows, e) == ERR_OK &&
	    fflush(stdout) == EOF)
		err_sys(e, ERR_IO, "standard output");
	return e->code;
}

static enum err_code
make(struct make *m, struct err *e)
{
	struct db *db = ledger_db(m->l);
	bool there;

	if (db_begin(db, e) != ERR_OK)
		return e->code;
	if (find(m, &there, e) == ERR_OK && !there)
		make_new(m, e);
	if (db_end(db, e) != ERR_OK)
		return e->code;
	if ((there ? rewrite : publish)(m, e) != ERR_OK) {
		if (!there)
			err_in(
			    e, "key %s is recorded, but not written", m->k.id);
		return e->code;
	}
	if (keyring_written(m->l, &m->k, e) != ERR_OK)
		return e->code;
	tell_words(m);
	return print_rows(m, e);
}

static enum err_code
run_make(const struct cli_args *a, struct err *e)
{
	struct make *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return err_mem(e);
	m->a = a;
	if (ledger_open_args(a, &m->l, e) == ERR_OK &&
	    order_load(m->l, a->pos[1], &m->o, e) == ERR_OK &&
	    read_options(m, e) == ERR_OK && judge(m, e) == ERR_OK)
		make(m, e);
	file_out_free(m->out);
	order_free(m->o);
	ledger_close(m->l);
	secret_wipe(m, sizeof(*m));
	free(m);
	return e->code;
}

static const struct cli_opt make_opts[] = {
	{ "--out", CLI_VALUE, "FILE|-", "the key's SETUP.BIN, mode 600" },
	{ "--count", CLI_VALUE, "N",
	    "at most N records on a PSK key (default: all units that are on "
	    "none)" },
	{ "--unit", CLI_MANY, "UUID",
	    "a record for this unit: it is on no key, or its record came back "
	    "as possibly applied" },
	{ "--amt-file-version", CLI_VALUE, "V",
	    "1, 2, 2.1, 3 or 4 (default: what the profile's AMT version is "
	    "known to read)" },
	{ "--scramble", CLI_FLAG, NULL,
	    "obscure the records; it protects nothing" },
	{ "--mebx-file", CLI_SECRET, "FILE|-",
	    "the MEBx password that all machines get from a PKI key (default: "
	    "a strong one is made)" },
	{ "--current-file", CLI_SECRET, "FILE|-",
	    "the MEBx password that the machines have (default: the "
	    "factory's, or the unit's own where its image was written)" },
	{ "--smb-value", CLI_VALUE, "1|2",
	    "how the file writes small-business mode (default 1; sources "
	    "disagree)" },
	{ "--again", CLI_VALUE, "KEY",
	    "write a key that was made before, as it was made" },
	{ "--insecure-shared-psk", CLI_FLAG, NULL,
	    "put the PSK that all units share on a key; leaves an audit row" },
	{ "--force", CLI_FLAG, NULL, "replace FILE" },
	LEDGER_OPT_KEY,
	{ 0 },
};
const struct cli_verb setupkey_verbs[] = {
	{ "setupbin make",
	    "LEDGER ORDER --out FILE [--count N | --unit UUID...]",
	    "make a one-touch key of an order: a PSK record for each unit, or "
	    "one PKI record for all",
	    make_opts, 2, 2, run_make },
	{ 0 },
};
