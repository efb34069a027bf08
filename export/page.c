/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "export/cells.h"
#include "export/page.h"
#include "export/pagetext.h"
#include "export/pen.h"
#include "formats/generation.h"

#define HASH_GROUPS 8 /* a line */
#define HASH_LINE 5.8

/* ---- hashes that the screen takes ---- */

static bool
has_long_hash(const struct hashlist *l)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->e[i].type != HASH_SHA1)
			return true;
	return false;
}

static bool
untypable(const struct record *r)
{
	enum generation_screen takes =
	    generation_of(r->amt_major, r->amt_minor)->screen;

	return (takes == GENERATION_SCREEN_NONE && r->hashes.n > 0) ||
	    (takes != GENERATION_SCREEN_ALL && has_long_hash(&r->hashes));
}

/* Without a password of its own it can have no key. */
bool
page_needs_key(const struct record *r)
{
	return r->pki && r->mebx_new[0] != '\0' && untypable(r);
}

static void
shared_key(struct pen *p, const struct page *page)
{
	const struct record *r = page->rec;
	double y;

	pen_step(p, "Shared key (TLS PSK): PID and PPS");
	/* Beside the title. No public source says what the screen wants. */
	sheet_text(p->s, p->x + 102, p->y - 4.8, &pen_small,
	    "The dashes are for reading: type them only if");
	sheet_text(p->s, p->x + 102, p->y - 1.4, &pen_small,
	    "the screen does not place them itself.");
	if (page->key_shared) {
		sheet_box(p->s,
		    (const double[]){
			p->x + PEN_INDENT, p->y, p->w - PEN_INDENT, 6.4 },
		    0.6, 0.5, SHEET_INK);
		sheet_text_fit(p->s, p->x + PEN_INDENT + 2, p->y + 4.4,
		    p->w - PEN_INDENT - 4, &pen_strong,
		    "All machines of this order share this one key "
		    "(insecure_shared_key): who reads it can pose as any.");
		p->y += 8;
	}
	y = p->y;
	cells_groups(p, "PID", r->psk.pid, false);
	cells_legend(p, y);
	cells_groups(p, "PPS", r->psk.pps, true);
}

/* ---- certificate hashes ---- */

static const struct sheet_style digits = { SHEET_MONO, 4.4, SHEET_INK };

static double
hash_height(const struct hash_entry *h)
{
	size_t groups = hashlist_hash_len(h->type) / 2;

	return 5.6 +
	    HASH_LINE * (double)((groups + HASH_GROUPS - 1) / HASH_GROUPS);
}

static void
hash_entry(struct pen *p, const struct hash_entry *h, size_t number)
{
	char hex[TEXT_HEX_SIZE(HASHLIST_HASH)], text[96];
	size_t groups = hashlist_hash_len(h->type) / 2;
	double x = p->x + PEN_INDENT;

	pen_tick(p, x, p->y + 0.6, 3.2);
	snprintf(text, sizeof(text), "%zu  %s", number, h->name);
	x += 6 + sheet_text(p->s, x + 6, p->y + 3.6, &pen_strong, text);
	snprintf(text, sizeof(text), "%s%s%s",
	    h->type == HASH_SHA1         ? "SHA-1"
		: h->type == HASH_SHA256 ? "SHA-256"
					 : "SHA-384",
	    h->only ? ", the only one to be active" : "",
	    h->active ? "" : ", not active");
	sheet_text(p->s, x + 4, p->y + 3.6, &pen_body, text);
	p->y += 5.2;
	text_hex(hex, h->hash, hashlist_hash_len(h->type));
	for (size_t i = 0; i < groups; i++) {
		if (i > 0 && i % HASH_GROUPS == 0)
			p->y += HASH_LINE;
		x = p->x + PEN_INDENT + 6 + (double)(i % HASH_GROUPS) * 16;
		if (i % 2 == 0)
			sheet_fill(p->s, x - 2.2, p->y, 15, HASH_LINE - 0.5,
			    SHEET_LIGHT);
		snprintf(text, sizeof(text), "%.4s", hex + 4 * i);
		sheet_text(p->s, x, p->y + 4.2, &digits, text);
	}
	p->y += HASH_LINE + 0.4;
}

/* From the i-th on, as many as there is room for above limit. */
static size_t
hash_entries(struct pen *p, const struct hashlist *l, size_t i, double limit)
{
	while (i < l->n && p->y + hash_height(&l->e[i]) <= limit) {
		hash_entry(p, &l->e[i], i + 1);
		i++;
	}
	return i;
}

static void
hash_note(struct pen *p, const struct record *r)
{
	if (page_needs_key(r))
		pen_say(p, PEN_INDENT, &pen_small,
		    "The screen takes none like these: the key brought them, "
		    "three at most. Compare what is stored with what stands "
		    "here.");
	else if (untypable(r))
		pen_warn(p,
		    "From AMT 14 on the screen takes no SHA-256 hash (it is "
		    "too long), from AMT 16 on none at all:",
		    "the flash image brings it, or a USB key of an order whose "
		    "profile has mebx = \"random\".");
	else
		pen_say(p, PEN_INDENT, &pen_small,
		    "From AMT 14 on the screen takes no SHA-256 hash (it is "
		    "too long), from AMT 16 on none: a USB key brings it.");
}

static size_t
certificates(struct pen *p, const struct record *r, double limit)
{
	size_t shown;
	char text[96];

	pen_step(p, "Certificate hashes (TLS PKI)");
	hash_note(p, r);
	/* Room for the line that sends the reader on. */
	shown = hash_entries(p, &r->hashes, 0, limit - 4);
	if (shown < r->hashes.n) {
		snprintf(text, sizeof(text),
		    "%zu more: the last pages have them, the same for all "
		    "machines of this order.",
		    r->hashes.n - shown);
		pen_say(p, PEN_INDENT, &pen_strong, text);
	}
	return shown;
}

/* ---- the page ---- */

static void
heading(struct pen *p, const struct page *page)
{
	const struct record *r = page->rec;
	char text[64], uuid[UUID_TEXT];

	sheet_text(p->s, p->x, p->y + 5.6,
	    &(const struct sheet_style){ SHEET_BOLD, 6.4, SHEET_INK },
	    page_needs_key(r) ? "Intel AMT: check by hand"
			      : "Intel AMT: set-up by hand");
	sheet_fill(p->s, p->x + p->w - 30, p->y - 1, 30, 8, SHEET_INK);
	sheet_text_mid(p->s, p->x + p->w - 30, p->y + 4.8, 30,
	    &(const struct sheet_style){ SHEET_BOLD, 4.8, SHEET_WHITE },
	    "SECRET");
	sheet_text(p->s, p->x + p->w - 77, p->y + 1.6, &pen_small,
	    "Keep it under lock; shred it");
	sheet_text(p->s, p->x + p->w - 77, p->y + 5.0, &pen_small,
	    "when the machine is set up.");
	p->y += 10;
	sheet_rule(p->s, p->x, p->y, p->x + p->w, p->y, 0.6);
	p->y += 1.6;
	pen_field(p, 0, 66, "Customer", page->customer, &pen_strong);
	pen_field(p, 66, 40, "Order", r->order, &pen_strong);
	pen_field(p, 106, 50, "Serial number", r->serial, &pen_value);
	snprintf(text, sizeof(text), "%zu of %zu", page->n, page->of);
	pen_field(p, 156, p->w - 156 + 3, "Unit", text, &pen_strong);
	p->y += 9.6;
	uuid_text(&r->uuid, uuid);
	pen_field(p, 0, 106, "UUID", uuid, &pen_value);
	snprintf(text, sizeof(text), "AMT %u.%u", r->amt_major, r->amt_minor);
	pen_field(p, 106, 50, "Firmware", text, &pen_strong);
	p->y += 9.6;
	sheet_rule(p->s, p->x, p->y, p->x + p->w, p->y, 0.2);
}

static void
enter(struct pen *p)
{
	double x = p->x + PEN_INDENT;

	pen_step(p, "Open the set-up screen (MEBx)");
	x = pen_key_cap(p, x, p->y, 13, "Ctrl");
	sheet_text_mid(p->s, x, p->y + 6, 6, &pen_title, "+");
	x = pen_key_cap(p, x + 6, p->y, 10, "P") + 6;
	sheet_text(p->s, x, p->y + 3.6, &pen_body,
	    "Switch on; when the maker's picture shows, press Ctrl+P until the "
	    "screen asks for");
	sheet_text(p->s, x, p->y + 8.0, &pen_body,
	    "a password. Makers differ: where nothing comes, see the machine's "
	    "manual.");
	p->y += 10;
}

/* A key's record opens a machine that has the factory's password. */
static void
use_key(struct pen *p)
{
	pen_step(p, "Let the order's USB key set the machine up");
	pen_warn(p,
	    "Type nothing before: the screen takes no SHA-256 hash from AMT 14 "
	    "on, none at all from 16 on,",
	    "and the key (setupbin make) is for a machine whose password is "
	    "the factory's still.");
	pen_say(p, PEN_INDENT, &pen_body,
	    "Machine off, plug the key in, switch on, agree when the screen "
	    "asks. Take the key out when it is done.");
}

static void
log_in(struct pen *p, const struct page *page)
{
	pen_step(p, "Log in with the password that the key gave");
	if (page->keyed) {
		cells_password(p, "Password", page->rec->mebx_new);
		cells_keyboard(p);
	} else
		pen_say(p, PEN_INDENT, &pen_strong,
		    "No key of this order was made when this page was: print "
		    "it again after setupbin make.");
	p->y += 1;
	pen_say(p, PEN_INDENT, &pen_body,
	    page->rec->otp[0] != '\0'
		? "What follows came from the key, but for the one-time "
		  "password: compare it with the screen."
		: "What follows came from the key: compare it with the "
		  "screen, and type nothing.");
}

static void
passwords(struct pen *p, const struct record *r)
{
	pen_step(p,
	    "Log in, and give the new password when it is asked for, "
	    "twice");
	cells_password(p, "Now", "admin");
	if (r->mebx_new[0] != '\0') {
		cells_password(p, "New", r->mebx_new);
		cells_keyboard(p);
		return;
	}
	pen_say(p, PEN_INDENT, &pen_strong,
	    "No new one was made for this machine: ask those who will run it. "
	    "8 to 32 characters, with capital and small");
	pen_say(p, PEN_INDENT, &pen_strong,
	    "letter, digit and sign (not : , \" or _ ). The screen knows only "
	    "the US keyboard.");
}

static void
server(struct pen *p, const struct record *r)
{
	static const uint8_t none[4] = { 0 };
	bool ip = memcmp(r->server_ip, none, sizeof(none)) != 0;
	char text[32];

	pen_step(p, "Provisioning server");
	if (r->server_fqdn[0] == '\0' && !ip && r->server_port == 0) {
		p->y -= 0.6;
		pen_say(p, PEN_INDENT, &pen_body,
		    "Leave it as it is: the machine asks DNS for the name "
		    "provisionserver.");
		return;
	}
	if (r->server_fqdn[0] != '\0')
		pen_long_value(p, PEN_INDENT, "Name (FQDN)", r->server_fqdn);
	if (ip) {
		snprintf(text, sizeof(text), "%u.%u.%u.%u", r->server_ip[0],
		    r->server_ip[1], r->server_ip[2], r->server_ip[3]);
		pen_long_value(p, PEN_INDENT, "Address", text);
	}
	if (r->server_port != 0) {
		if (ip) /* beside it */
			p->y -= pen_value.size + 1.6;
		snprintf(text, sizeof(text), "%u", r->server_port);
		pen_long_value(
		    p, ip ? PEN_INDENT + 80 : PEN_INDENT, "Port", text);
	}
}

static void
remote(struct pen *p, const struct record *r)
{
	pen_step(p, "Remote configuration");
	pen_choice(p, r->pki, "on", "off");
	if (r->pki_dns_suffix[0] != '\0')
		pen_long_value(p, PEN_INDENT, "DNS suffix", r->pki_dns_suffix);
	if (r->otp[0] != '\0')
		cells_password(p, "One-time", r->otp);
}

#define LEAVE_HEIGHT 13.0 /* without the lines to sign on */
#define SIGN_HEIGHT 10.0

/* limit: where the label begins. */
static void
leave(struct pen *p, const struct record *r, double limit)
{
	pen_step(p, "Exit, save, and plug in power and network");
	p->y -= 0.6;
	pen_say(p, PEN_INDENT, &pen_body,
	    !r->enabled ? "The machine stays silent until Intel AMT is chosen "
			  "in this screen."
		: r->talk
		? "The machine says hello to its server by itself."
		: "The machine waits until the agent in its operating system "
		  "starts its set-up.");
	if (p->y + SIGN_HEIGHT > limit)
		return;
	p->y += 6;
	sheet_rule(p->s, p->x + PEN_INDENT, p->y, p->x + 95, p->y, 0.2);
	sheet_rule(p->s, p->x + 105, p->y, p->x + p->w, p->y, 0.2);
	sheet_text(p->s, p->x + PEN_INDENT, p->y + 3, &pen_caption, "Done by");
	sheet_text(p->s, p->x + 105, p->y + 3, &pen_caption, "Date");
}

/* ---- the label ---- */

double
page_label_top(const struct sheet *s)
{
	return sheet_height(s) - PEN_BOTTOM - PAGE_LABEL_HEIGHT;
}

/* The widest bars that fit in w, in whole dots of a printer with 600 to the
 * inch, so that they come out equally wide. */
static double
bar_module(const struct label *l, double w)
{
	const double dot = 25.4 / 600;
	double most = w / (double)(l->cols + 2 * l->quiet);
	double n = (double)(int)(most / dot);

	return dot * (n > 8 ? 8 : n);
}

static void
label_words(struct pen *p, double x, double y, const struct page *page)
{
	const struct record *r = page->rec;
	char text[UUID_TEXT], pid[PSK_PID_TEXT], order[80];
	double w = p->x + p->w - x - 4;

	sheet_text_fit(p->s, x, y, w,
	    &(const struct sheet_style){ SHEET_MONO_BOLD, 5.2, SHEET_INK },
	    r->serial);
	uuid_text(&r->uuid, text);
	sheet_text(p->s, x, y + 5.4, &digits, text);
	if (r->psk.pid[0] != '\0') {
		psk_pid_text(pid, r->psk.pid);
		sheet_text(p->s, x, y + 10.8, &pen_caption, "PID");
		sheet_text(p->s, x + 7, y + 10.8, &digits, pid);
	}
	snprintf(order, sizeof(order), "Order %s", r->order);
	x += r->psk.pid[0] != '\0' ? 40 : 0;
	sheet_text_fit(
	    p->s, x, y + 10.8, p->x + p->w - x - 4, &pen_caption, order);
}

static enum err_code
draw_label(struct pen *p, const struct page *page, struct err *e)
{
	double y = page_label_top(p->s), x = p->x, right = p->x + p->w;
	double bottom = y + PAGE_LABEL_HEIGHT;
	struct pagetext_codes codes;
	struct label l;
	double module;

	sheet_dashes(p->s, x, y, right, y);
	sheet_dashes(p->s, x, bottom, right, bottom);
	sheet_dashes(p->s, x, y, x, bottom);
	sheet_dashes(p->s, right, y, right, bottom);
	sheet_text(p->s, right - 12, y + 1.8,
	    &(const struct sheet_style){ SHEET_SANS, 5, SHEET_GREY },
	    "\xe2\x9c\x82");
	pagetext_codes(page, &codes);
	if (label_make(&l, LABEL_QR, codes.qr, e) != ERR_OK)
		return e->code;
	module = (PAGE_LABEL_HEIGHT - 2) / (double)(l.cols + 2 * l.quiet);
	sheet_label(p->s, x + 1 + module * (double)l.quiet,
	    y + 1 + module * (double)l.quiet, module, 0, &l);
	x += PAGE_LABEL_HEIGHT;
	if (label_make(&l, LABEL_CODE128, codes.bar, e) != ERR_OK)
		return e->code;
	module = bar_module(&l, right - x - 2);
	sheet_label(p->s, x + module * (double)l.quiet, y + 5, module, 14, &l);
	label_words(p, x + 3, y + 26, page);
	return ERR_OK;
}

enum err_code
page_draw(
    struct sheet *s, const struct page *page, size_t *hashes, struct err *e)
{
	const struct record *r = page->rec;
	struct pen p = pen_new(s);
	double limit = page_label_top(s);

	*hashes = r->hashes.n;
	heading(&p, page);
	if (page_needs_key(r)) {
		p.gap -= 0.8; /* there are more steps */
		use_key(&p);
		enter(&p);
		log_in(&p, page);
	} else {
		enter(&p);
		passwords(&p, r);
	}
	pen_step(&p, "Manageability");
	pen_choice(&p, r->enabled, "Intel AMT", "none");
	pen_step(&p, "Provisioning mode");
	pen_choice(
	    &p, r->mode == RECORD_ENTERPRISE, "Enterprise", "Small business");
	server(&p, r);
	if (r->psk.pid[0] != '\0')
		shared_key(&p, page);
	if (r->pki)
		remote(&p, r);
	if (r->hashes.n > 0)
		*hashes = certificates(&p, r, limit - LEAVE_HEIGHT);
	leave(&p, r, limit);
	if (p.y > limit)
		return err_set(e, ERR_DATA,
		    "the settings do not fit on the page; a4 has more room "
		    "than letter");
	if (draw_label(&p, page, e) == ERR_OK)
		sheet_page(s);
	return e->code;
}

size_t
page_hashes(struct sheet *s, const struct page *page, size_t i)
{
	const struct record *r = page->rec;
	struct pen p = pen_new(s);
	char text[128];

	snprintf(text, sizeof(text),
	    "Certificate hashes of order %s, continued", r->order);
	sheet_text_fit(s, p.x, p.y + 5.6, p.w, &pen_title, text);
	p.y += 10;
	sheet_rule(s, p.x, p.y, p.x + p.w, p.y, 0.6);
	p.y += 4;
	i = hash_entries(&p, &r->hashes, i, sheet_height(s) - PEN_BOTTOM);
	sheet_page(s);
	return i;
}
