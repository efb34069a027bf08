/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "formats/dhcp.h"
#include "formats/dhcp6.h"

#define OPTION_DNS 23
#define OPTION_NAMES 24
#define LABEL_MAX 63

/* The option's value; an empty window if it is not there. A second one of the
 * kind is not looked at (RFC 8415, 21: it may be there only once). */
static struct rd
find(const struct dhcp6 *d, uint16_t wanted)
{
	struct rd r, value;
	uint16_t code;

	rd_init(&r, d->options, d->n);
	while (rd_left(&r) > 0) {
		code = rd_u16be(&r);
		value = rd_sub(&r, rd_u16be(&r));
		if (r.why == NULL && code == wanted) {
			value.up = NULL;
			return value;
		}
	}
	rd_init(&value, NULL, 0);
	return value;
}

bool
dhcp6_read(struct rd *r, struct dhcp6 *d)
{
	struct rd options;
	uint16_t high;

	memset(d, 0, sizeof(*d));
	d->type = rd_u8(r);
	high = rd_u8(r);
	d->xid = (uint32_t)high << 16 | rd_u16be(r);
	if (d->type == 0 || d->type == DHCP6_RELAY_FORWARD ||
	    d->type == DHCP6_RELAY_REPLY)
		rd_fail(r, "not between a client and a server");
	d->n = rd_left(r);
	options = *r;
	d->options = rd_bytes(r, d->n);
	while (r->why == NULL && rd_left(&options) > 0) {
		rd_u16be(&options);
		rd_skip(&options, rd_u16be(&options));
		if (options.why != NULL)
			rd_fail(r, "an option leaves the message");
	}
	return rd_end(r);
}

void
dhcp6_write(struct wr *w, const struct dhcp6 *d)
{
	wr_u8(w, d->type);
	wr_u8(w, (uint8_t)(d->xid >> 16));
	wr_u16be(w, (uint16_t)d->xid);
	wr_bytes(w, d->options, d->n);
}

/* Labels up to the empty one. */
static bool
read_name(struct rd *r, char out[static DHCP6_NAME])
{
	size_t len, n = 0;

	while ((len = rd_u8(r)) != 0) {
		if (len > LABEL_MAX || n + len + 2 > DHCP6_NAME)
			return false;
		if (n > 0)
			out[n++] = '.';
		rd_copy(r, out + n, len);
		if (memchr(out + n, '.', len) != NULL)
			return false; /* it would be two labels */
		n += len;
	}
	out[n] = '\0';
	return r->why == NULL && strlen(out) == n && dhcp_is_name(out);
}

size_t
dhcp6_names(const struct dhcp6 *d, char out[static DHCP6_NAMES][DHCP6_NAME])
{
	struct rd r = find(d, OPTION_NAMES);
	char more[DHCP6_NAME];
	size_t n = 0;

	while (rd_left(&r) > 0) {
		if (!read_name(&r, n < DHCP6_NAMES ? out[n] : more))
			return 0;
		n += n < DHCP6_NAMES;
	}
	return n;
}

size_t
dhcp6_dns(const struct dhcp6 *d, uint8_t out[static DHCP6_DNS][16])
{
	struct rd r = find(d, OPTION_DNS);
	size_t n = 0;

	if (rd_left(&r) % 16 != 0)
		return 0;
	for (; n < DHCP6_DNS && rd_left(&r) > 0; n++)
		rd_copy(&r, out[n], 16);
	return n;
}
