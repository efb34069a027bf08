/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/stamp.h"
#include "base/text.h"
#include "formats/cjson.h"
#include "server/conf.h"
#include "server/store.h"
#include "server/verbs.h"

#define TEXT_MAX ((size_t)1 << 20)

static const char *const certificates[] = { "none", "store", "ca" };

/* One profile: what is for whom, and what somebody may look for in vain. */
static void
put_policy(struct wr *w, const struct policy *p)
{
	bool pattern = policy_has_pattern(p);

	wr_fmt(w, "  profile %s:", p->name);
	if (p->order[0] != '\0')
		wr_fmt(w, " order %s", p->order);
	if (p->sku[0] != '\0')
		wr_fmt(w, " sku %s", p->sku);
	if (p->serial[0] != '\0')
		wr_fmt(w, " serial %s", p->serial);
	wr_fmt(w, "%s; ", pattern ? "" : " every other machine");
	if (p->names.path != NULL)
		wr_fmt(w, "names by %s; ", p->names.path);
	if (p->host_name[0] != '\0') {
		wr_fmt(w, "named %s", p->host_name);
		wr_fmt(w, ".%s; ", p->domain);
	}
	wr_fmt(w, "certificate %s%s\n", certificates[p->certificate],
	    p->mutual ? ", mutual TLS" : "");
}

static void
put_tenant(struct wr *w, const struct tenant *t)
{
	char cn[256] = "?", until[STAMP_LEN];
	const struct x509 *leaf;

	wr_fmt(w, "tenant \"%s\": %zu chain%s, %zu profile%s\n", t->name,
	    t->nchains, text_plural(t->nchains), t->npolicies,
	    text_plural(t->npolicies));
	for (size_t i = 0; i < t->nchains; i++) {
		leaf = t->chain[i].chain.cert[0];
		x509_cn(leaf, cn, sizeof(cn));
		stamp_utc(until, x509_not_after(leaf));
		wr_fmt(w, "  chain %s, until %s\n", cn, until);
	}
	for (size_t i = 0; i < t->npolicies; i++)
		put_policy(w, &t->policy[i]);
}

static void
put_json(struct wr *w, const struct tenant *t)
{
	wr_str(w, "{\"tenant\":");
	cjson_put_string(w, t->name);
	wr_fmt(w, ",\"chains\":%zu,\"profiles\":[", t->nchains);
	for (size_t i = 0; i < t->npolicies; i++) {
		wr_str(w, i == 0 ? "{\"name\":" : ",{\"name\":");
		cjson_put_string(w, t->policy[i].name);
		wr_fmt(w, ",\"tls_certificate\":\"%s\",\"mutual_tls\":%s}",
		    certificates[t->policy[i].certificate],
		    t->policy[i].mutual ? "true" : "false");
	}
	wr_str(w, "]}\n");
}

/* A configuration may be written before its store is made; but init shall not
 * refuse the place then. */
static enum err_code
check_state(const char *path, const char *state, struct err *e)
{
	if (store_there(state))
		return ERR_OK;
	if (store_place(state, e) != ERR_OK) {
		e->code = ERR_CONFIG;
		return err_in(e,
		    "%s: state: no store yet, and amtforge-server init will "
		    "refuse to make it",
		    path);
	}
	log_warn("%s: state: no store in %s yet: amtforge-server init makes it",
	    path, state);
	return ERR_OK;
}

static enum err_code
run_check(const struct cli_args *a, struct err *e)
{
	struct conf c;
	struct wr w;

	if (conf_read(a->pos[0], &c, e) != ERR_OK)
		return e->code;
	if (check_state(a->pos[0], c.state, e) != ERR_OK) {
		conf_free(&c);
		return e->code;
	}
	wr_grow(&w, TEXT_MAX);
	(a->json ? put_json : put_tenant)(&w, &c.top);
	for (size_t i = 0; i < c.ntenants; i++)
		(a->json ? put_json : put_tenant)(&w, &c.tenant[i]);
	conf_free(&c);
	return cli_print(&w, e);
}

static const struct cli_opt no_opts[] = { { 0 } };

const struct cli_verb confcheck_verbs[] = {
	{ "config check", "CONFIG",
	    "read a configuration and all that it names, and tell its tenants "
	    "and profiles",
	    no_opts, 1, 1, run_check },
	{ 0 },
};
