/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "server/legacy.h"

static uint32_t
bit_of(const struct generation *g)
{
	const struct generation *at;

	for (size_t i = 0; (at = generation_nth(i)) != NULL; i++)
		if (at == g)
			return (uint32_t)1 << i;
	return 0;
}

enum err_code
legacy_parse(const char *text, uint32_t *set, struct err *e)
{
	*set = 0;
	for (const char *p = text; *(p += strspn(p, ", ")) != '\0';) {
		const struct generation *g;
		uint8_t major, minor;
		char version[16];
		size_t n = strcspn(p, ", ");

		snprintf(version, sizeof(version), "%.*s", (int)(n % 16), p);
		if (n >= sizeof(version) ||
		    !text_version(version, &major, &minor) || major < 3)
			return err_set(e, ERR_CONFIG,
			    "insecure_legacy_amt: %.15s is no AMT version such "
			    "as 3.0",
			    version);
		g = generation_of(major, minor);
		if (g->tls_min >= GENERATION_TLS_1_2)
			return err_set(e, ERR_CONFIG,
			    "insecure_legacy_amt: AMT %s speaks TLS 1.2 by "
			    "itself",
			    version);
		*set |= bit_of(g);
		p += n;
	}
	return ERR_OK;
}

bool
legacy_has(uint32_t set, const struct generation *g)
{
	return (set & bit_of(g)) != 0;
}

const struct generation *
legacy_generation(const char *amt)
{
	uint8_t major = 3, minor = 0;

	if (!text_version(amt, &major, &minor))
		major = 3, minor = 0;
	return generation_of(major, minor);
}
