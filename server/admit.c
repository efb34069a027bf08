/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/text.h"
#include "formats/generation.h"
#include "formats/reason.h"
#include "server/admit.h"
#include "server/pids.h"

static enum err_code
admit_psk(
    const struct hello *h, const struct admit *a, size_t *index, struct err *e)
{
	/* A copy of an old key is all that an impostor needs: who starts over
	 * with it does so once somebody has looked. */
	if (a->provisioned && a->pid == PIDS_REPLACED)
		return err_refuse(e, ERR_PERM, reason_get(REASON_PID_REUSED),
		    "PID %s, which set-up has replaced", h->pid);
	for (size_t i = 0; i < a->npsk; i++) {
		if (strcmp(a->psk[i].pid, h->pid) == 0) {
			*index = i;
			return ERR_OK;
		}
	}
	if (a->pid == PIDS_REPLACED)
		return err_refuse(e, ERR_PERM, reason_get(REASON_PID_REUSED),
		    "PID %s, which an earlier set-up has replaced", h->pid);
	if (a->pid == PIDS_TENANT)
		return err_refuse(e, ERR_PERM,
		    reason_get(REASON_PID_OTHER_TENANT),
		    "PID %s belongs to a unit of another tenant", h->pid);
	if (a->pid == PIDS_OTHER)
		return err_refuse(e, ERR_PERM,
		    reason_get(REASON_PID_OTHER_UNIT),
		    "PID %s belongs to another unit", h->pid);
	if (a->known && a->npsk == 0)
		return err_refuse(e, ERR_PERM, reason_get(REASON_MODE_MISMATCH),
		    "a PSK hello (PID %s) from a unit without a PID", h->pid);
	return err_refuse(e, ERR_PERM, reason_get(REASON_PID_UNKNOWN),
	    "PID %s, the unit's is %s", h->pid,
	    a->npsk > 0 ? a->psk[0].pid : "unknown");
}

unsigned
admit_announced(const struct hello *h, const struct x509 *root)
{
	unsigned kinds = 0;
	struct hash_entry ours;
	const uint8_t *der;
	size_t n;

	der = x509_der(root, &n);
	for (uint8_t type = HASH_SHA1; type <= HASH_SHA384; type++) {
		hashlist_of_der(&ours, (enum hash_type)type, der, n);
		for (size_t i = 0; i < h->n; i++)
			if (h->hash[i].type == type &&
			    memcmp(h->hash[i].hash, ours.hash,
				hashlist_hash_len(ours.type)) == 0)
				kinds |= GENERATION_HASH(type);
	}
	return kinds;
}

/* The first of each side stands for the rest: with a private root, which is
 * where this goes wrong, each has but one. */
static enum err_code
not_announced(const struct hello *h, const struct admit *a, struct err *e)
{
	char theirs[TEXT_HEX_SIZE(HASHLIST_HASH)] = "none";
	char ours[TEXT_HEX_SIZE(32)] = "none";
	const struct x509_chain *c = a->nchains > 0 ? a->chain[0] : NULL;
	uint8_t hash[32];

	if (h->n > 0)
		text_hex(theirs, h->hash[0].hash,
		    hashlist_hash_len(h->hash[0].type));
	if (c != NULL) {
		x509_sha256(c->cert[c->n - 1], hash);
		text_hex(ours, hash, sizeof(hash));
	}
	return err_refuse(e, ERR_PERM, reason_get(REASON_ROOT_NOT_ANNOUNCED),
	    "announced (%zu): %s; our roots (%zu): %s", h->n, theirs,
	    a->nchains, ours);
}

static enum err_code
admit_pki(
    const struct hello *h, const struct admit *a, size_t *index, struct err *e)
{
	if (a->npsk > 0)
		return err_refuse(e, ERR_PERM, reason_get(REASON_MODE_MISMATCH),
		    "a certificate hello from a unit that has PID %s",
		    a->psk[0].pid);
	if (a->otp_missing)
		return err_refuse(e, ERR_PERM, reason_get(REASON_OTP_MISSING),
		    "none was made, and otp = \"required\" asks for one");
	for (size_t i = 0; i < a->nchains; i++) {
		if (admit_announced(h, a->chain[i]->cert[a->chain[i]->n - 1]) !=
		    0) {
			*index = i;
			return ERR_OK;
		}
	}
	return not_announced(h, a, e);
}

static bool
is_others(enum pids_whose pid)
{
	return pid == PIDS_OTHER || pid == PIDS_TENANT;
}

enum err_code
admit_hello(
    const struct hello *h, const struct admit *a, size_t *index, struct err *e)
{
	char uuid[UUID_TEXT];

	if (!a->known && !is_others(a->pid)) {
		uuid_text(&h->uuid, uuid);
		return err_refuse(e, ERR_PERM, reason_get(REASON_UUID_UNKNOWN),
		    "%s is not in the store%s%s", uuid,
		    h->version == HELLO_PSK ? ", nor is its PID " : "",
		    h->version == HELLO_PSK ? h->pid : "");
	}
	if (h->version == HELLO_PSK)
		return admit_psk(h, a, index, e);
	return admit_pki(h, a, index, e);
}
