/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/file.h"
#include "device/origin.h"

#define NAME "image"

/* Two lines exactly. */
static bool
parse(char *text, size_t n, struct origin *o)
{
	char *end = memchr(text, '\n', n), *second, *last;

	if (end == NULL || (size_t)(end - text) >= sizeof(o->image) ||
	    memchr(text, '\0', n) != NULL)
		return false;
	second = end + 1;
	last = memchr(second, '\n', n - (size_t)(second - text));
	if (last == NULL || last + 1 != text + n ||
	    (size_t)(last - second) >= sizeof(o->base))
		return false;
	*end = *last = '\0';
	strcpy(o->image, text);
	strcpy(o->base, second);
	return o->image[0] != '\0';
}

bool
origin_find(const char *state_dir, struct origin *o)
{
	char path[ORIGIN_PATH];
	struct err none = { 0 };
	uint8_t *p = NULL;
	size_t n = 0;
	bool found;

	found =
	    file_join(path, sizeof(path), state_dir, NAME, &none) == ERR_OK &&
	    file_exists(path) &&
	    file_read(path, 2 * ORIGIN_PATH, &p, &n, &none) == ERR_OK &&
	    parse((char *)p, n, o);
	free(p);
	return found;
}

static bool
known(const char *state_dir, const char *image, const char *base)
{
	struct origin *o = calloc(1, sizeof(*o));
	bool same = o != NULL && origin_find(state_dir, o) &&
	    strcmp(o->image, image) == 0 && strcmp(o->base, base) == 0;

	free(o);
	return same;
}

enum err_code
origin_keep(
    const char *state_dir, const char *image, const char *base, struct err *e)
{
	char path[ORIGIN_PATH];
	char *whole = realpath(image, NULL);
	char *over = base != NULL ? realpath(base, NULL) : strdup("");
	struct wr w;

	wr_grow(&w, 2 * ORIGIN_PATH);
	if (whole == NULL || over == NULL || strchr(whole, '\n') != NULL ||
	    strchr(over, '\n') != NULL || known(state_dir, whole, over))
		goto out; /* it is a convenience: a pipe has no path */
	wr_str(&w, whole);
	wr_u8(&w, '\n');
	wr_str(&w, over);
	wr_u8(&w, '\n');
	if (!w.failed &&
	    file_join(path, sizeof(path), state_dir, NAME, e) == ERR_OK)
		file_write(path, FILE_REPLACE | FILE_SECRET, w.buf, w.len, e);
out:
	wr_free(&w);
	free(whole);
	free(over);
	return e->code;
}
