/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the one-touch application needs of UEFI, written down from the public
 * UEFI specification 2.10 (tables: chapter 4, services: 7 and 8, device paths:
 * 10, consoles: 12, BlockIO: 13.9), for 64-bit x86. Services that are not
 * called are void pointers that keep their place in a table.
 *
 * All pointers are the firmware's. Functions have the Microsoft calling
 * convention, so that a test on another system can stand in for a firmware.
 */
#ifndef BIOS_UEFI_EFI_H
#define BIOS_UEFI_EFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EFIAPI __attribute__((ms_abi))

typedef size_t efi_status;
typedef void *efi_handle;
typedef void *efi_event;

#define EFI_FAILED(x) ((efi_status)1 << 63 | (x))
#define EFI_SUCCESS ((efi_status)0)
#define EFI_LOAD_ERROR EFI_FAILED(1)
#define EFI_INVALID_PARAMETER EFI_FAILED(2)
#define EFI_UNSUPPORTED EFI_FAILED(3)
#define EFI_BUFFER_TOO_SMALL EFI_FAILED(5)
#define EFI_NOT_READY EFI_FAILED(6)
#define EFI_DEVICE_ERROR EFI_FAILED(7)
#define EFI_WRITE_PROTECTED EFI_FAILED(8)
#define EFI_OUT_OF_RESOURCES EFI_FAILED(9)
#define EFI_NO_MEDIA EFI_FAILED(12)
#define EFI_MEDIA_CHANGED EFI_FAILED(13)
#define EFI_NOT_FOUND EFI_FAILED(14)
#define EFI_ABORTED EFI_FAILED(21)
#define EFI_SECURITY_VIOLATION EFI_FAILED(26)

struct efi_guid {
	uint32_t a;
	uint16_t b, c;
	uint8_t d[8];
};

struct efi_header {
	uint64_t signature;
	uint32_t revision, size, crc32, reserved;
};

/* ---- consoles ---- */

struct efi_key {
	uint16_t scan; /* 0x17 Esc */
	uint16_t ch;   /* 0: a key without a character */
};

struct efi_text_in {
	efi_status(EFIAPI *reset)(struct efi_text_in *, bool extended);
	/* EFI_NOT_READY: no key was struck. */
	efi_status(EFIAPI *read_key)(struct efi_text_in *, struct efi_key *);
	efi_event wait_for_key;
};

struct efi_text_out {
	void *reset;
	efi_status(EFIAPI *output)(struct efi_text_out *, const uint16_t *);
};

/* ---- protocols ---- */

struct efi_media {
	uint32_t media_id; /* changes with the medium */
	bool removable, present, partition, read_only, write_caching;
	uint32_t block_size;
	uint32_t io_align; /* of a buffer; 0 and 1: any */
	uint64_t last_block;
};

struct efi_block_io {
	uint64_t revision;
	const struct efi_media *media;
	void *reset;
	efi_status(EFIAPI *read)(struct efi_block_io *, uint32_t media_id,
	    uint64_t lba, size_t n, void *);
	efi_status(EFIAPI *write)(struct efi_block_io *, uint32_t media_id,
	    uint64_t lba, size_t n, const void *);
	efi_status(EFIAPI *flush)(struct efi_block_io *);
};

#define EFI_BLOCK_IO_GUID                                              \
	{                                                              \
		0x964e5b21, 0x6459, 0x11d2,                            \
		{                                                      \
			0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b \
		}                                                      \
	}

/* A path is a row of nodes: u8 type, u8 sub-type, u16 length with these four
 * bytes, data; type 0x7F ends it. */
#define EFI_PATH_MESSAGING 3
#define EFI_PATH_USB 5 /* u8 parent port from 0, u8 interface */
#define EFI_PATH_USB_WWID 16
#define EFI_PATH_END 0x7f

#define EFI_DEVICE_PATH_GUID                                           \
	{                                                              \
		0x09576e91, 0x6d3f, 0x11d2,                            \
		{                                                      \
			0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b \
		}                                                      \
	}

struct efi_loaded_image {
	uint32_t revision;
	efi_handle parent;
	void *system;
	efi_handle device;
	void *path, *reserved;
	uint32_t options_size; /* bytes */
	const void *options;
};

#define EFI_LOADED_IMAGE_GUID                                          \
	{                                                              \
		0x5b1b31a1, 0x9562, 0x11d2,                            \
		{                                                      \
			0x8e, 0x3f, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b \
		}                                                      \
	}

/* ---- tables ---- */

enum efi_timer {
	EFI_TIMER_CANCEL,
	EFI_TIMER_PERIODIC,
	EFI_TIMER_RELATIVE
};

#define EFI_EVENT_TIMER 0x80000000u

enum efi_search {
	EFI_ALL_HANDLES,
	EFI_BY_NOTIFY,
	EFI_BY_PROTOCOL
};

#define EFI_LOADER_DATA 2 /* type of memory */

struct efi_boot {
	struct efi_header header;
	void *raise_tpl, *restore_tpl;
	efi_status(EFIAPI *allocate_pages)(
	    int how, int type, size_t pages, uint64_t *address);
	efi_status(EFIAPI *free_pages)(uint64_t address, size_t pages);
	void *get_memory_map;
	efi_status(EFIAPI *allocate_pool)(int type, size_t, void **);
	efi_status(EFIAPI *free_pool)(void *);
	efi_status(EFIAPI *create_event)(uint32_t type, size_t tpl,
	    void *notify, void *context, efi_event *);
	efi_status(EFIAPI *set_timer)(
	    efi_event, enum efi_timer, uint64_t hundred_ns);
	efi_status(EFIAPI *wait_for_event)(
	    size_t n, efi_event *, size_t *index);
	void *signal_event;
	efi_status(EFIAPI *close_event)(efi_event);
	void *check_event;
	void *install_protocol, *reinstall_protocol, *uninstall_protocol;
	efi_status(EFIAPI *handle_protocol)(
	    efi_handle, const struct efi_guid *, void **);
	void *reserved, *register_notify, *locate_handle, *locate_path;
	void *install_table;
	void *load_image, *start_image, *exit, *unload_image;
	void *exit_boot_services;
	void *monotonic_count, *stall;
	efi_status(EFIAPI *set_watchdog)(
	    size_t seconds, uint64_t code, size_t n, const uint16_t *words);
	efi_status(EFIAPI *connect_controller)(
	    efi_handle, efi_handle *drivers, void *path, bool recursive);
	void *disconnect_controller;
	void *open_protocol, *close_protocol, *open_information;
	void *protocols_per_handle;
	/* The buffer is from the pool, the caller's to free. */
	efi_status(EFIAPI *locate_handle_buffer)(enum efi_search,
	    const struct efi_guid *, void *key, size_t *n, efi_handle **);
};

#define EFI_VARIABLE_NV 1u
#define EFI_VARIABLE_BS 2u

enum efi_reset {
	EFI_RESET_COLD,
	EFI_RESET_WARM,
	EFI_RESET_SHUTDOWN
};

/* Revision from which query_variable_info is there: UEFI 2.0. */
#define EFI_REVISION_2_0 0x00020000u

struct efi_runtime {
	struct efi_header header;
	void *get_time, *set_time, *get_wakeup, *set_wakeup;
	void *set_virtual_map, *convert_pointer;
	efi_status(EFIAPI *get_variable)(const uint16_t *name,
	    const struct efi_guid *, uint32_t *attributes, size_t *n, void *);
	void *next_variable;
	efi_status(EFIAPI *set_variable)(const uint16_t *name,
	    const struct efi_guid *, uint32_t attributes, size_t n,
	    const void *);
	void *next_high;
	/* Does not return. */
	void(EFIAPI *reset)(
	    enum efi_reset, efi_status, size_t n, const void *words);
	void *update_capsule, *query_capsule;
	efi_status(EFIAPI *query_variable_info)(uint32_t attributes,
	    uint64_t *max, uint64_t *left, uint64_t *max_variable);
};

struct efi_table {
	struct efi_guid guid;
	const void *table;
};

#define EFI_SMBIOS_GUID                                                \
	{                                                              \
		0xeb9d2d31, 0x2d88, 0x11d3,                            \
		{                                                      \
			0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d \
		}                                                      \
	}
#define EFI_SMBIOS3_GUID                                               \
	{                                                              \
		0xf2fd1544, 0x9794, 0x4a2c,                            \
		{                                                      \
			0x99, 0x2e, 0xe5, 0xbb, 0xcf, 0x20, 0xe3, 0x94 \
		}                                                      \
	}

struct efi_system {
	struct efi_header header;
	const uint16_t *vendor;
	uint32_t firmware_revision;
	efi_handle in_handle;
	struct efi_text_in *in;
	efi_handle out_handle;
	struct efi_text_out *out;
	efi_handle error_handle;
	struct efi_text_out *error;
	struct efi_runtime *runtime;
	struct efi_boot *boot;
	size_t ntables;
	const struct efi_table *tables;
};

#endif
