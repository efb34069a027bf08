/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/secret.h"
#include "base/text.h"
#include "device/amthosted.h"
#include "device/amtsetup.h"
#include "formats/generation.h"
#include "formats/reason.h"

#define NAME "Intel(r) AMT Host Based Setup Service"
#define PASSWORD_DIGEST 2 /* NetAdminPassEncryptionType: MD5 of HTTP digest */
#define SIGNED_RSA_SHA256 2
#define CERT_MAX 4096
#define SIGNATURE_MAX 512

/* ReturnValue of the methods; 0 is success for all. */
enum setup_value {
	SETUP_OK = AMT_OK,
	SETUP_INTERNAL = 1,
	SETUP_STATE = 2,
	SETUP_PARAMETER = 3,
	SETUP_DISABLED = 4, /* of Setup only */
	SETUP_AUTHENTICATION = 5,
	SETUP_FLASH = 6
};

enum add_value {
	ADD_OK = AMT_OK,
	ADD_PARAMETER = 1,
	ADD_INTERNAL = 2,
	ADD_STATE = 3,
	ADD_VERIFY = 4,
	ADD_LONG = 5
};

static struct amthosted *
hosted_of(struct amt *a)
{
	if (a->hosted == NULL)
		a->hosted = calloc(1, sizeof(*a->hosted));
	return a->hosted;
}

static void
drop_chain(struct amthosted *h)
{
	x509_chain_free(&h->chain);
	h->chain.n = 0;
	h->status = AMTHOSTED_NOT_STARTED;
	memset(&h->by, 0, sizeof(h->by));
}

void
amthosted_renew(struct amt *a)
{
	if (a->hosted == NULL)
		return;
	a->hosted->has_nonce = false;
	drop_chain(a->hosted);
}

void
amthosted_free(struct amt *a)
{
	if (a->hosted == NULL)
		return;
	drop_chain(a->hosted);
	secret_wipe(a->hosted, sizeof(*a->hosted));
	free(a->hosted);
	a->hosted = NULL;
}

const char *
amthosted_login(const struct amt *a)
{
	return a->hosted != NULL && a->hosted->account[0] != '\0'
	    ? a->hosted->account
	    : NULL;
}

const char *
amthosted_account(struct amt *a)
{
	struct amthosted *h = hosted_of(a);
	struct err e = { 0 };
	uint8_t random[16];

	if (h != NULL && h->account[0] == '\0' &&
	    a->host->random(a->host->arg, random, sizeof(random), &e) ==
		ERR_OK) {
		text_hex(h->account, random, sizeof(random));
		secret_wipe(random, sizeof(random));
	}
	return amthosted_login(a);
}

/* NULL: there is none to be had. */
static const uint8_t *
nonce_of(struct amt *a)
{
	struct amthosted *h = hosted_of(a);
	struct err e = { 0 };

	if (h != NULL && !h->has_nonce)
		h->has_nonce = a->host->random(a->host->arg, h->nonce,
				   sizeof(h->nonce), &e) == ERR_OK;
	return h != NULL && h->has_nonce ? h->nonce : NULL;
}

static const struct generation *
version(const struct amt *a)
{
	return generation_of(a->factory->amt_major, a->factory->amt_minor);
}

static bool
is_known(const struct amt *a)
{
	int said = a->host->host_setup;

	return said < 0 ? version(a)->host_setup : said > 0;
}

bool
amthosted_knows(const struct amt *a, const char *method)
{
	return is_known(a) &&
	    (strcmp(method, "Setup") == 0 || !version(a)->no_admin_setup);
}

bool
amthosted_may(const struct wsman_request *q)
{
	if (q->class == NULL)
		return false;
	switch (q->op) {
	case WSMAN_GET:
	case WSMAN_ENUMERATE:
	case WSMAN_PULL:
	case WSMAN_RELEASE:
	case WSMAN_IDENTIFY:
		return true;
	case WSMAN_INVOKE:
		return strcmp(q->class, "IPS_HostBasedSetupService") == 0;
	default:
		return false;
	}
}

bool
amthosted_service(struct amt *a, size_t i, struct amt_item *it)
{
	const uint8_t *nonce = nonce_of(a);

	if (i > 0)
		return false;
	if (is_known(a)) {
		amt_put_num(it, "AllowedControlModes", STATE_CONTROL_ADMIN);
		amt_put_num(it, "AllowedControlModes", STATE_CONTROL_CLIENT);
	}
	amt_put_num(it, "CertChainStatus",
	    a->hosted == NULL ? AMTHOSTED_NOT_STARTED : a->hosted->status);
	if (nonce != NULL)
		amt_put_b64(it, "ConfigurationNonce", nonce, AMTHOSTED_NONCE);
	amt_put(it, "CreationClassName", "IPS_HostBasedSetupService");
	amt_put_num(it, "CurrentControlMode", state_control(a->state));
	amt_put(it, "ElementName", NAME);
	amt_put(it, "Name", NAME);
	amt_put(it, "SystemCreationClassName", "CIM_ComputerSystem");
	amt_put(it, "SystemName", "Intel(r) AMT");
	return true;
}

/* Of arguments. */

/* At most room bytes, and one at least. */
static bool
take_bytes(const struct node *in, const char *name, uint8_t *out, size_t room,
    size_t *n)
{
	*n = room;
	return node_b64(in, name, out, n) && *n > 0;
}

static bool
take_password(const struct node *in, char ha1[static AUTH_HA1])
{
	int64_t how = 0;

	return amt_take_num(
		   in, "NetAdminPassEncryptionType", 0, INT32_MAX, &how) &&
	    how == PASSWORD_DIGEST &&
	    amtsetup_take_digest(in, "NetworkAdminPassword", ha1);
}

/* Is the input signed with that certificate's key over both nonces, the
 * device's first? With SHA-1 only where the chain's root is one that is known
 * by its SHA-1, which ends with the versions that do: MeshCentral signs so. */
static enum setup_value
check_proof(
    struct amt *a, const struct node *in, const struct x509 *cert, bool old_too)
{
	uint8_t both[2 * AMTHOSTED_NONCE], signature[SIGNATURE_MAX];
	const uint8_t *nonce = nonce_of(a);
	int64_t how = 0;
	size_t n;

	if (nonce == NULL)
		return SETUP_INTERNAL;
	memcpy(both, nonce, AMTHOSTED_NONCE);
	if (!take_bytes(
		in, "McNonce", both + AMTHOSTED_NONCE, AMTHOSTED_NONCE, &n) ||
	    n != AMTHOSTED_NONCE ||
	    !amt_take_num(in, "SigningAlgorithm", 0, INT32_MAX, &how) ||
	    how != SIGNED_RSA_SHA256 ||
	    !take_bytes(
		in, "DigitalSignature", signature, sizeof(signature), &n))
		return SETUP_PARAMETER;
	if (x509_verifies(
		cert, X509_RSA_SHA256, both, sizeof(both), signature, n) ||
	    (old_too &&
		x509_verifies(
		    cert, X509_RSA_SHA1, both, sizeof(both), signature, n)))
		return SETUP_OK;
	return SETUP_AUTHENTICATION;
}

static enum add_value
refused(struct amthosted *h, enum add_value value)
{
	drop_chain(h);
	return value;
}

/* All of it is there: the same rules as for one that comes by TLS. */
static enum add_value
judge(struct amt *a, struct amthosted *h)
{
	err_clear(&h->refusal);
	memset(&h->by, 0, sizeof(h->by));
	h->by.by = STATE_BY_ADMIN;
	if (a->host->judge(a->host->arg, &h->chain, &h->by, &h->refusal) ==
	    ERR_OK) {
		h->status = AMTHOSTED_COMPLETE;
		return ADD_OK;
	}
	if (h->refusal.code != ERR_PERM)
		return refused(h, ADD_INTERNAL);
	return refused(h,
	    h->refusal.reason == reason_get(REASON_CHAIN_TOO_LONG)
		? ADD_LONG
		: ADD_VERIFY);
}

/* What was so when the chain came may not be so any more: its root may be off
 * by now, and the suffix another. */
static enum setup_value
check_server(struct amt *a, const struct node *in)
{
	struct amthosted *h = a->hosted;
	enum add_value value = judge(a, h);

	if (value != ADD_OK)
		return value == ADD_INTERNAL ? SETUP_INTERNAL
					     : SETUP_AUTHENTICATION;
	return check_proof(
	    a, in, h->chain.cert[0], h->by.hash_type == HASH_SHA1);
}

/* Ends. */

static enum setup_value
keep(struct amt *a)
{
	struct state *s = a->state;
	struct err e = { 0 };

	s->record.present = s->record.by_host = true;
	s->record.created = (uint64_t)amt_now(a);
	if (a->host->save(a->host->arg, s, &e) == ERR_OK) {
		secret_wipe(s->otp, sizeof(s->otp));
		amthosted_renew(a);
		return SETUP_OK;
	}
	return SETUP_FLASH;
}

/* The set-up is over with this one step; the MEBx password may follow, and
 * CommitChanges wants it. */
static enum setup_value
set_up(struct amt *a, const char *ha1, const struct state_record *by)
{
	struct state *s = a->state;
	enum setup_value value;

	s->phase = STATE_POST;
	s->client = by->by == STATE_BY_CLIENT;
	s->mebx_set |= a->factory->mebx_new[0] != '\0';
	s->record = *by;
	if (ha1 != NULL)
		memcpy(s->ha1, ha1, AUTH_HA1);
	value = keep(a);
	if (value == SETUP_OK && ha1 != NULL)
		a->event = AMT_COMMITTED;
	return value;
}

/* In small-business mode a machine is set up by hand. */
static bool
is_ready(const struct amt *a)
{
	return a->state->phase == STATE_PRE &&
	    a->factory->mode == RECORD_ENTERPRISE &&
	    state_enabled(a->state, a->factory);
}

/* A certificate is optional, and then it is proved and recorded; nobody judges
 * it. */
static enum setup_value
take_signer(struct amt *a, const struct node *in, struct state_record *by)
{
	enum setup_value value = SETUP_OK;
	uint8_t der[CERT_MAX], hash[SHA256_LEN];
	const char *text = node_text(in, "Certificate");
	struct x509 *cert = NULL;
	struct err e = { 0 };
	size_t n;

	if (text == NULL || text[0] == '\0')
		return value;
	if (!take_bytes(in, "Certificate", der, sizeof(der), &n) ||
	    x509_from_der(der, n, &cert, &e) != ERR_OK)
		return SETUP_PARAMETER;
	value = check_proof(a, in, cert, false);
	x509_sha256(cert, hash);
	x509_free(cert);
	by->hash_type = HASH_SHA256;
	text_hex(by->hash, hash, sizeof(hash));
	return value;
}

enum amt_status
amthosted_setup(struct amt *a, const struct node *in, struct amt_item *out)
{
	struct state_record by = { .by = STATE_BY_CLIENT };
	enum setup_value value = SETUP_OK;
	char ha1[AUTH_HA1] = "";

	(void)out;
	if (!state_enabled(a->state, a->factory) ||
	    a->factory->mode != RECORD_ENTERPRISE)
		value = SETUP_DISABLED;
	else if (!is_ready(a))
		value = SETUP_STATE;
	else if (!take_password(in, ha1))
		value = SETUP_PARAMETER;
	else if ((value = take_signer(a, in, &by)) == SETUP_OK)
		value = set_up(a, ha1, &by);
	secret_wipe(ha1, sizeof(ha1));
	return (enum amt_status)value;
}

enum amt_status
amthosted_admin(struct amt *a, const struct node *in, struct amt_item *out)
{
	enum setup_value value;
	struct amthosted *h = hosted_of(a);
	char ha1[AUTH_HA1] = "";

	(void)out;
	if (h == NULL)
		value = SETUP_INTERNAL;
	else if (!is_ready(a) || h->status != AMTHOSTED_COMPLETE)
		value = SETUP_STATE;
	else if (!take_password(in, ha1))
		value = SETUP_PARAMETER;
	else if ((value = check_server(a, in)) == SETUP_OK)
		value = set_up(a, ha1, &h->by);
	secret_wipe(ha1, sizeof(ha1));
	return (enum amt_status)value;
}

/* The values are AdminSetup's: no source lists them for this one. The
 * password stays. */
enum amt_status
amthosted_upgrade(struct amt *a, const struct node *in, struct amt_item *out)
{
	struct amthosted *h = hosted_of(a);
	enum setup_value value;

	(void)out;
	if (h == NULL)
		return (enum amt_status)SETUP_INTERNAL;
	if (state_control(a->state) != STATE_CONTROL_CLIENT ||
	    h->status != AMTHOSTED_COMPLETE)
		return (enum amt_status)SETUP_STATE;
	value = check_server(a, in);
	if (value == SETUP_OK)
		value = set_up(a, NULL, &h->by);
	return (enum amt_status)value;
}

/* Chains. */

static enum add_value
append(struct amt *a, struct amthosted *h, struct x509 *cert, bool root)
{
	struct x509_chain *c = &h->chain;

	c->cert[c->n++] = cert;
	h->status = AMTHOSTED_IN_PROGRESS;
	if ((c->n > 1 && !x509_signed_by(c->cert[c->n - 2], cert)) ||
	    (root && !x509_self_signed(cert)))
		return refused(h, ADD_VERIFY);
	return root ? judge(a, h) : ADD_OK;
}

/* Leaf to root. A leaf begins anew, so that a host can try again; what firmware
 * does with a second one is not public. */
enum amt_status
amthosted_add(struct amt *a, const struct node *in, struct amt_item *out)
{
	struct amthosted *h = hosted_of(a);
	bool leaf = false, root = false;
	struct x509 *cert = NULL;
	uint8_t der[CERT_MAX];
	struct err e = { 0 };
	size_t n;

	(void)out;
	if (h == NULL)
		return (enum amt_status)ADD_INTERNAL;
	if (!is_ready(a) && state_control(a->state) != STATE_CONTROL_CLIENT)
		return (enum amt_status)ADD_STATE;
	if (!amt_take_bool(in, "IsLeafCertificate", &leaf) ||
	    !amt_take_bool(in, "IsRootCertificate", &root) ||
	    !take_bytes(in, "NextCertificate", der, sizeof(der), &n))
		return (enum amt_status)ADD_PARAMETER;
	if (leaf)
		drop_chain(h);
	else if (h->status != AMTHOSTED_IN_PROGRESS)
		return (enum amt_status)ADD_STATE;
	if (h->chain.n == a->host->chain_max || h->chain.n == X509_CHAIN_MAX) {
		drop_chain(h);
		return (enum amt_status)ADD_LONG;
	}
	if (x509_from_der(der, n, &cert, &e) != ERR_OK)
		return (enum amt_status)ADD_PARAMETER;
	return (enum amt_status)append(a, h, cert, root);
}
