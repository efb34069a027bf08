/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/cjson.h"
#include "formats/reason.h"
#include "server/history.h"
#include "server/store.h"
#include "server/verbs.h"

#define LINE_MAX_LEN 4096
#define TEXT_MAX ((size_t)1 << 20)

static void
put(struct wr *w, const char *key, const char *value)
{
	wr_str(w, key);
	cjson_put_string(w, value);
}

/* uuid state reason mode fqdn updated */
static void
put_unit(struct wr *w, const struct store_unit *u)
{
	char uuid[UUID_TEXT];

	uuid_text(&u->row.uuid, uuid);
	put(w, "{\"uuid\":", uuid);
	put(w, ",\"state\":", store_state_name(u->state));
	put(w, ",\"reason\":", u->reason);
	put(w, ",\"mode\":", u->row.mode);
	put(w, ",\"fqdn\":", u->fqdn);
	put(w, ",\"updated\":", u->updated);
	put(w, ",\"tenant\":", u->tenant);
}

#define LIST_FORMAT "%-36s  %-16s  %-11s  %-20s  %-24s  %s\n"

struct listing {
	bool json;
	const char *tenant; /* NULL: all */
};

static enum err_code
list_unit(void *arg, const struct store_unit *u, struct err *e)
{
	const struct listing *l = arg;
	char line[LINE_MAX_LEN], uuid[UUID_TEXT];
	struct wr w;

	if (l->tenant != NULL && strcmp(l->tenant, u->tenant) != 0)
		return ERR_OK;
	wr_fixed(&w, line, sizeof(line));
	if (l->json) {
		put_unit(&w, u);
		wr_str(&w, "}\n");
	} else {
		uuid_text(&u->row.uuid, uuid);
		wr_fmt(&w, LIST_FORMAT, uuid, u->row.serial,
		    store_state_name(u->state), u->updated,
		    u->fqdn[0] == '\0' ? "-" : u->fqdn, u->reason);
	}
	return cli_print(&w, e);
}

static enum err_code
run_list(const struct cli_args *a, struct err *e)
{
	struct listing l = { a->json, cli_value(a, "--tenant", NULL) };
	struct store *s = NULL;

	if (store_open(a->pos[0], &s, e) == ERR_OK) {
		if (!l.json)
			printf(LIST_FORMAT, "UUID", "SERIAL", "STATE",
			    "UPDATED", "NAME", "REASON");
		store_each(s, list_unit, &l, e);
	}
	store_close(s);
	return e->code;
}

/* What is told of a unit or a stranger. */
struct story {
	bool json, stranger;
	struct store_unit u; /* of a stranger: UUID only */
	char detail[512];    /* of the newest event with a reason */
	size_t n;            /* events */
	struct wr events;
};

/* A unit that was reset has older refusals behind newer good news: only what
 * gave it its reason is told above the history. */
static enum err_code
add_event(void *arg, const struct history_past *p, struct err *e)
{
	struct story *s = arg;
	struct wr *w = &s->events;

	(void)e;
	if (s->stranger && s->n == 0) {
		s->u.state = STORE_REFUSED;
		snprintf(s->u.reason, sizeof(s->u.reason), "%s", p->reason);
		snprintf(s->u.updated, sizeof(s->u.updated), "%s", p->time);
		snprintf(s->u.address, sizeof(s->u.address), "%s", p->address);
	}
	if (s->detail[0] == '\0' && p->reason[0] != '\0' &&
	    strcmp(p->reason, s->u.reason) == 0)
		snprintf(s->detail, sizeof(s->detail), "%s", p->detail);
	if (s->json) {
		put(w, s->n == 0 ? "{\"time\":" : ",{\"time\":", p->time);
		put(w, ",\"state\":", p->state);
		put(w, ",\"reason\":", p->reason);
		put(w, ",\"address\":", p->address);
		put(w, ",\"detail\":", p->detail);
		wr_u8(w, '}');
	} else
		wr_fmt(w, "  %s  %-11s  %s%s%s%s%s\n", p->time, p->state,
		    p->address, p->reason[0] != '\0' ? "  " : "", p->reason,
		    p->detail[0] != '\0' ? ": " : "", p->detail);
	s->n++;
	return ERR_OK;
}

/* The rule of the device's that a message of server/refusal.c begins with. */
static const struct reason *
device_rule(const struct reason *why, const char *detail)
{
	char code[64] = "";
	size_t n = strcspn(detail, ":");

	if (why == NULL || strncmp(why->code, "device-refused", 14) != 0 ||
	    n >= sizeof(code))
		return NULL;
	memcpy(code, detail, n);
	return reason_find(code);
}

static void
tell_json(struct wr *w, const struct story *s, const struct reason *why)
{
	const struct reason *device = device_rule(why, s->detail);

	put_unit(w, &s->u);
	put(w, ",\"address\":", s->u.address);
	put(w, ",\"detail\":", s->detail);
	if (device != NULL)
		put(w, ",\"device_reason\":", device->code);
	put(w, ",\"rule\":",
	    device != NULL    ? device->rule
		: why != NULL ? why->rule
			      : "");
	put(w, ",\"mend\":",
	    device != NULL    ? device->mend
		: why != NULL ? why->mend
			      : "");
	wr_str(w, ",\"history\":[");
	wr_bytes(w, s->events.buf, s->events.len);
	wr_str(w, "]}\n");
}

static void
tell_words(struct wr *w, const struct story *s, const struct reason *why)
{
	const struct reason *device = device_rule(why, s->detail);
	char uuid[UUID_TEXT];

	uuid_text(&s->u.row.uuid, uuid);
	wr_fmt(w, "%s: %s%s\n", uuid, store_state_name(s->u.state),
	    s->stranger ? ", in no manifest that was imported" : "");
	if (!s->stranger)
		wr_fmt(w, "  serial %s, order %s, mode %s, %s%s\n",
		    s->u.row.serial, s->u.row.order, s->u.row.mode,
		    s->u.row.pid[0] != '\0' ? "PID " : "by certificate",
		    s->u.row.pid);
	if (s->u.tenant[0] != '\0')
		wr_fmt(w, "  tenant %s\n", s->u.tenant);
	if (s->u.fqdn[0] != '\0')
		wr_fmt(w, "  name %s\n", s->u.fqdn);
	if (why != NULL) {
		wr_fmt(w, "  reason: %s\n  rule: %s\n", why->code, why->rule);
		if (device != NULL)
			wr_fmt(w, "  the device's: %s: %s\n", device->code,
			    device->rule);
		wr_fmt(w, "  found: %s\n  do: %s\n", s->detail,
		    device != NULL ? device->mend : why->mend);
	}
	if (s->n > 0)
		wr_str(w, "newest first:\n");
	wr_bytes(w, s->events.buf, s->events.len);
}

static enum err_code
find(struct store *store, const struct uuid *uuid, struct story *s,
    struct err *e)
{
	bool found;

	if (store_unit(store, uuid, &found, &s->u, e) != ERR_OK)
		return e->code;
	s->stranger = !found;
	s->u.row.uuid = *uuid;
	if (history_each(store, uuid, s->stranger, add_event, s, e) == ERR_OK &&
	    s->stranger && s->n == 0)
		err_refuse(e, ERR_DATA, reason_get(REASON_UUID_UNKNOWN),
		    "never imported, and never heard of");
	return e->code;
}

static enum err_code
run_explain(const struct cli_args *a, struct err *e)
{
	struct story *s = calloc(1, sizeof(*s));
	struct store *store = NULL;
	struct uuid uuid;
	struct wr w;

	if (s == NULL)
		return err_mem(e);
	s->json = a->json;
	wr_grow(&s->events, TEXT_MAX);
	wr_grow(&w, TEXT_MAX);
	if (!uuid_parse(&uuid, a->pos[1]))
		err_refuse(e, ERR_DATA, reason_get(REASON_UUID_MALFORMED), "%s",
		    a->pos[1]);
	else if (store_open(a->pos[0], &store, e) == ERR_OK &&
	    find(store, &uuid, s, e) != ERR_OK)
		err_in(e, "%s", a->pos[1]);
	if (e->code == ERR_OK) {
		(s->json ? tell_json : tell_words)(
		    &w, s, reason_find(s->u.reason));
		cli_print(&w, e);
	}
	store_close(store);
	wr_free(&s->events);
	wr_free(&w);
	store_unit_wipe(&s->u);
	free(s);
	return e->code;
}

static const struct cli_opt no_opts[] = { { 0 } };
static const struct cli_opt list_opts[] = {
	{ "--tenant", CLI_VALUE, "NAME",
	    "only this tenant's; \"\": the default one's" },
	{ 0 },
};

const struct cli_verb explain_verbs[] = {
	{ "list", "STATE [--tenant NAME]", "list every unit and its state",
	    list_opts, 1, 1, run_list },
	{ "explain", "STATE UUID",
	    "tell why a unit is in its state, and what mends it", no_opts, 2, 2,
	    run_explain },
	{ 0 },
};
