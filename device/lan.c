/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/netif.h"
#include "base/pcap.h"
#include "base/rand.h"
#include "device/hostdhcp.h"
#include "device/lan.h"
#include "device/lease.h"
#include "formats/reason.h"

#define FILTER "udp and (port 67 or port 68 or port 546 or port 547)"
#define EAR_MS 1000
/* A host that has an address is asked for no longer than this before the
 * server is: its exchange is over, or is going on now. */
#define INFORM_MS 2000

struct lan {
	struct lan_setup setup;
	struct netif netif;
	bool started, carrier;
	bool ours; /* the interface's address is, or was: */
	uint8_t given[4];
	uint64_t wait;    /* until then for the host; 0: not waiting */
	uint8_t relay[6]; /* from where the lease came: server or router */
	struct hostdhcp host;
	struct lease lease;
	struct machine_lan facts;
	struct pcap_ear *ear;
	struct loop_watch *ear_watch, *change_watch;
	struct loop_timer *tick, *reopen;
	int changes;
};

static uint32_t
random32(void)
{
	struct err e = { 0 };
	uint32_t v = 0;

	rand_bytes(&v, sizeof(v), &e);
	return v;
}

/* What is known, told on. */

static void
say_network(struct lan *l, const struct machine_lan *f)
{
	char words[512];
	size_t n;

	if (!l->carrier) {
		l->setup.tell(l->setup.arg, "no-network", "no cable", NULL);
		return;
	}
	if (f->address[0] == '\0') {
		l->setup.tell(
		    l->setup.arg, "no-network", "no address yet", NULL);
		return;
	}
	n = (size_t)snprintf(words, sizeof(words), "%s %s address, suffix %s",
	    l->netif.name, l->ours ? "own" : "host's",
	    f->nsuffix > 0 ? f->suffix[0] : "unknown");
	for (size_t i = 1; i < f->nsuffix && n < sizeof(words); i++)
		n += (size_t)snprintf(
		    words + n, sizeof(words) - n, " %s", f->suffix[i]);
	l->setup.tell(l->setup.arg, "network", words, NULL);
}

static void
publish(struct lan *l)
{
	struct machine_lan f;

	if (!l->started) /* whether there is a cable is not known yet */
		return;
	memset(&f, 0, sizeof(f));
	hostdhcp_put(&l->host, &f);
	memcpy(f.mac, l->netif.mac, sizeof(f.mac));
	f.link = l->carrier;
	if (l->carrier)
		netif_address(&l->netif, f.address);
	if (memcmp(&f, &l->facts, sizeof(f)) == 0)
		return;
	l->facts = f;
	l->setup.changed(l->setup.arg, &l->facts);
	say_network(l, &f);
}

static void
tell_err(struct lan *l, const char *name, const struct err *e)
{
	l->setup.tell(l->setup.arg, name, "", e);
}

/* The lease. */

static void
send_lease(struct lan *l)
{
	static const uint8_t all[4] = { 255, 255, 255, 255 };
	uint8_t message[DHCP_MAX], frame[FRAME_MAX];
	bool unicast = lease_unicast(&l->lease);
	struct frame f = { .hops = 64,
		.from_port = DHCP_CLIENT_PORT,
		.to_port = DHCP_SERVER_PORT,
		.data = message };
	struct err e = { 0 };
	struct wr w;

	wr_fixed(&w, message, sizeof(message));
	lease_write(&l->lease, clock_boot_ms(), &w);
	f.n = w.len;
	memset(f.dst, 0xff, sizeof(f.dst));
	if (unicast)
		memcpy(f.dst, l->relay, sizeof(f.dst));
	memcpy(f.src, l->netif.mac, sizeof(f.src));
	memcpy(f.to, unicast ? l->lease.server : all, 4);
	if (lease_has_address(&l->lease) || l->lease.phase == LEASE_INFORMING)
		memcpy(f.from, l->lease.address, 4);
	f.sum = frame_sum(&f);
	wr_fixed(&w, frame, sizeof(frame));
	frame_write(&w, &f);
	/* A frame that is not sent is as one that is lost: it is repeated. */
	if (!w.failed && l->ear != NULL)
		pcap_ear_send(l->ear, frame, w.len, &e);
}

/* The interface's address of IPv4. */
static bool
address4(const struct lan *l, uint8_t out[static 4])
{
	char text[NETIF_ADDR];

	netif_address(&l->netif, text);
	return inet_pton(AF_INET, text, out) == 1;
}

/* Is it still the one that was given it here? */
static bool
has_ours(const struct lan *l)
{
	uint8_t now[4];

	return address4(l, now) && memcmp(now, l->given, sizeof(now)) == 0;
}

static void
lease_given(struct lan *l)
{
	const struct dhcp_facts *f = &l->lease.facts;
	struct err e = { 0 };

	hostdhcp_facts(&l->host, f);
	if (lease_has_address(&l->lease)) {
		if (netif_set_address(&l->netif, l->lease.address, f->mask,
			f->router, &e) != ERR_OK) {
			err_in(&e,
			    e.code == ERR_PERM
				? "no address of its own (CAP_NET_ADMIN)"
				: "its own address");
			tell_err(l, "network-failed", &e);
		}
		/* It may be there without a route. */
		memcpy(l->given, l->lease.address, sizeof(l->given));
		l->ours = has_ours(l);
	}
	publish(l);
}

/* An address that is ours goes. Its host may have given it another just now. */
static void
give_up(struct lan *l)
{
	struct err e = { 0 };

	if (l->ours && has_ours(l))
		netif_clear_address(&l->netif, &e);
	l->ours = false;
}

static void
lease_silent(struct lan *l)
{
	struct err e = { 0 };

	err_refuse(&e, ERR_PEER, reason_get(REASON_DHCP_SILENT),
	    "%s: no DHCP server has answered", l->netif.name);
	tell_err(l, "dhcp-silent", &e);
}

static void
set_tick(struct lan *l)
{
	uint64_t at = UINT64_MAX, now = clock_boot_ms();

	if (!l->started) /* the first look is due, whatever is heard before */
		return;
	if (l->wait != 0)
		at = l->wait;
	if (l->lease.phase != LEASE_IDLE && l->lease.next < at)
		at = l->lease.next;
	if (at == UINT64_MAX)
		loop_timer_stop(l->tick);
	else
		loop_timer_set(
		    l->tick, at > now ? (unsigned long)(at - now) + 1 : 0);
}

static void
on_lease(struct lan *l, enum lease_event event)
{
	switch (event) {
	case LEASE_SEND:
		send_lease(l);
		break;
	case LEASE_GIVEN:
		lease_given(l);
		break;
	case LEASE_LOST:
		give_up(l);
		hostdhcp_init(&l->host, l->netif.mac);
		publish(l);
		break;
	case LEASE_SILENT:
		lease_silent(l);
		break;
	case LEASE_NOTHING:
		break;
	}
}

/* The wait for a host is over, and it has said nothing: it had its address
 * before, or there is none. */
static void
wait_over(struct lan *l)
{
	uint8_t address[4];

	l->wait = 0;
	if (l->host.suffix[0] != '\0' || l->setup.dhcp == LAN_HOST)
		return;
	if (inet_pton(AF_INET, l->facts.address, address) == 1)
		lease_inform(&l->lease, l->netif.mac, address, clock_boot_ms(),
		    random32());
	else if (!l->host.asked)
		lease_start(
		    &l->lease, l->netif.mac, clock_boot_ms(), random32());
}

static void look(struct lan *);

static void
on_tick(void *arg)
{
	struct lan *l = arg;
	enum lease_event event;

	if (!l->started) {
		l->started = true;
		look(l);
		if (!l->carrier) /* as it was: not told yet */
			say_network(l, &l->facts);
		return;
	}
	if (l->wait != 0 && clock_boot_ms() >= l->wait)
		wait_over(l);
	while ((event = lease_tick(&l->lease, clock_boot_ms(), random32())) !=
	    LEASE_NOTHING)
		on_lease(l, event);
	set_tick(l);
}

/* What is heard. */

/* Ours or our host's? The numbers of transactions tell. */
static bool
is_lease(const struct lan *l, const struct frame *f, struct dhcp *d)
{
	struct rd r;

	if (f->v6 || f->to_port != DHCP_CLIENT_PORT ||
	    l->lease.phase == LEASE_IDLE)
		return false;
	rd_init(&r, f->data, f->n);
	return dhcp_read(&r, d) && d->xid == l->lease.xid;
}

/* There is a host: the interface is its own again. */
static void
host_came(struct lan *l)
{
	if (l->lease.phase == LEASE_INFORMING || l->lease.phase == LEASE_IDLE)
		return;
	lease_stop(&l->lease);
	give_up(l);
	publish(l);
}

static void
hear(struct lan *l, const uint8_t *p, size_t n)
{
	enum lease_event event;
	struct frame f;
	struct dhcp d;
	struct rd r;

	rd_init(&r, p, n);
	if (!frame_read(&r, &f))
		return;
	if (is_lease(l, &f, &d)) {
		event = lease_take(&l->lease, &d, clock_boot_ms());
		if (event == LEASE_GIVEN) /* not a late offer */
			memcpy(l->relay, f.src, sizeof(l->relay));
		on_lease(l, event);
		return;
	}
	switch (hostdhcp_take(&l->host, &f)) {
	case HOSTDHCP_ASKS:
		if (!f.v6)
			host_came(l);
		break;
	case HOSTDHCP_LEARNT:
		publish(l);
		break;
	case HOSTDHCP_NOTHING:
		break;
	}
}

static void
ear_close(struct lan *l)
{
	loop_watch_free(l->ear_watch);
	l->ear_watch = NULL;
	pcap_ear_free(l->ear);
	l->ear = NULL;
}

static void
on_heard(void *arg)
{
	struct lan *l = arg;
	struct err e = { 0 };
	const uint8_t *p;
	size_t n;

	while ((p = pcap_ear_next(l->ear, &n, &e)) != NULL)
		hear(l, p, n);
	if (e.code != ERR_OK) { /* the interface went down */
		ear_close(l);
		loop_timer_set(l->reopen, EAR_MS);
	}
	set_tick(l);
}

static enum err_code
ear_open(struct lan *l, struct err *e)
{
	if (l->ear != NULL)
		return ERR_OK;
	if (pcap_ear_new(l->netif.name, FILTER, &l->ear, e) != ERR_OK)
		return e->code;
	if (loop_watch_new(l->setup.loop, pcap_ear_fd(l->ear), on_heard, l,
		&l->ear_watch, e) != ERR_OK)
		ear_close(l);
	return e->code;
}

static void
on_reopen(void *arg)
{
	struct lan *l = arg;
	struct err e = { 0 };

	if (ear_open(l, &e) != ERR_OK)
		loop_timer_set(l->reopen, EAR_MS);
}

/* The cable. */

static void
plugged(struct lan *l)
{
	char address[NETIF_ADDR];
	unsigned long ms = l->setup.wait_ms;

	on_reopen(l);
	netif_address(&l->netif, address);
	if (l->setup.dhcp == LAN_OWN) {
		lease_start(
		    &l->lease, l->netif.mac, clock_boot_ms(), random32());
		return;
	}
	if (address[0] != '\0' && ms > INFORM_MS)
		ms = INFORM_MS;
	l->wait = clock_boot_ms() + ms + 1;
}

/* It may be another network that it is plugged into next. */
static void
unplugged(struct lan *l)
{
	lease_stop(&l->lease);
	give_up(l);
	hostdhcp_init(&l->host, l->netif.mac);
	l->wait = 0;
}

/* A host may give the interface another address than ours, without DHCP. */
static void
give_way(struct lan *l)
{
	uint8_t now[4];

	if (!l->ours || !address4(l, now) || has_ours(l))
		return;
	lease_stop(&l->lease);
	l->ours = false;
	l->facts.address[0] = '\0'; /* whose it is has changed: told */
}

static void
look(struct lan *l)
{
	bool carrier = netif_has_carrier(&l->netif), had;

	if (carrier != l->carrier) {
		l->carrier = carrier;
		if (carrier)
			plugged(l);
		else
			unplugged(l);
	}
	give_way(l);
	had = l->facts.address[0] != '\0';
	publish(l);
	/* A host that sets its address without DHCP. */
	if (!had && l->facts.address[0] != '\0' && l->wait == 0 &&
	    l->lease.phase == LEASE_IDLE && l->facts.nsuffix == 0)
		l->wait = clock_boot_ms() + INFORM_MS;
	set_tick(l);
}

static void
on_change(void *arg)
{
	struct lan *l = arg;

	netif_changes_drain(l->changes);
	look(l);
}

/* Life. */

static enum err_code
check(struct lan *l, struct err *e)
{
	const struct reason *unfit = reason_get(REASON_INTERFACE_UNFIT);
	const char *name = l->setup.interface;
	struct err why = { 0 };

	if (netif_find(name, &l->netif, &why) != ERR_OK)
		return err_refuse(e, ERR_CONFIG, unfit, "%s", why.msg);
	if (l->netif.wireless)
		return err_refuse(
		    e, ERR_CONFIG, unfit, "%s is a wireless interface", name);
	if (!l->netif.ethernet)
		return err_refuse(
		    e, ERR_CONFIG, unfit, "%s is not Ethernet", name);
	switch (ear_open(l, &why)) {
	case ERR_PERM:
		return err_refuse(e, ERR_PERM,
		    reason_get(REASON_CAPTURE_DENIED), "%s", why.msg);
	case ERR_CONFIG:
		return err_refuse(e, ERR_CONFIG, unfit, "%s", why.msg);
	default:
		return ERR_OK; /* down, say: it is opened when it comes up */
	}
}

enum err_code
lan_new(const struct lan_setup *setup, struct lan **out, struct err *e)
{
	struct lan *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return err_mem(e);
	l->setup = *setup;
	l->changes = -1;
	if (check(l, e) != ERR_OK ||
	    loop_timer_new(setup->loop, on_tick, l, &l->tick, e) != ERR_OK ||
	    loop_timer_new(setup->loop, on_reopen, l, &l->reopen, e) !=
		ERR_OK ||
	    netif_changes(&l->changes, e) != ERR_OK ||
	    loop_watch_new(setup->loop, l->changes, on_change, l,
		&l->change_watch, e) != ERR_OK) {
		lan_free(l);
		return e->code;
	}
	hostdhcp_init(&l->host, l->netif.mac);
	memcpy(l->facts.mac, l->netif.mac, sizeof(l->facts.mac));
	loop_timer_set(l->tick, 0);
	*out = l;
	return ERR_OK;
}

const struct machine_lan *
lan_facts(const struct lan *l)
{
	return &l->facts;
}

void
lan_free(struct lan *l)
{
	if (l == NULL)
		return;
	give_up(l);
	ear_close(l);
	loop_watch_free(l->change_watch);
	if (l->changes != -1)
		close(l->changes);
	loop_timer_free(l->tick);
	loop_timer_free(l->reopen);
	free(l);
}
