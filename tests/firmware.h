/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A firmware for bios/uefi/: handles with disks, a variable store, a console
 * that types, SMBIOS. Each service can be the one that fails, memory must come
 * back, and what is freed must hold no secret.
 */
#ifndef TESTS_FIRMWARE_H
#define TESTS_FIRMWARE_H

#include <stdlib.h>

#include "bios/uefi/efi.h"
#include "tests/onefile.h"

#define FIRMWARE_DISKS 4
#define FIRMWARE_VAR 0x8000
#define FIRMWARE_PRINTED 16384

efi_status EFIAPI efi_main(efi_handle image, struct efi_system *st);

struct firmware_disk {
	struct efi_block_io io;
	struct efi_media media;
	uint8_t path[32];
	struct onekey *key;
};

/* Services have no argument for it, so there is one. */
static struct firmware {
	struct efi_system st;
	struct efi_boot boot;
	struct efi_runtime rt;
	struct efi_text_in in;
	struct efi_text_out out;
	struct firmware_disk disks[FIRMWARE_DISKS];
	size_t ndisks;
	struct efi_loaded_image image;
	struct efi_table tables[2];
	uint8_t entry[32], smbios[64];
	/* the variable */
	uint8_t var[FIRMWARE_VAR];
	size_t var_len;
	uint32_t var_attributes;
	efi_status set_status; /* what SetVariable says */
	bool set_lies;         /* and does something else */
	uint64_t room;
	/* the console */
	char printed[FIRMWARE_PRINTED];
	size_t nprinted;
	const char *typed; /* what is struck as soon as the question stands */
	const char *early; /* and before */
	void (*at_question)(void);
	/* what happened */
	unsigned resets, live, calls;
	unsigned fail; /* the call that fails, from 1; 0 none */
	bool failed;
} fw;

/* Is it this call's turn to fail? */
static bool
fw_fails(void)
{
	if (++fw.calls != fw.fail)
		return false;
	fw.failed = true;
	return true;
}

static void
fw_holds_no_secret(const uint8_t *p, size_t n)
{
	static const char *const secrets[] = { PASSWORD, PPS };

	for (size_t s = 0; s < 2; s++)
		for (size_t len = strlen(secrets[s]), i = 0; i + len <= n; i++)
			assert_memory_not_equal(p + i, secrets[s], len);
}

/* ---- memory ---- */

static efi_status EFIAPI
fw_allocate_pool(int type, size_t n, void **out)
{
	uint8_t *p;

	(void)type;
	if (fw_fails())
		return EFI_OUT_OF_RESOURCES;
	p = malloc(n + 16);
	assert_non_null(p);
	memcpy(p, &n, sizeof(n));
	*out = p + 16;
	memset(*out, 0xa5, n);
	fw.live++;
	return EFI_SUCCESS;
}

static efi_status EFIAPI
fw_free_pool(void *mem)
{
	uint8_t *p = (uint8_t *)mem - 16;
	size_t n;

	memcpy(&n, p, sizeof(n));
	fw_holds_no_secret(mem, n);
	free(p);
	fw.live--;
	return EFI_SUCCESS;
}

static efi_status EFIAPI
fw_allocate_pages(int how, int type, size_t pages, uint64_t *address)
{
	void *p;

	(void)how;
	(void)type;
	if (fw_fails())
		return EFI_OUT_OF_RESOURCES;
	p = aligned_alloc(4096, pages * 4096);
	assert_non_null(p);
	memset(p, 0, pages * 4096);
	*address = (uintptr_t)p;
	fw.live++;
	return EFI_SUCCESS;
}

static efi_status EFIAPI
fw_free_pages(uint64_t address, size_t pages)
{
	void *p = (void *)(uintptr_t)address;

	fw_holds_no_secret(p, pages * 4096);
	free(p);
	fw.live--;
	return EFI_SUCCESS;
}

/* ---- events and keys ---- */

static efi_status EFIAPI
fw_create_event(
    uint32_t type, size_t tpl, void *notify, void *context, efi_event *out)
{
	(void)type;
	(void)tpl;
	(void)notify;
	(void)context;
	if (fw_fails())
		return EFI_OUT_OF_RESOURCES;
	*out = &fw;
	fw.live++;
	return EFI_SUCCESS;
}

static efi_status EFIAPI
fw_set_timer(efi_event event, enum efi_timer how, uint64_t ns)
{
	(void)event;
	(void)how;
	assert_true(ns >= 10000000);
	return EFI_SUCCESS;
}

static efi_status EFIAPI
fw_close_event(efi_event event)
{
	(void)event;
	fw.live--;
	return EFI_SUCCESS;
}

/* A key, or the end of the time; who waits for ever hangs. */
static efi_status EFIAPI
fw_wait_for_event(size_t n, efi_event *events, size_t *which)
{
	(void)events;
	if (fw_fails())
		return EFI_UNSUPPORTED;
	*which = 0;
	if (fw.typed[0] == '\0') {
		assert_int_equal(n, 2);
		*which = 1;
	}
	return EFI_SUCCESS;
}

static efi_status EFIAPI
fw_in_reset(struct efi_text_in *in, bool extended)
{
	(void)in;
	(void)extended;
	fw.early = "";
	fw.printed[fw.nprinted] = '\0';
	if (strstr(fw.printed, "[Y/N]") != NULL)
		fw.typed = ""; /* who answered at once is not heard */
	if (fw.at_question != NULL)
		fw.at_question();
	return EFI_SUCCESS;
}

static efi_status EFIAPI
fw_read_key(struct efi_text_in *in, struct efi_key *key)
{
	const char **from = fw.early[0] != '\0' ? &fw.early : &fw.typed;

	(void)in;
	if (**from == '\0')
		return EFI_NOT_READY;
	key->scan = **from == '\033' ? 0x17 : 0;
	key->ch = **from == '\033' ? 0 : (uint8_t) * *from;
	(*from)++;
	return EFI_SUCCESS;
}

static efi_status EFIAPI
fw_output(struct efi_text_out *out, const uint16_t *s)
{
	(void)out;
	for (; *s != 0; s++) {
		assert_true(*s < 0x80);
		if (*s != '\r' && fw.nprinted < FIRMWARE_PRINTED - 1)
			fw.printed[fw.nprinted++] = (char)*s;
	}
	return EFI_SUCCESS;
}

/* ---- handles: the image, then the disks ---- */

static efi_status EFIAPI
fw_handle_protocol(efi_handle h, const struct efi_guid *guid, void **out)
{
	static const struct efi_guid block_io = EFI_BLOCK_IO_GUID;
	static const struct efi_guid path = EFI_DEVICE_PATH_GUID;
	struct firmware_disk *d = h;

	if (fw_fails())
		return EFI_UNSUPPORTED;
	if (h == &fw.image)
		*out = &fw.image;
	else if (memcmp(guid, &block_io, sizeof(block_io)) == 0)
		*out = &d->io;
	else if (memcmp(guid, &path, sizeof(path)) == 0)
		*out = d->path;
	else
		return EFI_UNSUPPORTED;
	return EFI_SUCCESS;
}

static efi_status EFIAPI
fw_locate(enum efi_search how, const struct efi_guid *guid, void *key,
    size_t *n, efi_handle **out)
{
	void *p;

	(void)how;
	(void)guid;
	(void)key;
	if (fw.ndisks == 0)
		return EFI_NOT_FOUND;
	if (fw_allocate_pool(0, fw.ndisks * sizeof(void *), &p) != EFI_SUCCESS)
		return EFI_OUT_OF_RESOURCES;
	*out = p;
	*n = fw.ndisks;
	for (size_t i = 0; i < fw.ndisks; i++)
		(*out)[i] = &fw.disks[i];
	return EFI_SUCCESS;
}

static efi_status EFIAPI
fw_connect(efi_handle h, efi_handle *drivers, void *path, bool recursive)
{
	(void)h;
	(void)drivers;
	(void)path;
	assert_true(recursive);
	return EFI_NOT_FOUND; /* nothing new */
}

static efi_status EFIAPI
fw_watchdog(size_t seconds, uint64_t code, size_t n, const uint16_t *words)
{
	(void)seconds;
	(void)code;
	(void)n;
	(void)words;
	return EFI_SUCCESS;
}

/* ---- disks ---- */

static efi_status EFIAPI
fw_read_blocks(struct efi_block_io *io, uint32_t media_id, uint64_t lba,
    size_t n, void *to)
{
	struct firmware_disk *d = (struct firmware_disk *)io;

	assert_int_equal(n, FAT_SECTOR);
	assert_int_equal((uintptr_t)to % 4096, 0);
	if (fw_fails() || media_id != d->media.media_id)
		return EFI_DEVICE_ERROR;
	return onekey_read(d->key, lba, to) ? EFI_SUCCESS : EFI_DEVICE_ERROR;
}

static efi_status EFIAPI
fw_write_blocks(struct efi_block_io *io, uint32_t media_id, uint64_t lba,
    size_t n, const void *from)
{
	struct firmware_disk *d = (struct firmware_disk *)io;

	assert_int_equal(n, FAT_SECTOR);
	assert_false(d->media.read_only);
	if (fw_fails() || media_id != d->media.media_id)
		return EFI_DEVICE_ERROR;
	return onekey_write(d->key, lba, from) ? EFI_SUCCESS : EFI_DEVICE_ERROR;
}

static efi_status EFIAPI
fw_flush_blocks(struct efi_block_io *io)
{
	(void)io;
	return fw_fails() ? EFI_DEVICE_ERROR : EFI_SUCCESS;
}

/* A USB disk at this port, from 1, that holds the key. */
static struct firmware_disk *
fw_disk(uint8_t port, struct onekey *key)
{
	static const uint8_t path[] = { 2, 1, 12, 0, 0xd0, 0x41, 3, 0x0a, 0, 0,
		0, 0, 3, 5, 6, 0, 0, 0, 0x7f, 0xff, 4, 0 };
	struct firmware_disk *d = &fw.disks[fw.ndisks++];

	memcpy(d->path, path, sizeof(path));
	d->path[16] = (uint8_t)(port - 1);
	d->key = key;
	d->media.media_id = 1;
	d->media.present = d->media.removable = true;
	d->media.block_size = FAT_SECTOR;
	d->media.last_block = ONEKEY_SECTORS - 1;
	d->io.media = &d->media;
	d->io.read = fw_read_blocks;
	d->io.write = fw_write_blocks;
	d->io.flush = fw_flush_blocks;
	return d;
}

/* ---- variables ---- */

static bool
fw_is_ours(const uint16_t *name, const struct efi_guid *guid)
{
	static const char want[] = "AmtOemRecord";

	for (size_t i = 0; i < sizeof(want); i++)
		assert_int_equal(name[i], want[i]);
	return guid->a == 0x1862c8ba;
}

static efi_status EFIAPI
fw_get_variable(const uint16_t *name, const struct efi_guid *guid,
    uint32_t *attributes, size_t *n, void *out)
{
	assert_true(fw_is_ours(name, guid));
	if (fw_fails())
		return EFI_DEVICE_ERROR;
	if (fw.var_len == 0)
		return EFI_NOT_FOUND;
	assert_true(*n >= fw.var_len);
	*n = fw.var_len;
	*attributes = fw.var_attributes;
	memcpy(out, fw.var, fw.var_len);
	return EFI_SUCCESS;
}

static efi_status EFIAPI
fw_set_variable(const uint16_t *name, const struct efi_guid *guid,
    uint32_t attributes, size_t n, const void *value)
{
	assert_true(fw_is_ours(name, guid));
	assert_true(n <= sizeof(fw.var));
	if (fw_fails())
		return EFI_DEVICE_ERROR;
	if (fw.set_status != EFI_SUCCESS)
		return fw.set_status;
	memcpy(fw.var, value, n);
	fw.var_len = n;
	fw.var_attributes = attributes;
	if (fw.set_lies)
		fw.var[n - 1] ^= 1;
	return EFI_SUCCESS;
}

static efi_status EFIAPI
fw_query_variable_info(
    uint32_t attributes, uint64_t *max, uint64_t *left, uint64_t *most)
{
	assert_int_equal(attributes, 3);
	if (fw_fails())
		return EFI_UNSUPPORTED;
	*max = 0xdfe4;
	*left = fw.room;
	*most = 0x2000;
	return EFI_SUCCESS;
}

static void EFIAPI
fw_reset(enum efi_reset how, efi_status status, size_t n, const void *words)
{
	(void)status;
	(void)n;
	(void)words;
	assert_int_equal(how, EFI_RESET_COLD);
	assert_int_equal(fw.live, 0);
	fw.resets++;
}

/* ---- the board ---- */

/* SMBIOS 3 with a type 1; a UUID of this byte but for its first. */
static void
fw_smbios(uint8_t fill)
{
	static const struct efi_guid guid = EFI_SMBIOS3_GUID;
	uint8_t *t = fw.smbios, sum = 0;

	memset(fw.smbios, 0, sizeof(fw.smbios));
	t[0] = 1;
	t[1] = 27;
	t[7] = 1;
	memset(t + 8, fill, 16);
	t[8] ^= fill == 0 ? 0 : 1;
	memcpy(t + 27, "SN-42\0", 7);
	t[34] = 127;
	t[35] = 4;
	memset(fw.entry, 0, sizeof(fw.entry));
	memcpy(fw.entry, "_SM3_", 5);
	fw.entry[6] = 0x18;
	put_u32le(fw.entry + 12, sizeof(fw.smbios));
	put_u64le(fw.entry + 16, (uintptr_t)fw.smbios);
	for (int i = 0; i < 24; i++)
		sum = (uint8_t)(sum + fw.entry[i]);
	fw.entry[5] = (uint8_t)(0 - sum);
	fw.tables[0].guid = guid;
	fw.tables[0].table = fw.entry;
	fw.st.tables = fw.tables;
	fw.st.ntables = 1;
}

static void
fw_init(void)
{
	memset(&fw, 0, sizeof(fw));
	fw.boot.allocate_pages = fw_allocate_pages;
	fw.boot.free_pages = fw_free_pages;
	fw.boot.allocate_pool = fw_allocate_pool;
	fw.boot.free_pool = fw_free_pool;
	fw.boot.create_event = fw_create_event;
	fw.boot.set_timer = fw_set_timer;
	fw.boot.wait_for_event = fw_wait_for_event;
	fw.boot.close_event = fw_close_event;
	fw.boot.handle_protocol = fw_handle_protocol;
	fw.boot.set_watchdog = fw_watchdog;
	fw.boot.connect_controller = fw_connect;
	fw.boot.locate_handle_buffer = fw_locate;
	fw.rt.header.revision = EFI_REVISION_2_0;
	fw.rt.get_variable = fw_get_variable;
	fw.rt.set_variable = fw_set_variable;
	fw.rt.query_variable_info = fw_query_variable_info;
	fw.rt.reset = fw_reset;
	fw.in.reset = fw_in_reset;
	fw.in.read_key = fw_read_key;
	fw.out.output = fw_output;
	fw.st.in = &fw.in;
	fw.st.out = &fw.out;
	fw.st.boot = &fw.boot;
	fw.st.runtime = &fw.rt;
	fw.room = 0xd000;
	fw.typed = "y";
	fw.early = "";
	fw_smbios(0x11);
}

/* Runs the application; nothing is left allocated, nothing secret printed. */
static efi_status
fw_run(void)
{
	efi_status status;

	fw.nprinted = 0;
	fw.calls = 0;
	memset(fw.printed, 0, sizeof(fw.printed));
	status = efi_main(&fw.image, &fw.st);
	assert_int_equal(fw.live, 0);
	fw_holds_no_secret((const uint8_t *)fw.printed, fw.nprinted);
	return status;
}

static void
fw_says(const char *words)
{
	if (strstr(fw.printed, words) == NULL)
		fail_msg("no '%s' in:\n%s", words, fw.printed);
}

#endif
