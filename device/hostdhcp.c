/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "device/hostdhcp.h"

#define DNS 6
#define DOMAIN_NAME 15
#define WANTED 55
#define RAPID_COMMIT 80

void
hostdhcp_init(struct hostdhcp *h, const uint8_t mac[FRAME_MAC])
{
	memset(h, 0, sizeof(*h));
	memcpy(h->mac, mac, FRAME_MAC);
}

static void
add_dns(struct hostdhcp *h, int family, const void *address)
{
	char text[ADDR_LEN];

	if (h->ndns == MACHINE_DNS ||
	    inet_ntop(family, address, text, sizeof(text)) == NULL)
		return;
	for (size_t i = 0; i < h->ndns; i++)
		if (strcmp(h->dns[i], text) == 0)
			return;
	memcpy(h->dns[h->ndns++], text, sizeof(text));
}

/* Those of the other family are kept: both exchanges go on side by side. */
static void
drop_dns(struct hostdhcp *h, bool v6)
{
	size_t n = 0;

	for (size_t i = 0; i < h->ndns; i++)
		if ((strchr(h->dns[i], ':') != NULL) != v6)
			memmove(h->dns[n++], h->dns[i], ADDR_LEN);
	h->ndns = n;
}

static void
take_facts(
    struct hostdhcp *h, const struct dhcp_facts *f, bool suffix, bool dns)
{
	h->known = true;
	if (suffix)
		memcpy(h->suffix, f->domain, sizeof(h->suffix));
	if (dns)
		drop_dns(h, false);
	for (size_t i = 0; dns && i < f->ndns; i++)
		add_dns(h, AF_INET, f->dns[i]);
}

void
hostdhcp_facts(struct hostdhcp *h, const struct dhcp_facts *f)
{
	take_facts(h, f, true, true);
}

/* Does a request ask for that option? One that lists none takes what comes. */
static bool
wants(const struct dhcp *d, uint8_t code)
{
	uint8_t list[255];
	size_t n;

	return !dhcp_option(d, WANTED, list, sizeof(list), &n) ||
	    memchr(list, code, n) != NULL;
}

/* One that asks to be answered by an ACK at once (RFC 4039). */
static bool
is_rapid(const struct dhcp *d)
{
	uint8_t none[1];
	size_t n;

	return dhcp_option(d, RAPID_COMMIT, none, sizeof(none), &n);
}

/* A request that goes to one server, to renew a lease, need not name it. */
static enum hostdhcp_event
take_request(
    struct hostdhcp *h, const struct dhcp *d, const struct frame *frame)
{
	struct dhcp_facts f;

	dhcp_facts(d, &f);
	if (f.type != DHCP_DISCOVER && f.type != DHCP_REQUEST &&
	    f.type != DHCP_INFORM)
		return HOSTDHCP_NOTHING;
	h->asked = true;
	h->due = f.type != DHCP_DISCOVER || is_rapid(d);
	h->wants_suffix = wants(d, DOMAIN_NAME);
	h->wants_dns = wants(d, DNS);
	h->xid = d->xid;
	memcpy(h->server, f.server, sizeof(h->server));
	if (get_u32le(h->server) == 0 && get_u32le(frame->to) != UINT32_MAX)
		memcpy(h->server, frame->to, sizeof(h->server));
	return HOSTDHCP_ASKS;
}

static bool
is_for_host(const struct hostdhcp *h, const struct frame *f)
{
	static const uint8_t all[FRAME_MAC] = { 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff };

	return memcmp(f->dst, h->mac, FRAME_MAC) == 0 ||
	    memcmp(f->dst, all, FRAME_MAC) == 0;
}

static bool
answers(
    const struct hostdhcp *h, const struct dhcp *d, const struct dhcp_facts *f)
{
	if (!h->asked)
		return !h->known;
	return h->due && d->xid == h->xid &&
	    (get_u32le(h->server) == 0 || memcmp(f->server, h->server, 4) == 0);
}

static enum hostdhcp_event
take_reply(struct hostdhcp *h, const struct dhcp *d, const struct frame *frame)
{
	struct dhcp_facts f;

	dhcp_facts(d, &f);
	if (f.type != DHCP_ACK || !is_for_host(h, frame) || !answers(h, d, &f))
		return HOSTDHCP_NOTHING;
	h->due = false;
	take_facts(h, &f, h->wants_suffix || f.domain[0] != '\0',
	    h->wants_dns || f.ndns > 0);
	return HOSTDHCP_LEARNT;
}

static enum hostdhcp_event
take4(struct hostdhcp *h, const struct frame *f)
{
	struct dhcp d;
	struct rd r;

	rd_init(&r, f->data, f->n);
	if (!dhcp_read(&r, &d) || memcmp(d.chaddr, h->mac, FRAME_MAC) != 0)
		return HOSTDHCP_NOTHING;
	if (d.op == 1 && f->to_port == DHCP_SERVER_PORT)
		return take_request(h, &d, f);
	if (d.op == 2 && f->to_port == DHCP_CLIENT_PORT)
		return take_reply(h, &d, f);
	return HOSTDHCP_NOTHING;
}

static enum hostdhcp_event
take_reply6(struct hostdhcp *h, const struct dhcp6 *d)
{
	uint8_t dns[DHCP6_DNS][16];
	size_t n;

	h->due6 = false;
	h->known6 = true;
	h->nsuffix6 = dhcp6_names(d, h->suffix6);
	drop_dns(h, true);
	n = dhcp6_dns(d, dns);
	for (size_t i = 0; i < n; i++)
		add_dns(h, AF_INET6, dns[i]);
	return HOSTDHCP_LEARNT;
}

/* Whose answer has no configuration in it, only whether it was heard. */
static bool
is_notice(const struct dhcp6 *d)
{
	return d->type == DHCP6_CONFIRM || d->type == DHCP6_RELEASE ||
	    d->type == DHCP6_DECLINE;
}

static enum hostdhcp_event
take6(struct hostdhcp *h, const struct frame *f)
{
	struct dhcp6 d;
	struct rd r;

	rd_init(&r, f->data, f->n);
	if (!dhcp6_read(&r, &d))
		return HOSTDHCP_NOTHING;
	if (f->to_port == DHCP6_SERVER_PORT &&
	    memcmp(f->src, h->mac, FRAME_MAC) == 0) {
		h->asked6 = true;
		h->due6 = !is_notice(&d);
		h->xid6 = d.xid;
		return HOSTDHCP_ASKS;
	}
	if (f->to_port != DHCP6_CLIENT_PORT || d.type != DHCP6_REPLY ||
	    memcmp(f->dst, h->mac, FRAME_MAC) != 0 ||
	    (h->asked6 ? !h->due6 || d.xid != h->xid6 : h->known6))
		return HOSTDHCP_NOTHING;
	return take_reply6(h, &d);
}

enum hostdhcp_event
hostdhcp_take(struct hostdhcp *h, const struct frame *f)
{
	return f->v6 ? take6(h, f) : take4(h, f);
}

static void
put_suffix(struct machine_lan *lan, const char *text)
{
	if (text[0] == '\0' || lan->nsuffix == MACHINE_SUFFIXES)
		return;
	for (size_t i = 0; i < lan->nsuffix; i++)
		if (strcasecmp(lan->suffix[i], text) == 0)
			return;
	snprintf(lan->suffix[lan->nsuffix++], RECORD_STR, "%s", text);
}

void
hostdhcp_put(const struct hostdhcp *h, struct machine_lan *lan)
{
	lan->nsuffix = lan->ndns = 0;
	memset(lan->suffix, 0, sizeof(lan->suffix));
	memset(lan->dns, 0, sizeof(lan->dns));
	put_suffix(lan, h->suffix);
	for (size_t i = 0; h->suffix[0] == '\0' && i < h->nsuffix6; i++)
		put_suffix(lan, h->suffix6[i]);
	for (; lan->ndns < h->ndns; lan->ndns++)
		memcpy(lan->dns[lan->ndns], h->dns[lan->ndns], ADDR_LEN);
}
