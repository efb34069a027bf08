/* SPDX-License-Identifier: Apache-2.0 */
/* amtforge-server chain check: would a device take this chain, and if not,
 * which rule stands against it, for each age of AMT. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/passphrase.h"
#include "base/stamp.h"
#include "base/text.h"
#include "base/x509fact.h"
#include "formats/cjson.h"
#include "formats/pkich.h"
#include "server/unitview.h"
#include "server/verbs.h"

#define FILE_MAX_BYTES (256 * 1024)
#define TEXT_MAX ((size_t)1 << 20)
#define RANGE_NAME 32
#define WIDTH 78
#define OLDEST 3 /* AMT 2 speaks only SOAP */

struct check {
	const struct cli_args *args;
	struct x509_chain chain;
	struct certfact *facts;
	struct pkich_policy policy;
	struct hashlist list; /* our root, as the devices have it */
	struct wr out;
	size_t refused;
	/* In words, versions in a row with one verdict are one: where it
	 * begins and ends so far, and what it says. */
	char from[RANGE_NAME], to[RANGE_NAME];
	struct wr said;
};

static const struct cli_opt check_opts[] = {
	{ "--amt", CLI_VALUE, "X.Y", "for this version only" },
	{ "--suffix", CLI_MANY, "DNS", "the devices' DNS suffix" },
	{ "--fqdn", CLI_VALUE, "NAME", "the server that is preset in them" },
	{ "--hash", CLI_MANY, "KIND",
	    "the kind of hash that they have of the root: sha1, sha256, "
	    "sha384" },
	{ "--chain-max", CLI_VALUE, "N", "certificates that they take" },
	{ "--key", CLI_SECRET, "FILE", "its private key, to be compared" },
	{ "--pass-file", CLI_SECRET, "FILE", "passphrase of a PFX or a key" },
	{ 0 },
};

/* Reading. */

/* ERR_PERM is what a reader says of a passphrase that is missing. */
static enum err_code
with_pass(struct check *c, const char *what, struct secret *pass, struct err *e)
{
	if (e->code != ERR_PERM || pass->len > 0)
		return e->code;
	err_clear(e);
	return passphrase_get(c->args, what, pass, e);
}

static enum err_code
read_chain(struct check *c, struct secret *pass, struct err *e)
{
	const char *path = c->args->pos[0];
	struct secret bytes = { 0 };

	if (file_read_secret(path, FILE_MAX_BYTES, &bytes, e) != ERR_OK)
		return e->code;
	if (cli_value(c->args, "--pass-file", NULL) != NULL)
		passphrase_get(c->args, "the chain", pass, e);
	if (e->code == ERR_OK &&
	    x509_chain_read(bytes.p, bytes.len, pass->len > 0 ? pass : NULL,
		&c->chain, e) != ERR_OK &&
	    with_pass(c, "the chain", pass, e) == ERR_OK)
		x509_chain_read(bytes.p, bytes.len, pass, &c->chain, e);
	secret_free(&bytes);
	return e->code == ERR_OK ? ERR_OK : err_in(e, "%s", path);
}

static enum err_code
read_key(struct check *c, struct secret *pass, struct err *e)
{
	const char *path = cli_value(c->args, "--key", NULL);
	struct crypto_key *key = NULL;
	struct secret bytes = { 0 };

	if (path == NULL)
		return ERR_OK;
	if (file_read_secret(path, FILE_MAX_BYTES, &bytes, e) == ERR_OK &&
	    crypto_key_read(bytes.p, bytes.len, pass->len > 0 ? pass : NULL,
		&key, e) != ERR_OK &&
	    with_pass(c, "the key", pass, e) == ERR_OK)
		crypto_key_read(bytes.p, bytes.len, pass, &key, e);
	if (e->code == ERR_OK && !x509_matches_key(c->chain.cert[0], key))
		err_set(e, ERR_DATA,
		    "not the key of the first certificate: no device can be "
		    "shown the chain with it");
	crypto_key_free(key);
	secret_free(&bytes);
	return e->code == ERR_OK ? ERR_OK : err_in(e, "%s", path);
}

static enum err_code
read_hashes(struct check *c, struct err *e)
{
	const char *kind;
	enum hash_type type;
	const uint8_t *der;
	size_t n;

	der = x509_der(c->chain.cert[c->chain.n - 1], &n);
	for (int i = 0; (kind = cli_nth(c->args, "--hash", i)) != NULL; i++) {
		if (!hashlist_type_parse(kind, &type))
			return err_set(e, ERR_USAGE,
			    "--hash %.32s: sha1, sha256 or sha384", kind);
		if (c->list.n == HASHLIST_MAX)
			return err_set(e, ERR_USAGE, "--hash: too many");
		hashlist_of_der(&c->list.e[c->list.n++], type, der, n);
	}
	c->policy.hashes = c->list.n > 0 ? &c->list : NULL;
	return ERR_OK;
}

static enum err_code
read_policy(struct check *c, struct err *e)
{
	struct pkich_policy *p = &c->policy;
	unsigned long most = 0;
	const char *suffix;

	pkich_defaults(&p->choice);
	p->fqdn = cli_value(c->args, "--fqdn", "");
	for (int i = 0; (suffix = cli_nth(c->args, "--suffix", i)) != NULL;
	     i++) {
		if (p->nsuffixes == PKICH_SUFFIXES)
			return err_set(e, ERR_USAGE,
			    "--suffix: a device knows at most %d",
			    PKICH_SUFFIXES);
		p->suffix[p->nsuffixes++] = suffix;
	}
	p->any_suffix = p->nsuffixes == 0;
	if (cli_number(c->args, "--chain-max", 1, X509_CHAIN_MAX,
		p->choice.chain_max, &most, e) != ERR_OK)
		return e->code;
	p->choice.chain_max = most;
	return read_hashes(c, e);
}

/* Telling. */

static void
put_cert_words(struct check *c, size_t i)
{
	const struct certfact *f = &c->facts[i];
	char from[STAMP_LEN], to[STAMP_LEN];

	stamp_utc(from, (time_t)f->not_before);
	stamp_utc(to, (time_t)f->not_after);
	wr_fmt(&c->out, "%zu  %s\n", i + 1, f->subject);
	wr_fmt(&c->out, "   signed by %s\n", f->root ? "itself" : f->issuer);
	wr_fmt(&c->out, "   %s %u, %s, %.10s to %.10s%s\n",
	    certfact_key_name(f->key), f->bits, certfact_digest_name(f->digest),
	    from, to, f->ca ? ", CA" : "");
	if (i > 0)
		return;
	wr_fmt(&c->out, "   usage:%s%s", f->eku[0] != '\0' ? f->eku : " none",
	    certfact_has_eku(f, PKICH_AMT_OID) ? "(AMT set-up)" : "");
	for (size_t k = 0; k < f->nou; k++)
		wr_fmt(&c->out, "; OU %s", f->ou[k]);
	wr_str(&c->out, "\n");
}

static void
put_root_words(struct check *c)
{
	const struct certfact *f = &c->facts[c->chain.n - 1];
	char hex[TEXT_HEX_SIZE(HASHLIST_HASH)];
	struct hash_entry h;

	for (enum hash_type t = HASH_SHA1; t <= HASH_SHA384; t++) {
		hashlist_of_der(&h, t, f->der, f->der_len);
		text_hex(hex, h.hash, hashlist_hash_len(t));
		wr_fmt(&c->out, "   %s %s\n", hashlist_type_name(t), hex);
	}
}

static void
put_head(struct check *c)
{
	for (size_t i = 0; i < c->chain.n; i++)
		put_cert_words(c, i);
	put_root_words(c);
	if (c->policy.any_suffix)
		wr_str(&c->out,
		    "for devices whose DNS suffix agrees with the CN; --suffix "
		    "holds it against one\n");
	wr_str(&c->out, "\nBy version of AMT:\n");
}

/* Words, broken at the width of a terminal; the first line begins at col. */
static void
put_wrapped(struct wr *w, size_t col, const char *text)
{
	size_t word;

	for (; *text != '\0'; text += strspn(text, " ")) {
		word = strcspn(text, " ");
		if (col > 4 && col + 1 + word > WIDTH) {
			wr_str(w, "\n    ");
			col = 4;
		} else if (col > 4) {
			wr_u8(w, ' ');
			col++;
		}
		wr_bytes(w, text, word);
		col += word;
		text += word;
	}
	wr_u8(w, '\n');
}

static void
put_item(struct wr *w, const char *what, const char *text)
{
	wr_fmt(w, "    %s", what);
	put_wrapped(w, 4 + strlen(what), text);
}

/* A detail names the version that it was judged for, a range has many. */
static void
without_version(const char *detail, const char *amt, char *out, size_t room)
{
	char name[RANGE_NAME];
	const char *at;

	snprintf(name, sizeof(name), "AMT %s", amt);
	if ((at = strstr(detail, name)) == NULL)
		snprintf(out, room, "%s", detail);
	else
		snprintf(out, room, "%.*sthis AMT%s", (int)(at - detail),
		    detail, at + strlen(name));
}

static void
put_verdict(struct wr *w, const char *amt, const struct pkich_verdict *v)
{
	const struct reason *why = reason_get(v->reason);
	char detail[sizeof(v->detail) + 16];

	if (v->reason == REASON_NONE) {
		wr_str(w, "taken\n");
	} else {
		wr_fmt(w, "%s\n", why->code);
		without_version(v->detail, amt, detail, sizeof(detail));
		put_item(w, "found:", detail);
		put_item(w, "do:", why->mend);
	}
	for (size_t i = 0; i < v->nnotes; i++)
		put_item(w, "note:", v->note[i]);
	if (v->reason == REASON_NONE && !v->time_valid)
		put_item(w, "note:",
		    "not in its time; devices record that, and do not refuse "
		    "it");
}

static void
end_range(struct check *c)
{
	if (c->said.len > 0) {
		if (c->to[0] == '\0')
			wr_fmt(&c->out, "%s and later: ", c->from);
		else if (strcmp(c->from, c->to) == 0)
			wr_fmt(&c->out, "%s: ", c->from);
		else
			wr_fmt(&c->out, "%s to %s: ", c->from, c->to);
		wr_bytes(&c->out, c->said.buf, c->said.len);
	}
	wr_free(&c->said);
	wr_grow(&c->said, TEXT_MAX);
}

/* The last version that this row speaks for: the one before the next row; ""
 * where none follows. */
static void
range_end(const struct generation *g, const char *more, char *out)
{
	const struct generation *next;
	size_t i = 0;

	while (generation_nth(i) != g)
		i++;
	next = generation_nth(i + 1);
	if (next == NULL)
		out[0] = '\0';
	else if (next->minor > 0)
		snprintf(out, RANGE_NAME, "%u.%u%s", next->major,
		    next->minor - 1U, more);
	else
		snprintf(out, RANGE_NAME, "%u.x%s", next->major - 1U, more);
}

static void
put_row_words(struct check *c, const struct generation *g, const char *more,
    const struct pkich_verdict *v)
{
	struct wr said;
	char amt[8];

	generation_text(g, amt);
	wr_grow(&said, TEXT_MAX);
	put_verdict(&said, amt, v);
	if (said.failed || c->said.len != said.len ||
	    memcmp(c->said.buf, said.buf, said.len) != 0) {
		end_range(c);
		snprintf(c->from, sizeof(c->from), "%s%s", amt, more);
		wr_free(&c->said);
		c->said = said;
	} else
		wr_free(&said);
	range_end(g, more, c->to);
}

static void
put_row_json(struct check *c, const char *amt, const struct pkich_verdict *v)
{
	const struct reason *why = reason_get(v->reason);
	bool taken = v->reason == REASON_NONE;
	struct wr *w = &c->out;

	wr_u8(w, '{');
	cjson_put_member(w, "amt", amt);
	wr_fmt(w, ",\"taken\":%s", taken ? "true" : "false");
	if (!taken) {
		cjson_put_member(w, "reason", why->code);
		wr_fmt(w, ",\"certificate\":%zu,\"alert\":%d", v->at + 1,
		    (int)v->alert);
		unitview_put(w, "shown", v->shown);
		unitview_put(w, "wanted", v->wanted);
		unitview_put(w, "detail", v->detail);
		cjson_put_member(w, "rule", why->rule);
		cjson_put_member(w, "mend", why->mend);
	}
	wr_fmt(w, ",\"time_valid\":%s,\"notes\":[",
	    v->time_valid ? "true" : "false");
	for (size_t i = 0; i < v->nnotes; i++) {
		wr_str(w, i > 0 ? "," : "");
		cjson_put_string(w, v->note[i]);
	}
	wr_str(w, "]}\n");
}

static void
judge_one(struct check *c, const struct generation *g, bool h_chipset)
{
	const char *more = !g->differs_by_chipset ? ""
	    : h_chipset                           ? " H"
						  : " not H";
	char amt[8], name[RANGE_NAME];
	struct pkich_verdict v;

	generation_text(g, amt);
	snprintf(name, sizeof(name), "%s%s", amt, more);
	c->policy.generation = g;
	c->policy.choice.h_chipset = h_chipset;
	pkich_judge(&c->policy, c->facts, c->chain.n, (int64_t)time(NULL), &v);
	if (c->args->json)
		put_row_json(c, name, &v);
	else
		put_row_words(c, g, more, &v);
	c->refused += v.reason != REASON_NONE;
}

static void
judge_row(struct check *c, const struct generation *g)
{
	if (g->differs_by_chipset)
		judge_one(c, g, false);
	judge_one(c, g, true);
}

static enum err_code
judge_all(struct check *c, struct err *e)
{
	const char *amt = cli_value(c->args, "--amt", NULL);
	const struct generation *g;
	uint8_t major, minor;

	if (amt != NULL &&
	    (!text_version(amt, &major, &minor) || major < OLDEST))
		return err_set(e, ERR_USAGE,
		    "--amt %.32s: a firmware version is %d.0 or later, such as "
		    "11.8",
		    amt, OLDEST);
	if (!c->args->json)
		put_head(c);
	if (amt != NULL)
		judge_row(c, generation_of(major, minor));
	for (size_t i = 0; amt == NULL && (g = generation_nth(i)) != NULL; i++)
		if (g->major >= OLDEST)
			judge_row(c, g);
	end_range(c);
	return ERR_OK;
}

static enum err_code
run_check(const struct cli_args *a, struct err *e)
{
	struct check c = { .args = a };
	struct secret pass = { 0 };

	wr_grow(&c.out, TEXT_MAX);
	wr_grow(&c.said, TEXT_MAX);
	if (read_chain(&c, &pass, e) == ERR_OK &&
	    read_key(&c, &pass, e) == ERR_OK && read_policy(&c, e) == ERR_OK) {
		if ((c.facts = x509fact_read(&c.chain)) == NULL)
			err_mem(e);
		else if (judge_all(&c, e) == ERR_OK)
			cli_print(&c.out, e);
	}
	wr_free(&c.out);
	wr_free(&c.said);
	x509fact_free(c.facts);
	x509_chain_free(&c.chain);
	secret_free(&pass);
	/* Each that refuses was told. */
	return e->code == ERR_OK && c.refused > 0 ? ERR_SOME : e->code;
}

const struct cli_verb chaincheck_verbs[] = {
	{ "chain check", "FILE",
	    "tell which devices would take a chain, and why others would not",
	    check_opts, 1, 1, run_check },
	{ 0 },
};
