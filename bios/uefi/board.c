/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "bios/uefi/board.h"
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

/* Intel's pages: 2.0 came with AMT 3.0, 2.1 with 4.0, 3.0 with 6.0; 4.0 with
 * 7.0 is inferred. 1.0 is of AMT 2, whose set-up we do not speak. */
static uint8_t
lowest_amt(uint8_t major, uint8_t minor)
{
	if (major >= 4)
		return 7;
	if (major == 3)
		return 6;
	return major == 2 && minor > 0 ? 4 : 3;
}

enum err_code
board_record(const struct smbios_system *s, uint8_t file_major,
    uint8_t file_minor, struct record *rec, struct err *e)
{
	memset(rec, 0, sizeof(*rec));
	if (!s->has_uuid)
		return err_refuse(e, ERR_DATA,
		    reason_get(REASON_UUID_MALFORMED),
		    "this board has no UUID (SMBIOS type 1)");
	if (uuid_is_placeholder(&s->uuid))
		return err_refuse(e, ERR_DATA,
		    reason_get(REASON_UUID_PLACEHOLDER),
		    "this board's UUID (SMBIOS type 1) is one that many "
		    "boards share");
	rec->uuid = s->uuid;
	memcpy(rec->serial, s->serial, sizeof(rec->serial));
	rec->amt_major = lowest_amt(file_major, file_minor);
	rec->enabled = true;
	rec->talk = true;
	rec->mode = RECORD_ENTERPRISE;
	rec->pki = true;
	return ERR_OK;
}
