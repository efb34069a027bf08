/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"
#include "base/stamp.h"
#include "base/text.h"
#include "formats/hashlist.h"
#include "formats/reason.h"
#include "server/witness.h"

/* A device sets its clock by ours only to some seconds. */
#define TOLERANCE 600

/* Lines: CN, three hashes of the root by enum hash_type, from, to. */
enum line {
	CN,
	HASH, /* the first of three */
	FROM = HASH + 3,
	TO,
	LINES
};

static const struct reason *
why(void)
{
	return reason_get(REASON_RECORD_DIFFERS);
}

void
witness_make(
    char out[static STORE_BY], const struct x509_chain *chain, time_t from)
{
	char cn[256] = "", hex[TEXT_HEX_SIZE(HASHLIST_HASH)];
	struct hash_entry h;
	const uint8_t *der;
	struct wr w;
	size_t n;

	wr_fixed(&w, out, STORE_BY - 1);
	if (chain != NULL && !x509_cn(chain->cert[0], cn, sizeof(cn)))
		cn[0] = '\0';
	wr_fmt(&w, "%s\n", cn);
	for (int type = HASH_SHA1; type <= HASH_SHA384; type++) {
		hex[0] = '\0';
		if (chain != NULL) {
			der = x509_der(chain->cert[chain->n - 1], &n);
			hashlist_of_der(&h, (enum hash_type)type, der, n);
			text_hex(hex, h.hash, hashlist_hash_len(h.type));
		}
		wr_fmt(&w, "%s\n", hex);
	}
	if (from != 0)
		wr_fmt(&w, "%lld", (long long)from);
	wr_fmt(&w, "\n");
	out[w.failed ? 0 : w.len] = '\0';
}

void
witness_close(char by[static STORE_BY], time_t to)
{
	size_t n = strlen(by);

	if (n > 0)
		snprintf(by + n, STORE_BY - n, "%lld\n", (long long)to);
}

/* Line i, without its end. */
static void
line_of(const char *by, int i, char *out, size_t room)
{
	while (i-- > 0) {
		by += strcspn(by, "\n");
		by += *by == '\n' ? 1 : 0;
	}
	snprintf(out, room, "%.*s", (int)strcspn(by, "\n"), by);
}

/* RFC 3339, or the datetime of CIM: yyyymmddhhmmss.mmmmmm+UUU (minutes). */
static time_t
seconds_of(const char *s)
{
	struct tm tm = { 0 };
	const char *p = strptime(s, "%Y-%m-%dT%H:%M:%SZ", &tm);
	char digits[15];

	if (p != NULL && *p == '\0')
		return timegm(&tm);
	if (strlen(s) != 25 || s[14] != '.' || (s[21] != '+' && s[21] != '-'))
		return 0;
	memset(&tm, 0, sizeof(tm));
	snprintf(digits, sizeof(digits), "%.14s", s);
	p = strptime(digits, "%Y%m%d%H%M%S", &tm);
	if (p == NULL || *p != '\0')
		return 0;
	return timegm(&tm) - 60 * strtol(s + 21, NULL, 10);
}

static enum err_code
judge_hash(const char *by, const struct session_record *r, struct err *e)
{
	char ours[TEXT_HEX_SIZE(HASHLIST_HASH)];
	char theirs[TEXT_HEX_SIZE(sizeof(r->hash))];
	size_t n = r->hash_len;

	while (n > 0 && r->hash[n - 1] == 0)
		n--;
	if (n == 0)
		return ERR_OK;
	text_hex(theirs, r->hash, r->hash_len);
	line_of(by, CN, ours, sizeof(ours));
	if (ours[0] == '\0')
		return err_refuse(e, ERR_PERM, why(),
		    "set up here by a pre-shared key, the device says by a "
		    "certificate under root %s",
		    theirs);
	/* Sources disagree whether 3 is SHA-384 or SHA-512. */
	if (r->hash_type < HASH_SHA1 || r->hash_type > HASH_SHA384 || n > 48)
		return ERR_OK;
	line_of(by, HASH + r->hash_type - HASH_SHA1, ours, sizeof(ours));
	/* Stored in a slot of 64 bytes: zeroes may follow. */
	if (strlen(ours) <= strlen(theirs) &&
	    strncmp(ours, theirs, strlen(ours)) == 0)
		return ERR_OK;
	return err_refuse(e, ERR_PERM, why(),
	    "root hash: the device says %s, ours is %s", theirs, ours);
}

static enum err_code
judge_time(const char *by, const struct session_record *r, struct err *e)
{
	time_t at = seconds_of(r->created);
	char from[24], to[24], here[STAMP_LEN];

	line_of(by, FROM, from, sizeof(from));
	line_of(by, TO, to, sizeof(to));
	if (at == 0 || from[0] == '\0' || to[0] == '\0' ||
	    (at >= strtoll(from, NULL, 10) - TOLERANCE &&
		at <= strtoll(to, NULL, 10) + TOLERANCE))
		return ERR_OK;
	stamp_utc(here, (time_t)strtoll(to, NULL, 10));
	return err_refuse(e, ERR_PERM, why(),
	    "the device says set up at %s, here it was at %s", r->created,
	    here);
}

enum err_code
witness_judge(const char *by, const struct session_record *r, struct err *e)
{
	char cn[256];

	line_of(by, CN, cn, sizeof(cn));
	if (!r->present)
		return ERR_OK;
	if (r->host_based)
		return err_refuse(e, ERR_PERM, why(),
		    "set up on its host, by a certificate of %s", r->fqdn);
	if (cn[0] != '\0' && r->fqdn[0] != '\0' && strcasecmp(cn, r->fqdn) != 0)
		return err_refuse(e, ERR_PERM, why(),
		    "server: the device says %s, ours is %s", r->fqdn, cn);
	if (judge_hash(by, r, e) != ERR_OK)
		return e->code;
	return judge_time(by, r, e);
}
