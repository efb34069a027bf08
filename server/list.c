/* SPDX-License-Identifier: Apache-2.0 */
/* Which units there are, and how many in which state. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/cjson.h"
#include "server/request.h"
#include "server/seek.h"
#include "server/store.h"
#include "server/unitview.h"
#include "server/verbs.h"

#define TEXT_MAX ((size_t)16 << 20)
#define STATES (STORE_REFUSED + 1)

/* How many of one tenant are in each state. */
struct count {
	char tenant[64];
	size_t n[STATES];
};

/* How many of one tenant have one reason. */
struct why {
	char tenant[64], reason[32];
	size_t n;
};

/* What was asked for by hand and has not ended. */
struct asked {
	struct uuid uuid;
	int64_t n;
	enum request_what what;
	bool begun;
};

struct listing {
	bool json, summary;
	const char *tenant, *order, *serial; /* NULL: all */
	unsigned states;                     /* bits; 0: all */
	char since[STAMP_LEN];               /* "": always */
	int wide; /* the longest serial number of those */
	struct asked *asked;
	size_t nasked;
	/* of a summary */
	struct count *count;
	size_t ncounts;
	struct why *why;
	size_t nwhys;
};

static bool
wanted(const struct listing *l, const struct store_unit *u)
{
	return (l->tenant == NULL || strcmp(l->tenant, u->tenant) == 0) &&
	    (l->order == NULL || strcmp(l->order, u->row.order) == 0) &&
	    (l->serial == NULL || strcmp(l->serial, u->row.serial) == 0) &&
	    (l->states == 0 || (l->states & 1u << u->state) != 0) &&
	    strcmp(u->updated, l->since) >= 0;
}

/* Counting. */

static bool
more(void **p, size_t n, size_t each)
{
	void *q;

	if ((n & (n - 1)) != 0) /* room for a power of two */
		return true;
	if ((q = realloc(*p, (n == 0 ? 1 : 2 * n) * each)) == NULL)
		return false;
	*p = q;
	return true;
}

static struct count *
count_of(struct listing *l, const char *tenant)
{
	void *p = l->count;

	for (size_t i = 0; i < l->ncounts; i++)
		if (strcmp(l->count[i].tenant, tenant) == 0)
			return &l->count[i];
	if (!more(&p, l->ncounts, sizeof(*l->count)))
		return NULL;
	l->count = p;
	memset(&l->count[l->ncounts], 0, sizeof(*l->count));
	snprintf(l->count[l->ncounts].tenant, sizeof(l->count->tenant), "%s",
	    tenant);
	return &l->count[l->ncounts++];
}

static struct why *
why_of(struct listing *l, const struct store_unit *u)
{
	void *p = l->why;
	struct why *y;

	for (size_t i = 0; i < l->nwhys; i++)
		if (strcmp(l->why[i].reason, u->reason) == 0 &&
		    strcmp(l->why[i].tenant, u->tenant) == 0)
			return &l->why[i];
	if (!more(&p, l->nwhys, sizeof(*l->why)))
		return NULL;
	l->why = p;
	y = &l->why[l->nwhys++];
	memset(y, 0, sizeof(*y));
	snprintf(y->tenant, sizeof(y->tenant), "%s", u->tenant);
	snprintf(y->reason, sizeof(y->reason), "%s", u->reason);
	return y;
}

static enum err_code
count_unit(struct listing *l, const struct store_unit *u, struct err *e)
{
	struct count *c = count_of(l, u->tenant);
	struct why *y;

	if (c == NULL)
		return err_mem(e);
	c->n[u->state]++;
	if (u->reason[0] == '\0')
		return ERR_OK;
	if ((y = why_of(l, u)) == NULL)
		return err_mem(e);
	y->n++;
	return ERR_OK;
}

static int
by_tenant(const void *a, const void *b)
{
	const struct count *x = a, *y = b;

	return strcmp(x->tenant, y->tenant);
}

/* The most frequent first. */
static int
by_number(const void *a, const void *b)
{
	const struct why *x = a, *y = b;

	return x->n != y->n ? (x->n < y->n) - (x->n > y->n)
			    : strcmp(x->reason, y->reason);
}

/* Telling. */

static size_t
sum_of(const struct count *c)
{
	size_t n = 0;

	for (size_t i = 0; i < STATES; i++)
		n += c->n[i];
	return n;
}

static void
put_count_json(struct wr *w, const struct listing *l, const struct count *c)
{
	const char *sep = "";

	wr_u8(w, '{');
	unitview_put(w, "tenant", c->tenant);
	wr_fmt(w, ",\"units\":%zu", sum_of(c));
	for (int i = 0; i < STATES; i++)
		wr_fmt(w, ",\"%s\":%zu", store_state_name((enum store_state)i),
		    c->n[i]);
	wr_str(w, ",\"reasons\":[");
	for (size_t i = 0; i < l->nwhys; i++) {
		const struct why *y = &l->why[i];

		if (strcmp(y->tenant, c->tenant) != 0)
			continue;
		wr_fmt(w, "%s{", sep);
		unitview_put(w, "reason", y->reason);
		wr_fmt(w, ",\"count\":%zu}", y->n);
		sep = ",";
	}
	wr_str(w, "]}\n");
}

#define COUNT_FORMAT "%-18.18s %7s %7s %7s %7s %12s %7s %7s\n"
#define COUNT_NUMBERS "%-18.18s %7zu %7zu %7zu %7zu %12zu %7zu %7zu\n"

static void
put_count_words(struct wr *w, const struct listing *l, const struct count *c)
{
	wr_fmt(w, COUNT_NUMBERS,
	    c->tenant[0] == '\0' ? "(the default one)" : c->tenant, sum_of(c),
	    c->n[STORE_KNOWN], c->n[STORE_HELLO], c->n[STORE_SETUP],
	    c->n[STORE_PROVISIONED], c->n[STORE_FAILED], c->n[STORE_REFUSED]);
	for (size_t i = 0; i < l->nwhys; i++)
		if (strcmp(l->why[i].tenant, c->tenant) == 0)
			wr_fmt(w, "  %zu %s\n", l->why[i].n, l->why[i].reason);
}

static enum err_code
tell_summary(struct listing *l, struct err *e)
{
	struct wr w;

	wr_grow(&w, TEXT_MAX);
	if (l->ncounts > 1)
		qsort(l->count, l->ncounts, sizeof(*l->count), by_tenant);
	if (l->nwhys > 1)
		qsort(l->why, l->nwhys, sizeof(*l->why), by_number);
	if (!l->json)
		wr_fmt(&w, COUNT_FORMAT, "TENANT", "UNITS", "KNOWN", "HELLO",
		    "SETUP", "PROVISIONED", "FAILED", "REFUSED");
	for (size_t i = 0; i < l->ncounts; i++)
		(l->json ? put_count_json : put_count_words)(
		    &w, l, &l->count[i]);
	return cli_print(&w, e);
}

static enum err_code
read_asked(struct listing *l, struct store *s, struct err *e)
{
	struct request r = { .n = 0 };
	void *p;
	bool found;

	while (request_next(s, r.n, &found, &r, e) == ERR_OK && found) {
		p = l->asked;
		if (!more(&p, l->nasked, sizeof(*l->asked)))
			return err_mem(e);
		l->asked = p;
		l->asked[l->nasked++] =
		    (struct asked){ r.uuid, r.n, r.what, r.begun };
	}
	return e->code;
}

/* Without w they are counted only. */
static size_t
put_asked(struct wr *w, const struct listing *l, const struct uuid *u)
{
	size_t n = 0;

	for (size_t i = 0; i < l->nasked; i++) {
		const struct asked *a = &l->asked[i];

		if (!uuid_equal(&a->uuid, u))
			continue;
		n++;
		if (w != NULL)
			wr_fmt(w, "  request %lld, %s, %s\n", (long long)a->n,
			    request_name(a->what),
			    a->begun ? "has begun" : "waits");
	}
	return n;
}

/* What a unit has beyond its line is told below it, so that a line fits a
 * terminal of 80 columns. */
static void
put_words(struct wr *w, const struct listing *l, const struct store_unit *u)
{
	char uuid[UUID_TEXT];

	uuid_text(&u->row.uuid, uuid);
	wr_fmt(w, "%-36s %-*s %-11s %.10s %.5s\n", uuid, l->wide, u->row.serial,
	    store_state_name(u->state), u->updated, u->updated + 11);
	if (u->fqdn[0] != '\0')
		wr_fmt(w, "  name    %s\n", u->fqdn);
	if (u->reason[0] != '\0')
		wr_fmt(w, "  reason  %s\n", u->reason);
	if (u->tenant[0] != '\0')
		wr_fmt(w, "  tenant  %s\n", u->tenant);
	put_asked(w, l, &u->row.uuid);
}

static enum err_code
widen(void *arg, const struct store_unit *u, struct err *e)
{
	struct listing *l = arg;
	int n = (int)strlen(u->row.serial);

	(void)e;
	if (wanted(l, u) && n > l->wide)
		l->wide = n;
	return ERR_OK;
}

static enum err_code
list_unit(void *arg, const struct store_unit *u, struct err *e)
{
	struct listing *l = arg;
	struct wr w;

	if (!wanted(l, u))
		return ERR_OK;
	if (l->summary)
		return count_unit(l, u, e);
	wr_grow(&w, TEXT_MAX);
	if (l->json) {
		unitview_json(&w, u);
		wr_fmt(&w, ",\"requests\":%zu}\n",
		    put_asked(NULL, l, &u->row.uuid));
	} else
		put_words(&w, l, u);
	return cli_print(&w, e);
}

/* The verb. */

static enum err_code
read_words(struct listing *l, const struct cli_args *a, struct err *e)
{
	const char *since = cli_value(a, "--since", NULL), *word;
	enum store_state state;

	for (int i = 0; (word = cli_nth(a, "--state", i)) != NULL; i++) {
		if (seek_state(word, &state, e) != ERR_OK)
			return e->code;
		l->states |= 1u << state;
	}
	return since == NULL ? ERR_OK : seek_time(since, l->since, e);
}

static enum err_code
read_names(struct listing *l, struct store *s, struct err *e)
{
	if (l->tenant != NULL && seek_tenant(s, l->tenant, e) != ERR_OK)
		return err_in(e, "--tenant");
	if (l->order != NULL && seek_order(s, l->order, e) != ERR_OK)
		return err_in(e, "--order");
	return ERR_OK;
}

static enum err_code
run_list(const struct cli_args *a, struct err *e)
{
	struct listing l = { .json = a->json,
		.summary = cli_flag(a, "--summary"),
		.tenant = cli_value(a, "--tenant", NULL),
		.order = cli_value(a, "--order", NULL),
		.serial = cli_value(a, "--serial", NULL),
		.wide = 13 };
	struct store *s = NULL;

	if (read_words(&l, a, e) == ERR_OK &&
	    store_open(a->pos[0], &s, e) == ERR_OK &&
	    read_names(&l, s, e) == ERR_OK && read_asked(&l, s, e) == ERR_OK) {
		if (!l.json && !l.summary &&
		    store_each(s, widen, &l, e) == ERR_OK)
			printf("%-36s %-*s %-11s %s\n", "UUID", l.wide,
			    "SERIAL", "STATE", "UPDATED (UTC)");
		if (e->code == ERR_OK &&
		    store_each(s, list_unit, &l, e) == ERR_OK && l.summary)
			tell_summary(&l, e);
	}
	store_close(s);
	free(l.asked);
	free(l.count);
	free(l.why);
	return e->code;
}

static const struct cli_opt opts[] = {
	{ "--tenant", CLI_VALUE, "NAME",
	    "only this tenant's; \"\": the default one's" },
	{ "--order", CLI_VALUE, "ID", "only this order's" },
	{ "--serial", CLI_VALUE, "TEXT", "only units with this serial number" },
	{ "--state", CLI_MANY, "WORD",
	    "only units in this state, or these: known, hello, setup, "
	    "provisioned, failed, refused" },
	{ "--since", CLI_VALUE, "TIME",
	    "only units that changed since then: 2026-01-31, "
	    "2026-01-31T12:00:00Z, or 45m, 6h, 7d ago" },
	{ "--summary", CLI_FLAG, NULL,
	    "how many there are in each state, by tenant, and why" },
	{ 0 },
};

const struct cli_verb list_verbs[] = {
	{ "list",
	    "STATE [--tenant NAME] [--order ID] [--state WORD...] "
	    "[--since TIME] [--summary]",
	    "list every unit and its state, in the order of import", opts, 1, 1,
	    run_list },
	{ 0 },
};
