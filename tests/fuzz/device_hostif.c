/* SPDX-License-Identifier: Apache-2.0 */
/* A host that says anything: the input is messages, each a byte for the
 * client, a 16-bit length and bytes, to one machine. Every answer is
 * well-formed and to its command, no start happens twice without a stop, and
 * no secret but the host's own account is in an answer. */
#include <stdlib.h>
#include <string.h>

#include "device/amthosted.h"
#include "device/hostif.h"
#include "device/pin.h"
#include "tests/fuzz.h"

#define PPS "NKLDG5DCRRNQE9YZZIJL7LFLVJED69XJ"
#define PRESET "Preset!Otp1"

static enum err_code
fill(void *arg, void *p, size_t n, struct err *e)
{
	(void)arg;
	(void)e;
	memset(p, 7, n);
	return ERR_OK;
}

static enum err_code
save(void *arg, const struct state *s, struct err *e)
{
	(void)arg;
	(void)e;
	/* Texts become lines of a file. */
	must(strpbrk(s->suffix, " \n") == NULL);
	must(strpbrk(s->host_fqdn, " \n") == NULL);
	must(strpbrk(s->otp, "\n") == NULL && strlen(s->otp) != 1);
	return ERR_OK;
}

static enum amt_status
start(struct machine *m)
{
	if (m->state->phase == STATE_POST)
		return AMT_BAD_STATE;
	m->open = true;
	m->state->phase = STATE_IN;
	return AMT_OK;
}

static enum amt_status
start_pinned(struct machine *m, struct state_blob *pin)
{
	must(pin_sound(pin));
	state_blob_free(&m->state->pin);
	m->state->pin = *pin;
	*pin = (struct state_blob){ NULL, 0 };
	return start(m);
}

static enum err_code
hash(struct machine *m, enum hash_type type, uint8_t out[static 48],
    struct err *e)
{
	(void)m;
	(void)e;
	memset(out, 9, hashlist_hash_len(type));
	return ERR_OK;
}

static enum amt_status
stop(struct machine *m)
{
	m->open = false;
	m->state->phase = STATE_PRE;
	return AMT_OK;
}

static enum amt_status
suffix(struct machine *m, const char *text)
{
	must(strlen(text) < sizeof(m->state->suffix));
	strcpy(m->state->suffix, text);
	return AMT_OK;
}

static enum amt_status
enable(struct machine *m, bool on)
{
	m->state->enabled = on;
	return AMT_OK;
}

static enum amt_status
unprovision(struct machine *m)
{
	must(m->state != NULL);
	return AMT_NOT_PERMITTED;
}

static void
well_formed(const uint8_t *in, size_t n, const struct wr *w)
{
	static struct pthi m;
	uint32_t op = 0;
	struct rd r;

	must(pthi_request(in, n, &op));
	rd_init(&r, w->buf, w->len);
	must(pthi_read(&r, &m) && m.answer && m.op == op);
	must(m.rest_len == 0);
	must(memmem(w->buf, w->len, PPS, 8) == NULL);
	must(memmem(w->buf, w->len, PRESET, strlen(PRESET)) == NULL);
}

static void
message(struct hostif *h, bool wd, const uint8_t *p, size_t n)
{
	struct wr w;

	wr_grow(&w, PTHI_MAX);
	if (hostif_answer(h, wd ? HOSTIF_WD : HOSTIF_AMT, p, n, &w)) {
		must(!w.failed && w.len > 0);
		if (!wd)
			well_formed(p, n, &w);
	} else {
		must(w.len == 0);
	}
	wr_free(&w);
}

static void
machine(struct machine *m, const uint8_t *p, size_t n)
{
	struct record *f = &m->common->scratch->factory;

	f->amt_major = 7;
	f->enabled = n > 0 && (p[0] & 1) != 0;
	f->pki = true;
	strcpy(f->otp, PRESET);
	f->hashes.n = 2;
	f->hashes.e[0].type = HASH_SHA256;
	f->hashes.e[1].type = HASH_SHA384;
	m->state->enabled = -1;
	if (n > 0 && (p[0] & 2) != 0) {
		strcpy(m->psk.pid, "0000037M");
		strcpy(m->psk.pps, PPS);
	}
	if (n > 0 && (p[0] & 4) != 0) {
		m->state->phase = STATE_POST;
		m->state->record.present = true;
		strcpy(m->state->record.hash, "0011");
		strcpy(m->state->record.fqdn, "prov.example.com");
		m->state->record.created = UINT64_MAX;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const struct hostif_acts acts = { start, start_pinned, hash,
		stop, suffix, enable, unprovision };
	static struct settings settings = { .mei_unknown_status = 16,
		.host_start = 1,
		.host_start_suffixes = true,
		.feature_len = 4 };
	struct machine_scratch *scratch = calloc(1, sizeof(*scratch));
	const struct machine_common common = { .settings = &settings,
		.scratch = scratch };
	const struct amt_host host = { .random = fill, .save = save };
	struct machine *m = calloc(1, sizeof(*m));
	struct hostif h = { .machine = m, .acts = &acts };
	struct rd r;

	must(m != NULL && scratch != NULL);
	scratch->awake = m;
	m->dhcp_suffix = "";
	m->common = &common;
	m->state = calloc(1, sizeof(*m->state));
	m->amt = calloc(1, sizeof(*m->amt));
	must(m->state != NULL && m->amt != NULL);
	m->amt->host = &host;
	machine(m, p, n);
	rd_init(&r, p, n);
	rd_u8(&r);
	while (rd_left(&r) > 3) {
		bool wd = (rd_u8(&r) & 1) != 0;
		size_t len = rd_u16be(&r);

		if (len > rd_left(&r))
			len = rd_left(&r);
		message(&h, wd, rd_bytes(&r, len), len);
	}
	hostif_wipe(&h);
	amthosted_free(m->amt);
	state_free(m->state);
	free(scratch);
	free(m->state);
	free(m->amt);
	free(m);
	return 0;
}
