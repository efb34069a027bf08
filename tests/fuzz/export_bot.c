/* SPDX-License-Identifier: Apache-2.0 */
/* A hostile stick: what each transfer does and gives comes from the input.
 * Whatever it is, the host ends, stays within its buffers, never takes a
 * failed transfer for a good one, and what it says it has read is what came. */
#include <string.h>

#include "base/bytes.h"
#include "export/bot.h"
#include "tests/fuzz.h"

#define CALLS_MAX 4096 /* of one run; more is an endless loop */

struct hostile {
	const uint8_t *in;
	size_t n;
	unsigned calls;
	uint8_t tag[4];
	uint32_t want; /* bytes of the command's data */
	bool data_in, expect_data;
	uint8_t sector; /* what all bytes of the last data were */
};

static uint8_t
next(struct hostile *h)
{
	if (h->n == 0)
		return 0;
	h->n--;
	return *h->in++;
}

static void
called(struct hostile *h)
{
	must(++h->calls < CALLS_MAX);
}

static enum bot_io
some_io(uint8_t v)
{
	/* mostly good, so that runs get somewhere */
	return v < 0xf0 ? BOT_OK : (enum bot_io)(v % (BOT_BROKEN + 1));
}

/* A CSW that is right unless the input says otherwise. */
static size_t
csw(struct hostile *h, uint8_t *p, uint8_t how)
{
	uint8_t right[13] = "USBS";

	memcpy(right + 4, h->tag, 4);
	right[12] = (how & 0x10) != 0 ? next(h) : 0;
	if ((how & 0x20) != 0)
		right[next(h) % 13] ^= next(h);
	memcpy(p, right, 13);
	return (how & 0x40) != 0 ? next(h) : 13;
}

static enum bot_io
take(struct hostile *h, const uint8_t *p, size_t n, size_t *moved)
{
	if (n == 31 && memcmp(p, "USBC", 4) == 0 && !h->expect_data) {
		memcpy(h->tag, p + 4, 4);
		h->want = get_u32le(p + 8);
		h->data_in = (p[12] & 0x80) != 0;
		h->expect_data = h->want > 0;
		must(h->want <= BOT_TRANSFER_MAX && p[14] <= 16);
	} else {
		must(n == h->want);
		h->expect_data = false;
	}
	*moved = (next(h) & 0xf0) == 0xf0 ? next(h) : n;
	return some_io(next(h));
}

static enum bot_io
bulk(void *arg, bool in, uint8_t *p, size_t n, size_t *moved)
{
	struct hostile *h = arg;
	uint8_t how;

	called(h);
	if (!in)
		return take(h, p, n, moved);
	how = next(h);
	if (h->expect_data && h->data_in) {
		h->expect_data = false;
		h->sector = next(h);
		memset(p, h->sector, n);
		for (size_t i = 0; i < n && i < 40 && (how & 1) != 0; i++)
			p[i] = next(h);
		*moved = (how & 2) != 0 ? next(h) : n;
	} else {
		h->expect_data = false;
		*moved = csw(h, p, how);
	}
	return some_io(next(h));
}

static enum bot_io
clear_halt(void *arg, bool in)
{
	(void)in;
	called(arg);
	return some_io(next(arg));
}

static enum bot_io
request(void *arg, uint8_t what, uint8_t *p, size_t n)
{
	struct hostile *h = arg;

	called(h);
	must(what == 0xfe || what == 0xff);
	for (size_t i = 0; i < n; i++)
		p[i] = next(h);
	h->expect_data = false;
	return some_io(next(h));
}

static void
wait_ms(void *arg, unsigned ms)
{
	(void)ms;
	called(arg);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static uint8_t block[2 * BOT_TRANSFER_MAX];
	static struct bot b;
	struct hostile h = { .in = p, .n = n };
	struct bot_pipe pipe = { bulk, clear_halt, request, wait_ms, &h };
	struct err e;

	err_clear(&e);
	if (bot_open(&b, &pipe, &e) != ERR_OK) {
		must(e.code != ERR_OK && e.msg[0] != '\0');
		return 0;
	}
	must(b.sectors >= 1 && b.sectors <= UINT32_MAX);
	must(strlen(b.vendor) <= 8 && strlen(b.product) <= 16);
	if (b.sectors < sizeof(block) / BOT_SECTOR)
		return 0;
	/* a stick that failed is not used again */
	if (bot_write(&b, 0, block, sizeof(block), &e) == ERR_OK &&
	    bot_sync(&b, &e) == ERR_OK &&
	    bot_read(&b, b.sectors - 1, block, BOT_SECTOR, &e) == ERR_OK)
		/* behind what the input may have put in front */
		must(block[BOT_SECTOR - 1] == h.sector);
	return 0;
}
