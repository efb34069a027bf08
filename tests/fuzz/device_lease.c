/* SPDX-License-Identifier: Apache-2.0 */
/* A network that says anything, for as long as it likes: the input is
 * messages, each a byte of how long after the one before, a byte of what is
 * put right in it, a 16-bit length and bytes. An address is held only of a
 * server that was asked for it and only while its lease lasts; the client asks
 * on for ever, and never in a flood. */
#include <string.h>

#include "device/lease.h"
#include "tests/fuzz.h"

#define TICKS 64

static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };

/* What the client sends is a message that a server can read. */
static void
send(const struct lease *l, uint64_t now)
{
	uint8_t out[DHCP_MAX];
	struct dhcp_facts f;
	struct dhcp d;
	struct wr w;
	struct rd r;

	wr_fixed(&w, out, sizeof(out));
	lease_write(l, now, &w);
	must(!w.failed);
	rd_init(&r, out, w.len);
	must(dhcp_read(&r, &d) && d.op == 1 && d.xid == l->xid);
	dhcp_facts(&d, &f);
	must(f.type == DHCP_DISCOVER || f.type == DHCP_REQUEST ||
	    f.type == DHCP_INFORM);
	must(memcmp(d.chaddr, mac, sizeof(mac)) == 0);
}

static void
tick(struct lease *l, uint64_t now)
{
	enum lease_event got = LEASE_SEND;
	bool had = lease_has_address(l);
	int n = 0;

	while (got != LEASE_NOTHING) {
		must(n++ < TICKS);
		got = lease_tick(l, now, (uint32_t)now);
		must(got != LEASE_GIVEN);
		must(got != LEASE_LOST || had);
		if (got == LEASE_SEND)
			send(l, now);
	}
	must(l->phase == LEASE_IDLE || l->next > now);
	must(!lease_has_address(l) || now < l->end);
	must(had || !lease_has_address(l));
}

static void
message(
    struct lease *l, uint8_t right, const uint8_t *p, size_t n, uint64_t now)
{
	bool had = lease_has_address(l);
	enum lease_phase before = l->phase;
	enum lease_event got;
	struct dhcp d;
	struct rd r;

	rd_init(&r, p, n);
	if (!dhcp_read(&r, &d))
		return;
	if (right & 1)
		d.xid = l->xid;
	if (right & 2)
		memcpy(d.chaddr, mac, sizeof(mac));
	if (right & 4)
		d.op = 2;
	if (right & 8)
		memcpy(d.yiaddr, l->address, 4);
	got = lease_take(l, &d, now);
	must(got == LEASE_NOTHING || got == LEASE_GIVEN || got == LEASE_LOST);
	must(got != LEASE_LOST || had);
	if (!had && lease_has_address(l))
		must(got == LEASE_GIVEN && before == LEASE_REQUESTING);
	if (lease_has_address(l))
		must(l->t1 <= l->t2 && l->t2 <= l->end && now < l->end &&
		    l->address[0] + l->address[1] + l->address[2] +
			    l->address[3] >
			0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const uint8_t own[4] = { 192, 0, 2, 1 };
	uint64_t now = 1000;
	struct lease l;
	uint8_t late, right;
	struct rd r;
	size_t len;

	rd_init(&r, p, n);
	if (rd_u8(&r) % 4 == 0)
		lease_inform(&l, mac, own, now, 7);
	else
		lease_start(&l, mac, now, 7);
	while (rd_left(&r) > 4) {
		tick(&l, now);
		late = rd_u8(&r);
		right = rd_u8(&r);
		len = rd_u16be(&r);
		if (len > rd_left(&r))
			len = rd_left(&r);
		message(&l, right, rd_bytes(&r, len), len, now);
		/* up to a bit more than a year */
		now += 1ull << (late % 36);
	}
	tick(&l, now);
	return 0;
}
