/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/httpline.h"

struct httpline
httpline_trim(struct httpline v)
{
	while (v.n > 0 && (*v.p == ' ' || *v.p == '\t'))
		v.p++, v.n--;
	while (v.n > 0 && (v.p[v.n - 1] == ' ' || v.p[v.n - 1] == '\t'))
		v.n--;
	return v;
}

bool
httpline_is(struct httpline v, const char *word)
{
	return v.n == strlen(word) && strncasecmp(v.p, word, v.n) == 0;
}

bool
httpline_number(struct httpline v, int base, size_t *out)
{
	char text[10], *end;

	if (v.n == 0 || v.n >= sizeof(text))
		return false;
	for (size_t i = 0; i < v.n; i++) /* strtoul takes signs and 0x */
		if (!isxdigit((unsigned char)v.p[i]))
			return false;
	memcpy(text, v.p, v.n);
	text[v.n] = '\0';
	*out = strtoul(text, &end, base);
	return *end == '\0';
}

bool
httpline_header(
    struct httpline line, struct httpline *name, struct httpline *value)
{
	const char *colon = memchr(line.p, ':', line.n);

	if (colon == NULL || colon == line.p)
		return false;
	*name = (struct httpline){ line.p, (size_t)(colon - line.p) };
	if (httpline_trim(*name).n != name->n) /* also a folded line */
		return false;
	*value =
	    httpline_trim((struct httpline){ colon + 1, line.n - name->n - 1 });
	return true;
}
