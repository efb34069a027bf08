/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/stat.h>

#include "base/exposed.h"
#include "base/log.h"

void
exposed_warn(const char *path)
{
	struct stat st;

	if (strcmp(path, "-") == 0 || stat(path, &st) == -1 ||
	    !S_ISREG(st.st_mode))
		return;
	if ((st.st_mode & (st.st_uid == 0 ? 037 : 077)) != 0)
		log_warn("%s: others may read or write this secret (mode "
			 "%03o): chmod 600 %s",
		    path, (unsigned)st.st_mode & 0777, path);
}
