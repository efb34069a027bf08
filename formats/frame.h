/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An Ethernet II frame with one whole UDP datagram in it, over IPv4 without
 * options (RFC 791) or over IPv6 without extension headers (RFC 8200): what
 * DHCP looks like on the wire. Big-endian.
 *
 * The checksum of the IPv4 head must hold. That of UDP is carried and not
 * judged: a frame that is looked at on its way out of its own host has none
 * yet, since the hardware, or nobody on a virtual wire, completes it.
 */
#ifndef FORMATS_FRAME_H
#define FORMATS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define FRAME_MAC 6
#define FRAME_MAX 1600

struct frame {
	uint8_t dst[FRAME_MAC], src[FRAME_MAC];
	bool v6;
	uint8_t service;          /* type of service, or traffic class */
	uint16_t id;              /* IPv4 */
	bool whole;               /* IPv4: may not be cut ("DF") */
	uint32_t flow;            /* IPv6, 20 bits */
	uint8_t hops;             /* time to live, or hop limit */
	uint8_t from[16], to[16]; /* IPv4: the first four bytes */
	uint16_t from_port, to_port;
	uint16_t sum;
	const uint8_t *data; /* borrowed from the frame that was read */
	size_t n;
	const uint8_t *tail; /* what pads it to Ethernet's least length */
	size_t ntail;
};

bool frame_read(struct rd *, struct frame *); /* to the end of the window */
void frame_write(struct wr *, const struct frame *);
/* The sum that makes it right; never 0, which says that there is none. */
uint16_t frame_sum(const struct frame *);

#endif
