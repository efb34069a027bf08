/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "bios/uefi/board.h"
#include "formats/onetouch.h"
#include "formats/reason.h"

static const void *
table(const struct efi_system *st, const struct efi_guid *guid)
{
	for (size_t i = 0; i < st->ntables; i++)
		if (memcmp(&st->tables[i].guid, guid, sizeof(*guid)) == 0)
			return st->tables[i].table;
	return NULL;
}

static bool
read_table(const void *entry, struct smbios_system *s)
{
	struct smbios_table t;
	struct rd r;

	if (entry == NULL)
		return false;
	rd_init(&r, entry, SMBIOS_ENTRY);
	if (!smbios_entry(&r, &t) || t.address == 0)
		return false;
	rd_init(&r, (const void *)(uintptr_t)t.address, t.len);
	return smbios_system(&r, s);
}

bool
board_find(const struct efi_system *st, struct smbios_system *s)
{
	static const struct efi_guid v3 = EFI_SMBIOS3_GUID;
	static const struct efi_guid v2 = EFI_SMBIOS_GUID;

	if (read_table(table(st, &v3), s) || read_table(table(st, &v2), s))
		return true;
	memset(s, 0, sizeof(*s));
	return false;
}

enum err_code
board_record(const struct smbios_system *s, const struct setupbin *head,
    struct record *rec, struct err *e)
{
	if (!s->has_uuid)
		return err_refuse(e, ERR_DATA,
		    reason_get(REASON_UUID_MALFORMED),
		    "this board has no UUID (SMBIOS type 1)");
	if (onetouch_blank(&s->uuid, head, rec, e) == ERR_OK)
		memcpy(rec->serial, s->serial, sizeof(rec->serial));
	return e->code;
}
