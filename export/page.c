/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/secret.h"
#include "base/text.h"
#include "export/page.h"
#include "export/pagetext.h"
#include "formats/generation.h"

#define MARGIN 15.0
#define BOTTOM 12.0
#define INDENT 9.0    /* of what stands under a step's title */
#define HASH_GROUPS 8 /* a line */
#define HASH_LINE 5.8

static const struct sheet_style body = { SHEET_SANS, 3.3, SHEET_INK };
static const struct sheet_style strong = { SHEET_BOLD, 3.3, SHEET_INK };
static const struct sheet_style small = { SHEET_SANS, 2.6, SHEET_INK };
static const struct sheet_style caption = { SHEET_SANS, 2.5, 0.3 };
static const struct sheet_style title = { SHEET_BOLD, 4.0, SHEET_INK };
static const struct sheet_style value = { SHEET_MONO_BOLD, 4.4, SHEET_INK };
static const struct sheet_style typed = { SHEET_MONO_BOLD, 7.6, SHEET_INK };
static const struct sheet_style check = { SHEET_MONO_BOLD, 7.6, SHEET_WHITE };

/* Where the next thing goes. */
struct pen {
	struct sheet *s;
	double x, y, w; /* content: left edge, top of what is free, width */
	double gap;     /* above a step */
	unsigned step;
};

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

/* ---- pieces ---- */

/* A caption and its value beneath. */
static void
field(struct pen *p, double dx, double w, const char *name, const char *text,
    const struct sheet_style *style)
{
	sheet_text(p->s, p->x + dx, p->y + 2.5, &caption, name);
	sheet_text_fit(p->s, p->x + dx, p->y + 7.4, w - 3, style, text);
}

static void
tick_box(struct pen *p, double x, double y, double size)
{
	sheet_box(
	    p->s, (const double[]){ x, y, size, size }, 0.4, 0.35, SHEET_INK);
}

/* A box to tick, a number and a title; what follows stands under it. */
static void
step(struct pen *p, const char *text)
{
	char number[8];

	p->y += p->gap;
	tick_box(p, p->x, p->y, 4.6);
	snprintf(number, sizeof(number), "%u", ++p->step);
	sheet_text(p->s, p->x + INDENT, p->y + 3.8, &title, number);
	sheet_text(p->s, p->x + INDENT + 6, p->y + 3.8, &title, text);
	p->y += 6.4;
}

static void
say(struct pen *p, double dx, const struct sheet_style *style, const char *text)
{
	sheet_text_fit(p->s, p->x + dx, p->y + 3.2, p->w - dx, style, text);
	p->y += style->size + 1.2;
}

/* Of two, the first or the second is to be chosen. */
static void
choice(struct pen *p, bool first, const char *a, const char *b)
{
	double x = p->x + INDENT + 80, y = p->y - 4.2;

	for (int i = 0; i < 2; i++) {
		bool this = first == (i == 0);

		sheet_dot(p->s, x, y, 1.7, false);
		if (this)
			sheet_dot(p->s, x, y, 1.0, true);
		x += 3.5;
		x += sheet_text(
		    p->s, x, y + 1.2, this ? &strong : &body, i == 0 ? a : b);
		x += 10;
	}
}

static double
key_cap(struct pen *p, double x, double y, double w, const char *text)
{
	sheet_box(p->s, (const double[]){ x, y, w, 9 }, 1.6, 0.4, SHEET_INK);
	sheet_box(p->s, (const double[]){ x + 0.9, y + 0.6, w - 1.8, 6.8 }, 1.1,
	    0.15, SHEET_GREY);
	sheet_text_mid(p->s, x, y + 5.2, w, &strong, text);
	return x + w;
}

/* A value of up to 255 characters, broken wherever a line ends. */
static void
long_value(struct pen *p, double dx, const char *name, const char *text)
{
	struct sheet_style t = value;
	char line[RECORD_STR];
	size_t n = strlen(text), fit;

	sheet_text(p->s, p->x + dx, p->y + 4.0, &caption, name);
	dx += 22;
	t.size = n > 60 ? 2.8 : value.size;
	fit = (size_t)((p->w - dx) / sheet_text_width(p->s, &t, "0"));
	for (size_t i = 0; i < n; i += fit) {
		snprintf(line, sizeof(line), "%.*s", (int)fit, text + i);
		sheet_text(p->s, p->x + dx, p->y + 4.2, &t, line);
		p->y += t.size + 1.6;
	}
	p->y += value.size - t.size;
}

/* ---- passwords ---- */

/* Where a US keyboard has a sign: the key behind it, with Shift. */
static const char shifted[] = "!1@2#3$4%5^6&7*8(9)0_-+={[}]|\\~`<,>.?/";

static void
class_mark(char c, char out[static 16])
{
	static const struct {
		char c;
		const char *name;
	} alike[] = {
		{ '0', "zero" },
		{ '1', "one" },
		{ 'O', "cap. o" },
		{ 'I', "cap. i" },
		{ 'l', "small L" },
		{ ' ', "blank" },
	};

	for (size_t i = 0; i < sizeof(alike) / sizeof(alike[0]); i++)
		if (alike[i].c == c) {
			snprintf(out, 16, "%s", alike[i].name);
			return;
		}
	for (const char *p = shifted; *p != '\0'; p += 2)
		if (*p == c) {
			snprintf(out, 16, "\xe2\x87\xa7 %c", p[1]);
			return;
		}
	snprintf(out, 16, "%s",
	    isupper((unsigned char)c)       ? "CAP."
		: islower((unsigned char)c) ? "small"
		: isdigit((unsigned char)c) ? "digit"
					    : "sign");
}

#define PASSWORD_CELL 8.6
#define PASSWORD_LINE 13.4
#define PASSWORD_COLS 16

/* The corner of the cell of the i-th character. */
static void
password_cell(const struct pen *p, size_t i, double *x, double *y)
{
	*x = p->x + INDENT + 22 + (double)(i % PASSWORD_COLS) * PASSWORD_CELL;
	*y = p->y + (double)(i / PASSWORD_COLS) * PASSWORD_LINE;
}

/* Cells of one character each; beneath it, what kind of character it is. */
static void
password(struct pen *p, const char *name, const char *text)
{
	char one[2] = "", mark[16];
	size_t n = strlen(text);
	double x, y;

	sheet_text(p->s, p->x + INDENT, p->y + 6.2, &caption, name);
	for (size_t i = 0; i < n; i++) {
		password_cell(p, i, &x, &y);
		one[0] = text[i];
		sheet_box(p->s,
		    (const double[]){ x + 0.3, y, PASSWORD_CELL - 0.6, 8.6 },
		    0.8, 0.25, SHEET_INK);
		sheet_text_mid(p->s, x, y + 6.6, PASSWORD_CELL, &typed, one);
	}
	/* Behind the characters: a password of two lines is read in one. */
	for (size_t i = 0; i < n; i++) {
		password_cell(p, i, &x, &y);
		class_mark(text[i], mark);
		sheet_text_mid(
		    p->s, x, y + 11.4, PASSWORD_CELL, &caption, mark);
	}
	p->y +=
	    (double)((n + PASSWORD_COLS - 1) / PASSWORD_COLS) * PASSWORD_LINE;
	secret_wipe(one, sizeof(one));
	secret_wipe(mark, sizeof(mark));
}

/* The row of digits of a US keyboard: where its signs are. */
static void
keyboard(struct pen *p)
{
	static const char upper[] = "~!@#$%^&*()_+";
	static const char lower[] = "`1234567890-=";
	const double key = 7.2;
	const double left = p->x + INDENT + 22;

	sheet_text(p->s, p->x + INDENT, p->y + 4.0, &caption, "US keyboard,");
	sheet_text(p->s, p->x + INDENT, p->y + 7.2, &caption, "top row");
	for (size_t i = 0; i + 1 < sizeof(upper); i++) {
		double x = left + (double)i * key;

		sheet_box(p->s,
		    (const double[]){ x + 0.3, p->y, key - 0.6, 8.4 }, 0.9, 0.2,
		    SHEET_INK);
		sheet_text(p->s, x + 1.3, p->y + 3.6, &strong,
		    (const char[]){ upper[i], '\0' });
		sheet_text(p->s, x + 3.7, p->y + 7.2, &body,
		    (const char[]){ lower[i], '\0' });
	}
	sheet_text(p->s, left + 13 * key + 2, p->y + 3.4, &small,
	    "The screen knows only this");
	sheet_text(p->s, left + 13 * key + 2, p->y + 7.0, &small,
	    "layout; \xe2\x87\xa7 is Shift.");
	p->y += 9.4;
}

/* ---- the shared key ---- */

#define KEY_CELL 5.6
#define KEY_GROUP 30.0 /* from one to the next */
#define KEY_LINE 13.2

/* Four cells; a check character is white on black. */
static void
key_group(struct pen *p, double x, double y, const char *four, bool checked)
{
	char text[2] = "";

	for (int i = 0; i < 4; i++) {
		bool dark = checked && i == 3;

		if (dark)
			sheet_fill(p->s, x + i * KEY_CELL, y + 3.4, KEY_CELL,
			    8.4, SHEET_INK);
		text[0] = four[i];
		sheet_text_mid(p->s, x + i * KEY_CELL, y + 10.4, KEY_CELL,
		    dark ? &check : &typed, text);
	}
	sheet_box(p->s, (const double[]){ x, y + 3.4, 4 * KEY_CELL, 8.4 }, 0.5,
	    0.25, SHEET_INK);
	secret_wipe(text, sizeof(text));
}

/* Groups of four characters, four a line, with their dashes; over each its
 * number and a box to tick. A PPS checks each group, a PID only its whole
 * (Intel AMT SDK, PID and PPS). */
static void
key_groups(struct pen *p, const char *name, const char *chars, bool each)
{
	const double left = p->x + INDENT + 22;
	size_t n = strlen(chars) / 4;
	char number[12];

	sheet_text(p->s, p->x + INDENT, p->y + 10.0, &title, name);
	for (size_t i = 0; i < n; i++) {
		double x = left + (double)(i % 4) * KEY_GROUP;
		double y = p->y + (double)(i / 4) * KEY_LINE;

		key_group(p, x, y, chars + 4 * i, each || i + 1 == n);
		if (i + 1 < n)
			sheet_text_mid(p->s, x + 4 * KEY_CELL, y + 10.4,
			    KEY_GROUP - 4 * KEY_CELL, &typed, "-");
	}
	/* Behind the characters: who copies them gets nothing in between. */
	for (size_t i = 0; i < n; i++) {
		double x = left + (double)(i % 4) * KEY_GROUP;
		double y = p->y + (double)(i / 4) * KEY_LINE;

		snprintf(number, sizeof(number), "%u", (unsigned)i + 1);
		sheet_text(p->s, x + 0.4, y + 2.6, &caption, number);
		tick_box(p, x + 4 * KEY_CELL - 2.8, y + 0.2, 2.6);
	}
	p->y += (double)((n + 3) / 4) * KEY_LINE;
}

/* Beside the PID, which leaves half of its line free. */
static void
key_legend(struct pen *p, double y)
{
	const struct sheet_style mark = { SHEET_MONO_BOLD, 3.6, SHEET_WHITE };
	const struct sheet_style alike = { SHEET_MONO_BOLD, 3.6, SHEET_INK };
	static const char *const words[] = { "0", "zero", "O", "letter o", "1",
		"one", "I", "letter i" };
	double x = p->x + 102;

	sheet_fill(p->s, p->x + 96, y + 1.0, 4.4, 4.4, SHEET_INK);
	sheet_text_mid(p->s, p->x + 96, y + 4.5, 4.4, &mark, "X");
	sheet_text(p->s, x, y + 2.8, &small,
	    "White on black: a check character, at the end of the PID");
	sheet_text(p->s, x, y + 6.2, &small,
	    "and of each PPS group. Type it too; letters are capital.");
	for (int i = 0; i < 8; i++) {
		x += sheet_text(
		    p->s, x, y + 11.0, i % 2 == 0 ? &alike : &small, words[i]);
		x += i % 2 == 0 ? 1.2 : 4;
	}
}

static void
shared_key(struct pen *p, const struct page *page)
{
	const struct record *r = page->rec;
	double y;

	step(p, "Shared key (TLS PSK): PID and PPS");
	/* Beside the title. No public source says what the screen wants. */
	sheet_text(p->s, p->x + 102, p->y - 4.8, &small,
	    "The dashes are for reading: type them only if");
	sheet_text(p->s, p->x + 102, p->y - 1.4, &small,
	    "the screen does not place them itself.");
	if (page->key_shared) {
		sheet_box(p->s,
		    (const double[]){ p->x + INDENT, p->y, p->w - INDENT, 6.4 },
		    0.6, 0.5, SHEET_INK);
		sheet_text_fit(p->s, p->x + INDENT + 2, p->y + 4.4,
		    p->w - INDENT - 4, &strong,
		    "All machines of this order share this one key "
		    "(insecure_shared_key): who reads it can pose as any.");
		p->y += 8;
	}
	y = p->y;
	key_groups(p, "PID", r->psk.pid, false);
	key_legend(p, y);
	key_groups(p, "PPS", r->psk.pps, true);
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
	double x = p->x + INDENT;

	tick_box(p, x, p->y + 0.6, 3.2);
	snprintf(text, sizeof(text), "%zu  %s", number, h->name);
	x += 6 + sheet_text(p->s, x + 6, p->y + 3.6, &strong, text);
	snprintf(text, sizeof(text), "%s%s%s",
	    h->type == HASH_SHA1         ? "SHA-1"
		: h->type == HASH_SHA256 ? "SHA-256"
					 : "SHA-384",
	    h->only ? ", the only one to be active" : "",
	    h->active ? "" : ", not active");
	sheet_text(p->s, x + 4, p->y + 3.6, &body, text);
	p->y += 5.2;
	text_hex(hex, h->hash, hashlist_hash_len(h->type));
	for (size_t i = 0; i < groups; i++) {
		if (i > 0 && i % HASH_GROUPS == 0)
			p->y += HASH_LINE;
		x = p->x + INDENT + 6 + (double)(i % HASH_GROUPS) * 16;
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

/* A bar beside what must not be missed. */
static void
warn(struct pen *p, const char *a, const char *b)
{
	double y = p->y;

	say(p, INDENT + 3, &strong, a);
	p->y -= 0.6;
	say(p, INDENT + 3, &strong, b);
	sheet_fill(p->s, p->x + INDENT, y + 0.2, 1.2, 7.6, SHEET_INK);
	p->y += 1;
}

static void
hash_note(struct pen *p, const struct record *r)
{
	if (page_needs_key(r))
		say(p, INDENT, &small,
		    "The screen takes none like these: the key brought them, "
		    "three at most. Compare what is stored with what stands "
		    "here.");
	else if (untypable(r))
		warn(p,
		    "From AMT 14 on the screen takes no SHA-256 hash (it is "
		    "too long), from AMT 16 on none at all:",
		    "the flash image brings it, or a USB key of an order whose "
		    "profile has mebx = \"random\".");
	else
		say(p, INDENT, &small,
		    "From AMT 14 on the screen takes no SHA-256 hash (it is "
		    "too long), from AMT 16 on none: a USB key brings it.");
}

static size_t
certificates(struct pen *p, const struct record *r, double limit)
{
	size_t shown;
	char text[96];

	step(p, "Certificate hashes (TLS PKI)");
	hash_note(p, r);
	/* Room for the line that sends the reader on. */
	shown = hash_entries(p, &r->hashes, 0, limit - 4);
	if (shown < r->hashes.n) {
		snprintf(text, sizeof(text),
		    "%zu more: the last pages have them, the same for all "
		    "machines of this order.",
		    r->hashes.n - shown);
		say(p, INDENT, &strong, text);
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
	sheet_text(p->s, p->x + p->w - 77, p->y + 1.6, &small,
	    "Keep it under lock; shred it");
	sheet_text(p->s, p->x + p->w - 77, p->y + 5.0, &small,
	    "when the machine is set up.");
	p->y += 10;
	sheet_rule(p->s, p->x, p->y, p->x + p->w, p->y, 0.6);
	p->y += 1.6;
	field(p, 0, 66, "Customer", page->customer, &strong);
	field(p, 66, 40, "Order", r->order, &strong);
	field(p, 106, 50, "Serial number", r->serial, &value);
	snprintf(text, sizeof(text), "%zu of %zu", page->n, page->of);
	field(p, 156, p->w - 156 + 3, "Unit", text, &strong);
	p->y += 9.6;
	uuid_text(&r->uuid, uuid);
	field(p, 0, 106, "UUID", uuid, &value);
	snprintf(text, sizeof(text), "AMT %u.%u", r->amt_major, r->amt_minor);
	field(p, 106, 50, "Firmware", text, &strong);
	p->y += 9.6;
	sheet_rule(p->s, p->x, p->y, p->x + p->w, p->y, 0.2);
}

static void
enter(struct pen *p)
{
	double x = p->x + INDENT;

	step(p, "Open the set-up screen (MEBx)");
	x = key_cap(p, x, p->y, 13, "Ctrl");
	sheet_text_mid(p->s, x, p->y + 6, 6, &title, "+");
	x = key_cap(p, x + 6, p->y, 10, "P") + 6;
	sheet_text(p->s, x, p->y + 3.6, &body,
	    "Switch on; when the maker's picture shows, press Ctrl+P until the "
	    "screen asks for");
	sheet_text(p->s, x, p->y + 8.0, &body,
	    "a password. Makers differ: where nothing comes, see the machine's "
	    "manual.");
	p->y += 10;
}

/* A key's record opens a machine that has the factory's password. */
static void
use_key(struct pen *p)
{
	step(p, "Let the order's USB key set the machine up");
	warn(p,
	    "Type nothing before: the screen takes no SHA-256 hash from AMT 14 "
	    "on, none at all from 16 on,",
	    "and the key (setupbin make) is for a machine whose password is "
	    "the factory's still.");
	say(p, INDENT, &body,
	    "Machine off, plug the key in, switch on, agree when the screen "
	    "asks. Take the key out when it is done.");
}

static void
log_in(struct pen *p, const struct page *page)
{
	step(p, "Log in with the password that the key gave");
	if (page->keyed) {
		password(p, "Password", page->rec->mebx_new);
		keyboard(p);
	} else
		say(p, INDENT, &strong,
		    "No key of this order was made when this page was: print "
		    "it again after setupbin make.");
	p->y += 1;
	say(p, INDENT, &body,
	    page->rec->otp[0] != '\0'
		? "What follows came from the key, but for the one-time "
		  "password: compare it with the screen."
		: "What follows came from the key: compare it with the "
		  "screen, and type nothing.");
}

static void
passwords(struct pen *p, const struct record *r)
{
	step(p,
	    "Log in, and give the new password when it is asked for, "
	    "twice");
	password(p, "Now", "admin");
	if (r->mebx_new[0] != '\0') {
		password(p, "New", r->mebx_new);
		keyboard(p);
		return;
	}
	say(p, INDENT, &strong,
	    "No new one was made for this machine: ask those who will run it. "
	    "8 to 32 characters, with capital and small");
	say(p, INDENT, &strong,
	    "letter, digit and sign (not : , \" or _ ). The screen knows only "
	    "the US keyboard.");
}

static void
server(struct pen *p, const struct record *r)
{
	static const uint8_t none[4] = { 0 };
	bool ip = memcmp(r->server_ip, none, sizeof(none)) != 0;
	char text[32];

	step(p, "Provisioning server");
	if (r->server_fqdn[0] == '\0' && !ip && r->server_port == 0) {
		p->y -= 0.6;
		say(p, INDENT, &body,
		    "Leave it as it is: the machine asks DNS for the name "
		    "provisionserver.");
		return;
	}
	if (r->server_fqdn[0] != '\0')
		long_value(p, INDENT, "Name (FQDN)", r->server_fqdn);
	if (ip) {
		snprintf(text, sizeof(text), "%u.%u.%u.%u", r->server_ip[0],
		    r->server_ip[1], r->server_ip[2], r->server_ip[3]);
		long_value(p, INDENT, "Address", text);
	}
	if (r->server_port != 0) {
		if (ip) /* beside it */
			p->y -= value.size + 1.6;
		snprintf(text, sizeof(text), "%u", r->server_port);
		long_value(p, ip ? INDENT + 80 : INDENT, "Port", text);
	}
}

static void
remote(struct pen *p, const struct record *r)
{
	step(p, "Remote configuration");
	choice(p, r->pki, "on", "off");
	if (r->pki_dns_suffix[0] != '\0')
		long_value(p, INDENT, "DNS suffix", r->pki_dns_suffix);
	if (r->otp[0] != '\0')
		password(p, "One-time", r->otp);
}

#define LEAVE_HEIGHT 13.0 /* without the lines to sign on */
#define SIGN_HEIGHT 10.0

/* limit: where the label begins. */
static void
leave(struct pen *p, const struct record *r, double limit)
{
	step(p, "Exit, save, and plug in power and network");
	p->y -= 0.6;
	say(p, INDENT, &body,
	    !r->enabled ? "The machine stays silent until Intel AMT is chosen "
			  "in this screen."
		: r->talk
		? "The machine says hello to its server by itself."
		: "The machine waits until the agent in its operating system "
		  "starts its set-up.");
	if (p->y + SIGN_HEIGHT > limit)
		return;
	p->y += 6;
	sheet_rule(p->s, p->x + INDENT, p->y, p->x + 95, p->y, 0.2);
	sheet_rule(p->s, p->x + 105, p->y, p->x + p->w, p->y, 0.2);
	sheet_text(p->s, p->x + INDENT, p->y + 3, &caption, "Done by");
	sheet_text(p->s, p->x + 105, p->y + 3, &caption, "Date");
}

/* ---- the label ---- */

double
page_label_top(const struct sheet *s)
{
	return sheet_height(s) - BOTTOM - PAGE_LABEL_HEIGHT;
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
		sheet_text(p->s, x, y + 10.8, &caption, "PID");
		sheet_text(p->s, x + 7, y + 10.8, &digits, pid);
	}
	snprintf(order, sizeof(order), "Order %s", r->order);
	x += r->psk.pid[0] != '\0' ? 40 : 0;
	sheet_text_fit(p->s, x, y + 10.8, p->x + p->w - x - 4, &caption, order);
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

static struct pen
new_pen(struct sheet *s)
{
	/* A sheet of Letter is shorter. */
	return (struct pen){ .s = s,
		.x = MARGIN,
		.y = 12,
		.w = sheet_width(s) - 2 * MARGIN,
		.gap = sheet_height(s) > 290 ? 3.2 : 2.2 };
}

enum err_code
page_draw(
    struct sheet *s, const struct page *page, size_t *hashes, struct err *e)
{
	const struct record *r = page->rec;
	struct pen p = new_pen(s);
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
	step(&p, "Manageability");
	choice(&p, r->enabled, "Intel AMT", "none");
	step(&p, "Provisioning mode");
	choice(
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
	struct pen p = new_pen(s);
	char text[128];

	snprintf(text, sizeof(text),
	    "Certificate hashes of order %s, continued", r->order);
	sheet_text_fit(s, p.x, p.y + 5.6, p.w, &title, text);
	p.y += 10;
	sheet_rule(s, p.x, p.y, p.x + p.w, p.y, 0.6);
	p.y += 4;
	i = hash_entries(&p, &r->hashes, i, sheet_height(s) - BOTTOM);
	sheet_page(s);
	return i;
}
