/* SPDX-License-Identifier: Apache-2.0 */
#include "base/stamp.h"

void
stamp_utc(char out[static STAMP_LEN], time_t at)
{
	struct tm tm;

	gmtime_r(&at, &tm);
	strftime(out, STAMP_LEN, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

void
stamp_now(char out[static STAMP_LEN])
{
	stamp_utc(out, time(NULL));
}
