/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text.h"
#include "bios/uefi/keyshow.h"
#include "formats/hashlist.h"
#include "formats/psk.h"
#include "formats/setupvar.h"

static void
show_text(struct console *c, const char *name, const void *p, size_t n)
{
	console_say(c, "  %s: ", name);
	console_say_bytes(c, p, n);
	console_say(c, "\n");
}

static void
show_pid(struct console *c, const struct setupbin_entry *entry)
{
	console_say(c, "  PID: ");
	if (entry->n == PSK_PID_LEN) {
		console_say_bytes(c, entry->value, 4);
		console_say(c, "-");
		console_say_bytes(c, entry->value + 4, 4);
	} else
		console_say_bytes(c, entry->value, entry->n);
	console_say(c, "\n");
}

static void
show_hash(struct console *c, const struct setupbin_entry *entry)
{
	char hex[TEXT_HEX_SIZE(HASHLIST_HASH)];
	struct hash_entry root;
	struct rd r;

	rd_init(&r, entry->value, entry->n);
	hashlist_entry_read(&r, &root);
	if (!rd_end(&r)) {
		console_say(c, "  root hash: not understood: %s\n", r.why);
		return;
	}
	text_hex(hex, root.hash, hashlist_hash_len(root.type));
	console_say(c, "  root %s %s\n    %s\n", hashlist_type_name(root.type),
	    root.name, hex);
}

static void
show_number(struct console *c, const char *name, const uint8_t *p, size_t n)
{
	uint32_t v = 0;

	for (size_t i = n; i-- > 0;)
		v = v << 8 | p[i];
	console_say(c, "  %s: %u\n", name, (unsigned)v);
}

static void
show_address(struct console *c, const char *name, const uint8_t *p)
{
	console_say(c, "  %s: %u.%u.%u.%u\n", name, p[3], p[2], p[1], p[0]);
}

static void
show_known(struct console *c, const struct setupvar *var,
    const struct setupbin_entry *entry)
{
	const char *why;

	if (var->secret)
		console_say(c, "  %s: (not shown)\n", var->name);
	else if (!setupvar_check(var, entry->value, entry->n, &why))
		console_say(c, "  %s: %s\n", var->name, why);
	else if (var->type == SETUPVAR_PID)
		show_pid(c, entry);
	else if (var->type == SETUPVAR_HASH)
		show_hash(c, entry);
	else if (var->type == SETUPVAR_UINT)
		show_number(c, var->name, entry->value, entry->n);
	else if (var->type == SETUPVAR_IPV4)
		show_address(c, var->name, entry->value);
	else if (var->type == SETUPVAR_TEXT)
		show_text(c, var->name, entry->value, entry->n);
	else
		console_say(c, "  %s: %zu bytes\n", var->name, entry->n);
}

void
keyshow(struct console *c, const struct onetouch *key)
{
	struct setupbin_entry entry;
	size_t at = 0;

	console_say(c, "SETUP.BIN version %u.%u, record %u of %u%s\n",
	    key->head.major, key->head.minor, (unsigned)key->next + 1,
	    (unsigned)key->head.count,
	    key->keep ? "; records are not used up" : "");
	if (key->hint != NULL)
		console_say(c, "  note: %s\n", key->hint);
	while (setupbin_next(&key->record, &at, &entry)) {
		const struct setupvar *var =
		    setupvar_find(entry.module, entry.id);

		if (var != NULL)
			show_known(c, var, &entry);
		else
			console_say(c, "  unknown variable %u/%u: %zu bytes\n",
			    entry.module, entry.id, entry.n);
	}
}
