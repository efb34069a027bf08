/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/text.h"
#include "base/x509fact.h"
#include "device/judge.h"
#include "device/pin.h"
#include "device/roots.h"

_Static_assert(
    (int)PKICH_ALERT_BAD_CERTIFICATE == (int)TLS_ALERT_BAD_CERTIFICATE &&
	(int)PKICH_ALERT_HANDSHAKE_FAILURE ==
	    (int)TLS_ALERT_HANDSHAKE_FAILURE &&
	(int)PKICH_ALERT_UNSUPPORTED_CERTIFICATE ==
	    (int)TLS_ALERT_UNSUPPORTED_CERTIFICATE &&
	(int)PKICH_ALERT_CERTIFICATE_UNKNOWN ==
	    (int)TLS_ALERT_CERTIFICATE_UNKNOWN &&
	(int)PKICH_ALERT_UNKNOWN_CA == (int)TLS_ALERT_UNKNOWN_CA,
    "both have TLS' own numbers");

enum err_code
judge_chain(const struct pkich_policy *p, const struct x509_chain *c,
    time_t now, struct pkich_verdict *v, enum tls_alert *alert, struct err *e)
{
	struct certfact *facts = x509fact_read(c);

	*alert = TLS_ALERT_HANDSHAKE_FAILURE;
	if (facts == NULL)
		return err_mem(e);
	pkich_judge(p, facts, c->n, now, v);
	x509fact_free(facts);
	*alert = (enum tls_alert)(int)v->alert;
	if (v->reason != REASON_NONE)
		err_refuse(e, ERR_PERM, reason_get(v->reason), "%s", v->detail);
	return e->code;
}

static void
record_serials(struct state_record *r, const struct x509_chain *chain)
{
	for (size_t i = 1; i < chain->n && i <= STATE_SERIALS; i++)
		x509_serial(chain->cert[i], r->serials + (i - 1) * STATE_SERIAL,
		    STATE_SERIAL);
	r->more_serials = chain->n > STATE_SERIALS + 1;
}

static void
record_chain(const struct machine *m, const struct pkich_verdict *j,
    const struct x509_chain *chain, struct state_record *r)
{
	record_serials(r, chain);
	snprintf(r->fqdn, sizeof(r->fqdn), "%s", j->name);
	r->hash_type = (int)j->root.type;
	text_hex(r->hash, j->root.hash, hashlist_hash_len(j->root.type));
	r->hash_is_default = j->root.oem;
	r->time_valid = j->time_valid;
	r->secure_dns = machine_factory(m)->pki_dns_suffix[0] != '\0' ||
	    m->state->suffix[0] != '\0';
}

enum err_code
judge_server(const struct machine *m, const struct x509_chain *chain,
    struct state_record *r, enum tls_alert *alert, struct err *e)
{
	const struct record *f = machine_factory(m);
	struct hashlist hashes;
	struct pkich_policy policy = {
		.generation = generation_of(f->amt_major, f->amt_minor),
		.choice = m->common->settings->pkich,
		.hashes = &hashes,
		.fqdn = f->server_fqdn,
	};
	struct pkich_verdict v;

	roots_in_force(f, m->state, &hashes);
	policy.leaf = pin_hash(&m->state->pin, &policy.leaf_type);
	for (const char *s; policy.nsuffixes < PKICH_SUFFIXES &&
	     (s = machine_suffix_nth(m, policy.nsuffixes)) != NULL;)
		policy.suffix[policy.nsuffixes++] = s;
	/* By the host's clock: a set-up's counts with its end. */
	if (judge_chain(&policy, chain, (time_t)m->host.now(m->host.arg), &v,
		alert, e) == ERR_OK)
		record_chain(m, &v, chain, r);
	return e->code;
}
