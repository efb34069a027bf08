/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "server/legacy.h"
#include "server/tenant.h"

bool
tenant_name_ok(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n >= TENANT_NAME || !isalnum((unsigned char)s[0]))
		return false;
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) &&
		    strchr("-._", s[i]) == NULL)
			return false;
	return true;
}

static enum err_code
read_chains(
    struct config_group *g, const char *path, struct tenant *t, struct err *e)
{
	struct config_group *item;
	size_t n = 0;

	if (config_list(g, "chains", &n, e) != ERR_OK)
		return e->code;
	if (n > TENANT_CHAINS)
		return config_bad(g, "chains", "more than 16", e);
	for (; t->nchains < n; t->nchains++)
		if (config_item(g, "chains", t->nchains, &item, e) != ERR_OK ||
		    certkey_rooted(item, path, &t->chain[t->nchains], e) !=
			ERR_OK)
			return e->code;
	return ERR_OK;
}

/* One profile may be the default, and a name is given once. */
static enum err_code
check_policy(
    struct config_group *item, const struct tenant *t, size_t i, struct err *e)
{
	const struct policy *p = &t->policy[i];

	for (size_t k = 0; k < i; k++) {
		if (strcmp(t->policy[k].name, p->name) == 0)
			return config_bad(
			    item, "name", "another profile has it already", e);
		if (!policy_has_pattern(p) &&
		    !policy_has_pattern(&t->policy[k]))
			return config_bad(item, "name",
			    "a second profile without order, sku or serial: "
			    "only one can be the default",
			    e);
	}
	return ERR_OK;
}

static enum err_code
read_policies(
    struct config_group *g, const char *path, struct tenant *t, struct err *e)
{
	struct config_group *item;
	size_t n = 0;

	if (config_list(g, "profiles", &n, e) != ERR_OK || n == 0)
		return e->code;
	if (n > TENANT_POLICIES)
		return config_bad(g, "profiles", "more than 256", e);
	if ((t->policy = calloc(n, sizeof(*t->policy))) == NULL)
		return err_mem(e);
	for (size_t i = 0; i < n; i++) {
		if (config_item(g, "profiles", i, &item, e) != ERR_OK ||
		    policy_read(item, path, &t->plain, &t->policy[i], e) !=
			ERR_OK)
			return e->code;
		t->npolicies++;
		if (check_policy(item, t, i, e) != ERR_OK)
			return e->code;
	}
	return ERR_OK;
}

/* An empty text of a tenant's own takes the default tenant's away. */
static enum err_code
read_legacy(struct config_group *g, const struct tenant *above,
    struct tenant *t, struct err *e)
{
	static const char unset[] = "-";
	char text[256], where[512];

	if (certkey_text(g, "insecure_legacy_amt", unset, text, sizeof(text),
		e) != ERR_OK)
		return e->code;
	if (strcmp(text, unset) == 0) {
		t->legacy = above != NULL ? above->legacy : 0;
		return ERR_OK;
	}
	if (legacy_parse(text, &t->legacy, e) == ERR_OK)
		return ERR_OK;
	config_where(g, "insecure_legacy_amt", where, sizeof(where));
	return err_in(e, "%s", where);
}

static const char *const recovers[] = { "alarm", "reopen", "give-up", NULL };

static enum err_code
read_flow(struct config_group *g, const struct tenant *above, struct tenant *t,
    struct err *e)
{
	static const char *const otp[] = { "expected", "required", NULL };
	int need = above != NULL && above->otp_required, what = 0;

	for (int i = 0; above != NULL && recovers[i] != NULL; i++)
		if (strcmp(recovers[i], above->recover) == 0)
			what = i;
	if (config_word(g, "otp", otp, need, &need, e) != ERR_OK ||
	    config_word(g, "recover", recovers, what, &what, e) != ERR_OK)
		return e->code;
	t->otp_required = need == 1;
	strcpy(t->recover, recovers[what]);
	return certkey_text(g, "hand_over",
	    above != NULL ? above->hand_over : "", t->hand_over,
	    sizeof(t->hand_over), e);
}

static enum err_code
read_all(struct config_group *g, const char *path, const struct tenant *above,
    struct tenant *t, struct err *e)
{
	static const char *const pins[] = { "first-use", "pinned", NULL };
	bool tls =
	    above == NULL || above->plain.certificate != POLICY_CERT_NONE;
	int pin = above != NULL && above->pinned_only;

	if (above != NULL) {
		if (certkey_text(
			g, "name", NULL, t->name, sizeof(t->name), e) != ERR_OK)
			return e->code;
		if (!tenant_name_ok(t->name))
			return config_bad(g, "name",
			    "a tenant's name has letters, digits, and - . _ "
			    "behind the first",
			    e);
	}
	if (config_word(g, "device_certificate", pins, pin, &pin, e) !=
		ERR_OK ||
	    config_bool(g, "tls_certificate", tls, &tls, e) != ERR_OK)
		return e->code;
	t->pinned_only = pin == 1;
	policy_plain(&t->plain, tls);
	if (read_flow(g, above, t, e) != ERR_OK ||
	    read_legacy(g, above, t, e) != ERR_OK)
		return e->code;
	if (read_chains(g, path, t, e) != ERR_OK)
		return e->code;
	return read_policies(g, path, t, e);
}

enum err_code
tenant_read(struct config_group *g, const char *path,
    const struct tenant *above, struct tenant *t, struct err *e)
{
	memset(t, 0, sizeof(*t));
	if (read_all(g, path, above, t, e) != ERR_OK)
		tenant_free(t);
	return e->code;
}

struct policy *
tenant_policy(struct tenant *t, const struct row *row)
{
	struct policy *fallback = &t->plain;

	for (size_t i = 0; i < t->npolicies; i++) {
		if (!policy_has_pattern(&t->policy[i]))
			fallback = &t->policy[i];
		else if (policy_fits(&t->policy[i], row))
			return &t->policy[i];
	}
	return fallback;
}

void
tenant_free(struct tenant *t)
{
	for (size_t i = 0; i < t->nchains; i++)
		certkey_free(&t->chain[i]);
	for (size_t i = 0; i < t->npolicies; i++)
		policy_free(&t->policy[i]);
	free(t->policy);
	memset(t, 0, sizeof(*t));
}
