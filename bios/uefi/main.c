/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The UEFI application of amtforge-onetouch(8): what a BIOS does with a
 * technician's key. Ask, mark the record as used, store it, restart. Each
 * refusal says why, and everything before the Y leaves key and machine as
 * they were.
 */
#include <string.h>

#include "base/secret.h"
#include "bios/uefi/board.h"
#include "bios/uefi/console.h"
#include "bios/uefi/efi.h"
#include "bios/uefi/keyshow.h"
#include "bios/uefi/loadopt.h"
#include "bios/uefi/oemvar.h"
#include "bios/uefi/usbdisk.h"
#include "formats/onetouch.h"
#include "formats/reason.h"

#define WATCHDOG_S 300 /* what the boot manager sets before it starts us */
#define READ_S 10u     /* to read why nothing happens, before the boot */
/* A new record without its key's entries has less. */
#define RECORD_BARE (RECORD_HEADER + 512)

/* From the pool, as it is too large for a stack and holds secrets. */
struct app {
	struct efi_system *st;
	struct console console;
	unsigned wait;
	struct usbdisk disk; /* the key */
	struct onetouch key;
	bool fresh; /* the machine has no record yet */
	struct record rec;
	size_t var_len;
	struct err err;
	uint8_t buf[2 * RECORD_MAX];
};

enum outcome {
	DONE,    /* stored: restart */
	NOTHING, /* no key, or a No */
	REFUSED
};

/* ---- words ---- */

static void
say_why(struct app *a, const struct err *e)
{
	console_say(&a->console, "%s", e->msg);
	if (e->reason != NULL)
		console_say(
		    &a->console, " [%s]\n%s", e->reason->code, e->reason->mend);
	console_say(&a->console, "\n");
}

static enum outcome
refuse(struct app *a, const char *what)
{
	console_say(&a->console, "%s: ", what);
	say_why(a, &a->err);
	console_prompt(
	    &a->console, "Press a key, or wait %u seconds.\n", READ_S);
	console_pause(&a->console, READ_S);
	return REFUSED;
}

static void
say_machine(struct app *a)
{
	char uuid[UUID_TEXT];

	uuid_text(&a->rec.uuid, uuid);
	console_say(&a->console, "This machine: %s%s%s, AMT %u.%u%s\n", uuid,
	    a->rec.serial[0] != '\0' ? ", serial " : "", a->rec.serial,
	    a->rec.amt_major, a->rec.amt_minor,
	    a->fresh ? ", no settings yet" : "");
}

/* ---- the key ---- */

/* Is there a SETUP.BIN on this disk, good or bad? */
static bool
holds_file(const struct app *a)
{
	const struct reason *why = a->err.reason;

	return why == NULL ||
	    (why != reason_get(REASON_KEY_NO_FILE) &&
		(why != reason_get(REASON_KEY_UNREADABLE) ||
		    a->key.file.size != 0));
}

static bool
try_disk(struct app *a, uint8_t major_max)
{
	err_clear(&a->err);
	if (a->disk.sector != FAT_SECTOR) {
		console_say(&a->console,
		    "USB disk at %s: its sectors have %u bytes, a key's 512\n",
		    a->disk.place, (unsigned)a->disk.sector);
		return false;
	}
	if (onetouch_open(&a->key, &a->disk.disk, major_max, &a->err) ==
		ERR_OK ||
	    holds_file(a))
		return true;
	console_say(&a->console, "USB disk at %s: ", a->disk.place);
	say_why(a, &a->err);
	return false;
}

/* The first disk with the file; what speaks against it is left in a->err. */
static bool
find_key(struct app *a, uint8_t major_max)
{
	struct usbdisk_list list;
	struct usbdisk other;
	unsigned more = 0;
	bool found = false;

	usbdisk_list(&list, a->st->boot);
	while (!found && usbdisk_next(&list, &a->disk))
		if (!(found = try_disk(a, major_max)))
			usbdisk_close(&a->disk);
	for (; found && usbdisk_next(&list, &other); more++)
		usbdisk_close(&other);
	usbdisk_list_free(&list);
	if (!found) {
		console_say(
		    &a->console, "No USB key with SETUP.BIN was found.\n");
		return false;
	}
	console_say(&a->console, "USB key at %s%s\n", a->disk.place,
	    a->disk.read_only ? ", write-protected" : "");
	if (more > 0)
		console_say(&a->console,
		    "There are %u more USB disks; this is the first with "
		    "SETUP.BIN.\n",
		    more);
	return true;
}

/* ---- the machine ---- */

/* A record of another board was put here by a copy of its flash. */
static enum err_code
check_owner(struct app *a, const struct smbios_system *board)
{
	char uuid[UUID_TEXT];

	if (!board->has_uuid || uuid_equal(&board->uuid, &a->rec.uuid))
		return ERR_OK;
	uuid_text(&a->rec.uuid, uuid);
	return err_set(&a->err, ERR_DATA,
	    "this machine's variable AmtOemRecord is that of another board, "
	    "%s: delete it first",
	    uuid);
}

/* Everything that can be known before a record is used up. */
static enum err_code
ready(struct app *a)
{
	struct smbios_system board;
	size_t most;

	board_find(a->st, &board);
	if (a->fresh)
		board_record(&board, &a->key.head, &a->rec, &a->err);
	else
		check_owner(a, &board);
	if (a->err.code != ERR_OK)
		return a->err.code;
	most = (a->fresh ? RECORD_BARE : a->var_len) + a->key.record.len + 64;
	return oemvar_room(a->st->runtime, most, a->var_len, &a->err);
}

static bool
ask(struct app *a)
{
	enum console_answer answer;

	console_prompt(&a->console,
	    "Set this machine up from record %u?%s [Y/N] ",
	    (unsigned)a->key.next + 1,
	    a->key.keep ? "" : " The record is used up by it.");
	a->st->boot->set_watchdog(0, 0, 0, NULL);
	answer = console_ask(&a->console, a->wait);
	a->st->boot->set_watchdog(WATCHDOG_S, 0, 0, NULL);
	console_say(&a->console, "%s\n",
	    answer == CONSOLE_YES      ? "Y"
		: answer == CONSOLE_NO ? "N"
				       : "(no answer)");
	return answer == CONSOLE_YES;
}

static enum outcome
set_up(struct app *a)
{
	if (onetouch_take(&a->key, &a->err) != ERR_OK)
		return refuse(a, "This machine was not set up");
	if (!a->key.keep) {
		if (!usbdisk_flush(&a->disk))
			console_say(&a->console,
			    "The key does not confirm that it has written.\n");
		console_say(&a->console, "Record %u is marked as used.\n",
		    (unsigned)a->key.next + 1);
	}
	if (onetouch_apply(&a->key, &a->rec, &a->err) != ERR_OK ||
	    oemvar_store(a->st->runtime, a->buf, &a->rec, &a->err) != ERR_OK)
		return refuse(a, "This machine was not set up");
	if (a->key.psk_ignored)
		console_say(&a->console,
		    "PID and PPS were left out: this AMT has no set-up by "
		    "pre-shared key.\n");
	console_say(&a->console, "The settings are stored. Restarting.\n");
	return DONE;
}

static enum outcome
run(struct app *a)
{
	struct err of_variable = { .offset = ERR_NO_OFFSET };
	uint8_t major_max = ONETOUCH_BLANK_MAJOR;

	console_say(&a->console, "amtforge one-touch " VERSION "\n");
	if (oemvar_load(a->st->runtime, a->buf, &a->rec, &a->var_len,
		&of_variable) == ERR_OK &&
	    a->var_len > 0)
		major_max = onetouch_major_max(a->rec.amt_major);
	a->fresh = a->var_len == 0;
	if (!find_key(a, major_max))
		return NOTHING;
	if (a->err.code == ERR_OK && of_variable.code != ERR_OK)
		a->err = of_variable;
	if (a->err.code != ERR_OK || ready(a) != ERR_OK)
		return refuse(a, "Nothing was changed");
	keyshow(&a->console, &a->key);
	say_machine(a);
	if (!ask(a)) {
		console_say(&a->console, "Nothing was changed.\n");
		return NOTHING;
	}
	return set_up(a);
}

/* ---- the firmware's side ---- */

static unsigned
load_options(struct efi_boot *boot, efi_handle image)
{
	static const struct efi_guid guid = EFI_LOADED_IMAGE_GUID;
	const struct efi_loaded_image *loaded;
	void *p;

	if (boot->handle_protocol(image, &guid, &p) != EFI_SUCCESS)
		return 0;
	loaded = p;
	return loadopt_wait(loaded->options, loaded->options_size);
}

/* An error lets a boot manager that started us by Boot#### go on with the
 * next option; a success would end in its menu. */
efi_status EFIAPI efi_main(efi_handle image, struct efi_system *st);

efi_status EFIAPI
efi_main(efi_handle image, struct efi_system *st)
{
	enum outcome outcome;
	struct app *a;
	void *p;

	if (st->out == NULL)
		return EFI_UNSUPPORTED; /* nobody could be asked */
	if (st->boot->allocate_pool(EFI_LOADER_DATA, sizeof(*a), &p) !=
	    EFI_SUCCESS)
		return EFI_OUT_OF_RESOURCES;
	a = p;
	memset(a, 0, sizeof(*a));
	a->st = st;
	a->console = (struct console){ st->boot, st->in, st->out };
	a->wait = load_options(st->boot, image);
	outcome = run(a);
	usbdisk_close(&a->disk);
	secret_wipe(a, sizeof(*a));
	st->boot->free_pool(a);
	if (outcome == DONE)
		st->runtime->reset(EFI_RESET_COLD, EFI_SUCCESS, 0, NULL);
	return outcome == REFUSED ? EFI_ABORTED : EFI_NOT_FOUND;
}
