/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "formats/pkich.h"

struct judge {
	const struct pkich_policy *p;
	const struct certfact *f;
	size_t n;
	struct pkich_verdict *v;
};

void
pkich_defaults(struct pkich_choice *c)
{
	*c = (struct pkich_choice){ .chain_max = 4,
		.unsaid_hashes = true,
		.unsaid_keys = true,
		.h_chipset = true,
		.domain = -1 };
}

/* Records a refusal; always false, so that a check can end with it. */
static bool __attribute__((format(printf, 4, 5))) refuse(const struct judge *j,
    enum reason_id id, enum pkich_alert alert, const char *fmt, ...)
{
	struct pkich_verdict *v = j->v;
	va_list ap;

	v->reason = id;
	v->alert = alert;
	va_start(ap, fmt);
	vsnprintf(v->detail, sizeof(v->detail), fmt, ap);
	va_end(ap);
	return false;
}

static void __attribute__((format(printf, 3, 4)))
set(char *out, size_t room, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(out, room, fmt, ap);
	va_end(ap);
}

/* The two values that a check compares, before it refuses. */
#define SHOWN(j, ...) set((j)->v->shown, sizeof((j)->v->shown), __VA_ARGS__)
#define WANTED(j, ...) set((j)->v->wanted, sizeof((j)->v->wanted), __VA_ARGS__)

static void
note(const struct judge *j, const char *words)
{
	struct pkich_verdict *v = j->v;

	for (size_t i = 0; i < v->nnotes; i++)
		if (v->note[i] == words)
			return;
	if (v->nnotes < PKICH_NOTES)
		v->note[v->nnotes++] = words;
}

/* AMT 15 on other chip sets is as 14 in what it takes. */
static bool
old_still_taken(const struct pkich_policy *p)
{
	return p->generation->differs_by_chipset && !p->choice.h_chipset;
}

/* What a program on the host named stands before all else: whoever is not meant
 * learns nothing of the other rules. */
static bool
check_leaf(const struct judge *j)
{
	char shown[TEXT_HEX_SIZE(HASHLIST_HASH)];
	size_t n = hashlist_hash_len(j->p->leaf_type);
	struct hash_entry own;

	if (j->p->leaf == NULL || j->n == 0)
		return true;
	hashlist_of_der(&own, j->p->leaf_type, j->f[0].der, j->f[0].der_len);
	if (memcmp(own.hash, j->p->leaf, n) == 0)
		return true;
	text_hex(shown, own.hash, n);
	SHOWN(j, "%s", shown);
	text_hex(shown, j->p->leaf, n);
	WANTED(j, "%s", shown);
	return refuse(j, REASON_LEAF_NOT_PINNED,
	    PKICH_ALERT_CERTIFICATE_UNKNOWN,
	    "the certificate of %.80s has the %s hash %.16s..., the host "
	    "started set-up for %.16s...",
	    j->f[0].subject, hashlist_type_name(j->p->leaf_type), j->v->shown,
	    j->v->wanted);
}

/* Chain. */

/* The certificate that would belong behind number i, or n. */
static size_t
issuer_of(const struct judge *j, size_t i)
{
	size_t k = 0;

	while (k < j->n &&
	    (k == i || strcmp(j->f[k].subject, j->f[i].issuer) != 0))
		k++;
	return k;
}

static bool
check_link(const struct judge *j, size_t i)
{
	const struct certfact *f = &j->f[i];
	size_t up = issuer_of(j, i);

	if (f->fault == NULL)
		return true;
	j->v->at = i;
	SHOWN(j, "%s", f->subject);
	WANTED(j, "%s", f->issuer);
	if (up < j->n && up != i + 1 && !f->root)
		return refuse(j, REASON_CHAIN_INVALID,
		    PKICH_ALERT_CERTIFICATE_UNKNOWN,
		    "certificate %zu (%.80s) is signed by number %zu "
		    "(%.80s): the order must be leaf, intermediates, root",
		    i + 1, f->subject, up + 1, f->issuer);
	return refuse(j, REASON_CHAIN_INVALID, PKICH_ALERT_CERTIFICATE_UNKNOWN,
	    "certificate %zu (%.80s), signed by %.80s: %s", i + 1, f->subject,
	    f->issuer, f->fault);
}

static bool
check_chain(const struct judge *j)
{
	size_t most = j->p->choice.chain_max;
	const struct certfact *last = &j->f[j->n > 0 ? j->n - 1 : 0];

	if (j->n == 0)
		return refuse(j, REASON_CHAIN_MISSING,
		    PKICH_ALERT_HANDSHAKE_FAILURE,
		    "no certificate was presented");
	SHOWN(j, "%zu", j->n);
	WANTED(j, "at most %zu", most);
	if (j->n > most)
		return refuse(j, REASON_CHAIN_TOO_LONG,
		    PKICH_ALERT_CERTIFICATE_UNKNOWN,
		    "chain of %zu certificates, at most %zu", j->n, most);
	for (size_t i = 0; i + 1 < j->n; i++)
		if (!check_link(j, i))
			return false;
	if (!last->root) {
		j->v->at = j->n - 1;
		SHOWN(j, "%s", last->subject);
		WANTED(j, "%s", last->issuer);
		return refuse(j, REASON_CHAIN_INVALID,
		    PKICH_ALERT_CERTIFICATE_UNKNOWN,
		    "the last of %zu certificates (%.80s) is no root: the "
		    "chain must include %.80s",
		    j->n, last->subject, last->issuer);
	}
	return check_link(j, j->n - 1);
}

/* Root. */

static unsigned
hashes_of(const struct pkich_policy *p)
{
	unsigned taken = p->generation->hashes;

	if (p->choice.unsaid_hashes)
		taken |= p->generation->hashes_unsaid;
	if (old_still_taken(p))
		taken |= GENERATION_HASH(HASH_SHA1);
	return taken;
}

/* Of the list's entries that are this root's: the one that counts, or NULL;
 * *kind one that would but for its kind, *off one that is not active. */
static const struct hash_entry *
find_root(const struct judge *j, const struct certfact *root,
    const struct hash_entry **kind, const struct hash_entry **off)
{
	const struct hashlist *l = j->p->hashes;
	const struct hash_entry *only = hashlist_only(l);
	struct hash_entry own[HASH_SHA384 + 1];

	for (enum hash_type t = HASH_SHA1; t <= HASH_SHA384; t++)
		hashlist_of_der(&own[t], t, root->der, root->der_len);
	for (size_t i = 0; i < l->n; i++) {
		const struct hash_entry *e = &l->e[i];
		size_t n = hashlist_hash_len(e->type);

		if (n == 0 || memcmp(own[e->type].hash, e->hash, n) != 0 ||
		    (only != NULL && e != only))
			continue;
		if (!e->active)
			*off = e;
		else if ((hashes_of(j->p) & GENERATION_HASH(e->type)) == 0)
			*kind = e;
		else
			return e;
	}
	return NULL;
}

static bool
refuse_kind(const struct judge *j, const struct hash_entry *e)
{
	char version[8];

	generation_text(j->p->generation, version);
	SHOWN(j, "%s", hashlist_type_name(e->type));
	WANTED(j, "AMT %s", version);
	return refuse(j, REASON_HASH_ALGORITHM, PKICH_ALERT_UNKNOWN_CA,
	    "the root is listed by its %s%s%s%s, which AMT %s does not take",
	    hashlist_type_name(e->type), e->name[0] != '\0' ? " (" : "",
	    e->name, e->name[0] != '\0' ? ")" : "", version);
}

static bool
refuse_root(const struct judge *j, const struct certfact *root,
    const struct hash_entry *off)
{
	const struct hash_entry *only = hashlist_only(j->p->hashes);
	char hex[TEXT_HEX_SIZE(HASHLIST_HASH)], want[sizeof(hex)];
	struct hash_entry own;

	hashlist_of_der(&own, HASH_SHA256, root->der, root->der_len);
	text_hex(hex, own.hash, hashlist_hash_len(HASH_SHA256));
	SHOWN(j, "sha256 %s", hex);
	if (only != NULL) {
		text_hex(want, only->hash, hashlist_hash_len(only->type));
		WANTED(j, "%s %s", hashlist_type_name(only->type), want);
		return refuse(j, REASON_ROOT_NOT_ONLY, PKICH_ALERT_UNKNOWN_CA,
		    "root has SHA-256 %s; the only one allowed is %s %s (%s)",
		    hex, hashlist_type_name(only->type), want, only->name);
	}
	if (off != NULL) {
		WANTED(j, "entry %s, not active", off->name);
		return refuse(j, REASON_ROOT_NOT_LISTED, PKICH_ALERT_UNKNOWN_CA,
		    "root has SHA-256 %s; its entry %s is not active", hex,
		    off->name);
	}
	WANTED(j, "one of %zu", j->p->hashes->n);
	return refuse(j, REASON_ROOT_NOT_LISTED, PKICH_ALERT_UNKNOWN_CA,
	    "root has SHA-256 %s; none of the %zu listed is its", hex,
	    j->p->hashes->n);
}

static bool
check_root(const struct judge *j)
{
	const struct certfact *root = &j->f[j->n - 1];
	const struct hash_entry *hit, *kind = NULL, *off = NULL;

	j->v->at = j->n - 1;
	if (j->p->hashes == NULL)
		return true;
	if ((hit = find_root(j, root, &kind, &off)) == NULL)
		return kind != NULL ? refuse_kind(j, kind)
				    : refuse_root(j, root, off);
	j->v->root = *hit;
	if ((j->p->generation->hashes_unsaid & GENERATION_HASH(hit->type)) != 0)
		note(j,
		    "the root's hash is of a kind that is not documented for "
		    "this version");
	return true;
}

/* Usage. */

static bool
check_usage(const struct judge *j)
{
	const struct certfact *leaf = &j->f[0];

	j->v->at = 0;
	SHOWN(j, "%s", leaf->eku[0] != '\0' ? leaf->eku + 1 : "none");
	WANTED(j, "%s", PKICH_SERVER_AUTH);
	if (!certfact_has_eku(leaf, PKICH_SERVER_AUTH))
		return refuse(j, REASON_NO_SERVER_AUTH,
		    PKICH_ALERT_UNSUPPORTED_CERTIFICATE,
		    "certificate of %.100s lacks extended key usage serverAuth "
		    "(" PKICH_SERVER_AUTH ")",
		    leaf->cn);
	if (certfact_has_eku(leaf, PKICH_AMT_OID) ||
	    certfact_has_ou(leaf, PKICH_AMT_OU))
		return true;
	WANTED(j, "%s or OU %s", PKICH_AMT_OID, PKICH_AMT_OU);
	if (leaf->nou > 0)
		return refuse(j, REASON_NO_AMT_MARK,
		    PKICH_ALERT_UNSUPPORTED_CERTIFICATE,
		    "certificate of %.80s has neither extended key "
		    "usage " PKICH_AMT_OID " nor OU \"" PKICH_AMT_OU
		    "\"; its OU is \"%.64s\"",
		    leaf->cn, leaf->ou[0]);
	return refuse(j, REASON_NO_AMT_MARK,
	    PKICH_ALERT_UNSUPPORTED_CERTIFICATE,
	    "certificate of %.100s has neither extended key "
	    "usage " PKICH_AMT_OID " nor OU \"" PKICH_AMT_OU "\"",
	    leaf->cn);
}

/* Keys and signatures. */

static bool
refuse_key(const struct judge *j, size_t i, unsigned least)
{
	const struct generation *g = j->p->generation;
	const struct certfact *f = &j->f[i];
	char version[8];

	generation_text(g, version);
	j->v->at = i;
	SHOWN(j, "%s %u", certfact_key_name(f->key), f->bits);
	WANTED(j, "RSA %u to %u", least, (unsigned)g->rsa_max);
	return refuse(j, REASON_KEY_SIZE, PKICH_ALERT_UNSUPPORTED_CERTIFICATE,
	    "certificate %zu (%.80s) has %s %u; AMT %s takes RSA %u to %u",
	    i + 1, f->subject, certfact_key_name(f->key), f->bits, version,
	    least, (unsigned)g->rsa_max);
}

static bool
check_key(const struct judge *j, size_t i)
{
	const struct generation *g = j->p->generation;
	unsigned bits = j->f[i].bits;
	unsigned least = old_still_taken(j->p) ? 1024 : g->rsa_min;

	if (j->f[i].key == CERTFACT_KEY_RSA) {
		if (bits < least || (bits > g->rsa_max && bits != 3072))
			return refuse_key(j, i, least);
		if (bits == 1024 || bits == 2048 || bits == 4096)
			return true;
		if (!j->p->choice.unsaid_keys)
			return refuse_key(j, i, least);
		note(j,
		    "RSA keys of other than 1024, 2048 and 4096 bits are "
		    "not documented");
		return true;
	}
	if (j->f[i].key != CERTFACT_KEY_EC || !j->p->choice.unsaid_keys)
		return refuse_key(j, i, least);
	note(j, "EC keys in a server's chain are not documented");
	return true;
}

/* What is signed with SHA-1 or MD5 went with the hashes of that kind. */
static bool
check_signature(const struct judge *j, size_t i)
{
	const struct certfact *f = &j->f[i];
	bool weak = f->digest == CERTFACT_DIGEST_SHA1 ||
	    f->digest == CERTFACT_DIGEST_MD5;
	char version[8];

	if (!weak && j->p->generation->hashes_unsaid != 0 &&
	    f->digest != CERTFACT_DIGEST_SHA256)
		note(j,
		    "signatures with this digest are not documented for "
		    "this version");
	if (!weak || j->p->generation->rsa_min < 2048 || old_still_taken(j->p))
		return true;
	generation_text(j->p->generation, version);
	j->v->at = i;
	SHOWN(j, "%s", certfact_digest_name(f->digest));
	WANTED(j, "SHA-256 or longer");
	return refuse(j, REASON_SIGNATURE_ALGORITHM,
	    PKICH_ALERT_UNSUPPORTED_CERTIFICATE,
	    "certificate %zu (%.80s) is signed with %s, which AMT %s does not "
	    "take",
	    i + 1, f->subject, certfact_digest_name(f->digest), version);
}

static bool
check_keys(const struct judge *j)
{
	for (size_t i = 0; i < j->n; i++)
		if (!check_key(j, i) || !check_signature(j, i))
			return false;
	return true;
}

/* Names. */

static enum domain_rule
rule_of(const struct pkich_policy *p)
{
	return p->choice.domain >= 0 ? (enum domain_rule)p->choice.domain
				     : p->generation->domain;
}

/* Does the name agree with a suffix? *why of the last that does not. */
static bool
agrees(const struct judge *j, const char *name, const char **why)
{
	bool found = false;

	for (size_t i = 0; i < j->p->nsuffixes && !found; i++)
		found = domain_match(rule_of(j->p), name, j->p->suffix[i], why);
	return found;
}

static void
suffixes(const struct judge *j, char *out, size_t room)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < j->p->nsuffixes && n < room; i++)
		n += (size_t)snprintf(out + n, room - n, "%s%s",
		    i > 0 ? ", " : "", j->p->suffix[i]);
}

static const char *
no_name(const struct certfact *leaf)
{
	switch (leaf->cn_state) {
	case CERTFACT_CN_NUL:
		return "its CN has a NUL in it, which makes two names of one";
	case CERTFACT_CN_LONG:
		return "its CN is longer than a name can be";
	case CERTFACT_CN_NONE:
		return leaf->nsan > 0 ? "it has no CN; its dNSName does not "
					"count (setting san)"
				      : "it has no CN";
	case CERTFACT_CN_GOOD:
		break;
	}
	return leaf->cn[0] == '\0' ? "its CN is empty" : NULL;
}

static bool
check_domain(const struct judge *j)
{
	const char *why = no_name(&j->f[0]), *name = j->v->name;
	char all[256];

	j->v->at = 0;
	suffixes(j, all, sizeof(all));
	SHOWN(j, "%s", name);
	WANTED(j, "%s", all);
	if (why != NULL && name[0] == '\0')
		return refuse(j, REASON_SUFFIX_MISMATCH,
		    PKICH_ALERT_BAD_CERTIFICATE,
		    "certificate of %.80s, DNS suffix %.100s: %s",
		    j->f[0].subject, all, why);
	if ((strcmp(name, "*") == 0 && j->p->choice.star) || j->p->any_suffix)
		return true;
	if (j->p->nsuffixes == 0)
		return refuse(j, REASON_SUFFIX_UNKNOWN,
		    PKICH_ALERT_BAD_CERTIFICATE,
		    "no DNS suffix is known to hold CN %.100s against", name);
	if (agrees(j, name, &why))
		return true;
	return refuse(j, REASON_SUFFIX_MISMATCH, PKICH_ALERT_BAD_CERTIFICATE,
	    "CN %.100s, DNS suffix %.100s: %s", name, all, why);
}

/* Equal names, with or without the dot of the root behind them. */
static bool
same_name(const char *a, const char *b)
{
	size_t na = strlen(a), nb = strlen(b);

	na -= na > 1 && a[na - 1] == '.';
	nb -= nb > 1 && b[nb - 1] == '.';
	return na == nb && strncasecmp(a, b, na) == 0;
}

static bool
check_fqdn(const struct judge *j)
{
	const char *why = NULL, *fqdn = j->p->fqdn;
	char all[256];

	if (fqdn[0] == '\0')
		return true;
	SHOWN(j, "%s", j->v->name);
	WANTED(j, "%s", fqdn);
	if (!same_name(fqdn, j->v->name))
		return refuse(j, REASON_FQDN_MISMATCH,
		    PKICH_ALERT_BAD_CERTIFICATE,
		    "CN %.100s is not the preset server %.100s", j->v->name,
		    fqdn);
	if (j->p->nsuffixes == 0 || agrees(j, fqdn, &why))
		return true;
	suffixes(j, all, sizeof(all));
	return refuse(j, REASON_FQDN_MISMATCH, PKICH_ALERT_BAD_CERTIFICATE,
	    "preset server %.100s, DNS suffix %.100s: %s", fqdn, all, why);
}

/* The name that the rules are asked about: the CN, unless a dNSName may stand
 * in for it and does better. */
static void
choose_name(const struct judge *j)
{
	const struct certfact *leaf = &j->f[0];
	const char *name = leaf->cn, *why;

	for (size_t i = 0; j->p->choice.san && i < leaf->nsan; i++) {
		bool fits = j->p->fqdn[0] != '\0'
		    ? same_name(j->p->fqdn, leaf->san[i])
		    : agrees(j, leaf->san[i], &why);

		if (fits) {
			note(j,
			    "from which version on a dNSName counts is not "
			    "documented");
			name = leaf->san[i];
			break;
		}
	}
	SHOWN(j, "%s", "");
	memccpy(j->v->name, name, 0, sizeof(j->v->name));
}

static bool
in_time(const struct certfact *f, size_t n, int64_t now)
{
	for (size_t i = 0; i < n; i++)
		if (now < f[i].not_before || now > f[i].not_after)
			return false;
	return true;
}

void
pkich_judge(const struct pkich_policy *p, const struct certfact *f, size_t n,
    int64_t now, struct pkich_verdict *v)
{
	const struct judge j = { p, f, n, v };

	memset(v, 0, sizeof(*v));
	v->time_valid = in_time(f, n, now);
	if (!check_leaf(&j) || !check_chain(&j))
		return;
	choose_name(&j);
	if (check_root(&j) && check_usage(&j) && check_keys(&j) &&
	    check_domain(&j) && check_fqdn(&j)) {
		v->shown[0] = v->wanted[0] = '\0';
		v->at = 0;
	}
}
