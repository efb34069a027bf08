/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/log.h"
#include "device/events.h"
#include "formats/cjson.h"
#include "formats/psk.h"
#include "formats/reason.h"

#define EVENT_MAX 4096

/* Whoever reads them may be gone: no reason to stop. */
static void
print(struct wr *w)
{
	if (!w->failed)
		fwrite(w->buf, 1, w->len, stdout);
	fflush(stdout);
	wr_free(w);
}

static void
put_why(struct wr *w, const struct err *why)
{
	cjson_put_member(w, "message", why->msg);
	if (why->reason == NULL)
		return;
	cjson_put_member(w, "reason", why->reason->code);
	cjson_put_member(w, "rule", why->reason->rule);
	cjson_put_member(w, "mend", why->reason->mend);
}

static void
print_json(const char *uuid, const struct machine *m,
    const struct machine_event *event)
{
	struct wr w;

	wr_grow(&w, EVENT_MAX);
	wr_u8(&w, '{');
	cjson_put_member(&w, "event", event->name);
	cjson_put_member(&w, "uuid", uuid);
	cjson_put_member(&w, "address", m->address);
	cjson_put_member(&w, "peer", event->peer);
	if (event->retry >= 0) {
		wr_str(&w, ",\"retry\":");
		cjson_put_uint(&w, (uint64_t)event->retry);
	}
	if (event->requests > 0) {
		wr_str(&w, ",\"requests\":");
		cjson_put_uint(&w, event->requests);
	}
	cjson_put_member(&w, "words", event->words);
	if (event->why != NULL)
		put_why(&w, event->why);
	wr_str(&w, "}\n");
	print(&w);
}

static void
log_event(const char *uuid, const struct machine *m,
    const struct machine_event *event)
{
	const struct err *why = event->why;
	char retry[32] = "";

	if (event->retry >= 0)
		snprintf(retry, sizeof(retry), " (retry %lld)",
		    (long long)event->retry);
	if (why == NULL)
		log_info("%s at %s: %s%s%s%s%s%s", uuid, m->address,
		    event->name, event->peer != NULL ? " " : "",
		    event->peer != NULL ? event->peer : "",
		    event->words[0] != '\0' ? " " : "", event->words, retry);
	else
		log_warn("%s at %s: %s%s: %s%s%s", uuid, m->address,
		    event->name, retry,
		    why->reason != NULL ? why->reason->code : "",
		    why->reason != NULL ? ": " : "", why->msg);
}

/* What came of a one-touch key, before the machine starts. */
static void
print_usb(const char *uuid, const char *path, const struct usbkey *k)
{
	struct wr w;

	wr_grow(&w, EVENT_MAX);
	wr_u8(&w, '{');
	cjson_put_member(&w, "event", "usb");
	cjson_put_member(&w, "uuid", uuid);
	cjson_put_member(&w, "key", path);
	wr_fmt(&w, ",\"applied\":%s,\"used\":%s", k->applied ? "true" : "false",
	    k->taken ? "true" : "false");
	if (k->record != 0)
		wr_fmt(&w, ",\"record\":%u,\"left\":%u,\"keep\":%s",
		    (unsigned)k->record, (unsigned)k->left,
		    k->keep ? "true" : "false");
	cjson_put_member(&w, "pid", k->pid);
	if (k->psk_ignored)
		wr_str(&w, ",\"psk_ignored\":true");
	cjson_put_member(&w, "hint", k->hint);
	if (k->why.code != ERR_OK)
		put_why(&w, &k->why);
	wr_str(&w, "}\n");
	print(&w);
}

static void
log_usb(const char *uuid, const char *path, const struct usbkey *k)
{
	char pid[PSK_PID_TEXT] = "";

	if (k->pid[0] != '\0')
		psk_pid_text(pid, k->pid);
	if (k->hint != NULL)
		log_info("%s: key %s: %s", uuid, path, k->hint);
	if (k->why.code != ERR_OK)
		log_warn("%s: key %s: %s%s%s%s%s", uuid, path,
		    k->why.reason != NULL ? k->why.reason->code : "",
		    k->why.reason != NULL ? ": " : "", k->why.msg,
		    k->taken ? ": the record counts as used" : "",
		    k->blank ? "" : "; boots without it");
	else if (k->keep)
		log_info("%s: key %s: record %u is applied; it serves any "
			 "number of machines",
		    uuid, path, (unsigned)k->record);
	else
		log_info("%s: key %s: record %u is applied%s%s; %u left", uuid,
		    path, (unsigned)k->record, pid[0] != '\0' ? ", PID " : "",
		    pid, (unsigned)k->left);
	if (k->psk_ignored)
		log_warn("%s: key %s: this AMT version knows no pre-shared "
			 "keys: PID and PPS are ignored",
		    uuid, path);
}

void
events_tell(const struct cli_args *args, const struct machine *m,
    const struct machine_event *event)
{
	char uuid[UUID_TEXT];

	uuid_text(&machine_factory(m)->uuid, uuid);
	if (args->json)
		print_json(uuid, m, event);
	else
		log_event(uuid, m, event);
}

void
events_usb(const struct cli_args *args, const struct uuid *u, const char *path,
    const struct usbkey *k)
{
	char uuid[UUID_TEXT];

	uuid_text(u, uuid);
	if (args->json)
		print_usb(uuid, path, k);
	else
		log_usb(uuid, path, k);
}

struct phases {
	size_t n[STATE_POST + 1], faulty;
};

static void
count_phase(void *arg, const struct machine *m)
{
	struct phases *p = arg;

	p->n[m->state->phase]++;
	p->faulty += m->fault.kinds != 0;
}

static void
put_count(struct wr *w, const char *name, size_t n)
{
	wr_fmt(w, ",\"%s\":%zu", name, n);
}

static void
print_summary(const struct fleet *f, struct tally *t, const struct phases *p)
{
	const char *sep = "";
	struct wr w;

	wr_grow(&w, EVENT_MAX);
	wr_fmt(&w, "{\"event\":\"summary\",\"machines\":%zu", fleet_count(f));
	put_count(&w, "pre", p->n[STATE_PRE]);
	put_count(&w, "in", p->n[STATE_IN]);
	put_count(&w, "post", p->n[STATE_POST]);
	put_count(&w, "faulty", p->faulty);
	put_count(&w, "hellos", t->hellos);
	put_count(&w, "hellos_failed", t->hellos_failed);
	put_count(&w, "sessions", t->sessions);
	put_count(&w, "refused", t->refused);
	put_count(&w, "handshakes_failed", t->handshakes_failed);
	put_count(&w, "provisioned", t->provisioned);
	put_count(&w, "failed", t->failed);
	wr_str(&w, ",\"faults\":{");
	for (int i = 0; i < FAULT_KINDS; i++) {
		if (t->faults[i] == 0)
			continue;
		wr_fmt(&w, "%s\"%s\":%zu", sep, fault_name((enum fault_kind)i),
		    t->faults[i]);
		sep = ",";
	}
	wr_fmt(&w, "},\"p50_ms\":%u,\"p99_ms\":%u}\n",
	    (unsigned)tally_quantile(t, 0.5),
	    (unsigned)tally_quantile(t, 0.99));
	print(&w);
}

static void
log_summary(const struct fleet *f, struct tally *t, const struct phases *p)
{
	log_info("%zu machines: %zu provisioned, %zu in set-up, %zu before it; "
		 "%zu with faults",
	    fleet_count(f), p->n[STATE_POST], p->n[STATE_IN], p->n[STATE_PRE],
	    p->faulty);
	log_info("%zu hellos, %zu failed; %zu sessions, %zu refused, %zu "
		 "handshakes failed",
	    t->hellos, t->hellos_failed, t->sessions, t->refused,
	    t->handshakes_failed);
	for (int i = 0; i < FAULT_KINDS; i++)
		if (t->faults[i] > 0)
			log_info("fault %s showed %zu times",
			    fault_name((enum fault_kind)i), t->faults[i]);
	if (t->n > 0)
		log_info("from hello to set-up: half within %u ms, 99 %% "
			 "within %u ms",
		    (unsigned)tally_quantile(t, 0.5),
		    (unsigned)tally_quantile(t, 0.99));
}

void
events_summary(
    const struct cli_args *args, const struct fleet *f, struct tally *t)
{
	struct phases p = { .faulty = 0 };

	fleet_each(f, count_phase, &p);
	if (args->json)
		print_summary(f, t, &p);
	else
		log_summary(f, t, &p);
}

void
events_fleet(const struct cli_args *args, size_t n, const struct fault_plan *p)
{
	if (!args->json) {
		log_info("%zu machines; --seed %llu --spread %u repeats this "
			 "run",
		    n, (unsigned long long)p->seed,
		    (unsigned)p->spread_ms / 1000);
		return;
	}
	printf("{\"event\":\"fleet\",\"machines\":%zu,\"seed\":%llu,"
	       "\"spread\":%u}\n",
	    n, (unsigned long long)p->seed, (unsigned)p->spread_ms / 1000);
	fflush(stdout);
}

void
events_listening(const struct cli_args *args, uint16_t port, int plain_port)
{
	if (!args->json) {
		log_info("listening on port %u", port);
		if (plain_port >= 0)
			log_info(
			    "listening on port %d without TLS", plain_port);
		return;
	}
	printf("{\"event\":\"listening\",");
	if (plain_port >= 0)
		printf("\"plain_port\":%d,", plain_port);
	printf("\"port\":%u}\n", port);
	fflush(stdout);
}
