/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "base/x509fact.h"
#include "formats/pkich.h"
#include "server/refusal.h"

/* RFC 5246, 7.2. A wrong key is another: bad_record_mac or decrypt_error, and
 * an identity that is not known unknown_psk_identity (RFC 4279, 2). */
#define HANDSHAKE_FAILURE 40
#define PROTOCOL_VERSION 70
#define INSUFFICIENT_SECURITY 71

bool
refusal_is(const struct tls_session *t)
{
	return t->received != -1 || (!t->established && t->nothing_common);
}

static enum err_code
no_version(const struct refusal *r, struct err *e)
{
	const struct generation *g = r->generation;
	char version[8];

	generation_text(g, version);
	return err_refuse(e, ERR_PEER, reason_get(REASON_TLS_VERSION),
	    "TLS: %s; AMT %s speaks %s to %s%s",
	    r->session->words[0] != '\0' ? r->session->words
					 : "no version or suite in common",
	    version, generation_tls_name(g->tls_min),
	    generation_tls_name(g->tls_max),
	    g->tls_max < GENERATION_TLS_1_2
		? ": insecure_legacy_amt in server.cfg lets us speak it too"
		: "");
}

static enum err_code
no_suite(const struct refusal *r, struct err *e)
{
	return err_refuse(e, ERR_PEER, reason_get(REASON_TLS_VERSION),
	    "PID %s: TLS alert %d from the device: it takes none of %.160s "
	    "(psk_suites in server.cfg), or no pre-shared key at all",
	    r->pid, r->session->received, r->psk_suites);
}

/* What the alert says by its name. */
static enum reason_id
class_of(int alert)
{
	switch (alert) {
	case TLS_ALERT_UNKNOWN_CA:
		return REASON_DEVICE_REFUSED_ROOT;
	case TLS_ALERT_UNSUPPORTED_CERTIFICATE:
		return REASON_DEVICE_REFUSED_MARK;
	case TLS_ALERT_BAD_CERTIFICATE:
		return REASON_DEVICE_REFUSED_DOMAIN;
	case TLS_ALERT_CERTIFICATE_UNKNOWN:
		return REASON_DEVICE_REFUSED_CHAIN;
	}
	return REASON_DEVICE_REFUSED;
}

/* Our root, under the kinds of hash that it was announced by. */
static void
list_make(const struct refusal *r, struct hashlist *l)
{
	const uint8_t *der;
	size_t n;

	memset(l, 0, sizeof(*l));
	der = x509_der(r->chain->cert[r->chain->n - 1], &n);
	for (enum hash_type t = HASH_SHA1; t <= HASH_SHA384; t++)
		if ((r->announced & GENERATION_HASH(t)) != 0)
			hashlist_of_der(&l->e[l->n++], t, der, n);
}

static void
judge(const struct refusal *r, struct pkich_verdict *v)
{
	struct certfact *f = x509fact_read(r->chain);
	struct pkich_policy p = { .generation = r->generation,
		.suffix = { r->domain },
		.nsuffixes = r->domain[0] != '\0',
		.any_suffix = r->domain[0] == '\0',
		.fqdn = "" };
	struct hashlist list;

	memset(v, 0, sizeof(*v));
	if (f == NULL)
		return;
	list_make(r, &list);
	p.hashes = list.n > 0 ? &list : NULL;
	pkich_defaults(&p.choice);
	pkich_judge(&p, f, r->chain->n, (int64_t)time(NULL), v);
	x509fact_free(f);
}

/* Which suffixes go with our CN is known; which one the device has is not. */
static void
tell_domain(const struct refusal *r, const char *name, char *out, size_t room)
{
	static const char *const rules[] = {
		[DOMAIN_FULL] = "its DNS suffix is the end of that name, or "
				"all of it",
		[DOMAIN_COM_NET] = "its DNS suffix is the end of that name; "
				   "of .com and .net the last two labels are "
				   "enough",
		[DOMAIN_TLD_TABLE] = "its DNS suffix is the end of that name; "
				     "of common top-level domains the last two "
				     "or three labels are enough",
	};
	char version[8];

	generation_text(r->generation, version);
	snprintf(out, room,
	    "our CN %.100s; AMT %s takes it where %s, and no other server is "
	    "preset%s%.60s%s",
	    name, version, rules[r->generation->domain],
	    r->domain[0] != '\0' ? ". It agrees with the domain of the "
				   "profile, "
				 : "",
	    r->domain,
	    r->domain[0] != '\0' ? ": the device is in another" : "");
}

/* Only that the root is unknown is plain from an alert; what firmware means by
 * the others is not public. They count where our rules find the same, or where
 * what is left is what we cannot see: the domain that the device is in. */
static enum reason_id
class_for(int alert, const struct pkich_verdict *v)
{
	enum reason_id class = class_of(alert);

	if (class == REASON_DEVICE_REFUSED_ROOT || (int)v->alert == alert ||
	    (class == REASON_DEVICE_REFUSED_DOMAIN && v->reason == REASON_NONE))
		return class;
	return REASON_DEVICE_REFUSED;
}

static void
tell_rest(const struct refusal *r, enum reason_id class, const char *name,
    char *out, size_t room)
{
	const struct x509_chain *c = r->chain;
	char hex[TEXT_HEX_SIZE(32)];
	uint8_t hash[32];

	x509_sha256(c->cert[c->n - 1], hash);
	text_hex(hex, hash, sizeof(hash));
	if (class == REASON_DEVICE_REFUSED_DOMAIN)
		tell_domain(r, name, out, room);
	else if (class == REASON_DEVICE_REFUSED_ROOT && r->announced != 0)
		snprintf(out, room,
		    "our root has SHA-256 %s, which its hello announced: "
		    "another one is marked as the only one, or the list has "
		    "changed since",
		    hex);
	else
		snprintf(out, room,
		    "our CN %.100s, root SHA-256 %s: no rule that we know of "
		    "for its AMT version",
		    name, hex);
}

enum err_code
refusal_explain(const struct refusal *r, struct err *e)
{
	int alert = r->session->received;
	enum reason_id class;
	char words[512] = "nothing was shown";
	struct pkich_verdict v = { .reason = REASON_NONE };
	char cn[CERTFACT_NAME] = "?";

	if (r->session->nothing_common || alert == PROTOCOL_VERSION ||
	    alert == INSUFFICIENT_SECURITY)
		return no_version(r, e);
	if (r->pid[0] != '\0' && alert == HANDSHAKE_FAILURE)
		return no_suite(r, e);
	if (r->pid[0] != '\0')
		return err_refuse(e, ERR_PEER, reason_get(REASON_PSK_REJECTED),
		    "PID %s: the device ended the handshake with TLS alert %d",
		    r->pid, alert);
	if (r->chain == NULL || r->chain->n == 0)
		return err_refuse(e, ERR_PEER, reason_get(class_of(alert)),
		    "TLS alert %d from the device; it was asked as one that "
		    "is set up, without a PID or a chain",
		    alert);
	x509_cn(r->chain->cert[0], cn, sizeof(cn));
	judge(r, &v);
	class = class_for(alert, &v);
	if (v.reason != REASON_NONE &&
	    (class == REASON_DEVICE_REFUSED || (int)v.alert == alert))
		return err_refuse(e, ERR_PEER, reason_get(class),
		    "%s: %s; TLS alert %d from the device",
		    reason_get(v.reason)->code, v.detail, alert);
	tell_rest(r, class, cn, words, sizeof(words));
	return err_refuse(e, ERR_PEER, reason_get(class),
	    "%s; TLS alert %d from the device", words, alert);
}
