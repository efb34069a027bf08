/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/digest.h"
#include "base/text.h"
#include "formats/cjson.h"
#include "server/seek.h"
#include "server/request.h"
#include "server/store.h"
#include "server/unitview.h"
#include "server/verbs.h"

#define TEXT_MAX 8192

static void
put(struct wr *w, bool json, const char *name, const char *value)
{
	if (json)
		cjson_put_member(w, name, value);
	else if (value[0] != '\0')
		wr_fmt(w, "%-20s %s\n", name, value);
}

static void
put_secrets(struct wr *w, bool json, const struct store_unit *u)
{
	const struct psk *psk = &u->now.psk;

	put(w, json, "admin_password", u->now.admin_password);
	put(w, json, "mebx_password",
	    u->now.mebx_password[0] != '\0' ? u->now.mebx_password
					    : u->row.mebx_password);
	put(w, json, "pps", psk->pid[0] != '\0' ? psk->pps : u->row.pps);
	put(w, json, "otp", u->otp[0] != '\0' ? u->otp : u->row.otp);
	/* A set-up began and did not end: the machine may have these. */
	put(w, json, "next_admin_password", u->next.admin_password);
	put(w, json, "next_mebx_password", u->next.mebx_password);
	put(w, json, "next_pid", u->next.psk.pid);
	put(w, json, "next_pps", u->next.psk.pps);
}

static void
put_unit(struct wr *w, bool json, bool reveal, const struct store_unit *u)
{
	const char *now_pid = u->now.psk.pid;
	char uuid[UUID_TEXT], hex[TEXT_HEX_SIZE(SHA256_LEN)] = "";
	uint8_t digest[SHA256_LEN];

	uuid_text(&u->row.uuid, uuid);
	if (u->tls_cert_len > 0) {
		digest_sha256(u->tls_cert, u->tls_cert_len, digest);
		text_hex(hex, digest, sizeof(digest));
	}
	wr_str(w, json ? "{" : "");
	put(w, json, "uuid", uuid);
	put(w, json, "serial", u->row.serial);
	put(w, json, "order", u->row.order);
	put(w, json, "tenant", u->tenant);
	put(w, json, "fqdn", u->fqdn);
	put(w, json, "state", store_state_name(u->state));
	put(w, json, "mode", u->row.mode);
	put(w, json, "amt", u->row.amt);
	put(w, json, "version", u->version);
	put(w, json, "address", u->address);
	put(w, json, "pid", now_pid[0] != '\0' ? now_pid : u->row.pid);
	put(w, json, "tls_cert_sha256", hex);
	put(w, json, "record", u->record);
	put(w, json, "handed_over", u->handed);
	put(w, json, "updated", u->updated);
	if (reveal)
		put_secrets(w, json, u);
}

/* What is asked of the server for it, and has not ended. */
static enum err_code
put_requests(struct store *s, struct wr *w, bool json, const struct uuid *u,
    struct err *e)
{
	struct request r = { .n = 0 };
	const char *sep = "";
	bool found;

	wr_str(w, json ? ",\"requests\":[" : "");
	while (request_next(s, r.n, &found, &r, e) == ERR_OK && found) {
		if (!uuid_equal(&r.uuid, u))
			continue;
		if (json) {
			wr_fmt(w, "%s{\"request\":%lld", sep, (long long)r.n);
			unitview_put(w, "what", request_name(r.what));
			unitview_put(w, "made", r.made);
			unitview_put(w, "address", r.address);
			wr_fmt(w, ",\"begun\":%s", r.begun ? "true" : "false");
			unitview_put(w, "detail", r.detail);
			wr_u8(w, '}');
			sep = ",";
			continue;
		}
		wr_fmt(w, "%-20s %lld, %s, made %s, %s", "request",
		    (long long)r.n, request_name(r.what), r.made,
		    r.begun ? "has begun" : "waits");
		wr_str(w, r.detail[0] == '\0' ? "" : "; last: ");
		wr_str(w, r.detail);
		wr_u8(w, '\n');
	}
	wr_str(w, json ? "]}\n" : "");
	return e->code;
}

static enum err_code
run_show(const struct cli_args *a, struct err *e)
{
	bool reveal = cli_flag(a, "--reveal");
	struct store *store = NULL;
	char uuid[UUID_TEXT]; /* as the store writes it, for the audit */
	struct store_unit u;
	struct wr w;

	memset(&u, 0, sizeof(u));
	wr_grow(&w, TEXT_MAX);
	if (store_open(a->pos[0], &store, e) != ERR_OK ||
	    seek_unit(store, a->pos[1], &u, e) != ERR_OK)
		goto out;
	uuid_text(&u.row.uuid, uuid);
	if (!reveal ||
	    store_audit(store, "show reveal", uuid, "", e) == ERR_OK) {
		put_unit(&w, a->json, reveal, &u);
		if (put_requests(store, &w, a->json, &u.row.uuid, e) == ERR_OK)
			cli_print(&w, e);
	}
out:
	wr_free(&w);
	store_unit_wipe(&u);
	store_close(store);
	return e->code;
}

static const struct cli_opt opts[] = {
	{ "--reveal", CLI_FLAG, NULL, "the secrets too; leaves an audit row" },
	{ 0 },
};

const struct cli_verb account_verbs[] = {
	{ "show", "STATE UUID [--reveal]",
	    "show one unit, and how to log in to it", opts, 2, 2, run_show },
	{ 0 },
};
