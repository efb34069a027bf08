/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "formats/frame.h"

#define ETHER_IP4 0x0800
#define ETHER_IP6 0x86dd
#define UDP 17
#define UDP_HEAD 8
#define IP4_HEAD 20
#define IP4_PLAIN 0x45 /* version 4, five words */
#define DONT_CUT 0x4000

/* One's complement sums (RFC 1071). */
static uint32_t
add(uint32_t sum, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		sum += (uint32_t)p[i] << (i % 2 == 0 ? 8 : 0);
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return sum;
}

static uint16_t
fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~((sum & 0xffff) + (sum >> 16));
}

static size_t
address_len(const struct frame *f)
{
	return f->v6 ? 16 : 4;
}

uint16_t
frame_sum(const struct frame *f)
{
	uint32_t len = (uint32_t)(UDP_HEAD + f->n), sum = UDP;
	uint16_t folded;

	sum = add(sum, f->from, address_len(f));
	sum = add(sum, f->to, address_len(f));
	sum += f->from_port;
	sum += f->to_port;
	sum += 2 * len; /* in the pseudo header and in UDP's own */
	sum = add((sum & 0xffff) + (sum >> 16), f->data, f->n);
	folded = fold(sum);
	return folded != 0 ? folded : 0xffff;
}

static size_t
read_ip4(struct rd *r, struct frame *f)
{
	const uint8_t *head = r->p;
	size_t n = IP4_HEAD;
	uint16_t total, cut;

	rd_magic(r, (const uint8_t[]){ IP4_PLAIN }, 1);
	f->service = rd_u8(r);
	total = rd_u16be(r);
	f->id = rd_u16be(r);
	cut = rd_u16be(r);
	f->whole = cut == DONT_CUT;
	f->hops = rd_u8(r);
	rd_magic(r, (const uint8_t[]){ UDP }, 1);
	rd_u16be(r);
	rd_copy(r, f->from, 4);
	rd_copy(r, f->to, 4);
	if (cut != 0 && cut != DONT_CUT)
		rd_fail(r, "a piece of a datagram");
	if (r->why == NULL && fold(add(0, head, n)) != 0)
		rd_fail(r, "checksum of the IPv4 head");
	return total >= n ? total - n : 0;
}

static size_t
read_ip6(struct rd *r, struct frame *f)
{
	uint32_t word = rd_u32be(r);
	size_t n = rd_u16be(r);

	if (word >> 28 != 6)
		rd_fail(r, "not IPv6");
	f->service = (uint8_t)(word >> 20);
	f->flow = word & 0xfffff;
	rd_magic(r, (const uint8_t[]){ UDP }, 1);
	f->hops = rd_u8(r);
	rd_copy(r, f->from, 16);
	rd_copy(r, f->to, 16);
	return n;
}

/* n: bytes that IP says are in it. */
static void
read_udp(struct rd *r, struct frame *f, size_t n)
{
	size_t len;

	f->from_port = rd_u16be(r);
	f->to_port = rd_u16be(r);
	len = rd_u16be(r);
	f->sum = rd_u16be(r);
	if (len != n || len < UDP_HEAD)
		rd_fail(r, "lengths of IP and UDP do not agree");
	else {
		f->n = len - UDP_HEAD;
		f->data = rd_bytes(r, f->n);
	}
}

bool
frame_read(struct rd *r, struct frame *f)
{
	size_t n = 0;

	memset(f, 0, sizeof(*f));
	rd_copy(r, f->dst, FRAME_MAC);
	rd_copy(r, f->src, FRAME_MAC);
	switch (rd_u16be(r)) {
	case ETHER_IP4:
		n = read_ip4(r, f);
		break;
	case ETHER_IP6:
		f->v6 = true;
		n = read_ip6(r, f);
		break;
	default:
		rd_fail(r, "neither IPv4 nor IPv6");
	}
	read_udp(r, f, n);
	f->ntail = rd_left(r);
	f->tail = rd_bytes(r, f->ntail);
	return rd_end(r);
}

static void
write_ip4(struct wr *w, const struct frame *f)
{
	uint8_t head[IP4_HEAD];
	uint16_t sum;
	struct wr h;

	wr_fixed(&h, head, sizeof(head));
	wr_u8(&h, IP4_PLAIN);
	wr_u8(&h, f->service);
	wr_u16be(&h, (uint16_t)(IP4_HEAD + UDP_HEAD + f->n));
	wr_u16be(&h, f->id);
	wr_u16be(&h, f->whole ? DONT_CUT : 0);
	wr_u8(&h, f->hops);
	wr_u8(&h, UDP);
	wr_u16be(&h, 0);
	wr_bytes(&h, f->from, 4);
	wr_bytes(&h, f->to, 4);
	sum = fold(add(0, head, sizeof(head)));
	wr_patch(&h, 10, (uint8_t[]){ (uint8_t)(sum >> 8), (uint8_t)sum }, 2);
	wr_bytes(w, head, sizeof(head));
}

static void
write_ip6(struct wr *w, const struct frame *f)
{
	wr_u32be(w, 6u << 28 | (uint32_t)f->service << 20 | f->flow);
	wr_u16be(w, (uint16_t)(UDP_HEAD + f->n));
	wr_u8(w, UDP);
	wr_u8(w, f->hops);
	wr_bytes(w, f->from, 16);
	wr_bytes(w, f->to, 16);
}

void
frame_write(struct wr *w, const struct frame *f)
{
	wr_bytes(w, f->dst, FRAME_MAC);
	wr_bytes(w, f->src, FRAME_MAC);
	wr_u16be(w, f->v6 ? ETHER_IP6 : ETHER_IP4);
	if (f->v6)
		write_ip6(w, f);
	else
		write_ip4(w, f);
	wr_u16be(w, f->from_port);
	wr_u16be(w, f->to_port);
	wr_u16be(w, (uint16_t)(UDP_HEAD + f->n));
	wr_u16be(w, f->sum);
	wr_bytes(w, f->data, f->n);
	wr_bytes(w, f->tail, f->ntail);
}
