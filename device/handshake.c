/* SPDX-License-Identifier: Apache-2.0 */
#include "device/handshake.h"
#include "formats/reason.h"

#define ALERT_BAD_MAC 20 /* RFC 5246: bad_record_mac */

static void
look(const struct handshake *h, struct err *why)
{
	const struct tls_session *t = h->tls;
	bool by_key = !h->managing && h->pid[0] != '\0';

	if (!h->managing && t->no_certificate)
		err_refuse(why, ERR_PERM, reason_get(REASON_CHAIN_MISSING),
		    "the server presented no certificate");
	/* Nor has a server with certificates a suite of pre-shared keys. */
	if (why->code == ERR_OK && t->nothing_common)
		err_refuse(why, ERR_PERM, reason_get(REASON_TLS_VERSION),
		    "TLS: %s%s%s", t->words,
		    by_key ? ": set up by its pre-shared key, PID " : "",
		    by_key ? h->pid : "");
	/* Its identity was known, and then it could not be understood. */
	if (why->code == ERR_OK && !t->established && h->known &&
	    t->sent == ALERT_BAD_MAC)
		err_refuse(why, ERR_PERM, reason_get(REASON_PSK_REJECTED),
		    "TLS: %s", t->words);
}

const char *
handshake_failure(const struct handshake *h, struct err *why)
{
	const struct tls_session *t = h->tls;

	if (t != NULL)
		look(h, why);
	if (why->code != ERR_OK)
		return "refused";
	if (t == NULL || t->established)
		return NULL;
	err_set(
	    why, ERR_PEER, "TLS: %s", t->words[0] != '\0' ? t->words : h->end);
	return "handshake-failed";
}
