/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "formats/reason.h"
#include "formats/reasontable.h"

static const struct reason none = { "none", "Nothing was refused.",
	"There is nothing to do." };

const struct reason *
reason_get(enum reason_id id)
{
	const struct reason *r = reasonfactory_get(id);

	if (r == NULL)
		r = reasonsetup_get(id);
	if (r == NULL)
		r = reasonkey_get(id);
	return r != NULL ? r : &none;
}

const struct reason *
reason_find(const char *code)
{
	for (unsigned i = REASON_NONE + 1; i < REASON_LAST; i++) {
		const struct reason *r = reason_get((enum reason_id)i);

		if (strcmp(r->code, code) == 0)
			return r;
	}
	return NULL;
}
