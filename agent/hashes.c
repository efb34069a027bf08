/* SPDX-License-Identifier: Apache-2.0 */
/* amtforge-agent hashes: whose certificates this machine believes. */
#include <stdio.h>
#include <string.h>

#include "agent/facts.h"
#include "agent/firmware.h"
#include "agent/verbs.h"
#include "base/text.h"

static const char *const algorithms[] = { "md5", "sha1", "sha256", "sha384" };
static const size_t lengths[] = { 16, 20, 32, 48 };

/* Of an algorithm that is not known all 64 bytes. */
static size_t
length_of(uint8_t algorithm)
{
	return algorithm < sizeof(lengths) / sizeof(lengths[0])
	    ? lengths[algorithm]
	    : 64;
}

static void
put_json(struct facts *f, uint32_t handle, const struct pthi_hash *h)
{
	char hex[TEXT_HEX_SIZE(64)];

	text_hex(hex, h->hash, length_of(h->algorithm));
	facts_begin(f, true);
	facts_number(f, "handle", handle);
	facts_word(f, "type", algorithms, 4, h->algorithm);
	facts_text(f, "hash", hex);
	facts_bytes(f, "name", h->name.s, h->name.n);
	facts_bool(f, "active", h->is_active != 0);
	facts_bool(f, "default", h->is_default != 0);
}

static void
put_line(struct facts *f, const struct pthi_hash *h)
{
	char hex[TEXT_HEX_SIZE(64)], what[24];

	text_hex(hex, h->hash, length_of(h->algorithm));
	facts_begin(f, false);
	snprintf(what, sizeof(what), "%s%s",
	    h->algorithm < 4 ? algorithms[h->algorithm] : "?",
	    h->is_active ? "" : " inactive");
	facts_text(f, what, hex);
	facts_bytes(
	    f, h->is_default ? "  default" : "  added", h->name.s, h->name.n);
}

static enum err_code
one(const struct cli_args *args, struct firmware *fw, uint32_t handle,
    struct err *e)
{
	struct pthi m = { .op = PTHI_HASH_ENTRY };
	struct facts f;

	m.body.number = handle;
	if (firmware_need(fw, &m, e) != ERR_OK)
		return err_in(e, "handle %u", handle);
	if (args->json)
		put_json(&f, handle, &m.body.hash);
	else
		put_line(&f, &m.body.hash);
	return facts_end(&f, e);
}

static enum err_code
hashes(const struct cli_args *args, struct err *e)
{
	struct firmware fw = { 0 };
	struct pthi m;

	if (firmware_open(&fw, args, e) == ERR_OK &&
	    firmware_get(&fw, PTHI_HASH_HANDLES, &m, e) == ERR_OK)
		for (uint32_t i = 0; i < m.body.handles.n; i++)
			if (one(args, &fw, m.body.handles.handle[i], e) !=
			    ERR_OK)
				break;
	firmware_close(&fw);
	return e->code;
}

static const struct cli_opt opts[] = { VERBS_MEI, VERBS_END };

const struct cli_verb hashes_verbs[] = {
	{ "hashes", "[--mei PATH] [--json]",
	    "root certificates that this machine lets set it up", opts, 0, 0,
	    hashes },
	{ NULL, NULL, NULL, NULL, 0, 0, NULL },
};
