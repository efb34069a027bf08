/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "formats/reason.h"
#include "server/stepset.h"

#define GENERAL "Intel(r) AMT: General Settings"

/* Name and pings. */

bool
stepset_wants_network(const struct session *s)
{
	const struct policy *p = s->plan.policy;

	return s->plan.fqdn[0] != '\0' ||
	    (p != NULL &&
		(p->shared_fqdn != POLICY_LEAVE || p->ping != POLICY_LEAVE ||
		    p->ping_rmcp != POLICY_LEAVE));
}

/* HostName is the first label, DomainName the rest. */
void
stepset_fill_network(struct session *s, struct step_input *in)
{
	const struct policy *p = s->plan.policy;
	const char *dot = strchr(s->plan.fqdn, '.');
	bool named = s->plan.fqdn[0] != '\0' && dot != NULL;
	struct step_ours ours[] = {
		{ "HostName", NULL, true },
		{ "DomainName", named ? dot + 1 : NULL, true },
		{ "SharedFQDN", NULL, false },
		{ "PingResponseEnabled", NULL, true },
		{ "RmcpPingResponseEnabled", NULL, false },
	};

	if (named) {
		snprintf(in->label, sizeof(in->label), "%.*s",
		    (int)(dot - s->plan.fqdn), s->plan.fqdn);
		ours[0].value = in->label;
	}
	if (p != NULL) {
		ours[2].value = step_switch(p->shared_fqdn);
		ours[3].value = step_switch(p->ping);
		ours[4].value = step_switch(p->ping_rmcp);
	}
	in->sel_name = "InstanceID";
	in->sel_value = GENERAL;
	step_put(in, &s->kept, ours, sizeof(ours) / sizeof(ours[0]));
}

/* Hashes of roots. */

bool
stepset_wants_hashes(const struct session *s)
{
	return s->plan.policy != NULL && s->plan.policy->nhashes > 0;
}

/* The first that the machine has not; nhashes: it has them all. */
static size_t
hash_missing(const struct session *s)
{
	size_t i = 0;

	while (i < s->plan.policy->nhashes && (s->hash_done & (1u << i)) != 0)
		i++;
	return i;
}

bool
stepset_wants_hash(const struct session *s)
{
	return stepset_wants_hashes(s) &&
	    hash_missing(s) < s->plan.policy->nhashes;
}

static void
hash_text(
    const struct hash_entry *h, char out[static TEXT_B64_SIZE(HASHLIST_HASH)])
{
	text_b64(out, h->hash, hashlist_hash_len(h->type));
}

bool
stepset_may_have_hash(const struct session *s)
{
	return (s->hash_taken & (1u << hash_missing(s))) == 0;
}

/* One that an earlier try brought need not be brought again. */
enum err_code
stepset_take_hashes(
    struct session *s, const struct wsman_response *r, struct err *e)
{
	const struct node *i = r->items == NULL ? NULL : r->items->child;
	const struct policy *p = s->plan.policy;
	uint8_t is[HASHLIST_HASH];
	const char *id;
	size_t n;

	(void)e;
	for (; i != NULL; i = i->next) {
		n = sizeof(is);
		if (!node_b64(i, "HashData", is, &n))
			n = 0; /* none of ours, but its name is taken */
		id = node_text(i, "InstanceID");
		for (size_t k = 0; k < p->nhashes; k++) {
			if (n == hashlist_hash_len(p->hash[k].type) &&
			    memcmp(is, p->hash[k].hash, n) == 0)
				s->hash_done |= 1u << k;
			else if (id != NULL && strcmp(id, p->hash[k].name) == 0)
				s->hash_taken |= 1u << k;
		}
	}
	return ERR_OK;
}

void
stepset_fill_hash(struct session *s, struct step_input *in)
{
	const struct hash_entry *h = &s->plan.policy->hash[hash_missing(s)];

	hash_text(h, in->blob);
	snprintf(in->text[0], sizeof(in->text[0]), "%d", (int)h->type);
	step_add(in, "Description", h->name, NULL);
	step_add(in, "Enabled", "true", NULL);
	step_add(in, "HashData", in->blob, NULL);
	step_add(in, "HashType", in->text[0], NULL);
	step_add(in, "InstanceID", h->name, NULL);
	step_add(in, "IsDefault", "false", NULL);
}

enum err_code
stepset_take_hash(
    struct session *s, const struct wsman_response *r, struct err *e)
{
	(void)r;
	(void)e;
	s->hash_done |= 1u << hash_missing(s);
	return ERR_OK;
}

/* Power package. */

bool
stepset_wants_power(const struct session *s)
{
	return s->plan.policy != NULL && s->plan.policy->power[0] != '\0';
}

static bool
is_scheme(const struct node *n, const char *want)
{
	static const char *const keys[] = { "Description", "ElementName",
		"InstanceID", "SchemeGUID" };
	const char *is;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		is = node_text(n, keys[i]);
		if (is != NULL && strcmp(is, want) == 0)
			return true;
	}
	return false;
}

/* Which there are differs by model; what is not there is named. */
enum err_code
stepset_take_power(
    struct session *s, const struct wsman_response *r, struct err *e)
{
	const struct node *i = r->items == NULL ? NULL : r->items->child;
	const char *want = s->plan.policy->power, *is, *first = "none";

	for (; i != NULL; i = i->next) {
		is = node_text(i, "Description");
		if (is != NULL && text_printable(is, strlen(is)))
			first = is;
		if (is_scheme(i, want) &&
		    !step_copy(s->power, sizeof(s->power), i, "InstanceID"))
			return step_bad(e, "InstanceID");
	}
	if (r->end && s->power[0] == '\0')
		return err_refuse(e, ERR_PEER, reason_get(REASON_STEP_FAILED),
		    "the machine has no power package \"%s\"; it has \"%.80s\"",
		    want, first);
	return ERR_OK;
}

void
stepset_fill_power(struct session *s, struct step_input *in)
{
	in->sel_name = "InstanceID";
	in->sel_value = s->power;
}
