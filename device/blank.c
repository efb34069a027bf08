/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "device/blank.h"
#include "device/state.h"

#define AMT_LOWEST 3 /* AMT 2 speaks only SOAP */

enum err_code
blank_options(const struct cli_args *args, struct blank *b, struct err *e)
{
	const char *uuid = cli_value(args, "--uuid", NULL);
	const char *amt = cli_value(args, "--amt", NULL);

	*b = (struct blank){ .has_uuid = uuid != NULL };
	if (uuid != NULL && !uuid_parse(&b->uuid, uuid))
		return err_set(
		    e, ERR_USAGE, "--uuid: %.64s is not a UUID", uuid);
	if (amt != NULL &&
	    (!text_version(amt, &b->amt_major, &b->amt_minor) ||
		b->amt_major < AMT_LOWEST))
		return err_set(e, ERR_USAGE,
		    "--amt %.32s: a firmware version is %d.0 or later, such as "
		    "11.8",
		    amt, AMT_LOWEST);
	return ERR_OK;
}

enum err_code
blank_agrees(const struct blank *b, const struct record *rec, struct err *e)
{
	char told[UUID_TEXT], has[UUID_TEXT];

	if (b->has_uuid && !uuid_equal(&b->uuid, &rec->uuid)) {
		uuid_text(&b->uuid, told);
		uuid_text(&rec->uuid, has);
		return err_set(e, ERR_DATA,
		    "this is machine %s already, not %s: leave --uuid away, or "
		    "take another image and state",
		    has, told);
	}
	if (b->amt_major != 0 &&
	    (b->amt_major != rec->amt_major || b->amt_minor != rec->amt_minor))
		return err_set(e, ERR_DATA,
		    "this machine has AMT %u.%u already, not %u.%u: leave "
		    "--amt away",
		    rec->amt_major, rec->amt_minor, b->amt_major, b->amt_minor);
	return ERR_OK;
}

/* Makes no folder: *found says if there was something. */
static enum err_code
load_kept(
    const char *state_dir, struct record *kept, bool *found, struct err *e)
{
	static const uint8_t unused[16]; /* a state that is there has its own */
	char path[STATE_PATH];
	struct state *s;

	*found = false;
	if (file_join(path, sizeof(path), state_dir, "state", e) != ERR_OK ||
	    !file_exists(path))
		return e->code;
	if ((s = malloc(sizeof(*s))) == NULL)
		return err_mem(e);
	if (state_open(s, state_dir, unused, e) == ERR_OK) {
		*found = state_kept(s, kept);
		state_free(s);
	}
	free(s);
	return e->code;
}

enum err_code
blank_board(const struct blank *b, const char *state_dir, bool with_key,
    struct record *rec, struct err *e)
{
	struct record *kept = malloc(sizeof(*kept));
	struct err of_image = *e;
	bool found;

	err_clear(e);
	if (kept == NULL)
		return err_mem(e);
	memset(rec, 0, sizeof(*rec));
	if (load_kept(state_dir, kept, &found, e) != ERR_OK)
		goto out;
	if (found && blank_agrees(b, kept, e) == ERR_OK) {
		rec->uuid = kept->uuid;
		rec->amt_major = kept->amt_major;
		rec->amt_minor = kept->amt_minor;
	} else if (!found && b->has_uuid && with_key) {
		rec->uuid = b->uuid;
		rec->amt_major = b->amt_major;
		rec->amt_minor = b->amt_minor;
	} else if (!found) {
		*e = of_image;
	}
out:
	record_wipe(kept);
	free(kept);
	return e->code;
}
