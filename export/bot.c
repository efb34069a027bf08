/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "export/bot.h"
#include "formats/reason.h"

#define CBW_LEN 31
#define CSW_LEN 13
#define CSW_MORE 512 /* a packet: what is no CSW may be longer than one */

#define SCSI_TEST_UNIT_READY 0x00
#define SCSI_REQUEST_SENSE 0x03
#define SCSI_INQUIRY 0x12
#define SCSI_MODE_SENSE_6 0x1a
#define SCSI_READ_CAPACITY_10 0x25
#define SCSI_READ_10 0x28
#define SCSI_WRITE_10 0x2a
#define SCSI_SYNCHRONIZE_CACHE_10 0x35

#define REQUEST_GET_MAX_LUN 0xfe
#define REQUEST_RESET 0xff

#define KEY_NOT_READY 0x2
#define KEY_ILLEGAL 0x5
#define KEY_ATTENTION 0x6

#define READY_TRIES 40 /* at 250 ms: ten seconds */
#define READY_WAIT_MS 250

/* One SCSI command. moved is what the stick took or gave, trusted. */
struct cmd {
	const char *name;
	uint8_t cdb[10];
	uint8_t len; /* of cdb */
	bool in;
	uint8_t *data;
	size_t n, moved;
};

/* How one try of a command ended. */
enum step {
	STEP_GOOD,
	STEP_FAILED, /* CSW status 1 */
	STEP_BROKEN, /* reset recovery is needed; why is said */
	STEP_DEAD    /* no use to go on; the error is set */
};

/* ---- words ---- */

struct sense_row {
	uint8_t asc, ascq;
	const char *words;
};

/* Of SPC's public list, what sticks are known to say. */
static const struct sense_row sense_rows[] = {
	{ 0x00, 0x00, "no more is told" },
	{ 0x03, 0x00, "peripheral device write fault" },
	{ 0x04, 0x00, "not ready" },
	{ 0x04, 0x01, "becoming ready" },
	{ 0x08, 0x00, "logical unit communication failure" },
	{ 0x0c, 0x00, "write error" },
	{ 0x0c, 0x02, "write error, reallocation failed" },
	{ 0x11, 0x00, "unrecovered read error" },
	{ 0x20, 0x00, "invalid command" },
	{ 0x21, 0x00, "address out of range" },
	{ 0x24, 0x00, "invalid field in the command" },
	{ 0x27, 0x00, "write protected" },
	{ 0x28, 0x00, "the medium may have changed" },
	{ 0x29, 0x00, "power on or reset" },
	{ 0x30, 0x00, "incompatible medium" },
	{ 0x31, 0x00, "medium format corrupted" },
	{ 0x3a, 0x00, "no medium" },
	{ 0x3e, 0x00, "logical unit has not configured itself" },
	{ 0x44, 0x00, "internal failure" },
	{ 0x47, 0x00, "parity or CRC error" },
	{ 0x55, 0x00, "system resource failure" },
};

static const char *const key_words[16] = { "no sense", "recovered error",
	"not ready", "medium error", "hardware error", "illegal request",
	"unit attention", "data protect", "blank check", "vendor specific",
	"copy aborted", "aborted command", "sense key 12", "volume overflow",
	"miscompare", "sense key 15" };

const char *
bot_sense_words(uint8_t key, uint8_t asc, uint8_t ascq)
{
	const char *coarse = NULL;

	for (size_t i = 0; i < sizeof(sense_rows) / sizeof(*sense_rows); i++) {
		if (sense_rows[i].asc != asc)
			continue;
		if (sense_rows[i].ascq == ascq)
			return sense_rows[i].words;
		if (sense_rows[i].ascq == 0)
			coarse = sense_rows[i].words;
	}
	return coarse != NULL && asc != 0 ? coarse : key_words[key & 15];
}

static enum err_code
dead(enum bot_io io, const struct cmd *c, const char *where, struct err *e)
{
	switch (io) {
	case BOT_TIMEOUT:
		return err_refuse(e, ERR_IO, reason_get(REASON_STICK_HANGS),
		    "%s: the stick gives no answer (%s)", c->name, where);
	case BOT_GONE:
		return err_refuse(e, ERR_IO, reason_get(REASON_STICK_GONE),
		    "%s: the stick was pulled out (%s)", c->name, where);
	default:
		return err_refuse(e, ERR_IO, reason_get(REASON_STICK_FAILED),
		    "%s: the transfer failed (%s)", c->name, where);
	}
}

static enum err_code
failed(const struct bot *b, const struct cmd *c, struct err *e)
{
	enum reason_id why =
	    b->key == 0x7 ? REASON_STICK_READ_ONLY : REASON_STICK_FAILED;

	return err_refuse(e, why == REASON_STICK_READ_ONLY ? ERR_PERM : ERR_IO,
	    reason_get(why), "%s: %s: %s (sense %x/%02x/%02x)", c->name,
	    key_words[b->key & 15], bot_sense_words(b->key, b->asc, b->ascq),
	    b->key & 15u, b->asc, b->ascq);
}

/* ---- one try ---- */

/* May the next step follow? A stall is cleared; *stalled tells of it. */
static enum step
judge(
    struct bot *b, const struct cmd *c, enum bot_io io, bool in, struct err *e)
{
	if (io == BOT_OK)
		return STEP_GOOD;
	if (io == BOT_STALL)
		io = b->pipe->clear_halt(b->pipe->arg, in);
	else if (io == BOT_OVERFLOW || io == BOT_BROKEN)
		return STEP_BROKEN;
	if (io == BOT_OK)
		return STEP_GOOD;
	if (io == BOT_STALL)
		return STEP_BROKEN;
	dead(io, c, in ? "in" : "out", e);
	return STEP_DEAD;
}

static enum step
send_cbw(struct bot *b, const struct cmd *c, struct err *e)
{
	const struct bot_pipe *p = b->pipe;
	uint8_t cbw[CBW_LEN] = "USBC";
	size_t moved = 0;
	enum bot_io io;

	put_u32le(cbw + 4, ++b->tag);
	put_u32le(cbw + 8, (uint32_t)c->n);
	cbw[12] = c->in ? 0x80 : 0;
	cbw[14] = c->len;
	memcpy(cbw + 15, c->cdb, c->len);
	io = p->bulk(p->arg, false, cbw, sizeof(cbw), &moved);
	if (io == BOT_TIMEOUT || io == BOT_GONE) {
		dead(io, c, "command", e);
		return STEP_DEAD;
	}
	/* A stick that stalls a CBW wants reset recovery, no less. */
	return io == BOT_OK && moved == sizeof(cbw) ? STEP_GOOD : STEP_BROKEN;
}

static enum step
move_data(struct bot *b, struct cmd *c, struct err *e)
{
	const struct bot_pipe *p = b->pipe;
	enum bot_io io;

	c->moved = 0;
	if (c->n == 0)
		return STEP_GOOD;
	io = p->bulk(p->arg, c->in, c->data, c->n, &c->moved);
	if (c->moved > c->n)
		c->moved = c->n;
	return judge(b, c, io, c->in, e);
}

/* Is it the CSW of this command, and meaningful? */
static enum step
read_csw(struct bot *b, struct cmd *c, const uint8_t *csw, size_t n)
{
	uint32_t residue;

	if (n != CSW_LEN || memcmp(csw, "USBS", 4) != 0 ||
	    get_u32le(csw + 4) != b->tag)
		return STEP_BROKEN;
	residue = get_u32le(csw + 8);
	if (csw[12] > 1 || residue > c->n) /* 2 is a phase error */
		return STEP_BROKEN;
	/* A stick may take all bytes and use fewer. */
	if (c->moved > c->n - residue)
		c->moved = c->n - residue;
	return csw[12] == 0 ? STEP_GOOD : STEP_FAILED;
}

static enum step
take_csw(struct bot *b, struct cmd *c, struct err *e)
{
	const struct bot_pipe *p = b->pipe;
	uint8_t csw[CSW_MORE];
	size_t n = 0;
	enum bot_io io;
	enum step s;

	/* Again behind a stall, and where a packet of no bytes ended the data
	 * that were a multiple of the packet's size. */
	for (int i = 0; i < 2; i++) {
		io = p->bulk(p->arg, true, csw, sizeof(csw), &n);
		if ((s = judge(b, c, io, true, e)) != STEP_GOOD)
			return s;
		if (io == BOT_OK && n > 0)
			return read_csw(b, c, csw, n);
	}
	return STEP_BROKEN;
}

static enum step
one_try(struct bot *b, struct cmd *c, struct err *e)
{
	enum step s;

	if ((s = send_cbw(b, c, e)) != STEP_GOOD ||
	    (s = move_data(b, c, e)) != STEP_GOOD)
		return s;
	return take_csw(b, c, e);
}

/* Reset recovery (BOT 1.0, 5.3.4): class request FFh, then both halts. */
static enum step
recover(struct bot *b, const struct cmd *c, struct err *e)
{
	const struct bot_pipe *p = b->pipe;
	enum bot_io io;

	if ((io = p->request(p->arg, REQUEST_RESET, NULL, 0)) == BOT_OK &&
	    (io = p->clear_halt(p->arg, true)) == BOT_OK)
		io = p->clear_halt(p->arg, false);
	if (io == BOT_OK)
		return STEP_GOOD;
	dead(io, c, "reset recovery", e);
	return STEP_DEAD;
}

/* STEP_GOOD, STEP_FAILED or STEP_DEAD. */
static enum step
run(struct bot *b, struct cmd *c, struct err *e)
{
	enum step s;

	for (int i = 0; i < 2; i++) {
		if ((s = one_try(b, c, e)) != STEP_BROKEN)
			return s;
		if (recover(b, c, e) != STEP_GOOD)
			return STEP_DEAD;
	}
	err_refuse(e, ERR_IO, reason_get(REASON_STICK_FAILED),
	    "%s: the stick breaks the protocol, also after a reset", c->name);
	return STEP_DEAD;
}

static enum step
ask_sense(struct bot *b, struct err *e)
{
	uint8_t sense[18] = { 0 };
	struct cmd c = { .name = "request sense",
		.cdb = { SCSI_REQUEST_SENSE, [4] = sizeof(sense) },
		.len = 6,
		.in = true,
		.data = sense,
		.n = sizeof(sense) };
	enum step s = run(b, &c, e);

	if (s == STEP_DEAD)
		return s;
	b->key = c.moved > 2 ? sense[2] & 15 : 0;
	b->asc = c.moved > 12 ? sense[12] : 0;
	b->ascq = c.moved > 13 ? sense[13] : 0;
	return STEP_FAILED;
}

/* One command and, where it fails, why: b->key, asc, ascq. */
static enum step
command(struct bot *b, struct cmd *c, struct err *e)
{
	enum step s = run(b, c, e);

	b->key = b->asc = b->ascq = 0;
	return s == STEP_FAILED ? ask_sense(b, e) : s;
}

/* Once more behind attention, which may come between any two commands. */
static enum step
insist(struct bot *b, struct cmd *c, struct err *e)
{
	enum step s = command(b, c, e);

	return s == STEP_FAILED && b->key == KEY_ATTENTION ? command(b, c, e)
							   : s;
}

static enum err_code
must_do(struct bot *b, struct cmd *c, struct err *e)
{
	return insist(b, c, e) == STEP_FAILED ? failed(b, c, e) : e->code;
}

/* ---- what the stick is ---- */

static void
copy_text(char *out, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = p[i] >= 0x20 && p[i] < 0x7f ? (char)p[i] : ' ';
	while (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
}

static enum err_code
inquire(struct bot *b, struct err *e)
{
	uint8_t d[36] = { 0 };
	struct cmd c = { .name = "inquiry",
		.cdb = { SCSI_INQUIRY, [4] = sizeof(d) },
		.len = 6,
		.in = true,
		.data = d,
		.n = sizeof(d) };

	if (must_do(b, &c, e) != ERR_OK)
		return e->code;
	if ((d[0] & 0x1f) != 0 || c.moved < 5)
		return err_refuse(e, ERR_PERM, reason_get(REASON_STICK_UNFIT),
		    "the device is no disk but of SCSI type %u", d[0] & 0x1fu);
	copy_text(b->vendor, d + 8, 8);
	copy_text(b->product, d + 16, 16);
	copy_text(b->revision, d + 32, 4);
	return ERR_OK;
}

/* A stick that was just plugged in reports that first, and takes its time. */
static enum err_code
be_ready(struct bot *b, struct err *e)
{
	struct cmd c = { .name = "test unit ready",
		.cdb = { SCSI_TEST_UNIT_READY },
		.len = 6 };
	enum step s;

	for (int i = 0; i < READY_TRIES; i++) {
		if ((s = command(b, &c, e)) == STEP_GOOD)
			return ERR_OK;
		if (s == STEP_DEAD)
			return e->code;
		if (b->key == KEY_ATTENTION)
			continue;
		if (b->key != KEY_NOT_READY || b->asc != 0x04)
			break;
		b->pipe->wait(b->pipe->arg, READY_WAIT_MS);
	}
	if (b->asc == 0x3a)
		return err_refuse(e, ERR_PERM, reason_get(REASON_STICK_UNFIT),
		    "there is no medium in the device");
	return failed(b, &c, e);
}

static uint32_t
be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

static enum err_code
ask_capacity(struct bot *b, struct err *e)
{
	uint8_t d[8] = { 0 };
	struct cmd c = { .name = "read capacity",
		.cdb = { SCSI_READ_CAPACITY_10 },
		.len = 10,
		.in = true,
		.data = d,
		.n = sizeof(d) };

	if (must_do(b, &c, e) != ERR_OK)
		return e->code;
	if (c.moved != sizeof(d))
		return err_refuse(e, ERR_IO, reason_get(REASON_STICK_FAILED),
		    "read capacity: %zu bytes, not 8", c.moved);
	if (be32(d) == UINT32_MAX)
		return err_refuse(e, ERR_PERM, reason_get(REASON_STICK_UNFIT),
		    "the disk has more than 2 TiB");
	if (be32(d + 4) != BOT_SECTOR)
		return err_refuse(e, ERR_PERM, reason_get(REASON_STICK_UNFIT),
		    "the disk has sectors of %lu bytes, not 512",
		    (unsigned long)be32(d + 4));
	b->sectors = (uint64_t)be32(d) + 1;
	return ERR_OK;
}

/* Write protect is bit 7 of the third byte of the header. The six-byte
 * command only: some sticks hang at the ten-byte one. One that knows neither
 * is taken as writable; its WRITE will tell. */
static enum err_code
ask_protection(struct bot *b, struct err *e)
{
	uint8_t d[192] = { 0 };
	struct cmd c = { .name = "mode sense",
		/* 3fh, all pages: what every driver asks for */
		.cdb = { SCSI_MODE_SENSE_6, [2] = 0x3f, [4] = sizeof(d) },
		.len = 6,
		.in = true,
		.data = d,
		.n = sizeof(d) };
	enum step s = command(b, &c, e);

	if (s == STEP_DEAD)
		return e->code;
	b->read_only = s == STEP_GOOD && c.moved >= 3 && (d[2] & 0x80) != 0;
	return ERR_OK;
}

enum err_code
bot_open(struct bot *b, const struct bot_pipe *pipe, struct err *e)
{
	uint8_t luns = 0;
	enum bot_io io;

	memset(b, 0, sizeof(*b));
	b->pipe = pipe;
	/* A stick of one unit may stall this (BOT 1.0, 3.2). */
	io = pipe->request(pipe->arg, REQUEST_GET_MAX_LUN, &luns, 1);
	if (io == BOT_GONE || io == BOT_TIMEOUT) {
		struct cmd c = { .name = "get max LUN" };

		return dead(io, &c, "control", e);
	}
	/* More than 15 is no answer. The kernel would show a disk each. */
	if (io == BOT_OK && luns > 0 && luns < 16)
		return err_refuse(e, ERR_PERM, reason_get(REASON_STICK_UNFIT),
		    "the device has %u units, so that the port names none; "
		    "--via block takes the disk that the kernel shows, if it "
		    "is one",
		    luns + 1u);
	if (inquire(b, e) != ERR_OK || be_ready(b, e) != ERR_OK ||
	    ask_capacity(b, e) != ERR_OK)
		return e->code;
	return ask_protection(b, e);
}

/* ---- sectors ---- */

static struct cmd
sectors_cmd(uint8_t op, uint64_t lba, size_t n)
{
	struct cmd c = { .cdb = { op }, .len = 10, .n = n };
	size_t count = n / BOT_SECTOR;

	for (int i = 0; i < 4; i++)
		c.cdb[2 + i] = (uint8_t)(lba >> (24 - 8 * i));
	c.cdb[7] = (uint8_t)(count >> 8);
	c.cdb[8] = (uint8_t)count;
	return c;
}

/* A command that moves all its bytes. */
static enum err_code
whole(struct bot *b, struct cmd *c, uint64_t lba, struct err *e)
{
	if (must_do(b, c, e) == ERR_OK && c->moved != c->n)
		err_refuse(e, ERR_IO, reason_get(REASON_STICK_FAILED),
		    "%s: the stick moved %zu of %zu bytes", c->name, c->moved,
		    c->n);
	if (e->code == ERR_OK)
		return ERR_OK;
	err_in(e, "sector %llu", (unsigned long long)lba);
	return e->code;
}

static enum err_code
in_range(const struct bot *b, uint64_t lba, size_t n, struct err *e)
{
	if (n % BOT_SECTOR != 0 || lba > b->sectors ||
	    n / BOT_SECTOR > b->sectors - lba)
		return err_set(
		    e, ERR_BUG, "sectors outside the stick were asked for");
	return ERR_OK;
}

enum err_code
bot_read(struct bot *b, uint64_t lba, void *out, size_t n, struct err *e)
{
	uint8_t *p = out;

	if (in_range(b, lba, n, e) != ERR_OK)
		return e->code;
	while (n > 0) {
		size_t some = n < BOT_TRANSFER_MAX ? n : BOT_TRANSFER_MAX;
		struct cmd c = sectors_cmd(SCSI_READ_10, lba, some);

		c.name = "read";
		c.in = true;
		c.data = p;
		if (whole(b, &c, lba, e) != ERR_OK)
			return e->code;
		p += some;
		n -= some;
		lba += some / BOT_SECTOR;
	}
	return ERR_OK;
}

enum err_code
bot_write(struct bot *b, uint64_t lba, const void *in, size_t n, struct err *e)
{
	const uint8_t *p = in;

	if (in_range(b, lba, n, e) != ERR_OK)
		return e->code;
	while (n > 0) {
		size_t some = n < BOT_TRANSFER_MAX ? n : BOT_TRANSFER_MAX;
		struct cmd c = sectors_cmd(SCSI_WRITE_10, lba, some);

		memcpy(b->data, p, some);
		c.name = "write";
		c.data = b->data;
		if (whole(b, &c, lba, e) != ERR_OK)
			return e->code;
		p += some;
		n -= some;
		lba += some / BOT_SECTOR;
	}
	return ERR_OK;
}

enum err_code
bot_sync(struct bot *b, struct err *e)
{
	struct cmd c = { .name = "synchronize cache",
		.cdb = { SCSI_SYNCHRONIZE_CACHE_10 },
		.len = 10 };
	enum step s;

	if (b->no_sync)
		return ERR_OK;
	s = insist(b, &c, e);
	/* Not known: then there is no cache to flush that we could. */
	if (s == STEP_FAILED && b->key == KEY_ILLEGAL)
		b->no_sync = true;
	else if (s == STEP_FAILED)
		failed(b, &c, e);
	return e->code;
}
