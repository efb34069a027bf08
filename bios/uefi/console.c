/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "bios/uefi/console.h"

#define PIECE 64 /* characters handed over at once */
#define SCAN_ESC 0x17

/* What the firmware takes: UTF-16, lines that end in CR LF. */
static void
put(struct console *c, const char *s, size_t n)
{
	uint16_t wide[PIECE + 3];
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		if (s[i] == '\n')
			wide[len++] = '\r';
		wide[len++] = (uint8_t)s[i];
		if (len >= PIECE || i == n - 1) {
			wide[len] = 0;
			c->out->output(c->out, wide);
			len = 0;
		}
	}
}

static void
say(struct console *c, const char *fmt, va_list ap)
{
	char line[CONSOLE_LINE];

	vsnprintf(line, sizeof(line), fmt, ap);
	put(c, line, strnlen(line, sizeof(line)));
}

void
console_say(struct console *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(c, fmt, ap);
	va_end(ap);
}

void
console_prompt(struct console *c, const char *fmt, ...)
{
	va_list ap;

	if (c->in != NULL)
		c->in->reset(c->in, false);
	va_start(ap, fmt);
	say(c, fmt, ap);
	va_end(ap);
}

void
console_say_bytes(struct console *c, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < n; i++) {
		char ch = p[i] >= 0x20 && p[i] <= 0x7e ? (char)p[i] : '.';

		put(c, &ch, 1);
	}
}

/* Waits for a key; false if the time is over or there is no key to wait for.
 * timer may be NULL. */
static bool
wait_key(struct console *c, efi_event timer, struct efi_key *key)
{
	efi_event events[2] = { NULL, timer };
	size_t which;

	if (c->in == NULL)
		return false;
	events[0] = c->in->wait_for_key;
	for (;;) {
		if (c->in->read_key(c->in, key) == EFI_SUCCESS)
			return true;
		if (c->boot->wait_for_event(
			timer != NULL ? 2 : 1, events, &which) != EFI_SUCCESS ||
		    which != 0)
			return false;
	}
}

/* NULL for no seconds, or without the means. */
static efi_event
start_timer(struct console *c, unsigned seconds)
{
	efi_event timer;

	if (seconds == 0 ||
	    c->boot->create_event(EFI_EVENT_TIMER, 0, NULL, NULL, &timer) !=
		EFI_SUCCESS)
		return NULL;
	c->boot->set_timer(
	    timer, EFI_TIMER_RELATIVE, (uint64_t)seconds * 10000000);
	return timer;
}

static void
stop_timer(struct console *c, efi_event timer)
{
	if (timer != NULL)
		c->boot->close_event(timer);
}

enum console_answer
console_ask(struct console *c, unsigned seconds)
{
	enum console_answer answer = CONSOLE_SILENCE;
	efi_event timer = start_timer(c, seconds);
	struct efi_key key;

	if (seconds != 0 && timer == NULL)
		return CONSOLE_SILENCE;
	while (answer == CONSOLE_SILENCE && wait_key(c, timer, &key))
		if (key.ch == 'y' || key.ch == 'Y')
			answer = CONSOLE_YES;
		else if (key.ch == 'n' || key.ch == 'N' || key.scan == SCAN_ESC)
			answer = CONSOLE_NO;
	stop_timer(c, timer);
	return answer;
}

void
console_pause(struct console *c, unsigned seconds)
{
	efi_event timer = start_timer(c, seconds);
	struct efi_key key;

	if (timer != NULL)
		wait_key(c, timer, &key);
	stop_timer(c, timer);
}
