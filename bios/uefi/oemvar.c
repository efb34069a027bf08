/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/bytes.h"
#include "base/secret.h"
#include "bios/uefi/oemvar.h"
#include "formats/reason.h"

#define ATTRIBUTES (EFI_VARIABLE_NV | EFI_VARIABLE_BS)
/* Header and name of a variable in EDK2's store, rounded up. */
#define OVERHEAD 128

static const uint16_t name[] = u"AmtOemRecord";
/* The project's own, as in configs/map-ovmf.cfg. */
static const struct efi_guid vendor = { 0x1862c8ba, 0x49e6, 0x4001,
	{ 0x97, 0xf3, 0x35, 0x1b, 0xb0, 0x7e, 0x8f, 0xd8 } };

static enum err_code
fail(struct err *e, const char *what, efi_status status)
{
	const char *why = status == EFI_OUT_OF_RESOURCES
	    ? "the variable store is full"
	    : status == EFI_WRITE_PROTECTED
	    ? "the variable store is write-protected"
	    : status == EFI_INVALID_PARAMETER
	    ? "the firmware takes no variable of this size or attributes"
	    : status == EFI_DEVICE_ERROR ? "the flash failed"
	    : status == EFI_SECURITY_VIOLATION
	    ? "the firmware's policy forbids it"
	    : "the firmware refuses";

	return err_set(e, ERR_IO, "%s the variable AmtOemRecord: %s (0x%llx)",
	    what, why, (unsigned long long)status);
}

static enum err_code
read_record(const uint8_t *buf, size_t n, struct record *rec, struct err *e)
{
	struct rd r;

	rd_init(&r, buf, n);
	if (record_read(&r, rec))
		return ERR_OK;
	rd_err(&r, reason_get(REASON_RECORD_MALFORMED), e);
	return err_in(e, "this machine's variable AmtOemRecord");
}

enum err_code
oemvar_load(struct efi_runtime *rt, uint8_t *buf, struct record *rec, size_t *n,
    struct err *e)
{
	uint32_t attributes = 0;
	efi_status status;

	*n = RECORD_MAX;
	status = rt->get_variable(name, &vendor, &attributes, n, buf);
	if (status == EFI_NOT_FOUND) {
		*n = 0;
		return ERR_OK;
	}
	if (status != EFI_SUCCESS)
		fail(e, "reading", status);
	else if (attributes != ATTRIBUTES)
		err_set(e, ERR_DATA,
		    "this machine's variable AmtOemRecord has the attributes "
		    "0x%x, not 0x%x: delete it first",
		    attributes, ATTRIBUTES);
	else
		read_record(buf, *n, rec, e);
	secret_wipe(buf, RECORD_MAX);
	return e->code;
}

enum err_code
oemvar_room(struct efi_runtime *rt, size_t n, size_t old, struct err *e)
{
	uint64_t all, left, most;

	if (rt->header.revision < EFI_REVISION_2_0 ||
	    rt->query_variable_info(ATTRIBUTES, &all, &left, &most) !=
		EFI_SUCCESS)
		return ERR_OK;
	left = old == 0 ? left : left + old + OVERHEAD;
	if (n + OVERHEAD > most || n + OVERHEAD > left)
		return err_set(e, ERR_IO,
		    "the variable store is full: a record takes up to %zu "
		    "bytes, there is room for %llu",
		    n + OVERHEAD,
		    (unsigned long long)(left < most ? left : most));
	return ERR_OK;
}

static enum err_code
check(struct efi_runtime *rt, const uint8_t *want, size_t len, uint8_t *got,
    struct err *e)
{
	uint32_t attributes = 0;
	size_t n = RECORD_MAX;
	efi_status status =
	    rt->get_variable(name, &vendor, &attributes, &n, got);

	if (status != EFI_SUCCESS)
		return fail(e, "reading back", status);
	if (attributes != ATTRIBUTES || n != len || memcmp(got, want, n) != 0)
		return err_set(e, ERR_IO,
		    "the variable AmtOemRecord reads back differently");
	return ERR_OK;
}

enum err_code
oemvar_store(struct efi_runtime *rt, uint8_t *buf, const struct record *rec,
    struct err *e)
{
	efi_status status;
	struct wr w;

	wr_fixed(&w, buf, RECORD_MAX);
	record_write(&w, rec);
	if (w.failed)
		err_set(e, ERR_DATA, "the settings do not fit a record");
	else if ((status = rt->set_variable(
		      name, &vendor, ATTRIBUTES, w.len, buf)) != EFI_SUCCESS)
		fail(e, "writing", status);
	else
		check(rt, buf, w.len, buf + RECORD_MAX, e);
	secret_wipe(buf, 2 * RECORD_MAX);
	return e->code;
}
