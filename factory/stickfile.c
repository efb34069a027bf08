/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/log.h"
#include "export/stick.h"
#include "factory/ledger.h"
#include "factory/stickread.h"
#include "factory/stickwrite.h"
#include "factory/verbs.h"
#include "formats/cjson.h"
#include "formats/reason.h"

/* ---- usb list ---- */

static const struct cli_opt list_opts[] = {
	STICKWRITE_OPT_VIA,
	STICKWRITE_OPT_TIMEOUT,
	{ 0 },
};

/* One stick and what a look at it told. */
struct seen {
	struct stick_info info;
	const char *state; /* a word for programs */
	char words[400];   /* for a person */
};

static void
seen_set(struct seen *s, const char *state, const char *words)
{
	s->state = state;
	snprintf(s->words, sizeof(s->words), "%s", words);
}

/* What is on it, where it can be opened at all. */
static void
seen_content(struct seen *s, const struct stick_how *how)
{
	static const char *const states[] = { "blank", "key", "foreign" };
	enum stick_content content;
	struct stick *stick = NULL;
	const char *words;
	struct err e;

	err_clear(&e);
	if (stick_open(&s->info, STICK_LOOK, how, &stick, &e) == ERR_OK) {
		s->info = stick->info;
		if (stick_content(stick, &content, &words, &e) == ERR_OK)
			seen_set(s, states[content], words);
	}
	stick_close(stick);
	if (e.code != ERR_OK)
		seen_set(s, e.reason != NULL ? e.reason->code : "stick-failed",
		    e.msg);
}

static void
seen_size(struct seen *s)
{
	uint64_t bytes = s->info.sectors * STICK_SECTOR;

	if (bytes != 0 && bytes < STICK_MIN_BYTES)
		seen_set(s, "too-small", "too small: less than 16 MB");
	else if (bytes > STICK_MAX_BYTES)
		seen_set(s, "too-large", "too large: more than 64 GB");
}

static void
look(struct seen *s, const struct stick_how *how)
{
	char words[400];

	if (s->info.unfit[0] != '\0')
		seen_set(s, "unfit", s->info.unfit);
	else if (s->info.held[0] != '\0')
		seen_set(s, "held", s->info.held);
	else
		seen_size(s);
	if (s->state != NULL)
		return;
	seen_content(s, how);
	/* libusb knows the size only of an open stick */
	seen_size(s);
	if (!s->info.read_only)
		return;
	snprintf(words, sizeof(words), "read-only, %.300s", s->words);
	seen_set(s, "read-only", words);
}

static void
put_json(struct wr *w, const struct seen *s)
{
	const struct stick_info *i = &s->info;

	wr_str(w, "{");
	cjson_put_member(w, "port", i->port);
	wr_fmt(w, ",\"usb_id\":\"%04x:%04x\"", i->vid, i->pid);
	cjson_put_member(w, "vendor", i->vendor);
	cjson_put_member(w, "product", i->product);
	cjson_put_member(w, "serial", i->serial);
	wr_fmt(
	    w, ",\"size\":%llu", (unsigned long long)i->sectors * STICK_SECTOR);
	cjson_put_member(w, "node", i->node);
	cjson_put_member(w, "state", s->state);
	cjson_put_member(w, "words", s->words);
	wr_str(w, "}\n");
}

static void
put_words(struct wr *w, const struct seen *s)
{
	const struct stick_info *i = &s->info;
	char size[32] = "-";

	if (i->sectors != 0)
		snprintf(size, sizeof(size), "%.1f MB",
		    (double)(i->sectors * STICK_SECTOR) / 1e6);
	wr_fmt(w, "%-10s %04x:%04x  %12s  %-10s  %s; ", i->port, i->vid, i->pid,
	    size, i->node[0] != '\0' ? i->node : "-", s->words);
	wr_fmt(w, "%s %s, serial %s\n", i->vendor, i->product,
	    i->serial[0] != '\0' ? i->serial : "-");
}

/* What rows do not tell, or not so that one knows what to do. */
static void
say_rest(const struct stick_list *all, size_t locked)
{
	if (all->n == 0)
		log_info("%s", sticklist_none(all));
	if (locked > 0)
		log_warn("this user may not open %zu of %zu: run as root, or "
			 "give a group the devices; amtforge(1) has the rules "
			 "for udev",
		    locked, all->n);
}

static enum err_code
list(const struct cli_args *a, struct err *e)
{
	const char *code = reason_get(REASON_STICK_ACCESS)->code;
	struct stick_list all = { 0 };
	struct stick_how how;
	size_t locked = 0;
	struct wr w;

	wr_grow(&w, 1 << 20);
	if (stickwrite_how(a, &how, e) == ERR_OK)
		stick_list_make(&how, &all, e);
	for (size_t i = 0; e->code == ERR_OK && i < all.n; i++) {
		struct seen s = { .info = all.at[i] };

		look(&s, &how);
		locked += strcmp(s.state, code) == 0;
		if (a->json)
			put_json(&w, &s);
		else
			put_words(&w, &s);
	}
	if (e->code == ERR_OK)
		cli_print(&w, e);
	else
		wr_free(&w);
	if (e->code == ERR_OK)
		say_rest(&all, locked);
	sticklist_free(&all);
	return e->code;
}

/* ---- the table ---- */

/* Of what changes a stick. */
#define CHANGE_OPTS                                                            \
	STICKWRITE_OPT_VIA, STICKWRITE_OPT_TIMEOUT,                            \
	    { "--insecure-any-size", CLI_FLAG, NULL,                           \
		    "also disks outside of 16 MB to 64 GB; may be somebody's " \
		    "disk" },                                                  \
	    { "--ledger", CLI_VALUE, "LEDGER",                                 \
		    "leave the audit row of --insecure-any-size there" },      \
	    LEDGER_OPT_KEY

static const struct cli_opt write_opts[] = {
	{ "--port", CLI_MANY, "P", "a port of usb list, as 1-2.3; repeat it" },
	{ "--yes", CLI_FLAG, NULL, "write; without it targets are only shown" },
	{ "--force", CLI_FLAG, NULL,
	    "overwrite sticks that hold something else than a key" },
	CHANGE_OPTS,
	{ 0 },
};

static const struct cli_opt read_opts[] = {
	{ "--port", CLI_VALUE, "P", "a port of usb list, as 1-2.3; one" },
	{ "--image", CLI_VALUE, "IMG",
	    "a key image in a file instead, as a rehearsal leaves it" },
	{ "--out", CLI_VALUE, "FILE", "keep SETUP.BIN, readable by its owner" },
	{ "--reconcile", CLI_VALUE, "LEDGER",
	    "tell whose records were taken, and remember it" },
	LEDGER_OPT_KEY,
	{ "--force", CLI_FLAG, NULL, "replace FILE" },
	STICKWRITE_OPT_VIA,
	STICKWRITE_OPT_TIMEOUT,
	{ 0 },
};

static const struct cli_opt wipe_opts[] = {
	{ "--port", CLI_MANY, "P", "a port of usb list, as 1-2.3; repeat it" },
	{ "--yes", CLI_FLAG, NULL, "wipe; without it targets are only shown" },
	{ "--whole", CLI_FLAG, NULL,
	    "the whole stick, not only what was written" },
	{ "--force", CLI_FLAG, NULL,
	    "wipe sticks that hold something else than a key" },
	CHANGE_OPTS,
	{ 0 },
};

static const char about[] =
    "A key is a USB stick that sets a machine up when it is started with the\n"
    "key plugged in. From a SETUP.BIN (setupbin make, setupbin encode) to "
    "keys:\n"
    "\n"
    "  amtforge usb image SETUP.BIN key.img\n"
    "        makes the image of a whole stick; a file that is copied to a\n"
    "        stick by hand is often no key to a BIOS\n"
    "  amtforge usb list\n"
    "        shows the sticks and the port of each, as 1-2 or 1-2.3\n"
    "  amtforge usb write key.img --port 1-2.1 1-2.2 1-2.3\n"
    "        shows what would be written where, and changes nothing\n"
    "  amtforge usb write key.img --port 1-2.1 1-2.2 1-2.3 --yes\n"
    "        writes them all at once, reads back, says ok or why not for each\n"
    "  amtforge usb read --port 1-2.1 --reconcile line.db\n"
    "        when a key is back, one port at a time: tells which records\n"
    "        machines have taken, and the ledger line.db remembers it\n"
    "  amtforge usb wipe --port 1-2.1 1-2.2 1-2.3 --yes\n"
    "        overwrites them all at once\n"
    "\n"
    "Run as root, or with rights to the devices. A new stick has an empty\n"
    "volume on it: --force overwrites that, and anything else. A stick that "
    "is\n"
    "mounted is never written. usb read --image IMG reads a key image in a\n"
    "file: a rehearsal with amtforge-device boot --usb IMG needs no stick.";

const struct cli_verb stickfile_verbs[] = {
	{ "usb", "", about, NULL, 0, 0, NULL },
	{ "usb list", "",
	    "show the sticks that are plugged in: port, USB id, size, device "
	    "and what each holds",
	    list_opts, 0, 0, list },
	{ "usb write", "IMG --port P [P...] [--yes] [--force]",
	    "write a key image to the sticks at these ports, all at once, and "
	    "read each back; without --yes only show what would be done; new "
	    "sticks need --force",
	    write_opts, 1, -1, stickwrite_image },
	{ "usb read",
	    "(--port P | --image IMG) [--out FILE [--force]] "
	    "[--reconcile LEDGER]",
	    "read a key that came back, one at a time: which records machines "
	    "have taken, by PID; secrets are not shown",
	    read_opts, 0, 1, stickread_run },
	{ "usb wipe", "--port P [P...] [--yes] [--whole] [--force]",
	    "overwrite what was written to the keys at these ports, SETUP.BIN "
	    "first, and read back that nothing is left",
	    wipe_opts, 0, -1, stickwrite_wipe },
	{ 0 },
};
