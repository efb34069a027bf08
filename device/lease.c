/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "device/lease.h"

/* Repeats double up to RFC 2131's 64 s, from one second on where it has four:
 * it was written for slower networks. */
#define FIRST_MS 1000u
#define LAST_MS 64000u
#define JITTER_MS 256u
#define SILENT_TRIES 3  /* after so many it is told */
#define REQUEST_TRIES 4 /* then it looks for another offer */
#define LEAST_RENEW_MS 60000u
#define LEAST_LEASE_S 10
#define MAX_LEASE_S 31536000u

static void
repeat(struct lease *l, uint64_t now, uint32_t random)
{
	uint64_t ms = FIRST_MS;

	for (unsigned i = 0; i < l->tries && ms < LAST_MS; i++)
		ms *= 2;
	l->tries++;
	l->next = now + ms + random % JITTER_MS;
}

static void
enter(struct lease *l, enum lease_phase phase, uint64_t now)
{
	l->phase = phase;
	l->tries = 0;
	l->begun = l->next = now;
}

void
lease_start(
    struct lease *l, const uint8_t mac[6], uint64_t now, uint32_t random)
{
	memset(l, 0, sizeof(*l));
	memcpy(l->mac, mac, sizeof(l->mac));
	l->xid = random;
	enter(l, LEASE_SELECTING, now);
}

void
lease_inform(struct lease *l, const uint8_t mac[6], const uint8_t address[4],
    uint64_t now, uint32_t random)
{
	lease_start(l, mac, now, random);
	memcpy(l->address, address, sizeof(l->address));
	enter(l, LEASE_INFORMING, now);
}

void
lease_stop(struct lease *l)
{
	l->phase = LEASE_IDLE;
}

bool
lease_has_address(const struct lease *l)
{
	return l->phase == LEASE_BOUND || l->phase == LEASE_RENEWING ||
	    l->phase == LEASE_REBINDING;
}

bool
lease_unicast(const struct lease *l)
{
	return l->phase == LEASE_RENEWING;
}

/* Half of what is left, and not more often than each minute (RFC 2131,
 * 4.4.5). */
static void
renew_again(struct lease *l, uint64_t now, uint64_t until)
{
	uint64_t half = (until - now) / 2;

	l->tries++;
	l->next = now + (half > LEAST_RENEW_MS ? half : LEAST_RENEW_MS);
	if (l->next > until)
		l->next = until;
}

static enum lease_event
lost(struct lease *l, uint64_t now)
{
	memset(l->address, 0, sizeof(l->address));
	memset(l->server, 0, sizeof(l->server));
	enter(l, LEASE_SELECTING, now);
	return LEASE_LOST;
}

static enum lease_event
tick_held(struct lease *l, uint64_t now, uint32_t random)
{
	if (now >= l->end)
		return lost(l, now);
	if (l->phase != LEASE_REBINDING && now >= l->t2) {
		l->xid = random;
		enter(l, LEASE_REBINDING, now);
	} else if (l->phase == LEASE_BOUND) {
		l->xid = random;
		enter(l, LEASE_RENEWING, now);
	}
	renew_again(l, now, l->phase == LEASE_RENEWING ? l->t2 : l->end);
	return LEASE_SEND;
}

enum lease_event
lease_tick(struct lease *l, uint64_t now, uint32_t random)
{
	if (l->phase == LEASE_IDLE || now < l->next)
		return LEASE_NOTHING;
	if (lease_has_address(l))
		return tick_held(l, now, random);
	if (l->phase == LEASE_REQUESTING && l->tries >= REQUEST_TRIES) {
		l->xid = random;
		enter(l, LEASE_SELECTING, now);
	}
	if (l->phase != LEASE_REQUESTING && l->tries == SILENT_TRIES) {
		l->tries++; /* told once; the next tick sends */
		return LEASE_SILENT;
	}
	repeat(l, now, random);
	return LEASE_SEND;
}

static enum lease_event
take_offer(struct lease *l, const struct dhcp *d, const struct dhcp_facts *f,
    uint64_t now)
{
	static const uint8_t none[4] = { 0 };

	if (memcmp(d->yiaddr, none, 4) == 0 || memcmp(f->server, none, 4) == 0)
		return LEASE_NOTHING;
	memcpy(l->address, d->yiaddr, 4);
	memcpy(l->server, f->server, 4);
	enter(l, LEASE_REQUESTING, now);
	return LEASE_NOTHING; /* the tick that is due now sends */
}

static void
take_times(struct lease *l, const struct dhcp_facts *f, uint64_t now)
{
	uint64_t s = f->lease;

	if (s == 0)
		s = 3600; /* it is there by the RFC; where not, an hour */
	if (s < LEAST_LEASE_S)
		s = LEAST_LEASE_S;
	if (s > MAX_LEASE_S)
		s = MAX_LEASE_S;
	l->end = now + s * 1000;
	l->t1 = now + s * 500;
	l->t2 = now + s * 875;
	if (f->t1 > 0 && f->t1 < f->t2 && f->t2 < s) {
		l->t1 = now + f->t1 * 1000ull;
		l->t2 = now + f->t2 * 1000ull;
	}
	l->next = l->t1;
}

static enum lease_event
take_ack(struct lease *l, const struct dhcp *d, const struct dhcp_facts *f,
    uint64_t now)
{
	if (l->phase == LEASE_INFORMING) {
		l->facts = *f;
		l->phase = LEASE_IDLE;
		return LEASE_GIVEN;
	}
	if (l->phase == LEASE_SELECTING || l->phase == LEASE_BOUND ||
	    memcmp(d->yiaddr, l->address, 4) != 0 ||
	    (l->phase != LEASE_REBINDING &&
		memcmp(f->server, l->server, 4) != 0))
		return LEASE_NOTHING;
	memcpy(l->server, f->server, 4);
	l->facts = *f;
	enter(l, LEASE_BOUND, now);
	take_times(l, f, now);
	return LEASE_GIVEN;
}

static enum lease_event
take_nak(struct lease *l, const struct dhcp_facts *f, uint64_t now)
{
	bool had = lease_has_address(l);

	if (l->phase != LEASE_REQUESTING && l->phase != LEASE_RENEWING &&
	    l->phase != LEASE_REBINDING)
		return LEASE_NOTHING;
	if (l->phase != LEASE_REBINDING && memcmp(f->server, l->server, 4) != 0)
		return LEASE_NOTHING;
	lost(l, now);
	l->tries = 1; /* a server that refuses again and again is not hurried */
	l->next = now + FIRST_MS;
	return had ? LEASE_LOST : LEASE_NOTHING;
}

enum lease_event
lease_take(struct lease *l, const struct dhcp *d, uint64_t now)
{
	struct dhcp_facts f;

	if (l->phase == LEASE_IDLE || d->op != 2 || d->xid != l->xid ||
	    memcmp(d->chaddr, l->mac, sizeof(l->mac)) != 0)
		return LEASE_NOTHING;
	dhcp_facts(d, &f);
	switch (f.type) {
	case DHCP_OFFER:
		if (l->phase == LEASE_SELECTING)
			return take_offer(l, d, &f, now);
		break;
	case DHCP_ACK:
		return take_ack(l, d, &f, now);
	case DHCP_NAK:
		return take_nak(l, &f, now);
	default:
		break;
	}
	return LEASE_NOTHING;
}

/* RFC 2131, table 5: which of the addresses a message names. The identifier
 * is the hardware address, as a host's usual one: it is the same machine, and
 * should get the same address. */
void
lease_write(const struct lease *l, uint64_t now, struct wr *w)
{
	uint64_t secs = (now - l->begun) / 1000;
	struct dhcp_ask a = { .type = DHCP_REQUEST,
		.xid = l->xid,
		.secs = (uint16_t)(secs < 0xffff ? secs : 0xffff),
		.id = { 1 },
		.nid = 1 + sizeof(l->mac) };

	memcpy(a.mac, l->mac, sizeof(a.mac));
	memcpy(a.id + 1, l->mac, sizeof(l->mac));
	switch (l->phase) {
	case LEASE_SELECTING:
		a.type = DHCP_DISCOVER;
		break;
	case LEASE_REQUESTING:
		memcpy(a.requested, l->address, 4);
		memcpy(a.server, l->server, 4);
		break;
	case LEASE_INFORMING:
		a.type = DHCP_INFORM;
		memcpy(a.client, l->address, 4);
		break;
	default:
		memcpy(a.client, l->address, 4);
	}
	dhcp_ask_write(w, &a);
}
