/* SPDX-License-Identifier: Apache-2.0 */
/* amtforge-device mebx: the set-up screen that a technician types into. */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"
#include "base/text.h"
#include "device/blank.h"
#include "device/flash.h"
#include "device/mebx.h"
#include "device/origin.h"
#include "device/screen.h"
#include "device/verbs.h"
#include "formats/cjson.h"
#include "formats/passwd.h"
#include "formats/reason.h"

#define LOGINS 3
#define JSON_MAX 32768
#define NOTE 1024

/* A technician at work. */
struct desk {
	const struct cli_args *args;
	struct mebx *m;
	struct screen s;
	char note[NOTE]; /* shown above the next menu */
	unsigned refused;
	bool out;        /* of input */
	bool left;       /* the screen is done with */
	const char *end; /* how: "saved", ... */
};

static void
show_note(struct desk *d)
{
	if (d->note[0] != '\0')
		screen_say(&d->s, "\n! %s\n", d->note);
	d->note[0] = '\0';
}

/* Above the next menu; where none comes, at once. */
__attribute__((format(printf, 2, 3))) static void
note(struct desk *d, const char *fmt, ...)
{
	size_t n = strlen(d->note);
	va_list ap;

	if (n > 0 && n + 1 < sizeof(d->note))
		d->note[n++] = '\n';
	va_start(ap, fmt);
	vsnprintf(d->note + n, sizeof(d->note) - n, fmt, ap);
	va_end(ap);
	if (!d->s.tty)
		show_note(d);
}

/* ---- asking ---- */

static bool
got_line(struct desk *d, enum screen_got got, const char *line)
{
	d->out = got == SCREEN_END;
	if (got == SCREEN_LONG) {
		d->refused++;
		note(d, "that is too long");
	}
	return got == SCREEN_OK && line[0] != '\0';
}

static bool
ask(struct desk *d, const char *prompt, char *out, size_t room)
{
	return got_line(d, screen_ask(&d->s, prompt, out, room), out);
}

/* What is typed, unless the line is empty, which leaves a value as it is. */
static bool
ask_value(struct desk *d, const char *prompt, char *out, size_t room)
{
	if (!ask(d, prompt, out, room))
		return false;
	if (strcmp(out, "none") == 0)
		out[0] = '\0';
	return true;
}

static bool
ask_unseen(struct desk *d, const char *prompt, char *out, size_t room)
{
	return got_line(d, screen_ask_unseen(&d->s, prompt, out, room), out);
}

/* Of two words, or their beginnings. */
static bool
ask_either(struct desk *d, const char *prompt, const char *yes, const char *no,
    bool *out)
{
	char line[32];
	size_t n;

	if (!ask(d, prompt, line, sizeof(line)))
		return false;
	n = strlen(line);
	*out = strncmp(line, yes, n) == 0;
	if (*out != (strncmp(line, no, n) == 0))
		return true;
	d->refused++;
	note(d, "type %s or %s", yes, no);
	return false;
}

/* What came of a change. */
static void
told(struct desk *d, enum err_code code, struct err *e)
{
	const struct reason *r = e->reason;

	if (code == ERR_OK)
		return;
	d->refused++;
	if (d->args->json)
		cli_report(d->args, e);
	else if (r == NULL)
		note(d, "%s", e->msg);
	else
		note(d, "%s: %s\n%s", r->code, e->msg, r->mend);
	err_clear(e);
}

/* ---- the items ---- */

static void
do_password(struct desk *d)
{
	char once[SCREEN_LINE], twice[SCREEN_LINE];
	struct err e = { 0 };

	if (ask_unseen(d, "New MEBx password: ", once, sizeof(once)) &&
	    ask_unseen(d, "Once more: ", twice, sizeof(twice))) {
		if (strcmp(once, twice) != 0)
			told(d,
			    err_refuse(&e, ERR_DATA,
				reason_get(REASON_PASSWORD_UNSOUND),
				"the two are not the same"),
			    &e);
		else
			told(d, mebx_password(d->m, once, &e), &e);
	}
	secret_wipe(once, sizeof(once));
	secret_wipe(twice, sizeof(twice));
}

static void
do_manageability(struct desk *d)
{
	struct err e = { 0 };
	bool on;

	if (ask_either(d, "Manageability, amt or none: ", "amt", "none", &on))
		told(d, mebx_enable(d->m, on, &e), &e);
}

static void
do_mode(struct desk *d)
{
	struct err e = { 0 };
	bool smb;

	if (ask_either(d, "Provisioning mode, enterprise or smb: ", "smb",
		"enterprise", &smb))
		told(d,
		    mebx_mode(d->m, smb ? RECORD_SMB : RECORD_ENTERPRISE, &e),
		    &e);
}

static void
do_server(struct desk *d)
{
	char line[SCREEN_LINE];
	struct err e = { 0 };

	screen_say(
	    &d->s, "Enter leaves a value as it is; none takes it away.\n");
	if (ask_value(
		d, "Provisioning server, name (FQDN): ", line, sizeof(line)))
		told(d, mebx_fqdn(d->m, line, &e), &e);
	if (!d->out &&
	    ask_value(d, "Provisioning server, address: ", line, sizeof(line)))
		told(d, mebx_address(d->m, line, &e), &e);
	if (!d->out &&
	    ask_value(d, "Provisioning server, port: ", line, sizeof(line)))
		told(d, mebx_port(d->m, line, &e), &e);
}

/* A group's check character is judged as a whole PPS of that group is. */
static bool
good_group(const char *group, size_t i)
{
	char eight[PSK_PPS_LEN + 1] = "", out[PSK_PPS_LEN + 1];
	const char *why;
	bool good;

	(void)i;
	for (size_t k = 0; k < PSK_PPS_LEN; k += 4)
		memcpy(eight + k, group, 4);
	good = psk_pps_parse(out, eight, &why);
	secret_wipe(eight, sizeof(eight));
	secret_wipe(out, sizeof(out));
	return good;
}

static void
do_psk(struct desk *d)
{
	const struct screen_groups of_pid = { "PID: ", 2, false, NULL };
	const struct screen_groups of_pps = { "PPS: ", 8, true, good_group };
	char pid[64] = "", pps[128] = "";
	struct err e = { 0 };

	screen_say(&d->s,
	    "Enter alone leaves the key as it is; the PID none takes it "
	    "away.\n");
	d->out =
	    screen_ask_groups(&d->s, &of_pid, pid, sizeof(pid)) == SCREEN_END;
	if (d->out || pid[0] == '\0')
		return;
	if (strcmp(pid, "none") == 0 || strcmp(pid, "NONE") == 0) {
		told(d, mebx_psk(d->m, "", "", &e), &e);
		return;
	}
	d->out =
	    screen_ask_groups(&d->s, &of_pps, pps, sizeof(pps)) == SCREEN_END;
	if (!d->out)
		told(d, mebx_psk(d->m, pid, pps, &e), &e);
	secret_wipe(pps, sizeof(pps));
}

static void
do_remote(struct desk *d)
{
	char line[SCREEN_LINE];
	struct err e = { 0 };
	bool on;

	screen_say(
	    &d->s, "Enter leaves a value as it is; none takes it away.\n");
	if (ask_either(
		d, "Remote configuration (PKI), on or off: ", "on", "off", &on))
		told(d, mebx_remote(d->m, on, &e), &e);
	if (!d->out && ask_value(d, "PKI DNS suffix: ", line, sizeof(line)))
		told(d, mebx_suffix(d->m, line, &e), &e);
	if (!d->out && ask_unseen(d, "One-time password: ", line, sizeof(line)))
		told(d,
		    mebx_otp(d->m, strcmp(line, "none") == 0 ? "" : line, &e),
		    &e);
	secret_wipe(line, sizeof(line));
}

static void
do_start(struct desk *d)
{
	struct err e = { 0 };
	bool on;

	if (ask_either(d,
		"Start configuration: now (says hello to its server) or wait "
		"(for the agent in its operating system): ",
		"now", "wait", &on))
		told(d, mebx_talk(d->m, on, &e), &e);
}

static void
do_activate(struct desk *d)
{
	struct err e = { 0 };
	bool yes;

	screen_say(&d->s,
	    "The machine counts as set up then, without a server, and its "
	    "administrator's\npassword is that of this screen.\n");
	if (!ask_either(
		d, "Activate network access, yes or no: ", "yes", "no", &yes) ||
	    !yes)
		return;
	told(d, mebx_activate(d->m, &e), &e);
	if (mebx_provisioned(d->m)) {
		d->left = true;
		d->end = "activated";
	}
}

static void
do_unprovision(struct desk *d)
{
	struct err e = { 0 };
	bool partial;

	screen_say(&d->s,
	    "full: back to what the factory gave; partial: PID, PPS and what "
	    "was typed here\nstay.\n");
	if (!ask_either(d, "Un-provision, full or partial: ", "partial", "full",
		&partial))
		return;
	if (mebx_unprovision(d->m, partial, &e) == ERR_OK) {
		d->left = true;
		d->end = partial ? "unprovisioned in part" : "unprovisioned";
	} else {
		told(d, e.code, &e);
	}
}

static void
do_save(struct desk *d)
{
	struct err e = { 0 };

	if (mebx_save(d->m, &e) == ERR_OK) {
		d->left = true;
		d->end = "saved";
	} else {
		told(d, e.code, &e);
	}
}

static void
do_quit(struct desk *d)
{
	d->left = true;
	d->end = "left";
}

/* ---- hashes ---- */

static void
show_hashes(struct desk *d)
{
	const struct hashlist *l = &d->m->rec->hashes;
	char hex[TEXT_HEX_SIZE(HASHLIST_HASH)];

	screen_clear(&d->s);
	screen_say(&d->s, "Certificate hashes%s\n", l->n == 0 ? ": none" : "");
	for (size_t i = 0; i < l->n; i++) {
		const struct hash_entry *h = &l->e[i];

		text_hex(hex, h->hash, hashlist_hash_len(h->type));
		screen_say(&d->s, "%3zu  %-31s %s%s%s\n     %s %s\n", i + 1,
		    h->name, h->active ? "in use" : "not in use",
		    h->only ? ", the only one" : "",
		    h->oem ? ", of the factory" : "",
		    hashlist_type_name(h->type), hex);
	}
	show_note(d);
	screen_say(&d->s,
	    "add, on N, off N, only N, all (no longer only one), delete N, "
	    "back\n");
}

static void
add_hash(struct desk *d)
{
	char hex[256], name[64];
	struct err e = { 0 };

	if (!ask(d, "Hash of the root certificate: ", hex, sizeof(hex)))
		return;
	if (screen_ask(&d->s, "Name: ", name, sizeof(name)) == SCREEN_OK)
		told(d, mebx_hash_add(d->m, hex, name, &e), &e);
	else
		d->out = true;
}

/* "off 3": false if it is no such word. */
static bool
numbered(struct desk *d, const char *word, size_t i)
{
	struct err e = { 0 };

	if (strcmp(word, "on") == 0 || strcmp(word, "off") == 0)
		told(d, mebx_hash_active(d->m, i, strcmp(word, "on") == 0, &e),
		    &e);
	else if (strcmp(word, "only") == 0)
		told(d, mebx_hash_only(d->m, i, &e), &e);
	else if (strcmp(word, "delete") == 0)
		told(d, mebx_hash_drop(d->m, i, &e), &e);
	else
		return false;
	return true;
}

static bool
hash_command(struct desk *d, char *line)
{
	char *space = strchr(line, ' ');
	struct err e = { 0 };
	unsigned long i;
	char *end;

	if (strcmp(line, "add") == 0) {
		add_hash(d);
	} else if (strcmp(line, "all") == 0) {
		told(d, mebx_hash_all(d->m, &e), &e);
	} else {
		if (space == NULL)
			return false;
		*space = '\0';
		i = strtoul(space + 1, &end, 10);
		if (space[1] == '\0' || *end != '\0' || i == 0)
			return false;
		return numbered(d, line, i - 1);
	}
	return true;
}

static void
do_hashes(struct desk *d)
{
	char line[64];

	while (!d->out) {
		show_hashes(d);
		if (!ask(d, "hashes> ", line, sizeof(line)) ||
		    strcmp(line, "back") == 0)
			return;
		if (hash_command(d, line))
			continue;
		d->refused++;
		note(d, "there is no such choice");
	}
}

/* ---- what the menu tells ---- */

static void
tell_manageability(const struct mebx *m, char *out, size_t n)
{
	snprintf(out, n, "%s", m->rec->enabled ? "Intel AMT" : "none");
}

static void
tell_mode(const struct mebx *m, char *out, size_t n)
{
	snprintf(out, n, "%s",
	    m->rec->mode == RECORD_SMB ? "small business" : "enterprise");
}

static void
tell_server(const struct mebx *m, char *out, size_t n)
{
	const struct record *r = m->rec;
	char ip[INET_ADDRSTRLEN] = "", port[16] = "";

	if (get_u32le(r->server_ip) != 0)
		inet_ntop(AF_INET, r->server_ip, ip, sizeof(ip));
	if (r->server_port != 0)
		snprintf(port, sizeof(port), " port %u", r->server_port);
	snprintf(out, n, "%s%s%s%s",
	    r->server_fqdn[0] == '\0' && ip[0] == '\0' ? "provisionserver"
						       : r->server_fqdn,
	    r->server_fqdn[0] != '\0' && ip[0] != '\0' ? " " : "", ip, port);
}

static void
tell_psk(const struct mebx *m, char *out, size_t n)
{
	char pid[PSK_PID_TEXT] = "none";

	if (m->rec->psk.pid[0] != '\0')
		psk_pid_text(pid, m->rec->psk.pid);
	snprintf(out, n, "%s%s", m->rec->psk.pid[0] != '\0' ? "PID " : "", pid);
}

static void
tell_remote(const struct mebx *m, char *out, size_t n)
{
	const struct record *r = m->rec;

	snprintf(out, n, "%s, DNS suffix %s%s", r->pki ? "on" : "off",
	    r->pki_dns_suffix[0] != '\0' ? r->pki_dns_suffix : "as DHCP says",
	    r->otp[0] != '\0' ? ", one-time password set" : "");
}

static void
tell_hashes(const struct mebx *m, char *out, size_t n)
{
	const struct hash_entry *only = hashlist_only(&m->rec->hashes);
	size_t used = 0;

	for (size_t i = 0; i < m->rec->hashes.n; i++)
		used += m->rec->hashes.e[i].active;
	if (only != NULL)
		snprintf(out, n, "only %s", only->name);
	else
		snprintf(out, n, "%zu of %zu in use", used, m->rec->hashes.n);
}

static void
tell_start(const struct mebx *m, char *out, size_t n)
{
	snprintf(out, n, "%s", m->rec->talk ? "now" : "waits for an agent");
}

static void
tell_state(const struct mebx *m, char *out, size_t n)
{
	snprintf(out, n, "%s", mebx_provisioned(m) ? "set up" : "not set up");
}

static const struct item {
	const char *name, *title;
	void (*tell)(const struct mebx *, char *, size_t); /* or NULL */
	void (*act)(struct desk *);
} items[] = {
	{ "password", "MEBx password", NULL, do_password },
	{ "manageability", "Manageability", tell_manageability,
	    do_manageability },
	{ "mode", "Provisioning mode", tell_mode, do_mode },
	{ "server", "Provisioning server", tell_server, do_server },
	{ "psk", "Shared key (TLS PSK)", tell_psk, do_psk },
	{ "remote", "Remote configuration", tell_remote, do_remote },
	{ "hashes", "Certificate hashes", tell_hashes, do_hashes },
	{ "start", "Start configuration", tell_start, do_start },
	{ "activate", "Activate network access", NULL, do_activate },
	{ "unprovision", "Un-provision", tell_state, do_unprovision },
	{ "save", "Exit and save", NULL, do_save },
	{ "quit", "Exit without saving", NULL, do_quit },
};

#define ITEMS (sizeof(items) / sizeof(items[0]))

/* A script needs it once. */
static void
show_menu(struct desk *d)
{
	const struct record *r = d->m->rec;
	char text[SCREEN_LINE / 2], uuid[UUID_TEXT];

	screen_clear(&d->s);
	uuid_text(&r->uuid, uuid);
	screen_say(&d->s, "MEBx, the set-up screen of AMT %u.%u\n%s%s%s\n\n",
	    r->amt_major, r->amt_minor, uuid, r->serial[0] != '\0' ? "  " : "",
	    r->serial);
	for (size_t i = 0; i < ITEMS; i++) {
		text[0] = '\0';
		if (items[i].tell != NULL)
			items[i].tell(d->m, text, sizeof(text));
		screen_say(&d->s, "%3zu  %-14s %-24s %s\n", i + 1,
		    items[i].name, items[i].title, text);
	}
}

/* By name or number. */
static const struct item *
choose(const char *line)
{
	char number[8];

	for (size_t i = 0; i < ITEMS; i++) {
		snprintf(number, sizeof(number), "%zu", i + 1);
		if (strcmp(line, items[i].name) == 0 ||
		    strcmp(line, number) == 0)
			return &items[i];
	}
	return NULL;
}

static void
menu(struct desk *d)
{
	const struct item *item;
	char line[64];

	for (bool first = true; !d->left && !d->out; first = false) {
		if (first || d->s.tty)
			show_menu(d);
		show_note(d);
		if (!ask(d, "\nmebx> ", line, sizeof(line)))
			continue;
		if ((item = choose(line)) != NULL) {
			item->act(d);
			continue;
		}
		d->refused++;
		note(d,
		    "there is no such choice: type a number or a name of the "
		    "list");
	}
}

/* ---- log-in ---- */

static enum err_code
log_in(struct desk *d, struct err *e)
{
	char line[SCREEN_LINE];

	for (int i = 0; i < LOGINS && !d->m->logged_in && !d->out; i++) {
		if (ask_unseen(d, "MEBx password: ", line, sizeof(line)) &&
		    !mebx_login(d->m, line))
			screen_say(&d->s, "! That is not it.\n");
		secret_wipe(line, sizeof(line));
	}
	if (!d->m->logged_in)
		return err_refuse(e, ERR_PERM, reason_get(REASON_MEBX_PASSWORD),
		    "nobody has logged in%s",
		    d->out ? ": the input ended" : "");
	while (mebx_must_change(d->m) && !d->out) {
		show_note(d);
		screen_say(&d->s,
		    "The password is the factory's still: give a new one. "
		    "It has 8 to 32\ncharacters, among them a capital and a "
		    "small letter, a digit and a sign, but no\n: , or \".\n");
		do_password(d);
	}
	return ERR_OK;
}

/* ---- the end ---- */

static enum err_code
print_end(const struct desk *d, struct err *e)
{
	const struct record *r = d->m->rec;
	char uuid[UUID_TEXT];
	struct wr w;

	uuid_text(&r->uuid, uuid);
	wr_grow(&w, JSON_MAX);
	wr_u8(&w, '{');
	cjson_put_member(&w, "uuid", uuid);
	cjson_put_member(&w, "end", d->end);
	wr_fmt(&w, ",\"enabled\":%s", r->enabled ? "true" : "false");
	cjson_put_member(
	    &w, "mode", r->mode == RECORD_SMB ? "smb" : "enterprise");
	cjson_put_member(&w, "start", r->talk ? "talk" : "listen");
	cjson_put_member(&w, "pid", r->psk.pid);
	wr_fmt(&w, ",\"pki\":%s", r->pki ? "true" : "false");
	cjson_put_member(&w, "pki_dns_suffix", r->pki_dns_suffix);
	cjson_put_member(&w, "server_fqdn", r->server_fqdn);
	wr_fmt(&w, ",\"hashes\":%zu}\n", r->hashes.n);
	return cli_print(&w, e);
}

static enum err_code
at_desk(struct desk *d, struct err *e)
{
	if (log_in(d, e) != ERR_OK)
		return e->code;
	menu(d);
	if (!d->left)
		return err_set(e, ERR_NOINPUT,
		    "the input ended before save or quit: nothing that was "
		    "typed is kept");
	if (d->args->json) {
		if (print_end(d, e) != ERR_OK)
			return e->code;
	} else {
		screen_say(&d->s, "%s\n", d->end);
	}
	/* Who types sees what is refused; a script does not. */
	return d->refused > 0 && !d->s.tty ? ERR_SOME : ERR_OK;
}

/* ---- the machine ---- */

/* rec is what is known of it; *blank: of a board without a record. */
static enum err_code
find_machine(const struct cli_args *args, const char *state_dir,
    struct record *rec, bool *blank, struct err *e)
{
	const char *image = cli_value(args, "--image", NULL);
	const char *base = cli_value(args, "--base", NULL);
	struct origin *o = calloc(1, sizeof(*o));
	struct flash flash = { 0 };
	struct blank board;

	*blank = true;
	if (o == NULL)
		return err_mem(e);
	if (image == NULL && origin_find(state_dir, o)) {
		image = o->image;
		base = o->base[0] != '\0' ? o->base : NULL;
	}
	if (blank_options(args, &board, e) != ERR_OK)
		goto out;
	if (image == NULL)
		err_set(e, ERR_USAGE,
		    "which machine is this? %s does not tell what it last "
		    "booted from: give --image, or --uuid for a board without "
		    "a record",
		    state_dir);
	else if (flash_open(&flash, base, e) == ERR_OK)
		flash_record(&flash, image, rec, e);
	if (e->code == ERR_OK) {
		*blank = false;
		blank_agrees(&board, rec, e);
	} else if (image == NULL ||
	    e->reason == reason_get(REASON_IMAGE_NO_RECORD)) {
		blank_board(&board, state_dir, true, rec, e);
	}
out:
	flash_free(&flash);
	free(o);
	return e->code;
}

static enum err_code
run_mebx(const struct cli_args *args, struct err *e)
{
	struct record *rec = calloc(1, sizeof(*rec));
	struct desk *d = calloc(1, sizeof(*d));
	enum err_code code = ERR_OK;
	const char *state_dir;
	bool blank;

	if (rec == NULL || d == NULL) {
		err_mem(e);
		goto out;
	}
	d->args = args;
	screen_init(&d->s, STDIN_FILENO, STDOUT_FILENO, args->json);
	if (cli_need(args, "--state", &state_dir, e) == ERR_OK &&
	    find_machine(args, state_dir, rec, &blank, e) == ERR_OK &&
	    mebx_open(&d->m, state_dir, rec, blank, e) == ERR_OK)
		code = at_desk(d, e);
out:
	if (rec != NULL)
		record_wipe(rec);
	free(rec);
	if (d != NULL) {
		mebx_free(d->m);
		screen_wipe(&d->s);
		secret_wipe(d, sizeof(*d));
	}
	free(d);
	return e->code != ERR_OK ? e->code : code;
}

static const struct cli_opt mebx_opts[] = {
	{ "--state", CLI_VALUE, "DIR", "what the machine remembers" },
	{ "--image", CLI_VALUE, "IMG",
	    "its image (default: that of its last start)" },
	{ "--base", CLI_VALUE, "IMG", "the image that a delta was made from" },
	{ "--uuid", CLI_VALUE, "UUID",
	    "the board's, where its image holds no record yet" },
	{ "--amt", CLI_VALUE, "X.Y", "AMT version of that board" },
	{ NULL, CLI_FLAG, NULL, NULL },
};

const struct cli_verb mebxscreen_verbs[] = {
	{ "mebx", "--state DIR [--image IMG]",
	    "the set-up screen that a technician types into", mebx_opts, 0, 0,
	    run_mebx },
	{ NULL, NULL, NULL, NULL, 0, 0, NULL },
};
