/* SPDX-License-Identifier: Apache-2.0 */
#include "base/x509fact.h"
#include "device/judge.h"

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
