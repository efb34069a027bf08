/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/cjson.h"
#include "formats/reason.h"
#include "server/history.h"
#include "server/seek.h"
#include "server/store.h"
#include "server/unitview.h"
#include "server/verbs.h"

#define TEXT_MAX ((size_t)1 << 20)

/* When and where a unit was last in a state. */
struct stage {
	char time[STAMP_LEN], address[46];
	size_t at; /* events that are newer; 0 events: time is "" */
};

/* What is told of a unit or a stranger. */
struct story {
	bool json, stranger;
	struct store_unit u; /* of a stranger: UUID only */
	char imported[STAMP_LEN];
	long long manifest; /* its number */
	char detail[512];   /* of the newest event with a reason */
	struct stage stage[STORE_REFUSED + 1];
	bool earlier; /* what is older is of an earlier way */
	size_t n;     /* events */
	struct wr events;
};

static bool
stopped(const struct story *s)
{
	return s->u.state == STORE_REFUSED || s->u.state == STORE_FAILED;
}

/* What is noted at one address is of the machine; what is noted without, as
 * that a one-time password was made, is of the console. Where it stopped, it
 * has not come by what led to an earlier set-up. */
static void
note_stage(struct story *s, const struct history_past *p)
{
	if (s->earlier)
		return;
	for (int i = 0; i <= STORE_REFUSED; i++) {
		struct stage *g = &s->stage[i];

		if (g->time[0] != '\0' || p->address[0] == '\0' ||
		    strcmp(store_state_name((enum store_state)i), p->state) !=
			0)
			continue;
		snprintf(g->time, sizeof(g->time), "%s", p->time);
		snprintf(g->address, sizeof(g->address), "%s", p->address);
		g->at = s->n;
		s->earlier =
		    stopped(s) && (i == STORE_KNOWN || i == STORE_PROVISIONED);
	}
}

/* Piece by piece: a detail is longer than wr_fmt() takes. */
static void
put_past(struct wr *w, const struct history_past *p)
{
	bool bare = p->address[0] == '\0' && p->reason[0] == '\0';

	wr_fmt(w, "  %s  %-11s", p->time, p->state);
	if (p->address[0] != '\0')
		wr_fmt(w, "  %s", p->address);
	if (p->reason[0] != '\0')
		wr_fmt(w, "  %s", p->reason);
	if (p->detail[0] != '\0') {
		wr_str(w, bare ? "  " : ": ");
		wr_str(w, p->detail);
	}
	wr_u8(w, '\n');
}

static void
put_line(struct wr *w, const char *what, const char *text)
{
	wr_str(w, what);
	wr_str(w, text);
	wr_u8(w, '\n');
}

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
	note_stage(s, p);
	if (s->json) {
		wr_str(w, s->n == 0 ? "{" : ",{");
		unitview_put(w, "time", p->time);
		unitview_put(w, "state", p->state);
		unitview_put(w, "reason", p->reason);
		unitview_put(w, "address", p->address);
		unitview_put(w, "detail", p->detail);
		wr_u8(w, '}');
	} else
		put_past(w, p);
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

	unitview_json(w, &s->u);
	unitview_put(w, "imported", s->imported);
	unitview_put(w, "record", s->u.record);
	unitview_put(w, "handed_over", s->u.handed);
	unitview_put(w, "detail", s->detail);
	if (device != NULL)
		unitview_put(w, "device_reason", device->code);
	unitview_put(w, "rule",
	    device != NULL    ? device->rule
		: why != NULL ? why->rule
			      : "");
	unitview_put(w, "mend",
	    device != NULL    ? device->mend
		: why != NULL ? why->mend
			      : "");
	wr_str(w, ",\"history\":[");
	wr_bytes(w, s->events.buf, s->events.len);
	wr_str(w, "]}\n");
}

/* The way of a machine, and how far it came: * is behind it, x where it
 * stopped, . before it. */
static void
put_stage(struct wr *w, char mark, const char *name, const struct stage *g,
    const struct store_unit *u)
{
	wr_fmt(w, "  %c %s", mark, name);
	if (mark != '.' && g->time[0] != '\0')
		wr_fmt(w, "%*s  %s  %s", (int)(12 - strlen(name)), "", g->time,
		    g->address);
	if (mark == 'x')
		wr_fmt(w, "  %s: %s", store_state_name(u->state), u->reason);
	wr_u8(w, '\n');
}

/* It was connected to in the try that its state is of. */
static bool
connected(const struct story *s)
{
	const struct stage *setup = &s->stage[STORE_SETUP],
			   *hello = &s->stage[STORE_HELLO];

	return setup->time[0] != '\0' &&
	    (hello->time[0] == '\0' || setup->at < hello->at);
}

/* It was spoken to, or that was tried: no hello alone ends so. One that is
 * refused for its hello has its address. */
static bool
tried(const struct story *s)
{
	const char *why = s->u.reason;

	return s->stage[s->u.state].time[0] != '\0' &&
	    (s->u.state == STORE_FAILED || s->u.address[0] == '\0' ||
		strncmp(why, "device-", 7) == 0 ||
		strncmp(why, "login-", 6) == 0 || strncmp(why, "psk-", 4) == 0);
}

/* It was set up, or was to be, by hand: no hello led to it. Of the oldest
 * events nothing is known. */
static bool
unheard(const struct story *s, bool changed)
{
	return s->u.state != STORE_KNOWN &&
	    (s->earlier || s->n < STORE_EVENTS) &&
	    s->stage[STORE_HELLO].time[0] == '\0' &&
	    (!stopped(s) || changed || tried(s));
}

static void
put_way(struct wr *w, const struct story *s)
{
	enum store_state state = s->u.state;
	const struct stage *stage = s->stage, *end = &stage[state];
	bool stop = stopped(s);
	bool changed = stop && connected(s);
	bool by_hand = unheard(s, changed);
	bool heard = by_hand ||
	    (state != STORE_KNOWN &&
		(!stop || changed || stage[STORE_HELLO].time[0] != '\0'));

	if (s->imported[0] != '\0')
		wr_fmt(w, "  * imported      %s  manifest %lld\n", s->imported,
		    s->manifest);
	put_stage(w,
	    by_hand     ? '-'
		: heard ? '*'
		: stop  ? 'x'
			: '.',
	    by_hand ? "hello         none: asked for by hand" : "hello",
	    heard || !stop ? &stage[STORE_HELLO] : end, &s->u);
	put_stage(w,
	    !heard                     ? '.'
		: stop && !changed     ? 'x'
		: state == STORE_HELLO ? '.'
				       : '*',
	    "set-up", stop && !changed ? end : &stage[STORE_SETUP], &s->u);
	put_stage(w,
	    state == STORE_PROVISIONED ? '*'
		: changed              ? 'x'
				       : '.',
	    "provisioned", end, &s->u);
}

static void
put_after(struct wr *w, const struct store_unit *u)
{
	if (u->state != STORE_PROVISIONED)
		return;
	wr_fmt(w, "  %c its own record: %s\n",
	    strcmp(u->record, "same") == 0          ? '*'
		: strcmp(u->record, "differs") == 0 ? 'x'
						    : '.',
	    u->record[0] == '\0' ? "not compared yet" : u->record);
	if (u->handed[0] != '\0')
		wr_fmt(w, "  %c handed over: %s\n",
		    strcmp(u->handed, "done") == 0         ? '*'
			: strcmp(u->handed, "failed") == 0 ? 'x'
							   : '.',
		    u->handed);
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
	if (!s->stranger)
		put_way(w, s);
	put_after(w, &s->u);
	if (why != NULL) {
		put_line(w, "  reason: ", why->code);
		put_line(w, "  rule: ", why->rule);
		if (device != NULL) {
			wr_fmt(w, "  the device's: %s", device->code);
			put_line(w, ": ", device->rule);
		}
		put_line(w, "  found: ", s->detail);
		put_line(
		    w, "  do: ", device != NULL ? device->mend : why->mend);
	}
	if (s->n > 0)
		wr_str(w, "newest first:\n");
	wr_bytes(w, s->events.buf, s->events.len);
}

static enum err_code
find_import(struct store *store, struct story *s, struct err *e)
{
	char uuid[UUID_TEXT];
	struct db_stmt *q;
	bool row;

	if (db_prepare(store_db(store),
		"SELECT b.imported, b.sequence FROM units u JOIN batches b ON"
		" b.n = u.batch WHERE u.uuid = ?1",
		&q, e) != ERR_OK)
		return e->code;
	uuid_text(&s->u.row.uuid, uuid);
	db_bind_text(q, 1, uuid);
	if (db_step(q, &row, e) == ERR_OK && row) {
		snprintf(s->imported, sizeof(s->imported), "%s", db_text(q, 0));
		s->manifest = (long long)db_int(q, 1);
		db_reset(q);
	}
	return e->code;
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
	if (history_each(store, uuid, s->stranger, add_event, s, e) != ERR_OK)
		return e->code;
	if (s->stranger && s->n == 0)
		return seek_unknown(store, uuid, e);
	return s->stranger ? ERR_OK : find_import(store, s, e);
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
	if (store_open(a->pos[0], &store, e) == ERR_OK &&
	    seek_uuid(store, a->pos[1], &uuid, e) == ERR_OK &&
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

const struct cli_verb explain_verbs[] = {
	{ "explain", "STATE UUID",
	    "tell why a unit is in its state, and what mends it", no_opts, 2, 2,
	    run_explain },
	{ 0 },
};
