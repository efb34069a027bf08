/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The firmware's console: lines out, one key in. Whatever a key stands for is
 * judged by its character on a US layout, as MEBx does.
 */
#ifndef BIOS_UEFI_CONSOLE_H
#define BIOS_UEFI_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>

#include "bios/uefi/efi.h"

#define CONSOLE_LINE 512

struct console {
	struct efi_boot *boot;
	struct efi_text_in *in; /* NULL: nobody can answer */
	struct efi_text_out *out;
};

/* At most CONSOLE_LINE - 1 characters a call. */
void console_say(struct console *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Forgets what was typed ahead, then asks: whoever answers as soon as the words
 * appear (a script on a serial console) is heard. */
void console_prompt(struct console *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Bytes of unknown origin: what is not printable ASCII shows as '.'. */
void console_say_bytes(struct console *, const void *, size_t n);

enum console_answer {
	CONSOLE_NO,
	CONSOLE_YES,
	CONSOLE_SILENCE /* nobody answered in time */
};

/* Waits for Y, or N or Esc; so many seconds, or for ever with 0. */
enum console_answer console_ask(struct console *, unsigned seconds);
/* Until any key, or so many seconds. */
void console_pause(struct console *, unsigned seconds);

#endif
