/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/secret.h"
#include "base/text.h"
#include "server/gift.h"
#include "server/legacy.h"
#include "server/recipe.h"

const struct x509_chain *
recipe_chain(const struct job *j)
{
	const struct tenant *t = jobs_tenant(j->in, &j->unit);

	return j->at.psk || j->at.index >= t->nchains
	    ? NULL
	    : &t->chain[j->at.index].chain;
}

static void
add_login(struct setup_how *how, const char *password)
{
	if (how->nlogins < SETUP_LOGINS && password != NULL)
		snprintf(how->login[how->nlogins++], SESSION_PASSWORD, "%s",
		    password);
}

static const char *
if_any(const char *s)
{
	return s[0] == '\0' ? NULL : s;
}

/* An earlier try may have changed it, of this job or of a server before. */
static bool
has_begun(const struct job *j)
{
	return j->saved || j->unit.next.admin_password[0] != '\0';
}

static bool
undoes(const struct job *j)
{
	return j->task == JOB_UNDO || j->task == JOB_UNDO_PARTLY;
}

/* The likeliest first: each wrong one costs a connection. */
static void
fill_logins(const struct job *j, struct setup_how *how)
{
	bool begun = has_begun(j);

	/* Who gives a password says that the machine is somebody else's: where
	 * that is wrong, it is not wiped by one of ours. Once it has let us in
	 * with it, it may have one of ours. */
	if (j->task == JOB_UNDO && j->login[0] != '\0' && !j->sent) {
		add_login(how, j->login);
		return;
	}
	if (j->task == JOB_PROBE || begun) /* it may have been changed */
		add_login(how, if_any(j->fresh.admin_password));
	if (j->task != JOB_PROBE)
		add_login(how, if_any(j->login));
	if (j->task == JOB_RECORD || undoes(j))
		add_login(how, if_any(j->unit.now.admin_password));
	if (j->task != JOB_SET_UP)
		return;
	if (begun)
		add_login(how, if_any(j->fresh.mebx_password));
	add_login(how, if_any(j->unit.now.admin_password));
	add_login(how, if_any(j->unit.row.admin_password));
	add_login(how, if_any(j->unit.row.mebx_password));
	/* Factory defaults of firmware in set-up mode: sources differ. */
	add_login(how, "admin");
	add_login(how, "");
	/* Firmware may couple the two passwords. This one may be the same for
	 * many machines, so who has not proved itself does not hear it. */
	how->nfirst = how->nlogins;
	if (!begun)
		add_login(how, if_any(j->fresh.mebx_password));
}

static const char *
pin_of(const struct store_unit *u)
{
	return u->row.cert_sha256[0] != '\0' ? u->row.cert_sha256
					     : u->seen_cert;
}

/* Once it was set up its certificate is the one that it was given. Only where
 * none is, and none was seen, the first one is taken, as device_certificate
 * says; errand_judge() keeps that. So is that of a machine that somebody else
 * set up and whose password was given. */
static void
fill_pins(const struct job *j, struct setup_how *how)
{
	const struct store_unit *u = &j->unit;
	bool gives = j->policy->certificate != POLICY_CERT_NONE;
	uint8_t hash[32];

	memcpy(how->pin, pin_of(u), sizeof(how->pin));
	how->pin_seen = u->row.cert_sha256[0] == '\0';
	if (j->task != JOB_SET_UP && u->tls_cert_len > 0) {
		digest_sha256(u->tls_cert, u->tls_cert_len, hash);
		text_hex(how->issued, hash, sizeof(hash));
	}
	how->first_use = !jobs_tenant(j->in, &j->unit)->pinned_only &&
	    (j->task == JOB_SET_UP || !gives ||
		(j->task == JOB_UNDO && j->login[0] != '\0'));
}

size_t
recipe_pairs(const struct store_unit *u, struct psk out[static 3])
{
	size_t n = 0;

	if (u->row.pid[0] == '\0')
		return 0;
	memcpy(out[n].pid, u->row.pid, sizeof(u->row.pid));
	memcpy(out[n++].pps, u->row.pps, sizeof(u->row.pps));
	if (u->next.psk.pid[0] != '\0')
		out[n++] = u->next.psk;
	if (u->now.psk.pid[0] != '\0')
		out[n++] = u->now.psk;
	return n;
}

bool
recipe_pair(
    const struct store_unit *u, const struct job_place *at, struct psk *out)
{
	struct psk pairs[3] = { 0 };
	size_t n = recipe_pairs(u, pairs), i = at->index;

	if (at->pid[0] != '\0')
		for (i = 0; i < n && strcmp(pairs[i].pid, at->pid) != 0;)
			i++;
	if (i < n && out != NULL)
		*out = pairs[i];
	secret_wipe(pairs, sizeof(pairs));
	return i < n;
}

size_t
recipe_ways(const struct job *j)
{
	struct psk pairs[3];
	size_t n = jobs_tenant(j->in, &j->unit)->nchains;

	if (j->at.psk)
		n = recipe_pairs(&j->unit, pairs);
	secret_wipe(pairs, sizeof(pairs));
	return n;
}

/* One that was made counts before the factory's. */
const char *
recipe_otp(const struct store_unit *u)
{
	return u->otp[0] != '\0' ? u->otp : u->row.otp;
}

static void
fill_plan(struct job *j, struct session_plan *plan)
{
	static const enum session_kind kinds[] = { SESSION_SET_UP,
		SESSION_PROBE, SESSION_PROBE, SESSION_UNDO,
		SESSION_UNDO_PARTLY };

	plan->kind = kinds[j->task];
	plan->uuid = j->unit.row.uuid;
	/* A machine with a pre-shared key takes none, and needs none. */
	if (!j->at.psk)
		memcpy(plan->otp, recipe_otp(&j->unit), sizeof(plan->otp));
	memcpy(plan->admin_password, j->fresh.admin_password,
	    sizeof(plan->admin_password));
	memcpy(plan->mebx_password, j->fresh.mebx_password,
	    sizeof(plan->mebx_password));
	plan->psk = j->fresh.psk;
	plan->policy = j->policy;
	memcpy(plan->fqdn, j->fqdn, sizeof(plan->fqdn));
	if (j->policy->certificate != POLICY_CERT_NONE) {
		plan->certify = gift_certify;
		plan->certify_arg = j;
		plan->judge = gift_judge;
		plan->again =
		    has_begun(j) || j->unit.now.admin_password[0] != '\0';
	}
}

void
recipe_make(struct job *j, struct setup_how *how)
{
	const struct conf *conf = j->in->how.conf;

	how->http = j->in->how.http;
	memcpy(how->addr, j->at.addr, sizeof(how->addr));
	how->port = conf->device_port;
	how->timeout_ms = conf->request_ms;
	how->psk_suites = conf->psk_suites;
	if (j->task == JOB_SET_UP && j->at.psk)
		recipe_pair(&j->unit, &j->at, &how->psk);
	if (j->task == JOB_SET_UP && recipe_chain(j) != NULL) {
		how->chain = recipe_chain(j);
		how->key = jobs_tenant(j->in, &j->unit)->chain[j->at.index].key;
	}
	how->generation = legacy_generation(j->unit.row.amt);
	how->announced = j->at.announced;
	how->domain = j->policy->domain;
	how->legacy =
	    legacy_has(jobs_tenant(j->in, &j->unit)->legacy, how->generation);
	if (j->task != JOB_SET_UP && j->policy->mutual) {
		how->chain = &j->policy->client.chain;
		how->key = j->policy->client.key;
	}
	fill_pins(j, how);
	how->device_ca[0] = j->in->how.ca;
	if (j->policy->certificate == POLICY_CERT_CA)
		how->device_ca[1] = j->policy->ca.chain.cert[0];
	/* What is undone has the name of its last set-up. */
	how->device_fqdn =
	    undoes(j) || j->fqdn[0] == '\0' ? j->unit.fqdn : j->fqdn;
	fill_logins(j, how);
	fill_plan(j, &how->plan);
}
