/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of a server by hand, for one machine. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/passphrase.h"
#include "base/secret.h"
#include "formats/cjson.h"
#include "formats/reason.h"
#include "server/conf.h"
#include "server/history.h"
#include "server/lock.h"
#include "server/request.h"
#include "server/unitview.h"
#include "server/run.h"
#include "server/seek.h"
#include "server/verbs.h"

#define POLL_MS 100
#define PASSWORD "--password-file"
/* How long a server may be away, say for a restart, while we wait. */
#define AWAY_SECONDS 10

static enum err_code
check_address(const char *text, struct err *e)
{
	struct in6_addr any;

	if (text[0] == '\0' || inet_pton(AF_INET, text, &any) == 1 ||
	    inet_pton(AF_INET6, text, &any) == 1)
		return ERR_OK;
	return err_set(
	    e, ERR_USAGE, "--address: '%s' is not a numeric address", text);
}

/* It is one of ours, and what is asked can be done at all. */
static enum err_code
check_unit(struct store *s, const struct request *r, struct err *e)
{
	struct store_unit u;
	bool found;

	if (store_unit(s, &r->uuid, &found, &u, e) != ERR_OK)
		return e->code;
	if (!found)
		return seek_unknown(s, &r->uuid, e);
	if (r->what != REQUEST_HAND_OVER && r->address[0] == '\0' &&
	    u.address[0] == '\0')
		err_set(e, ERR_USAGE,
		    "no address is known of it yet; give --address");
	else if ((r->what == REQUEST_UNDO || r->what == REQUEST_UNDO_PARTLY) &&
	    u.now.admin_password[0] == '\0' && u.next.admin_password[0] == '\0')
		err_set(e, ERR_DATA,
		    "was never set up here, so no password is known that it "
		    "would take");
	else if (r->what == REQUEST_HAND_OVER && u.state != STORE_PROVISIONED)
		err_set(e, ERR_DATA, "is not provisioned, but %s",
		    store_state_name(u.state));
	store_unit_wipe(&u);
	return e->code;
}

static enum err_code
read_request(const struct cli_args *a, struct request *r, struct err *e)
{
	const char *address = cli_value(a, "--address", "");

	memset(r, 0, sizeof(*r));
	if (check_address(address, e) != ERR_OK)
		return e->code;
	strcpy(r->address, address);
	return ERR_OK;
}

static enum err_code
read_login(const struct cli_args *a, struct request *r, struct err *e)
{
	const char *path = cli_value(a, PASSWORD, NULL);

	if (path == NULL)
		return ERR_OK;
	if (r->what == REQUEST_HAND_OVER)
		return err_set(e, ERR_USAGE,
		    PASSWORD ": --hand-over does not speak to the machine");
	if (passphrase_line(path, NULL, r->login, sizeof(r->login), e) !=
	    ERR_OK)
		err_in(e, PASSWORD);
	return e->code;
}

static enum err_code
absent(const char *dir, const struct request *r, struct err *e)
{
	return err_refuse(e, ERR_PEER, reason_get(REASON_SERVER_ABSENT),
	    "%s: no server runs on it any more; request %lld is kept for the "
	    "next one",
	    dir, (long long)r->n);
}

static enum err_code
await(struct store *s, const char *dir, unsigned long seconds,
    struct request *r, struct err *e)
{
	const struct timespec nap = { 0, POLL_MS * 1000000L };
	time_t start = (time_t)clock_seconds(), seen = start;
	pid_t owner;

	while (request_get(s, r->n, r, e) == ERR_OK && r->state[0] == '\0') {
		if (lock_owner(dir, &owner, e) != ERR_OK)
			break;
		if (owner != 0)
			seen = (time_t)clock_seconds();
		if ((time_t)clock_seconds() - seen > AWAY_SECONDS)
			return absent(dir, r, e);
		if ((time_t)clock_seconds() - start > (time_t)seconds)
			return err_set(e, ERR_RETRY,
			    "not done within %lu s; request %lld goes on%s%s",
			    seconds, (long long)r->n,
			    r->detail[0] == '\0' ? "" : "; last: ", r->detail);
		nanosleep(&nap, NULL);
	}
	return e->code;
}

/* The outcome as an error of our own, or its line. */
static enum err_code
outcome(const struct cli_args *a, const struct request *r, struct err *e)
{
	char uuid[UUID_TEXT], line[1024];
	struct wr w;

	if (r->code != ERR_OK) {
		err_refuse(e, r->code, reason_find(r->reason), "%s", r->detail);
		return err_in(e, "%s", r->state);
	}
	uuid_text(&r->uuid, uuid);
	wr_fixed(&w, line, sizeof(line));
	if (a->json) {
		wr_u8(&w, '{');
		cjson_put_member(&w, "uuid", uuid);
		cjson_put_member(&w, "state", r->state);
		unitview_put(&w, "detail", r->detail);
		wr_str(&w, "}\n");
	} else
		wr_fmt(&w, "%s: %s%s%s\n", uuid, r->state,
		    r->detail[0] == '\0' ? "" : ": ", r->detail);
	return cli_print(&w, e);
}

/* The request would stay here, and the server look for it there. */
static enum err_code
same_store(const char *dir, const char *config, struct err *e)
{
	char named[CONF_PATH];
	struct stat ours, its;

	if (conf_state(config, named, e) != ERR_OK)
		return e->code;
	if (stat(dir, &ours) == -1)
		return err_sys(e, ERR_NOINPUT, "%s", dir);
	if (stat(named, &its) == 0 && its.st_dev == ours.st_dev &&
	    its.st_ino == ours.st_ino)
		return ERR_OK;
	return err_set(e, ERR_CONFIG,
	    "%s: state: the configuration is of another store, %s; give the "
	    "one of %s",
	    config, named, dir);
}

/* What this command could not do, no later server does behind its back; but
 * what the device may have heard is looked after. */
static enum err_code
do_here(struct store *s, const char *config, unsigned long seconds,
    struct request *r, struct err *e)
{
	struct err bad;
	bool kept;

	err_clear(&bad);
	if (run_request(config, r->n, seconds, e) == ERR_OK &&
	    request_get(s, r->n, r, e) == ERR_OK && r->state[0] != '\0')
		return ERR_OK;
	if (request_drop(s, r->n, &kept, &bad) != ERR_OK)
		kept = true;
	if (e->code == ERR_OK)
		err_set(e, ERR_RETRY,
		    "not done (--timeout %lu); request %lld %s%s%s", seconds,
		    (long long)r->n,
		    kept ? "is kept for the next server" : "is withdrawn",
		    r->detail[0] == '\0' ? "" : "; last: ", r->detail);
	return e->code;
}

/* A board was changed, or the device has made a new key: the next certificate
 * it shows is taken as the first one was. */
static enum err_code
forget(struct store *s, const struct request *r, struct err *e)
{
	char uuid[UUID_TEXT];
	struct store_unit u;
	bool found;

	uuid_text(&r->uuid, uuid);
	if (store_unit(s, &r->uuid, &found, &u, e) != ERR_OK)
		return e->code;
	if (!found)
		return seek_unknown(s, &r->uuid, e);
	if (u.row.cert_sha256[0] != '\0')
		err_set(e, ERR_DATA,
		    "its certificate is pinned in the manifest: pin the new "
		    "one (amtforge unit pin) and import a new manifest");
	else if (store_forget(s, &r->uuid, u.seen_cert, e) == ERR_OK)
		log_warn("%s: --insecure-forget-certificate: whatever "
			 "certificate it shows next is taken",
		    uuid);
	store_unit_wipe(&u);
	return e->code;
}

/* A machine of somebody else's is about to be taken. */
static enum err_code
note_login(struct store *s, const struct request *r, struct err *e)
{
	char uuid[UUID_TEXT];

	uuid_text(&r->uuid, uuid);
	return store_audit(s, "setup " PASSWORD, uuid, r->address, e);
}

static enum err_code
carry_out(
    struct store *s, const struct cli_args *a, struct request *r, struct err *e)
{
	const char *config = cli_value(a, "--config", NULL);
	bool forgets = r->what == REQUEST_SET_UP &&
	    cli_flag(a, "--insecure-forget-certificate");
	unsigned long seconds = 0;
	pid_t owner = 0;

	if (cli_number(a, "--timeout", 1, 86400, 600, &seconds, e) != ERR_OK ||
	    lock_owner(a->pos[0], &owner, e) != ERR_OK)
		return e->code;
	if (owner == 0 && config == NULL)
		return err_refuse(e, ERR_PEER, reason_get(REASON_SERVER_ABSENT),
		    "%s: no server runs on it (--config does without)",
		    a->pos[0]);
	if ((owner == 0 && same_store(a->pos[0], config, e) != ERR_OK) ||
	    (forgets && forget(s, r, e) != ERR_OK) ||
	    (r->login[0] != '\0' && note_login(s, r, e) != ERR_OK) ||
	    request_add(s, r, e) != ERR_OK)
		return e->code;
	return owner == 0 ? do_here(s, config, seconds, r, e)
			  : await(s, a->pos[0], seconds, r, e);
}

static enum err_code
ask(const struct cli_args *a, struct request *r, struct err *e)
{
	struct store *s = NULL;

	if (store_open(a->pos[0], &s, e) == ERR_OK) {
		if (seek_uuid(s, a->pos[1], &r->uuid, e) == ERR_OK &&
		    (check_unit(s, r, e) != ERR_OK ||
			carry_out(s, a, r, e) != ERR_OK ||
			outcome(a, r, e) != ERR_OK))
			err_in(e, "%s", a->pos[1]);
	}
	store_close(s);
	return e->code;
}

/* Cancelling. */

static bool
is_undo(enum request_what what)
{
	return what == REQUEST_UNDO || what == REQUEST_UNDO_PARTLY;
}

static enum err_code
cancel_one(struct store *s, const struct store_unit *u, const struct request *r,
    bool *gone, struct err *e)
{
	char uuid[UUID_TEXT], words[64];
	const struct history_event ev = { .state = u->state, .detail = words };

	if (request_cancel(s, r->n, gone, e) != ERR_OK || !*gone)
		return e->code;
	uuid_text(&r->uuid, uuid);
	snprintf(words, sizeof(words), "request %lld, %s, was cancelled",
	    (long long)r->n, request_name(r->what));
	if (history_note(s, &r->uuid, &ev, e) != ERR_OK)
		return e->code;
	return store_audit(s, "request cancel", uuid, words, e);
}

/* Each of its kind that waits. */
static enum err_code
cancel_each(
    struct store *s, const struct store_unit *u, bool undo, struct err *e)
{
	struct request r = { .n = 0 };
	unsigned cancelled = 0;
	int64_t begun = 0;
	bool found, gone;

	while (request_next(s, r.n, &found, &r, e) == ERR_OK && found) {
		if (!uuid_equal(&r.uuid, &u->row.uuid) ||
		    is_undo(r.what) != undo)
			continue;
		if (cancel_one(s, u, &r, &gone, e) != ERR_OK)
			return e->code;
		cancelled += gone;
		if (!gone)
			begun = r.n;
	}
	if (e->code != ERR_OK || cancelled > 0)
		return e->code;
	if (begun != 0)
		return err_set(e, ERR_PERM,
		    "request %lld has begun, and goes on to its end: the "
		    "machine may be changed already",
		    (long long)begun);
	return err_set(e, ERR_DATA, "no such request of it waits");
}

static enum err_code
cancel(const struct cli_args *a, bool undo, struct err *e)
{
	static const char *const others[] = { "--address", "--config",
		"--timeout", PASSWORD, "--hand-over", "--partial",
		"--insecure-forget-certificate" };
	struct request r = { .state = "cancelled" };
	struct store *s = NULL;
	struct store_unit u;
	bool own;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (cli_value(a, others[i], NULL) != NULL)
			return err_set(e, ERR_USAGE,
			    "%s: --cancel asks for nothing", others[i]);
	memset(&u, 0, sizeof(u));
	if (store_open(a->pos[0], &s, e) == ERR_OK &&
	    seek_unit(s, a->pos[1], &u, e) == ERR_OK) {
		r.uuid = u.row.uuid;
		if (store_join(s, &own, e) == ERR_OK) {
			cancel_each(s, &u, undo, e);
			store_leave(s, own, e);
		}
		if (e->code != ERR_OK)
			err_in(e, "%s", a->pos[1]);
		else
			outcome(a, &r, e);
	}
	store_unit_wipe(&u);
	store_close(s);
	return e->code;
}

static enum err_code
run_setup(const struct cli_args *a, struct err *e)
{
	struct request r;

	if (cli_flag(a, "--cancel"))
		return cancel(a, false, e);
	if (read_request(a, &r, e) != ERR_OK)
		return e->code;
	r.what =
	    cli_flag(a, "--hand-over") ? REQUEST_HAND_OVER : REQUEST_SET_UP;
	if (read_login(a, &r, e) == ERR_OK)
		ask(a, &r, e);
	secret_wipe(&r, sizeof(r));
	return e->code;
}

static enum err_code
run_unprovision(const struct cli_args *a, struct err *e)
{
	struct request r;

	if (cli_flag(a, "--cancel"))
		return cancel(a, true, e);
	if (read_request(a, &r, e) != ERR_OK)
		return e->code;
	r.what = cli_flag(a, "--partial") ? REQUEST_UNDO_PARTLY : REQUEST_UNDO;
	return ask(a, &r, e);
}

#define OPT_ADDRESS                                 \
	{                                           \
		"--address", CLI_VALUE, "ADDR",     \
		    "where it is, in place of its " \
		    "last address"                  \
	}
#define OPT_CONFIG                                                            \
	{                                                                     \
		"--config", CLI_VALUE, "FILE",                                \
		    "do it here, by this configuration, where no server runs" \
	}
#define OPT_TIMEOUT                                      \
	{                                                \
		"--timeout", CLI_VALUE, "SECS",          \
		    "wait for the outcome so long (600)" \
	}

#define OPT_CANCEL                                                      \
	{                                                               \
		"--cancel", CLI_FLAG, NULL,                             \
		    "take back what was asked for so and has not begun" \
	}

static const struct cli_opt setup_opts[] = {
	OPT_ADDRESS,
	OPT_CONFIG,
	OPT_TIMEOUT,
	{ "--hand-over", CLI_FLAG, NULL,
	    "only give it to the hand-over command again" },
	{ PASSWORD, CLI_SECRET, "FILE|-",
	    "the admin password of one that somebody else set up, which is "
	    "un-provisioned in full first" },
	{ "--insecure-forget-certificate", CLI_FLAG, NULL,
	    "take whatever certificate it shows now; leaves an audit row" },
	OPT_CANCEL,
	{ 0 },
};
static const struct cli_opt unprovision_opts[] = {
	{ "--partial", CLI_FLAG, NULL,
	    "keep its PID and PPS and what the network is" },
	OPT_ADDRESS,
	OPT_CONFIG,
	OPT_TIMEOUT,
	OPT_CANCEL,
	{ 0 },
};

const struct cli_verb ask_verbs[] = {
	{ "setup", "STATE UUID [--address ADDR] [--config FILE]",
	    "set one machine up now, or anew", setup_opts, 2, 2, run_setup },
	{ "unprovision", "STATE UUID [--partial] [--address ADDR]",
	    "take a machine's set-up back", unprovision_opts, 2, 2,
	    run_unprovision },
	{ 0 },
};
