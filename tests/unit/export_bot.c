/* SPDX-License-Identifier: Apache-2.0 */
/* Bulk-Only Transport against a stick in memory that can be told to slip. */
#include "tests/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "export/bot.h"
#include "formats/reason.h"

#define SECTORS 512

enum slip {
	NONE,
	PHASE,      /* CSW status 2 */
	STATUS,     /* CSW status 3, which there is not */
	SIGNATURE,  /* "USBX" */
	TAG,        /* of another command */
	RESIDUE,    /* more than was asked for */
	SHORT_CSW,  /* 12 bytes */
	LONG_CSW,   /* 14 bytes */
	STALL_CSW,  /* the first read of it stalls */
	STALL_CSWS, /* every read of it stalls */
	EMPTY_CSW,  /* a packet of no bytes before it */
	STALL_CBW,
	STALL_DATA, /* and the command failed */
	HALF,       /* of the data, and says so */
	HALF_QUIET, /* the same as a short transfer without residue */
	OVERFLOW,
	TIMEOUT,
	GONE,
	BROKEN
};

struct stick {
	struct bot_pipe pipe;
	uint8_t disk[SECTORS * 512];
	enum slip slip;
	int op;    /* SCSI operation that slips; -1 every one */
	int times; /* how often it does */
	int attentions, not_ready;
	bool ro, no_lun, no_sync, no_medium, no_mode;
	uint32_t last, block;
	uint8_t type, luns;
	/* as it runs */
	uint8_t cbw[31], resp[65536], sense[18];
	size_t len, pos;
	bool data, reset_wanted, halted[2]; /* out, in */
	uint8_t status;
	bool csw_stalled, csw_emptied;
	int resets, clears, waits, writes, commands;
};

static void
sense(struct stick *s, uint8_t key, uint8_t asc, uint8_t ascq)
{
	memset(s->sense, 0, sizeof(s->sense));
	s->sense[0] = 0x70;
	s->sense[2] = key;
	s->sense[12] = asc;
	s->sense[13] = ascq;
	s->status = 1;
}

static bool
slips(struct stick *s, enum slip slip)
{
	return s->slip == slip && s->times > 0 &&
	    (s->op == -1 || s->op == s->cbw[15]);
}

static void
be32_put(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static size_t
at_of(const struct stick *s)
{
	const uint8_t *c = s->cbw + 15;

	return ((size_t)c[2] << 24 | (size_t)c[3] << 16 | (size_t)c[4] << 8 |
		   c[5]) *
	    512;
}

static size_t
ready(struct stick *s)
{
	if (s->attentions > 0) {
		s->attentions--;
		sense(s, 6, 0x29, 0);
	} else if (s->not_ready > 0) {
		s->not_ready--;
		sense(s, 2, 4, 1);
	} else if (s->no_medium)
		sense(s, 2, 0x3a, 0);
	return 0;
}

static size_t
run(struct stick *s)
{
	const uint8_t *c = s->cbw + 15;
	size_t n = (size_t)(c[7] << 8 | c[8]) * 512;

	switch (c[0]) {
	case 0x00:
		return ready(s);
	case 0x03:
		memcpy(s->resp, s->sense, 18);
		return 18;
	case 0x12:
		memcpy(s->resp,
		    "\0\x80\4\2\x1f\0\0\0ACME  \x01 STICK OF MEMORY 1.0 ", 36);
		s->resp[0] = s->type;
		return 36;
	case 0x1a:
		if (s->no_mode) {
			sense(s, 5, 0x20, 0);
			return 0;
		}
		s->resp[2] = s->ro ? 0x80 : 0;
		return 4;
	case 0x25:
		be32_put(s->resp, s->last);
		be32_put(s->resp + 4, s->block);
		return 8;
	case 0x28:
		if (at_of(s) + n <= sizeof(s->disk))
			memcpy(s->resp, s->disk + at_of(s), n);
		return n;
	case 0x2a:
		s->writes++;
		if (s->ro)
			sense(s, 7, 0x27, 0);
		return n;
	case 0x35:
		if (!s->no_sync)
			return 0;
		/* fall through */
	default:
		sense(s, 5, 0x20, 0);
		return 0;
	}
}

static enum bot_io
take_cbw(struct stick *s, const uint8_t *p, size_t n)
{
	size_t want, have;

	assert_int_equal(n, 31);
	assert_memory_equal(p, "USBC", 4);
	assert_true(p[14] >= 1 && p[14] <= 16);
	memcpy(s->cbw, p, n);
	s->commands++;
	if (slips(s, STALL_CBW)) {
		s->times--;
		s->reset_wanted = s->halted[0] = s->halted[1] = true;
		return BOT_STALL;
	}
	s->status = 0;
	s->pos = 0;
	s->csw_stalled = s->csw_emptied = false;
	memset(s->resp, 0, sizeof(s->resp));
	want = get_u32le(s->cbw + 8);
	have = run(s);
	s->len = want < have ? want : have;
	if (slips(s, STALL_DATA)) {
		s->times--;
		sense(s, 3, 0x11, 0);
	}
	if (s->status != 0 && want > 0) {
		s->len = 0;
		s->halted[s->cbw[12] >> 7] = true;
	}
	s->data = s->len > 0;
	return BOT_OK;
}

static enum bot_io
move(struct stick *s, bool in, uint8_t *p, size_t n, size_t *moved)
{
	size_t some = s->len - s->pos < n ? s->len - s->pos : n;

	if (slips(s, TIMEOUT))
		return BOT_TIMEOUT;
	if (slips(s, GONE))
		return BOT_GONE;
	if (slips(s, BROKEN))
		return BOT_BROKEN;
	if (slips(s, OVERFLOW)) {
		s->times--;
		*moved = n + 100; /* a pipe that says so is not believed */
		s->data = false;
		return BOT_OVERFLOW;
	}
	if (slips(s, HALF_QUIET))
		some /= 2;
	if (in)
		memcpy(p, s->resp + s->pos, some);
	else if (at_of(s) + s->pos + some <= sizeof(s->disk))
		memcpy(s->disk + at_of(s) + s->pos, p, some);
	s->pos += some;
	s->data = false;
	*moved = some;
	return BOT_OK;
}

static enum bot_io
give_csw(struct stick *s, uint8_t *p, size_t n, size_t *moved)
{
	uint32_t residue = get_u32le(s->cbw + 8) - (uint32_t)s->len;

	assert_true(n >= 13);
	if (slips(s, STALL_CSWS) || (slips(s, STALL_CSW) && !s->csw_stalled)) {
		s->csw_stalled = true;
		s->halted[1] = true;
		return BOT_STALL;
	}
	if (slips(s, EMPTY_CSW) && !s->csw_emptied) {
		s->csw_emptied = true;
		return BOT_OK;
	}
	memcpy(p, "USBS", 4);
	memcpy(p + 4, s->cbw + 4, 4);
	put_u32le(p + 8, residue);
	p[12] = s->status;
	*moved = 13;
	if (slips(s, PHASE) || slips(s, STATUS))
		p[12] = s->slip == PHASE ? 2 : 3;
	else if (slips(s, SIGNATURE))
		p[3] = 'X';
	else if (slips(s, TAG))
		p[4]++;
	else if (slips(s, RESIDUE))
		put_u32le(p + 8, get_u32le(s->cbw + 8) + 1);
	else if (slips(s, SHORT_CSW) || slips(s, LONG_CSW))
		*moved = s->slip == SHORT_CSW ? 12 : 14;
	else if (slips(s, HALF))
		put_u32le(p + 8, (uint32_t)s->len / 2);
	if (s->slip != NONE && (s->op == -1 || s->op == s->cbw[15]))
		s->times--;
	memset(s->cbw, 0, sizeof(s->cbw));
	return BOT_OK;
}

static enum bot_io
bulk(void *arg, bool in, uint8_t *p, size_t n, size_t *moved)
{
	struct stick *s = arg;

	*moved = 0;
	if (s->halted[in] || s->reset_wanted)
		return BOT_STALL;
	if (s->data)
		return move(s, in, p, n, moved);
	if (in)
		return give_csw(s, p, n, moved);
	*moved = n;
	return take_cbw(s, p, n);
}

static enum bot_io
clear_halt(void *arg, bool in)
{
	struct stick *s = arg;

	s->clears++;
	if (!s->reset_wanted)
		s->halted[in] = false;
	return BOT_OK;
}

static enum bot_io
request(void *arg, uint8_t what, uint8_t *p, size_t n)
{
	struct stick *s = arg;

	if (what == 0xfe) {
		assert_int_equal(n, 1);
		*p = s->luns;
		return s->no_lun ? BOT_STALL : BOT_OK;
	}
	assert_int_equal(what, 0xff);
	s->resets++;
	s->data = s->reset_wanted = false;
	return BOT_OK;
}

static void
wait_ms(void *arg, unsigned ms)
{
	assert_in_range(ms, 1, 1000);
	((struct stick *)arg)->waits++;
}

static struct stick *
new_stick(void)
{
	struct stick *s = test_calloc(1, sizeof(*s));

	s->pipe = (struct bot_pipe){ bulk, clear_halt, request, wait_ms, s };
	s->last = SECTORS - 1;
	s->block = 512;
	return s;
}

static struct bot *
new_bot(void)
{
	return test_calloc(1, sizeof(struct bot));
}

/* Opens, writes and reads three and a half transfers with that slip. */
static enum err_code
whole_run(struct stick *s, struct err *e)
{
	static uint8_t in[SECTORS * 512 - 32768], out[sizeof(in)];
	struct bot *b = new_bot();

	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 7 + i / 512);
	err_clear(e);
	if (bot_open(b, &s->pipe, e) == ERR_OK &&
	    bot_write(b, 3, in, sizeof(in), e) == ERR_OK &&
	    bot_sync(b, e) == ERR_OK &&
	    bot_read(b, 3, out, sizeof(out), e) == ERR_OK) {
		assert_memory_equal(in, out, sizeof(in));
		assert_memory_equal(s->disk + 3 * 512, in, sizeof(in));
		assert_int_equal(s->disk[0], 0);
	}
	test_free(b);
	return e->code;
}

static void
refused(struct stick *s, enum reason_id why, const char *words)
{
	struct err e;

	assert_int_not_equal(whole_run(s, &e), ERR_OK);
	assert_ptr_equal(e.reason, reason_get(why));
	if (strstr(e.msg, words) == NULL)
		fail_msg("'%s' lacks '%s'", e.msg, words);
	test_free(s);
}

static void
a_sound_stick_tells_what_it_is(void **state)
{
	struct stick *s = new_stick();
	struct bot *b = new_bot();
	struct err e;

	(void)state;
	err_clear(&e);
	assert_int_equal(bot_open(b, &s->pipe, &e), ERR_OK);
	assert_string_equal(b->vendor, "ACME");
	assert_string_equal(b->product, "STICK OF MEMORY");
	assert_int_equal(b->sectors, SECTORS);
	assert_false(b->read_only);
	test_free(b);
	assert_int_equal(whole_run(s, &e), ERR_OK);
	assert_int_equal(s->writes, 4); /* at most 64 KiB each */
	assert_int_equal(s->resets, 0);
	test_free(s);
}

static void
sticks_may_lack_what_few_have(void **state)
{
	struct stick *s = new_stick();
	struct err e;

	(void)state;
	s->no_lun = s->no_sync = s->no_mode = true;
	assert_int_equal(whole_run(s, &e), ERR_OK);
	test_free(s);
}

static void
attention_and_getting_ready_are_waited_for(void **state)
{
	struct stick *s = new_stick();
	struct err e;

	(void)state;
	s->attentions = 2;
	s->not_ready = 5;
	assert_int_equal(whole_run(s, &e), ERR_OK);
	assert_int_equal(s->waits, 5);
	test_free(s);
	s = new_stick();
	s->not_ready = 1000; /* but not for ever */
	refused(s, REASON_STICK_FAILED, "test unit ready: not ready: becoming");
}

/* At each command that a run has, so that none is left out. */
static void
one_slip_is_put_right_at_every_command(void **state)
{
	static const enum slip slips_[] = { PHASE, STATUS, SIGNATURE, TAG,
		RESIDUE, SHORT_CSW, LONG_CSW, STALL_CSW, EMPTY_CSW, STALL_CBW };
	static const int ops[] = { 0x00, 0x12, 0x1a, 0x25, 0x28, 0x2a, 0x35 };

	(void)state;
	for (size_t i = 0; i < sizeof(slips_) / sizeof(*slips_); i++)
		for (size_t k = 0; k < sizeof(ops) / sizeof(*ops); k++) {
			struct stick *s = new_stick();
			struct err e;

			s->slip = slips_[i];
			s->op = ops[k];
			s->times = 1;
			assert_int_equal(whole_run(s, &e), ERR_OK);
			if (s->slip < STALL_CSW)
				assert_int_equal(s->resets, 1);
			test_free(s);
		}
}

static void
a_stick_that_keeps_slipping_is_given_up(void **state)
{
	static const enum slip slips_[] = { PHASE, STATUS, SIGNATURE, TAG,
		RESIDUE, SHORT_CSW, LONG_CSW, STALL_CSWS, STALL_CBW, OVERFLOW };

	(void)state;
	for (size_t i = 0; i < sizeof(slips_) / sizeof(*slips_); i++) {
		struct stick *s = new_stick();

		s->slip = slips_[i];
		s->op = 0x2a;
		s->times = 1000;
		refused(s, REASON_STICK_FAILED,
		    "sector 3: write: the stick breaks the protocol");
	}
}

static void
what_moved_in_part_is_not_good(void **state)
{
	struct stick *s = new_stick();

	(void)state;
	s->slip = HALF;
	s->op = 0x2a;
	s->times = 1;
	refused(
	    s, REASON_STICK_FAILED, "write: the stick moved 32768 of 65536");
	s = new_stick();
	s->slip = HALF_QUIET;
	s->op = 0x28;
	s->times = 1;
	refused(s, REASON_STICK_FAILED, "read: the stick moved 32768 of 65536");
}

static void
a_command_that_fails_tells_why(void **state)
{
	struct stick *s = new_stick();

	(void)state;
	s->slip = STALL_DATA;
	s->op = 0x28;
	s->times = 1;
	refused(s, REASON_STICK_FAILED,
	    "sector 3: read: medium error: unrecovered read error (sense "
	    "3/11/00)");
	s = new_stick();
	s->ro = true;
	refused(s, REASON_STICK_READ_ONLY, "write protected (sense 7/27/00)");
}

static void
silence_and_unplugging_end_it_at_once(void **state)
{
	static const struct {
		enum slip slip;
		enum reason_id why;
	} ends[] = { { TIMEOUT, REASON_STICK_HANGS },
		{ GONE, REASON_STICK_GONE }, { BROKEN, REASON_STICK_FAILED } };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct stick *s = new_stick();

		s->slip = ends[i].slip;
		s->op = 0x2a;
		s->times = 1;
		refused(s, ends[i].why, "sector 3: write: ");
	}
}

static void
what_is_no_stick_is_refused(void **state)
{
	struct stick *s = new_stick();
	struct err e;

	(void)state;
	s->type = 5;
	refused(s, REASON_STICK_UNFIT, "no disk but of SCSI type 5");
	s = new_stick();
	s->last = UINT32_MAX;
	refused(s, REASON_STICK_UNFIT, "more than 2 TiB");
	s = new_stick();
	s->block = 4096;
	refused(s, REASON_STICK_UNFIT, "sectors of 4096 bytes");
	s = new_stick();
	s->no_medium = true;
	refused(s, REASON_STICK_UNFIT, "no medium");
	s = new_stick();
	s->luns = 1; /* one less than there are */
	refused(s, REASON_STICK_UNFIT, "the device has 2 units");
	s = new_stick();
	s->luns = 0xff; /* no sense, and not more than one either */
	assert_int_equal(whole_run(s, &e), ERR_OK);
	test_free(s);
}

static void
sectors_outside_are_our_own_fault(void **state)
{
	struct stick *s = new_stick();
	struct bot *b = new_bot();
	uint8_t sector[512] = { 0 };
	struct err e;

	(void)state;
	err_clear(&e);
	assert_int_equal(bot_open(b, &s->pipe, &e), ERR_OK);
	s->commands = 0;
	assert_int_equal(bot_write(b, SECTORS, sector, 512, &e), ERR_BUG);
	err_clear(&e);
	assert_int_equal(bot_read(b, UINT64_MAX, sector, 512, &e), ERR_BUG);
	err_clear(&e);
	assert_int_equal(bot_read(b, 0, sector, 511, &e), ERR_BUG);
	assert_int_equal(s->commands, 0);
	test_free(b);
	test_free(s);
}

static void
sense_data_has_words(void **state)
{
	(void)state;
	assert_string_equal(bot_sense_words(3, 0x0c, 0), "write error");
	assert_string_equal(bot_sense_words(2, 4, 1), "becoming ready");
	assert_string_equal(bot_sense_words(2, 4, 0x77), "not ready");
	assert_string_equal(bot_sense_words(4, 0xee, 0), "hardware error");
	assert_string_equal(bot_sense_words(0xff, 0xee, 0), "sense key 15");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sound_stick_tells_what_it_is),
		cmocka_unit_test(sticks_may_lack_what_few_have),
		cmocka_unit_test(attention_and_getting_ready_are_waited_for),
		cmocka_unit_test(one_slip_is_put_right_at_every_command),
		cmocka_unit_test(a_stick_that_keeps_slipping_is_given_up),
		cmocka_unit_test(what_moved_in_part_is_not_good),
		cmocka_unit_test(a_command_that_fails_tells_why),
		cmocka_unit_test(silence_and_unplugging_end_it_at_once),
		cmocka_unit_test(what_is_no_stick_is_refused),
		cmocka_unit_test(sectors_outside_are_our_own_fault),
		cmocka_unit_test(sense_data_has_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
