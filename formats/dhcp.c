/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "formats/dhcp.h"
#include "formats/domain.h"

#define ETHERNET 1
#define MAC 6
#define LEAST 300 /* of a message: BOOTP's length, which relays expect */

enum code {
	PAD = 0,
	MASK = 1,
	ROUTER = 3,
	DNS = 6,
	DOMAIN_NAME = 15,
	REQUESTED = 50,
	LEASE_TIME = 51,
	OVERLOAD = 52,
	TYPE = 53,
	SERVER = 54,
	WANTED = 55,
	T1 = 58,
	T2 = 59,
	CLIENT_ID = 61,
	END = 255
};

static const uint8_t cookie[] = { 99, 130, 83, 99 };

/* Options: one walk for the check and for each look-up. */

struct walk {
	uint8_t code;
	uint8_t *out;
	size_t room, n;
	bool found, overflow, ended;
};

static void
piece(struct walk *w, const uint8_t *p, size_t n)
{
	w->found = true;
	if (n > w->room - w->n) {
		w->overflow = true;
		return;
	}
	if (n > 0)
		memcpy(w->out + w->n, p, n);
	w->n += n;
}

/* False if an option leaves the area. */
static bool
walk_area(struct walk *w, const uint8_t *p, size_t n)
{
	size_t i = 0, len;

	w->ended = false;
	while (i < n) {
		if (p[i] == END) {
			w->ended = true;
			return true;
		}
		if (p[i] == PAD) {
			i++;
			continue;
		}
		if (n - i < 2 || (len = p[i + 1]) > n - i - 2)
			return false;
		if (p[i] == w->code)
			piece(w, p + i + 2, len);
		i += 2 + len;
	}
	return true;
}

/* Which of the two name fields hold options: 1 file, 2 server's name. */
static unsigned
overload(const struct dhcp *d)
{
	uint8_t value = 0;
	struct walk w = { .code = OVERLOAD, .out = &value, .room = 1 };

	walk_area(&w, d->options, d->n);
	return w.found && !w.overflow && w.n == 1 ? value : 0;
}

bool
dhcp_option(
    const struct dhcp *d, uint8_t code, uint8_t *out, size_t room, size_t *n)
{
	struct walk w = { .code = code, .out = out, .room = room };
	unsigned more = overload(d);

	*n = 0;
	if (code == PAD || code == END)
		return false;
	walk_area(&w, d->options, d->n);
	if (more & 1)
		walk_area(&w, d->file, sizeof(d->file));
	if (more & 2)
		walk_area(&w, d->sname, sizeof(d->sname));
	if (!w.found || w.overflow)
		return false;
	*n = w.n;
	return true;
}

static void
check_options(struct rd *r, const struct dhcp *d)
{
	struct walk w = { .code = PAD };
	unsigned more;

	if (r->why != NULL)
		return;
	if (!walk_area(&w, d->options, d->n))
		rd_fail(r, "an option leaves the message");
	else if (!w.ended)
		rd_fail(r, "no end of the options");
	else if ((more = overload(d)) > 3 ||
	    ((more & 1) && !walk_area(&w, d->file, sizeof(d->file))) ||
	    ((more & 2) && !walk_area(&w, d->sname, sizeof(d->sname))))
		rd_fail(r, "options in the name fields are not sound");
}

bool
dhcp_read(struct rd *r, struct dhcp *d)
{
	memset(d, 0, sizeof(*d));
	d->op = rd_u8(r);
	rd_magic(r, (const uint8_t[]){ ETHERNET, MAC }, 2);
	d->hops = rd_u8(r);
	d->xid = rd_u32be(r);
	d->secs = rd_u16be(r);
	d->flags = rd_u16be(r);
	rd_copy(r, d->ciaddr, 4);
	rd_copy(r, d->yiaddr, 4);
	rd_copy(r, d->siaddr, 4);
	rd_copy(r, d->giaddr, 4);
	rd_copy(r, d->chaddr, sizeof(d->chaddr));
	rd_copy(r, d->sname, sizeof(d->sname));
	rd_copy(r, d->file, sizeof(d->file));
	rd_magic(r, cookie, sizeof(cookie));
	d->n = rd_left(r);
	d->options = rd_bytes(r, d->n);
	if (d->op != 1 && d->op != 2)
		rd_fail(r, "neither a request nor a reply");
	check_options(r, d);
	return rd_end(r);
}

void
dhcp_write(struct wr *w, const struct dhcp *d)
{
	wr_u8(w, d->op);
	wr_u8(w, ETHERNET);
	wr_u8(w, MAC);
	wr_u8(w, d->hops);
	wr_u32be(w, d->xid);
	wr_u16be(w, d->secs);
	wr_u16be(w, d->flags);
	wr_bytes(w, d->ciaddr, 4);
	wr_bytes(w, d->yiaddr, 4);
	wr_bytes(w, d->siaddr, 4);
	wr_bytes(w, d->giaddr, 4);
	wr_bytes(w, d->chaddr, sizeof(d->chaddr));
	wr_bytes(w, d->sname, sizeof(d->sname));
	wr_bytes(w, d->file, sizeof(d->file));
	wr_bytes(w, cookie, sizeof(cookie));
	wr_bytes(w, d->options, d->n);
}

/* Facts. */

bool
dhcp_is_name(const char *text)
{
	size_t n = strlen(text);

	return n > 0 && text[n - 1] != '.' && domain_is_name(text);
}

static void
fact_address(const struct dhcp *d, uint8_t code, uint8_t out[static 4])
{
	uint8_t value[64];
	size_t n;

	if (dhcp_option(d, code, value, sizeof(value), &n) && n >= 4 &&
	    n % 4 == 0)
		memcpy(out, value, 4);
}

static uint32_t
fact_time(const struct dhcp *d, uint8_t code)
{
	uint8_t v[4];
	size_t n;

	if (!dhcp_option(d, code, v, sizeof(v), &n) || n != 4)
		return 0;
	return (uint32_t)v[0] << 24 | (uint32_t)v[1] << 16 |
	    (uint32_t)v[2] << 8 | v[3];
}

/* Some servers end it with a NUL or a dot. */
static void
fact_domain(const struct dhcp *d, char out[static DHCP_NAME])
{
	uint8_t value[DHCP_NAME];
	size_t n;

	if (!dhcp_option(d, DOMAIN_NAME, value, sizeof(value) - 1, &n))
		return;
	while (n > 0 && value[n - 1] == '\0')
		n--;
	if (n > 0 && value[n - 1] == '.')
		n--;
	value[n] = '\0';
	memcpy(out, value, n + 1);
	if (strlen(out) != n || !dhcp_is_name(out))
		out[0] = '\0';
}

void
dhcp_facts(const struct dhcp *d, struct dhcp_facts *f)
{
	uint8_t value[64];
	size_t n;

	memset(f, 0, sizeof(*f));
	if (dhcp_option(d, TYPE, value, sizeof(value), &n) && n == 1)
		f->type = value[0];
	fact_address(d, SERVER, f->server);
	fact_address(d, REQUESTED, f->requested);
	fact_address(d, MASK, f->mask);
	fact_address(d, ROUTER, f->router);
	f->lease = fact_time(d, LEASE_TIME);
	f->t1 = fact_time(d, T1);
	f->t2 = fact_time(d, T2);
	fact_domain(d, f->domain);
	if (!dhcp_option(d, DNS, value, sizeof(value), &n) || n % 4 != 0)
		return;
	for (; f->ndns < DHCP_DNS && 4 * f->ndns < n; f->ndns++)
		memcpy(f->dns[f->ndns], value + 4 * f->ndns, 4);
}

/* A client's messages. */

static void
put_option(struct wr *w, uint8_t code, const void *p, size_t n)
{
	wr_u8(w, code);
	wr_u8(w, (uint8_t)n);
	wr_bytes(w, p, n);
}

static void
put_address(struct wr *w, uint8_t code, const uint8_t a[static 4])
{
	if (get_u32le(a) != 0)
		put_option(w, code, a, 4);
}

void
dhcp_ask_write(struct wr *w, const struct dhcp_ask *a)
{
	static const uint8_t wanted[] = { MASK, ROUTER, DNS, DOMAIN_NAME,
		LEASE_TIME, SERVER, T1, T2 };
	struct dhcp d = { .op = 1, .xid = a->xid, .secs = a->secs };
	uint8_t type = (uint8_t)a->type;
	size_t from = w->len;

	memcpy(d.chaddr, a->mac, sizeof(a->mac));
	memcpy(d.ciaddr, a->client, sizeof(d.ciaddr));
	dhcp_write(w, &d);
	put_option(w, TYPE, &type, 1);
	if (a->nid > 0)
		put_option(w, CLIENT_ID, a->id, a->nid);
	put_address(w, REQUESTED, a->requested);
	put_address(w, SERVER, a->server);
	if (a->type != DHCP_RELEASE && a->type != DHCP_DECLINE)
		put_option(w, WANTED, wanted, sizeof(wanted));
	wr_u8(w, END);
	if (w->len - from < LEAST)
		wr_fill(w, PAD, LEAST - (w->len - from));
}
