/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "agent/firmware.h"
#include "base/sandbox.h"
#include "base/secret.h"
#include "formats/reason.h"

static void
target(struct mei_target *t, const uint8_t guid[static MEI_GUID])
{
	memcpy(t->guid, guid, MEI_GUID);
	t->why.absent = reason_get(REASON_MEI_ABSENT);
	t->why.access = reason_get(REASON_MEI_ACCESS);
	t->why.client = reason_get(REASON_MEI_CLIENT);
}

enum err_code
firmware_open(struct firmware *f, const struct cli_args *args, struct err *e)
{
	*f = (struct firmware){ .path = cli_value(args, "--mei", MEI_PATH) };
	target(&f->amt, pthi_guid);
	f->amt.size = pthi_size;
	target(&f->wd, pthi_guid_wd);
	wr_grow(&f->answer, PTHI_MAX);
	if (sandbox_daemon(e) != ERR_OK)
		return e->code;
	return mei_open(f->path, &f->amt, &f->mei, e);
}

enum err_code
firmware_reopen(struct firmware *f, struct err *e)
{
	mei_close(f->mei);
	f->mei = NULL;
	return mei_open(f->path, &f->amt, &f->mei, e);
}

void
firmware_close(struct firmware *f)
{
	mei_close(f->mei);
	f->mei = NULL;
	wr_free(&f->answer);
}

static const char *
name_of(uint32_t op)
{
	const char *name = pthi_name(op);

	return name != NULL ? name : "a command";
}

static enum err_code
malformed(const struct firmware *f, uint32_t op, const char *why, size_t at,
    struct err *e)
{
	err_refuse(e, ERR_DATA, reason_get(REASON_MEI_MALFORMED),
	    "%s: answer to %s: byte %zu: %s", f->path, name_of(op), at, why);
	return err_at(e, at);
}

static enum err_code
take(struct firmware *f, uint32_t op, struct pthi *m, struct err *e)
{
	const struct wr *w = &f->answer;
	struct rd r;

	/* First of all: a body is read by its own command's layout. */
	if (w->len >= PTHI_HEADER &&
	    get_u32le(w->buf + 4) != (op | PTHI_ANSWER))
		return malformed(f, op, "it answers another command", 4, e);
	rd_init(&r, w->buf, w->len);
	if (!pthi_read(&r, m))
		return malformed(f, op, r.why, r.at, e);
	return ERR_OK;
}

enum err_code
firmware_ask(struct firmware *f, struct pthi *m, struct err *e)
{
	uint32_t op = m->op;
	struct wr w;

	m->minor = 1;
	wr_grow(&w, PTHI_MAX);
	pthi_write(&w, m);
	wr_reset(&f->answer);
	if (w.failed)
		err_mem(e);
	else if (mei_call(f->mei, w.buf, w.len, &f->answer, e) == ERR_OK)
		take(f, op, m, e);
	wr_free(&w);
	return e->code;
}

enum err_code
firmware_refused(const struct firmware *f, const struct pthi *m, struct err *e)
{
	return err_refuse(e, ERR_PEER, reason_get(REASON_MEI_STATUS),
	    "%s: %s: status 0x%x (%s)", f->path, name_of(m->op),
	    (unsigned)m->status, pthi_status_name(m->status));
}

enum err_code
firmware_need(struct firmware *f, struct pthi *m, struct err *e)
{
	if (firmware_ask(f, m, e) == ERR_OK && m->status != PTHI_SUCCESS)
		firmware_refused(f, m, e);
	return e->code;
}

enum err_code
firmware_get(struct firmware *f, enum pthi_op op, struct pthi *m, struct err *e)
{
	memset(m, 0, sizeof(*m));
	m->op = op;
	return firmware_need(f, m, e);
}

bool
firmware_knows(
    struct firmware *f, enum pthi_op op, struct pthi *m, struct err *e)
{
	memset(m, 0, sizeof(*m));
	m->op = op;
	return e->code == ERR_OK && firmware_ask(f, m, e) == ERR_OK &&
	    m->status == PTHI_SUCCESS;
}

/* The client WD. */

static enum err_code
wd_call(struct firmware *f, struct mei *wd, enum pthi_wd_what what,
    uint8_t *answer, struct err *e)
{
	const struct pthi_wd in = { what, 1 };
	uint8_t message[8];
	struct wr w;

	wr_fixed(&w, message, sizeof(message));
	pthi_wd_write(&w, &in);
	wr_reset(&f->answer);
	if (mei_call(wd, message, w.len, &f->answer, e) != ERR_OK)
		return e->code;
	if (f->answer.len == 0)
		return err_refuse(e, ERR_DATA, reason_get(REASON_MEI_MALFORMED),
		    "%s: the answer of client WD is empty", f->path);
	*answer = f->answer.buf[0];
	return ERR_OK;
}

enum err_code
firmware_switch(struct firmware *f, struct firmware_switch *s, struct err *e)
{
	struct mei *wd = NULL;
	uint8_t bits = 0;

	*s = (struct firmware_switch){ .enabled = true };
	if (mei_open(f->path, &f->wd, &wd, e) != ERR_OK) {
		if (e->reason == reason_get(REASON_MEI_CLIENT))
			err_clear(e); /* older firmware has none */
		return e->code;
	}
	if (wd_call(f, wd, PTHI_WD_ASK, &bits, e) == ERR_OK) {
		s->known = true;
		s->enabled = (bits & PTHI_WD_ENABLED) != 0;
		s->allowed = (bits & PTHI_WD_ALLOWED) != 0;
		s->settable = (bits & PTHI_WD_CAN_SET) != 0;
	}
	mei_close(wd);
	return e->code;
}

/* What is answered is not public: whether it was done is asked again. */
enum err_code
firmware_enable(
    struct firmware *f, const struct firmware_switch *s, struct err *e)
{
	struct mei *wd = NULL;
	uint8_t answer;

	if (mei_open(f->path, &f->wd, &wd, e) == ERR_OK)
		wd_call(f, wd, s->settable ? PTHI_WD_SET : PTHI_WD_CHANGE,
		    &answer, e);
	mei_close(wd);
	return e->code;
}
