/* SPDX-License-Identifier: Apache-2.0 */
/* amtforge-device boot and fleet: machines that run until a signal. */
#include <arpa/inet.h>
#include <dirent.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "device/blank.h"
#include "device/flash.h"
#include "device/fleet.h"
#include "device/usbkey.h"
#include "device/verbs.h"
#include "formats/cjson.h"
#include "formats/hello.h"
#include "formats/onetouch.h"
#include "formats/reason.h"

#define EVENT_MAX 4096
#define AMT_TLS_PORT 16993

/* One run of either verb. */
struct run {
	const struct cli_args *args;
	const char *state; /* folder */
	struct settings settings;
	struct flash flash;
	struct blank board; /* boot only */
	struct fleet *fleet;
	bool exit_when_done;
	struct secret setup; /* boot only: the Setup.bin of a blank board */
};

/* Events. */

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
	cjson_put_member(&w, "words", event->words);
	if (event->why != NULL)
		put_why(&w, event->why);
	wr_str(&w, "}\n");
	if (!w.failed)
		fwrite(w.buf, 1, w.len, stdout);
	fflush(stdout);
	wr_free(&w);
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
	if (!w.failed)
		fwrite(w.buf, 1, w.len, stdout);
	fflush(stdout);
	wr_free(&w);
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
		log_warn("%s: key %s: AMT %d and later know no pre-shared "
			 "keys: PID and PPS are ignored",
		    uuid, path, ONETOUCH_NO_PSK);
}

static bool
all_done(const struct run *r)
{
	return r->exit_when_done &&
	    fleet_done(r->fleet) == fleet_count(r->fleet);
}

static void
on_event(void *arg, struct machine *m, const struct machine_event *event)
{
	char uuid[UUID_TEXT];
	struct run *r = arg;

	uuid_text(&m->factory->uuid, uuid);
	if (r->args->json)
		print_json(uuid, m, event);
	else
		log_event(uuid, m, event);
	if (strcmp(event->name, "provisioned") == 0 && all_done(r))
		fleet_stop(r->fleet);
}

/* Where the hellos go: the option, else the image's address, else its name. */

static enum err_code
resolve(const char *name, char out[static LOOP_ADDR_LEN], struct err *e)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	int rc = getaddrinfo(name, NULL, &hints, &list);

	if (rc == 0)
		rc = getnameinfo(list->ai_addr, list->ai_addrlen, out,
		    LOOP_ADDR_LEN, NULL, 0, NI_NUMERICHOST);
	if (list != NULL)
		freeaddrinfo(list);
	if (rc != 0)
		return err_set(
		    e, ERR_PEER, "server %s: %s", name, gai_strerror(rc));
	return ERR_OK;
}

/* HOST, HOST:PORT or [ADDRESS]:PORT. */
static enum err_code
option_server(const char *text, char out[static LOOP_ADDR_LEN], uint16_t *port,
    struct err *e)
{
	const char *colon = strrchr(text, ':');
	size_t n = strlen(text);
	char host[256], *end;
	unsigned long v;

	if (colon != NULL && (text[0] != '[' || colon[-1] == ']')) {
		v = strtoul(colon + 1, &end, 10);
		if (colon[1] == '\0' || *end != '\0' || v == 0 || v > 65535)
			return err_set(
			    e, ERR_USAGE, "--server %s: no port", text);
		*port = (uint16_t)v;
		n = (size_t)(colon - text);
	}
	if (n > 1 && text[0] == '[' && text[n - 1] == ']') {
		text++;
		n -= 2;
	}
	if (n == 0 || n >= sizeof(host))
		return err_set(e, ERR_USAGE, "--server: no host");
	snprintf(host, sizeof(host), "%.*s", (int)n, text);
	return resolve(host, out, e);
}

static enum err_code
find_server(const struct cli_args *args, const struct record *r,
    struct machine_server *out, struct err *e)
{
	const char *option = cli_value(args, "--server", NULL);

	out->address[0] = '\0';
	out->port = r->server_port != 0 ? r->server_port : HELLO_PORT;
	if (option != NULL)
		return option_server(option, out->address, &out->port, e);
	if (get_u32le(r->server_ip) != 0)
		inet_ntop(AF_INET, r->server_ip, out->address, LOOP_ADDR_LEN);
	else if (r->server_fqdn[0] != '\0')
		return resolve(r->server_fqdn, out->address, e);
	return ERR_OK;
}

/* The image's server need not be there while a key names another. */
static enum err_code
find_servers(const struct cli_args *args, const struct record *image,
    const struct record *in_force, struct machine_place *p, struct err *e)
{
	struct err ignored = { 0 };

	if (find_server(args, in_force, &p->server, e) != ERR_OK)
		return e->code;
	find_server(args, image, &p->image_server, &ignored);
	return ERR_OK;
}

/* The verbs. */

static enum err_code
run_open(struct run *r, const struct cli_args *args, const char *listen,
    struct err *e)
{
	struct fleet_setup setup = { .settings = &r->settings,
		.listen = listen,
		.event = on_event,
		.arg = r };
	unsigned long port;

	r->args = args;
	r->exit_when_done = cli_flag(args, "--exit-when-provisioned");
	if (cli_need(args, "--state", &r->state, e) != ERR_OK ||
	    settings_read(&r->settings, cli_value(args, "--config", NULL), e) !=
		ERR_OK ||
	    flash_open(&r->flash, cli_value(args, "--base", NULL), e) !=
		ERR_OK ||
	    cli_number(args, "--port", 0, 65535, AMT_TLS_PORT, &port, e) !=
		ERR_OK)
		return e->code;
	setup.port = (uint16_t)port;
	if (r->settings.insecure_star_cn)
		log_warn("insecure_star_cn: a server named * is taken to be of "
			 "any domain");
	if (r->settings.insecure_key_pool > 0)
		log_warn("insecure_key_pool: machines share %zu keys",
		    r->settings.insecure_key_pool);
	return fleet_new(&setup, &r->fleet, e);
}

static enum err_code
run_until_end(struct run *r, struct err *e)
{
	if (all_done(r))
		return ERR_OK;
	if (r->args->json) {
		printf("{\"event\":\"listening\",\"port\":%u}\n",
		    fleet_port(r->fleet));
		fflush(stdout);
	} else {
		log_info("listening on port %u", fleet_port(r->fleet));
	}
	if (sandbox_daemon(e) != ERR_OK)
		return e->code;
	return fleet_run(r->fleet, e);
}

static const char *
key_of(const struct cli_args *args)
{
	return cli_value(args, "--usb", NULL);
}

/* rec is the image's record, and then what the machine boots with. */
static enum err_code
meet_key(struct run *r, const struct machine_place *p, struct record *rec,
    struct err *e)
{
	const struct usbkey_boot boot = { .path = key_of(r->args),
		.setup = r->setup.p,
		.setup_len = r->setup.len,
		.state_dir = p->state_dir,
		.settings = &r->settings,
		.blank = p->blank };
	const char *label = boot.path != NULL ? boot.path : FLASH_SETUP;
	char uuid[UUID_TEXT];
	struct usbkey k;
	bool met;

	usbkey_boot(&boot, rec, &k, e);
	secret_free(&r->setup);
	/* A Setup.bin lies there at each start, and is not told again. */
	met = boot.path != NULL || k.record != 0 || k.why.code != ERR_OK;
	if (met && (e->code == ERR_OK || k.taken)) {
		uuid_text(&rec->uuid, uuid);
		if (r->args->json)
			print_usb(uuid, label, &k);
		else
			log_usb(uuid, label, &k);
	}
	if (e->code == ERR_OK && p->blank && !k.in_force)
		err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_NO_RECORD),
		    "nothing to start from: no record in the image, and "
		    "nothing came of the key");
	return e->code;
}

/* What is known of a blank board, with *e the refusal of its image. */
static enum err_code
find_blank(struct run *r, const char *image, const struct machine_place *p,
    struct record *rec, struct err *e)
{
	struct err none;
	bool has_setup;

	err_clear(&none);
	flash_setup(&r->flash, image, &r->setup, &none);
	has_setup = r->setup.len > 0;
	blank_board(&r->board, p->state_dir,
	    key_of(r->args) != NULL || has_setup, rec, e);
	if (e->code == ERR_OK)
		return ERR_OK;
	secret_free(&r->setup);
	if (!has_setup || r->board.has_uuid)
		return e->code;
	err_clear(e);
	return err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_NO_RECORD),
	    "%s: it has a Setup.bin and no record, and a Setup.bin names no "
	    "board: --uuid tells which one this is",
	    image);
}

/* The image's record; of a blank board what is known of it. */
static enum err_code
find_record(struct run *r, const char *image, struct machine_place *p,
    struct record *rec, struct err *e)
{
	if (flash_record(&r->flash, image, rec, e) == ERR_OK)
		return blank_agrees(&r->board, rec, e);
	p->blank = p->state_dir != NULL &&
	    e->reason == reason_get(REASON_IMAGE_NO_RECORD);
	if (p->blank)
		find_blank(r, image, p, rec, e);
	return e->code;
}

/* by_uuid: the state is in a folder of that name. */
static enum err_code
add_image(struct run *r, const char *image, const char *address, bool by_uuid,
    struct err *e)
{
	struct record *rec = calloc(2, sizeof(*rec)), *in_force = rec + 1;
	char uuid[UUID_TEXT], dir[STATE_PATH];
	struct machine_place p = { .address = address };

	if (rec == NULL)
		return err_mem(e);
	p.suffix = cli_value(r->args, "--suffix", "");
	p.state_dir = by_uuid ? NULL : r->state;
	if (find_record(r, image, &p, rec, e) != ERR_OK)
		goto out;
	if (by_uuid) {
		uuid_text(&rec->uuid, uuid);
		if (file_join(dir, sizeof(dir), r->state, uuid, e) != ERR_OK)
			goto out;
		p.state_dir = dir;
	}
	*in_force = *rec;
	if (meet_key(r, &p, in_force, e) == ERR_OK &&
	    find_servers(r->args, rec, in_force, &p, e) == ERR_OK)
		fleet_add(r->fleet, rec, &p, e);
out:
	record_wipe(rec);
	record_wipe(in_force);
	free(rec);
	return e->code;
}

static enum err_code
run_boot(const struct cli_args *args, struct err *e)
{
	const char *listen = cli_value(args, "--listen", NULL), *image;
	const char *key = key_of(args);
	struct run r = { 0 };

	if (key != NULL && strcmp(key, "-") == 0)
		return err_set(e, ERR_USAGE, "--usb: a key is a file");
	if (cli_need(args, "--image", &image, e) == ERR_OK &&
	    blank_options(args, &r.board, e) == ERR_OK &&
	    run_open(&r, args, listen != NULL ? listen : "0.0.0.0", e) ==
		ERR_OK &&
	    add_image(&r, image, listen != NULL ? listen : "", false, e) ==
		ERR_OK) {
		flash_free(&r.flash);
		run_until_end(&r, e);
	}
	flash_free(&r.flash);
	fleet_free(r.fleet);
	return e->code;
}

static bool
ends_in(const struct dirent *d, const char *suffix)
{
	size_t n = strlen(d->d_name), m = strlen(suffix);

	return n > m && strcmp(d->d_name + n - m, suffix) == 0;
}

static int
is_image(const struct dirent *d)
{
	return ends_in(d, ".bin");
}

/* A folder may hold both, of the same units. */
static int
is_delta(const struct dirent *d)
{
	return ends_in(d, ".delta");
}

/* Images in the order of their names get net + 1, net + 2, ... */
static enum err_code
add_all(struct run *r, struct dirent *const *list, int n, struct err *e)
{
	const char *net = cli_value(r->args, "--net", "127.80.0.0");
	char path[STATE_PATH], address[INET_ADDRSTRLEN];
	struct in_addr base, at;
	int bad = 0;

	if (inet_pton(AF_INET, net, &base) != 1)
		return err_set(e, ERR_USAGE, "--net %s: no IPv4 address", net);
	for (int i = 0; i < n; i++) {
		at.s_addr = htonl(ntohl(base.s_addr) + (uint32_t)i + 1);
		inet_ntop(AF_INET, &at, address, sizeof(address));
		if (file_join(path, sizeof(path), r->args->pos[0],
			list[i]->d_name, e) == ERR_OK)
			add_image(r, path, address, true, e);
		if (e->code == ERR_USAGE)
			return e->code;
		if (e->code != ERR_OK) {
			cli_report(r->args, e);
			bad++;
		}
	}
	if (fleet_count(r->fleet) == 0)
		return err_set(e, ERR_NOINPUT, "%s: no %s that boots",
		    r->args->pos[0],
		    r->flash.path == NULL ? "image (deltas need a --base)"
					  : "delta of that base");
	return bad > 0 ? ERR_SOME : ERR_OK;
}

static enum err_code
run_fleet(const struct cli_args *args, struct err *e)
{
	struct dirent **list = NULL;
	enum err_code some = ERR_OK;
	struct run r = { 0 };
	int n;

	n = scandir(args->pos[0], &list,
	    cli_value(args, "--base", NULL) == NULL ? is_image : is_delta,
	    alphasort);
	if (n == -1)
		return err_sys(e, ERR_NOINPUT, "%s", args->pos[0]);
	if (run_open(&r, args, "0.0.0.0", e) == ERR_OK &&
	    file_mkdir(r.state, 0700, e) == ERR_OK) {
		some = add_all(&r, list, n, e);
		flash_free(&r.flash);
		if (e->code == ERR_OK)
			run_until_end(&r, e);
	}
	for (int i = 0; i < n; i++)
		free(list[i]);
	free(list);
	flash_free(&r.flash);
	fleet_free(r.fleet);
	return e->code != ERR_OK ? e->code : some;
}

#define COMMON_OPTS                                                        \
	{ "--base", CLI_VALUE, "IMG",                                      \
		"the image that deltas were made from" },                  \
	    { "--server", CLI_VALUE, "HOST:PORT",                          \
		    "where hellos go (default: what the image says)" },    \
	    { "--suffix", CLI_VALUE, "DNS",                                \
		    "DNS suffix, as DHCP option 15 would tell it" },       \
	    { "--port", CLI_VALUE, "N", "TLS port (default: 16993)" },     \
	    { "--config", CLI_VALUE, "FILE", "settings; see device.cfg" }, \
	    { "--exit-when-provisioned", CLI_FLAG, NULL,                   \
		    "end when every machine is set up" },                  \
	{                                                                  \
		NULL, CLI_FLAG, NULL, NULL                                 \
	}

static const struct cli_opt boot_opts[] = {
	{ "--image", CLI_VALUE, "IMG",
	    "the factory's image, or a delta; only read" },
	{ "--state", CLI_VALUE, "DIR", "what the machine remembers" },
	{ "--listen", CLI_VALUE, "ADDR",
	    "its address, also of its hellos (default: all)" },
	{ "--usb", CLI_VALUE, "KEY",
	    "a one-touch key that is in at the start; an image of one" },
	{ "--uuid", CLI_VALUE, "UUID",
	    "the board's, where its image holds no record yet" },
	{ "--amt", CLI_VALUE, "X.Y",
	    "AMT version of that board (default: by the key's file)" },
	COMMON_OPTS,
};

static const struct cli_opt fleet_opts[] = {
	{ "--state", CLI_VALUE, "DIR", "one folder for each UUID in it" },
	{ "--net", CLI_VALUE, "ADDR",
	    "addresses count up behind it (default: 127.80.0.0)" },
	COMMON_OPTS,
};

const struct cli_verb boot_verbs[] = {
	{ "boot", "--image IMG [--base IMG] --state DIR",
	    "run one machine from its image", boot_opts, 0, 0, run_boot },
	{ "fleet", "IMAGES [--base IMG] --state DIR",
	    "run a machine for each image or delta of a folder", fleet_opts, 1,
	    1, run_fleet },
	{ NULL, NULL, NULL, NULL, 0, 0, NULL },
};
