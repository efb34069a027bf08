/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/digest.h"
#include "base/text.h"
#include "device/judge.h"
#include "formats/domain.h"
#include "formats/reason.h"

/* Records a refusal; always false, so that a check can end with it. */
static bool __attribute__((format(printf, 4, 5)))
refuse(struct judge_verdict *v, enum reason_id id, enum tls_alert alert,
    const char *fmt, ...)
{
	va_list ap;

	v->reason = reason_get(id);
	v->alert = alert;
	va_start(ap, fmt);
	vsnprintf(v->detail, sizeof(v->detail), fmt, ap);
	va_end(ap);
	return false;
}

static bool
check_chain(const struct judge_policy *p, const struct x509_chain *c,
    struct judge_verdict *v)
{
	struct err e = { 0 };
	size_t bad = 0;

	if (c->n == 0)
		return refuse(v, REASON_CHAIN_MISSING,
		    TLS_ALERT_HANDSHAKE_FAILURE,
		    "no certificate was presented");
	if (c->n > p->max_chain)
		return refuse(v, REASON_CHAIN_TOO_LONG,
		    TLS_ALERT_CERTIFICATE_UNKNOWN,
		    "chain of %zu certificates, at most %zu", c->n,
		    p->max_chain);
	if (!x509_self_signed(c->cert[c->n - 1]))
		return refuse(v, REASON_CHAIN_INVALID,
		    TLS_ALERT_CERTIFICATE_UNKNOWN,
		    "the last of %zu certificates is no root: the chain must "
		    "include it",
		    c->n);
	if (x509_chain_verify(c, &bad, &e) != ERR_OK)
		return refuse(v, REASON_CHAIN_INVALID,
		    TLS_ALERT_CERTIFICATE_UNKNOWN, "certificate %zu: %.200s",
		    bad + 1, e.msg);
	return true;
}

static bool
check_root(const struct judge_policy *p, const struct x509_chain *c,
    struct judge_verdict *v)
{
	const struct hash_entry *hit, *only = hashlist_only(p->hashes);
	char hex[TEXT_HEX_SIZE(SHA256_LEN)], want[TEXT_HEX_SIZE(HASHLIST_HASH)];
	uint8_t hash[SHA256_LEN];
	size_t n = 0;
	const uint8_t *der = x509_der(c->cert[c->n - 1], &n);

	if ((hit = hashlist_match(p->hashes, der, n)) != NULL) {
		v->root = *hit;
		return true;
	}
	digest_sha256(der, n, hash);
	text_hex(hex, hash, sizeof(hash));
	if (only == NULL)
		return refuse(v, REASON_ROOT_NOT_LISTED, TLS_ALERT_UNKNOWN_CA,
		    "root has SHA-256 %s; none of the %zu listed is its", hex,
		    p->hashes->n);
	text_hex(want, only->hash, hashlist_hash_len(only->type));
	return refuse(v, REASON_ROOT_NOT_ONLY, TLS_ALERT_UNKNOWN_CA,
	    "root has SHA-256 %s; the only one allowed is %s %s (%s)", hex,
	    hashlist_type_name(only->type), want, only->name);
}

static bool
check_usage(const struct x509_chain *c, struct judge_verdict *v)
{
	const struct x509 *leaf = c->cert[0];

	if (!x509_has_eku(leaf, X509_OID_SERVER_AUTH))
		return refuse(v, REASON_NO_SERVER_AUTH,
		    TLS_ALERT_UNSUPPORTED_CERTIFICATE,
		    "certificate of %.100s lacks extended key usage serverAuth "
		    "(" X509_OID_SERVER_AUTH ")",
		    v->cn);
	if (!x509_has_eku(leaf, JUDGE_AMT_OID) &&
	    !x509_has_ou(leaf, JUDGE_AMT_OU))
		return refuse(v, REASON_NO_AMT_MARK,
		    TLS_ALERT_UNSUPPORTED_CERTIFICATE,
		    "certificate of %.100s has neither extended key "
		    "usage " JUDGE_AMT_OID " nor OU \"" JUDGE_AMT_OU "\"",
		    v->cn);
	return true;
}

/*
 * RSA 1024 and 2048 always, 4096 from AMT 6.0, at least 2048 from 16 (SDK,
 * SCCM). What devices make of RSA 3072 and of EC keys is not public; they are
 * accepted here.
 */
static bool
check_keys(const struct judge_policy *p, const struct x509_chain *c,
    struct judge_verdict *v)
{
	int least = p->amt_major >= 16 ? 2048 : 1024;
	int most = p->amt_major >= 6 ? 4096 : 3072;

	for (size_t i = 0; i < c->n; i++) {
		const char *kind = NULL;
		int bits = 0;

		x509_key_kind(c->cert[i], &kind, &bits);
		if (strcmp(kind, "RSA") == 0 && (bits < least || bits > most))
			return refuse(v, REASON_KEY_SIZE,
			    TLS_ALERT_UNSUPPORTED_CERTIFICATE,
			    "certificate %zu has RSA %d; AMT %u.%u takes %d "
			    "to %d",
			    i + 1, bits, p->amt_major, p->amt_minor, least,
			    most);
	}
	return true;
}

static bool
check_domain(const struct judge_policy *p, struct judge_verdict *v)
{
	enum domain_rule rule = domain_rule_for(p->amt_major, p->amt_minor);
	const char *why = NULL;

	if (strcmp(v->cn, "*") == 0 && p->allow_star)
		return true;
	if (p->suffix[0] == '\0')
		return refuse(v, REASON_SUFFIX_UNKNOWN,
		    TLS_ALERT_BAD_CERTIFICATE,
		    "no DNS suffix is known to hold CN %.100s against", v->cn);
	if (!domain_match(rule, v->cn, p->suffix, &why))
		return refuse(v, REASON_SUFFIX_MISMATCH,
		    TLS_ALERT_BAD_CERTIFICATE,
		    "CN %.100s, DNS suffix %.100s: %s", v->cn, p->suffix, why);
	return true;
}

static bool
check_fqdn(const struct judge_policy *p, struct judge_verdict *v)
{
	enum domain_rule rule = domain_rule_for(p->amt_major, p->amt_minor);
	const char *why = NULL;

	if (p->fqdn[0] == '\0')
		return true;
	if (strcasecmp(p->fqdn, v->cn) != 0)
		return refuse(v, REASON_FQDN_MISMATCH,
		    TLS_ALERT_BAD_CERTIFICATE,
		    "CN %.100s is not the preset server %.100s", v->cn,
		    p->fqdn);
	if (p->suffix[0] != '\0' &&
	    !domain_match(rule, p->fqdn, p->suffix, &why))
		return refuse(v, REASON_FQDN_MISMATCH,
		    TLS_ALERT_BAD_CERTIFICATE,
		    "preset server %.100s, DNS suffix %.100s: %s", p->fqdn,
		    p->suffix, why);
	return true;
}

void
judge_chain(const struct judge_policy *p, const struct x509_chain *c,
    time_t now, struct judge_verdict *v)
{
	memset(v, 0, sizeof(*v));
	if (!check_chain(p, c, v))
		return;
	if (!x509_cn(c->cert[0], v->cn, sizeof(v->cn)))
		v->cn[0] = '\0'; /* then no domain rule holds */
	v->time_valid = true;
	for (size_t i = 0; i < c->n; i++)
		if (now < x509_not_before(c->cert[i]) ||
		    now > x509_not_after(c->cert[i]))
			v->time_valid = false;
	if (check_root(p, c, v) && check_usage(c, v) && check_keys(p, c, v) &&
	    check_domain(p, v))
		check_fqdn(p, v);
}
