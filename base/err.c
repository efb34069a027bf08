/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

void
err_clear(struct err *e)
{
	memset(e, 0, sizeof(*e));
	e->offset = ERR_NO_OFFSET;
}

static bool
err_take(struct err *e, enum err_code code, const char *fmt, va_list ap)
{
	if (e->code != ERR_OK)
		return false;
	err_clear(e);
	e->code = code;
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	return true;
}

enum err_code
err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	err_take(e, code, fmt, ap);
	va_end(ap);
	return e->code;
}

enum err_code
err_sys(struct err *e, enum err_code code, const char *fmt, ...)
{
	int sys = errno;
	va_list ap;

	va_start(ap, fmt);
	if (err_take(e, code, fmt, ap)) {
		size_t n = strlen(e->msg);

		e->sys = sys;
		snprintf(e->msg + n, sizeof(e->msg) - n, ": %s", strerror(sys));
	}
	va_end(ap);
	return e->code;
}

enum err_code
err_refuse(struct err *e, enum err_code code, const struct reason *why,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (err_take(e, code, fmt, ap))
		e->reason = why;
	va_end(ap);
	return e->code;
}

enum err_code
err_mem(struct err *e)
{
	return err_set(e, ERR_RETRY, "out of memory");
}

enum err_code
err_in(struct err *e, const char *fmt, ...)
{
	char place[sizeof(e->msg)], was[sizeof(e->msg)];
	va_list ap;

	if (e->code == ERR_OK)
		return ERR_OK;
	va_start(ap, fmt);
	vsnprintf(place, sizeof(place), fmt, ap);
	va_end(ap);
	memcpy(was, e->msg, sizeof(was));
	/* A place too long loses its tail, never the message's head. */
	snprintf(e->msg, sizeof(e->msg), "%.160s: %.236s", place, was);
	return e->code;
}

enum err_code
err_at(struct err *e, size_t offset)
{
	if (e->code != ERR_OK && e->offset == ERR_NO_OFFSET)
		e->offset = offset;
	return e->code;
}
