/* SPDX-License-Identifier: Apache-2.0 */
/* The client against a server of a few lines. */
#include "tests/unit.h"

#include <string.h>

#include "device/lease.h"

static const uint8_t mac[6] = { 2, 1, 2, 3, 4, 5 };
static const uint8_t good[4] = { 10, 77, 0, 2 }, evil[4] = { 10, 77, 0, 66 };
static uint8_t bytes[DHCP_MAX];
static struct lease l;
static uint64_t now;

/* What was sent; its type. */
static struct dhcp sent;
static struct dhcp_facts asked;

static void
expect_sent(enum dhcp_type type)
{
	struct wr w;
	struct rd r;

	wr_fixed(&w, bytes, sizeof(bytes));
	lease_write(&l, now, &w);
	assert_false(w.failed);
	rd_init(&r, bytes, w.len);
	assert_true(dhcp_read(&r, &sent));
	dhcp_facts(&sent, &asked);
	assert_int_equal(asked.type, type);
}

static void
expect_tick(enum dhcp_type type)
{
	assert_int_equal(lease_tick(&l, now, 7), LEASE_SEND);
	expect_sent(type);
}

static enum lease_event
reply(enum dhcp_type type, const uint8_t server[4], uint8_t host, uint8_t hours)
{
	uint8_t options[] = { 53, 1, (uint8_t)type, 54, 4, server[0], server[1],
		server[2], server[3], 51, 4, 0, 0, (uint8_t)(hours * 14), 16,
		255 };
	struct dhcp d = {
		.op = 2, .xid = l.xid, .yiaddr = { 10, 77, 0, host }
	};

	memcpy(d.chaddr, mac, sizeof(mac));
	d.options = options;
	d.n = sizeof(options);
	return lease_take(&l, &d, now);
}

static void
bind(void)
{
	now = 1000;
	lease_start(&l, mac, now, 0x1234);
	expect_tick(DHCP_DISCOVER);
	assert_int_equal(reply(DHCP_OFFER, good, 100, 1), LEASE_NOTHING);
	expect_tick(DHCP_REQUEST);
	assert_memory_equal(asked.server, good, 4);
	assert_int_equal(asked.requested[3], 100);
	assert_int_equal(reply(DHCP_ACK, good, 100, 1), LEASE_GIVEN);
	assert_true(lease_has_address(&l));
	assert_int_equal(l.facts.lease, 3600);
}

static void
the_first_offer_is_taken_and_a_later_one_is_not(void **state)
{
	(void)state;
	now = 0;
	lease_start(&l, mac, now, 0x1234);
	expect_tick(DHCP_DISCOVER);
	assert_int_equal(reply(DHCP_OFFER, evil, 200, 1), LEASE_NOTHING);
	assert_int_equal(reply(DHCP_OFFER, good, 100, 1), LEASE_NOTHING);
	expect_tick(DHCP_REQUEST);
	assert_memory_equal(asked.server, evil, 4);
	/* Nor is the acknowledgement of a server that was not asked. */
	assert_int_equal(reply(DHCP_ACK, good, 200, 1), LEASE_NOTHING);
	assert_int_equal(reply(DHCP_ACK, evil, 201, 1), LEASE_NOTHING);
	assert_int_equal(reply(DHCP_ACK, evil, 200, 1), LEASE_GIVEN);
}

static void
what_is_not_for_this_client_is_ignored(void **state)
{
	struct dhcp d = { .op = 2, .xid = 0x1234 };

	(void)state;
	now = 0;
	lease_start(&l, mac, now, 0x1234);
	expect_tick(DHCP_DISCOVER);
	d.options = (const uint8_t *)"\x35\1\2\x36\4\12\115\0\2\377";
	d.n = 10;
	d.yiaddr[0] = 10;
	assert_int_equal(lease_take(&l, &d, now), LEASE_NOTHING);
	assert_int_equal(l.phase, LEASE_SELECTING); /* another's address */
	memcpy(d.chaddr, mac, sizeof(mac));
	d.xid++;
	lease_take(&l, &d, now);
	assert_int_equal(l.phase, LEASE_SELECTING);
	d.xid--;
	d.op = 1;
	lease_take(&l, &d, now);
	assert_int_equal(l.phase, LEASE_SELECTING);
	d.op = 2;
	lease_take(&l, &d, now);
	assert_int_equal(l.phase, LEASE_REQUESTING);
}

static void
it_is_renewed_then_rebound_then_given_up(void **state)
{
	(void)state;
	bind();
	now += 1800 * 1000 - 1;
	assert_int_equal(lease_tick(&l, now, 9), LEASE_NOTHING);
	now++;
	expect_tick(DHCP_REQUEST);
	assert_true(lease_unicast(&l));
	assert_int_equal(sent.ciaddr[3], 100);
	assert_int_equal(asked.requested[3], 0);
	assert_int_equal(reply(DHCP_ACK, good, 100, 1), LEASE_GIVEN);
	now = l.t1;
	expect_tick(DHCP_REQUEST);
	now = l.t2;
	expect_tick(DHCP_REQUEST);
	assert_false(lease_unicast(&l));
	assert_int_equal(l.phase, LEASE_REBINDING);
	now = l.next;
	expect_tick(DHCP_REQUEST);
	now = l.end;
	assert_int_equal(lease_tick(&l, now, 9), LEASE_LOST);
	assert_false(lease_has_address(&l));
	expect_tick(DHCP_DISCOVER);
}

static void
another_server_may_rebind_it(void **state)
{
	(void)state;
	bind();
	now = l.t2;
	expect_tick(DHCP_REQUEST);
	assert_int_equal(reply(DHCP_ACK, evil, 100, 2), LEASE_GIVEN);
	assert_memory_equal(l.server, evil, 4);
	assert_int_equal(l.end - now, 7184 * 1000);
}

static void
a_refusal_starts_over_but_not_in_a_rush(void **state)
{
	(void)state;
	bind();
	assert_int_equal(reply(DHCP_NAK, good, 0, 0), LEASE_NOTHING);
	now = l.t1;
	expect_tick(DHCP_REQUEST);
	assert_int_equal(reply(DHCP_NAK, evil, 0, 0), LEASE_NOTHING);
	assert_int_equal(reply(DHCP_NAK, good, 0, 0), LEASE_LOST);
	assert_int_equal(lease_tick(&l, now, 1), LEASE_NOTHING);
	now += 1000;
	expect_tick(DHCP_DISCOVER);
}

static void
silence_is_told_once_and_asked_into_ever_more_rarely(void **state)
{
	unsigned sends = 0, told = 0;

	(void)state;
	now = 0;
	lease_start(&l, mac, now, 1);
	for (now = 0; now < 3600 * 1000; now += 100)
		switch (lease_tick(&l, now, 3)) {
		case LEASE_SEND:
			sends++;
			break;
		case LEASE_SILENT:
			told++;
			break;
		default:
			break;
		}
	assert_int_equal(told, 1);
	assert_in_range(sends, 50, 70);
}

static void
an_offer_that_is_not_kept_is_left_for_another(void **state)
{
	(void)state;
	now = 0;
	lease_start(&l, mac, now, 1);
	expect_tick(DHCP_DISCOVER);
	reply(DHCP_OFFER, evil, 200, 1);
	for (int i = 0; i < 4; i++) {
		expect_tick(DHCP_REQUEST);
		now = l.next;
	}
	expect_tick(DHCP_DISCOVER);
}

static void
information_is_asked_for_an_address_that_is_the_hosts(void **state)
{
	static const uint8_t hosts[4] = { 10, 77, 0, 9 };

	(void)state;
	now = 0;
	lease_inform(&l, mac, hosts, now, 5);
	expect_tick(DHCP_INFORM);
	assert_memory_equal(sent.ciaddr, hosts, 4);
	assert_int_equal(reply(DHCP_ACK, good, 0, 0), LEASE_GIVEN);
	assert_false(lease_has_address(&l));
	assert_int_equal(lease_tick(&l, now + 99999, 5), LEASE_NOTHING);
}

static void
a_lease_of_no_time_or_of_ever_is_bounded(void **state)
{
	(void)state;
	now = 0;
	lease_start(&l, mac, now, 1);
	expect_tick(DHCP_DISCOVER);
	reply(DHCP_OFFER, good, 100, 1);
	expect_tick(DHCP_REQUEST);
	assert_int_equal(reply(DHCP_ACK, good, 100, 0), LEASE_GIVEN);
	assert_true(l.end >= 10 * 1000 && l.t1 > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    the_first_offer_is_taken_and_a_later_one_is_not),
		cmocka_unit_test(what_is_not_for_this_client_is_ignored),
		cmocka_unit_test(it_is_renewed_then_rebound_then_given_up),
		cmocka_unit_test(another_server_may_rebind_it),
		cmocka_unit_test(a_refusal_starts_over_but_not_in_a_rush),
		cmocka_unit_test(
		    silence_is_told_once_and_asked_into_ever_more_rarely),
		cmocka_unit_test(an_offer_that_is_not_kept_is_left_for_another),
		cmocka_unit_test(
		    information_is_asked_for_an_address_that_is_the_hosts),
		cmocka_unit_test(a_lease_of_no_time_or_of_ever_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
