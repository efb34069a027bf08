/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "device/events.h"
#include "device/route.h"
#include "device/rig.h"
#include "device/usbkey.h"
#include "formats/domain.h"
#include "formats/reason.h"

#define AMT_TLS_PORT 16993
#define AMT_PLAIN_PORT 16992
/* The machine's part is over before its server's: what was answered last is
 * stored there, and some servers come back to look at what they have set up. */
#define STAY_MS 1000

static bool
all_done(const struct rig *r)
{
	return r->exit_when_done &&
	    fleet_done(r->fleet) == fleet_count(r->fleet);
}

static void
on_event(void *arg, struct machine *m, const struct machine_event *event)
{
	struct rig *r = arg;

	tally_event(&r->tally, m, event);
	events_tell(r->args, m, event);
	if (strcmp(event->name, "provisioned") == 0 && r->exit_when_done)
		loop_timer_set(r->stay, STAY_MS);
}

static void
on_stayed(void *arg)
{
	struct rig *r = arg;

	if (all_done(r))
		fleet_stop(r->fleet);
	else /* some are not, or the last one's answer is on its way */
		loop_timer_set(r->stay, STAY_MS);
}

static void
on_tell(void *arg)
{
	struct rig *r = arg;

	events_summary(r->args, r->fleet, &r->tally);
}

/* One machine's state is always kept: it may have used up a key. */
static enum err_code
find_state(struct rig *r, struct err *e)
{
	if (r->many && r->settings.insecure_volatile_state)
		return ERR_OK;
	return cli_need(r->args, "--state", &r->state, e);
}

/* Also once its folder was made. */
static enum err_code
lock_state(struct rig *r, struct err *e)
{
	return r->state != NULL ? statelock_take(&r->lock, r->state, e)
				: ERR_OK;
}

/* A name is looked up once, however many machines there are. */
static enum err_code
find_option(struct rig *r, struct err *e)
{
	const char *option = cli_value(r->args, "--server", NULL);

	return option == NULL ? ERR_OK : route_option(option, &r->server, e);
}

/* "" is what a network without a domain tells. */
static enum err_code
check_suffix(const struct rig *r, struct err *e)
{
	const char *s = cli_value(r->args, "--suffix", "");

	if (s[0] == '\0' || domain_is_name(s))
		return ERR_OK;
	return err_set(e, ERR_USAGE,
	    "--suffix %.64s: not a DNS suffix, such as corp.example.com", s);
}

/* A machine's own port, or one that was asked for: tests and fleets that take
 * any TLS port have none. */
static int
plain_port(const struct cli_args *args, struct err *e)
{
	unsigned long port;

	if (cli_value(args, "--plain-port", NULL) == NULL)
		return cli_value(args, "--port", NULL) == NULL ? AMT_PLAIN_PORT
							       : -1;
	cli_number(args, "--plain-port", 0, 65535, 0, &port, e);
	return (int)port;
}

enum err_code
rig_open(struct rig *r, const struct cli_args *args, const char *listen,
    struct err *e)
{
	struct fleet_setup setup = { .settings = &r->settings,
		.listen = listen,
		.event = on_event,
		.tell = r->many ? on_tell : NULL,
		.activate = r->many && cli_flag(args, "--activate"),
		.arg = r };
	unsigned long port;

	r->lock = STATELOCK_NONE;
	r->args = args;
	r->exit_when_done = cli_flag(args, "--exit-when-provisioned");
	if (settings_read(&r->settings, cli_value(args, "--config", NULL), e) !=
		ERR_OK ||
	    find_state(r, e) != ERR_OK || lock_state(r, e) != ERR_OK ||
	    find_option(r, e) != ERR_OK || check_suffix(r, e) != ERR_OK ||
	    flash_open(&r->flash, cli_value(args, "--base", NULL), e) !=
		ERR_OK ||
	    cli_number(args, "--port", 0, 65535, AMT_TLS_PORT, &port, e) !=
		ERR_OK)
		return e->code;
	setup.port = (uint16_t)port;
	setup.plain_port = plain_port(args, e);
	if (e->code != ERR_OK)
		return e->code;
	if (r->settings.pkich.star)
		log_warn("insecure_star_cn: a server named * is taken to be of "
			 "any domain");
	if (r->many && r->settings.insecure_volatile_state)
		log_warn("insecure_volatile_state: what machines remember ends "
			 "with this process");
	if (r->settings.insecure_digest_without_qop)
		log_warn("insecure_digest_without_qop: passwords are answered "
			 "without a nonce of the client's");
	if (r->settings.insecure_legacy_tls)
		log_warn("insecure_legacy_tls: devices before AMT 15 speak "
			 "the TLS of their time");
	if (r->settings.insecure_key_pool > 0)
		log_warn("insecure_key_pool: machines share %zu keys",
		    r->settings.insecure_key_pool);
	if (fleet_new(&setup, &r->fleet, e) != ERR_OK)
		return e->code;
	return loop_timer_new(fleet_loop(r->fleet), on_stayed, r, &r->stay, e);
}

enum err_code
rig_until_end(struct rig *r, struct err *e)
{
	if (all_done(r))
		return ERR_OK;
	if (lock_state(r, e) != ERR_OK)
		return e->code;
	events_listening(
	    r->args, fleet_port(r->fleet), fleet_plain_port(r->fleet));
	if (sandbox_daemon(e) != ERR_OK)
		return e->code;
	fleet_run(r->fleet, e);
	if (r->many)
		events_summary(r->args, r->fleet, &r->tally);
	return e->code;
}

/* Machines. */

static const char *
key_of(const struct cli_args *args)
{
	return cli_value(args, "--usb", NULL);
}

/* rec is the image's record, and then what the machine boots with. */
static enum err_code
meet_key(struct rig *r, const struct machine_place *p, struct record *rec,
    struct err *e)
{
	const struct usbkey_boot boot = { .path = key_of(r->args),
		.setup = r->setup.p,
		.setup_len = r->setup.len,
		.state_dir = p->state_dir,
		.settings = &r->settings,
		.blank = p->blank };
	const char *label = boot.path != NULL ? boot.path : FLASH_SETUP;
	struct usbkey k;
	bool met;

	usbkey_boot(&boot, rec, &k, e);
	secret_free(&r->setup);
	/* A Setup.bin lies there at each start, and is not told again. */
	met = boot.path != NULL || k.record != 0 || k.why.code != ERR_OK;
	if (met && (e->code == ERR_OK || k.taken))
		events_usb(r->args, &rec->uuid, label, &k);
	if (e->code == ERR_OK && p->blank && !k.in_force)
		err_refuse(e, ERR_DATA, reason_get(REASON_IMAGE_NO_RECORD),
		    "nothing to start from: no record in the image, and "
		    "nothing came of the key");
	return e->code;
}

/* What is known of a blank board, with *e the refusal of its image. */
static enum err_code
find_blank(struct rig *r, const char *image, const struct machine_place *p,
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
find_record(struct rig *r, const char *image, struct machine_place *p,
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

/* Where the machine's state is; dir is room for a path. */
static enum err_code
place_state(struct rig *r, const struct record *rec, char *dir,
    struct machine_place *p, struct err *e)
{
	char uuid[UUID_TEXT];

	if (!r->many)
		return ERR_OK;
	p->care = r->state == NULL ? STATE_VOLATILE : STATE_LOOSE;
	if (r->state == NULL)
		return ERR_OK;
	uuid_text(&rec->uuid, uuid);
	if (file_join(dir, STATE_PATH, r->state, uuid, e) == ERR_OK)
		p->state_dir = dir;
	return e->code;
}

/* rec is the image's. */
static enum err_code
set_up(struct rig *r, const struct record *rec, struct machine_place *p,
    struct err *e)
{
	struct record *in_force = malloc(sizeof(*in_force));
	char dir[STATE_PATH];

	if (in_force == NULL)
		return err_mem(e);
	*in_force = *rec;
	p->suffix = cli_value(r->args, "--suffix", "");
	fault_deal(&r->faults, &rec->uuid, &p->fault);
	if (place_state(r, rec, dir, p, e) == ERR_OK &&
	    (p->care == STATE_VOLATILE ||
		meet_key(r, p, in_force, e) == ERR_OK)) {
		route_find(&r->server, in_force, &p->server);
		route_find(&r->server, rec, &p->image_server);
		fleet_add(r->fleet, rec, p, e);
	}
	record_wipe(in_force);
	free(in_force);
	return e->code;
}

enum err_code
rig_add(struct rig *r, const char *image, const char *address, struct err *e)
{
	struct machine_place p = { .address = address };
	struct record *rec = calloc(1, sizeof(*rec));

	if (rec == NULL)
		return err_mem(e);
	p.state_dir = r->many ? NULL : r->state;
	if (find_record(r, image, &p, rec, e) == ERR_OK)
		set_up(r, rec, &p, e);
	record_wipe(rec);
	free(rec);
	return e->code;
}

enum err_code
rig_add_record(
    struct rig *r, const struct record *rec, const char *address, struct err *e)
{
	struct machine_place p = { .address = address };

	return set_up(r, rec, &p, e);
}

static enum err_code
port_open(struct rig *r, const char *path, size_t i, struct err *e)
{
	return meiport_new(fleet_machine(r->fleet, i), path, &r->port[i], e);
}

enum err_code
rig_mei(struct rig *r, struct err *e)
{
	const char *to = cli_value(r->args, "--mei", NULL);
	char path[STATE_PATH], uuid[UUID_TEXT], name[UUID_TEXT + 8];
	size_t n = fleet_count(r->fleet);

	if (to == NULL)
		return ERR_OK;
	if ((r->port = calloc(n, sizeof(struct meiport *))) == NULL)
		return err_mem(e);
	if (!r->many)
		return port_open(r, to, 0, e);
	file_mkdir(to, 0700, e);
	for (size_t i = 0; e->code == ERR_OK && i < n; i++) {
		uuid_text(
		    &machine_factory(fleet_machine(r->fleet, i))->uuid, uuid);
		snprintf(name, sizeof(name), "%s.sock", uuid);
		if (file_join(path, sizeof(path), to, name, e) == ERR_OK)
			port_open(r, path, i, e);
	}
	return e->code;
}

void
rig_free(struct rig *r)
{
	for (size_t i = 0; r->port != NULL && i < fleet_count(r->fleet); i++)
		meiport_free(r->port[i]);
	free(r->port);
	r->port = NULL;
	flash_free(&r->flash);
	loop_timer_free(r->stay);
	fleet_free(r->fleet);
	r->fleet = NULL;
	statelock_free(&r->lock);
	tally_free(&r->tally);
}
