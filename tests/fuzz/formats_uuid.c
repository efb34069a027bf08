/* SPDX-License-Identifier: Apache-2.0 */
/* Text that is read as a UUID is written as the same text, in lower case. */
#include <string.h>
#include <strings.h>

#include "formats/uuid.h"
#include "tests/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	char text[64], back[UUID_TEXT];
	struct uuid u, raw;

	if (n >= sizeof(text))
		return 0;
	memcpy(text, p, n);
	text[n] = '\0';
	if (uuid_parse(&u, text)) {
		uuid_text(&u, back);
		must(strcasecmp(back, text) == 0);
		must(uuid_parse(&raw, back) && uuid_equal(&u, &raw));
	}
	if (uuid_parse_raw(&raw, text))
		must(strlen(text) == 32 || strlen(text) == 36);
	return 0;
}
