/* SPDX-License-Identifier: Apache-2.0 */
/* The responder of one machine, alone: no loop, no socket, no file; and what
 * its last answer was. */
#ifndef TESTS_ONEAMT_H
#define TESTS_ONEAMT_H

#include <string.h>

#include "base/xml.h"
#include "device/amt.h"
#include "device/amthosted.h"
#include "device/loss.h"

#define NOW 1700000000

static struct record factory;
static struct state state;
static struct amt amt;
static struct amt_item item;
static struct amt_host host;
static int saves, keys_made;
static bool save_fails;

/* The answer. */
static struct wr text;
static struct xml *xml;
static struct wsman_response res;
static int status;

static inline enum err_code
host_random(void *arg, void *p, size_t n, struct err *e)
{
	(void)arg;
	(void)e;
	memset(p, 7, n);
	return ERR_OK;
}

static inline enum err_code
host_key(void *arg, struct secret *out, struct err *e)
{
	struct crypto_key *key = NULL;

	(void)arg;
	keys_made++;
	if (crypto_key_new(CRYPTO_RSA2048, &key, e) == ERR_OK)
		crypto_key_der(key, out, e);
	crypto_key_free(key);
	return e->code;
}

static inline int64_t
host_now(void *arg)
{
	(void)arg;
	return NOW;
}

static inline enum err_code
host_save(void *arg, const struct state *s, struct err *e)
{
	(void)arg;
	(void)s;
	saves++;
	return save_fails ? err_set(e, ERR_IO, "disk full") : ERR_OK;
}

/* In set-up, and nothing is set. */
static inline void
open_amt(uint8_t major)
{
	memset(&factory, 0, sizeof(factory));
	memset(&state, 0, sizeof(state));
	memset(&item, 0, sizeof(item));
	factory.amt_major = major;
	strcpy(state.realm, "Digest:A4070000000000000000000000000000");
	state.phase = STATE_IN;
	state.credential = -1;
	host = (struct amt_host){ .random = host_random,
		.key = host_key,
		.now = host_now,
		.save = host_save };
	amt = (struct amt){ .item = &item,
		.factory = &factory,
		.state = &state,
		.host = &host,
		.suffix = "",
		.dhcp_suffix = "" };
	saves = keys_made = 0;
	save_fails = false;
	wr_grow(&text, 1 << 20);
}

static inline void
close_amt(void)
{
	amthosted_free(&amt);
	loss_free(&amt.loss);
	state_free(&state);
	xml_free(xml);
	xml = NULL;
	wr_free(&text);
}

/* False if the answer is no XML. */
static inline bool
answer(const struct node *in)
{
	struct err e = { 0 };

	wr_reset(&text);
	xml_free(xml);
	xml = NULL;
	status = amt_answer(&amt, in, &text);
	return !text.failed && xml_read(text.buf, text.len, &xml, &e) == ERR_OK;
}

/* False if the request or its answer is no XML. */
static inline bool
answer_bytes(const void *request, size_t n)
{
	struct err e = { 0 };
	struct xml *in = NULL;
	bool sound;

	sound = xml_read(request, n, &in, &e) == ERR_OK && answer(xml_root(in));
	xml_free(in);
	return sound;
}

/* False if the answer is none of WS-Management. */
static inline bool
answer_request(
    const struct wsman_request *q, const struct wsman_field *f, size_t n)
{
	const char *why;
	struct wr w;
	bool sound;

	wr_grow(&w, 65536);
	wsman_write_request(&w, q, f, n);
	sound = answer_bytes(w.buf, w.len) &&
	    wsman_read_response(xml_root(xml), &res, &why);
	wr_free(&w);
	return sound;
}

#endif
